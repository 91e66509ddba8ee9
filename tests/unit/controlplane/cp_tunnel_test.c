/* SPDX-License-Identifier: BSD-3-Clause */
/* cp_tunnel_test.c - which LACs, tunnels and calls control takes, what it asks of the workers for them and in which order. */
#include "cp_lab.h"

#include <errno.h>
#include <unistd.h>

#include "controlplane/log.h"
#include "no_sides.h"

static void tick(struct lab *lab)
{
	struct l2tp_env env = cp_env(lab->cp);
	struct l2tp_out *out = cp_out(lab->cp);

	l2tp_tick(lab->cp->l2tp, &env, out);
	cp_perform(lab->cp, out);
}

static void the_key_is_live_before_icrp_is_sent(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab, "lac-1", 9);
	icrq(lab, 5);
	assert_true(first(PUBLISH, 0) >= 0);
	assert_true(first(SEND, L2TP_ICRP) > first(PUBLISH, 0));
	assert_int_equal(sent_avp16(14), dp.desc.sid);
	assert_int_equal(dp.desc.peer_sid, 5);
}

static void what_a_tunnel_may_have_on_the_way_to_us_is_told_when_it_is_up(void **state)
{
	struct lab *lab = *state;

	sccrq(lab, "lac-1", 9);
	assert_int_equal(times(TUNNEL_UP, 0), 0);
	lab->tid = sent_avp16(9);
	lab->nr = 1;
	say(lab, 0, L2TP_SCCCN, NULL, 0);
	assert_int_equal(times(TUNNEL_UP, 0), 1);
	assert_int_equal(dp.note[first(TUNNEL_UP, 0)].msg, 256 + 16); /* our window, and its */
}

/* The third ICRQ lets the second's ICRP out, and then has its own. */
static void messages_leave_in_the_order_of_their_numbers(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab, "lac-1", 9);
	icrq(lab, 1);
	icrq(lab, 2);
	icrq(lab, 3);
	for (unsigned k = 0; k < 4; k++) {
		lab->nr++;
		icrq(lab, (uint16_t)(4 + k));
	}
	assert_true(times(SEND, L2TP_ICRP) > 4);
	assert_int_equal(dp.out_of_order, 0);
}

static void lcp_begins_at_iccn_and_not_before(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab, "lac-1", 9);
	icrq(lab, 5);
	assert_int_equal(times(START, 0), 0);
	iccn(lab, dp.desc.sid);
	assert_int_equal(times(START, 0), 1);
}

static void a_lac_that_no_profile_matches_is_refused_as_not_authorised(void **state)
{
	struct lab *lab = *state;

	sccrq(lab, "stranger", 9);
	assert_int_equal(first(SEND, L2TP_SCCRP), -1);
	assert_true(first(SEND, L2TP_STOPCCN) >= 0);
	assert_int_equal(sent_avp16(1), 4);
}

static void a_lac_from_another_prefix_is_refused(void **state)
{
	struct lab *lab = *state;

	lab->peer.addr[0] = 198;
	sccrq(lab, "lac-1", 9);
	assert_int_equal(sent_avp16(1), 4);
}

static void tunnels_beyond_the_profiles_limit_are_refused(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab, "lac-1", 1);
	tunnel_comes_up(lab, "lac-2", 2);
	sccrq(lab, "lac-3", 3);
	assert_int_equal(sent_avp16(1), 2);
	assert_int_equal(times(TUNNEL_SET, 0), 2);
}

static void half_open_tunnels_do_not_use_up_the_profiles_limit(void **state)
{
	struct lab *lab = *state;

	for (uint16_t tid = 10; tid < 40; tid++)
		sccrq(lab, "lac-9", tid);
	tunnel_comes_up(lab, "lac-1", 1);
	assert_int_equal(lab->cp->lac_tunnels[0], 1);
}

