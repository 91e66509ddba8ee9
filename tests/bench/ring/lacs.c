/* SPDX-License-Identifier: BSD-3-Clause */
/* lacs.c - see lacs.h. Addresses are those of bed.c. Nobody answers ARP here: the next hops' MACs are given. */
#include "tests/bench/ring/lacs.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tools/lacsim/gen.h"

static volatile bool stopped;
static struct gen g = {.stop = &stopped};

static void on_signal(int sig)
{
	(void)sig;
	stopped = true;
}

static int options(const struct lacs_world *w, uint32_t tunnels)
{
	char sessions[16], lacs[16];
	char *argv[] = {"ring", "--lns", "192.0.2.1", "--address", "198.18.0.1/15",
		"--core-address", "8.8.0.2/16", "--core-gateway", "8.8.0.1", "--port",
		(char *)(uintptr_t)w->access, "--core-port", (char *)(uintptr_t)w->core, "--phases",
		"-", "--sessions", sessions, "--tunnels", lacs, "--lacs", lacs};

	snprintf(sessions, sizeof(sessions), "%u", w->sessions);
	snprintf(lacs, sizeof(lacs), "%u", tunnels);
	return sim_opts_parse(&g.sim.o, sizeof(argv) / sizeof(*argv), argv, stdout, stderr);
}

static void know(struct ether_side *s, const uint8_t mac[6])
{
	memcpy(s->next_mac, mac, 6);
	s->met = s->count;
}

/* Tunnels and sessions as they would be when all are up. */
static void adopt(const struct lacs_world *w)
{
	struct sim *sim = &g.sim;

	for (uint32_t t = 0; t < sim->o.tunnels; t++) {
		struct tunnel *tunnel = &sim->tunnels[t];

		tunnel->id = (uint16_t)(t + 1);
		tunnel->first = t * w->per_tunnel;
		tunnel->count = RTE_MIN(w->per_tunnel, w->sessions - tunnel->first);
	}
	for (uint32_t i = 0; i < w->sessions; i++) {
		struct lacs_session from = w->session(i);
		struct session *s = &sim->sessions[i];
		uint32_t ip = htonl(from.ip);

		s->tunnel = i / w->per_tunnel;
		s->peer_sid = from.sid;
		memcpy(s->addr, &ip, sizeof(ip));
		sim->tunnels[s->tunnel].peer_id = from.tid;
		session_stage(sim, s, STAGE_UP);
	}
	g.pretending = true;
}

int lacs_start(const struct lacs_world *w)
{
	struct sigaction act = {.sa_handler = on_signal};

	if (options(w, (w->sessions + w->per_tunnel - 1) / w->per_tunnel) || gen_start(&g))
		return -1;
	know(&g.access.side, w->access_mac);
	know(&g.core.side, w->core_mac);
	adopt(w);
	g.own_line = w->own_line;
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	return 0;
}

void lacs_end(void)
{
	gen_end(&g);
}

bool lacs_run(char **line, int n)
{
	if (!n)
		gen_stdin(&g);
	for (int i = 0; i < n; i++)
		gen_line(&g, line[i]);
	return !g.failed;
}

void lacs_answer(const char *what, bool ok, double value)
{
	report_line(json_pack("{s:s, s:b, s:f}", "phase", what, "ok", ok, "value", value));
	g.failed |= !ok;
}
