/* SPDX-License-Identifier: BSD-3-Clause */
/* rtab_tables.c - arrays that grow, and hashes over them, for rtab.c. Thread: control only. Records
 * name each other by index, so an array may move when it grows; freed ones are linked and used
 * again. A hash has as many buckets as its array has room and is built anew when that doubles. Not
 * here: what the records mean. */
#include "controlplane/linux/rtab_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct cfg_prefix rtab_cut(uint8_t family, const uint8_t *addr, unsigned len)
{
	struct cfg_prefix p = {.family = family, .len = (uint8_t)len};

	memcpy(p.addr, addr, (len + 7) / 8);
	if (len % 8)
		p.addr[len / 8] &= (uint8_t)(0xff << (8 - len % 8));
	return p;
}

static uint32_t hash(const struct rtab *t, const uint8_t addr[16], uint32_t other)
{
	uint64_t a, b, h;

	memcpy(&a, addr, 8);
	memcpy(&b, addr + 8, 8);
	h = (a ^ t->seed) * 0x9e3779b97f4a7c15;
	h = (h ^ h >> 29 ^ b) * 0xbf58476d1ce4e5b9;
	h = (h ^ h >> 32 ^ other) * 0x94d049bb133111eb;
	return (uint32_t)(h >> 32);
}

static uint32_t prefix_bucket(const struct rtab *t, const struct cfg_prefix *p)
{
	return hash(t, p->addr, (uint32_t)p->family << 8 | p->len) & t->prefix_mask;
}

static uint32_t neigh_bucket(
	const struct rtab *t, unsigned ifindex, uint8_t family, const uint8_t addr[16])
{
	return hash(t, addr, ifindex << 4 | family) & t->neigh_mask;
}

/* Grow the array and, with it, its hash. @return false: no memory, nothing changed. */
static bool pool_grow(struct rtab_pool *p, uint32_t **buckets, uint32_t *mask)
{
	uint32_t cap = p->cap * 2;
	uint32_t *b = NULL;
	void *mem;

	if (buckets && !(b = calloc(cap, sizeof(*b))))
		return false;
	mem = realloc(p->mem, cap * p->size);
	if (!mem) {
		free(b);
		return false;
	}
	memset((char *)mem + p->cap * p->size, 0, (cap - p->cap) * p->size);
	p->mem = mem;
	p->cap = cap;
	if (buckets) {
		free(*buckets);
		*buckets = b;
		*mask = cap - 1;
	}
	return true;
}

static void prefixes_rehash(struct rtab *t)
{
	for (uint32_t i = 1; i < t->prefixes.n; i++) {
		struct rtab_prefix *p = rtab_prefix_at(t, i);
		uint32_t b;

		if (!p->used)
			continue;
		b = prefix_bucket(t, &p->p);
		p->chain = t->prefix_hash[b];
		t->prefix_hash[b] = i;
	}
}

static void neighs_rehash(struct rtab *t)
{
	for (uint32_t i = 1; i < t->neighs.n; i++) {
		struct rtab_neigh *n = rtab_neigh_at(t, i);
		uint32_t b;

		if (!n->used)
			continue;
		b = neigh_bucket(t, n->ifindex, n->family, n->addr);
		n->chain = t->neigh_hash[b];
		t->neigh_hash[b] = i;
	}
}

uint32_t rtab_prefix_find(const struct rtab *t, const struct cfg_prefix *p)
{
	uint32_t i = t->prefix_hash[prefix_bucket(t, p)];

	while (i != RTAB_NONE) {
		const struct rtab_prefix *at = rtab_prefix_at(t, i);

		if (at->p.family == p->family && at->p.len == p->len &&
			memcmp(at->p.addr, p->addr, 16) == 0)
			return i;
		i = at->chain;
	}
	return RTAB_NONE;
}

uint32_t rtab_prefix_get(struct rtab *t, const struct cfg_prefix *p)
{
	uint32_t i = rtab_prefix_find(t, p), b;
	struct rtab_prefix *at;

	if (i != RTAB_NONE)
		return i;
	i = t->prefixes.free;
	if (i != RTAB_NONE) {
		t->prefixes.free = rtab_prefix_at(t, i)->chain;
	} else {
		if (t->prefixes.n == t->prefixes.cap) {
			if (!pool_grow(&t->prefixes, &t->prefix_hash, &t->prefix_mask))
				return RTAB_NONE;
			prefixes_rehash(t);
		}
		i = t->prefixes.n++;
	}
	at = rtab_prefix_at(t, i);
	b = prefix_bucket(t, p);
	*at = (struct rtab_prefix){.p = *p, .used = true, .chain = t->prefix_hash[b]};
	t->prefix_hash[b] = i;
	t->by_len[p->family == 6][p->len]++;
	t->prefixes.live++;
	return i;
}