static void a_tunnel_that_comes_up_beyond_the_profiles_limit_gets_stopccn_2(void **state)
{
	struct lab *lab = *state;
	uint16_t tid;

	sccrq(lab, "lac-3", 3);
	tid = sent_avp16(9);
	tunnel_comes_up(lab, "lac-1", 1);
	tunnel_comes_up(lab, "lac-2", 2);
	lab->tid = tid;
	lab->ns = lab->nr = 1;
	say(lab, 0, L2TP_SCCCN, NULL, 0);
	assert_int_equal(sent_avp16(1), 2);
	assert_int_equal(
		cp_tunnel(lab->cp, l2tp_tunnel_by_tid(lab->cp->l2tp, tid))->state, L2TP_T_CLOSING);
}

static void calls_that_find_no_room_are_refused_and_leave_nothing(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab, "lac-1", 9);
	dp.publish_rc = -ENOSPC;
	for (unsigned i = 0; i < 3 * MAX_SESSIONS; i++) {
		icrq(lab, (uint16_t)(100 + i));
		assert_int_equal(times(SEND, L2TP_CDN), i + 1);
		assert_int_equal(sent_avp16(1), 4);
		lab->nr++;
	}
	dp.publish_rc = 0;
	icrq(lab, 5);
	assert_int_equal(times(SEND, L2TP_ICRP), 1);
	assert_int_equal(lab->cp->totals.sessions, 1);
}

static void calls_kept_behind_a_lost_one_are_answered_however_many(void **state)
{
	struct lab *lab = *state;
	uint16_t lost;

	tunnel_comes_up(lab, "lac-1", 9);
	lost = lab->ns++;
	for (uint16_t i = 1; i < MANY_SESSIONS; i++)
		icrq(lab, i);
	assert_int_equal(times(PUBLISH, 0), 0);
	lab->ns = lost;
	icrq(lab, MANY_SESSIONS);
	for (unsigned i = 0; i < 2 * MANY_SESSIONS; i++)
		tick(lab);
	assert_int_equal(times(PUBLISH, 0), MANY_SESSIONS);
}

static void clearing_a_tunnel_sends_stopccn_and_removes_all_its_sessions(void **state)
{
	struct lab *lab = *state;
	uint32_t tunnel;

	tunnel_comes_up(lab, "lac-1", 9);
	call_comes_up(lab, 5);
	call_comes_up(lab, 6);
	tunnel = dp.desc.tunnel;
	assert_int_equal(
		cp_clear_tunnel(lab->cp, tunnel, lab->store.tunnels[tunnel].generation), 0);
	for (unsigned i = 0; i < 4 && times(REMOVE, 0) < 2; i++)
		tick(lab);
	assert_true(first(SEND, L2TP_STOPCCN) >= 0);
	assert_int_equal(times(REMOVE, 0), 2);
}

static void a_tunnels_slot_waits_for_its_sessions(void **state)
{
	struct lab *lab = *state;
	uint32_t slot, tunnel;

	tunnel_comes_up(lab, "lac-1", 9);
	slot = call_comes_up(lab, 5);
	tunnel = dp.desc.tunnel;
	say(lab, 0, L2TP_STOPCCN,
		(const uint8_t[]){0x80, 8, 0, 0, 0, 1, 0, 1, 0x80, 8, 0, 0, 0, 9, 0, 9}, 16);
	for (unsigned i = 0; i < 400; i++) { /* 40 s: retention is over */
		lab->cp->now_ns += 100000000ull;
		tick(lab);
	}
	assert_int_equal(times(REMOVE, 0), 1);
	assert_int_equal(times(TUNNEL_CLEAR, 0), 0);
	event(lab, DP_EV_SESSION_FREE, slot, 0);
	assert_int_equal(times(TUNNEL_CLEAR, 0), 1);
	assert_null(cp_tunnel(lab->cp, tunnel));
}

static void a_message_to_an_unresolved_peer_waits_for_the_neighbour(void **state)
{
	const unsigned asked = no_sides_resolves;
	struct lab *lab = *state;

	dp.send_rc = -EHOSTUNREACH;
	sccrq(lab, "lac-1", 9);
	assert_true(no_sides_resolves > asked);
	assert_int_equal(times(SEND, L2TP_SCCRP), 0);
	dp.send_rc = 0;
	cp_send_unsent(lab->cp);
	assert_int_equal(times(SEND, L2TP_SCCRP), 1);
	assert_int_equal(lab->cp->n_unsent, 0);
}

