/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 2661 s5.8 and Appendix A: reliable delivery of control messages; s5.5: keepalive. */
#include "tests/conformance/l2tp_lab.h"

/* Item 15. */
static void numbers_start_at_0_and_each_message_takes_one(void **state)
{
	struct lab *lab = *state;

	lac_sends(lab, SCCRQ);
	lns_sends(lab, SCCRP, .ns = IS(0), .nr = IS(1), .tid = IS(7), .sid = IS(0));
	lac_sends(lab, SCCCN);
	lac_sends(lab, ICRQ, .call = 11);
	lns_sends(lab, ICRP, .ns = IS(1), .nr = IS(3));
}

/* Item 15. */
static void a_zlb_carries_the_next_ns_and_does_not_advance_nr(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	lac_sends(lab, ZLB);
	lac_sends(lab, ZLB);
	lab_run_for(lab, 1000);
	lns_is_silent(lab); /* and a ZLB is not acknowledged */
	lac_sends(lab, HELLO);
	lab_run_for(lab, 100);
	lns_sends(lab, ZLB, .ns = IS(1), .nr = IS(3));
}

/* Item 17. */
static void unanswered_sccrp_is_sent_6_times_then_the_tunnel_is_cleared(void **state)
{
	static const uint32_t sent_ms[] = {1000, 3000, 7000, 15000, 23000};
	struct lab *lab = *state;

	lac_sends(lab, SCCRQ);
	lns_sends(lab, SCCRP, .ns = IS(0), .nr = IS(1));
	lab_forget(lab);
	for (size_t i = 0; i < 5; i++)
		lns_sends(lab, SCCRP, .at_ms = sent_ms[i], .ns = IS(0), .nr = IS(1));
	lab_run_until(lab, 30990);
	assert_false(lns_told(lab, L2TP_ACT_TUNNEL_DOWN));
	lab_run_until(lab, 31000 + LAB_SLACK_MS);
	lns_tells(lab, L2TP_ACT_TUNNEL_DOWN);
	lns_tells(lab, L2TP_ACT_TUNNEL_FREE);
	lns_is_silent(lab);
	nothing_is_in_use(lab);
}

/* Item 17. */
static void an_unanswered_message_clears_the_tunnel_and_its_calls(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	call_comes_up(lab, 11);
	lac_sends(lab, ICRQ, .call = 12); /* its ICRP is never acknowledged */
	lab_forget(lab);
	lab_run_for(lab, 31010);
	lns_tells(lab, L2TP_ACT_TUNNEL_DOWN);
	lns_tells(lab, L2TP_ACT_CALL_DOWN);
	lns_tells(lab, L2TP_ACT_CALL_DOWN);
	lns_tells(lab, L2TP_ACT_TUNNEL_FREE);
	nothing_is_in_use(lab);
}

/* Item 17. */
static void a_retransmission_has_the_same_ns_and_a_fresh_nr(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	lab->deaf = true;
	lac_sends(lab, ICRQ, .call = 11);
	lns_sends(lab, ICRP, .ns = IS(1), .nr = IS(3));
	lac_sends(lab, HELLO);
	lab_run_for(lab, 100);
	lns_sends(lab, ZLB, .nr = IS(4));
	lab_run_for(lab, 1000);
	lns_sends(lab, ICRP, .ns = IS(1), .nr = IS(4));
}

/* Item 16. */
static void duplicates_are_acknowledged_again_and_dropped(void **state)
{
	struct lab *lab = *state;
	uint32_t tunnel;

	tunnel_comes_up(lab);
	tunnel = the_tunnel(lab);
	lac_sends(lab, ICRQ, .call = 11);
	lns_sends(lab, ICRP);
	lac_sends(
		lab, ICRQ, .as_is = true, .ns = 2, .nr = 1, .to_tid = lab->lac.lns_tid, .call = 11);
	lns_sends(lab, ZLB, .nr = IS(3));
	assert_int_equal(lab->requests, 1);
	assert_int_equal(lab->tunnel[tunnel].count.duplicates, 1);
	/* The oldest duplicate is 32767 before the last received; one further is ahead of the window. */
	lac_sends(lab, HELLO, .as_is = true, .ns = (uint16_t)(3 - 0x8000), .nr = 1,
		.to_tid = lab->lac.lns_tid);
	lns_sends(lab, ZLB, .nr = IS(3));
	lac_sends(lab, HELLO, .as_is = true, .ns = (uint16_t)(3 - 0x8001), .nr = 1,
		.to_tid = lab->lac.lns_tid);
	lns_is_silent(lab);
	assert_int_equal(lab->tunnel[tunnel].count.out_of_window, 1);
}

