/* SPDX-License-Identifier: BSD-3-Clause */
/* fib.c - the routing tables: rte_fib (DIR-24-8) and rte_fib6 (trie), 4-byte next hops that carry a type and an index.
 * Thread: control is the only writer. 22.11's FIBs have no RCU hook: a group of 256 entries that is freed may be filled
 * again under a reader, so a reader takes the result as a hint and compares (architecture.md section 2).
 * Framed routes of sessions lie beside the routes of Linux; a prefix belongs to whoever set it first, except that a route
 * of Linux replaces a framed route of the same prefix (dp_route_set() replaces).
 * rte_fib6 of 22.11 sets up to 13 groups aside for each prefix added and never gives one back when it is deleted, so that a
 * table refuses every route after enough of them came and went. trie_settle() puts its account right; see there.
 * Not here: resolving next hops (adjacency.c, controlplane/linux). VRFs other than 0 are refused. */
#include "dataplane/fib.h"

#include <errno.h>
#include <string.h>

#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_malloc.h>
#include <rte_rib.h>
#include <rte_rib6.h>

#include "dataplane/index.h"
#include "dataplane/tunnel.h"

struct framed {
	struct cfg_prefix prefix;
	uint32_t next; /* of the session, or of the free list */
	bool under; /* the same prefix goes to lns0 when the session is gone */
};

static struct {
	struct framed *framed; /* [n + 1] */
	uint32_t free, n4, n6, max_routes;
} f;

/* The head of 22.11's private struct rte_trie_tbl. trie_known() proves at start that it lies as we think. */
struct trie_head {
	uint32_t groups, reserved, current;
	uint64_t default_nh;
	uint32_t nh_size;
	uint64_t *group;
	uint32_t *pool, used;
};

static struct trie_head *trie; /* NULL: another DPDK, left alone */

/* Add and delete one route in the empty table, and compare what must change in it. */
static struct trie_head *trie_known(uint32_t groups)
{
	struct trie_head *t = rte_fib6_get_dp(dp_t.fib6);
	uint8_t ip[16] = {0x20, 1, 0xd, 0xb8};
	bool known = t->groups == groups && !t->reserved && !t->used;

	known = !rte_fib6_add(dp_t.fib6, ip, 48, NH(DP_NH_DROP, 0)) && known && t->reserved == 3 &&
		t->used == 3;
	known = !rte_fib6_delete(dp_t.fib6, ip, 48) && known && !t->used;
	return known ? t : NULL;
}

/* Reserved is what is in use, before each new route. @return whether there are groups for the longest prefix. */
static bool trie_settle(void)
{
	if (!trie)
		return true;
	trie->reserved = trie->used;
	return trie->used + 13 <= trie->groups;
}

int fib_init(uint32_t max_routes)
{
	struct rte_fib_conf c4 = {
		.type = RTE_FIB_DIR24_8,
		.default_nh = NH(DP_NH_NONE, 0),
		.max_routes = (int)max_routes,
		.dir24_8 = {.nh_sz = RTE_FIB_DIR24_8_4B, .num_tbl8 = RTE_MAX(max_routes / 4, 256u)},
	};
	struct rte_fib6_conf c6 = {
		.type = RTE_FIB6_TRIE,
		.default_nh = NH(DP_NH_NONE, 0),
		.max_routes = (int)max_routes,
		.trie = {.nh_sz = RTE_FIB6_TRIE_4B, .num_tbl8 = RTE_MAX(max_routes * 2, 256u)},
	};

	dp_t.fib4 = rte_fib_create("routes4", SOCKET_ID_ANY, &c4);
	dp_t.fib6 = rte_fib6_create("routes6", SOCKET_ID_ANY, &c6);
	f.framed = rte_calloc("framed", (size_t)max_routes + 1, sizeof(*f.framed), 64);
	f.max_routes = max_routes;
	f.n4 = f.n6 = 0;
	if (!dp_t.fib4 || !dp_t.fib6 || !f.framed) {
		fib_fini();
		return -ENOMEM;
	}
	trie = trie_known(c6.trie.num_tbl8);
	for (uint32_t i = max_routes; i; i--) {
		f.framed[i].next = f.free;
		f.free = i;
	}
	return 0;
}

