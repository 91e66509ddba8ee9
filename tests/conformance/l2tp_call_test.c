/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 2661 s5.2, s5.6, s7.4.2: incoming calls at the LNS. */
#include "tests/conformance/l2tp_lab.h"

#include <errno.h>

static void we_close(struct lab *lab, uint32_t call, uint16_t code)
{
	struct l2tp_result why = {.result = code, .text = "because"};

	lab_renew(lab);
	l2tp_call_close(lab->cp, call, &why, &lab->env, &lab->out);
	lab_perform(lab);
}

static void a_call_comes_up_and_tells_what_the_lac_said(void **state)
{
	struct lab *lab = *state;
	struct l2tp_call *c;
	uint32_t call;
	uint16_t sid;

	tunnel_comes_up(lab);
	lab->on_call = LAB_WAIT;
	lac_sends(lab, ICRQ, .call = 11,
		.m = {.have = L2TP_HAS(L2TP_AVP_CALLED_NUMBER) | L2TP_HAS(L2TP_AVP_CALLING_NUMBER) |
				L2TP_HAS(L2TP_AVP_PHYSICAL_CHANNEL_ID) |
				L2TP_HAS(L2TP_AVP_BEARER_TYPE),
			.called = l2tp_bytes_of("100", 3),
			.calling = l2tp_bytes_of("eth 0/1:7", 9),
			.physical_channel = 42,
			.bearer_type = 1});
	call = lns_tells(lab, L2TP_ACT_CALL_REQUEST)->call;
	c = &lab->call[call];
	assert_int_equal(c->state, L2TP_C_IDLE);
	assert_string_equal(c->called.s, "100");
	assert_string_equal(c->calling.s, "eth 0/1:7");
	assert_int_equal(c->physical_channel, 42);
	assert_int_equal(c->serial, 11);
	lab_renew(lab);
	assert_int_equal(l2tp_call_accept(lab->cp, call, 4242, &lab->env, &lab->out), 0);
	lab_perform(lab);
	sid = lns_sends(lab, ICRP, .sid = IS(11))->m.sid;
	assert_int_equal(sid, 4242);
	assert_int_equal(c->state, L2TP_C_WAIT_CONNECT);
	lac_sends(lab, ICCN, .sid = 4242,
		.m = {.have = L2TP_HAS(L2TP_AVP_RX_CONNECT_SPEED), .rx_speed_bps = 640000});
	assert_int_equal(lns_tells(lab, L2TP_ACT_CALL_UP)->call, call);
	assert_int_equal(c->tx_speed_bps, 100000000);
	assert_int_equal(c->rx_speed_bps, 640000);
	assert_int_equal(c->sequencing, 0);
	assert_int_equal(l2tp_call_by_sid(lab->cp, the_tunnel(lab), 4242), call);
}

/* Item 22: recorded here, acted upon in the data plane. */
static void sequencing_required_is_recorded(void **state)
{
	struct lab *lab = *state;
	struct lab_sent *s;

	tunnel_comes_up(lab);
	lac_sends(lab, ICRQ, .call = 11);
	s = lns_sends(lab, ICRP);
	lac_sends(
		lab, ICCN, .sid = s->m.sid, .m = {.have = L2TP_HAS(L2TP_AVP_SEQUENCING_REQUIRED)});
	assert_int_equal(lab->call[1].sequencing, 1);
}

static void a_second_iccn_of_an_established_call_is_borne(void **state)
{
	struct lab *lab = *state;
	uint32_t call;

	tunnel_comes_up(lab);
	call = call_comes_up(lab, 11);
	lac_sends(lab, ICCN, .sid = lab->call[call].sid);
	lab_run_for(lab, 100);
	lns_sends(lab, ZLB);
	assert_int_equal(lab->call[call].state, L2TP_C_ESTABLISHED);
	assert_int_equal(lab->ups, 1);
}

