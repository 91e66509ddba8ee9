/* SPDX-License-Identifier: BSD-3-Clause */
/* pool.c - a range of addresses as an array of links.
 * Free addresses that were used before hang in one circular list, the longest free first; the end
 * of the array is the head of that list. Addresses never used are in no list: `fresh` is the first of
 * them and walks over the range once in the life of a pool, past what was taken by name or reserved. A
 * zeroed array is therefore a full pool, and init writes only the head. Pure, apart from the one
 * allocation. Thread: control. */
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

int pool_init(struct pool *p, uint64_t first, uint64_t last)
{
	*p = (struct pool){0};
	if (last < first || last - first >= POOL_MAX)
		return -EINVAL;
	p->first = first;
	p->n = (uint32_t)(last - first) + 1;
	p->links = calloc((size_t)p->n + 1, sizeof(*p->links));
	if (!p->links)
		return -ENOMEM;
	p->links[p->n].prev = p->links[p->n].next = p->n + LINK0;
	return 0;
}

void pool_fini(struct pool *p)
{
	free(p->links);
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
	p->links[i].next = RESERVED;
	p->reserved++;
	fresh_walk(p);
}

static void use(struct pool *p, uint32_t i)
{
	if (p->links[i].next >= LINK0)
		unlink_free(p, i);
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

void pool_give(struct pool *p, uint64_t addr)
{
	uint32_t i = (uint32_t)(addr - p->first);
	bool used = pool_has(p, addr) && p->links[i].next == USED;

	assert(used);
	if (!used)
		return;
	p->used--;
	append_free(p, i);
}
