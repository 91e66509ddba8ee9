/* SPDX-License-Identifier: BSD-3-Clause */
/* tunnel.c - tunnels and incoming calls from the LAC's side (RFC 2661 s5.1, s5.2, s7.2, s7.4).
 * Tunnel t has our id base + t, session i of it our session id i + 1, so both lookups are a subtraction. */
#include "tools/lacsim/mix.h"
#include "tools/lacsim/sim.h"

#include <errno.h>
#include <stdlib.h>

#define TUNNELS_WAITING 256 /* SCCRQs outstanding at once */
#define SCAN            1024 /* tunnels looked at per turn */
#define TUNNEL_IDS      65535u /* 1 .. 65535 */

static const char vendor[] = "lacsim";

int tunnels_init(struct sim *sim)
{
	const uint32_t n = sim->o.sessions, tunnels = sim->o.tunnels;

	sim->tunnels = calloc(tunnels, sizeof(*sim->tunnels));
	sim->sessions = calloc(n + 1, sizeof(*sim->sessions));
	sim->dirty = calloc(tunnels, sizeof(struct tunnel *));
	sim->up_times = calloc(n + 1, sizeof(*sim->up_times));
	sim->active = calloc(n + 1, sizeof(*sim->active));
	if (!sim->tunnels || !sim->sessions || !sim->dirty || !sim->up_times || !sim->active)
		return -ENOMEM;
	sim->tunnel_id_base = (uint16_t)mix64(sim->o.seed ^ sim->o.generation);
	sim->in_stage[STAGE_IDLE] = sim->dial_limit = n;
	for (uint32_t i = 0; i < tunnels; i++) {
		struct tunnel *t = &sim->tunnels[i];
		uint64_t random = mix64(sim->o.seed ^ (uint64_t)i << 32);

		t->fd = -1;
		t->id = (uint16_t)(1 + (sim->tunnel_id_base + i) % TUNNEL_IDS);
		t->first = (uint32_t)((uint64_t)i * n / tunnels);
		t->count = (uint32_t)((uint64_t)(i + 1) * n / tunnels) - t->first;
		for (size_t k = 0; k < sizeof(t->challenge); k += sizeof(random)) {
			uint64_t word = mix_next(&random);

			memcpy(t->challenge + k, &word, sizeof(word));
		}
		for (uint32_t k = 0; k < t->count; k++)
			sim->sessions[t->first + k].tunnel = i;
	}
	return 0;
}

void tunnels_free(struct sim *sim)
{
	for (uint32_t i = 0; sim->tunnels && i < sim->o.tunnels; i++)
		channel_fini(&sim->tunnels[i].chan);
	free(sim->tunnels);
	free(sim->sessions);
	free(sim->dirty);
	free(sim->up_times);
	free(sim->active);
}

int tunnels_reset(struct sim *sim)
{
	uint16_t base = (uint16_t)((sim->tunnel_id_base + sim->o.tunnels) % TUNNEL_IDS);

	tunnels_free(sim);
	memset(sim->in_stage, 0, sizeof(sim->in_stage));
	memset(sim->failed, 0, sizeof(sim->failed));
	sim->n_dirty = sim->n_active = 0;
	sim->timer_head = sim->timer_tail = 0;
	sim->tunnel_cursor = sim->tunnels_dialled = sim->tunnels_waiting = sim->tunnels_up = 0;
	sim->in_flight = sim->dialled = sim->ups = 0;
	if (tunnels_init(sim))
		return -ENOMEM;
	sim->tunnel_id_base = base;
	for (uint32_t i = 0; i < sim->o.tunnels; i++)
		sim->tunnels[i].id = (uint16_t)(1 + (base + i) % TUNNEL_IDS);
	return 0;
}

static struct tunnel *tunnel_of(struct sim *sim, uint16_t id)
{
	uint32_t i = (id + TUNNEL_IDS * 2 - 1 - sim->tunnel_id_base) % TUNNEL_IDS;

	return id && i < sim->o.tunnels && sim->tunnels[i].fd >= 0 ? &sim->tunnels[i] : NULL;
}

