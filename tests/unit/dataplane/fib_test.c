/* SPDX-License-Identifier: BSD-3-Clause */
/* Routes, adjacencies, and the tunnels that follow them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/adjacency.h"
#include "dataplane/fib.h"
#include "dataplane/tunnel.h"
#include "tables.h"

static const uint8_t mac_a[6] = {2, 0, 0, 0, 0, 10}, mac_b[6] = {2, 0, 0, 0, 0, 11};

static enum dp_nh get(const char *text, uint32_t *index)
{
	struct cfg_prefix p = prefix(text);
	uint32_t ignored;

	return dp_route_get(0, p.family, p.addr, index ? index : &ignored);
}

static int set(const char *text, enum dp_nh type, uint32_t index)
{
	struct cfg_prefix p = prefix(text);

	return dp_route_set(0, &p, type, index);
}

static int del(const char *text)
{
	struct cfg_prefix p = prefix(text);

	return dp_route_del(0, &p);
}

static void every_type_of_route_comes_back_with_its_index(void **state)
{
	static const enum dp_nh types[] = {
		DP_NH_NONE, DP_NH_LINUX, DP_NH_ADJ, DP_NH_SUBSCRIBER, DP_NH_SESSION, DP_NH_DROP};
	uint32_t index;

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(types); i++) {
		bool indexed = types[i] == DP_NH_ADJ || types[i] == DP_NH_SESSION;

		assert_int_equal(set("10.0.0.0/8", types[i], indexed ? (1u << 27) - 1 : 0), 0);
		assert_int_equal(get("10.1.2.3/32", &index), types[i]);
		assert_int_equal(index, indexed ? (1u << 27) - 1 : 0);
		assert_int_equal(set("2001:db8::/32", types[i], indexed ? 12345 : 0), 0);
		assert_int_equal(get("2001:db8::1/128", &index), types[i]);
		if (types[i] == DP_NH_SUBSCRIBER)
			assert_int_equal(index, index_pool_of(6, 0x20010db800000000));
		else
			assert_int_equal(index, indexed ? 12345 : 0);
	}
}

static void where_nothing_is_routed_there_is_no_route(void **state)
{
	(void)state;
	assert_int_equal(get("10.1.2.3/32", NULL), DP_NH_NONE);
	assert_int_equal(get("2001:db8::1/128", NULL), DP_NH_NONE);
}

static void a_deleted_route_uncovers_the_one_behind_it(void **state)
{
	static const char *const chain4[] = {"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16",
		"10.1.2.0/24", "10.1.2.0/28", "10.1.2.3/32"};
	static const char *const chain6[] = {"::/0", "2001:db8::/32", "2001:db8:1::/48",
		"2001:db8:1:1::/64", "2001:db8:1:1::1/128"};
	uint32_t index;

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(chain4); i++)
		assert_int_equal(set(chain4[i], DP_NH_ADJ, i + 1), 0);
	for (unsigned int i = RTE_DIM(chain4); i--;) {
		assert_int_equal(get("10.1.2.3/32", &index), DP_NH_ADJ);
		assert_int_equal(index, i + 1);
		assert_int_equal(del(chain4[i]), 0);
	}
	assert_int_equal(get("10.1.2.3/32", &index), DP_NH_NONE);
	for (unsigned int i = 0; i < RTE_DIM(chain6); i++)
		assert_int_equal(set(chain6[i], DP_NH_ADJ, i + 1), 0);
	for (unsigned int i = RTE_DIM(chain6); i--;) {
		assert_int_equal(get("2001:db8:1:1::1/128", &index), DP_NH_ADJ);
		assert_int_equal(index, i + 1);
		assert_int_equal(del(chain6[i]), 0);
	}
	assert_int_equal(get("2001:db8:1:1::1/128", &index), DP_NH_NONE);
}

static void host_bits_of_a_prefix_do_not_matter(void **state)
{
	(void)state;
	assert_int_equal(set("10.1.2.3/8", DP_NH_DROP, 0), 0);
	assert_int_equal(set("2001:db8:ffff::1/33", DP_NH_DROP, 0), 0);
	assert_int_equal(get("10.200.0.1/32", NULL), DP_NH_DROP);
	assert_int_equal(get("2001:db8:8000::/128", NULL), DP_NH_DROP);
	assert_int_equal(del("10.0.0.0/8"), 0);
	assert_int_equal(del("2001:db8:8000::/33"), 0);
}

static void what_is_not_there_cannot_be_deleted(void **state)
{
	(void)state;
	assert_int_equal(del("10.0.0.0/8"), -ENOENT);
	assert_int_equal(set("10.0.0.0/8", DP_NH_LINUX, 0), 0);
	assert_int_equal(del("10.0.0.0/9"), -ENOENT);
	assert_int_equal(del("10.0.0.0/8"), 0);
	assert_int_equal(del("10.0.0.0/8"), -ENOENT);
}

static void another_vrf_is_refused(void **state)
{
	struct cfg_prefix p = prefix("10.0.0.0/8");
	uint32_t index;

	(void)state;
	assert_int_equal(dp_route_set(1, &p, DP_NH_LINUX, 0), -EINVAL);
	assert_int_equal(dp_route_get(1, 4, p.addr, &index), DP_NH_NONE);
}

static void ten_thousand_routes_come_and_go(void **state)
{
	struct dp_memory_info info;
	uint32_t index;

	(void)state;
	for (int round = 0; round < 4;
		round++) { /* 22.11's trie does not give back what it reserved: fib.c does */
		for (uint32_t i = 0; i < 10000; i++) {
			struct cfg_prefix p = {4, 24, {20, (uint8_t)(i >> 8), (uint8_t)i}};
			struct cfg_prefix q = {
				6, 48, {0x20, 1, 0xd, 0xb8, (uint8_t)(i >> 8), (uint8_t)i}};

			assert_int_equal(dp_route_set(0, &p, DP_NH_ADJ, i + 1), 0);
			assert_int_equal(dp_route_set(0, &q, DP_NH_ADJ, i + 1), 0);
		}
		dp_memory(&info);
		assert_int_equal(info.routes4, 10000);
		assert_int_equal(info.routes6, 10000);
		assert_int_equal(get("20.1.2.200/32", &index), DP_NH_ADJ);
		assert_int_equal(index, 0x102 + 1);
		for (uint32_t i = 0; i < 10000; i++) {
			struct cfg_prefix p = {4, 24, {20, (uint8_t)(i >> 8), (uint8_t)i}};
			struct cfg_prefix q = {
				6, 48, {0x20, 1, 0xd, 0xb8, (uint8_t)(i >> 8), (uint8_t)i}};

			assert_int_equal(dp_route_del(0, &p), 0);
			assert_int_equal(dp_route_del(0, &q), 0);
		}
	}
	dp_memory(&info);
	assert_int_equal(info.routes4 + info.routes6, 0);
}

