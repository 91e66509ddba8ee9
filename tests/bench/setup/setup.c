/* SPDX-License-Identifier: BSD-3-Clause */
/* setup.c - what a session costs control and its owner: from ICRQ to open NCPs, while it comes and goes, and at its end.
 * One process, one thread: the real control core (a turn of cp_loop.c) and the real worker (worker_poll()) in turn, ports
 * made of rings, and a scripted LAC (lac.c). Each side's time is taken by the TSC around its calls; the LAC's does not
 * count. So the sum is what one CPU that control and worker share spends, less the switches between them.
 * Prints one JSON object. Not here: wires, loss, threads (tools/bench runs lnsd itself for those). */
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_rcu_qsbr.h>

#include "controlplane/cp_run.h"
#include "controlplane/log.h"
#include "dataplane/control.h"
#include "dataplane/init.h"
#include "tests/bench/setup/lac.h"

#define RING      32768u
#define STALLED_S 5
#define SLICES    10
#define LNS_IP    0xc6330001u /* 198.51.0.1 */
#define LNS_TEXT  "198.51.0.1"
#define BUFFERS   32767

struct options {
	struct lac_plan plan;
	uint32_t churn; /* sessions hung up and dialled anew, in all */
	unsigned int workers, cpu, memory_mb, max_sessions;
	bool hugepages;
};

/* One side's work: all of it, and its longest single call. */
struct side {
	uint64_t ticks, longest, calls;
};

static struct {
	struct side worker, control;
} spent;

static struct rte_ring *to_lns, *from_lns;
static uint16_t port_id;
static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};

/* -- set-up of the process -- */

static char *config_text(const struct options *o)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fprintf(f,
		"schema: 1\nidentity: lns.bench\n"
		"dataplane:\n  workers: %u\n  control-cpu: %u\n  worker-cpus: [%u]\n  memory: "
		"%uM\n  mbufs: %u\n  max-sessions: %u\n"
		"  max-tunnels: %u\n  hugepages: %s\n"
		"  ports: [{name: p0, dev: net_null0, addresses: [" LNS_TEXT "/24]}]\n"
		"l2tp:\n  endpoints: [{name: v4, address: " LNS_TEXT "}]\n"
		"  lac-profiles: [{name: any, ppp-profile: p}]\n"
		"ppp-profiles: [{name: p, auth: [chap-md5], pool4: p4, pool6: p6, ipv6: %s, "
		"dns: [192.0.2.53]}]\n"
		"pools:\n  - {name: p4, range: 10.0.0.0/8}\n  - {name: p6, prefix: "
		"\"2001:db8::/40\"}\n"
		"api: {socket: /nonexistent}\nusers:\n",
		o->workers, o->cpu, o->cpu, o->memory_mb, BUFFERS, o->max_sessions, o->plan.tunnels,
		o->hugepages ? "on" : "off", o->plan.ipv6 ? "on" : "off");
	for (uint32_t i = 0; i < o->plan.users; i++)
		fprintf(f, "  - {name: user%u, password: %s}\n", i, o->plan.password);
	fclose(f);
	return text;
}