/* Item 16. */
static void messages_that_come_early_are_kept_and_delivered_in_order(void **state)
{
	struct lab *lab = *state;
	uint16_t tid;

	tunnel_comes_up(lab);
	tid = lab->lac.lns_tid;
	lac_sends(lab, ICRQ, .as_is = true, .ns = 4, .nr = 1, .to_tid = tid, .call = 13);
	lac_sends(lab, ICRQ, .as_is = true, .ns = 3, .nr = 1, .to_tid = tid, .call = 12);
	lac_sends(lab, ICRQ, .as_is = true, .ns = 3, .nr = 1, .to_tid = tid, .call = 12);
	assert_int_equal(lab->requests, 0);
	lac_sends(lab, ICRQ, .as_is = true, .ns = 2, .nr = 1, .to_tid = tid, .call = 11);
	assert_int_equal(lab->requests, 3);
	for (uint16_t sid = 11; sid <= 13; sid++) {
		struct l2tp_action *a = lns_tells(lab, L2TP_ACT_CALL_REQUEST);

		assert_int_equal(lab->call[a->call].peer_sid, sid);
	}
}

static int lab_with_room(void **state)
{
	*state = lab_new((struct l2tp_limits){.tunnels = 16, .calls = 256, .chunks = 512});
	return 0;
}

static void calls_that_came_early_in_their_dozens_are_asked_for_one_after_another(void **state)
{
	struct lab *lab = *state;
	uint16_t tid, n = 200;

	lab->profile.window = 255;
	tunnel_comes_up(lab);
	tid = lab->lac.lns_tid;
	for (uint16_t i = 0; i < n; i++)
		lac_sends(lab, ICRQ, .as_is = true, .ns = (uint16_t)(3 + i), .nr = 1, .to_tid = tid,
			.call = (uint16_t)(100 + i));
	assert_int_equal(lab->requests, 0);
	lac_sends(lab, ICRQ, .as_is = true, .ns = 2, .nr = 1, .to_tid = tid, .call = 11);
	lab_run_for(lab, 10);
	assert_int_equal(lab->requests, n + 1);
}

/* Item 16. */
static void messages_beyond_the_window_are_dropped(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	lac_sends(lab, ICRQ, .as_is = true, .ns = 2 + 16, .nr = 1, .to_tid = lab->lac.lns_tid,
		.call = 13);
	lac_sends(lab, ICRQ, .as_is = true, .ns = 2 + 15, .nr = 1, .to_tid = lab->lac.lns_tid,
		.call = 14);
	assert_int_equal(lab->tunnel[the_tunnel(lab)].count.out_of_window, 1);
	assert_int_equal(lab->tunnel[the_tunnel(lab)].rxq_len, 1);
}

/* Item 16. */
static void numbers_wrap_from_65535_to_0_with_traffic(void **state)
{
	struct lab *lab = *state;
	struct l2tp_tunnel *t;

	tunnel_comes_up(lab);
	t = &lab->tunnel[the_tunnel(lab)];
	for (uint32_t i = 0; i < 65600; i++) {
		lac_sends(lab, ICRQ, .call = 11);
		lns_sends(lab, ICRP, .ns = IS((uint16_t)(1 + i)));
		lac_sends(lab, CDN, .call = 11);
		lab_forget(lab);
		assert_int_equal(t->calls, 0);
	}
	assert_true(t->count.rx_msgs > 131072);
	assert_int_equal(t->count.retransmits, 0);
	assert_int_equal(lab->requests, 65600);
}

