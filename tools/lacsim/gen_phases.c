/* SPDX-License-Identifier: BSD-3-Clause */
/* gen_phases.c - what each phase of lacsim-dpdk does. Each is a loop over gen_turn() until its end, and returns its JSON.
 * Which sessions traffic is for is settled at its start: all that are up, but those that the phase itself ends. */
#include "tools/lacsim/gen.h"
#include "tools/lacsim/mix.h"
#include "tools/lacsim/search.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include <rte_cycles.h>

#define RESOLVE_NS (5 * SIM_SEC)
#define CLOSE_NS   (20 * SIM_SEC)
/* Traffic before the count begins: routes and neighbours of the LNS settle. */
#define WARM_NS      (150 * SIM_MS)
#define WARM_MPPS    0.01
#define RETRIES      4
#define FAIR_SHARE   0.985 /* of the CPU: with less, a trial says nothing of the LNS */
#define PLANNED_PART 0.995 /* of the planned packets must be sent */
#define CHURN_PART   5 /* one session in so many comes and goes */
#define CHURN_REST   (300 * SIM_MS) /* between a CDN and the next ICRQ */

static bool go_on(const struct gen *g)
{
	return !*g->stop;
}

static json_t *fault(const struct phase *p, const char *why)
{
	return json_pack(
		"{s:s, s:b, s:s}", "phase", phase_name(p->kind), "ok", false, "error", why);
}

static bool resolve(struct gen *g)
{
	uint64_t until = g->sim.now + RESOLVE_NS;
	uint32_t met = 0;

	while (go_on(g) && g->sim.now < until) {
		if (ether_known(&g->access.side) && (!g->has_core || ether_known(&g->core.side)))
			return true;
		gen_turn(g);
		if (g->access.side.met != met)
			until = g->sim.now + RESOLVE_NS;
		met = g->access.side.met;
	}
	return false;
}

static void turns_for(struct gen *g, double seconds)
{
	uint64_t until = g->sim.now + (uint64_t)(seconds * 1e9);

	while (go_on(g) && g->sim.now < until)
		gen_turn(g);
}

/* --- setup --------------------------------------------------------------------------------------------------------- */

/* As many as are asked for of those that were up and are not any more. @return done. */
static bool redial(struct gen *g, uint32_t asked, uint32_t *cursor)
{
	struct sim *sim = &g->sim;

	while (*cursor < sim->o.sessions && sim->in_flight < sim->o.in_flight) {
		struct session *s = &sim->sessions[*cursor];

		if (sim->in_stage[STAGE_UP] + sim->in_flight >= asked)
			return true;
		if (s->stage == STAGE_FAILED && sim->tunnels[s->tunnel].state == TUNNEL_UP) {
			if (!call_room(sim, s))
				return false;
			call_redial(sim, s);
		}
		++*cursor;
	}
	return *cursor == sim->o.sessions;
}

static json_t *setup(struct gen *g, const struct phase *p)
{
	struct sim *sim = &g->sim;
	uint32_t asked = p->sessions ? RTE_MIN(p->sessions, sim->o.sessions) : sim->o.sessions,
		 cursor = 0;
	uint64_t give_up = sim->now + p->timeout_s * SIM_SEC;
	bool again = true;

	if (g->pretending)
		return fault(p, "sessions are pretended");
	if (!resolve(g))
		return fault(p, "no answer to ARP");
	sim->started_at = g->phase_at = sim->now;
	g->cpu_at = gen_cpu_ns();
	g->idle = 0;
	sim->dialled_before = sim->dialled;
	sim->dial_limit = RTE_MAX(asked, sim->dialled);
	sim->o.rate = p->rate;
	sim->ups = 0;
	while (go_on(g) && sim->now < give_up) {
		again = again && !redial(g, asked, &cursor);
		tunnels_dial(sim);
		if (!again && !sim->in_flight && !sim->tunnels_waiting &&
			sim->tunnels_dialled == sim->o.tunnels &&
			(sim->dialled >= sim->dial_limit || !sim->tunnels_up ||
				!sim->in_stage[STAGE_IDLE]))
			break;
		gen_turn(g);
	}
	return report_setup(g, asked);
}

static json_t *pretend(struct gen *g, const struct phase *p)
{
	struct sim *sim = &g->sim;

	if (sim->tunnels_dialled || p->sessions > sim->o.sessions)
		return fault(p, "needs --sessions, and no setup before");
	for (uint32_t i = 0; i < p->sessions; i++) {
		struct session *s = &sim->sessions[i];
		uint32_t a = htonl(0x0a000000 + i);

		s->peer_sid = (uint16_t)(1 + i - sim->tunnels[s->tunnel].first);
		memcpy(s->addr, &a, 4);
		if (s->stage != STAGE_UP)
			session_stage(sim, s, STAGE_UP);
	}
	for (uint32_t t = 0; t < sim->o.tunnels; t++)
		sim->tunnels[t].peer_id = (uint16_t)(t + 1);
	g->pretending = true;
	return json_pack("{s:s, s:b, s:I}", "phase", "pretend", "ok", true, "sessions",
		(json_int_t)p->sessions);
}

