/* SPDX-License-Identifier: BSD-3-Clause */
/* Session ids and owners, and packets on their way to control. */
#include <string.h>

#include <rte_ring_elem.h>

#include "tables.h"

static unsigned int owner_of_sid(uint16_t sid)
{
	return dp_t.shard_owner[sid >> DP_SHARD_SHIFT];
}

/* Of a session in a slot that has no neighbours yet. */
static unsigned int owner_of_next(void)
{
	static uint32_t slot;

	slot = (slot + DP_BLOCK) % HOME_SLOT_MAX;
	return owner_of_sid(dp_session_pick_sid(slot, TID));
}

static unsigned int owner_in(uint32_t slot)
{
	unsigned int owner = owner_of_sid(dp_session_pick_sid(slot, TID));

	dp_c.load[owner]++;
	return owner;
}

static void slots_beside_each_other_have_one_owner(void **state)
{
	unsigned int blocks[2] = {0};

	(void)state;
	for (uint32_t slot = 0; slot < 40 * DP_BLOCK; slot += DP_BLOCK) {
		unsigned int owner = owner_in(slot);

		for (uint32_t i = 1; i < DP_BLOCK; i++)
			assert_int_equal(owner_in(slot + i), owner);
		blocks[owner]++;
	}
	assert_int_equal(blocks[0], 20);
	assert_int_equal(blocks[1], 20);
}

static void a_slot_beside_others_is_not_for_a_worker_that_has_many_more(void **state)
{
	unsigned int owner = owner_in(16), other = !owner;

	(void)state;
	dp_c.load[owner] += 100;
	assert_int_equal(owner_in(17), other);
	assert_int_equal(owner_in(18), other);
}

static void the_worker_that_receives_the_tunnel_comes_before_the_one_of_the_slots_beside(
	void **state)
{
	unsigned int owner = owner_in(16), other = !owner;

	(void)state;
	dp_c.queue_of_tid[TID] = (uint8_t)(other + 1);
	assert_int_equal(owner_in(17), other);
	assert_int_equal(owner_in(18), other);
}

static void slots_of_a_full_tunnel_of_one_queue_change_their_owner_once_a_block(void **state)
{
	unsigned int changes = 0, n[2] = {0}, last = 0;

	(void)state;
	dp_c.queue_of_tid[TID] = 1;
	for (uint32_t slot = 0; slot < 200 * DP_BLOCK; slot++) {
		unsigned int owner = owner_in(slot);

		n[owner]++;
		changes += slot % DP_BLOCK && owner != last;
		last = owner;
	}
	assert_in_range(changes, 0, 200);
	assert_in_range(n[0], n[1], n[1] + n[1] / 8 + 2 * DP_BLOCK);
}

static void sessions_of_one_tunnel_are_spread_over_the_workers(void **state)
{
	unsigned int n[2] = {0};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		unsigned int owner = owner_of_next();

		dp_c.load[owner]++;
		n[owner]++;
	}
	assert_in_range(n[0], 450, 550);
	assert_in_range(n[1], 450, 550);
}

static void a_worker_that_receives_the_tunnel_is_preferred_by_a_little(void **state)
{
	unsigned int near = 0;

	(void)state;
	dp_c.queue_of_tid[TID] = 2;
	dp_c.load[0] = dp_c.load[1] = 10;
	for (int i = 0; i < 100; i++)
		near += owner_of_next() == 1;
	assert_in_range(near, 80, 100);
	dp_c.load[1] = 100;
	for (int i = 0; i < 100; i++)
		near -= owner_of_next() == 1;
	assert_in_range(near, 70, 100);
}

/* A second in which a worker that owns n sessions was busy for n times cost_us, and worker 0 also with receiving. */
static void busy_second(uint64_t *now_ns, uint64_t cost_us, uint64_t receiving_us)
{
	for (unsigned int i = 0; i < 2; i++)
		dp_workers[i]->stat.busy_ns +=
			(dp_c.load[i] * cost_us + (i ? 0 : receiving_us)) * 1000;
	owner_tick(*now_ns += 1000000000);
}

static void pick(unsigned int n)
{
	while (n--)
		dp_c.load[owner_of_next()]++;
}