void fib_fini(void)
{
	rte_fib_free(dp_t.fib4);
	rte_fib6_free(dp_t.fib6);
	rte_free(f.framed);
	dp_t.fib4 = NULL;
	dp_t.fib6 = NULL;
	trie = NULL;
	memset(&f, 0, sizeof(f));
}

static bool prefix_good(uint16_t vrf, const struct cfg_prefix *p)
{
	return !vrf && ((p->family == 4 && p->len <= 32) || (p->family == 6 && p->len <= 128));
}

static uint32_t addr4_of(const struct cfg_prefix *p)
{
	uint32_t a;

	memcpy(&a, p->addr, 4);
	return rte_be_to_cpu_32(a) & rte_rib_depth_to_mask(p->len);
}

static void addr6_of(const struct cfg_prefix *p, uint8_t out[16])
{
	for (unsigned int i = 0; i < 16; i++) {
		int bits = (int)p->len - 8 * (int)i;

		out[i] = bits >= 8 ? p->addr[i] : bits <= 0 ? 0 : p->addr[i] & (0xff00 >> bits);
	}
}

/* The route of exactly this prefix. */
static bool exact(const struct cfg_prefix *p, uint64_t *nh)
{
	uint8_t a6[16];

	if (p->family == 4) {
		struct rte_rib_node *n =
			rte_rib_lookup_exact(rte_fib_get_rib(dp_t.fib4), addr4_of(p), p->len);

		return n && !rte_rib_get_nh(n, nh);
	}
	addr6_of(p, a6);
	struct rte_rib6_node *n = rte_rib6_lookup_exact(rte_fib6_get_rib(dp_t.fib6), a6, p->len);

	return n && !rte_rib6_get_nh(n, nh);
}

static int set(const struct cfg_prefix *p, uint64_t nh)
{
	uint32_t *count = p->family == 4 ? &f.n4 : &f.n6;
	uint64_t old;
	bool there = exact(p, &old);
	uint8_t a6[16];
	int r;

	if (there && old == nh)
		return 0;
	if (!there && *count == f.max_routes)
		return -ENOSPC;
	if (p->family == 4) {
		r = rte_fib_add(dp_t.fib4, addr4_of(p), p->len, nh);
	} else if (!there && !trie_settle()) {
		r = -ENOSPC;
	} else {
		addr6_of(p, a6);
		r = rte_fib6_add(dp_t.fib6, a6, p->len, nh);
	}
	if (r < 0)
		return r == -EINVAL ? -EINVAL : -ENOSPC;
	*count += !there;
	return 0;
}

static int del(const struct cfg_prefix *p)
{
	uint8_t a6[16];
	int r;

	if (p->family == 4) {
		r = rte_fib_delete(dp_t.fib4, addr4_of(p), p->len);
	} else {
		addr6_of(p, a6);
		r = rte_fib6_delete(dp_t.fib6, a6, p->len);
	}
	if (r < 0)
		return -ENOENT;
	*(p->family == 4 ? &f.n4 : &f.n6) -= 1;
	return 0;
}

/* A live framed route stands before what Linux says of the same prefix, that is: by lns0. */
static bool is_framed(const struct cfg_prefix *prefix)
{
	uint64_t nh;

	return exact(prefix, &nh) && NH_TYPE(nh) == DP_NH_SESSION;
}

