/* SPDX-License-Identifier: BSD-3-Clause */
/* call.c - incoming calls at the LNS: RFC 2661 s5.2, s5.6, s7.4.2.
 * Outgoing calls (s7.5) would be another table; an OCRQ is refused, since that is a request to a LAC.
 * One departure from s7.4.2: an ICCN for an established call is passed over instead of ending the call, as LACs repeat it.
 * A message for which no chunk is free is not lost: the call joins a list and sends it when chunks come back.
 * Thread: control. Not here: who the caller is and what it may do (AAA). Pure. */
#include "controlplane/l2tp/avp.h"
#include "controlplane/l2tp/cell.h"
#include "controlplane/l2tp/reliable.h"

#include <errno.h>
#include <string.h>

#define OWED_PER_RUN 32

enum event {
	ICRQ_OK,
	ICRQ_BAD,
	RX_ICRQ,
	RX_ICRP,
	RX_ICCN_OK,
	RX_ICCN_BAD,
	RX_CDN,
	RX_WEN,
	RX_SLI,
	RX_OTHER,
	CLOSE,
	TUNNEL_GONE,
	EVENTS
};
enum { STATES = L2TP_C_ESTABLISHED };

#define IRP 0x01 /* send ICRP */
#define CDN 0x02 /* send CDN */
#define OPN 0x04 /* prepare for data */
#define CLN 0x08 /* clean up: the caller learns it */
#define REL 0x10 /* the slot is free at once: the caller refused */

#define WAIT L2TP_C_WAIT_CONNECT
#define EST  L2TP_C_ESTABLISHED
#define END  L2TP_C_CLOSED

/* clang-format off */
/* RFC 2661 s7.4.2                idle               wait-connect       established */
static const struct cell table[EVENTS][STATES] = {
	[ICRQ_OK]     = { A(IRP, WAIT),       ____,              ____ },
	[ICRQ_BAD]    = { A(CDN | REL, END),  ____,              ____ },
	[RX_ICRQ]     = { A(CDN | CLN, END),  A(CDN | CLN, END), A(CDN | CLN, END) },
	[RX_ICRP]     = { A(CDN | CLN, END),  A(CDN | CLN, END), A(CDN | CLN, END) },
	[RX_ICCN_OK]  = { A(CLN, END),        A(OPN, EST),       ____ },
	[RX_ICCN_BAD] = { A(CDN | CLN, END),  A(CDN | CLN, END), A(CDN | CLN, END) },
	[RX_CDN]      = { A(CLN, END),        A(CLN, END),       A(CLN, END) },
	[RX_WEN]      = { ____,               ____,              ____ },
	[RX_SLI]      = { ____,               ____,              ____ },
	[RX_OTHER]    = { A(CDN | CLN, END),  A(CDN | CLN, END), A(CDN | CLN, END) },
	[CLOSE]       = { A(CDN | REL, END),  A(CDN | CLN, END), A(CDN | CLN, END) },
	[TUNNEL_GONE] = { A(CLN, END),        A(CLN, END),       A(CLN, END) },
};
/* clang-format on */

static uint64_t key_of(uint32_t tunnel, uint16_t sid)
{
	return (uint64_t)tunnel << 16 | sid;
}

static struct l2tp_call *slot_take(struct l2tp_cp *cp, const struct l2tp_tunnel *t)
{
	uint32_t slot = l2tp_blocks_take(&cp->blocks, tunnel_slot(cp, t), t->calls);
	struct l2tp_call *c = &cp->call[slot];

	if (!slot)
		return NULL;
	cp->calls++;
	c->generation += c->generation == UINT32_MAX ? 2 : 1;
	return c;
}

static void slot_give(struct l2tp_cp *cp, struct l2tp_call *c)
{
	c->state = L2TP_C_FREE;
	l2tp_blocks_give(&cp->blocks, call_slot(cp, c));
	cp->calls--;
}

static void release(struct l2tp_cp *cp, struct l2tp_call *c)
{
	if (c->on_owed)
		c->released = true; /* the list gives it back */
	else
		slot_give(cp, c);
}

void l2tp_call_release(struct l2tp_cp *cp, uint32_t call)
{
	struct l2tp_call *c = &cp->call[call];

	if (c->state == L2TP_C_CLOSED && !c->released)
		release(cp, c);
}

static bool queue_cdn(struct l2tp_cp *cp, struct l2tp_tunnel *t, uint16_t sid, uint16_t peer_sid,
	const struct l2tp_result *why)
{
	uint8_t result[4 + sizeof(why->text)];
	struct l2tp_msg m = {.type = L2TP_CDN, .sid = sid};

	m.result = l2tp_bytes_of(result, l2tp_msg_result_encode(why, result));
	m.have = L2TP_HAS(L2TP_AVP_RESULT_CODE) | L2TP_HAS(L2TP_AVP_ASSIGNED_SESSION_ID);
	return l2tp_reliable_queue(cp, t, &m, peer_sid, false);
}

