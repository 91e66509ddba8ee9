/* SPDX-License-Identifier: BSD-3-Clause */
/* ppp_lcp.c - LCP as RFC 1661 says, clause by clause, and the loops that other implementations fell
 * into. */
#include <string.h>

#include "lab.h"

static struct lab_frame the_request(struct lab *lab, uint16_t proto)
{
	const struct lab_frame *f = lab_find(lab, proto, CONF_REQ);

	assert_non_null(f);
	return *f;
}

/* s5.1, s6.1, s6.2, s6.4 */
static void we_ask_for_mru_authentication_and_magic_number_only(void **state)
{
	struct lab *lab = *state;
	struct lab_frame f;

	lab_open(lab);
	f = *lab_only(lab, PPP_LCP, CONF_REQ);
	assert_int_equal(f.len, 4 + 5 + 6);
	assert_memory_equal(f.data, "\x01\x04\x05\xd4\x03\x05\xc2\x23\x05\x05\x06", 11);
}

static void the_default_mru_is_not_asked_for(void **state)
{
	struct lab *lab = *state;

	lab->p.mru = 1500;
	lab_open(lab);
	assert_int_equal(lab_only(lab, PPP_LCP, CONF_REQ)->data[0], 3);
}

static void what_the_peer_may_have_is_acknowledged_as_it_came(void **state)
{
	struct lab *lab = *state;

	lab_open(lab);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 42, 1, 4, 5, 0xd4, 2, 6, 0, 0xa, 0, 0, 5, 6, 1, 2, 3, 4, 7,
		2, 8, 2);
	assert_int_equal(lab_only(lab, PPP_LCP, CONF_ACK)->id, 42);
	LAB_HOLDS(&lab->sent[0], 1, 4, 5, 0xd4, 2, 6, 0, 0xa, 0, 0, 5, 6, 1, 2, 3, 4, 7, 2, 8, 2);
}

static void the_link_says_what_data_may_look_like(void **state)
{
	struct lab *lab = *state;
	struct lab_frame f;

	lab_open(lab);
	f = the_request(lab, PPP_LCP);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 1, 1, 4, 0x02, 0x40, 7, 2);
	lab_in(lab, PPP_LCP, CONF_ACK, f.id, f.data, f.len);
	assert_int_equal(lab->last_link.link.mtu, 576);
	assert_true(lab->last_link.link.tx_pfc);
	assert_false(lab->last_link.link.tx_acfc);
}

static void a_large_mru_is_clipped_to_the_profile(void **state)
{
	struct lab *lab = *state;
	struct lab_frame f;

	lab_open(lab);
	f = the_request(lab, PPP_LCP);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 1, 1, 4, 0xff, 0xff);
	lab_in(lab, PPP_LCP, CONF_ACK, f.id, f.data, f.len);
	assert_int_equal(lab->last_link.link.mtu, 1460);
}

static void every_mru_from_0_to_65535_is_answered_and_only_those_below_64_are_nakked(void **state)
{
	struct lab *lab = *state;

	for (unsigned int mru = 0; mru < 65536; mru += mru < 1600 || mru > 65500 ? 1 : 61) {
		lab_new(lab);
		lab_open(lab);
		LAB_IN(lab, PPP_LCP, CONF_REQ, 1, 1, 4, (uint8_t)(mru >> 8), (uint8_t)mru);
		lab_only(lab, PPP_LCP, mru < 64 ? CONF_NAK : CONF_ACK);
		if (mru < 64)
			LAB_HOLDS(&lab->sent[0], 1, 4, 0x05, 0xdc);
	}
}

/* s5.4 */
static void unknown_options_and_a_request_to_authenticate_us_are_rejected_in_order(void **state)
{
	struct lab *lab = *state;

	lab_open(lab);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 7, 1, 4, 5, 0xd4, 3, 4, 0xc0, 0x23, 17, 4, 6, 0, 13, 3, 6, 4,
		6, 1, 2, 3, 4);
	assert_int_equal(lab_only(lab, PPP_LCP, CONF_REJ)->id, 7);
	LAB_HOLDS(&lab->sent[0], 3, 4, 0xc0, 0x23, 17, 4, 6, 0, 13, 3, 6, 4, 6, 1, 2, 3, 4);
}

