/* SPDX-License-Identifier: BSD-3-Clause */
/* dp_apply.c - commands of control, between bursts, in order, a bounded number at a time. Thread: the worker.
 * Commands about a session that this worker does not own any more, or about an earlier use of the slot, are dropped by
 * ppp_owner.c. What each means: dp_msg.h. */
#include <rte_ring_elem.h>

#include "dataplane/ppp_owner.h"

#define COMMANDS_AT_ONCE 32u
/* A port has not taken all of the last poll. Never none: the port may stay like that. */
#define COMMANDS_WHEN_BEHIND 4u

/* What a command about a session reads and writes was last written by control, on another CPU, or long ago. The lines come
 * together, not one after another when each is needed. */
static void fetch(const struct worker *w, const struct dp_msg *m)
{
	const uint8_t *ppp = (const uint8_t *)&dp_t.ppp[m->slot];

	if (m->type > MSG_SESSION_REMOVE)
		return;
	__builtin_prefetch(&dp_t.session[m->slot], 1);
	__builtin_prefetch(&dp_t.more[m->slot], 1);
	__builtin_prefetch(&w->wheel.node[m->slot], 1);
	for (size_t at = 0; at < sizeof(dp_t.ppp[0]); at += RTE_CACHE_LINE_SIZE)
		__builtin_prefetch(ppp + at, 1);
}

static void apply(struct worker *w, struct dp_msg *m)
{
	switch (m->type) {
	case MSG_SESSION_START:
		ppp_owner_start(w, m);
		break;
	case MSG_SESSION_VERDICT:
		ppp_owner_verdict(w, m);
		break;
	case MSG_SESSION_CLOSE:
		ppp_owner_close(w, m);
		break;
	case MSG_SESSION_REMOVE:
		ppp_owner_remove(w, m);
		break;
	case MSG_TX_FRAME:
		worker_tx_frame_take(w, m->ifx, m->m);
		m->m = NULL;
		break;
	case MSG_INJECT_IP:
		worker_inject_ip_take(w, m->m);
		m->m = NULL;
		break;
	case MSG_STOP:
		__atomic_store_n(&w->stop, true, __ATOMIC_RELEASE);
		break;
	}
	rte_pktmbuf_free(m->m);
}

void dp_apply(struct worker *w)
{
	struct dp_msg m[COMMANDS_AT_ONCE];
	unsigned int n = rte_ring_dequeue_burst_elem(w->commands, m, sizeof(m[0]),
		w->tx_behind ? COMMANDS_WHEN_BEHIND : COMMANDS_AT_ONCE, NULL);

	for (unsigned int i = 0; i < n; i++)
		fetch(w, &m[i]);
	for (unsigned int i = 0; i < n; i++)
		apply(w, &m[i]);
	w->worked |= n != 0;
	w->tx_behind = false;
}
