/* SPDX-License-Identifier: BSD-3-Clause */
/* nd.c - the little that a router says on a subscriber's link (RFC 4861, 4862): router
 * advertisements, an answer to solicitations for our link-local address, and to an echo request to
 * it. All else on the link is dropped and counted. Advertisements: one when IPv6CP opens
 * (ppp_owner.c), one per solicitation, and one every 600 s to every open session by a slow walk
 * over the slots, for the router lifetime is three times that. No timer and no state per session: a
 * lost first one is repaired by the host's solicitations. The prefix has A set and L not: all of it
 * lies behind this subscriber, and nobody else is on the link. Answers count against the session's
 * limit of control frames. Thread: the worker that owns the session. */
#include "dataplane/police.h"
#include "dataplane/stages.h"

#define RA_REFRESH_S      600
#define RA_LIFETIME_S     (3 * RA_REFRESH_S)
#define RA_VALID_S        86400
#define RA_PREFERRED_S    14400
#define RA_SLOTS_PER_POLL 16
#define PPP_BYTES         4
#define ECHO_MAX          1500

enum { ECHO_REQUEST = 128, ECHO_REPLY = 129, RS = 133, RA = 134, NS = 135, NA = 136 };

static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};

static void link_local(uint8_t addr[16], uint64_t ifid)
{
	uint64_t low = rte_cpu_to_be_64(ifid);

	memset(addr, 0, 16);
	addr[0] = 0xfe;
	addr[1] = 0x80;
	memcpy(addr + 8, &low, sizeof(low));
}

static void store32(uint8_t *p, uint32_t v)
{
	store16(p, (uint16_t)(v >> 16));
	store16(p + 2, (uint16_t)v);
}

/* frame: room for PPP and IPv6 headers, then the ICMPv6 message of len bytes, its checksum still to
 * come. */
static void send_icmp6(struct worker *w, uint32_t slot, uint8_t *frame, const uint8_t *dst,
	uint8_t hops, uint16_t len)
{
	uint8_t *ip = frame + PPP_BYTES, *icmp = ip + IP6_HDR;
	uint16_t sum;

	frame[0] = 0xff;
	frame[1] = 0x03;
	store16(frame + 2, PPP_IPV6);
	memset(ip, 0, 8);
	ip[0] = 0x60;
	store16(ip + 4, len);
	ip[6] = IPPROTO_ICMPV6;
	ip[7] = hops;
	link_local(ip + 8, dp_t.more[slot].our_ifid);
	memcpy(ip + 24, dst, 16);
	icmp[2] = icmp[3] = 0;
	sum = (uint16_t)~l4_sum(ip, IPPROTO_ICMPV6, icmp, len);
	memcpy(icmp + 2, &sum, sizeof(sum));
	l2tp_tx_frame(w, slot, frame, (uint16_t)(PPP_BYTES + IP6_HDR + len));
}

void nd_advertise(struct worker *w, uint32_t slot)
{
	const struct dp_session *s = &dp_t.session[slot];
	uint8_t frame[PPP_BYTES + IP6_HDR + 16 + 8 + 32] = {0};
	uint8_t *ra = frame + PPP_BYTES + IP6_HDR, *opt = ra + 16;
	uint64_t prefix = rte_cpu_to_be_64(dp_t.more[slot].prefix6);

	if (s->action != S_TERMINATE || !(s->flags & S_V6))
		return;
	ra[0] = RA;
	ra[4] = 64; /* hop limit for the host */
	store16(ra + 6, RA_LIFETIME_S);
	opt[0] = 5; /* MTU */
	opt[1] = 1;
	store32(opt + 4, s->mtu);
	opt += 8;
	if (prefix) {
		opt[0] = 3;
		opt[1] = 4;
		opt[2] = 64;
		opt[3] = 0x40; /* A */
		store32(opt + 4, RA_VALID_S);
		store32(opt + 8, RA_PREFERRED_S);
		memcpy(opt + 16, &prefix, sizeof(prefix));
		opt += 32;
	}
	send_icmp6(w, slot, frame, all_nodes, 255, (uint16_t)(opt - ra));
}