static void a_session_id_in_use_is_refused_to_the_caller(void **state)
{
	struct lab *lab = *state;
	uint16_t sid;

	tunnel_comes_up(lab);
	sid = lab->call[call_comes_up(lab, 11)].sid;
	lab->on_call = LAB_WAIT;
	lac_sends(lab, ICRQ, .call = 12);
	lab_renew(lab);
	assert_int_equal(l2tp_call_accept(lab->cp, 2, sid, &lab->env, &lab->out), -EEXIST);
	assert_int_equal(l2tp_call_accept(lab->cp, 2, 0, &lab->env, &lab->out), -EEXIST);
	assert_int_equal(lab->out.n, 0);
	assert_int_equal(
		l2tp_call_accept(lab->cp, 2, (uint16_t)(sid + 1), &lab->env, &lab->out), 0);
	assert_int_equal(
		l2tp_call_accept(lab->cp, 2, (uint16_t)(sid + 2), &lab->env, &lab->out), -ENOENT);
}

static void a_refused_call_gets_cdn_and_its_slot_is_free_at_once(void **state)
{
	struct lab *lab = *state;
	uint32_t ignore, calls;
	struct l2tp_result r;

	tunnel_comes_up(lab);
	lab->on_call = LAB_REJECT;
	lac_sends(lab, ICRQ, .call = 11);
	r = l2tp_msg_result(&lns_sends(lab, CDN, .sid = IS(11))->m);
	assert_int_equal(r.result, 3);
	assert_string_equal(r.text, "not today");
	lns_tells(lab, L2TP_ACT_CALL_REQUEST);
	assert_false(lns_told(lab, L2TP_ACT_CALL_DOWN));
	l2tp_usage(lab->cp, &ignore, &calls, &ignore, &ignore);
	assert_int_equal(calls, 0);
}

static void closing_a_call_sends_cdn_reliably(void **state)
{
	struct lab *lab = *state;
	uint32_t call;

	tunnel_comes_up(lab);
	call = call_comes_up(lab, 11);
	we_close(lab, call, 3);
	assert_int_equal(lns_tells(lab, L2TP_ACT_CALL_DOWN)->result.result, 3);
	lns_sends(lab, CDN, .sid = IS(11));
	lab_run_for(lab, 1010);
	lns_sends(lab, CDN, .sid = IS(11));
	lac_sends(lab, ZLB);
	lab_run_for(lab, 10000);
	lns_is_silent(lab);
}

static void a_cdn_ends_the_call_and_tells_its_codes(void **state)
{
	static const uint8_t busy[] = {0, 8, 0, 0, 'n', 'o'};
	struct lab *lab = *state;
	struct l2tp_action *a;
	uint32_t call;
	uint16_t sid;

	tunnel_comes_up(lab);
	call = call_comes_up(lab, 11);
	sid = lab->call[call].sid;
	lac_sends(lab, CDN, .sid = sid, .call = 11,
		.m = {.have = L2TP_HAS(L2TP_AVP_RESULT_CODE),
			.result = l2tp_bytes_of(busy, sizeof(busy))});
	a = lns_tells(lab, L2TP_ACT_CALL_DOWN);
	assert_true(a->by_peer);
	assert_int_equal(a->result.result, 8);
	assert_string_equal(a->result.text, "no");
	assert_int_equal(l2tp_call_by_sid(lab->cp, the_tunnel(lab), sid), 0);
	/* A peer that goes on sending for it: acknowledged, no more. */
	lac_sends(lab, ICCN, .sid = sid);
	lac_sends(lab, CDN, .sid = sid, .call = 11);
	lns_sends(lab, ZLB);
	assert_int_equal(lab->downs, 1);
}

/* s7.4.2: ICRQ, ICRP, and what belongs to outgoing calls, in wait-connect and established. */
static void a_call_message_out_of_order_ends_the_call(void **state)
{
	static const uint16_t types[] = {L2TP_ICRP, L2TP_OCRP, L2TP_OCCN};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct lab *lab =
			lab_new((struct l2tp_limits){.tunnels = 2, .calls = 8, .chunks = 64});
		uint16_t sid;

		tunnel_comes_up(lab);
		if (i < 3) {
			sid = lab->call[call_comes_up(lab, 11)].sid;
		} else {
			lac_sends(lab, ICRQ, .call = 11);
			sid = lns_sends(lab, ICRP)->m.sid;
		}
		lac_sends_words(lab, types[i % 3], &(struct lac_words){.sid = sid, .call = 11});
		lns_sends(lab, CDN, .sid = IS(11));
		assert_int_equal(lab->downs, 1);
		assert_int_equal(lab->tunnel[the_tunnel(lab)].state, L2TP_T_ESTABLISHED);
		lab_free(lab);
	}
}

