/* SPDX-License-Identifier: BSD-3-Clause */
/* ip_rx.c - IP packets of subscribers: valid, from an address that is theirs, counted, routed.
 * Header checks as RFC 1812 s5.2.2; bytes after the IP length are cut off. The source is the
 * session's own address or prefix, or behind a framed route of this session; link-local and
 * multicast IPv6 is nd.c's. Then one bulk lookup in the route table: out by a port, down to another
 * subscriber, to Linux by lns0 (our own addresses, next hops not resolved yet), or nowhere (ICMP
 * unreachable, silence for a blackhole). Counted as received are packets that passed the checks,
 * whatever the route table says then. Thread: the worker that owns the session. Not here: ICMP
 * (icmp.c), the other subscriber's side (l2tp_tx.c). */
#include "dataplane/stages.h"

#define IP4_TTL  8
#define IP6_HOPS 7

struct routed {
	unsigned int n;
	struct {
		struct rte_mbuf *m;
		uint8_t *p;
		uint32_t slot;
		uint16_t len;
	} pkt[LANE];
	uint64_t nh[LANE];
};

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
	if (likely(load32_raw(p + 12) == s->ip4))
		return true;
	if (s->flags & S_NO_SRC_CHECK)
		return !ip4_is_martian(rte_be_to_cpu_32(load32_raw(p + 12)));
	return (s->flags & S_ROUTES) && is_framed4(slot, p);
}

static bool source6_ok(const struct dp_session *s, uint32_t slot, const uint8_t *p)
{
	uint64_t high = load64(p + 8);

	if (likely(high == s->prefix6 && high))
		return true;
	if (s->flags & S_NO_SRC_CHECK)
		return p[8] != 0xff && high;
	return (s->flags & S_ROUTES) && is_framed6(slot, p);
}

/* @return the IP length, or 0: malformed. */
static uint16_t valid4(const uint8_t *p, uint16_t len)
{
	unsigned int hl;
	uint16_t total;

	if (unlikely(len < IP4_HDR))
		return 0;
	hl = (unsigned int)(p[0] & 15) * 4;
	total = load16(p + 2);
	if (unlikely(p[0] >> 4 != 4 || hl < IP4_HDR || total < hl || total > len))
		return 0;
	return ip4_header_sum(p, hl) == 0xffff ? total : 0;
}

static uint16_t valid6(const uint8_t *p, uint16_t len)
{
	if (unlikely(len < IP6_HDR || p[0] >> 4 != 6 || load16(p + 4) > len - IP6_HDR))
		return 0;
	return (uint16_t)(IP6_HDR + load16(p + 4));
}

static void keep(struct routed *r, const struct lane *l, unsigned int i, uint16_t len)
{
	unsigned int k = r->n++;

	r->pkt[k].m = l->m[i];
	r->pkt[k].p = l->p[i];
	r->pkt[k].slot = l->slot[i];
	r->pkt[k].len = len;
}

static void check4(struct worker *w, const struct lane *l, struct routed *r)
{
	for (unsigned int i = 0; i < l->n; i++) {
		struct dp_session *s = &dp_t.session[l->slot[i]];
		const uint8_t *p = l->p[i];
		uint16_t len = valid4(p, l->len[i]);

		if (unlikely(!len)) {
			drop_up(w, l->slot[i], l->m[i], DROP_INNER_HEADER);
		} else if (unlikely(!source4_ok(s, l->slot[i], p))) {
			drop_up(w, l->slot[i], l->m[i], DROP_SPOOFED_SOURCE);
		} else if (unlikely(ip4_is_martian(rte_be_to_cpu_32(load32_raw(p + 16))))) {
			drop_up(w, l->slot[i], l->m[i], DROP_MARTIAN);
		} else {
			s->up_packets++;
			s->up_octets += len;
			if (unlikely(s->flags & S_MSS_CLAMP) && p[9] == IPPROTO_TCP)
				mss_clamp4(l->p[i], len, (unsigned int)(p[0] & 15) * 4,
					(uint16_t)(s->mtu - 40));
			keep(r, l, i, len);
		}
	}
}

