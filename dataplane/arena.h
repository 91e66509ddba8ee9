/* SPDX-License-Identifier: BSD-3-Clause */
/* arena.h - blocks of 2^k 32-bit entries, cut out of one array that is taken at start: a buddy allocator.
 * Thread: control. Entry 0 and its block are never given out, and stay 0. What is freed joins its free buddy again, so
 * that blocks which grew and shrank leave no holes. */
#ifndef DATAPLANE_ARENA_H
#define DATAPLANE_ARENA_H

#include <stdint.h>

#define ARENA_ORDER_MIN 2u  /* 4 entries: the links of a free block need two */
#define ARENA_ORDER_MAX 16u

struct arena {
	uint32_t *entry;
	uint8_t *state;                      /* per unit of 4 entries: order of the block that begins here, and FREE */
	uint32_t units;
	uint32_t free[ARENA_ORDER_MAX + 1];  /* first unit of the first free block, 0 = none */
};

/** @return 0 or -ENOMEM. */
int arena_init(struct arena *a, uint32_t entries);
void arena_fini(struct arena *a);
/** @return the first entry of 2^order zeros, or 0: no room. */
uint32_t arena_take(struct arena *a, unsigned int order);
/** Give back what arena_take() gave, when no reader is left. */
void arena_give(struct arena *a, uint32_t entry, unsigned int order);

#endif
