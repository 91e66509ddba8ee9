/* SPDX-License-Identifier: BSD-3-Clause */
/* edge_test.c - the edges of the packet path: IPv6 fragments, what a port says of checksums, ids that are not the sender's,
 * the first and last address of what a subscriber has, next hops that are not known yet. */
#include "tests/unit/dataplane/lab.h"

#define HOST6 0x2620000000000001ull

static uint8_t ip[2000];

/* One frame through the whole poll with these flags of reception. */
static void receive(const struct frame *f, uint64_t flags)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(dp_t.pool);
	struct burst *b = &lab_w[0]->burst;

	memcpy(rte_pktmbuf_append(m, f->len), f->b, f->len);
	m->ol_flags = flags;
	b->m[0] = m;
	b->port[0] = dp_t.iface[ACCESS].port;
	b->n = 1;
	classify(lab_w[0], b);
	lab_run();
}

static unsigned int told_linux(void)
{
	struct dp_msg msg;
	unsigned int n = 0;
	struct frame f;

	while (lab_msg(lab_w[0]->punts, &msg, &f)) {
		assert_int_equal(msg.type, PUNT_LINUX);
		n++;
	}
	return n;
}

/* RFC 8200 s4.5: next header, offset and M, then the fragment's first bytes. */
static void fragment6(uint8_t next, uint16_t offset, uint16_t port, uint16_t n)
{
	static const uint8_t lac[16] = {0x20, 0x01, 0xd, 0xb8, [15] = 7};
	uint8_t head[40] = {0x60, [6] = 44, [7] = 60}, body[64] = {next};
	struct frame f;

	store16(head + 4, n);
	memcpy(head + 8, lac, 16);
	memcpy(head + 24, dp_t.endpoint[1].addr, 16);
	store16(body + 2, offset);
	store16(body + 8, 40000);
	store16(body + 10, port);
	eth(&f, ACCESS, 0x86dd);
	put(&f, head, 40);
	put(&f, body, n);
	lab_rx(0, ACCESS, &f);
	lab_run();
}

static void the_first_ipv6_fragment_of_a_tunnel_packet_is_dropped_and_others_go_to_linux(
	void **state)
{
	(void)state;
	fragment6(17, 1, 1701, 64);
	fragment6(17, 1, 1701, 16); /* the ports are in it, just */
	assert_int_equal(lab_drops(DROP_OUTER_FRAGMENT), 2);
	assert_int_equal(told_linux(), 0);
	fragment6(17, 8 | 1, 1701, 64); /* a later one: bytes that look like a port are payload */
	fragment6(17, 1, 500, 64);
	fragment6(6, 1, 1701, 64);
	fragment6(17, 1, 1701, 15);
	assert_int_equal(lab_dropped(), 2);
	assert_int_equal(told_linux(), 4);
}

static void what_the_port_found_wrong_is_dropped_and_what_it_found_right_is_believed(void **state)
{
	uint8_t hello[20] = {0xc8, 2, 0, 20, 0, TID, 0, 0, 0, 1, 0, 2, 0x80, 8, 0, 0, 0, 0, 0, 6};
	uint16_t n = ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0);
	struct dp_msg msg;
	struct frame f;

	(void)state;
	lac_ip(&f, 1, ip, n);
	receive(&f, RTE_MBUF_F_RX_L4_CKSUM_BAD);
	assert_int_equal(lab_drops(DROP_BAD_CHECKSUM), 1);
	lac_frame(&f, hello, 20);
	receive(&f, RTE_MBUF_F_RX_L4_CKSUM_BAD);
	assert_int_equal(lab_drops(DROP_BAD_CHECKSUM), 2);
	f.b[14 + 10] ^= 1; /* both checksums wrong, and the port says otherwise */
	f.b[14 + 26] ^= 1;
	receive(&f, RTE_MBUF_F_RX_L4_CKSUM_GOOD | RTE_MBUF_F_RX_IP_CKSUM_GOOD);
	assert_int_equal(lab_dropped(), 2);
	assert_true(lab_msg(lab_w[0]->punts_high, &msg, &f));
	assert_false(lab_tx(CORE, &f));
}

static void the_nr_of_a_data_message_means_nothing(void **state)
{
	static const uint16_t nr[] = {0, 1, 0x7fff, 0x8000, 0xffff};

	(void)state;
	lab_session(1)->flags |= S_TX_SEQ;
	dp_t.more[1].rx_ns = 7;
	for (size_t i = 0; i < RTE_DIM(nr); i++) {
		uint16_t n = ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0);
		struct frame l = {0}, f;

		put16(&l, 0x0802);
		put16(&l, TID);
		put16(&l, lab_sid(1));
		put16(&l, (uint16_t)(7 + i));
		put16(&l, nr[i]);
		put32(&l, 0xff030021);
		put(&l, ip, n);
		lac_frame(&f, l.b, l.len);
		lab_rx(0, ACCESS, &f);
		lab_run();
		assert_true(lab_tx(CORE, &f));
	}
	assert_int_equal(lab_dropped(), 0);
}

/* All session ids in the tunnel. @return how many passed the lookup. */
static uint32_t scan(bool right_peer)
{
	uint16_t n = ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0);
	struct frame f;

	lac_ip(&f, 1, ip, n);
	store16(f.b + 14 + 26, 0);
	if (!right_peer)
		store16(f.b + 14 + 20, 40001);
	for (uint32_t sid = 1; sid <= 65535; sid++) {
		store16(f.b + 14 + 28 + 4, (uint16_t)sid);
		lab_rx(0, ACCESS, &f);
		if (sid % BURST == 0)
			lab_run();
	}
	lab_run();
	lab_run();
	return (uint32_t)(65535 - lab_drops(DROP_NO_SESSION));
}