static void die(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

static void make_port(unsigned int workers)
{
	struct rte_ring *rx[DP_WORKERS_MAX], *tx[DP_WORKERS_MAX];
	const struct rte_eth_conf conf = {0};

	to_lns = rte_ring_create("to_lns", RING, SOCKET_ID_ANY, 0);
	from_lns = rte_ring_create("from_lns", RING, SOCKET_ID_ANY, 0);
	if (!to_lns || !from_lns)
		die("no memory for rings");
	for (unsigned int i = 0; i < workers; i++) {
		rx[i] = to_lns;
		tx[i] = from_lns;
	}
	port_id = (uint16_t)rte_eth_from_rings("bench", rx, workers, tx, workers, 0);
	if (rte_eth_dev_configure(port_id, (uint16_t)workers, (uint16_t)workers, &conf))
		die("the port of rings cannot be configured");
	for (uint16_t q = 0; q < workers; q++)
		if (rte_eth_rx_queue_setup(port_id, q, 512, 0, NULL, dp_t.pool) ||
			rte_eth_tx_queue_setup(port_id, q, 512, 0, NULL))
			die("the port of rings has no queues");
	rte_eth_dev_start(port_id);
	dp_t.n_ifs = 1;
	dp_t.iface[0] = (struct dp_if){
		.port = port_id,
		.mtu = 1500,
		.n_rxq = (uint16_t)workers,
		.n_txq = (uint16_t)workers,
		.ip4 = rte_cpu_to_be_32(LNS_IP),
	};
	memcpy(&dp_t.iface[0].mac, mac, sizeof(mac));
	dp_t.if_of[port_id][0] = 1;
	for (unsigned int i = 0; i < workers; i++) {
		struct worker *w = dp_workers[i];

		w->rxq[0].port = port_id;
		w->rxq[0].queue = (uint16_t)i;
		w->n_rxq = 1;
		w->txq_of_port[port_id] = (uint16_t)i;
	}
}

/* What Linux and the pools would have put there. */
static void make_routes(void)
{
	const uint8_t lac_mac[6] = {2, 0, 0, 0, 0, 2};
	const struct {
		struct cfg_prefix p;
		enum dp_nh type;
	} routes[] = {
		{{4, 15, {198, 18}}, DP_NH_ADJ},
		{{4, 8, {10}}, DP_NH_SUBSCRIBER},
		{{6, 40, {0x20, 0x01, 0x0d, 0xb8}}, DP_NH_SUBSCRIBER},
	};
	uint32_t adj = dp_adj_new(0, lac_mac);

	for (size_t i = 0; i < RTE_DIM(routes); i++)
		if (dp_route_set(
			    0, &routes[i].p, routes[i].type, routes[i].type == DP_NH_ADJ ? adj : 0))
			die("a route cannot be set");
}

static struct cp *start(const struct options *o, struct cfg **c)
{
	struct dp_store_view view;
	char *text = config_text(o);
	struct cp *cp;

	*c = cfg_parse("bench.yaml", text, strlen(text), stderr);
	free(text);
	if (!*c || eal_start(*c) || tables_init(*c, sizeof(struct cp_subscriber), &view))
		exit(1);
	make_port(o->workers);
	for (unsigned int i = 0; i < o->workers; i++) {
		worker_init(dp_workers[i]);
		rte_rcu_qsbr_thread_register(dp_t.qsbr, i);
		rte_rcu_qsbr_thread_online(dp_t.qsbr, i);
	}
	log_init(CFG_LOG_STDERR, CFG_LOG_ERROR);
	cp = cp_start(*c, &view);
	if (!cp)
		exit(1);
	make_routes();
	return cp;
}

/* -- the measured loop -- */

static void account(struct side *side, uint64_t from)
{
	uint64_t ticks = rte_rdtsc() - from;

	side->ticks += ticks;
	side->longest = RTE_MAX(side->longest, ticks);
	side->calls++;
}

/* A script on rings is faster than any wire: what limits floods must not limit it. */
static void no_limits(struct worker *w)
{
	memset(&w->ppp, 0, sizeof(w->ppp));
	memset(w->punt, 0, sizeof(w->punt));
	memset(w->punt_peer, 0, sizeof(w->punt_peer));
}

/* Each side works until it has nothing more to do, but only a while: they share a CPU. */
static void lnsd_works(struct cp *cp)
{
	bool more = true;

	for (unsigned int k = 0; k < 16 && more; k++) {
		more = false;
		for (unsigned int i = 0; i < dp_c.n_workers; i++) {
			struct worker *w = dp_workers[i];
			uint64_t from;

			no_limits(w);
			from = rte_rdtsc();
			w->worked = false;
			worker_poll(w);
			rte_rcu_qsbr_quiescent(dp_t.qsbr, i);
			account(&spent.worker, from);
			more |= w->worked;
		}
	}
	more = true;
	for (unsigned int k = 0; k < 16 && more; k++) {
		uint64_t from = rte_rdtsc();

		more = cp_turn(cp);
		account(&spent.control, from);
	}
}

static uint64_t drops(void)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < dp_drop_count(); i++)
		n += dp_drop_get(i);
	return n;
}

static void stalled(const struct cp *cp)
{
	const struct lac_count *n = lac_count();
	struct cp_totals t;

	cp_totals(cp, &t);
	fprintf(stderr,
		"bench: nothing moves: LAC tunnels=%u asked=%u up=%u unexpected=%llu; lnsd "
		"sessions=%u "
		"up=%u\n",
		n->tunnels_up, n->asked, n->sessions_up, (unsigned long long)n->unexpected,
		t.sessions, t.sessions_up);
	for (unsigned int i = 0; i < dp_drop_count(); i++)
		if (dp_drop_get(i))
			fprintf(stderr, "bench: dropped %s=%llu\n", dp_drop_name(i),
				(unsigned long long)dp_drop_get(i));
	exit(1);
}