static void an_option_listed_twice_is_rejected(void **state)
{
	struct lab *lab = *state;

	lab_open(lab);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 7, 7, 2, 7, 2);
	lab_only(lab, PPP_LCP, CONF_REJ);
	LAB_HOLDS(&lab->sent[0], 7, 2);
}

/* s6 */
static void a_known_option_of_a_wrong_length_is_nakked_with_a_right_one(void **state)
{
	struct lab *lab = *state;

	lab_open(lab);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 7, 1, 3, 5, 2, 2, 8, 3, 0);
	lab_only(lab, PPP_LCP, CONF_NAK);
	LAB_HOLDS(&lab->sent[0], 1, 4, 0x05, 0xdc, 2, 6, 0, 0, 0, 0, 8, 2);
}

static void an_option_of_length_0_or_1_or_beyond_the_packet_discards_the_packet(void **state)
{
	struct lab *lab = *state;

	lab_open(lab);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 7, 7, 2, 1, 0, 1, 4);
	assert_int_equal(lab->n_sent, 0);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 7, 7, 2, 1, 1);
	assert_int_equal(lab->n_sent, 0);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 7, 7, 2, 1, 5, 5, 0xd4);
	assert_int_equal(lab->n_sent, 0);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 7, 7);
	assert_int_equal(lab->n_sent, 0);
}

static void three_hundred_and_fifty_unknown_options_are_rejected_within_the_mru(void **state)
{
	struct lab *lab = *state;
	uint8_t opts[750 * 4];

	for (size_t i = 0; i < sizeof(opts); i += 4)
		memcpy(opts + i, "\x11\x04\x05\xd4", 4);
	lab_open(lab);
	lab_in(lab, PPP_LCP, CONF_REQ, 1, opts, 350 * 4);
	assert_int_equal(lab_only(lab, PPP_LCP, CONF_REJ)->len, 1400);
	lab_in(lab, PPP_LCP, CONF_REQ, 1, opts, sizeof(opts));
	assert_int_equal(lab_only(lab, PPP_LCP, CONF_REJ)->len, 1496);
}

static void a_request_that_fills_the_mru_exactly_is_answered_within_it(void **state)
{
	struct lab *lab = *state;
	uint8_t opts[1496];

	memset(opts, 0, sizeof(opts));
	for (size_t i = 0; i < sizeof(opts); i += 187)
		opts[i] = 200, opts[i + 1] = 187;
	lab_open(lab);
	lab_in(lab, PPP_LCP, CONF_REQ, 1, opts, sizeof(opts));
	assert_int_equal(lab_only(lab, PPP_LCP, CONF_REJ)->len, 1496);
}

/* s4.6 */
static void after_max_failure_naks_become_rejects(void **state)
{
	struct lab *lab = *state;

	lab_open(lab);
	for (uint8_t i = 0; i < 5; i++) {
		LAB_IN(lab, PPP_LCP, CONF_REQ, i, 1, 4, 0, 1);
		lab_only(lab, PPP_LCP, CONF_NAK);
	}
	LAB_IN(lab, PPP_LCP, CONF_REQ, 9, 1, 4, 0, 1);
	lab_only(lab, PPP_LCP, CONF_REJ);
	LAB_EMPTY(lab, PPP_LCP, CONF_REQ, 10);
	lab_only(lab, PPP_LCP, CONF_ACK);
}

