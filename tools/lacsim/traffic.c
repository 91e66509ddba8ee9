/* SPDX-License-Identifier: BSD-3-Clause */
/* traffic.c - numbered payloads inside the sessions, and what a subscriber answers by itself (ping, router discovery).
 * Payload n is sent by active session n modulo the number of them, paced by the clock: a late turn sends what is due. */
#include "tools/lacsim/mix.h"
#include "tools/lacsim/sim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#define BURST 512 /* payloads per turn, so that answers are read in between */

void session_address6(const struct session *s, uint8_t out[16])
{
	memcpy(out, s->prefix, 8);
	put64(out + 8, s->iid);
}

int traffic_start(struct sim *sim)
{
	const struct sim_opts *o = &sim->o;
	/* What came to a wrong subscriber before the traffic counts too. */
	uint64_t strays = sim->ledger.misdelivered;

	sim->n_active = 0;
	for (uint32_t i = 0; i < o->sessions; i++)
		if (sim->sessions[i].stage == STAGE_UP)
			sim->active[sim->n_active++] = i;
	sim->traffic_total =
		sim->n_active > (o->peer_to_peer ? 1 : 0) ? (uint64_t)o->traffic_s * o->pps : 0;
	if (ledger_init(
		    &sim->ledger, o->seed, o->generation, o->size, sim->traffic_total, o->sessions))
		return -ENOMEM;
	sim->ledger.misdelivered = strays;
	sim->traffic_ready = true;
	sim->traffic_at = sim->now;
	return 0;
}

/* Peer-to-peer: in every round of all sessions the distance to the partner is another one. */
static uint32_t partner(const struct sim *sim, uint64_t n)
{
	uint64_t round = n / sim->n_active,
		 step = 1 + mix64(sim->o.seed ^ round) % (sim->n_active - 1);

	return sim->active[(n + step) % sim->n_active];
}

static void send_payload(struct sim *sim, uint64_t n)
{
	uint32_t from = sim->active[n % sim->n_active],
		 owner = sim->o.peer_to_peer ? partner(sim, n) : from;
	struct session *s = &sim->sessions[from];
	struct flow f = {.v6 = sim->o.traffic6, .sport = SIM_PORT, .dport = SIM_PORT};
	const struct sockaddr_in *echo = (const struct sockaddr_in *)&sim->o.echo_to.sa;
	size_t room, head = flow_head(&f);
	uint8_t *p;

	if (f.v6) {
		session_address6(s, f.src);
		session_address6(&sim->sessions[owner], f.dst);
	} else {
		memcpy(f.src, s->addr, 4);
		memcpy(f.dst,
			sim->o.peer_to_peer ? sim->sessions[owner].addr
					    : (const uint8_t *)&echo->sin_addr,
			4);
	}
	if (!sim->o.peer_to_peer)
		f.dport = ntohs(echo->sin_port);
	if (s->stage != STAGE_UP) {
		/* It went down under way: the payload counts as sent and lost. */
		uint8_t nowhere[LEDGER_MAX];

		ledger_send(&sim->ledger, nowhere, n, from, owner, sim->now);
		return;
	}
	p = frame_begin(sim, s, f.v6 ? 0x0057 : 0x0021, &room);
	ledger_send(&sim->ledger, p + head, n, from, owner, sim->now);
	frame_end(sim, flow_write(&f, p, sim->o.size, (uint16_t)n));
}

bool traffic_run(struct sim *sim)
{
	uint64_t due, next = sim->ledger.sent;

	sim_clock(sim);
	due = (sim->now - sim->traffic_at) * sim->o.pps / SIM_SEC;
	if (next < sim->traffic_total) {
		if (due > sim->traffic_total)
			due = sim->traffic_total;
		if (due > next + BURST)
			due = next + BURST;
		while (next < due)
			send_payload(sim, next++);
		sim->traffic_end = sim->now;
		return true;
	}
	return ledger_lost(&sim->ledger) && sim->now - sim->traffic_end < sim->o.drain_ms * SIM_MS;
}

static bool addressed_to(const struct session *s, const struct flow *f)
{
	uint8_t mine[16];

	if (!f->v6)
		return !memcmp(f->dst, s->addr, 4);
	session_address6(s, mine);
	return !memcmp(f->dst, mine, 16) || f->dst[0] == 0xff ||
		(f->dst[0] == 0xfe && f->dst[1] == 0x80);
}

static void answer_ping(struct sim *sim, struct session *s, uint8_t *ip, size_t len)
{
	size_t room;
	uint8_t *p = frame_begin(sim, s, ip[0] >> 4 == 6 ? 0x0057 : 0x0021, &room);

	if (len > room)
		return;
	memcpy(p, ip, len);
	echo_reply(p, len);
	frame_end(sim, len);
	sim->pings++;
}

void traffic_ip(struct sim *sim, struct session *s, uint8_t *ip, size_t len)
{
	struct flow f;
	struct rd payload;
	uint8_t prefix[8];
	enum ip_kind kind = ip_read(ip, &len, &f, &payload);

	if (kind == IP_BAD) {
		sim->inner_bad++;
		return;
	}
	if (kind == IP_ROUTER_ADVERTISEMENT) {
		if (ra_prefix(ip, len, prefix))
			subscriber_prefix(sim, s, prefix);
		return;
	}
	if (!addressed_to(s, &f)) {
		ledger_wrong_address(&sim->ledger);
		return;
	}
	if (kind == IP_ECHO_REQUEST && f.dst[0] != 0xff)
		answer_ping(sim, s, ip, len);
	else if (kind == IP_UDP && f.dport == SIM_PORT && sim->traffic_ready)
		ledger_receive(&sim->ledger, payload.p, rd_left(&payload), session_number(sim, s),
			sim->now);
	else
		sim->inner_other++;
}