/* One round of everybody. */
static void round_of_all(struct cp *cp)
{
	static uint64_t moved, seen;
	const struct lac_count *n = lac_count();
	uint64_t now = rte_rdtsc(), sum;
	struct cp_totals t;

	lac_work();
	lnsd_works(cp);
	cp_totals(cp, &t);
	sum = n->sessions_up + n->ended + n->tunnels_up + t.sessions;
	if (sum != seen || !moved)
		moved = now;
	else if (now - moved > STALLED_S * rte_get_tsc_hz())
		stalled(cp);
	seen = sum;
}

static double us(uint64_t ticks)
{
	return (double)ticks * 1e6 / (double)rte_get_tsc_hz();
}

static uint64_t resident(void)
{
	unsigned long long size, rss = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f) {
		if (fscanf(f, "%llu %llu", &size, &rss) != 2)
			rss = 0;
		fclose(f);
	}
	return rss * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void print_side(const char *name, const struct side *s, uint32_t sessions)
{
	printf("    \"%s\": {\"us_per_session\": %.3f, \"longest_call_us\": %.1f},\n", name,
		us(s->ticks) / sessions, us(s->longest));
}

static void print_phase(const char *name, uint32_t sessions, const double *slice)
{
	double both = us(spent.worker.ticks + spent.control.ticks) / sessions;

	printf("  \"%s\": {\n    \"sessions\": %u,\n", name, sessions);
	print_side("control", &spent.control, sessions);
	print_side("workers", &spent.worker, sessions);
	if (slice) {
		printf("    \"slices_us_per_session\": [");
		for (unsigned int i = 0; i < SLICES; i++)
			printf("%s%.3f", i ? ", " : "", slice[i]);
		printf("],\n");
	}
	printf("    \"us_per_session\": %.3f,\n    \"sessions_per_s\": %.0f\n  },\n", both,
		1e6 / both);
	fprintf(stderr,
		"%-10s %8u sessions: control %6.2f us, workers %6.2f us; longest turn %.0f us, "
		"poll %.0f us\n",
		name, sessions, us(spent.control.ticks) / sessions,
		us(spent.worker.ticks) / sessions, us(spent.control.longest),
		us(spent.worker.longest));
}

static void forget(void)
{
	memset(&spent, 0, sizeof(spent));
}

/* -- the phases -- */

static void tunnels_come_up(struct cp *cp, const struct options *o)
{
	lac_limit(0);
	while (lac_count()->tunnels_up < o->plan.tunnels)
		round_of_all(cp);
}

static void sessions_come_up(struct cp *cp, const struct options *o)
{
	uint32_t n = o->plan.sessions, warm = RTE_MIN(1000u, n / 10), measured = n - warm;
	double slice[SLICES];
	uint64_t before = 0, rss;

	lac_limit(warm);
	while (lac_count()->sessions_up < warm)
		round_of_all(cp);
	rss = resident();
	forget();
	for (unsigned int i = 0; i < SLICES; i++) {
		uint32_t until = warm + (uint32_t)((i + 1ull) * measured / SLICES);
		uint32_t from = lac_count()->sessions_up;

		lac_limit(n);
		while (lac_count()->sessions_up < until)
			round_of_all(cp);
		slice[i] = us(spent.worker.ticks + spent.control.ticks - before) /
			(lac_count()->sessions_up - from);
		before = spent.worker.ticks + spent.control.ticks;
	}
	print_phase("setup", measured, slice);
	printf("  \"resident_bytes_per_session\": %.0f,\n",
		((double)resident() - (double)rss) / measured);
	fprintf(stderr, "%-10s resident %.0f bytes per session; last slice / first %.2f\n", "",
		((double)resident() - (double)rss) / measured, slice[SLICES - 1] / slice[0]);
}

static void sessions_come_and_go(struct cp *cp, const struct options *o)
{
	uint32_t ended;

	forget();
	while (lac_count()->ended < o->churn) {
		ended = lac_count()->ended;
		lac_churn(RTE_MIN(64u, o->churn - ended));
		do
			round_of_all(cp);
		while (lac_count()->sessions_up < o->plan.sessions || lac_count()->ended == ended);
	}
	print_phase("churn", o->churn, NULL);
}

