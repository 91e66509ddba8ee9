/* SPDX-License-Identifier: BSD-3-Clause */
/* Faults that other L2TP implementations had, each once: what a peer did then must do no harm here. */
#include "tests/conformance/l2tp_lab.h"

static const struct l2tp_secret secret = {.p = (const uint8_t *)"s3cret", .len = 6};
static const struct l2tp_secret guess = {.p = (const uint8_t *)"letmein", .len = 7};

static uint64_t roll(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* s4.3: with a wrong secret the deciphered length is as good as random. Whether it happened to fit must not show: two
 * octets of a digest over the secret would. */
static void an_avp_hidden_under_another_secret_makes_no_call_and_tells_nothing(void **state)
{
	struct lab *lab = *state;
	struct l2tp_result first = {0};
	uint64_t rnd = 4711;

	lab->profile.hello_ms = 0;
	memcpy(lab->profile.secret, secret.p, secret.len);
	lab->profile.secret_len = (uint8_t)secret.len;
	tunnel_comes_up(lab);
	for (uint32_t i = 0; i < 2000; i++) {
		uint8_t extra[1200], cipher[1024], bearer[4] = {0, 0, 0, 1};
		struct wr w = wr_of(extra, sizeof(extra));
		uint64_t vector[2] = {roll(&rnd), roll(&rnd)};
		struct l2tp_result r;

		l2tp_avp_put(&w, L2TP_AVP_M, L2TP_AVP_RANDOM_VECTOR, vector, 16);
		l2tp_avp_put(&w, L2TP_AVP_M | L2TP_AVP_H, L2TP_AVP_BEARER_TYPE, cipher,
			l2tp_hide(L2TP_AVP_BEARER_TYPE, guess, (const uint8_t *)vector, 16, bearer,
				4, 900, cipher));
		lac_sends(
			lab, ICRQ, .call = 11, .extra = extra, .extra_len = (size_t)(w.p - extra));
		r = l2tp_msg_result(&lns_sends(lab, CDN, .sid = IS(11))->m);
		if (!i)
			first = r;
		assert_memory_equal(&r, &first, sizeof(r));
		assert_int_equal(r.result, 2);
		lac_sends(lab, ZLB);
		lab_forget(lab);
	}
	assert_int_equal(lab->requests, 0);
	assert_int_equal(lab->ups, 0);
}

/* s4.3: the vector may have any length. */
static void a_random_vector_of_any_length_serves(void **state)
{
	static const size_t lengths[] = {1, 2, 15, 16, 17, 64, 255, 256, 900};
	uint8_t vector[900], extra[1200], cipher[64];

	(void)state;
	memset(vector, 0xa5, sizeof(vector));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct lab *lab =
			lab_new((struct l2tp_limits){.tunnels = 1, .calls = 1, .chunks = 64});
		struct wr w = wr_of(extra, sizeof(extra));

		memcpy(lab->profile.secret, secret.p, secret.len);
		lab->profile.secret_len = (uint8_t)secret.len;
		tunnel_comes_up(lab);
		l2tp_avp_put(&w, L2TP_AVP_M, L2TP_AVP_RANDOM_VECTOR, vector, lengths[i]);
		l2tp_avp_put(&w, L2TP_AVP_M | L2TP_AVP_H, L2TP_AVP_CALLED_NUMBER, cipher,
			l2tp_hide(L2TP_AVP_CALLED_NUMBER, secret, vector, lengths[i],
				(const uint8_t *)"5551234", 7, 3, cipher));
		lac_sends(
			lab, ICRQ, .call = 11, .extra = extra, .extra_len = (size_t)(w.p - extra));
		lns_sends(lab, ICRP, .sid = IS(11));
		assert_string_equal(lab->call[1].called.s, "5551234");
		lab_free(lab);
	}
}

