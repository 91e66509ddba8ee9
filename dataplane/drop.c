/* SPDX-License-Identifier: BSD-3-Clause */
/* drop.c - the end of packets that go nowhere: counted by reason when a stage gives them up, freed
 * together at the end of the poll. The only free on the path. Thread: the worker. */
#include "dataplane/stages.h"

void drop_all(struct worker *w, struct burst *b)
{
	(void)w;
	if (!b->n_dead)
		return;
	for (unsigned int i = 0; i < b->n_dead; i++)
		pkt_open(b->dead[i]);
	rte_pktmbuf_free_bulk(b->dead, b->n_dead);
	b->n_dead = 0;
}

void drop(struct worker *w, struct rte_mbuf *m, enum drop_reason why)
{
	struct burst *b = &w->burst;

	w->drop[why]++;
	w->stat.dropped += why != DROP_OK;
	/* more than one poll's packets: fragments whose transmit queue is full */
	if (unlikely(b->n_dead == DEAD))
		drop_all(w, b);
	b->dead[b->n_dead++] = m;
}

void drop_up(struct worker *w, uint32_t slot, struct rte_mbuf *m, enum drop_reason why)
{
	drop(w, m, why);
	drops_more(&dp_t.dropped[slot].up, &dp_t.session[slot].up_drops);
}

void drop_down(struct worker *w, uint32_t slot, struct rte_mbuf *m, enum drop_reason why)
{
	drop(w, m, why);
	count_drop_down(slot);
}
