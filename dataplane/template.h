/* SPDX-License-Identifier: BSD-3-Clause */
/* template.h - what all packets towards a tunnel's peer begin with, made once: IP, UDP, L2TP flags and tunnel id.
 * Thread: control. The outer header (RFC 2661 s8.1): UDP from the port that the peer wrote to; IPv4 with DF set, so that
 * the path's MTU shows, and id 0 (RFC 6864: atomic datagrams); TTL and hop limit 64. */
#ifndef DATAPLANE_TEMPLATE_H
#define DATAPLANE_TEMPLATE_H

#include "dataplane/records.h"

#define TEMPLATE_OUTER 48 /* IPv6 and UDP */

/** IP and UDP header towards peer, lengths and checksums zero. @return bytes of the IP header. */
unsigned int template_outer(uint8_t header[TEMPLATE_OUTER], const struct l2tp_peer *peer);
/** All of the record that follows from these: ids, identity, template and sums; flags: T_V6, and T_UDP_CSUM where the
 * checksum is not ours to leave out. endpoint: its number in dp_t.endpoint. */
void template_fill(struct dp_tunnel *t, const struct l2tp_peer *peer, uint16_t endpoint, uint16_t tid,
	uint16_t peer_tid);

#endif
