/* SPDX-License-Identifier: BSD-3-Clause */
/* gen_traffic.c - the phases of lacsim-dpdk that are traffic, and the stretches of traffic beside others. Which sessions
 * traffic is for is settled at its start: all that are up, but those that the phase itself ends. */
#include "tools/lacsim/gen.h"
#include "tools/lacsim/mix.h"
#include "tools/lacsim/search.h"

#include <arpa/inet.h>

#include <rte_cycles.h>

/* Traffic before the count begins: routes and neighbours of the LNS settle. */
#define WARM_NS      (150 * SIM_MS)
#define WARM_MPPS    0.01
#define RETRIES      4
#define FAIR_SHARE   0.985 /* of the CPU: with less, a trial says nothing of the LNS */
#define PLANNED_PART 0.995 /* of the planned packets must be sent */

static void aim(struct gen *g, const struct phase *p)
{
	const struct sim *sim = &g->sim;
	struct blast *b = &g->blast;

	b->n_targets = 0;
	memset(b->first_of_tid, 0xff, 65536 * sizeof(*b->first_of_tid));
	for (uint32_t t = 0; t < sim->o.tunnels; t++) {
		const struct tunnel *tunnel = &sim->tunnels[t];
		uint16_t port = sim->o.source_port ? (uint16_t)(sim->o.source_port + t) : 1701;

		b->first_of_tid[tunnel->id] = tunnel->first;
		b->source[t].ip = htonl(g->access.side.ip + t % g->access.side.count);
		b->source[t].port = htons(port);
		b->source[t].part = (uint16_t)~ether_fold(
			(uint64_t)(b->source[t].ip & 0xffff) + (b->source[t].ip >> 16));
	}
	for (uint32_t i = 0; i < sim->o.sessions; i++) {
		const struct session *s = &sim->sessions[i];
		struct blast_target *to = &b->target[b->n_targets];

		if (s->stage != STAGE_UP || gen_leaves(p, g, i))
			continue;
		to->tid = htons(sim->tunnels[s->tunnel].peer_id);
		to->sid = htons(s->peer_sid);
		memcpy(&to->addr, s->addr, 4);
		to->number = i;
		to->tunnel = s->tunnel;
		b->n_targets++;
	}
}

static int begin(struct gen *g, const struct phase *p)
{
	const struct sockaddr_in *lns = (const struct sockaddr_in *)&g->sim.o.lns.sa;

	return blast_start(&g->blast, p, &g->access, &g->core, ntohl(lns->sin_addr.s_addr),
		ntohs(lns->sin_port));
}

static void settle(struct gen *g)
{
	blast_stop(&g->blast);
	while (gen_go_on(g) && !blast_settled(&g->blast, rte_rdtsc()))
		gen_turn(g);
}

const char *gen_prepare(struct gen *g, const struct phase *p)
{
	struct phase warm = *p;

	if (p->dir != DIR_LOOP && !g->has_core)
		return "no --core-port";
	aim(g, p);
	if (!g->blast.n_targets)
		return "no session is up";
	if (!g->pretending && !gen_resolve(g))
		return "no answer to ARP";
	warm.mpps = WARM_MPPS;
	warm.pick = PICK_RANDOM;
	if (begin(g, &warm))
		return "not enough memory";
	gen_turns_for(g, WARM_NS / 1e9);
	settle(g);
	blast_end(&g->blast);
	return NULL;
}

json_t *gen_stretch(struct gen *g, const struct phase *p, double seconds,
	void (*beside)(struct gen *g, const struct phase *p, void *arg), void *arg)
{
	uint64_t until;
	json_t *found;

	if (begin(g, p)) /* may take a while: no part of the stretch */
		return gen_fault(p, "not enough memory");
	sim_clock(&g->sim);
	g->phase_at = g->sim.now;
	g->cpu_at = gen_cpu_ns();
	g->idle = 0;
	until = g->sim.now + (uint64_t)(seconds * 1e9);
	while (gen_go_on(g) && g->sim.now < until) {
		gen_turn(g);
		if (beside)
			beside(g, p, arg);
	}
	settle(g);
	found = report_blast(g);
	blast_end(&g->blast);
	return found;
}

bool gen_clean(const struct gen *g)
{
	for (unsigned int k = 0; k <= DIR_LOOP; k++)
		if (g->blast.count[k].misdelivered || g->blast.count[k].corrupted)
			return false;
	return true;
}

