/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 2661 s5.1.1: tunnel authentication, both ways; s4.3: hidden AVPs on their way into a tunnel. */
#include "tests/conformance/l2tp_lab.h"

static const struct l2tp_secret secret = {.p = (const uint8_t *)"s3cret", .len = 6};

static void with_secret(struct lab *lab, bool challenge)
{
	memcpy(lab->profile.secret, secret.p, secret.len);
	lab->profile.secret_len = (uint8_t)secret.len;
	lab->profile.challenge = challenge;
}

/* Item 13. */
static void a_challenge_of_any_length_is_answered_with_type_2_secret_and_challenge(void **state)
{
	static const size_t lengths[] = {
		1, 15, 16, 17, 127, 128, 129, 140, 254, 255, 256, 1000, 1017};
	uint8_t challenge[1017], want[16];

	for (size_t i = 0; i < sizeof(challenge); i++)
		challenge[i] = (uint8_t)(i * 7);
	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct lab *lab =
			lab_new((struct l2tp_limits){.tunnels = 1, .calls = 1, .chunks = 64});
		struct lab_sent *s;

		with_secret(lab, false);
		lac_sends(lab, SCCRQ,
			.m = {.have = L2TP_HAS(L2TP_AVP_CHALLENGE),
				.challenge = l2tp_bytes_of(challenge, lengths[i])});
		s = lns_sends(lab, SCCRP);
		l2tp_response(2, secret, challenge, lengths[i], want);
		assert_int_equal(s->m.response.len, 16);
		assert_memory_equal(s->m.response.p, want, 16);
		assert_int_equal(s->m.challenge.len, 0); /* we did not want to */
		lab_free(lab);
	}
}

static void answer(struct lab *lab, uint8_t type, struct l2tp_secret with)
{
	uint8_t response[16];

	l2tp_response(type, with, lab->lac.lns_challenge, lab->lac.lns_challenge_len, response);
	lac_sends(lab, SCCCN,
		.m = {.have = L2TP_HAS(L2TP_AVP_CHALLENGE_RESPONSE),
			.response = l2tp_bytes_of(response, 16)});
}

/* Item 13. */
static void the_right_response_opens_the_tunnel(void **state)
{
	struct lab *lab = *state;

	with_secret(lab, true);
	lac_sends(lab, SCCRQ);
	lns_sends(lab, SCCRP);
	assert_int_equal(lab->lac.lns_challenge_len, 16);
	lns_tells(lab, L2TP_ACT_TUNNEL_REQUEST);
	answer(lab, 3, secret);
	lns_tells(lab, L2TP_ACT_TUNNEL_UP);
}

static void refused(struct lab *lab)
{
	assert_int_equal(stopccn_of(lns_sends(lab, STOPCCN)).result, 4);
	assert_int_equal(lns_tells(lab, L2TP_ACT_TUNNEL_DOWN)->result.result, 4);
	assert_int_equal(l2tp_counters(lab->cp)->auth_failed, 1);
}

/* Item 13. */
static void a_response_with_the_wrong_secret_or_message_type_is_refused(void **state)
{
	static const struct l2tp_secret wrong = {.p = (const uint8_t *)"guess", .len = 5};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct lab *lab =
			lab_new((struct l2tp_limits){.tunnels = 1, .calls = 1, .chunks = 64});

		with_secret(lab, true);
		lac_sends(lab, SCCRQ);
		lab_forget(lab);
		answer(lab, i ? 2 : 3, i ? secret : wrong);
		refused(lab);
		lab_free(lab);
	}
}

/* Item 13. */
static void an_absent_response_is_refused(void **state)
{
	struct lab *lab = *state;

	with_secret(lab, true);
	lac_sends(lab, SCCRQ);
	lab_forget(lab);
	lac_sends(lab, SCCCN);
	refused(lab);
}

/* Item 13. */
static void a_challenge_is_refused_where_there_is_no_secret(void **state)
{
	struct lab *lab = *state;
	struct l2tp_result r;

	lac_sends(lab, SCCRQ,
		.m = {.have = L2TP_HAS(L2TP_AVP_CHALLENGE), .challenge = l2tp_bytes_of("abc", 3)});
	r = stopccn_of(lns_sends(lab, STOPCCN, .tid = IS(7)));
	assert_int_equal(r.result, 4);
	assert_true(r.text[0] != 0);
}

