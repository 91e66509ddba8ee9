/* SPDX-License-Identifier: BSD-3-Clause */
/* peer.c - who a peer is: its address, port and vrf (RFC 2661 s8.1), and the key under which its tunnels are found.
 * The key is a keyed hash of 64 bits: nobody who lacks the seed can make two peers meet. Pure; thread: control. */
#include "controlplane/l2tp/cp.h"

#include <string.h>
#include <nettle/md5.h>

bool l2tp_same_peer(const struct l2tp_peer *a, const struct l2tp_peer *b)
{
	return a->vrf == b->vrf && a->family == b->family && a->port == b->port &&
		!memcmp(a->addr, b->addr, sizeof(a->addr));
}

uint64_t l2tp_keyed_hash(uint64_t seed, const void *bytes, size_t len)
{
	struct md5_ctx md5;
	uint64_t h[2];

	md5_init(&md5);
	md5_update(&md5, sizeof(seed), (const uint8_t *)&seed);
	md5_update(&md5, len, bytes);
	md5_digest(&md5, sizeof(h), (uint8_t *)h);
	return h[0];
}

uint64_t l2tp_peer_key(const struct l2tp_cp *cp, const struct l2tp_peer *peer, uint16_t peer_tid)
{
	const struct {
		uint16_t vrf, family, port, tid;
		uint8_t addr[16];
	} key = {peer->vrf, peer->family, peer->port, peer_tid, {0}};
	uint8_t bytes[sizeof(key)];

	memcpy(bytes, &key, sizeof(key));
	memcpy(bytes + sizeof(key) - 16, peer->addr, 16);
	return l2tp_keyed_hash(cp->seed, bytes, sizeof(bytes));
}
