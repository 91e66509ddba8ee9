/* SPDX-License-Identifier: BSD-3-Clause */
/* pool_test.c - address pools, also against a plain model. */
#include "controlplane/subscriber/pool.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define FIRST 0x64400001u /* 100.64.0.1 */

static uint64_t take(struct pool *p)
{
	uint64_t addr = 0;

	assert_int_equal(pool_take(p, &addr), 0);
	return addr;
}

static void every_address_is_handed_out_once_and_then_there_is_none(void **state)
{
	struct pool p;
	uint64_t addr;

	(void)state;
	assert_int_equal(pool_init(&p, FIRST, FIRST + 99), 0);
	assert_int_equal(pool_capacity(&p), 100);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(take(&p), FIRST + i);
	assert_int_equal(p.used, 100);
	assert_int_equal(pool_take(&p, &addr), -ENOSPC);
	pool_fini(&p);
}

static void the_next_addresses_are_those_that_would_be_taken(void **state)
{
	uint64_t next[8];
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, FIRST, FIRST + 9), 0);
	pool_take_this(&p, FIRST + 1);
	pool_reserve(&p, FIRST + 3);
	assert_int_equal(pool_next(&p, next, 8), 8);
	for (unsigned i = 0; i < 8; i++) {
		uint64_t addr = take(&p);

		assert_int_equal(next[i], addr);
	}
	assert_int_equal(pool_next(&p, next, 8), 0);
	pool_give(&p, FIRST + 7);
	pool_give(&p, FIRST + 2);
	pool_give(&p, FIRST + 1);
	assert_int_equal(pool_next(&p, next, 2), 2);
	assert_int_equal(next[0], FIRST + 7);
	assert_int_equal(next[1], FIRST + 2);
	assert_int_equal(pool_next(&p, next, 8), 3);
	assert_int_equal(p.used, 6);
	pool_fini(&p);
}

static void next_addresses_are_sought_in_a_bounded_number_of_steps(void **state)
{
	uint64_t next[8];
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, FIRST, FIRST + 999), 0);
	for (unsigned i = 1; i < 200; i++)
		pool_take_this(&p, FIRST + i);
	assert_int_equal(pool_next(&p, next, 8), 1);
	assert_int_equal(next[0], FIRST);
	assert_int_equal(take(&p), FIRST);
	assert_int_equal(pool_next(&p, next, 8), 8);
	assert_int_equal(next[0], FIRST + 200);
	pool_fini(&p);
}

/* Else a pool whose addresses are all chosen would be walked from its beginning for each session. */
static void what_was_taken_by_name_or_reserved_is_walked_past_once(void **state)
{
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, FIRST, FIRST + 9), 0);
	pool_reserve(&p, FIRST);
	assert_int_equal(p.fresh, 1);
	pool_take_this(&p, FIRST + 3);
	pool_reserve(&p, FIRST + 4);
	assert_int_equal(p.fresh, 1);
	pool_take_this(&p, FIRST + 1);
	assert_int_equal(p.fresh, 2);
	pool_take_this(&p, FIRST + 2);
	assert_int_equal(p.fresh, 5);
	assert_int_equal(take(&p), FIRST + 5);
	assert_int_equal(p.fresh, 6);
	for (unsigned i = 9; i > 5; i--)
		pool_take_this(&p, FIRST + i);
	assert_int_equal(p.fresh, 10);
	pool_fini(&p);
}

static void an_address_given_back_is_taken_again_after_all_others(void **state)
{
	struct pool p;
	uint64_t addr;

	(void)state;
	assert_int_equal(pool_init(&p, FIRST, FIRST + 3), 0);
	addr = take(&p);
	pool_give(&p, addr);
	for (unsigned i = 1; i < 4; i++)
		assert_int_equal(take(&p), FIRST + i);
	assert_int_equal(take(&p), addr);
	pool_fini(&p);
}

static void addresses_come_again_in_the_order_in_which_they_were_given_back(void **state)
{
	static const unsigned order[] = {2, 0, 3, 1};
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, FIRST, FIRST + 3), 0);
	for (unsigned i = 0; i < 4; i++)
		take(&p);
	for (unsigned i = 0; i < 4; i++)
		pool_give(&p, FIRST + order[i]);
	assert_int_equal(p.used, 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(take(&p), FIRST + order[i]);
	pool_fini(&p);
}

