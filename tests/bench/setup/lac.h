/* SPDX-License-Identifier: BSD-3-Clause */
/* lac.h - a LAC and its subscribers for the in-process set-up bench: a script, not a state machine. It answers what lnsd
 * says, over a lossless wire of rings, and repeats nothing. Thread: the bench's only one. */
#ifndef TESTS_BENCH_SETUP_LAC_H
#define TESTS_BENCH_SETUP_LAC_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ring.h>

struct lac_plan {
	uint32_t tunnels, sessions; /* sessions in all; tunnel t has those from t * sessions / tunnels on */
	uint32_t addresses;         /* the tunnels come from so many addresses */
	uint32_t in_flight;         /* sessions being set up at once */
	uint32_t users;             /* user names: user0 ... */
	bool ipv6;
	const char *password;
	uint8_t lns_mac[6];
	uint32_t lns_ip;            /* host order */
};

#define LAC_FIRST_IP 0xc6120001u /* 198.18.0.1 */

struct lac_count {
	uint32_t tunnels_up, sessions_up, asked, ended;
	uint64_t rx, tx, unexpected, repeated;
};

/** Frames for lnsd go into to_lns, its frames come from from_lns. @return 0 or -1. */
int lac_init(const struct lac_plan *plan, struct rte_ring *to_lns, struct rte_ring *from_lns);
void lac_fini(void);
/** Take what lnsd sent, answer, and ask for more sessions as far as the windows allow. @return frames moved. */
uint32_t lac_work(void);
/** No new calls beyond this many. */
void lac_limit(uint32_t sessions);
/** End everything with a StopCCN per tunnel. */
void lac_stop(void);
/** Hang up n sessions that are up, round and round, with CDNs; they are dialled anew by lac_work(). */
void lac_churn(uint32_t n);
const struct lac_count *lac_count(void);

#endif
