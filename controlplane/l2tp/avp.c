/* SPDX-License-Identifier: BSD-3-Clause */
/* avp.c - the AVPs of RFC 2661 s4.4 as one table, and the AVP header (s4.1).
 * The table drives decoding, encoding, naming, the checks of length and hiding, and what a message must and may carry.
 * Not here: what a fault leads to (msg.c, cp.c). Pure; any thread. */
#include "controlplane/l2tp/avp.h"

#include "controlplane/l2tp/msg.h"

#include <errno.h>

#define ANY     1017 /* the longest value: 1023 with the header */
#define M(type) (1u << L2TP_##type)
#define ALL     (M(SCCRQ) | M(SCCRP) | M(SCCCN) | M(STOPCCN) | M(HELLO) | CALLS)
#define CALLS   (M(OCRQ) | M(OCRP) | M(OCCN) | M(ICRQ) | M(ICRP) | M(ICCN) | M(CDN) | M(WEN) | M(SLI))
#define CONN    (M(SCCRQ) | M(SCCRP))
#define U16(f)  .kind = L2TP_AVP_U16, .min = 2, .max = 2, .field = offsetof(struct l2tp_msg, f)
#define U32(f)  .kind = L2TP_AVP_U32, .min = 4, .max = 4, .field = offsetof(struct l2tp_msg, f)
#define U64(f)  .kind = L2TP_AVP_U64, .min = 8, .max = 8, .field = offsetof(struct l2tp_msg, f)
#define BYTES(f, least, most)                                                                      \
	.kind = L2TP_AVP_BYTES, .min = (least), .max = (most), .field = offsetof(struct l2tp_msg, f)

