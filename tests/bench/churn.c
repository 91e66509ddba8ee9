/* SPDX-License-Identifier: BSD-3-Clause */
/* churn.c - what a forwarded packet costs while sessions come and go: one thread is the real worker, on prepared packets of
 * sessions that stay (bed.h), another one, on another CPU, is control, and takes spare sessions of the same tunnels up and down:
 * ids, publication, addresses with a verdict by the command ring; removal, the owner's answer, the grace period, reuse of the
 * slot. All of it by the functions that lnsd calls. With --lcp they are started too: the owner begins LCP, which nobody answers.
 * PPP until a session is open is the worker's time for that session, and measured with lnsd itself (setup).
 * Blocks of passes without and with churn take turns. A pass writes fresh packets (not timed) and runs the worker over them
 * (timed). Sessions come and go by the clock of the timed parts, so many in a second of them: what they cost the worker falls
 * into the timed parts too. A block is long enough for dozens of them, and its mean counts, for their cost is not in every
 * pass; of the blocks of a sample the median. A pass in which the worker did not have the whole of its core does not count (whole.h). Every packet must come out, and those of the last pass are compared
 * with what they must be. Prints one JSON object. */
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_pause.h>
#include <rte_rcu_qsbr.h>

#include "dataplane/control.h"
#include "tests/bench/packets.h"
#include "tests/bench/whole.h"

#define REPS_MAX   64
#define BLOCKS_MAX 256
#define EVENTS     64
#define TICK_NS    10000000ull /* as cp_loop.c */
#define SETTLE_NS  3000000ull
#define LONG_MS    60000 /* no timer of a spare session fires */

static struct {
	struct bed_options bed;
	unsigned int reps, blocks, passes, rate;
	bool no_fifo, lcp;
} opt = {
	.bed = {.sessions = 262144,
		.spare = 4096,
		.cpu = 1,
		.control_cpu = 0,
		.hugepages = true,
		.extra = ""},
	.reps = 5,
	.blocks = 25,
	.passes = 25,
	.rate = 10000,
};

/* The worker's words to control: how much time sessions have come and gone in, and since when it runs. */
static struct {
	uint64_t ticks, since; /* since: 0 = it does not */
	uint64_t unused; /* written where there is no churn, so that the line goes the same way */
	bool end;
} timed __rte_cache_aligned;

/* Spare sessions: a ring each of those that are up and of those that are free, by their number. */
static struct {
	uint32_t *generation, *up, *idle, *number_of_slot;
	uint64_t up_head, up_tail, idle_head, idle_tail, went;
	uint64_t tick_ns, random;
} c __rte_cache_aligned;

static struct {
	double without[REPS_MAX], with[REPS_MAX], per_second[REPS_MAX];
	uint64_t lost;
	unsigned int repeated, shared;
} results[2];
static const char *const rows[2] = {"up", "down"};
static bool wrong;

/* -- control -- */

static uint64_t clock_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void one_comes(void)
{
	uint32_t k = c.idle[c.idle_head++ % opt.bed.spare];
	uint32_t slot = bed.spare_slot[k], i;
	struct dp_session_desc d = {
		.slot = slot,
		.generation = ++c.generation[k],
		.peer_sid = (uint16_t)(BED_PER_TUNNEL + 1 + k),
		.mtu = 1452,
		.source_check = true,
		.mss_clamp = true,
	};
	struct dp_verdict v = {
		.ppp = {.accept = true, .peer_ip4 = bed_address(slot), .our_ip4 = BED_POOL + 1},
		.prefix6 = BED_PREFIX6 + bed.sessions + k,
		.our_ip4 = BED_POOL + 1,
	};
	int r;

	c.random = c.random * 6364136223846793005ull + 1; /* the bed's is the worker's */
	i = (uint32_t)((c.random >> 32) * bed.sessions >> 32);
	d.tunnel = bed_tunnel_of(i) + 1;
	d.tid = bed.session[i].tid;
	do {
		d.sid = dp_session_pick_sid(d.slot, d.tid);
		r = dp_session_publish(&d);
	} while (r == -EEXIST);
	if (r)
		rte_panic("churn: no session in slot %u: %s\n", slot, strerror(-r));
	if (opt.lcp)
		dp_session_start(slot, d.generation, false);
	r = dp_session_verdict(slot, d.generation, &v);
	if (r)
		rte_panic("churn: no addresses for slot %u: %s\n", slot, strerror(-r));
	c.up[c.up_tail++ % opt.bed.spare] = k;
}

static void one_goes(void)
{
	uint32_t k = c.up[c.up_head++ % opt.bed.spare];

	dp_session_remove(bed.spare_slot[k], c.generation[k]);
	c.went++;
}

static uint64_t due(void)
{
	uint64_t ticks = __atomic_load_n(&timed.ticks, __ATOMIC_ACQUIRE);
	uint64_t since = __atomic_load_n(&timed.since, __ATOMIC_ACQUIRE), now = rte_rdtsc();

	if (since && now > since)
		ticks += now - since;
	return (uint64_t)((double)ticks * opt.rate / (double)rte_get_tsc_hz());
}

