/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 2661 s4.1, s4.4, s7.1: what an AVP that is unknown, malformed, missing or strange does to tunnel and call. */
#include "tests/conformance/l2tp_lab.h"

struct oddity {
	const char *name;
	uint8_t avp[32];
	uint8_t len;
	uint16_t error; /* when M is set in the first octet */
};

/* The first octet is 0x80 | ... : M; the tests clear it to see the other half of the rule. */
static const struct oddity oddities[] = {
	{"unknown type", {0x80, 8, 0, 0, 0, 99, 1, 2}, 8, 8},
	{"the unassigned 20", {0x80, 8, 0, 0, 0, 20, 1, 2}, 8, 8},
	{"type 65535", {0x80, 6, 0, 0, 0xff, 0xff}, 6, 8},
	{"unknown vendor, known number", {0x80, 8, 0, 9, 0, 8, 1, 2}, 8, 8},
	{"reserved bit on a known type", {0x84, 8, 0, 0, 0, 36, 1, 2}, 8, 8},
	{"every reserved bit", {0xbc, 8, 0, 0, 0, 36, 1, 2}, 8, 8},
	{"length 0", {0x80, 0, 0, 0, 0, 36}, 6, 2},
	{"length 5", {0x80, 5, 0, 0, 0, 36}, 6, 2},
	{"length beyond the message", {0x80, 200, 0, 0, 0, 36}, 6, 2},
	{"not to be hidden", {0xc0, 8, 0, 0, 0, 36, 1, 2}, 8, 3},
};

#define ODDITIES (sizeof(oddities) / sizeof(oddities[0]))

static struct lab *fresh(bool up)
{
	struct lab *lab = lab_new((struct l2tp_limits){.tunnels = 2, .calls = 8, .chunks = 64});

	if (up)
		tunnel_comes_up(lab);
	return lab;
}

/* Items 1, 7. */
static void an_odd_avp_with_m_in_an_sccrq_refuses_the_tunnel(void **state)
{
	(void)state;
	for (size_t i = 0; i < ODDITIES; i++) {
		struct lab *lab = fresh(false);
		struct l2tp_result r;

		lac_sends(lab, SCCRQ, .extra = oddities[i].avp, .extra_len = oddities[i].len);
		r = stopccn_of(lns_sends(lab, STOPCCN, .tid = IS(7)));
		assert_int_equal(r.result, 2);
		assert_int_equal(r.error, oddities[i].error);
		lab_run_for(lab, 40000);
		nothing_is_in_use(lab);
		lab_free(lab);
	}
}

/* Items 1, 7. */
static void an_odd_avp_with_m_in_a_tunnel_message_ends_the_tunnel(void **state)
{
	(void)state;
	for (size_t i = 0; i < ODDITIES; i++) {
		struct lab *lab = fresh(true);
		struct l2tp_result r;

		lac_sends(lab, HELLO, .extra = oddities[i].avp, .extra_len = oddities[i].len);
		r = stopccn_of(lns_sends(lab, STOPCCN));
		assert_int_equal(r.result, 2);
		assert_int_equal(r.error, oddities[i].error);
		lab_free(lab);
	}
}

/* Items 1, 7. */
static void an_odd_avp_with_m_in_a_call_message_ends_that_call_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < ODDITIES; i++) {
		struct lab *lab = fresh(true);
		uint32_t bystander = call_comes_up(lab, 50);
		struct l2tp_result r;
		struct lab_sent *s;

		lac_sends(lab, ICRQ, .call = 11, .extra = oddities[i].avp,
			.extra_len = oddities[i].len);
		s = lns_sends(lab, CDN, .sid = IS(11));
		r = l2tp_msg_result(&s->m);
		assert_int_equal(r.result, 2);
		assert_int_equal(r.error, oddities[i].error);
		lac_sends(lab, ICRQ, .call = 12);
		s = lns_sends(lab, ICRP, .sid = IS(12));
		lac_sends(lab, ICCN, .sid = s->m.sid, .extra = oddities[i].avp,
			.extra_len = oddities[i].len);
		r = l2tp_msg_result(&lns_sends(lab, CDN, .sid = IS(12))->m);
		assert_int_equal(r.result, 2);
		assert_int_equal(r.error, oddities[i].error);
		assert_int_equal(lab->call[bystander].state, L2TP_C_ESTABLISHED);
		assert_int_equal(lab->tunnel[the_tunnel(lab)].state, L2TP_T_ESTABLISHED);
		lab_free(lab);
	}
}