/* s5.8: flow control holds back messages, never acknowledgements. */
static void acknowledgements_go_out_while_our_own_window_is_closed(void **state)
{
	struct lab *lab = *state;

	lac_sends(lab, SCCRQ, .m = {.have = L2TP_HAS(L2TP_AVP_RECEIVE_WINDOW_SIZE), .window = 1});
	lac_sends(lab, SCCCN);
	lab_forget(lab);
	lab->deaf = true;
	lac_sends(lab, ICRQ, .call = 11);
	lac_sends(lab, ICRQ, .call = 12); /* its ICRP has to wait */
	assert_int_equal(lab->tunnel[the_tunnel(lab)].in_flight, 1);
	lab_forget(lab);
	lac_sends(lab, HELLO);
	lab_run_for(lab, 100);
	lns_sends(lab, ZLB, .nr = IS(5));
	lns_is_silent(lab);
}

/* An acknowledgement and the timer of what it acknowledges in the same instant, in either order. */
static void an_acknowledgement_at_the_moment_of_the_timer_is_safe(void **state)
{
	struct lab *lab = *state;
	struct l2tp_tunnel *t = &lab->tunnel[1];

	lab->profile.hello_ms = 0;
	tunnel_comes_up(lab);
	for (uint64_t at = 985; at <= 1025; at++) {
		for (int tick_first = 0; tick_first < 2; tick_first++) {
			lac_sends(lab, ICRQ, .call = 11);
			lab_forget(lab);
			lab->env.now_ns += at * 1000000; /* no tick yet */
			if (tick_first)
				lab_run_for(lab, 0);
			lac_sends(lab, CDN, .call = 11); /* it acknowledges ICRP */
			lab_run_for(lab, 0);
			assert_int_equal(t->in_flight, 0);
			assert_int_equal(t->txq_len, 0);
			lab_run_for(lab, 200);
			lab_forget(lab);
			lab_run_for(lab, 31000);
			lns_is_silent(lab);
			assert_int_equal(t->state, L2TP_T_ESTABLISHED);
			assert_int_equal(t->calls, 0);
		}
	}
}

enum leaving { STOPS, DISCONNECTS, FALLS_SILENT, RESTARTS, LEAVINGS };

static void leave(struct lab *lab, enum leaving how)
{
	switch (how) {
	case STOPS:
		lac_sends(lab, STOPCCN);
		break;
	case DISCONNECTS:
		if (lab->lac.lns_tid)
			lac_sends(lab, CDN, .call = 11);
		break;
	case RESTARTS: /* the same host with a new tunnel id, and then it is gone for good */
		lab->lac = (struct lac){.peer = lab->lac.peer, .tid = 8};
		lac_sends(lab, SCCRQ);
		break;
	default:
		break;
	}
}

/* A LAC goes at every message boundary of the set-up, in every way: nothing stays, nothing happens late. */
static void a_lac_that_leaves_after_any_step_leaves_nothing(void **state)
{
	(void)state;
	for (unsigned int step = 0; step < 5; step++) {
		for (enum leaving how = STOPS; how < LEAVINGS; how++) {
			struct lab *lab = lab_new(
				(struct l2tp_limits){.tunnels = 4, .calls = 4, .chunks = 64});
			uint16_t lns_sid = 0;

			lab->on_call = step == 3 ? LAB_WAIT : LAB_ACCEPT; /* nobody decided yet */
			lac_sends(lab, SCCRQ);
			if (step > 0)
				lac_sends(lab, SCCCN);
			lab_forget(lab);
			if (step > 1)
				lac_sends(lab, ICRQ, .call = 11);
			if (step == 4) {
				lns_sid = lns_sends(lab, ICRP)->m.sid;
				lac_sends(lab, ICCN, .sid = lns_sid);
			}
			leave(lab, how);
			lab->deaf = true;
			lab_run_for(lab, 300000);
			assert_int_equal(lab->ups, step == 4);
			assert_int_equal(lab->downs, lab->requests);
			nothing_is_in_use(lab);
			lab_free(lab);
		}
	}
}

