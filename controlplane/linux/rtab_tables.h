/* SPDX-License-Identifier: BSD-3-Clause */
/* rtab_tables.h - the arrays and hashes below rtab.c. Nobody else includes it. Thread: control
 * only. */
#ifndef CONTROLPLANE_LINUX_RTAB_TABLES_H
#define CONTROLPLANE_LINUX_RTAB_TABLES_H

#include "controlplane/linux/rtab.h"

#define RTAB_NONE    0u /* index 0 of each array is not used */
#define RTAB_DEVICES 64

struct rtab_prefix {
	struct cfg_prefix p;
	uint8_t told; /* enum dp_nh + 1 that the dataplane has, 0 = nothing */
	bool used;
	uint32_t adj; /* the adjacency told */
	uint32_t chain; /* next in the hash bucket, or in the free list */
	uint32_t routes; /* head of its list */
	uint32_t neigh; /* neighbour whose host route this is */
};

struct rtab_route {
	struct rtab_hop hop;
	uint32_t prefix, next; /* next also links the free list */
	uint32_t metric, mark;
	uint32_t neigh, dep_next, dep_prev; /* gateway on a tap: place in its list */
	uint8_t tos;
	bool local_table, used;
};

struct rtab_neigh {
	uint8_t addr[16], mac[6];
	uint8_t family, wait;
	unsigned ifindex;
	bool used, known, usable, stale; /* known: the kernel has an entry */
	bool queued; /* in the list rtab.idle */
	uint32_t adj, deps, chain, mark, idle_next;
};

struct rtab_pool {
	void *mem;
	size_t size;
	uint32_t n, cap, free, live; /* n: never used from here on */
};

struct rtab {
	rtab_probe_fn *probe;
	void *ctx;
	uint64_t seed;
	uint32_t mark, idle;
	uint64_t refused;
	struct {
		unsigned ifindex;
		int ifx;
	} dev[RTAB_DEVICES];
	unsigned n_dev;
	struct rtab_pool prefixes, routes, neighs;
	uint32_t *prefix_hash, *neigh_hash; /* power of two buckets */
	uint32_t prefix_mask, neigh_mask;
	uint32_t by_len[2][129]; /* prefixes of each length: which to try in a longest match */
};

static inline struct rtab_prefix *rtab_prefix_at(const struct rtab *t, uint32_t i)
{
	return (struct rtab_prefix *)t->prefixes.mem + i;
}

static inline struct rtab_route *rtab_route_at(const struct rtab *t, uint32_t i)
{
	return (struct rtab_route *)t->routes.mem + i;
}

static inline struct rtab_neigh *rtab_neigh_at(const struct rtab *t, uint32_t i)
{
	return (struct rtab_neigh *)t->neighs.mem + i;
}

static inline size_t rtab_addr_len(uint8_t family)
{
	return family == 4 ? 4 : 16;
}

/** The prefix of len bits that addr lies in. */
struct cfg_prefix rtab_cut(uint8_t family, const uint8_t *addr, unsigned len);
/* Each returns an index, RTAB_NONE: not there or, for the get functions, no memory. A get may move
 * its array. */
uint32_t rtab_prefix_find(const struct rtab *t, const struct cfg_prefix *p);
uint32_t rtab_prefix_get(struct rtab *t, const struct cfg_prefix *p);
void rtab_prefix_put(struct rtab *t, uint32_t i);
uint32_t rtab_neigh_find(
	const struct rtab *t, unsigned ifindex, uint8_t family, const uint8_t addr[16]);
uint32_t rtab_neigh_get(struct rtab *t, unsigned ifindex, uint8_t family, const uint8_t addr[16]);
/** Let go of a neighbour that neither the kernel knows nor a route needs. */
void rtab_neigh_put_if_idle(struct rtab *t, uint32_t i);
uint32_t rtab_route_slot_get(struct rtab *t);

#endif
