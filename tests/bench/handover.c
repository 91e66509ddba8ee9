/* SPDX-License-Identifier: BSD-3-Clause */
/* handover.c - what it costs when a packet arrives at a worker that does not own its session, and
 * how two workers share the sessions of one tunnel (docs/architecture.md, steering). Two threads on
 * two CPUs poll real workers (rig2.h) in rounds: both write fresh frames (not timed), meet at a
 * barrier, and poll until every frame was sent. Cases, in rotation:
 *   one       worker 0 receives and owns everything                 C = its ticks per packet
 *   own2      both receive, each owns what it receives              two workers, no hand-over
 *   half2     both receive, every second packet is the other's      two workers on one tunnel
 *   cross     worker 0 receives, worker 1 owns everything           h = giver + owner - C
 *   one_half  worker 0 receives, every second packet is worker 1's  one tunnel on one queue
 * Ticks are TSC ticks of polls that found work. A core-to-core round trip is measured before each
 * turn of the rotation: it tells whether the two CPUs were near or far. A sample in which a thread had less than 98.5 % of its CPU
 * is taken again. Prints one JSON object. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_pause.h>

#include "tests/bench/rig2.h"

#define ROUNDS    25 /* of a sample */
#define RETRIES   4
#define SHARE_MIN 0.985
#define PINGS     20000
#define REPS_MAX  99

struct kase {
	const char *name;
	bool both; /* sides that receive */
	unsigned int self_256;
};

static const struct kase cases[] = {
	{"one", false, 256},
	{"own2", true, 256},
	{"half2", true, 128},
	{"cross", false, 0},
	{"one_half", false, 128},
};

struct sample {
	double ticks; /* wall, of the timed parts, per packet of all */
	double busy[RIG_SIDES]; /* per packet of all */
	double handed; /* share of packets */
	double share; /* of its CPU that the worse thread had */
	double round_trip_ns;
	unsigned int retries;
};

/* What main wants of the other thread; both pass barrier() between fields' use. */
static struct {
	enum { DO_ROUND, DO_PING, DO_END } what;
	const struct kase *kase;
	enum rig_dir dir;
	uint32_t total;
} job;
static unsigned int arrived __rte_cache_aligned, phase __rte_cache_aligned;
static uint64_t ping __rte_cache_aligned;

static void barrier(void)
{
	unsigned int was = __atomic_load_n(&phase, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL) == RIG_SIDES) {
		__atomic_store_n(&arrived, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&phase, was + 1, __ATOMIC_RELEASE);
		return;
	}
	while (__atomic_load_n(&phase, __ATOMIC_ACQUIRE) == was)
		rte_pause();
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint32_t sent(void)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < RIG_SIDES; i++)
		n += __atomic_load_n(&rig_side[i].sent, __ATOMIC_RELAXED);
	return (uint32_t)n;
}

/* One side's part of a round. @return ticks of the timed part. The other side's counter is looked at
 * only now and then, and when there is nothing to do: looking takes its line from it. */
static uint64_t round_of(unsigned int id)
{
	struct rig_side *s = &rig_side[id];
	bool receives = !id || job.kase->both;
	uint64_t from;

	s->receivers = job.kase->both ? RIG_SIDES : 1;
	rig_refill(s, job.dir, receives ? RIG_PACKETS : 0, job.kase->self_256);
	barrier();
	from = rte_rdtsc();
	for (unsigned int idle = 1;; idle++) {
		rig_poll(s);
		if (s->w->worked)
			idle = 0;
		else if (idle % 64 == 0 && sent() >= job.total)
			break;
	}
	from = rte_rdtsc() - from;
	barrier();
	return from;
}

static void pong(unsigned int id)
{
	for (uint64_t k = 0; k < PINGS; k++) {
		while (__atomic_load_n(&ping, __ATOMIC_ACQUIRE) != 2 * k + id)
			;
		__atomic_store_n(&ping, 2 * k + id + 1, __ATOMIC_RELEASE);
	}
}

static double other_share; /* of the second thread, in the round that ended */

static int other(void *arg)
{
	(void)arg;
	for (;;) {
		double wall, cpu;

		barrier();
		if (job.what == DO_END)
			return 0;
		wall = seconds(CLOCK_MONOTONIC);
		cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
		if (job.what == DO_PING)
			pong(1);
		for (unsigned int i = 0; job.what == DO_ROUND && i < ROUNDS; i++)
			round_of(1);
		other_share = (seconds(CLOCK_THREAD_CPUTIME_ID) - cpu) /
			(seconds(CLOCK_MONOTONIC) - wall);
		barrier();
	}
}

/* Nanoseconds for a cache line to the other CPU and back; the least of five. */
static double round_trip(void)
{
	double least = 1e9;

	for (unsigned int i = 0; i < 5; i++) {
		uint64_t from;

		job.what = DO_PING;
		ping = 0;
		barrier();
		from = rte_rdtsc();
		pong(0);
		from = rte_rdtsc() - from;
		barrier();
		least = RTE_MIN(least, (double)from * 1e9 / (double)rte_get_tsc_hz() / PINGS);
	}
	return least;
}

