/* SPDX-License-Identifier: BSD-3-Clause */
/* unproven.c - the tunnels that were never established, oldest first. Anybody can make them, with any source address:
 * an SCCRQ costs its sender nothing (RFC 2661 s9 leaves that to the receiver). So they hold slots only as long as nobody
 * else wants one, and while they are many they may make us send less. A doubly linked list by slot numbers.
 * Thread: control. Not here: eviction itself (tunnel.c), the SCCRQ that waits for the slot (cp.c). Pure. */
#include "controlplane/l2tp/cp.h"

void l2tp_unproven_add(struct l2tp_cp *cp, struct l2tp_tunnel *t)
{
	uint32_t slot = tunnel_slot(cp, t);

	t->unproven = true;
	t->unproven_prev = cp->unproven_tail;
	t->unproven_next = 0;
	if (cp->unproven_tail)
		cp->tunnel[cp->unproven_tail].unproven_next = slot;
	else
		cp->unproven_head = slot;
	cp->unproven_tail = slot;
	cp->unproven++;
}

void l2tp_unproven_del(struct l2tp_cp *cp, struct l2tp_tunnel *t)
{
	if (!t->unproven)
		return;
	t->unproven = false;
	if (t->unproven_prev)
		cp->tunnel[t->unproven_prev].unproven_next = t->unproven_next;
	else
		cp->unproven_head = t->unproven_next;
	if (t->unproven_next)
		cp->tunnel[t->unproven_next].unproven_prev = t->unproven_prev;
	else
		cp->unproven_tail = t->unproven_prev;
	t->unproven_prev = t->unproven_next = 0;
	cp->unproven--;
}

/* A slot that waits for the next tick is named by that list, and there are few. The one made in this very call has not
 * been shown to the caller yet. */
struct l2tp_tunnel *l2tp_unproven_oldest(const struct l2tp_cp *cp)
{
	uint32_t slot = cp->unproven_head;

	while (slot && (cp->tunnel[slot].on_again || slot == cp->just_made))
		slot = cp->tunnel[slot].unproven_next;
	return slot ? &cp->tunnel[slot] : NULL;
}

bool l2tp_unproven_crowd(const struct l2tp_cp *cp)
{
	return cp->unproven > cp->lim.tunnels / 2;
}
