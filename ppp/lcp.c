/* SPDX-License-Identifier: BSD-3-Clause */
/* lcp.c - LCP: its options and the codes that only it has (RFC 1661 s5.7 - s5.9, s6; RFC 1662 s7.1;
 * RFC 1570 s2). As the authenticator we ask for MRU (only when it is not the default), an
 * authentication protocol and a magic number; of the peer we take MRU, ACCM (without effect over
 * L2TP), magic number, PFC and ACFC, and reject anything else. */
#include "ppp/session.h"

enum { OPT_MRU = 1, OPT_ACCM = 2, OPT_AUTH = 3, OPT_MAGIC = 5, OPT_PFC = 7, OPT_ACFC = 8 };
enum { CHAP_MD5 = 5, LOOP_LIMIT = 5 };

static uint32_t random_magic(const struct ppp_ctx *c, size_t at)
{
	struct rd r = rd_of(c->env->rnd + at, 4);
	uint32_t magic = rd_u32(&r);

	return magic ? magic : 1; /* 0 means none: RFC 1661 s6.4 */
}

static uint32_t magic_on_wire(const struct ppp_session *s)
{
	return s->flags & S_MAGIC_REJECTED ? 0 : s->our_magic;
}

/* MRU, RFC 1661 s6.1. */
static enum opt_answer mru_judge(
	const struct ppp_ctx *c, struct rd *wish, struct opt_peer *peer, struct wr *want)
{
	uint16_t mru = rd_u16(wish);

	(void)c;
	if (mru < PPP_MIN_MRU) {
		wr_u16(want, PPP_DEFAULT_MRU);
		return OPT_NAK;
	}
	peer->mru = mru;
	return OPT_ACK;
}

static bool mru_wanted(const struct ppp_ctx *c)
{
	return c->s->our_mru != PPP_DEFAULT_MRU;
}

static void mru_ask(const struct ppp_ctx *c, struct wr *w)
{
	wr_u16(w, c->s->our_mru);
}

static bool mru_rejected(struct ppp_ctx *c)
{
	c->s->our_mru = PPP_DEFAULT_MRU;
	return false;
}

static bool mru_nakked(struct ppp_ctx *c, struct rd *hint)
{
	uint16_t mru = rd_u16(hint);

	if (mru == PPP_DEFAULT_MRU)
		return mru_rejected(c);
	if (mru >= 128 && mru < c->s->our_mru)
		c->s->our_mru = mru;
	return true;
}

/* ACCM, RFC 1662 s7.1: any map is fine, there are no asynchronous lines behind UDP. */
static enum opt_answer accm_judge(
	const struct ppp_ctx *c, struct rd *wish, struct opt_peer *peer, struct wr *want)
{
	(void)c, (void)peer;
	rd_u32(wish);
	if (!wish->bad)
		return OPT_ACK;
	wr_u32(want, 0);
	return OPT_NAK;
}

/* Authentication protocol, RFC 1661 s6.2. */
static bool auth_wanted(const struct ppp_ctx *c)
{
	return c->s->auth != PPP_AUTH_NONE;
}

static void auth_ask(const struct ppp_ctx *c, struct wr *w)
{
	if (c->s->auth == PPP_AUTH_PAP) {
		wr_u16(w, PPP_PAP);
	} else {
		wr_u16(w, PPP_CHAP);
		wr_u8(w, CHAP_MD5);
	}
}

/* The next method of the profile that the peer has not refused; its own proposal first, when we
 * have that. */
static uint8_t next_auth(const struct ppp_ctx *c, uint8_t proposed)
{
	uint8_t first = PPP_AUTH_NONE;

	for (size_t i = 0; i < sizeof(c->p->auth) && c->p->auth[i] != PPP_AUTH_NONE; i++) {
		uint8_t method = c->p->auth[i];

		if (method > PPP_AUTH_CHAP_MD5 || c->s->auth_refused & 1u << method)
			continue;
		if (method == proposed)
			return method;
		if (first == PPP_AUTH_NONE)
			first = method;
	}
	return first;
}

static bool auth_rejected(struct ppp_ctx *c)
{
	c->s->auth_refused |= (uint8_t)(1u << c->s->auth);
	c->s->auth = next_auth(c, PPP_AUTH_NONE);
	return c->s->auth != PPP_AUTH_NONE;
}

