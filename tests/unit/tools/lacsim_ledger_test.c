/* SPDX-License-Identifier: BSD-3-Clause */
/* lacsim_ledger_test.c - the account of numbered payloads: each way a payload can go wrong is noticed, and only once. */
#include "tools/lacsim/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define SIZE 100

struct lab {
	struct ledger l;
	uint8_t p[3][SIZE]; /* payloads 0, 1, 2: from subscriber 4 to 5, 6 and 7 */
};

static void lab_open(struct lab *lab)
{
	assert_int_equal(ledger_init(&lab->l, 42, 1, SIZE, 10, 8), 0);
	for (uint32_t i = 0; i < 3; i++)
		ledger_send(&lab->l, lab->p[i], i, 4, 5 + i, 1000 + i);
}

static enum ledger_verdict arrives(struct lab *lab, int i, uint32_t here)
{
	return ledger_receive(&lab->l, lab->p[i], SIZE, here, 3000);
}

static void payloads_that_reach_their_owners_leave_a_clean_ledger(void **state)
{
	struct lab lab;

	(void)state;
	lab_open(&lab);
	for (int i = 0; i < 3; i++)
		assert_int_equal(arrives(&lab, i, 5 + (uint32_t)i), LEDGER_OK);
	assert_true(ledger_clean(&lab.l, 0));
	assert_int_equal(lab.l.received, 3);
	assert_int_equal(lab.l.reordered, 0);
	assert_int_equal(lab.l.rtt.min, 1998);
	assert_int_equal(lab.l.rtt.max, 2000);
	ledger_fini(&lab.l);
}

static void a_payload_that_never_arrives_is_lost(void **state)
{
	struct lab lab;

	(void)state;
	lab_open(&lab);
	arrives(&lab, 0, 5);
	arrives(&lab, 2, 7);
	assert_int_equal(ledger_lost(&lab.l), 1);
	assert_false(ledger_clean(&lab.l, 0));
	assert_true(ledger_clean(&lab.l, 1));
	ledger_fini(&lab.l);
}

static void a_second_copy_is_a_duplicate_and_does_not_hide_a_loss(void **state)
{
	struct lab lab;

	(void)state;
	lab_open(&lab);
	assert_int_equal(arrives(&lab, 0, 5), LEDGER_OK);
	assert_int_equal(arrives(&lab, 0, 5), LEDGER_DUPLICATE);
	assert_int_equal(arrives(&lab, 1, 6), LEDGER_OK);
	assert_int_equal(lab.l.duplicated, 1);
	assert_int_equal(ledger_lost(&lab.l), 1);
	assert_false(ledger_clean(&lab.l, 1));
	ledger_fini(&lab.l);
}

static void a_payload_at_another_subscriber_is_misdelivered_and_still_lost(void **state)
{
	struct lab lab;

	(void)state;
	lab_open(&lab);
	assert_int_equal(arrives(&lab, 0, 6), LEDGER_MISDELIVERED);
	assert_int_equal(lab.l.misdelivered, 1);
	assert_int_equal(lab.l.received, 0);
	assert_int_equal(ledger_lost(&lab.l), 3);
	assert_false(ledger_clean(&lab.l, 3));
	ledger_fini(&lab.l);
}

static void a_packet_for_another_address_counts_as_misdelivered(void **state)
{
	struct lab lab;

	(void)state;
	lab_open(&lab);
	ledger_wrong_address(&lab.l);
	assert_false(ledger_clean(&lab.l, 3));
	ledger_fini(&lab.l);
}

static void one_changed_octet_anywhere_is_corruption(void **state)
{
	struct lab lab;

	(void)state;
	lab_open(&lab);
	for (size_t at = 0; at < SIZE; at++) {
		lab.p[0][at] ^= 0x10;
		assert_int_equal(arrives(&lab, 0, 5), LEDGER_CORRUPT);
		lab.p[0][at] ^= 0x10;
	}
	assert_int_equal(lab.l.corrupted, SIZE);
	assert_int_equal(arrives(&lab, 0, 5), LEDGER_OK);
	ledger_fini(&lab.l);
}