/* --- traffic ------------------------------------------------------------------------------------------------------- */

/* Ends with the phase: no traffic for it. */
static bool leaves(const struct phase *p, const struct gen *g, uint32_t i)
{
	if (p->kind == PHASE_CHURN)
		return i % CHURN_PART == 0;
	if (p->kind != PHASE_TEARDOWN)
		return false;
	if (p->tunnels)
		return g->sim.sessions[i].tunnel < p->tunnels;
	return !p->sessions || i < p->sessions;
}

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

		if (s->stage != STAGE_UP || leaves(p, g, i))
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
	while (go_on(g) && !blast_settled(&g->blast, rte_rdtsc()))
		gen_turn(g);
}

/* Whether traffic is possible at all; then the sessions are chosen and a trickle opens the way for it. */
static const char *prepare(struct gen *g, const struct phase *p)
{
	struct phase warm = *p;

	if (p->dir != DIR_LOOP && !g->has_core)
		return "no --core-port";
	aim(g, p);
	if (!g->blast.n_targets)
		return "no session is up";
	if (!g->pretending && !resolve(g))
		return "no answer to ARP";
	warm.mpps = WARM_MPPS;
	warm.pick = PICK_RANDOM;
	if (begin(g, &warm))
		return "not enough memory";
	turns_for(g, WARM_NS / 1e9);
	settle(g);
	blast_end(&g->blast);
	return NULL;
}

/* One stretch of traffic; beside: what else goes on in it, or NULL. */
static json_t *stretch(struct gen *g, const struct phase *p, double seconds,
	void (*beside)(struct gen *g, const struct phase *p, void *arg), void *arg)
{
	uint64_t until;
	json_t *found;

	if (begin(g, p)) /* may take a while: no part of the stretch */
		return fault(p, "not enough memory");
	sim_clock(&g->sim);
	g->phase_at = g->sim.now;
	g->cpu_at = gen_cpu_ns();
	g->idle = 0;
	until = g->sim.now + (uint64_t)(seconds * 1e9);
	while (go_on(g) && g->sim.now < until) {
		gen_turn(g);
		if (beside)
			beside(g, p, arg);
	}
	settle(g);
	found = report_blast(g);
	blast_end(&g->blast);
	return found;
}

static bool clean(const struct gen *g)
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

static json_t *traffic(struct gen *g, const struct phase *p)
{
	const char *why = prepare(g, p);
	json_t *found, *line;

	if (why)
		return fault(p, why);
	found = stretch(g, p, p->seconds, NULL, NULL);
	line = about(p, clean(g));
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
		found = stretch(g, &at, p->trial_s, NULL, NULL);
		outcome(g, &lost, mpps);
		share = json_number_value(json_object_get(found, "cpu_share"));
		sent = json_number_value(json_object_get(found, "planned_share"));
	} while (go_on(g) && share < FAIR_SHARE && ++tries < RETRIES);
	*passed = lost * 100 <= p->loss_percent && (rate == 0 || sent >= PLANNED_PART);
	return json_pack("{s:f, s:b, s:f, s:f, s:f, s:f, s:i}", "mpps", rate ? rate : *mpps,
		"passed", *passed, "lost_percent", lost * 100, "planned_share", sent,
		"received_mpps", *mpps, "cpu_share", share, "repeated", tries);
}