/* Loads at every alignment, from an allocation that ends where the message ends. */
static void messages_are_read_at_any_alignment(void **state)
{
	struct lab *lab = *state;
	uint8_t buf[1024], *exact;
	size_t len;

	for (size_t pad = 0; pad < 8; pad++) {
		struct l2tp_unhiding u = {0};
		struct l2tp_result fault;
		struct l2tp_msg m;
		struct l2tp_hdr h;

		len = lac_encode(lab, L2TP_ICCN,
			&(struct lac_words){.as_is = true,
				.m = {.have = L2TP_HAS(L2TP_AVP_RX_CONNECT_SPEED) |
						L2TP_HAS(L2TP_AVP_PRIVATE_GROUP_ID),
					.rx_speed_bps = 0x01020304,
					.group = l2tp_bytes_of("gold", 4)}},
			buf, sizeof(buf));
		exact = malloc(pad + len);
		memcpy(exact + pad, buf, len);
		assert_int_equal(l2tp_hdr_decode(exact + pad, len, &h), L2TP_HDR_OK);
		assert_int_equal(
			l2tp_msg_decode(exact + pad + h.body, len - h.body, &u, &m, &fault), 0);
		assert_int_equal(m.rx_speed_bps, 0x01020304);
		assert_int_equal(m.tx_speed_bps, 100000000);
		free(exact);
	}
}

/* Any choice of AVPs with any values comes back, and no buffer is written past its end. */
static void random_messages_come_back_as_they_were_encoded(void **state)
{
	uint8_t one[8192], two[8192], text[1017];
	uint64_t rnd = 99;

	(void)state;
	memset(text, 'q', sizeof(text));
	for (uint32_t i = 0; i < 100000; i++) {
		struct l2tp_unhiding u = {0};
		struct l2tp_result fault;
		struct l2tp_msg m, back;
		uint8_t *small;
		size_t len, cap;

		for (size_t at = 0; at < sizeof(m); at += 8) {
			uint64_t r = roll(&rnd);

			memcpy((uint8_t *)&m + at, &r, sizeof(m) - at < 8 ? sizeof(m) - at : 8);
		}
		m.type = (uint16_t)(1 + roll(&rnd) % 16);
		if (!l2tp_msg_is_known(m.type))
			continue;
		m.tid |= 1;
		m.sid |= 1;
		m.window |= 1;
		m.have = roll(&rnd);
		for (uint16_t avp = 0; avp < L2TP_AVP_TYPES; avp++) {
			const struct l2tp_avp_desc *row = l2tp_avp_desc(avp);
			struct l2tp_bytes b;
			size_t most;

			if (row && row->need >> m.type & 1)
				m.have |= L2TP_HAS(avp);
			if (!row || row->kind != L2TP_AVP_BYTES)
				continue;
			most = row->max > 40 && roll(&rnd) % 8 ? 40 : row->max;
			b = l2tp_bytes_of(text,
				row->min +
					roll(&rnd) %
						(most - (row->min < most ? row->min : most) + 1));
			memcpy((uint8_t *)&m + row->field, &b, sizeof(b));
		}
		len = l2tp_msg_encode(&m, one, sizeof(one));
		assert_true(len > 0);
		assert_int_equal(l2tp_msg_decode(one, len, &u, &back, &fault), 0);
		assert_int_equal(l2tp_msg_encode(&back, two, sizeof(two)), len);
		assert_memory_equal(one, two, len);
		cap = roll(&rnd) % len;
		small = malloc(cap ? cap : 1);
		assert_int_equal(l2tp_msg_encode(&m, small, cap), 0);
		free(small);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(an_avp_hidden_under_another_secret_makes_no_call_and_tells_nothing),
		LAB_TEST(a_random_vector_of_any_length_serves),
		LAB_TEST(acknowledgements_go_out_while_our_own_window_is_closed),
		LAB_TEST(an_acknowledgement_at_the_moment_of_the_timer_is_safe),
		LAB_TEST(a_lac_that_leaves_after_any_step_leaves_nothing),
		LAB_TEST(messages_are_read_at_any_alignment),
		LAB_TEST(random_messages_come_back_as_they_were_encoded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
