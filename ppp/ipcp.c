/* SPDX-License-Identifier: BSD-3-Clause */
/* ipcp.c - IPCP's options: RFC 1332 s3.3 (IP-Address), RFC 1877 (DNS and NBNS).
 * The verdict fixes all values; the peer learns them by Nak. IP-Addresses (1) and
 * IP-Compression-Protocol (2) have no row and are rejected. */
#include "ppp/session.h"

enum { OPT_ADDRESS = 3, OPT_DNS_1 = 129, OPT_NBNS_1 = 130, OPT_DNS_2 = 131, OPT_NBNS_2 = 132 };

/* There is one right value: acknowledge it, or name it. */
static enum opt_answer judge_fixed(struct rd *wish, struct wr *want, uint32_t right)
{
	if (!right)
		return OPT_REJ;
	if (rd_u32(wish) == right)
		return OPT_ACK;
	wr_u32(want, right);
	return OPT_NAK;
}

static enum opt_answer address_judge(
	const struct ppp_ctx *c, struct rd *wish, struct opt_peer *peer, struct wr *want)
{
	(void)peer;
	return judge_fixed(wish, want, c->s->peer_ip4);
}

static bool address_wanted(const struct ppp_ctx *c)
{
	return c->s->our_ip4 != 0;
}

static void address_ask(const struct ppp_ctx *c, struct wr *w)
{
	wr_u32(w, c->s->our_ip4);
}

/* Our address is not the peer's to choose: we repeat it until Max-Failure, and then do without the
 * option. */
static bool address_nakked(struct ppp_ctx *c, struct rd *hint)
{
	(void)c, (void)hint;
	return true;
}

static enum opt_answer dns_1_judge(
	const struct ppp_ctx *c, struct rd *wish, struct opt_peer *peer, struct wr *want)
{
	(void)peer;
	return judge_fixed(wish, want, c->s->dns[0]);
}

static enum opt_answer dns_2_judge(
	const struct ppp_ctx *c, struct rd *wish, struct opt_peer *peer, struct wr *want)
{
	(void)peer;
	return judge_fixed(wish, want, c->s->dns[1]);
}

static enum opt_answer nbns_1_judge(
	const struct ppp_ctx *c, struct rd *wish, struct opt_peer *peer, struct wr *want)
{
	(void)peer;
	return judge_fixed(wish, want, c->s->nbns[0]);
}

static enum opt_answer nbns_2_judge(
	const struct ppp_ctx *c, struct rd *wish, struct opt_peer *peer, struct wr *want)
{
	(void)peer;
	return judge_fixed(wish, want, c->s->nbns[1]);
}

static const struct opt_desc options[] = {
	{.type = OPT_ADDRESS,
		.len = 6,
		.required = true,
		.judge = address_judge,
		.wanted = address_wanted,
		.ask = address_ask,
		.nakked = address_nakked},
	{.type = OPT_DNS_1, .len = 6, .judge = dns_1_judge},
	{.type = OPT_NBNS_1, .len = 6, .judge = nbns_1_judge},
	{.type = OPT_DNS_2, .len = 6, .judge = dns_2_judge},
	{.type = OPT_NBNS_2, .len = 6, .judge = nbns_2_judge},
};

static void begin(struct ppp_ctx *c)
{
	(void)c;
}

static void commit(struct ppp_ctx *c, const struct opt_peer *peer)
{
	(void)c, (void)peer;
}

const struct ppp_kind kind_ipcp = {
	.proto = PPP_IPCP,
	.fsm = offsetof(struct ppp_session, ipcp),
	.up_bit = 1 << 0,
	.n_opts = sizeof(options) / sizeof(options[0]),
	.opts = options,
	.begin = begin,
	.commit = commit,
};