/* Item 7. */
static void an_odd_avp_without_m_is_passed_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < ODDITIES; i++) {
		struct lab *lab = fresh(false);
		struct oddity o = oddities[i];
		struct lab_sent *s;

		o.avp[0] &= 0x7f;
		lac_sends(lab, SCCRQ, .extra = o.avp, .extra_len = o.len);
		lns_sends(lab, SCCRP);
		lac_sends(lab, SCCCN, .extra = o.avp, .extra_len = o.len);
		lac_sends(lab, HELLO, .extra = o.avp, .extra_len = o.len);
		lac_sends(lab, ICRQ, .call = 11, .extra = o.avp, .extra_len = o.len);
		lns_sends(lab, ZLB);
		s = lns_sends(lab, ICRP);
		lac_sends(lab, ICCN, .sid = s->m.sid, .extra = o.avp, .extra_len = o.len);
		assert_int_equal(lab->ups, 1);
		lab_free(lab);
	}
}

/* Item 7: a known AVP of a wrong length, in each message that may carry it: its M bit decides. */
static void the_m_bit_of_a_malformed_known_avp_decides(void **state)
{
	(void)state;
	for (uint16_t type = 1; type < L2TP_AVP_TYPES; type++) {
		const struct l2tp_avp_desc *row = l2tp_avp_desc(type);
		uint8_t value[1018] = {0}, avp[1024];

		if (!row || !(row->in >> L2TP_ICCN & 1) || row->need)
			continue;
		for (size_t len = 0; len <= 1017; len += len == row->max + 1u ? 900 : 1) {
			for (int must = 0; must < 2; must++) {
				struct l2tp_unhiding u = {0};
				struct l2tp_result fault;
				struct l2tp_msg m;
				struct wr w = wr_of(avp, sizeof(avp));
				uint8_t body[1100];
				size_t base;
				bool wrong = len < row->min || len > row->max;

				m = (struct l2tp_msg){.type = L2TP_ICCN,
					.have = L2TP_HAS(L2TP_AVP_FRAMING_TYPE) |
						L2TP_HAS(L2TP_AVP_TX_CONNECT_SPEED)};
				base = l2tp_msg_encode(&m, body, sizeof(body));
				l2tp_avp_put(&w, must ? L2TP_AVP_M : 0, type, value, len);
				if (w.bad)
					continue;
				memcpy(body + base, avp, (size_t)(w.p - avp));
				l2tp_msg_decode(body, base + (size_t)(w.p - avp), &u, &m, &fault);
				assert_int_equal(fault.result, wrong && must ? 2 : 0);
				if (wrong && must)
					assert_int_equal(fault.error, 2);
				assert_int_equal((m.have & L2TP_HAS(type)) != 0, !wrong);
			}
			if (row->max == 1017 && len == row->min + 20u)
				len = 1010;
		}
	}
}

static void message(struct lab *lab, uint16_t type, bool must)
{
	uint8_t avp[8] = {must ? 0x80 : 0, 8, 0, 0, 0, 0, (uint8_t)(type >> 8), (uint8_t)type};
	uint8_t buf[64];

	l2tp_hdr_encode(buf, lab->lac.lns_tid, 0, lab->lac.ns++, lab->lac.nr, sizeof(avp));
	memcpy(buf + L2TP_HDR_CONTROL, avp, sizeof(avp));
	lab_input(lab, &lab->lac.peer, buf, L2TP_HDR_CONTROL + sizeof(avp));
}