static void an_icrq_with_a_session_id_in_use_ends_that_call(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	call_comes_up(lab, 11);
	lac_sends(lab, ICRQ, .call = 11);
	assert_int_equal(l2tp_msg_result(&lns_sends(lab, CDN, .sid = IS(11))->m).error, 5);
	assert_int_equal(lab->downs, 1);
	assert_int_equal(lab->requests, 1);
}

/* Item 14: WEN and SLI are for live calls, and change nothing here. */
static void wen_and_sli_are_accepted_and_ignored(void **state)
{
	struct lab *lab = *state;
	uint32_t call;

	tunnel_comes_up(lab);
	call = call_comes_up(lab, 11);
	lac_sends(lab, WEN, .sid = lab->call[call].sid);
	lac_sends(lab, SLI, .sid = lab->call[call].sid);
	lns_sends(lab, ZLB);
	assert_int_equal(lab->call[call].state, L2TP_C_ESTABLISHED);
}

/* s7.5 is for a LAC. */
static void an_ocrq_is_refused_and_the_tunnel_stays(void **state)
{
	struct lab *lab = *state;
	struct lab_sent *s;

	tunnel_comes_up(lab);
	lac_sends(lab, OCRQ, .call = 11);
	s = lns_sends(lab, CDN, .sid = IS(11));
	assert_int_equal(l2tp_msg_result(&s->m).result, 5);
	assert_int_equal(s->m.sid, 0);
	assert_int_equal(lab->tunnel[the_tunnel(lab)].state, L2TP_T_ESTABLISHED);
	assert_int_equal(l2tp_counters(lab->cp)->calls_refused, 1);
}

static void a_call_beyond_the_tunnels_limit_gets_cdn_4(void **state)
{
	struct lab *lab = *state;

	lab->profile.max_calls = 2;
	tunnel_comes_up(lab);
	call_comes_up(lab, 1);
	call_comes_up(lab, 2);
	lac_sends(lab, ICRQ, .call = 3);
	assert_int_equal(l2tp_msg_result(&lns_sends(lab, CDN, .sid = IS(3))->m).result, 4);
	lac_sends(lab, CDN, .call = 1);
	lab_forget(lab);
	call_comes_up(lab, 3);
}

static void a_call_that_finds_no_slot_gets_cdn_4(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	for (uint16_t sid = 1; sid <= 64; sid++)
		call_comes_up(lab, sid);
	lac_sends(lab, ICRQ, .call = 65);
	assert_int_equal(l2tp_msg_result(&lns_sends(lab, CDN, .sid = IS(65))->m).result, 4);
}

static void a_call_that_is_never_connected_ends_after_the_set_up_limit(void **state)
{
	struct lab *lab = *state;

	lab->profile.hello_ms = 0;
	tunnel_comes_up(lab);
	lac_sends(lab, ICRQ, .call = 11);
	lns_sends(lab, ICRP);
	lac_sends(lab, ZLB);
	lab_run_for(lab, 59990);
	lns_is_silent(lab);
	lab_run_for(lab, 20);
	assert_int_equal(l2tp_msg_result(&lns_sends(lab, CDN, .sid = IS(11))->m).result, 10);
	assert_int_equal(lab->downs, 1);
}

static void a_request_that_is_never_answered_ends_with_call_down(void **state)
{
	struct lab *lab = *state;

	lab->on_call = LAB_WAIT;
	tunnel_comes_up(lab);
	lac_sends(lab, ICRQ, .call = 11);
	lab_run_for(lab, 60020);
	assert_int_equal(lab->downs, 1);
	lab_renew(lab);
	assert_int_equal(l2tp_call_accept(lab->cp, 1, 5, &lab->env, &lab->out), -ENOENT);
}

static void a_cdn_while_the_request_waits_ends_it_once(void **state)
{
	struct lab *lab = *state;

	lab->on_call = LAB_WAIT;
	tunnel_comes_up(lab);
	lac_sends(lab, ICRQ, .call = 11);
	lac_sends(lab, CDN, .call = 11);
	assert_int_equal(lab->downs, 1);
	we_close(lab, 1, 3);
	assert_int_equal(lab->downs, 1);
	lab_run_for(lab, 100);
	lns_sends(lab, ZLB);
	lns_is_silent(lab);
}