static void no_session_id_from_another_sender_is_accepted_or_answered(void **state)
{
	struct frame f;

	(void)state;
	assert_int_equal(scan(false), 0);
	assert_int_equal(lab_dropped(), 65535);
	assert_int_equal(
		lab_w[0]->tunnel_rx[1] + lab_w[1]->tunnel_rx[1], 0); /* no sign of life either */
	assert_false(lab_tx(CORE, &f));
	assert_false(lab_tx(ACCESS, &f));
	assert_int_equal(told_linux(), 0);
}

static void of_all_session_ids_from_the_right_sender_only_those_given_out_are_found(void **state)
{
	unsigned int sent = 0;
	struct frame f;

	(void)state;
	assert_int_equal(scan(true), 8);
	assert_int_equal(lab_drops(DROP_SPOOFED_SOURCE), 7); /* the packet is session 1's */
	while (lab_tx(CORE, &f))
		sent++;
	assert_int_equal(sent, 1);
}

static bool passes6(uint64_t high, uint8_t low)
{
	uint16_t n = ip6_udp(ip, high, HOST6, 18, 64);
	struct frame f;

	memset(ip + 16, low, 8);
	send_sub(1, ip, n);
	return lab_tx(CORE, &f);
}

static bool passes4(uint32_t src)
{
	struct frame f;

	send_sub(1, ip, ip4_udp(ip, src, HOST_IP, 18, 64, 0));
	return lab_tx(CORE, &f);
}

static void the_edges_of_address_prefix_and_framed_route_are_exact(void **state)
{
	(void)state;
	lab_session(1)->flags |= S_ROUTES; /* 10.1.1.0/24 and 2001:db8:f::/48 */
	assert_true(passes4(IP(10, 1, 1, 0)));
	assert_true(passes4(IP(10, 1, 1, 255)));
	assert_true(passes6(POOL6 + 1, 0));
	assert_true(passes6(POOL6 + 1, 0xff));
	assert_true(passes6(0x20010db8000f0000, 0));
	assert_true(passes6(0x20010db8000fffff, 0xff));
	assert_int_equal(lab_dropped(), 0);
	assert_false(passes4(IP(10, 1, 0, 255)));
	assert_false(passes4(IP(10, 1, 2, 0)));
	assert_false(passes4(IP(10, 0, 0, 0)));
	assert_false(passes4(IP(10, 0, 0, 2)));
	assert_false(passes6(POOL6, 0xff));
	assert_false(passes6(POOL6 + 2, 0));
	assert_false(passes6(0x20010db8000effff, 0xff));
	assert_false(passes6(0x20010db800100000, 0));
	assert_int_equal(lab_drops(DROP_SPOOFED_SOURCE), 8);
}

static void a_tunnel_without_next_hop_drops_both_families(void **state)
{
	struct frame f;

	(void)state;
	dp_t.tunnel[1].adj = 0;
	core_ip(&f, ip, ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 18, 64, 0));
	lab_rx(0, CORE, &f);
	core_ip(&f, ip, ip6_udp(ip, HOST6, POOL6 + 1, 18, 64));
	lab_rx(0, CORE, &f);
	lab_run();
	assert_int_equal(lab_drops(DROP_UNRESOLVED), 2);
	assert_int_equal(lab_down_drops(1), 2);
	assert_false(lab_tx(ACCESS, &f));
	assert_false(lab_tx(CORE, &f));
}

static void an_unknown_next_hop_of_either_family_is_linuxs_to_resolve(void **state)
{
	uint64_t adj = dp_t.adj[ADJ_GW];
	struct dp_msg msg;
	struct frame f;

	(void)state;
	dp_t.adj[ADJ_GW] = 0;
	for (unsigned int v6 = 0; v6 < 2; v6++) {
		uint16_t n = v6 ? ip6_udp(ip, POOL6 + 1, HOST6, 18, 64)
				: ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0);

		send_sub(1, ip, n);
		assert_true(lab_msg(lab_w[0]->punts, &msg, &f));
		assert_int_equal(msg.type, PUNT_LNS0);
		assert_int_equal(f.len, n);
		assert_memory_equal(f.b, ip, n); /* the hop is Linux's to count */
	}
	dp_t.adj[ADJ_GW] = adj;
	assert_int_equal(lab_dropped(), 0);
	assert_false(lab_tx(CORE, &f));
}

static void a_message_without_a_whole_header_is_dropped_and_not_linuxs(void **state)
{
	uint8_t message[8] = {[1] = 2};
	struct frame f;

	(void)state;
	for (uint16_t n = 0; n < 8; n++) {
		message[0] = n < 6 ? 0 : 0x40; /* with a Length it has 8 bytes (RFC 2661 s3.1) */
		lac_frame(&f, message, n);
		receive(&f, 0);
	}
	assert_int_equal(lab_drops(DROP_L2TP_HEADER), 8);
	assert_int_equal(told_linux(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, lab_reset, lab_reset)
		T(the_first_ipv6_fragment_of_a_tunnel_packet_is_dropped_and_others_go_to_linux),
		T(what_the_port_found_wrong_is_dropped_and_what_it_found_right_is_believed),
		T(the_nr_of_a_data_message_means_nothing),
		T(a_message_without_a_whole_header_is_dropped_and_not_linuxs),
		T(no_session_id_from_another_sender_is_accepted_or_answered),
		T(of_all_session_ids_from_the_right_sender_only_those_given_out_are_found),
		T(the_edges_of_address_prefix_and_framed_route_are_exact),
		T(a_tunnel_without_next_hop_drops_both_families),
		T(an_unknown_next_hop_of_either_family_is_linuxs_to_resolve),
	};

	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}
