/* SPDX-License-Identifier: BSD-3-Clause */
/* roundtrip.c - how far apart two CPUs are: a cache line goes from one to the other and back.
 *   roundtrip CPU CPU       prints nanoseconds, the best of ROUNDS; and of each CPU, how fast its core is (whole.h)
 * Hosts move virtual CPUs between core complexes, and let two guests share a core; every figure of two programs on two CPUs
 * moves with it, and no counter shows it. Two threads, each bound to its CPU. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/bench/whole.h"

#define ROUNDS 20
#define TRIPS  2000

enum { BACK, FORTH, END };

static _Alignas(128) atomic_int line = BACK;
static double pace[2]; /* here, there */

static int bind_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *answer(void *cpu)
{
	int is;

	if (bind_to(*(int *)cpu))
		exit(1);
	pace[1] = whole_now();
	while ((is = atomic_load_explicit(&line, memory_order_acquire)) != END)
		if (is == FORTH)
			atomic_store_explicit(&line, BACK, memory_order_release);
	return NULL;
}

static double round_trip(void)
{
	double from = seconds();

	for (int i = 0; i < TRIPS; i++) {
		atomic_store_explicit(&line, FORTH, memory_order_release);
		while (atomic_load_explicit(&line, memory_order_acquire) != BACK)
			;
	}
	return (seconds() - from) / TRIPS * 1e9;
}

int main(int argc, char **argv)
{
	int here = argc == 3 ? atoi(argv[1]) : 0, there = argc == 3 ? atoi(argv[2]) : 0;
	double best = 1e18;
	pthread_t thread;

	if (here == there || bind_to(here) || pthread_create(&thread, NULL, answer, &there)) {
		fputs("usage: roundtrip CPU CPU (two different ones that this process may use)\n",
			stderr);
		return 2;
	}
	for (int i = 0; i < ROUNDS; i++) {
		double ns = round_trip();

		if (ns < best)
			best = ns;
	}
	pace[0] = whole_now();
	atomic_store(&line, END);
	pthread_join(thread, NULL);
	printf("%.1f %.0f %.0f\n", best, pace[0], pace[1]);
	return 0;
}