static void an_ack_starts_the_count_of_naks_again(void **state)
{
	struct lab *lab = *state;

	lab_open(lab);
	for (uint8_t i = 0; i < 12; i++) {
		LAB_IN(lab, PPP_LCP, CONF_REQ, i, 1, 4, 0, 1);
		lab_only(lab, PPP_LCP, CONF_NAK);
		if (i % 4 == 3)
			LAB_EMPTY(lab, PPP_LCP, CONF_REQ, i);
	}
}

static void a_peer_that_naks_for_ever_is_given_up(void **state)
{
	struct lab *lab = *state;
	unsigned int requests = 0;

	lab->p.mru = 1400;
	lab_open(lab);
	for (int i = 0; i < 1000 && !lab->downs; i++) {
		struct lab_frame f =
			lab->n_sent ? the_request(lab, PPP_LCP) : (struct lab_frame){0};

		if (!f.code) {
			lab_wait_ms(lab, 3000);
			continue;
		}
		requests++;
		LAB_IN(lab, PPP_LCP, CONF_NAK, f.id, 5, 6, 9, 9, 9, 9);
	}
	assert_int_equal(lab->downs, 1);
	assert_true(requests < 40);
}

static void a_peer_that_rejects_for_ever_is_given_up(void **state)
{
	struct lab *lab = *state;
	unsigned int requests = 0;

	lab_open(lab);
	for (int i = 0; i < 1000 && !lab->downs; i++) {
		struct lab_frame f =
			lab->n_sent ? the_request(lab, PPP_LCP) : (struct lab_frame){0};

		if (!f.code) {
			lab_wait_ms(lab, 3000);
			continue;
		}
		requests++;
		LAB_IN(lab, PPP_LCP, CONF_REJ, f.id, 77, 2);
	}
	assert_int_equal(lab->downs, 1);
	assert_true(requests < 40);
}

/* s5.2 */
static void an_ack_with_another_id_or_other_contents_is_dropped(void **state)
{
	struct lab *lab = *state;
	struct lab_frame f;

	lab_open(lab);
	f = the_request(lab, PPP_LCP);
	lab_in(lab, PPP_LCP, CONF_ACK, (uint8_t)(f.id + 1), f.data, f.len);
	assert_int_equal(lab->s.lcp.state, FSM_REQ_SENT);
	lab_in(lab, PPP_LCP, CONF_ACK, f.id, f.data, f.len - 6u);
	assert_int_equal(lab->s.lcp.state, FSM_REQ_SENT);
	f.data[f.len - 1] ^= 1;
	lab_in(lab, PPP_LCP, CONF_ACK, f.id, f.data, f.len);
	assert_int_equal(lab->s.lcp.state, FSM_REQ_SENT);
}

static void a_duplicate_of_the_ack_does_not_take_the_link_down(void **state)
{
	struct lab *lab = *state;
	struct lab_frame f;

	lab_open(lab);
	f = the_request(lab, PPP_LCP);
	lab_in(lab, PPP_LCP, CONF_ACK, f.id, f.data, f.len);
	lab_in(lab, PPP_LCP, CONF_ACK, f.id, f.data, f.len);
	assert_int_equal(lab->s.lcp.state, FSM_ACK_RCVD);
	LAB_EMPTY(lab, PPP_LCP, CONF_REQ, 1);
	lab_in(lab, PPP_LCP, CONF_ACK, f.id, f.data, f.len);
	assert_int_equal(lab->s.lcp.state, FSM_OPENED);
}

static void a_changed_request_has_a_new_id_and_a_repeated_one_keeps_it(void **state)
{
	struct lab *lab = *state;
	struct lab_frame first, again, changed;

	lab_open(lab);
	first = the_request(lab, PPP_LCP);
	lab_wait_ms(lab, 3000);
	again = the_request(lab, PPP_LCP);
	assert_int_equal(first.id, again.id);
	assert_memory_equal(first.data, again.data, first.len);
	LAB_IN(lab, PPP_LCP, CONF_REJ, again.id, 1, 4, 5, 0xd4);
	changed = the_request(lab, PPP_LCP);
	assert_int_not_equal(changed.id, again.id);
	assert_int_equal(changed.data[0], 3);
}

