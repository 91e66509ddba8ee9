/* SPDX-License-Identifier: BSD-3-Clause */
/* tunnel.c - control connections: RFC 2661 s5.1 (set-up, authentication), s5.5 (Hello), s5.7 (end), s7.2.1 (states).
 * We are the side that is asked: the states "idle, wait-ctl-conn, established" of s7.2.1; wait-ctl-reply, of the side that
 * asks, would be one more column. Where the RFC says "clean up" and "idle", the tunnel is closing: it stays for a full
 * retransmission cycle to acknowledge what the peer repeats (s5.7), then the slot is given back.
 * A LAC that has restarted sends an SCCRQ that names an established tunnel. The new tunnel is made beside the old one, which
 * ends when the new one is established: a forged SCCRQ ends nothing, as its sender does not see our tunnel id.
 * Thread: control. Not here: delivery (reliable.c), calls (call.c), which tunnel a datagram belongs to (cp.c). Pure. */
#include "controlplane/l2tp/avp.h"
#include "controlplane/l2tp/cell.h"
#include "controlplane/l2tp/reliable.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define VERSION   0x0100 /* the highest version and revision that we do: 1.0 */
#define RETRY_NS  (100 * MS)
#define CHALLENGE 16 /* of env->rnd, octets 16..31 */

static const struct l2tp_profile default_profile = {
	.name = "default",
	.window = L2TP_DEFAULT_WINDOW,
	.hello_ms = 60000,
	.rto_ms = 1000,
	.rto_cap_ms = 8000,
	.retries = 5,
	.setup_ms = 60000,
};

enum event {
	SCCRQ_OK,
	SCCRQ_BAD,
	RX_SCCRQ,
	RX_SCCRP,
	RX_SCCCN_OK,
	RX_SCCCN_BAD,
	RX_STOPCCN,
	RX_HELLO,
	RX_CALL,
	CLOSE,
	REPLACED,
	DEAD,
	EVICTED,
	EVENTS
};
enum { STATES = L2TP_T_CLOSING };

#define SRP 0x01 /* send SCCRP */
#define SSC 0x02 /* send StopCCN */
#define OPN 0x04 /* tunnel-open event */
#define CLN 0x08 /* clean up: the calls go down */
#define MSG 0x10 /* hand the message to the call's state machine */

#define WAIT L2TP_T_WAIT_CTL_CONN
#define EST  L2TP_T_ESTABLISHED
#define END  L2TP_T_CLOSING

/* clang-format off */
/* RFC 2661 s7.2.1                idle               wait-ctl-conn      established        (closing) */
static const struct cell table[EVENTS][STATES] = {
	[SCCRQ_OK]     = { A(SRP, WAIT),      ____,              ____,              ____ },
	[SCCRQ_BAD]    = { A(SSC, END),       ____,              ____,              ____ },
	[RX_SCCRQ]     = { A(SSC | CLN, END), A(SSC | CLN, END), A(SSC | CLN, END), ____ },
	[RX_SCCRP]     = { A(SSC | CLN, END), A(SSC | CLN, END), A(SSC | CLN, END), ____ },
	[RX_SCCCN_OK]  = { A(CLN, END),       A(OPN, EST),       A(SSC | CLN, END), ____ },
	[RX_SCCCN_BAD] = { A(CLN, END),       A(SSC | CLN, END), A(SSC | CLN, END), ____ },
	[RX_STOPCCN]   = { A(CLN, END),       A(CLN, END),       A(CLN, END),       ____ },
	[RX_HELLO]     = { ____,              ____,              ____,              ____ },
	[RX_CALL]      = { A(SSC | CLN, END), A(SSC | CLN, END), A(MSG, EST),       ____ },
	[CLOSE]        = { A(SSC | CLN, END), A(SSC | CLN, END), A(SSC | CLN, END), ____ },
	[REPLACED]     = { A(CLN, END),       A(CLN, END),       A(CLN, END),       ____ },
	[DEAD]         = { A(CLN, END),       A(CLN, END),       A(CLN, END),       ____ },
	[EVICTED]      = { A(0, END),         A(0, END),         ____,              ____ },
};
/* clang-format on */