/* To the subscriber tables, and there to the index of the pool that the prefix is of. */
static uint64_t subscriber_nh(const struct cfg_prefix *p)
{
	uint64_t first, last;
	uint8_t a6[16];

	if (dp_t.lookup_hash)
		return NH(DP_NH_SUBSCRIBER, 0);
	if (p->family == 4) {
		first = addr4_of(p);
		last = first + (1ull << (32 - p->len)) - 1;
	} else {
		addr6_of(p, a6);
		memcpy(&first, a6, sizeof(first));
		first = rte_be_to_cpu_64(first);
		last = p->len < 64 ? first | UINT64_MAX >> p->len : first;
	}
	return NH(DP_NH_SUBSCRIBER, index_pool_in(p->family, first, last));
}

int dp_route_set(uint16_t vrf, const struct cfg_prefix *prefix, enum dp_nh type, uint32_t index)
{
	int r;

	if (!prefix_good(vrf, prefix) || type > DP_NH_DROP || index >= 1u << 27)
		return -EINVAL;
	if (type == DP_NH_SUBSCRIBER && is_framed(prefix))
		return 0;
	r = set(prefix, type == DP_NH_SUBSCRIBER ? subscriber_nh(prefix) : NH(type, index));
	if (!r)
		tunnels_stale();
	return r;
}

int dp_route_del(uint16_t vrf, const struct cfg_prefix *prefix)
{
	int r;

	if (!prefix_good(vrf, prefix))
		return -ENOENT;
	if (is_framed(prefix))
		return 0;
	r = del(prefix);
	if (!r)
		tunnels_stale();
	return r;
}

enum dp_nh dp_route_get(uint16_t vrf, uint8_t family, const uint8_t *addr, uint32_t *index)
{
	uint64_t nh = NH(DP_NH_NONE, 0);
	uint8_t a6[1][16];
	uint32_t a4;

	*index = 0;
	if (vrf)
		return DP_NH_NONE;
	if (family == 4) {
		memcpy(&a4, addr, 4);
		a4 = rte_be_to_cpu_32(a4);
		rte_fib_lookup_bulk(dp_t.fib4, &a4, &nh, 1);
	} else {
		memcpy(a6[0], addr, 16);
		rte_fib6_lookup_bulk(dp_t.fib6, a6, &nh, 1);
	}
	if (NH_TYPE(nh) == DP_NH_ADJ || NH_TYPE(nh) == DP_NH_SESSION ||
		NH_TYPE(nh) == DP_NH_SUBSCRIBER)
		*index = NH_INDEX(nh);
	return NH_TYPE(nh);
}

int fib_session_add(uint32_t slot, const struct cfg_prefix *routes, unsigned int n, uint32_t *list)
{
	uint64_t nh;
	bool under;
	int r = 0;

	for (unsigned int i = 0; i < n && !r; i++) {
		uint32_t at = f.free;

		if (!prefix_good(0, &routes[i]))
			r = -EINVAL;
		else if ((under = exact(&routes[i], &nh)) && NH_TYPE(nh) != DP_NH_SUBSCRIBER)
			r = -EEXIST;
		else if (!at)
			r = -ENOSPC;
		else
			r = set(&routes[i], NH(DP_NH_SESSION, slot));
		if (r)
			break;
		f.free = f.framed[at].next;
		f.framed[at] = (struct framed){.prefix = routes[i], .next = *list, .under = under};
		*list = at;
	}
	if (r)
		fib_session_del(slot, list);
	return r;
}

void fib_session_del(uint32_t slot, uint32_t *list)
{
	uint64_t nh;

	while (*list) {
		struct framed *r = &f.framed[*list];
		uint32_t next = r->next;

		if (exact(&r->prefix, &nh) && nh == NH(DP_NH_SESSION, slot) &&
			(!r->under || set(&r->prefix, subscriber_nh(&r->prefix))))
			del(&r->prefix);
		r->next = f.free;
		f.free = *list;
		*list = next;
	}
}

void fib_usage(uint32_t *routes4, uint32_t *routes6)
{
	*routes4 = f.n4;
	*routes6 = f.n6;
}
