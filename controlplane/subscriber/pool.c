/* SPDX-License-Identifier: BSD-3-Clause */
/* pool.c - a range of addresses as an array of links.
 * Free addresses that were used before hang in one circular list, the longest free first; the end
 * of the array is the head of that list. Addresses never used are in no list: `fresh` is the first of
 * them and walks over the range once in the life of a pool, past what was taken by name or reserved. A
 * zeroed array is therefore a full pool, and init writes only the head. Blocks of which nothing is used hang in a list of their
 * own, in the same order. Pure, apart from the allocations of pool_init(). Thread: control. */
#include "controlplane/subscriber/pool.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* Values of next: a state, or a link to the address of index next - LINK0. */
enum { NEVER_USED, USED, RESERVED, LINK0 };

#define NEXT_LOOK 64u /* addresses that pool_next() looks at */

struct pool_link {
	uint32_t prev, next;
};

struct pool_block {
	uint16_t taken; /* a bit for each address that is used or reserved */
	bool touched; /* it was not always 0 */
	uint32_t prev, next; /* block + 1, 0 = none, in the list of whole ones */
};

int pool_init(struct pool *p, uint64_t first, uint64_t last)
{
	*p = (struct pool){0};
	if (last < first || last - first >= POOL_MAX)
		return -EINVAL;
	p->first = first;
	p->n = (uint32_t)(last - first) + 1;
	p->n_blocks = (uint32_t)(last / POOL_BLOCK - first / POOL_BLOCK) + 1;
	p->links = calloc((size_t)p->n + 1, sizeof(*p->links));
	p->blocks = calloc(p->n_blocks, sizeof(*p->blocks));
	if (!p->links || !p->blocks) {
		pool_fini(p);
		return -ENOMEM;
	}
	p->links[p->n].prev = p->links[p->n].next = p->n + LINK0;
	return 0;
}

void pool_fini(struct pool *p)
{
	free(p->links);
	free(p->blocks);
	*p = (struct pool){0};
}

static void unlink_free(struct pool *p, uint32_t i)
{
	struct pool_link *l = p->links;

	l[l[i].prev - LINK0].next = l[i].next;
	l[l[i].next - LINK0].prev = l[i].prev;
}

static void append_free(struct pool *p, uint32_t i)
{
	struct pool_link *l = p->links;

	l[i].next = p->n + LINK0;
	l[i].prev = l[p->n].prev;
	l[l[p->n].prev - LINK0].next = i + LINK0;
	l[p->n].prev = i + LINK0;
}

static uint32_t block_of(const struct pool *p, uint32_t i)
{
	return (uint32_t)((p->first + i) / POOL_BLOCK - p->first / POOL_BLOCK);
}

static uint16_t bit_of(const struct pool *p, uint32_t i)
{
	return (uint16_t)(1u << (p->first + i) % POOL_BLOCK);
}

/* Is all of the block in the range? */
static bool is_complete(const struct pool *p, uint32_t b)
{
	return (b || p->first % POOL_BLOCK == 0) &&
		(b + 1 < p->n_blocks || (p->first + p->n) % POOL_BLOCK == 0);
}

/* An address is used or reserved, which was free. */
static void block_taken(struct pool *p, uint32_t i)
{
	uint32_t b = block_of(p, i);
	struct pool_block *k = &p->blocks[b];

	if (!k->taken && k->touched && is_complete(p, b)) {
		*(k->prev ? &p->blocks[k->prev - 1].next : &p->whole_head) = k->next;
		*(k->next ? &p->blocks[k->next - 1].prev : &p->whole_tail) = k->prev;
	}
	k->touched = true;
	k->taken |= bit_of(p, i);
}

static void block_given(struct pool *p, uint32_t i)
{
	uint32_t b = block_of(p, i);
	struct pool_block *k = &p->blocks[b];

	k->taken &= (uint16_t)~bit_of(p, i);
	if (k->taken || !is_complete(p, b))
		return;
	k->prev = p->whole_tail;
	k->next = 0;
	*(p->whole_tail ? &p->blocks[p->whole_tail - 1].next : &p->whole_head) = b + 1;
	p->whole_tail = b + 1;
}

/* To be called whenever an address may have ceased to be never used. */
static void fresh_walk(struct pool *p)
{
	while (p->fresh < p->n && p->links[p->fresh].next != NEVER_USED)
		p->fresh++;
}

bool pool_has(const struct pool *p, uint64_t addr)
{
	return addr >= p->first && addr - p->first < p->n;
}

uint32_t pool_capacity(const struct pool *p)
{
	return p->n - p->reserved;
}

void pool_reserve(struct pool *p, uint64_t addr)
{
	uint32_t i = (uint32_t)(addr - p->first);

	if (!pool_has(p, addr) || p->links[i].next == RESERVED)
		return;
	if (p->links[i].next == USED)
		p->used--;
	else if (p->links[i].next >= LINK0)
		unlink_free(p, i);
	if (!(p->blocks[block_of(p, i)].taken & bit_of(p, i)))
		block_taken(p, i);
	p->links[i].next = RESERVED;
	p->reserved++;
	fresh_walk(p);
}

static void use(struct pool *p, uint32_t i)
{
	if (p->links[i].next >= LINK0)
		unlink_free(p, i);
	block_taken(p, i);
	p->links[i].next = USED;
	p->used++;
	fresh_walk(p);
}

int pool_take(struct pool *p, uint64_t *addr)
{
	uint32_t i = p->fresh < p->n ? p->fresh : p->links[p->n].next - LINK0;

	if (i == p->n)
		return -ENOSPC;
	use(p, i);
	*addr = p->first + i;
	return 0;
}

unsigned pool_next(const struct pool *p, uint64_t *addr, unsigned max)
{
	uint32_t end = p->n, i = p->fresh;
	unsigned n = 0;

	if (p->n - i > NEXT_LOOK)
		end = i + NEXT_LOOK;
	for (; n < max && i < end; i++)
		if (p->links[i].next == NEVER_USED)
			addr[n++] = p->first + i;
	for (i = p->links[p->n].next - LINK0; n < max && end == p->n && i != p->n;
		i = p->links[i].next - LINK0)
		addr[n++] = p->first + i;
	return n;
}

int pool_take_this(struct pool *p, uint64_t addr)
{
	uint32_t i = (uint32_t)(addr - p->first);

	if (!pool_has(p, addr))
		return -ERANGE;
	if (p->links[i].next == USED || p->links[i].next == RESERVED)
		return -EBUSY;
	use(p, i);
	return 0;
}

int pool_take_block(struct pool *p, uint32_t at, uint64_t *addr)
{
	uint32_t b;

	while (p->fresh_block < p->n_blocks &&
		(p->blocks[p->fresh_block].touched || !is_complete(p, p->fresh_block)))
		p->fresh_block++;
	b = p->fresh_block < p->n_blocks ? p->fresh_block : p->whole_head - 1;
	if (b >= p->n_blocks)
		return -ENOSPC;
	*addr = (p->first / POOL_BLOCK + b) * POOL_BLOCK + at % POOL_BLOCK;
	use(p, (uint32_t)(*addr - p->first));
	return 0;
}

void pool_give(struct pool *p, uint64_t addr)
{
	uint32_t i = (uint32_t)(addr - p->first);
	bool used = pool_has(p, addr) && p->links[i].next == USED;

	assert(used);
	if (!used)
		return;
	p->used--;
	append_free(p, i);
	block_given(p, i);
}
