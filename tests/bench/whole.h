/* SPDX-License-Identifier: BSD-3-Clause */
/* whole.h - did a thread have the whole of its core while it measured? Not when others ran on its CPU (CPU time over wall
 * time), and not when a core of the host was shared: a guest whose thread runs on the same core takes near half of it, which
 * no clock of ours shows. A loop that keeps all adders busy, before and after, does. Thread: each for itself. */
#ifndef TESTS_BENCH_WHOLE_H
#define TESTS_BENCH_WHOLE_H

#include <stdbool.h>

struct stretch {
	double wall, cpu; /* seconds; at its end: of it */
	double slowness; /* of the core, before or after, over the best that any thread ever saw: at least 1 */
};

/** Find out how fast the core can be; once a thread, where it will stay. Takes about 20 ms. */
void whole_init(void);
/** Ticks of the loop now. */
double whole_now(void);
/** Around what is timed, not in it. */
void stretch_begin(struct stretch *s);
/** @return whether the core was ours. */
bool stretch_end(struct stretch *s);
/** May what was not ours be taken again? No after 20,000 times: then it has to do. */
bool whole_patience(void);

#endif