static void a_message_that_finds_no_neighbour_in_three_seconds_is_given_up_and_counted(void **state)
{
	struct lab *lab = *state;

	dp.send_rc = -EHOSTUNREACH;
	for (unsigned i = 0; i < 2 * CP_UNSENT_MAX; i++)
		sccrq(lab, "lac-1", (uint16_t)(9 + i));
	assert_int_equal(lab->cp->n_unsent, CP_UNSENT_MAX);
	assert_true(dp.given_up > 0); /* no room for it */
	dp.given_up = 0;
	lab->cp->now_ns += 2900000000;
	cp_send_unsent(lab->cp);
	assert_int_equal(dp.given_up, 0);
	lab->cp->now_ns += 100000000;
	cp_send_unsent(lab->cp);
	assert_int_equal(dp.given_up, CP_UNSENT_MAX);
	assert_int_equal(lab->cp->n_unsent, 0);
}

static void refusals_beyond_the_log_limit_are_told_within_two_seconds(void **state)
{
	struct lab *lab = *state;
	char text[16384] = "";
	int out[2], old = dup(STDERR_FILENO);
	ssize_t n;

	tunnel_comes_up(lab, "lac-1", 9);
	dp.publish_rc = -ENOSPC;
	assert_int_equal(pipe(out), 0);
	dup2(out[1], STDERR_FILENO);
	log_init(CFG_LOG_STDERR, CFG_LOG_WARN);
	lab->cp->now_ns += 2000000000ull; /* a second of its own */
	for (unsigned i = 0; i < 25; i++) {
		icrq(lab, (uint16_t)(100 + i));
		lab->nr++;
	}
	lab->cp->now_ns += 2000000000ull;
	cp_sessions_log_flush(lab->cp);
	dup2(old, STDERR_FILENO);
	close(old);
	close(out[1]);
	n = read(out[0], text, sizeof(text) - 1);
	close(out[0]);
	assert_true(n > 0);
	assert_non_null(strstr(text, "event=call-refused suppressed=15"));
}

static void when_ids_at_random_are_all_in_use_the_next_free_one_is_taken(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab, "lac-1", 9);
	dp.only_sid = 65535;
	call_comes_up(lab, 5);
	assert_int_equal(dp.desc.sid, 65535);
	call_comes_up(lab, 6);
	assert_int_equal(dp.desc.sid, 1); /* never 0 */
	call_comes_up(lab, 7);
	assert_int_equal(dp.desc.sid, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(the_key_is_live_before_icrp_is_sent),
		STORY(what_a_tunnel_may_have_on_the_way_to_us_is_told_when_it_is_up),
		STORY(messages_leave_in_the_order_of_their_numbers),
		STORY(lcp_begins_at_iccn_and_not_before),
		STORY(a_lac_that_no_profile_matches_is_refused_as_not_authorised),
		STORY(a_lac_from_another_prefix_is_refused),
		STORY(tunnels_beyond_the_profiles_limit_are_refused),
		STORY(half_open_tunnels_do_not_use_up_the_profiles_limit),
		STORY(a_tunnel_that_comes_up_beyond_the_profiles_limit_gets_stopccn_2),
		STORY(calls_that_find_no_room_are_refused_and_leave_nothing),
		cmocka_unit_test_setup_teardown(
			calls_kept_behind_a_lost_one_are_answered_however_many, lab_with_room,
			lab_close),
		STORY(clearing_a_tunnel_sends_stopccn_and_removes_all_its_sessions),
		STORY(a_tunnels_slot_waits_for_its_sessions),
		STORY(a_message_to_an_unresolved_peer_waits_for_the_neighbour),
		STORY(a_message_that_finds_no_neighbour_in_three_seconds_is_given_up_and_counted),
		STORY(refusals_beyond_the_log_limit_are_told_within_two_seconds),
		STORY(when_ids_at_random_are_all_in_use_the_next_free_one_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
