/* SPDX-License-Identifier: BSD-3-Clause */
/* downlink_test.c - from the core port into the tunnel: encapsulation, lookup, what is full. */
#include "tests/unit/dataplane/lab.h"

#include "dataplane/template.h"

static uint8_t ip[9300];

static void a_plain_ipv4_packet_reaches_the_lac(void **state)
{
	struct frame f;
	const uint8_t *in;
	uint16_t n = ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 33, 64, 0x4000), len;

	(void)state;
	send_core(ip, n);
	assert_true(lab_tx(ACCESS, &f));
	in = assert_tunnel(&f, 1, &len);
	assert_int_equal(len, n);
	assert_int_equal(in[8], 63);
	assert_int_equal(ref_sum(in, 20, 0), 0xffff);
	assert_memory_equal(in + 12, ip + 12, n - 12u);
	assert_int_not_equal(load16(f.b + 14 + 26), 0);
	assert_int_equal(lab_session(1)->down_packets, 1);
	assert_int_equal(lab_session(1)->down_octets, n);
	assert_int_equal(lab_w[0]->stat.down_packets, 1);
	assert_int_equal(lab_dropped(), 0);
}

static void a_plain_ipv6_packet_reaches_the_lac(void **state)
{
	struct frame f;
	const uint8_t *in;
	uint16_t n = ip6_udp(ip, 0x2620000000000001, POOL6 + 1, 33, 64), len;

	(void)state;
	send_core(ip, n);
	assert_true(lab_tx(ACCESS, &f));
	in = assert_tunnel(&f, 1, &len);
	assert_int_equal(len, n);
	assert_int_equal(in[7], 63);
	assert_memory_equal(in + 8, ip + 8, n - 8u);
	assert_int_equal(dp_t.more[1].down6_octets, n);
}

static void a_tagged_frame_of_a_vlan_interface_is_routed(void **state)
{
	struct frame f;
	uint16_t n = ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 33, 64, 0), len;

	(void)state;
	eth(&f, VLAN_IF, 0x0800);
	put(&f, ip, n);
	lab_rx(0, CORE, &f);
	lab_run();
	assert_true(lab_tx(ACCESS, &f));
	assert_tunnel(&f, 1, &len);
	assert_int_equal(len, n);
}

static void header_compression_and_sequencing_shape_the_frame_as_agreed(void **state)
{
	static const struct {
		uint16_t flags;
		uint8_t head[16];
		uint8_t n;
	} shape[] = {
		{S_TX_ACFC, {0, 2, 0, 7, 0x03, 0xe9, 0, 0x21}, 8},
		{S_TX_PFC, {0, 2, 0, 7, 0x03, 0xe9, 0xff, 3, 0x21}, 9},
		{S_TX_ACFC | S_TX_PFC, {0, 2, 0, 7, 0x03, 0xe9, 0x21}, 7},
		{S_TX_SEQ, {8, 2, 0, 7, 0x03, 0xe9, 0xff, 0xff, 0, 0, 0xff, 3, 0, 0x21}, 14},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(shape); i++) {
		uint16_t n = ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 33, 64, 0);
		struct frame f;

		lab_session(1)->flags = S_V4 | shape[i].flags;
		dp_t.more[1].tx_ns = 0xffff;
		send_core(ip, n);
		assert_true(lab_tx(ACCESS, &f));
		assert_int_equal(f.len, 14 + 28 + shape[i].n + n);
		assert_memory_equal(f.b + 42, shape[i].head, shape[i].n);
		assert_memory_equal(f.b + 42 + shape[i].n + 12, ip + 12, n - 12u);
		assert_int_equal(ref_l4(f.b + 14), 0xffff);
		assert_int_equal(
			dp_t.more[1].tx_ns, (uint16_t)(0xffff + !!(shape[i].flags & S_TX_SEQ)));
	}
}