static void an_address_taken_by_name_is_not_handed_out(void **state)
{
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, FIRST, FIRST + 3), 0);
	assert_int_equal(pool_take_this(&p, FIRST + 1), 0);
	assert_int_equal(pool_take_this(&p, FIRST + 1), -EBUSY);
	assert_int_equal(take(&p), FIRST);
	assert_int_equal(take(&p), FIRST + 2);
	pool_give(&p, FIRST + 2);
	pool_give(&p, FIRST);
	assert_int_equal(pool_take_this(&p, FIRST + 2), 0); /* out of the middle of the free ones */
	assert_int_equal(take(&p), FIRST + 3);
	assert_int_equal(take(&p), FIRST);
	assert_int_equal(p.used, 4);
	pool_fini(&p);
}

static void an_address_outside_the_range_cannot_be_taken(void **state)
{
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, FIRST, FIRST + 3), 0);
	assert_int_equal(pool_take_this(&p, FIRST - 1), -ERANGE);
	assert_int_equal(pool_take_this(&p, FIRST + 4), -ERANGE);
	assert_int_equal(pool_take_this(&p, FIRST + (1ull << 32)), -ERANGE);
	assert_int_equal(pool_take_this(&p, 0), -ERANGE);
	pool_fini(&p);
}

static void a_reserved_address_is_no_part_of_the_pool(void **state)
{
	struct pool p;
	uint64_t addr;

	(void)state;
	assert_int_equal(pool_init(&p, FIRST, FIRST + 3), 0);
	pool_reserve(&p, FIRST);
	pool_reserve(&p, FIRST);
	pool_reserve(&p, FIRST + 100);
	assert_int_equal(pool_capacity(&p), 3);
	assert_int_equal(pool_take_this(&p, FIRST), -EBUSY);
	for (unsigned i = 1; i < 4; i++)
		assert_int_equal(take(&p), FIRST + i);
	assert_int_equal(pool_take(&p, &addr), -ENOSPC);
	pool_give(&p, FIRST + 2);
	pool_reserve(&p, FIRST + 2); /* a free one that was used before */
	assert_int_equal(pool_take(&p, &addr), -ENOSPC);
	pool_reserve(&p, FIRST + 3); /* a used one */
	assert_int_equal(p.used, 1);
	assert_int_equal(pool_capacity(&p), 1);
	pool_fini(&p);
}

static void a_range_that_is_empty_or_too_large_is_refused(void **state)
{
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, FIRST, FIRST - 1), -EINVAL);
	assert_int_equal(pool_init(&p, 0x0a000000, 0x0a000000 + POOL_MAX), -EINVAL);
	assert_int_equal(pool_init(&p, 0, UINT64_MAX), -EINVAL);
}

static void the_largest_ipv6_pool_hands_out_the_upper_halves_of_its_prefixes(void **state)
{
	const uint64_t first = 0x20010db810000000ull; /* 2001:db8:1000::/40 */
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, first, first + POOL_MAX - 1), 0);
	assert_int_equal(take(&p), first);
	assert_int_equal(pool_take_this(&p, first + POOL_MAX - 1), 0);
	assert_int_equal(pool_take_this(&p, first + POOL_MAX), -ERANGE);
	assert_int_equal(take(&p), first + 1);
	pool_fini(&p);
}

static void giving_back_twice_is_an_assertion(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct pool p;

		signal(SIGABRT, SIG_DFL);
		if (!freopen("/dev/null", "w", stderr) || pool_init(&p, FIRST, FIRST + 3))
			_exit(1);
		pool_give(&p, take(&p));
		pool_give(&p, FIRST);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

#define MODEL 64

/* 200,000 random calls; the model is the order in which addresses must come. */
static void random_use_agrees_with_a_queue(void **state)
{
	unsigned queue[MODEL], n = MODEL, seed = 1;
	bool used[MODEL] = {0};
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, 0, MODEL - 1), 0);
	for (unsigned i = 0; i < MODEL; i++)
		queue[i] = i;
	for (unsigned step = 0; step < 200000; step++) {
		unsigned op = (unsigned)rand_r(&seed) % 3, i = (unsigned)rand_r(&seed) % MODEL, at;
		uint64_t addr;

		if (op == 0) {
			assert_int_equal(pool_take(&p, &addr), n ? 0 : -ENOSPC);
			if (!n)
				continue;
			assert_int_equal(addr, queue[0]);
			i = queue[0];
		} else if (op == 1) {
			assert_int_equal(pool_take_this(&p, i), used[i] ? -EBUSY : 0);
			if (used[i])
				continue;
		} else {
			if (used[i]) {
				pool_give(&p, i);
				used[i] = false;
				queue[n++] = i;
			}
			continue;
		}
		used[i] = true;
		for (at = 0; queue[at] != i; at++)
			;
		memmove(queue + at, queue + at + 1, (--n - at) * sizeof(*queue));
		assert_int_equal(p.used, MODEL - n);
	}
	pool_fini(&p);
}

