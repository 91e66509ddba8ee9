/* SPDX-License-Identifier: BSD-3-Clause */
/* Slots of calls: whose a block is, what is used again and when, and that every slot can be in use. */
#include "controlplane/l2tp/block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SLOTS   1000u /* not whole blocks */
#define TUNNELS 9u

static struct {
	struct l2tp_blocks x;
	struct l2tp_block block[SLOTS / L2TP_BLOCK + 1];
	struct l2tp_block_holder holder[TUNNELS + 1];
	uint32_t calls[TUNNELS + 1];
	uint8_t tunnel_of[SLOTS + 1]; /* 0 = free */
} t;

static int fresh(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	l2tp_blocks_init(&t.x, t.block, t.holder, SLOTS);
	return 0;
}

static uint32_t take(uint32_t tunnel)
{
	uint32_t slot = l2tp_blocks_take(&t.x, tunnel, t.calls[tunnel]);

	assert_in_range(slot, 0, SLOTS);
	if (slot) {
		assert_int_equal(t.tunnel_of[slot], 0);
		t.tunnel_of[slot] = (uint8_t)tunnel;
		t.calls[tunnel]++;
	}
	return slot;
}

static void give(uint32_t slot)
{
	t.calls[t.tunnel_of[slot]]--;
	t.tunnel_of[slot] = 0;
	l2tp_blocks_give(&t.x, slot);
}

static uint32_t block_of(uint32_t slot)
{
	return slot / L2TP_BLOCK;
}

static void a_tunnel_fills_a_block_before_it_begins_another(void **state)
{
	(void)state;
	for (uint32_t k = 1; k < 10 * L2TP_BLOCK; k++) /* there is no slot 0 */
		assert_int_equal(take(1), k);
}

static void tunnels_whose_calls_come_in_turn_share_no_block(void **state)
{
	uint8_t tunnel_of[SLOTS / L2TP_BLOCK + 1] = {0};

	(void)state;
	for (uint32_t k = 0; k < SLOTS / 2; k++) {
		uint32_t tunnel = k % 4 + 1, block = block_of(take(tunnel));

		assert_true(!tunnel_of[block] || tunnel_of[block] == tunnel);
		tunnel_of[block] = (uint8_t)tunnel;
	}
}

static void a_slot_given_back_is_not_used_again_at_once(void **state)
{
	uint32_t slot[100];

	(void)state;
	for (unsigned int i = 0; i < 100; i++)
		slot[i] = take(1);
	for (unsigned int i = 0; i < 200; i++) {
		uint32_t gone = slot[i % 100];

		give(gone);
		for (unsigned int k = 0; k < 20; k++) { /* calls that come, and go after the test */
			uint32_t other = take(2);

			assert_int_not_equal(other, gone);
			give(other);
		}
		slot[i % 100] = take(1);
		assert_int_not_equal(slot[i % 100], gone);
	}
}

static void a_tunnel_uses_its_own_again_when_many_are_free_the_longest_free_block_first(
	void **state)
{
	uint32_t slot[320], expected;

	(void)state;
	for (unsigned int i = 0; i < 320; i++)
		slot[i] = take(1);
	/* every second one of the blocks but the last two, backwards */
	for (unsigned int i = 271; i > 16; i -= 2)
		give(slot[i]);
	assert_true(t.holder[1].spare >= l2tp_blocks_spare(t.calls[1]));
	expected = block_of(slot[271]);
	while (take(1) > slot[319])
		; /* the block that it was filling */
	for (unsigned int i = 0; i < 40; i++) {
		uint32_t s = take(1);

		assert_true(s < slot[319]);
		assert_in_range(block_of(s), expected - 1, expected);
		expected = block_of(s);
	}
}

static void a_block_that_is_wholly_free_is_any_tunnels_the_longest_free_first(void **state)
{
	uint32_t order[3];

	(void)state;
	while (take(1))
		;
	for (unsigned int i = 0; i < 3; i++) {
		order[i] = 10 * (3 - i);
		for (uint32_t at = 0; at < L2TP_BLOCK; at++)
			give(order[i] * L2TP_BLOCK + at);
	}
	for (unsigned int i = 0; i < 3 * L2TP_BLOCK; i++)
		assert_int_equal(block_of(take(2)), order[i / L2TP_BLOCK]);
	assert_int_equal(take(2), 0);
}

static void one_tunnel_can_have_every_slot(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 3; round++) {
		for (uint32_t k = 0; k < SLOTS; k++)
			assert_true(take(round + 1));
		assert_int_equal(take(round + 1), 0);
		for (uint32_t slot = SLOTS; slot; slot--)
			give(slot);
	}
}

static void slots_of_others_blocks_are_used_when_no_block_is_free(void **state)
{
	(void)state;
	for (uint32_t tunnel = 1; tunnel <= TUNNELS; tunnel++)
		for (unsigned int k = 0; k < 3; k++)
			assert_true(take(tunnel));
	for (uint32_t k = 3 * TUNNELS; k < SLOTS; k++)
		assert_true(take(1));
	assert_int_equal(take(1), 0);
	assert_int_equal(take(2), 0);
	for (uint32_t slot = 1; slot <= SLOTS; slot++)
		assert_int_not_equal(t.tunnel_of[slot], 0);
}

static void nothing_is_lost_or_given_twice_in_any_order(void **state)
{
	uint32_t x = 1, n = 0;

	(void)state;
	for (unsigned int round = 0; round < 400000; round++) {
		uint32_t slot;

		x = x * 1664525 + 1013904223;
		slot = (x >> 8) % SLOTS + 1;
		/* long stretches in which it fills, and in which it runs empty */
		if ((x >> 28) < (round / 5000 % 2 ? 6 : 10)) {
			if (take(x % TUNNELS + 1))
				n++;
			else
				assert_int_equal(n, SLOTS);
		} else if (t.tunnel_of[slot]) {
			give(slot);
			n--;
		}
	}
	for (uint32_t slot = 1; slot <= SLOTS; slot++)
		if (t.tunnel_of[slot])
			give(slot);
	for (uint32_t tunnel = 1; tunnel <= TUNNELS; tunnel++)
		assert_int_equal(t.holder[tunnel].spare + t.holder[tunnel].filling +
				t.holder[tunnel].used.head,
			0);
	assert_int_equal(t.x.part.head, 0);
	for (uint32_t k = 0; k < SLOTS; k++)
		assert_true(take(1));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, fresh)
	const struct CMUnitTest tests[] = {
		T(a_tunnel_fills_a_block_before_it_begins_another),
		T(tunnels_whose_calls_come_in_turn_share_no_block),
		T(a_slot_given_back_is_not_used_again_at_once),
		T(a_tunnel_uses_its_own_again_when_many_are_free_the_longest_free_block_first),
		T(a_block_that_is_wholly_free_is_any_tunnels_the_longest_free_first),
		T(one_tunnel_can_have_every_slot),
		T(slots_of_others_blocks_are_used_when_no_block_is_free),
		T(nothing_is_lost_or_given_twice_in_any_order),
	};

	return cmocka_run_group_tests_name("l2tp_block", tests, NULL, NULL);
}