static struct session *session_of(struct sim *sim, const struct tunnel *t, uint16_t sid)
{
	return sid && sid <= t->dialled ? &sim->sessions[t->first + sid - 1] : NULL;
}

static uint16_t sid_of(const struct sim *sim, const struct session *s)
{
	return (uint16_t)(session_number(sim, s) - sim->tunnels[s->tunnel].first + 1);
}

static void touch(struct sim *sim, struct tunnel *t)
{
	if (!t->dirty) {
		t->dirty = true;
		sim->dirty[sim->n_dirty++] = t;
	}
}

static void queue_tagged(
	struct sim *sim, struct tunnel *t, uint8_t *msg, struct wr *w, uint32_t tag)
{
	size_t len = control_end(w, msg);

	/* Out of memory, or an option too long: the tunnel ends as if the peer were gone. */
	if (!len || channel_queue(&t->chan, msg, len, tag))
		t->chan.dead = true;
	touch(sim, t);
}

static void queue(struct sim *sim, struct tunnel *t, uint8_t *msg, struct wr *w)
{
	queue_tagged(sim, t, msg, w, 0);
}

static void send_sccrq(struct sim *sim, struct tunnel *t)
{
	uint8_t msg[1024];
	struct wr w = wr_of(msg, sizeof(msg));
	char name[256];
	size_t len =
		sim_numbered(name, sizeof(name), sim->o.host_name, (uint32_t)(t - sim->tunnels));

	control_begin(&w, 0, 0, MSG_SCCRQ);
	avp_u16(&w, AVP_PROTOCOL_VERSION, 0x0100);
	avp_bytes(&w, AVP_HOST_NAME, true, name, len);
	avp_u32(&w, AVP_FRAMING_CAPS, 3);
	avp_u16(&w, AVP_TUNNEL_ID, t->id);
	avp_u32(&w, AVP_BEARER_CAPS, 3);
	avp_bytes(&w, AVP_VENDOR_NAME, false, vendor, sizeof(vendor) - 1);
	avp_u16(&w, AVP_WINDOW, sim->o.window);
	if (sim->o.secret)
		avp_bytes(&w, AVP_CHALLENGE, true, t->challenge, sizeof(t->challenge));
	queue(sim, t, msg, &w);
}

static void send_stopccn(struct sim *sim, struct tunnel *t, uint16_t result)
{
	uint8_t msg[64];
	struct wr w = wr_of(msg, sizeof(msg));

	control_begin(&w, t->peer_id, 0, MSG_STOPCCN);
	avp_u16(&w, AVP_TUNNEL_ID, t->id);
	avp_u16(&w, AVP_RESULT_CODE, result);
	queue(sim, t, msg, &w);
}

static void send_icrq(struct sim *sim, struct tunnel *t, struct session *s)
{
	uint8_t msg[128];
	struct wr w = wr_of(msg, sizeof(msg));
	char number[16];
	size_t len = sim_numbered(number, sizeof(number), "5%d", session_number(sim, s));

	control_begin(&w, t->peer_id, 0, MSG_ICRQ);
	avp_u16(&w, AVP_SESSION_ID, sid_of(sim, s));
	avp_u32(&w, AVP_CALL_SERIAL, session_number(sim, s) + 1);
	avp_bytes(&w, AVP_CALLING_NUMBER, true, number, len);
	queue(sim, t, msg, &w);
}

static void send_iccn(struct sim *sim, struct tunnel *t, struct session *s)
{
	uint8_t msg[64];
	struct wr w = wr_of(msg, sizeof(msg));

	control_begin(&w, t->peer_id, s->peer_sid, MSG_ICCN);
	avp_u32(&w, AVP_TX_SPEED, 100000000);
	avp_u32(&w, AVP_FRAMING_TYPE, 1);
	if (sim->o.sequencing)
		avp_bytes(&w, AVP_SEQUENCING_REQUIRED, true, NULL, 0);
	queue_tagged(sim, t, msg, &w, session_number(sim, s) + 1);
}

