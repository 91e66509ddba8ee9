/* SPDX-License-Identifier: BSD-3-Clause */
/* inproc.c - cost of a packet in the real worker, without a device: TSC ticks of worker_poll() over bursts of prepared
 * buffers, beside the ceilings of ceiling.h on the same buffers.
 * A pass: write a fresh packet of a session of its own choice into each of 8,192 buffers (not timed), then run the worker
 * over them (timed). A sample is the median of --passes of them; with --beside each is preceded by one of a bare FIB
 * forward, whose median goes with the sample. Rows take turns, so that what changes on the machine changes for all of them.
 * A pass in which the thread did not have the whole of its core is repeated (whole.h). After each sample one pass is run again and
 * every frame of it is compared with what it must be; a wrong frame or a drop that was not asked for ends the program.
 * Not here: devices (their receive and transmit functions cost more than this), timers of PPP, router advertisements. */
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_rcu_qsbr.h>

#include "tests/bench/calib.h"
#include "tests/bench/ceiling.h"
#include "tests/bench/whole.h"

#define ROWS_MAX    64
#define SAMPLES_MAX 64
#define PASSES_MAX  256
/* Senders of a pass' packets to nobody that may get an ICMP error, by its rate limit. */
#define TOLD 256

static struct {
	struct bed_options bed;
	unsigned int reps, passes;
	int other_cpu;
	bool stages, no_calibration, no_fifo, beside;
} opt = {
	.bed = {.sessions = 1000, .control_cpu = -1, .hugepages = true, .extra = ""},
	.reps = 5,
	.passes = 16,
	.other_cpu = -1,
};

static struct result {
	struct row row;
	double ticks[SAMPLES_MAX], beside[SAMPLES_MAX];
	double counted[3];
	unsigned int repeated, shared;
} results[ROWS_MAX];
static unsigned int n_rows;
static struct counters counters;

static void run(const struct row *r)
{
	if (r->kind < ROW_UP)
		ceiling_run(r);
	else
		bed_run();
	if (r->kind >= ROW_UP && (r->freed || row_drops(r)))
		bed.ring[0] = NULL; /* its buffers are the pool's again */
}

/* Did the pass do with its packets what the row says? Exits if not. */
static void check_counts(const struct row *r, uint64_t dropped)
{
	enum drop_reason why = r->over ? DROP_POLICED
		: r->spoofed           ? DROP_SPOOFED_SOURCE
		: r->kind == ROW_DOWN  ? DROP_NO_ROUTE
				       : DROP_NO_SESSION;
	uint64_t must = row_drops(r) ? BED_RING : 0;
	uint64_t told = r->kind == ROW_DOWN && r->unknown ? TOLD : 0;

	if (r->kind < ROW_UP)
		return;
	if (dropped == must && bed.sent >= BED_RING - must && bed.sent <= BED_RING - must + told &&
		(!must || bed.w->drop[why]))
		return;
	fprintf(stderr, "inproc: %s: of %u packets %llu were sent and %llu dropped:\n", r->text,
		BED_RING, (unsigned long long)bed.sent, (unsigned long long)dropped);
	for (unsigned int i = 0; i < DROP_REASONS; i++)
		if (bed.w->drop[i])
			fprintf(stderr, "  %s %llu\n", dp_drop_name(i),
				(unsigned long long)bed.w->drop[i]);
	exit(1);
}