static json_t *about(const struct phase *p, bool ok)
{
	json_t *line = json_pack("{s:s, s:b, s:s, s:s}", "phase", phase_name(p->kind), "ok", ok,
		"direction", phase_dir_name(p->dir), "pick", phase_pick_name(p->pick));

	if (p->size == PHASE_SIZE_IMIX)
		json_object_set_new(line, "size", json_string("imix"));
	else
		json_object_set_new(line, "size", json_integer(p->size));
	if (p->pick == PICK_HOT)
		json_object_set_new(line, "hot", json_integer(p->hot));
	return line;
}

json_t *phase_traffic(struct gen *g, const struct phase *p)
{
	const char *why = gen_prepare(g, p);
	json_t *found, *line;

	if (why)
		return gen_fault(p, why);
	found = gen_stretch(g, p, p->seconds, NULL, NULL);
	line = about(p, gen_clean(g));
	json_object_update(line, found);
	json_decref(found);
	return line;
}

/* --- search and latency -------------------------------------------------------------------------------------------- */

/* Of the directions of the last stretch: the largest share lost, the lowest rate. */
static void outcome(const struct gen *g, double *lost, double *mpps)
{
	const struct blast *b = &g->blast;
	double s = (double)(b->stopped - b->started) / (double)rte_get_tsc_hz();

	*lost = 0;
	*mpps = 1e9;
	for (unsigned int k = 0; k <= DIR_LOOP; k++) {
		const struct blast_count *c = &b->count[k];
		double rate = (double)c->received / 1e6 / s;

		if (!c->sent)
			continue;
		*lost = RTE_MAX(*lost, 1 - (double)c->received / (double)c->sent);
		*mpps = RTE_MIN(*mpps, rate);
	}
}

static json_t *trial(struct gen *g, const struct phase *p, double rate, bool *passed, double *mpps)
{
	struct phase at = *p;
	double lost = 1, sent = 0, share = 0;
	json_t *found = NULL;
	int tries = 0;

	at.mpps = rate;
	do {
		json_decref(found);
		found = gen_stretch(g, &at, p->trial_s, NULL, NULL);
		outcome(g, &lost, mpps);
		share = json_number_value(json_object_get(found, "cpu_share"));
		sent = json_number_value(json_object_get(found, "planned_share"));
	} while (gen_go_on(g) && share < FAIR_SHARE && ++tries < RETRIES);
	json_decref(found);
	*passed = lost * 100 <= p->loss_percent && (rate == 0 || sent >= PLANNED_PART);
	return json_pack("{s:f, s:b, s:f, s:f, s:f, s:f, s:i}", "mpps", rate ? rate : *mpps,
		"passed", *passed, "lost_percent", lost * 100, "planned_share", sent,
		"received_mpps", *mpps, "cpu_share", share, "repeated", tries);
}

json_t *phase_search(struct gen *g, const struct phase *p)
{
	const char *why = gen_prepare(g, p);
	json_t *trials = json_array(), *line;
	double rate, mpps, highest = p->highest_mpps;
	struct search s;
	bool passed;

	if (why) {
		json_decref(trials);
		return gen_fault(p, why);
	}
	if (highest == 0)
		json_array_append_new(trials, trial(g, p, 0, &passed, &highest));
	search_init(&s, highest, p->step_percent);
	while (gen_go_on(g) && (rate = search_next(&s)) > 0) {
		json_array_append_new(trials, trial(g, p, rate, &passed, &mpps));
		search_tell(&s, rate, passed);
	}
	g->found_mpps[p->dir] = s.passed;
	line = about(p, s.passed > 0);
	json_object_set_new(line, "mpps", json_real(s.passed));
	json_object_set_new(line, "loss_percent", json_real(p->loss_percent));
	json_object_set_new(line, "sessions", json_integer(g->blast.n_targets));
	json_object_set_new(line, "trials", trials);
	return line;
}

json_t *phase_latency(struct gen *g, const struct phase *p)
{
	double of = g->found_mpps[p->dir];
	json_t *points = json_array(), *line;
	const char *why = of == 0 ? "no search of this direction before" : gen_prepare(g, p);
	bool ok = true;

	if (why) {
		json_decref(points);
		return gen_fault(p, why);
	}
	for (unsigned int i = 0; i < p->n_percents && gen_go_on(g); i++) {
		struct phase at = *p;
		json_t *found;

		at.mpps = of * p->percent[i] / 100;
		found = gen_stretch(g, &at, p->seconds, NULL, NULL);
		json_object_set_new(found, "percent", json_integer(p->percent[i]));
		json_array_append_new(points, found);
		ok = ok && gen_clean(g);
	}
	line = about(p, ok);
	json_object_set_new(line, "of_mpps", json_real(of));
	json_object_set_new(line, "points", points);
	return line;
}