static void send_cdn(struct sim *sim, struct tunnel *t, struct session *s, uint16_t result)
{
	uint8_t msg[64];
	struct wr w = wr_of(msg, sizeof(msg));

	if (t->state != TUNNEL_UP)
		return;
	control_begin(&w, t->peer_id, s->peer_sid, MSG_CDN);
	avp_u16(&w, AVP_RESULT_CODE, result);
	avp_u16(&w, AVP_SESSION_ID, sid_of(sim, s));
	queue(sim, t, msg, &w);
}

bool call_room(const struct sim *sim, const struct session *s)
{
	const struct tunnel *t = &sim->tunnels[s->tunnel];

	return t->state == TUNNEL_UP && channel_room(&t->chan);
}

void call_hang_up(struct sim *sim, struct session *s)
{
	send_cdn(sim, &sim->tunnels[s->tunnel], s, 3);
	session_failed(sim, s, FAIL_NONE);
}

void call_fail(struct sim *sim, struct session *s, enum fail why)
{
	send_cdn(sim, &sim->tunnels[s->tunnel], s, 3);
	session_failed(sim, s, why);
}

static void tunnel_gone(struct sim *sim, struct tunnel *t)
{
	if (t->state == TUNNEL_DOWN)
		return;
	sim->tunnels_waiting -= t->state == TUNNEL_WAIT_REPLY;
	sim->tunnels_up -= t->state == TUNNEL_UP;
	if (t->state != TUNNEL_CLOSING)
		for (uint32_t i = 0; i < t->count; i++) {
			struct session *s = &sim->sessions[t->first + i];

			if (s->stage != STAGE_FAILED)
				session_failed(
					sim, s, s->stage == STAGE_UP ? FAIL_LOST : FAIL_NO_TUNNEL);
		}
	t->dialled = t->count;
	t->state = TUNNEL_DOWN;
}

static void got_sccrp(struct sim *sim, struct tunnel *t, const struct control *c)
{
	const char *secret = sim->o.secret ? sim->o.secret : "";
	uint8_t msg[64], answer[16];
	struct wr w = wr_of(msg, sizeof(msg));

	if (t->state != TUNNEL_WAIT_REPLY || !c->tunnel_id)
		return;
	t->peer_id = c->tunnel_id;
	if (c->window)
		t->chan.peer_window = c->window;
	t->chan.ssthresh = t->chan.peer_window;
	if (sim->o.secret) {
		md5_response(answer, MSG_SCCRP, secret, strlen(secret), t->challenge,
			sizeof(t->challenge));
		if (rd_left(&c->response) != 16 || memcmp(c->response.p, answer, 16)) {
			snprintf(t->text, sizeof(t->text), "its challenge response is wrong");
			send_stopccn(sim, t, 4);
			tunnel_gone(sim, t);
			return;
		}
	}
	sim->tunnels_waiting--;
	sim->tunnels_up++;
	t->state = TUNNEL_UP;
	control_begin(&w, t->peer_id, 0, MSG_SCCCN);
	if (rd_left(&c->challenge)) {
		md5_response(answer, MSG_SCCCN, secret, strlen(secret), c->challenge.p,
			rd_left(&c->challenge));
		avp_bytes(&w, AVP_CHALLENGE_RESPONSE, true, answer, sizeof(answer));
	}
	queue(sim, t, msg, &w);
}

static void got_stopccn(struct sim *sim, struct tunnel *t, const struct control *c)
{
	t->result = c->result;
	t->error = c->error;
	memcpy(t->text, c->text, sizeof(t->text));
	tunnel_gone(sim, t);
}

static void got_icrp(struct sim *sim, struct tunnel *t, struct session *s, const struct control *c)
{
	if (s->stage != STAGE_CALL || !c->session_id || s->peer_sid)
		return;
	s->peer_sid = c->session_id;
	send_iccn(sim, t, s);
}

static void got_cdn(struct sim *sim, struct session *s, const struct control *c)
{
	if (s->stage == STAGE_FAILED)
		return;
	sim->hung_up_results[c->result & 15]++;
	session_failed(sim, s,
		s->stage == STAGE_UP             ? FAIL_LOST
			: s->stage == STAGE_CALL ? FAIL_CALL_REFUSED
						 : FAIL_HUNG_UP);
}

static void control_input(
	struct sim *sim, struct tunnel *t, const struct l2tp_head *h, struct rd *r)
{
	struct session *s;
	struct control c;

