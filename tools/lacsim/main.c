/* SPDX-License-Identifier: BSD-3-Clause */
/* main.c - lacsim: one run from the first SCCRQ to the report. One thread, one loop; read turn() for the story. */
#include "tools/lacsim/sim.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define TICK_NS  (50 * SIM_MS)
#define CLOSE_NS (5 * SIM_SEC) /* for the acknowledgement of our StopCCN */

static volatile bool stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = true;
}

void sim_clock(struct sim *sim)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	sim->now = (uint64_t)t.tv_sec * SIM_SEC + (uint64_t)t.tv_nsec;
}

/* One turn: what arrived, what is due, what that leaves to send. */
static void turn(struct sim *sim, int wait_ms)
{
	static uint64_t tick_at, progress_at;

	net_poll(sim->net, wait_ms);
	sim_clock(sim);
	timers_run(sim);
	if (sim->now >= tick_at) {
		tunnels_timers(sim);
		tick_at = sim->now + TICK_NS;
	}
	if (sim->o.progress && sim->now >= progress_at) {
		report_progress(sim);
		progress_at = sim->now + SIM_SEC;
	}
	tunnels_flush(sim);
	net_flush(sim->net);
}

static void dial_all(struct sim *sim)
{
	uint64_t give_up = sim->now + sim->o.timeout_s * SIM_SEC;

	while (!stopped && sim->now < give_up) {
		uint32_t settled = sim->in_stage[STAGE_UP] + sim->in_stage[STAGE_FAILED];

		if (settled == sim->o.sessions && sim->tunnels_dialled == sim->o.tunnels &&
			!sim->tunnels_waiting)
			return;
		tunnels_dial(sim);
		tunnels_flush(sim);
		net_flush(sim->net);
		turn(sim, 1);
	}
}

static int send_traffic(struct sim *sim)
{
	if (!sim->o.traffic_s || stopped)
		return 0;
	if (traffic_start(sim))
		return -ENOMEM;
	while (!stopped && traffic_run(sim)) {
		net_flush(sim->net);
		turn(sim, 1);
	}
	return 0;
}

static void hold(struct sim *sim)
{
	uint64_t until = sim->now + sim->o.hold_s * SIM_SEC;

	while (!stopped && (sim->o.keep || sim->now < until))
		turn(sim, 10);
}

static void tear_down(struct sim *sim)
{
	uint64_t until = sim->now + CLOSE_NS;

	if (sim->o.teardown == SIM_TEARDOWN_NONE)
		return;
	tunnels_close(sim);
	do
		turn(sim, 1);
	while (sim->now < until && !tunnels_closed(sim));
}

static int complain(const char *what, int error)
{
	fprintf(stderr, "lacsim: %s: %s\n", what, strerror(error));
	return 3;
}

static int run(struct sim *sim)
{
	int rc;

	sim_clock(sim);
	sim->started_at = sim->now;
	dial_all(sim);
	if (sim->o.list && (rc = report_list(sim, sim->o.list)))
		return complain(sim->o.list, -rc);
	if (send_traffic(sim))
		return complain("traffic", ENOMEM);
	if (sim->o.json && strcmp(sim->o.json, "-") && report_json(sim, sim->o.json))
		return complain(sim->o.json, EIO);
	hold(sim);
	if (sim->o.progress)
		report_progress(sim);
	rc = report_passed(sim) ? 0 : 1;
	if (sim->o.json && report_json(sim, sim->o.json))
		return complain(sim->o.json, EIO);
	if (!sim->o.json || strcmp(sim->o.json, "-"))
		report_table(sim, stdout);
	fflush(stdout);
	tear_down(sim);
	return rc;
}

int main(int argc, char **argv)
{
	static struct sim sim;
	struct sigaction act = {.sa_handler = on_signal};
	int rc = sim_opts_parse(&sim.o, argc, argv, stdout, stderr);

	if (rc)
		return rc < 0 ? 2 : 0;
	if (sim.o.port || sim.o.phases) {
		fputs("lacsim: --port and --phases are lacsim-dpdk's\n", stderr);
		return 2;
	}
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	if (sim.o.core_echo)
		return core_echo(&sim.o, &stopped);
	sim.net = net_new(&sim);
	rc = sim.net && !tunnels_init(&sim) ? run(&sim) : complain("memory", ENOMEM);
	net_free(sim.net);
	tunnels_free(&sim);
	ledger_fini(&sim.ledger);
	return rc;
}
