/* SPDX-License-Identifier: BSD-3-Clause */
/* ip_up.h - an IPv4 packet of a subscriber: valid (RFC 1812 s5.2.2), from its session's own address, counted, and in the
 * lane to be routed (ip_rx.c). Bytes after the IP length are cut off.
 * A header because l2tp_rx.c calls it for each packet while the session's line is at hand. Thread: the worker that owns the
 * session. */
#ifndef DATAPLANE_IP_UP_H
#define DATAPLANE_IP_UP_H

#include "dataplane/police.h"
#include "dataplane/stages.h"

/** A packet that is not plain: options, another source, a SYN whose MSS may be too large, or wrong. Takes m (ip_rx.c). */
void ip4_up_odd(struct worker *w, struct burst *b, uint32_t slot, struct rte_mbuf *m, uint8_t *p,
	uint16_t len);

/** It passed: on to the route table, within the subscriber's rate. len: of the IP packet. Takes m. */
static inline void ip4_up_passed(struct worker *w, struct burst *b, uint32_t slot,
	struct dp_session *s, struct rte_mbuf *m, uint8_t *p, uint16_t len)
{
	if (unlikely(s->flags & S_POLICED) && !police_up_ok(w, s, len)) {
		drop_up(w, slot, m, DROP_POLICED);
		return;
	}
	b->ip4_dst[b->ip4.n] = rte_be_to_cpu_32(load32_raw(p + 16));
	lane_put(&b->ip4, m, p, len, slot);
	s->up_packets++;
	s->up_octets += len;
}

/* Is the header whole and right, without options? @return the IP length, else 0. */
static inline uint16_t ip4_plain(const uint8_t *p, uint16_t len)
{
	uint16_t total;

	if (unlikely(len < IP4_HDR || p[0] != 0x45))
		return 0;
	total = load16(p + 2);
	return likely(total >= IP4_HDR && total <= len && ip4_plain_sum_ok(p)) ? total : 0;
}

/** The packet at p, with what follows it in the frame. Takes m. */
static inline void ip4_up(struct worker *w, struct burst *b, uint32_t slot, struct rte_mbuf *m,
	uint8_t *p, uint16_t len)
{
	struct dp_session *s = &dp_t.session[slot];
	uint16_t total = ip4_plain(p, len);

	if (likely(total && load32_raw(p + 12) == s->ip4 &&
		    !ip4_is_martian(rte_be_to_cpu_32(load32_raw(p + 16))) &&
		    !((s->flags & S_MSS_CLAMP) && ip4_may_be_syn(p, total))))
		ip4_up_passed(w, b, slot, s, m, p, total);
	else if (total && load32_raw(p + 12) != s->ip4 && !(s->flags & (S_NO_SRC_CHECK | S_ROUTES)))
		drop_up(w, slot, m, DROP_SPOOFED_SOURCE); /* soon, or a flood of them would cost more */
	else
		ip4_up_odd(w, b, slot, m, p, len);
}

#endif
