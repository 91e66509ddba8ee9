/* SPDX-License-Identifier: BSD-3-Clause */
/* police.h - rate limits in one word: instead of tokens that must be refilled, the time at which
 * the bucket will be full of room again. A packet costs `cost_ns` (1 s / rate); it passes while
 * that time is less than `burst_ns` ahead. In any window of length t at most (t + burst_ns) /
 * cost_ns packets pass. */
#ifndef DATAPLANE_POLICE_H
#define DATAPLANE_POLICE_H

#include <stdbool.h>

#include "dataplane/worker.h"

static inline bool police_ok(struct police *p, uint64_t now_ns, uint64_t cost_ns, uint64_t burst_ns)
{
	uint64_t full_ns = p->full_ns > now_ns ? p->full_ns : now_ns;

	if (full_ns + cost_ns - now_ns > burst_ns)
		return false;
	p->full_ns = full_ns + cost_ns;
	return true;
}

/* Frames of one session for its PPP automaton or for ND: about 60 a second, 60 at once, in the two
 * bytes that the session's second line has to spare. Unit 16.8 ms, so the clock comes round in 18
 * minutes; a value further ahead than a full bucket can be is an old one and means an empty bucket
 * (one old value in 1,000 is taken for a used one: a frame may be lost). */
#define SESSION_POLICE_BURST 60
static inline bool police_session_ok(struct dp_session_more *more, uint64_t now_ns)
{
	uint16_t now = (uint16_t)(now_ns >> 24);
	uint16_t ahead = (uint16_t)(more->ppp_police - now);

	if (ahead > SESSION_POLICE_BURST)
		ahead = 0;
	if (ahead == SESSION_POLICE_BURST)
		return false;
	more->ppp_police = (uint16_t)(now + ahead + 1);
	return true;
}

/* A subscriber's rate in the 19 bits that the session's line has to spare. A packet passes while the bucket has any room, so
 * that one larger than what is left is not lost for that; the next ones wait for it: in any time t at most rate * (t + burst)
 * and one packet. What a packet costs is rounded up or down by chance (octets so far, scattered), and so the rate is kept
 * however small packets are. A value further ahead than a bucket can be is an old one and means an empty bucket (after
 * silence for 500 bursts or more one in 250 is taken for a used one). @return false: too much, and the bucket is as it was. */
static inline bool rate_ok(const struct dp_rates *r, uint32_t octet, uint64_t now_ns,
	uint64_t *full, uint16_t octets, uint64_t octets_before)
{
	const uint32_t mask = (1u << BUCKET_BITS) - 1;
	uint32_t now = (uint32_t)(now_ns >> r->shift);
	uint32_t ahead = ((uint32_t)*full - now) & mask;
	uint32_t chance = (uint32_t)octets_before * 0x9e3779b1u; /* of 2^OCTET_BITS */

	if (ahead > r->most)
		ahead = 0;
	if (ahead > r->room)
		return false;
	*full = (now + ahead + (((uint64_t)octets * octet + chance) >> OCTET_BITS)) & mask;
	return true;
}

/** May an IP packet of the subscriber pass? S_POLICED is set. It counts as passed then. Owner. */
static inline bool police_up_ok(const struct worker *w, struct dp_session *s, uint16_t octets)
{
	const struct dp_rates *r = &dp_t.rates[s->rates];
	uint64_t full = s->up_full;

	if (r->up && !rate_ok(r, r->up, w->now_ns, &full, octets, s->up_octets))
		return false;
	s->up_full = full;
	return true;
}

/** The same of one towards the subscriber. */
static inline bool police_down_ok(const struct worker *w, struct dp_session *s, uint16_t octets)
{
	const struct dp_rates *r = &dp_t.rates[s->rates];
	uint64_t full = s->down_full;

	if (r->down && !rate_ok(r, r->down, w->now_ns, &full, octets, s->down_octets))
		return false;
	s->down_full = full;
	return true;
}

/* All PPP and ND frames of one worker: a million a second, 200,000 at once (a session being set up
 * sends about ten, and 64 LACs with full windows of 256 set up 16,384). */
static inline bool police_ppp_ok(struct worker *w, uint32_t slot)
{
	return police_session_ok(&dp_t.more[slot], w->now_ns) &&
		police_ok(&w->ppp, w->now_ns, 1000, 200000ull * 1000);
}

#endif