static bool auth_nakked(struct ppp_ctx *c, struct rd *hint)
{
	uint16_t proto = rd_u16(hint);
	uint8_t proposed = PPP_AUTH_NONE;

	if (proto == PPP_PAP)
		proposed = PPP_AUTH_PAP;
	else if (proto == PPP_CHAP && rd_u8(hint) == CHAP_MD5)
		proposed = PPP_AUTH_CHAP_MD5;
	c->s->auth_refused |= (uint8_t)(1u << c->s->auth);
	c->s->auth = next_auth(c, proposed);
	return c->s->auth != PPP_AUTH_NONE;
}

bool lcp_refused(const struct ppp_ctx *c)
{
	return c->p->auth[0] != PPP_AUTH_NONE && c->s->auth == PPP_AUTH_NONE;
}

/* Magic number, RFC 1661 s6.4. */
static enum opt_answer magic_judge(
	const struct ppp_ctx *c, struct rd *wish, struct opt_peer *peer, struct wr *want)
{
	uint32_t magic = rd_u32(wish);

	peer->looped = magic && magic == magic_on_wire(c->s);
	if (magic && !peer->looped) {
		peer->magic = magic;
		return OPT_ACK;
	}
	wr_u32(want, random_magic(c, RND_NAK_MAGIC));
	return OPT_NAK;
}

static bool magic_wanted(const struct ppp_ctx *c)
{
	(void)c;
	return true;
}

static void magic_ask(const struct ppp_ctx *c, struct wr *w)
{
	wr_u32(w, c->s->our_magic);
}

static bool magic_nakked(struct ppp_ctx *c, struct rd *hint)
{
	(void)hint;
	c->s->our_magic = random_magic(c, RND_OUR_MAGIC);
	return true;
}

static bool magic_rejected(struct ppp_ctx *c)
{
	c->s->flags |= S_MAGIC_REJECTED;
	return false;
}

/* Count requests with our own number; true: it is a loop and the session is being ended. */
bool lcp_looped(struct ppp_ctx *c, const struct opt_peer *peer)
{
	c->s->loops = peer->looped ? (uint8_t)(c->s->loops + 1) : 0;
	if (c->s->loops < LOOP_LIMIT)
		return false;
	c->s->loops = 0;
	session_close(c, PPP_CAUSE_LOOP);
	return true;
}

/* PFC and ACFC, RFC 1661 s6.5 and s6.6: what the peer can receive. */
static enum opt_answer flag_judge(struct rd *wish, struct opt_peer *peer, uint8_t flag)
{
	if (wish->bad)
		return OPT_NAK;
	peer->flags |= flag;
	return OPT_ACK;
}

static enum opt_answer pfc_judge(
	const struct ppp_ctx *c, struct rd *wish, struct opt_peer *peer, struct wr *want)
{
	(void)c, (void)want;
	return flag_judge(wish, peer, S_TX_PFC);
}

static enum opt_answer acfc_judge(
	const struct ppp_ctx *c, struct rd *wish, struct opt_peer *peer, struct wr *want)
{
	(void)c, (void)want;
	return flag_judge(wish, peer, S_TX_ACFC);
}

static const struct opt_desc options[] = {
	{.type = OPT_MRU,
		.len = 4,
		.judge = mru_judge,
		.wanted = mru_wanted,
		.ask = mru_ask,
		.nakked = mru_nakked,
		.rejected = mru_rejected},
	{.type = OPT_ACCM, .len = 6, .judge = accm_judge},
	/* nobody authenticates us: opt_reject */
	{.type = OPT_AUTH,
		.judge = opt_reject,
		.wanted = auth_wanted,
		.ask = auth_ask,
		.nakked = auth_nakked,
		.rejected = auth_rejected},
	{.type = OPT_MAGIC,
		.len = 6,
		.judge = magic_judge,
		.wanted = magic_wanted,
		.ask = magic_ask,
		.nakked = magic_nakked,
		.rejected = magic_rejected},
	{.type = OPT_PFC, .len = 2, .judge = pfc_judge},
	{.type = OPT_ACFC, .len = 2, .judge = acfc_judge},
};

static void begin(struct ppp_ctx *c)
{
	struct ppp_session *s = c->s;

	s->our_mru = c->p->mru ? c->p->mru : PPP_DEFAULT_MRU;
	s->peer_mru = PPP_DEFAULT_MRU;
	s->our_magic = random_magic(c, RND_OUR_MAGIC);
	s->peer_magic = 0;
	s->auth_refused = 0;
	s->auth = next_auth(c, PPP_AUTH_NONE);
	s->flags = 0;
}

static void commit(struct ppp_ctx *c, const struct opt_peer *peer)
{
	c->s->peer_mru = peer->mru;
	c->s->peer_magic = peer->magic;
	c->s->flags = (uint8_t)((c->s->flags & ~(S_TX_PFC | S_TX_ACFC)) | peer->flags);
}

