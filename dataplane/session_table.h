/* SPDX-License-Identifier: BSD-3-Clause */
/* session_table.h - from what a packet carries to the slot of its session, by tunnel and session id with the peer, IPv4
 * address or IPv6 /64; and the life of what was taken out of the tables.
 * Two fronts do it: the direct index (index.h), or three rte_hash tables where dp_t.lookup_hash is set before
 * slots_init() (dataplane.lookup in the configuration; the benchmark compares both).
 * Control is the only writer; workers look up without locks. A position of a deleted key, an array of the index that was
 * replaced, and the slot itself, are used again only after every worker was quiescent since: a FIFO of RCU tokens,
 * reaped by slots_reap(). */
#ifndef DATAPLANE_SESSION_TABLE_H
#define DATAPLANE_SESSION_TABLE_H

#include <stdbool.h>
#include <string.h>

#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_prefetch.h>

#include "dataplane/index.h"
#include "dataplane/records.h"

#define LOOKUP_MAX RTE_HASH_LOOKUP_BULK_MAX

/** The part of a session key that names an IPv6 peer: a fold, the identity in the tunnel decides. port: host order. */
static inline uint64_t session_key_peer6(const uint8_t addr[16], uint16_t port)
{
	uint64_t half[2];

	memcpy(half, addr, sizeof(half));
	return (half[0] * 0x9e3779b97f4a7c15ull ^ half[1]) + ((uint64_t)port << 48 | port);
}

/** port: host order, as l2tp_peer has it. */
static inline uint64_t session_key_peer4(rte_be32_t addr, uint16_t port)
{
	return (uint64_t)addr << 16 | port;
}

/** local: number of the endpoint in dp_t.endpoint. */
static inline void session_key_build(struct session_key *k, uint16_t vrf, uint16_t local,
	uint64_t peer, uint16_t tid, uint16_t sid)
{
	k->ids = (uint32_t)tid << 16 | sid;
	k->vrf = vrf;
	k->local = local;
	k->peer = peer;
}

/* One bulk lookup for all three hash tables. slots[i] is 0 where nothing was found. n <= LOOKUP_MAX. */
static inline void slots_lookup_bulk(
	const struct rte_hash *h, const void **keys, unsigned int n, uint32_t *slots)
{
	void *data[LOOKUP_MAX];
	uint64_t hits = 0;
	unsigned int i;

	rte_hash_lookup_bulk_data(h, keys, n, &hits, data);
	for (i = 0; i < n; i++)
		slots[i] = hits >> i & 1 ? (uint32_t)(uintptr_t)data[i] : 0;
}

/* The slots that the arrays name, and their sessions on the way to the cache. */
static inline void slots_read(const uint32_t **where, unsigned int n, uint32_t *slots)
{
	for (unsigned int i = 0; i < n; i++) {
		slots[i] = home_slot(index_read(where[i]));
		rte_prefetch0(&dp_t.session[slots[i]]);
	}
}

/* dp_t.lookup_hash: the slots by the hash table (by the index: index_session()), and their sessions on the way to the cache.
 * n <= LOOKUP_MAX, here and below. */
static inline void session_hash_bulk(
	const struct session_key *keys, unsigned int n, uint32_t *slots)
{
	const void *p[LOOKUP_MAX];
	unsigned int i;

	for (i = 0; i < n; i++)
		p[i] = &keys[i];
	slots_lookup_bulk(dp_t.keys, p, n, slots);
	for (i = 0; i < n; i++)
		rte_prefetch0(&dp_t.session[slots[i]]);
}

static_assert(offsetof(struct dp_session, tid) == offsetof(struct dp_session, sid) + 2 &&
		offsetof(struct dp_tunnel, local) == offsetof(struct dp_tunnel, vrf) + 2,
	"compared as words with a session_key");

/* Has the session in this slot (0: none) these ids, and its tunnel this peer? IPv6 peers are a fold. */
static inline bool session_has_key(uint32_t slot, const struct session_key *k)
{
	const struct dp_session *s = &dp_t.session[slot];
	const struct dp_tunnel *t = &dp_t.tunnel[s->tunnel];
	uint32_t have[2], want[2];

	memcpy(&have[0], &s->sid, 4);
	memcpy(&have[1], &t->vrf, 4);
	memcpy(want, k, 8);
	/* as one value: who guesses ids must not make us guess branches */
	return !((have[0] ^ want[0]) | (have[1] ^ want[1]) | (t->peer_key ^ k->peer) | !slot);
}

/* Where the homes are, on their way to the cache: in the pool's array, or in slots, which the hash tables fill (without the
 * owner). */
