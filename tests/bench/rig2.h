/* SPDX-License-Identifier: BSD-3-Clause */
/* rig2.h - two real workers on two CPUs without a link: tables, sessions and tunnels made by the
 * control functions, and two ethdevs whose burst functions hand out prepared frames and count what
 * comes back. Everything between rx and tx is the product's own code. Thread: main makes it; each
 * worker's thread then uses its own side only. */
#ifndef TESTS_BENCH_RIG2_H
#define TESTS_BENCH_RIG2_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/worker.h"

#define RIG_SIDES    2
#define RIG_PACKETS  8192 /* prepared for each side: more than its L2 cache holds */
#define RIG_IN_FLIGHT 768 /* packets that a side lets out ahead of the senders: no ring runs over */
#define RIG_TELL     128 /* packets after which a side tells how many it sent: telling costs */
#define RIG_SAMPLES  64 /* frames of a round that are checked */
#define RIG_EDGE     8 /* the first and the last one of so many parts of a round do not count for the rate */

enum rig_dir { RIG_UP, RIG_DOWN };

/* A subscriber as the traffic needs it. */
struct rig_sub {
	uint32_t slot;
	uint16_t tid, sid;
	uint32_t ip4; /* host order */
};

/* One worker's end. Written by its own thread, but for what is marked. */
struct rig_side {
	struct worker *w;
	struct rte_mbuf **m;
	uint32_t n, next, limit; /* packets of this round, given so far, may give */
	unsigned int receivers; /* sides that receive in this round */
	uint64_t rnd;
	uint32_t n_seen;
	struct rte_mbuf *seen[RIG_SAMPLES]; /* sent by us */
	uint32_t owned_by[RIG_SIDES]; /* of the n packets */
	uint64_t mark; /* packets sent, at which the time is taken next */
	struct {
		uint64_t sent, tsc;
	} marked[2]; /* after the first edge, and before the last */
	uint64_t own_sent; /* this round */
	uint64_t busy; /* TSC ticks of polls that found work */
	uint64_t sent HAND_ALONE; /* the same, now and then, as the others read it: apart from what is written all the time */
} HAND_ALONE;

extern struct rig_side rig_side[RIG_SIDES];
extern bool rig_hugepages;

/** EAL on these CPUs (lcore 0 and 1), tables, sessions in as few tunnels as hold them, ports.
 * @return 0, or -1 after a line on stderr. */
int rig_start(const int cpu[RIG_SIDES], uint32_t sessions);
uint32_t rig_tunnels(void);
void rig_stop(void);
/** Write n fresh frames that side s will receive, each of a random session; self_256 of 256 belong to
 * the side's own worker, the rest to the other. */
void rig_refill(struct rig_side *s, enum rig_dir dir, uint32_t n, unsigned int self_256);
/** All sides are refilled: when to take the time. */
void rig_begin(struct rig_side *s);
/** Packets a TSC tick that the side sent in the round that ended, without its edges, in which rings fill and run empty; 0: none. */
double rig_rate(const struct rig_side *s);
/** One poll; counts its ticks if it found work. */
void rig_poll(struct rig_side *s);
/** Are the frames that were sampled in the last round what they must be? Says on stderr what is not. */
bool rig_check(enum rig_dir dir);
/** Packets dropped so far, all reasons. */
uint64_t rig_dropped(void);

#endif
