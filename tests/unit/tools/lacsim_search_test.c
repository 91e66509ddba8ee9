/* SPDX-License-Identifier: BSD-3-Clause */
/* lacsim_search_test.c - the RFC 2544 search against simulated devices. */
#include "tools/lacsim/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* A device that forwards up to capacity and loses the rest. */
static double found(double capacity, double highest, double step, unsigned int *trials)
{
	struct search s;
	double rate;

	search_init(&s, highest, step);
	*trials = 0;
	while ((rate = search_next(&s)) > 0) {
		search_tell(&s, rate, rate <= capacity);
		assert_true(++*trials < 100);
	}
	return s.passed;
}

static void the_result_is_the_capacity_within_the_step(void **state)
{
	unsigned int n;

	(void)state;
	for (double capacity = 0.3; capacity < 40; capacity *= 1.37) {
		double r = found(capacity, 40, 1, &n);

		assert_true(r <= capacity && r >= capacity * 0.98);
	}
}

static void a_device_that_takes_the_highest_rate_is_done_after_one_trial(void **state)
{
	unsigned int n;

	(void)state;
	assert_true(found(50, 40, 1, &n) == 40);
	assert_int_equal(n, 1);
}

static void a_finer_step_needs_more_trials_and_comes_closer(void **state)
{
	unsigned int coarse, fine;
	double a, b;

	(void)state;
	a = found(17.31, 40, 10, &coarse);
	b = found(17.31, 40, 0.1, &fine);
	assert_true(fine > coarse);
	assert_true(b >= a && b >= 17.31 * 0.998);
}

static void a_device_that_passes_nothing_ends_the_search_with_nothing(void **state)
{
	unsigned int n;

	(void)state;
	assert_true(found(0, 40, 1, &n) == 0);
	assert_true(n <= 14);
}

static void one_failure_below_does_not_raise_the_result(void **state)
{
	struct search s;

	(void)state;
	search_init(&s, 10, 1);
	assert_true(search_next(&s) == 10);
	search_tell(&s, 10, false);
	assert_true(search_next(&s) == 5);
	search_tell(&s, 5, true);
	assert_true(search_next(&s) == 7.5);
	search_tell(&s, 7.5, false);
	assert_true(search_next(&s) == 6.25);
	assert_true(s.passed == 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_result_is_the_capacity_within_the_step),
		cmocka_unit_test(a_device_that_takes_the_highest_rate_is_done_after_one_trial),
		cmocka_unit_test(a_finer_step_needs_more_trials_and_comes_closer),
		cmocka_unit_test(a_device_that_passes_nothing_ends_the_search_with_nothing),
		cmocka_unit_test(one_failure_below_does_not_raise_the_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
