/* SPDX-License-Identifier: BSD-3-Clause */
/* The builds of the checksum's loop agree, and only what the CPU has is selected. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/checksum.h"
#include "dataplane/inet.h"
#include "tables.h"

/* As RFC 1071 s1 says it, a word at a time. */
static uint16_t plainly(const uint8_t *p, unsigned int n)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i + 1 < n; i += 2)
		sum += load16_raw(p + i);
	if (n & 1) {
		uint8_t last[2] = {p[n - 1], 0};

		sum += load16_raw(last);
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void compare(uint8_t fill)
{
	for (unsigned int n = 0; n < 400; n++) {
		uint8_t *p = malloc(n + 1); /* what is read behind its end is the sanitizer's */

		assert_non_null(p);
		for (unsigned int i = 0; i < n; i++)
			p[i] = fill ? fill : (uint8_t)(i * 151 + n);
		assert_int_equal(sum_fold(checksum_sum(p, n)), plainly(p, n));
		free(p);
	}
}

static void each_build_that_the_cpu_has_makes_the_same_sum(void **state)
{
	unsigned int builds = 0;

	(void)state;
	for (enum cfg_isa isa = CFG_ISA_AUTO; isa <= CFG_ISA_AVX512; isa++) {
		if (checksum_select(isa))
			continue;
		builds++;
		compare(0);
		compare(0xff);
	}
	assert_true(builds >= 2); /* auto and generic at least */
	assert_int_equal(checksum_select(CFG_ISA_AUTO), 0);
}

static void what_is_selected_is_told_by_name(void **state)
{
	(void)state;
	assert_int_equal(checksum_select(CFG_ISA_GENERIC), 0);
	assert_string_equal(checksum_isa(), "generic");
	if (!checksum_select(CFG_ISA_AVX2))
		assert_string_equal(checksum_isa(), "avx2");
	assert_int_equal(checksum_select(CFG_ISA_AUTO), 0);
}

static void an_unknown_instruction_set_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(checksum_select(CFG_ISA_GENERIC), 0);
	assert_int_equal(checksum_select((enum cfg_isa)99), -ENOTSUP);
	assert_string_equal(checksum_isa(), "generic");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_build_that_the_cpu_has_makes_the_same_sum),
		cmocka_unit_test(what_is_selected_is_told_by_name),
		cmocka_unit_test(an_unknown_instruction_set_is_refused_and_changes_nothing),
	};

	return cmocka_run_group_tests_name("checksum", tests, NULL, NULL);
}
