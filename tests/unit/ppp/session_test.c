/* SPDX-License-Identifier: BSD-3-Clause */
/* session_test.c - whole dialogues: the order of the phases, the ends of a session, the verdict,
 * the timers. */
#include "lab.h"

static void a_chap_session_comes_up_with_both_families(void **state)
{
	struct lab *lab = *state;

	lab_network(lab);
	assert_int_equal(lab->s.phase, PPP_NETWORK);
	assert_int_equal(lab->s.ncp_up, 3);
	assert_int_equal(lab->ups, 2);
	assert_int_equal(lab->links, 1);
	assert_int_equal(lab->last_up.ncp.proto, PPP_IPV6CP);
	assert_true(lab->last_up.ncp.ifid == 0x3333);
	assert_int_equal(lab->s.deadline_ns, 0);
}

static void a_pap_session_comes_up(void **state)
{
	struct lab *lab = *state;

	lab->p.auth[0] = PPP_AUTH_PAP;
	lab->p.auth[1] = PPP_AUTH_NONE;
	lab_network(lab);
	assert_int_equal(lab->s.ncp_up, 3);
}

static void without_authentication_control_is_still_asked_for_addresses(void **state)
{
	struct lab *lab = *state;

	lab->p.auth[0] = PPP_AUTH_NONE;
	lab_network(lab);
	assert_int_equal(lab->last_ask.aaa.method, PPP_AUTH_NONE);
	assert_int_equal(lab->s.ncp_up, 3);
}

static void an_lcp_request_in_phase_network_starts_with_authentication_again(void **state)
{
	struct lab *lab = *state;
	struct lab_frame req;

	lab_network(lab);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 9, 5, 6, 1, 2, 3, 4);
	assert_int_equal(lab->ncp_downs, 2);
	assert_int_equal(lab->s.phase, PPP_ESTABLISH);
	assert_int_equal(lab->s.lcp.state, FSM_ACK_SENT);
	assert_non_null(lab_find(lab, PPP_LCP, CONF_ACK));
	req = *lab_find(lab, PPP_LCP, CONF_REQ);
	lab_in(lab, PPP_LCP, CONF_ACK, req.id, req.data, req.len);
	assert_int_equal(lab->s.phase, PPP_AUTHENTICATE);
	assert_non_null(lab_find(lab, PPP_CHAP, 1));
	assert_int_equal(lab->links, 2);
	assert_int_equal(lab->downs, 0);
}

static void no_challenge_is_repeated_while_lcp_renegotiates(void **state)
{
	struct lab *lab = *state;

	lab_lcp_opened(lab);
	lab_wait_ms(lab, 1000);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 9, 5, 6, 1, 2, 3, 4);
	lab_wait_ms(lab, 2999);
	assert_int_equal(lab->n_sent, 0);
	lab_wait_ms(lab, 1);
	lab_only(lab, PPP_LCP, CONF_REQ);
}

static void a_verdict_for_the_time_before_a_renegotiation_is_ignored(void **state)
{
	struct lab *lab = *state;
	uint8_t response[17] = {16};

	lab_lcp_opened(lab);
	lab_in(lab, PPP_CHAP, 2, lab->s.auth_id, response, sizeof(response));
	assert_int_equal(lab->asked, 1);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 9, 5, 6, 1, 2, 3, 4);
	lab_verdict(lab, true);
	assert_int_equal(lab->n_sent, 0);
	assert_int_equal(lab->s.phase, PPP_ESTABLISH);
}

static void unanswered_requests_are_sent_max_configure_times_then_the_session_ends(void **state)
{
	struct lab *lab = *state;

	lab_open(lab);
	lab_wait_ms(lab, 29999);
	assert_int_equal(lab->n_sent, 9);
	assert_int_equal(lab->downs, 0);
	lab_wait_ms(lab, 1);
	assert_int_equal(lab->downs, 1);
	assert_int_equal(lab->cause, PPP_CAUSE_NEGOTIATION);
}

