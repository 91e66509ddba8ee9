/* SPDX-License-Identifier: BSD-3-Clause */
/* cp_loop_test.c - a turn of the control core: when it takes events, and what it counts of its own time. Time is dp.clock_ns,
 * which moves while the core asks for events and at no other moment (the linker's --wrap). */
#include "cp_lab.h"

#include <time.h>

#include "controlplane/cp_run.h"
#include "no_sides.h"

int __wrap_clock_gettime(clockid_t id, struct timespec *t);
int __wrap_clock_gettime(clockid_t id, struct timespec *t)
{
	(void)id;
	*t = (struct timespec){.tv_sec = (time_t)(dp.clock_ns / 1000000000u),
		.tv_nsec = (long)(dp.clock_ns % 1000000000u)};
	return 0;
}

static void turn_of(struct lab *lab, uint64_t ns, bool finds_work)
{
	dp.turn_takes_ns = ns;
	dp.event = (struct dp_event){.type = DP_EV_SESSION_DOWN}; /* of a slot that is free */
	dp.event_waits = finds_work;
	assert_int_equal(cp_turn(lab->cp), finds_work);
}

static struct cp_totals totals(const struct lab *lab)
{
	struct cp_totals t;

	cp_totals(lab->cp, &t);
	return t;
}

static void no_event_is_taken_while_workers_lag_behind_our_commands(void **state)
{
	struct lab *lab = *state;

	dp.lagging = true;
	assert_false(cp_turn(lab->cp));
	assert_int_equal(dp.asked_for_events, 0);
	dp.lagging = false;
	cp_turn(lab->cp);
	assert_int_equal(dp.asked_for_events, 1);
}

static void a_turn_of_a_millisecond_is_slow_and_a_shorter_one_is_not(void **state)
{
	turn_of(*state, DP_SLOW_NS - 1, true);
	assert_int_equal(totals(*state).slow_turns, 0);
	turn_of(*state, DP_SLOW_NS, true);
	turn_of(*state, DP_SLOW_NS * 7, true);
	assert_int_equal(totals(*state).slow_turns, 2);
}

static void the_longest_turn_is_remembered(void **state)
{
	turn_of(*state, 5000, true);
	assert_int_equal(totals(*state).longest_turn_ns, 5000);
	turn_of(*state, 812000, true);
	turn_of(*state, 6000, true);
	assert_int_equal(totals(*state).longest_turn_ns, 812000);
}

/* It may have waited for its CPU: that says nothing of our work. */
static void a_turn_that_found_nothing_to_do_is_not_counted(void **state)
{
	turn_of(*state, DP_SLOW_NS * 2, false);
	assert_int_equal(totals(*state).slow_turns, 0);
	assert_int_equal(totals(*state).longest_turn_ns, 0);
}

static void linux_hears_of_a_link_within_20_ms(void **state)
{
	unsigned before;

	turn_of(*state, 0, false);
	before = no_sides_links;
	for (unsigned ms = 1; ms <= 200; ms++)
		turn_of(*state, 1000000, false);
	assert_in_range(no_sides_links - before, 9, 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(no_event_is_taken_while_workers_lag_behind_our_commands),
		STORY(a_turn_of_a_millisecond_is_slow_and_a_shorter_one_is_not),
		STORY(the_longest_turn_is_remembered),
		STORY(a_turn_that_found_nothing_to_do_is_not_counted),
		STORY(linux_hears_of_a_link_within_20_ms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