/* Ticks of the timed part; *ours: whether the core was. */
static uint64_t one_pass(const struct row *r, bool *ours)
{
	uint64_t dropped = bed.w->stat.dropped, from, ticks;
	struct stretch stretch;

	packets_refill(r);
	stretch_begin(&stretch);
	counters_run(&counters, !opt.beside || r->kind != ROW_FIB);
	from = rte_rdtsc_precise();
	run(r);
	ticks = rte_rdtsc_precise() - from;
	counters_run(&counters, false);
	*ours = stretch_end(&stretch);
	check_counts(r, bed.w->stat.dropped - dropped);
	return ticks;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Of a pass, by packet. */
static double median(uint64_t *ticks, unsigned int n)
{
	qsort(ticks, n, sizeof(*ticks), by_value);
	return (double)(ticks[(n - 1) / 2] + ticks[n / 2]) / 2 / BED_RING;
}

static void sample(struct result *res, unsigned int rep)
{
	static const struct row fib = {.text = "A", .kind = ROW_FIB, .frame = 98, .burst = BURST};
	const struct row *r = &res->row;
	unsigned int kept = 0, repeated = 0;
	uint64_t ticks[PASSES_MAX], beside[PASSES_MAX], before[3], after[3];
	bool ours, ours_beside = true;

	row_apply(r);
	memset(bed.w->drop, 0, sizeof(bed.w->drop));
	one_pass(r, &ours); /* warm */
	counters_read(&counters, before);
	while (kept < opt.passes) {
		beside[kept] = opt.beside ? one_pass(&fib, &ours_beside) : 0;
		ticks[kept] = one_pass(r, &ours);
		ours &= ours_beside;
		if (!ours && whole_patience()) {
			repeated++;
			continue;
		}
		res->shared += !ours;
		kept++;
	}
	counters_read(&counters, after);
	res->ticks[rep] = median(ticks, kept);
	res->beside[rep] = median(beside, kept);
	res->repeated += repeated;
	for (unsigned int i = 0; i < 3; i++)
		res->counted[i] += (double)(after[i] - before[i]) /
			((double)(kept + repeated) * BED_RING) / opt.reps;
	one_pass(r, &ours);
	if (packets_verify(r))
		exit(1);
}

/* -- ticks of each stage: the time stamp's own cost is measured and taken off. The order is worker_poll()'s. -- */
static const struct {
	const char *name;
	void (*run)(struct worker *, struct burst *);
} stages[] = {{"classify", classify}, {"core_rx", core_rx}, {"steer", steer}, {"l2tp_rx", l2tp_rx},
	{"ip_rx", ip_rx}, {"l2tp_tx", l2tp_tx}, {"port_tx", port_tx}, {"punt_tx", punt_tx},
	{"drop_all", drop_all}};

static double stamp_cost(void)
{
	uint64_t from = rte_rdtsc();

	for (unsigned int i = 0; i < 1000; i++)
		rte_rdtsc();
	return (double)(rte_rdtsc() - from) / 1001;
}

/* @return whether the core was ours; ticks are only good then. */
static bool staged_pass(const struct row *r, uint64_t ticks[RTE_DIM(stages)])
{
	struct burst *b = &bed.w->burst;
	unsigned int ifx = r->kind == ROW_DOWN ? BED_CORE : BED_ACCESS;
	struct stretch stretch;
	bool ours;

	packets_refill(r);
	stretch_begin(&stretch);
	for (unsigned int at = 0; at < BED_RING; at += r->burst) {
		uint64_t from = rte_rdtsc(), to;

		memcpy(b->m, bed.ring + at, r->burst * sizeof(b->m[0]));
		for (unsigned int i = 0; i < r->burst; i++)
			b->port[i] = dp_t.iface[ifx].port;
		b->n = r->burst;
		for (unsigned int s = 0; s < RTE_DIM(stages); s++) {
			stages[s].run(bed.w, b);
			to = rte_rdtsc();
			ticks[s] += to - from;
			from = to;
		}
		rte_rcu_qsbr_quiescent(dp_t.qsbr, bed.w->id);
	}
	ours = stretch_end(&stretch);
	if (row_drops(r))
		bed.ring[0] = NULL;
	return ours;
}

static json_t *stage_ticks(const struct row *r)
{
	double packets = (double)opt.passes * BED_RING, stamp = stamp_cost();
	uint64_t sum[RTE_DIM(stages)] = {0};
	json_t *o = json_object();
	unsigned int kept = 0;

	row_apply(r);
	while (kept < opt.passes) {
		uint64_t ticks[RTE_DIM(stages)] = {0};

		if (!staged_pass(r, ticks) && whole_patience())
			continue;
		for (unsigned int s = 0; s < RTE_DIM(stages); s++)
			sum[s] += ticks[s];
		kept++;
	}
	for (unsigned int s = 0; s < RTE_DIM(stages); s++)
		json_object_set_new(
			o, stages[s].name, json_real((double)sum[s] / packets - stamp / r->burst));
	return o;
}

static json_t *row_json(const struct result *res)
{
	json_t *o = json_object(), *samples = json_array(), *beside = json_array();

	for (unsigned int i = 0; i < opt.reps; i++) {
		json_array_append_new(samples, json_real(res->ticks[i]));
		json_array_append_new(beside, json_real(res->beside[i]));
	}
	json_object_set_new(o, "row", json_string(res->row.text));
	json_object_set_new(o, "ticks", samples);
	json_object_set_new(o, "A", beside);
	json_object_set_new(o, "passes_repeated", json_integer(res->repeated));
	json_object_set_new(o, "passes_shared", json_integer(res->shared));
	for (unsigned int i = 0; i < 3 && !counters.why; i++)
		json_object_set_new(o, counter_name[i], json_real(res->counted[i]));
	if (opt.stages && (res->row.kind == ROW_UP || res->row.kind == ROW_DOWN))
		json_object_set_new(o, "stages", stage_ticks(&res->row));
	return o;
}

static int usage(void)
{
	fputs("usage: inproc [OPTION...] ROW...\n"
	      "  --sessions N      open sessions (1000)\n"
	      "  --reps N          samples of each row, in turn (5)\n"
	      "  --passes N        of 8,192 packets in a sample (16)\n"
	      "  --beside          before each pass one of A, whose ticks are given with the row\n"
	      "  --cpu N           of the worker (1, or 0 where there is one)\n"
	      "  --memory MIB      of DPDK (by the number of sessions)\n"
	      "  --no-huge         plain pages: figures are not comparable\n"
	      "  --stages          ticks of each stage too, in a run of their own\n"
	      "  --no-calibration\n"
	      "  --no-fifo         do not ask for real-time priority\n"
	      "  --dataplane LINE  of the configuration's dataplane: part, \"key: value\"\n"
	      "ROW: up, down, mixed, or a ceiling: A, macswap, floor-up, floor-down; then, by "
	      "commas,\n"
	      "  frame=98..1400|imix burst=8|32|64 v6 acfc pfc l s nosrc spoofed unknown policed "
	      "over "
	      "tcp syn "
	      "noclamp\n"
	      "  csum offload free zipf hot\n"
	      "Prints one JSON object.\n",
		stderr);
	return 2;
}

static int options(int argc, char **argv)
{
	static const struct option known[] = {{"sessions", 1, NULL, 'n'}, {"reps", 1, NULL, 'r'},
		{"passes", 1, NULL, 'p'}, {"cpu", 1, NULL, 'c'}, {"memory", 1, NULL, 'm'},
		{"no-huge", 0, NULL, 'H'}, {"stages", 0, NULL, 's'},
		{"no-calibration", 0, NULL, 'C'}, {"dataplane", 1, NULL, 'd'},
		{"no-fifo", 0, NULL, 'F'}, {"beside", 0, NULL, 'b'}, {0}};
	static char extra[1024];
	int c, cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	size_t at = 0;

	opt.bed.cpu = cpus > 1;
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'n')
			opt.bed.sessions = (uint32_t)atoi(optarg);
		else if (c == 'r')
			opt.reps = (unsigned int)atoi(optarg);
		else if (c == 'p')
			opt.passes = (unsigned int)atoi(optarg);
		else if (c == 'c')
			opt.bed.cpu = (unsigned int)atoi(optarg);
		else if (c == 'm')
			opt.bed.memory_mb = (uint32_t)atoi(optarg);
		else if (c == 'H')
			opt.bed.hugepages = false;
		else if (c == 's')
			opt.stages = true;
		else if (c == 'C')
			opt.no_calibration = true;
		else if (c == 'F')
			opt.no_fifo = true;
		else if (c == 'b')
			opt.beside = true;
		else if (c == 'd' && at < sizeof(extra))
			at += (size_t)snprintf(extra + at, sizeof(extra) - at, "  %s\n", optarg);
		else
			return usage();
	}
	opt.bed.extra = extra;
	opt.other_cpu = cpus > 1 ? !opt.bed.cpu : -1;
	if (optind == argc || argc - optind > ROWS_MAX || !opt.reps || opt.reps > SAMPLES_MAX ||
		!opt.passes || opt.passes > PASSES_MAX || !opt.bed.sessions ||
		opt.bed.sessions > 1000000)
		return usage();
	for (; optind < argc; optind++)
		if (row_parse(&results[n_rows++].row, argv[optind]))
			return 2;
	return 0;
}

