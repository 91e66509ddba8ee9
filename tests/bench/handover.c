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
 * Ticks are TSC ticks of polls that found work. A core-to-core round trip, measured before and after each
 * rotation, tells whether the two CPUs were near or far. A sample is of ROUNDS rotations, all near or all far, in which
 * both threads had the whole of their cores (whole.h): others are left out as long as there is time for better ones.
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
#define SAMPLE_S 3 /* after so long a rotation counts although a core was not ours */
#define REPS_MAX 99

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
#define CASES RTE_DIM(cases)

struct sample {
	double ticks; /* of time for each packet, while all of them send (rig_rate()) */
	double busy[RIG_SIDES]; /* per packet of all */
	double handed; /* share of packets */
	double round_trip_ns;
	unsigned int repeated, shared; /* rounds; those that count although a core was not ours */
};

/* Rotations of either mode until one has enough. */
struct tally {
	struct sample s[CASES];
	unsigned int kept;
};
enum { NEAR, FAR, MODES };

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
	bool receives = !id || job.kase->both;
	struct round r = {.busy = s->busy, .handed = s->w->stat.handed_in};
	struct stretch stretch;

	s->receivers = job.kase->both ? RIG_SIDES : 1;
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
	job.total = RIG_PACKETS * (k->both ? 2 : 1);
	barrier();
	round_of(0);
	barrier();
}

/* What a round that was done adds to its case's sample. */
static void add(struct sample *s, const struct kase *k, const struct round *r, double trip)
{
	const double total = RIG_PACKETS * (k->both ? 2 : 1);

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

/* Rotations until there is a sample of each case. A rotation counts for all cases or for none, or they would be measured on unlike
 * hosts; one in which the CPUs were moved does not. */
static int measure(enum rig_dir dir, struct sample s[CASES])
{
	const uint64_t until = rte_get_tsc_cycles() + SAMPLE_S * rte_get_tsc_hz();
	struct tally tally[MODES] = {0}, *t;
	double before, after = round_trip();
	unsigned int repeated = 0;

	do {
		const bool any = rte_get_tsc_cycles() >= until;
		struct round did[CASES][RIG_SIDES];
		bool counts = rotation(dir, did) || any;

		before = after;
		after = round_trip();
		t = &tally[before < NEAR_NS ? NEAR : FAR];
		if (!counts || (before < NEAR_NS) != (after < NEAR_NS)) {
			repeated++;
			continue;
		}
		for (unsigned int c = 0; c < CASES; c++)
			add(&t->s[c], &cases[c], did[c], before);
		t->kept++;
	} while (t->kept < ROUNDS);
	for (unsigned int c = 0; c < CASES; c++) {
		s[c] = t->s[c];
		s[c].repeated = repeated;
	}
	return rig_check(dir) ? 0 : -1;
}

static void print_samples(const struct sample s[REPS_MAX][CASES], unsigned int reps)
{
	for (unsigned int c = 0; c < CASES; c++) {
		printf("%s\"%s\": [", c ? ", " : "", cases[c].name);
		for (unsigned int r = 0; r < reps; r++)
			printf("%s{\"ticks\": %.2f, \"busy\": [%.2f, %.2f], \"handed\": %.4f, "
			       "\"round_trip_ns\": %.0f, \"repeated\": %u, \"shared\": %u}",
				r ? ", " : "", s[r][c].ticks, s[r][c].busy[0], s[r][c].busy[1],
				s[r][c].handed, s[r][c].round_trip_ns, s[r][c].repeated,
				s[r][c].shared);
		printf("]");
	}
}

static int run(uint32_t sessions, unsigned int reps)
{
	static struct sample s[2][REPS_MAX][CASES];
	uint64_t dropped;

	for (unsigned int r = 0; r < reps; r++)
		for (unsigned int dir = 0; dir < 2; dir++)
			if (measure((enum rig_dir)dir, s[dir][r]))
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
	if (sessions < 16 || sessions > 2000000 || !reps || reps > REPS_MAX || cpu[0] == cpu[1])
		return 2;
	if (rig_start(cpu, (uint32_t)sessions))
		return 1;
	rte_eal_remote_launch(other, NULL, 1);
	alone();
	whole_init();
	failed = run((uint32_t)sessions, (unsigned int)reps);
	job.what = DO_END;
	barrier();
	rte_eal_mp_wait_lcore();
	rig_stop();
	return failed ? 1 : 0;
}
