/* SPDX-License-Identifier: BSD-3-Clause */
/* session_table.h - from what a packet carries to the slot of its session: three rte_hash tables (tunnel and session id
 * with peer, IPv4 address, IPv6 /64), and the life of what was taken out of them.
 * Control is the only writer; workers look up without locks (RW_CONCURRENCY_LF). A position of a deleted key, and the slot
 * itself, are used again only after every worker was quiescent since: a FIFO of RCU tokens, reaped by slots_reap(). */
#ifndef DATAPLANE_SESSION_TABLE_H
#define DATAPLANE_SESSION_TABLE_H

#include <stdbool.h>
#include <string.h>

#include <rte_hash.h>
#include <rte_hash_crc.h>

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
	k->tid = tid;
	k->sid = sid;
	k->vrf = vrf;
	k->local = local;
	k->peer = peer;
}

/* One bulk lookup for all three tables. slots[i] is 0 where nothing was found. n <= LOOKUP_MAX. */
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

static inline void session_lookup_bulk(
	const struct session_key *keys, unsigned int n, uint32_t *slots)
{
	const void *p[LOOKUP_MAX];
	unsigned int i;

	for (i = 0; i < n; i++)
		p[i] = &keys[i];
	slots_lookup_bulk(dp_t.keys, p, n, slots);
}

static inline void addr4_lookup_bulk(const struct addr4_key *keys, unsigned int n, uint32_t *slots)
{
	const void *p[LOOKUP_MAX];
	unsigned int i;

	for (i = 0; i < n; i++)
		p[i] = &keys[i];
	slots_lookup_bulk(dp_t.addr4, p, n, slots);
}

static inline void addr6_lookup_bulk(const struct addr6_key *keys, unsigned int n, uint32_t *slots)
{
	const void *p[LOOKUP_MAX];
	unsigned int i;

	for (i = 0; i < n; i++)
		p[i] = &keys[i];
	slots_lookup_bulk(dp_t.addr6, p, n, slots);
}

/* -- control only, from here -- */

enum slot_state { SLOT_FREE, SLOT_LIVE, SLOT_REMOVING, SLOT_RETIRED };

/* What control knows of a slot, outside the store (derived, and never touched by a worker). */
struct slot_ctl {
	uint32_t generation;
	uint8_t state; /* enum slot_state */
	uint8_t owner;
	uint8_t n_routes;
	int32_t key_pos; /* of retired keys, -1 = none */
	int32_t addr4_pos, addr6_pos;
	uint32_t routes; /* first of its framed routes (fib.c's pool), 0 = none */
	struct session_key key;
	rte_be32_t ip4; /* published, 0 = none */
	uint64_t prefix6; /* published, 0 = none */
};

/** Create the tables and the FIFO in dp_t. @return 0 or -ENOMEM. */
int slots_init(uint32_t max_sessions);
void slots_fini(void);
struct slot_ctl *slot_ctl(uint32_t slot);
/** Sanitizer builds: open the records of a slot before they are filled, close them when nobody may touch them. */
void slot_memory(uint32_t slot, bool usable);
/** @return the control record of a live session, or NULL: another generation, or being removed. */
struct slot_ctl *slot_live(uint32_t slot, uint32_t generation);
/** Publish the session key; the slot becomes live. @return 0, -EEXIST: the key is another session's; -EBUSY: the slot is
 * in use; -ENOSPC. */
int slot_publish(uint32_t slot, uint32_t generation, const struct session_key *key, uint8_t owner);
/** Publish addresses (0 = none) in place of those it had. @return 0, -EEXIST, -ENOSPC; nothing was done then. */
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

#endif
