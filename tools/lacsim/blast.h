/* SPDX-License-Identifier: BSD-3-Clause */
/* blast.h - traffic at line rate: frames of a template, each of another session, stamped; and the account of what comes
 * back. One round is one stretch of traffic with its own numbers. Single thread. */
#ifndef LACSIM_BLAST_H
#define LACSIM_BLAST_H

#include "tools/lacsim/hist.h"
#include "tools/lacsim/phases.h"
#include "tools/lacsim/pick.h"
#include "tools/lacsim/port.h"

#define BLAST_PORT  4001 /* UDP, inside */
#define BLAST_BURST 32
#define BLAST_MIX   12
#define BLAST_UP    80 /* octets before the stamp: Ethernet 14, IP 20, UDP 8, L2TP 6, PPP 4, IP 20, UDP 8 */
#define BLAST_DOWN  42 /* Ethernet, IP, UDP */
#define BLAST_INNER 52 /* where the inner packet begins on the access side */
#define BLAST_INNER_MAX (PHASE_SIZE_MAX - BLAST_INNER)

/* What a packet of one session needs, in the order of the wire. 16 octets: four to a cache line. */
struct blast_target {
	uint16_t tid, sid; /* the LNS's */
	uint32_t addr;
	uint32_t number; /* of the session */
	uint32_t tunnel;
};

/* Outer source of a tunnel, in the order of the wire; part: its share of the sum of the IP header. */
struct blast_source {
	uint32_t ip;
	uint16_t port, part;
};

/* A frame up to its stamp, and the sums of the headers without what differs. */
struct blast_frame {
	uint8_t head[80] __attribute__((aligned(16)));
	uint32_t outer_sum, inner_sum;
	uint16_t len;
};

struct blast_count {
	uint64_t sent, received, misdelivered, corrupted, late;
	struct hist latency; /* in units of 4 ticks */
};

struct blast_lane {
	enum phase_dir kind; /* DIR_NONE: not in use */
	struct port *port;
	struct rte_mempool *pool;
	struct pick pick;
	struct blast_frame frame[BLAST_MIX];
	unsigned int frames, at;
	double per_tick; /* 0: as fast as it goes */
	uint64_t built;
	uint32_t sequence;
	uint32_t next[BLAST_BURST]; /* the targets of the next burst, prefetched */
	struct rte_mbuf *pending[BLAST_BURST]; /* refused by the port, to be sent first */
	unsigned int n_pending;
};

struct blast {
	struct blast_target *target;
	uint32_t n_targets, max_targets;
	struct blast_source *source; /* by tunnel */
	uint32_t *first_of_tid;      /* by our tunnel id: number of its session id 1; UINT32_MAX: not ours */
	uint64_t seed;
	uint32_t core_ip; /* wire order */
	uint8_t round;
	bool sending;
	uint64_t started, stopped, last_in; /* ticks */
	uint64_t patience;                  /* ticks of silence after which what is not here is lost */
	struct blast_lane lane[2];
	struct blast_count count[DIR_LOOP + 1];
	struct rte_mempool *up_pool, *down_pool;
	uint32_t sample; /* counts packets, so that one of 32 is compared as a whole */
	uint8_t *pattern;
};

/** Take the memory for so many sessions and tunnels. @return 0 or -ENOMEM. */
int blast_init(struct blast *b, uint32_t sessions, uint32_t tunnels, uint64_t seed, bool core);
void blast_fini(struct blast *b);
/** Begin a round to the targets that are set. lns, core_ip in host order. @return 0 or -ENOMEM. */
int blast_start(struct blast *b, const struct phase *p, struct port *access, struct port *core,
	uint32_t lns, uint16_t lns_port);
/** Send what is due now. @return packets sent. */
unsigned int blast_output(struct blast *b, uint64_t tsc);
/** Account for traffic among m; others are put into rest (their owner stays the caller). @return how many others. */
unsigned int blast_input(struct blast *b, bool core, struct rte_mbuf **m, unsigned int n,
	struct rte_mbuf **rest);
/** Stop sending; what still comes is counted. */
void blast_stop(struct blast *b);
/** @return true: everything came back, or nothing came for the time of patience, or ten of these have passed. */
bool blast_settled(const struct blast *b, uint64_t tsc);
void blast_end(struct blast *b);
/** Packets that should have been built by now in one lane; 0 when its rate has no limit. */
uint64_t blast_planned(const struct blast *b, const struct blast_lane *l, uint64_t tsc);

#endif
