/* SPDX-License-Identifier: BSD-3-Clause */
/* calib.c - see calib.h. */
#include <errno.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_pause.h>
#include <rte_prefetch.h>

#include "tests/bench/calib.h"

#define ROUNDS    2000
#define BATCHES   51
#define PATIENCE  (1u << 30) /* looks for the ball until we give up: about a second */
#define LINES     (1u << 18)
#define ADDITIONS 2000000u
#define NEAR_NS   200.0 /* a round trip below: both CPUs share a cache; above: they do not */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double tsc_hz(void)
{
	double from = now(), to;
	uint64_t tsc = rte_rdtsc();

	do
		to = now();
	while (to - from < 0.05);
	return (double)(rte_rdtsc() - tsc) / (to - from);
}

/* One addition waits for the one before: a core does one a cycle. The best of some, for a host may take the CPU away. */
static double core_hz(void)
{
	double best = 0;

	for (unsigned int k = 0; k < 9; k++) {
		uint64_t x = k;
		double from = now(), hz;

		for (unsigned int i = 0; i < ADDITIONS; i += 8)
			__asm__ volatile("add $1, %0\n add $1, %0\n add $1, %0\n add $1, %0\n"
					 "add $1, %0\n add $1, %0\n add $1, %0\n add $1, %0"
					 : "+r"(x));
		hz = ADDITIONS / (now() - from);
		best = hz > best ? hz : best;
	}
	return best;
}

static struct {
	uint64_t ball __attribute__((aligned(64)));
	bool stop __attribute__((aligned(64)));
} wall;

static void *throw_back(void *arg)
{
	uint64_t seen = 0;

	(void)arg;
	while (!__atomic_load_n(&wall.stop, __ATOMIC_RELAXED)) {
		uint64_t ball = __atomic_load_n(&wall.ball, __ATOMIC_ACQUIRE);

		if (ball != seen && (ball & 1))
			__atomic_store_n(&wall.ball, seen = ball + 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* It begins where it belongs: where we spin at real-time priority it would never get to move. */
static int start_thread(pthread_t *thread, unsigned int cpu)
{
	pthread_attr_t attr;
	cpu_set_t set;
	int r;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	r = pthread_create(thread, &attr, throw_back, NULL);
	pthread_attr_destroy(&attr);
	return r;
}

/* @return false: nobody threw it back, the other CPU is somebody else's. */
static bool throw(uint64_t ball)
{
	__atomic_store_n(&wall.ball, ball, __ATOMIC_RELEASE);
	for (uint32_t spins = PATIENCE; spins; spins--)
		if (__atomic_load_n(&wall.ball, __ATOMIC_ACQUIRE) == ball + 1)
			return true;
	return false;
}

/* @return 0: it cannot be had. */
static double round_trip_ns(unsigned int other)
{
	double ns[BATCHES];
	pthread_t thread;
	uint64_t ball = 1;
	bool back = true;

	wall.ball = 0;
	wall.stop = false;
	if (start_thread(&thread, other))
		return 0;
	for (unsigned int b = 0; b < BATCHES && back; b++) {
		double from = now();

		for (unsigned int i = 0; i < ROUNDS && back; i++, ball += 2)
			back = throw(ball);
		ns[b] = (now() - from) / ROUNDS * 1e9;
	}
	__atomic_store_n(&wall.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	if (!back)
		return 0;
	qsort(ns, BATCHES, sizeof(ns[0]), ascending);
	return ns[BATCHES / 4]; /* the other CPU may be somebody else's for a time */
}

static double line_ns(uint8_t *base, size_t bytes)
{
	uint64_t lines = bytes / 64, x = 0x9e3779b97f4a7c15ull, sum = 0;
	double best = 1e9;

	for (unsigned int k = 0; k < 5; k++) {
		double from = now(), ns;

		for (unsigned int i = 0; i < LINES; i += 32) {
			uint8_t *at[32];

			for (unsigned int j = 0; j < 32; j++) {
				x = x * 6364136223846793005ull + 1442695040888963407ull;
				at[j] = base + (x >> 33) % lines * 64;
				rte_prefetch0(at[j]);
			}
			for (unsigned int j = 0; j < 32; j++)
				sum += *at[j];
		}
		ns = (now() - from) / LINES * 1e9;
		best = ns < best ? ns : best;
	}
	__asm__ volatile("" ::"r"(sum));
	return best;
}

static json_t *memory(void)
{
	static const unsigned int mib[] = {16, 64, 256};
	size_t most = 256u << 20;
	json_t *o = json_object();
	bool huge = true;
	uint8_t *p = mmap(NULL, most, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (p == MAP_FAILED) {
		huge = false;
		p = mmap(NULL, most, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	if (p == MAP_FAILED)
		return o;
	memset(p, 1, most);
	for (unsigned int i = 0; i < 3; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%u_mib", mib[i]);
		json_object_set_new(o, name, json_real(line_ns(p, (size_t)mib[i] << 20)));
	}
	json_object_set_new(o, "hugepages", json_boolean(huge));
	munmap(p, most);
	return o;
}

json_t *calibrate(unsigned int cpu, int other)
{
	json_t *o = json_object();
	cpu_set_t before;
	double ns = 0;

	pthread_getaffinity_np(pthread_self(), sizeof(before), &before);
	pin(cpu);
	json_object_set_new(o, "tsc_hz", json_real(tsc_hz()));
	json_object_set_new(o, "core_hz", json_real(core_hz()));
	if (other >= 0)
		ns = round_trip_ns((unsigned int)other);
	if (ns > 0) {
		json_object_set_new(o, "round_trip_ns", json_real(ns));
		json_object_set_new(o, "mode", json_string(ns < NEAR_NS ? "near" : "far"));
	}
	json_object_set_new(o, "line_ns", memory());
	pthread_setaffinity_np(pthread_self(), sizeof(before), &before);
	return o;
}

const char *const counter_name[3] = {"instructions", "cycles", "cache_misses"};

void counters_open(struct counters *c)
{
	static const uint64_t what[3] = {
		PERF_COUNT_HW_INSTRUCTIONS, PERF_COUNT_HW_CPU_CYCLES, PERF_COUNT_HW_CACHE_MISSES};

	*c = (struct counters){.fd = {-1, -1, -1}};
	for (unsigned int i = 0; i < 3; i++) {
		struct perf_event_attr a = {
			.type = PERF_TYPE_HARDWARE,
			.size = sizeof(a),
			.config = what[i],
			.disabled = i == 0,
			.exclude_kernel = 1,
			.exclude_hv = 1,
		};

		c->fd[i] = (int)syscall(SYS_perf_event_open, &a, 0, -1, i ? c->fd[0] : -1, 0);
		if (c->fd[i] >= 0)
			continue;
		c->why = strerror(errno);
		for (unsigned int k = 0; k < i; k++)
			close(c->fd[k]);
		return;
	}
}

void counters_run(struct counters *c, bool on)
{
	if (!c->why)
		ioctl(c->fd[0], on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE,
			PERF_IOC_FLAG_GROUP);
}

void counters_read(struct counters *c, uint64_t value[3])
{
	for (unsigned int i = 0; i < 3; i++)
		if (c->why || read(c->fd[i], &value[i], sizeof(value[i])) != sizeof(value[i]))
			value[i] = 0;
}
