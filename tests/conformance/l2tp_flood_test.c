/* SPDX-License-Identifier: BSD-3-Clause */
/* A flood of SCCRQs that nobody follows up: who means it gets a slot at once, who is established notices nothing. */
#include "tests/conformance/l2tp_lab.h"

/* The n-th SCCRQ of a flood: another source address for each. */
static void flood_one(struct lab *lab, uint32_t n)
{
	struct l2tp_peer real = lab->lac.peer;

	lab->lac.peer.addr[0] = 198;
	lab->lac.peer.addr[1] = 18;
	lab->lac.peer.addr[2] = (uint8_t)(n >> 8);
	lab->lac.peer.addr[3] = (uint8_t)n;
	lac_sends(lab, SCCRQ, .as_is = true, .tunnel = 3, .host = "nobody");
	lab->lac.peer = real;
	lns_forget(lab);
}

static void flood(struct lab *lab, uint32_t many)
{
	bool deaf = lab->deaf;

	lab->deaf = true;
	for (uint32_t n = 1; n <= many; n++)
		flood_one(lab, n);
	lab->deaf = deaf;
}

/* The caller's loop always gets there before time passes. */
static void lab_turn(struct lab *lab)
{
	lab_run_for(lab, 0);
}

static uint32_t state_count(const struct lab *lab, enum l2tp_tunnel_state state)
{
	uint32_t n = 0;

	for (uint32_t i = 1; i <= lab->lim.tunnels; i++)
		n += lab->tunnel[i].state == state;
	return n;
}

static void no_time_has_passed_when_a_lac_dials(struct lab *lab)
{
	uint64_t at = lab->env.now_ns;

	lab->deaf = true;
	lab_turn(lab);
	lab->deaf = false;
	lns_forget(lab);
	lac_sends(lab, SCCRQ);
	lab_turn(lab);
	lns_sends(lab, SCCRP, .tid = IS(7));
	lac_sends(lab, SCCCN);
	assert_int_equal(lab->tunnel[the_tunnel(lab)].state, L2TP_T_ESTABLISHED);
	assert_int_equal(lab->env.now_ns, at);
}

static void a_lac_dials_at_once_after_a_flood_of_ten_times_the_slots(void **state)
{
	struct lab *lab = *state;

	flood(lab, 160);
	assert_int_equal(l2tp_counters(lab->cp)->no_slot, 0);
	assert_int_equal(l2tp_counters(lab->cp)->evicted, 160 - 16);
	no_time_has_passed_when_a_lac_dials(lab);
	assert_int_equal(l2tp_counters(lab->cp)->evicted, 160 - 16 + 1);
}

static void a_lac_dials_at_once_when_all_slots_retain_refused_tunnels(void **state)
{
	struct lab *lab = *state;

	lab->on_tunnel = LAB_REJECT;
	flood(lab, 160);
	lab_turn(lab);
	assert_int_equal(state_count(lab, L2TP_T_CLOSING), 16);
	lab->on_tunnel = LAB_ACCEPT;
	no_time_has_passed_when_a_lac_dials(lab);
}

static void a_lac_dials_at_once_when_no_request_of_the_flood_was_answered(void **state)
{
	struct lab *lab = *state;

	lab->on_tunnel = LAB_WAIT;
	flood(lab, 160);
	lab_turn(lab);
	assert_int_equal(state_count(lab, L2TP_T_IDLE), 16);
	lab->on_tunnel = LAB_ACCEPT;
	no_time_has_passed_when_a_lac_dials(lab);
}

static void a_lac_dials_at_once_during_the_flood(void **state)
{
	struct lab *lab = *state;

	flood(lab, 160);
	lac_sends(lab, SCCRQ); /* waits for a slot; the flood's next comes before any tick */
	lab->deaf = true;
	lns_forget(lab);
	flood_one(lab, 999);
	lab->deaf = false;
	for (uint32_t i = 1; i <= 16; i++) {
		if (lab->tunnel[i].peer_tid == lab->lac.tid)
			lab->lac.lns_tid = lab->tunnel[i].tid;
	}
	lab->lac.nr = 1;
	lac_sends(lab, SCCCN);
	assert_int_equal(lab->tunnel[the_tunnel(lab)].state, L2TP_T_ESTABLISHED);
}

