/* SPDX-License-Identifier: BSD-3-Clause */
/* ip_rx.c - IP packets of subscribers: valid, from an address that is theirs, counted, routed.
 * Header checks as RFC 1812 s5.2.2; bytes after the IP length are cut off. The source is the
 * session's own address or prefix, or behind a framed route of this session; link-local and
 * multicast IPv6 is nd.c's. Then one bulk lookup in the route table: out by a port, down to another
 * subscriber, to Linux by lns0 (our own addresses, next hops not resolved yet), or nowhere (ICMP
 * unreachable, silence for a blackhole). Counted as received are packets that passed the checks,
 * whatever the route table says then. Thread: the worker that owns the session. Not here: ICMP
 * (icmp.c), the other subscriber's side (l2tp_tx.c). */
#include "dataplane/ip_up.h"

#define IP4_TTL  8
#define IP6_HOPS 7

static bool is_framed4(uint32_t slot, const uint8_t *p)
{
	uint32_t src = rte_be_to_cpu_32(load32_raw(p + 12));
	uint64_t nh = 0;

	rte_fib_lookup_bulk(dp_t.fib4, &src, &nh, 1);
	return NH_TYPE(nh) == DP_NH_SESSION && NH_INDEX(nh) == slot;
}

static bool is_framed6(uint32_t slot, const uint8_t *p)
{
	uint8_t src[1][16];
	uint64_t nh = 0;

	memcpy(src[0], p + 8, 16);
	rte_fib6_lookup_bulk(dp_t.fib6, src, &nh, 1);
	return NH_TYPE(nh) == DP_NH_SESSION && NH_INDEX(nh) == slot;
}

static bool source4_ok(const struct dp_session *s, uint32_t slot, const uint8_t *p)
{
	if (load32_raw(p + 12) == s->ip4)
		return true;
	if (s->flags & S_NO_SRC_CHECK)
		return !ip4_is_martian(rte_be_to_cpu_32(load32_raw(p + 12)));
	return (s->flags & S_ROUTES) && is_framed4(slot, p);
}

static bool source6_ok(const struct dp_session *s, uint32_t slot, const uint8_t *p)
{
	uint64_t high = load64(p + 8);

	if (likely(prefix6_fold(high) == s->prefix6_fold && high == dp_t.more[slot].prefix6 &&
		    high))
		return true;
	if (s->flags & S_NO_SRC_CHECK)
		return p[8] != 0xff && high;
	return (s->flags & S_ROUTES) && is_framed6(slot, p);
}

/* @return the IP length, or 0: malformed. */
static uint16_t valid4(const uint8_t *p, uint16_t len)
{
	unsigned int hl = len >= IP4_HDR ? (unsigned int)(p[0] & 15) * 4 : 0;
	uint16_t total;

	if (hl < IP4_HDR || p[0] >> 4 != 4)
		return 0;
	total = load16(p + 2);
	if (total < hl || total > len)
		return 0;
	return ip4_header_sum(p, hl) == 0xffff ? total : 0;
}

static uint16_t valid6(const uint8_t *p, uint16_t len)
{
	if (unlikely(len < IP6_HDR || p[0] >> 4 != 6 || load16(p + 4) > len - IP6_HDR))
		return 0;
	return (uint16_t)(IP6_HDR + load16(p + 4));
}

static enum drop_reason check4(uint32_t slot, const uint8_t *p, uint16_t total)
{
	if (!total)
		return DROP_INNER_HEADER;
	if (!source4_ok(&dp_t.session[slot], slot, p))
		return DROP_SPOOFED_SOURCE;
	return ip4_is_martian(rte_be_to_cpu_32(load32_raw(p + 16))) ? DROP_MARTIAN : DROP_OK;
}

