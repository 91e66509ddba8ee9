/* SPDX-License-Identifier: BSD-3-Clause */
/* worker.h - one worker: the thread that polls queues, owns sessions and runs packets to completion.
 * All fields are the worker's own, except where it says otherwise. */
#ifndef DATAPLANE_WORKER_H
#define DATAPLANE_WORKER_H

#include <rte_ring.h>

#include "controlplane/subscriber/wheel.h"
#include "dataplane/burst.h"
#include "dataplane/dp_msg.h"
#include "dataplane/drop_reason.h"
#include "dataplane/hand.h"
#include "dataplane/random.h"
#include "dataplane/records.h"

#define WORKER_QUEUES_MAX 64

#define TX_WAIT_MAX 1024

/* Frames that may wait at each port for each worker: a quarter of the buffers at most, all told, but a burst in any case. Without
 * ports (unit tests) as with one. */
static inline uint16_t worker_tx_wait(size_t mbufs, size_t ports, size_t workers)
{
	size_t each = mbufs / 4 / (RTE_MAX(ports, (size_t)1) * workers);

	each = RTE_MIN(each, (size_t)TX_WAIT_MAX);
	return (uint16_t)RTE_MAX(each, (size_t)BURST);
}

/* Frames that leave at the end of a poll, the oldest first; up to dp_t.tx_wait of them are what the device did not take before. */
struct worker_txq {
	uint16_t n;
	uint64_t full;  /* packets that there was no room for; read by control */
	struct rte_mbuf *m[TX_WAIT_MAX + 2 * BURST];
} __rte_cache_aligned;

#define WAY_NONE UINT64_MAX
/* What an adjacency word means for transmission, worked out once while packets follow each other to the same one. */
struct worker_way {
	uint64_t adj;           /* WAY_NONE: nothing here; else valid */
	uint64_t head, tail;    /* the first 8 bytes of an IPv4 frame, and the 8 that end before the packet */
	uint16_t mtu;
	bool tx_checksum;
	struct worker_txq *q;   /* NULL: tagged, or another worker sends */
};

/* A rate limiter without tokens to refill: the time at which the bucket would be empty again (police.h). */
struct police {
	uint64_t full_ns;
};
#define PUNT_PEERS 256 /* buckets that senders are hashed to */
enum punt_class { PUNT_CLASS_OPENING, PUNT_CLASS_L2TP, PUNT_CLASS_LINUX, PUNT_CLASS_LNS0, PUNT_CLASSES };

