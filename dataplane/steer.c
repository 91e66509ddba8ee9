/* SPDX-License-Identifier: BSD-3-Clause */
/* steer.c - every packet to the worker that owns its session (architecture.md, Steering): uplink by
 * the shard bits of the session id, downlink by the record that the address lookup found. Then what
 * others handed to us joins our lanes. What the receiver must know travels in the ring (hand.h), so
 * the giver writes neither packet nor mbuf, and the owner prefetches both one burst ahead. A downlink
 * packet carries bits of the slot's generation, because the slot may be reused while the packet waits
 * in a ring. A full ring drops: the owner is overloaded, and waiting for it would stall our own
 * sessions. Thread: the worker. */
#include "dataplane/stages.h"

#define LINE RTE_CACHE_LINE_SIZE

enum hand_kind { HAND_UP = 1, HAND_DOWN, HAND_PORT };
#define KIND_BITS 2
#define KIND      ((1u << KIND_BITS) - 1)

/* What comes from another CPU's cache and will be written here: asked for as such, it comes once. */
static inline void fetch(const void *p)
{
#ifdef __x86_64__
	asm volatile("prefetchw %0" : : "m"(*(const char *)p));
#else
	__builtin_prefetch(p, 1);
#endif
}

/* The places of the next burst come back from the taker's cache while we are elsewhere. */
static uint32_t show(struct hand_ring *r)
{
	uint32_t n = hand_show(r);

	for (uint32_t i = 0; i < RTE_MIN(n, (uint32_t)BURST); i += 2)
		fetch(&r->slot[(r->put + i) & r->mask]);
	return n;
}

void hand_flush(struct worker *w)
{
	while (w->hand_dirty) {
		unsigned int to = (unsigned int)__builtin_ctzll(w->hand_dirty);

		w->stat.handed_out += show(w->to[to]);
		w->hand_dirty &= w->hand_dirty - 1;
	}
}

/* The fields are written where they stay: a copy of something just written waits for the writes. */
static inline void hand(struct worker *w, uint16_t to, struct rte_mbuf *m, uint8_t *p,
	uint32_t what, uint16_t len, unsigned int kind, uint8_t more)
{
	struct hand *at = likely(w->to[to] != NULL) ? hand_place(w->to[to]) : NULL;

	if (unlikely(!at)) {
		drop(w, m, DROP_HANDOVER_FULL);
		return;
	}
	at->m = m;
	at->p = p;
	at->what = what;
	at->len = len;
	at->kind = (uint8_t)kind;
	at->more = more;
	w->hand_dirty |= 1ull << to;
}

static_assert(DP_ENDPOINTS_MAX << KIND_BITS <= 256, "a kind and an endpoint are one byte");

void hand_up(struct worker *w, uint16_t to, const struct lane_up *l, unsigned int i)
{
	hand(w, to, l->m[i], l->p[i], l->slot[i], l->len[i],
		HAND_UP | (unsigned int)l->endpoint[i] << KIND_BITS, l->l3_off[i]);
}

void hand_down(
	struct worker *w, uint16_t to, struct rte_mbuf *m, uint8_t *p, uint16_t len, uint32_t slot)
{
	hand(w, to, m, p, slot, len, HAND_DOWN, (uint8_t)(dp_t.home[slot] >> 8));
}

void hand_port(struct worker *w, uint16_t to, struct rte_mbuf *m, uint16_t port)
{
	hand(w, to, m, rte_pktmbuf_mtod(m, uint8_t *), port, 0, HAND_PORT, 0);
}

static void take(struct worker *w, struct burst *b, const struct hand *h)
{
	uint32_t ids;

	switch (h->kind & KIND) {
	case HAND_UP:
		ids = l2tp_ids(h->p);
		lane_put_up(&b->up, h->m, h->p, h->len, h->more, h->kind >> KIND_BITS, ids,
			slot_has_ids(h->what, ids) ? h->what : 0);
		break;
	case HAND_DOWN:
		if (slot_is_same(w, h->what, h->more))
			lane_put(&b->down, h->m, h->p, h->len, h->what);
		else
			drop(w, h->m, DROP_NO_SESSION);
		break;
	default:
		port_queue_slow(w, (uint16_t)h->what, h->m);
	}
}

/* The next burst of a ring is on its way while this one is worked on. */
static void look_ahead(struct hand_ring *r)
{
	uint32_t n = hand_look(r, BURST);

	for (uint32_t i = 0; i < n; i++, r->looked++) {
		const struct hand *h = &r->slot[r->looked & r->mask];

		fetch(h->m);
		fetch(h->p);
		if ((h->kind & KIND) == HAND_UP)
			fetch(h->p + LINE);
		if ((h->kind & KIND) != HAND_PORT)
			fetch(&dp_t.session[h->what]);
	}
}

/* At most BURST a poll, in turn from all other workers. */
static void take_in(struct worker *w, struct burst *b)
{
	unsigned int n = 0;

	for (unsigned int k = 0; k < w->n_workers && n < BURST; k++) {
		struct hand_ring *r;
		uint32_t got;

		if (++w->steer_next >= w->n_workers)
			w->steer_next = 0;
		r = w->from[w->steer_next];
		if (!r)
			continue;
		if (r->looked == r->taken)
			look_ahead(r);
		got = RTE_MIN(r->looked - r->taken, BURST - n);
		if (!got)
			continue;
		for (uint32_t i = 0; i < got; i++)
			take(w, b, &r->slot[(r->taken + i) & r->mask]);
		hand_done(r, got);
		if (r->looked == r->taken)
			look_ahead(r);
		n += got;
	}
	w->stat.handed_in += n;
	w->worked |= n > 0;
}

static void steer_up(struct worker *w, struct lane_up *up)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < up->n; i++) {
		uint8_t owner = shard_owner(up->ids[i]);

		if (owner != w->id) {
			hand_up(w, owner, up, i);
			continue;
		}
		up->m[kept] = up->m[i];
		up->p[kept] = up->p[i];
		up->len[kept] = up->len[i];
		up->ids[kept] = up->ids[i];
		up->slot[kept] = up->slot[i];
		up->l3_off[kept] = up->l3_off[i];
		up->endpoint[kept++] = up->endpoint[i];
	}
	up->n = (uint16_t)kept;
}

static void steer_down(struct worker *w, struct burst *b)
{
	struct lane *down = &b->down;
	unsigned int n = down->n;

	down->n = 0;
	for (unsigned int i = 0; i < n; i++) {
		uint8_t owner = (uint8_t)dp_t.home[down->slot[i]];

		if (owner != w->id) {
			hand_down(w, owner, down->m[i], down->p[i], down->len[i], down->slot[i]);
			continue;
		}
		down_put(b, down->m[i], down->p[i], down->len[i], down->slot[i]);
	}
}

void steer(struct worker *w, struct burst *b)
{
	if (w->n_workers > 1) {
		steer_up(w, &b->up);
		steer_down(w, b);
		hand_flush(w);
	}
	take_in(w, b);
}
