/* SPDX-License-Identifier: BSD-3-Clause */
/* automaton.c - one option negotiation at work: packets and time become events, the table's actions
 * become frames. Implements RFC 1661 s4.2 - s4.6 and s5.1 - s5.6 for LCP and every NCP alike;
 * struct ppp_kind holds the differences. One function, set_state(), changes a state, and it traces
 * it.
 * Not here: LCP's further codes (lcp.c), the order of the phases (session.c). */
#include "ppp/session.h"

enum { REQUEST_MAX = 64, DEFAULT_RESTART_MS = 3000 };

static void set_state(struct ppp_ctx *c, const struct ppp_kind *k, uint8_t to, enum fsm_event event)
{
	struct ppp_fsm *f = kind_fsm(k, c->s);
	uint8_t from = f->state;

	f->state = to;
	if (from != to)
		emit_trace(c, k->proto, from, to, (uint8_t)event);
}

static uint32_t restart_ms(const struct ppp_profile *p)
{
	return p->restart_ms ? p->restart_ms : DEFAULT_RESTART_MS;
}

static void start_timer(struct ppp_ctx *c, struct ppp_fsm *f)
{
	f->deadline_ns = after_ms(c, restart_ms(c->p));
}

/* After a Configure-Request: the first waits are short and double (RFC 1661 s4.6 allows a back-off). */
static void start_request_timer(struct ppp_ctx *c, struct ppp_fsm *f)
{
	uint64_t wait = c->p->restart_first_ms;

	for (unsigned sent = c->p->max_configure;
		wait && sent > f->restart + 1u && wait < restart_ms(c->p); sent--)
		wait *= 2;
	f->deadline_ns =
		after_ms(c, wait && wait < restart_ms(c->p) ? (uint32_t)wait : restart_ms(c->p));
}

/* Octets that a packet of this protocol may have. LCP negotiates under the default MRU (RFC 1661
 * s6.1); nothing that we send needs more than that either. */
size_t auto_tx_limit(const struct ppp_ctx *c, const struct ppp_kind *k)
{
	const struct ppp_session *s = c->s;
	size_t limit = PPP_DEFAULT_MRU;

	if (k == &kind_lcp && s->lcp.state != FSM_OPENED)
		return limit;
	if (s->peer_mru < limit)
		limit = s->peer_mru;
	if (s->our_mru < limit)
		limit = s->our_mru;
	return limit < PPP_MIN_MRU ? PPP_MIN_MRU : limit;
}

static void send_request(
	struct ppp_ctx *c, const struct ppp_kind *k, uint8_t from, enum fsm_event event)
{
	struct ppp_fsm *f = kind_fsm(k, c->s);
	uint8_t bytes[REQUEST_MAX];
	struct wr w = wr_of(bytes, sizeof(bytes));

	if (from < FSM_REQ_SENT || from == FSM_OPENED) {
		f->failures = f->refusals = f->flags = 0;
		k->begin(c);
		f->want = opt_wanted(c, k);
	}
	/* A repeated request keeps its id, so that a slow Ack still counts (RFC 1661 s5.1). */
	if (event != FSM_TO_P)
		f->id++;
	f->flags &= (uint8_t)~FSM_F_ACKED;
	if (f->restart)
		f->restart--;
	start_request_timer(c, f);
	opt_request(c, k, &w);
	emit_packet(c, k->proto, CONF_REQ, f->id, no_bytes(),
		(struct ppp_span){bytes, (size_t)(w.p - bytes)});
}

static void send_reply(struct ppp_ctx *c, const struct ppp_kind *k, const struct ppp_packet *pkt)
{
	const struct opt_reply *r = pkt->reply;
	struct ppp_fsm *f = kind_fsm(k, c->s);

	if (r->code == CONF_ACK) {
		f->failures = 0;
		k->commit(c, &r->peer);
	} else if (r->code == CONF_NAK && f->failures < UINT8_MAX) {
		f->failures++;
	}
	if (r->asks_absent)
		f->flags |= FSM_F_ASKED_ABSENT;
	emit_packet(c, k->proto, r->code, pkt->id, no_bytes(), (struct ppp_span){r->bytes, r->len});
}

static void send_terminate(struct ppp_ctx *c, const struct ppp_kind *k)
{
	struct ppp_fsm *f = kind_fsm(k, c->s);

	f->id++;
	if (f->restart)
		f->restart--;
	start_timer(c, f);
	emit_packet(c, k->proto, TERM_REQ, f->id, no_bytes(), no_bytes());
}

