/* SPDX-License-Identifier: BSD-3-Clause */
/* lacsim_phases_test.c - the language of --phases: what is read, and what is refused in which words. */
#include "tools/lacsim/phases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct phase one(const char *text)
{
	char err[200] = "";
	struct phase p;
	int rc = phase_next(&text, &p, err, sizeof(err));

	if (rc != 1)
		print_error("%s\n", err);
	assert_int_equal(rc, 1);
	return p;
}

static void refused(const char *text, const char *words)
{
	char err[200] = "";
	struct phase p;

	assert_int_equal(phase_next(&text, &p, err, sizeof(err)), -1);
	if (!strstr(err, words))
		print_error("said: %s; expected: %s\n", err, words);
	assert_non_null(strstr(err, words));
}

static void a_list_is_read_in_order_to_its_end(void **state)
{
	static const enum phase_kind kinds[] = {PHASE_SETUP, PHASE_TRAFFIC, PHASE_TRAFFIC,
		PHASE_SEARCH, PHASE_LATENCY, PHASE_CHURN, PHASE_HOLD, PHASE_TEARDOWN};
	const char *text = " setup; traffic up max 5;\ntraffic down max 5;; search up\n"
			   "latency up 10,50,90 5; churn 1000 10; hold 0.5;teardown ; \n";
	char err[200];
	struct phase p;

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_int_equal(phase_next(&text, &p, err, sizeof(err)), 1);
		assert_int_equal(p.kind, kinds[i]);
	}
	assert_int_equal(phase_next(&text, &p, err, sizeof(err)), 0);
	assert_int_equal(phase_next(&text, &p, err, sizeof(err)), 0);
}

static void traffic_has_a_direction_a_rate_a_time_a_size_and_a_choice_of_sessions(void **state)
{
	struct phase p = one("traffic both 2.5 0.5 pick zipf size imix");

	(void)state;
	assert_int_equal(p.dir, DIR_BOTH);
	assert_true(p.mpps == 2.5 && p.seconds == 0.5);
	assert_int_equal(p.size, PHASE_SIZE_IMIX);
	assert_int_equal(p.pick, PICK_ZIPF);
	p = one("traffic loop max 1 size 1400 pick hot:64");
	assert_int_equal(p.dir, DIR_LOOP);
	assert_true(p.mpps == 0);
	assert_int_equal(p.size, 1400);
	assert_int_equal(p.pick, PICK_HOT);
	assert_int_equal(p.hot, 64);
	p = one("traffic up max 1");
	assert_int_equal(p.size, 98);
	assert_int_equal(p.pick, PICK_RANDOM);
}

static void a_search_says_how_long_how_fine_and_how_much_loss(void **state)
{
	struct phase p = one("search down trial 1.5 loss 0.1 step 0.5 highest 40 size 98");

	(void)state;
	assert_true(p.trial_s == 1.5 && p.loss_percent == 0.1 && p.step_percent == 0.5);
	assert_true(p.highest_mpps == 40);
	p = one("search down");
	assert_true(p.trial_s == 2 && p.loss_percent == 0 && p.step_percent == 1 &&
		p.highest_mpps == 0);
}

static void latency_takes_a_list_of_percentages(void **state)
{
	struct phase p = one("latency down 10,50,90 3");

	(void)state;
	assert_int_equal(p.n_percents, 3);
	assert_int_equal(p.percent[0], 10);
	assert_int_equal(p.percent[2], 90);
	assert_true(p.seconds == 3);
	refused("latency down 10,,90 3", "must be up to 8 numbers");
	refused("latency down 1,2,3,4,5,6,7,8,9 3", "must be up to 8 numbers");
	refused("latency down", "must be up to 8 numbers");
}

static void setup_may_say_how_many_and_how_fast(void **state)
{
	struct phase p = one("setup 64000 rate 5000 timeout 60");

	(void)state;
	assert_int_equal(p.sessions, 64000);
	assert_int_equal(p.rate, 5000);
	assert_int_equal(p.timeout_s, 60);
	p = one("setup");
	assert_int_equal(p.sessions, 0);
	assert_int_equal(p.rate, 0);
}

static void teardown_may_be_of_a_part_and_beside_traffic(void **state)
{
	struct phase p = one("teardown");

	(void)state;
	assert_int_equal(p.how, HOW_STOPCCN);
	assert_int_equal(p.tunnels, 0);
	p = one("teardown silent tunnels 10 with up 5 for 8");
	assert_int_equal(p.how, HOW_SILENT);
	assert_int_equal(p.tunnels, 10);
	assert_int_equal(p.dir, DIR_UP);
	assert_true(p.mpps == 5 && p.seconds == 8);
	p = one("teardown cdn sessions 100000");
	assert_int_equal(p.sessions, 100000);
	refused("teardown stopccn sessions 5", "goes with cdn");
	refused("teardown cdn tunnels 3 sessions 5", "goes with cdn");
	refused("teardown cdn with loop 1", "no sessions that could end");
}

static void churn_may_run_beside_traffic(void **state)
{
	struct phase p = one("churn 10000 10 with both max pick hot");

	(void)state;
	assert_int_equal(p.rate, 10000);
	assert_int_equal(p.dir, DIR_BOTH);
	assert_true(p.mpps == 0 && p.seconds == 10);
	assert_int_equal(one("churn 10 1").dir, DIR_NONE);
}

static void what_is_wrong_is_named_with_what_would_be_right(void **state)
{
	(void)state;
	refused("setap", "\"setap\": must be setup, pretend");
	refused("traffic", "must be up, down, both or loop");
	refused("traffic none max 1", "must be up, down, both or loop");
	refused("traffic up fast 1", "must be a number");
	refused("traffic up -1 1", "must be a number");
	refused("traffic up 1e 1", "must be a number");
	refused("traffic up 1", "must be a number");
	refused("traffic up max 5 size 97", "from 98 to 1514");
	refused("traffic up max 5 size 1515", "from 98 to 1514");
	refused("traffic up max 5 size 98.5", "whole number");
	refused("traffic up max 5 pick warm", "must be random, zipf, hot");
	refused("traffic up max 5 pick zipf:3", "must be random, zipf, hot");
	refused("traffic up max 5 pick hot:0", "must be random, zipf, hot");
	refused("traffic up max 5 pick", "must be random, zipf, hot");
	refused("traffic up max 5 trial 3", "is not known here");
	refused("hold 5 5", "is not known here");
	refused("pretend", "must be a number");
	refused("setup 12345678901234567890123456789012345", "too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_read_in_order_to_its_end),
		cmocka_unit_test(
			traffic_has_a_direction_a_rate_a_time_a_size_and_a_choice_of_sessions),
		cmocka_unit_test(a_search_says_how_long_how_fine_and_how_much_loss),
		cmocka_unit_test(latency_takes_a_list_of_percentages),
		cmocka_unit_test(setup_may_say_how_many_and_how_fast),
		cmocka_unit_test(teardown_may_be_of_a_part_and_beside_traffic),
		cmocka_unit_test(churn_may_run_beside_traffic),
		cmocka_unit_test(what_is_wrong_is_named_with_what_would_be_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
