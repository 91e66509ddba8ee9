/* SPDX-License-Identifier: BSD-3-Clause */
/* ppp_ncp.c - IPCP (RFC 1332, RFC 1877), IPv6CP (RFC 5072), and each living by itself (RFC 1661
 * s3.6). */
#include <string.h>

#include "lab.h"

static void we_ask_for_our_address_only(void **state)
{
	struct lab *lab = *state;
	const struct lab_frame *f;

	lab_authenticated(lab);
	f = lab_find(lab, PPP_IPCP, CONF_REQ);
	LAB_HOLDS(f, 3, 6, 10, 0, 0, 1);
}

/* RFC 1332 s3.3 */
static void another_address_is_nakked_with_the_verdicts(void **state)
{
	struct lab *lab = *state;

	lab_authenticated(lab);
	LAB_IN(lab, PPP_IPCP, CONF_REQ, 1, 3, 6, 0, 0, 0, 0);
	lab_only(lab, PPP_IPCP, CONF_NAK);
	LAB_HOLDS(&lab->sent[0], 3, 6, 10, 0, 0, 2);
	LAB_IN(lab, PPP_IPCP, CONF_REQ, 2, 3, 6, 192, 168, 1, 1);
	lab_only(lab, PPP_IPCP, CONF_NAK);
	LAB_IN(lab, PPP_IPCP, CONF_REQ, 3, 3, 6, 10, 0, 0, 2);
	lab_only(lab, PPP_IPCP, CONF_ACK);
}

static void an_absent_address_is_asked_for_once(void **state)
{
	struct lab *lab = *state;

	lab_authenticated(lab);
	LAB_EMPTY(lab, PPP_IPCP, CONF_REQ, 1);
	lab_only(lab, PPP_IPCP, CONF_NAK);
	LAB_HOLDS(&lab->sent[0], 3, 6, 10, 0, 0, 2);
	LAB_EMPTY(lab, PPP_IPCP, CONF_REQ, 2);
	lab_only(lab, PPP_IPCP, CONF_ACK);
}

/* RFC 1877 s1 */
static void dns_is_given_by_nak_and_servers_we_do_not_have_are_rejected(void **state)
{
	struct lab *lab = *state;

	lab_authenticated(lab);
	LAB_IN(lab, PPP_IPCP, CONF_REQ, 1, 3, 6, 0, 0, 0, 0, 129, 6, 0, 0, 0, 0, 130, 6, 0, 0, 0, 0,
		131, 6, 0, 0, 0, 0, 132, 6, 0, 0, 0, 0);
	lab_only(lab, PPP_IPCP, CONF_REJ);
	LAB_HOLDS(&lab->sent[0], 130, 6, 0, 0, 0, 0, 132, 6, 0, 0, 0, 0);
	LAB_IN(lab, PPP_IPCP, CONF_REQ, 2, 3, 6, 0, 0, 0, 0, 129, 6, 0, 0, 0, 0, 131, 6, 0, 0, 0,
		0);
	lab_only(lab, PPP_IPCP, CONF_NAK);
	LAB_HOLDS(&lab->sent[0], 3, 6, 10, 0, 0, 2, 129, 6, 8, 8, 8, 8, 131, 6, 8, 8, 4, 4);
}

static void nbns_is_given_by_nak(void **state)
{
	struct lab *lab = *state;
	struct ppp_verdict v;

	lab->p.auth[0] = PPP_AUTH_NONE;
	lab_lcp_opened(lab);
	v = lab_a_verdict(lab);
	v.nbns[0] = 0x01020304;
	v.nbns[1] = 0x05060708;
	lab_give(lab, &v);
	LAB_IN(lab, PPP_IPCP, CONF_REQ, 2, 3, 6, 10, 0, 0, 2, 130, 6, 0, 0, 0, 0, 132, 6, 0, 0, 0,
		0);
	lab_only(lab, PPP_IPCP, CONF_NAK);
	LAB_HOLDS(&lab->sent[0], 130, 6, 1, 2, 3, 4, 132, 6, 5, 6, 7, 8);
}

static void header_compression_and_the_old_addresses_option_are_rejected(void **state)
{
	struct lab *lab = *state;

	lab_authenticated(lab);
	LAB_IN(lab, PPP_IPCP, CONF_REQ, 2, 2, 6, 0, 0x2d, 15, 1, 3, 6, 0, 0, 0, 0, 1, 10, 0, 0, 0,
		0, 0, 0, 0, 0);
	lab_only(lab, PPP_IPCP, CONF_REJ);
	LAB_HOLDS(&lab->sent[0], 2, 6, 0, 0x2d, 15, 1, 1, 10, 0, 0, 0, 0, 0, 0, 0, 0);
}

static void an_ipcp_option_of_length_zero_ends_the_walk_and_discards_the_packet(void **state)
{
	struct lab *lab = *state;

	lab_authenticated(lab);
	LAB_IN(lab, PPP_IPCP, CONF_REQ, 2, 3, 0, 3, 0);
	assert_int_equal(lab->n_sent, 0);
}