static json_t *search(struct gen *g, const struct phase *p)
{
	const char *why = prepare(g, p);
	json_t *trials = json_array(), *line;
	double rate, mpps, highest = p->highest_mpps;
	struct search s;
	bool passed;

	if (why) {
		json_decref(trials);
		return fault(p, why);
	}
	if (highest == 0)
		json_array_append_new(trials, trial(g, p, 0, &passed, &highest));
	search_init(&s, highest, p->step_percent);
	while (go_on(g) && (rate = search_next(&s)) > 0) {
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

static json_t *latency(struct gen *g, const struct phase *p)
{
	double of = g->found_mpps[p->dir];
	json_t *points = json_array(), *line;
	const char *why = of == 0 ? "no search of this direction before" : prepare(g, p);
	bool ok = true;

	if (why) {
		json_decref(points);
		return fault(p, why);
	}
	for (unsigned int i = 0; i < p->n_percents && go_on(g); i++) {
		struct phase at = *p;
		json_t *found;

		at.mpps = of * p->percent[i] / 100;
		found = stretch(g, &at, p->seconds, NULL, NULL);
		json_object_set_new(found, "percent", json_integer(p->percent[i]));
		json_array_append_new(points, found);
		ok = ok && clean(g);
	}
	line = about(p, ok);
	json_object_set_new(line, "of_mpps", json_real(of));
	json_object_set_new(line, "points", points);
	return line;
}

/* --- hold, teardown ------------------------------------------------------------------------------------------------ */

static json_t *hold(struct gen *g, const struct phase *p)
{
	uint32_t before = g->sim.in_stage[STAGE_UP];

	turns_for(g, p->seconds);
	return json_pack("{s:s, s:b, s:f, s:I, s:I}", "phase", "hold", "ok",
		g->sim.in_stage[STAGE_UP] == before, "seconds", gen_seconds(g), "sessions_up",
		(json_int_t)g->sim.in_stage[STAGE_UP], "lost_sessions",
		(json_int_t)before - g->sim.in_stage[STAGE_UP]);
}

static void hang_up_next(struct gen *g, const struct phase *p, uint32_t *cursor)
{
	struct sim *sim = &g->sim;

	for (; *cursor < sim->o.sessions; ++*cursor) {
		struct session *s = &sim->sessions[*cursor];

		if (s->stage != STAGE_UP || !leaves(p, g, *cursor))
			continue;
		if (!call_room(sim, s))
			return;
		call_hang_up(sim, s);
	}
}

/* What has been taken down so far. */
struct ending {
	uint32_t cursor; /* sessions hung up */
	bool begun, closed; /* closed: tunnels too */
	uint64_t began, done; /* ns */
};

static bool acknowledged(const struct sim *sim, uint32_t tunnels)
{
	for (uint32_t t = 0; t < tunnels; t++)
		if (sim->tunnels[t].state != TUNNEL_DOWN && !channel_idle(&sim->tunnels[t].chan))
			return false;
	return true;
}

/* A step of it; all is asked for as fast as the windows allow. */
static void end_some(struct gen *g, const struct phase *p, void *arg)
{
	struct sim *sim = &g->sim;
	struct ending *e = arg;
	uint32_t tunnels = p->tunnels ? RTE_MIN(p->tunnels, sim->o.tunnels) : sim->o.tunnels;

	if (e->done || (p->dir && sim->now - g->phase_at < SIM_SEC))
		return; /* the traffic before it shows what is usual */
	if (!e->begun)
		e->began = sim->now;
	e->begun = true;
	if (p->how == HOW_CDN && e->cursor < sim->o.sessions) {
		hang_up_next(g, p, &e->cursor);
		return;
	}
	if (!e->closed && p->how == HOW_CDN && !acknowledged(sim, tunnels))
		return;
	for (uint32_t t = 0; !e->closed && !p->sessions && t < tunnels; t++) {
		if (p->how == HOW_SILENT)
			tunnel_forget(sim, &sim->tunnels[t]);
		else
			tunnel_close(sim, &sim->tunnels[t]);
	}
	e->closed = true;
	if (acknowledged(sim, tunnels))
		e->done = sim->now;
}

static json_t *teardown(struct gen *g, const struct phase *p)
{
	struct ending e = {0};
	struct sim *sim = &g->sim;
	uint32_t before = sim->in_stage[STAGE_UP];
	const char *why = g->pretending ? "sessions are pretended" : p->dir ? prepare(g, p) : NULL;
	json_t *line, *found = NULL;
	uint64_t until;

	if (why)
		return fault(p, why);
	if (p->dir)
		found = stretch(g, p, p->seconds, end_some, &e);
	for (until = sim->now + CLOSE_NS; go_on(g) && !e.done && sim->now < until; gen_turn(g))
		end_some(g, p, &e);
	line = json_pack("{s:s, s:b, s:s, s:I, s:f}", "phase", "teardown", "ok",
		e.done && (!p->dir || clean(g)), "how", phase_how_name(p->how), "sessions",
		(json_int_t)before - sim->in_stage[STAGE_UP], "seconds",
		e.done ? (double)(e.done - e.began) / 1e9 : -1.0);
	if (found)
		json_object_set_new(line, "traffic", found);
	if (!p->tunnels && !p->sessions && tunnels_reset(sim)) {
		json_decref(line);
		return fault(p, "not enough memory");
	}
	return line;
}

/* --- churn --------------------------------------------------------------------------------------------------------- */

struct churn {
	uint32_t *up, *down; /* rings of session numbers */
	uint64_t *gone_at; /* beside down */
	uint32_t size, up_head, up_n, down_head, down_n;
	uint64_t went, came, began;
	bool ending; /* only bring back what is down */
};

static void churn_step(struct gen *g, const struct phase *p, void *arg)
{
	struct sim *sim = &g->sim;
	struct churn *c = arg;
	uint64_t due = (sim->now - c->began) * p->rate / SIM_SEC;

	for (uint64_t n = c->went; !c->ending && n < due && c->up_n; n++) {
		uint32_t i = c->up[c->up_head];
		struct session *s = &sim->sessions[i];

		if (!call_room(sim, s))
			break;
		c->up_head = (c->up_head + 1) % c->size;
		c->up_n--;
		if (s->stage != STAGE_UP)
			continue;
		call_hang_up(sim, s);
		c->down[(c->down_head + c->down_n) % c->size] = i;
		c->gone_at[(c->down_head + c->down_n++) % c->size] = sim->now;
		c->went++;
	}
	while (c->down_n && sim->now - c->gone_at[c->down_head] >= CHURN_REST &&
		(c->came < due || c->ending)) {
		uint32_t i = c->down[c->down_head];

		if (!call_room(sim, &sim->sessions[i]))
			break;
		call_redial(sim, &sim->sessions[i]);
		c->down_head = (c->down_head + 1) % c->size;
		c->down_n--;
		c->up[(c->up_head + c->up_n++) % c->size] = i;
		c->came++;
	}
}

static int churn_init(struct churn *c, struct gen *g)
{
	uint32_t n = g->sim.o.sessions;

	c->size = n / CHURN_PART + 1;
	c->up = malloc(c->size * sizeof(*c->up));
	c->down = malloc(c->size * sizeof(*c->down));
	c->gone_at = malloc(c->size * sizeof(*c->gone_at));
	if (!c->up || !c->down || !c->gone_at)
		return -1;
	for (uint32_t i = 0; i < n; i += CHURN_PART)
		if (g->sim.sessions[i].stage == STAGE_UP)
			c->up[c->up_n++] = i;
	c->began = g->sim.now;
	return 0;
}

static void churn_fini(struct churn *c)
{
	free(c->up);
	free(c->down);
	free(c->gone_at);
}

static json_t *churn(struct gen *g, const struct phase *p)
{
	struct churn c = {0};
	struct sim *sim = &g->sim;
	uint32_t before = sim->in_stage[STAGE_UP];
	const char *why = g->pretending ? "sessions are pretended" : p->dir ? prepare(g, p) : NULL;
	json_t *line, *found = NULL;
	uint64_t ups = sim->total_ups, until;

	if (why || churn_init(&c, g)) {
		churn_fini(&c);
		return fault(p, why ? why : "not enough memory");
	}
	if (p->dir)
		found = stretch(g, p, p->seconds, churn_step, &c);
	else
		for (until = c.began + (uint64_t)(p->seconds * 1e9); go_on(g) && sim->now < until;
			gen_turn(g))
			churn_step(g, p, &c);
	line = json_pack("{s:s, s:I, s:f, s:I, s:I, s:f}", "phase", "churn", "asked_per_second",
		(json_int_t)p->rate, "seconds", gen_seconds(g), "went", (json_int_t)c.went, "came",
		(json_int_t)c.came, "per_second", (double)c.went / p->seconds);
	c.ending = true;
	for (until = sim->now + CLOSE_NS; go_on(g) && sim->now < until; gen_turn(g)) {
		churn_step(g, p, &c);
		if (!c.down_n && !sim->in_flight)
			break;
	}
	json_object_set_new(line, "came_up", json_integer((json_int_t)(sim->total_ups - ups)));
	json_object_set_new(line, "not_back",
		json_integer((json_int_t)before - (json_int_t)sim->in_stage[STAGE_UP]));
	json_object_set_new(line, "ok",
		json_boolean(sim->in_stage[STAGE_UP] == before && (!p->dir || clean(g))));
	if (found)
		json_object_set_new(line, "traffic", found);
	churn_fini(&c);
	return line;
}

json_t *phase_run(struct gen *g, const struct phase *p)
{
	switch (p->kind) {
	case PHASE_SETUP:
		return setup(g, p);
	case PHASE_PRETEND:
		return pretend(g, p);
	case PHASE_TRAFFIC:
		return traffic(g, p);
	case PHASE_SEARCH:
		return search(g, p);
	case PHASE_LATENCY:
		return latency(g, p);
	case PHASE_CHURN:
		return churn(g, p);
	case PHASE_HOLD:
		return hold(g, p);
	default:
		return teardown(g, p);
	}
}
