/* SPDX-License-Identifier: BSD-3-Clause */
/* index.c - control's half of index.h. Thread: control.
 * All arrays of session ids come from one arena taken at start: 3 entries per session and 4 per tunnel, where an array
 * in use has between 8/7 and 16/7 of its sessions. Ids that index_pick() did not choose may collide in their low bits;
 * the array is then doubled until they differ. Without room an array is filled to the last entry before a session is
 * refused. An array never shrinks, but it is given up with the tunnel's last session.
 * Pools have an array of their own each, one entry per address, taken at start. */
#include "dataplane/index.h"

#include <errno.h>

#include <rte_malloc.h>

#include "dataplane/arena.h"
#include "dataplane/session_table.h"

#define TUNNEL_IDS    65536u
#define SWEEP_AT_ONCE 1024u
#define DRAWS         16u /* 2 random bytes each */
#define SPARE         (2u << ARENA_ORDER_MAX) /* entries, for a few sessions with ids far apart */

static struct {
	struct arena arena;
	uint16_t *live; /* sessions by tunnel id */
	uint32_t empty; /* tunnel ids with an array and no session */
	uint32_t sweep; /* next tunnel id to look at */
	unsigned int n4, n6;
} x;

static uint64_t word_of(uint16_t tid)
{
	return dp_t.index.tunnel[tid];
}

static uint32_t base_of(uint64_t word)
{
	return (uint32_t)(word >> 32);
}

static uint32_t mask_of(uint64_t word)
{
	return (uint32_t)word;
}

static unsigned int order_of(uint64_t word)
{
	return (unsigned int)__builtin_popcount(mask_of(word));
}

static uint32_t *entry_of(uint64_t word, uint16_t sid)
{
	return &x.arena.entry[base_of(word) + (sid & mask_of(word))];
}

static void store(uint32_t *entry, uint32_t slot)
{
	__atomic_store_n(entry, slot, __ATOMIC_RELEASE);
}

static void word_set(uint16_t tid, uint32_t base, unsigned int order)
{
	uint64_t word = base ? (uint64_t)base << 32 | ((1u << order) - 1) : 0;

	__atomic_store_n(&dp_t.index.tunnel[tid], word, __ATOMIC_RELEASE);
}

int index_init(uint32_t max_sessions, uint32_t max_tunnels)
{
	struct dp_index *d = &dp_t.index;

	uint32_t entries = 3 * max_sessions + 4 * RTE_MIN(max_tunnels, max_sessions) + SPARE;

	if (arena_init(&x.arena, entries))
		return -ENOMEM;
	x.live = rte_calloc("index_live", TUNNEL_IDS, sizeof(*x.live), 64);
	d->tunnel = rte_calloc("index_tunnel", TUNNEL_IDS, sizeof(*d->tunnel), 64);
	d->pool4 = rte_calloc("index_pool4", DP_POOLS_MAX + 1, sizeof(*d->pool4), 64);
	d->pool6 = rte_calloc("index_pool6", DP_POOLS_MAX + 1, sizeof(*d->pool6), 64);
	d->entry = x.arena.entry;
	if (x.live && d->tunnel && d->pool4 && d->pool6)
		return 0;
	index_fini();
	return -ENOMEM;
}

void index_fini(void)
{
	struct dp_index *d = &dp_t.index;

	for (unsigned int i = 1; i <= x.n4; i++)
		rte_free(d->pool4[i].home);
	for (unsigned int i = 1; i <= x.n6; i++)
		rte_free(d->pool6[i].home);
	rte_free(d->pool4);
	rte_free(d->pool6);
	rte_free(d->tunnel);
	rte_free(x.live);
	arena_fini(&x.arena);
	memset(d, 0, sizeof(*d));
	memset(&x, 0, sizeof(x));
}

int index_pool_add(uint8_t family, uint64_t first, uint32_t n)
{
	unsigned int *count = family == 4 ? &x.n4 : &x.n6;
	struct dp_pool *p = family == 4 ? dp_t.index.pool4 : dp_t.index.pool6;

	if (*count == DP_POOLS_MAX)
		return -ENOMEM;
	p += *count + 1;
	p->home = rte_calloc("index_pool", n, sizeof(*p->home), 64);
	if (!p->home)
		return -ENOMEM;
	p->first = first;
	p->n = n;
	++*count;
	return 0;
}

uint32_t index_pool_in(uint8_t family, uint64_t first, uint64_t last)
{
	const struct dp_pool *p = family == 4 ? dp_t.index.pool4 : dp_t.index.pool6;
	unsigned int n = family == 4 ? x.n4 : x.n6;

	for (unsigned int i = 1; i <= n; i++)
		if (first <= p[i].first + p[i].n - 1 && last >= p[i].first)
			return i;
	return 0;
}