/* A subscriber whose pppd starts 20 s after ICCN has lost all that came before it. */
static void a_peer_first_heard_late_is_given_max_configure_requests_more(void **state)
{
	struct lab *lab = *state;

	lab_open(lab);
	lab_wait_ms(lab, 29999);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 9, 5, 6, 1, 2, 3, 4);
	lab_wait_ms(lab, 1);
	lab_only(lab, PPP_LCP, CONF_REQ);
	lab_wait_ms(lab, 29999);
	assert_int_equal(lab->n_sent, 9);
	assert_int_equal(lab->downs, 0);
	lab_wait_ms(lab, 1);
	assert_int_equal(lab->downs, 1);
	assert_int_equal(lab->cause, PPP_CAUSE_NEGOTIATION);
}

static void a_peer_first_heard_late_is_sent_the_request_it_missed_soon(void **state)
{
	struct lab *lab = *state;

	lab->p.restart_first_ms = 400;
	lab_open(lab);
	lab_wait_ms(lab, 400 + 800 + 1600 + 3000 + 100);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 9, 5, 6, 1, 2, 3, 4);
	lab_only(lab, PPP_LCP, CONF_ACK);
	lab_wait_ms(lab, 399);
	assert_int_equal(lab->n_sent, 0);
	lab_wait_ms(lab, 1);
	lab_only(lab, PPP_LCP, CONF_REQ);
}

/* Its requests are refused each time and ours stay unanswered: the first of them counts as a sign of life, no other. */
static void a_peer_that_asks_for_ever_and_never_answers_is_given_up(void **state)
{
	struct lab *lab = *state;
	unsigned int asked = 0;

	lab_open(lab);
	for (; asked < 100 && !lab->downs; asked++) {
		lab_wait_ms(lab, 2000);
		LAB_IN(lab, PPP_LCP, CONF_REQ, 9, 1, 4, 0, 1);
	}
	assert_int_equal(lab->cause, PPP_CAUSE_NEGOTIATION);
	assert_in_range(asked, 32 / 2, 34 / 2); /* one request at 3 s and nine after it, 3 s each */
}

static void the_first_requests_are_repeated_soon_and_then_at_the_restart_time(void **state)
{
	static const uint32_t wait_ms[] = {400, 800, 1600, 3000, 3000};
	struct lab *lab = *state;

	lab->p.restart_first_ms = 400;
	lab_open(lab);
	for (size_t i = 0; i < sizeof(wait_ms) / sizeof(wait_ms[0]); i++) {
		lab_wait_ms(lab, wait_ms[i] - 1);
		assert_int_equal(lab->n_sent, 0);
		lab_wait_ms(lab, 1);
		lab_only(lab, PPP_LCP, CONF_REQ);
	}
}

static void closing_sends_max_terminate_requests_then_ends(void **state)
{
	struct lab *lab = *state;

	lab_network(lab);
	lab_close(lab, PPP_CAUSE_ADMIN);
	lab_only(lab, PPP_LCP, TERM_REQ);
	assert_int_equal(lab->ncp_downs, 2);
	assert_int_equal(lab->s.phase, PPP_TERMINATE);
	lab_wait_ms(lab, 3000);
	lab_only(lab, PPP_LCP, TERM_REQ);
	lab_wait_ms(lab, 3000);
	assert_int_equal(lab->n_sent, 0);
	assert_int_equal(lab->cause, PPP_CAUSE_ADMIN);
	assert_int_equal(lab->downs, 1);
}

static void a_terminate_ack_ends_a_closing_session_at_once(void **state)
{
	struct lab *lab = *state;

	lab_network(lab);
	lab_close(lab, PPP_CAUSE_ADMIN);
	LAB_EMPTY(lab, PPP_LCP, TERM_ACK, lab->s.lcp.id);
	assert_int_equal(lab->downs, 1);
	assert_int_equal(lab->cause, PPP_CAUSE_ADMIN);
}

static void a_terminate_is_acknowledged_and_the_session_lingers_one_restart_time(void **state)
{
	struct lab *lab = *state;

	lab_network(lab);
	LAB_EMPTY(lab, PPP_LCP, TERM_REQ, 77);
	assert_int_equal(lab_only(lab, PPP_LCP, TERM_ACK)->id, 77);
	assert_int_equal(lab->downs, 0);
	LAB_EMPTY(lab, PPP_LCP, TERM_REQ, 78);
	assert_int_equal(lab_only(lab, PPP_LCP, TERM_ACK)->id, 78);
	lab_wait_ms(lab, 3000);
	assert_int_equal(lab->downs, 1);
	assert_int_equal(lab->cause, PPP_CAUSE_PEER_TERMINATED);
}

