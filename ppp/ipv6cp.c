/* SPDX-License-Identifier: BSD-3-Clause */
/* ipv6cp.c - IPv6CP's one option: the interface identifier, RFC 5072 s4.1.
 * The peer may choose its own as long as it is neither zero nor ours; else it gets the verdict's.
 * IPv6-Compression-Protocol (2) has no row and is rejected. */
#include "ppp/session.h"

enum { OPT_IFID = 1 };

static enum opt_answer ifid_judge(
	const struct ppp_ctx *c, struct rd *wish, struct opt_peer *peer, struct wr *want)
{
	const struct ppp_session *s = c->s;
	uint64_t ifid = rd_u64(wish);

	if (!wish->bad && ifid && ifid != s->our_ifid) {
		peer->ifid = ifid;
		return OPT_ACK;
	}
	wr_u64(want, s->peer_ifid != s->our_ifid ? s->peer_ifid : ~s->our_ifid);
	return OPT_NAK;
}

static bool ifid_wanted(const struct ppp_ctx *c)
{
	(void)c;
	return true;
}

static void ifid_ask(const struct ppp_ctx *c, struct wr *w)
{
	wr_u64(w, c->s->our_ifid);
}

/* RFC 5072 s4.1: take the proposal, unless it is zero or the peer's own. */
static bool ifid_nakked(struct ppp_ctx *c, struct rd *hint)
{
	struct ppp_session *s = c->s;
	uint64_t ifid = rd_u64(hint);

	if (!hint->bad && ifid && ifid != s->peer_ifid)
		s->our_ifid = ifid;
	return true;
}

static const struct opt_desc options[] = {
	{.type = OPT_IFID,
		.len = 10,
		.required = true,
		.judge = ifid_judge,
		.wanted = ifid_wanted,
		.ask = ifid_ask,
		.nakked = ifid_nakked},
};

static void begin(struct ppp_ctx *c)
{
	(void)c;
}

/* A peer that would not name one, even when asked, has the verdict's. */
static void commit(struct ppp_ctx *c, const struct opt_peer *peer)
{
	if (peer->ifid)
		c->s->peer_ifid = peer->ifid;
}

const struct ppp_kind kind_ipv6cp = {
	.proto = PPP_IPV6CP,
	.fsm = offsetof(struct ppp_session, ipv6cp),
	.up_bit = 1 << 1,
	.n_opts = sizeof(options) / sizeof(options[0]),
	.opts = options,
	.begin = begin,
	.commit = commit,
};