static struct sample measure_once(const struct kase *k, enum rig_dir dir)
{
	double total = (double)ROUNDS * RIG_PACKETS * (k->both ? 2 : 1);
	uint64_t ticks = 0, busy[RIG_SIDES], handed = 0;
	struct sample s = {0};
	double wall, cpu;

	job.what = DO_ROUND;
	job.kase = k;
	job.dir = dir;
	job.total = RIG_PACKETS * (k->both ? 2 : 1);
	for (unsigned int i = 0; i < RIG_SIDES; i++) {
		busy[i] = rig_side[i].busy;
		handed -= rig_side[i].w->stat.handed_in;
	}
	barrier();
	wall = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
	for (unsigned int i = 0; i < ROUNDS; i++)
		ticks += round_of(0);
	s.share = (seconds(CLOCK_THREAD_CPUTIME_ID) - cpu) / (seconds(CLOCK_MONOTONIC) - wall);
	barrier();
	s.share = RTE_MIN(s.share, other_share);
	s.ticks = (double)ticks / total;
	for (unsigned int i = 0; i < RIG_SIDES; i++) {
		s.busy[i] = (double)(rig_side[i].busy - busy[i]) / total;
		handed += rig_side[i].w->stat.handed_in;
	}
	s.handed = (double)handed / total;
	return s;
}

static int measure(const struct kase *k, enum rig_dir dir, struct sample *s)
{
	double trip = round_trip();
	unsigned int retries = 0;

	do
		*s = measure_once(k, dir);
	while (s->share < SHARE_MIN && retries++ < RETRIES);
	s->retries = retries;
	s->round_trip_ns = trip;
	return rig_check(dir) ? 0 : -1;
}

static void print_samples(const struct sample s[RTE_DIM(cases)][REPS_MAX], unsigned int reps)
{
	for (unsigned int c = 0; c < RTE_DIM(cases); c++) {
		printf("%s\"%s\": [", c ? ", " : "", cases[c].name);
		for (unsigned int r = 0; r < reps; r++)
			printf("%s{\"ticks\": %.2f, \"busy\": [%.2f, %.2f], \"handed\": %.4f, "
			       "\"cpu_share\": %.4f, \"round_trip_ns\": %.0f, \"repeated\": %u}",
				r ? ", " : "", s[c][r].ticks, s[c][r].busy[0], s[c][r].busy[1],
				s[c][r].handed, s[c][r].share, s[c][r].round_trip_ns,
				s[c][r].retries);
		printf("]");
	}
}

static int run(uint32_t sessions, unsigned int reps)
{
	static struct sample s[2][RTE_DIM(cases)][REPS_MAX];
	uint64_t dropped;

	for (unsigned int r = 0; r < reps; r++)
		for (unsigned int dir = 0; dir < 2; dir++)
			for (unsigned int c = 0; c < RTE_DIM(cases); c++)
				if (measure(&cases[c], (enum rig_dir)dir, &s[dir][c][r]))
					return -1;
	dropped = rig_dropped();
	printf("{\"sessions\": %u, \"tunnels\": %u, \"tsc_hz\": %lu, \"hugepages\": %s, "
	       "\"dropped\": %lu, "
	       "\"up\": {",
		sessions, rig_tunnels(), rte_get_tsc_hz(), rig_hugepages ? "true" : "false",
		dropped);
	print_samples(s[RIG_UP], reps);
	printf("}, \"down\": {");
	print_samples(s[RIG_DOWN], reps);
	printf("}}\n");
	return dropped ? -1 : 0;
}

int main(int argc, char **argv)
{
	static const struct option opts[] = {{"sessions", required_argument, NULL, 's'},
		{"reps", required_argument, NULL, 'r'}, {"cpus", required_argument, NULL, 'c'},
		{0}};
	int cpu[RIG_SIDES] = {0, 1}, o, failed;
	unsigned long sessions = 1000, reps = 5;

	while ((o = getopt_long(argc, argv, "", opts, NULL)) >= 0) {
		if (o == 's')
			sessions = strtoul(optarg, NULL, 0);
		else if (o == 'r')
			reps = strtoul(optarg, NULL, 0);
		else if (o != 'c' || sscanf(optarg, "%d,%d", &cpu[0], &cpu[1]) != 2)
			return 2;
	}
	if (sessions < 16 || sessions > 2000000 || !reps || reps > REPS_MAX)
		return 2;
	if (rig_start(cpu, (uint32_t)sessions))
		return 1;
	rte_eal_remote_launch(other, NULL, 1);
	failed = run((uint32_t)sessions, (unsigned int)reps);
	job.what = DO_END;
	barrier();
	rte_eal_mp_wait_lcore();
	rig_stop();
	return failed ? 1 : 0;
}
