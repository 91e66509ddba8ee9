/* SPDX-License-Identifier: BSD-3-Clause */
/* outer_test.c - what the headers outside of L2TP must be: Ethernet, VLAN, IP, UDP, the peer. */
#include "tests/unit/dataplane/lab.h"

#include "dataplane/template.h"

static uint8_t ip[2000];

static void short_frames_are_runts(void **state)
{
	struct frame f;

	(void)state;
	lac_ip(&f, 1, ip, ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0));
	f.len = 13;
	lab_send(ACCESS, &f);
	f.len = 33;
	lab_send(ACCESS, &f);
	eth(&f, ACCESS, 0x86dd);
	put(&f, ip, 39);
	lab_send(ACCESS, &f);
	assert_only_drop(DROP_RUNT, 3);
}

static void a_vlan_that_is_no_interface_is_dropped(void **state)
{
	struct frame f;

	(void)state;
	eth(&f, VLAN_IF, 0x0800);
	put(&f, ip, ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 18, 64, 0));
	f.b[15] = 101;
	lab_rx(0, CORE, &f);
	lab_run();
	assert_only_drop(DROP_UNKNOWN_VLAN, 1);
}

static void frames_for_another_station_are_dropped(void **state)
{
	struct frame f;

	(void)state;
	lac_ip(&f, 1, ip, ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0));
	f.b[5]++;
	lab_send(ACCESS, &f);
	assert_only_drop(DROP_NOT_FOR_US, 1);
}

static void frames_that_nobody_speaks_are_dropped(void **state)
{
	struct frame f;

	(void)state;
	eth(&f, ACCESS, 0x8863);
	put(&f, ip, 50);
	lab_send(ACCESS, &f);
	assert_only_drop(DROP_NOT_IP, 1);
}

static void a_malformed_outer_header_is_dropped(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned int k = 0; k < 6; k++) {
		lac_ip(&f, 1, ip, ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0));
		if (k == 0)
			f.b[14] = 0x35;
		else if (k == 1)
			f.b[14] = 0x44;
		else if (k == 2)
			store16(f.b + 16, f.len - 13);
		else if (k == 3)
			store16(f.b + 16, 19);
		else if (k == 4)
			store16(f.b + 14 + 24, 7);
		else
			store16(f.b + 14 + 24, f.len - 33);
		if (k > 2)
			fix_ip4(f.b + 14);
		lab_send(ACCESS, &f);
	}
	assert_only_drop(DROP_BAD_OUTER, 6);
}

static void a_wrong_outer_header_checksum_is_dropped(void **state)
{
	struct frame f;

	(void)state;
	lac_ip(&f, 1, ip, ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0));
	f.b[14 + 1] ^= 4;
	lab_send(ACCESS, &f);
	assert_only_drop(DROP_BAD_CHECKSUM, 1);
}

static void the_first_fragment_of_a_tunnel_packet_is_dropped(void **state)
{
	struct frame f;

	(void)state;
	lac_ip(&f, 1, ip, ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0));
	f.b[14 + 6] = 0x20;
	fix_ip4(f.b + 14);
	lab_send(ACCESS, &f);
	assert_only_drop(DROP_OUTER_FRAGMENT, 1);
}

static void outer_options_and_ethernet_padding_do_no_harm(void **state)
{
	struct frame f, g;
	uint16_t n = ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0);

	(void)state;
	lac_ip(&f, 1, ip, n);
	g = f;
	g.len = 14 + 20;
	put32(&g, 0x01010100);
	put(&g, f.b + 34, f.len - 34u);
	g.b[14] = 0x46;
	store16(g.b + 16, f.len - 10);
	fix_ip4(g.b + 14);
	put(&g, "padding", 7);
	lab_send(ACCESS, &g);
	assert_forwarded4(ip, n);
}

static void data_without_udp_checksum_is_accepted(void **state)
{
	struct frame f;
	uint16_t n = ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0);

	(void)state;
	lac_ip(&f, 1, ip, n);
	store16(f.b + 14 + 26, 0);
	lab_send(ACCESS, &f);
	assert_forwarded4(ip, n);
}

static void an_ipv6_peer_is_compared_in_full(void **state)
{
	struct dp_tunnel *t = &dp_t.tunnel[2];
	struct l2tp_peer peer = {.family = 6, .port = 40000, .local_port = 1701};
	struct session_key k;
	uint8_t lac[16] = {0x20, 0x01, 0xd, 0xb8, [15] = 7};
	struct frame f;
	uint16_t n = ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0);
	const uint16_t sid = (uint16_t)(lab_sid(1) + 8); /* of slot 9 */
	uint8_t head[48] = {0x60, [6] = 17, [7] = 60};

	(void)state;
	memcpy(peer.addr, lac, 16);
	memcpy(peer.local, dp_t.endpoint[1].addr, 16);
	template_fill(t, &peer, 1, 200, 1);
	slot_memory(9, true);
	dp_t.session[9] = dp_t.session[1];
	dp_t.session[9].tunnel = 2;
	dp_t.session[9].tid = 200;
	dp_t.session[9].sid = sid;
	session_key_build(&k, 0, 1, session_key_peer6(lac, 40000), 200, sid);
	assert_int_equal(slot_publish(9, 1, &k, 0), 0);
	for (unsigned int right = 0; right < 2; right++) {
		eth(&f, ACCESS, 0x86dd);
		memcpy(head + 8, lac, 16);
		memcpy(head + 24, dp_t.endpoint[1].addr, 16);
		store16(head + 4, 18 + n);
		store16(head + 40, 40000);
		store16(head + 42, 1701);
		store16(head + 44, 18 + n);
		put(&f, head, 48);
		put16(&f, 2);
		put16(&f, 200);
		put16(&f, sid);
		put32(&f, 0xff030021);
		put(&f, ip, n);
		/* The key's fold matches, the record's identity does not. */
		t->peer.addr[7] = !right;
		lab_send(ACCESS, &f);
		assert_int_equal(lab_tx(CORE, &f), right);
	}
	assert_int_equal(lab_drops(DROP_NO_SESSION), 1);
	slot_unpublish(9, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, lab_reset, lab_reset)
		T(short_frames_are_runts),
		T(a_vlan_that_is_no_interface_is_dropped),
		T(frames_for_another_station_are_dropped),
		T(frames_that_nobody_speaks_are_dropped),
		T(a_malformed_outer_header_is_dropped),
		T(a_wrong_outer_header_checksum_is_dropped),
		T(the_first_fragment_of_a_tunnel_packet_is_dropped),
		T(outer_options_and_ethernet_padding_do_no_harm),
		T(data_without_udp_checksum_is_accepted),
		T(an_ipv6_peer_is_compared_in_full),
	};

	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}