static struct l2tp_secret secret_of(const struct l2tp_tunnel *t)
{
	return (struct l2tp_secret){.p = t->profile->secret, .len = t->profile->secret_len};
}

static uint64_t deadline(const struct l2tp_tunnel *t)
{
	uint64_t at = UINT64_MAX;

#define EARLIER(x) ((x) < at ? (x) : at)
	if (t->state == L2TP_T_IDLE || t->state == L2TP_T_WAIT_CTL_CONN ||
		t->state == L2TP_T_CLOSING)
		at = t->until_ns;
	if (t->in_flight)
		at = t->lost_ns && t->lost_ns < t->rto_ns ? EARLIER(t->lost_ns)
							  : EARLIER(t->rto_ns);
	if (t->ack_owed)
		at = EARLIER(t->ack_ns);
	if (t->owes_stopccn)
		at = EARLIER(t->retry_ns);
	if (t->state == L2TP_T_ESTABLISHED && t->profile->hello_ms && !t->txq_head) {
		uint64_t hello = t->last_heard_ns + t->profile->hello_ms * MS;

		hello = hello < t->retry_ns ? t->retry_ns : hello;
		at = EARLIER(hello);
	}
#undef EARLIER
	return at;
}

/* Only ever earlier: a timer that fires too soon finds nothing due and is armed again, so l2tp_tunnel_heard(), which is
 * called for data too, need not touch the wheel. */
static void arm(struct l2tp_cp *cp, struct l2tp_tunnel *t)
{
	uint64_t at = t->free_told || t->on_again
		? UINT64_MAX
		: deadline(t); /* the next tick comes at once anyway */

	if (at == UINT64_MAX || (t->timer_ns && t->timer_ns <= at))
		return;
	t->timer_ns = at ? at : 1;
	wheel_arm(&cp->wheel, tunnel_slot(cp, t), at);
}

static bool queue_stopccn(struct l2tp_cp *cp, struct l2tp_tunnel *t)
{
	uint8_t result[4 + sizeof(t->ended.text)];
	struct l2tp_msg m = {.type = L2TP_STOPCCN, .tid = t->tid};

	m.result = l2tp_bytes_of(result, l2tp_msg_result_encode(&t->ended, result));
	m.have = L2TP_HAS(L2TP_AVP_ASSIGNED_TUNNEL_ID) | L2TP_HAS(L2TP_AVP_RESULT_CODE);
	return l2tp_reliable_queue(cp, t, &m, 0, true);
}

static void send_stopccn(const struct l2tp_run *r, struct l2tp_tunnel *t)
{
	t->owes_stopccn = !queue_stopccn(r->cp, t);
	t->retry_ns = r->env->now_ns + RETRY_NS;
}

static void end(const struct l2tp_run *r, struct l2tp_tunnel *t, enum event ev,
	const struct l2tp_result *why)
{
	uint64_t stay = ev == DEAD || ev == REPLACED || ev == EVICTED
		? 0
		: l2tp_reliable_cycle_ns(t->profile);

	if (why)
		t->ended = *why;
	t->ended_by_peer = ev == RX_STOPCCN;
	t->until_ns = r->env->now_ns + stay;
	l2tp_chunks_free(&r->cp->chunks, t->sccrq);
	t->sccrq = 0;
	if (stay)
		l2tp_reliable_drop_unsent(r->cp, t);
	else
		l2tp_reliable_drop_all(r->cp, t);
	if (t->calls)
		l2tp_again(r->cp, t);
}

/* s7.2.1: the one place where a tunnel changes its state. why: for the events that end it. */
static uint8_t step(const struct l2tp_run *r, struct l2tp_tunnel *t, enum event ev, uint8_t msg,
	const struct l2tp_result *why)
{
	const struct cell *cell = &table[ev][t->state - L2TP_T_IDLE];
	uint8_t from = t->state;

	if (!cell->next)
		return 0;
	if (cell->next != from) {
		t->state = cell->next;
		l2tp_trace(r, tunnel_slot(r->cp, t), 0, from, t->state, msg);
	}
	if (cell->next == L2TP_T_CLOSING)
		end(r, t, ev, why);
	else if (cell->next == L2TP_T_ESTABLISHED)
		l2tp_unproven_del(r->cp, t);
	if (cell->actions & SSC) {
		t->ended_by_us = true;
		send_stopccn(r, t);
	}
	if (cell->actions & CLN) {
		struct l2tp_action *a =
			l2tp_emit(r, L2TP_ACT_TUNNEL_DOWN, tunnel_slot(r->cp, t), 0);

		a->result = t->ended;
		a->by_peer = ev == RX_STOPCCN;
	}
	return cell->actions;
}