static void a_payload_cut_short_at_any_length_is_corruption(void **state)
{
	struct lab lab;

	(void)state;
	lab_open(&lab);
	for (size_t n = 0; n < SIZE; n++)
		assert_int_equal(ledger_receive(&lab.l, lab.p[0], n, 5, 3000), LEDGER_CORRUPT);
	ledger_fini(&lab.l);
}

static void a_payload_of_an_earlier_run_is_stale(void **state)
{
	struct ledger earlier;
	struct lab lab;

	(void)state;
	lab_open(&lab);
	assert_int_equal(ledger_init(&earlier, 42, 0, SIZE, 10, 8), 0);
	ledger_send(&earlier, lab.p[0], 0, 4, 5, 1000);
	assert_int_equal(arrives(&lab, 0, 5), LEDGER_STALE);
	assert_false(ledger_clean(&lab.l, 3));
	ledger_fini(&earlier);
	ledger_fini(&lab.l);
}

static void an_overtaken_payload_is_reordered_but_not_an_error(void **state)
{
	uint8_t late[SIZE];
	struct lab lab;

	(void)state;
	lab_open(&lab);
	ledger_send(&lab.l, late, 3, 4, 5, 1003);
	assert_int_equal(ledger_receive(&lab.l, late, SIZE, 5, 3000), LEDGER_OK);
	arrives(&lab, 0, 5);
	assert_int_equal(lab.l.reordered, 1);
	arrives(&lab, 2, 7);
	arrives(&lab, 1, 6); /* between two owners there is no order */
	assert_int_equal(lab.l.reordered, 1);
	assert_true(ledger_clean(&lab.l, 0));
	ledger_fini(&lab.l);
}

static void the_same_seed_writes_the_same_octets_and_another_seed_does_not(void **state)
{
	struct ledger a, b, c;
	uint8_t pa[SIZE], pb[SIZE], pc[SIZE];

	(void)state;
	assert_int_equal(ledger_init(&a, 1, 1, SIZE, 1, 1), 0);
	assert_int_equal(ledger_init(&b, 1, 1, SIZE, 1, 1), 0);
	assert_int_equal(ledger_init(&c, 2, 1, SIZE, 1, 1), 0);
	ledger_send(&a, pa, 0, 0, 0, 5);
	ledger_send(&b, pb, 0, 0, 0, 5);
	ledger_send(&c, pc, 0, 0, 0, 5);
	assert_memory_equal(pa, pb, SIZE);
	assert_memory_not_equal(pa + LEDGER_STAMP, pc + LEDGER_STAMP, SIZE - LEDGER_STAMP);
	ledger_fini(&a);
	ledger_fini(&b);
	ledger_fini(&c);
}

static void the_round_trip_percentile_is_within_a_sixteenth(void **state)
{
	struct ledger l;
	uint8_t p[LEDGER_STAMP];

	(void)state;
	assert_int_equal(ledger_init(&l, 1, 1, LEDGER_STAMP, 1000, 1), 0);
	for (uint64_t i = 0; i < 1000; i++) {
		ledger_send(&l, p, i, 0, 0, 0);
		ledger_receive(&l, p, sizeof(p), 0, (i + 1) * 1000);
	}
	assert_in_range(ledger_rtt(&l, 500), 500000, 500000 * 17 / 16);
	assert_in_range(ledger_rtt(&l, 990), 990000, 1000000);
	assert_int_equal(ledger_rtt(&l, 1000), 1000000);
	ledger_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(payloads_that_reach_their_owners_leave_a_clean_ledger),
		cmocka_unit_test(a_payload_that_never_arrives_is_lost),
		cmocka_unit_test(a_second_copy_is_a_duplicate_and_does_not_hide_a_loss),
		cmocka_unit_test(a_payload_at_another_subscriber_is_misdelivered_and_still_lost),
		cmocka_unit_test(a_packet_for_another_address_counts_as_misdelivered),
		cmocka_unit_test(one_changed_octet_anywhere_is_corruption),
		cmocka_unit_test(a_payload_cut_short_at_any_length_is_corruption),
		cmocka_unit_test(a_payload_of_an_earlier_run_is_stale),
		cmocka_unit_test(an_overtaken_payload_is_reordered_but_not_an_error),
		cmocka_unit_test(the_same_seed_writes_the_same_octets_and_another_seed_does_not),
		cmocka_unit_test(the_round_trip_percentile_is_within_a_sixteenth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