/* s6.2 */
static void a_nak_of_authentication_moves_to_what_the_peer_proposes(void **state)
{
	struct lab *lab = *state;

	lab_open(lab);
	LAB_IN(lab, PPP_LCP, CONF_NAK, lab->s.lcp.id, 3, 4, 0xc0, 0x23);
	assert_int_equal(lab->s.auth, PPP_AUTH_PAP);
	assert_memory_equal(the_request(lab, PPP_LCP).data + 4, "\x03\x04\xc0\x23", 4);
}

static void a_reject_of_authentication_moves_on_and_the_last_one_ends_the_session(void **state)
{
	struct lab *lab = *state;

	lab_open(lab);
	LAB_IN(lab, PPP_LCP, CONF_REJ, lab->s.lcp.id, 3, 5, 0xc2, 0x23, 5);
	assert_int_equal(lab->s.auth, PPP_AUTH_PAP);
	LAB_IN(lab, PPP_LCP, CONF_REJ, lab->s.lcp.id, 3, 4, 0xc0, 0x23);
	lab_only(lab, PPP_LCP, TERM_REQ);
	LAB_EMPTY(lab, PPP_LCP, TERM_ACK, lab->s.lcp.id);
	assert_int_equal(lab->cause, PPP_CAUSE_PROTOCOL_REJECT);
}

/* s6.4 */
static void a_magic_number_of_zero_is_nakked_with_another(void **state)
{
	struct lab *lab = *state;

	lab_open(lab);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 1, 5, 6, 0, 0, 0, 0);
	lab_only(lab, PPP_LCP, CONF_NAK);
	assert_memory_not_equal(lab->sent[0].data + 2, "\0\0\0\0", 4);
}

static void a_looped_line_is_found_by_our_own_magic_number(void **state)
{
	struct lab *lab = *state;

	lab_open(lab);
	for (int i = 0; i < 100 && !lab->downs; i++) {
		struct lab_frame f;

		if (!lab->n_sent) {
			lab_wait_ms(lab, 3000);
			continue;
		}
		assert_int_equal(lab->n_sent, 1);
		f = lab->sent[0];
		lab_in(lab, f.proto, f.code, f.id, f.data, f.len);
	}
	assert_int_equal(lab->downs, 1);
	assert_int_equal(lab->cause, PPP_CAUSE_LOOP);
}

static void a_rejected_magic_number_is_zero_in_echoes(void **state)
{
	struct lab *lab = *state;
	struct lab_frame f;

	lab_open(lab);
	f = the_request(lab, PPP_LCP);
	lab_in(lab, PPP_LCP, CONF_REJ, f.id, f.data + 9, 6);
	f = the_request(lab, PPP_LCP);
	lab_in(lab, PPP_LCP, CONF_ACK, f.id, f.data, f.len);
	LAB_EMPTY(lab, PPP_LCP, CONF_REQ, 1);
	assert_true(lab->last_link.link.peer_rejected_magic);
	LAB_IN(lab, PPP_LCP, ECHO_REQ, 1, 0, 0, 0, 0);
	lab_only(lab, PPP_LCP, ECHO_REP);
	LAB_HOLDS(&lab->sent[0], 0, 0, 0, 0);
}

/* s5.8 */
static void an_echo_is_answered_in_opened_with_our_magic_number_and_its_data(void **state)
{
	struct lab *lab = *state;

	lab_open(lab);
	LAB_IN(lab, PPP_LCP, ECHO_REQ, 5, 1, 2, 3, 4, 'x', 'y');
	assert_int_equal(lab->n_sent, 0);
	lab_new(lab);
	lab_lcp_opened(lab);
	LAB_IN(lab, PPP_LCP, ECHO_REQ, 5, 0xaa, 0xbb, 0xcc, 0xdd, 'x', 'y');
	assert_int_equal(lab_only(lab, PPP_LCP, ECHO_REP)->id, 5);
	LAB_HOLDS(&lab->sent[0], (uint8_t)(lab->s.our_magic >> 24),
		(uint8_t)(lab->s.our_magic >> 16), (uint8_t)(lab->s.our_magic >> 8),
		(uint8_t)lab->s.our_magic, 'x', 'y');
}