static void the_lower_layer_going_ends_the_session_once_and_sends_nothing(void **state)
{
	struct lab *lab = *state;

	lab_network(lab);
	lab_lower_down(lab);
	assert_int_equal(lab->cause, PPP_CAUSE_LOWER_DOWN);
	assert_int_equal(lab->ncp_downs, 2);
	lab_lower_down(lab);
	lab_close(lab, PPP_CAUSE_ADMIN);
	LAB_EMPTY(lab, PPP_LCP, TERM_REQ, 1);
	assert_int_equal(lab->n_sent, 0);
	assert_int_equal(lab->downs, 1);
}

static void a_session_never_opened_can_be_closed(void **state)
{
	struct lab *lab = *state;

	lab_close(lab, PPP_CAUSE_ADMIN);
	assert_int_equal(lab->downs, 1);
	assert_int_equal(lab->cause, PPP_CAUSE_ADMIN);
	lab_new(lab);
	lab_lower_down(lab);
	assert_int_equal(lab->downs, 1);
	assert_int_equal(lab->cause, PPP_CAUSE_LOWER_DOWN);
}

static void a_full_output_drops_frames_but_never_the_end(void **state)
{
	struct lab *lab = *state;
	struct ppp_env env = {.now_ns = lab->now_ns, .rnd = lab->rnd};
	bool down = false;

	lab_network(lab);
	lab->out.n = 0;
	lab->out.used = 0;
	for (int i = 0; i < 100; i++)
		ppp_input(&lab->s, &lab->p, (const uint8_t *)"\xc0\x21\x09\x01\x00\x08\0\0\0\0", 10,
			&env, &lab->out);
	assert_true(lab->out.lost > 0);
	assert_true(lab->out.n < PPP_OUT_ACTIONS);
	ppp_lower_down(&lab->s, &lab->out);
	for (int i = 0; i < lab->out.n; i++)
		down |= lab->out.act[i].type == PPP_ACT_DOWN;
	assert_true(down);
}

static void the_name_of_every_cause_and_phase_is_known(void **state)
{
	(void)state;
	for (int i = 0; i < PPP_CAUSE_COUNT; i++)
		assert_string_not_equal(ppp_cause_name((enum ppp_cause)i), "?");
	for (int i = PPP_DEAD; i <= PPP_TERMINATE; i++)
		assert_string_not_equal(ppp_phase_name((enum ppp_phase)i), "?");
	assert_string_equal(ppp_cause_name(PPP_CAUSE_COUNT), "?");
	assert_string_equal(ppp_phase_name((enum ppp_phase)99), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(a_chap_session_comes_up_with_both_families),
		LAB_TEST(a_pap_session_comes_up),
		LAB_TEST(without_authentication_control_is_still_asked_for_addresses),
		LAB_TEST(an_lcp_request_in_phase_network_starts_with_authentication_again),
		LAB_TEST(no_challenge_is_repeated_while_lcp_renegotiates),
		LAB_TEST(a_verdict_for_the_time_before_a_renegotiation_is_ignored),
		LAB_TEST(unanswered_requests_are_sent_max_configure_times_then_the_session_ends),
		LAB_TEST(a_peer_first_heard_late_is_given_max_configure_requests_more),
		LAB_TEST(a_peer_first_heard_late_is_sent_the_request_it_missed_soon),
		LAB_TEST(a_peer_that_asks_for_ever_and_never_answers_is_given_up),
		LAB_TEST(the_first_requests_are_repeated_soon_and_then_at_the_restart_time),
		LAB_TEST(closing_sends_max_terminate_requests_then_ends),
		LAB_TEST(a_terminate_ack_ends_a_closing_session_at_once),
		LAB_TEST(a_terminate_is_acknowledged_and_the_session_lingers_one_restart_time),
		LAB_TEST(the_lower_layer_going_ends_the_session_once_and_sends_nothing),
		LAB_TEST(a_session_never_opened_can_be_closed),
		LAB_TEST(a_full_output_drops_frames_but_never_the_end),
		LAB_TEST(the_name_of_every_cause_and_phase_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