static void more_routes_than_there_is_room_for_are_refused(void **state)
{
	uint32_t n = 0;
	int r = 0;

	(void)state;
	for (; !r && n < 100000; n++) {
		struct cfg_prefix p = {4, 24, {20, (uint8_t)(n >> 8), (uint8_t)n}};

		p.addr[0] = (uint8_t)(20 + (n >> 16));
		r = dp_route_set(0, &p, DP_NH_ADJ, 1);
	}
	assert_int_equal(r, -ENOSPC);
	assert_true(n > 16000);
}

static void framed_routes_are_set_and_taken_out_together(void **state)
{
	const struct cfg_prefix routes[] = {
		prefix("10.9.0.0/16"), prefix("2001:db8:9::/48"), prefix("10.8.0.0/30")};
	uint32_t list = 0, index;

	(void)state;
	assert_int_equal(fib_session_add(7, routes, 3, &list), 0);
	assert_int_equal(get("10.9.1.1/32", &index), DP_NH_SESSION);
	assert_int_equal(index, 7);
	assert_int_equal(get("2001:db8:9::1/128", &index), DP_NH_SESSION);
	fib_session_del(7, &list);
	assert_int_equal(list, 0);
	assert_int_equal(get("10.9.1.1/32", &index), DP_NH_NONE);
	assert_int_equal(get("10.8.0.1/32", &index), DP_NH_NONE);
}