uint32_t index_pool_of(uint8_t family, uint64_t addr)
{
	return index_pool_in(family, addr, addr);
}

/* The same sessions in 2^order entries, another array. @return 0 or -ENOSPC. */
static int grow(uint16_t tid, unsigned int order)
{
	uint64_t old = word_of(tid);
	uint32_t base;

	if (order > ARENA_ORDER_MAX || (old && !slots_retire_room()))
		return -ENOSPC;
	base = arena_take(&x.arena, order);
	if (!base)
		return -ENOSPC;
	for (uint32_t i = 0; old && i <= mask_of(old); i++) {
		uint32_t slot = x.arena.entry[base_of(old) + i];

		if (slot)
			x.arena.entry[base + (slot_ctl(slot)->sid & ((1u << order) - 1))] = slot;
	}
	word_set(tid, base, order);
	if (old)
		slots_retire_array(base_of(old), order_of(old));
	return 0;
}

int index_put(uint16_t tid, uint16_t sid, uint32_t slot)
{
	uint32_t *e;

	if (!word_of(tid)) {
		if (grow(tid, ARENA_ORDER_MIN))
			return -ENOSPC;
		x.empty++;
	}
	while (*(e = entry_of(word_of(tid), sid))) {
		if (slot_ctl(*e)->sid == sid)
			return -EEXIST;
		if (grow(tid, order_of(word_of(tid)) + 1))
			return -ENOSPC;
	}
	store(e, slot);
	x.empty -= !x.live[tid];
	x.live[tid]++;
	if (x.live[tid] * 8u >= (mask_of(word_of(tid)) + 1) * 7)
		grow(tid, order_of(word_of(tid)) + 1); /* without room it fills up */
	return 0;
}

static void give_up(uint16_t tid)
{
	uint64_t word = word_of(tid);

	if (!slots_retire_room())
		return;
	word_set(tid, 0, 0);
	slots_retire_array(base_of(word), order_of(word));
	x.empty--;
}

void index_take(uint16_t tid, uint16_t sid, uint32_t slot)
{
	uint32_t *e = entry_of(word_of(tid), sid);

	if (*e != slot)
		return;
	store(e, 0);
	if (--x.live[tid])
		return;
	x.empty++;
	give_up(tid);
}

void index_sweep(void)
{
	for (unsigned int i = 0; x.empty && i < SWEEP_AT_ONCE; i++) {
		uint16_t tid = (uint16_t)x.sweep++;

		if (word_of(tid) && !x.live[tid])
			give_up(tid);
	}
}

void index_reaped(uint32_t base, unsigned int order)
{
	arena_give(&x.arena, base, order);
}

/* Random draws until one fits; @return 0: none did. */
static uint16_t draw(uint64_t word, uint8_t owner, const uint8_t random[32])
{
	for (unsigned int i = 0; i < DRAWS; i++) {
		uint16_t sid = (uint16_t)(random[2 * i] << 8 | random[2 * i + 1]);
		unsigned int shard = sid >> DP_SHARD_SHIFT;

		/* the owner's next shard: all of its shards are as likely */
		for (unsigned int k = 0; k < DP_SHARDS && dp_t.shard_owner[shard] != owner; k++)
			shard = (shard + 1) % DP_SHARDS;
		sid = (uint16_t)(shard << DP_SHARD_SHIFT | (sid & ((1u << DP_SHARD_SHIFT) - 1)));
		if (sid && (!word || !*entry_of(word, sid)))
			return sid;
	}
	return 0;
}

/* A crowded tunnel: from a random id on, the first that fits. any: of whatever owner. */
static uint16_t search(uint64_t word, uint8_t owner, bool any, uint16_t from)
{
	for (uint32_t i = 0; i < TUNNEL_IDS; i++) {
		uint16_t sid = (uint16_t)(from + i);

		if (sid && (any || dp_t.shard_owner[sid >> DP_SHARD_SHIFT] == owner) &&
			(!word || !*entry_of(word, sid)))
			return sid;
	}
	return 0;
}

uint16_t index_pick(uint16_t tid, uint8_t owner, const uint8_t random[32])
{
	uint64_t word = dp_t.index.tunnel ? word_of(tid) : 0;
	uint16_t from = (uint16_t)(random[30] << 8 | random[31]);
	uint16_t sid = draw(word, owner, random);

	if (!sid)
		sid = search(word, owner, false, from);
	while (!sid && word &&
		!grow(tid, order_of(word) + 1)) { /* others' shards are what is free */
		word = word_of(tid);
		sid = search(word, owner, false, from);
	}
	if (!sid)
		sid = search(word, owner, true, from);
	return sid ? sid : 1;
}
