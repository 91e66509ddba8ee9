/* SPDX-License-Identifier: BSD-3-Clause */
/* gen.c - lacsim-dpdk: a LAC with up to millions of subscribers, and the host behind the LNS, on one lcore in poll mode.
 * Runs phases in order, prints one JSON line for each; read gen_turn() for the story. docs/lacsim.md is its manual. */
#include "tools/lacsim/gen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>

#define TICK_NS    (50 * SIM_MS)
#define IDLE_TURNS 32 /* turns at line rate between two looks at the clock and the timers */

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * SIM_SEC + (uint64_t)t.tv_nsec;
}

void sim_clock(struct sim *sim)
{
	sim->now = clock_ns(CLOCK_MONOTONIC);
}

uint64_t gen_cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

double gen_seconds(const struct gen *g)
{
	return (double)(clock_ns(CLOCK_MONOTONIC) - g->phase_at) / 1e9;
}

double gen_cpu_share(const struct gen *g)
{
	double s = gen_seconds(g);

	return s > 0 ? (double)(gen_cpu_ns() - g->cpu_at) / 1e9 / s : 0;
}

double gen_busy_share(const struct gen *g)
{
	double s = gen_seconds(g);

	return s > 0 ? 1 - (double)g->idle / (double)rte_get_tsc_hz() / s : 0;
}

/* The control channels, PPP and their timers: whatever is not traffic at line rate. */
static void control(struct gen *g)
{
	sim_clock(&g->sim);
	timers_run(&g->sim);
	if (g->sim.now >= g->tick_at) {
		tunnels_timers(&g->sim);
		port_ask(&g->access, g->sim.now);
		port_ask(&g->core, g->sim.now);
		g->tick_at = g->sim.now + TICK_NS;
	}
	if (g->sim.o.progress && g->sim.now >= g->progress_at) {
		report_running(g);
		g->progress_at = g->sim.now + SIM_SEC;
	}
	tunnels_flush(&g->sim);
	net_flush(g->sim.net);
}

unsigned int gen_turn(struct gen *g)
{
	static unsigned int turns;
	uint64_t before = rte_rdtsc(), out = g->sim.frames_out;
	unsigned int n;

	net_poll(g->sim.net, 0);
	n = g->polled + blast_output(&g->blast, before);
	if (!g->blast.lane[0].kind || ++turns % IDLE_TURNS == 0)
		control(g);
	if (n || g->sim.frames_out != out)
		return n;
	if (g->sim.o.polite)
		usleep(50);
	g->idle += rte_rdtsc() - before;
	return n;
}

/* --- the phases ---------------------------------------------------------------------------------------------------- */

static void run_phase(struct gen *g, const struct phase *p)
{
	json_t *line;

	g->phase++;
	sim_clock(&g->sim);
	g->phase_at = g->sim.now;
	g->cpu_at = gen_cpu_ns();
	g->idle = 0;
	line = phase_run(g, p);
	if (!json_is_true(json_object_get(line, "ok")))
		g->failed = true;
	report_line(line);
}

int gen_list(struct gen *g, const char *text, bool check)
{
	char err[200];
	struct phase p;
	int rc;

	while ((rc = phase_next(&text, &p, err, sizeof(err))) > 0 && gen_go_on(g))
		if (!check)
			run_phase(g, &p);
	if (rc < 0)
		fprintf(stderr, "lacsim-dpdk: %s\n", err);
	return rc < 0 ? -1 : 0;
}

void gen_line(struct gen *g, const char *text)
{
	if (g->own_line && g->own_line(text))
		return;
	if (!gen_list(g, text, true) && !gen_list(g, text, false))
		return;
	report_line(json_pack("{s:s, s:b}", "phase", "error", "ok", false));
	g->failed = true;
}

void gen_stdin(struct gen *g)
{
	char text[4096];
	size_t n = 0;

	fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
	while (gen_go_on(g)) {
		ssize_t got = read(0, text + n, 1);

		if (got == 0) {
			text[n] = 0; /* a last line without a line feed */
			gen_line(g, text);
			return;
		}
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			return;
		if (got < 0) {
			gen_turn(g);
			continue;
		}
		if (text[n] != '\n' && ++n < sizeof(text) - 1)
			continue;
		text[n] = 0;
		n = 0;
		gen_line(g, text);
	}
}

static int ports_open(struct gen *g)
{
	const struct sim_opts *o = &g->sim.o;
	uint32_t lns = ntohl(((const struct sockaddr_in *)&o->lns.sa)->sin_addr.s_addr);

	g->access.queues = g->core.queues = (uint16_t)o->queues;
	if (port_open(&g->access, "access", o->port, o->address.ip, o->lacs,
		    o->gateway ? o->gateway : lns))
		return -1;
	g->has_core = o->core_port != NULL;
	if (g->has_core &&
		port_open(&g->core, "core", o->core_port, o->core_address.ip, 1, o->core_gateway))
		return -1;
	return 0;
}

int gen_start(struct gen *g)
{
	struct sim *sim = &g->sim;

	if (ports_open(g))
		return -1;
	sim->net = net_new(sim);
	if (!sim->net || tunnels_init(sim) ||
		blast_init(&g->blast, sim->o.sessions, sim->o.tunnels, sim->o.seed, g->has_core)) {
		fputs("lacsim-dpdk: not enough memory: raise --memory\n", stderr);
		return -1;
	}
	g->blast.patience = rte_get_tsc_hz() / (sim->o.polite ? 1 : 10);
	g->blast.core_ip = htonl(sim->o.core_address.ip ? sim->o.core_address.ip : 1);
	return 0;
}

void gen_end(struct gen *g)
{
	blast_fini(&g->blast);
	net_free(g->sim.net);
	tunnels_free(&g->sim);
	port_close(&g->access);
	port_close(&g->core);
}
