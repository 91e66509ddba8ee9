/* SPDX-License-Identifier: BSD-3-Clause */
/* The timer wheel: against a naive model (an array of deadlines), and its promises one by one. */
#include "controlplane/subscriber/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define IDS   512
#define START 987654321ull

struct bench {
	struct wheel w;
	struct wheel_node node[IDS + 1];
	uint64_t due[IDS + 1]; /* the model: 0 = not armed */
	uint64_t rnd;
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	wheel_init(&b->w, b->node, START);
	b->rnd = 42;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static uint64_t rnd(struct bench *b)
{
	b->rnd ^= b->rnd << 13;
	b->rnd ^= b->rnd >> 7;
	b->rnd ^= b->rnd << 17;
	return b->rnd;
}

static uint64_t earliest(const struct bench *b)
{
	uint64_t best = UINT64_MAX;

	for (uint32_t id = 1; id <= IDS; id++) {
		if (b->due[id] && b->due[id] < best)
			best = b->due[id];
	}
	return best;
}

/* Everything that fires was due; nothing stays that has been due for more than one tick. */
static void advance_and_compare(struct bench *b, uint64_t now, size_t max)
{
	uint32_t ids[IDS];
	size_t n;

	do {
		n = wheel_advance(&b->w, now, ids, max);
		for (size_t i = 0; i < n; i++) {
			assert_true(b->due[ids[i]] != 0);
			assert_true(b->due[ids[i]] <= now);
			assert_false(wheel_is_armed(&b->w, ids[i]));
			b->due[ids[i]] = 0;
		}
	} while (n == max);
	for (uint32_t id = 1; id <= IDS; id++)
		assert_true(b->due[id] == 0 || b->due[id] + WHEEL_TICK_NS > now);
}

static void a_hundred_thousand_random_operations_match_a_naive_model(void **state)
{
	struct bench *b = *state;
	uint64_t now = START;
	uint32_t armed = 0;

	for (int op = 0; op < 100000; op++) {
		uint32_t id = 1 + (uint32_t)(rnd(b) % IDS);

		switch (rnd(b) % 8) {
		case 0:
		case 1:
		case 2:
		case 3: /* distances of every magnitude up to 2^54 ns, half a year */
			b->due[id] = now + 1 + rnd(b) % (1ull << (10 + rnd(b) % 44));
			wheel_arm(&b->w, id, b->due[id]);
			break;
		case 4:
			b->due[id] = 0;
			wheel_cancel(&b->w, id);
			break;
		case 5: /* to just before the earliest deadline: must not fire it */
			if (earliest(b) != UINT64_MAX && earliest(b) > now)
				now = earliest(b) - 1;
			advance_and_compare(b, now, 1 + rnd(b) % IDS);
			break;
		default:
			now += rnd(b) % (1ull << (10 + rnd(b) % 34));
			advance_and_compare(b, now, 1 + rnd(b) % IDS);
		}
		if (wheel_next(&b->w) != UINT64_MAX && earliest(b) > now)
			assert_true(wheel_next(&b->w) < earliest(b) + WHEEL_TICK_NS);
		armed = 0;
		if (op % 64 == 0) {
			for (uint32_t i = 1; i <= IDS; i++)
				armed += b->due[i] != 0;
			assert_int_equal(armed, b->w.armed);
		}
	}
	advance_and_compare(b, now + (1ull << 55), IDS);
	assert_int_equal(b->w.armed, 0);
	assert_true(wheel_next(&b->w) == UINT64_MAX);
}

static void a_timer_fires_not_before_its_deadline_and_at_most_one_tick_after(void **state)
{
	struct bench *b = *state;
	uint32_t id;

	for (uint64_t wait = 1; wait < 1ull << 50; wait = wait * 3 + 1) {
		uint64_t due = b->w.start_ns + b->w.tick * WHEEL_TICK_NS + wait;

		wheel_arm(&b->w, 1, due);
		assert_int_equal(wheel_advance(&b->w, due - 1, &id, 1), 0);
		assert_int_equal(wheel_advance(&b->w, due + WHEEL_TICK_NS, &id, 1), 1);
		assert_int_equal(id, 1);
	}
}

static void a_deadline_in_the_past_fires_at_the_next_tick(void **state)
{
	struct bench *b = *state;
	uint32_t id = 0;

	assert_int_equal(wheel_advance(&b->w, START + 1000 * WHEEL_TICK_NS, &id, 1), 0);
	wheel_arm(&b->w, 7, START);
	assert_int_equal(wheel_advance(&b->w, START + 1001 * WHEEL_TICK_NS, &id, 1), 1);
	assert_int_equal(id, 7);
}

static void arming_again_moves_the_timer(void **state)
{
	struct bench *b = *state;
	uint32_t id;

	wheel_arm(&b->w, 3, START + 1000000000ull);
	wheel_arm(&b->w, 3, START + 9000000000ull);
	assert_int_equal(b->w.armed, 1);
	assert_int_equal(wheel_advance(&b->w, START + 8999999999ull, &id, 1), 0);
	assert_int_equal(wheel_advance(&b->w, START + 9010000000ull, &id, 1), 1);
}

static void what_is_armed_again_in_the_past_does_not_fire_in_the_same_advance(void **state)
{
	struct bench *b = *state;
	uint64_t now = START + 1000 * WHEEL_TICK_NS;
	uint32_t id, fired = 0;

	for (uint32_t i = 1; i <= 3; i++)
		wheel_arm(&b->w, i, now);
	while (wheel_advance(&b->w, now, &id, 1)) {
		wheel_arm(&b->w, id, START);
		assert_in_range(++fired, 1, 3);
	}
	assert_int_equal(fired, 3);
	while (wheel_advance(&b->w, now + WHEEL_TICK_NS, &id, 1))
		fired++;
	assert_int_equal(fired, 6);
}

static void cancelling_what_is_not_armed_changes_nothing(void **state)
{
	struct bench *b = *state;

	wheel_cancel(&b->w, 5);
	assert_int_equal(b->w.armed, 0);
}

static void a_full_batch_is_continued_by_the_next_call(void **state)
{
	struct bench *b = *state;
	uint32_t ids[IDS];
	size_t n = 0, got;

	for (uint32_t id = 1; id <= IDS; id++)
		wheel_arm(&b->w, id, START + 1000000000ull);
	do {
		got = wheel_advance(&b->w, START + 2000000000ull, ids, 100);
		n += got;
	} while (got == 100);
	assert_int_equal(n, IDS);
}

static void two_wheels_share_one_node_array(void **state)
{
	struct bench *b = *state;
	struct wheel other;
	uint32_t id;

	wheel_init(&other, b->node, START);
	wheel_arm(&b->w, 1, START + 1000000000ull);
	wheel_arm(&other, 2, START + 1000000000ull);
	assert_int_equal(wheel_advance(&other, START + 2000000000ull, &id, 1), 1);
	assert_int_equal(id, 2);
	assert_int_equal(wheel_advance(&b->w, START + 2000000000ull, &id, 1), 1);
	assert_int_equal(id, 1);
}

static void timers_stay_right_over_the_wrap_of_the_tick(void **state)
{
	struct bench *b = *state;
	uint64_t now = START + (WHEEL_TICK_NS << 32) - 1000 * WHEEL_TICK_NS;
	uint32_t id;

	assert_int_equal(wheel_advance(&b->w, now, &id, 1), 0);
	for (int i = 1; i <= IDS; i++) {
		b->due[i] = now + (uint64_t)i * 100 * WHEEL_TICK_NS;
		wheel_arm(&b->w, (uint32_t)i, b->due[i]);
	}
	for (int i = 0; i < 600; i++)
		advance_and_compare(b, now + (uint64_t)i * 100 * WHEEL_TICK_NS, 7);
	assert_int_equal(b->w.armed, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_hundred_thousand_random_operations_match_a_naive_model),
		T(a_timer_fires_not_before_its_deadline_and_at_most_one_tick_after),
		T(a_deadline_in_the_past_fires_at_the_next_tick),
		T(arming_again_moves_the_timer),
		T(what_is_armed_again_in_the_past_does_not_fire_in_the_same_advance),
		T(cancelling_what_is_not_armed_changes_nothing),
		T(a_full_batch_is_continued_by_the_next_call),
		T(two_wheels_share_one_node_array),
		T(timers_stay_right_over_the_wrap_of_the_tick),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
