/* SPDX-License-Identifier: BSD-3-Clause */
/* linux.h - what Linux does beside lnsd: shadow taps, the tun device lns0, the mirror of routes and
 * neighbours. Thread: control only. Nothing blocks; everything is driven by file descriptors that
 * cp_loop.c polls. Writes routes and adjacencies through dataplane/dp.h; sees no DPDK. */
#ifndef CONTROLPLANE_LINUX_LINUX_H
#define CONTROLPLANE_LINUX_LINUX_H

#include <stddef.h>
#include <stdint.h>

#include "config/cfg.h"
#include "controlplane/l2tp/l2tp.h"

struct linux_side; /* opaque */

/** Make a shadow tap per interface (name, MAC, MTU, addresses of the port), lns0 with the pools'
 * gateways and one route per pool, quiet the kernel on interfaces below af_packet and af_xdp ports
 * (nft ingress drop, IPv6 off), take a first dump of Linux's addresses, routes and neighbours into
 * the dataplane. To be called after dp_init().
 * @return NULL after an error line that says what to do. */
struct linux_side *linux_start(const struct cfg *c);
/** Undo it: taps and lns0 vanish, the nft table is removed. */
void linux_stop(struct linux_side *l);
/** Descriptors to poll for reading. @return how many were written to fds (at most max). */
unsigned linux_fds(const struct linux_side *l, int *fds, unsigned max);
/** Something is readable: taps -> dp_if_send(), lns0 -> dp_inject(), netlink -> routes and
 * neighbours. Bounded work. */
void linux_readable(struct linux_side *l, int fd);
/** A frame or packet for Linux from a worker. Lost silently (counted) when the tap is full. */
void linux_to_tap(struct linux_side *l, unsigned ifx, const void *frame, size_t len);
void linux_to_lns0(struct linux_side *l, const void *packet, size_t len);
/** Have Linux resolve the next hop towards addr (NTF_USE on the neighbour of the route). The answer
 * arrives by the mirror. */
void linux_resolve(struct linux_side *l, uint8_t family, const uint8_t *addr);
/** Have the taps show whether their ports' links are up. Often: while a tap says down, Linux has no neighbours there, and what
 * they are needed for is dropped. */
void linux_links(struct linux_side *l);
/** About once a second: re-probe neighbours in use, re-dump after ENOBUFS. */
void linux_tick(struct linux_side *l, uint64_t now_ns);
struct linux_counters {
	uint64_t to_tap, to_tap_lost, from_tap, from_tap_lost, to_lns0, to_lns0_lost, from_lns0,
		from_lns0_lost, redumps, routes, neighbours;
};
const struct linux_counters *linux_counters(const struct linux_side *l);

#endif