/* Item 13: each tunnel gets a challenge of its own. */
static void challenges_differ(void **state)
{
	struct lab *lab = *state;
	uint8_t first[16];

	with_secret(lab, true);
	lac_sends(lab, SCCRQ);
	memcpy(first, lab->lac.lns_challenge, 16);
	lab->lac = (struct lac){.peer = lab->lac.peer, .tid = 8};
	lac_sends(lab, SCCRQ);
	assert_int_equal(lab->lac.lns_challenge_len, 16);
	assert_memory_not_equal(first, lab->lac.lns_challenge, 16);
}

static size_t hidden_avp(
	uint16_t flags, uint16_t type, struct l2tp_secret with, const char *value, uint8_t *out)
{
	struct wr w = wr_of(out, 256);
	uint8_t cipher[128];

	l2tp_avp_put(&w, L2TP_AVP_M, L2TP_AVP_RANDOM_VECTOR, "0123456789abcdef", 16);
	l2tp_avp_put(&w, flags | L2TP_AVP_H, type, cipher,
		l2tp_hide(type, with, (const uint8_t *)"0123456789abcdef", 16,
			(const uint8_t *)value, strlen(value), 5, cipher));
	return (size_t)(w.p - out);
}

/* Item 9. */
static void a_hidden_challenge_is_opened_and_answered(void **state)
{
	struct lab *lab = *state;
	uint8_t extra[256], want[16];
	size_t len =
		hidden_avp(L2TP_AVP_M, L2TP_AVP_CHALLENGE, secret, "who are you, really?", extra);

	with_secret(lab, false);
	lac_sends(lab, SCCRQ, .extra = extra, .extra_len = len);
	l2tp_response(2, secret, (const uint8_t *)"who are you, really?", 20, want);
	assert_memory_equal(lns_sends(lab, SCCRP)->m.response.p, want, 16);
}

/* Item 9. */
static void a_hidden_avp_without_a_shared_secret_is_an_error(void **state)
{
	struct lab *lab = *state;
	uint8_t extra[256];
	size_t len = hidden_avp(L2TP_AVP_M, L2TP_AVP_CHALLENGE, secret, "x", extra);

	lac_sends(lab, SCCRQ, .extra = extra, .extra_len = len);
	assert_int_equal(stopccn_of(lns_sends(lab, STOPCCN)).result, 2);
}

/* Item 9. */
static void a_hidden_avp_that_may_be_ignored_is_ignored_where_it_cannot_be_opened(void **state)
{
	struct lab *lab = *state;
	uint8_t extra[256];
	size_t len = hidden_avp(0, L2TP_AVP_VENDOR_NAME, secret, "a vendor", extra);

	lac_sends(lab, SCCRQ, .extra = extra, .extra_len = len);
	lns_sends(lab, SCCRP);
	assert_int_equal(lab->tunnel[1].vendor_name.len, 0);
}

/* Item 9. */
static void a_hidden_vendor_name_is_read(void **state)
{
	struct lab *lab = *state;
	uint8_t extra[256];
	size_t len =
		hidden_avp(0, L2TP_AVP_VENDOR_NAME, secret, "a vendor of many many boxes", extra);

	with_secret(lab, false);
	lac_sends(lab, SCCRQ, .extra = extra, .extra_len = len);
	lns_sends(lab, SCCRP);
	assert_string_equal(lab->tunnel[1].vendor_name.s, "a vendor of many many boxes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(a_challenge_of_any_length_is_answered_with_type_2_secret_and_challenge),
		LAB_TEST(the_right_response_opens_the_tunnel),
		LAB_TEST(a_response_with_the_wrong_secret_or_message_type_is_refused),
		LAB_TEST(an_absent_response_is_refused),
		LAB_TEST(a_challenge_is_refused_where_there_is_no_secret),
		LAB_TEST(challenges_differ),
		LAB_TEST(a_hidden_challenge_is_opened_and_answered),
		LAB_TEST(a_hidden_avp_without_a_shared_secret_is_an_error),
		LAB_TEST(a_hidden_avp_that_may_be_ignored_is_ignored_where_it_cannot_be_opened),
		LAB_TEST(a_hidden_vendor_name_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