static void a_framed_route_that_another_session_has_is_refused_whole(void **state)
{
	const struct cfg_prefix first[] = {prefix("10.9.0.0/16")};
	const struct cfg_prefix second[] = {prefix("10.7.0.0/16"), prefix("10.9.0.0/16")};
	uint32_t list1 = 0, list2 = 0, index;

	(void)state;
	assert_int_equal(fib_session_add(7, first, 1, &list1), 0);
	assert_int_equal(fib_session_add(8, second, 2, &list2), -EEXIST);
	assert_int_equal(list2, 0);
	assert_int_equal(get("10.7.0.1/32", &index), DP_NH_NONE);
	assert_int_equal(get("10.9.0.1/32", &index), DP_NH_SESSION);
	assert_int_equal(index, 7);
}

static void a_route_of_linux_replaces_a_framed_one_and_outlives_it(void **state)
{
	const struct cfg_prefix routes[] = {prefix("10.9.0.0/16")};
	uint32_t list = 0;

	(void)state;
	assert_int_equal(fib_session_add(7, routes, 1, &list), 0);
	assert_int_equal(set("10.9.0.0/16", DP_NH_LINUX, 0), 0);
	fib_session_del(7, &list);
	assert_int_equal(get("10.9.0.1/32", NULL), DP_NH_LINUX);
}

static void a_framed_route_that_linux_sends_to_lns0_is_the_sessions_while_it_lives(void **state)
{
	const struct cfg_prefix routes[] = {prefix("10.9.0.0/16")};
	uint32_t list = 0, index;

	(void)state;
	assert_int_equal(set("10.9.0.0/16", DP_NH_SUBSCRIBER, 0), 0);
	assert_int_equal(fib_session_add(7, routes, 1, &list), 0);
	assert_int_equal(get("10.9.0.1/32", &index), DP_NH_SESSION);
	assert_int_equal(
		set("10.9.0.0/16", DP_NH_SUBSCRIBER, 0), 0); /* Linux's routes are read again */
	assert_int_equal(get("10.9.0.1/32", &index), DP_NH_SESSION);
	fib_session_del(7, &list);
	assert_int_equal(get("10.9.0.1/32", NULL), DP_NH_SUBSCRIBER);
}

/* -- adjacencies -- */

static void an_adjacency_is_one_word_of_interface_and_mac(void **state)
{
	uint32_t adj = dp_adj_new(3, mac_a);
	uint64_t word;

	(void)state;
	assert_true(adj >= 1);
	word = dp_t.adj[adj];
	assert_true(word & ADJ_VALID);
	assert_int_equal(adj_if(word), 3);
	assert_memory_equal(&word, mac_a, 6);
	dp_adj_update(adj, mac_b);
	word = dp_t.adj[adj];
	assert_int_equal(adj_if(word), 3);
	assert_memory_equal(&word, mac_b, 6);
}

static void a_freed_adjacency_is_reused_only_after_tunnels_and_workers_let_go(void **state)
{
	uint32_t adj = dp_adj_new(0, mac_a);

	(void)state;
	dp_adj_free(adj);
	assert_int_equal(dp_t.adj[adj], 0);
	assert_int_equal(adj_count(), 1);
	adj_tick(); /* tunnels were not resolved yet: no token is taken */
	workers_quiescent();
	adj_tick();
	assert_int_equal(adj_count(), 1);
	dp_tick(0); /* resolved; the token is taken */
	assert_int_equal(adj_count(), 1);
	workers_quiescent();
	dp_tick(0);
	assert_int_equal(adj_count(), 0);
}

