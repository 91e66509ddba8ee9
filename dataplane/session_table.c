/* SPDX-License-Identifier: BSD-3-Clause */
/* session_table.c - publish, unpublish and reap the keys of sessions (control's half of session_table.h).
 * Thread: control only; the tables it writes are read by all workers.
 * Removal has three steps: slot_unpublish() when the call is gone, slot_retire() when the owner has stopped its timers and
 * sent its last event, and reaping when every worker was quiescent after that. Nothing waits for one session: a dead LAC
 * takes 30,000 at once. rte_hash's own defer queue is not used: in 22.11 it reclaims on later adds only.
 * Hash tables, where they are chosen, have max sessions / 0.8 entries (a cuckoo table without extension fills to about
 * 95 %) plus max sessions that may be torn down, not reaped yet, and already be back. The index needs neither. */
#include "dataplane/session_table.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>

#include "dataplane/poison.h"

#define LOOSE_MAX 4096u /* positions and arrays beside slots that may await reaping */

enum retired_kind { RETIRED_SLOT, RETIRED_ADDR4, RETIRED_ADDR6, RETIRED_ARRAY };

struct retired {
	uint64_t token;
	uint32_t index; /* slot, position in the table, or base of an array */
	uint16_t kind; /* enum retired_kind */
	uint16_t order; /* of an array */
};

/* What only the hash tables need to know of a slot: its key, and the positions of retired keys, -1 = none. */
struct hashed {
	struct session_key key;
	int32_t key_pos, addr4_pos, addr6_pos;
};

/* Records head..tail wait for quiescence, tail..told are reaped: their slots are told to control by slots_freed(). */
static struct {
	struct slot_ctl *ctl;
	struct hashed *hashed; /* NULL: the index is in use */
	uint8_t *in_block; /* slots that are not free, by block */
	struct retired *fifo;
	uint32_t mask, head, tail, told, loose;
	uint32_t waiting; /* slots of head..tail */
	struct slots_usage usage;
} s;

struct slot_ctl *slot_ctl(uint32_t slot)
{
	return &s.ctl[slot];
}

struct slot_ctl *slot_live(uint32_t slot, uint32_t generation)
{
	if (!slot || slot > dp_t.max_sessions || s.ctl[slot].state != SLOT_LIVE ||
		s.ctl[slot].generation != generation)
		return NULL;
	return &s.ctl[slot];
}

void slot_memory(uint32_t slot, bool usable)
{
	if (!dp_t.session)
		return;
	if (usable) {
		mem_unpoison(&dp_t.session[slot], sizeof(dp_t.session[slot]));
		mem_unpoison(&dp_t.more[slot], sizeof(dp_t.more[slot]));
		mem_unpoison(&dp_t.dropped[slot], sizeof(dp_t.dropped[slot]));
		mem_unpoison(&dp_t.ppp[slot], sizeof(dp_t.ppp[slot]));
	} else {
		mem_poison(&dp_t.session[slot], sizeof(dp_t.session[slot]));
		mem_poison(&dp_t.more[slot], sizeof(dp_t.more[slot]));
		mem_poison(&dp_t.dropped[slot], sizeof(dp_t.dropped[slot]));
		mem_poison(&dp_t.ppp[slot], sizeof(dp_t.ppp[slot]));
	}
}

static struct rte_hash *table_new(const char *name, uint32_t entries, uint32_t key_len)
{
	struct rte_hash_parameters p = {
		.name = name,
		.entries = entries,
		.key_len = key_len,
		.hash_func = rte_hash_crc,
		.hash_func_init_val = 0x9a61,
		.socket_id = SOCKET_ID_ANY,
		.extra_flag = RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF,
	};

	return rte_hash_create(&p);
}

static bool hash_init(uint32_t max_sessions)
{
	uint32_t entries = RTE_MAX(max_sessions + max_sessions / 4 + max_sessions, 64u) + LOOSE_MAX;

	dp_t.keys = table_new("session_keys", entries, sizeof(struct session_key));
	dp_t.addr4 = table_new("addresses4", entries, sizeof(struct addr4_key));
	dp_t.addr6 = table_new("addresses6", entries, sizeof(struct addr6_key));
	s.hashed = rte_calloc("hashed", (size_t)max_sessions + 1, sizeof(*s.hashed), 64);
	return dp_t.keys && dp_t.addr4 && dp_t.addr6 && s.hashed;
}