static void a_worker_that_is_busy_with_receiving_gets_fewer_sessions(void **state)
{
	uint64_t now_ns = 5000000000;
	unsigned int busy[2];

	(void)state;
	owner_tick(now_ns);
	for (unsigned int i = 0; i < 60; i++) {
		pick(20);
		busy_second(&now_ns, 1000, 300000);
		for (unsigned int k = 0; k < 60 && i % 6 == 5; k++) /* some of all end */
			if (dp_c.load[k % 2] > 1)
				dp_c.load[k % 2]--;
	}
	for (unsigned int i = 0; i < 2; i++)
		busy[i] = dp_c.load[i] * 1000 + (i ? 0 : 300000);
	assert_true(dp_c.load[0] + 150 < dp_c.load[1]);
	assert_in_range(busy[0] * 10 / busy[1], 8, 13);
}

static void sessions_that_carry_much_count_for_more(void **state)
{
	uint64_t now_ns = 5000000000;

	(void)state;
	owner_tick(now_ns);
	dp_c.load[0] = dp_c.load[1] = 1000;
	for (unsigned int i = 0; i < 5; i++) { /* 900 and 300 ms: 3 times the load */
		dp_workers[0]->stat.busy_ns += 900000000;
		dp_workers[1]->stat.busy_ns += 300000000;
		owner_tick(now_ns += 1000000000);
	}
	pick(500);
	assert_in_range(dp_c.load[1], 1450, 1500);
}

static void a_storm_between_two_looks_is_spread(void **state)
{
	uint64_t now_ns = 5000000000;

	(void)state;
	owner_tick(now_ns);
	dp_c.load[0] = dp_c.load[1] = 100;
	for (unsigned int i = 0; i < 5; i++) {
		dp_workers[0]->stat.busy_ns += 900000000;
		dp_workers[1]->stat.busy_ns += 700000000;
		owner_tick(now_ns += 1000000000);
	}
	pick(20000);
	assert_in_range(dp_c.load[0], 9800, 10200);
}

static void on_an_idle_machine_the_number_of_sessions_decides(void **state)
{
	uint64_t now_ns = 5000000000;

	(void)state;
	owner_tick(now_ns);
	dp_c.load[0] = 1000;
	dp_c.load[1] = 800;
	for (unsigned int i = 0; i < 5; i++) { /* echo requests, here or there */
		dp_workers[1]->stat.busy_ns += 5000000;
		owner_tick(now_ns += 1000000000);
	}
	pick(200);
	assert_in_range(dp_c.load[1], 980, 1000);
}

static void what_a_worker_does_and_was_picked_for_can_be_seen(void **state)
{
	uint64_t now_ns = 5000000000;
	struct dp_worker_info info;

	(void)state;
	owner_tick(now_ns);
	dp_c.queue_of_tid[TID] = 1;
	pick(10);
	dp_c.load[0] += 1000;
	pick(5);
	for (unsigned int i = 0; i < 12; i++) {
		dp_workers[0]->stat.up_packets += 3000;
		dp_workers[0]->stat.down_packets += 1000;
		dp_workers[0]->stat.busy_ns += 500000000;
		owner_tick(now_ns += 1000000000);
	}
	dp_worker_get(0, &info);
	assert_in_range(info.busy_permille, 498, 500);
	assert_int_equal(info.packets_per_s, 4000);
	assert_int_equal(info.picked_by_queue, 10);
	assert_int_equal(info.picked_by_load, 0);
	dp_worker_get(1, &info);
	assert_int_equal(info.busy_permille, 0);
	assert_int_equal(info.picked_by_queue, 0);
	assert_int_equal(info.picked_by_load, 5);
}

static void session_ids_are_never_0_and_show_no_order(void **state)
{
	static uint8_t seen[1 << 16];
	unsigned int distinct = 0, rising = 0;
	uint16_t last = 0;

	(void)state;
	memset(seen, 0, sizeof(seen));
	for (int i = 0; i < 20000; i++) {
		uint16_t sid = dp_session_pick_sid(1 + (uint32_t)i % DP_BLOCK, TID);

		assert_true(sid);
		distinct += !seen[sid];
		seen[sid] = 1;
		rising += sid > last;
		last = sid;
	}
	/* 20000 draws of 65536: 65536 * (1 - exp(-0.305)) = 17230 differ; of 32768 (one owner's): 14970 */
	assert_in_range(distinct, 14500, 18000);
	assert_in_range(rising, 9500, 10500);
}

