/* SPDX-License-Identifier: BSD-3-Clause */
/* lacsim_pick_test.c - which session the next packet is of. */
#include "tools/lacsim/pick.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static uint32_t *drawn(struct pick *p, uint32_t sessions, uint32_t times)
{
	uint32_t *n = calloc(sessions, sizeof(*n));

	for (uint32_t i = 0; i < times; i++) {
		uint32_t k = pick_next(p);

		assert_true(k < sessions);
		n[k]++;
	}
	return n;
}

static int descending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (y > x) - (y < x);
}

static void random_reaches_every_session_about_equally_often(void **state)
{
	struct pick p;
	uint32_t *n;

	(void)state;
	assert_int_equal(pick_init(&p, PICK_RANDOM, 1000, 1, 7), 0);
	n = drawn(&p, 1000, 1000000);
	for (int i = 0; i < 1000; i++)
		assert_in_range(n[i], 800, 1200);
	free(n);
	pick_fini(&p);
}

static void the_same_seed_gives_the_same_choices_and_another_seed_others(void **state)
{
	struct pick a, b, c;
	int same = 0;

	(void)state;
	pick_init(&a, PICK_RANDOM, 1000000, 1, 7);
	pick_init(&b, PICK_RANDOM, 1000000, 1, 7);
	pick_init(&c, PICK_RANDOM, 1000000, 1, 8);
	for (int i = 0; i < 1000; i++) {
		uint32_t k = pick_next(&a);

		assert_int_equal(pick_next(&b), k);
		same += pick_next(&c) == k;
	}
	assert_true(same < 5);
}

static void zipf_gives_rank_r_a_share_of_one_over_r(void **state)
{
	const uint32_t sessions = 1000;
	double harmonic = 0;
	struct pick p;
	uint32_t *n;

	(void)state;
	for (uint32_t r = 1; r <= sessions; r++)
		harmonic += 1.0 / r;
	assert_int_equal(pick_init(&p, PICK_ZIPF, sessions, 1, 7), 0);
	n = drawn(&p, sessions, PICK_DRAWN);
	qsort(n, sessions, sizeof(*n), descending);
	for (uint32_t r = 1; r <= 100; r++) {
		double expected = PICK_DRAWN / harmonic / r;

		assert_true(n[r - 1] > expected * 0.9 && n[r - 1] < expected * 1.1);
	}
	free(n);
	pick_fini(&p);
}

static void zipf_works_for_any_number_of_sessions(void **state)
{
	static const uint32_t sizes[] = {1, 2, 3, 10, 64, 65536};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct pick p;

		assert_int_equal(pick_init(&p, PICK_ZIPF, sizes[i], 1, 7), 0);
		free(drawn(&p, sizes[i], 10000));
		pick_fini(&p);
	}
}

static void hot_takes_the_first_few_in_turn(void **state)
{
	struct pick p;
	uint32_t *n;

	(void)state;
	pick_init(&p, PICK_HOT, 1000, 4, 7);
	n = drawn(&p, 1000, 400);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(n[i], i < 4 ? 100 : 0);
	free(n);
	pick_init(&p, PICK_HOT, 3, 10, 7); /* more than there are */
	free(drawn(&p, 3, 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_reaches_every_session_about_equally_often),
		cmocka_unit_test(the_same_seed_gives_the_same_choices_and_another_seed_others),
		cmocka_unit_test(zipf_gives_rank_r_a_share_of_one_over_r),
		cmocka_unit_test(zipf_works_for_any_number_of_sessions),
		cmocka_unit_test(hot_takes_the_first_few_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