/* As a turn of cp_loop.c: what workers tell, the tick, then what is due. */
static void turn(void)
{
	struct dp_event ev[EVENTS];
	unsigned int n = dp_events(ev, EVENTS);
	uint64_t now = clock_of(CLOCK_BOOTTIME);

	for (unsigned int i = 0; i < n; i++)
		if (ev[i].type == DP_EV_SESSION_FREE)
			c.idle[c.idle_tail++ % opt.bed.spare] = c.number_of_slot[ev[i].slot];
	dp_events_done(ev, n);
	if (now >= c.tick_ns) {
		dp_tick(now);
		c.tick_ns = now + TICK_NS;
	}
	for (uint64_t k = due(); c.went < k && c.up_head != c.up_tail;)
		one_goes();
	while (c.idle_head != c.idle_tail && c.up_tail - c.up_head < opt.bed.spare / 2)
		one_comes();
}

static void fifo(void)
{
	if (!opt.no_fifo)
		sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1});
}

/* -- the worker -- */

/* What is not traffic is the LCP of a spare session. */
static uint16_t access_tx(void *queue, struct rte_mbuf **m, uint16_t n)
{
	(void)queue;
	for (uint16_t i = 0; i < n; i++) {
		if (m[i]->data_len == 98)
			bed.sent++;
		else
			rte_pktmbuf_free(m[i]);
	}
	return n;
}

static void settle(void)
{
	uint64_t until = clock_of(CLOCK_MONOTONIC) + SETTLE_NS;

	while (clock_of(CLOCK_MONOTONIC) < until) {
		worker_poll(bed.w);
		rte_rcu_qsbr_quiescent(dp_t.qsbr, bed.w->id);
	}
}

/* @return ticks; *ours: whether the worker's core was. */
static uint64_t one_pass(const struct row *r, bool churn, uint64_t *lost, bool *ours)
{
	struct stretch stretch;
	uint64_t from, ticks;

	packets_refill(r);
	bed.sent = 0;
	stretch_begin(&stretch);
	from = rte_rdtsc_precise();
	__atomic_store_n(churn ? &timed.since : &timed.unused, from, __ATOMIC_RELEASE);
	bed_run();
	ticks = rte_rdtsc_precise() - from;
	if (churn) {
		__atomic_store_n(&timed.since, 0, __ATOMIC_RELEASE);
		__atomic_store_n(&timed.ticks, timed.ticks + ticks, __ATOMIC_RELEASE);
	}
	*ours = stretch_end(&stretch);
	*lost += BED_RING - RTE_MIN(bed.sent, (uint64_t)BED_RING);
	return ticks;
}