static inline void addr4_find_bulk(const struct addr4_key *keys, unsigned int n,
	const uint32_t **where, uint32_t *slots)
{
	const void *p[LOOKUP_MAX];
	unsigned int i;

	if (likely(!dp_t.lookup_hash)) {
		for (i = 0; i < n; i++) {
			where[i] = index_address(
				&dp_t.index.pool4[keys[i].pool], rte_be_to_cpu_32(keys[i].addr));
			rte_prefetch0(where[i]);
		}
		return;
	}
	for (i = 0; i < n; i++)
		p[i] = &keys[i];
	slots_lookup_bulk(dp_t.addr4, p, n, slots);
	for (i = 0; i < n; i++)
		where[i] = &slots[i];
}

static inline void addr4_lookup_bulk(const struct addr4_key *keys, unsigned int n, uint32_t *slots)
{
	const uint32_t *where[LOOKUP_MAX];

	addr4_find_bulk(keys, n, where, slots);
	slots_read(where, n, slots);
}

/* Where the homes are, on their way to the cache: in the pool's array, or in slots, which the hash tables fill (without the
 * owner). */
static inline void addr6_find_bulk(const struct addr6_key *keys, unsigned int n,
	const uint32_t **where, uint32_t *slots)
{
	const void *p[LOOKUP_MAX];
	unsigned int i;

	if (likely(!dp_t.lookup_hash)) {
		for (i = 0; i < n; i++) {
			where[i] = index_address(
				&dp_t.index.pool6[keys[i].pool], keys[i].prefix);
			rte_prefetch0(where[i]);
		}
		return;
	}
	for (i = 0; i < n; i++)
		p[i] = &keys[i];
	slots_lookup_bulk(dp_t.addr6, p, n, slots);
	for (i = 0; i < n; i++)
		where[i] = &slots[i];
}

static inline void addr6_lookup_bulk(const struct addr6_key *keys, unsigned int n, uint32_t *slots)
{
	const uint32_t *where[LOOKUP_MAX];

	addr6_find_bulk(keys, n, where, slots);
	slots_read(where, n, slots);
}

/* -- control only, from here -- */

enum slot_state { SLOT_FREE, SLOT_LIVE, SLOT_REMOVING, SLOT_RETIRED };

/* What control knows of a slot, outside the store (derived, and never touched by a worker). */
struct slot_ctl {
	uint32_t generation;
	uint8_t state; /* enum slot_state */
	uint8_t owner;
	uint8_t n_routes;
	uint32_t routes; /* first of its framed routes (fib.c's pool), 0 = none */
	rte_be32_t ip4; /* published, 0 = none */
	uint16_t tid, sid, vrf;
	uint64_t prefix6; /* published, 0 = none */
};
static_assert(sizeof(struct slot_ctl) == 32, "two in a line");

/* How many of each are published. */
struct slots_usage {
	uint32_t keys, addresses4, addresses6;
};

/** Create the tables and the FIFO in dp_t. @return 0; -ENOMEM; -EINVAL: more sessions than a home can name. */
int slots_init(uint32_t max_sessions, uint32_t max_tunnels);
void slots_fini(void);
struct slot_ctl *slot_ctl(uint32_t slot);
/** Sanitizer builds: open the records of a slot before they are filled, close them when nobody may touch them. */
void slot_memory(uint32_t slot, bool usable);
/** @return the control record of a live session, or NULL: another generation, or being removed. */
struct slot_ctl *slot_live(uint32_t slot, uint32_t generation);
/** Publish the session key; the slot becomes live. @return 0, -EEXIST: the key is another session's; -EBUSY: the slot is
 * in use; -ENOSPC. */
int slot_publish(uint32_t slot, uint32_t generation, const struct session_key *key, uint8_t owner);
/** Publish addresses (0 = none) in place of those it had. With the index, an address that is in no pool is recorded only:
 * it needs a route (addr4_is_in()). @return 0, -EEXIST, -ENOSPC; nothing was done then. */
int slot_set_addresses(uint32_t slot, uint16_t vrf, rte_be32_t ip4, uint64_t prefix6);
/** Take all keys of the slot out of the tables. Workers may go on using the slot until it is reaped. */
void slot_unpublish(uint32_t slot, uint16_t vrf);
/** The owner has let go: put the slot at the end of the FIFO. */
void slot_retire(uint32_t slot);
/** Reap what no worker can hold any more. @return how many records the FIFO still has. */
uint32_t slots_reap(void);
/** Take up to max reaped session slots that the caller has not been told of. @return how many. */
unsigned int slots_freed(uint32_t *slots, uint32_t *generations, unsigned int max);
uint32_t slots_awaiting_reap(void);
struct slots_usage slots_usage(void);
/** Does a lookup by a SUBSCRIBER route with this pool find the address, or does it need a route of its own? */
bool addr4_is_in(rte_be32_t ip4, uint32_t pool);
bool addr6_is_in(uint64_t prefix6, uint32_t pool);
/** An array of the index was replaced: reap it in its turn (index.c). There must be room. */
void slots_retire_array(uint32_t base, unsigned int order);
bool slots_retire_room(void);

#endif
