/* SPDX-License-Identifier: BSD-3-Clause */
/* ppp_auth.c - PAP (RFC 1334) and CHAP-MD5 (RFC 1994) as the authenticator, with verdicts early,
 * late and never. */
#include <string.h>

#include "lab.h"

static void respond(struct lab *lab, uint8_t id)
{
	uint8_t response[17 + 4] = {16, 1, 2, 3};

	memcpy(response + 17, "user", 4);
	lab_in(lab, PPP_CHAP, 2, id, response, sizeof(response));
}

static void use_pap(struct lab *lab)
{
	lab->p.auth[0] = PPP_AUTH_PAP;
	lab_lcp_opened(lab);
}

#define PAP_REQUEST(lab, id) LAB_IN(lab, PPP_PAP, 1, id, 4, 'u', 's', 'e', 'r', 2, 'p', 'w')

/* RFC 1994 s4.1 */
static void the_challenge_has_16_octets_and_our_name(void **state)
{
	struct lab *lab = *state;
	const struct lab_frame *f;

	lab_lcp_opened(lab);
	f = lab_find(lab, PPP_CHAP, 1);
	assert_non_null(f);
	assert_int_equal(f->len, 17 + 3);
	assert_int_equal(f->data[0], 16);
	assert_memory_equal(f->data + 1, lab->s.challenge, 16);
	assert_memory_equal(f->data + 17, "lns", 3);
}

static void an_unanswered_challenge_is_repeated_with_its_id_until_the_phase_times_out(void **state)
{
	struct lab *lab = *state;
	uint8_t id;

	lab_lcp_opened(lab);
	id = lab->s.auth_id;
	lab_wait_ms(lab, 29999);
	assert_int_equal(lab->n_sent, 9);
	for (unsigned int i = 0; i < lab->n_sent; i++) {
		assert_int_equal(lab->sent[i].code, 1);
		assert_int_equal(lab->sent[i].id, id);
	}
	lab_wait_ms(lab, 6001);
	assert_int_equal(lab->cause, PPP_CAUSE_AUTH_TIMEOUT);
}

static void a_response_asks_once_with_name_value_and_challenge(void **state)
{
	struct lab *lab = *state;
	const struct ppp_action *a = &lab->last_ask;

	lab_lcp_opened(lab);
	respond(lab, lab->s.auth_id);
	respond(lab, lab->s.auth_id);
	assert_int_equal(lab->asked, 1);
	assert_int_equal(a->aaa.method, PPP_AUTH_CHAP_MD5);
	assert_int_equal(a->aaa.chap_id, lab->s.auth_id);
	assert_int_equal(a->aaa.name_len, 4);
	assert_memory_equal(lab->ask_bytes + a->aaa.name_off, "user", 4);
	assert_int_equal(a->aaa.secret_len, 16);
	assert_int_equal(lab->ask_bytes[a->aaa.secret_off], 1);
	assert_int_equal(a->aaa.challenge_len, 16);
	assert_memory_equal(lab->ask_bytes + a->aaa.challenge_off, lab->s.challenge, 16);
}

static void a_response_with_another_id_or_size_is_ignored(void **state)
{
	struct lab *lab = *state;

	lab_lcp_opened(lab);
	respond(lab, (uint8_t)(lab->s.auth_id + 1));
	LAB_IN(lab, PPP_CHAP, 2, lab->s.auth_id, 3, 1, 2, 3, 'u');
	LAB_IN(lab, PPP_CHAP, 2, lab->s.auth_id, 16, 1, 2, 3);
	LAB_IN(lab, PPP_CHAP, 2, lab->s.auth_id, 255);
	assert_int_equal(lab->asked, 0);
}

/* RFC 1994 s4.2 */
static void a_repeated_response_gets_the_same_code_and_is_not_asked_about_again(void **state)
{
	struct lab *lab = *state;

	lab_authenticated(lab);
	assert_non_null(lab_find(lab, PPP_CHAP, 3));
	respond(lab, lab->s.auth_id);
	lab_only(lab, PPP_CHAP, 3);
	assert_int_equal(lab->asked, 1);
}

