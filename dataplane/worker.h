/* SPDX-License-Identifier: BSD-3-Clause */
/* worker.h - one worker: the thread that polls queues, owns sessions and runs packets to completion.
 * All fields are the worker's own, except where it says otherwise. */
#ifndef DATAPLANE_WORKER_H
#define DATAPLANE_WORKER_H

#include <rte_ring.h>

#include "controlplane/subscriber/wheel.h"
#include "dataplane/dp_msg.h"
#include "dataplane/drop_reason.h"
#include "dataplane/records.h"

#define BURST 32
#define WORKER_QUEUES_MAX 64

struct worker_txq {
	uint16_t n;
	struct rte_mbuf *m[2 * BURST];
};

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
	struct worker_txq tx[RTE_MAX_ETHPORTS];
	struct rte_ring *from[DP_WORKERS_MAX];    /* SP/SC: mbufs handed to us; [id] is NULL */
	struct rte_ring *to[DP_WORKERS_MAX];      /* SP/SC: the other workers' from[id] */
	struct rte_ring *commands;                /* struct dp_msg by value, from control */
	struct rte_ring *events;                  /* struct dp_msg by value, to control: PPP's and sessions' */
	struct rte_ring *punts;                   /* struct dp_msg by value, to control: packets, policed */
	struct rte_ring *punts_high;              /* the same, control messages of established tunnels */
	struct wheel wheel;                       /* PPP timers of the sessions that we own, id = slot */
	uint8_t rnd_key[32];                      /* ChaCha20 key and counter for rnd (random.c) */
	uint64_t rnd_counter;
	uint64_t now_ns;                          /* CLOCK_BOOTTIME, taken once per poll (from the TSC) */
	uint32_t icmp_tokens;                     /* ICMP errors that may still be sent this interval */
	uint64_t icmp_refill_ns;
	uint32_t punt_tokens[4];                  /* by punt class */
	uint64_t punt_refill_ns;
	uint64_t *tunnel_rx;                      /* [max_tunnels + 1] data packets, summed by control for Hello */
	uint64_t *adj_used;                       /* [max_adj + 1] packets sent through each adjacency */
	uint32_t owned;                           /* sessions */
	struct dp_worker_info stat;               /* read by control, plain 64-bit loads */
	uint64_t drop[DROP_REASONS];
	struct rte_mbuf *ask_buf;                 /* held ready, so that a question to AAA never fails for a buffer */
	struct ppp_out out;                       /* scratch of ppp_owner.c */
} __rte_cache_aligned;

extern struct worker *dp_workers[DP_WORKERS_MAX];

/** The lcore's function: polls until told to stop (worker.c). */
int worker_main(void *worker);
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
