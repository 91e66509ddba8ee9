/* SPDX-License-Identifier: BSD-3-Clause */
/* punt_test.c - what reaches control, by which ring and how much of it; and what a subscriber's
 * link hears of us (nd.c). */
#include "tests/unit/dataplane/lab.h"

static const uint8_t peer_ll[16] = {0xfe, 0x80, [15] = 2};
static const uint8_t our_ll[16] = {
	0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11};
static const uint8_t all_nodes[16] = {0xff, 2, [15] = 1}, all_routers[16] = {0xff, 2, [15] = 2},
		     none[16];

/* A control message with header ids, of one AVP: Message Type. */
static uint16_t control(uint8_t *p, uint16_t tid, int type)
{
	static const uint8_t zlb[12] = {0xc8, 2, 0, 12, 0, 0, 0, 0, 0, 1, 0, 2};

	memcpy(p, zlb, 12);
	store16(p + 4, tid);
	if (type < 0)
		return 12;
	store16(p + 2, 20);
	store16(p + 12, 0x8008);
	store16(p + 14, 0);
	store16(p + 16, 0);
	store16(p + 18, (uint16_t)type);
	return 20;
}

static void send_control(uint16_t tid, int type)
{
	struct frame f;
	uint8_t p[20];

	lac_frame(&f, p, control(p, tid, type));
	lab_rx(0, ACCESS, &f);
	lab_poll(0);
}

static void a_control_message_reaches_control_with_its_outer_headers(void **state)
{
	struct dp_msg msg;
	struct frame f;
	uint8_t p[20];

	(void)state;
	send_control(0, L2TP_SCCRQ);
	assert_false(lab_msg(lab_w[0]->punts_high, &msg, &f));
	assert_int_equal(rte_ring_dequeue_elem(lab_w[0]->punts, &msg, sizeof(msg)), 0);
	assert_int_equal(msg.type, PUNT_L2TP);
	assert_int_equal(msg.l3_off, 28);
	control(p, 0, L2TP_SCCRQ);
	assert_int_equal(msg.m->data_len, 20);
	assert_memory_equal(rte_pktmbuf_mtod(msg.m, uint8_t *), p, 20);
	assert_int_equal(
		rte_be_to_cpu_32(load32_raw(rte_pktmbuf_mtod(msg.m, uint8_t *) - 28 + 12)), LAC_IP);
	rte_pktmbuf_free(msg.m);
}

static void hello_stopccn_and_acknowledgements_go_ahead_of_new_calls(void **state)
{
	static const int high[] = {-1, L2TP_HELLO, L2TP_STOPCCN};
	static const int low[] = {L2TP_SCCRQ, L2TP_SCCCN, L2TP_ICRQ, L2TP_ICCN, L2TP_CDN};
	struct dp_msg msg;
	struct frame f;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(high); i++) {
		send_control(TID, high[i]);
		assert_true(lab_msg(lab_w[0]->punts_high, &msg, &f));
		send_control(0, high[i]); /* of no tunnel: anybody can send these */
		assert_true(lab_msg(lab_w[0]->punts, &msg, &f));
	}
	for (size_t i = 0; i < RTE_DIM(low); i++) {
		send_control(TID, low[i]);
		assert_true(lab_msg(lab_w[0]->punts, &msg, &f));
	}
	assert_false(lab_msg(lab_w[0]->punts_high, &msg, &f));
}

static void a_control_message_with_a_wrong_checksum_is_dropped(void **state)
{
	struct dp_msg msg;
	struct frame f;
	uint8_t p[20];

	(void)state;
	lac_frame(&f, p, control(p, TID, L2TP_HELLO));
	f.b[f.len - 1] ^= 1;
	lab_rx(0, ACCESS, &f);
	lab_poll(0);
	assert_int_equal(lab_drops(DROP_BAD_CHECKSUM), 1);
	store16(f.b + 14 + 26, 0); /* none at all is legal */
	lab_rx(0, ACCESS, &f);
	lab_poll(0);
	assert_int_equal(lab_drops(DROP_BAD_CHECKSUM), 1);
	assert_true(lab_msg(lab_w[0]->punts, &msg, &f) || lab_msg(lab_w[0]->punts_high, &msg, &f));
}

