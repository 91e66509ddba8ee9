/* SPDX-License-Identifier: BSD-3-Clause */
/* core_rx.c - IP packets that came in by a port, or from Linux by lns0: those for a subscriber's
 * address, prefix or framed route go down; all others (our own addresses, transit) are Linux's, as
 * they came. The route table says which, in one bulk lookup; pool addresses are then found in the
 * index, with the worker that owns the session. One hop is counted here, not for what Linux
 * routed. Thread: the worker. Not here: whether the session takes it (l2tp_tx.c). */
#include "dataplane/stages.h"

#define ETH_HDR  14
#define IP4_TTL  8
#define IP6_HOPS 7

static void not_ours(struct worker *w, const struct core_packet *c)
{
	/* what Linux sent to lns0 by a pool's route is for an address that nobody has */
	if (c->ifx == IFX_LNS0)
		drop(w, c->m, DROP_NO_ROUTE);
	else
		punt(w, PUNT_LINUX, c->m, c->p - ETH_HDR, (uint16_t)(c->len + ETH_HDR), c->ifx, 0);
}

/* The session's records are needed soon; another worker's stay in its cache. */
static inline void home_soon(const struct worker *w, uint32_t home, bool v6)
{
	uint32_t slot = home_slot(home);

	if (w->n_workers > 1)
		slot &= -(uint32_t)(home_owner(home) == w->id);
	rte_prefetch0(&dp_t.session[slot]);
	if (v6) /* its counters */
		rte_prefetch0(&dp_t.more[slot]);
}

static inline void put_down(struct burst *b, const struct core_packet *c, uint32_t home)
{
	b->down_home[b->down.n] = home;
	lane_put(&b->down, c->m, c->p, c->len, home_slot(home));
}

static void down4(struct worker *w, struct burst *b, const struct core_packet *c, uint32_t home)
{
	if (!home) {
		icmp4_error(w, c->m, c->p, c->len, 3, 1, 0, DROP_NO_ROUTE);
		return;
	}
	if (c->ifx != IFX_LNS0) {
		if (c->p[IP4_TTL] <= 1) {
			icmp4_error(w, c->m, c->p, c->len, 11, 0, 0, DROP_TTL);
			return;
		}
		ip4_ttl_dec(c->p);
	}
	put_down(b, c, home);
}

static void down6(struct worker *w, struct burst *b, const struct core_packet *c, uint32_t home)
{
	if (unlikely(!home)) {
		icmp6_error(w, c->m, c->p, c->len, 1, 3, 0, DROP_NO_ROUTE);
		return;
	}
	if (likely(c->ifx != IFX_LNS0)) {
		if (unlikely(c->p[IP6_HOPS] <= 1)) {
			icmp6_error(w, c->m, c->p, c->len, 3, 0, 0, DROP_TTL);
			return;
		}
		c->p[IP6_HOPS]--;
	}
	home_soon(w, home, true);
	put_down(b, c, home);
}

/* dp_t.lookup_hash: where the homes of addresses in pools are. */
static void find_by_hash(const uint32_t *dst, const uint64_t *nh, const uint8_t *at, unsigned int n,
	const uint32_t **where)
{
	struct addr4_key key[LANE];
	uint32_t slot[LANE];
	uint8_t asked[LANE];
	unsigned int asks = 0;

	for (unsigned int k = 0; k < n; k++) {
		if (NH_TYPE(nh[at[k]]) != DP_NH_SUBSCRIBER)
			continue;
		key[asks] = (struct addr4_key){.addr = rte_cpu_to_be_32(dst[at[k]])};
		asked[asks++] = (uint8_t)k;
	}
	lookup_addr4(key, asks, slot);
	for (unsigned int k = 0; k < asks; k++)
		where[asked[k]] = &dp_t.home[slot[k]];
}

/* Those of the packets, by their numbers in the lane, that core4() did not put down: addresses that do not lie as their slots
 * do, framed routes, what has one hop left or comes from Linux, and what is no subscriber's. */
static __rte_noinline void rest4(
	struct worker *w, struct burst *b, const uint64_t *nh, const uint8_t *at, unsigned int n)
{
	const struct core_packet *const c = b->core4.at;
	const uint32_t *where[LANE]; /* the home is; NULL: not a subscriber's */
	uint32_t home[LANE];

	for (unsigned int k = 0; k < n; k++) {
		uint64_t hop = nh[at[k]];

		where[k] = NULL;
		if (NH_TYPE(hop) == DP_NH_SESSION)
			where[k] = &dp_t.home[NH_INDEX(hop)];
		else if (NH_TYPE(hop) == DP_NH_SUBSCRIBER && !dp_t.lookup_hash)
			where[k] = index_address(
				&dp_t.index.pool4[NH_INDEX(hop)], b->core4_dst[at[k]]);
		rte_prefetch0(where[k]);
	}
	if (dp_t.lookup_hash)
		find_by_hash(b->core4_dst, nh, at, n, where);
	for (unsigned int k = 0; k < n; k++) {
		home[k] = where[k] ? index_read(where[k]) : 0;
		home_soon(w, home[k], false);
	}
	for (unsigned int k = 0; k < n; k++) {
		if (where[k])
			down4(w, b, &c[at[k]], home[k]);
		else
			not_ours(w, &c[at[k]]);
	}
}