static void two_starts_draw_different_ids(void **state)
{
	uint16_t first[8], second[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		first[i] = dp_session_pick_sid(1, TID);
	random_seed(&dp_c.random);
	for (int i = 0; i < 8; i++)
		second[i] = dp_session_pick_sid(1, TID);
	assert_memory_not_equal(first, second, sizeof(first));
}

static void a_worker_with_a_backlog_of_commands_makes_the_dataplane_not_ready(void **state)
{
	struct rte_ring *r = dp_workers[1]->commands;
	struct dp_msg m = {.type = MSG_SESSION_CLOSE, .slot = 1, .generation = 2};

	(void)state;
	publish_on(1, 1, 1); /* the commands are about a later use of its slot */
	assert_true(dp_ready());
	while (rte_ring_free_count(r) >= 2 * PACKET_RESERVE)
		control_command(1, &m);
	assert_false(dp_ready());
	dp_apply(dp_workers[1]);
	assert_true(dp_ready());
	while (rte_ring_count(r))
		dp_apply(dp_workers[1]);
}

static void publishing_and_removing_count_the_load(void **state)
{
	(void)state;
	publish_on(1, 1, 0);
	publish_on(2, 1, 1);
	publish_on(3, 1, 1);
	assert_int_equal(dp_c.load[0], 1);
	assert_int_equal(dp_c.load[1], 2);
	dp_session_remove(3, 1);
	dp_session_remove(3, 1);
	assert_int_equal(dp_c.load[1], 1);
}

static void a_session_from_an_address_that_is_no_endpoint_is_refused(void **state)
{
	const struct l2tp_peer peer = {.family = 4,
		.port = 1701,
		.local_port = 1701,
		.addr = {192, 0, 2, 2},
		.local = {192, 0, 2, 99}};
	struct dp_session_desc d = {.slot = 1, .generation = 1, .tunnel = 2, .tid = 5, .sid = 6};

	(void)state;
	dp_tunnel_set(2, 1, &peer, 5, 6);
	assert_int_equal(dp_session_publish(&d), -22); /* EINVAL */
}

/* What punt.c hands over: data at the payload, headers before it. */
static void punt(unsigned int worker, struct rte_ring *r, uint8_t type, const uint8_t *packet,
	uint16_t len, uint16_t l3_off)
{
	struct dp_msg m = {.type = type,
		.worker = (uint8_t)worker,
		.l3_off = l3_off,
		.m = rte_pktmbuf_alloc(dp_t.pool)};

	memcpy(rte_pktmbuf_append(m.m, len), packet, len);
	rte_pktmbuf_adj(m.m, l3_off);
	assert_int_equal(rte_ring_enqueue_elem(r, &m, sizeof(m)), 0);
}

static const uint8_t icrq[] = {0x45, 0, 0, 40, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 2, 192, 0, 2, 1,
	0x9c, 0x41, 0x06, 0xa5, 0, 20, 0, 0, 0xc8, 2, 0, 12, 0, TID, 0, 0, 0, 1, 0, 1};

static void a_control_message_comes_with_its_peer(void **state)
{
	struct dp_event ev;

	(void)state;
	punt(1, dp_workers[1]->punts, PUNT_L2TP, icrq, sizeof(icrq), 28);
	ev = next_event();
	assert_int_equal(ev.type, DP_EV_L2TP);
	assert_int_equal(ev.worker, 1);
	assert_int_equal(ev.len, 12);
	assert_memory_equal(ev.data, icrq + 28, 12);
	assert_int_equal(ev.peer.family, 4);
	assert_int_equal(ev.peer.port, 40001);
	assert_int_equal(ev.peer.local_port, 1701);
	assert_memory_equal(ev.peer.addr, icrq + 12, 4);
	assert_memory_equal(ev.peer.local, icrq + 16, 4);
	assert_int_equal(dp_c.queue_of_tid[TID], 2);
}

static void a_cut_control_message_is_an_event_as_well(void **state)
{
	(void)state;
	punt(0, dp_workers[0]->punts, PUNT_L2TP, icrq, 28, 28);
	assert_int_equal(next_event().len, 0);
	punt(0, dp_workers[0]->punts, PUNT_L2TP, icrq, 31, 28);
	assert_int_equal(next_event().len, 3);
}

static void live_tunnels_come_first_and_a_flood_leaves_room_for_all(void **state)
{
	struct dp_event ev[16];
	unsigned int n, high = 0, low = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		punt(0, dp_workers[0]->punts, PUNT_LINUX, icrq, sizeof(icrq), 0);
		punt(1, dp_workers[1]->punts_high, PUNT_L2TP, icrq, sizeof(icrq), 28);
	}
	n = dp_events(ev, 16);
	assert_int_equal(n, 16);
	assert_int_equal(ev[0].type, DP_EV_L2TP);
	for (unsigned int i = 0; i < n; i++) {
		high += ev[i].type == DP_EV_L2TP;
		low += ev[i].type == DP_EV_LINUX;
	}
	assert_in_range(high, 8, 15);
	assert_in_range(low, 1, 8);
	dp_events_done(ev, n);
}

