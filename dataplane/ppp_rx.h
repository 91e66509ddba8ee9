/* SPDX-License-Identifier: BSD-3-Clause */
/* ppp_rx.h - the PPP header of what subscribers send: IP goes on, all else is the automaton's.
 * FF 03 may be missing and the protocol may be one byte, whatever LCP agreed (RFC 1661 s6.5, s6.6: be liberal; senders are
 * known to compress too early). A protocol field is odd in its last byte only.
 * A header because l2tp_rx.c calls it for each packet while the session's line is at hand: a lane between the two would
 * cost more than it does. Thread: the worker that owns the session. */
#ifndef DATAPLANE_PPP_RX_H
#define DATAPLANE_PPP_RX_H

#include "dataplane/ip_up.h"

/** A frame for the automaton, from the protocol field on. Takes m (ppp_rx.c). */
void ppp_rx_control(
	struct worker *w, uint32_t slot, struct rte_mbuf *m, const uint8_t *frame, uint16_t len);

/** One frame of len bytes at p. Takes m. */
static inline void ppp_rx(
	struct worker *w, struct burst *b, struct rte_mbuf *m, uint8_t *p, uint16_t len, uint32_t slot)
{
	const struct dp_session *s = &dp_t.session[slot];
	uint16_t address, skip, proto;

	skip = address = len >= 2 && p[0] == 0xff && p[1] == 0x03 ? 2 : 0;
	if (len < skip + 1 || (!(p[skip] & 1) && (len < skip + 2 || !(p[skip + 1] & 1)))) {
		drop_up(w, slot, m, DROP_PPP_HEADER);
		return;
	}
	if (p[skip] & 1) {
		proto = p[skip++];
	} else {
		proto = load16(p + skip);
		skip += 2;
	}
	if (proto == PPP_IP && (s->flags & S_V4)) {
		ip4_up(w, b, slot, m, p + skip, (uint16_t)(len - skip));
	} else if (proto == PPP_IPV6 && (s->flags & S_V6)) {
		/* its prefix and counters, unless it will be dropped: that is another line */
		if (likely(len - skip >= IP6_HDR &&
			    prefix6_fold(load64(p + skip + 8)) == s->prefix6_fold))
			rte_prefetch0(&dp_t.more[slot]);
		rte_prefetch0(p + skip + IP6_HDR - 1); /* may be a line of its own */
		lane_put(&b->ip6, m, p + skip, (uint16_t)(len - skip), slot);
	} else if (proto == PPP_IP || proto == PPP_IPV6) {
		drop_up(w, slot, m, DROP_PPP_PHASE);
	} else {
		ppp_rx_control(w, slot, m, p + address, (uint16_t)(len - address));
	}
}

#endif
