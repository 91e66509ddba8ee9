/* SPDX-License-Identifier: BSD-3-Clause */
/* slot.c - slots and ids of tunnels: those never used first, then the one released longest ago; ids at random among the
 * free ones (RFC 2661 s9.1), in O(1). Thread: control. Not here: who gets one (tunnel.c), who loses one (unproven.c). Pure. */
#include "controlplane/l2tp/cp.h"

#include <string.h>

struct l2tp_tunnel *l2tp_slot_take(struct l2tp_cp *cp)
{
	struct l2tp_tunnel *t;
	uint32_t slot = cp->tunnel_fresh;

	if (!cp->free_tids)
		return NULL;
	if (slot <= cp->lim.tunnels) {
		cp->tunnel_fresh++;
	} else {
		slot = cp->tunnel_head;
		if (!slot)
			return NULL;
		cp->tunnel_head = cp->tunnel[slot].again_next;
		if (!cp->tunnel_head)
			cp->tunnel_tail = 0;
	}
	t = &cp->tunnel[slot];
	t->again_next = 0;
	t->generation += t->generation == UINT32_MAX ? 2 : 1;
	cp->tunnels++;
	return t;
}

uint16_t l2tp_tid_take(struct l2tp_cp *cp, const uint8_t rnd[64])
{
	uint64_t random;
	uint32_t i;
	uint16_t tid;

	memcpy(&random, rnd, sizeof(random));
	i = (uint32_t)(random % cp->free_tids);
	tid = cp->free_tid[i];
	cp->free_tid[i] = cp->free_tid[--cp->free_tids];
	return tid;
}

void l2tp_tunnel_release(struct l2tp_cp *cp, uint32_t tunnel)
{
	struct l2tp_tunnel *t = &cp->tunnel[tunnel];

	if (!t->free_told || t->state != L2TP_T_CLOSING)
		return;
	cp->free_tid[cp->free_tids++] = t->tid;
	t->state = L2TP_T_FREE;
	t->again_next = 0;
	if (cp->tunnel_tail)
		cp->tunnel[cp->tunnel_tail].again_next = tunnel;
	else
		cp->tunnel_head = tunnel;
	cp->tunnel_tail = tunnel;
	cp->tunnels--;
}