int slots_init(uint32_t max_sessions, uint32_t max_tunnels)
{
	uint32_t fifo = rte_align32pow2(max_sessions + LOOSE_MAX + 1);

	if (max_sessions > HOME_SLOT_MAX)
		return -EINVAL;
	dp_t.max_sessions = max_sessions;
	s.ctl = rte_calloc("slot_ctl", (size_t)max_sessions + 1, sizeof(*s.ctl), 64);
	dp_t.home = rte_calloc("homes", (size_t)max_sessions + 1, sizeof(*dp_t.home), 64);
	dp_t.block_owner = rte_calloc("owners", max_sessions / DP_BLOCK + 1, 1, 64);
	s.in_block = rte_calloc("in_block", max_sessions / DP_BLOCK + 1, 1, 64);
	s.fifo = rte_calloc("retired", fifo, sizeof(*s.fifo), 64);
	s.mask = fifo - 1;
	if (s.ctl && s.fifo && dp_t.home && dp_t.block_owner && s.in_block &&
		(dp_t.lookup_hash ? hash_init(max_sessions)
				  : !index_init(max_sessions, max_tunnels)))
		return 0;
	slots_fini();
	return -ENOMEM;
}

void slots_fini(void)
{
	rte_hash_free(dp_t.keys);
	rte_hash_free(dp_t.addr4);
	rte_hash_free(dp_t.addr6);
	index_fini();
	rte_free(s.ctl);
	rte_free(s.hashed);
	rte_free(s.fifo);
	rte_free(s.in_block);
	rte_free(dp_t.home);
	rte_free(dp_t.block_owner);
	dp_t.home = NULL;
	dp_t.block_owner = NULL;
	dp_t.keys = dp_t.addr4 = dp_t.addr6 = NULL;
	memset(&s, 0, sizeof(s));
}

/* Add key -> slot unless the key is there. rte_hash would overwrite the value of a key it has. */
static int key_add(struct rte_hash *h, const void *key, uint32_t slot)
{
	void *data;
	int r;

	if (rte_hash_lookup_data(h, key, &data) >= 0)
		return (uint32_t)(uintptr_t)data == slot ? -EALREADY : -EEXIST;
	r = rte_hash_add_key_data(h, key, (void *)(uintptr_t)slot);
	return r < 0 ? -ENOSPC : 0;
}

static int key_publish(uint32_t slot, const struct session_key *key)
{
	int r;

	if (!s.hashed)
		return index_put((uint16_t)(key->ids >> 16), (uint16_t)key->ids, slot);
	r = key_add(dp_t.keys, key, slot);
	if (!r)
		s.hashed[slot] = (struct hashed){*key, -1, -1, -1};
	return r == -EALREADY ? -EEXIST : r;
}

int slot_publish(uint32_t slot, uint32_t generation, const struct session_key *key, uint8_t owner)
{
	struct slot_ctl *c = &s.ctl[slot];
	struct slot_ctl was = *c;
	int r;

	if (c->state != SLOT_FREE)
		return -EBUSY;
	*c = (struct slot_ctl){
		.generation = generation,
		.state = SLOT_LIVE,
		.owner = owner,
		.tid = (uint16_t)(key->ids >> 16),
		.sid = (uint16_t)key->ids,
		.vrf = key->vrf,
	};
	dp_t.home[slot] = home_word(slot, owner, generation); /* nobody finds the slot yet */
	r = key_publish(slot, key);
	if (r) {
		*c = was;
		return r;
	}
	s.usage.keys++;
	if (!s.in_block[slot / DP_BLOCK]++)
		__atomic_store_n(&dp_t.block_owner[slot / DP_BLOCK], owner, __ATOMIC_RELAXED);
	return 0;
}

static struct addr4_key key4(uint16_t vrf, rte_be32_t ip4)
{
	return (struct addr4_key){.addr = ip4, .vrf = vrf};
}

