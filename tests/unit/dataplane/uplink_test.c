/* SPDX-License-Identifier: BSD-3-Clause */
/* uplink_test.c - from the LAC's frame to the core port: L2TP and PPP variants, inner checks, routes. */
#include "tests/unit/dataplane/lab.h"

#include "dataplane/early.h"

static uint8_t ip[2000];

static void send_l2tp(const void *bytes, uint16_t n)
{
	struct frame f;

	lac_frame(&f, bytes, n);
	lab_rx(0, ACCESS, &f);
	lab_run();
}

static void a_plain_ipv4_packet_reaches_the_core_with_one_hop_less(void **state)
{
	(void)state;
	send_sub(1, ip, ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0));
	assert_forwarded4(ip, 46);
	assert_int_equal(lab_session(1)->up_packets, 1);
	assert_int_equal(lab_session(1)->up_octets, 46);
	assert_int_equal(lab_w[0]->tunnel_rx[1], 1);
	assert_int_equal(lab_w[0]->stat.up_packets, 1);
}

static void a_plain_ipv6_packet_reaches_the_core_with_one_hop_less(void **state)
{
	struct frame f;
	const uint8_t *out;
	uint16_t n = ip6_udp(ip, POOL6 + 1, 0x2620000000000001, 100, 9), len;

	(void)state;
	send_sub(1, ip, n);
	assert_true(lab_tx(CORE, &f));
	out = assert_core(&f, &len);
	assert_int_equal(len, n);
	assert_int_equal(out[7], 8);
	assert_memory_equal(out + 8, ip + 8, n - 8u);
	assert_int_equal(dp_t.more[1].up6_octets, n);
	assert_int_equal(lab_session(1)->up_octets, n);
}

static void a_route_over_a_vlan_interface_gets_its_tag(void **state)
{
	struct frame f;

	(void)state;
	send_sub(1, ip, ip4_udp(ip, IP(10, 0, 0, 1), IP(9, 1, 1, 1), 18, 64, 0));
	assert_true(lab_tx(CORE, &f));
	assert_int_equal(f.len, 18 + 46);
	assert_int_equal(load16(f.b + 12), 0x8100);
	assert_int_equal(load16(f.b + 14), 100);
	assert_int_equal(load16(f.b + 16), 0x0800);
	assert_memory_equal(f.b + 18 + 12, ip + 12, 34);
}