static void unanswered_echoes_end_the_session(void **state)
{
	struct lab *lab = *state;

	lab->p.echo_interval_ms = 10000;
	lab->p.echo_failures = 3;
	lab_network(lab);
	lab_wait_ms(lab, 30000);
	assert_int_equal(lab->n_sent, 3);
	assert_int_equal(lab->s.phase, PPP_NETWORK);
	lab_wait_ms(lab, 10000);
	lab_only(lab, PPP_LCP, TERM_REQ);
	lab_wait_ms(lab, 6000);
	assert_int_equal(lab->cause, PPP_CAUSE_ECHO_TIMEOUT);
}

static void only_a_plausible_echo_reply_is_a_sign_of_life(void **state)
{
	struct lab *lab = *state;

	lab->p.echo_interval_ms = 10000;
	lab->p.echo_failures = 3;
	lab_network(lab);
	lab_wait_ms(lab, 10000);
	LAB_IN(lab, PPP_LCP, ECHO_REP, (uint8_t)(lab->sent[0].id + 1), 0xaa, 0xbb, 0xcc, 0xdd);
	assert_int_equal(lab->s.echo_missed, 1);
	LAB_IN(lab, PPP_LCP, ECHO_REP, lab->s.echo_id, 1, 1, 1, 1);
	assert_int_equal(lab->s.echo_missed, 1);
	LAB_IN(lab, PPP_LCP, ECHO_REP, lab->s.echo_id, 0xaa, 0xbb, 0xcc, 0xdd);
	assert_int_equal(lab->s.echo_missed, 0);
}

static void our_own_magic_number_in_an_echo_ends_the_session_as_a_loop(void **state)
{
	struct lab *lab = *state;
	uint32_t m;

	lab_lcp_opened(lab);
	m = lab->s.our_magic;
	LAB_IN(lab, PPP_LCP, ECHO_REQ, 1, (uint8_t)(m >> 24), (uint8_t)(m >> 16), (uint8_t)(m >> 8),
		(uint8_t)m);
	lab_only(lab, PPP_LCP, TERM_REQ);
	LAB_EMPTY(lab, PPP_LCP, TERM_ACK, 1);
	assert_int_equal(lab->cause, PPP_CAUSE_LOOP);
}

/* s5.6 */
static void an_unknown_code_is_rejected_within_the_peers_mru(void **state)
{
	struct lab *lab = *state;
	uint8_t big[1400] = {0};
	struct lab_frame f;

	lab_open(lab);
	f = the_request(lab, PPP_LCP);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 1, 1, 4, 0, 128);
	lab_in(lab, PPP_LCP, CONF_ACK, f.id, f.data, f.len);
	lab_in(lab, PPP_LCP, 99, 3, big, sizeof(big));
	assert_int_equal(lab_only(lab, PPP_LCP, CODE_REJ)->len, 124);
	assert_int_equal(lab->sent[0].data[0], 99);
	lab_in(lab, PPP_LCP, ECHO_REQ, 3, big, sizeof(big));
	assert_int_equal(lab_only(lab, PPP_LCP, ECHO_REP)->len, 124);
}

static void a_code_reject_is_never_answered_by_a_code_reject(void **state)
{
	struct lab *lab = *state;

	lab_network(lab);
	LAB_IN(lab, PPP_LCP, CODE_REJ, 1, 99, 1, 0, 4);
	assert_int_equal(lab->n_sent, 0);
	assert_int_equal(lab->s.phase, PPP_NETWORK);
	LAB_IN(lab, PPP_IPCP, CODE_REJ, 1, 99, 1, 0, 4);
	assert_int_equal(lab->n_sent, 0);
}