void l2tp_tunnel_fault(
	const struct l2tp_run *r, struct l2tp_tunnel *t, const struct l2tp_result *why)
{
	step(r, t, CLOSE, 0, why);
}

static void read_sccrq(struct l2tp_tunnel *t, const struct l2tp_msg *m)
{
	l2tp_text_set(&t->host_name, m->host_name);
	l2tp_text_set(&t->vendor_name, m->vendor_name);
	t->framing_caps = m->framing_caps;
	t->bearer_caps = m->bearer_caps;
	t->firmware = m->firmware;
}

static struct l2tp_tunnel *tunnel_new(const struct l2tp_run *r, const struct l2tp_peer *peer,
	const struct l2tp_hdr *h, const uint8_t *bytes, const struct l2tp_msg *m)
{
	struct l2tp_cp *cp = r->cp;
	uint32_t sccrq = l2tp_chunks_put(&cp->chunks, bytes + h->body, h->len - h->body, false);
	struct l2tp_tunnel *t = sccrq ? l2tp_slot_take(cp) : NULL;
	uint32_t generation;

	if (!t) {
		l2tp_chunks_free(&cp->chunks, sccrq);
		return NULL;
	}
	generation = t->generation;
	memset(t, 0, sizeof(*t));
	t->generation = generation;
	t->state = L2TP_T_IDLE;
	t->profile = &default_profile;
	t->peer = *peer;
	t->peer_tid = m->tid;
	t->tid = l2tp_tid_take(cp, r->env->rnd);
	t->sccrq = sccrq;
	t->sccrq_print = l2tp_keyed_hash(cp->seed, bytes + h->body, h->len - h->body);
	t->created_ns = t->last_heard_ns = r->env->now_ns;
	t->until_ns = r->env->now_ns + t->profile->setup_ms * MS;
	read_sccrq(t, m);
	l2tp_reliable_init(t,
		m->have & L2TP_HAS(L2TP_AVP_RECEIVE_WINDOW_SIZE) && m->window
			? m->window
			: L2TP_DEFAULT_WINDOW);
	cp->by_tid[t->tid] = tunnel_slot(cp, t);
	l2tp_unproven_add(cp, t);
	return t;
}

/* Is this SCCRQ another copy of the one that made t, or the first of a new life of the peer? */
static bool is_repeat(const struct l2tp_run *r, const struct l2tp_tunnel *t, uint64_t print)
{
	if (t->state == L2TP_T_IDLE || t->state == L2TP_T_WAIT_CTL_CONN)
		return true;
	if (print != t->sccrq_print)
		return false;
	if (t->state == L2TP_T_CLOSING)
		return !t->up_ns;
	return r->env->now_ns < t->created_ns + l2tp_reliable_cycle_ns(t->profile);
}

/* The end of a tunnel: nothing finds it any more, and the caller is told to give the slot back. */
static void gone(const struct l2tp_run *r, struct l2tp_tunnel *t)
{
	struct l2tp_cp *cp = r->cp;
	uint32_t slot = tunnel_slot(cp, t);
	struct l2tp_tunnel *old = &cp->tunnel[t->replaces];

	l2tp_reliable_drop_all(cp, t);
	l2tp_unproven_del(cp, t);
	wheel_cancel(&cp->wheel, slot);
	t->timer_ns = 0;
	t->free_told = true;
	cp->by_tid[t->tid] = 0;
	if (l2tp_index_get(&cp->by_peer, t->peer_key) == slot) {
		l2tp_index_del(&cp->by_peer, t->peer_key, slot);
		/* The LAC did not restart after all: its tunnel is found by its name again. */
		if (t->replaces && old->generation == t->replaces_generation &&
			old->state != L2TP_T_FREE && !old->free_told)
			l2tp_index_put(&cp->by_peer, old->peer_key, t->replaces);
	}
	l2tp_emit(r, L2TP_ACT_TUNNEL_FREE, slot, 0);
}