static void a_checksum_left_to_virtual_hardware_is_accepted(void **state)
{
	struct dp_msg msg;
	struct frame f;
	uint8_t p[20];

	(void)state;
	lac_frame(&f, p, control(p, 0, L2TP_SCCRQ));
	store16(f.b + 14 + 26, ref_sum(f.b + 14 + 12, 8, 17 + 28));
	lab_rx(0, ACCESS, &f);
	lab_poll(0);
	assert_int_equal(lab_dropped(), 0);
	assert_true(lab_msg(lab_w[0]->punts, &msg, &f));
}

static void a_flood_of_one_sender_is_policed_and_another_passes(void **state)
{
	struct dp_msg msg;
	struct frame f;
	uint8_t p[20];
	unsigned int got = 0;

	(void)state;
	for (unsigned int k = 0; k < 4000; k++) {
		send_control(0, L2TP_SCCRQ);
		while (lab_msg(lab_w[0]->punts, &msg, &f))
			got++;
	}
	assert_int_equal(got, 1024);
	assert_int_equal(lab_drops(DROP_PUNT_POLICED), 4000 - got);
	lac_frame(&f, p, control(p, 0, L2TP_SCCRQ));
	f.b[14 + 15] ^= 0x55;
	fix_ip4(f.b + 14);
	store16(f.b + 14 + 26, 0);
	lab_rx(0, ACCESS, &f);
	lab_poll(0);
	assert_true(lab_msg(lab_w[0]->punts, &msg, &f));
	lab_wait(20000 * 10); /* room for ten more */
	for (unsigned int k = 0; k < 20; k++)
		send_control(0, L2TP_SCCRQ);
	for (got = 0; lab_msg(lab_w[0]->punts, &msg, &f); got++)
		;
	assert_int_equal(got, 10);
}

static void a_flood_of_sccrqs_takes_nothing_from_the_calls_of_a_tunnel(void **state)
{
	struct dp_msg msg;
	struct frame f;

	(void)state;
	for (unsigned int k = 0; k < 4000; k++) {
		send_control(0, L2TP_SCCRQ);
		while (lab_msg(lab_w[0]->punts, &msg, &f))
			;
	}
	assert_int_equal(lab_drops(DROP_PUNT_POLICED), 4000 - 1024);
	for (unsigned int k = 0; k < 4000; k++) {
		send_control(TID, L2TP_ICRQ);
		assert_true(lab_msg(lab_w[0]->punts, &msg, &f));
	}
}

/* 100,000 sessions a second are 200,000 messages. Here control is always there in time, and no time passes at all. */
static void a_lac_that_keeps_to_the_window_loses_nothing_however_fast_it_is(void **state)
{
	struct dp_msg msg;
	struct frame f;

	(void)state;
	for (unsigned int k = 0; k < 400; k++) {
		for (unsigned int i = 0; i < LAB_WINDOWS; i++)
			send_control(TID, i % 4 ? L2TP_ICRQ : -1);
		while (lab_msg(lab_w[0]->punts, &msg, &f) ||
			lab_msg(lab_w[0]->punts_high, &msg, &f))
			;
	}
	assert_int_equal(lab_dropped(), 0);
	assert_int_equal(lab_w[0]->stat.punted, 400 * LAB_WINDOWS);
}

static void what_a_lac_sends_beyond_the_windows_is_dropped_until_control_has_taken_some(
	void **state)
{
	struct dp_msg msg;
	struct frame f;

	(void)state;
	for (unsigned int k = 0; k < LAB_WINDOWS + 10; k++)
		send_control(TID, k & 1 ? L2TP_ICRQ : -1);
	assert_int_equal(lab_drops(DROP_PUNT_WINDOW), 10);
	assert_int_equal(lab_w[0]->stat.punted, LAB_WINDOWS);
	assert_true(lab_msg(lab_w[0]->punts, &msg, &f));
	assert_true(lab_msg(lab_w[0]->punts_high, &msg, &f));
	for (unsigned int k = 0; k < 3; k++)
		send_control(TID, L2TP_ICRQ);
	assert_int_equal(lab_drops(DROP_PUNT_WINDOW), 11);
}

