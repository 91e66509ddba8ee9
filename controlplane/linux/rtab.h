/* SPDX-License-Identifier: BSD-3-Clause */
/* rtab.h - Linux's routes and neighbours as we know them, and what the dataplane was told of them.
 * Hash tables by prefix and by neighbour: an event costs O(1), whatever the number of routes. Sees
 * no netlink: mirror.c translates; writes through dataplane/dp.h. Thread: control only. */
#ifndef CONTROLPLANE_LINUX_RTAB_H
#define CONTROLPLANE_LINUX_RTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/cfg.h"

struct rtab;

/* What a route does, as far as we care. */
enum rtab_kind {
	RTAB_UNICAST,
	RTAB_LOCAL, /* our own address, or anything else for Linux itself */
	RTAB_BLACKHOLE, /* also prohibit */
	RTAB_UNREACHABLE, /* also throw */
	RTAB_ELSEWHERE, /* by means that only Linux has: encapsulation, next hop objects */
};

/* One next hop of one route of the kernel. */
struct rtab_hop {
	enum rtab_kind kind;
	unsigned ifindex;
	uint8_t gw_family; /* 0 = on link, else 4 or 6 (an IPv4 route may go by an IPv6 gateway) */
	bool dead;
	uint8_t gw[16];
};

/* Which route of a prefix: Linux keeps several and uses the best. */
struct rtab_id {
	struct cfg_prefix prefix; /* host bits zero */
	bool local_table; /* asked before the main table */
	uint8_t tos;
	uint32_t metric; /* lowest wins */
};

#define RTAB_NOT_OURS (-1)
#define RTAB_LNS0     (-2)

/** ctx is handed to the probe function: have the neighbour resolved or confirmed. */
typedef void rtab_probe_fn(void *ctx, unsigned ifindex, uint8_t family, const uint8_t *addr);
struct rtab *rtab_new(rtab_probe_fn *probe, void *ctx);
/** Forget everything; says nothing to the dataplane. */
void rtab_free(struct rtab *t);
/** Linux device ifindex is the shadow tap of interface ifx (>= 0), or RTAB_LNS0. Before any route.
 * At most 64. */
int rtab_device(struct rtab *t, unsigned ifindex, int ifx);
/** @return interface of the device, RTAB_NOT_OURS or RTAB_LNS0. */
int rtab_device_of(const struct rtab *t, unsigned ifindex);

/** A route with its next hops is there (added, changed or seen in a dump). replace: it takes the
 * place of all others of the same id. @return 0 or -ENOMEM. */
int rtab_route_add(struct rtab *t, const struct rtab_id *id, const struct rtab_hop *hops,
	unsigned n, bool replace);
void rtab_route_del(
	struct rtab *t, const struct rtab_id *id, const struct rtab_hop *hops, unsigned n);
/** A neighbour as the kernel knows it. mac NULL or usable false: not resolved (incomplete, failed).
 * */
int rtab_neigh_set(struct rtab *t, unsigned ifindex, uint8_t family, const uint8_t *addr,
	const uint8_t *mac, bool usable, bool stale);
void rtab_neigh_del(struct rtab *t, unsigned ifindex, uint8_t family, const uint8_t *addr);

/** Everything added from now on is marked; rtab_sweep() then deletes what is not. */
void rtab_mark(struct rtab *t);
void rtab_sweep(struct rtab *t);
/** The neighbour that a packet to addr goes to. @return true and its place, if it is on a shadow
 * tap. */
bool rtab_next_hop(const struct rtab *t, uint8_t family, const uint8_t *addr, unsigned *ifindex,
	uint8_t *nh_family, uint8_t nh[16]);
/** About once a second: probe stale neighbours that the dataplane used, and gateways that are not
 * resolved. */
void rtab_tick(struct rtab *t);
/** @return how often the dataplane had no room for a route. */
uint64_t rtab_refused(const struct rtab *t);
void rtab_usage(const struct rtab *t, uint64_t *routes, uint64_t *neighbours);

#endif