/* No slot is free for this SCCRQ: it gets that of the oldest tunnel that was never established, as soon as the caller has
 * released it. That one goes without a word: who floods us does not make us send (s5.7's StopCCN is a courtesy). */
static bool evict_and_wait(const struct l2tp_run *r, const struct l2tp_peer *peer,
	const struct l2tp_hdr *h, const uint8_t *bytes)
{
	struct l2tp_result why = l2tp_refusal(2, 4, "evicted by a newer SCCRQ");
	struct l2tp_cp *cp = r->cp;
	struct l2tp_tunnel *oldest = l2tp_unproven_oldest(cp);

	if (cp->waiting.again || !oldest)
		return false;
	step(r, oldest, EVICTED, L2TP_SCCRQ, &why);
	gone(r, oldest);
	cp->count.evicted++;
	cp->waiting.peer = *peer;
	cp->waiting.len = (uint16_t)h->len;
	memcpy(cp->waiting.bytes, bytes, h->len);
	return true;
}

static void refuse_request(
	const struct l2tp_run *r, struct l2tp_tunnel *t, const struct l2tp_result *why)
{
	struct l2tp_action *a;

	r->cp->count.tunnels_refused++;
	step(r, t, SCCRQ_BAD, L2TP_SCCRQ, why);
	a = l2tp_emit(r, L2TP_ACT_TUNNEL_DOWN, tunnel_slot(r->cp, t), 0);
	a->result = *why;
}

void l2tp_tunnel_request(const struct l2tp_run *r, const struct l2tp_peer *peer,
	const struct l2tp_hdr *h, const uint8_t *bytes, const struct l2tp_msg *m,
	const struct l2tp_result *fault)
{
	struct l2tp_cp *cp = r->cp;
	uint64_t key = l2tp_peer_key(cp, peer, m->tid);
	struct l2tp_tunnel *old = &cp->tunnel[l2tp_index_get(&cp->by_peer, key)], *t;
	struct l2tp_result version = l2tp_refusal(5, VERSION, "L2TP version 1.0 only");

	if (old != cp->tunnel &&
		is_repeat(r, old, l2tp_keyed_hash(cp->seed, bytes + h->body, h->len - h->body))) {
		l2tp_tunnel_input(r, old, h, bytes);
		return;
	}
	if (h->ns) {
		cp->count.no_tunnel++;
		return;
	}
	t = tunnel_new(r, peer, h, bytes, m);
	if (!t) {
		cp->count.no_slot += !evict_and_wait(r, peer, h, bytes);
		return;
	}
	if (cp->waiting.again)
		cp->just_made = tunnel_slot(cp, t);
	if (old != cp->tunnel && old->state == L2TP_T_ESTABLISHED) {
		t->replaces = tunnel_slot(cp, old);
		t->replaces_generation = old->generation;
	}
	t->peer_key = key;
	l2tp_index_put(&cp->by_peer, key, tunnel_slot(cp, t));
	l2tp_reliable_receive(r, t, h, bytes);
	if (m->have & L2TP_HAS(L2TP_AVP_PROTOCOL_VERSION) && m->protocol >> 8 != VERSION >> 8) {
		refuse_request(r, t, &version);
	} else if (fault->result) {
		cp->count.bad_avp++;
		refuse_request(r, t, fault);
	} else {
		l2tp_trace(r, tunnel_slot(cp, t), 0, L2TP_T_FREE, L2TP_T_IDLE, L2TP_SCCRQ);
		l2tp_emit(r, L2TP_ACT_TUNNEL_REQUEST, tunnel_slot(cp, t), 0);
	}
	l2tp_tunnel_work(r, t);
}

