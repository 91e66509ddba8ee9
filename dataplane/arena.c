/* SPDX-License-Identifier: BSD-3-Clause */
/* arena.c - see arena.h. Free blocks are linked through their own first two entries (next, previous unit). */
#include "dataplane/arena.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <rte_common.h>
#include <rte_malloc.h>

#define UNIT 4u
#define FREE 0x80u

static uint32_t *links(struct arena *a, uint32_t unit)
{
	return &a->entry[(size_t)unit * UNIT];
}

static void put(struct arena *a, uint32_t unit, unsigned int order)
{
	uint32_t next = a->free[order];

	links(a, unit)[0] = next;
	links(a, unit)[1] = 0;
	if (next)
		links(a, next)[1] = unit;
	a->free[order] = unit;
	a->state[unit] = (uint8_t)(FREE | order);
}

static void take_out(struct arena *a, uint32_t unit, unsigned int order)
{
	uint32_t next = links(a, unit)[0], prev = links(a, unit)[1];

	if (next)
		links(a, next)[1] = prev;
	if (prev)
		links(a, prev)[0] = next;
	else
		a->free[order] = next;
	a->state[unit] = 0;
}

static uint32_t units_of(unsigned int order)
{
	return 1u << (order - ARENA_ORDER_MIN);
}

/* Units from..units-1 as the largest blocks that are aligned and fit. */
static void fill(struct arena *a, uint32_t from)
{
	while (from < a->units) {
		unsigned int order = ARENA_ORDER_MAX;

		while (from % units_of(order) || from + units_of(order) > a->units)
			order--;
		put(a, from, order);
		from += units_of(order);
	}
}

int arena_init(struct arena *a, uint32_t entries)
{
	memset(a, 0, sizeof(*a));
	a->units = entries / UNIT + 2;
	a->entry = rte_calloc("index", (size_t)a->units * UNIT, sizeof(*a->entry), 64);
	a->state = rte_calloc("index_state", a->units, 1, 64);
	if (!a->entry || !a->state) {
		arena_fini(a);
		return -ENOMEM;
	}
	fill(a, 1);
	return 0;
}

void arena_fini(struct arena *a)
{
	rte_free(a->entry);
	rte_free(a->state);
	memset(a, 0, sizeof(*a));
}

uint32_t arena_take(struct arena *a, unsigned int order)
{
	unsigned int have = order;
	uint32_t unit;

	while (have <= ARENA_ORDER_MAX && !a->free[have])
		have++;
	if (have > ARENA_ORDER_MAX)
		return 0;
	unit = a->free[have];
	take_out(a, unit, have);
	while (have > order) {
		have--;
		put(a, unit + units_of(have), have);
	}
	a->state[unit] = (uint8_t)order;
	memset(links(a, unit), 0, sizeof(*a->entry) << order);
	return unit * UNIT;
}

void arena_give(struct arena *a, uint32_t entry, unsigned int order)
{
	uint32_t unit = entry / UNIT;

	for (; order < ARENA_ORDER_MAX; order++) {
		uint32_t buddy = unit ^ units_of(order);

		if (!buddy || buddy >= a->units || a->state[buddy] != (FREE | order))
			break;
		take_out(a, buddy, order);
		a->state[unit] = 0;
		unit = RTE_MIN(unit, buddy);
	}
	put(a, unit, order);
}
