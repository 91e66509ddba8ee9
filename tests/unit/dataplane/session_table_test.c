/* SPDX-License-Identifier: BSD-3-Clause */
/* The keys of sessions: found while published, and reused only after every worker was quiescent. */
#include <errno.h>
#include <string.h>

#include <rte_rcu_qsbr.h>

#include "tables.h"

static struct session_key key_of(uint16_t sid)
{
	struct session_key k;
	const uint8_t peer[4] = {192, 0, 2, 2};
	uint32_t addr;

	memcpy(&addr, peer, 4);
	session_key_build(&k, 0, 0, session_key_peer4(addr, 1701), TID, sid);
	return k;
}

/* By the front that the suite runs with. */
static void find_keys(const struct session_key *k, unsigned int n, uint32_t *slot)
{
	if (dp_t.lookup_hash)
		session_hash_bulk(k, n, slot);
	else
		for (unsigned int i = 0; i < n; i++)
			slot[i] = index_slot(index_read(index_session(k[i].ids)), k[i].ids);
}

static uint32_t find_key(const struct session_key *k)
{
	uint32_t slot;

	find_keys(k, 1, &slot);
	return session_has_key(slot, k) ? slot : 0;
}

static uint32_t find(uint16_t sid)
{
	struct session_key k = key_of(sid);

	return find_key(&k);
}

static int set_addresses(uint32_t slot, uint32_t ip4, uint64_t prefix6)
{
	return slot_set_addresses(slot, 0, rte_cpu_to_be_32(ip4), prefix6);
}

static void remove_and_answer(uint32_t slot, uint32_t generation)
{
	dp_session_remove(slot, generation);
	dp_apply(dp_workers[0]);
	dp_apply(dp_workers[1]);
}

static void a_published_session_is_found_and_a_removed_one_is_not(void **state)
{
	(void)state;
	uint16_t sid = publish_on(5, 1, 0);

	assert_int_equal(find(sid), 5);
	dp_session_remove(5, 1);
	assert_int_equal(find(sid), 0);
}

static void a_packet_from_another_peer_does_not_find_the_session(void **state)
{
	(void)state;
	struct session_key k = key_of(publish_on(5, 1, 0));

	assert_int_equal(find_key(&k), 5);
	k.peer++;
	assert_int_equal(find_key(&k), 0);
	k.peer--;
	k.local++;
	assert_int_equal(find_key(&k), 0);
	k.local--;
	k.vrf++;
	assert_int_equal(find_key(&k), 0);
}

static void a_bulk_lookup_answers_each_key_by_itself(void **state)
{
	(void)state;
	struct session_key k[3] = {
		key_of(publish_on(1, 1, 0)), key_of(999), key_of(publish_on(2, 1, 1))};
	uint32_t slot[3];

	find_keys(k, 3, slot);
	assert_int_equal(slot[0], 1);
	assert_int_equal(slot[1], 0);
	assert_int_equal(slot[2], 2);
}

static void a_key_in_use_is_refused(void **state)
{
	(void)state;
	struct dp_session_desc d = {.slot = 6, .generation = 1, .tunnel = TUNNEL, .tid = TID};

	d.sid = publish_on(5, 1, 0);
	assert_int_equal(dp_session_publish(&d), -EEXIST);
	assert_int_equal(find(d.sid), 5);
}

static void a_slot_is_free_only_after_every_worker_was_quiescent(void **state)
{
	(void)state;
	struct dp_event ev;

	publish_on(5, 1, 0);
	remove_and_answer(5, 1);
	ev = next_event(); /* control reads EVT_REMOVED; the token is taken now */
	assert_int_equal(ev.type, 255);
	dp_tick(0);
	assert_int_equal(slots_awaiting_reap(), 1);
	rte_rcu_qsbr_quiescent(dp_t.qsbr, 0);
	dp_tick(0);
	assert_int_equal(next_event().type, 255); /* worker 1 may still hold it */
	rte_rcu_qsbr_quiescent(dp_t.qsbr, 1);
	dp_tick(0);
	ev = next_event();
	assert_int_equal(ev.type, DP_EV_SESSION_FREE);
	assert_int_equal(ev.slot, 5);
	assert_int_equal(ev.generation, 1);
	publish_on(5, 2, 0);
}

