/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 2661 s3.1, s8.1: the header, and which tunnel a datagram belongs to. */
#include "tests/conformance/l2tp_lab.h"

static size_t hello(struct lab *lab, uint8_t *buf, size_t cap)
{
	return lac_encode(lab, L2TP_HELLO, &(struct lac_words){0}, buf, cap);
}

/* Item 1. */
static void a_control_message_needs_length_and_sequence_and_no_offset_or_priority(void **state)
{
	struct lab *lab = *state;
	uint8_t buf[64];
	size_t len;

	tunnel_comes_up(lab);
	len = hello(lab, buf, sizeof(buf));
	for (unsigned int i = 0; i < 4; i++) {
		static const uint16_t wrong[] = {0x8802, 0xc002, 0xca02, 0xc902};

		buf[0] = (uint8_t)(wrong[i] >> 8);
		buf[1] = (uint8_t)wrong[i];
		lab_input(lab, &lab->lac.peer, buf, len);
		assert_int_equal(l2tp_counters(lab->cp)->bad_header, i + 1);
	}
	lab_run_for(lab, 100);
	lns_is_silent(lab);
}

/* Item 1. */
static void reserved_header_bits_are_ignored(void **state)
{
	struct lab *lab = *state;
	uint8_t buf[64];
	size_t len;

	tunnel_comes_up(lab);
	len = hello(lab, buf, sizeof(buf));
	buf[0] |= 0x34;
	buf[1] |= 0xf0;
	lab_input(lab, &lab->lac.peer, buf, len);
	lab_run_for(lab, 100);
	lns_sends(lab, ZLB, .nr = IS(3));
}

/* Item 2. */
static void what_lies_beyond_length_is_ignored(void **state)
{
	struct lab *lab = *state;
	uint8_t buf[64] = {0};
	size_t len;

	tunnel_comes_up(lab);
	len = hello(lab, buf, sizeof(buf));
	lab_input(lab, &lab->lac.peer, buf, len + 18);
	lab_run_for(lab, 100);
	lns_sends(lab, ZLB, .nr = IS(3));
	assert_int_equal(l2tp_counters(lab->cp)->bad_avp, 0);
}

/* Item 2. */
static void a_length_beyond_the_datagram_or_below_the_header_is_refused(void **state)
{
	struct lab *lab = *state;
	uint8_t buf[64];
	size_t len;
	unsigned int refused = 0;

	tunnel_comes_up(lab);
	len = hello(lab, buf, sizeof(buf));
	for (uint16_t length = 0; length < 300; length++) {
		if (length >= 12 && length <= len)
			continue;
		buf[2] = (uint8_t)(length >> 8);
		buf[3] = (uint8_t)length;
		lab_input(lab, &lab->lac.peer, buf, len);
		assert_int_equal(l2tp_counters(lab->cp)->bad_header, ++refused);
	}
}

/* Item 2. */
static void the_offset_of_a_data_message_counts_pad_octets_only(void **state)
{
	static const uint8_t data[] = {
		0x42, 0x02, 0, 15, 0, 1, 0, 2, 0, 3, 9, 9, 9, 0xff, 0x03, 0x77};
	struct l2tp_hdr h;

	(void)state;
	assert_int_equal(l2tp_hdr_decode(data, sizeof(data), &h), L2TP_HDR_OK);
	assert_false(h.control);
	assert_int_equal(h.tid, 1);
	assert_int_equal(h.sid, 2);
	assert_int_equal(h.body, 13);
	assert_int_equal(h.len, 15);
}

/* Item 2: an Offset Size that leads out of the message. */
static void an_offset_beyond_the_message_is_refused(void **state)
{
	static const uint8_t data[] = {0x42, 0x02, 0, 12, 0, 1, 0, 2, 0, 3, 9, 9, 9, 9};
	struct l2tp_hdr h;

	(void)state;
	assert_int_equal(l2tp_hdr_decode(data, sizeof(data), &h), L2TP_HDR_BAD);
}

/* Item 3. */
static void l2f_and_unknown_versions_are_discarded_and_counted(void **state)
{
	struct lab *lab = *state;
	uint8_t buf[64];
	size_t len;

	tunnel_comes_up(lab);
	len = hello(lab, buf, sizeof(buf));
	for (uint8_t version = 0; version < 16; version++) {
		if (version == 2)
			continue;
		buf[1] = version;
		lab_input(lab, &lab->lac.peer, buf, len);
	}
	assert_int_equal(l2tp_counters(lab->cp)->l2f, 1);
	assert_int_equal(l2tp_counters(lab->cp)->bad_version, 14);
	lab_run_for(lab, 100);
	lns_is_silent(lab);
}

