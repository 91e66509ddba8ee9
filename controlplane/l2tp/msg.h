/* SPDX-License-Identifier: BSD-3-Clause */
/* msg.h - one control message as a struct (RFC 2661 s4.4, s6): what avp.c's table decodes into and encodes from. Pure. */
#ifndef CONTROLPLANE_L2TP_MSG_H
#define CONTROLPLANE_L2TP_MSG_H

#include "controlplane/l2tp/hide.h"
#include "controlplane/l2tp/l2tp.h"

/** A value that lies in the message (or, if it was hidden, in the decoder's scratch): valid as long as they are. */
struct l2tp_bytes {
	const uint8_t *p;
	uint16_t len;
};

#define L2TP_HAS(avp) (1ull << (avp))

struct l2tp_msg {
	uint64_t have;         /* L2TP_HAS() of each AVP that is there */
	uint64_t hidden;       /* those passed over because they were hidden (decode with defer_hidden) */
	uint16_t type;         /* enum l2tp_msg_type */
	struct l2tp_bytes result; /* code, error, text: see l2tp_msg_result() */
	uint16_t protocol;     /* version << 8 | revision */
	uint32_t framing_caps, bearer_caps;
	uint64_t tie_breaker;
	uint16_t firmware;
	struct l2tp_bytes host_name, vendor_name;
	uint16_t tid, window;
	struct l2tp_bytes challenge;
	struct l2tp_bytes q931, response;
	uint16_t sid;
	uint32_t serial, min_bps, max_bps, bearer_type, framing_type;
	struct l2tp_bytes called, calling, sub_address;
	uint32_t tx_speed_bps, physical_channel;
	struct l2tp_bytes lcp_first_received, lcp_last_sent, lcp_last_received;
	uint16_t auth_type, auth_id;
	struct l2tp_bytes auth_name, auth_challenge, auth_response;
	struct l2tp_bytes call_errors, accm;
	struct l2tp_bytes vector, group;
	uint32_t rx_speed_bps;
	struct l2tp_bytes sequencing; /* always empty; look at have */
};

/** What the decoder may use to open hidden AVPs. */
struct l2tp_unhiding {
	struct l2tp_secret secret;
	bool defer_hidden;     /* the secret is not known yet: pass hidden AVPs over, note them in msg->hidden */
	uint8_t *scratch;      /* for opened values: as long as the message suffices */
	size_t scratch_len;
};

/** Decode the AVPs of one message (not a ZLB: len > 0). All of it is read, also after a fault, so that a refusal can be
 * addressed. @return 0; -ENOMSG: the type is not known and may be ignored (its M bit is 0, s4.4.1); -EBADMSG: *fault
 * holds result 2 and the error code of s4.4.2; -EPROTO: as -EBADMSG, but there is no usable Message Type, or an unknown
 * one with M set: it is the tunnel's fault. */
int l2tp_msg_decode(const uint8_t *body, size_t len, const struct l2tp_unhiding *u, struct l2tp_msg *m,
	struct l2tp_result *fault);

/** Encode m->type and every AVP of m->have that the message may carry, in order of the AVP's number, none hidden.
 * @return octets written to buf, 0 when cap is too small. */
size_t l2tp_msg_encode(const struct l2tp_msg *m, uint8_t *buf, size_t cap);

/** The Result Code AVP, its text cut to fit; all 0 when it is absent. */
struct l2tp_result l2tp_msg_result(const struct l2tp_msg *m);
/** Write r as value of a Result Code AVP (2, 4 or 4+n octets). buf has room for 4 + 63. @return its length. */
uint16_t l2tp_msg_result_encode(const struct l2tp_result *r, uint8_t *buf);

/** Is this a type that we know and that belongs to one call (OCRQ..SLI) rather than to the tunnel? */
bool l2tp_msg_is_session(uint16_t type);
bool l2tp_msg_is_known(uint16_t type);
/** Cut b to fit. */
void l2tp_text_set(struct l2tp_text *t, struct l2tp_bytes b);
struct l2tp_bytes l2tp_bytes_of(const void *p, size_t len);

#endif
