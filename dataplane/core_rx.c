/* SPDX-License-Identifier: BSD-3-Clause */
/* core_rx.c - IP packets that came in by a port, or from Linux by lns0: those for a subscriber's
 * address, prefix or framed route go down; all others (our own addresses, transit) are Linux's, as
 * they came. The route table says which, in one bulk lookup; pool addresses are then found in the
 * session tables, with the worker that owns the session. One hop is counted here, not for what Linux
 * routed. Thread: the worker. Not here: whether the session takes it (l2tp_tx.c). */
#include "dataplane/stages.h"

#define ETH_HDR  14
#define IP4_TTL  8
#define IP6_HOPS 7

static void not_ours(struct worker *w, const struct lane_core *l, unsigned int i)
{
	/* what Linux sent to lns0 by a pool's route is for an address that nobody has */
	if (l->ifx[i] == IFX_LNS0)
		drop(w, l->m[i], DROP_NO_ROUTE);
	else
		punt(w, PUNT_LINUX, l->m[i], l->p[i] - ETH_HDR, (uint16_t)(l->len[i] + ETH_HDR),
			l->ifx[i], 0);
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

static inline void put_down(
	struct burst *b, const struct lane_core *l, unsigned int i, uint32_t home)
{
	b->down_home[b->down.n] = home;
	lane_put(&b->down, l->m[i], l->p[i], l->len[i], home_slot(home));
}

static inline void down4(
	struct worker *w, struct burst *b, const struct lane_core *l, unsigned int i, uint32_t home)
{
	uint8_t *p = l->p[i];

	if (unlikely(!home)) {
		icmp4_error(w, l->m[i], p, l->len[i], 3, 1, 0, DROP_NO_ROUTE);
		return;
	}
	if (likely(l->ifx[i] != IFX_LNS0)) {
		if (unlikely(p[IP4_TTL] <= 1)) {
			icmp4_error(w, l->m[i], p, l->len[i], 11, 0, 0, DROP_TTL);
			return;
		}
		ip4_ttl_dec(p);
	}
	put_down(b, l, i, home);
}

static inline void down6(
	struct worker *w, struct burst *b, const struct lane_core *l, unsigned int i, uint32_t home)
{
	uint8_t *p = l->p[i];

	if (unlikely(!home)) {
		icmp6_error(w, l->m[i], p, l->len[i], 1, 3, 0, DROP_NO_ROUTE);
		return;
	}
	if (likely(l->ifx[i] != IFX_LNS0)) {
		if (unlikely(p[IP6_HOPS] <= 1)) {
			icmp6_error(w, l->m[i], p, l->len[i], 3, 0, 0, DROP_TTL);
			return;
		}
		p[IP6_HOPS]--;
	}
	home_soon(w, home, true);
	put_down(b, l, i, home);
}

/* dp_t.lookup_hash: the homes of addresses in pools, by the hash table. */
static __rte_noinline void find_by_hash(
	const struct lane_core *l, const uint64_t *nh, const uint32_t **where, uint32_t *home)
{
	struct addr4_key key[LANE];
	uint32_t found[LANE];
	uint8_t asked[LANE];
	unsigned int n = 0;

	for (unsigned int i = 0; i < l->n; i++) {
		if (NH_TYPE(nh[i]) != DP_NH_SUBSCRIBER)
			continue;
		key[n] = (struct addr4_key){.addr = load32_raw(l->p[i] + 16)};
		asked[n++] = (uint8_t)i;
	}
	lookup_addr4(key, n, found);
	for (unsigned int k = 0; k < n; k++) {
		home[asked[k]] = dp_t.home[found[k]];
		where[asked[k]] = &home[asked[k]];
	}
}

static void core4(struct worker *w, struct burst *b)
{
	const struct dp_pool *const pool = dp_t.index.pool4;
	struct lane_core *l = &b->core4;
	const uint32_t *where[LANE]; /* each packet's home is; NULL: not a subscriber's */
	uint32_t dst[LANE], home[LANE];
	uint64_t nh[LANE];

	for (unsigned int i = 0; i < l->n; i++)
		dst[i] = rte_be_to_cpu_32(load32_raw(l->p[i] + 16));
	rte_fib_lookup_bulk(dp_t.fib4, dst, nh, l->n);
	for (unsigned int i = 0; i < l->n; i++) {
		if (likely(NH_TYPE(nh[i]) == DP_NH_SUBSCRIBER && pool)) {
			where[i] = index_address(&pool[NH_INDEX(nh[i])], dst[i]);
			rte_prefetch0(where[i]);
		} else if (NH_TYPE(nh[i]) == DP_NH_SESSION) {
			home[i] = dp_t.home[NH_INDEX(nh[i])];
			where[i] = &home[i];
		} else {
			where[i] = NULL;
		}
	}
	if (unlikely(dp_t.lookup_hash))
		find_by_hash(l, nh, where, home);
	for (unsigned int i = 0; i < l->n; i++) {
		if (likely(where[i] != NULL)) {
			home[i] = index_read(where[i]);
			home_soon(w, home[i], false);
		}
	}
	for (unsigned int i = 0; i < l->n; i++) {
		if (likely(where[i] != NULL))
			down4(w, b, l, i, home[i]);
		else
			not_ours(w, l, i);
	}
	l->n = 0;
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
		memcpy(dst[i], l->p[i] + 24, 16);
	rte_fib6_lookup_bulk(dp_t.fib6, dst, nh, l->n);
	for (unsigned int i = 0; i < l->n; i++) {
		if (likely(NH_TYPE(nh[i]) == DP_NH_SUBSCRIBER)) {
			key[n] = (struct addr6_key){
				.prefix = load64(l->p[i] + 24), .pool = NH_INDEX(nh[i])};
			asked[n++] = (uint8_t)i;
		} else if (NH_TYPE(nh[i]) == DP_NH_SESSION) {
			down6(w, b, l, i, dp_t.home[NH_INDEX(nh[i])]);
		} else {
			not_ours(w, l, i);
		}
	}
	find_homes6(key, n, home);
	for (unsigned int k = 0; k < n; k++)
		down6(w, b, l, asked[k], home[k]);
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
		lane_put_core(&w->burst.core4, m, p, total, IFX_LNS0);
	} else if (len >= IP6_HDR && p[0] >> 4 == 6 && load16(p + 4) <= len - IP6_HDR &&
		w->burst.core6.n < BURST) {
		lane_put_core(&w->burst.core6, m, p, (uint16_t)(IP6_HDR + load16(p + 4)), IFX_LNS0);
	} else {
		drop(w, m, DROP_INNER_HEADER);
	}
}