/* Item 4. */
static void a_repeated_sccrq_finds_its_half_open_tunnel(void **state)
{
	struct lab *lab = *state;
	uint32_t tunnels, ignore;

	for (int i = 0; i < 5; i++)
		lac_sends(lab, SCCRQ, .as_is = true);
	lns_sends(lab, SCCRP, .ns = IS(0), .nr = IS(1));
	for (int i = 0; i < 4; i++)
		lns_sends(lab, ZLB, .nr = IS(1));
	l2tp_usage(lab->cp, &tunnels, &ignore, &ignore, &ignore);
	assert_int_equal(tunnels, 1);
	lns_tells(lab, L2TP_ACT_TUNNEL_REQUEST);
	assert_false(lns_told(lab, L2TP_ACT_TUNNEL_REQUEST));
}

/* Item 4. */
static void tunnels_that_share_address_and_port_are_told_apart_by_id(void **state)
{
	struct lab *lab = *state;
	uint16_t first;

	tunnel_comes_up(lab);
	first = lab->lac.lns_tid;
	lab->lac = (struct lac){.peer = lab->lac.peer, .tid = 8};
	tunnel_comes_up(lab);
	assert_int_not_equal(first, lab->lac.lns_tid);
	lac_sends(lab, HELLO, .as_is = true, .ns = 2, .nr = 1, .to_tid = first);
	lab_run_for(lab, 100);
	lns_sends(lab, ZLB, .tid = IS(7));
}

/* Item 4. */
static void a_datagram_for_an_unknown_tunnel_is_counted_and_leaves_no_trace(void **state)
{
	struct lab *lab = *state;

	lac_sends(lab, HELLO, .as_is = true, .to_tid = 4711);
	lac_sends(lab, HELLO, .as_is = true, .to_tid = 0);
	lac_sends(lab, ZLB, .as_is = true, .to_tid = 0);
	assert_int_equal(l2tp_counters(lab->cp)->no_tunnel, 3);
	lns_is_silent(lab);
	nothing_is_in_use(lab);
}

/* Item 5. */
static void a_stopccn_of_a_peer_that_never_learned_our_id_finds_the_tunnel(void **state)
{
	struct lab *lab = *state;
	uint32_t tunnel;

	lac_sends(lab, SCCRQ);
	tunnel = the_tunnel(lab);
	lns_sends(lab, SCCRP);
	lac_sends(lab, STOPCCN, .as_is = true, .to_tid = 0, .ns = 1, .nr = 0);
	assert_int_equal(lab->tunnel[tunnel].state, L2TP_T_CLOSING);
	lab_run_for(lab, 100);
	lns_sends(lab, ZLB, .nr = IS(2));
}

/* Item 5: but an established tunnel is not ended so; its peer knows our id. */
static void a_stopccn_without_our_id_does_not_end_an_established_tunnel(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	lac_sends(lab, STOPCCN, .as_is = true, .to_tid = 0, .ns = 2, .nr = 1);
	assert_int_equal(lab->tunnel[the_tunnel(lab)].state, L2TP_T_ESTABLISHED);
	assert_int_equal(l2tp_counters(lab->cp)->no_tunnel, 1);
}

/* Item 5. */
static void a_cdn_with_session_id_0_finds_the_call_by_the_peers_id(void **state)
{
	struct lab *lab = *state;
	uint32_t call;

	tunnel_comes_up(lab);
	call = call_comes_up(lab, 11);
	lac_sends(lab, CDN, .call = 11);
	assert_int_equal(lns_tells(lab, L2TP_ACT_CALL_DOWN)->call, call);
}

/* Item 6. */
static void messages_of_the_tunnel_have_session_id_0(void **state)
{
	struct lab *lab = *state;
	struct l2tp_result bye = {.result = 6};

	lac_sends(lab, SCCRQ);
	lns_sends(lab, SCCRP, .sid = IS(0));
	lac_sends(lab, SCCCN);
	lab_run_for(lab, 100);
	lns_sends(lab, ZLB, .sid = IS(0));
	lab_run_for(lab, 61000);
	lns_sends(lab, HELLO, .sid = IS(0));
	lac_sends(lab, ZLB);
	lab_forget(lab);
	lab_renew(lab);
	l2tp_tunnel_close(lab->cp, the_tunnel(lab), &bye, &lab->env, &lab->out);
	lab_perform(lab);
	lns_sends(lab, STOPCCN, .sid = IS(0));
}