	touch(sim, t);
	t->heard_at = sim->now;
	if (channel_input(&t->chan, h->ns, h->nr, !rd_left(r), sim->now) != CHANNEL_NEW)
		return;
	if (!control_read(r, &c)) {
		sim->unknown++;
		return;
	}
	s = session_of(sim, t, h->session);
	switch (c.type) {
	case MSG_SCCRP:
		got_sccrp(sim, t, &c);
		break;
	case MSG_STOPCCN:
		got_stopccn(sim, t, &c);
		break;
	case MSG_ICRP:
		if (s)
			got_icrp(sim, t, s, &c);
		break;
	case MSG_CDN:
		if (s)
			got_cdn(sim, s, &c);
		break;
	case MSG_HELLO:
		break; /* the acknowledgement is the answer */
	default:
		sim->unknown++;
	}
}

void tunnel_input(struct sim *sim, uint8_t *bytes, size_t len)
{
	struct rd r = rd_of(bytes, len);
	struct l2tp_head h;
	struct tunnel *t;
	struct session *s;

	if (!l2tp_head_read(&r, &h) || !(t = tunnel_of(sim, h.tunnel))) {
		sim->unknown++;
		return;
	}
	if (h.control) {
		control_input(sim, t, &h, &r);
		return;
	}
	s = session_of(sim, t, h.session);
	if (!s || s->stage == STAGE_FAILED || s->stage < STAGE_LCP) {
		sim->unknown++;
		return;
	}
	t->heard_at = sim->now;
	subscriber_input(sim, s, bytes + (r.p - bytes), rd_left(&r));
}

static bool dial_tunnel(struct sim *sim, struct tunnel *t)
{
	int fd = net_open(sim->net, (uint32_t)(t - sim->tunnels));

	sim->tunnels_dialled++;
	channel_init(&t->chan);
	if (fd < 0) {
		snprintf(t->text, sizeof(t->text), "socket: %s", strerror(-fd));
		tunnel_gone(sim, t);
		return false;
	}
	t->fd = fd;
	t->heard_at = sim->now;
	t->state = TUNNEL_WAIT_REPLY;
	sim->tunnels_waiting++;
	send_sccrq(sim, t);
	return true;
}

static void dial_call(struct sim *sim, struct tunnel *t, struct session *s)
{
	s->dialled_at = sim->now;
	session_stage(sim, s, STAGE_CALL);
	timer_arm(sim, s);
	send_icrq(sim, t, s);
}

void call_redial(struct sim *sim, struct session *s)
{
	if (s->stage == STAGE_FAILED)
		sim->failed[s->fail]--;
	s->fail = FAIL_NONE;
	s->peer_sid = 0;
	s->up_at = 0;
	dial_call(sim, &sim->tunnels[s->tunnel], s);
}

/* Sessions that --rate allows to have been dialled by now. */
static uint32_t allowed(const struct sim *sim)
{
	uint64_t n;

	if (!sim->o.rate)
		return sim->dial_limit;
	n = sim->dialled_before + (sim->now - sim->started_at) * sim->o.rate / SIM_SEC + 1;
	return n < sim->dial_limit ? (uint32_t)n : sim->dial_limit;
}

void tunnels_dial(struct sim *sim)
{
	uint32_t may = allowed(sim), idle = 0;

	while (sim->tunnels_dialled < sim->o.tunnels && sim->tunnels_waiting < TUNNELS_WAITING)
		dial_tunnel(sim, &sim->tunnels[sim->tunnels_dialled]);
	while (idle < SCAN && idle < sim->o.tunnels && sim->in_flight < sim->o.in_flight &&
		sim->dialled < may) {
		struct tunnel *t = &sim->tunnels[sim->tunnel_cursor];

		sim->tunnel_cursor = (sim->tunnel_cursor + 1) % sim->o.tunnels;
		if (t->state == TUNNEL_UP && t->dialled < t->count && channel_room(&t->chan)) {
			dial_call(sim, t, &sim->sessions[t->first + t->dialled++]);
			sim->dialled++;
			idle = 0;
		} else {
			idle++;
		}
	}
}

