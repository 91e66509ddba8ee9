/* SPDX-License-Identifier: BSD-3-Clause */
/* whole.c - see whole.h. */
#include "tests/bench/whole.h"

#include <stdint.h>
#include <time.h>

#include <rte_common.h>
#include <rte_cycles.h>

#define SHARE    0.985 /* of its CPU that a thread must have had */
#define SLOW     1.1 /* a shared core is 1.4 or more */
#define LOOPS    1500 /* about 2 us */
#define TRIES    5000
#define PATIENCE 20000

/* Of any thread, for CPUs of a machine are alike: one of them may share its core from the beginning on. Relaxed: a minimum that
 * is lost comes again. */
static uint64_t best = UINT64_MAX;
static __thread unsigned int patience = PATIENCE;

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t adders(void)
{
	uint64_t a = 1, b = 2, c = 3, d = 4, e = 5, from = rte_rdtsc_precise(), ticks;

	for (unsigned int i = 0; i < LOOPS; i++) {
		a += i, b += i, c += i, d += i, e += i;
		__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e));
	}
	ticks = rte_rdtsc_precise() - from;
	if (ticks < __atomic_load_n(&best, __ATOMIC_RELAXED))
		__atomic_store_n(&best, ticks, __ATOMIC_RELAXED);
	return ticks;
}

/* Of two, for an interrupt is no neighbour. */
double whole_now(void)
{
	uint64_t a = adders(), b = adders();

	return (double)RTE_MIN(a, b);
}

static double slowness(void)
{
	return whole_now() / (double)__atomic_load_n(&best, __ATOMIC_RELAXED);
}

void whole_init(void)
{
	for (unsigned int i = 0; i < TRIES; i++)
		adders();
}

void stretch_begin(struct stretch *s)
{
	s->slowness = slowness();
	s->cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
	s->wall = seconds(CLOCK_MONOTONIC);
}

bool stretch_end(struct stretch *s)
{
	double after;

	s->wall = seconds(CLOCK_MONOTONIC) - s->wall;
	s->cpu = seconds(CLOCK_THREAD_CPUTIME_ID) - s->cpu;
	after = slowness();
	s->slowness = RTE_MAX(s->slowness, after);
	return s->cpu >= SHARE * s->wall && s->slowness <= SLOW;
}

bool whole_patience(void)
{
	if (!patience)
		return false;
	patience--;
	return true;
}
