/* SPDX-License-Identifier: BSD-3-Clause */
/* The direct index at size: it grows under lookups, its memory is bounded, and its ids fit. */
#include "dataplane/index.h"

#include "tables.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>

#define MANY 65535u

static uint64_t heap_before;
static uint16_t sid_of[MANY + 1]; /* by slot */

static uint64_t heap_used(void)
{
	struct rte_malloc_socket_stats heap;

	assert_int_equal(rte_malloc_get_socket_stats(rte_socket_id_by_idx(0), &heap), 0);
	return heap.heap_allocsz_bytes;
}

/* Keys only: dp_t.session stays NULL. */
static int keys_setup(void **state)
{
	(void)state;
	dp_t.qsbr = rte_zmalloc(NULL, rte_rcu_qsbr_get_memsize(2), 64);
	if (!dp_t.qsbr || rte_rcu_qsbr_init(dp_t.qsbr, 2))
		return -1;
	for (unsigned int i = 0; i < 2; i++) {
		rte_rcu_qsbr_thread_register(dp_t.qsbr, i);
		rte_rcu_qsbr_thread_online(dp_t.qsbr, i);
	}
	for (unsigned int i = 0; i < DP_SHARDS; i++)
		dp_t.shard_owner[i] = i & 1;
	random_seed(&dp_c.random);
	heap_before = heap_used();
	return slots_init(MANY, MANY);
}

static int keys_teardown(void **state)
{
	(void)state;
	slots_fini();
	rte_free(dp_t.qsbr);
	dp_t.qsbr = NULL;
	return 0;
}

static int publish(uint32_t slot, uint16_t tid, uint16_t sid)
{
	struct session_key k;

	sid_of[slot] = sid;
	session_key_build(&k, 0, 0, 1, tid, sid);
	return slot_publish(slot, 1, &k, 0);
}

/* An id as a new call gets it. */
static int publish_picked(uint32_t slot, uint16_t tid, uint8_t owner)
{
	uint8_t random[32];

	random_bytes(&dp_c.random, random);
	return publish(slot, tid, index_pick(tid, slot, owner, random));
}

static void remove_slot(uint32_t slot)
{
	slot_unpublish(slot, 0);
	slot_retire(slot);
}

/* Everybody is quiescent, and all slots that were let go are free. */
static void reap_all(void)
{
	uint32_t slots[64], generations[64];

	do {
		for (unsigned int i = 0; i < 2; i++)
			rte_rcu_qsbr_quiescent(dp_t.qsbr, i);
		while (slots_freed(slots, generations, 64))
			;
	} while (slots_reap());
	while (slots_freed(slots, generations, 64))
		;
}

static uint32_t find(uint16_t tid, uint16_t sid)
{
	uint32_t ids = (uint32_t)tid << 16 | sid;

	return index_slot(index_read(index_session(ids)), ids);
}

static struct {
	uint32_t published; /* slots 1..published are live and stay so */
	uint32_t missed;
	uint64_t looked;
	bool stop;
} r;

static void *reader(void *id)
{
	unsigned int me = (unsigned int)(uintptr_t)id;
	uint32_t x = me + 1;

	while (!__atomic_load_n(&r.stop, __ATOMIC_RELAXED)) {
		uint32_t n = __atomic_load_n(&r.published, __ATOMIC_ACQUIRE);

		for (unsigned int i = 0; i < 64 && n; i++) {
			uint32_t slot = (x = x * 1664525 + 1013904223) % n + 1;

			if (find(7, sid_of[slot]) != slot)
				__atomic_add_fetch(&r.missed, 1, __ATOMIC_RELAXED);
			__atomic_add_fetch(&r.looked, 1, __ATOMIC_RELAXED);
		}
		rte_rcu_qsbr_quiescent(dp_t.qsbr, me);
	}
	rte_rcu_qsbr_thread_offline(dp_t.qsbr, me);
	return NULL;
}

static void readers_find_every_live_session_while_the_index_grows(void **state)
{
	uint32_t slots[64], generations[64];
	pthread_t thread[2];

	(void)state;
	memset(&r, 0, sizeof(r));
	for (uintptr_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, reader, (void *)i), 0);
	for (uint32_t slot = 1; slot <= 40000; slot++) {
		assert_int_equal(publish_picked(slot, 7, slot & 1), 0);
		__atomic_store_n(&r.published, slot, __ATOMIC_RELEASE);
		/* other tunnels take what the replaced arrays give back */
		assert_int_equal(publish_picked(MANY - slot % 1000, 9, 0), 0);
		remove_slot(MANY - slot % 1000);
		if (slot % 100)
			continue;
		while (slots_reap())
			sched_yield();
		while (slots_freed(slots, generations, 64))
			;
	}
	while (__atomic_load_n(&r.looked, __ATOMIC_RELAXED) < 10000)
		sched_yield();
	__atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(r.missed, 0);
}

