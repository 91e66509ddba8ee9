/* SPDX-License-Identifier: BSD-3-Clause */
/* steer.c - every packet to the worker that owns its session (architecture.md section 2): uplink by
 * the shard bits of the session id, downlink by the record that the address lookup found. Then what
 * others handed to us joins our lanes. What the receiver must know travels in the mbuf's first
 * line: packet_type = kind, hash.fdir = two words. A downlink packet carries the slot's generation,
 * because the slot may be reused while the packet waits in a ring. A full ring drops: the owner is
 * overloaded, and waiting for it would stall our own sessions. Thread: the worker. */
#include "dataplane/stages.h"

enum hand_kind { HAND_UP = 1, HAND_DOWN, HAND_PORT };

static void flush_one(struct worker *w, uint16_t to)
{
	struct worker_hand *h = &w->hand[to];
	unsigned int sent =
		w->to[to] ? rte_ring_enqueue_burst(w->to[to], (void **)h->m, h->n, NULL) : 0;

	w->stat.handed_out += sent;
	for (unsigned int i = sent; unlikely(i < h->n); i++)
		drop(w, h->m[i], DROP_HANDOVER_FULL);
	h->n = 0;
	w->hand_dirty &= ~(1ull << to);
}

void hand_flush(struct worker *w)
{
	while (w->hand_dirty)
		flush_one(w, (uint16_t)__builtin_ctzll(w->hand_dirty));
}

static void hand(struct worker *w, uint16_t to, struct rte_mbuf *m, enum hand_kind kind,
	uint32_t lo, uint32_t hi)
{
	struct worker_hand *h = &w->hand[to];

	m->packet_type = kind;
	m->hash.fdir.lo = lo;
	m->hash.fdir.hi = hi;
	h->m[h->n++] = m;
	w->hand_dirty |= 1ull << to;
	if (h->n == RTE_DIM(h->m))
		flush_one(w, to);
}

void hand_up(struct worker *w, uint16_t to, struct rte_mbuf *m, uint8_t *p, uint16_t len,
	uint8_t l3_off, uint8_t endpoint)
{
	pkt_set(m, p, len);
	hand(w, to, m, HAND_UP, l3_off, endpoint);
}

void hand_down(
	struct worker *w, uint16_t to, struct rte_mbuf *m, uint8_t *p, uint16_t len, uint32_t slot)
{
	pkt_set(m, p, len);
	hand(w, to, m, HAND_DOWN, slot, dp_t.session[slot].generation);
}

void hand_port(struct worker *w, uint16_t to, struct rte_mbuf *m, uint16_t port)
{
	hand(w, to, m, HAND_PORT, port, 0);
}

static void take(struct worker *w, struct burst *b, struct rte_mbuf *m)
{
	uint8_t *p = rte_pktmbuf_mtod(m, uint8_t *);
	uint32_t lo = m->hash.fdir.lo, hi = m->hash.fdir.hi;

	switch (m->packet_type) {
	case HAND_UP:
		lane_put_up(&b->up, m, p, m->data_len, (uint8_t)lo, (uint8_t)hi);
		break;
	case HAND_DOWN:
		if (slot_is_same(w, lo, hi))
			lane_put(&b->down, m, p, m->data_len, lo);
		else
			drop(w, m, DROP_NO_SESSION);
		break;
	default:
		port_queue_slow(w, (uint16_t)lo, m);
	}
}

/* At most BURST a poll, in turn from all other workers. */
static void take_in(struct worker *w, struct burst *b)
{
	struct rte_mbuf *m[BURST];
	unsigned int n = 0;

	if (w->n_workers < 2)
		return;
	for (unsigned int k = 0; k < w->n_workers && n < BURST; k++) {
		if (++w->steer_next >= w->n_workers)
			w->steer_next = 0;
		if (w->from[w->steer_next])
			n += rte_ring_dequeue_burst(
				w->from[w->steer_next], (void **)(m + n), BURST - n, NULL);
	}
	w->stat.handed_in += n;
	w->worked |= n > 0;
	for (unsigned int i = 0; i < n; i++)
		rte_prefetch0(m[i]);
	for (unsigned int i = 0; i < n; i++) {
		rte_prefetch0(rte_pktmbuf_mtod(m[i], void *));
		if (m[i]->packet_type == HAND_DOWN)
			rte_prefetch0(&dp_t.session[m[i]->hash.fdir.lo]);
	}
	for (unsigned int i = 0; i < n; i++)
		take(w, b, m[i]);
}

static void steer_up(struct worker *w, struct lane_up *up)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < up->n; i++) {
		const uint8_t *p = up->p[i];
		/* the session id follows the flags, the optional Length and the tunnel id (s3.1) */
		uint16_t sid = load16(p + 4 + (p[0] >> 5 & 2));
		uint8_t owner = dp_t.shard_owner[sid >> DP_SHARD_SHIFT];

		if (owner != w->id) {
			hand_up(w, owner, up->m[i], up->p[i], up->len[i], up->l3_off[i],
				up->endpoint[i]);
			continue;
		}
		up->m[kept] = up->m[i];
		up->p[kept] = up->p[i];
		up->len[kept] = up->len[i];
		up->l3_off[kept] = up->l3_off[i];
		up->endpoint[kept++] = up->endpoint[i];
	}
	up->n = (uint16_t)kept;
}

static void steer_down(struct worker *w, struct lane *down)
{
	unsigned int n = down->n;

	down->n = 0;
	for (unsigned int i = 0; i < n; i++) {
		uint8_t owner = dp_t.session[down->slot[i]].owner;

		if (owner != w->id)
			hand_down(w, owner, down->m[i], down->p[i], down->len[i], down->slot[i]);
		else
			lane_put(down, down->m[i], down->p[i], down->len[i], down->slot[i]);
	}
}

void steer(struct worker *w, struct burst *b)
{
	if (w->n_workers > 1) {
		steer_up(w, &b->up);
		steer_down(w, &b->down);
		hand_flush(w);
	}
	take_in(w, b);
}