/* RFC 1661 s5.6: the rejected packet from its code on, cut to the peer's MRU. */
static void send_code_reject(
	struct ppp_ctx *c, const struct ppp_kind *k, const struct ppp_packet *pkt)
{
	size_t room = auto_tx_limit(c, k) - PPP_HDR;
	struct ppp_span packet = {pkt->data - PPP_HDR, PPP_HDR + pkt->len};

	if (packet.len > room)
		packet.len = room;
	emit_packet(c, k->proto, CODE_REJ, ++c->s->reject_id, no_bytes(), packet);
}

static void act(struct ppp_ctx *c, const struct ppp_kind *k, const struct fsm_cell *cell,
	enum fsm_act action, uint8_t from, enum fsm_event event, const struct ppp_packet *pkt)
{
	struct ppp_fsm *f = kind_fsm(k, c->s);

	switch (action) {
	case FSM_TLD:
		session_layer_down(c, k);
		break;
	case FSM_IRC:
		f->restart = cell->acts & FSM_STR ? c->p->max_terminate : c->p->max_configure;
		break;
	case FSM_ZRC:
		f->restart = 0;
		start_timer(c, f); /* one restart time for the peer to hear our Terminate-Ack */
		break;
	case FSM_SCR:
		send_request(c, k, from, event);
		break;
	case FSM_SCA:
	case FSM_SCN:
		send_reply(c, k, pkt);
		break;
	case FSM_STR:
		send_terminate(c, k);
		break;
	case FSM_STA:
		emit_packet(c, k->proto, TERM_ACK, pkt->id, no_bytes(), no_bytes());
		break;
	case FSM_SCJ:
		send_code_reject(c, k, pkt);
		break;
	case FSM_SER:
		if (pkt->code == ECHO_REQ)
			lcp_echo_reply(c, pkt);
		break;
	case FSM_TLU:
		f->flags &= (uint8_t)~FSM_F_ASKED_ABSENT; /* a later negotiation asks again */
		session_layer_up(c, k);
		break;
	case FSM_TLF:
		session_layer_finished(c, k);
		break;
	default: /* TLS: the lower layer is already there, or is gone for good */
		break;
	}
}

void auto_step(struct ppp_ctx *c, const struct ppp_kind *k, enum fsm_event event,
	const struct ppp_packet *pkt)
{
	struct ppp_fsm *f = kind_fsm(k, c->s);
	const struct fsm_cell *cell = fsm_cell(event, f->state);
	uint8_t from = f->state;

	if (cell->next == FSM_ILLEGAL)
		return;
	set_state(c, k, cell->next, event);
	for (unsigned int bit = 1; bit < FSM_ACT_END; bit <<= 1)
		if (cell->acts & bit)
			act(c, k, cell, (enum fsm_act)bit, from, event, pkt);
	/* RFC 1661 s4.2: the restart timer runs in states 4 to 8 and in no other. */
	if (f->state < FSM_CLOSING || f->state == FSM_OPENED)
		f->deadline_ns = 0;
}

void auto_timeout(struct ppp_ctx *c, const struct ppp_kind *k)
{
	auto_step(c, k, kind_fsm(k, c->s)->restart ? FSM_TO_P : FSM_TO_M, NULL);
}

/* A peer that is heard for the first time was not there before: the requests sent until now do not
 * count against it (RFC 1661 s4.6 counts towards "unable to respond"), and the next one comes soon.
 * Once, so that a peer which only asks and never answers is given up all the same. */
static void first_heard(struct ppp_ctx *c, struct ppp_fsm *f)
{
	uint64_t due = f->deadline_ns;

	if (f->state != FSM_REQ_SENT || f->flags & FSM_F_HEARD)
		return;
	f->flags |= FSM_F_HEARD;
	f->restart = c->p->max_configure;
	start_request_timer(c, f);
	if (f->deadline_ns > due)
		f->deadline_ns = due;
}

static void got_request(struct ppp_ctx *c, const struct ppp_kind *k, struct ppp_packet *pkt)
{
	struct opt_reply r;
	size_t limit = k == &kind_lcp ? PPP_DEFAULT_MRU : auto_tx_limit(c, k);

	if (!opt_judge(c, k, pkt->data, pkt->len, limit - PPP_HDR, &r) || !r.code)
		return;
	if (k == &kind_lcp && lcp_looped(c, &r.peer))
		return;
	first_heard(c, kind_fsm(k, c->s));
	pkt->reply = &r;
	auto_step(c, k, r.code == CONF_ACK ? FSM_RCR_P : FSM_RCR_M, pkt);
	pkt->reply = NULL;
}

