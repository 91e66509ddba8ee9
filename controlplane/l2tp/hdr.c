/* SPDX-License-Identifier: BSD-3-Clause */
/* hdr.c - the L2TP header (RFC 2661 s3.1). Reserved header bits are ignored (unlike those of an AVP, s4.1).
 * Length counts the whole message: what lies beyond it is padding of the link below, what it promises and the datagram
 * lacks is an error. Not here: which tunnel an id names (cp.c). Pure; any thread. */
#include "controlplane/l2tp/hdr.h"

#include "ppp/wire.h"

#define BIT_T    0x8000
#define BIT_L    0x4000
#define BIT_S    0x0800
#define BIT_O    0x0200
#define BIT_P    0x0100
#define MASK_VER 0x000f

static enum l2tp_hdr_fault decode_rest(struct rd *r, uint16_t bits, size_t len, struct l2tp_hdr *h)
{
	const uint8_t *start = r->p - 2;

	if (bits & BIT_L) {
		h->len = rd_u16(r);
		if (h->len > len)
			return L2TP_HDR_BAD;
		r->end = start + h->len;
		if (r->p > r->end)
			return L2TP_HDR_BAD;
	}
	h->tid = rd_u16(r);
	h->sid = rd_u16(r);
	if (h->sequenced) {
		h->ns = rd_u16(r);
		h->nr = rd_u16(r);
	}
	if (bits & BIT_O)
		rd_take(r, rd_u16(r)); /* Offset Size counts the pad only */
	if (r->bad)
		return L2TP_HDR_BAD;
	h->body = (size_t)(r->p - start);
	return L2TP_HDR_OK;
}

enum l2tp_hdr_fault l2tp_hdr_decode(const uint8_t *bytes, size_t len, struct l2tp_hdr *h)
{
	struct rd r = rd_of(bytes, len);
	uint16_t bits = rd_u16(&r);

	*h = (struct l2tp_hdr){.len = len};
	if (r.bad)
		return L2TP_HDR_BAD;
	if ((bits & MASK_VER) == 1)
		return L2TP_HDR_L2F;
	if ((bits & MASK_VER) != 2)
		return L2TP_HDR_VERSION;
	h->control = bits & BIT_T;
	h->sequenced = bits & BIT_S;
	if (h->control && (bits & (BIT_L | BIT_S | BIT_O | BIT_P)) != (BIT_L | BIT_S))
		return L2TP_HDR_BAD;
	return decode_rest(&r, bits, len, h);
}

void l2tp_hdr_encode(uint8_t bytes[L2TP_HDR_CONTROL], uint16_t tid, uint16_t sid, uint16_t ns,
	uint16_t nr, size_t body_len)
{
	const uint16_t words[] = {BIT_T | BIT_L | BIT_S | 2,
		(uint16_t)(L2TP_HDR_CONTROL + body_len), tid, sid, ns, nr};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		bytes[2 * i] = (uint8_t)(words[i] >> 8);
		bytes[2 * i + 1] = (uint8_t)words[i];
	}
}