static void the_only_slot_left_is_not_taken_back_before_its_request_is_told(void **state)
{
	struct lab *lab = lab_new((struct l2tp_limits){.tunnels = 1, .calls = 4, .chunks = 64});

	(void)state;
	for (uint32_t n = 1; n <= 20; n++) {
		flood_one(lab, n);
		assert_true(lab->tunnel[1].state == L2TP_T_WAIT_CTL_CONN ||
			lab->tunnel[1].state == L2TP_T_FREE);
	}
	lab_run_for(lab, 60000);
	nothing_is_in_use(lab);
	lab_free(lab);
}

static void eviction_takes_the_oldest_first_and_says_nothing(void **state)
{
	struct lab *lab = *state;

	lab->deaf = true;
	for (uint32_t n = 1; n <= 16; n++) {
		flood_one(lab, n);
		lab_run_for(lab, 1);
	}
	lab_forget(lab);
	for (uint32_t n = 1; n <= 16; n++) {
		struct l2tp_action *a;

		flood_one(lab, 100 + n);
		a = lns_tells(lab, L2TP_ACT_TUNNEL_FREE);
		assert_int_equal(a->tunnel, n);
		lns_is_silent(lab); /* the victim gets no StopCCN */
		lab_turn(lab);
		lns_sends(lab, SCCRP);
		assert_int_equal(lns_tells(lab, L2TP_ACT_TUNNEL_REQUEST)->tunnel, n);
		assert_int_equal(lab->tunnel[n].peer.addr[3], 100 + n);
	}
	assert_int_equal(l2tp_counters(lab->cp)->evicted, 16);
}

static void an_established_tunnel_survives_a_flood_with_its_call_and_its_hellos(void **state)
{
	struct lab *lab = *state;
	uint32_t slot, tunnel;

	tunnel_comes_up(lab);
	slot = call_comes_up(lab, 5);
	tunnel = the_tunnel(lab);
	for (uint32_t s = 0; s < 70; s++) {
		flood(lab, 160);
		lac_sends(lab, HELLO);
		lab_run_for(lab, 1000);
	}
	assert_int_equal(lab->tunnel[tunnel].state, L2TP_T_ESTABLISHED);
	/* every Hello was taken, and is acknowledged */
	assert_int_equal(lab->tunnel[tunnel].nr, lab->lac.ns);
	assert_false(lab->tunnel[tunnel].ack_owed);
	assert_int_equal(lab->call[slot].state, L2TP_C_ESTABLISHED);
	assert_int_equal(lab->downs, 0);
	flood(lab, 160);
	lns_forget(lab);
	lab_run_for(lab, 60100); /* now the LAC is silent: ours is sent */
	while (lns_sent(lab) && lab->sent[lab->sent_head % LAB_RING].m.type != L2TP_HELLO)
		lab->sent_head++;
	lns_sends(lab, HELLO, .tid = IS(7));
	lac_sends(lab, ZLB);
	lab_run_for(lab, 31000);
	assert_int_equal(lab->tunnel[tunnel].state, L2TP_T_ESTABLISHED);
}

static void a_closing_tunnel_that_was_established_is_not_evicted(void **state)
{
	struct lab *lab = *state;
	uint32_t tunnel;

	tunnel_comes_up(lab);
	tunnel = the_tunnel(lab);
	lac_sends(lab, STOPCCN);
	assert_int_equal(lab->tunnel[tunnel].state, L2TP_T_CLOSING);
	flood(lab, 160);
	assert_int_equal(lab->tunnel[tunnel].state, L2TP_T_CLOSING);
	assert_int_equal(lab->tunnel[tunnel].peer.addr[0], 192);
}