static struct addr6_key key6(uint16_t vrf, uint64_t prefix6)
{
	return (struct addr6_key){.prefix = prefix6, .vrf = vrf};
}

static void retire(enum retired_kind kind, uint32_t index, unsigned int order)
{
	s.fifo[s.head & s.mask] = (struct retired){
		.token = rte_rcu_qsbr_start(dp_t.qsbr),
		.index = index,
		.kind = (uint16_t)kind,
		.order = (uint16_t)order,
	};
	s.head++;
	s.loose += kind != RETIRED_SLOT;
}

bool slots_retire_room(void)
{
	return s.loose < LOOSE_MAX;
}

void slots_retire_array(uint32_t base, unsigned int order)
{
	retire(RETIRED_ARRAY, base, order);
}

/* Where the index has the home of an address; NULL: in no pool. */
static uint32_t *indexed4(rte_be32_t ip4)
{
	uint32_t addr = rte_be_to_cpu_32(ip4), pool = index_pool_of(4, addr);
	const struct dp_pool *p = &dp_t.index.pool4[pool];

	return pool ? &p->home[addr - p->first] : NULL;
}

static uint32_t *indexed6(uint64_t prefix6)
{
	uint32_t pool = index_pool_of(6, prefix6);
	const struct dp_pool *p = &dp_t.index.pool6[pool];

	return pool ? &p->home[prefix6 - p->first] : NULL;
}

bool addr4_is_in(rte_be32_t ip4, uint32_t pool)
{
	return s.hashed || (pool && pool == index_pool_of(4, rte_be_to_cpu_32(ip4)));
}

bool addr6_is_in(uint64_t prefix6, uint32_t pool)
{
	return s.hashed || (pool && pool == index_pool_of(6, prefix6));
}

static int entry_add(uint32_t *entry, uint32_t slot)
{
	if (!entry)
		return 0;
	if (*entry)
		return -EEXIST;
	__atomic_store_n(entry, dp_t.home[slot], __ATOMIC_RELEASE);
	return 0;
}

/* An address for a slot that has none of this family. */
static int add4(uint32_t slot, uint16_t vrf, rte_be32_t ip4)
{
	struct addr4_key k = key4(vrf, ip4);
	int r;

	if (!ip4)
		return 0;
	r = s.hashed ? key_add(dp_t.addr4, &k, slot) : entry_add(indexed4(ip4), slot);
	if (!r && !s.hashed && s.ctl[slot].owner == dp_t.block_owner[slot / DP_BLOCK])
		index_address_put(rte_be_to_cpu_32(ip4), slot);
	s.usage.addresses4 += !r;
	return r;
}

static int add6(uint32_t slot, uint16_t vrf, uint64_t prefix6)
{
	struct addr6_key k = key6(vrf, prefix6);
	int r;

	if (!prefix6)
		return 0;
	r = s.hashed ? key_add(dp_t.addr6, &k, slot) : entry_add(indexed6(prefix6), slot);
	s.usage.addresses6 += !r;
	return r;
}

/* @return the position in the hash table that must not be used again yet, or -1. */
static int del4(uint32_t slot, uint16_t vrf, rte_be32_t ip4)
{
	struct addr4_key k = key4(vrf, ip4);
	uint32_t *entry;

	if (!ip4)
		return -1;
	s.usage.addresses4--;
	if (s.hashed)
		return rte_hash_del_key(dp_t.addr4, &k);
	index_address_take(rte_be_to_cpu_32(ip4), slot);
	entry = indexed4(ip4);
	if (entry)
		__atomic_store_n(entry, 0, __ATOMIC_RELEASE);
	return -1;
}

static int del6(uint16_t vrf, uint64_t prefix6)
{
	struct addr6_key k = key6(vrf, prefix6);
	uint32_t *entry;

	if (!prefix6)
		return -1;
	s.usage.addresses6--;
	if (s.hashed)
		return rte_hash_del_key(dp_t.addr6, &k);
	entry = indexed6(prefix6);
	if (entry)
		__atomic_store_n(entry, 0, __ATOMIC_RELEASE);
	return -1;
}

/* The slot lives on, this address of it does not. */
static void retire4(uint32_t slot, uint16_t vrf, rte_be32_t ip4)
{
	int pos = del4(slot, vrf, ip4);

	if (pos >= 0)
		retire(RETIRED_ADDR4, (uint32_t)pos, 0);
}