/* Where the entries of the addresses' blocks are, on their way to the cache. */
static inline void blocks_soon(
	const uint32_t *dst, const uint64_t *nh, unsigned int n, const uint32_t **where)
{
	struct dp_pool pool = {0}; /* of the packet before */
	uint64_t last = NH(DP_NH_NONE, 0);

	for (unsigned int i = 0; i < n; i++) {
		if (unlikely(nh[i] != last)) {
			last = nh[i];
			pool = dp_t.index.pool4[NH_TYPE(last) == DP_NH_SUBSCRIBER ? NH_INDEX(last)
										  : 0];
		}
		where[i] = index_address_block(&pool, dst[i]);
		rte_prefetch0(where[i]);
	}
}

/* Packets for addresses that lie as their sessions' slots do, which their blocks' entries tell, go down. @return how many
 * others there are, and in rest their numbers in the lane. */
static __rte_always_inline unsigned int put_found4(
	const struct worker *w, struct burst *b, const uint32_t **where, bool alone, uint8_t *rest)
{
	struct packet *down = &b->down.at[b->down.n];
	uint32_t *home = &b->down_home[b->down.n];
	unsigned int others = 0;

	for (unsigned int i = 0, n = b->core4.n; i < n; i++) {
		const struct core_packet *c = &b->core4.at[i];
		uint32_t slot = index_slot(index_read(where[i]), b->core4_dst[i]);

		if (unlikely(!slot || c->p[IP4_TTL] <= 1 || c->ifx == IFX_LNS0)) {
			rest[others++] = (uint8_t)i;
			continue;
		}
		if (alone) {
			rte_prefetch0(&dp_t.session[slot]);
		} else {
			*home = home_by_address(slot, dp_t.block_owner[slot / DP_BLOCK]);
			home_soon(w, *home++, false);
		}
		ip4_ttl_dec(c->p);
		*down++ = (struct packet){.m = c->m, .p = c->p, .slot = slot, .len = c->len};
	}
	b->down.n = (uint16_t)(down - b->down.at);
	return others;
}

static void core4(struct worker *w, struct burst *b)
{
	const uint32_t *where[LANE];
	uint64_t nh[LANE];
	uint8_t rest[LANE];
	unsigned int others = 0;

	rte_fib_lookup_bulk(dp_t.fib4, b->core4_dst, nh, b->core4.n);
	if (unlikely(dp_t.lookup_hash)) {
		for (; others < b->core4.n; others++)
			rest[others] = (uint8_t)others;
	} else {
		blocks_soon(b->core4_dst, nh, b->core4.n, where);
		others = w->n_workers == 1 ? put_found4(w, b, where, true, rest)
					   : put_found4(w, b, where, false, rest);
	}
	if (unlikely(others))
		rest4(w, b, nh, rest, others);
	b->core4.n = 0;
}

static void find_homes6(const struct addr6_key *key, unsigned int n, uint32_t *home)
{
	const uint32_t *where[LOOKUP_MAX];

	for (unsigned int at = 0; at < n; at += LOOKUP_MAX) {
		unsigned int some = RTE_MIN(n - at, (unsigned int)LOOKUP_MAX);

		addr6_find_bulk(key + at, some, where, home + at);
		for (unsigned int i = 0; i < some; i++)
			home[at + i] =
				dp_t.lookup_hash ? dp_t.home[home[at + i]] : index_read(where[i]);
	}
}

static void core6(struct worker *w, struct burst *b)
{
	struct lane_core *l = &b->core6;
	struct addr6_key key[LANE];
	uint8_t dst[LANE][16];
	uint32_t home[LANE];
	uint64_t nh[LANE];
	uint8_t asked[LANE];
	unsigned int n = 0;

	for (unsigned int i = 0; i < l->n; i++)
		memcpy(dst[i], l->at[i].p + 24, 16);
	rte_fib6_lookup_bulk(dp_t.fib6, dst, nh, l->n);
	for (unsigned int i = 0; i < l->n; i++) {
		if (likely(NH_TYPE(nh[i]) == DP_NH_SUBSCRIBER)) {
			key[n] = (struct addr6_key){
				.prefix = load64(l->at[i].p + 24), .pool = NH_INDEX(nh[i])};
			asked[n++] = (uint8_t)i;
		} else if (NH_TYPE(nh[i]) == DP_NH_SESSION) {
			down6(w, b, &l->at[i], dp_t.home[NH_INDEX(nh[i])]);
		} else {
			not_ours(w, &l->at[i]);
		}
	}
	find_homes6(key, n, home);
	for (unsigned int k = 0; k < n; k++)
		down6(w, b, &l->at[asked[k]], home[k]);
	l->n = 0;
}

void core_rx(struct worker *w, struct burst *b)
{
	if (b->core4.n)
		core4(w, b);
	if (b->core6.n)
		core6(w, b);
}

/* dp_apply() calls this between bursts: the packet waits in its lane for the next poll. */
void worker_inject_ip_take(struct worker *w, struct rte_mbuf *m)
{
	uint8_t *p = rte_pktmbuf_mtod(m, uint8_t *);
	uint16_t len = m->data_len, total;

	if (m->nb_segs != 1) {
		drop(w, m, DROP_SEGMENTED);
	} else if (len >= IP4_HDR && p[0] >> 4 == 4 && (p[0] & 15) >= 5 &&
		(total = load16(p + 2)) <= len && total >= (p[0] & 15) * 4 &&
		w->burst.core4.n < BURST) {
		lane_put_core4(&w->burst, m, p, total, IFX_LNS0);
	} else if (len >= IP6_HDR && p[0] >> 4 == 6 && load16(p + 4) <= len - IP6_HDR &&
		w->burst.core6.n < BURST) {
		lane_put_core(&w->burst.core6, m, p, (uint16_t)(IP6_HDR + load16(p + 4)), IFX_LNS0);
	} else {
		drop(w, m, DROP_INNER_HEADER);
	}
}