static void a_code_reject_of_a_code_we_cannot_do_without_ends_the_session(void **state)
{
	struct lab *lab = *state;

	lab_network(lab);
	LAB_IN(lab, PPP_LCP, CODE_REJ, 1, 1, 1, 0, 4);
	assert_non_null(lab_find(lab, PPP_LCP, TERM_REQ));
	LAB_EMPTY(lab, PPP_LCP, TERM_ACK, 1);
	assert_int_equal(lab->cause, PPP_CAUSE_PROTOCOL_REJECT);
}

static void identification_time_remaining_and_discard_request_want_no_answer(void **state)
{
	struct lab *lab = *state;

	lab_network(lab);
	for (uint8_t code = DISCARD_REQ; code <= TIME_REMAINING; code++) {
		LAB_IN(lab, PPP_LCP, code, 1, 1, 2, 3, 4, 5, 6, 7, 8);
		assert_int_equal(lab->n_sent, 0);
	}
}

/* s5.7 */
static void an_unknown_protocol_is_rejected_in_phase_network_within_the_peers_mru(void **state)
{
	struct lab *lab = *state;
	uint8_t big[1600] = {0};

	lab_network(lab);
	LAB_IN(lab, 0x80fd, CONF_REQ, 1, 18, 6, 0, 0, 0, 1);
	lab_only(lab, PPP_LCP, PROTO_REJ);
	LAB_HOLDS(&lab->sent[0], 0x80, 0xfd, 1, 1, 0, 10, 18, 6, 0, 0, 0, 1);
	lab_in(lab, 0x8281, 1, 1, big, sizeof(big));
	assert_int_equal(lab_only(lab, PPP_LCP, PROTO_REJ)->len, 1488); /* our own MRU is 1492 */
}

/* s3.4, s3.5 */
static void before_phase_network_other_protocols_are_discarded_in_silence(void **state)
{
	struct lab *lab = *state;

	lab_open(lab);
	LAB_IN(lab, 0x80fd, CONF_REQ, 1, 18, 6, 0, 0, 0, 1);
	assert_int_equal(lab->n_sent, 0);
	lab_new(lab);
	lab_lcp_opened(lab);
	LAB_IN(lab, 0x80fd, CONF_REQ, 1, 18, 6, 0, 0, 0, 1);
	assert_int_equal(lab->n_sent, 0);
	LAB_IN(lab, PPP_IPCP, CONF_REQ, 1, 3, 6, 0, 0, 0, 0);
	assert_int_equal(lab->n_sent, 0);
	LAB_IN(lab, PPP_IPV6CP, CONF_REQ, 1, 1, 10, 0, 0, 0, 0, 0, 0, 0, 1);
	assert_int_equal(lab->n_sent, 0);
}

/* s6.5 */
static void a_compressed_protocol_field_is_understood(void **state)
{
	static const uint8_t odd[] = {
		0xfb, 1, 1, 0, 4}; /* multilink's 80fb is CCP; 00fb is link-level compression */
	struct lab *lab = *state;

	lab_network(lab);
	lab_raw(lab, odd, sizeof(odd));
	lab_only(lab, PPP_LCP, PROTO_REJ);
	LAB_HOLDS(&lab->sent[0], 0x00, 0xfb, 1, 1, 0, 4);
}

/* s5.7 */
static void a_protocol_reject_of_lcp_or_of_the_authentication_ends_the_session(void **state)
{
	struct lab *lab = *state;

	lab_network(lab);
	LAB_IN(lab, PPP_LCP, PROTO_REJ, 1, 0xc0, 0x21);
	LAB_EMPTY(lab, PPP_LCP, TERM_ACK, 1);
	assert_int_equal(lab->cause, PPP_CAUSE_PROTOCOL_REJECT);
	lab_new(lab);
	lab_lcp_opened(lab);
	LAB_IN(lab, PPP_LCP, PROTO_REJ, 1, 0xc2, 0x23);
	LAB_EMPTY(lab, PPP_LCP, TERM_ACK, 1);
	assert_int_equal(lab->cause, PPP_CAUSE_PROTOCOL_REJECT);
}

