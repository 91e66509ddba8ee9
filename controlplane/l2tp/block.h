/* SPDX-License-Identifier: BSD-3-Clause */
/* block.h - slots of calls, given out in blocks of L2TP_BLOCK that lie beside each other: a tunnel fills one before it begins
 * another, and no other tunnel has slots of it while there are blocks that nobody has. Calls beside each other therefore have one
 * tunnel, and are found by one word of the dataplane's index (dataplane/index.h).
 * What a tunnel gives back it gets again only when many of its slots are free (l2tp_blocks_spare()), or when no block is: ids go with slots, and what
 * is still on the way for a call that ended must not reach the next one. The slot given back longest ago comes first, by block.
 * Pure; thread: control. The caller gives the memory. */
#ifndef CONTROLPLANE_L2TP_BLOCK_H
#define CONTROLPLANE_L2TP_BLOCK_H

#include <stdint.h>

#include "controlplane/l2tp/l2tp.h"

/** Free slots that a tunnel with this many calls has before it uses one again; fewer where its ids run short. */
static inline uint32_t l2tp_blocks_spare(uint32_t calls)
{
	uint32_t some = 64 + calls / 16, ids = calls < UINT16_MAX ? (UINT16_MAX - calls) / 2 : 0;

	return some < ids ? some : ids;
}

struct l2tp_block_list {
	uint32_t head, tail; /* block + 1, 0 = none */
};

struct l2tp_block {
	uint16_t free;  /* a bit for each slot */
	uint8_t at;     /* of the one that its tunnel fills: the next slot; L2TP_BLOCK: it was filled once */
	uint32_t tunnel; /* whose it is, while not all of it is free */
	struct {
		uint32_t prev, next; /* block + 1, 0 = none */
	} link[2]; /* lists of the tunnel and of all */
};

/* What a tunnel has. */
struct l2tp_block_holder {
	uint32_t filling;            /* block + 1 */
	uint32_t spare;              /* free slots in those of `used` */
	struct l2tp_block_list used; /* filled once, with free slots, the longest free first */
};

struct l2tp_blocks {
	struct l2tp_block *block;
	struct l2tp_block_holder *holder; /* by tunnel */
	uint32_t slots, fresh;            /* the highest; the first block that was never used */
	struct l2tp_block_list whole;     /* all of it free, the longest first */
	struct l2tp_block_list part;      /* some of it free */
};

/** Elements of block[] for slots 1..slots. */
static inline uint32_t l2tp_blocks_of(uint32_t slots)
{
	return slots / L2TP_BLOCK + 1;
}

/** block and holder: zeroed arrays of l2tp_blocks_of(slots), and of an element for each tunnel. */
void l2tp_blocks_init(struct l2tp_blocks *x, struct l2tp_block *block,
	struct l2tp_block_holder *holder, uint32_t slots);
/** A slot for a new call of a tunnel that has `calls`. @return it, or 0: all are in use. O(1). */
uint32_t l2tp_blocks_take(struct l2tp_blocks *x, uint32_t tunnel, uint32_t calls);
/** It is free again. O(1). */
void l2tp_blocks_give(struct l2tp_blocks *x, uint32_t slot);

#endif
