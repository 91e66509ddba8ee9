/* SPDX-License-Identifier: BSD-3-Clause */
/* index.h - the direct index, the front of lookups: ids and pool addresses are of our own choice, so they are array
 * indices and no hash.
 * - Session: index.tunnel[tunnel id] is one word {base, mask}; entry[base + (session id & mask)] is the slot. A tunnel
 *   has 2^k entries, doubled when 7 of 8 are used: the new array is filled, the word is stored, and the old array is
 *   free when every worker was quiescent (session_table.c). index_pick() hands out ids whose low k bits are free.
 * - Address: the route table names the pool (NH_INDEX), pool.slot[address - pool.first] is the slot.
 * What is found is a hint: tunnel and session id, endpoint, vrf and peer are compared with the records
 * (session_has_key()), an address with the session's own (l2tp_tx.c).
 * Control writes single aligned words; workers read without locks. */
#ifndef DATAPLANE_INDEX_H
#define DATAPLANE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/records.h"

/** Where the slot of a session is, or would be. ids: tunnel id << 16 | session id. */
static inline const uint32_t *index_session(uint32_t ids)
{
	uint64_t word = __atomic_load_n(&dp_t.index.tunnel[ids >> 16], __ATOMIC_ACQUIRE);

	return &dp_t.index.entry[(word >> 32) + (ids & (uint32_t)word)];
}

/** The same of an address in a pool; entry 0 is no slot. */
static inline const uint32_t *index_address(const struct dp_pool *p, uint64_t addr)
{
	uint64_t at = addr - p->first;

	return at < p->n ? &p->slot[at] : dp_t.index.entry;
}

static inline uint32_t index_slot(const uint32_t *where)
{
	return __atomic_load_n(where, __ATOMIC_RELAXED);
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
/** @return 0; -EEXIST: the ids are another session's; -ENOSPC. */
int index_put(uint16_t tid, uint16_t sid, uint32_t slot);
void index_take(uint16_t tid, uint16_t sid, uint32_t slot);
/** A session id for tunnel tid whose entry is free, as unpredictable as `random` allows; of a shard of owner while there
 * is one. Never 0. */
uint16_t index_pick(uint16_t tid, uint8_t owner, const uint8_t random[32]);
/** An array of the index that nobody reads any more: called when its grace period is over. */
void index_reaped(uint32_t base, unsigned int order);
/** Give up the arrays of tunnels without a session that had to wait, a bounded number. */
void index_sweep(void);

#endif