/* Item 16: an Nr of what was never sent acknowledges nothing. */
static void an_nr_of_what_was_never_sent_is_ignored(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	lac_sends(lab, ICRQ, .call = 11);
	lac_sends(lab, ZLB, .as_is = true, .ns = 3, .nr = 900, .to_tid = lab->lac.lns_tid);
	assert_int_equal(lab->tunnel[the_tunnel(lab)].acked, 1);
	assert_int_equal(lab->tunnel[the_tunnel(lab)].count.bad, 1);
}

/* Item 18. */
static void an_acknowledgement_waits_a_moment_to_ride_on_a_message(void **state)
{
	struct lab *lab = *state;

	lab->on_call = LAB_WAIT;
	tunnel_comes_up(lab);
	lac_sends(lab, ICRQ, .call = 11);
	lns_is_silent(lab);
	lab_renew(lab);
	assert_int_equal(l2tp_call_accept(lab->cp, 1, 77, &lab->env, &lab->out), 0);
	lab_perform(lab);
	lns_sends(lab, ICRP, .nr = IS(3));
	lac_sends(lab, HELLO);
	lns_is_silent(lab);
	lab_run_for(lab, 100);
	lns_sends(lab, ZLB, .nr = IS(4));
	lns_is_silent(lab);
}

/* Item 18. */
static void two_unacknowledged_messages_are_acknowledged_at_once(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	lac_sends(lab, HELLO);
	lac_sends(lab, HELLO);
	lns_sends(lab, ZLB, .nr = IS(4));
}

static void many_calls_wait(struct lab *lab, uint16_t n)
{
	lab->deaf = true;
	for (uint16_t i = 0; i < n; i++)
		lac_sends(lab, ICRQ, .call = (uint16_t)(100 + i));
}

static size_t icrps(struct lab *lab)
{
	size_t n = 0;

	while (lns_sent(lab))
		n += lab->sent[lab->sent_head++ % LAB_RING].m.type == L2TP_ICRP;
	return n;
}

static void lac_acknowledges(struct lab *lab, uint16_t nr)
{
	lac_sends(lab, ZLB, .as_is = true, .ns = lab->lac.ns, .nr = nr, .to_tid = lab->lac.lns_tid);
}

/* Item 19. */
static void slow_start_doubles_then_grows_by_one_per_window(void **state)
{
	struct lab *lab = *state;
	struct l2tp_tunnel *t;

	lac_sends(lab, SCCRQ, .m = {.have = L2TP_HAS(L2TP_AVP_RECEIVE_WINDOW_SIZE), .window = 8});
	t = &lab->tunnel[1];
	assert_int_equal(t->cwnd, 1);
	assert_int_equal(t->ssthresh, 8);
	lac_sends(lab, SCCCN);
	lab_forget(lab);
	many_calls_wait(lab, 40);
	assert_int_equal(icrps(lab), 2); /* SCCRP's acknowledgement opened the window to 2 */
	lac_acknowledges(lab, 3);
	assert_int_equal(t->cwnd, 4);
	assert_int_equal(icrps(lab), 4);
	lac_acknowledges(lab, 7);
	assert_int_equal(t->cwnd, 8);
	assert_int_equal(icrps(lab), 8);
	lac_acknowledges(lab, 15);
	assert_int_equal(t->cwnd, 8); /* never more than the peer's window */
	assert_int_equal(icrps(lab), 8);
	lab_run_for(lab, 1010); /* loss */
	assert_int_equal(t->cwnd, 1);
	assert_int_equal(t->ssthresh, 4);
	assert_int_equal(icrps(lab), 1);
	lac_acknowledges(lab, 16);
	assert_int_equal(icrps(lab), 2);
	lac_acknowledges(lab, 18);
	assert_int_equal(t->cwnd, 4);
	lac_acknowledges(lab, 22); /* congestion avoidance: 4 acknowledgements for one more */
	assert_int_equal(t->cwnd, 5);
}