void rtab_prefix_put(struct rtab *t, uint32_t i)
{
	struct rtab_prefix *at = rtab_prefix_at(t, i);
	uint32_t *link = &t->prefix_hash[prefix_bucket(t, &at->p)];

	while (*link != i)
		link = &rtab_prefix_at(t, *link)->chain;
	*link = at->chain;
	t->by_len[at->p.family == 6][at->p.len]--;
	at->used = false;
	at->chain = t->prefixes.free;
	t->prefixes.free = i;
	t->prefixes.live--;
}

uint32_t rtab_neigh_find(
	const struct rtab *t, unsigned ifindex, uint8_t family, const uint8_t addr[16])
{
	uint32_t i = t->neigh_hash[neigh_bucket(t, ifindex, family, addr)];

	while (i != RTAB_NONE) {
		const struct rtab_neigh *n = rtab_neigh_at(t, i);

		if (n->ifindex == ifindex && n->family == family && memcmp(n->addr, addr, 16) == 0)
			return i;
		i = n->chain;
	}
	return RTAB_NONE;
}

uint32_t rtab_neigh_get(struct rtab *t, unsigned ifindex, uint8_t family, const uint8_t addr[16])
{
	uint32_t i = rtab_neigh_find(t, ifindex, family, addr), b;
	struct rtab_neigh *n;

	if (i != RTAB_NONE)
		return i;
	i = t->neighs.free;
	if (i != RTAB_NONE) {
		t->neighs.free = rtab_neigh_at(t, i)->chain;
	} else {
		if (t->neighs.n == t->neighs.cap) {
			if (!pool_grow(&t->neighs, &t->neigh_hash, &t->neigh_mask))
				return RTAB_NONE;
			neighs_rehash(t);
		}
		i = t->neighs.n++;
	}
	n = rtab_neigh_at(t, i);
	b = neigh_bucket(t, ifindex, family, addr);
	*n = (struct rtab_neigh){.family = family, .ifindex = ifindex, .used = true};
	memcpy(n->addr, addr, 16);
	n->chain = t->neigh_hash[b];
	t->neigh_hash[b] = i;
	t->neighs.live++;
	return i;
}

void rtab_neigh_put_if_idle(struct rtab *t, uint32_t i)
{
	struct rtab_neigh *n = rtab_neigh_at(t, i);
	uint32_t *link;

	if (n->known || n->deps != RTAB_NONE)
		return;
	link = &t->neigh_hash[neigh_bucket(t, n->ifindex, n->family, n->addr)];
	while (*link != i)
		link = &rtab_neigh_at(t, *link)->chain;
	*link = n->chain;
	n->used = false;
	n->chain = t->neighs.free;
	t->neighs.free = i;
	t->neighs.live--;
}

uint32_t rtab_route_slot_get(struct rtab *t)
{
	uint32_t i = t->routes.free;

	if (i != RTAB_NONE) {
		t->routes.free = rtab_route_at(t, i)->next;
		return i;
	}
	if (t->routes.n == t->routes.cap && !pool_grow(&t->routes, NULL, NULL))
		return RTAB_NONE;
	return t->routes.n++;
}

int rtab_device(struct rtab *t, unsigned ifindex, int ifx)
{
	if (t->n_dev == RTAB_DEVICES)
		return -ENOSPC;
	t->dev[t->n_dev].ifindex = ifindex;
	t->dev[t->n_dev++].ifx = ifx;
	return 0;
}

int rtab_device_of(const struct rtab *t, unsigned ifindex)
{
	for (unsigned i = 0; i < t->n_dev; i++)
		if (t->dev[i].ifindex == ifindex)
			return t->dev[i].ifx;
	return RTAB_NOT_OURS;
}

static bool pool_init(struct rtab_pool *p, size_t size, uint32_t cap)
{
	p->mem = calloc(cap, size);
	p->size = size;
	p->cap = cap;
	p->n = 1;
	return p->mem;
}

struct rtab *rtab_new(rtab_probe_fn *probe, void *ctx)
{
	struct rtab *t = calloc(1, sizeof(*t));
	struct timespec now;

	if (!t)
		return NULL;
	clock_gettime(CLOCK_MONOTONIC, &now);
	t->seed = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15 ^ (uint64_t)(uintptr_t)t;
	t->probe = probe;
	t->ctx = ctx;
	t->prefix_hash = calloc(1024, sizeof(uint32_t));
	t->neigh_hash = calloc(256, sizeof(uint32_t));
	t->prefix_mask = 1023;
	t->neigh_mask = 255;
	if (!pool_init(&t->prefixes, sizeof(struct rtab_prefix), 1024) ||
		!pool_init(&t->routes, sizeof(struct rtab_route), 1024) ||
		!pool_init(&t->neighs, sizeof(struct rtab_neigh), 256) || !t->prefix_hash ||
		!t->neigh_hash) {
		rtab_free(t);
		return NULL;
	}
	return t;
}

void rtab_free(struct rtab *t)
{
	if (!t)
		return;
	free(t->prefixes.mem);
	free(t->routes.mem);
	free(t->neighs.mem);
	free(t->prefix_hash);
	free(t->neigh_hash);
	free(t);
}