static void a_refusal_is_told_and_ends_the_session(void **state)
{
	struct lab *lab = *state;

	lab_lcp_opened(lab);
	respond(lab, lab->s.auth_id);
	lab_verdict(lab, false);
	assert_int_equal(lab->n_sent, 2);
	assert_int_equal(lab->sent[0].proto, PPP_CHAP);
	assert_int_equal(lab->sent[0].code, 4);
	assert_memory_equal(lab->sent[0].data, "hi", 2);
	assert_int_equal(lab->sent[1].code, TERM_REQ);
	LAB_EMPTY(lab, PPP_LCP, TERM_ACK, 1);
	assert_int_equal(lab->cause, PPP_CAUSE_AUTH_FAILED);
}

static void a_lost_success_is_repeated_while_the_ncps_stay_unanswered(void **state)
{
	struct lab *lab = *state;

	lab_authenticated(lab);
	lab_wait_ms(lab, 3000);
	assert_int_equal(lab_find(lab, PPP_CHAP, 3)->id, lab->s.auth_id);
	assert_non_null(lab_find(lab, PPP_IPCP, CONF_REQ));
	LAB_IN(lab, PPP_IPCP, CONF_REQ, 1, 3, 6, 10, 0, 0, 2);
	lab_wait_ms(lab, 3000);
	assert_null(lab_find(lab, PPP_CHAP, 3));
	assert_non_null(lab_find(lab, PPP_IPCP, CONF_REQ));
}

static void a_lost_pap_ack_is_repeated_while_the_ncps_stay_unanswered(void **state)
{
	struct lab *lab = *state;

	lab->p.auth[0] = PPP_AUTH_PAP;
	lab_authenticated(lab);
	lab_wait_ms(lab, 3000);
	assert_int_equal(lab_find(lab, PPP_PAP, 2)->id, 1);
}

/* RFC 1334 s2.2 */
static void a_pap_request_asks_once_and_the_ack_carries_the_latest_id(void **state)
{
	struct lab *lab = *state;
	const struct ppp_action *a = &lab->last_ask;

	use_pap(lab);
	PAP_REQUEST(lab, 5);
	PAP_REQUEST(lab, 6);
	assert_int_equal(lab->asked, 1);
	assert_memory_equal(lab->ask_bytes + a->aaa.name_off, "user", 4);
	assert_int_equal(a->aaa.secret_len, 2);
	assert_memory_equal(lab->ask_bytes + a->aaa.secret_off, "pw", 2);
	lab_verdict(lab, true);
	assert_int_equal(lab_find(lab, PPP_PAP, 2)->id, 6);
	assert_memory_equal(lab_find(lab, PPP_PAP, 2)->data, "\x02hi", 3);
}

static void a_repeated_pap_request_gets_the_same_code_again(void **state)
{
	struct lab *lab = *state;

	use_pap(lab);
	PAP_REQUEST(lab, 5);
	lab_verdict(lab, true);
	PAP_REQUEST(lab, 9);
	assert_int_equal(lab_only(lab, PPP_PAP, 2)->id, 9);
	LAB_HOLDS(&lab->sent[0], 0);
	assert_int_equal(lab->asked, 1);
}

static void pap_lengths_beyond_the_packet_are_discarded(void **state)
{
	struct lab *lab = *state;

	use_pap(lab);
	LAB_IN(lab, PPP_PAP, 1, 1, 5, 'u', 's', 'e', 'r');
	LAB_IN(lab, PPP_PAP, 1, 1, 4, 'u', 's', 'e', 'r');
	LAB_IN(lab, PPP_PAP, 1, 1, 4, 'u', 's', 'e', 'r', 255, 'p', 'w');
	LAB_EMPTY(lab, PPP_PAP, 1, 1);
	assert_int_equal(lab->asked, 0);
	LAB_IN(lab, PPP_PAP, 1, 1, 0, 0);
	assert_int_equal(lab->asked, 1);
}

static void names_and_passwords_of_255_octets_are_asked_about_whole(void **state)
{
	struct lab *lab = *state;
	const struct ppp_action *a = &lab->last_ask;
	uint8_t request[512], all[255];

	memset(all, 0xee, sizeof(all));
	memset(request, 0xee, sizeof(request));
	request[0] = request[256] = 255;
	use_pap(lab);
	lab_in(lab, PPP_PAP, 1, 5, request, sizeof(request));
	assert_int_equal(lab->asked, 1);
	assert_int_equal(a->aaa.name_len, 255);
	assert_int_equal(a->aaa.secret_len, 255);
	assert_memory_equal(lab->ask_bytes + a->aaa.name_off, all, 255);
	assert_memory_equal(lab->ask_bytes + a->aaa.secret_off, all, 255);
}