static void a_slot_that_is_not_reaped_is_refused(void **state)
{
	(void)state;
	struct dp_session_desc d = {
		.slot = 5, .generation = 2, .tunnel = TUNNEL, .tid = TID, .sid = 40};

	publish_on(5, 1, 0);
	remove_and_answer(5, 1);
	assert_int_equal(dp_session_publish(&d), -EBUSY);
}

static int publish_as(uint32_t slot, uint32_t tunnel, uint16_t tid, uint16_t sid)
{
	const struct dp_session_desc d = {
		.slot = slot, .generation = 1, .tunnel = tunnel, .tid = tid, .sid = sid};

	return dp_session_publish(&d);
}

static void all_sessions_go_down_and_their_keys_come_back_before_the_first_reap(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= SESSIONS / 2; i++) {
		assert_int_equal(publish_as(i, TUNNEL, TID, (uint16_t)i), 0);
		assert_int_equal(set_addresses(i, i, i), 0);
	}
	for (uint32_t i = 1; i <= SESSIONS / 2; i++) {
		slot_unpublish(i, 0);
		slot_retire(i);
	}
	assert_true(slots_reap() >= SESSIONS / 2); /* nobody was quiescent */
	for (uint16_t i = 1; i <= SESSIONS / 2; i++) {
		assert_int_equal(find(i) + find4(i) + find6(i), 0);
		assert_int_equal(publish_as(SESSIONS / 2 + i, TUNNEL, TID, i), 0);
		assert_int_equal(set_addresses(SESSIONS / 2 + i, i, i), 0);
	}
	for (unsigned int quiet = 0; quiet < 2; quiet++) {
		for (uint16_t i = 1; i <= SESSIONS / 2; i++) { /* the new ones, not the old */
			assert_int_equal(find(i), SESSIONS / 2 + i);
			assert_int_equal(find4(i), SESSIONS / 2 + i);
			assert_int_equal(find6(i), SESSIONS / 2 + i);
		}
		workers_quiescent();
		assert_int_equal(slots_reap(), 0);
	}
}

static void ten_thousand_rounds_of_set_up_and_removal_leave_the_tables_empty(void **state)
{
	(void)state;
	struct dp_memory_info info;

	for (uint32_t g = 1; g <= 10000; g++) {
		uint32_t slot = g % SESSIONS + 1;

		publish_on(slot, g, g & 1);
		assert_int_equal(set_addresses(slot, slot, slot), 0);
		remove_and_answer(slot, g);
		assert_int_equal(next_event().type, 255);
		workers_quiescent();
		dp_tick(0);
		assert_int_equal(next_event().type, DP_EV_SESSION_FREE);
	}
	dp_memory(&info);
	assert_int_equal(
		info.keys + info.addresses4 + info.addresses6 + info.slots_awaiting_reap, 0);
}

static void an_old_generation_names_nothing(void **state)
{
	(void)state;
	struct dp_session_info info;
	uint16_t sid = publish_on(5, 2, 0);

	dp_session_remove(5, 1);
	assert_int_equal(find(sid), 5);
	assert_int_equal(dp_session_get(5, 1, &info), -ENOENT);
	assert_int_equal(dp_session_get(5, 2, &info), 0);
}

static void an_address_has_one_owner_until_it_is_given_up(void **state)
{
	(void)state;
	publish_on(1, 1, 0);
	publish_on(2, 1, 0);
	assert_int_equal(set_addresses(1, 10, 20), 0);
	assert_int_equal(set_addresses(2, 10, 21), -EEXIST);
	assert_int_equal(set_addresses(2, 11, 20), -EEXIST);
	assert_int_equal(find4(11), 0); /* nothing was done */
	assert_int_equal(find6(21), 0);
	assert_int_equal(set_addresses(1, 12, 22), 0);
	assert_int_equal(find4(10), 0);
	assert_int_equal(set_addresses(2, 10, 20), 0);
	assert_int_equal(find4(10), 2);
	assert_int_equal(find6(20), 2);
	assert_int_equal(find4(12), 1);
}