static void a_four_octet_terminate_of_ipcp_is_obeyed_and_ipv6_lives_on(void **state)
{
	struct lab *lab = *state;

	lab_network(lab);
	LAB_EMPTY(lab, PPP_IPCP, TERM_REQ, 4);
	assert_int_equal(lab_only(lab, PPP_IPCP, TERM_ACK)->id, 4);
	assert_int_equal(lab->s.ncp_up, 2);
	assert_int_equal(lab->ncp_downs, 1);
	lab_wait_ms(lab, 60000);
	assert_int_equal(lab->s.phase, PPP_NETWORK);
	assert_int_equal(lab->s.ncp_up, 2);
}

static void a_terminate_of_ipv6cp_leaves_ipv4_alone(void **state)
{
	struct lab *lab = *state;

	lab_network(lab);
	LAB_EMPTY(lab, PPP_IPV6CP, TERM_REQ, 4);
	lab_only(lab, PPP_IPV6CP, TERM_ACK);
	lab_wait_ms(lab, 60000);
	assert_int_equal(lab->s.ncp_up, 1);
	assert_int_equal(lab->downs, 0);
}

static void the_end_of_the_last_ncp_ends_the_session(void **state)
{
	struct lab *lab = *state;

	lab_network(lab);
	LAB_EMPTY(lab, PPP_IPV6CP, TERM_REQ, 4);
	LAB_EMPTY(lab, PPP_IPCP, TERM_REQ, 4);
	lab_wait_ms(lab, 10000);
	assert_int_equal(lab->downs, 1);
	assert_int_equal(lab->cause, PPP_CAUSE_PEER_TERMINATED);
}

static void ncps_that_never_converge_end_the_session(void **state)
{
	struct lab *lab = *state;

	lab_authenticated(lab);
	lab_wait_ms(lab, 36000);
	assert_int_equal(lab->downs, 1);
	assert_int_equal(lab->cause, PPP_CAUSE_NEGOTIATION);
}

/* RFC 1661 s5.7 */
static void a_protocol_reject_of_one_ncp_stops_it_at_once_and_the_other_lives(void **state)
{
	struct lab *lab = *state;

	lab_network(lab);
	LAB_IN(lab, PPP_LCP, PROTO_REJ, 1, 0x80, 0x57, 1, 1, 0, 4);
	assert_int_equal(lab->n_sent, 0);
	assert_int_equal(lab->s.ncp_up, 1);
	LAB_IN(lab, PPP_IPV6CP, CONF_REQ, 1, 1, 10, 0, 0, 0, 0, 0, 0, 0, 1);
	lab_only(lab, PPP_LCP, PROTO_REJ);
	LAB_IN(lab, PPP_LCP, PROTO_REJ, 2, 0x80, 0x21, 1, 1, 0, 4);
	lab_only(lab, PPP_LCP, TERM_REQ);
}

static void ipcp_without_an_address_to_give_is_protocol_rejected(void **state)
{
	struct lab *lab = *state;
	struct ppp_verdict v;

	lab->p.auth[0] = PPP_AUTH_NONE;
	lab_lcp_opened(lab);
	v = lab_a_verdict(lab);
	v.peer_ip4 = 0;
	lab_give(lab, &v);
	assert_null(lab_find(lab, PPP_IPCP, CONF_REQ));
	LAB_IN(lab, PPP_IPCP, CONF_REQ, 1, 3, 6, 0, 0, 0, 0);
	lab_only(lab, PPP_LCP, PROTO_REJ);
	assert_int_equal(lab->s.phase, PPP_NETWORK);
}

static void a_verdict_without_any_address_ends_the_session(void **state)
{
	struct lab *lab = *state;
	struct ppp_verdict v;

	lab->p.auth[0] = PPP_AUTH_NONE;
	lab_lcp_opened(lab);
	v = lab_a_verdict(lab);
	v.peer_ip4 = 0;
	v.our_ifid = 0;
	lab_give(lab, &v);
	lab_only(lab, PPP_LCP, TERM_REQ);
	LAB_EMPTY(lab, PPP_LCP, TERM_ACK, 1);
	assert_int_equal(lab->cause, PPP_CAUSE_NEGOTIATION);
}

/* RFC 5072 s4.1 */
static void a_zero_or_colliding_identifier_is_nakked_and_another_is_taken(void **state)
{
	struct lab *lab = *state;

	lab_authenticated(lab);
	LAB_IN(lab, PPP_IPV6CP, CONF_REQ, 1, 1, 10, 0, 0, 0, 0, 0, 0, 0, 0);
	lab_only(lab, PPP_IPV6CP, CONF_NAK);
	LAB_HOLDS(&lab->sent[0], 1, 10, 0, 0, 0, 0, 0, 0, 0x22, 0x22);
	LAB_IN(lab, PPP_IPV6CP, CONF_REQ, 2, 1, 10, 0, 0, 0, 0, 0, 0, 0x11, 0x11);
	lab_only(lab, PPP_IPV6CP, CONF_NAK);
	LAB_IN(lab, PPP_IPV6CP, CONF_REQ, 3, 1, 10, 1, 2, 3, 4, 5, 6, 7, 8);
	lab_only(lab, PPP_IPV6CP, CONF_ACK);
	LAB_IN(lab, PPP_IPV6CP, CONF_REQ, 3, 2, 4, 0, 0x4f);
	lab_only(lab, PPP_IPV6CP, CONF_REJ);
}

