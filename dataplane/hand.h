/* SPDX-License-Identifier: BSD-3-Clause */
/* hand.h - the ring by which one worker gives packets to one other: one thread puts, one takes, no
 * lock and no wait, so that either may be preempted. An element says all that the taker has to know,
 * so its first touch of the packet is one that it prefetched. The giver writes straight into the ring
 * and shows the burst in one store (hand_show). The taker waits for no line of the giver's: in one poll
 * it asks for what was shown (hand_ask), in the next it reads that and asks for the packets, in the
 * third it takes them.
 * Not here: who owns what, and what becomes of a packet that finds no room (steer.c). */
#ifndef DATAPLANE_HAND_H
#define DATAPLANE_HAND_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_prefetch.h>

struct rte_mbuf;

/* Four in a cache line. */
struct hand {
	uint64_t who; /* the mbuf; above HAND_BITS what steer.c says of it */
	uint32_t what; /* up, down: slot; port: its number */
	uint16_t len;
	uint16_t at; /* bytes from the mbuf to the layer that the owner reads; 0: the mbuf's data tells */
};

#define HAND_BITS 48 /* of an address in user space */
#define HAND_LINE (RTE_CACHE_LINE_SIZE / sizeof(struct hand))
#define HAND_PAIR (2 * HAND_LINE) /* CPUs prefetch lines in pairs */

/* Pairs of lines that follow one another lie this far apart, in different pages: the prefetchers of the taker's CPU would
 * otherwise run ahead of it, and take from the giver's cache the lines that are written next. Odd, so that each pair has its
 * place. */
#define HAND_STRIDE 37u

#define HAND_ALONE __rte_aligned(2 * RTE_CACHE_LINE_SIZE)

struct hand_ring {
	uint32_t mask;
	struct hand *slot;
	/* the giver's lines: what it shows to the taker, and its own */
	uint32_t given HAND_ALONE;
	uint32_t put HAND_ALONE; /* written so far */
	uint32_t taken_seen;
	/* the taker's: the same */
	uint32_t taken HAND_ALONE;
	uint32_t looked HAND_ALONE; /* packets prefetched so far */
	uint32_t seen; /* elements that have come: their packets may be prefetched */
	uint32_t asked; /* elements prefetched so far */
} HAND_ALONE;

/* Where the i-th element is. */
static inline struct hand *hand_at(const struct hand_ring *r, uint32_t i)
{
	return &r->slot[(i / HAND_PAIR * HAND_STRIDE * HAND_PAIR + i % HAND_PAIR) & r->mask];
}

static inline struct rte_mbuf *hand_mbuf(const struct hand *h)
{
	return (struct rte_mbuf *)(uintptr_t)(h->who & ((1ull << HAND_BITS) - 1));
}

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
	return hand_at(r, r->put++);
}

/** Let the taker have what was written. @return how many. Giver. */
static inline uint32_t hand_show(struct hand_ring *r)
{
	uint32_t n = r->put - r->given;

	__atomic_store_n(&r->given, r->put, __ATOMIC_RELEASE);
	return n;
}

/** Elements that were asked for the last time have come (`seen`); ask for those that were shown meanwhile, at most max. Taker. */
static inline void hand_ask(struct hand_ring *r, uint32_t max)
{
	uint32_t given = __atomic_load_n(&r->given, __ATOMIC_ACQUIRE);
	uint32_t until = r->asked + RTE_MIN(given - r->asked, max);

	r->seen = r->asked;
	for (uint32_t i = RTE_ALIGN_FLOOR(r->asked, HAND_LINE); (int32_t)(until - i) > 0; i += HAND_LINE)
		rte_prefetch0(hand_at(r, i));
	r->asked = until;
}

/** The n oldest elements were read: their places are the giver's again. Taker. */
static inline void hand_done(struct hand_ring *r, uint32_t n)
{
	__atomic_store_n(&r->taken, r->taken + n, __ATOMIC_RELEASE);
}

#endif