static bool queue_sccrp(
	const struct l2tp_run *r, struct l2tp_tunnel *t, const struct l2tp_msg *sccrq)
{
	uint8_t response[16];
	struct l2tp_msg m = {
		.type = L2TP_SCCRP,
		.protocol = VERSION,
		.framing_caps = 3, /* asynchronous and synchronous: framing is the LAC's business */
		.host_name = l2tp_bytes_of(t->profile->local_name, strlen(t->profile->local_name)),
		.vendor_name = l2tp_bytes_of("lnsd", 4),
		.tid = t->tid,
		.window = t->profile->window,
	};

	m.have = L2TP_HAS(L2TP_AVP_PROTOCOL_VERSION) | L2TP_HAS(L2TP_AVP_FRAMING_CAPABILITIES) |
		L2TP_HAS(L2TP_AVP_HOST_NAME) | L2TP_HAS(L2TP_AVP_VENDOR_NAME) |
		L2TP_HAS(L2TP_AVP_ASSIGNED_TUNNEL_ID) | L2TP_HAS(L2TP_AVP_RECEIVE_WINDOW_SIZE);
	if (t->challenged) {
		m.challenge = l2tp_bytes_of(t->challenge, sizeof(t->challenge));
		m.have |= L2TP_HAS(L2TP_AVP_CHALLENGE);
	}
	if (sccrq->have & L2TP_HAS(L2TP_AVP_CHALLENGE)) {
		l2tp_response(L2TP_SCCRP, secret_of(t), sccrq->challenge.p, sccrq->challenge.len,
			response);
		m.response = l2tp_bytes_of(response, sizeof(response));
		m.have |= L2TP_HAS(L2TP_AVP_CHALLENGE_RESPONSE);
	}
	return l2tp_reliable_queue(r->cp, t, &m, 0, true);
}

/* Now that the secret is known, read the SCCRQ again, hidden AVPs included. */
static struct l2tp_result accept_request(const struct l2tp_run *r, struct l2tp_tunnel *t)
{
	struct l2tp_cp *cp = r->cp;
	struct l2tp_unhiding u = {
		.secret = secret_of(t), .scratch = cp->scratch, .scratch_len = sizeof(cp->scratch)};
	struct l2tp_result fault;
	struct l2tp_msg m;

	l2tp_chunks_get(&cp->chunks, t->sccrq, cp->body);
	if (l2tp_msg_decode(cp->body, cp->chunks.chunk[t->sccrq].len, &u, &m, &fault))
		return fault;
	if (m.have & L2TP_HAS(L2TP_AVP_CHALLENGE) && !t->profile->secret_len) {
		cp->count.auth_failed++;
		return l2tp_refusal(4, 0, "challenged, but there is no shared secret");
	}
	read_sccrq(t, &m);
	t->challenged = t->profile->challenge && t->profile->secret_len;
	if (t->challenged)
		memcpy(t->challenge, r->env->rnd + CHALLENGE, sizeof(t->challenge));
	l2tp_chunks_free(&cp->chunks, t->sccrq);
	t->sccrq = 0;
	if (!queue_sccrp(r, t, &m))
		return l2tp_refusal(2, 4, "out of buffers");
	return (struct l2tp_result){0};
}

void l2tp_tunnel_accept(struct l2tp_cp *cp, uint32_t tunnel, const struct l2tp_profile *profile,
	uint16_t profile_index, const struct l2tp_env *env, struct l2tp_out *out)
{
	const struct l2tp_run r = {cp, env, out};
	struct l2tp_tunnel *t = &cp->tunnel[tunnel];
	struct l2tp_result refused;

	if (t->state != L2TP_T_IDLE)
		return;
	t->profile = profile;
	t->profile_index = profile_index;
	t->until_ns = t->created_ns + profile->setup_ms * MS;
	refused = accept_request(&r, t);
	if (refused.result)
		refuse_request(&r, t, &refused);
	else
		step(&r, t, SCCRQ_OK, L2TP_SCCRQ, NULL);
	l2tp_tunnel_answered(&r, t);
}

void l2tp_tunnel_reject(struct l2tp_cp *cp, uint32_t tunnel, const struct l2tp_profile *profile,
	const struct l2tp_result *why, const struct l2tp_env *env, struct l2tp_out *out)
{
	const struct l2tp_run r = {cp, env, out};
	struct l2tp_tunnel *t = &cp->tunnel[tunnel];

	if (t->state != L2TP_T_IDLE)
		return;
	if (profile)
		t->profile = profile;
	cp->count.tunnels_refused++;
	step(&r, t, SCCRQ_BAD, L2TP_SCCRQ, why);
	l2tp_tunnel_answered(&r, t);
}