/* No chunk is free: the CDN is owed, not lost, and the slot is not used again before it is out. */
static void a_cdn_that_finds_no_chunk_is_sent_when_chunks_come_back(void **state)
{
	struct lab *lab = *state;
	uint32_t taken[257], n = 0, calls, ignore, call;

	tunnel_comes_up(lab);
	call = call_comes_up(lab, 11);
	while ((taken[n] = l2tp_chunks_put(&lab->cp->chunks, (const uint8_t *)"", 0, false)))
		n++;
	we_close(lab, call, 3);
	assert_int_equal(lab->downs, 1);
	lab_run_for(lab, 5000);
	lns_is_silent(lab);
	l2tp_usage(lab->cp, &ignore, &calls, &ignore, &ignore);
	assert_int_equal(calls, 1);
	while (n)
		l2tp_chunks_free(&lab->cp->chunks, taken[--n]);
	lac_sends(lab, HELLO);
	lns_sends(lab, CDN, .sid = IS(11));
	l2tp_usage(lab->cp, &ignore, &calls, &ignore, &ignore);
	assert_int_equal(calls, 0);
}

static void an_icrp_that_finds_no_chunk_is_sent_when_chunks_come_back(void **state)
{
	struct lab *lab = *state;
	uint32_t taken[257], n = 0;

	tunnel_comes_up(lab);
	while ((taken[n] = l2tp_chunks_put(&lab->cp->chunks, (const uint8_t *)"", 0, false)))
		n++;
	lac_sends(lab, ICRQ, .call = 11);
	lac_sends(lab, ICRQ, .call = 12);
	lab_run_for(lab, 100);
	lns_sends(lab, ZLB);
	lns_is_silent(lab);
	while (n)
		l2tp_chunks_free(&lab->cp->chunks, taken[--n]);
	lac_sends(lab, HELLO);
	lns_sends(lab, ICRP, .sid = IS(11));
	lns_sends(lab, ICRP, .sid = IS(12));
}

/* What a closing tunnel's calls owe is not sent in the tunnel that gets the slot next. */
static void an_owed_cdn_dies_with_its_tunnel(void **state)
{
	struct lab *lab = *state;
	uint32_t taken[257], n = 0, call;

	tunnel_comes_up(lab);
	call = call_comes_up(lab, 11);
	while ((taken[n] = l2tp_chunks_put(&lab->cp->chunks, (const uint8_t *)"", 0, false)))
		n++;
	we_close(lab, call, 3);
	lac_sends(lab, STOPCCN);
	lab_run_for(lab, 40000);
	while (n)
		l2tp_chunks_free(&lab->cp->chunks, taken[--n]);
	nothing_is_in_use(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(a_call_comes_up_and_tells_what_the_lac_said),
		LAB_TEST(sequencing_required_is_recorded),
		LAB_TEST(a_second_iccn_of_an_established_call_is_borne),
		LAB_TEST(a_session_id_in_use_is_refused_to_the_caller),
		LAB_TEST(a_refused_call_gets_cdn_and_its_slot_is_free_at_once),
		LAB_TEST(closing_a_call_sends_cdn_reliably),
		LAB_TEST(a_cdn_ends_the_call_and_tells_its_codes),
		LAB_TEST(a_call_message_out_of_order_ends_the_call),
		LAB_TEST(an_icrq_with_a_session_id_in_use_ends_that_call),
		LAB_TEST(wen_and_sli_are_accepted_and_ignored),
		LAB_TEST(an_ocrq_is_refused_and_the_tunnel_stays),
		LAB_TEST(a_call_beyond_the_tunnels_limit_gets_cdn_4),
		LAB_TEST(a_call_that_finds_no_slot_gets_cdn_4),
		LAB_TEST(a_call_that_is_never_connected_ends_after_the_set_up_limit),
		LAB_TEST(a_request_that_is_never_answered_ends_with_call_down),
		LAB_TEST(a_cdn_while_the_request_waits_ends_it_once),
		LAB_TEST(a_cdn_that_finds_no_chunk_is_sent_when_chunks_come_back),
		LAB_TEST(an_icrp_that_finds_no_chunk_is_sent_when_chunks_come_back),
		LAB_TEST(an_owed_cdn_dies_with_its_tunnel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