static void the_udp_checksum_is_right_for_every_length(void **state)
{
	struct frame f;
	uint16_t len;

	(void)state;
	for (uint16_t n = 0; n < 300; n++) {
		uint32_t slot = n % 4 + 1;

		core_ip(&f, ip,
			ip4_udp(ip, HOST_IP, IP(10, 0, 0, slot), n, (uint8_t)(2 + n % 250), 0));
		lab_rx(0, CORE, &f);
		lab_run();
		assert_true(lab_tx(ACCESS, &f));
		assert_int_not_equal(load16(f.b + 14 + 26), 0);
		assert_tunnel(&f, slot, &len);
		assert_int_equal(len, 28 + n);
	}
}

static void the_udp_checksum_may_be_off_for_data(void **state)
{
	struct frame f;
	uint16_t len;

	(void)state;
	dp_t.tunnel[1].flags = 0;
	send_core(ip, ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 33, 64, 0));
	assert_true(lab_tx(ACCESS, &f));
	assert_tunnel(&f, 1, &len);
	assert_int_equal(load16(f.b + 14 + 26), 0);
}

static void an_ipv6_tunnel_gets_its_headers_and_checksum(void **state)
{
	const struct l2tp_peer peer = {.family = 6,
		.port = 40000,
		.local_port = 1701,
		.addr = {0x20, [15] = 7},
		.local = {0x20, [15] = 1}};
	uint16_t n = ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 33, 64, 0);
	uint8_t h[48] = {0x60, [6] = 17, [7] = 64, [8] = 0x20, [23] = 1, [24] = 0x20, [39] = 7};
	struct frame f;

	(void)state;
	store16(h + 4, 8 + 10 + n);
	store16(h + 40, 1701);
	store16(h + 42, 40000);
	store16(h + 44, 8 + 10 + n);
	template_fill(&dp_t.tunnel[1], &peer, 1, TID, PEER_TID);
	send_core(ip, n);
	assert_true(lab_tx(ACCESS, &f));
	assert_int_equal(f.len, 14 + 48 + 10 + n);
	assert_int_equal(load16(f.b + 12), 0x86dd);
	assert_memory_equal(f.b + 14, h, 46); /* all but the checksum */
	assert_int_equal(ref_l4(f.b + 14), 0xffff);
	assert_memory_equal(f.b + 14 + 58 + 12, ip + 12, n - 12u);
}

static void checksums_are_left_to_a_port_that_computes_them(void **state)
{
	struct frame f;
	uint8_t *o = f.b + 14;

	(void)state;
	dp_t.iface[ACCESS].tx_checksum = 1;
	send_core(ip, ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 33, 64, 0));
	dp_t.iface[ACCESS].tx_checksum = 0;
	assert_true(lab_tx(ACCESS, &f));
	assert_int_equal(load16(o + 10), 0);
	assert_int_equal(load16(o + 26),
		ref_sum(o + 12, 8, (uint32_t)(17 + load16(o + 24)))); /* the pseudo-header alone */
}

static void a_tunnel_without_next_hop_drops(void **state)
{
	(void)state;
	dp_t.tunnel[1].adj = 0;
	send_core(ip, ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 33, 64, 0));
	assert_int_equal(lab_drops(DROP_UNRESOLVED), 1);
	assert_nothing_sent();
}

static void a_session_whose_ncp_is_closed_drops(void **state)
{
	(void)state;
	lab_session(1)->flags = S_V6;
	send_core(ip, ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 33, 64, 0));
	lab_session(1)->flags = S_V4;
	send_core(ip, ip6_udp(ip, 0x2620000000000001, POOL6 + 1, 33, 64));
	assert_int_equal(lab_drops(DROP_SESSION_NOT_OPEN), 2);
	assert_int_equal(lab_down_drops(1), 2);
	assert_nothing_sent();
}

static void a_stale_lookup_result_never_reaches_another_subscriber(void **state)
{
	(void)state;
	/* The record moved on, the key has not. */
	lab_session(1)->ip4 = rte_cpu_to_be_32(IP(10, 0, 0, 77));
	dp_t.more[1].prefix6 = 77;
	send_core(ip, ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 33, 64, 0));
	send_core(ip, ip6_udp(ip, 0x2620000000000001, POOL6 + 1, 33, 64));
	assert_int_equal(lab_drops(DROP_NO_ROUTE), 2);
	assert_nothing_sent();
}

