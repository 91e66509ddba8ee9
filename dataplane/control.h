/* SPDX-License-Identifier: BSD-3-Clause */
/* control.h - what the files of the dataplane's control side share. Thread: control. */
#ifndef DATAPLANE_CONTROL_H
#define DATAPLANE_CONTROL_H

#include "dataplane/dp_msg.h"
#include "dataplane/index.h"
#include "dataplane/owner.h"
#include "dataplane/random.h"
#include "dataplane/session_table.h"
#include "dataplane/worker.h"

/* Command ring entries that packets of Linux leave to what may not be lost. */
#define PACKET_RESERVE 1024u

struct control {
	unsigned int n_workers;
	uint32_t load[DP_WORKERS_MAX]; /* sessions published, by owner */
	/* Worker + 1 whose queue carries this tunnel's packets, 0 = not seen yet */
	uint8_t queue_of_tid[UINT16_MAX + 1];
	/* Worker + 1 that got the last session of these slots, 0 = none yet */
	uint8_t owner_of_block[HOME_SLOT_MAX / DP_BLOCK + 1];
	struct owner_look look[DP_WORKERS_MAX];
	uint64_t looked_ns; /* at the workers (owner.c) */
	struct random_state random;
	uint64_t drop[DROP_REASONS]; /* by control itself: before a worker had them */
};
extern struct control dp_c;

/** Give a worker a command about state. Waits for room: workers never wait for us. */
void control_command(unsigned int worker, struct dp_msg *m);
/** Give a worker a packet of Linux to send. @return 0, or -ENOBUFS: m->m was freed and counted. */
int control_packet_take(unsigned int worker, struct dp_msg *m);
/** A buffer with len bytes of room, or NULL (counted). */
struct rte_mbuf *control_buffer(size_t len);
/** The owner has forgotten the session. */
void control_removed(uint32_t slot, uint32_t generation);

#endif