/* Item 8. */
static void an_unknown_message_without_m_is_acknowledged_and_ignored(void **state)
{
	static const uint16_t types[] = {0, 5, 13, 17, 18, 19, 21, 22, 31, 32, 64, 65535};
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		message(lab, types[i], false);
		lab_run_for(lab, 100);
		lns_sends(lab, ZLB, .nr = IS(3 + i));
		assert_int_equal(lab->tunnel[the_tunnel(lab)].state, L2TP_T_ESTABLISHED);
	}
}

/* Item 8. */
static void an_unknown_message_with_m_ends_the_tunnel(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	message(lab, 18, true);
	assert_int_equal(stopccn_of(lns_sends(lab, STOPCCN)).result, 2);
}

/* Item 8. */
static void a_message_that_does_not_begin_with_message_type_ends_the_tunnel(void **state)
{
	static const uint8_t bodies[][16] = {
		{0x80, 8, 0, 0, 0, 36, 0, 6},
		{0x80, 8, 0, 9, 0, 0, 0, 6},
		{0xc0, 8, 0, 0, 0, 0, 0, 6},
		{0x80, 7, 0, 0, 0, 0, 6, 6},
		{0x84, 8, 0, 0, 0, 0, 0, 6},
		{0, 0, 0, 0, 0, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct lab *lab = fresh(true);
		uint8_t buf[64];

		l2tp_hdr_encode(buf, lab->lac.lns_tid, 0, lab->lac.ns++, lab->lac.nr, 8);
		memcpy(buf + L2TP_HDR_CONTROL, bodies[i], 8);
		lab_input(lab, &lab->lac.peer, buf, L2TP_HDR_CONTROL + 8);
		assert_int_equal(stopccn_of(lns_sends(lab, STOPCCN)).result, 2);
		lab_free(lab);
	}
}

/* Item 7 (s6): what a message must carry. */
static void a_message_that_lacks_what_it_must_carry_is_refused(void **state)
{
	static const uint16_t types[] = {L2TP_SCCRQ, L2TP_ICRQ, L2TP_ICCN};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (uint16_t avp = 1; avp < L2TP_AVP_TYPES; avp++) {
			const struct l2tp_avp_desc *row = l2tp_avp_desc(avp);
			struct lab *lab;
			struct lac_words w = {.call = 11, .omit = L2TP_HAS(avp)};

			/* Without the sender's id there is nobody to answer: below. */
			if (!row || !(row->need >> types[i] & 1) ||
				avp == L2TP_AVP_ASSIGNED_TUNNEL_ID ||
				avp == L2TP_AVP_ASSIGNED_SESSION_ID)
				continue;
			lab = fresh(types[i] != L2TP_SCCRQ);
			if (types[i] == L2TP_ICCN) {
				lac_sends(lab, ICRQ, .call = 11);
				w.sid = lns_sends(lab, ICRP)->m.sid;
			}
			lac_sends_words(lab, types[i], &w);
			if (types[i] == L2TP_SCCRQ)
				assert_int_equal(stopccn_of(lns_sends(lab, STOPCCN)).error, 6);
			else
				assert_int_equal(l2tp_msg_result(&lns_sends(lab, CDN)->m).error, 6);
			lab_free(lab);
		}
	}
}

/* Item 4: an SCCRQ that assigns tunnel id 0 or none cannot be answered. */
static void an_sccrq_without_a_tunnel_id_is_counted_and_dropped(void **state)
{
	struct lab *lab = *state;

	lac_sends(lab, SCCRQ, .omit = L2TP_HAS(L2TP_AVP_ASSIGNED_TUNNEL_ID));
	lab->lac.tid = 0;
	lab->lac.ns = 0;
	lac_sends(lab, SCCRQ);
	assert_int_equal(l2tp_counters(lab->cp)->bad_avp, 2);
	lns_is_silent(lab);
	nothing_is_in_use(lab);
}