static void framed_routes_lead_to_their_session(void **state)
{
	struct frame f;
	uint16_t len;

	(void)state;
	lab_session(1)->flags |= S_ROUTES;
	send_core(ip, ip4_udp(ip, HOST_IP, IP(10, 1, 1, 9), 33, 64, 0));
	assert_true(lab_tx(ACCESS, &f));
	assert_tunnel(&f, 1, &len);
	send_core(ip, ip6_udp(ip, 0x2620000000000001, 0x20010db8000f0001, 33, 64));
	assert_true(lab_tx(ACCESS, &f));
	assert_tunnel(&f, 1, &len);
}

static void transit_and_our_own_addresses_go_to_linux_untagged(void **state)
{
	struct dp_msg msg;
	struct frame f, g;
	uint16_t n = ip4_udp(ip, HOST_IP, LNS_IP, 33, 1, 0);

	(void)state;
	eth(&f, VLAN_IF, 0x0800);
	put(&f, ip, n);
	lab_rx(0, CORE, &f);
	lab_run();
	assert_true(lab_msg(lab_w[0]->punts, &msg, &g));
	assert_int_equal(msg.type, PUNT_LINUX);
	assert_int_equal(msg.ifx, VLAN_IF);
	assert_int_equal(g.len, 14 + n);
	assert_memory_equal(g.b, f.b, 12);
	assert_int_equal(load16(g.b + 12), 0x0800);
	assert_memory_equal(g.b + 14, ip, n);
}

static void what_linux_routes_to_a_subscriber_keeps_its_hops(void **state)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(dp_t.pool);
	uint16_t n = ip4_udp(ip, OUR_IP4, IP(10, 0, 0, 6), 33, 1, 0), len;
	const uint8_t *in;
	struct frame f;

	(void)state;
	memcpy(rte_pktmbuf_append(m, n), ip, n);
	worker_inject_ip_take(lab_w[0], m); /* slot 6 is worker 1's */
	lab_run();
	assert_true(lab_tx(ACCESS, &f));
	in = assert_tunnel(&f, 6, &len);
	assert_memory_equal(in, ip, n);
	m = rte_pktmbuf_alloc(dp_t.pool);
	n = ip4_udp(ip, OUR_IP4, IP(10, 0, 0, 200), 33, 64, 0);
	memcpy(rte_pktmbuf_append(m, n), ip, n);
	worker_inject_ip_take(lab_w[0], m);
	lab_run();
	assert_int_equal(lab_drops(DROP_NO_ROUTE), 1);
}

static void injected_rubbish_is_dropped(void **state)
{
	static const uint8_t rubbish[][40] = {
		{0x44}, {0x45, 0, 0, 19}, {0x45, 0, 0, 41}, {0x60, 0, 0, 0, 0, 1}, {0x10}};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(rubbish); i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(dp_t.pool);

		memcpy(rte_pktmbuf_append(m, 40), rubbish[i], 40);
		worker_inject_ip_take(lab_w[0], m);
	}
	lab_run();
	assert_int_equal(lab_drops(DROP_INNER_HEADER), RTE_DIM(rubbish));
}

static void a_control_frame_of_ppp_is_sent_whole_and_never_compressed(void **state)
{
	static const uint8_t lcp[] = {0xff, 3, 0xc0, 0x21, 9, 1, 0, 8, 1, 2, 3, 4};
	struct frame f;

	(void)state;
	lab_session(1)->flags |= S_TX_ACFC | S_TX_PFC;
	l2tp_tx_frame(lab_w[0], 1, lcp, sizeof(lcp));
	lab_run();
	assert_true(lab_tx(ACCESS, &f));
	assert_int_equal(f.len, 14 + 28 + 6 + sizeof(lcp));
	assert_memory_equal(f.b + 48, lcp, sizeof(lcp));
	assert_int_equal(ref_l4(f.b + 14), 0xffff);
	assert_int_equal(lab_session(1)->down_packets, 0);
}