/* Item 23. */
static void the_peers_address_and_port_are_those_of_its_sccrq(void **state)
{
	struct lab *lab = *state;
	struct l2tp_peer other;
	uint8_t buf[64];
	size_t len;

	tunnel_comes_up(lab);
	lac_sends(lab, HELLO, .as_is = true, .ns = 2, .nr = 1, .to_tid = lab->lac.lns_tid,
		.from_elsewhere = true);
	len = lac_encode(lab, L2TP_HELLO,
		&(struct lac_words){.as_is = true, .ns = 2, .nr = 1, .to_tid = lab->lac.lns_tid},
		buf, sizeof(buf));
	other = lab->lac.peer;
	other.addr[3]++;
	lab_input(lab, &other, buf, len);
	other = lab->lac.peer;
	other.vrf++;
	lab_input(lab, &other, buf, len);
	other = lab->lac.peer;
	other.family = 6;
	lab_input(lab, &other, buf, len);
	assert_int_equal(l2tp_counters(lab->cp)->wrong_peer, 4);
	lab_run_for(lab, 100);
	lns_is_silent(lab);
	assert_int_equal(lab->tunnel[the_tunnel(lab)].peer.port, 1701);
	assert_int_equal(lab->tunnel[the_tunnel(lab)].nr, 2);
}

/* Item 23: any source port may be the initiator's. */
static void a_peer_on_any_port_is_answered_there(void **state)
{
	struct lab *lab = *state;

	lab->lac.peer.port = 65432;
	tunnel_comes_up(lab);
	assert_int_equal(lab->tunnel[the_tunnel(lab)].peer.port, 65432);
}

/* Item 25. */
static void tunnel_ids_are_never_0_and_spread_over_the_whole_range(void **state)
{
	struct lab *lab = *state;
	uint32_t bin[16] = {0};
	uint16_t before = 0;
	uint32_t steps_of_1 = 0;

	for (int i = 0; i < 4096; i++) {
		struct l2tp_tunnel *t;

		lab->on_tunnel = LAB_WAIT;
		lab->lac = (struct lac){.peer = lab->lac.peer, .tid = (uint16_t)(i + 1)};
		lac_sends(lab, SCCRQ);
		t = &lab->tunnel[lab->told[(lab->told_tail - 1) % LAB_TOLD].tunnel];
		assert_int_not_equal(t->tid, 0);
		bin[t->tid >> 12]++;
		steps_of_1 += (uint16_t)(t->tid - before) == 1;
		before = t->tid;
		if (i % 16 == 15) { /* all slots are taken: let them time out */
			lab_run_for(lab, 200000);
			nothing_is_in_use(lab);
			lab_forget(lab);
		}
	}
	for (int i = 0; i < 16; i++)
		assert_in_range(bin[i], 256 - 80, 256 + 80); /* 5 sigma */
	assert_true(steps_of_1 < 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(a_control_message_needs_length_and_sequence_and_no_offset_or_priority),
		LAB_TEST(reserved_header_bits_are_ignored),
		LAB_TEST(what_lies_beyond_length_is_ignored),
		LAB_TEST(a_length_beyond_the_datagram_or_below_the_header_is_refused),
		LAB_TEST(the_offset_of_a_data_message_counts_pad_octets_only),
		LAB_TEST(an_offset_beyond_the_message_is_refused),
		LAB_TEST(l2f_and_unknown_versions_are_discarded_and_counted),
		LAB_TEST(a_repeated_sccrq_finds_its_half_open_tunnel),
		LAB_TEST(tunnels_that_share_address_and_port_are_told_apart_by_id),
		LAB_TEST(a_datagram_for_an_unknown_tunnel_is_counted_and_leaves_no_trace),
		LAB_TEST(a_stopccn_of_a_peer_that_never_learned_our_id_finds_the_tunnel),
		LAB_TEST(a_stopccn_without_our_id_does_not_end_an_established_tunnel),
		LAB_TEST(a_cdn_with_session_id_0_finds_the_call_by_the_peers_id),
		LAB_TEST(messages_of_the_tunnel_have_session_id_0),
		LAB_TEST(the_peers_address_and_port_are_those_of_its_sccrq),
		LAB_TEST(a_peer_on_any_port_is_answered_there),
		LAB_TEST(tunnel_ids_are_never_0_and_spread_over_the_whole_range),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
