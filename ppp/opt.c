/* SPDX-License-Identifier: BSD-3-Clause */
/* opt.c - the walk over configuration options, driven by a protocol's rows (RFC 1661 s5.1 - s5.4,
 * s6). An option header that does not fit its packet makes the whole packet malformed: nothing is
 * changed or answered.
 * Not here: what an option means (lcp.c, ipcp.c, ipv6cp.c), ids and states (automaton.c). */
#include "ppp/opt.h"

#include "ppp/session.h"

enum { OPT_HDR = 2, NAK_MAX = 128 };

/* The next option; its value is a reader of its own. An option of length 0 or 1 would never end the
 * walk. */
static bool opt_next(struct rd *opts, uint8_t *type, struct rd *value, struct ppp_span *whole)
{
	const uint8_t *at = opts->p;
	uint8_t len;

	*type = rd_u8(opts);
	len = rd_u8(opts);
	if (opts->bad || len < OPT_HDR)
		return false;
	*value = rd_sub(opts, len - OPT_HDR);
	*whole = (struct ppp_span){at, len};
	return !opts->bad;
}

static bool well_formed(const uint8_t *bytes, size_t len)
{
	struct rd opts = rd_of(bytes, len), value;
	struct ppp_span whole;
	uint8_t type;

	while (rd_left(&opts))
		if (!opt_next(&opts, &type, &value, &whole))
			return false;
	return true;
}

static int row_of(const struct ppp_kind *k, uint8_t type)
{
	for (int i = 0; i < k->n_opts; i++)
		if (k->opts[i].type == type)
			return i;
	return -1;
}

static void put_option(struct wr *w, uint8_t type, const uint8_t *value, size_t len)
{
	wr_u8(w, type);
	wr_u8(w, (uint8_t)(OPT_HDR + len));
	wr_bytes(w, value, len);
}

enum opt_answer opt_reject(
	const struct ppp_ctx *c, struct rd *wish, struct opt_peer *peer, struct wr *want)
{
	(void)c, (void)wish, (void)peer, (void)want;
	return OPT_REJ;
}

uint16_t opt_wanted(const struct ppp_ctx *c, const struct ppp_kind *k)
{
	uint16_t want = 0;

	for (int i = 0; i < k->n_opts; i++)
		if (k->opts[i].wanted && k->opts[i].wanted(c))
			want |= (uint16_t)(1u << i);
	return want;
}

void opt_request(const struct ppp_ctx *c, const struct ppp_kind *k, struct wr *w)
{
	const struct ppp_fsm *f = kind_fsm(k, c->s);

	for (int i = 0; i < k->n_opts; i++) {
		uint8_t value[16];
		struct wr v = wr_of(value, sizeof(value));

		if (!(f->want & 1u << i))
			continue;
		k->opts[i].ask(c, &v);
		put_option(w, k->opts[i].type, value, (size_t)(v.p - value));
	}
}

/* One option of the peer's request. want takes the value for a Nak. */
static enum opt_answer judge_one(const struct ppp_ctx *c, const struct opt_desc *d, struct rd value,
	size_t len, struct opt_peer *peer, struct wr *want)
{
	if (d->len && len != d->len)
		value = (struct rd){.bad = true}; /* RFC 1661 s6: Nak with a proper length */
	return d->judge(c, &value, peer, want);
}

/* A Nak asks, once, for options that the peer left out and we need (RFC 1661 s5.3). */
static bool ask_for_absent(const struct ppp_ctx *c, const struct ppp_kind *k, uint32_t seen,
	struct opt_peer *peer, struct wr *nak)
{
	bool asked = false;

	for (int i = 0; i < k->n_opts; i++) {
		uint8_t value[16];
		struct wr want = wr_of(value, sizeof(value));

		if (!k->opts[i].required || seen & 1u << i)
			continue;
		judge_one(c, &k->opts[i], (struct rd){.bad = true}, k->opts[i].len, peer, &want);
		put_option(nak, k->opts[i].type, value, (size_t)(want.p - value));
		asked = true;
	}
	return asked;
}

