/* SPDX-License-Identifier: BSD-3-Clause */
/* lacsim_hist_test.c - the histogram of times: exact below 16, within 6.25 % above. */
#include "tools/lacsim/hist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void an_empty_histogram_has_no_quantiles(void **state)
{
	static const struct hist h;

	(void)state;
	assert_int_equal(hist_quantile(&h, 5000), 0);
	assert_int_equal(hist_quantile(&h, 10000), 0);
}

static void every_value_falls_into_a_bucket_whose_edge_is_at_most_a_sixteenth_above(void **state)
{
	(void)state;
	for (uint64_t v = 1; v < 1ULL << 62; v += v / 7 + 1) {
		struct hist h = {0};

		hist_add(&h, v);
		h.max = UINT64_MAX; /* so that the edge itself is seen */
		assert_in_range(hist_quantile(&h, 10000), v, v + v / 16);
	}
}

static void quantiles_are_those_of_the_sorted_values(void **state)
{
	struct hist h = {0};

	(void)state;
	for (uint64_t v = 1; v <= 10000; v++)
		hist_add(&h, v * 100);
	assert_in_range(hist_quantile(&h, 5000), 500000, 531250);
	assert_in_range(hist_quantile(&h, 9900), 990000, 1000000);
	assert_in_range(hist_quantile(&h, 9990), 999000, 1000000);
	assert_int_equal(hist_quantile(&h, 10000), 1000000);
	assert_in_range(hist_quantile(&h, 1), 100, 106);
	assert_int_equal(h.min, 100);
	assert_int_equal(h.max, 1000000);
	assert_int_equal(h.sum / h.count, 500050);
}

static void a_rare_slow_one_shows_in_the_last_quantile_only(void **state)
{
	struct hist h = {0};

	(void)state;
	for (int i = 0; i < 9999; i++)
		hist_add(&h, 10);
	hist_add(&h, 5000000);
	assert_int_equal(hist_quantile(&h, 9990), 10);
	assert_int_equal(hist_quantile(&h, 10000), 5000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_histogram_has_no_quantiles),
		cmocka_unit_test(
			every_value_falls_into_a_bucket_whose_edge_is_at_most_a_sixteenth_above),
		cmocka_unit_test(quantiles_are_those_of_the_sorted_values),
		cmocka_unit_test(a_rare_slow_one_shows_in_the_last_quantile_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