void l2tp_tunnel_close(struct l2tp_cp *cp, uint32_t tunnel, const struct l2tp_result *why,
	const struct l2tp_env *env, struct l2tp_out *out)
{
	const struct l2tp_run r = {cp, env, out};
	struct l2tp_tunnel *t = &cp->tunnel[tunnel];

	if (t->state == L2TP_T_FREE)
		return;
	step(&r, t, CLOSE, 0, why);
	l2tp_tunnel_answered(&r, t);
}

void l2tp_tunnel_heard(struct l2tp_cp *cp, uint32_t tunnel, uint64_t now_ns)
{
	if (now_ns > cp->tunnel[tunnel].last_heard_ns)
		cp->tunnel[tunnel].last_heard_ns = now_ns;
}

static bool response_is_right(const struct l2tp_tunnel *t, const struct l2tp_msg *m)
{
	uint8_t want[16];

	if (!t->challenged)
		return true;
	if (!(m->have & L2TP_HAS(L2TP_AVP_CHALLENGE_RESPONSE)))
		return false;
	l2tp_response(L2TP_SCCCN, secret_of(t), t->challenge, sizeof(t->challenge), want);
	return l2tp_equal(want, m->response.p, sizeof(want));
}

static void receive_scccn(const struct l2tp_run *r, struct l2tp_tunnel *t, const struct l2tp_msg *m)
{
	struct l2tp_result wrong = l2tp_refusal(4, 0, "wrong challenge response");
	struct l2tp_result restarted = l2tp_refusal(1, 0, "LAC restarted");
	struct l2tp_result order = l2tp_refusal(7, 0, "SCCCN out of order");
	struct l2tp_tunnel *old = &r->cp->tunnel[t->replaces];

	if (t->state == L2TP_T_WAIT_CTL_CONN && !response_is_right(t, m)) {
		r->cp->count.auth_failed++;
		step(r, t, RX_SCCCN_BAD, L2TP_SCCCN, &wrong);
		return;
	}
	if (!(step(r, t, RX_SCCCN_OK, L2TP_SCCCN, &order) & OPN))
		return;
	t->up_ns = r->env->now_ns;
	if (t->replaces && old->generation == t->replaces_generation &&
		old->state == L2TP_T_ESTABLISHED) {
		step(r, old, REPLACED, L2TP_SCCRQ, &restarted);
		l2tp_again(r->cp, old);
	}
	t->replaces = 0;
	l2tp_emit(r, L2TP_ACT_TUNNEL_UP, tunnel_slot(r->cp, t), 0);
}

static void receive_message(
	const struct l2tp_run *r, struct l2tp_tunnel *t, const struct l2tp_msg *m)
{
	struct l2tp_result result, order = l2tp_refusal(7, 0, "");

	snprintf(order.text, sizeof(order.text), "%s out of order", l2tp_msg_name(m->type));
	switch (m->type) {
	case L2TP_SCCRQ:
		step(r, t, RX_SCCRQ, L2TP_SCCRQ, &order);
		break;
	case L2TP_SCCRP:
		step(r, t, RX_SCCRP, L2TP_SCCRP, &order);
		break;
	case L2TP_SCCCN:
		receive_scccn(r, t, m);
		break;
	case L2TP_STOPCCN:
		result = l2tp_msg_result(m);
		step(r, t, RX_STOPCCN, L2TP_STOPCCN, &result);
		break;
	default:
		step(r, t, RX_HELLO, L2TP_HELLO, NULL);
	}
}