static void drop_reasons_have_names_and_sums(void **state)
{
	(void)state;
	dp_workers[0]->drop[DROP_TTL] = 3;
	dp_workers[1]->drop[DROP_TTL] = 4;
	assert_int_equal(dp_drop_get(DROP_TTL), 7);
	assert_int_equal(dp_drop_get_worker(1, DROP_TTL), 4);
	assert_string_equal(dp_drop_name(DROP_SPOOFED_SOURCE), "spoofed-source");
	for (unsigned int i = 0; i < dp_drop_count(); i++) {
		assert_non_null(dp_drop_name(i));
		assert_true(strlen(dp_drop_text(i)) > 5);
	}
}

static void random_bytes_never_repeat(void **state)
{
	uint8_t out[3 * RANDOM_AHEAD][32];

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(out); i++) {
		worker_random(dp_workers[i % 8 == 0], out[i]);
		for (unsigned int k = 0; k < i; k++)
			assert_memory_not_equal(out[i], out[k], 32);
	}
}

static void random_bytes_that_were_given_out_are_kept_nowhere(void **state)
{
	struct random_state *r = &dp_workers[0]->random;
	uint8_t out[RANDOM_AHEAD + 1][32];

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(out); i++)
		worker_random(dp_workers[0], out[i]);
	for (unsigned int i = 0; i < RTE_DIM(out); i++)
		assert_null(memmem(r, sizeof(*r), out[i], 32));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, tables_setup, tables_teardown)
	const struct CMUnitTest tests[] = {
		T(sessions_of_one_tunnel_are_spread_over_the_workers),
		T(slots_beside_each_other_have_one_owner),
		T(a_slot_beside_others_is_not_for_a_worker_that_has_many_more),
		T(the_worker_that_receives_the_tunnel_comes_before_the_one_of_the_slots_beside),
		T(slots_of_a_full_tunnel_of_one_queue_change_their_owner_once_a_block),
		T(a_worker_that_receives_the_tunnel_is_preferred_by_a_little),
		T(a_worker_that_is_busy_with_receiving_gets_fewer_sessions),
		T(sessions_that_carry_much_count_for_more),
		T(a_storm_between_two_looks_is_spread),
		T(on_an_idle_machine_the_number_of_sessions_decides),
		T(what_a_worker_does_and_was_picked_for_can_be_seen),
		T(session_ids_are_never_0_and_show_no_order),
		T(two_starts_draw_different_ids),
		T(a_worker_with_a_backlog_of_commands_makes_the_dataplane_not_ready),
		T(publishing_and_removing_count_the_load),
		T(a_session_from_an_address_that_is_no_endpoint_is_refused),
		T(a_control_message_comes_with_its_peer),
		T(a_cut_control_message_is_an_event_as_well),
		T(live_tunnels_come_first_and_a_flood_leaves_room_for_all),
		T(drop_reasons_have_names_and_sums),
		T(random_bytes_never_repeat),
		T(random_bytes_that_were_given_out_are_kept_nowhere),
	};

	return cmocka_run_group_tests_name("control", tests, tables_group, NULL);
}
