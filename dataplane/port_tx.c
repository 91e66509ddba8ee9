/* SPDX-License-Identifier: BSD-3-Clause */
/* port_tx.c - frames that are ready leave by their port's queue. A worker without a queue of its
 * own on a port (the device has too few) hands the frame to the worker that sends for it. What the
 * device does not take waits for the next polls, dp_t.tx_wait frames of it, so that who empties the
 * device's queue may stop for a moment; the rest is dropped: a router does not wait. As long as
 * frames wait, control's commands, most of which send, are applied more slowly (dp_apply.c), so that
 * a storm of calls does not lose its own answers. Thread: the worker. */
#include <string.h>

#include <rte_ethdev.h>

#include "dataplane/stages.h"

void port_flush(struct worker *w, uint16_t port)
{
	struct worker_txq *q = &w->tx[port];
	uint16_t sent = rte_eth_tx_burst(port, w->txq_of_port[port], q->m, q->n);
	uint16_t kept = (uint16_t)RTE_MIN(q->n - sent, dp_t.tx_wait);

	for (uint16_t i = (uint16_t)(sent + kept); unlikely(i < q->n); i++) {
		drop(w, q->m[i], DROP_TX_FULL);
		q->full++;
	}
	if (unlikely(kept)) {
		memmove(q->m, q->m + sent, kept * sizeof(q->m[0]));
		w->tx_behind = true;
	}
	q->n = kept;
}

void port_queue_slow(struct worker *w, uint16_t port, struct rte_mbuf *m)
{
	struct worker_txq *q = &w->tx[port];

	if (w->txq_of_port[port] == UINT16_MAX) {
		hand_port(w, w->tx_proxy_of_port[port], m, port);
		return;
	}
	if (q->n == RTE_DIM(q->m))
		port_flush(w, port);
	q->m[q->n++] = m;
}

void port_tx(struct worker *w, struct burst *b)
{
	(void)b;
	for (unsigned int i = 0; i < dp_t.n_ifs; i++)
		if (w->tx[dp_t.iface[i].port].n)
			port_flush(w, dp_t.iface[i].port);
}

/* Control has put the VLAN tag in already. */
void worker_tx_frame_take(struct worker *w, uint16_t ifx, struct rte_mbuf *m)
{
	port_queue_slow(w, dp_t.iface[ifx].port, m);
}
