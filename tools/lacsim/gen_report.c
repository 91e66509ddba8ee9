/* SPDX-License-Identifier: BSD-3-Clause */
/* gen_report.c - what lacsim-dpdk prints: one JSON object per phase on one line of standard output, and a line of progress
 * per second on standard error. */
#include "tools/lacsim/gen.h"

#include <rte_cycles.h>

static double seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

json_t *report_setup(const struct gen *g, uint32_t asked)
{
	const struct sim *sim = &g->sim;
	uint64_t last = sim->ups ? sim->up_times[sim->ups - 1] : 0;
	json_t *failed = json_object();

	for (unsigned int i = 1; i < FAILS; i++)
		if (sim->failed[i])
			json_object_set_new(
				failed, fail_name((enum fail)i), json_integer(sim->failed[i]));
	return json_pack("{s:s, s:b, s:I, s:I, s:I, s:f, s:f, s:o, s:o, s:o, s:o, s:f, s:f}",
		"phase", "setup", "ok", sim->in_stage[STAGE_UP] >= asked, "asked",
		(json_int_t)asked, "up", (json_int_t)sim->in_stage[STAGE_UP], "came_up",
		(json_int_t)sim->ups, "seconds", seconds(last), "per_second",
		last ? sim->ups / seconds(last) : 0.0, "slices", report_slices(sim), "setup_ms",
		report_setup_ms(sim, sim->started_at), "failed", failed, "tunnels",
		report_tunnels(sim), "busy_share", gen_busy_share(g), "cpu_share",
		gen_cpu_share(g));
}

static double ns_of(uint64_t quarter_ticks)
{
	return (double)quarter_ticks * 4e9 / (double)rte_get_tsc_hz();
}

static json_t *latency_of(const struct hist *h)
{
	return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "min", ns_of(h->min), "mean",
		h->count ? ns_of(h->sum) / (double)h->count : 0.0, "p50",
		ns_of(hist_quantile(h, 5000)), "p99", ns_of(hist_quantile(h, 9900)), "p999",
		ns_of(hist_quantile(h, 9990)), "max", ns_of(h->max));
}

static json_t *count_of(const struct blast_count *c, double s)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:o}", "sent",
		(json_int_t)c->sent, "received", (json_int_t)c->received, "lost",
		(json_int_t)c->sent - (json_int_t)c->received, "misdelivered",
		(json_int_t)c->misdelivered, "corrupted", (json_int_t)c->corrupted, "late",
		(json_int_t)c->late, "tx_mpps", (double)c->sent / 1e6 / s, "rx_mpps",
		(double)c->received / 1e6 / s, "latency_ns", latency_of(&c->latency));
}

json_t *report_blast(const struct gen *g)
{
	const struct blast *b = &g->blast;
	double s = (double)(b->stopped - b->started) / (double)rte_get_tsc_hz(), share = 1;
	uint64_t packets = 0;
	json_t *all = json_object();

	for (unsigned int i = 0; i < 2 && b->lane[i].kind != DIR_NONE; i++) {
		const struct blast_lane *l = &b->lane[i];
		const struct blast_count *c = &b->count[l->kind];
		double planned = (double)blast_planned(b, l, b->stopped);

		json_object_set_new(all, phase_dir_name(l->kind), count_of(c, s));
		packets += c->sent + c->received;
		if (planned > 0 && (double)c->sent / planned < share)
			share = (double)c->sent / planned;
	}
	json_object_set_new(all, "seconds", json_real(s));
	json_object_set_new(all, "sessions", json_integer(b->n_targets));
	json_object_set_new(all, "planned_share", json_real(share));
	json_object_set_new(all, "ticks_per_packet",
		json_real(packets ? gen_busy_share(g) * gen_seconds(g) * (double)rte_get_tsc_hz() /
					(double)packets
				  : 0));
	json_object_set_new(all, "busy_share", json_real(gen_busy_share(g)));
	json_object_set_new(all, "cpu_share", json_real(gen_cpu_share(g)));
	return all;
}

void report_line(json_t *line)
{
	json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
	fflush(stdout);
	json_decref(line);
}

void report_running(struct gen *g)
{
	static uint64_t sent_before, received_before;
	uint64_t sent = 0, received = 0;
	const struct sim *sim = &g->sim;

	for (unsigned int k = 0; k <= DIR_LOOP; k++) {
		sent += g->blast.count[k].sent;
		received += g->blast.count[k].received;
	}
	fprintf(stderr, "%6.1f s  phase %u  %u tunnels, %u sessions up, %u in set-up, %u down",
		seconds(sim->now - g->phase_at), g->phase, sim->tunnels_up, sim->in_stage[STAGE_UP],
		sim->in_flight, sim->in_stage[STAGE_FAILED]);
	if (g->blast.lane[0].kind && sent >= sent_before && received >= received_before)
		fprintf(stderr, "  %.2f Mpps sent, %.2f received",
			(double)(sent - sent_before) / 1e6,
			(double)(received - received_before) / 1e6);
	fputc('\n', stderr);
	sent_before = sent;
	received_before = received;
}
