/* SPDX-License-Identifier: BSD-3-Clause */
/* hand.c - the memory of hand-over rings (hand.h). Thread: control. */
#include "dataplane/hand.h"

#include <rte_malloc.h>
#include <rte_mbuf.h>

struct hand_ring *hand_ring_new(uint32_t size)
{
	struct hand_ring *r = rte_zmalloc("hand", sizeof(*r), 2 * RTE_CACHE_LINE_SIZE);

	if (!r)
		return NULL;
	r->mask = size - 1;
	r->slot = rte_zmalloc("hand", size * sizeof(*r->slot), 2 * RTE_CACHE_LINE_SIZE);
	if (r->slot)
		return r;
	rte_free(r);
	return NULL;
}

void hand_ring_free(struct hand_ring *r)
{
	if (!r)
		return;
	for (; r->taken != r->put; r->taken++)
		rte_pktmbuf_free(hand_mbuf(hand_at(r, r->taken)));
	rte_free(r->slot);
	rte_free(r);
}