/* Before all that is not real-time: `nice` counts only within a session where the kernel groups by session. The kernel
 * leaves the others a twentieth of the CPU all the same; passes that it takes away are repeated. */
static bool fifo(void)
{
	const struct sched_param p = {.sched_priority = 1};

	return !opt.no_fifo && !sched_setscheduler(0, SCHED_FIFO, &p);
}

static json_t *measure(void)
{
	json_t *o = json_object(), *rows = json_array();
	bool zipf = false, real_time = fifo();

	for (unsigned int i = 0; i < n_rows; i++)
		zipf |= results[i].row.pick == PICK_ZIPF;
	packets_init(zipf);
	whole_init();
	counters_open(&counters);
	if (!opt.no_calibration)
		json_object_set_new(o, "before", calibrate(opt.bed.cpu, opt.other_cpu));
	for (unsigned int rep = 0; rep < opt.reps; rep++)
		for (unsigned int i = 0; i < n_rows; i++)
			sample(&results[i], rep);
	for (unsigned int i = 0; i < n_rows; i++)
		json_array_append_new(rows, row_json(&results[i]));
	if (!opt.no_calibration)
		json_object_set_new(o, "after", calibrate(opt.bed.cpu, opt.other_cpu));
	json_object_set_new(o, "sessions", json_integer(bed.sessions));
	json_object_set_new(o, "tunnels", json_integer(bed.tunnels));
	json_object_set_new(o, "cpu", json_integer(opt.bed.cpu));
	json_object_set_new(o, "passes", json_integer(opt.passes));
	json_object_set_new(o, "ring", json_integer(BED_RING));
	json_object_set_new(o, "hugepages", json_boolean(opt.bed.hugepages));
	json_object_set_new(o, "real_time", json_boolean(real_time));
	json_object_set_new(o, "counters",
		counters.why ? json_sprintf("not available: %s", counters.why)
			     : json_string("hardware"));
	json_object_set_new(o, "rows", rows);
	return o;
}

int main(int argc, char **argv)
{
	json_t *o;

	if (options(argc, argv))
		return 2;
	if (bed_start(&opt.bed)) {
		if (!opt.bed.hugepages)
			return 1;
		fputs("inproc: without hugepages (--no-huge) the figures are not comparable\n",
			stderr);
		return 3;
	}
	if (ceiling_init()) {
		fputs("inproc: no memory for the ceilings: --memory\n", stderr);
		return 1;
	}
	o = measure();
	json_dumpf(o, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(o);
	bed_stop();
	return 0;
}