static void tunnels_of_one_session_take_at_most_16_mib(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= MANY; i++)
		assert_int_equal(publish_picked(i, (uint16_t)i, 0), 0);
	for (uint32_t i = 1; i <= MANY; i++)
		assert_int_equal(find((uint16_t)i, sid_of[i]), i);
	assert_in_range(heap_used() - heap_before, 1 << 20, 16 << 20);
}

static void a_tunnel_holds_as_many_sessions_as_there_are_ids_but_one(void **state)
{
	static uint8_t seen[MANY + 1];
	unsigned int refused = 0;

	(void)state;
	memset(seen, 0, sizeof(seen));
	for (uint32_t i = 1; i <= MANY; i++) { /* of owner 1, until it has no more */
		if (publish_picked(i, 5, 1)) {
			refused++;
			sid_of[i] = 0;
			continue;
		}
		assert_false(seen[sid_of[i]]++);
		if (i <= 20000)
			assert_int_equal(dp_t.shard_owner[sid_of[i] >> DP_SHARD_SHIFT], 1);
		if (i % 1000 == 0)
			reap_all();
	}
	assert_true(refused <= 1); /* row 0 has no id for the first slot of a block */
	assert_false(seen[0]);
	for (uint32_t i = 1; i <= MANY; i++)
		assert_true(!sid_of[i] || find(5, sid_of[i]) == i);
}

static void ids_that_are_picked_fit_after_any_churn(void **state)
{
	uint32_t x = 1;

	(void)state;
	for (uint32_t i = 1; i <= 3000; i++)
		assert_int_equal(publish_picked(i, (uint16_t)(i % 3 + 1), 0), 0);
	for (unsigned int round = 0; round < 20; round++) {
		for (uint32_t i = 1; i <= 3000; i++) {
			if ((x = x * 1664525 + 1013904223) >> 31)
				continue;
			remove_slot(i);
			assert_int_equal(find((uint16_t)(i % 3 + 1), sid_of[i]), 0);
			reap_all();
			assert_int_equal(publish_picked(i, (uint16_t)(i % 3 + 1), 0), 0);
		}
	}
	for (uint32_t i = 1; i <= 3000; i++)
		assert_int_equal(find((uint16_t)(i % 3 + 1), sid_of[i]), i);
}

static void rows_with_the_same_low_bits_are_both_found(void **state)
{
	(void)state;
	assert_int_equal(publish(0x21, 7, 0x0001), 0);
	assert_int_equal(publish(0x31, 7, 0x8001), 0);
	assert_int_equal(publish(0x22, 7, 0x8002), -EEXIST); /* another block's row */
	assert_int_equal(publish(0x22, 7, 0x4002), 0); /* one block may have two */
	assert_int_equal(publish(0x41, 7, 0x0001), -EEXIST);
	assert_int_equal(publish(0x41, 8, 0x0001), 0);
	assert_int_equal(find(7, 0x0001), 0x21);
	assert_int_equal(find(7, 0x8001), 0x31);
	assert_int_equal(find(7, 0x4002), 0x22);
	assert_int_equal(find(8, 0x0001), 0x41);
	assert_int_equal(find(9, 0x0001), 0);
}

static void an_id_that_does_not_suit_its_slot_is_refused(void **state)
{
	(void)state;
	assert_int_equal(publish(0x21, 7, 0x0002), -EEXIST);
	assert_int_equal(slots_usage().keys, 0);
	assert_int_equal(publish(0x21, 7, 0x0001), 0);
}

static void of_a_row_only_the_ids_that_are_sessions_are_found(void **state)
{
	(void)state;
	for (uint32_t slot = 0x20; slot < 0x30; slot += 2)
		assert_int_equal(publish(slot, 7, (uint16_t)(0x120 | (slot & 15))), 0);
	for (uint32_t at = 0; at < 16; at++)
		assert_int_equal(find(7, (uint16_t)(0x120 | at)), at & 1 ? 0 : 0x20 | at);
	remove_slot(0x22);
	assert_int_equal(find(7, 0x122), 0);
	assert_int_equal(find(7, 0x124), 0x24);
}

static void two_tunnels_may_share_a_block(void **state)
{
	(void)state;
	for (uint32_t slot = 0x20; slot < 0x30; slot++)
		assert_int_equal(publish_picked(slot, (uint16_t)(7 + (slot & 1)), 0), 0);
	for (uint32_t slot = 0x20; slot < 0x30; slot++) {
		assert_int_equal(find((uint16_t)(7 + (slot & 1)), sid_of[slot]), slot);
		assert_int_equal(find((uint16_t)(8 - (slot & 1)), sid_of[slot]), 0);
	}
	for (uint32_t slot = 0x20; slot < 0x30; slot += 2)
		remove_slot(slot);
	for (uint32_t slot = 0x21; slot < 0x30; slot += 2)
		assert_int_equal(find(8, sid_of[slot]), slot);
}