/* An ICRQ that assigns session id 0: no call can come of it, and none is made. */
static void an_icrq_with_session_id_0_is_acknowledged_and_makes_no_call(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	lac_sends(lab, ICRQ, .call = 0);
	lab_run_for(lab, 100);
	lns_sends(lab, ZLB, .nr = IS(3));
	assert_int_equal(lab->requests, 0);
	assert_int_equal(lab->tunnel[the_tunnel(lab)].state, L2TP_T_ESTABLISHED);
}

/* Item 10. */
static void the_result_code_avp_has_2_or_4_or_more_octets(void **state)
{
	struct l2tp_result r = {.result = 3};
	uint8_t buf[80];

	(void)state;
	assert_int_equal(l2tp_msg_result_encode(&r, buf), 2);
	r.error = 4;
	assert_int_equal(l2tp_msg_result_encode(&r, buf), 4);
	strcpy(r.text, "bye");
	assert_int_equal(l2tp_msg_result_encode(&r, buf), 7);
	assert_memory_equal(buf, "\0\3\0\4bye", 7);
}

/* Item 10. */
static void every_code_of_a_cdn_and_a_stopccn_has_its_name(void **state)
{
	(void)state;
	for (uint16_t i = 1; i <= 11; i++)
		assert_string_not_equal(l2tp_cdn_result_name(i), "unknown");
	for (uint16_t i = 1; i <= 7; i++)
		assert_string_not_equal(l2tp_stopccn_result_name(i), "unknown");
	assert_string_equal(l2tp_cdn_result_name(8), "busy");
	assert_string_equal(l2tp_cdn_result_name(12), "unknown");
	assert_string_equal(l2tp_stopccn_result_name(0), "unknown");
	assert_string_equal(l2tp_stopccn_result_name(8), "unknown");
}

/* Item 10. */
static void a_stopccn_or_cdn_without_a_readable_result_still_ends(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	call_comes_up(lab, 11);
	lac_sends(lab, CDN, .call = 11, .omit = L2TP_HAS(L2TP_AVP_RESULT_CODE));
	lns_tells(lab, L2TP_ACT_CALL_DOWN);
	lac_sends(lab, STOPCCN, .omit = L2TP_HAS(L2TP_AVP_RESULT_CODE));
	lns_tells(lab, L2TP_ACT_TUNNEL_DOWN);
}

/* Item 10: the version. */
static void another_protocol_version_is_refused_with_the_one_we_do(void **state)
{
	struct lab *lab = *state;
	struct l2tp_result r;

	lac_sends(
		lab, SCCRQ, .m = {.have = L2TP_HAS(L2TP_AVP_PROTOCOL_VERSION), .protocol = 0x0200});
	r = stopccn_of(lns_sends(lab, STOPCCN));
	assert_int_equal(r.result, 5);
	assert_int_equal(r.error, 0x0100);
}

/* Item 10. */
static void a_higher_revision_is_accepted(void **state)
{
	struct lab *lab = *state;

	lac_sends(
		lab, SCCRQ, .m = {.have = L2TP_HAS(L2TP_AVP_PROTOCOL_VERSION), .protocol = 0x0107});
	assert_int_equal(lns_sends(lab, SCCRP)->m.protocol, 0x0100);
}

/* Item 11. */
static void an_absent_receive_window_is_4(void **state)
{
	struct lab *lab = *state;

	lac_sends(lab, SCCRQ);
	assert_int_equal(lab->tunnel[1].peer_window, 4);
}

/* Item 11. */
static void a_receive_window_of_0_is_refused(void **state)
{
	struct lab *lab = *state;

	lac_sends(lab, SCCRQ, .m = {.have = L2TP_HAS(L2TP_AVP_RECEIVE_WINDOW_SIZE), .window = 0});
	assert_int_equal(stopccn_of(lns_sends(lab, STOPCCN)).error, 3);
}