static void check6(struct worker *w, const struct lane *l, struct routed *r)
{
	for (unsigned int i = 0; i < l->n; i++) {
		uint32_t slot = l->slot[i];
		struct dp_session *s = &dp_t.session[slot];
		const uint8_t *p = l->p[i];
		uint16_t len = valid6(p, l->len[i]);

		if (unlikely(!len)) {
			drop_up(w, slot, l->m[i], DROP_INNER_HEADER);
		} else if (unlikely(p[24] == 0xff || ip6_is_link_local(p + 24) ||
				   ip6_is_link_local(p + 8))) {
			nd_input(w, slot, l->m[i], p, len);
		} else if (unlikely(!source6_ok(s, slot, p))) {
			drop_up(w, slot, l->m[i], DROP_SPOOFED_SOURCE);
		} else if (unlikely(!load64(p + 24))) { /* ::, ::1, mapped: RFC 4291 s2.5 */
			drop_up(w, slot, l->m[i], DROP_MARTIAN);
		} else {
			s->up_packets++;
			s->up_octets += len;
			dp_t.more[slot].up6_packets++;
			dp_t.more[slot].up6_octets += len;
			if ((s->flags & S_MSS_CLAMP) && p[6] == IPPROTO_TCP)
				mss_clamp6(l->p[i], len, (uint16_t)(s->mtu - 60));
			keep(r, l, i, len);
		}
	}
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

static void out4(struct worker *w, uint32_t index, struct rte_mbuf *m, uint8_t *p, uint16_t len)
{
	uint64_t adj = adj_load(index);
	uint16_t mtu = dp_t.iface[adj_if(adj)].mtu;

	if (unlikely(!(adj & ADJ_VALID))) {
		punt(w, PUNT_LNS0, m, p, len, 0, 0);
		return;
	}
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
	uint16_t mtu = dp_t.iface[adj_if(adj)].mtu;

	if (unlikely(!(adj & ADJ_VALID))) {
		punt(w, PUNT_LNS0, m, p, len, 0, 0);
		return;
	}
	if (!hop6(w, m, p, len))
		return;
	w->adj_used[index]++;
	if (likely(len <= mtu))
		adj_send(w, adj, m, p, len, true);
	else
		icmp6_error(w, m, p, len, 2, 0, mtu, DROP_TOO_BIG);
}

static void route4(struct worker *w, struct burst *b, struct routed *r)
{
	struct addr4_key key[LANE];
	uint32_t slot[LANE];
	uint8_t asked[LANE];
	unsigned int n = 0;

	for (unsigned int i = 0; i < r->n; i++) {
		struct rte_mbuf *m = r->pkt[i].m;
		uint8_t *p = r->pkt[i].p;
		uint16_t len = r->pkt[i].len;

		switch (NH_TYPE(r->nh[i])) {
		case DP_NH_ADJ:
			out4(w, NH_INDEX(r->nh[i]), m, p, len);
			break;
		case DP_NH_SUBSCRIBER:
			key[n] = (struct addr4_key){
				.addr = load32_raw(p + 16), .pool = (uint16_t)NH_INDEX(r->nh[i])};
			asked[n++] = (uint8_t)i;
			break;
		case DP_NH_SESSION:
			if (hop4(w, m, p, len))
				lane_put(&b->down, m, p, len, NH_INDEX(r->nh[i]));
			break;
		case DP_NH_LINUX:
			punt(w, PUNT_LNS0, m, p, len, 0, 0);
			break;
		case DP_NH_DROP:
			drop_up(w, r->pkt[i].slot, m, DROP_BLACKHOLE);
			break;
		default:
			icmp4_error(w, m, p, len, 3, 0, 0, DROP_NO_ROUTE);
		}
	}
	lookup_addr4(key, n, slot);
	for (unsigned int k = 0; k < n; k++) {
		unsigned int i = asked[k];

		if (!slot[k])
			icmp4_error(
				w, r->pkt[i].m, r->pkt[i].p, r->pkt[i].len, 3, 1, 0, DROP_NO_ROUTE);
		else if (hop4(w, r->pkt[i].m, r->pkt[i].p, r->pkt[i].len))
			lane_put(&b->down, r->pkt[i].m, r->pkt[i].p, r->pkt[i].len, slot[k]);
	}
}

static void route6(struct worker *w, struct burst *b, struct routed *r)
{
	struct addr6_key key[LANE];
	uint32_t slot[LANE];
	uint8_t asked[LANE];
	unsigned int n = 0;

	for (unsigned int i = 0; i < r->n; i++) {
		struct rte_mbuf *m = r->pkt[i].m;
		uint8_t *p = r->pkt[i].p;
		uint16_t len = r->pkt[i].len;

		switch (NH_TYPE(r->nh[i])) {
		case DP_NH_ADJ:
			out6(w, NH_INDEX(r->nh[i]), m, p, len);
			break;
		case DP_NH_SUBSCRIBER:
			key[n] = (struct addr6_key){
				.prefix = load64(p + 24), .pool = NH_INDEX(r->nh[i])};
			asked[n++] = (uint8_t)i;
			break;
		case DP_NH_SESSION:
			if (hop6(w, m, p, len))
				lane_put(&b->down, m, p, len, NH_INDEX(r->nh[i]));
			break;
		case DP_NH_LINUX:
			punt(w, PUNT_LNS0, m, p, len, 0, 0);
			break;
		case DP_NH_DROP:
			drop_up(w, r->pkt[i].slot, m, DROP_BLACKHOLE);
			break;
		default:
			icmp6_error(w, m, p, len, 1, 0, 0, DROP_NO_ROUTE);
		}
	}
	lookup_addr6(key, n, slot);
	for (unsigned int k = 0; k < n; k++) {
		unsigned int i = asked[k];

		if (!slot[k])
			icmp6_error(
				w, r->pkt[i].m, r->pkt[i].p, r->pkt[i].len, 1, 3, 0, DROP_NO_ROUTE);
		else if (hop6(w, r->pkt[i].m, r->pkt[i].p, r->pkt[i].len))
			lane_put(&b->down, r->pkt[i].m, r->pkt[i].p, r->pkt[i].len, slot[k]);
	}
}

static void ip4_rx(struct worker *w, struct burst *b)
{
	uint32_t dst[LANE];
	struct routed r;

	r.n = 0;
	check4(w, &b->ip4, &r);
	b->ip4.n = 0;
	for (unsigned int i = 0; i < r.n; i++)
		dst[i] = rte_be_to_cpu_32(load32_raw(r.pkt[i].p + 16));
	rte_fib_lookup_bulk(dp_t.fib4, dst, r.nh, (int)r.n);
	w->stat.up_packets += r.n;
	route4(w, b, &r);
}

static void ip6_rx(struct worker *w, struct burst *b)
{
	uint8_t dst[LANE][16];
	struct routed r;

	r.n = 0;
	check6(w, &b->ip6, &r);
	b->ip6.n = 0;
	for (unsigned int i = 0; i < r.n; i++)
		memcpy(dst[i], r.pkt[i].p + 24, 16);
	rte_fib6_lookup_bulk(dp_t.fib6, dst, r.nh, (int)r.n);
	w->stat.up_packets += r.n;
	route6(w, b, &r);
}

void ip_rx(struct worker *w, struct burst *b)
{
	if (b->ip4.n)
		ip4_rx(w, b);
	if (b->ip6.n)
		ip6_rx(w, b);
}