/* A block: passes that count, and one before them that does not. @return its ticks. */
static uint64_t block(const struct row *r, bool churn, unsigned int way)
{
	uint64_t sum = 0, ticks;
	unsigned int kept = 0;
	bool ours;

	settle();
	one_pass(r, false, &results[way].lost, &ours);
	while (kept < opt.passes) {
		ticks = one_pass(r, churn, &results[way].lost, &ours);
		if (!ours && whole_patience()) {
			results[way].repeated++;
			continue;
		}
		results[way].shared += !ours;
		sum += ticks;
		kept++;
	}
	return sum;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Of blocks, by packet. */
static double median(uint64_t *ticks)
{
	qsort(ticks, opt.blocks, sizeof(*ticks), by_value);
	return (double)(ticks[(opt.blocks - 1) / 2] + ticks[opt.blocks / 2]) / 2 / opt.passes /
		BED_RING;
}

static void sample(unsigned int way, unsigned int rep)
{
	uint64_t ticks[2][BLOCKS_MAX], before, went;
	struct row r;
	bool ours;

	row_parse(&r, rows[way]);
	row_apply(&r);
	before = timed.ticks;
	went = __atomic_load_n(&c.went, __ATOMIC_RELAXED);
	for (unsigned int b = 0; b < opt.blocks; b++)
		for (unsigned int churn = 0; churn < 2; churn++)
			ticks[churn][b] = block(&r, churn, way);
	settle();
	went = __atomic_load_n(&c.went, __ATOMIC_RELAXED) - went;
	results[way].without[rep] = median(ticks[0]);
	results[way].with[rep] = median(ticks[1]);
	results[way].per_second[rep] =
		(double)went * (double)rte_get_tsc_hz() / (double)(timed.ticks - before);
	one_pass(&r, true, &results[way].lost, &ours);
	wrong |= packets_verify(&r) != 0;
}

static int worker(void *arg)
{
	(void)arg;
	fifo();
	for (unsigned int rep = 0; rep < opt.reps; rep++)
		for (unsigned int way = 0; way < 2; way++)
			sample(way, rep);
	__atomic_store_n(&timed.end, true, __ATOMIC_RELEASE);
	settle(); /* control may wait for room in the ring */
	return 0;
}

/* -- the whole -- */

static void print_samples(const char *name, const double *v, const char *after)
{
	printf("\"%s\": [", name);
	for (unsigned int i = 0; i < opt.reps; i++)
		printf("%s%.3f", i ? ", " : "", v[i]);
	printf("]%s", after);
}

static void print_results(void)
{
	printf("{\"sessions\": %u, \"spare\": %u, \"rate\": %u, \"packets_in_a_pass\": %u, "
	       "\"hugepages\": %s, "
	       "\"dropped\": %llu",
		bed.sessions, opt.bed.spare, opt.rate, BED_RING,
		opt.bed.hugepages ? "true" : "false", (unsigned long long)bed_dropped());
	for (unsigned int way = 0; way < 2; way++) {
		printf(",\n \"%s\": {", rows[way]);
		print_samples("without", results[way].without, ", ");
		print_samples("with", results[way].with, ", ");
		print_samples("per_second", results[way].per_second, ", ");
		printf("\"lost\": %llu, \"passes\": %u, \"passes_repeated\": %u, "
		       "\"passes_shared\": %u}",
			(unsigned long long)results[way].lost,
			2 * opt.reps * opt.blocks * opt.passes, results[way].repeated,
			results[way].shared);
	}
	printf("}\n");
}

static int usage(void)
{
	fputs("usage: churn [--sessions N] [--spare N] [--rate SESSIONS_A_SECOND] [--reps N] "
	      "[--blocks N] [--passes N]\n"
	      "             [--cpu WORKER] [--control-cpu N] [--no-huge] [--no-fifo] [--lcp]\n"
	      "Half of the spare sessions are up at a time. Prints one JSON object.\n",
		stderr);
	return 2;
}

static int options(int argc, char **argv)
{
	static const struct option known[] = {{"sessions", 1, NULL, 'n'}, {"spare", 1, NULL, 's'},
		{"rate", 1, NULL, 'r'}, {"reps", 1, NULL, 'R'}, {"blocks", 1, NULL, 'b'},
		{"passes", 1, NULL, 'p'}, {"cpu", 1, NULL, 'c'}, {"control-cpu", 1, NULL, 'C'},
		{"no-huge", 0, NULL, 'H'}, {"no-fifo", 0, NULL, 'F'}, {"lcp", 0, NULL, 'l'}, {0}};
	int o;

	while ((o = getopt_long(argc, argv, "", known, NULL)) != -1) {
		unsigned int v = optarg ? (unsigned int)strtoul(optarg, NULL, 0) : 0;

		if (o == 'n')
			opt.bed.sessions = v;
		else if (o == 's')
			opt.bed.spare = v;
		else if (o == 'r')
			opt.rate = v;
		else if (o == 'R')
			opt.reps = v;
		else if (o == 'b')
			opt.blocks = v;
		else if (o == 'p')
			opt.passes = v;
		else if (o == 'c')
			opt.bed.cpu = v;
		else if (o == 'C')
			opt.bed.control_cpu = (int)v;
		else if (o == 'H')
			opt.bed.hugepages = false;
		else if (o == 'F')
			opt.no_fifo = true;
		else if (o == 'l')
			opt.lcp = true;
		else
			return usage();
	}
	return optind < argc || !opt.bed.sessions || opt.bed.spare < 16 ||
			opt.bed.sessions + opt.bed.spare > 1000000 || !opt.reps ||
			opt.reps > REPS_MAX || !opt.blocks || opt.blocks > BLOCKS_MAX ||
			!opt.passes || !opt.rate || opt.bed.control_cpu == (int)opt.bed.cpu
		? usage()
		: 0;
}

static void churn_init(void)
{
	const struct ppp_profile p = {.auth = {PPP_AUTH_CHAP_MD5},
		.ipv4 = true,
		.ipv6 = true,
		.mru = 1452,
		.mtu_max = 1452,
		.restart_ms = LONG_MS,
		.max_configure = 10,
		.max_terminate = 2,
		.max_failure = 5,
		.auth_timeout_ms = LONG_MS,
		.name = "lns"};

	dp_profile_set(0, &p);
	rte_eth_fp_ops[dp_t.iface[BED_ACCESS].port].tx_pkt_burst = access_tx;
	packets_init(false);
	whole_init();
	c.generation = calloc(opt.bed.spare, sizeof(*c.generation));
	c.up = calloc(opt.bed.spare, sizeof(*c.up));
	c.idle = calloc(opt.bed.spare, sizeof(*c.idle));
	c.number_of_slot = calloc(dp_t.max_sessions + 1, sizeof(*c.number_of_slot));
	for (uint32_t k = 0; k < opt.bed.spare; k++) {
		c.number_of_slot[bed.spare_slot[k]] = k;
		c.idle[c.idle_tail++] = k;
	}
}

int main(int argc, char **argv)
{
	bool bad;

	if (options(argc, argv))
		return 2;
	if (bed_start(&opt.bed))
		return opt.bed.hugepages ? 3 : 1;
	churn_init();
	rte_eal_remote_launch(worker, NULL, 1);
	fifo();
	while (!__atomic_load_n(&timed.end, __ATOMIC_ACQUIRE)) {
		turn();
		rte_pause();
	}
	rte_eal_mp_wait_lcore();
	print_results();
	bad = wrong || bed_dropped() || results[0].lost || results[1].lost;
	bed_stop();
	return bad;
}