/* clang-format off */
static const struct l2tp_avp_desc table[L2TP_AVP_TYPES] = {
	[0] = { "Message-Type", U16(type), .must = 1, .in = ALL, .need = ALL, .src = "RFC 2661 s4.4.1" },
	[1] = { "Result-Code", BYTES(result, 2, ANY), .must = 1, .in = M(STOPCCN) | M(CDN), .need = M(STOPCCN) | M(CDN), .src = "RFC 2661 s4.4.2" },
	[2] = { "Protocol-Version", U16(protocol), .must = 1, .in = CONN, .need = CONN, .src = "RFC 2661 s4.4.3" },
	[3] = { "Framing-Capabilities", U32(framing_caps), .must = 1, .hide_ok = 1, .in = CONN, .need = CONN, .src = "RFC 2661 s4.4.3" },
	[4] = { "Bearer-Capabilities", U32(bearer_caps), .must = 1, .hide_ok = 1, .in = CONN, .src = "RFC 2661 s4.4.3" },
	[5] = { "Tie-Breaker", U64(tie_breaker), .in = M(SCCRQ), .src = "RFC 2661 s4.4.3" },
	[6] = { "Firmware-Revision", U16(firmware), .hide_ok = 1, .in = CONN, .src = "RFC 2661 s4.4.3" },
	[7] = { "Host-Name", BYTES(host_name, 1, ANY), .must = 1, .in = CONN, .need = CONN, .src = "RFC 2661 s4.4.3" },
	[8] = { "Vendor-Name", BYTES(vendor_name, 0, ANY), .hide_ok = 1, .in = CONN, .src = "RFC 2661 s4.4.3" },
	[9] = { "Assigned-Tunnel-ID", U16(tid), .must = 1, .hide_ok = 1, .in = CONN | M(STOPCCN), .need = CONN | M(STOPCCN), .src = "RFC 2661 s4.4.3" },
	[10] = { "Receive-Window-Size", U16(window), .must = 1, .in = CONN, .src = "RFC 2661 s4.4.3" },
	[11] = { "Challenge", BYTES(challenge, 1, ANY), .must = 1, .hide_ok = 1, .in = CONN, .src = "RFC 2661 s4.4.3" },
	[12] = { "Q.931-Cause-Code", BYTES(q931, 3, ANY), .must = 1, .in = M(CDN), .src = "RFC 2661 s4.4.2" },
	[13] = { "Challenge-Response", BYTES(response, 16, 16), .must = 1, .hide_ok = 1, .in = M(SCCRP) | M(SCCCN), .src = "RFC 2661 s4.4.3" },
	[14] = { "Assigned-Session-ID", U16(sid), .must = 1, .hide_ok = 1, .in = M(OCRQ) | M(OCRP) | M(ICRQ) | M(ICRP) | M(CDN), .need = M(OCRQ) | M(OCRP) | M(ICRQ) | M(ICRP) | M(CDN), .src = "RFC 2661 s4.4.4" },
	[15] = { "Call-Serial-Number", U32(serial), .must = 1, .hide_ok = 1, .in = M(OCRQ) | M(ICRQ), .need = M(OCRQ) | M(ICRQ), .src = "RFC 2661 s4.4.4" },
	[16] = { "Minimum-BPS", U32(min_bps), .must = 1, .hide_ok = 1, .in = M(OCRQ), .need = M(OCRQ), .src = "RFC 2661 s4.4.4" },
	[17] = { "Maximum-BPS", U32(max_bps), .must = 1, .hide_ok = 1, .in = M(OCRQ), .need = M(OCRQ), .src = "RFC 2661 s4.4.4" },
	[18] = { "Bearer-Type", U32(bearer_type), .must = 1, .hide_ok = 1, .in = M(OCRQ) | M(ICRQ), .need = M(OCRQ), .src = "RFC 2661 s4.4.4" },
	[19] = { "Framing-Type", U32(framing_type), .must = 1, .hide_ok = 1, .in = M(OCRQ) | M(OCCN) | M(ICCN), .need = M(OCRQ) | M(OCCN) | M(ICCN), .src = "RFC 2661 s4.4.4" },
	[21] = { "Called-Number", BYTES(called, 0, ANY), .must = 1, .hide_ok = 1, .in = M(OCRQ) | M(ICRQ), .need = M(OCRQ), .src = "RFC 2661 s4.4.4" },
	[22] = { "Calling-Number", BYTES(calling, 0, ANY), .must = 1, .hide_ok = 1, .in = M(ICRQ), .src = "RFC 2661 s4.4.4" },
	[23] = { "Sub-Address", BYTES(sub_address, 0, ANY), .must = 1, .hide_ok = 1, .in = M(OCRQ) | M(ICRQ), .src = "RFC 2661 s4.4.4" },
	[24] = { "Tx-Connect-Speed", U32(tx_speed_bps), .must = 1, .hide_ok = 1, .in = M(OCCN) | M(ICCN), .need = M(OCCN) | M(ICCN), .src = "RFC 2661 s4.4.4" },
	[25] = { "Physical-Channel-ID", U32(physical_channel), .hide_ok = 1, .in = M(OCRP) | M(ICRQ), .src = "RFC 2661 s4.4.4" },
	[26] = { "Initial-Received-LCP-CONFREQ", BYTES(lcp_first_received, 0, ANY), .hide_ok = 1, .in = M(ICCN), .src = "RFC 2661 s4.4.5" },
	[27] = { "Last-Sent-LCP-CONFREQ", BYTES(lcp_last_sent, 0, ANY), .hide_ok = 1, .in = M(ICCN), .src = "RFC 2661 s4.4.5" },
	[28] = { "Last-Received-LCP-CONFREQ", BYTES(lcp_last_received, 0, ANY), .hide_ok = 1, .in = M(ICCN), .src = "RFC 2661 s4.4.5" },
	[29] = { "Proxy-Authen-Type", U16(auth_type), .hide_ok = 1, .in = M(ICCN), .src = "RFC 2661 s4.4.5" },
	[30] = { "Proxy-Authen-Name", BYTES(auth_name, 0, ANY), .hide_ok = 1, .in = M(ICCN), .src = "RFC 2661 s4.4.5" },
	[31] = { "Proxy-Authen-Challenge", BYTES(auth_challenge, 1, ANY), .hide_ok = 1, .in = M(ICCN), .src = "RFC 2661 s4.4.5" },
	[32] = { "Proxy-Authen-ID", U16(auth_id), .hide_ok = 1, .in = M(ICCN), .src = "RFC 2661 s4.4.5" },
	[33] = { "Proxy-Authen-Response", BYTES(auth_response, 0, ANY), .hide_ok = 1, .in = M(ICCN), .src = "RFC 2661 s4.4.5" },
	[34] = { "Call-Errors", BYTES(call_errors, 26, 26), .must = 1, .hide_ok = 1, .in = M(WEN), .need = M(WEN), .src = "RFC 2661 s4.4.6" },
	[35] = { "ACCM", BYTES(accm, 10, 10), .must = 1, .hide_ok = 1, .in = M(SLI), .need = M(SLI), .src = "RFC 2661 s4.4.6" },
	[36] = { "Random-Vector", BYTES(vector, 0, ANY), .must = 1, .in = ALL, .src = "RFC 2661 s4.3" },
	[37] = { "Private-Group-ID", BYTES(group, 0, ANY), .hide_ok = 1, .in = M(ICCN), .src = "RFC 2661 s4.4.4" },
	[38] = { "Rx-Connect-Speed", U32(rx_speed_bps), .hide_ok = 1, .in = M(OCCN) | M(ICCN), .src = "RFC 2661 s4.4.4" },
	[39] = { "Sequencing-Required", BYTES(sequencing, 0, 0), .must = 1, .in = M(OCCN) | M(ICCN), .src = "RFC 2661 s4.4.4" },
};
/* clang-format on */

const struct l2tp_avp_desc *l2tp_avp_desc(uint16_t type)
{
	return type < L2TP_AVP_TYPES && table[type].name ? &table[type] : NULL;
}

int l2tp_avp_next(struct rd *msg, struct l2tp_avp *avp)
{
	uint16_t bits = rd_u16(msg);
	size_t len = bits & L2TP_AVP_MAX_LEN; /* counts the header too: s4.1 */

	avp->mandatory = bits & L2TP_AVP_M;
	avp->hidden = bits & L2TP_AVP_H;
	avp->reserved = bits & 0x3c00;
	avp->vendor = rd_u16(msg);
	avp->type = rd_u16(msg);
	if (msg->bad || len < L2TP_AVP_HDR)
		return -EBADMSG;
	avp->value = rd_sub(msg, len - L2TP_AVP_HDR);
	return msg->bad ? -EBADMSG : 0;
}

void l2tp_avp_put(struct wr *w, uint16_t flags, uint16_t type, const void *value, size_t len)
{
	if (len > L2TP_AVP_MAX_LEN - L2TP_AVP_HDR) {
		w->bad = true;
		return;
	}
	wr_u16(w, (uint16_t)(flags | (L2TP_AVP_HDR + len)));
	wr_u16(w, 0);
	wr_u16(w, type);
	wr_bytes(w, value, len);
}
