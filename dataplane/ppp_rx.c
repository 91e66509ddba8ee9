/* SPDX-License-Identifier: BSD-3-Clause */
/* ppp_rx.c - the PPP header of what subscribers send: IP goes on, all else is the automaton's.
 * FF 03 may be missing and the protocol may be one byte, whatever LCP agreed (RFC 1661 s6.5, s6.6:
 * be liberal; senders are known to compress too early). A protocol field is odd in its last byte
 * only. Frames for the automaton are policed per session and per worker, so that a flood in one
 * session leaves the others alone. Thread: the worker that owns the session. */
#include "dataplane/police.h"
#include "dataplane/stages.h"

static void to_owner(
	struct worker *w, uint32_t slot, struct rte_mbuf *m, const uint8_t *frame, uint16_t len)
{
	if (!police_ppp_ok(w, slot)) {
		drop_up(w, slot, m, DROP_PPP_POLICED);
		return;
	}
	ppp_owner_frame(w, slot, frame, len);
	drop(w, m, DROP_OK);
}

static void one(struct worker *w, struct burst *b, struct rte_mbuf *m, uint8_t *p, uint16_t len,
	uint32_t slot)
{
	const struct dp_session *s = &dp_t.session[slot];
	uint16_t address = likely(len >= 2 && p[0] == 0xff && p[1] == 0x03) ? 2 : 0;
	uint16_t skip = address, proto;

	if (len < skip + 1 || (!(p[skip] & 1) && (len < skip + 2 || !(p[skip + 1] & 1)))) {
		drop_up(w, slot, m, DROP_PPP_HEADER);
		return;
	}
	if (unlikely(p[skip] & 1)) {
		proto = p[skip++];
	} else {
		proto = load16(p + skip);
		skip += 2;
	}
	if (likely(proto == PPP_IP && (s->flags & S_V4)))
		lane_put(&b->ip4, m, p + skip, (uint16_t)(len - skip), slot);
	else if (proto == PPP_IPV6 && (s->flags & S_V6))
		lane_put(&b->ip6, m, p + skip, (uint16_t)(len - skip), slot);
	else if (proto == PPP_IP || proto == PPP_IPV6)
		drop_up(w, slot, m, DROP_PPP_PHASE);
	else
		to_owner(w, slot, m, p + address, (uint16_t)(len - address));
}

void ppp_rx(struct worker *w, struct burst *b)
{
	struct lane *l = &b->ppp;

	for (unsigned int i = 0; i < l->n; i++)
		one(w, b, l->m[i], l->p[i], l->len[i], l->slot[i]);
	l->n = 0;
}
