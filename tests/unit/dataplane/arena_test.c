/* SPDX-License-Identifier: BSD-3-Clause */
/* The arena of the index: blocks that never overlap, and join again. */
#include "dataplane/arena.h"

#include "tables.h"

#include <string.h>

#define ENTRIES 100000u
#define BLOCKS  256u

static uint32_t next_random(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

/* As many blocks of this order as there are. */
static unsigned int count(struct arena *a, unsigned int order)
{
	static uint32_t got[ENTRIES];
	unsigned int n = 0;

	while ((got[n] = arena_take(a, order)))
		n++;
	for (unsigned int i = 0; i < n; i++)
		arena_give(a, got[i], order);
	return n;
}

static void blocks_do_not_overlap_and_begin_as_zeros(void **state)
{
	uint32_t base[BLOCKS] = {0}, x = 1;
	uint8_t order[BLOCKS] = {0};
	struct arena a;

	(void)state;
	assert_int_equal(arena_init(&a, ENTRIES), 0);
	for (unsigned int round = 0; round < 20000; round++) {
		unsigned int i = next_random(&x) % BLOCKS;

		if (base[i]) { /* as we left it? */
			for (uint32_t k = 0; k < 1u << order[i]; k++)
				assert_int_equal(a.entry[base[i] + k], i + 1);
			arena_give(&a, base[i], order[i]);
			base[i] = 0;
			continue;
		}
		order[i] = (uint8_t)(ARENA_ORDER_MIN + next_random(&x) % 10);
		base[i] = arena_take(&a, order[i]);
		for (uint32_t k = 0; base[i] && k < 1u << order[i]; k++) {
			assert_int_equal(a.entry[base[i] + k], 0);
			a.entry[base[i] + k] = i + 1;
		}
	}
	assert_int_equal(a.entry[0], 0);
	arena_fini(&a);
}

static void what_is_given_back_joins_again(void **state)
{
	struct arena a;
	unsigned int large, small;

	(void)state;
	assert_int_equal(arena_init(&a, ENTRIES), 0);
	large = count(&a, 14);
	small = count(&a, ARENA_ORDER_MIN);
	assert_in_range(large, 4, ENTRIES >> 14);
	assert_in_range(small, ENTRIES / 4 - 1, ENTRIES / 4 + 2);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(count(&a, 14), large);
		assert_int_equal(count(&a, 7 + i), count(&a, 7 + i));
		assert_int_equal(count(&a, ARENA_ORDER_MIN), small);
	}
	arena_fini(&a);
}

static void a_full_arena_says_so(void **state)
{
	struct arena a;

	(void)state;
	assert_int_equal(arena_init(&a, 64), 0);
	assert_int_not_equal(arena_take(&a, 5), 0);
	assert_int_equal(arena_take(&a, 16), 0);
	while (arena_take(&a, ARENA_ORDER_MIN))
		;
	assert_int_equal(arena_take(&a, ARENA_ORDER_MIN), 0);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_do_not_overlap_and_begin_as_zeros),
		cmocka_unit_test(what_is_given_back_joins_again),
		cmocka_unit_test(a_full_arena_says_so),
	};

	return cmocka_run_group_tests_name("arena", tests, tables_group, NULL);
}
