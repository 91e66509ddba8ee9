/* SPDX-License-Identifier: BSD-3-Clause */
/* bed.h - a real dataplane with one worker and any number of open sessions, and ports whose receive and transmit
 * functions are ours: packets come from a ring of prepared buffers and go back into it. Everything between the two is the
 * product's: dp_init(), dp_session_publish(), dp_session_verdict(), worker_poll().
 * Thread: one, which is control and worker in turn; or, with control_cpu, bed_start()'s is control, and EAL's lcore 1 is
 * the worker from then on. */
#ifndef TESTS_BENCH_BED_H
#define TESTS_BENCH_BED_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/worker.h"

#define BED_RING       8192 /* prepared packets: more than a core's L2 holds, as after DDIO */
#define BED_PER_TUNNEL 1024 /* sessions in a tunnel */

#define BED_ACCESS 0 /* interfaces, in the order of the configuration */
#define BED_CORE   1

#define BED_IP(a, b, c, d)                                                                         \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define BED_LNS     BED_IP(192, 0, 2, 1)
#define BED_LACS    BED_IP(198, 18, 0, 1) /* and one more for each tunnel */
#define BED_POOL    BED_IP(10, 0, 0, 0)   /* /12; bed_address() */
#define BED_PREFIX6 0x20010db800000000ull /* /44; session i has its i-th /64 */
#define BED_CORENET BED_IP(8, 8, 0, 0)    /* /16, behind a router on the core side */
#define BED_OUTER   (14 + 20 + 8 + 6)     /* Ethernet, IPv4, UDP, L2TP in front of a PPP frame */

struct bed_options {
	uint32_t sessions;
	uint32_t spare;      /* slots beside theirs */
	unsigned int cpu;    /* of the worker */
	int control_cpu;     /* -1 = the same */
	bool hugepages;
	uint32_t memory_mb;  /* 0 = by the number of sessions */
	const char *extra;   /* lines for the configuration's dataplane: part, "" = none */
};

/* What the traffic must know of a session; its number is its index. */
struct bed_session {
	uint32_t slot;
	uint16_t tid, sid;
};

/* What a port's receive function hands out; transmit counts. */
struct bed_feed {
	struct rte_mbuf **m;
	uint32_t n, at;
	uint16_t most;       /* in one burst */
};

struct bed {
	uint32_t sessions, tunnels;
	uint32_t *rank;      /* of each block of slots, in the order in which sessions get them */
	struct bed_session *session;
	uint32_t *spare_slot;
	struct worker *w;
	struct rte_mempool *pool;
	struct rte_mbuf *ring[BED_RING];
	struct bed_feed feed[2]; /* by interface */
	uint64_t sent;
	bool free_sent;      /* transmit frees, as a device does when it has sent */
	uint8_t router_mac[6], lac_mac[6];
	char store[64];
};
extern struct bed bed;

uint64_t bed_random(void);
/** @return 0, or -1 after a line on stderr. */
int bed_start(const struct bed_options *o);
void bed_stop(void);
/** The same flags (enum session_flag) in all sessions, the same outer checksum policy in all tunnels. */
void bed_set_flags(uint16_t flags, bool udp_checksum, bool offload);
/** Fill the gaps that freed packets left in the ring, in random memory order. */
void bed_fill_ring(void);
/** Poll until the feeds are empty. Expects them set. */
void bed_run(void);
uint64_t bed_dropped(void);

/* The address of the session in a slot: blocks of both lie beside each other in the same order, as the control core has it. */
static inline uint32_t bed_address(uint32_t slot)
{
	return BED_POOL + bed.rank[slot / DP_BLOCK] * DP_BLOCK + slot % DP_BLOCK;
}

static inline uint32_t bed_tunnel_of(uint32_t session)
{
	return session / BED_PER_TUNNEL;
}

#endif