static uint64_t take_block(struct pool *p, uint32_t at)
{
	uint64_t addr = 0;

	assert_int_equal(pool_take_block(p, at, &addr), 0);
	assert_int_equal(addr % POOL_BLOCK, at);
	return addr;
}

static void blocks_are_whole_and_in_the_range(void **state)
{
	struct pool p;
	uint64_t addr;

	(void)state;
	assert_int_equal(
		pool_init(&p, FIRST, FIRST + 16 * 5), 0); /* .1 to .81: four whole blocks */
	pool_reserve(&p, FIRST - 1 + 40);
	pool_take_this(&p, FIRST - 1 + 50);
	assert_int_equal(take_block(&p, 3), FIRST - 1 + 16 + 3);
	assert_int_equal(take_block(&p, 15), FIRST - 1 + 64 + 15);
	assert_int_equal(pool_take_block(&p, 0, &addr), -ENOSPC);
	assert_int_equal(take(&p), FIRST); /* single ones are free */
	pool_fini(&p);
}

static void a_block_that_is_whole_again_comes_after_those_that_were_never_used(void **state)
{
	struct pool p;
	uint64_t first, second;

	(void)state;
	assert_int_equal(pool_init(&p, 0, 79), 0);
	first = take_block(&p, 1);
	second = take_block(&p, 2);
	assert_int_equal(pool_take_this(&p, first + 1), 0);
	pool_give(&p, second);
	pool_give(&p, first);
	for (uint64_t b = 2; b < 5; b++)
		assert_int_equal(take_block(&p, 0), 16 * b);
	assert_int_equal(take_block(&p, 7), 16 + 7); /* of the other one an address is used */
	pool_give(&p, first + 1);
	assert_int_equal(take_block(&p, 9), 9);
	assert_int_equal(pool_take_block(&p, 0, &first), -ENOSPC);
	pool_fini(&p);
}

/* 200,000 random calls of all kinds: a block is given out while there is a whole one, and no address twice. */
static void blocks_and_single_addresses_share_a_pool(void **state)
{
	unsigned taken[MODEL / POOL_BLOCK] = {0}, seed = 3;
	bool used[MODEL] = {0};
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, 0, MODEL - 1), 0);
	for (unsigned step = 0; step < 200000; step++) {
		unsigned op = (unsigned)rand_r(&seed) % 8, i = (unsigned)rand_r(&seed) % MODEL;
		bool whole = false;
		uint64_t addr = i;

		for (unsigned b = 0; b < MODEL / POOL_BLOCK; b++)
			whole |= !taken[b];
		if (op > 2) {
			if (used[i])
				pool_give(&p, i);
			taken[i / POOL_BLOCK] -= used[i];
			used[i] = false;
			continue;
		}
		if (op == 0               ? pool_take(&p, &addr)
				: op == 1 ? pool_take_this(&p, i)
					  : pool_take_block(&p, i % POOL_BLOCK, &addr)) {
			assert_true(op == 0 ? p.used == MODEL : op == 1 ? used[i] : !whole);
			continue;
		}
		assert_false(used[addr]);
		assert_true(op != 2 ||
			(!taken[addr / POOL_BLOCK] && addr % POOL_BLOCK == i % POOL_BLOCK));
		used[addr] = true;
		taken[addr / POOL_BLOCK]++;
	}
	pool_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_address_is_handed_out_once_and_then_there_is_none),
		cmocka_unit_test(the_next_addresses_are_those_that_would_be_taken),
		cmocka_unit_test(next_addresses_are_sought_in_a_bounded_number_of_steps),
		cmocka_unit_test(what_was_taken_by_name_or_reserved_is_walked_past_once),
		cmocka_unit_test(an_address_given_back_is_taken_again_after_all_others),
		cmocka_unit_test(addresses_come_again_in_the_order_in_which_they_were_given_back),
		cmocka_unit_test(an_address_taken_by_name_is_not_handed_out),
		cmocka_unit_test(an_address_outside_the_range_cannot_be_taken),
		cmocka_unit_test(a_reserved_address_is_no_part_of_the_pool),
		cmocka_unit_test(a_range_that_is_empty_or_too_large_is_refused),
		cmocka_unit_test(the_largest_ipv6_pool_hands_out_the_upper_halves_of_its_prefixes),
		cmocka_unit_test(giving_back_twice_is_an_assertion),
		cmocka_unit_test(random_use_agrees_with_a_queue),
		cmocka_unit_test(blocks_are_whole_and_in_the_range),
		cmocka_unit_test(
			a_block_that_is_whole_again_comes_after_those_that_were_never_used),
		cmocka_unit_test(blocks_and_single_addresses_share_a_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