void ip4_up_odd(struct worker *w, struct burst *b, uint32_t slot, struct rte_mbuf *m, uint8_t *p,
	uint16_t len)
{
	struct dp_session *s = &dp_t.session[slot];
	uint16_t total = valid4(p, len);
	enum drop_reason why = check4(slot, p, total);

	if (why != DROP_OK) {
		drop_up(w, slot, m, why);
		return;
	}
	if ((s->flags & S_MSS_CLAMP) && p[9] == IPPROTO_TCP)
		mss_clamp4(p, total, (unsigned int)(p[0] & 15) * 4, (uint16_t)(s->mtu - 40));
	ip4_up_passed(w, b, slot, s, m, p, total);
}

static inline enum drop_reason check6(
	const struct worker *w, uint32_t slot, const uint8_t *p, uint16_t len)
{
	struct dp_session *s = &dp_t.session[slot];

	if (unlikely(!source6_ok(s, slot, p)))
		return DROP_SPOOFED_SOURCE;
	if (unlikely(!load64(p + 24))) /* ::, ::1, mapped: RFC 4291 s2.5 */
		return DROP_MARTIAN;
	if (unlikely(!len))
		return DROP_INNER_HEADER;
	if (unlikely(s->flags & S_POLICED) && !police_up_ok(w, s, len))
		return DROP_POLICED;
	return DROP_OK;
}

/* What passes stays in the lane with its IP length, the rest leaves NULL behind. @return how many passed. */
static unsigned int take6(struct worker *w, struct lane *l, uint8_t dst[][16])
{
	unsigned int passed = 0;

	for (unsigned int i = 0; i < l->n; i++) {
		const uint32_t slot = l->at[i].slot;
		struct dp_session *s = &dp_t.session[slot];
		struct rte_mbuf *m = l->at[i].m;
		uint8_t *p = l->at[i].p;
		uint16_t len = valid6(p, l->at[i].len);
		enum drop_reason why;

		l->at[i].m = NULL;
		memset(dst[i], 0, 16);
		if (unlikely(!len)) {
			drop_up(w, slot, m, DROP_INNER_HEADER);
			continue;
		}
		if (unlikely(p[24] == 0xff || ip6_is_link_local(p + 24) ||
			    ip6_is_link_local(p + 8))) {
			nd_input(w, slot, m, p, len);
			continue;
		}
		why = check6(w, slot, p, len);
		if (unlikely(why != DROP_OK)) {
			drop_up(w, slot, m, why);
			continue;
		}
		memcpy(dst[i], p + 24, 16);
		s->up_packets++;
		s->up_octets += len;
		dp_t.more[slot].up6_packets++;
		dp_t.more[slot].up6_octets += len;
		if ((s->flags & S_MSS_CLAMP) && p[6] == IPPROTO_TCP)
			mss_clamp6(p, len, (uint16_t)(s->mtu - 60));
		l->at[i].m = m;
		l->at[i].len = len;
		passed++;
	}
	return passed;
}

/* A packet larger than the core port's MTU: told to the sender, or cut (RFC 791). */
static void too_big4(
	struct worker *w, uint64_t adj, struct rte_mbuf *m, uint8_t *p, uint16_t len, uint16_t mtu)
{
	struct rte_mbuf *out[FRAGS_MAX];
	unsigned int n;

	if (load16(p + 6) & IP4_DF) {
		icmp4_error(w, m, p, len, 3, 4, mtu, DROP_TOO_BIG);
		return;
	}
	n = frag4(p, len, mtu, out);
	for (unsigned int i = 0; i < n; i++)
		adj_send(w, adj, out[i], rte_pktmbuf_mtod(out[i], uint8_t *), out[i]->data_len,
			false);
	drop(w, m, n ? DROP_OK : DROP_NO_BUFFER);
}

/* @return true: the packet has a hop left, and one less now. */
static inline bool hop4(struct worker *w, struct rte_mbuf *m, uint8_t *p, uint16_t len)
{
	if (unlikely(p[IP4_TTL] <= 1)) {
		icmp4_error(w, m, p, len, 11, 0, 0, DROP_TTL);
		return false;
	}
	ip4_ttl_dec(p);
	return true;
}