static void a_tunnel_id_from_another_sender_has_no_part_in_the_windows(void **state)
{
	struct dp_msg msg;
	struct frame f;
	uint8_t p[20];

	(void)state;
	for (unsigned int k = 0; k < 2000; k++) {
		lac_frame(&f, p, control(p, TID, L2TP_HELLO));
		f.b[k & 1 ? 14 + 15 : 14 + 21] ^= 0x55; /* address, port */
		fix_ip4(f.b + 14);
		store16(f.b + 14 + 26, 0);
		lab_rx(0, ACCESS, &f);
		lab_poll(0);
		assert_false(lab_msg(lab_w[0]->punts_high, &msg, &f));
		lab_msg(lab_w[0]->punts, &msg, &f);
		assert_int_equal(msg.slot, 0);
	}
	send_control(TID, L2TP_HELLO);
	assert_true(lab_msg(lab_w[0]->punts_high, &msg, &f));
	assert_int_equal(msg.slot, 1);
	assert_int_equal(lab_drops(DROP_PUNT_WINDOW), 0);
}

static void a_tunnel_that_is_not_established_has_a_rate(void **state)
{
	struct dp_msg msg;
	struct frame f;
	unsigned int got = 0;

	(void)state;
	dp_t.tunnel[1].windows = 0;
	for (unsigned int k = 0; k < 6000; k++) {
		send_control(TID, k & 1 ? L2TP_SCCCN : L2TP_ICRQ);
		got += lab_msg(lab_w[0]->punts, &msg, &f);
	}
	assert_int_equal(got, 4096);
	assert_int_equal(lab_drops(DROP_PUNT_POLICED), 6000 - 4096);
}

static void a_full_ring_to_control_drops_and_counts(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < 600; k++)
		send_control(0, L2TP_SCCRQ);
	assert_int_equal(lab_drops(DROP_PUNT_FULL), 600 - (511 - 63));
	assert_int_equal(lab_w[0]->stat.punted, 511 - 63);
}

static void a_flood_leaves_the_end_of_the_ring_to_linux_and_to_a_tunnel_with_little_to_say(
	void **state)
{
	static const uint8_t arp[46];
	struct frame f;

	(void)state;
	for (unsigned int k = 0; k < 600; k++)
		send_control(0, L2TP_SCCRQ);
	for (unsigned int k = 0; k < 20; k++)
		send_control(TID, L2TP_ICRQ);
	assert_int_equal(lab_drops(DROP_PUNT_FULL), 600 - (511 - 63) + 20 - 8);
	eth(&f, CORE, 0x0806);
	memset(f.b, 0xff, 6);
	put(&f, arp, sizeof(arp));
	for (unsigned int k = 0; k < 56; k++) {
		lab_rx(0, CORE, &f);
		lab_poll(0);
	}
	assert_int_equal(lab_drops(DROP_PUNT_FULL), 600 - (511 - 63) + 20 - 8 + 1);
	assert_int_equal(lab_w[0]->stat.punted, 511);
}

static void arp_and_link_local_ipv6_of_a_port_go_to_linux(void **state)
{
	static const uint8_t ns[24] = {135};
	struct dp_msg msg;
	struct frame f, g;
	uint8_t ip[200];

	(void)state;
	eth(&f, CORE, 0x0806);
	memset(f.b, 0xff, 6);
	put(&f, ip, 46);
	lab_rx(0, CORE, &f);
	lab_poll(0);
	assert_true(lab_msg(lab_w[0]->punts, &msg, &g));
	assert_int_equal(msg.type, PUNT_LINUX);
	assert_int_equal(msg.ifx, CORE);
	assert_int_equal(g.len, f.len);
	assert_memory_equal(g.b, f.b, f.len);
	core_ip(&f, ip, icmp6(ip, peer_ll, all_nodes, 255, ns, 24));
	lab_rx(0, CORE, &f);
	lab_poll(0);
	assert_true(lab_msg(lab_w[0]->punts, &msg, &g));
	assert_int_equal(msg.type, PUNT_LINUX);
	assert_int_equal(lab_dropped(), 0);
}

