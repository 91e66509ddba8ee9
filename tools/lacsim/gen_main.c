/* SPDX-License-Identifier: BSD-3-Clause */
/* gen_main.c - lacsim-dpdk as a program: options, signals, DPDK, then the phases (gen.c). */
#include "tools/lacsim/gen.h"

#include <signal.h>
#include <string.h>

#include <rte_eal.h>

static volatile bool stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = true;
}

int main(int argc, char **argv)
{
	static struct gen g = {.stop = &stopped};
	struct sigaction act = {.sa_handler = on_signal};
	const struct sim_opts *o = &g.sim.o;
	int rc = sim_opts_parse(&g.sim.o, argc, argv, stdout, stderr);
	bool from_stdin;

	if (rc)
		return rc < 0 ? 2 : 0;
	if (!o->port) {
		fputs("lacsim-dpdk: --port is missing; see lacsim-dpdk --help\n", stderr);
		return 2;
	}
	from_stdin = !strcmp(o->phases, "-");
	if (!from_stdin && gen_list(&g, o->phases, true))
		return 2;
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	rc = port_eal(o) || gen_start(&g) ? 3 : 0;
	if (!rc && from_stdin)
		gen_stdin(&g);
	else if (!rc)
		gen_list(&g, o->phases, false);
	gen_end(&g);
	rte_eal_cleanup();
	return rc ? rc : g.failed;
}