/* 8 ICRPs, Ns 7 to 14, are on their way to a LAC that has acknowledged all before them. */
static struct l2tp_tunnel *eight_are_on_their_way(struct lab *lab)
{
	lac_sends(lab, SCCRQ, .m = {.have = L2TP_HAS(L2TP_AVP_RECEIVE_WINDOW_SIZE), .window = 8});
	lac_sends(lab, SCCCN);
	many_calls_wait(lab, 40);
	lac_acknowledges(lab, 3);
	lac_acknowledges(lab, 7);
	lab_forget(lab);
	assert_int_equal(lab->tunnel[1].cwnd, 8);
	assert_int_equal(lab->tunnel[1].in_flight, 8);
	return &lab->tunnel[1];
}

static void three_equal_nrs_resend_the_oldest_before_its_timer(void **state)
{
	struct lab *lab = *state;
	const struct l2tp_tunnel *t = eight_are_on_their_way(lab);

	lac_acknowledges(lab, 7);
	lac_acknowledges(lab, 7);
	assert_int_equal(icrps(lab), 0);
	lac_acknowledges(lab, 7);
	lns_sends(lab, ICRP, .ns = IS(7));
	assert_int_equal(icrps(lab), 0);
	assert_int_equal(t->cwnd, 4); /* half, and not 1: the peer talks */
	lac_acknowledges(lab, 11); /* 11 is missing too */
	lns_sends(lab, ICRP, .ns = IS(11));
	lac_acknowledges(lab, 15);
	assert_int_equal(t->count.retransmits, 2);
}

static void one_equal_nr_resends_the_oldest_unless_it_grows_soon(void **state)
{
	struct lab *lab = *state;

	eight_are_on_their_way(lab);
	lac_acknowledges(lab, 7);
	lab_run_for(lab, 20);
	lac_acknowledges(lab, 8);
	lab_forget(lab);
	lab_run_for(lab, 200);
	assert_int_equal(icrps(lab), 0);
	lac_acknowledges(lab, 8);
	lab_run_for(lab, 25 + LAB_SLACK_MS);
	lns_sends(lab, ICRP, .ns = IS(8));
	assert_int_equal(icrps(lab), 0);
}

static void a_peer_that_keeps_nothing_gets_all_again(void **state)
{
	struct lab *lab = *state;

	eight_are_on_their_way(lab);
	for (int i = 0; i < 3; i++)
		lac_acknowledges(lab, 7);
	lns_sends(lab, ICRP, .ns = IS(7));
	lac_acknowledges(lab, 8);
	for (int ns = 8; ns < 12; ns++)
		lns_sends(lab, ICRP, .ns = IS(ns));
	assert_int_equal(icrps(lab), 0); /* half the window */
}

static void what_is_sent_once_more_waits_twice_as_long_each_time(void **state)
{
	struct lab *lab = *state;
	uint64_t start;

	eight_are_on_their_way(lab);
	start = lab_now_ms(lab);
	for (int i = 0; i < 3; i++)
		lac_acknowledges(lab, 7);
	lab_run_for(lab, 990);
	lns_sends(lab, ICRP, .ns = IS(7));
	for (int ms = 50; ms <= 350;
		ms += ms + 50) /* 50, 150, 350: then the timer of 1 s is next */
		assert_in_range(lns_sends(lab, ICRP, .ns = IS(7))->at_ns / 1000000 -
				LAB_START / 1000000 - start,
			ms, ms + 3 * LAB_SLACK_MS);
	assert_in_range(icrps(lab), 0, 1);
}

static void who_was_never_proven_gets_nothing_before_the_timer(void **state)
{
	struct lab *lab = *state;

	lac_sends(lab, SCCRQ);
	lab_forget(lab);
	for (int i = 0; i < 10; i++) {
		lac_sends(lab, ZLB, .as_is = true, .ns = 1, .nr = 0, .to_tid = lab->lac.lns_tid);
		lab_run_for(lab, 50);
	}
	lns_is_silent(lab);
}

