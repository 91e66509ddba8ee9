/* SPDX-License-Identifier: BSD-3-Clause */
/* msg.c - control messages to and from struct l2tp_msg, driven by avp.c's table (RFC 2661 s4, s6, s7.1).
 * Strict about what it cannot understand, tolerant about the rest: an AVP that the message should not carry and a second
 * copy of one (the first counts) are passed over; AVPs come in any order after Message Type.
 * Error codes are those of s4.4.2: 2 length wrong, 3 value out of range, 6 an AVP is missing, 8 unknown AVP with M set.
 * Not here: what a message does (tunnel.c, call.c). Pure; any thread. */
#include "controlplane/l2tp/msg.h"

#include "controlplane/l2tp/avp.h"
#include "ppp/wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ERR_LENGTH    2
#define ERR_RANGE     3
#define ERR_MISSING   6
#define ERR_UNKNOWN_M 8

struct decoder {
	const struct l2tp_unhiding *u;
	struct l2tp_msg *m;
	struct l2tp_result *fault;
	struct l2tp_bytes vector; /* the nearest Random Vector so far */
	bool has_vector;
	size_t scratch_used;
};

struct l2tp_bytes l2tp_bytes_of(const void *p, size_t len)
{
	return (struct l2tp_bytes){.p = p, .len = (uint16_t)len};
}

bool l2tp_msg_is_known(uint16_t type)
{
	return type < 32 && l2tp_avp_desc(L2TP_AVP_MESSAGE_TYPE)->in >> type & 1;
}

bool l2tp_msg_is_session(uint16_t type)
{
	return type >= L2TP_OCRQ && l2tp_msg_is_known(type);
}

/* The first fault is the one that is reported. */
static void fault(struct decoder *d, uint16_t error, const char *what, uint16_t type)
{
	const struct l2tp_avp_desc *row = l2tp_avp_desc(type);

	if (d->fault->result)
		return;
	d->fault->result = 2;
	d->fault->error = error;
	if (row)
		snprintf(d->fault->text, sizeof(d->fault->text), "%s %s", what, row->name);
	else
		snprintf(d->fault->text, sizeof(d->fault->text), "%s AVP %u", what, type);
}

/* s7.1: the M bit of a malformed AVP decides whether the error is recoverable. */
static void malformed(
	struct decoder *d, const struct l2tp_avp *avp, uint16_t error, const char *what)
{
	if (avp->mandatory)
		fault(d, error, what, avp->vendor ? UINT16_MAX : avp->type);
}

static int open_hidden(struct decoder *d, struct l2tp_avp *avp)
{
	const uint8_t *in = avp->value.p;
	size_t len = rd_left(&avp->value);
	uint8_t *out = d->u->scratch + d->scratch_used;
	int value;

	if (!d->u->secret.len || !d->has_vector || len > d->u->scratch_len - d->scratch_used)
		return -EBADMSG;
	value = l2tp_unhide(avp->type, d->u->secret, d->vector.p, d->vector.len, in, len, out);
	if (value < 0)
		return -EBADMSG;
	d->scratch_used += len;
	avp->value = rd_of(out, (size_t)value);
	return 0;
}

static void store(
	struct decoder *d, const struct l2tp_avp_desc *row, uint16_t type, struct rd value)
{
	uint8_t *field = (uint8_t *)d->m + row->field;
	struct l2tp_bytes bytes = l2tp_bytes_of(value.p, rd_left(&value));
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (row->kind) {
	case L2TP_AVP_U16:
		u16 = rd_u16(&value);
		memcpy(field, &u16, sizeof(u16));
		break;
	case L2TP_AVP_U32:
		u32 = rd_u32(&value);
		memcpy(field, &u32, sizeof(u32));
		break;
	case L2TP_AVP_U64:
		u64 = rd_u64(&value);
		memcpy(field, &u64, sizeof(u64));
		break;
	default:
		memcpy(field, &bytes, sizeof(bytes));
	}
	d->m->have |= L2TP_HAS(type);
}

static void take(struct decoder *d, struct l2tp_avp *avp)
{
	const struct l2tp_avp_desc *row =
		avp->vendor || avp->reserved ? NULL : l2tp_avp_desc(avp->type);
	size_t len;

	if (!row) {
		malformed(d, avp, ERR_UNKNOWN_M, "unknown");
		return;
	}
	if (!(row->in >> d->m->type & 1) ||
		(d->m->have & L2TP_HAS(avp->type) && avp->type != L2TP_AVP_RANDOM_VECTOR))
		return;
	if (avp->hidden && row->hide_ok && d->u->defer_hidden) {
		d->m->hidden |= L2TP_HAS(avp->type);
		return;
	}
	if (avp->hidden && (!row->hide_ok || open_hidden(d, avp))) {
		malformed(d, avp, ERR_RANGE, "cannot unhide");
		return;
	}
	len = rd_left(&avp->value);
	if (len < row->min || len > row->max) {
		/* what a wrong secret gives must look like what cannot be deciphered at all (s4.3) */
		malformed(d, avp, avp->hidden ? ERR_RANGE : ERR_LENGTH,
			avp->hidden ? "cannot unhide" : "length of");
		return;
	}
	if (avp->type == L2TP_AVP_RANDOM_VECTOR) {
		d->vector = l2tp_bytes_of(avp->value.p, len);
		d->has_vector = true;
	}
	store(d, row, avp->type, avp->value);
}

