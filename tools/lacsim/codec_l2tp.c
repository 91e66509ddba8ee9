/* SPDX-License-Identifier: BSD-3-Clause */
/* codec_l2tp.c - L2TP header and AVPs as a LAC needs them (RFC 2661 s3.1, s4). Pure. Hidden AVPs are not read. */
#include "tools/lacsim/codec.h"

#include <nettle/md5.h>

#define BIT_T 0x8000
#define BIT_L 0x4000
#define BIT_S 0x0800
#define BIT_O 0x0200
#define AVP_M 0x8000
#define AVP_H 0x4000

bool l2tp_head_read(struct rd *r, struct l2tp_head *h)
{
	const uint8_t *start = r->p;
	uint16_t bits = rd_u16(r), len;

	*h = (struct l2tp_head){.control = bits & BIT_T, .has_seq = bits & BIT_S};
	if ((bits & 0x000f) != 2)
		return false;
	if (bits & BIT_L) {
		len = rd_u16(r);
		if (r->bad || len < r->p - start || len > r->end - start)
			return false;
		r->end = start + len;
	}
	h->tunnel = rd_u16(r);
	h->session = rd_u16(r);
	if (h->has_seq) {
		h->ns = rd_u16(r);
		h->nr = rd_u16(r);
	}
	if (bits & BIT_O)
		rd_take(r, rd_u16(r));
	return !r->bad && (!h->control || (bits & BIT_L && bits & BIT_S));
}

void control_begin(struct wr *w, uint16_t tunnel, uint16_t session, uint16_t type)
{
	wr_u16(w, BIT_T | BIT_L | BIT_S | 2);
	wr_u16(w, 0);
	wr_u16(w, tunnel);
	wr_u16(w, session);
	wr_u32(w, 0);
	if (type)
		avp_u16(w, AVP_MESSAGE_TYPE, type);
}

size_t control_end(struct wr *w, uint8_t *start)
{
	size_t len = (size_t)(w->p - start);

	if (w->bad)
		return 0;
	start[2] = (uint8_t)(len >> 8);
	start[3] = (uint8_t)len;
	return len;
}

void control_stamp(uint8_t *msg, uint16_t ns, uint16_t nr)
{
	struct wr w = wr_of(msg + 8, 4);

	wr_u16(&w, ns);
	wr_u16(&w, nr);
}

uint16_t control_type(const uint8_t *msg, size_t len)
{
	return len < 20 ? 0 : (uint16_t)(msg[18] << 8 | msg[19]);
}

void avp_bytes(struct wr *w, uint16_t type, bool mandatory, const void *value, size_t len)
{
	if (len > 0x03ff - 6) {
		w->bad = true;
		return;
	}
	wr_u16(w, (uint16_t)((mandatory ? AVP_M : 0) | (len + 6)));
	wr_u16(w, 0);
	wr_u16(w, type);
	wr_bytes(w, value, len);
}

void avp_u16(struct wr *w, uint16_t type, uint16_t value)
{
	const uint8_t b[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	avp_bytes(w, type, true, b, sizeof(b));
}

void avp_u32(struct wr *w, uint16_t type, uint32_t value)
{
	uint8_t b[4];
	struct wr v = wr_of(b, sizeof(b));

	wr_u32(&v, value);
	avp_bytes(w, type, true, b, sizeof(b));
}

static void read_result(struct rd v, struct control *c)
{
	size_t n;

	c->result = rd_u16(&v);
	if (rd_left(&v) < 2)
		return;
	c->error = rd_u16(&v);
	n = rd_left(&v) < sizeof(c->text) - 1 ? rd_left(&v) : sizeof(c->text) - 1;
	for (size_t i = 0; i < n; i++)
		c->text[i] = v.p[i] < 0x20 || v.p[i] > 0x7e ? '?' : (char)v.p[i];
	c->text[n] = 0;
}

bool control_read(struct rd *r, struct control *c)
{
	*c = (struct control){0};
	while (rd_left(r)) {
		uint16_t bits = rd_u16(r), vendor = rd_u16(r), type = rd_u16(r),
			 len = bits & 0x03ff;
		struct rd v;

		if (r->bad || len < 6)
			return false;
		v = rd_sub(r, len - 6U);
		if (v.bad)
			return false;
		if (vendor || bits & AVP_H) {
			if (bits & AVP_M)
				return false;
			continue;
		}
		switch (type) {
		case AVP_MESSAGE_TYPE:
			c->type = rd_u16(&v);
			break;
		case AVP_RESULT_CODE:
			read_result(v, c);
			break;
		case AVP_TUNNEL_ID:
			c->tunnel_id = rd_u16(&v);
			break;
		case AVP_SESSION_ID:
			c->session_id = rd_u16(&v);
			break;
		case AVP_WINDOW:
			c->window = rd_u16(&v);
			break;
		case AVP_CHALLENGE:
			c->challenge = v;
			break;
		case AVP_CHALLENGE_RESPONSE:
			c->response = v;
			break;
		}
		if (v.bad)
			return false;
	}
	return !r->bad;
}

void md5_response(uint8_t out[16], uint8_t id, const void *secret, size_t secret_len,
	const void *challenge, size_t len)
{
	struct md5_ctx md5;

	md5_init(&md5);
	md5_update(&md5, 1, &id);
	md5_update(&md5, secret_len, secret);
	md5_update(&md5, len, challenge);
	md5_digest(&md5, 16, out);
}