/* Every legal shape of the data header, and what is not one. `IP` = the packet follows. */
struct shape {
	const char *name;
	uint8_t head[40];
	uint8_t n;
	enum drop_reason why;
	uint8_t tail; /* bytes after the packet */
};
#define T_  0, TID
#define S1_ 0x01, 0x31 /* lab_sid(1) = 305 */
static const struct shape shapes[] = {
	{"plain", {0, 2, T_, S1_, 0xff, 3, 0, 0x21}, 10, DROP_OK, 0},
	{"no address and control field", {0, 2, T_, S1_, 0, 0x21}, 8, DROP_OK, 0},
	{"one byte protocol", {0, 2, T_, S1_, 0xff, 3, 0x21}, 9, DROP_OK, 0},
	{"neither", {0, 2, T_, S1_, 0x21}, 7, DROP_OK, 0},
	{"Length", {0x40, 2, 0, 58, T_, S1_, 0xff, 3, 0, 0x21}, 12, DROP_OK, 0},
	{"Length, then padding", {0x40, 2, 0, 58, T_, S1_, 0xff, 3, 0, 0x21}, 12, DROP_OK, 9},
	{"Length one too long", {0x40, 2, 0, 59, T_, S1_, 0xff, 3, 0, 0x21}, 12, DROP_L2TP_HEADER,
		0},
	{"Length shorter than the header", {0x40, 2, 0, 7, T_, S1_, 0xff, 3, 0, 0x21}, 12,
		DROP_L2TP_HEADER, 0},
	{"Length ends in the packet", {0x40, 2, 0, 40, T_, S1_, 0xff, 3, 0, 0x21}, 12,
		DROP_INNER_HEADER, 0},
	{"Length ends before PPP", {0x40, 2, 0, 8, T_, S1_, 0xff, 3, 0, 0x21}, 12, DROP_PPP_HEADER,
		0},
	{"Ns and Nr", {0x08, 2, T_, S1_, 0, 9, 0, 0, 0xff, 3, 0, 0x21}, 14, DROP_OK, 0},
	{"Length, Ns and Nr", {0x48, 2, 0, 62, T_, S1_, 0, 9, 0, 0, 0xff, 3, 0, 0x21}, 16, DROP_OK,
		0},
	{"Offset 0", {0x02, 2, T_, S1_, 0, 0, 0xff, 3, 0, 0x21}, 12, DROP_OK, 0},
	{"Offset 3", {0x02, 2, T_, S1_, 0, 3, 1, 2, 3, 0xff, 3, 0, 0x21}, 15, DROP_OK, 0},
	{"Offset beyond the message", {0x02, 2, T_, S1_, 3, 0, 0xff, 3, 0, 0x21}, 12,
		DROP_L2TP_HEADER, 0},
	{"everything", {0x4b, 2, 0, 66, T_, S1_, 0, 9, 0, 0, 0, 2, 1, 2, 0xff, 3, 0, 0x21}, 20,
		DROP_OK, 0},
	{"Priority", {0x01, 2, T_, S1_, 0xff, 3, 0, 0x21}, 10, DROP_OK, 0},
	{"reserved bits", {0x34, 0xf2, T_, S1_, 0xff, 3, 0, 0x21}, 10, DROP_OK, 0},
	{"L2F", {0, 1, T_, S1_, 0xff, 3, 0, 0x21}, 10, DROP_L2TP_VERSION, 0},
	{"L2TPv3", {0, 3, T_, S1_, 0xff, 3, 0, 0x21}, 10, DROP_L2TP_VERSION, 0},
	{"session id 0", {0, 2, T_, 0, 0, 0xff, 3, 0, 0x21}, 10, DROP_L2TP_HEADER, 0},
	{"unknown session", {0, 2, T_, 3, 9, 0xff, 3, 0, 0x21}, 10, DROP_NO_SESSION, 0},
	{"unknown tunnel", {0, 2, 9, 9, S1_, 0xff, 3, 0, 0x21}, 10, DROP_NO_SESSION, 0},
	{"even protocol", {0, 2, T_, S1_, 0xff, 3, 0, 0x20}, 10, DROP_PPP_HEADER, 0},
};

static void every_data_header_variant_is_read_as_the_rfc_says(void **state)
{
	uint16_t n = ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0);

	for (size_t i = 0; i < RTE_DIM(shapes); i++) {
		struct frame l = {0}, f;

		print_message("%s\n", shapes[i].name);
		put(&l, shapes[i].head, shapes[i].n);
		put(&l, ip, n);
		put(&l, "padding padding", shapes[i].tail);
		send_l2tp(l.b, l.len);
		if (shapes[i].why == DROP_OK)
			assert_forwarded4(ip, n);
		else
			assert_only_drop(shapes[i].why, 1);
		assert_false(lab_tx(CORE, &f));
		assert_int_equal(lab_reset(state), 0);
	}
}

static void old_sequence_numbers_are_dropped_when_sequencing_is_used(void **state)
{
	static const struct {
		uint16_t ns;
		bool passes;
	} seq[] = {{65534, true}, {65535, true}, {65535, false}, {1, true}, {0, false}, {2, true},
		{1700, true}, {1699, false}, {100, true}};

	(void)state;
	lab_session(1)->flags |= S_TX_SEQ;
	dp_t.more[1].rx_ns = 65534;
	for (size_t i = 0; i < RTE_DIM(seq); i++) {
		struct frame l = {0}, f;
		uint16_t n = ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0);

		put16(&l, 0x0802);
		put16(&l, TID);
		put16(&l, lab_sid(1));
		put16(&l, seq[i].ns);
		put16(&l, 0);
		put32(&l, 0xff030021);
		put(&l, ip, n);
		send_l2tp(l.b, l.len);
		assert_int_equal(lab_tx(CORE, &f), seq[i].passes);
	}
	assert_int_equal(lab_drops(DROP_OUT_OF_SEQUENCE), 3);
}

static void a_session_that_is_not_started_drops_and_counts(void **state)
{
	(void)state;
	lab_session(1)->action = S_PENDING;
	send_sub(1, ip, ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0));
	assert_only_drop(DROP_NOT_STARTED, 1);
	assert_int_equal(lab_up_drops(1), 1);
}