static void sessions_of_one_block_and_owner_have_one_row(void **state)
{
	(void)state;
	for (uint32_t slot = 0x20; slot < 0x30; slot++)
		assert_int_equal(publish_picked(slot, 7, slot & 1), 0);
	for (uint32_t slot = 0x22; slot < 0x30; slot++)
		assert_int_equal(sid_of[slot] / 16, sid_of[slot - 2] / 16);
	assert_int_not_equal(sid_of[0x20] / 16, sid_of[0x21] / 16);
}

static void a_million_sessions_take_a_quarter_mebibyte_of_entries(void **state)
{
	uint32_t entries = 0;

	(void)state;
	for (uint32_t i = 16; i < MANY; i++) /* a sixteenth of them, in 16 tunnels */
		assert_int_equal(publish_picked(i, (uint16_t)(i / 16 % 16 + 1), i / 256 & 1), 0);
	for (uint32_t tid = 1; tid <= 16; tid++)
		entries += (uint32_t)dp_t.index.tunnel[tid] + 1;
	assert_in_range(entries * sizeof(uint32_t), 1, 256 * 1024 / 16);
}

static void what_goes_down_at_once_leaves_nothing_behind(void **state)
{
	(void)state;
	/* more arrays than may wait at once, ten times more entries than there are */
	for (unsigned int round = 0; round < 10; round++) {
		for (uint32_t i = 1; i <= MANY; i++)
			assert_int_equal(publish_picked(i, (uint16_t)(i % 32768 + round), 0), 0);
		for (uint32_t i = 1; i <= MANY; i++)
			remove_slot(i);
		for (unsigned int i = 0; i < 100; i++)
			reap_all();
		for (uint32_t tid = 0; tid <= MANY; tid++)
			assert_int_equal(dp_t.index.tunnel[tid], 0);
	}
	assert_int_equal(slots_usage().keys, 0);
}

static void an_index_without_room_refuses_the_session_and_keeps_the_others(void **state)
{
	uint32_t n = 0;
	int rc = 0;

	(void)state;
	/* each pair of rows needs 4096 entries to differ */
	for (uint16_t tid = 1; !rc && tid < 1000; tid++) {
		rc = publish(16 * ++n, tid, 0x0010);
		if (!rc)
			rc = publish(16 * ++n, tid, 0x8010);
	}
	assert_int_equal(rc, -ENOSPC);
	assert_int_equal(slots_usage().keys, n - 1);
	for (uint32_t i = 1; i < n; i++)
		assert_int_equal(find((uint16_t)((i + 1) / 2), sid_of[16 * i]), 16 * i);
	for (uint32_t i = 1; i < n; i++)
		remove_slot(16 * i);
	reap_all();
	assert_int_equal(publish(16 * n, 1, 0x8010), 0);
}

static void a_home_tells_slot_owner_and_which_session_is_meant(void **state)
{
	const uint32_t most = 1000000, all = UINT32_MAX;

	(void)state;
	for (uint32_t owner = 0; owner < DP_WORKERS_MAX; owner += DP_WORKERS_MAX - 1) {
		uint32_t home = home_word(most, (uint8_t)owner, all - 1);

		assert_int_equal(home_slot(home), most);
		assert_int_equal(home_owner(home), owner);
		assert_int_not_equal(home_which(home), home_which(home_word(1, 0, all)));
		assert_int_equal(home_which(home), home_which(home_word(1, 0, all - 1)));
		assert_false(home_which(home) & HOME_ADDRESS);
		home = home_by_address(most, (uint8_t)owner);
		assert_int_equal(home_slot(home), most);
		assert_int_equal(home_owner(home), owner);
		assert_int_equal(home_which(home), HOME_ADDRESS);
	}
}

static void more_sessions_than_a_home_can_name_are_refused(void **state)
{
	(void)state;
	assert_int_equal(slots_init(HOME_SLOT_MAX + 1, 16), -EINVAL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, keys_setup, keys_teardown)
	const struct CMUnitTest tests[] = {
		T(readers_find_every_live_session_while_the_index_grows),
		T(tunnels_of_one_session_take_at_most_16_mib),
		T(a_tunnel_holds_as_many_sessions_as_there_are_ids_but_one),
		T(ids_that_are_picked_fit_after_any_churn),
		T(rows_with_the_same_low_bits_are_both_found),
		T(an_id_that_does_not_suit_its_slot_is_refused),
		T(of_a_row_only_the_ids_that_are_sessions_are_found),
		T(two_tunnels_may_share_a_block),
		T(sessions_of_one_block_and_owner_have_one_row),
		T(a_million_sessions_take_a_quarter_mebibyte_of_entries),
		T(what_goes_down_at_once_leaves_nothing_behind),
		T(an_index_without_room_refuses_the_session_and_keeps_the_others),
		cmocka_unit_test(a_home_tells_slot_owner_and_which_session_is_meant),
		cmocka_unit_test(more_sessions_than_a_home_can_name_are_refused),
	};

	return cmocka_run_group_tests_name("index", tests, tables_group, NULL);
}