/* Item 11 (s5.8): the window that the peer gave is never exceeded, down to 1. */
static void a_window_of_1_has_one_message_in_flight(void **state)
{
	struct lab *lab = *state;

	lac_sends(lab, SCCRQ, .m = {.have = L2TP_HAS(L2TP_AVP_RECEIVE_WINDOW_SIZE), .window = 1});
	lac_sends(lab, SCCCN);
	lab_forget(lab);
	many_calls_wait(lab, 10);
	assert_int_equal(icrps(lab), 1);
	for (uint16_t nr = 2; nr <= 10; nr++) {
		lac_acknowledges(lab, nr);
		assert_int_equal(icrps(lab), 1);
	}
}

/* Item 20. */
static void hello_is_sent_after_60_s_of_silence(void **state)
{
	struct lab *lab = *state;
	uint32_t tunnel;

	tunnel_comes_up(lab);
	tunnel = the_tunnel(lab);
	lab_run_until(lab, 50000);
	l2tp_tunnel_heard(lab->cp, tunnel, lab->env.now_ns); /* data counts too */
	lab_run_until(lab, 109990);
	lns_is_silent(lab);
	lns_sends(lab, HELLO, .at_ms = 110000, .sid = IS(0), .ns = IS(1));
	lac_sends(lab, ZLB);
	lns_sends(lab, HELLO, .at_ms = 170000 + LAB_SLACK_MS);
}

/* Item 20. */
static void an_unanswered_hello_ends_the_tunnel(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	lab_run_until(lab, 60000 + 31000 + 20);
	lns_tells(lab, L2TP_ACT_TUNNEL_DOWN);
	lns_tells(lab, L2TP_ACT_TUNNEL_FREE);
	assert_int_equal(lns_sent(lab), 6);
	nothing_is_in_use(lab);
}

/* Item 20. */
static void a_hello_is_acknowledged_and_none_is_expected(void **state)
{
	struct lab *lab = *state;

	lab->profile.hello_ms = 0;
	tunnel_comes_up(lab);
	lac_sends(lab, HELLO);
	lab_run_for(lab, 100);
	lns_sends(lab, ZLB);
	lab_run_for(lab, 100000000);
	lns_is_silent(lab);
	assert_int_equal(lab->tunnel[the_tunnel(lab)].state, L2TP_T_ESTABLISHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(numbers_start_at_0_and_each_message_takes_one),
		LAB_TEST(a_zlb_carries_the_next_ns_and_does_not_advance_nr),
		LAB_TEST(unanswered_sccrp_is_sent_6_times_then_the_tunnel_is_cleared),
		LAB_TEST(an_unanswered_message_clears_the_tunnel_and_its_calls),
		LAB_TEST(a_retransmission_has_the_same_ns_and_a_fresh_nr),
		LAB_TEST(duplicates_are_acknowledged_again_and_dropped),
		LAB_TEST(messages_that_come_early_are_kept_and_delivered_in_order),
		cmocka_unit_test_setup_teardown(
			calls_that_came_early_in_their_dozens_are_asked_for_one_after_another,
			lab_with_room, lab_teardown),
		LAB_TEST(messages_beyond_the_window_are_dropped),
		LAB_TEST(numbers_wrap_from_65535_to_0_with_traffic),
		LAB_TEST(an_nr_of_what_was_never_sent_is_ignored),
		LAB_TEST(an_acknowledgement_waits_a_moment_to_ride_on_a_message),
		LAB_TEST(two_unacknowledged_messages_are_acknowledged_at_once),
		LAB_TEST(slow_start_doubles_then_grows_by_one_per_window),
		LAB_TEST(three_equal_nrs_resend_the_oldest_before_its_timer),
		LAB_TEST(one_equal_nr_resends_the_oldest_unless_it_grows_soon),
		LAB_TEST(a_peer_that_keeps_nothing_gets_all_again),
		LAB_TEST(what_is_sent_once_more_waits_twice_as_long_each_time),
		LAB_TEST(who_was_never_proven_gets_nothing_before_the_timer),
		LAB_TEST(a_window_of_1_has_one_message_in_flight),
		LAB_TEST(hello_is_sent_after_60_s_of_silence),
		LAB_TEST(an_unanswered_hello_ends_the_tunnel),
		LAB_TEST(a_hello_is_acknowledged_and_none_is_expected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