/* An LCP Configure-Request in session slot, with n more bytes. */
static void send_lcp(uint32_t slot, uint8_t id, uint16_t n)
{
	struct frame l = {0};

	put16(&l, 0x0002);
	put16(&l, TID);
	put16(&l, lab_sid(slot));
	put16(&l, 0xff03);
	put16(&l, PPP_LCP);
	put16(&l, (uint16_t)(0x0100 | id));
	put16(&l, (uint16_t)(4 + n));
	l.len = (uint16_t)(l.len + n);
	send_l2tp(l.b, l.len);
}

static void an_lcp_frame_before_the_start_waits_in_the_session(void **state)
{
	uint8_t frame[EARLY_MAX];

	(void)state;
	lab_session(5)->action = S_PENDING;
	send_lcp(5, 1, 0);
	assert_int_equal(lab_ppp_frames, 0);
	assert_int_equal(lab_dropped(), 0);
	assert_int_equal(early_take(5, frame), 6);
	assert_memory_equal(frame, "\xc0\x21\x01\x01\x00\x04", 6);
	assert_int_equal(early_take(5, frame), 0);
}

static void a_later_early_frame_takes_the_place_of_the_first_which_is_counted(void **state)
{
	uint8_t frame[EARLY_MAX];

	(void)state;
	lab_session(5)->action = S_PENDING;
	send_lcp(5, 1, 0);
	send_lcp(5, 2, 0);
	assert_only_drop(DROP_EARLY_REPLACED, 1);
	assert_int_equal(early_take(5, frame), 6);
	assert_memory_equal(frame, "\xc0\x21\x01\x02\x00\x04", 6);
}

/* Whatever their numbers: those of sessions 1,024 apart once took each other's place. */
static void early_frames_of_all_sessions_are_kept(void **state)
{
	uint8_t frame[EARLY_MAX];

	(void)state;
	for (uint32_t slot = 1; slot <= 8; slot++) {
		lab_session(slot)->action = S_PENDING;
		send_lcp(slot, (uint8_t)slot, 0);
	}
	assert_int_equal(lab_dropped(), 0);
	for (uint32_t slot = 1; slot <= 8; slot++) {
		assert_int_equal(early_take(slot, frame), 6);
		assert_int_equal(frame[3], slot);
	}
}

static void an_early_frame_of_the_slots_former_session_is_not_read(void **state)
{
	uint8_t frame[EARLY_MAX];

	(void)state;
	lab_session(5)->action = S_PENDING;
	send_lcp(5, 1, 0);
	lab_session(5)->generation++;
	assert_int_equal(early_take(5, frame), 0);
}

static void a_long_early_frame_is_dropped(void **state)
{
	(void)state;
	lab_session(1)->action = S_PENDING;
	send_lcp(1, 1, 500);
	assert_only_drop(DROP_NOT_STARTED, 1);
}

static void ids_from_another_sender_find_no_session(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned int k = 0; k < 2; k++) {
		lac_ip(&f, 1, ip, ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0));
		f.b[k ? 14 + 15 : 14 + 21]++; /* address, port */
		fix_ip4(f.b + 14);
		lab_send(ACCESS, &f);
	}
	assert_only_drop(DROP_NO_SESSION, 2);
}

static void ip_before_its_ncp_is_open_is_dropped(void **state)
{
	(void)state;
	lab_session(1)->flags = S_V6;
	send_sub(1, ip, ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0));
	lab_session(1)->flags = S_V4;
	send_sub(1, ip, ip6_udp(ip, POOL6 + 1, 0x2620000000000001, 18, 64));
	assert_only_drop(DROP_PPP_PHASE, 2);
}

static void other_ppp_protocols_go_to_the_automaton_without_address_and_control(void **state)
{
	static const uint8_t lcp[] = {0xc0, 0x21, 9, 1, 0, 8, 1, 2, 3, 4};
	struct frame l = {0};

	(void)state;
	put16(&l, 2);
	put16(&l, TID);
	put16(&l, lab_sid(2));
	put16(&l, 0xff03);
	put(&l, lcp, sizeof(lcp));
	send_l2tp(l.b, l.len);
	assert_int_equal(lab_ppp_frames, 1);
	assert_int_equal(lab_ppp_slot, 2);
	assert_int_equal(lab_ppp.len, sizeof(lcp));
	assert_memory_equal(lab_ppp.b, lcp, sizeof(lcp));
	assert_int_equal(lab_dropped(), 0);
}