static void answer_ns(struct worker *w, uint32_t slot, const uint8_t *p)
{
	uint8_t frame[PPP_BYTES + IP6_HDR + 24] = {0};
	uint8_t *na = frame + PPP_BYTES + IP6_HDR;
	/* Somebody wants our address: duplicate detection. */
	bool tentative = ip6_is_unspecified(p + 8);

	na[0] = NA;
	na[4] = tentative ? 0xa0 : 0xe0; /* router, solicited, override */
	memcpy(na + 8, p + IP6_HDR + 8, 16);
	send_icmp6(w, slot, frame, tentative ? all_nodes : p + 8, 255, 24);
}

static void answer_echo(struct worker *w, uint32_t slot, const uint8_t *p, uint16_t len)
{
	uint8_t frame[PPP_BYTES + IP6_HDR + ECHO_MAX];
	uint8_t *echo = frame + PPP_BYTES + IP6_HDR;

	memcpy(echo, p + IP6_HDR, len);
	echo[0] = ECHO_REPLY;
	send_icmp6(w, slot, frame, p + 8, 64, len);
}

/* @return true: answered. p: a whole IPv6 packet with its true length. */
static bool answer(struct worker *w, uint32_t slot, const uint8_t *p, uint16_t len)
{
	const struct dp_session *s = &dp_t.session[slot];
	const uint8_t *src = p + 8, *icmp = p + IP6_HDR;
	uint16_t n = (uint16_t)(len - IP6_HDR);
	bool unspecified = ip6_is_unspecified(src), near = ip6_is_link_local(src);
	uint8_t us[16];

	if (p[6] != IPPROTO_ICMPV6 || n < 8 || icmp[1] != 0 ||
		l4_sum(p, IPPROTO_ICMPV6, icmp, n) != 0xffff)
		return false;
	link_local(us, dp_t.more[slot].our_ifid);
	if (icmp[0] == RS && p[7] == 255 && (near || unspecified)) {
		nd_advertise(w, slot);
		return true;
	}
	if (icmp[0] == NS && p[7] == 255 && n >= 24 && (near || unspecified) &&
		!memcmp(icmp + 8, us, 16)) {
		answer_ns(w, slot, p);
		return true;
	}
	if (icmp[0] == ECHO_REQUEST && n <= ECHO_MAX && len <= s->mtu && !memcmp(p + 24, us, 16) &&
		(near || (dp_t.more[slot].prefix6 && load64(src) == dp_t.more[slot].prefix6))) {
		answer_echo(w, slot, p, n);
		return true;
	}
	return false;
}

void nd_input(struct worker *w, uint32_t slot, struct rte_mbuf *m, const uint8_t *p, uint16_t len)
{
	if (!police_ppp_ok(w, slot))
		drop_up(w, slot, m, DROP_PPP_POLICED);
	else
		drop(w, m, answer(w, slot, p, len) ? DROP_OK : DROP_ND_IGNORED);
}

void nd_tick(struct worker *w)
{
	if (w->now_ns - w->ra_ns > 1000000000ull)
		w->ra_ns = w->now_ns; /* the process was stopped: go on from here */
	for (unsigned int k = 0; k < RA_SLOTS_PER_POLL && w->now_ns - w->ra_ns >= w->ra_step_ns;
		k++) {
		w->ra_ns += w->ra_step_ns;
		if (++w->ra_slot > dp_t.max_sessions)
			w->ra_slot = 1;
		if (slot_is_mine(w, w->ra_slot))
			nd_advertise(w, w->ra_slot);
	}
}

void nd_init(struct worker *w)
{
	w->ra_step_ns = RA_REFRESH_S * 1000000000ull / RTE_MAX(dp_t.max_sessions, 1u);
	w->ra_ns = w->now_ns;
}