const struct ppp_kind kind_lcp = {
	.proto = PPP_LCP,
	.fsm = offsetof(struct ppp_session, lcp),
	.n_opts = sizeof(options) / sizeof(options[0]),
	.opts = options,
	.begin = begin,
	.commit = commit,
};

bool lcp_knows(uint8_t code)
{
	return code >= PROTO_REJ && code <= TIME_REMAINING;
}

/* RFC 1661 s5.8: the same data under our own magic number, cut to the peer's MRU. */
void lcp_echo_reply(struct ppp_ctx *c, const struct ppp_packet *pkt)
{
	size_t room = auto_tx_limit(c, &kind_lcp) - PPP_HDR;
	size_t len = pkt->len < room ? pkt->len : room;
	uint8_t magic[4];
	struct wr w = wr_of(magic, sizeof(magic));

	wr_u32(&w, magic_on_wire(c->s));
	emit_packet(c, PPP_LCP, ECHO_REP, pkt->id, (struct ppp_span){magic, sizeof(magic)},
		(struct ppp_span){pkt->data + sizeof(magic), len - sizeof(magic)});
}

/* The magic number of an Echo packet. Our own in there: the line is looped (RFC 1661 s6.4), and we
 * end it. */
static bool echo_magic(struct ppp_ctx *c, const struct ppp_packet *pkt, uint32_t *magic)
{
	struct rd r = rd_of(pkt->data, pkt->len);

	*magic = rd_u32(&r);
	if (r.bad)
		return false;
	if (*magic && *magic == magic_on_wire(c->s)) {
		session_close(c, PPP_CAUSE_LOOP);
		return false;
	}
	return true;
}

/* A sign of life is the answer to one of the echoes still open, under the peer's number. */
static void got_echo_reply(struct ppp_ctx *c, const struct ppp_packet *pkt)
{
	struct ppp_session *s = c->s;
	uint32_t magic;

	if (!echo_magic(c, pkt, &magic) || (magic && magic != s->peer_magic))
		return;
	if ((uint8_t)(s->echo_id - pkt->id) < s->echo_missed)
		s->echo_missed = 0;
}

void lcp_echo_tick(struct ppp_ctx *c)
{
	struct ppp_session *s = c->s;
	uint8_t magic[4];
	struct wr w = wr_of(magic, sizeof(magic));

	s->echo_deadline_ns = 0;
	if (!c->p->echo_interval_ms || s->flags & S_ECHO_OFF)
		return;
	if (s->echo_missed >= c->p->echo_failures) {
		session_close(c, PPP_CAUSE_ECHO_TIMEOUT);
		return;
	}
	s->echo_missed++;
	s->echo_deadline_ns = after_ms(c, c->p->echo_interval_ms);
	wr_u32(&w, magic_on_wire(s));
	emit_packet(c, PPP_LCP, ECHO_REQ, ++s->echo_id, (struct ppp_span){magic, sizeof(magic)},
		no_bytes());
}

void lcp_input(struct ppp_ctx *c, const struct ppp_packet *pkt)
{
	struct rd r = rd_of(pkt->data, pkt->len);
	uint32_t magic;
	uint16_t proto;

	if (c->s->lcp.state != FSM_OPENED)
		return; /* RFC 1661 s5.7 - s5.9: only in Opened */
	switch (pkt->code) {
	case PROTO_REJ:
		proto = rd_u16(&r);
		if (!r.bad)
			session_protocol_rejected(c, proto);
		break;
	case ECHO_REQ:
		if (echo_magic(c, pkt, &magic))
			auto_step(c, &kind_lcp, FSM_RXR, pkt);
		break;
	case ECHO_REP:
		got_echo_reply(c, pkt);
		break;
	default: /* Discard-Request, Identification, Time-Remaining want no answer */
		break;
	}
}

/* RFC 1661 s5.7: the protocol and its information field, cut to the peer's MRU. */
void lcp_protocol_reject(struct ppp_ctx *c, uint16_t proto, const uint8_t *info, size_t len)
{
	size_t room = auto_tx_limit(c, &kind_lcp) - PPP_HDR - 2;
	uint8_t field[2];
	struct wr w = wr_of(field, sizeof(field));

	wr_u16(&w, proto);
	emit_packet(c, PPP_LCP, PROTO_REJ, ++c->s->reject_id,
		(struct ppp_span){field, sizeof(field)},
		(struct ppp_span){info, len < room ? len : room});
}
