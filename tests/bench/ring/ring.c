/* SPDX-License-Identifier: BSD-3-Clause */
/* ring.c - lnsd's worker at the end of a link without a wire: net_ring, in one process with the generator. Pointers to packets
 * cross, so what it costs is the worker, and cache lines that come from the other CPU's cache; no driver copies. That is
 * the nearest to a NIC that a machine without one has.
 *   ring [--sessions N] [--cpu WORKER] [--control-cpu GENERATOR] [--no-huge] [LINE...]
 * lcore 1 is the device under test, lcore 0 lacsim-dpdk (lacs.h). Lines, of the command line or of standard input, are phases of
 * lacsim (docs/lacsim.md) or ours:
 *   dut none | lnsd | macswap | 5tswap | fib    what lcore 1 does from now on
 *   busy      ticks a packet since then, of those polls that found some
 * The sessions are open: they are made by the functions that control uses (bed.h). All but lnsd forward from each port to the
 * other, in bursts of the same size. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_pause.h>
#include <rte_rcu_qsbr.h>

#include "tests/bench/ceiling.h"
#include "tests/bench/ring/lacs.h"

#define PLACES 1024u /* of a ring, as memif's in the scenario link */

enum kind { NONE, LNSD, MACSWAP, FIVESWAP, FIB, END };
static const char *const kinds[] = {"none", "lnsd", "macswap", "5tswap", "fib"};

/* Written by one side each. */
static enum kind wanted __rte_cache_aligned;
static struct {
	enum kind kind; /* what it does now: atomic */
	uint64_t packets, ticks; /* since then; read while nothing is sent */
} dut __rte_cache_aligned;

static struct bed_options opt = {
	.sessions = 1000, .cpu = 1, .control_cpu = 0, .hugepages = true, .extra = ""};
static uint16_t lns_port[2]; /* by interface of the bed */

/* -- the device under test: lcore 1 -- */

static uint64_t lnsd(void)
{
	struct worker *w = bed.w;
	uint64_t was = w->stat.rx_packets;

	w->worked = false;
	worker_poll(w);
	rte_rcu_qsbr_quiescent(dp_t.qsbr, w->id);
	return w->stat.rx_packets - was;
}

static uint64_t forward(void (*how)(struct rte_mbuf **, unsigned int))
{
	struct rte_mbuf *m[BURST];
	uint64_t packets = 0;

	for (unsigned int i = 0; i < 2; i++) {
		uint16_t n = rte_eth_rx_burst(lns_port[i], 0, m, BURST), sent;

		if (!n)
			continue;
		how(m, n);
		sent = rte_eth_tx_burst(lns_port[!i], 0, m, n);
		rte_pktmbuf_free_bulk(m + sent, n - sent);
		packets += n;
	}
	return packets;
}

static uint64_t poll_as(enum kind kind)
{
	switch (kind) {
	case LNSD:
		return lnsd();
	case MACSWAP:
		return forward(ceiling_macswap);
	case FIVESWAP:
		return forward(ceiling_5tswap);
	case FIB:
		return forward(ceiling_fib);
	default:
		rte_pause();
		return 0;
	}
}

static int run_dut(void *arg)
{
	(void)arg;
	for (;;) {
		enum kind kind = __atomic_load_n(&wanted, __ATOMIC_ACQUIRE);
		uint64_t from, n;

		if (kind != dut.kind) {
			dut.packets = dut.ticks = 0;
			__atomic_store_n(&dut.kind, kind, __ATOMIC_RELEASE);
		}
		if (kind == END)
			return 0;
		from = rte_rdtsc();
		n = poll_as(kind);
		if (n) {
			dut.packets += n;
			dut.ticks += rte_rdtsc() - from;
		}
	}
}

static void become(enum kind kind)
{
	__atomic_store_n(&wanted, NONE, __ATOMIC_RELEASE);
	while (__atomic_load_n(&dut.kind, __ATOMIC_ACQUIRE) != NONE)
		rte_pause();
	__atomic_store_n(&wanted, kind, __ATOMIC_RELEASE);
	while (__atomic_load_n(&dut.kind, __ATOMIC_ACQUIRE) != kind)
		rte_pause();
}

/* -- lines of our own -- */