static inline bool hop6(struct worker *w, struct rte_mbuf *m, uint8_t *p, uint16_t len)
{
	if (unlikely(p[IP6_HOPS] <= 1)) {
		icmp6_error(w, m, p, len, 3, 0, 0, DROP_TTL);
		return false;
	}
	p[IP6_HOPS]--;
	return true;
}

/* Packets to one neighbour, from the i-th on, as long as nothing is odd about them. @return the next one. */
static inline unsigned int out4_plain(
	struct worker *w, const struct lane *l, const uint64_t *nh, unsigned int i)
{
	const uint32_t index = NH_INDEX(nh[i]);
	const uint64_t adj = adj_load(index), to = nh[i];
	struct worker_way way;
	struct worker_txq *q;
	unsigned int n;

	if (unlikely(!(adj & ADJ_VALID)))
		return i;
	way = *way_of(w, adj);
	q = way.q;
	if (unlikely(!q))
		return i;
	for (n = q->n; i < l->n && nh[i] == to && n < RTE_DIM(q->m); i++) {
		uint8_t *p = l->at[i].p;

		if (unlikely(p[IP4_TTL] <= 1 || l->at[i].len > way.mtu))
			break;
		ip4_ttl_dec(p);
		pkt_open(l->at[i].m);
		frame_put(&way, l->at[i].m, p, l->at[i].len);
		q->m[n++] = l->at[i].m;
	}
	w->adj_used[index] += n - q->n;
	q->n = (uint16_t)n;
	return i;
}

static __rte_noinline void out4(
	struct worker *w, uint32_t index, struct rte_mbuf *m, uint8_t *p, uint16_t len)
{
	uint64_t adj = adj_load(index);
	uint16_t mtu;

	if (unlikely(!(adj & ADJ_VALID))) {
		punt(w, PUNT_LNS0, m, p, len, 0, 0);
		return;
	}
	mtu = way_of(w, adj)->mtu;
	if (!hop4(w, m, p, len))
		return;
	w->adj_used[index]++;
	if (likely(len <= mtu))
		adj_send(w, adj, m, p, len, false);
	else
		too_big4(w, adj, m, p, len, mtu);
}

static void out6(struct worker *w, uint32_t index, struct rte_mbuf *m, uint8_t *p, uint16_t len)
{
	uint64_t adj = adj_load(index);
	uint16_t mtu;

	if (unlikely(!(adj & ADJ_VALID))) {
		punt(w, PUNT_LNS0, m, p, len, 0, 0);
		return;
	}
	mtu = way_of(w, adj)->mtu;
	if (!hop6(w, m, p, len))
		return;
	w->adj_used[index]++;
	if (likely(len <= mtu))
		adj_send(w, adj, m, p, len, true);
	else
		icmp6_error(w, m, p, len, 2, 0, mtu, DROP_TOO_BIG);
}

static inline bool hop(struct worker *w, const struct lane *l, unsigned int i, bool v6)
{
	return v6 ? hop6(w, l->at[i].m, l->at[i].p, l->at[i].len)
		  : hop4(w, l->at[i].m, l->at[i].p, l->at[i].len);
}

/* Nobody there, or no way there: the sender hears of it. */
static void unreachable(struct worker *w, const struct lane *l, unsigned int i, bool v6, bool host)
{
	if (v6)
		icmp6_error(
			w, l->at[i].m, l->at[i].p, l->at[i].len, 1, host ? 3 : 0, 0, DROP_NO_ROUTE);
	else
		icmp4_error(
			w, l->at[i].m, l->at[i].p, l->at[i].len, 3, host ? 1 : 0, 0, DROP_NO_ROUTE);
}

/* To another subscriber; slot 0: to an address of a pool that nobody has. */
static void to_subscriber(struct worker *w, struct burst *b, const struct lane *l, unsigned int i,
	uint32_t slot, bool v6)
{
	if (!slot)
		unreachable(w, l, i, v6, true);
	else if (hop(w, l, i, v6))
		down_put(b, l->at[i].m, l->at[i].p, l->at[i].len, slot);
}