static bool queue_icrp(struct l2tp_cp *cp, struct l2tp_tunnel *t, const struct l2tp_call *c)
{
	struct l2tp_msg m = {
		.type = L2TP_ICRP, .sid = c->sid, .have = L2TP_HAS(L2TP_AVP_ASSIGNED_SESSION_ID)};

	return l2tp_reliable_queue(cp, t, &m, c->peer_sid, false);
}

/* Send what c owes, or put it on the list of those that wait for chunks. why: text to go with a CDN, or NULL. */
static void send_owed(struct l2tp_cp *cp, struct l2tp_call *c, const struct l2tp_result *why)
{
	struct l2tp_tunnel *t = &cp->tunnel[c->tunnel];
	struct l2tp_result plain = l2tp_refusal(c->ended_result, c->ended_error, "");
	uint32_t slot = call_slot(cp, c);

	if (c->owes == L2TP_ICRP ? queue_icrp(cp, t, c)
				 : queue_cdn(cp, t, c->sid, c->peer_sid, why ? why : &plain)) {
		c->owes = 0;
		return;
	}
	if (c->on_owed)
		return;
	c->on_owed = true;
	c->owe_next = 0;
	if (cp->owed_tail)
		cp->call[cp->owed_tail].owe_next = slot;
	else
		cp->owed_head = slot;
	cp->owed_tail = slot;
}

static struct l2tp_call *owed_pop(struct l2tp_cp *cp)
{
	struct l2tp_call *c = &cp->call[cp->owed_head];

	cp->owed_head = c->owe_next;
	if (!cp->owed_head)
		cp->owed_tail = 0;
	c->on_owed = false;
	return c;
}

/* A tunnel that is closing sends nothing for its calls any more (s5.7). */
static bool still_owes(const struct l2tp_cp *cp, const struct l2tp_call *c)
{
	const struct l2tp_tunnel *t = &cp->tunnel[c->tunnel];

	return c->owes && t->state == L2TP_T_ESTABLISHED && t->generation == c->owe_generation;
}

void l2tp_calls_owed(const struct l2tp_run *r)
{
	struct l2tp_cp *cp = r->cp;
	uint32_t last = cp->owed_tail;
	bool progress = false;

	for (int i = 0; i < OWED_PER_RUN && cp->owed_head && has_room(r); i++) {
		bool was_last = cp->owed_head == last;
		struct l2tp_call *c = owed_pop(cp);

		if (still_owes(cp, c))
			send_owed(cp, c, NULL);
		else
			c->owes = 0;
		if (!c->on_owed) {
			progress = true;
			l2tp_reliable_push(r, &cp->tunnel[c->tunnel]);
			l2tp_again(cp, &cp->tunnel[c->tunnel]); /* its timer */
			if (c->released)
				slot_give(cp, c);
			c->released = false;
		}
		if (was_last)
			break;
	}
	cp->owed_more = progress && cp->owed_head;
}

static void unlink_call(struct l2tp_cp *cp, struct l2tp_call *c)
{
	struct l2tp_tunnel *t = &cp->tunnel[c->tunnel];
	uint32_t slot = call_slot(cp, c);

	if (c->prev)
		cp->call[c->prev].next = c->next;
	else
		t->first_call = c->next;
	if (c->next)
		cp->call[c->next].prev = c->prev;
	c->next = c->prev = 0;
	t->calls--;
	wheel_cancel(&cp->wheel, cp->lim.tunnels + slot);
	if (c->sid)
		l2tp_index_del(&cp->by_sid, key_of(c->tunnel, c->sid), slot);
	l2tp_index_del(&cp->by_peer_sid, key_of(c->tunnel, c->peer_sid), slot);
}