static void a_flood_of_control_frames_in_one_session_is_policed_alone(void **state)
{
	static const uint8_t lcp[] = {0xc0, 0x21, 9, 1, 0, 8, 1, 2, 3, 4};

	(void)state;
	for (unsigned int k = 0; k < 401; k++) {
		struct frame l = {0};

		put16(&l, 2);
		put16(&l, TID);
		put16(&l, lab_sid(k < 400 ? 1 : 2));
		put(&l, lcp, sizeof(lcp));
		send_l2tp(l.b, l.len);
	}
	assert_int_equal(lab_ppp_frames, 61);
	assert_int_equal(lab_ppp_slot, 2);
	assert_int_equal(lab_drops(DROP_PPP_POLICED), 401 - lab_ppp_frames);
}

static void an_old_limiter_value_does_not_hold_back_a_session_that_comes_up(void **state)
{
	static const uint8_t lcp[] = {0xc0, 0x21, 9, 1, 0, 8, 1, 2, 3, 4};

	(void)state;
	dp_t.more[1].ppp_police -= 200; /* 3.4 s ago, and 1,000 s ahead of the clock's round */
	dp_t.more[2].ppp_police += 0xf000;
	for (unsigned int k = 0; k < 100; k++) {
		struct frame l = {0};

		put16(&l, 2);
		put16(&l, TID);
		put16(&l, lab_sid(1 + k % 2));
		put(&l, lcp, sizeof(lcp));
		send_l2tp(l.b, l.len);
	}
	assert_int_equal(lab_ppp_frames, 100);
}

static void a_malformed_inner_header_is_dropped(void **state)
{
	uint16_t n;

	(void)state;
	for (unsigned int k = 0; k < 6; k++) {
		n = ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0);
		if (k == 0)
			ip[0] = 0x44;
		else if (k == 1)
			ip[0] = 0x55;
		else if (k == 2)
			store16(ip + 2, n + 1);
		else if (k == 3)
			store16(ip + 2, 19);
		else if (k == 4)
			ip[0] = 0x4f; /* 60 bytes of header in 46 */
		fix_ip4(ip);
		if (k == 0 || k == 5)
			ip[10] ^= 1;
		send_sub(1, ip, n);
	}
	n = ip6_udp(ip, POOL6 + 1, 0x2620000000000001, 18, 64);
	store16(ip + 4, n - 39);
	send_sub(1, ip, n);
	assert_only_drop(DROP_INNER_HEADER, 7);
	assert_int_equal(lab_up_drops(1), 7);
}

static void bytes_after_the_ip_length_are_cut_off(void **state)
{
	uint16_t n = ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0);

	(void)state;
	memset(ip + n, 0xee, 20);
	send_sub(1, ip, n + 20);
	assert_forwarded4(ip, n);
}

static void a_source_that_is_not_the_subscribers_is_dropped(void **state)
{
	(void)state;
	send_sub(1, ip, ip4_udp(ip, IP(10, 0, 0, 2), HOST_IP, 18, 64, 0));
	send_sub(1, ip, ip4_udp(ip, IP(10, 1, 1, 5), HOST_IP, 18, 64, 0));
	send_sub(1, ip, ip6_udp(ip, POOL6 + 2, 0x2620000000000001, 18, 64));
	send_sub(1, ip, ip6_udp(ip, 0, 0x2620000000000001, 18, 64));
	lab_session(2)->flags |= S_ROUTES; /* the route is session 1's */
	send_sub(2, ip, ip4_udp(ip, IP(10, 1, 1, 5), HOST_IP, 18, 64, 0));
	assert_only_drop(DROP_SPOOFED_SOURCE, 5);
	assert_int_equal(lab_session(1)->up_packets, 0);
}

static void a_source_behind_a_framed_route_passes(void **state)
{
	struct frame f;

	(void)state;
	lab_session(1)->flags |= S_ROUTES;
	send_sub(1, ip, ip4_udp(ip, IP(10, 1, 1, 5), HOST_IP, 18, 64, 0));
	assert_forwarded4(ip, 46);
	send_sub(1, ip, ip6_udp(ip, 0x20010db8000f0007, 0x2620000000000001, 18, 64));
	assert_true(lab_tx(CORE, &f));
}

