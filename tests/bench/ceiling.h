/* SPDX-License-Identifier: BSD-3-Clause */
/* ceiling.h - what the machine can do with the same packets at most: to compare a worker with, in the same run.
 * macswap: the two MAC addresses exchanged. A: a bare IPv4 router: one route lookup, TTL, incremental checksum, new
 * Ethernet header. Floor: ids or address -> slot by array, one line of the session read and written; the packet untouched. */
#ifndef TESTS_BENCH_CEILING_H
#define TESTS_BENCH_CEILING_H

#include "tests/bench/packets.h"

/** Route table and arrays of the ceilings. @return 0 or -1. */
int ceiling_init(void);
/** Run the row's function over the whole ring, in its bursts. */
void ceiling_run(const struct row *r);
/** The functions, for packets of anybody; the router looks up sources, and 5tswap (addresses and ports exchanged, too) takes
 * UDP in IPv4 without options. At most BURST. */
void ceiling_macswap(struct rte_mbuf **m, unsigned int n);
void ceiling_5tswap(struct rte_mbuf **m, unsigned int n);
void ceiling_fib(struct rte_mbuf **m, unsigned int n);

#endif
