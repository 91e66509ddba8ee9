/* SPDX-License-Identifier: BSD-3-Clause */
/* ppp_rx.c - PPP frames that are not data, on their way to the automaton (ppp_rx.h has the others). They are policed per
 * session and per worker, so that a flood in one session leaves the others alone.
 * Thread: the worker that owns the session. */
#include "dataplane/ppp_rx.h"

#include "dataplane/police.h"
#include "dataplane/stages.h"

void ppp_rx_control(
	struct worker *w, uint32_t slot, struct rte_mbuf *m, const uint8_t *frame, uint16_t len)
{
	if (!police_ppp_ok(w, slot)) {
		drop_up(w, slot, m, DROP_PPP_POLICED);
		return;
	}
	ppp_owner_frame(w, slot, frame, len);
	drop(w, m, DROP_OK);
}