static void a_frame_of_several_buffers_is_dropped(void **state)
{
	struct rte_mbuf *a = rte_pktmbuf_alloc(dp_t.pool), *b = rte_pktmbuf_alloc(dp_t.pool);
	struct burst *burst = &lab_w[0]->burst;

	(void)state;
	rte_pktmbuf_append(a, 100);
	rte_pktmbuf_append(b, 100);
	assert_int_equal(rte_pktmbuf_chain(a, b), 0);
	burst->m[0] = a;
	burst->port[0] = dp_t.iface[CORE].port;
	burst->n = 1;
	classify(lab_w[0], burst);
	drop_all(lab_w[0], burst);
	assert_int_equal(lab_drops(DROP_SEGMENTED), 1);
}

/* -- nd.c -- */
static void from_subscriber(
	const uint8_t *src, const uint8_t *dst, uint8_t hops, const uint8_t *msg, uint16_t n)
{
	uint8_t ip[1600];
	struct frame f;

	lac_ip(&f, 1, ip, icmp6(ip, src, dst, hops, msg, n));
	lab_rx(0, ACCESS, &f);
	lab_run();
}

/* Our answer in session 1, checked as a packet. @return it. */
static const uint8_t *answer(
	struct frame *f, uint16_t n, const uint8_t *dst, uint8_t hops, uint8_t type)
{
	const uint8_t *in;
	uint16_t len;

	assert_true(lab_tx(ACCESS, f));
	in = assert_tunnel(f, 1, &len);
	assert_int_equal(len, n);
	assert_int_equal(load16(in + 4), n - 40);
	assert_int_equal(in[6], 58);
	assert_int_equal(in[7], hops);
	assert_memory_equal(in + 8, our_ll, 16);
	assert_memory_equal(in + 24, dst, 16);
	assert_int_equal(in[40], type);
	assert_int_equal(ref_l4(in), 0xffff);
	return in;
}