static void packets_through_an_adjacency_are_counted_since_the_last_question(void **state)
{
	uint32_t adj = dp_adj_new(0, mac_a);

	(void)state;
	dp_workers[0]->adj_used[adj] += 3;
	dp_workers[1]->adj_used[adj] += 4;
	assert_int_equal(dp_adj_used(adj), 7);
	assert_int_equal(dp_adj_used(adj), 0);
	dp_workers[1]->adj_used[adj]++;
	assert_int_equal(dp_adj_used(adj), 1);
}

static void adjacencies_run_out_with_0(void **state)
{
	uint32_t n = 0;

	(void)state;
	while (dp_adj_new(0, mac_a))
		n++;
	assert_int_equal(n, dp_t.max_adj);
}

/* -- tunnels -- */

static void a_tunnel_follows_route_and_neighbour(void **state)
{
	uint32_t a = dp_adj_new(0, mac_a), b;

	(void)state;
	assert_int_equal(dp_t.tunnel[TUNNEL].adj, 0);
	set("192.0.2.0/24", DP_NH_ADJ, a);
	dp_tick(0);
	assert_int_equal(dp_t.tunnel[TUNNEL].adj, a);
	b = dp_adj_new(0, mac_b);
	set("192.0.2.2/32", DP_NH_ADJ, b);
	dp_tick(0);
	assert_int_equal(dp_t.tunnel[TUNNEL].adj, b);
	del("192.0.2.2/32");
	dp_tick(0);
	assert_int_equal(dp_t.tunnel[TUNNEL].adj, a);
	set("192.0.2.0/24", DP_NH_LINUX, 0);
	dp_tick(0);
	assert_int_equal(dp_t.tunnel[TUNNEL].adj, 0);
}

static void a_tunnels_mtu_is_its_interfaces_less_38_and_58(void **state)
{
	struct l2tp_peer six = {.family = 6,
		.port = 1701,
		.local_port = 1701,
		.addr = {0x20, 1},
		.local = {0x20, 2}};

	(void)state;
	assert_int_equal(dp_tunnel_mtu(TUNNEL), 1500 - 38);
	dp_tunnel_set(2, 1, &six, 5, 6);
	assert_int_equal(dp_tunnel_mtu(2), 1500 - 58);
	dp_t.iface[0].mtu = 1400;
	set("192.0.2.0/24", DP_NH_ADJ, dp_adj_new(0, mac_a));
	dp_tick(0);
	assert_int_equal(dp_tunnel_mtu(TUNNEL), 1400 - 38);
}

