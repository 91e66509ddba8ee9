/* SPDX-License-Identifier: BSD-3-Clause */
/* gen_phases.c - the phases of lacsim-dpdk in which sessions come and go. Each is a loop over gen_turn() until its end, and
 * returns its JSON. Not here: traffic (gen_traffic.c). */
#include "tools/lacsim/gen.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define RESOLVE_NS (5 * SIM_SEC)
#define CLOSE_NS   (20 * SIM_SEC)
#define CHURN_PART 5 /* one session in so many comes and goes */
#define CHURN_REST (300 * SIM_MS) /* between a CDN and the next ICRQ */

json_t *gen_fault(const struct phase *p, const char *why)
{
	return json_pack(
		"{s:s, s:b, s:s}", "phase", phase_name(p->kind), "ok", false, "error", why);
}

bool gen_resolve(struct gen *g)
{
	uint64_t until = g->sim.now + RESOLVE_NS;
	uint32_t met = 0;

	while (gen_go_on(g) && g->sim.now < until) {
		if (ether_known(&g->access.side) && (!g->has_core || ether_known(&g->core.side)))
			return true;
		gen_turn(g);
		if (g->access.side.met != met)
			until = g->sim.now + RESOLVE_NS;
		met = g->access.side.met;
	}
	return false;
}

void gen_turns_for(struct gen *g, double seconds)
{
	uint64_t until = g->sim.now + (uint64_t)(seconds * 1e9);

	while (gen_go_on(g) && g->sim.now < until)
		gen_turn(g);
}

bool gen_leaves(const struct phase *p, const struct gen *g, uint32_t i)
{
	if (p->kind == PHASE_CHURN)
		return i % CHURN_PART == 0;
	if (p->kind != PHASE_TEARDOWN)
		return false;
	if (p->tunnels)
		return g->sim.sessions[i].tunnel < p->tunnels;
	return !p->sessions || i < p->sessions;
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
		return gen_fault(p, "sessions are pretended");
	if (!gen_resolve(g))
		return gen_fault(p, "no answer to ARP");
	sim->started_at = g->phase_at = sim->now;
	g->cpu_at = gen_cpu_ns();
	g->idle = 0;
	sim->dialled_before = sim->dialled;
	sim->dial_limit = RTE_MAX(asked, sim->dialled);
	sim->o.rate = p->rate;
	sim->ups = 0;
	while (gen_go_on(g) && sim->now < give_up) {
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
		return gen_fault(p, "needs --sessions, and no setup before");
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

/* --- hold, teardown ------------------------------------------------------------------------------------------------ */

static json_t *hold(struct gen *g, const struct phase *p)
{
	uint32_t before = g->sim.in_stage[STAGE_UP];

	gen_turns_for(g, p->seconds);
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

		if (s->stage != STAGE_UP || !gen_leaves(p, g, *cursor))
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
	const char *why = g->pretending ? "sessions are pretended"
		: p->dir                ? gen_prepare(g, p)
					: NULL;
	json_t *line, *found = NULL;
	uint64_t until;

	if (why)
		return gen_fault(p, why);
	if (p->dir)
		found = gen_stretch(g, p, p->seconds, end_some, &e);
	for (until = sim->now + CLOSE_NS; gen_go_on(g) && !e.done && sim->now < until; gen_turn(g))
		end_some(g, p, &e);
	line = json_pack("{s:s, s:b, s:s, s:I, s:f}", "phase", "teardown", "ok",
		e.done && (!p->dir || gen_clean(g)), "how", phase_how_name(p->how), "sessions",
		(json_int_t)before - sim->in_stage[STAGE_UP], "seconds",
		e.done ? (double)(e.done - e.began) / 1e9 : -1.0);
	if (found)
		json_object_set_new(line, "traffic", found);
	if (!p->tunnels && !p->sessions && tunnels_reset(sim)) {
		json_decref(line);
		return gen_fault(p, "not enough memory");
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
	const char *why = g->pretending ? "sessions are pretended"
		: p->dir                ? gen_prepare(g, p)
					: NULL;
	json_t *line, *found = NULL;
	uint64_t ups = sim->total_ups, until;

	if (why || churn_init(&c, g)) {
		churn_fini(&c);
		return gen_fault(p, why ? why : "not enough memory");
	}
	if (p->dir)
		found = gen_stretch(g, p, p->seconds, churn_step, &c);
	else
		for (until = c.began + (uint64_t)(p->seconds * 1e9);
			gen_go_on(g) && sim->now < until; gen_turn(g))
			churn_step(g, p, &c);
	line = json_pack("{s:s, s:I, s:f, s:I, s:I, s:f}", "phase", "churn", "asked_per_second",
		(json_int_t)p->rate, "seconds", gen_seconds(g), "went", (json_int_t)c.went, "came",
		(json_int_t)c.came, "per_second", (double)c.went / p->seconds);
	c.ending = true;
	for (until = sim->now + CLOSE_NS; gen_go_on(g) && sim->now < until; gen_turn(g)) {
		churn_step(g, p, &c);
		if (!c.down_n && !sim->in_flight)
			break;
	}
	json_object_set_new(line, "came_up", json_integer((json_int_t)(sim->total_ups - ups)));
	json_object_set_new(line, "not_back",
		json_integer((json_int_t)before - (json_int_t)sim->in_stage[STAGE_UP]));
	json_object_set_new(line, "ok",
		json_boolean(sim->in_stage[STAGE_UP] == before && (!p->dir || gen_clean(g))));
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
		return phase_traffic(g, p);
	case PHASE_SEARCH:
		return phase_search(g, p);
	case PHASE_LATENCY:
		return phase_latency(g, p);
	case PHASE_CHURN:
		return churn(g, p);
	case PHASE_HOLD:
		return hold(g, p);
	default:
		return teardown(g, p);
	}
}
