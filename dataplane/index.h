/* SPDX-License-Identifier: BSD-3-Clause */
/* index.h - the direct index, the front of lookups: ids and pool addresses are of our own choice, so they are array
 * indices and no hash.
 * - Session: the low 4 bits of a session id are those of its slot, the rest is its row. Sessions of a tunnel that lie in one
 *   block of 16 slots have one row, and so one entry for all of them, which 16 packets of 16 sessions find in one place: a
 *   million sessions have 256 KiB of entries, not 4 MiB. index.tunnel[tunnel id] is one word {base, mask};
 *   entry[base + (row & mask)] is the block, and which of its slots are this tunnel's: several tunnels may share a block,
 *   each has an entry of its own. A tunnel has 2^k entries, doubled when no row fits: the new array is filled, the word is
 *   stored, and the old array is free when every worker was quiescent (session_table.c). index_pick() hands out the ids.
 * - Address: the route table names the pool (NH_INDEX), pool.home[address - pool.first] is the slot and its owner. IPv4
 *   addresses are given out so that 16 beside each other are those of a block of slots, in the same order: pool.block has an
 *   entry for them, as above, and answers first. An address that lies otherwise (a static one) is in pool.home only.
 * What is found is a hint: tunnel and session id, endpoint, vrf and peer are compared with the records
 * (session_has_key()), an address with the session's own (l2tp_tx.c).
 * Control writes single aligned words; workers read without locks. */
#ifndef DATAPLANE_INDEX_H
#define DATAPLANE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/records.h"

/** Where the entry of a session is, or would be. ids: tunnel id << 16 | session id. */
static inline const uint32_t *index_session(uint32_t ids)
{
	uint64_t word = __atomic_load_n(&dp_t.index.tunnel[ids >> 16], __ATOMIC_ACQUIRE);

	return &dp_t.index.entry[(word >> 32) + (ids >> DP_BLOCK_BITS & (uint32_t)word)];
}

/** The slot of a session by its entry, 0: there is none. */
static inline uint32_t index_slot(uint32_t entry, uint32_t ids)
{
	uint32_t at = ids % DP_BLOCK, live = entry >> (16 + at) & 1;

	return ((entry & UINT16_MAX) << DP_BLOCK_BITS | at) & -live;
}

/** Where the entry of an IPv4 address's block in a pool is (index_slot()); entry 0 is none. */
static inline const uint32_t *index_address_block(const struct dp_pool *p, uint32_t addr)
{
	return addr - p->first < p->n ? &p->block[addr / DP_BLOCK - p->first_block]
				      : dp_t.index.entry;
}

/** Where the home of an address in a pool is; entry 0 is none. */
static inline const uint32_t *index_address(const struct dp_pool *p, uint64_t addr)
{
	uint64_t at = addr - p->first;

	return at < p->n ? &p->home[at] : dp_t.index.entry;
}

/** What is there: an entry, or a home. */
static inline uint32_t index_read(const uint32_t *where)
{
	return __atomic_load_n(where, __ATOMIC_RELAXED);
}

/* A home: slot, the worker that owns it, and how he knows whether the slot is still the same session's, in one word, so that whom
 * to hand a packet to and what to tell him is known with the slot: by low bits of its generation, or by its address. */
#define HOME_SLOT_BITS  20
#define HOME_OWNER_BITS 6
#define HOME_BY_ADDRESS (1u << 31)
#define HOME_SLOT_MAX   ((1u << HOME_SLOT_BITS) - 1)
static_assert(DP_WORKERS_MAX <= 1 << HOME_OWNER_BITS, "an owner fits above the slot");
static_assert(HOME_SLOT_MAX >> DP_BLOCK_BITS <= UINT16_MAX && DP_BLOCK == 16, "a block and its slots fit an entry");

static inline uint32_t home_word(uint32_t slot, uint8_t owner, uint32_t generation)
{
	return (slot | (uint32_t)owner << HOME_SLOT_BITS |
		       generation << (HOME_SLOT_BITS + HOME_OWNER_BITS)) &
		~HOME_BY_ADDRESS;
}

static inline uint32_t home_by_address(uint32_t slot, uint8_t owner)
{
	return slot | (uint32_t)owner << HOME_SLOT_BITS | HOME_BY_ADDRESS;
}

static inline uint32_t home_slot(uint32_t home)
{
	return home & HOME_SLOT_MAX;
}

static inline uint8_t home_owner(uint32_t home)
{
	return home >> HOME_SLOT_BITS & ((1u << HOME_OWNER_BITS) - 1);
}

/* Which session is meant: low bits of its generation, or HOME_ADDRESS. */
#define HOME_ADDRESS (HOME_BY_ADDRESS >> (HOME_SLOT_BITS + HOME_OWNER_BITS))
static inline uint8_t home_which(uint32_t home)
{
	return (uint8_t)(home >> (HOME_SLOT_BITS + HOME_OWNER_BITS));
}

/* -- control only, from here -- */

/** @return 0 or -ENOMEM. */
int index_init(uint32_t max_sessions, uint32_t max_tunnels);
void index_fini(void);
/** Addresses first..first + n - 1 (IPv6: /64 prefixes, host order) get an index. @return 0, -ENOMEM: without one. */
int index_pool_add(uint8_t family, uint64_t first, uint32_t n);
/** @return number of the pool that has the address (in dp_t.index.pool4 or pool6), 0 = none. */
uint32_t index_pool_of(uint8_t family, uint64_t addr);
/** The same of the first pool that has any of first..last. */
uint32_t index_pool_in(uint8_t family, uint64_t first, uint64_t last);
/** An IPv4 address (host order) is the slot's: its block's entry has it from now on, if it lies so that it can. */
void index_address_put(uint32_t addr, uint32_t slot);
void index_address_take(uint32_t addr, uint32_t slot);
/** @return 0; -EEXIST: the id, or its row, is of another session, or does not suit the slot: choose another; -ENOSPC. */
int index_put(uint16_t tid, uint16_t sid, uint32_t slot);
void index_take(uint16_t tid, uint16_t sid, uint32_t slot);
/** A session id for a free slot and tunnel tid, of a shard of owner while there is one. Its row is that of
 * sessions of the tunnel in the slot's block, if there are any, else as unpredictable as `random` allows. Never 0. */
uint16_t index_pick(uint16_t tid, uint32_t slot, uint8_t owner, const uint8_t random[32]);
/** An array of the index that nobody reads any more: called when its grace period is over. */
void index_reaped(uint32_t base, unsigned int order);
/** Give up the arrays of tunnels without a session that had to wait, a bounded number. */
void index_sweep(void);

#endif