/* Is this Ack, Nak or Reject about the request that is out? RFC 1661 s5.2: others are silently
 * discarded. In the states where no request is out the automaton answers by itself. */
static bool answers_ours(const struct ppp_fsm *f, const struct ppp_packet *pkt)
{
	return f->state < FSM_REQ_SENT || (pkt->id == f->id && !(f->flags & FSM_F_ACKED));
}

static void got_ack(struct ppp_ctx *c, const struct ppp_kind *k, const struct ppp_packet *pkt)
{
	struct ppp_fsm *f = kind_fsm(k, c->s);
	uint8_t bytes[REQUEST_MAX];
	struct wr w = wr_of(bytes, sizeof(bytes));

	if (!answers_ours(f, pkt))
		return;
	if (f->state >= FSM_REQ_SENT) {
		opt_request(c, k, &w);
		if (pkt->len != (size_t)(w.p - bytes) || memcmp(pkt->data, bytes, pkt->len))
			return;
		f->flags |= FSM_F_ACKED;
	}
	auto_step(c, k, FSM_RCA, pkt);
}

/* A peer that refuses without end is brought to one by three steps: a Nak beyond Max-Failure counts
 * as a Reject, what is beyond three times that is not heard, and then the restart counter runs
 * out. */
static void got_refusal(struct ppp_ctx *c, const struct ppp_kind *k, const struct ppp_packet *pkt)
{
	struct ppp_fsm *f = kind_fsm(k, c->s);
	bool reject = pkt->code == CONF_REJ || f->refusals >= c->p->max_failure;
	unsigned int deaf = 3u * c->p->max_failure + 3;

	if (deaf > UINT8_MAX)
		deaf = UINT8_MAX;
	if (!answers_ours(f, pkt))
		return;
	if (f->state >= FSM_REQ_SENT) {
		if (f->refusals >= deaf || !opt_refused(c, k, pkt->data, pkt->len, reject))
			return;
		f->refusals++;
		if (k == &kind_lcp && lcp_refused(c)) {
			session_close(c, PPP_CAUSE_PROTOCOL_REJECT);
			return;
		}
	}
	auto_step(c, k, FSM_RCN, pkt);
}

/* RFC 1661 s5.6: without Configure and Terminate codes there is no negotiation; anything else we
 * can do without. */
static void got_code_reject(
	struct ppp_ctx *c, const struct ppp_kind *k, const struct ppp_packet *pkt)
{
	uint8_t rejected;

	if (!pkt->len)
		return;
	rejected = pkt->data[0];
	if (rejected >= CONF_REQ && rejected <= CODE_REJ) {
		if (k == &kind_lcp && kind_fsm(k, c->s)->state >= FSM_REQ_SENT)
			session_set_cause(c, PPP_CAUSE_PROTOCOL_REJECT);
		auto_step(c, k, FSM_RXJ_M, pkt);
		return;
	}
	if (k == &kind_lcp && rejected == ECHO_REQ)
		c->s->flags |= S_ECHO_OFF;
	auto_step(c, k, FSM_RXJ_P, pkt);
}

void auto_input(struct ppp_ctx *c, const struct ppp_kind *k, const struct ppp_packet *packet)
{
	const struct ppp_fsm *f = kind_fsm(k, c->s);
	struct ppp_packet pkt = *packet;

	if (f->state < FSM_CLOSED)
		return; /* the lower layer is not there: RFC 1661 s4.2 */
	switch (pkt.code) {
	case CONF_REQ:
		got_request(c, k, &pkt);
		return;
	case CONF_ACK:
		got_ack(c, k, &pkt);
		return;
	case CONF_NAK:
	case CONF_REJ:
		got_refusal(c, k, &pkt);
		return;
	case TERM_REQ:
		if (k == &kind_lcp && f->state == FSM_OPENED)
			session_set_cause(c, PPP_CAUSE_PEER_TERMINATED);
		auto_step(c, k, FSM_RTR, &pkt);
		return;
	case TERM_ACK:
		auto_step(c, k, FSM_RTA, &pkt);
		return;
	case CODE_REJ:
		got_code_reject(c, k, &pkt);
		return;
	default:
		if (k == &kind_lcp && lcp_knows(pkt.code))
			lcp_input(c, &pkt);
		else
			auto_step(c, k, FSM_RUC, &pkt);
	}
}