/* s7.4.2: the one place where a call changes its state. why: for the events that end it. */
static uint8_t step(const struct l2tp_run *r, struct l2tp_call *c, enum event ev, uint8_t msg,
	const struct l2tp_result *why)
{
	const struct cell *cell = &table[ev][c->state - L2TP_C_IDLE];
	struct l2tp_cp *cp = r->cp;
	uint32_t slot = call_slot(cp, c);

	if (!cell->next)
		return 0;
	l2tp_trace(r, c->tunnel, slot, c->state, cell->next, msg);
	c->state = cell->next;
	if (cell->next == L2TP_C_CLOSED) {
		unlink_call(cp, c);
		c->ended_result = why->result;
		c->ended_error = why->error;
		c->owes = 0;
	}
	if (cell->actions & (IRP | CDN)) {
		c->owes = cell->actions & IRP ? L2TP_ICRP : L2TP_CDN;
		c->owe_generation = cp->tunnel[c->tunnel].generation;
		if (still_owes(cp, c))
			send_owed(cp, c, why);
	}
	if (cell->actions & CLN) {
		struct l2tp_action *a = l2tp_emit(r, L2TP_ACT_CALL_DOWN, c->tunnel, slot);

		a->result = *why;
		a->by_peer =
			ev == RX_CDN || (ev == TUNNEL_GONE && cp->tunnel[c->tunnel].ended_by_peer);
	}
	if (cell->actions & REL)
		release(cp, c);
	return cell->actions;
}

/* Refuse an ICRQ or OCRQ that gets no slot. Our id is 0: none was assigned. */
static void refuse(const struct l2tp_run *r, struct l2tp_tunnel *t, const struct l2tp_msg *m,
	const struct l2tp_result *why)
{
	r->cp->count.calls_refused++;
	if (m->sid)
		queue_cdn(r->cp, t, 0, m->sid, why);
}

static void fill(struct l2tp_call *c, const struct l2tp_msg *m)
{
	c->peer_sid = m->sid;
	c->serial = m->serial;
	c->bearer_type = m->bearer_type;
	c->physical_channel = m->physical_channel;
	l2tp_text_set(&c->calling, m->calling);
	l2tp_text_set(&c->called, m->called);
}

static void receive_icrq(const struct l2tp_run *r, struct l2tp_tunnel *t, const struct l2tp_msg *m)
{
	struct l2tp_cp *cp = r->cp;
	struct l2tp_result full = l2tp_refusal(4, 0, "no more calls now");
	struct l2tp_result twice = l2tp_refusal(2, 5, "session id is in use");
	uint32_t tunnel = tunnel_slot(cp, t), generation;
	struct l2tp_call *c = &cp->call[l2tp_index_get(&cp->by_peer_sid, key_of(tunnel, m->sid))];

	if (c != cp->call) {
		step(r, c, RX_ICRQ, L2TP_ICRQ, &twice);
		return;
	}
	c = t->calls < t->profile->max_calls ? slot_take(cp, t) : NULL;
	if (!c) {
		refuse(r, t, m, &full);
		return;
	}
	generation = c->generation;
	memset(c, 0, sizeof(*c));
	c->generation = generation;
	c->state = L2TP_C_IDLE;
	c->tunnel = tunnel;
	c->created_ns = r->env->now_ns;
	fill(c, m);
	c->next = t->first_call;
	if (c->next)
		cp->call[c->next].prev = call_slot(cp, c);
	t->first_call = call_slot(cp, c);
	t->calls++;
	l2tp_index_put(&cp->by_peer_sid, key_of(tunnel, c->peer_sid), call_slot(cp, c));
	wheel_arm(&cp->wheel, cp->lim.tunnels + call_slot(cp, c),
		c->created_ns + t->profile->setup_ms * MS);
	l2tp_trace(r, tunnel, call_slot(cp, c), L2TP_C_FREE, L2TP_C_IDLE, L2TP_ICRQ);
	l2tp_emit(r, L2TP_ACT_CALL_REQUEST, tunnel, call_slot(cp, c));
	t->rx_unacked = 0; /* the answer will carry the acknowledgement, if it comes soon */
}

static void receive_iccn(const struct l2tp_run *r, struct l2tp_call *c, const struct l2tp_msg *m)
{
	struct l2tp_result order = l2tp_refusal(2, 1, "ICCN before ICRP");

	if (c->state == L2TP_C_ESTABLISHED || !(step(r, c, RX_ICCN_OK, L2TP_ICCN, &order) & OPN))
		return;
	c->up_ns = r->env->now_ns;
	c->tx_speed_bps = m->tx_speed_bps;
	c->rx_speed_bps = m->rx_speed_bps;
	c->framing_type = m->framing_type;
	c->sequencing = (m->have & L2TP_HAS(L2TP_AVP_SEQUENCING_REQUIRED)) != 0;
	wheel_cancel(&r->cp->wheel, r->cp->lim.tunnels + call_slot(r->cp, c));
	l2tp_emit(r, L2TP_ACT_CALL_UP, c->tunnel, call_slot(r->cp, c));
}