/* By the entry of its block alone; 0: it has none. */
static uint32_t find4_by_block(uint32_t addr)
{
	return index_slot(
		index_read(index_address_block(&dp_t.index.pool4[index_pool_of(4, addr)], addr)),
		addr);
}

static void an_address_that_lies_as_its_slot_does_is_found_by_its_block_too(void **state)
{
	(void)state;
	if (dp_t.lookup_hash)
		return; /* there are no blocks */
	publish_on(0x11, 1, 1);
	publish_on(0x12, 1, 1);
	publish_on(0x13, 1, 0); /* another owner than the block's first */
	publish_on(0x21, 1, 0);
	assert_int_equal(set_addresses(0x11, 0x231, 1), 0);
	assert_int_equal(set_addresses(0x12, 0x232, 2), 0);
	assert_int_equal(set_addresses(0x13, 0x233, 3), 0);
	assert_int_equal(set_addresses(0x21, 0x241, 4), 0);
	assert_int_equal(find4_by_block(0x231), 0x11);
	assert_int_equal(find4_by_block(0x232), 0x12);
	assert_int_equal(find4_by_block(0x233), 0);
	assert_int_equal(find4(0x233), 0x13);
	assert_int_equal(find4_by_block(0x241), 0x21);
	assert_int_equal(dp_t.block_owner[1], 1);
	assert_int_equal(set_addresses(0x11, 0x23f, 1), 0); /* not as its slot */
	assert_int_equal(find4_by_block(0x231), 0);
	assert_int_equal(find4_by_block(0x23f), 0);
	assert_int_equal(find4(0x23f), 0x11);
	assert_int_equal(
		set_addresses(0x11, 0x241 + 0x10, 1), 0); /* apart from its block's others */
	assert_int_equal(find4_by_block(0x251), 0x11);
	assert_int_equal(find4_by_block(0x232), 0x12);
	assert_int_equal(set_addresses(0x21, 0x644000f1, 4),
		0); /* a pool that begins and ends within blocks */
	publish_on(0x2e, 1, 0);
	assert_int_equal(set_addresses(0x2e, 0x644000fe, 5), 0);
	assert_int_equal(find4_by_block(0x644000f1), 0x21);
	assert_int_equal(find4_by_block(0x644000fe), 0x2e);
	dp_session_remove(0x12, 1);
	assert_int_equal(find4_by_block(0x232), 0);
	assert_int_equal(find4(0x232), 0);
}

static void replaced_addresses_are_reaped_as_well(void **state)
{
	(void)state;
	publish_on(1, 1, 0);
	for (uint32_t i = 1; i <= 20000; i++) {
		assert_int_equal(set_addresses(1, i, i), 0);
		workers_quiescent();
		dp_tick(0);
		next_event();
	}
	assert_int_equal(slots_awaiting_reap(), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, tables_setup, tables_teardown)
	const struct CMUnitTest tests[] = {
		T(a_published_session_is_found_and_a_removed_one_is_not),
		T(a_packet_from_another_peer_does_not_find_the_session),
		T(a_bulk_lookup_answers_each_key_by_itself),
		T(a_key_in_use_is_refused),
		T(a_slot_is_free_only_after_every_worker_was_quiescent),
		T(a_slot_that_is_not_reaped_is_refused),
		T(all_sessions_go_down_and_their_keys_come_back_before_the_first_reap),
		T(ten_thousand_rounds_of_set_up_and_removal_leave_the_tables_empty),
		T(an_old_generation_names_nothing),
		T(an_address_has_one_owner_until_it_is_given_up),
		T(an_address_that_lies_as_its_slot_does_is_found_by_its_block_too),
		T(replaced_addresses_are_reaped_as_well),
	};

	return cmocka_run_group_tests_name("session_table", tests, tables_group, NULL);
}