static void a_router_solicitation_is_answered_with_the_prefix_and_the_mtu(void **state)
{
	static const uint8_t rs[8] = {133};
	/* hop limit 64, no flags, lifetime 1800; MTU 1460; prefix /64, A, valid 86400, preferred
	 * 14400 */
	static const uint8_t body[] = {64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 5, 1, 0, 0, 0, 0,
		0x05, 0xb4, 3, 4, 64, 0x40, 0, 1, 0x51, 0x80, 0, 0, 0x38, 0x40, 0, 0, 0, 0, 0x20, 1,
		0x0d, 0xb8, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
	struct frame f;

	(void)state;
	from_subscriber(peer_ll, all_routers, 255, rs, 8);
	assert_memory_equal(answer(&f, 40 + 56, all_nodes, 255, 134) + 44, body, sizeof(body));
	from_subscriber(none, all_routers, 255, rs, 8);
	answer(&f, 40 + 56, all_nodes, 255, 134);
	from_subscriber(
		peer_ll, all_routers, 254, rs, 8); /* came through a router: not from the link */
	assert_false(lab_tx(ACCESS, &f));
	assert_int_equal(lab_drops(DROP_ND_IGNORED), 1);
}

static void our_link_local_address_is_defended_and_resolved(void **state)
{
	uint8_t ns[24] = {135};
	struct frame f;
	const uint8_t *in;

	(void)state;
	memcpy(ns + 8, our_ll, 16);
	from_subscriber(peer_ll, our_ll, 255, ns, 24);
	in = answer(&f, 64, peer_ll, 255, 136);
	assert_int_equal(in[44], 0xe0);
	assert_memory_equal(in + 48, our_ll, 16);
	from_subscriber(none, all_nodes, 255, ns, 24);
	in = answer(&f, 64, all_nodes, 255, 136);
	assert_int_equal(in[44], 0xa0);
	ns[23]++;
	from_subscriber(none, all_nodes, 255, ns, 24);
	assert_false(lab_tx(ACCESS, &f));
	assert_int_equal(lab_drops(DROP_ND_IGNORED), 1);
}

static void an_echo_request_to_our_link_local_address_is_answered(void **state)
{
	uint8_t echo[100] = {128, 0, 0, 0, 1, 2, 0, 9, 'h', 'i'};
	struct frame f;

	(void)state;
	from_subscriber(peer_ll, our_ll, 64, echo, sizeof(echo));
	assert_memory_equal(answer(&f, 140, peer_ll, 64, 129) + 44, echo + 4, 96);
}

static void other_packets_on_the_link_are_ignored(void **state)
{
	static const uint8_t mld[20] = {143}, echo[8] = {128};
	uint8_t wrong[8] = {133}, ip[100];
	struct frame f;
	uint16_t n;

	(void)state;
	from_subscriber(peer_ll, all_routers, 1, mld, 20);
	from_subscriber(peer_ll, all_nodes, 64, echo, 8);
	n = icmp6(ip, peer_ll, all_routers, 255, wrong, 8);
	ip[42] ^= 1;
	lac_ip(&f, 1, ip, n);
	lab_rx(0, ACCESS, &f);
	lab_run();
	assert_int_equal(lab_drops(DROP_ND_IGNORED), 3);
	assert_false(lab_tx(ACCESS, &f));
}

static void advertisements_are_refreshed_in_open_sessions_of_the_worker(void **state)
{
	unsigned int n = 0;
	struct frame f;

	(void)state;
	lab_session(2)->flags = S_V4;
	lab_session(3)->action = S_PENDING;
	for (unsigned int k = 0; k < dp_t.max_sessions; k++) {
		lab_w[0]->ra_step_ns = 1000;
		lab_w[0]->now_ns += 1000;
		lab_w[0]->ra_ns = lab_w[0]->now_ns - 1000;
		nd_tick(lab_w[0]);
		assert_true(lab_w[0]->ra_ns == lab_w[0]->now_ns);
	}
	port_tx(lab_w[0], &lab_w[0]->burst);
	while (lab_tx(ACCESS, &f))
		n++;
	assert_int_equal(n, 2); /* 1 and 4; 5 to 8 are worker 1's */
	worker_init(lab_w[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, lab_reset, lab_reset)
		T(a_control_message_reaches_control_with_its_outer_headers),
		T(hello_stopccn_and_acknowledgements_go_ahead_of_new_calls),
		T(a_control_message_with_a_wrong_checksum_is_dropped),
		T(a_checksum_left_to_virtual_hardware_is_accepted),
		T(a_flood_of_one_sender_is_policed_and_another_passes),
		T(a_flood_of_sccrqs_takes_nothing_from_the_calls_of_a_tunnel),
		T(a_lac_that_keeps_to_the_window_loses_nothing_however_fast_it_is),
		T(what_a_lac_sends_beyond_the_windows_is_dropped_until_control_has_taken_some),
		T(a_tunnel_id_from_another_sender_has_no_part_in_the_windows),
		T(a_tunnel_that_is_not_established_has_a_rate),
		T(a_full_ring_to_control_drops_and_counts),
		T(a_flood_leaves_the_end_of_the_ring_to_linux_and_to_a_tunnel_with_little_to_say),
		T(arp_and_link_local_ipv6_of_a_port_go_to_linux),
		T(a_frame_of_several_buffers_is_dropped),
		T(a_router_solicitation_is_answered_with_the_prefix_and_the_mtu),
		T(our_link_local_address_is_defended_and_resolved),
		T(an_echo_request_to_our_link_local_address_is_answered),
		T(other_packets_on_the_link_are_ignored),
		T(advertisements_are_refreshed_in_open_sessions_of_the_worker),
	};

	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}