/* Which call is meant: our id in the header or, in a CDN without one, the peer's id in the AVP (s4.4.4). */
static struct l2tp_call *find(
	const struct l2tp_cp *cp, uint32_t tunnel, uint16_t sid, const struct l2tp_msg *m)
{
	uint32_t slot = 0;

	if (sid)
		slot = l2tp_index_get(&cp->by_sid, key_of(tunnel, sid));
	else if (m->type == L2TP_CDN && m->sid)
		slot = l2tp_index_get(&cp->by_peer_sid, key_of(tunnel, m->sid));
	return slot ? &cp->call[slot] : NULL;
}

static void to_call(const struct l2tp_run *r, struct l2tp_call *c, const struct l2tp_msg *m,
	const struct l2tp_result *fault)
{
	struct l2tp_result why = l2tp_refusal(2, 1, "out of order");

	if (m->type == L2TP_CDN) {
		why = l2tp_msg_result(m);
		step(r, c, RX_CDN, L2TP_CDN, &why);
	} else if (fault->result) {
		step(r, c, RX_ICCN_BAD, (uint8_t)m->type, fault);
	} else if (m->type == L2TP_ICCN) {
		receive_iccn(r, c, m);
	} else if (m->type == L2TP_ICRP) {
		step(r, c, RX_ICRP, L2TP_ICRP, &why);
	} else {
		step(r, c,
			m->type == L2TP_WEN           ? RX_WEN
				: m->type == L2TP_SLI ? RX_SLI
						      : RX_OTHER,
			(uint8_t)m->type, &why);
	}
}

void l2tp_call_message(const struct l2tp_run *r, struct l2tp_tunnel *t, uint16_t sid,
	const struct l2tp_msg *m, const struct l2tp_result *fault)
{
	struct l2tp_result outgoing = l2tp_refusal(5, 0, "no outgoing calls here");
	struct l2tp_call *c;

	if (m->type == L2TP_ICRQ && !fault->result) {
		receive_icrq(r, t, m);
	} else if (m->type == L2TP_ICRQ || m->type == L2TP_OCRQ) {
		refuse(r, t, m, fault->result ? fault : &outgoing);
	} else {
		c = find(r->cp, tunnel_slot(r->cp, t), sid, m);
		if (c) /* else it has ended: acknowledged, no more */
			to_call(r, c, m, fault);
	}
}

int l2tp_call_accept(struct l2tp_cp *cp, uint32_t call, uint16_t sid, const struct l2tp_env *env,
	struct l2tp_out *out)
{
	const struct l2tp_run r = {cp, env, out};
	struct l2tp_call *c = &cp->call[call];
	struct l2tp_tunnel *t = &cp->tunnel[c->tunnel];

	if (c->state != L2TP_C_IDLE || t->state != L2TP_T_ESTABLISHED)
		return -ENOENT;
	if (!sid || l2tp_index_get(&cp->by_sid, key_of(c->tunnel, sid)))
		return -EEXIST;
	c->sid = sid;
	l2tp_index_put(&cp->by_sid, key_of(c->tunnel, sid), call);
	step(&r, c, ICRQ_OK, L2TP_ICRQ, NULL);
	l2tp_tunnel_answered(&r, t);
	return 0;
}

void l2tp_call_close(struct l2tp_cp *cp, uint32_t call, const struct l2tp_result *why,
	const struct l2tp_env *env, struct l2tp_out *out)
{
	const struct l2tp_run r = {cp, env, out};
	struct l2tp_call *c = &cp->call[call];

	if (c->state == L2TP_C_FREE || c->state == L2TP_C_CLOSED)
		return;
	if (c->state == L2TP_C_IDLE)
		cp->count.calls_refused++;
	step(&r, c, c->state == L2TP_C_IDLE ? ICRQ_BAD : CLOSE, 0, why);
	l2tp_tunnel_answered(&r, &cp->tunnel[c->tunnel]);
}

void l2tp_call_timer(const struct l2tp_run *r, struct l2tp_call *c)
{
	struct l2tp_result late = l2tp_refusal(10, 0, "set-up took too long");

	/* Not CLOSE: a caller that never answered must still learn that the slot is gone. */
	if (c->state == L2TP_C_IDLE || c->state == L2TP_C_WAIT_CONNECT) {
		step(r, c, RX_OTHER, 0, &late);
		l2tp_tunnel_work(r, &r->cp->tunnel[c->tunnel]);
	}
}

void l2tp_call_drop(const struct l2tp_run *r, struct l2tp_tunnel *t)
{
	/* No CDN is sent (s5.7), but the caller wants a code: lost carrier, or administrative when we ended it. */
	struct l2tp_result gone = l2tp_refusal(t->ended_by_us ? 3 : 1, 0, "tunnel closed");

	step(r, &r->cp->call[t->first_call], TUNNEL_GONE, 0, &gone);
}