static void a_refused_pap_user_gets_a_nak(void **state)
{
	struct lab *lab = *state;

	use_pap(lab);
	PAP_REQUEST(lab, 5);
	lab_verdict(lab, false);
	assert_int_equal(lab_find(lab, PPP_PAP, 3)->id, 5);
	assert_non_null(lab_find(lab, PPP_LCP, TERM_REQ));
}

static void the_other_authentication_protocol_is_ignored(void **state)
{
	struct lab *lab = *state;

	lab_lcp_opened(lab);
	PAP_REQUEST(lab, 5);
	assert_int_equal(lab->asked, 0);
	assert_int_equal(lab->n_sent, 0);
}

static void echoes_are_answered_while_the_verdict_is_out(void **state)
{
	struct lab *lab = *state;

	lab_lcp_opened(lab);
	respond(lab, lab->s.auth_id);
	LAB_IN(lab, PPP_LCP, ECHO_REQ, 1, 0xaa, 0xbb, 0xcc, 0xdd);
	lab_only(lab, PPP_LCP, ECHO_REP);
}

static void a_verdict_that_is_10_seconds_late_still_counts(void **state)
{
	struct lab *lab = *state;

	lab_lcp_opened(lab);
	respond(lab, lab->s.auth_id);
	lab_wait_ms(lab, 10000);
	assert_int_equal(lab->n_sent, 0);
	lab_verdict(lab, true);
	assert_int_equal(lab->s.phase, PPP_NETWORK);
}

static void a_verdict_that_never_comes_ends_the_session(void **state)
{
	struct lab *lab = *state;

	lab_lcp_opened(lab);
	respond(lab, lab->s.auth_id);
	lab_wait_ms(lab, 36000);
	assert_int_equal(lab->cause, PPP_CAUSE_AUTH_TIMEOUT);
	lab_verdict(lab, true);
	assert_int_equal(lab->n_sent, 0);
	assert_int_equal(lab->s.phase, PPP_DEAD);
}

static void a_second_or_foreign_verdict_is_ignored(void **state)
{
	struct lab *lab = *state;
	struct ppp_verdict v;

	lab_lcp_opened(lab);
	respond(lab, lab->s.auth_id);
	v = lab_a_verdict(lab);
	v.request++;
	lab_give(lab, &v);
	assert_int_equal(lab->s.phase, PPP_AUTHENTICATE);
	lab_verdict(lab, true);
	lab_verdict(lab, false);
	assert_int_equal(lab->n_sent, 0);
	assert_int_equal(lab->s.phase, PPP_NETWORK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(the_challenge_has_16_octets_and_our_name),
		LAB_TEST(an_unanswered_challenge_is_repeated_with_its_id_until_the_phase_times_out),
		LAB_TEST(a_response_asks_once_with_name_value_and_challenge),
		LAB_TEST(a_response_with_another_id_or_size_is_ignored),
		LAB_TEST(a_repeated_response_gets_the_same_code_and_is_not_asked_about_again),
		LAB_TEST(a_refusal_is_told_and_ends_the_session),
		LAB_TEST(a_lost_success_is_repeated_while_the_ncps_stay_unanswered),
		LAB_TEST(a_lost_pap_ack_is_repeated_while_the_ncps_stay_unanswered),
		LAB_TEST(a_pap_request_asks_once_and_the_ack_carries_the_latest_id),
		LAB_TEST(a_repeated_pap_request_gets_the_same_code_again),
		LAB_TEST(pap_lengths_beyond_the_packet_are_discarded),
		LAB_TEST(names_and_passwords_of_255_octets_are_asked_about_whole),
		LAB_TEST(a_refused_pap_user_gets_a_nak),
		LAB_TEST(the_other_authentication_protocol_is_ignored),
		LAB_TEST(echoes_are_answered_while_the_verdict_is_out),
		LAB_TEST(a_verdict_that_is_10_seconds_late_still_counts),
		LAB_TEST(a_verdict_that_never_comes_ends_the_session),
		LAB_TEST(a_second_or_foreign_verdict_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