/* A next hop that is neither a neighbour nor a pool. */
static __rte_noinline void elsewhere(struct worker *w, struct burst *b, const struct lane *l,
	unsigned int i, uint64_t nh, bool v6)
{
	switch (NH_TYPE(nh)) {
	case DP_NH_SESSION:
		to_subscriber(w, b, l, i, NH_INDEX(nh), v6);
		break;
	case DP_NH_LINUX:
		punt(w, PUNT_LNS0, l->at[i].m, l->at[i].p, l->at[i].len, 0, 0);
		break;
	case DP_NH_DROP:
		drop_up(w, l->at[i].slot, l->at[i].m, DROP_BLACKHOLE);
		break;
	default:
		unreachable(w, l, i, v6, false);
	}
}

static void route4(struct worker *w, struct burst *b, const struct lane *l, const uint64_t *nh)
{
	struct addr4_key key[LANE];
	uint32_t slot[LANE];
	uint8_t asked[LANE];
	unsigned int n = 0;

	for (unsigned int i = 0; i < l->n; i++) {
		if (likely(NH_TYPE(nh[i]) == DP_NH_ADJ)) {
			i = out4_plain(w, l, nh, i);
			if (i == l->n)
				break;
		}
		if (NH_TYPE(nh[i]) == DP_NH_ADJ) {
			out4(w, NH_INDEX(nh[i]), l->at[i].m, l->at[i].p, l->at[i].len);
		} else if (NH_TYPE(nh[i]) == DP_NH_SUBSCRIBER) {
			key[n] = (struct addr4_key){.addr = load32_raw(l->at[i].p + 16),
				.pool = (uint16_t)NH_INDEX(nh[i])};
			asked[n++] = (uint8_t)i;
		} else {
			elsewhere(w, b, l, i, nh[i], false);
		}
	}
	lookup_addr4(key, n, slot);
	for (unsigned int k = 0; k < n; k++)
		to_subscriber(w, b, l, asked[k], slot[k], false);
}

/* As route4(); what take6() did not let pass is NULL. */
static void route6(struct worker *w, struct burst *b, const struct lane *l, const uint64_t *nh)
{
	struct addr6_key key[LANE];
	uint32_t slot[LANE];
	uint8_t asked[LANE];
	unsigned int n = 0;

	for (unsigned int i = 0; i < l->n; i++) {
		if (unlikely(!l->at[i].m))
			continue;
		if (likely(NH_TYPE(nh[i]) == DP_NH_ADJ)) {
			out6(w, NH_INDEX(nh[i]), l->at[i].m, l->at[i].p, l->at[i].len);
		} else if (NH_TYPE(nh[i]) == DP_NH_SUBSCRIBER) {
			key[n] = (struct addr6_key){
				.prefix = load64(l->at[i].p + 24), .pool = NH_INDEX(nh[i])};
			asked[n++] = (uint8_t)i;
		} else {
			elsewhere(w, b, l, i, nh[i], true);
		}
	}
	lookup_addr6(key, n, slot);
	for (unsigned int k = 0; k < n; k++)
		to_subscriber(w, b, l, asked[k], slot[k], true);
}

static void ip4_rx(struct worker *w, struct burst *b, struct lane *l)
{
	uint64_t nh[LANE];

	w->stat.up_packets += l->n;
	rte_fib_lookup_bulk(dp_t.fib4, b->ip4_dst, nh, l->n);
	route4(w, b, l, nh);
	l->n = 0;
}

static void ip6_rx(struct worker *w, struct burst *b, struct lane *l)
{
	uint8_t dst[LANE][16];
	uint64_t nh[LANE];

	w->stat.up_packets += take6(w, l, dst);
	rte_fib6_lookup_bulk(dp_t.fib6, dst, nh, l->n);
	route6(w, b, l, nh);
	l->n = 0;
}

void ip_rx(struct worker *w, struct burst *b)
{
	if (b->ip4.n)
		ip4_rx(w, b, &b->ip4);
	if (b->ip6.n)
		ip6_rx(w, b, &b->ip6);
}
