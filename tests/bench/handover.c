/* SPDX-License-Identifier: BSD-3-Clause */
/* handover.c - what it costs when a packet arrives at a worker that does not own its session, and
 * how two workers share the sessions of one tunnel (docs/architecture.md, steering). Two threads on
 * two CPUs poll real workers (rig2.h) in rounds: both write fresh frames (not timed), meet at a
 * barrier, and poll until every frame was sent. Cases, in rotation:
 *   one       worker 0 receives and owns everything                 C = its ticks per packet
 *   other     the same with worker 1
 *   own2      both receive, each owns what it receives              two workers, no hand-over
 *   half2     both receive, every second packet is the other's      two workers on one tunnel
 *   cross     worker 0 receives, worker 1 owns everything           h = giver + owner - C
 *   one_half  worker 0 receives, every second packet is worker 1's  one tunnel on one queue
 * Ticks are TSC ticks of polls that found work. A core-to-core round trip, measured before and after each
 * rotation, tells whether the two CPUs were near or far. A sample is of ROUNDS rotations on one kind of host (enum host):
 * near or far, both threads with the whole of their cores (whole.h) in all rounds or not in all. It goes on until there are as
 * many near and whole ones as were asked for, or patience ends, and tells all: who reads them picks.
 * After each sample some frames are compared with what they must be.
 * Prints one JSON object. */
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_pause.h>

#include "tests/bench/rig2.h"
#include "tests/bench/whole.h"

#define ROUNDS   25 /* of each case in a sample: rotations */
#define PINGS    500
#define NEAR_NS  200 /* a round trip of CPUs that share a cache is below */
#define TELL_S   15
#define REPS_MAX 99

struct kase {
	const char *name;
	unsigned int receive; /* sides, a bit each */
	unsigned int self_256;
};

static const struct kase cases[] = {
	{"one", 1, 256},
	{"other", 2, 256},
	{"own2", 3, 256},
	{"half2", 3, 128},
	{"cross", 1, 0},
	{"one_half", 1, 128},
};
#define CASES RTE_DIM(cases)

static unsigned int receivers(const struct kase *k)
{
	return (unsigned int)__builtin_popcount(k->receive);
}

struct sample {
	double ticks; /* of time for each packet, while all of them send (rig_rate()) */
	double busy[RIG_SIDES]; /* per packet of all */
	double handed; /* share of packets */
	double round_trip_ns;
	unsigned int shared; /* rounds in which a core was not ours */
};

/* Where a rotation was. */
enum host { NEAR_WHOLE, NEAR_SHARED, FAR_WHOLE, FAR_SHARED, HOSTS };

/* Samples of one kind of host: those that are complete, and one that grows. */
struct tally {
	struct sample s[REPS_MAX + 1][CASES];
	unsigned int done, rotations;
};

/* Of one direction. */
struct gathered {
	struct tally of[HOSTS];
	unsigned int moved; /* rotations in which the CPUs were moved: they count nowhere */
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

static uint32_t sent(void)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < RIG_SIDES; i++)
		n += __atomic_load_n(&rig_side[i].sent, __ATOMIC_RELAXED);
	return (uint32_t)n;
}

/* What one side did in the round that ended; the other may read it until the next one begins. */
static struct round {
	double rate; /* packets sent a tick */
	uint64_t busy, handed;
	bool ours;
} rounds[RIG_SIDES];

/* One side's part of a round. The other side's counter is looked at only now and then, and when
 * there is nothing to do: looking takes its line from it. */
static void round_of(unsigned int id)
{
	struct rig_side *s = &rig_side[id];
	bool receives = job.kase->receive & 1u << id;
	struct round r = {.busy = s->busy, .handed = s->w->stat.handed_in};
	struct stretch stretch;

	s->receivers = receivers(job.kase);
	rig_refill(s, job.dir, receives ? RIG_PACKETS : 0, job.kase->self_256);
	stretch_begin(&stretch);
	barrier();
	rig_begin(s);
	for (unsigned int idle = 1;; idle++) {
		rig_poll(s);
		if (s->w->worked)
			idle = 0;
		else if (idle % 64 == 0 && sent() >= job.total)
			break;
	}
	r.rate = rig_rate(s);
	r.ours = stretch_end(&stretch);
	r.busy = s->busy - r.busy;
	r.handed = s->w->stat.handed_in - r.handed;
	rounds[id] = r;
	barrier();
}

static void pong(unsigned int id)
{
	for (uint64_t k = 0; k < PINGS; k++) {
		while (__atomic_load_n(&ping, __ATOMIC_ACQUIRE) != 2 * k + id)
			;
		__atomic_store_n(&ping, 2 * k + id + 1, __ATOMIC_RELEASE);
	}
}

/* Others' work must not run on the CPUs meanwhile, if we may ask for that. */
static void alone(void)
{
	sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 50});
}