static bool own_line(const char *text)
{
	if (!strcmp(text, "busy")) {
		lacs_answer("busy", dut.packets > 0,
			dut.packets ? (double)dut.ticks / (double)dut.packets : 0);
		return true;
	}
	if (strncmp(text, "dut ", 4))
		return false;
	for (unsigned int i = 0; i < RTE_DIM(kinds); i++)
		if (!strcmp(text + 4, kinds[i])) {
			become((enum kind)i);
			lacs_answer("dut", true, i);
			return true;
		}
	lacs_answer("dut", false, 0);
	return true;
}

/* -- the link -- */

static struct rte_ring *ring(const char *name)
{
	struct rte_ring *r =
		rte_ring_create(name, PLACES, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);

	if (!r)
		rte_panic("ring: no memory for rings\n");
	return r;
}

/* The bed's interface gets a port whose other end is named gen_...: lacsim opens that one itself. */
static void link_of(unsigned int ifx, const char *name, const char *there)
{
	static const struct rte_eth_conf conf;
	char up[32], down[32];
	struct rte_ring *to, *from;
	struct worker *w = bed.w;
	uint16_t port;

	snprintf(up, sizeof(up), "%s_in", name);
	snprintf(down, sizeof(down), "%s_out", name);
	to = ring(up);
	from = ring(down);
	rte_eth_from_rings(there, &from, 1, &to, 1, 0);
	port = (uint16_t)rte_eth_from_rings(name, &to, 1, &from, 1, 0);
	if (rte_eth_dev_configure(port, 1, 1, &conf) ||
		rte_eth_rx_queue_setup(port, 0, PLACES, SOCKET_ID_ANY, NULL, dp_t.pool) ||
		rte_eth_tx_queue_setup(port, 0, PLACES, SOCKET_ID_ANY, NULL) ||
		rte_eth_dev_start(port))
		rte_panic("ring: the port %s does not start\n", name);
	dp_t.iface[ifx].port = lns_port[ifx] = port;
	dp_t.if_of[port][0] = (uint8_t)(ifx + 1);
	w->rxq[ifx].port = port;
	w->rxq[ifx].queue = 0;
	w->txq_of_port[port] = 0;
}

static struct lacs_session session(uint32_t number)
{
	const struct bed_session *s = &bed.session[number];

	return (struct lacs_session){.tid = s->tid, .sid = s->sid, .ip = bed_address(s->slot)};
}

static int generator(void)
{
	struct lacs_world w = {.access = "net_ring_gen_access",
		.core = "net_ring_gen_core",
		.sessions = bed.sessions,
		.per_tunnel = BED_PER_TUNNEL,
		.session = session,
		.own_line = own_line};

	memcpy(w.access_mac, &dp_t.iface[BED_ACCESS].mac, 6);
	memcpy(w.core_mac, &dp_t.iface[BED_CORE].mac, 6);
	return lacs_start(&w);
}

static int options(int argc, char **argv)
{
	static const struct option known[] = {{"sessions", 1, NULL, 'n'}, {"cpu", 1, NULL, 'c'},
		{"control-cpu", 1, NULL, 'C'}, {"no-huge", 0, NULL, 'H'}, {0}};
	int o;

	while ((o = getopt_long(argc, argv, "", known, NULL)) != -1) {
		unsigned int v = optarg ? (unsigned int)strtoul(optarg, NULL, 0) : 0;

		if (o == 'n')
			opt.sessions = v;
		else if (o == 'c')
			opt.cpu = v;
		else if (o == 'C')
			opt.control_cpu = (int)v;
		else if (o == 'H')
			opt.hugepages = false;
		else
			return -1;
	}
	opt.memory_mb = 768 + opt.sessions / 1000;
	return opt.sessions && opt.sessions <= 1000000 && opt.control_cpu != (int)opt.cpu ? 0 : -1;
}

int main(int argc, char **argv)
{
	bool well = false;
	int first;

	if (options(argc, argv)) {
		fputs("usage: ring [--sessions N] [--cpu WORKER] [--control-cpu GENERATOR] "
		      "[--no-huge] [LINE...]\n",
			stderr);
		return 2;
	}
	first = optind; /* lacsim has options of its own */
	if (bed_start(&opt))
		return opt.hugepages ? 3 : 1;
	link_of(BED_ACCESS, "access", "gen_access");
	link_of(BED_CORE, "core", "gen_core");
	if (!ceiling_init() && !generator()) {
		rte_eal_remote_launch(run_dut, NULL, 1);
		well = lacs_run(argv + first, argc - first);
		become(END);
		rte_eal_mp_wait_lcore();
	}
	lacs_end();
	bed_stop();
	return !well;
}