static void retire6(uint16_t vrf, uint64_t prefix6)
{
	int pos = del6(vrf, prefix6);

	if (pos >= 0)
		retire(RETIRED_ADDR6, (uint32_t)pos, 0);
}

int slot_set_addresses(uint32_t slot, uint16_t vrf, rte_be32_t ip4, uint64_t prefix6)
{
	struct slot_ctl *c = &s.ctl[slot];
	bool new4 = ip4 != c->ip4, new6 = prefix6 != c->prefix6;
	int r;

	if (s.loose + 3 > LOOSE_MAX)
		return -ENOSPC;
	r = new4 ? add4(slot, vrf, ip4) : 0;
	if (r)
		return r;
	r = new6 ? add6(slot, vrf, prefix6) : 0;
	if (r) {
		if (new4)
			retire4(slot, vrf, ip4);
		return r;
	}
	if (new4)
		retire4(slot, vrf, c->ip4);
	if (new6)
		retire6(vrf, c->prefix6);
	c->ip4 = ip4;
	c->prefix6 = prefix6;
	return 0;
}

void slot_unpublish(uint32_t slot, uint16_t vrf)
{
	struct slot_ctl *c = &s.ctl[slot];
	int pos4 = del4(slot, vrf, c->ip4), pos6 = del6(vrf, c->prefix6);

	if (s.hashed) {
		struct hashed *h = &s.hashed[slot];

		h->key_pos = rte_hash_del_key(dp_t.keys, &h->key);
		h->addr4_pos = pos4;
		h->addr6_pos = pos6;
	} else {
		index_take(c->tid, c->sid, slot);
	}
	s.usage.keys--;
	c->ip4 = 0;
	c->prefix6 = 0;
	c->state = SLOT_REMOVING;
}

void slot_retire(uint32_t slot)
{
	s.ctl[slot].state = SLOT_RETIRED;
	s.waiting++;
	retire(RETIRED_SLOT, slot, 0);
}

static void position_free(struct rte_hash *h, int32_t pos)
{
	if (pos >= 0)
		rte_hash_free_key_with_position(h, pos);
}

static void reap(const struct retired *r)
{
	const struct hashed *h;

	switch ((enum retired_kind)r->kind) {
	case RETIRED_ADDR4:
		position_free(dp_t.addr4, (int32_t)r->index);
		break;
	case RETIRED_ADDR6:
		position_free(dp_t.addr6, (int32_t)r->index);
		break;
	case RETIRED_ARRAY:
		index_reaped(r->index, r->order);
		break;
	case RETIRED_SLOT:
		if (s.hashed) {
			h = &s.hashed[r->index];
			position_free(dp_t.keys, h->key_pos);
			position_free(dp_t.addr4, h->addr4_pos);
			position_free(dp_t.addr6, h->addr6_pos);
		}
		s.waiting--;
		slot_memory(r->index, false);
	}
}

uint32_t slots_reap(void)
{
	while (s.tail != s.head) {
		const struct retired *r = &s.fifo[s.tail & s.mask];

		if (!rte_rcu_qsbr_check(dp_t.qsbr, r->token, false))
			break; /* a worker may still hold it; so may all younger ones */
		reap(r);
		s.tail++;
	}
	if (!s.hashed)
		index_sweep();
	return s.head - s.tail;
}

unsigned int slots_freed(uint32_t *slots, uint32_t *generations, unsigned int max)
{
	unsigned int n = 0;

	while (n < max && s.told != s.tail) {
		const struct retired *r = &s.fifo[s.told++ & s.mask];
		struct slot_ctl *c;

		if (r->kind != RETIRED_SLOT) {
			s.loose--;
			continue;
		}
		c = &s.ctl[r->index];
		c->state = SLOT_FREE;
		s.in_block[r->index / DP_BLOCK]--;
		slots[n] = r->index;
		generations[n++] = c->generation;
	}
	return n;
}

struct slots_usage slots_usage(void)
{
	return s.usage;
}

uint32_t slots_awaiting_reap(void)
{
	return s.waiting;
}
