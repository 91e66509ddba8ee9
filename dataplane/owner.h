/* SPDX-License-Identifier: BSD-3-Clause */
/* owner.h - which worker shall own a new session. Thread: control. */
#ifndef DATAPLANE_OWNER_H
#define DATAPLANE_OWNER_H

#include <stdint.h>

#include "dataplane/dp.h"

/* What the last look at a worker found. */
struct owner_look {
	uint64_t busy_ns, packets; /* the worker's counters */
	uint64_t packets_per_s;
	uint32_t busy; /* of 1024 parts of its time: half of it the last second's, a quarter the one's before ... */
	uint32_t sessions; /* then */
	uint64_t by_queue, by_load; /* sessions that it was picked for */
	uint64_t addresses_near, addresses_far; /* dp_addr4_pick() */
};

/** The owner for a new session of this tunnel that will be in this slot: that of its block (DP_BLOCK) where it can be. Counted. */
unsigned int owner_pick(uint32_t slot, uint16_t tid);
/** Look at the workers' clocks and counters, once a second. Called often. */
void owner_tick(uint64_t now_ns);
/** Fill in what is known of a worker's load. */
void owner_info(unsigned int worker, struct dp_worker_info *info);

#endif
