/* SPDX-License-Identifier: BSD-3-Clause */
/* steer.c - every packet to the worker that owns its session (architecture.md, Steering): uplink by
 * the shard bits of the session id, downlink by the record that the address lookup found. Then what
 * others handed to us joins our lanes. What the receiver must know travels in the ring (hand.h), so
 * the giver writes neither packet nor mbuf, and the owner prefetches both before it takes them. The slot
 * of a downlink packet may be reused while it waits in a ring: its address, or bits of the slot's generation
 * that it carries, must be the session's still. A full ring drops: the owner is overloaded, and waiting for it would stall our own
 * sessions. Thread: the worker. */
#include "dataplane/stages.h"

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

	for (uint32_t i = 0; i < RTE_MIN(n, (uint32_t)BURST); i += HAND_LINE)
		fetch(hand_at(r, r->put + i));
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

/* The message is written where it stays: a copy of something just written waits for the writes. Data of another's memory
 * (an external buffer) is found by the mbuf. */
static inline void hand(struct worker *w, uint16_t to, struct rte_mbuf *m, uint8_t *p,
	uint32_t what, uint16_t len, unsigned int kind, uint8_t more)
{
	struct hand *h = likely(w->to[to] != NULL) ? hand_place(w->to[to]) : NULL;
	uintptr_t at = (uintptr_t)p - (uintptr_t)m;

	if (unlikely(!h)) {
		drop(w, m, DROP_HANDOVER_FULL);
		return;
	}
	if (unlikely(at > UINT16_MAX)) {
		pkt_set(m, p, len);
		at = 0;
	}
	h->who = (uintptr_t)m | (uint64_t)(kind | (unsigned int)more << 8) << HAND_BITS;
	h->what = what;
	h->len = len;
	h->at = (uint16_t)at;
	w->hand_dirty |= 1ull << to;
}

static_assert(DP_ENDPOINTS_MAX << KIND_BITS <= 256, "a kind and an endpoint are one byte");

void hand_up(struct worker *w, uint16_t to, const struct tunnel_packet *u)
{
	hand(w, to, u->m, u->p, u->slot, u->len, HAND_UP | (unsigned int)u->endpoint << KIND_BITS,
		u->l3_off);
}

void hand_down(struct worker *w, uint32_t home, struct rte_mbuf *m, uint8_t *p, uint16_t len)
{
	hand(w, home_owner(home), m, p, home_slot(home), len, HAND_DOWN, home_which(home));
}

void hand_port(struct worker *w, uint16_t to, struct rte_mbuf *m, uint16_t port)
{
	hand(w, to, m, rte_pktmbuf_mtod(m, uint8_t *), port, m->data_len, HAND_PORT, 0);
}

static inline unsigned int kind_of(const struct hand *h)
{
	return h->who >> HAND_BITS & 0xff;
}

static inline uint8_t more_of(const struct hand *h)
{
	return (uint8_t)(h->who >> (HAND_BITS + 8));
}

static void take(struct worker *w, struct burst *b, const struct hand *h)
{
	struct rte_mbuf *m = hand_mbuf(h);
	uint8_t *p = likely(h->at) ? (uint8_t *)m + h->at : rte_pktmbuf_mtod(m, uint8_t *);
	uint32_t ids;

	fetch(m); /* written when the packet leaves */
	switch (kind_of(h) & KIND) {
	case HAND_UP:
		ids = l2tp_ids(p);
		lane_put_up(&b->up, m, p, h->len, more_of(h), (uint8_t)(kind_of(h) >> KIND_BITS),
			ids, slot_has_ids(h->what, ids) ? h->what : 0);
		break;
	case HAND_DOWN:
		if (slot_is_same(w, h->what, more_of(h), p))
			lane_put(&b->down, m, p, h->len, h->what);
		else
			drop(w, m, DROP_NO_SESSION);
		break;
	default:
		port_queue_slow(w, (uint16_t)h->what, m);
	}
}

#define SEEN (IP4_HDR + 14) /* of a subscriber's packet: IPv4 and TCP, as far as its flags */

/* Of a packet of the next burst what its owner reads and writes, from the L2TP header or from where the tunnel's headers go. That is
 * one line of the first kind and two of the second where the device put the frame as init.c wants it. More would push out of the
 * nearest cache what this burst needs. */
static inline void look(const struct hand *h)
{
	const uint8_t *p = (const uint8_t *)hand_mbuf(h) + h->at;
	const bool down = (kind_of(h) & KIND) == HAND_DOWN;

	fetch(down ? p - HEADROOM : p);
	if ((kind_of(h) & KIND) == HAND_PORT)
		return;
	fetch(p + (down ? 0 : PLAIN_HDR) + SEEN - 1);
	fetch(&dp_t.session[h->what]);
}

void hand_look(struct worker *w)
{
	for (uint32_t n = 0; w->n_ahead && n < HAND_AHEAD;) {
		struct hand_ring *r = w->ahead[w->n_ahead - 1];
		uint32_t some = RTE_MIN(r->seen - r->looked, HAND_AHEAD - n);

		for (uint32_t i = 0; i < some; i++)
			look(hand_at(r, r->looked++));
		n += some;
		w->n_ahead -= r->looked == r->seen;
	}
}

/* At most BURST a poll, in turn from all other workers. What waits in a ring is work, or we might go to sleep over it. */
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
		got = RTE_MIN(r->looked - r->taken, BURST - n);
		for (uint32_t i = 0; i < got; i++)
			take(w, b, hand_at(r, r->taken + i));
		if (got)
			hand_done(r, got);
		n += got;
		if (r->seen == r->taken) {
			hand_ask(r, BURST);
			if (r->seen != r->looked)
				w->ahead[w->n_ahead++] = r;
		}
		w->worked |= r->asked != r->taken;
	}
	w->stat.handed_in += n;
	w->worked |= n > 0;
}

/* How far the others are, for when we ask. */
static void soon(const struct worker *w)
{
	for (unsigned int k = 0; k < w->n_workers; k++)
		if (w->from[k])
			rte_prefetch0(&w->from[k]->given);
}

/* Ours stay in the lane, the others go. Each is copied to where it would be next of either kind: it may be every second one that is
 * ours, and a branch for it could not be foretold. */
static void steer_up(struct worker *w, struct lane_up *up, struct tunnel_packet *away)
{
	unsigned int n = up->n, ours = 0;

	for (unsigned int i = 0; i < n; i++) {
		bool mine = shard_owner(up->at[i].ids) == w->id;

		away[i - ours] = up->at[ours] = up->at[i];
		ours += mine;
	}
	up->n = (uint16_t)ours;
	for (unsigned int i = 0; i < n - ours; i++)
		hand_up(w, shard_owner(away[i].ids), &away[i]);
}

static void steer_down(struct worker *w, struct lane *down, uint32_t *home, struct packet *away)
{
	unsigned int n = down->n, ours = 0;

	for (unsigned int i = 0; i < n; i++) {
		bool mine = home_owner(home[i]) == w->id;

		away[i - ours] = down->at[ours] = down->at[i];
		home[i - ours] = home[i];
		ours += mine;
	}
	down->n = (uint16_t)ours;
	for (unsigned int i = 0; i < n - ours; i++)
		hand_down(w, home[i], away[i].m, away[i].p, away[i].len);
}

void steer(struct worker *w, struct burst *b)
{
	if (w->n_workers > 1) {
		soon(w);
		steer_up(w, &b->up, b->up_away);
		steer_down(w, &b->down, b->down_home, b->down_away);
		hand_flush(w);
	}
	take_in(w, b);
}
