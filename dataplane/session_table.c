/* SPDX-License-Identifier: BSD-3-Clause */
/* session_table.c - publish, unpublish and reap the keys of sessions (control's half of session_table.h).
 * Thread: control only; the tables it writes are read by all workers.
 * Removal has three steps: slot_unpublish() when the call is gone, slot_retire() when the owner has stopped its timers and
 * sent its last event, and reaping when every worker was quiescent after that. Nothing waits for one session: a dead LAC
 * takes 30,000 at once. rte_hash's own defer queue is not used: in 22.11 it reclaims on later adds only.
 * Table size: max sessions / 0.8 (a cuckoo table without extension fills to about 95 %) plus max sessions that may be torn
 * down, not reaped yet, and already be back. */
#include "dataplane/session_table.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>

#include "dataplane/poison.h"

#define LOOSE_MAX 4096u /* positions of replaced addresses that may await reaping */

enum retired_kind { RETIRED_SLOT, RETIRED_ADDR4, RETIRED_ADDR6 };

struct retired {
	uint64_t token;
	uint32_t index; /* slot, or position in the table */
	uint32_t kind; /* enum retired_kind */
};

/* Records head..tail wait for quiescence, tail..told are reaped: their slots are told to control by slots_freed(). */
static struct {
	struct slot_ctl *ctl;
	struct retired *fifo;
	uint32_t mask, head, tail, told, loose;
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
		mem_unpoison(&dp_t.ppp[slot], sizeof(dp_t.ppp[slot]));
	} else {
		mem_poison(&dp_t.session[slot], sizeof(dp_t.session[slot]));
		mem_poison(&dp_t.more[slot], sizeof(dp_t.more[slot]));
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

int slots_init(uint32_t max_sessions)
{
	uint32_t entries = RTE_MAX(max_sessions + max_sessions / 4 + max_sessions, 64u) + LOOSE_MAX;
	uint32_t fifo = rte_align32pow2(max_sessions + LOOSE_MAX + 1);

	dp_t.max_sessions = max_sessions;
	dp_t.keys = table_new("session_keys", entries, sizeof(struct session_key));
	dp_t.addr4 = table_new("addresses4", entries, sizeof(struct addr4_key));
	dp_t.addr6 = table_new("addresses6", entries, sizeof(struct addr6_key));
	s.ctl = rte_calloc("slot_ctl", (size_t)max_sessions + 1, sizeof(*s.ctl), 64);
	s.fifo = rte_calloc("retired", fifo, sizeof(*s.fifo), 64);
	s.mask = fifo - 1;
	s.head = s.tail = s.told = s.loose = 0;
	if (dp_t.keys && dp_t.addr4 && dp_t.addr6 && s.ctl && s.fifo)
		return 0;
	slots_fini();
	return -ENOMEM;
}

void slots_fini(void)
{
	rte_hash_free(dp_t.keys);
	rte_hash_free(dp_t.addr4);
	rte_hash_free(dp_t.addr6);
	rte_free(s.ctl);
	rte_free(s.fifo);
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

int slot_publish(uint32_t slot, uint32_t generation, const struct session_key *key, uint8_t owner)
{
	struct slot_ctl *c = &s.ctl[slot];
	int r;

	if (c->state != SLOT_FREE)
		return -EBUSY;
	r = key_add(dp_t.keys, key, slot);
	if (r)
		return r == -EALREADY ? -EEXIST : r;
	*c = (struct slot_ctl){
		.generation = generation,
		.state = SLOT_LIVE,
		.owner = owner,
		.key_pos = -1,
		.addr4_pos = -1,
		.addr6_pos = -1,
		.key = *key,
	};
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

static void retire(enum retired_kind kind, uint32_t index)
{
	s.fifo[s.head & s.mask] = (struct retired){
		.token = rte_rcu_qsbr_start(dp_t.qsbr),
		.index = index,
		.kind = kind,
	};
	s.head++;
	s.loose += kind != RETIRED_SLOT;
}

/* The slot lives on, its old address does not. */
static void retire_old4(struct slot_ctl *c, uint16_t vrf)
{
	struct addr4_key k = key4(vrf, c->ip4);
	int pos = c->ip4 ? rte_hash_del_key(dp_t.addr4, &k) : -1;

	if (pos >= 0)
		retire(RETIRED_ADDR4, (uint32_t)pos);
}

static void retire_old6(struct slot_ctl *c, uint16_t vrf)
{
	struct addr6_key k = key6(vrf, c->prefix6);
	int pos = c->prefix6 ? rte_hash_del_key(dp_t.addr6, &k) : -1;

	if (pos >= 0)
		retire(RETIRED_ADDR6, (uint32_t)pos);
}

int slot_set_addresses(uint32_t slot, uint16_t vrf, rte_be32_t ip4, uint64_t prefix6)
{
	struct slot_ctl *c = &s.ctl[slot];
	struct addr4_key k4 = key4(vrf, ip4);
	struct addr6_key k6 = key6(vrf, prefix6);
	int r4 = 0, r6 = 0, pos;

	if (s.loose + 3 > LOOSE_MAX)
		return -ENOSPC;
	if (ip4 && ip4 != c->ip4)
		r4 = key_add(dp_t.addr4, &k4, slot);
	if (r4)
		return r4;
	if (prefix6 && prefix6 != c->prefix6)
		r6 = key_add(dp_t.addr6, &k6, slot);
	if (r6) {
		pos = ip4 && ip4 != c->ip4 ? rte_hash_del_key(dp_t.addr4, &k4) : -1;
		if (pos >= 0)
			retire(RETIRED_ADDR4, (uint32_t)pos);
		return r6;
	}
	if (ip4 != c->ip4)
		retire_old4(c, vrf);
	if (prefix6 != c->prefix6)
		retire_old6(c, vrf);
	c->ip4 = ip4;
	c->prefix6 = prefix6;
	return 0;
}

void slot_unpublish(uint32_t slot, uint16_t vrf)
{
	struct slot_ctl *c = &s.ctl[slot];
	struct addr4_key k4 = key4(vrf, c->ip4);
	struct addr6_key k6 = key6(vrf, c->prefix6);

	c->key_pos = rte_hash_del_key(dp_t.keys, &c->key);
	c->addr4_pos = c->ip4 ? rte_hash_del_key(dp_t.addr4, &k4) : -1;
	c->addr6_pos = c->prefix6 ? rte_hash_del_key(dp_t.addr6, &k6) : -1;
	c->ip4 = 0;
	c->prefix6 = 0;
	c->state = SLOT_REMOVING;
}

void slot_retire(uint32_t slot)
{
	s.ctl[slot].state = SLOT_RETIRED;
	retire(RETIRED_SLOT, slot);
}

static void position_free(struct rte_hash *h, int32_t pos)
{
	if (pos >= 0)
		rte_hash_free_key_with_position(h, pos);
}

static void reap(const struct retired *r)
{
	struct slot_ctl *c;

	switch (r->kind) {
	case RETIRED_ADDR4:
		position_free(dp_t.addr4, (int32_t)r->index);
		return;
	case RETIRED_ADDR6:
		position_free(dp_t.addr6, (int32_t)r->index);
		return;
	}
	c = &s.ctl[r->index];
	position_free(dp_t.keys, c->key_pos);
	position_free(dp_t.addr4, c->addr4_pos);
	position_free(dp_t.addr6, c->addr6_pos);
	slot_memory(r->index, false);
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
	return s.head - s.tail;
}

unsigned int slots_freed(uint32_t *slots, uint32_t *generations, unsigned int max)
{
	unsigned int n = 0;

	while (n < max && s.told != s.tail) {
		const struct retired *r = &s.fifo[s.told++ & s.mask];
		struct slot_ctl *c = &s.ctl[r->index];

		if (r->kind != RETIRED_SLOT) {
			s.loose--;
			continue;
		}
		c->state = SLOT_FREE;
		slots[n] = r->index;
		generations[n++] = c->generation;
	}
	return n;
}

uint32_t slots_awaiting_reap(void)
{
	return s.head - s.tail;
}
