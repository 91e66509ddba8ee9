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

static void every_right_ipv4_header_is_accepted_and_no_wrong_one(void **state)
{
	uint8_t h[IP4_HDR] = {
		0x45, 0, 0, 60, 0, 0, 0, 0, 64, 17, 0, 0, 100, 64, 0, 1, 192, 0, 2, 9};

	(void)state;
	for (unsigned int host = 0; host < 4; host++) {
		h[15] = (uint8_t)(host * 77);
		for (unsigned int id = 0; id < 65536; id++) {
			uint16_t sum;

			store16(h + 4, (uint16_t)id);
			ip4_set_checksum(h, IP4_HDR);
			assert_true(ip4_plain_sum_ok(h));
			sum = load16(h + 10);
			store16(h + 10, (uint16_t)(sum ^ 1u << id % 16));
			assert_int_equal(ip4_plain_sum_ok(h), ip4_header_sum(h, IP4_HDR) == 0xffff);
			assert_false(ip4_plain_sum_ok(h));
		}
	}
}

static void a_hop_leaves_the_checksum_right(void **state)
{
	uint8_t h[IP4_HDR] = {
		0x45, 0, 0, 60, 0, 0, 0, 0, 64, 17, 0, 0, 100, 64, 0, 1, 192, 0, 2, 9};

	(void)state;
	for (unsigned int id = 0; id < 65536; id++) {
		h[8] = 64;
		store16(h + 4, (uint16_t)id);
		ip4_set_checksum(h, IP4_HDR);
		ip4_ttl_dec(h);
		assert_int_equal(h[8], 63);
		assert_int_equal(ip4_header_sum(h, IP4_HDR), 0xffff);
		assert_true(ip4_plain_sum_ok(h));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_build_that_the_cpu_has_makes_the_same_sum),
		cmocka_unit_test(what_is_selected_is_told_by_name),
		cmocka_unit_test(an_unknown_instruction_set_is_refused_and_changes_nothing),
		cmocka_unit_test(every_right_ipv4_header_is_accepted_and_no_wrong_one),
		cmocka_unit_test(a_hop_leaves_the_checksum_right),
	};

	return cmocka_run_group_tests_name("checksum", tests, NULL, NULL);
}
