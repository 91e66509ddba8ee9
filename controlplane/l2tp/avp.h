/* SPDX-License-Identifier: BSD-3-Clause */
/* avp.h - the AVPs of RFC 2661 s4.4 as one table. Pure. */
#ifndef CONTROLPLANE_L2TP_AVP_H
#define CONTROLPLANE_L2TP_AVP_H

#include "ppp/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define L2TP_AVP_HDR     6
#define L2TP_AVP_MAX_LEN 0x03ff
#define L2TP_AVP_M       0x8000
#define L2TP_AVP_H       0x4000

enum l2tp_avp_type {
	L2TP_AVP_MESSAGE_TYPE = 0, L2TP_AVP_RESULT_CODE = 1, L2TP_AVP_PROTOCOL_VERSION = 2,
	L2TP_AVP_FRAMING_CAPABILITIES = 3, L2TP_AVP_BEARER_CAPABILITIES = 4, L2TP_AVP_TIE_BREAKER = 5,
	L2TP_AVP_FIRMWARE_REVISION = 6, L2TP_AVP_HOST_NAME = 7, L2TP_AVP_VENDOR_NAME = 8,
	L2TP_AVP_ASSIGNED_TUNNEL_ID = 9, L2TP_AVP_RECEIVE_WINDOW_SIZE = 10, L2TP_AVP_CHALLENGE = 11,
	L2TP_AVP_Q931_CAUSE_CODE = 12, L2TP_AVP_CHALLENGE_RESPONSE = 13, L2TP_AVP_ASSIGNED_SESSION_ID = 14,
	L2TP_AVP_CALL_SERIAL_NUMBER = 15, L2TP_AVP_MINIMUM_BPS = 16, L2TP_AVP_MAXIMUM_BPS = 17,
	L2TP_AVP_BEARER_TYPE = 18, L2TP_AVP_FRAMING_TYPE = 19, L2TP_AVP_CALLED_NUMBER = 21,
	L2TP_AVP_CALLING_NUMBER = 22, L2TP_AVP_SUB_ADDRESS = 23, L2TP_AVP_TX_CONNECT_SPEED = 24,
	L2TP_AVP_PHYSICAL_CHANNEL_ID = 25, L2TP_AVP_INITIAL_RECEIVED_LCP_CONFREQ = 26,
	L2TP_AVP_LAST_SENT_LCP_CONFREQ = 27, L2TP_AVP_LAST_RECEIVED_LCP_CONFREQ = 28,
	L2TP_AVP_PROXY_AUTHEN_TYPE = 29, L2TP_AVP_PROXY_AUTHEN_NAME = 30, L2TP_AVP_PROXY_AUTHEN_CHALLENGE = 31,
	L2TP_AVP_PROXY_AUTHEN_ID = 32, L2TP_AVP_PROXY_AUTHEN_RESPONSE = 33, L2TP_AVP_CALL_ERRORS = 34,
	L2TP_AVP_ACCM = 35, L2TP_AVP_RANDOM_VECTOR = 36, L2TP_AVP_PRIVATE_GROUP_ID = 37,
	L2TP_AVP_RX_CONNECT_SPEED = 38, L2TP_AVP_SEQUENCING_REQUIRED = 39,
	L2TP_AVP_TYPES = 40,
};

enum l2tp_avp_kind { L2TP_AVP_NONE, L2TP_AVP_U16, L2TP_AVP_U32, L2TP_AVP_U64, L2TP_AVP_BYTES };

struct l2tp_avp_desc {
	const char *name; /* NULL: the number is not assigned */
	uint8_t kind;     /* enum l2tp_avp_kind */
	bool must;        /* M bit that we send */
	bool hide_ok;
	uint16_t min, max; /* length of the value */
	uint32_t in;      /* messages that may carry it: bit per type */
	uint32_t need;    /* messages that must carry it */
	uint16_t field;   /* offset in struct l2tp_msg */
	const char *src;
};

/** One AVP as it stands on the wire. */
struct l2tp_avp {
	bool mandatory, hidden, reserved; /* reserved: one of the four bits that must be 0 is set */
	uint16_t vendor, type;
	struct rd value;
};

/** @return the row of an IETF AVP, NULL when we do not know it. */
const struct l2tp_avp_desc *l2tp_avp_desc(uint16_t type);
/** Read the AVP header at msg and step over its value. @return 0 or -EBADMSG: the length is below 6 or beyond the end
 * (avp->mandatory is set all the same if its octets were there); nothing after it can be read. */
int l2tp_avp_next(struct rd *msg, struct l2tp_avp *avp);
/** Append one AVP; w goes bad when it does not fit. */
void l2tp_avp_put(struct wr *w, uint16_t flags, uint16_t type, const void *value, size_t len);

#endif