static void without_source_check_only_martians_are_refused(void **state)
{
	(void)state;
	lab_session(1)->flags |= S_NO_SRC_CHECK;
	send_sub(1, ip, ip4_udp(ip, IP(172, 16, 0, 9), HOST_IP, 18, 64, 0));
	assert_forwarded4(ip, 46);
	send_sub(1, ip, ip4_udp(ip, IP(127, 0, 0, 1), HOST_IP, 18, 64, 0));
	send_sub(1, ip, ip4_udp(ip, IP(224, 0, 0, 1), HOST_IP, 18, 64, 0));
	assert_only_drop(DROP_SPOOFED_SOURCE, 2);
}

static void destinations_that_must_not_be_routed_are_dropped(void **state)
{
	static const uint32_t dst[] = {
		IP(0, 0, 0, 1), IP(127, 0, 0, 1), IP(224, 0, 0, 251), IP(255, 255, 255, 255)};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(dst); i++)
		send_sub(1, ip, ip4_udp(ip, IP(10, 0, 0, 1), dst[i], 18, 64, 0));
	send_sub(1, ip, ip6_udp(ip, POOL6 + 1, 0, 18, 64));
	assert_only_drop(DROP_MARTIAN, 5);
}

static void a_blackhole_is_silent(void **state)
{
	(void)state;
	send_sub(1, ip, ip4_udp(ip, IP(10, 0, 0, 1), IP(12, 0, 0, 1), 18, 64, 0));
	send_sub(1, ip, ip6_udp(ip, POOL6 + 1, 0x2622000000000001, 18, 64));
	assert_only_drop(DROP_BLACKHOLE, 2);
}

static void what_is_for_us_goes_to_linux_unchanged(void **state)
{
	struct dp_msg msg;
	struct frame f;
	uint16_t n = ip4_udp(ip, IP(10, 0, 0, 1), IP(13, 0, 0, 1), 18, 1, 0);

	(void)state;
	send_sub(1, ip, n);
	assert_true(lab_msg(lab_w[0]->punts, &msg, &f));
	assert_int_equal(msg.type, PUNT_LNS0);
	assert_int_equal(f.len, n);
	assert_memory_equal(f.b, ip, n);
	assert_int_equal(lab_dropped(), 0);
}

static void an_unknown_next_hop_goes_to_linux(void **state)
{
	uint64_t adj = dp_t.adj[ADJ_GW];
	struct dp_msg msg;
	struct frame f;

	(void)state;
	dp_t.adj[ADJ_GW] = 0;
	send_sub(1, ip, ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0));
	dp_t.adj[ADJ_GW] = adj;
	assert_true(lab_msg(lab_w[0]->punts, &msg, &f));
	assert_int_equal(msg.type, PUNT_LNS0);
	assert_int_equal(f.b[8], 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, lab_reset, lab_reset)
		T(a_plain_ipv4_packet_reaches_the_core_with_one_hop_less),
		T(a_plain_ipv6_packet_reaches_the_core_with_one_hop_less),
		T(a_route_over_a_vlan_interface_gets_its_tag),
		T(every_data_header_variant_is_read_as_the_rfc_says),
		T(old_sequence_numbers_are_dropped_when_sequencing_is_used),
		T(a_session_that_is_not_started_drops_and_counts),
		T(an_lcp_frame_before_the_start_waits_in_the_session),
		T(a_later_early_frame_takes_the_place_of_the_first_which_is_counted),
		T(early_frames_of_all_sessions_are_kept),
		T(an_early_frame_of_the_slots_former_session_is_not_read),
		T(a_long_early_frame_is_dropped),
		T(ids_from_another_sender_find_no_session),
		T(ip_before_its_ncp_is_open_is_dropped),
		T(other_ppp_protocols_go_to_the_automaton_without_address_and_control),
		T(a_flood_of_control_frames_in_one_session_is_policed_alone),
		T(an_old_limiter_value_does_not_hold_back_a_session_that_comes_up),
		T(a_malformed_inner_header_is_dropped),
		T(bytes_after_the_ip_length_are_cut_off),
		T(a_source_that_is_not_the_subscribers_is_dropped),
		T(a_source_behind_a_framed_route_passes),
		T(without_source_check_only_martians_are_refused),
		T(destinations_that_must_not_be_routed_are_dropped),
		T(a_blackhole_is_silent),
		T(what_is_for_us_goes_to_linux_unchanged),
		T(an_unknown_next_hop_goes_to_linux),
	};

	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}
