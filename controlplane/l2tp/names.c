/* SPDX-License-Identifier: BSD-3-Clause */
/* names.c - words for states, messages and result codes (RFC 2661 s3.2, s4.4.2), for logs and the API. Pure; any thread. */
#include "controlplane/l2tp/l2tp.h"

#define NAME(table, i)                                                                             \
	((i) < sizeof(table) / sizeof((table)[0]) && (table)[i] ? (table)[i] : "unknown")

const char *l2tp_tunnel_state_name(uint8_t state)
{
	static const char *const names[] = {
		[L2TP_T_FREE] = "free",
		[L2TP_T_IDLE] = "idle",
		[L2TP_T_WAIT_CTL_CONN] = "wait-ctl-conn",
		[L2TP_T_ESTABLISHED] = "established",
		[L2TP_T_CLOSING] = "closing",
	};

	return NAME(names, state);
}

const char *l2tp_call_state_name(uint8_t state)
{
	static const char *const names[] = {
		[L2TP_C_FREE] = "free",
		[L2TP_C_IDLE] = "idle",
		[L2TP_C_WAIT_CONNECT] = "wait-connect",
		[L2TP_C_ESTABLISHED] = "established",
		[L2TP_C_CLOSED] = "closed",
	};

	return NAME(names, state);
}

const char *l2tp_msg_name(uint16_t type)
{
	static const char *const names[] = {
		[L2TP_ZLB] = "ZLB",
		[L2TP_SCCRQ] = "SCCRQ",
		[L2TP_SCCRP] = "SCCRP",
		[L2TP_SCCCN] = "SCCCN",
		[L2TP_STOPCCN] = "StopCCN",
		[L2TP_HELLO] = "HELLO",
		[L2TP_OCRQ] = "OCRQ",
		[L2TP_OCRP] = "OCRP",
		[L2TP_OCCN] = "OCCN",
		[L2TP_ICRQ] = "ICRQ",
		[L2TP_ICRP] = "ICRP",
		[L2TP_ICCN] = "ICCN",
		[L2TP_CDN] = "CDN",
		[L2TP_WEN] = "WEN",
		[L2TP_SLI] = "SLI",
	};

	return NAME(names, type);
}

const char *l2tp_stopccn_result_name(uint16_t result)
{
	static const char *const names[] = {
		[1] = "general",
		[2] = "error",
		[3] = "already-exists",
		[4] = "not-authorized",
		[5] = "version-not-supported",
		[6] = "shutting-down",
		[7] = "state-machine-error",
	};

	return NAME(names, result);
}

const char *l2tp_cdn_result_name(uint16_t result)
{
	static const char *const names[] = {
		[1] = "lost-carrier",
		[2] = "error",
		[3] = "administrative",
		[4] = "no-facilities-temporary",
		[5] = "no-facilities-permanent",
		[6] = "invalid-destination",
		[7] = "no-carrier",
		[8] = "busy",
		[9] = "no-dial-tone",
		[10] = "timeout",
		[11] = "no-framing",
	};

	return NAME(names, result);
}