static void all_end(struct cp *cp, const struct options *o)
{
	struct cp_totals t;

	forget();
	lac_stop();
	do {
		round_of_all(cp);
		cp_totals(cp, &t);
	} while (t.sessions);
	print_phase("teardown", o->plan.sessions, NULL);
}

static void results(struct cp *cp, const struct options *o)
{
	struct dp_memory_info memory;
	struct cp_totals t;

	printf("{\n  \"tunnels\": %u, \"addresses\": %u, \"sessions\": %u, \"in_flight\": %u, "
	       "\"users\": %u, \"ipv6\": %s, \"workers\": %u,\n",
		o->plan.tunnels, o->plan.addresses, o->plan.sessions, o->plan.in_flight,
		o->plan.users, o->plan.ipv6 ? "true" : "false", o->workers);
	tunnels_come_up(cp, o);
	sessions_come_up(cp, o);
	dp_memory(&memory);
	cp_totals(cp, &t);
	if (t.sessions_up != o->plan.sessions)
		die("not every session is up at lnsd");
	if (o->churn)
		sessions_come_and_go(cp, o);
	all_end(cp, o);
	printf("  \"heap_bytes\": %llu, \"store_bytes\": %llu, \"malloc_bytes\": %llu,\n",
		(unsigned long long)memory.heap_allocated, (unsigned long long)memory.store_bytes,
		(unsigned long long)(mallinfo2().uordblks + mallinfo2().hblkhd));
	printf("  \"unexpected\": %llu, \"repeated\": %llu, \"dropped\": %llu\n}\n",
		(unsigned long long)lac_count()->unexpected,
		(unsigned long long)lac_count()->repeated, (unsigned long long)drops());
}

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"sessions", required_argument, NULL, 's'},
		{"tunnels", required_argument, NULL, 't'},
		{"addresses", required_argument, NULL, 'a'},
		{"in-flight", required_argument, NULL, 'k'},
		{"users", required_argument, NULL, 'u'},
		{"churn", required_argument, NULL, 'c'},
		{"workers", required_argument, NULL, 'w'},
		{"cpu", required_argument, NULL, 'p'},
		{"memory", required_argument, NULL, 'm'},
		{"max-sessions", required_argument, NULL, 'x'},
		{"no-ipv6", no_argument, NULL, '4'},
		{"hugepages", no_argument, NULL, 'H'},
		{0},
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		uint32_t n = optarg ? (uint32_t)strtoul(optarg, NULL, 10) : 0;

		switch (opt) {
		case 's':
			o->plan.sessions = n;
			break;
		case 't':
			o->plan.tunnels = n;
			break;
		case 'a':
			o->plan.addresses = n;
			break;
		case 'k':
			o->plan.in_flight = n;
			break;
		case 'u':
			o->plan.users = n;
			break;
		case 'c':
			o->churn = n;
			break;
		case 'w':
			o->workers = n;
			break;
		case 'p':
			o->cpu = n;
			break;
		case 'm':
			o->memory_mb = n;
			break;
		case 'x':
			o->max_sessions = n;
			break;
		case '4':
			o->plan.ipv6 = false;
			break;
		case 'H':
			o->hugepages = true;
			break;
		default:
			fprintf(stderr,
				"usage: bench-setup [--sessions N] [--tunnels T] [--addresses A] "
				"[--in-flight K] [--users U]\n                   [--churn N] "
				"[--workers W] "
				"[--cpu N] [--memory MiB] [--max-sessions N] [--no-ipv6] "
				"[--hugepages]\n");
			exit(2);
		}
	}
	if (!o->max_sessions)
		/* What ended is free a moment later. */
		o->max_sessions = o->plan.sessions + o->plan.in_flight;
	if (!o->plan.addresses || o->plan.addresses > o->plan.tunnels)
		o->plan.addresses = o->plan.tunnels;
}

int main(int argc, char **argv)
{
	struct options o = {
		.plan = {.tunnels = 64,
			.sessions = 20000,
			.in_flight = 1000,
			.users = 1,
			.ipv6 = true,
			.password = "wonder",
			.lns_ip = LNS_IP},
		.workers = 1,
		.memory_mb = 1024,
	};
	struct cfg *c;
	struct cp *cp;

	parse(argc, argv, &o);
	memcpy(o.plan.lns_mac, mac, sizeof(mac));
	cp = start(&o, &c);
	if (lac_init(&o.plan, to_lns, from_lns))
		die("no memory for the LAC");
	results(cp, &o);
	lac_fini();
	fflush(stdout);
	_exit(0); /* the store, EAL and rings go with the process */
}