void tunnels_timers(struct sim *sim)
{
	uint64_t hello = sim->o.hello_s * SIM_SEC;

	for (uint32_t i = 0; i < sim->tunnels_dialled; i++) {
		struct tunnel *t = &sim->tunnels[i];

		if (t->fd < 0)
			continue;
		channel_tick(&t->chan, sim->now);
		if (t->chan.dead) {
			if (t->state != TUNNEL_DOWN)
				snprintf(t->text, sizeof(t->text), "no answer");
			tunnel_gone(sim, t);
		} else if (t->state == TUNNEL_UP && hello && sim->now - t->heard_at > hello &&
			channel_idle(&t->chan)) {
			uint8_t msg[32];
			struct wr w = wr_of(msg, sizeof(msg));

			control_begin(&w, t->peer_id, 0, MSG_HELLO);
			queue(sim, t, msg, &w);
		}
		if (t->chan.resend_at)
			touch(sim, t);
	}
}

/* PPP starts once ICCN has left, which a full window may delay; the LNS drops frames before it. */
static void iccn_sent(struct sim *sim, struct session *s)
{
	if (s->stage == STAGE_CALL)
		subscriber_start(sim, s);
}

static void flush(struct sim *sim, struct tunnel *t)
{
	const struct channel_msg *m;
	uint8_t *slot;

	while ((m = channel_next(&t->chan, sim->now))) {
		slot = net_slot(sim->net, t->fd);
		memcpy(slot, m->bytes, m->len);
		net_push(sim->net, m->len);
		if (m->tag)
			iccn_sent(sim, &sim->sessions[m->tag - 1]);
	}
	if (t->chan.ack_owed) {
		struct wr w = wr_of(slot = net_slot(sim->net, t->fd), SIM_DGRAM);

		control_begin(&w, t->peer_id, 0, 0);
		control_stamp(slot, (uint16_t)t->chan.next, t->chan.nr);
		net_push(sim->net, control_end(&w, slot));
		t->chan.ack_owed = false;
	}
}

void tunnels_flush(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->n_dirty; i++) {
		sim->dirty[i]->dirty = false;
		if (sim->dirty[i]->fd >= 0)
			flush(sim, sim->dirty[i]);
	}
	sim->n_dirty = 0;
}

/* Its sessions went with it, by our wish. */
static void release_calls(struct sim *sim, const struct tunnel *t)
{
	for (uint32_t i = 0; i < t->count; i++) {
		struct session *s = &sim->sessions[t->first + i];

		if (s->stage != STAGE_FAILED)
			session_failed(sim, s, FAIL_NONE);
	}
}

void tunnel_close(struct sim *sim, struct tunnel *t)
{
	if (t->state != TUNNEL_UP)
		return;
	send_stopccn(sim, t, 6);
	sim->tunnels_up--;
	t->state = TUNNEL_CLOSING;
	release_calls(sim, t);
}

void tunnel_forget(struct sim *sim, struct tunnel *t)
{
	sim->tunnels_waiting -= t->state == TUNNEL_WAIT_REPLY;
	sim->tunnels_up -= t->state == TUNNEL_UP;
	t->state = TUNNEL_DOWN;
	t->fd = -1;
	release_calls(sim, t);
}

void tunnels_close(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->tunnels_dialled; i++) {
		struct tunnel *t = &sim->tunnels[i];

		if (t->state != TUNNEL_UP)
			continue;
		if (sim->o.teardown == SIM_TEARDOWN_CDN)
			for (uint32_t k = 0; k < t->dialled; k++)
				if (sim->sessions[t->first + k].stage != STAGE_FAILED)
					send_cdn(sim, t, &sim->sessions[t->first + k], 3);
		send_stopccn(sim, t, 6);
		sim->tunnels_up--;
		t->state = TUNNEL_CLOSING;
	}
}

bool tunnels_closed(const struct sim *sim)
{
	for (uint32_t i = 0; i < sim->tunnels_dialled; i++) {
		const struct tunnel *t = &sim->tunnels[i];

		if (t->state == TUNNEL_CLOSING && !t->chan.dead && !channel_idle(&t->chan))
			return false;
	}
	return true;
}