/* s4.4.1: Message Type comes first, is not hidden, and its M bit says what to do with a type we do not know. */
static int take_message_type(struct decoder *d, struct rd *r)
{
	struct l2tp_avp avp;

	if (l2tp_avp_next(r, &avp) || avp.vendor || avp.type != L2TP_AVP_MESSAGE_TYPE ||
		avp.hidden || avp.reserved || rd_left(&avp.value) != 2) {
		fault(d, ERR_RANGE, "no", L2TP_AVP_MESSAGE_TYPE);
		return -EPROTO;
	}
	d->m->type = rd_u16(&avp.value);
	d->m->have = L2TP_HAS(L2TP_AVP_MESSAGE_TYPE);
	if (l2tp_msg_is_known(d->m->type))
		return 0;
	if (!avp.mandatory)
		return -ENOMSG;
	fault(d, ERR_RANGE, "unknown", L2TP_AVP_MESSAGE_TYPE);
	return -EPROTO;
}

static void check_whole(struct decoder *d)
{
	const struct l2tp_msg *m = d->m;
	bool assigns_tid = m->type == L2TP_SCCRQ || m->type == L2TP_SCCRP;
	bool assigns_sid = l2tp_msg_is_session(m->type) && m->type != L2TP_CDN;

	for (uint16_t type = 0; type < L2TP_AVP_TYPES; type++) {
		const struct l2tp_avp_desc *row = l2tp_avp_desc(type);

		if (row && row->need >> m->type & 1 && !((m->have | m->hidden) & L2TP_HAS(type)))
			fault(d, ERR_MISSING, "missing", type);
	}
	if (m->have & L2TP_HAS(L2TP_AVP_RECEIVE_WINDOW_SIZE) && !m->window)
		fault(d, ERR_RANGE, "zero", L2TP_AVP_RECEIVE_WINDOW_SIZE);
	if (assigns_tid && m->have & L2TP_HAS(L2TP_AVP_ASSIGNED_TUNNEL_ID) && !m->tid)
		fault(d, ERR_RANGE, "zero", L2TP_AVP_ASSIGNED_TUNNEL_ID);
	if (assigns_sid && m->have & L2TP_HAS(L2TP_AVP_ASSIGNED_SESSION_ID) && !m->sid)
		fault(d, ERR_RANGE, "zero", L2TP_AVP_ASSIGNED_SESSION_ID);
}

int l2tp_msg_decode(const uint8_t *body, size_t len, const struct l2tp_unhiding *u,
	struct l2tp_msg *m, struct l2tp_result *fault_out)
{
	struct decoder d = {.u = u, .m = m, .fault = fault_out};
	struct rd r = rd_of(body, len);
	struct l2tp_avp avp;
	int err;

	memset(m, 0, sizeof(*m));
	memset(fault_out, 0, sizeof(*fault_out));
	err = take_message_type(&d, &r);
	if (err)
		return err;
	while (rd_left(&r)) {
		if (l2tp_avp_next(&r, &avp)) {
			malformed(&d, &avp, ERR_LENGTH, "length of");
			break;
		}
		take(&d, &avp);
	}
	check_whole(&d);
	return fault_out->result ? -EBADMSG : 0;
}

static void put(
	struct wr *w, const struct l2tp_msg *m, uint16_t type, const struct l2tp_avp_desc *row)
{
	const uint8_t *field = (const uint8_t *)m + row->field;
	uint8_t value[8];
	struct wr v = wr_of(value, sizeof(value));
	struct l2tp_bytes bytes = l2tp_bytes_of(value, row->max);
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (row->kind) {
	case L2TP_AVP_U16:
		memcpy(&u16, field, sizeof(u16));
		wr_u16(&v, u16);
		break;
	case L2TP_AVP_U32:
		memcpy(&u32, field, sizeof(u32));
		wr_u32(&v, u32);
		break;
	case L2TP_AVP_U64:
		memcpy(&u64, field, sizeof(u64));
		wr_u64(&v, u64);
		break;
	default:
		memcpy(&bytes, field, sizeof(bytes));
	}
	l2tp_avp_put(w, row->must ? L2TP_AVP_M : 0, type, bytes.p, bytes.len);
}

size_t l2tp_msg_encode(const struct l2tp_msg *m, uint8_t *buf, size_t cap)
{
	struct wr w = wr_of(buf, cap);

	for (uint16_t type = 0; type < L2TP_AVP_TYPES; type++) {
		const struct l2tp_avp_desc *row = l2tp_avp_desc(type);

		if (row && row->in >> m->type & 1 && (type == 0 || m->have & L2TP_HAS(type)))
			put(&w, m, type, row);
	}
	return w.bad ? 0 : (size_t)(w.p - buf);
}

struct l2tp_result l2tp_msg_result(const struct l2tp_msg *m)
{
	struct rd r = rd_of(m->result.p, m->result.len);
	struct l2tp_result res = {0};
	size_t n;

	if (!m->result.len)
		return res;
	res.result = rd_u16(&r);
	if (rd_left(&r) < 2)
		return res;
	res.error = rd_u16(&r);
	n = rd_left(&r) < sizeof(res.text) ? rd_left(&r) : sizeof(res.text) - 1;
	if (n)
		memcpy(res.text, r.p, n);
	return res;
}

uint16_t l2tp_msg_result_encode(const struct l2tp_result *r, uint8_t *buf)
{
	size_t text = strnlen(r->text, sizeof(r->text) - 1);
	struct wr w = wr_of(buf, 4 + text);

	wr_u16(&w, r->result);
	if (r->error || text)
		wr_u16(&w, r->error);
	wr_bytes(&w, r->text, text);
	return (uint16_t)(w.p - buf);
}

void l2tp_text_set(struct l2tp_text *t, struct l2tp_bytes b)
{
	t->len = (uint8_t)(b.len < sizeof(t->s) ? b.len : sizeof(t->s) - 1);
	memset(t->s, 0, sizeof(t->s));
	if (t->len)
		memcpy(t->s, b.p, t->len);
}