bool opt_judge(const struct ppp_ctx *c, const struct ppp_kind *k, const uint8_t *bytes, size_t len,
	size_t limit, struct opt_reply *r)
{
	const struct ppp_fsm *f = kind_fsm(k, c->s);
	bool may_nak = f->failures < c->p->max_failure; /* RFC 1661 s4.6: Max-Failure */
	struct rd opts = rd_of(bytes, len);
	uint8_t nak_bytes[NAK_MAX];
	struct wr nak = wr_of(nak_bytes, limit < NAK_MAX ? limit : NAK_MAX);
	struct wr rej = wr_of(r->bytes, limit < sizeof(r->bytes) ? limit : sizeof(r->bytes));
	bool rejecting = false;
	uint32_t seen = 0;

	if (!well_formed(bytes, len))
		return false;
	r->peer = (struct opt_peer){.mru = PPP_DEFAULT_MRU};
	while (rd_left(&opts)) {
		uint8_t type, value[16];
		struct wr want = wr_of(value, sizeof(value));
		enum opt_answer a = OPT_REJ;
		struct ppp_span whole;
		struct rd wish;
		int row;

		opt_next(&opts, &type, &wish, &whole);
		row = row_of(k, type);
		if (row >= 0 && !(seen & 1u << row)) { /* a second one of a kind is rejected */
			seen |= 1u << row;
			a = judge_one(c, &k->opts[row], wish, whole.len, &r->peer, &want);
			if (a == OPT_NAK && !may_nak && !r->peer.looped)
				a = OPT_REJ;
		}
		if (a == OPT_NAK)
			put_option(&nak, type, value, (size_t)(want.p - value));
		if (a == OPT_REJ) {
			rejecting = true;
			if (whole.len <=
				(size_t)(rej.end -
					rej.p)) /* what fits: the rest is rejected next time */
				wr_bytes(&rej, whole.bytes, whole.len);
		}
	}
	if (r->peer.looped)
		rejecting = false; /* RFC 1661 s6.4: a Nak with another number tells a loop */
	r->asks_absent = !r->peer.looped && !rejecting && may_nak &&
		!(f->flags & FSM_F_ASKED_ABSENT) && ask_for_absent(c, k, seen, &r->peer, &nak);

	if (rejecting) {
		r->code = rej.p == r->bytes ? 0 : CONF_REJ;
		r->len = (uint16_t)(rej.p - r->bytes);
	} else if (nak.p != nak_bytes) {
		r->code = nak.bad ? 0 : CONF_NAK;
		r->len = (uint16_t)(nak.p - nak_bytes);
		memcpy(r->bytes, nak_bytes, r->len);
	} else {
		/* every row at most once, hence short */
		r->code = len <= limit && len <= sizeof(r->bytes) ? CONF_ACK : 0;
		r->len = r->code ? (uint16_t)len : 0;
		memcpy(r->bytes, bytes, r->len);
	}
	return true;
}

bool opt_refused(
	struct ppp_ctx *c, const struct ppp_kind *k, const uint8_t *bytes, size_t len, bool reject)
{
	struct ppp_fsm *f = kind_fsm(k, c->s);
	struct rd opts = rd_of(bytes, len);

	if (!well_formed(bytes, len))
		return false;
	while (rd_left(&opts)) {
		struct ppp_span whole;
		struct rd hint;
		uint8_t type;
		int row;

		opt_next(&opts, &type, &hint, &whole);
		row = row_of(k, type);
		if (row < 0 || !(f->want & 1u << row))
			continue; /* we did not ask for it, nor shall we */
		if (!reject && k->opts[row].nakked(c, &hint))
			continue;
		if (reject && k->opts[row].rejected && k->opts[row].rejected(c))
			continue;
		f->want &= (uint16_t) ~(1u << row);
	}
	return true;
}