static int other(void *arg)
{
	(void)arg;
	alone();
	whole_init();
	for (;;) {
		barrier();
		if (job.what == DO_END)
			return 0;
		if (job.what == DO_PING)
			pong(1);
		else
			round_of(1);
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

/* One round of both sides; what they did is in rounds[]. */
static void do_round(const struct kase *k, enum rig_dir dir)
{
	job.what = DO_ROUND;
	job.kase = k;
	job.dir = dir;
	job.total = RIG_PACKETS * receivers(k);
	barrier();
	round_of(0);
	barrier();
}

/* What a round that was done adds to its case's sample. */
static void add(struct sample *s, const struct kase *k, const struct round *r, double trip)
{
	const double total = RIG_PACKETS * receivers(k);

	s->shared += !(r[0].ours && r[1].ours);
	s->ticks += 1 / (r[0].rate + r[1].rate) / ROUNDS;
	s->round_trip_ns += trip / ROUNDS;
	for (unsigned int i = 0; i < RIG_SIDES; i++) {
		s->busy[i] += (double)r[i].busy / total / ROUNDS;
		s->handed += (double)r[i].handed / total / ROUNDS;
	}
}

/* A round of each case, each after one that warms. @return both threads had the whole of their cores in all of them. */
static bool rotation(enum rig_dir dir, struct round did[CASES][RIG_SIDES])
{
	bool ours = true;

	for (unsigned int c = 0; c < CASES; c++) {
		do_round(&cases[c], dir);
		do_round(&cases[c], dir);
		memcpy(did[c], rounds, sizeof(rounds));
		ours &= rounds[0].ours && rounds[1].ours;
	}
	return ours;
}

/* One rotation, added to the sample that grows on its kind of host. It counts for all cases or for none, or they would be measured
 * on unlike hosts. */
static int gather(enum rig_dir dir, struct gathered *g)
{
	double before = round_trip(), after;
	struct round did[CASES][RIG_SIDES];
	bool ours = rotation(dir, did);
	struct tally *t;

	after = round_trip();
	if ((before < NEAR_NS) != (after < NEAR_NS)) {
		g->moved++;
		return 0;
	}
	if (before < NEAR_NS)
		t = &g->of[ours ? NEAR_WHOLE : NEAR_SHARED];
	else
		t = &g->of[ours ? FAR_WHOLE : FAR_SHARED];
	if (t->done == REPS_MAX)
		return 0;
	for (unsigned int c = 0; c < CASES; c++)
		add(&t->s[t->done][c], &cases[c], did[c], before);
	if (++t->rotations < ROUNDS)
		return 0;
	t->rotations = 0;
	t->done++;
	return rig_check(dir) ? 0 : -1;
}

static unsigned int samples(const struct gathered *g)
{
	unsigned int n = 0;

	for (unsigned int h = 0; h < HOSTS; h++)
		n += g->of[h].done;
	return n;
}

static void print_case(const struct gathered *g, unsigned int c)
{
	const char *comma = "";

	for (unsigned int h = 0; h < HOSTS; h++)
		for (unsigned int r = 0; r < g->of[h].done; r++, comma = ", ") {
			const struct sample *s = &g->of[h].s[r][c];

			printf("%s{\"ticks\": %.2f, \"busy\": [%.2f, %.2f], \"handed\": %.4f, "
			       "\"round_trip_ns\": %.0f, \"shared\": %u}",
				comma, s->ticks, s->busy[0], s->busy[1], s->handed,
				s->round_trip_ns, s->shared);
		}
}

static void print_way(const char *name, const struct gathered *g)
{
	printf(", \"%s\": {", name);
	for (unsigned int c = 0; c < CASES; c++) {
		printf("%s\"%s\": [", c ? ", " : "", cases[c].name);
		print_case(g, c);
		printf("]");
	}
	printf("}, \"%s_moved\": %u", name, g->moved);
}

static int run(uint32_t sessions, unsigned int reps, uint64_t patience)
{
	static struct gathered up, down;
	const uint64_t hz = rte_get_tsc_hz(), until = rte_get_tsc_cycles() + patience * hz;
	uint64_t tell = rte_get_tsc_cycles() + TELL_S * hz, dropped;

	while (up.of[NEAR_WHOLE].done < reps || down.of[NEAR_WHOLE].done < reps) {
		if (rte_get_tsc_cycles() >= until && samples(&up) && samples(&down))
			break;
		if (rte_get_tsc_cycles() >= tell) {
			fprintf(stderr,
				"%u sessions: %u up, %u down of %u samples on near, whole cores\n",
				sessions, up.of[NEAR_WHOLE].done, down.of[NEAR_WHOLE].done, reps);
			tell += TELL_S * hz;
		}
		if (gather(RIG_UP, &up) || gather(RIG_DOWN, &down))
			return -1;
	}
	dropped = rig_dropped();
	printf("{\"sessions\": %u, \"tunnels\": %u, \"tsc_hz\": %lu, \"hugepages\": %s, "
	       "\"dropped\": %lu",
		sessions, rig_tunnels(), hz, rig_hugepages ? "true" : "false", dropped);
	print_way("up", &up);
	print_way("down", &down);
	printf("}\n");
	return dropped ? -1 : 0;
}

int main(int argc, char **argv)
{
	static const struct option opts[] = {{"sessions", required_argument, NULL, 's'},
		{"reps", required_argument, NULL, 'r'}, {"cpus", required_argument, NULL, 'c'},
		{"patience", required_argument, NULL, 'p'}, {0}};
	int cpu[RIG_SIDES] = {0, 1}, o, failed;
	unsigned long sessions = 1000, reps = 5, patience = 60; /* seconds */

	while ((o = getopt_long(argc, argv, "", opts, NULL)) >= 0) {
		if (o == 's')
			sessions = strtoul(optarg, NULL, 0);
		else if (o == 'r')
			reps = strtoul(optarg, NULL, 0);
		else if (o == 'p')
			patience = strtoul(optarg, NULL, 0);
		else if (o != 'c' || sscanf(optarg, "%d,%d", &cpu[0], &cpu[1]) != 2)
			return 2;
	}
	if (sessions < 16 || sessions > 2000000 || !reps || reps > REPS_MAX || cpu[0] == cpu[1])
		return 2;
	if (rig_start(cpu, (uint32_t)sessions))
		return 1;
	rte_eal_remote_launch(other, NULL, 1);
	alone();
	whole_init();
	failed = run((uint32_t)sessions, (unsigned int)reps, patience);
	job.what = DO_END;
	barrier();
	rte_eal_mp_wait_lcore();
	rig_stop();
	return failed ? 1 : 0;
}
