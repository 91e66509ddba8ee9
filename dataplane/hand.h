/* SPDX-License-Identifier: BSD-3-Clause */
/* hand.h - the ring by which one worker gives packets to one other: one thread puts, one takes, no
 * lock and no wait, so that either may be preempted. An element says all that the taker has to know,
 * so its first touch of the packet is one that it prefetched. Each side keeps what it last saw of the
 * other's counter and reads it again only when that is used up: a line goes to the other CPU once a
 * burst, not once a packet. The giver writes straight into the ring and shows the burst in one store
 * (hand_show). The taker looks (prefetches) one burst ahead of what it takes.
 * Not here: who owns what, and what becomes of a packet that finds no room (steer.c). */
#ifndef DATAPLANE_HAND_H
#define DATAPLANE_HAND_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>

struct rte_mbuf;

struct hand {
	struct rte_mbuf *m;
	uint8_t *p; /* where the layer begins that the owner reads */
	uint32_t what; /* up, down: slot; port: its number */
	uint16_t len;
	uint8_t kind; /* in the low 2 bits (steer.c); up: endpoint above */
	uint8_t more; /* up: l3_off; down: the low bits of the slot's generation */
};

struct hand_ring {
	uint32_t mask;
	struct hand *slot;
	/* the giver's lines: what it shows to the taker, and its own */
	uint32_t given __rte_cache_aligned;
	uint32_t put __rte_cache_aligned; /* written so far */
	uint32_t taken_seen;
	/* the taker's: the same */
	uint32_t taken __rte_cache_aligned;
	uint32_t looked __rte_cache_aligned; /* prefetched so far */
	uint32_t given_seen;
} __rte_cache_aligned;

/** size: a power of 2. @return NULL without memory. Thread: control. */
struct hand_ring *hand_ring_new(uint32_t size);
/** Frees the packets in it as well. Thread: control, when both workers have ended. */
void hand_ring_free(struct hand_ring *r);

/** The next place to write, or NULL: full. Giver. */
static inline struct hand *hand_place(struct hand_ring *r)
{
	if (unlikely(r->put - r->taken_seen > r->mask)) {
		r->taken_seen = __atomic_load_n(&r->taken, __ATOMIC_ACQUIRE);
		if (r->put - r->taken_seen > r->mask)
			return NULL;
	}
	return &r->slot[r->put++ & r->mask];
}

/** Let the taker have what was written. @return how many. Giver. */
static inline uint32_t hand_show(struct hand_ring *r)
{
	uint32_t n = r->put - r->given;

	__atomic_store_n(&r->given, r->put, __ATOMIC_RELEASE);
	return n;
}

/** Elements from `looked` on that can be read now, at most max. Taker. */
static inline uint32_t hand_look(struct hand_ring *r, uint32_t max)
{
	if (r->given_seen - r->looked < max)
		r->given_seen = __atomic_load_n(&r->given, __ATOMIC_ACQUIRE);
	return RTE_MIN(r->given_seen - r->looked, max);
}

/** The n oldest elements were read: their places are the giver's again. Taker. */
static inline void hand_done(struct hand_ring *r, uint32_t n)
{
	__atomic_store_n(&r->taken, r->taken + n, __ATOMIC_RELEASE);
}

#endif
