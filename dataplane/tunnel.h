/* SPDX-License-Identifier: BSD-3-Clause */
/* tunnel.h - the control side of tunnel records: resolving their adjacencies. Thread: control. */
#ifndef DATAPLANE_TUNNEL_H
#define DATAPLANE_TUNNEL_H

#include "dataplane/records.h"

/** A route or an adjacency changed: all tunnels are resolved again, some per tick.
 * @return the number of this change, to be compared with tunnels_resolved(). */
uint64_t tunnels_stale(void);
/** The newest change that every tunnel has been resolved after. */
uint64_t tunnels_resolved(void);
/** Resolve a bounded number of tunnels, if any is stale. */
void tunnels_tick(void);
/** @return number of the endpoint with this address, or -1. */
int endpoint_find(uint16_t vrf, uint8_t family, const uint8_t *addr);
/** The adjacency that leads to addr, or 0. */
uint32_t peer_adjacency(uint16_t vrf, uint8_t family, const uint8_t *addr);
void tunnels_fini(void);

#endif