static void without_buffers_frames_and_fragments_are_dropped_and_all_comes_back(void **state)
{
	static struct rte_mbuf *all[1024];
	static const uint8_t lcp[] = {0xff, 3, 0xc0, 0x21, 9, 1, 0, 4};
	uint16_t n = ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 4000, 64, 0);
	unsigned int left = rte_mempool_avail_count(dp_t.pool) - 2;
	struct frame f;

	(void)state;
	core_ip(&f, ip, n);
	lab_rx(0, CORE, &f);
	assert_int_equal(rte_pktmbuf_alloc_bulk(dp_t.pool, all, left), 0);
	lab_run(); /* needs three */
	assert_int_equal(lab_drops(DROP_NO_BUFFER), 1);
	assert_int_equal(rte_mempool_avail_count(dp_t.pool), 2);
	assert_int_equal(rte_pktmbuf_alloc_bulk(dp_t.pool, all + left, 2), 0);
	l2tp_tx_frame(lab_w[0], 1, lcp, sizeof(lcp));
	assert_int_equal(lab_drops(DROP_NO_BUFFER), 2);
	rte_pktmbuf_free_bulk(all, left + 2);
	assert_nothing_sent();
}

static unsigned int frames_sent(void)
{
	struct frame f;
	unsigned int n = 0;

	while (lab_tx(ACCESS, &f))
		n++;
	return n;
}

static void a_full_transmit_queue_keeps_what_may_wait_and_drops_the_rest(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		struct frame f;

		for (unsigned int k = 0; k < 32; k++) {
			core_ip(&f, ip, ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 33, 64, 0));
			lab_rx(0, CORE, &f);
		}
		lab_run();
	}
	assert_int_equal(lab_drops(DROP_TX_FULL), 640 - 511 - LAB_TX_WAIT);
	assert_int_equal(lab_w[0]->tx[dp_t.iface[ACCESS].port].full, 640 - 511 - LAB_TX_WAIT);
	assert_int_equal(frames_sent(), 511);
	lab_run();
	assert_int_equal(frames_sent(), LAB_TX_WAIT);
	assert_int_equal(lab_drops(DROP_TX_FULL), 640 - 511 - LAB_TX_WAIT);
}

static void frames_that_wait_are_a_quarter_of_the_buffers_at_most_but_for_a_burst_each(void **state)
{
	(void)state;
	assert_int_equal(worker_tx_wait(16384, 2, 2), 1024);
	assert_int_equal(worker_tx_wait(16384, 2, 4), 512);
	assert_int_equal(worker_tx_wait(16384, 8, 32), BURST);
	assert_int_equal(worker_tx_wait(1u << 20, 1, 1), TX_WAIT_MAX);
	assert_int_equal(worker_tx_wait(2048, 0, 1), 512);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, lab_reset, lab_reset)
		T(a_plain_ipv4_packet_reaches_the_lac),
		T(a_plain_ipv6_packet_reaches_the_lac),
		T(a_tagged_frame_of_a_vlan_interface_is_routed),
		T(header_compression_and_sequencing_shape_the_frame_as_agreed),
		T(the_udp_checksum_is_right_for_every_length),
		T(the_udp_checksum_may_be_off_for_data),
		T(an_ipv6_tunnel_gets_its_headers_and_checksum),
		T(checksums_are_left_to_a_port_that_computes_them),
		T(a_tunnel_without_next_hop_drops),
		T(a_session_whose_ncp_is_closed_drops),
		T(a_stale_lookup_result_never_reaches_another_subscriber),
		T(framed_routes_lead_to_their_session),
		T(transit_and_our_own_addresses_go_to_linux_untagged),
		T(what_linux_routes_to_a_subscriber_keeps_its_hops),
		T(injected_rubbish_is_dropped),
		T(a_control_frame_of_ppp_is_sent_whole_and_never_compressed),
		T(without_buffers_frames_and_fragments_are_dropped_and_all_comes_back),
		T(a_full_transmit_queue_keeps_what_may_wait_and_drops_the_rest),
		T(frames_that_wait_are_a_quarter_of_the_buffers_at_most_but_for_a_burst_each),
	};

	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}