/* Ones' complement sum over the pseudo-header and datagram, by RFC 768, byte by byte. */
static uint16_t udp_sum(
	const uint8_t *src, const uint8_t *dst, size_t alen, const uint8_t *udp, size_t n)
{
	uint32_t sum = 17 + (uint32_t)n;

	for (size_t i = 0; i < alen; i++)
		sum += (uint32_t)(src[i] + dst[i]) << (i & 1 ? 0 : 8);
	for (size_t i = 0; i < n; i++)
		sum += (uint32_t)udp[i] << (i & 1 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void a_control_message_leaves_with_all_headers_and_right_checksums(void **state)
{
	const uint8_t payload[] = {0xc8, 2, 0, 13, 0, 1, 0, 0, 0, 0, 0, 0, 9}; /* odd length */
	const struct l2tp_peer peer = {.family = 4,
		.port = 40001,
		.local_port = 1701,
		.addr = {192, 0, 2, 2},
		.local = {192, 0, 2, 1}};
	const struct l2tp_peer six = {
		.family = 6, .port = 5, .local_port = 1701, .addr = {0x20, 1}, .local = {0x20, 2}};
	const uint8_t *ip = tx_last.b + 14;
	uint32_t sum = 0;

	(void)state;
	assert_int_equal(dp_send_l2tp(&peer, payload, sizeof(payload)), -EHOSTUNREACH);
	set("0.0.0.0/0", DP_NH_ADJ, dp_adj_new(0, mac_a));
	set("::/0", DP_NH_ADJ, dp_adj_new(0, mac_b));
	assert_int_equal(dp_send_l2tp(&peer, payload, sizeof(payload)), 0);
	dp_apply(dp_workers[0]);
	dp_apply(dp_workers[1]);
	assert_int_equal(tx_frames, 1);
	assert_int_equal(tx_last.len, 14 + 20 + 8 + sizeof(payload));
	assert_memory_equal(tx_last.b, mac_a, 6);
	assert_memory_equal(tx_last.b + 6, dp_t.iface[0].mac.addr_bytes, 6);
	for (unsigned int i = 0; i < 20; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
	assert_int_equal(ip[2] << 8 | ip[3], 20 + 8 + sizeof(payload));
	assert_int_equal(ip[20] << 8 | ip[21], 1701);
	assert_int_equal(ip[22] << 8 | ip[23], 40001);
	assert_int_equal(udp_sum(ip + 12, ip + 16, 4, ip + 20, 8 + sizeof(payload)), 0xffff);
	assert_memory_equal(ip + 28, payload, sizeof(payload));
	assert_int_equal(dp_send_l2tp(&six, payload, sizeof(payload)), 0);
	dp_apply(dp_workers[0]);
	dp_apply(dp_workers[1]);
	assert_memory_equal(tx_last.b, mac_b, 6);
	assert_int_equal(udp_sum(ip + 8, ip + 24, 16, ip + 40, 8 + sizeof(payload)), 0xffff);
}

/* RFC 6864 s4: no outer packet is ever cut, so all of them may have the same identification. */
static void the_outer_ipv4_header_has_df_and_identification_0(void **state)
{
	const struct l2tp_peer peer = {.family = 4,
		.port = 40001,
		.local_port = 1701,
		.addr = {192, 0, 2, 2},
		.local = {192, 0, 2, 1}};
	const uint8_t zlb[12] = {0xc8, 2, 0, 12}, atomic[4] = {0, 0, 0x40, 0};

	(void)state;
	assert_memory_equal(dp_t.tunnel[TUNNEL].header + 4, atomic, 4); /* of data */
	set("0.0.0.0/0", DP_NH_ADJ, dp_adj_new(0, mac_a));
	assert_int_equal(dp_send_l2tp(&peer, zlb, sizeof(zlb)), 0);
	dp_apply(dp_workers[0]);
	dp_apply(dp_workers[1]);
	assert_memory_equal(tx_last.b + 14 + 4, atomic, 4);
}

static void a_control_message_may_fill_the_mtu_and_no_more(void **state)
{
	static const uint8_t payload[1473];
	const struct l2tp_peer peer = {.family = 4,
		.port = 1701,
		.local_port = 1701,
		.addr = {192, 0, 2, 2},
		.local = {192, 0, 2, 1}};

	(void)state;
	set("0.0.0.0/0", DP_NH_ADJ, dp_adj_new(0, mac_a));
	assert_int_equal(dp_send_l2tp(&peer, payload, 1472), 0);
	assert_int_equal(dp_send_l2tp(&peer, payload, 1473), -EMSGSIZE);
}

static void a_frame_of_linux_gets_the_vlan_tag_of_its_interface(void **state)
{
	const uint8_t frame[20] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0x06, 42};
	const uint8_t tagged[20] = {
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x81, 0, 0, 100, 0x08, 0x06, 42};

	(void)state;
	dp_t.n_ifs = 2;
	dp_t.iface[1] = (struct dp_if){.mtu = 1500, .vlan = 100};
	assert_int_equal(dp_if_send(1, frame, sizeof(frame)), 0);
	dp_apply(dp_workers[1]);
	assert_int_equal(tx_last.len, 24);
	assert_memory_equal(tx_last.b, tagged, sizeof(tagged));
	assert_int_equal(dp_if_send(0, frame, sizeof(frame)), 0);
	dp_apply(dp_workers[0]);
	assert_int_equal(tx_last.len, 20);
	assert_memory_equal(tx_last.b, frame, sizeof(frame));
	assert_int_equal(dp_if_send(2, frame, sizeof(frame)), -EINVAL);
	assert_int_equal(dp_if_send(0, frame, 13), -EINVAL);
}

static void packets_leave_room_in_the_command_ring_for_sessions(void **state)
{
	const uint8_t packet[20] = {0x45};
	unsigned int n = 0;

	(void)state;
	/* 1024 buffers are fewer than the ring has room: fill it with commands first */
	struct dp_msg m = {.type = MSG_SESSION_CLOSE, .slot = 1, .generation = 99};

	publish_on(1, 1, 0);
	while (rte_ring_free_count(dp_workers[0]->commands) > PACKET_RESERVE + 3)
		control_command(0, &m);
	while (!dp_inject(packet, sizeof(packet)))
		n++;
	assert_int_equal(n, 3);
	assert_int_equal(dp_drop_get(DROP_COMMANDS_FULL), 1);
	assert_int_equal(rte_ring_free_count(dp_workers[0]->commands), PACKET_RESERVE);
	control_command(0, &m);
	while (rte_ring_count(dp_workers[0]->commands))
		dp_apply(dp_workers[0]);
	assert_int_equal(injected, 3);
}

/* StopCCN of a LAC with many sessions fills the ring with their removal; the LAC may dial anew at once. */
static void a_control_message_is_sent_where_packets_of_linux_find_no_room(void **state)
{
	const struct l2tp_peer peer = {.family = 4,
		.port = 1701,
		.local_port = 1701,
		.addr = {192, 0, 2, 2},
		.local = {192, 0, 2, 1}};
	struct dp_msg m = {.type = MSG_SESSION_CLOSE, .slot = 1, .generation = 99};
	struct rte_ring *r = dp_workers[1]->commands;

	(void)state;
	publish_on(1, 1, 0);
	set("0.0.0.0/0", DP_NH_ADJ, dp_adj_new(0, mac_a));
	while (rte_ring_free_count(r) > 10)
		control_command(1, &m);
	assert_int_equal(dp_send_l2tp(&peer, "12345678", 8), 0);
	while (rte_ring_count(r))
		dp_apply(dp_workers[1]);
	assert_int_equal(tx_frames, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, tables_setup, tables_teardown)
	const struct CMUnitTest tests[] = {
		T(every_type_of_route_comes_back_with_its_index),
		T(where_nothing_is_routed_there_is_no_route),
		T(a_deleted_route_uncovers_the_one_behind_it),
		T(host_bits_of_a_prefix_do_not_matter),
		T(what_is_not_there_cannot_be_deleted),
		T(another_vrf_is_refused),
		T(ten_thousand_routes_come_and_go),
		T(more_routes_than_there_is_room_for_are_refused),
		T(framed_routes_are_set_and_taken_out_together),
		T(a_framed_route_that_another_session_has_is_refused_whole),
		T(a_route_of_linux_replaces_a_framed_one_and_outlives_it),
		T(a_framed_route_that_linux_sends_to_lns0_is_the_sessions_while_it_lives),
		T(an_adjacency_is_one_word_of_interface_and_mac),
		T(a_freed_adjacency_is_reused_only_after_tunnels_and_workers_let_go),
		T(packets_through_an_adjacency_are_counted_since_the_last_question),
		T(adjacencies_run_out_with_0),
		T(a_tunnel_follows_route_and_neighbour),
		T(a_tunnels_mtu_is_its_interfaces_less_38_and_58),
		T(a_control_message_leaves_with_all_headers_and_right_checksums),
		T(the_outer_ipv4_header_has_df_and_identification_0),
		T(a_control_message_may_fill_the_mtu_and_no_more),
		T(a_frame_of_linux_gets_the_vlan_tag_of_its_interface),
		T(packets_leave_room_in_the_command_ring_for_sessions),
		T(a_control_message_is_sent_where_packets_of_linux_find_no_room),
	};

	return cmocka_run_group_tests_name("fib", tests, tables_group, NULL);
}
