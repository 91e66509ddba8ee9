/* SPDX-License-Identifier: BSD-3-Clause */
/* index.c - control's half of index.h. Thread: control.
 * All arrays of entries come from one arena taken at start: 3 entries per session and 4 per tunnel, enough even if no two
 * sessions of a tunnel shared a block: an array is doubled when it is full. Rows that index_pick() did not choose may collide in
 * their low bits before that; the array is then doubled until they differ. Without room an array is filled to the last entry
 * before a session is refused. An array never shrinks, but it is given up with the tunnel's last session.
 * Pools have an array of their own each, one entry per address, taken at start. */
#include "dataplane/index.h"

#include <errno.h>

#include <rte_malloc.h>

#include "dataplane/arena.h"
#include "dataplane/session_table.h"

#define TUNNEL_IDS    65536u
#define ROWS          (65536u >> DP_BLOCK_BITS) /* of a tunnel */
#define ORDER_MAX     (16u - DP_BLOCK_BITS)
#define SWEEP_AT_ONCE 1024u
#define DRAWS         16u /* 2 random bytes each */
#define SPARE         (2u << ORDER_MAX) /* entries, for a few sessions with rows far apart */

static struct {
	struct arena arena;
	uint16_t *rows; /* in use, by tunnel id */
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

static uint32_t *entry_of(uint64_t word, uint32_t row)
{
	return &x.arena.entry[base_of(word) + (row & mask_of(word))];
}

static uint32_t row_of(uint16_t sid)
{
	return sid >> DP_BLOCK_BITS;
}

static uint32_t bit_of(uint32_t slot)
{
	return 1u << (16 + slot % DP_BLOCK);
}

/* The block of an entry with a session, and the row that its sessions have. */
static uint32_t block_of(uint32_t entry)
{
	return entry & UINT16_MAX;
}

static uint32_t entry_row(uint32_t entry)
{
	unsigned int any = (unsigned int)__builtin_ctz(entry >> 16);

	return row_of(slot_ctl(block_of(entry) << DP_BLOCK_BITS | any)->sid);
}

static void store(uint32_t *entry, uint32_t value)
{
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

/* The entry has the slot too. It is empty, or of the slot's block. */
static void entry_put(uint32_t *e, uint32_t slot)
{
	store(e, *e | slot >> DP_BLOCK_BITS | bit_of(slot));
}

/* @return false: it had it not. */
static bool entry_take(uint32_t *e, uint32_t slot)
{
	uint32_t rest = *e & ~bit_of(slot);

	if (rest == *e || block_of(*e) != slot >> DP_BLOCK_BITS)
		return false;
	store(e, rest >> 16 ? rest : 0);
	return true;
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
	x.rows = rte_calloc("index_rows", TUNNEL_IDS, sizeof(*x.rows), 64);
	d->tunnel = rte_calloc("index_tunnel", TUNNEL_IDS, sizeof(*d->tunnel), 64);
	d->pool4 = rte_calloc("index_pool4", DP_POOLS_MAX + 1, sizeof(*d->pool4), 64);
	d->pool6 = rte_calloc("index_pool6", DP_POOLS_MAX + 1, sizeof(*d->pool6), 64);
	d->entry = x.arena.entry;
	if (x.rows && d->tunnel && d->pool4 && d->pool6)
		return 0;
	index_fini();
	return -ENOMEM;
}

void index_fini(void)
{
	struct dp_index *d = &dp_t.index;

	for (unsigned int i = 1; i <= x.n4; i++) {
		rte_free(d->pool4[i].home);
		rte_free(d->pool4[i].block);
	}
	for (unsigned int i = 1; i <= x.n6; i++)
		rte_free(d->pool6[i].home);
	rte_free(d->pool4);
	rte_free(d->pool6);
	rte_free(d->tunnel);
	rte_free(x.rows);
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
	p->block = family == 4 ? rte_calloc("index_pool", n / DP_BLOCK + 2, sizeof(*p->block), 64)
			       : NULL;
	if (!p->home || (family == 4 && !p->block)) {
		rte_free(p->home);
		*p = (struct dp_pool){0};
		return -ENOMEM;
	}
	p->first = first;
	p->first_block = (uint32_t)(first / DP_BLOCK);
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

static uint32_t *address_entry(uint32_t addr)
{
	struct dp_pool *p = &dp_t.index.pool4[index_pool_of(4, addr)];

	return p->block ? &p->block[addr / DP_BLOCK - p->first_block] : NULL;
}

void index_address_put(uint32_t addr, uint32_t slot)
{
	uint32_t *e = address_entry(addr);

	if (e && !((addr ^ slot) % DP_BLOCK) && (!*e || block_of(*e) == slot >> DP_BLOCK_BITS))
		entry_put(e, slot);
}

void index_address_take(uint32_t addr, uint32_t slot)
{
	uint32_t *e = address_entry(addr);

	if (e && !((addr ^ slot) % DP_BLOCK))
		entry_take(e, slot);
}

/* The same rows in 2^order entries, another array. @return 0 or -ENOSPC. */
static int grow(uint16_t tid, unsigned int order)
{
	uint64_t old = word_of(tid);
	uint32_t base;

	if (order > ORDER_MAX || (old && !slots_retire_room()))
		return -ENOSPC;
	base = arena_take(&x.arena, order);
	if (!base)
		return -ENOSPC;
	for (uint32_t i = 0; old && i <= mask_of(old); i++) {
		uint32_t entry = x.arena.entry[base_of(old) + i];

		if (entry)
			x.arena.entry[base + (entry_row(entry) & ((1u << order) - 1))] = entry;
	}
	word_set(tid, base, order);
	if (old)
		slots_retire_array(base_of(old), order_of(old));
	return 0;
}

int index_put(uint16_t tid, uint16_t sid, uint32_t slot)
{
	const uint32_t row = row_of(sid), block = slot >> DP_BLOCK_BITS;
	uint32_t *e;

	if ((sid ^ slot) % DP_BLOCK)
		return -EEXIST;
	if (!word_of(tid)) {
		if (grow(tid, ARENA_ORDER_MIN))
			return -ENOSPC;
		x.empty++;
	}
	while (*(e = entry_of(word_of(tid), row)) && entry_row(*e) != row)
		if (grow(tid, order_of(word_of(tid)) + 1))
			return -ENOSPC;
	if (*e && block_of(*e) != block)
		return -EEXIST;
	x.empty -= !x.rows[tid];
	x.rows[tid] += !*e;
	entry_put(e, slot);
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
	uint32_t *e = entry_of(word_of(tid), row_of(sid));

	if (!entry_take(e, slot) || *e || --x.rows[tid])
		return;
	x.empty++;
	give_up(tid);
}

void index_sweep(void)
{
	for (unsigned int i = 0; x.empty && i < SWEEP_AT_ONCE; i++) {
		uint16_t tid = (uint16_t)x.sweep++;

		if (word_of(tid) && !x.rows[tid])
			give_up(tid);
	}
}

void index_reaped(uint32_t base, unsigned int order)
{
	arena_give(&x.arena, base, order);
}

static uint16_t id_of(uint32_t row, uint32_t slot)
{
	return (uint16_t)(row << DP_BLOCK_BITS | slot % DP_BLOCK);
}

/* An id of the row that sessions of the tunnel beside the slot have, of this owner's shards or of any; 0: there is none. */
static uint16_t join(uint16_t tid, uint32_t slot, uint8_t owner, bool any)
{
	uint32_t first = slot & ~(DP_BLOCK - 1),
		 last = RTE_MIN(first + DP_BLOCK - 1, dp_t.max_sessions);

	for (uint32_t i = first; i <= last; i++) {
		const struct slot_ctl *c = slot_ctl(i);
		uint16_t sid = id_of(row_of(c->sid), slot);

		if (c->state == SLOT_LIVE && c->tid == tid && sid &&
			(any || dp_t.shard_owner[sid >> DP_SHARD_SHIFT] == owner))
			return sid;
	}
	return 0;
}

/* Is the id one, and does nothing have its place? */
static bool fits(uint64_t word, uint16_t sid)
{
	return sid && (!word || !*entry_of(word, row_of(sid)));
}

/* Random draws until one fits; @return 0: none did. */
static uint16_t draw(uint64_t word, uint32_t slot, uint8_t owner, const uint8_t random[32])
{
	for (unsigned int i = 0; i < DRAWS; i++) {
		uint32_t row = (uint32_t)(random[2 * i] << 8 | random[2 * i + 1]) % ROWS;
		unsigned int shard = id_of(row, 0) >> DP_SHARD_SHIFT;
		uint16_t sid;

		/* the owner's next shard: all of its shards are as likely */
		for (unsigned int k = 0; k < DP_SHARDS && dp_t.shard_owner[shard] != owner; k++)
			shard = (shard + 1) % DP_SHARDS;
		sid = (uint16_t)(shard << DP_SHARD_SHIFT |
			(id_of(row, slot) & ((1u << DP_SHARD_SHIFT) - 1)));
		if (fits(word, sid))
			return sid;
	}
	return 0;
}

/* A crowded tunnel: from a random row on, the first that fits. any: of whatever owner. */
static uint16_t search(uint64_t word, uint32_t slot, uint8_t owner, bool any, uint32_t from)
{
	for (uint32_t i = 0; i < ROWS; i++) {
		uint16_t sid = id_of(from + i, slot);

		if ((any || dp_t.shard_owner[sid >> DP_SHARD_SHIFT] == owner) && fits(word, sid))
			return sid;
	}
	return 0;
}

uint16_t index_pick(uint16_t tid, uint32_t slot, uint8_t owner, const uint8_t random[32])
{
	uint64_t word = dp_t.index.tunnel ? word_of(tid) : 0;
	uint32_t from = (uint32_t)(random[30] << 8 | random[31]);
	uint16_t sid = word ? join(tid, slot, owner, false) : 0;

	if (!sid && word && x.rows[tid] >= ROWS / 2) /* two rows a block are too many now */
		sid = join(tid, slot, owner, true);
	if (!sid)
		sid = draw(word, slot, owner, random);
	if (!sid)
		sid = search(word, slot, owner, false, from);
	while (!sid && word &&
		!grow(tid, order_of(word) + 1)) { /* others' shards are what is free */
		word = word_of(tid);
		sid = search(word, slot, owner, false, from);
	}
	if (!sid)
		sid = search(word, slot, owner, true, from);
	return sid ? sid : id_of(1, slot);
}