struct worker {
	uint16_t id, n_workers;
	int lcore, cpu;
	bool busy_idle;                  /* idle policy `busy` */
	struct {
		uint16_t port, queue;
	} rxq[WORKER_QUEUES_MAX];
	uint16_t n_rxq;
	uint16_t txq_of_port[RTE_MAX_ETHPORTS];   /* queue that this worker alone uses; UINT16_MAX: hand to tx_proxy */
	uint16_t tx_proxy_of_port[RTE_MAX_ETHPORTS]; /* worker that sends for us where queues are too few */
	struct worker_way way;                    /* valid within a poll (stages.h) */
	struct hand_ring *from[DP_WORKERS_MAX];   /* packets handed to us; [id] is NULL */
	struct hand_ring *to[DP_WORKERS_MAX];     /* the other workers' from[id] */
	struct hand_ring *ahead[DP_WORKERS_MAX];  /* of from[]: the next burst's packets are to be asked for; none between polls */
	uint32_t n_ahead;
	struct rte_ring *commands;                /* struct dp_msg by value, from control */
	struct rte_ring *events;                  /* struct dp_msg by value, to control: PPP's and sessions' */
	struct rte_ring *punts;                   /* struct dp_msg by value, to control: packets, policed */
	struct rte_ring *punts_high;              /* the same, control messages of established tunnels */
	struct wheel wheel;                       /* PPP timers of the sessions that we own, id = slot */
	uint64_t timers_ns;                       /* none of them fires before */
	struct random_state random;               /* for PPP (random.c) */
	uint64_t now_ns;                          /* CLOCK_BOOTTIME, taken once per poll (from the TSC) */
	uint64_t clock_tsc, clock_ns, clock_mult; /* now_ns = clock_ns + (tsc - clock_tsc) * clock_mult >> 32 (worker.c) */
	bool stop;                                /* MSG_STOP came, or another thread wants the end: atomic */
	bool worked;                              /* this poll found something */
	bool tx_behind;                           /* a port did not take all of the last poll's frames */
	uint16_t rx_next, steer_next;             /* where the next round over queues and rings begins */
	uint16_t ip_id;                           /* of outer IPv4 headers and of ICMP errors */
	uint32_t idle;                            /* empty polls in a row */
	uint32_t ra_slot;                         /* router advertisements: where the walk over the sessions is */
	uint64_t ra_ns, ra_step_ns;
	struct police icmp, ppp;                  /* ICMP errors; PPP frames for the automata */
	struct police punt[PUNT_CLASSES], punt_peer[PUNT_CLASSES][PUNT_PEERS];
	uint64_t hand_dirty;                      /* bit per worker: to[] has packets that it was not shown */
	struct burst burst;                       /* empty between polls, but for what control injected */
	uint16_t *punts_in;                       /* [max_tunnels + 1] messages of established tunnels put into those rings */
	uint16_t *punts_out;                      /* the same, taken out: control writes it */
	uint64_t *tunnel_rx;                      /* [max_tunnels + 1] data packets, summed by control for Hello */
	uint64_t *adj_used;                       /* [max_adj + 1] packets sent through each adjacency */
	uint32_t owned;                           /* sessions */
	struct dp_worker_info stat;               /* read by control, plain 64-bit loads */
	uint64_t drop[DROP_REASONS];
	struct rte_mbuf *ask_buf;                 /* held ready, so that a question to AAA never fails for a buffer */
	struct ppp_out out;                       /* scratch of ppp_owner.c */
	struct ppp_profile profile;               /* the same */
	struct worker_txq tx[RTE_MAX_ETHPORTS];   /* at the end: large, and mostly not touched */
} __rte_cache_aligned;

/** Control took m out of a ring of w's punts. Thread: control. */
static inline void punt_taken(struct worker *w, const struct dp_msg *m)
{
	if (m->slot) /* only control writes: no atomic addition */
		__atomic_store_n(&w->punts_out[m->slot], (uint16_t)(w->punts_out[m->slot] + 1),
			__ATOMIC_RELEASE);
}

extern struct worker *dp_workers[DP_WORKERS_MAX];

/** The lcore's function: polls until told to stop (worker.c). Registers itself with dp_t.qsbr by w->id. */
int worker_main(void *worker);
/** One poll, top to bottom. */
void worker_poll(struct worker *w);
/** Prepare the private fields of a zeroed worker whose id, rings and queues are set: clock, poison (worker.c). */
void worker_init(struct worker *w);
/** Messages from control, between bursts (dp_apply.c). Bounded per call. */
void dp_apply(struct worker *w);
/** One PPP frame that is not data: m is borrowed; frame, len = from the protocol field on (ppp_owner.c). */
void ppp_owner_frame(struct worker *w, uint32_t slot, const uint8_t *frame, uint16_t len);
/** Due timers, at most a bounded number (ppp_owner.c). */
void ppp_owner_tick(struct worker *w);
/** Send a complete PPP frame (from FF 03) in the session; copies it (l2tp_tx.c). */
void l2tp_tx_frame(struct worker *w, uint32_t slot, const uint8_t *frame, uint16_t len);
/** Send a router advertisement in the session (nd.c). */
void nd_advertise(struct worker *w, uint32_t slot);
/** A packet from Linux (lns0) for a subscriber, or a frame for a port, given by control in a command; takes m (worker.c). */
void worker_inject_ip_take(struct worker *w, struct rte_mbuf *m);
void worker_tx_frame_take(struct worker *w, uint16_t ifx, struct rte_mbuf *m);
/** 32 fresh unpredictable bytes (random.c). */
const uint8_t *worker_random(struct worker *w, uint8_t out[32]);

#endif