static void trailing_padding_is_not_part_of_the_packet(void **state)
{
	static const uint8_t padded[] = {0xc0, 0x21, 1, 5, 0, 6, 7, 2, 0, 0, 0, 0};
	struct lab *lab = *state;

	lab_open(lab);
	lab_raw(lab, padded, sizeof(padded));
	lab_only(lab, PPP_LCP, CONF_ACK);
	LAB_HOLDS(&lab->sent[0], 7, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(we_ask_for_mru_authentication_and_magic_number_only),
		LAB_TEST(the_default_mru_is_not_asked_for),
		LAB_TEST(what_the_peer_may_have_is_acknowledged_as_it_came),
		LAB_TEST(the_link_says_what_data_may_look_like),
		LAB_TEST(a_large_mru_is_clipped_to_the_profile),
		LAB_TEST(every_mru_from_0_to_65535_is_answered_and_only_those_below_64_are_nakked),
		LAB_TEST(unknown_options_and_a_request_to_authenticate_us_are_rejected_in_order),
		LAB_TEST(an_option_listed_twice_is_rejected),
		LAB_TEST(a_known_option_of_a_wrong_length_is_nakked_with_a_right_one),
		LAB_TEST(an_option_of_length_0_or_1_or_beyond_the_packet_discards_the_packet),
		LAB_TEST(three_hundred_and_fifty_unknown_options_are_rejected_within_the_mru),
		LAB_TEST(a_request_that_fills_the_mru_exactly_is_answered_within_it),
		LAB_TEST(after_max_failure_naks_become_rejects),
		LAB_TEST(an_ack_starts_the_count_of_naks_again),
		LAB_TEST(a_peer_that_naks_for_ever_is_given_up),
		LAB_TEST(a_peer_that_rejects_for_ever_is_given_up),
		LAB_TEST(an_ack_with_another_id_or_other_contents_is_dropped),
		LAB_TEST(a_duplicate_of_the_ack_does_not_take_the_link_down),
		LAB_TEST(a_changed_request_has_a_new_id_and_a_repeated_one_keeps_it),
		LAB_TEST(a_nak_of_authentication_moves_to_what_the_peer_proposes),
		LAB_TEST(a_reject_of_authentication_moves_on_and_the_last_one_ends_the_session),
		LAB_TEST(a_magic_number_of_zero_is_nakked_with_another),
		LAB_TEST(a_looped_line_is_found_by_our_own_magic_number),
		LAB_TEST(a_rejected_magic_number_is_zero_in_echoes),
		LAB_TEST(an_echo_is_answered_in_opened_with_our_magic_number_and_its_data),
		LAB_TEST(unanswered_echoes_end_the_session),
		LAB_TEST(only_a_plausible_echo_reply_is_a_sign_of_life),
		LAB_TEST(our_own_magic_number_in_an_echo_ends_the_session_as_a_loop),
		LAB_TEST(an_unknown_code_is_rejected_within_the_peers_mru),
		LAB_TEST(a_code_reject_is_never_answered_by_a_code_reject),
		LAB_TEST(a_code_reject_of_a_code_we_cannot_do_without_ends_the_session),
		LAB_TEST(identification_time_remaining_and_discard_request_want_no_answer),
		LAB_TEST(an_unknown_protocol_is_rejected_in_phase_network_within_the_peers_mru),
		LAB_TEST(before_phase_network_other_protocols_are_discarded_in_silence),
		LAB_TEST(a_compressed_protocol_field_is_understood),
		LAB_TEST(a_protocol_reject_of_lcp_or_of_the_authentication_ends_the_session),
		LAB_TEST(trailing_padding_is_not_part_of_the_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