/* AVPs come in any order after Message Type; the first of two counts; what a message should not carry is passed over. */
static void avps_may_come_in_any_order_repeated_and_misplaced(void **state)
{
	struct lab *lab = *state;
	uint8_t buf[256];
	struct wr w = wr_of(buf + L2TP_HDR_CONTROL, sizeof(buf) - L2TP_HDR_CONTROL);

	l2tp_avp_put(&w, L2TP_AVP_M, L2TP_AVP_MESSAGE_TYPE, "\0\1", 2);
	l2tp_avp_put(&w, L2TP_AVP_M, L2TP_AVP_ASSIGNED_TUNNEL_ID, "\0\7", 2);
	l2tp_avp_put(&w, L2TP_AVP_M, L2TP_AVP_HOST_NAME, "first", 5);
	l2tp_avp_put(&w, L2TP_AVP_M, L2TP_AVP_CALLED_NUMBER, "123", 3);
	l2tp_avp_put(&w, L2TP_AVP_M, L2TP_AVP_HOST_NAME, "second", 6);
	l2tp_avp_put(&w, L2TP_AVP_M, L2TP_AVP_FRAMING_CAPABILITIES, "\0\0\0\3", 4);
	l2tp_avp_put(&w, L2TP_AVP_M, L2TP_AVP_PROTOCOL_VERSION, "\1\0", 2);
	l2tp_hdr_encode(buf, 0, 0, 0, 0, (size_t)(w.p - buf) - L2TP_HDR_CONTROL);
	lab_input(lab, &lab->lac.peer, buf, (size_t)(w.p - buf));
	lns_sends(lab, SCCRP);
	assert_string_equal(lab->tunnel[1].host_name.s, "first");
}

/* Long texts are cut, not overrun. */
static void texts_of_any_length_are_cut_to_fit(void **state)
{
	static const size_t lengths[] = {1, 62, 63, 64, 254, 255, 256, 1017};
	uint8_t text[1017];

	memset(text, 'x', sizeof(text));
	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct lab *lab = fresh(true);
		size_t want = lengths[i] > 62 ? 62 : lengths[i];

		lac_sends(lab, ICRQ, .call = 11,
			.m = {.have = L2TP_HAS(L2TP_AVP_CALLED_NUMBER) |
					L2TP_HAS(L2TP_AVP_CALLING_NUMBER),
				.called = l2tp_bytes_of(text, lengths[i]),
				.calling = l2tp_bytes_of(text, lengths[i])});
		lns_sends(lab, ICRP);
		assert_int_equal(lab->call[1].called.len, want);
		assert_int_equal(strlen(lab->call[1].called.s), want);
		assert_int_equal(strlen(lab->call[1].calling.s), want);
		lab_free(lab);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(an_odd_avp_with_m_in_an_sccrq_refuses_the_tunnel),
		LAB_TEST(an_odd_avp_with_m_in_a_tunnel_message_ends_the_tunnel),
		LAB_TEST(an_odd_avp_with_m_in_a_call_message_ends_that_call_only),
		LAB_TEST(an_odd_avp_without_m_is_passed_over),
		LAB_TEST(the_m_bit_of_a_malformed_known_avp_decides),
		LAB_TEST(an_unknown_message_without_m_is_acknowledged_and_ignored),
		LAB_TEST(an_unknown_message_with_m_ends_the_tunnel),
		LAB_TEST(a_message_that_does_not_begin_with_message_type_ends_the_tunnel),
		LAB_TEST(a_message_that_lacks_what_it_must_carry_is_refused),
		LAB_TEST(an_sccrq_without_a_tunnel_id_is_counted_and_dropped),
		LAB_TEST(an_icrq_with_session_id_0_is_acknowledged_and_makes_no_call),
		LAB_TEST(the_result_code_avp_has_2_or_4_or_more_octets),
		LAB_TEST(every_code_of_a_cdn_and_a_stopccn_has_its_name),
		LAB_TEST(a_stopccn_or_cdn_without_a_readable_result_still_ends),
		LAB_TEST(another_protocol_version_is_refused_with_the_one_we_do),
		LAB_TEST(a_higher_revision_is_accepted),
		LAB_TEST(an_absent_receive_window_is_4),
		LAB_TEST(a_receive_window_of_0_is_refused),
		LAB_TEST(avps_may_come_in_any_order_repeated_and_misplaced),
		LAB_TEST(texts_of_any_length_are_cut_to_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