static void nothing_is_in_use_a_minute_after_a_flood(void **state)
{
	struct lab *lab = *state;

	flood(lab, 160);
	lab_run_for(lab, 60000);
	nothing_is_in_use(lab);
	assert_int_equal(lab->cp->unproven, 0);
	assert_int_equal(lab->cp->unproven_head, 0);
}

static uint32_t sccrps_in(struct lab *lab, uint64_t ms)
{
	uint32_t n = 0;

	lab_run_for(lab, ms);
	while (lns_sent(lab))
		n += lab->sent[lab->sent_head++ % LAB_RING].m.type == L2TP_SCCRP;
	return n;
}

static void an_sccrp_is_sent_again_once_only_when_half_of_the_slots_are_half_open(void **state)
{
	struct lab *lab = *state;

	flood(lab, 9);
	assert_int_equal(sccrps_in(lab, 2900), 9);
	lab_run_for(lab, 200);
	assert_int_equal(state_count(lab, L2TP_T_WAIT_CTL_CONN) <= 8, 1);
}

static void an_sccrp_is_sent_again_five_times_when_there_is_no_crowd(void **state)
{
	struct lab *lab = *state;

	flood(lab, 8);
	assert_int_equal(sccrps_in(lab, 60000), 8 * 5);
	nothing_is_in_use(lab);
}

/* Each half-open tunnel is given large messages ahead of their turn. */
static void half_open_tunnels_leave_chunks_for_those_who_are_up(void **state)
{
	struct lab *lab = *state;
	/* an AVP of some vendor, not mandatory */
	static const uint8_t fat[1000] = {0x03, 0xe8, 0x12, 0x34};
	uint32_t lent[4];

	tunnel_comes_up(lab);
	lab->deaf = true;
	for (uint32_t n = 1; n <= 160; n++) {
		struct l2tp_peer real = lab->lac.peer;

		flood_one(lab, n);
		lab_turn(lab);
		lab->lac.peer.addr[0] = 198;
		lab->lac.peer.addr[1] = 18;
		lab->lac.peer.addr[2] = (uint8_t)(n >> 8);
		lab->lac.peer.addr[3] = (uint8_t)n;
		for (uint16_t ns = 2; ns < 16; ns++)
			lac_sends(lab, SCCRQ, .as_is = true, .ns = ns, .tunnel = 3, .extra = fat,
				.extra_len = sizeof(fat));
		lab->lac.peer = real;
	}
	lab->deaf = false;
	lab_forget(lab);
	l2tp_usage(lab->cp, &lent[0], &lent[1], &lent[2], &lent[3]);
	assert_in_range(lent[2], 256 / 4, 256 * 3 / 4);
	call_comes_up(lab, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(a_lac_dials_at_once_after_a_flood_of_ten_times_the_slots),
		LAB_TEST(a_lac_dials_at_once_when_all_slots_retain_refused_tunnels),
		LAB_TEST(a_lac_dials_at_once_when_no_request_of_the_flood_was_answered),
		LAB_TEST(a_lac_dials_at_once_during_the_flood),
		LAB_TEST(the_only_slot_left_is_not_taken_back_before_its_request_is_told),
		LAB_TEST(eviction_takes_the_oldest_first_and_says_nothing),
		LAB_TEST(an_established_tunnel_survives_a_flood_with_its_call_and_its_hellos),
		LAB_TEST(a_closing_tunnel_that_was_established_is_not_evicted),
		LAB_TEST(nothing_is_in_use_a_minute_after_a_flood),
		LAB_TEST(an_sccrp_is_sent_again_once_only_when_half_of_the_slots_are_half_open),
		LAB_TEST(an_sccrp_is_sent_again_five_times_when_there_is_no_crowd),
		LAB_TEST(half_open_tunnels_leave_chunks_for_those_who_are_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
