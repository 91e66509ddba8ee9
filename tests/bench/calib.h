/* SPDX-License-Identifier: BSD-3-Clause */
/* calib.h - what the machine is at this moment: clocks, the way between two CPUs, memory. On shared hosts all but the
 * TSC change from minute to minute, so figures are kept with the calibration before and after them. */
#ifndef TESTS_BENCH_CALIB_H
#define TESTS_BENCH_CALIB_H

#include <jansson.h>

/** Measure, pinned to cpu: TSC Hz, core clock (a loop of dependent additions), the round trip of a cache line to CPU
 * other (-1 = there is none), nanoseconds per random line with 32 prefetches in flight in 16, 64 and 256 MiB. */
json_t *calibrate(unsigned int cpu, int other);

/* Hardware counters of this thread, where the machine has them: instructions, cycles, cache misses. */
struct counters {
	int fd[3];
	const char *why; /* it has none, or NULL */
};
extern const char *const counter_name[3];
void counters_open(struct counters *c);
void counters_run(struct counters *c, bool on);
void counters_read(struct counters *c, uint64_t value[3]);

#endif
