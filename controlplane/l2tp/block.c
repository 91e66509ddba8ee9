/* SPDX-License-Identifier: BSD-3-Clause */
/* block.c - see block.h. A block is in `whole`, or it is some tunnel's: then in `part` while it has free slots, and in that
 * tunnel's `used` as well when it was filled once. Pure; thread: control. */
#include "controlplane/l2tp/block.h"

#include <assert.h>
#include <stdbool.h>

enum { OF_TUNNEL, OF_ALL };

static void append(struct l2tp_blocks *x, struct l2tp_block_list *l, unsigned which, uint32_t b)
{
	x->block[b].link[which].prev = l->tail;
	x->block[b].link[which].next = 0;
	if (l->tail)
		x->block[l->tail - 1].link[which].next = b + 1;
	else
		l->head = b + 1;
	l->tail = b + 1;
}

static void unlink_from(
	struct l2tp_blocks *x, struct l2tp_block_list *l, unsigned which, uint32_t b)
{
	uint32_t prev = x->block[b].link[which].prev, next = x->block[b].link[which].next;

	if (prev)
		x->block[prev - 1].link[which].next = next;
	else
		l->head = next;
	if (next)
		x->block[next - 1].link[which].prev = prev;
	else
		l->tail = prev;
}

/* The slots of a block that there are: no slot 0, none above the highest. */
static uint16_t all_of(const struct l2tp_blocks *x, uint32_t b)
{
	uint32_t first = b * L2TP_BLOCK, n = x->slots + 1 - first;
	uint32_t all = n < L2TP_BLOCK ? (1u << n) - 1 : UINT16_MAX;

	return (uint16_t)(b ? all : all & ~1u);
}

static bool is_used(const struct l2tp_block *k)
{
	return k->at == L2TP_BLOCK;
}

void l2tp_blocks_init(struct l2tp_blocks *x, struct l2tp_block *block,
	struct l2tp_block_holder *holder, uint32_t slots)
{
	*x = (struct l2tp_blocks){.block = block, .holder = holder, .slots = slots};
}

/* Take the slot `at` of a block. */
static uint32_t take(struct l2tp_blocks *x, uint32_t b, unsigned at)
{
	struct l2tp_block *k = &x->block[b];
	struct l2tp_block_holder *h = &x->holder[k->tunnel];

	k->free &= (uint16_t) ~(1u << at);
	if (is_used(k))
		h->spare--;
	if (!k->free) {
		unlink_from(x, &x->part, OF_ALL, b);
		if (is_used(k))
			unlink_from(x, &h->used, OF_TUNNEL, b);
	}
	return b * L2TP_BLOCK + at;
}

/* From the block that the tunnel fills; @return 0: it has none, or that is full now. */
static uint32_t fill(struct l2tp_blocks *x, struct l2tp_block_holder *h)
{
	struct l2tp_block *k;
	uint32_t b, slot = 0;

	if (!h->filling)
		return 0;
	b = h->filling - 1;
	k = &x->block[b];
	while (!slot && k->at < L2TP_BLOCK) {
		unsigned at = k->at++;

		if (!(k->free >> at & 1))
			continue;
		k->at -= is_used(k); /* it is not among the used ones yet */
		slot = take(x, b, at);
		k->at = (uint8_t)(at + 1);
	}
	if (is_used(k)) {
		h->filling = 0;
		if (k->free) {
			h->spare += (uint32_t)__builtin_popcount(k->free);
			append(x, &h->used, OF_TUNNEL, b);
		}
	}
	return slot;
}

/* A block that nobody has becomes the one that the tunnel fills. */
static bool begin(struct l2tp_blocks *x, uint32_t tunnel)
{
	uint32_t b = x->fresh;

	if (b < l2tp_blocks_of(x->slots) && all_of(x, b)) {
		x->fresh++;
	} else if (x->whole.head) {
		b = x->whole.head - 1;
		unlink_from(x, &x->whole, OF_ALL, b);
	} else {
		return false;
	}
	x->block[b].free = all_of(x, b);
	x->block[b].at = 0;
	x->block[b].tunnel = tunnel;
	append(x, &x->part, OF_ALL, b);
	x->holder[tunnel].filling = b + 1;
	return true;
}

uint32_t l2tp_blocks_take(struct l2tp_blocks *x, uint32_t tunnel, uint32_t calls)
{
	struct l2tp_block_holder *h = &x->holder[tunnel];
	uint32_t slot = fill(x, h), b;

	if (slot)
		return slot;
	if (h->spare < l2tp_blocks_spare(calls) && begin(x, tunnel))
		return fill(x, h);
	b = h->used.head ? h->used.head : x->part.head; /* its own, or another's */
	if (!b)
		return 0;
	b--;
	/* what another fills is taken from the end, to leave its order */
	return take(x, b, 31u - (unsigned)__builtin_clz(x->block[b].free));
}

void l2tp_blocks_give(struct l2tp_blocks *x, uint32_t slot)
{
	uint32_t b = slot / L2TP_BLOCK;
	struct l2tp_block *k = &x->block[b];
	struct l2tp_block_holder *h = &x->holder[k->tunnel];
	uint16_t was = k->free;

	assert(slot && slot <= x->slots && !(was >> slot % L2TP_BLOCK & 1));
	k->free |= (uint16_t)(1u << slot % L2TP_BLOCK);
	if (k->free == all_of(x, b)) {
		if (was)
			unlink_from(x, &x->part, OF_ALL, b);
		if (!is_used(k)) {
			h->filling = 0;
		} else if (was) {
			unlink_from(x, &h->used, OF_TUNNEL, b);
			h->spare -= (uint32_t)__builtin_popcount(was);
		}
		append(x, &x->whole, OF_ALL, b);
		return;
	}
	h->spare += is_used(k);
	if (!was) {
		append(x, &x->part, OF_ALL, b);
		if (is_used(k))
			append(x, &h->used, OF_TUNNEL, b);
	}
}