static void deliver(const struct l2tp_run *r, struct l2tp_tunnel *t, uint16_t sid,
	const uint8_t *body, size_t len)
{
	struct l2tp_cp *cp = r->cp;
	struct l2tp_unhiding u = {
		.secret = secret_of(t), .scratch = cp->scratch, .scratch_len = sizeof(cp->scratch)};
	struct l2tp_result fault, order = l2tp_refusal(7, 0, "call message before SCCCN");
	struct l2tp_msg m;
	int err;

	if (t->state == L2TP_T_CLOSING)
		return;
	err = l2tp_msg_decode(body, len, &u, &m, &fault);
	if (fault.result) {
		t->count.bad++;
		cp->count.bad_avp++;
	}
	/* Result Code or not, a StopCCN is the end. */
	if (err == -ENOMSG)
		return;
	if (err == -EPROTO || (err && !l2tp_msg_is_session(m.type) && m.type != L2TP_STOPCCN))
		l2tp_tunnel_fault(r, t, &fault);
	else if (!l2tp_msg_is_session(m.type))
		receive_message(r, t, &m);
	else if (step(r, t, RX_CALL, (uint8_t)m.type, &order) & MSG)
		l2tp_call_message(r, t, sid, &m, &fault);
}

void l2tp_tunnel_input(const struct l2tp_run *r, struct l2tp_tunnel *t, const struct l2tp_hdr *h,
	const uint8_t *bytes)
{
	t->last_heard_ns = r->env->now_ns;
	if (l2tp_reliable_receive(r, t, h, bytes))
		deliver(r, t, h->sid, bytes + h->body, h->len - h->body);
	l2tp_tunnel_work(r, t);
}

static void hello(const struct l2tp_run *r, struct l2tp_tunnel *t)
{
	struct l2tp_msg m = {.type = L2TP_HELLO};
	uint64_t now = r->env->now_ns;

	if (t->state != L2TP_T_ESTABLISHED || !t->profile->hello_ms || t->txq_head ||
		now < t->retry_ns || now < t->last_heard_ns + t->profile->hello_ms * MS)
		return;
	if (!l2tp_reliable_queue(r->cp, t, &m, 0, true))
		t->retry_ns = now + RETRY_NS;
}

static void closing(const struct l2tp_run *r, struct l2tp_tunnel *t)
{
	if (t->owes_stopccn && r->env->now_ns >= t->retry_ns)
		send_stopccn(r, t);
	if (t->first_call || !has_room(r))
		l2tp_again(r->cp, t);
	else if (r->env->now_ns >= t->until_ns && !t->on_again) /* the list still names the slot */
		gone(r, t);
}

static void timers(const struct l2tp_run *r, struct l2tp_tunnel *t)
{
	struct l2tp_result late = l2tp_refusal(1, 0, "set-up took too long");
	struct l2tp_result dead = l2tp_refusal(1, 0, "the peer does not answer");
	uint64_t now = r->env->now_ns;

	if ((t->state == L2TP_T_IDLE || t->state == L2TP_T_WAIT_CTL_CONN) && now >= t->until_ns)
		step(r, t, CLOSE, 0, &late);
	if (t->in_flight && now >= t->rto_ns && !l2tp_reliable_timeout(r, t)) {
		if (t->state == L2TP_T_CLOSING)
			l2tp_reliable_drop_all(r->cp, t);
		else
			step(r, t, DEAD, 0, &dead);
	}
	l2tp_reliable_lost(r, t);
	hello(r, t);
}

void l2tp_tunnel_drop_calls(const struct l2tp_run *r, struct l2tp_tunnel *t)
{
	while (t->state == L2TP_T_CLOSING && t->first_call && has_room(r))
		l2tp_call_drop(r, t);
}

void l2tp_tunnel_work(const struct l2tp_run *r, struct l2tp_tunnel *t)
{
	uint16_t sid;
	size_t len;

	if (t->state == L2TP_T_FREE || t->free_told)
		return;
	while (has_room(r) && (len = l2tp_reliable_kept(r->cp, t, &sid)))
		deliver(r, t, sid, r->cp->body, len);
	if (!has_room(r)) {
		l2tp_again(r->cp, t);
		return;
	}
	timers(r, t);
	l2tp_reliable_push(r, t);
	if (t->state == L2TP_T_CLOSING)
		closing(r, t);
	if (!t->free_told)
		l2tp_reliable_push(r, t);
	arm(r->cp, t);
}

void l2tp_tunnel_answered(const struct l2tp_run *r, struct l2tp_tunnel *t)
{
	if (t->rxq_head)
		l2tp_again(r->cp, t);
	else
		l2tp_tunnel_work(r, t);
}
