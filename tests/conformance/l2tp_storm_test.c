/* SPDX-License-Identifier: BSD-3-Clause */
/* Many calls, much loss, garbage, and any order of messages: what must hold whatever comes. */
#include "tests/conformance/l2tp_lab.h"

static uint64_t roll(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* A LAC with a plain reliable channel of its own, behind a lossy wire: it sends as far as our window lets it, after a
 * second without an acknowledgement all of it again, and acknowledges once every 5 ms. `keeps`: what comes early waits for
 * its turn; otherwise it is dropped. Both are allowed (RFC 2661 s5.8). */
#define SIM_CALLS  1000
#define SIM_WINDOW 16
#define SIM_WIRE   2048

enum sim_call { SIM_NONE, SIM_ASKED, SIM_ANSWERED, SIM_CONNECTED };

struct datagram {
	uint64_t at_ms;
	size_t len;
	bool to_lns;
	uint8_t bytes[256];
};

struct sim {
	struct lab *lab;
	uint64_t rnd, now_ms;
	unsigned int loss, dup, reorder; /* percent */
	uint16_t ns, acked, nr, lns_tid, window;
	uint64_t resend_ms;
	struct {
		uint16_t type, sid, call;
	} queue[4096];
	uint16_t queued; /* of queue; [ns] is sent when it fits the window */
	struct datagram wire[SIM_WIRE];
	uint8_t state[SIM_CALLS + 1];
	uint32_t connected;
	bool ack_owed, keeps;
	struct datagram early[SIM_WINDOW]; /* by Ns */
};

static void wire_put(struct sim *s, const uint8_t *bytes, size_t len, bool to_lns)
{
	unsigned int copies = 1 + (roll(&s->rnd) % 100 < s->dup);

	if (roll(&s->rnd) % 100 < s->loss)
		return;
	while (copies--) {
		for (int i = 0; i < SIM_WIRE; i++) {
			struct datagram *d = &s->wire[i];

			if (d->len)
				continue;
			d->at_ms = s->now_ms + 5 +
				(roll(&s->rnd) % 100 < s->reorder ? roll(&s->rnd) % 40 : 0);
			d->len = len;
			d->to_lns = to_lns;
			memcpy(d->bytes, bytes, len);
			break;
		}
	}
}

static void sim_say(struct sim *s, uint16_t at)
{
	struct lac_words w = {.as_is = true, .ns = at, .nr = s->nr, .to_tid = s->lns_tid};
	uint8_t buf[256];
	uint16_t type = L2TP_ZLB;

	if (at != s->queued) {
		type = s->queue[at].type;
		w.sid = s->queue[at].sid;
		w.call = s->queue[at].call;
		w.to_tid = type == L2TP_SCCRQ ? 0 : s->lns_tid;
		w.m.have = type == L2TP_SCCRQ ? L2TP_HAS(L2TP_AVP_RECEIVE_WINDOW_SIZE) : 0;
		w.m.window = SIM_WINDOW;
	} else {
		w.ns = s->ns;
	}
	wire_put(s, buf, lac_encode(s->lab, type, &w, buf, sizeof(buf)), true);
	s->ack_owed = false;
}

static void sim_queue(struct sim *s, uint16_t type, uint16_t sid, uint16_t call)
{
	s->queue[s->queued].type = type;
	s->queue[s->queued].sid = sid;
	s->queue[s->queued++].call = call;
}

static void sim_message(struct sim *s, const struct lab_sent *m)
{
	if (m->m.type == L2TP_SCCRP) {
		s->lns_tid = m->m.tid;
		s->window = m->m.window;
		sim_queue(s, L2TP_SCCCN, 0, 0);
		for (uint16_t i = 1; i <= SIM_CALLS; i++)
			sim_queue(s, L2TP_ICRQ, 0, i);
	} else if (m->m.type == L2TP_ICRP) {
		assert_in_range(m->h.sid, 1, SIM_CALLS);
		assert_int_equal(s->state[m->h.sid], SIM_NONE); /* none twice */
		s->state[m->h.sid] = SIM_ANSWERED;
		s->connected++;
		sim_queue(s, L2TP_ICCN, m->m.sid, m->h.sid);
	} else {
		assert_int_equal(m->m.type, L2TP_HELLO);
	}
}

static void sim_deliver(struct sim *s, const struct datagram *d)
{
	struct l2tp_unhiding u = {0};
	struct l2tp_result fault;
	struct lab_sent m = {0};

	l2tp_hdr_decode(d->bytes, d->len, &m.h);
	s->nr++;
	assert_int_equal(
		l2tp_msg_decode(d->bytes + m.h.body, m.h.len - m.h.body, &u, &m.m, &fault), 0);
	sim_message(s, &m);
}

static void sim_hear(struct sim *s, const struct datagram *d)
{
	struct datagram *early;
	struct l2tp_hdr h;

	l2tp_hdr_decode(d->bytes, d->len, &h);
	if ((uint16_t)(h.nr - s->acked) <= (uint16_t)(s->ns - s->acked) && h.nr != s->acked) {
		s->acked = h.nr;
		s->resend_ms = s->now_ms + 1000;
	}
	if (h.body == h.len)
		return;
	s->ack_owed = true;
	if (h.ns == s->nr)
		sim_deliver(s, d);
	else if (s->keeps && (uint16_t)(h.ns - s->nr) < SIM_WINDOW)
		s->early[h.ns % SIM_WINDOW] = *d;
	while (early = &s->early[s->nr % SIM_WINDOW], early->len) {
		l2tp_hdr_decode(early->bytes, early->len, &h);
		if (h.ns == s->nr)
			sim_deliver(s, early);
		early->len = 0;
	}
}

static void sim_step(struct sim *s)
{
	s->now_ms += 5;
	lab_run_until(s->lab, s->now_ms);
	for (int i = 0; i < SIM_WIRE; i++) {
		struct datagram d = s->wire[i];

		if (!d.len || d.at_ms > s->now_ms)
			continue;
		s->wire[i].len = 0;
		if (d.to_lns)
			lab_input(s->lab, &s->lab->lac.peer, d.bytes, d.len);
		else
			sim_hear(s, &d);
	}
	while (lns_sent(s->lab)) {
		struct lab_sent *m = &s->lab->sent[s->lab->sent_head++ % LAB_RING];

		wire_put(s, m->bytes, m->len, false);
	}
	if (s->acked != s->ns && s->now_ms >= s->resend_ms) {
		s->resend_ms = s->now_ms + 1000;
		for (uint16_t at = s->acked; at != s->ns; at++)
			sim_say(s, at);
	}
	while (s->ns != s->queued && s->ns - s->acked < s->window) {
		if (s->ns == s->acked)
			s->resend_ms = s->now_ms + 1000;
		sim_say(s, s->ns++);
	}
	if (s->ack_owed)
		sim_say(s, s->queued);
}

static uint64_t thousand_calls(
	unsigned int loss, unsigned int dup, unsigned int reorder, bool keeps)
{
	struct lab *lab =
		lab_new((struct l2tp_limits){.tunnels = 4, .calls = SIM_CALLS, .chunks = 4096});
	struct sim *s = calloc(1, sizeof(*s));
	uint64_t took;

	lab->deaf = true;
	/* The LAC asks for all calls before it connects the first. */
	lab->profile.setup_ms = 600000;
	lab->profile.window = 256; /* the default */
	*s = (struct sim){.lab = lab,
		.window = 1,
		.rnd = 77 + loss,
		.loss = loss,
		.dup = dup,
		.reorder = reorder,
		.keeps = keeps};
	sim_queue(s, L2TP_SCCRQ, 0, 0);
	while (lab->ups < SIM_CALLS && s->now_ms < 600000)
		sim_step(s);
	took = s->now_ms;
	print_message("%u %% loss: %d calls up after %u.%03u s\n", loss, SIM_CALLS,
		(unsigned int)(took / 1000), (unsigned int)(took % 1000));
	assert_int_equal(lab->ups, SIM_CALLS);
	assert_int_equal(lab->requests, SIM_CALLS);
	assert_int_equal(s->connected, SIM_CALLS);
	assert_int_equal(lab->downs, 0);
	for (int i = 0; i < 4000; i++) /* and they stay up */
		sim_step(s);
	assert_int_equal(lab->downs, 0);
	assert_int_equal(lab->tunnel[1].calls, SIM_CALLS);
	assert_int_equal(lab->tunnel[1].txq_len, 0);
	free(s);
	lab_free(lab);
	return took;
}

static void a_thousand_calls_come_up_without_loss(void **state)
{
	(void)state;
	assert_true(thousand_calls(0, 0, 0, false) < 10000);
}

static void a_thousand_calls_come_up_at_5_percent_loss_within_30_s(void **state)
{
	(void)state;
	assert_true(thousand_calls(5, 5, 10, true) < 30000);
}

static void a_thousand_calls_of_a_lac_that_keeps_nothing_come_up_at_5_percent_loss_within_45_s(
	void **state)
{
	(void)state;
	assert_true(thousand_calls(5, 5, 10, false) < 45000);
}

static void a_thousand_calls_come_up_at_20_percent_loss_and_none_twice(void **state)
{
	(void)state;
	assert_true(thousand_calls(20, 5, 10, true) < 120000);
}

static void thirty_thousand_icrqs_in_one_tunnel_all_come_up_and_go_down_in_batches(void **state)
{
	struct lab *lab =
		lab_new((struct l2tp_limits){.tunnels = 4, .calls = 30000, .chunks = 4096});
	uint32_t before;

	(void)state;
	lab->profile.hello_ms = 0;
	lac_sends(
		lab, SCCRQ, .m = {.have = L2TP_HAS(L2TP_AVP_RECEIVE_WINDOW_SIZE), .window = 1024});
	lac_sends(lab, SCCCN);
	lab_forget(lab);
	for (uint32_t i = 1; i <= 30000; i++)
		lac_sends(lab, ICRQ, .call = (uint16_t)i);
	assert_int_equal(lab->requests, 30000);
	while (lab->ups < 30000) {
		bool any = false;

		while (lns_sent(lab)) {
			struct lab_sent *s = &lab->sent[lab->sent_head++ % LAB_RING];

			if (s->m.type != L2TP_ICRP)
				continue;
			lac_sends(lab, ICCN, .sid = s->m.sid);
			any = true;
		}
		if (!any)
			lac_sends(lab, ZLB);
		lab_run_for(lab, 1);
	}
	assert_int_equal(lab->tunnel[1].calls, 30000);
	assert_int_equal(lab->tunnel[1].count.retransmits, 0);
	lac_sends(lab, STOPCCN);
	assert_int_equal(lab->downs, 0); /* the datagram itself does no work of that size */
	assert_int_equal(l2tp_next_deadline(lab->cp), 0);
	do {
		before = lab->downs;
		lab_renew(lab);
		l2tp_tick(lab->cp, &lab->env, &lab->out);
		lab_perform(lab);
		assert_true(lab->downs - before <= L2TP_OUT_ACTIONS);
	} while (lab->downs != before);
	assert_int_equal(lab->downs, 30000);
	lab_run_for(lab, 32000);
	nothing_is_in_use(lab);
	lab_free(lab);
}

/* Random datagrams allocate nothing; neither do mangled ones that are nearly right. */
static void a_million_garbage_datagrams_leave_no_trace(void **state)
{
	struct lab *lab = *state;
	uint32_t was[4], is[4];
	uint64_t rnd = 5;
	uint8_t buf[64];

	lab->profile.hello_ms = 0;
	tunnel_comes_up(lab);
	lab_run_for(lab, 1000);
	l2tp_usage(lab->cp, &was[0], &was[1], &was[2], &was[3]);
	for (int i = 0; i < 1000000; i++) {
		size_t len = roll(&rnd) % sizeof(buf);

		for (size_t at = 0; at < sizeof(buf); at += 8) {
			uint64_t r = roll(&rnd);

			memcpy(buf + at, &r, 8);
		}
		if (i % 2) { /* a right header, for no tunnel or from nobody */
			l2tp_hdr_encode(buf, i % 4 == 1 ? 0 : (uint16_t)roll(&rnd), 0, 0, 0,
				sizeof(buf) - 12);
			len = sizeof(buf);
		}
		lab->lac.peer.port = 9;
		lab_renew(lab);
		l2tp_input(lab->cp, &lab->lac.peer, buf, len, &lab->env, &lab->out);
		assert_int_equal(lab->out.n, 0);
	}
	l2tp_usage(lab->cp, &is[0], &is[1], &is[2], &is[3]);
	assert_memory_equal(was, is, sizeof(was));
}

/* Any messages in any order, with loss, with the caller deciding late: counters balance, and all ends empty. */
static void random_step(struct lab *lab, uint64_t *rnd)
{
	static const uint16_t types[] = {L2TP_SCCRQ, L2TP_SCCRP, L2TP_SCCCN, L2TP_STOPCCN,
		L2TP_HELLO, L2TP_OCRQ, L2TP_OCRP, L2TP_OCCN, L2TP_ICRQ, L2TP_ICRQ, L2TP_ICRQ,
		L2TP_ICCN, L2TP_ICCN, L2TP_CDN, L2TP_WEN, L2TP_SLI, L2TP_ZLB, L2TP_ZLB};
	struct l2tp_result why = {.result = 3};
	uint32_t tunnel = 1 + (uint32_t)(roll(rnd) % lab->lim.tunnels),
		 call = 1 + (uint32_t)(roll(rnd) % lab->lim.calls);
	struct lac_words w = {.call = (uint16_t)(1 + roll(rnd) % 20), .sid = lab->call[call].sid};
	struct l2tp_tunnel *t = &lab->tunnel[tunnel];
	uint16_t type = types[roll(rnd) % (sizeof(types) / sizeof(types[0]))];

	lab->on_tunnel = (enum lab_policy)(roll(rnd) % 8 == 0 ? LAB_REJECT : LAB_ACCEPT);
	lab->on_call = (enum lab_policy)(roll(rnd) % 3);
	switch (roll(rnd) % 16) {
	case 0:
		lab_run_for(lab, roll(rnd) % 3000);
		break;
	case 1:
		lab_renew(lab);
		l2tp_call_close(lab->cp, call, &why, &lab->env, &lab->out);
		lab_perform(lab);
		break;
	case 2:
		if (roll(rnd) % 16)
			break;
		lab_renew(lab);
		l2tp_tunnel_close(lab->cp, tunnel, &why, &lab->env, &lab->out);
		lab_perform(lab);
		break;
	case 3:
		lab_renew(lab);
		if (lab->call[call].state == L2TP_C_IDLE)
			l2tp_call_accept(lab->cp, call, (uint16_t)(1 + roll(rnd) % 100), &lab->env,
				&lab->out);
		lab_perform(lab);
		break;
	case 4: /* a new LAC life */
		w.as_is = true;
		w.tunnel = (uint16_t)(1 + roll(rnd) % 6);
		w.m.have = L2TP_HAS(L2TP_AVP_FIRMWARE_REVISION);
		w.m.firmware = (uint16_t)(roll(rnd) % 3);
		lac_sends_words(lab, L2TP_SCCRQ, &w);
		break;
	default:
		if (t->state == L2TP_T_FREE)
			break;
		w.as_is = true;
		w.to_tid = t->tid;
		w.ns = (uint16_t)(t->nr + (roll(rnd) % 4 ? 0 : roll(rnd) % 5 - 2));
		w.nr = (uint16_t)(t->ns - roll(rnd) % 2);
		if (t->state == L2TP_T_WAIT_CTL_CONN && roll(rnd) % 4)
			type = L2TP_SCCCN;
		if ((type == L2TP_SCCRQ || type == L2TP_SCCRP || type == L2TP_STOPCCN ||
			    type == L2TP_SCCCN) &&
			t->state == L2TP_T_ESTABLISHED && roll(rnd) % 32)
			type = L2TP_ICRQ;
		lac_sends_words(lab, type, &w);
	}
	lns_forget(lab);
}

static void invariants(const struct lab *lab)
{
	uint32_t calls = 0, listed = 0, tunnels = 0, live = 0, unproven = 0, in_use[4];

	l2tp_usage(lab->cp, &in_use[0], &in_use[1], &in_use[2], &in_use[3]);
	for (uint32_t i = 1; i <= lab->lim.tunnels; i++) {
		const struct l2tp_tunnel *t = &lab->tunnel[i];
		uint32_t n = 0;

		tunnels += t->state != L2TP_T_FREE;
		unproven += t->unproven;
		if (t->state == L2TP_T_FREE)
			continue;
		for (uint32_t c = t->first_call; c; c = lab->call[c].next)
			n++;
		assert_int_equal(n, t->calls);
		listed += n;
		assert_true(t->in_flight <= t->txq_len);
	}
	for (uint32_t i = 1; i <= lab->lim.calls; i++) {
		calls += lab->call[i].state != L2TP_C_FREE;
		live += lab->call[i].state != L2TP_C_FREE && lab->call[i].state != L2TP_C_CLOSED;
	}
	assert_int_equal(tunnels, in_use[0]);
	assert_int_equal(unproven, lab->cp->unproven);
	assert_int_equal(calls, in_use[1]);
	assert_int_equal(live, listed);
	assert_int_equal(lab->cp->by_peer_sid.used, live);
}

static void any_sequence_of_messages_keeps_the_books_and_ends_empty(void **state)
{
	struct l2tp_result why = {.result = 6};

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct lab *lab = lab_new((struct l2tp_limits){
			.tunnels = 6, .calls = 24, .chunks = seed % 2 ? 256 : 24});
		uint64_t rnd = seed * 7919;

		for (int i = 0; i < 3000; i++) {
			random_step(lab, &rnd);
			if (i % 16 == 0)
				invariants(lab);
		}
		for (uint32_t i = 1; i <= lab->lim.tunnels; i++) {
			lab_renew(lab);
			l2tp_tunnel_close(lab->cp, i, &why, &lab->env, &lab->out);
			lab_perform(lab);
		}
		lab_run_for(lab, 200000);
		assert_int_equal(lab->requests >= lab->ups, 1);
		nothing_is_in_use(lab);
		lab_free(lab);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(a_thousand_calls_come_up_without_loss),
		LAB_TEST(a_thousand_calls_come_up_at_5_percent_loss_within_30_s),
		LAB_TEST(
			a_thousand_calls_of_a_lac_that_keeps_nothing_come_up_at_5_percent_loss_within_45_s),
		LAB_TEST(a_thousand_calls_come_up_at_20_percent_loss_and_none_twice),
		LAB_TEST(thirty_thousand_icrqs_in_one_tunnel_all_come_up_and_go_down_in_batches),
		LAB_TEST(a_million_garbage_datagrams_leave_no_trace),
		LAB_TEST(any_sequence_of_messages_keeps_the_books_and_ends_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