static void a_nak_of_our_identifier_is_followed(void **state)
{
	struct lab *lab = *state;

	lab_authenticated(lab);
	LAB_IN(lab, PPP_IPV6CP, CONF_NAK, lab->s.ipv6cp.id, 1, 10, 0, 0, 0, 0, 0, 0, 0x55, 0x55);
	lab_only(lab, PPP_IPV6CP, CONF_REQ);
	LAB_HOLDS(&lab->sent[0], 1, 10, 0, 0, 0, 0, 0, 0, 0x55, 0x55);
}

static void a_nak_of_our_address_is_not_followed_and_given_up_after_max_failure(void **state)
{
	struct lab *lab = *state;

	lab_authenticated(lab);
	for (int i = 0; i < 5; i++) {
		LAB_IN(lab, PPP_IPCP, CONF_NAK, lab->s.ipcp.id, 3, 6, 1, 1, 1, 1);
		LAB_HOLDS(lab_only(lab, PPP_IPCP, CONF_REQ), 3, 6, 10, 0, 0, 1);
	}
	LAB_IN(lab, PPP_IPCP, CONF_NAK, lab->s.ipcp.id, 3, 6, 1, 1, 1, 1);
	assert_int_equal(lab_only(lab, PPP_IPCP, CONF_REQ)->len, 0);
}

/* CCP's request put in before each step of IPCP: it is rejected and IPCP still opens. */
static void ccp_at_any_point_does_not_disturb_ipcp(void **state)
{
	struct lab *lab = *state;

	for (int at = 0; at < 4; at++) {
		struct lab_frame f;

		lab_new(lab);
		lab_authenticated(lab);
		f = *lab_find(lab, PPP_IPCP, CONF_REQ);
		for (int step = 0; step < 4; step++) {
			if (step == at) {
				LAB_IN(lab, 0x80fd, CONF_REQ, 1, 18, 6, 0, 0, 0, 1);
				lab_only(lab, PPP_LCP, PROTO_REJ);
			}
			if (step == 0)
				LAB_IN(lab, PPP_IPCP, CONF_REQ, 1, 3, 6, 0, 0, 0, 0);
			else if (step == 1)
				lab_in(lab, PPP_IPCP, CONF_ACK, f.id, f.data, f.len);
			else if (step == 2)
				LAB_IN(lab, PPP_IPCP, CONF_REQ, 2, 3, 6, 10, 0, 0, 2);
		}
		assert_int_equal(lab->s.ncp_up, 1);
	}
}

static void a_flood_of_unknown_protocols_gets_one_reply_each(void **state)
{
	struct lab *lab = *state;

	lab_network(lab);
	for (unsigned int proto = 0x8101; proto < 0x8fff; proto += 2) {
		if (!(proto & 0x100))
			LAB_EMPTY(lab, (uint16_t)proto, 1, 1);
		assert_true(lab->n_sent <= 1);
	}
	assert_int_equal(lab->s.ncp_up, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(we_ask_for_our_address_only),
		LAB_TEST(another_address_is_nakked_with_the_verdicts),
		LAB_TEST(an_absent_address_is_asked_for_once),
		LAB_TEST(dns_is_given_by_nak_and_servers_we_do_not_have_are_rejected),
		LAB_TEST(nbns_is_given_by_nak),
		LAB_TEST(header_compression_and_the_old_addresses_option_are_rejected),
		LAB_TEST(an_ipcp_option_of_length_zero_ends_the_walk_and_discards_the_packet),
		LAB_TEST(a_four_octet_terminate_of_ipcp_is_obeyed_and_ipv6_lives_on),
		LAB_TEST(a_terminate_of_ipv6cp_leaves_ipv4_alone),
		LAB_TEST(the_end_of_the_last_ncp_ends_the_session),
		LAB_TEST(ncps_that_never_converge_end_the_session),
		LAB_TEST(a_protocol_reject_of_one_ncp_stops_it_at_once_and_the_other_lives),
		LAB_TEST(ipcp_without_an_address_to_give_is_protocol_rejected),
		LAB_TEST(a_verdict_without_any_address_ends_the_session),
		LAB_TEST(a_zero_or_colliding_identifier_is_nakked_and_another_is_taken),
		LAB_TEST(a_nak_of_our_identifier_is_followed),
		LAB_TEST(a_nak_of_our_address_is_not_followed_and_given_up_after_max_failure),
		LAB_TEST(ccp_at_any_point_does_not_disturb_ipcp),
		LAB_TEST(a_flood_of_unknown_protocols_gets_one_reply_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
