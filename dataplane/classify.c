/* SPDX-License-Identifier: BSD-3-Clause */
/* classify.c - outer headers: what came in by a port is a tunnel's data, its control message, an IP
 * packet that may be for a subscriber, or Linux's business.
 * - Tunnel: UDP to port 1701 of an endpoint (RFC 2661 s8.1), the peer's port being any. T bit set:
 * control. Ver other than   2 (L2F, L2TPv3) is dropped here. What follows the UDP length (Ethernet
 * padding) is cut off.
 * - UDP checksum (s8.1): zero means none. Control messages are verified in software unless the port
 * says "good"; data only   where the port verified it, for it would cost a pass over each packet
 * that the inner checksums protect anyway.
 * - Outer fragments: the first one of a tunnel packet is dropped and counted. Later ones carry no
 * port, they may as well be   IKE's, and go to Linux, which can do nothing with half a packet of
 * ours. IPv6 extension headers: Linux.
 * - Everything that is not IPv4 or IPv6, and IPv6 link-local or multicast (ND, OSPF), goes to the
 * shadow tap untagged. Thread: the worker. Not here: routes (core_rx.c), the L2TP header
 * (l2tp_rx.c). */
#include "dataplane/stages.h"

#define ETH_HDR     14
#define AHEAD_MBUF  12 /* packets between a prefetch and its use */
#define AHEAD_DATA  6
#define AHEAD_INDEX 12 /* tunnel packets between the prefetch of the index and its use */

static void to_linux(
	struct worker *w, struct rte_mbuf *m, uint8_t *frame, uint16_t len, uint8_t ifx)
{
	punt(w, PUNT_LINUX, m, frame, len, ifx, 0);
}

/* @return endpoint number or -1. Few endpoints: a line or two, always cached. */
static int endpoint4(const uint8_t *dst)
{
	for (unsigned int i = 0; i < dp_t.n_endpoints; i++)
		if (dp_t.endpoint[i].family == 4 &&
			load32_raw(dp_t.endpoint[i].addr) == load32_raw(dst))
			return (int)i;
	return -1;
}

static int endpoint6(const uint8_t *dst)
{
	for (unsigned int i = 0; i < dp_t.n_endpoints; i++)
		if (dp_t.endpoint[i].family == 6 && !memcmp(dp_t.endpoint[i].addr, dst, 16))
			return (int)i;
	return -1;
}

/* None, right, or not computed: on a virtual link (veth, tap) the Linux sender leaves the
 * pseudo-header's sum to hardware that does not exist, and af_packet hands it on like that. */
static bool checksum_ok(const uint8_t *l3, const uint8_t *udp, uint16_t len)
{
	uint16_t field = load16_raw(udp + 6);

	return !field || l4_sum(l3, IPPROTO_UDP, udp, len) == 0xffff ||
		field == pseudo_header_sum(l3, IPPROTO_UDP, len);
}

/* A UDP datagram to one of our endpoints; ip_len: from the IP header at l3 on. */
static void tunnel_udp(struct worker *w, struct burst *b, struct rte_mbuf *m, uint8_t *l3,
	const uint8_t *udp, uint16_t ip_len, uint8_t endpoint)
{
	uint16_t room = (uint16_t)(ip_len - (udp - l3)), udp_len = load16(udp + 4), len;
	uint8_t *p = (uint8_t *)(uintptr_t)udp + UDP_HDR;
	uint8_t l3_off = (uint8_t)(p - l3);

	if (udp_len < UDP_HDR || udp_len > room) {
		drop(w, m, DROP_BAD_OUTER);
		return;
	}
	len = udp_len - UDP_HDR;
	if (len < 6 || len < 6 + (p[0] >> 5 & 2)) {
		drop(w, m, DROP_L2TP_HEADER);
		return;
	}
	if ((p[1] & 0x0f) != 2) {
		drop(w, m, DROP_L2TP_VERSION);
		return;
	}
	if (unlikely((m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_BAD)) {
		drop(w, m, DROP_BAD_CHECKSUM);
		return;
	}
	if (likely(!(p[0] & 0x80))) {
		lane_put_up(&b->up, m, p, len, l3_off, endpoint, l2tp_ids(p), 0);
		return;
	}
	if ((m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) != RTE_MBUF_F_RX_L4_CKSUM_GOOD &&
		!checksum_ok(l3, udp, udp_len)) {
		drop(w, m, DROP_BAD_CHECKSUM);
		return;
	}
	punt(w, PUNT_L2TP, m, p, len, 0, l3_off);
}

static void ip4(struct worker *w, struct burst *b, struct rte_mbuf *m, uint8_t *frame, uint16_t len,
	uint8_t ifx)
{
	uint8_t *ip = frame + ETH_HDR;
	uint16_t room = len - ETH_HDR, total, hl, frag;
	int endpoint;

	if (room < IP4_HDR) {
		drop(w, m, DROP_RUNT);
		return;
	}
	total = load16(ip + 2);
	hl = (uint16_t)((ip[0] & 15) * 4);
	if (ip[0] >> 4 != 4 || hl < IP4_HDR || total < hl || total > room) {
		drop(w, m, DROP_BAD_OUTER);
		return;
	}
	if ((m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) != RTE_MBUF_F_RX_IP_CKSUM_GOOD &&
		unlikely(ip4_header_sum(ip, hl) != 0xffff)) {
		drop(w, m, DROP_BAD_CHECKSUM);
		return;
	}
	if (unlikely((frame[0] & 1) || ip[16] >= 224)) {
		to_linux(w, m, frame, (uint16_t)(total + ETH_HDR), ifx);
		return;
	}
	if (ip[9] == IPPROTO_UDP && (endpoint = endpoint4(ip + 16)) >= 0) {
		frag = load16(ip + 6) & IP4_FRAG;
		if (likely((frag & ~IP4_MF) == 0 && total >= hl + UDP_HDR &&
			    load16(ip + hl + 2) == L2TP_PORT)) {
			if (likely(!frag))
				tunnel_udp(w, b, m, ip, ip + hl, total, (uint8_t)endpoint);
			else
				drop(w, m, DROP_OUTER_FRAGMENT);
			return;
		}
	}
	lane_put_core4(b, m, ip, total, ifx);
}

/* The first fragment of a tunnel packet: a fragment header with offset 0, then UDP to 1701. */
static bool is_tunnel_fragment6(const uint8_t *ip, uint16_t total)
{
	const uint8_t *fh = ip + IP6_HDR;

	return ip[6] == IPPROTO_FRAGMENT && total >= IP6_HDR + 8 + UDP_HDR &&
		fh[0] == IPPROTO_UDP && !(load16(fh + 2) & 0xfff8) &&
		load16(fh + 8 + 2) == L2TP_PORT && endpoint6(ip + 24) >= 0;
}

static void ip6(struct worker *w, struct burst *b, struct rte_mbuf *m, uint8_t *frame, uint16_t len,
	uint8_t ifx)
{
	uint8_t *ip = frame + ETH_HDR;
	uint16_t room = len - ETH_HDR, total;
	int endpoint;

	if (room < IP6_HDR) {
		drop(w, m, DROP_RUNT);
		return;
	}
	if (ip[0] >> 4 != 6 || load16(ip + 4) > room - IP6_HDR) {
		drop(w, m, DROP_BAD_OUTER);
		return;
	}
	total = (uint16_t)(IP6_HDR + load16(ip + 4));
	if ((frame[0] & 1) || ip[24] == 0xff || ip6_is_link_local(ip + 24) ||
		ip6_is_link_local(ip + 8)) {
		to_linux(w, m, frame, (uint16_t)(total + ETH_HDR), ifx);
		return;
	}
	if (ip[6] == IPPROTO_UDP && total >= IP6_HDR + UDP_HDR &&
		load16(ip + IP6_HDR + 2) == L2TP_PORT && (endpoint = endpoint6(ip + 24)) >= 0) {
		tunnel_udp(w, b, m, ip, ip + IP6_HDR, total, (uint8_t)endpoint);
		return;
	}
	if (unlikely(ip[6] == IPPROTO_FRAGMENT) && is_tunnel_fragment6(ip, total)) {
		drop(w, m, DROP_OUTER_FRAGMENT);
		return;
	}
	lane_put_core(&b->core6, m, ip, total, ifx);
}

/* ARP, LLDP, 802.1X, and the LLC frames of IS-IS and STP: what daemons on Linux speak. */
static bool is_for_linux(uint16_t type)
{
	return type == 0x0806 || type == 0x88cc || type == 0x888e || type < 0x0600;
}

static void frame_in(struct worker *w, struct burst *b, struct rte_mbuf *m, uint16_t port)
{
	uint8_t *p = rte_pktmbuf_mtod(m, uint8_t *);
	uint16_t len = m->data_len, vlan = 0, type;
	const struct dp_if *ifc;
	uint8_t ifx;

	if (unlikely(m->nb_segs != 1)) {
		drop(w, m, DROP_SEGMENTED);
		return;
	}
	pkt_close(m);
	if (unlikely(len < ETH_HDR)) {
		drop(w, m, DROP_RUNT);
		return;
	}
	if (m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) {
		vlan = m->vlan_tci & 0x0fff;
	} else if (load16(p + 12) == 0x8100 && len >= ETH_HDR + 4) {
		vlan = load16(p + 14) & 0x0fff;
		memmove(p + 4, p, 12);
		p += 4;
		len -= 4;
	}
	if (unlikely(!dp_t.if_of[port][vlan])) {
		drop(w, m, DROP_UNKNOWN_VLAN);
		return;
	}
	ifx = (uint8_t)(dp_t.if_of[port][vlan] - 1);
	ifc = &dp_t.iface[ifx];
	if (unlikely(memcmp(p, &ifc->mac, 6) && !(p[0] & 1))) {
		drop(w, m, DROP_NOT_FOR_US);
		return;
	}
	type = load16(p + 12);
	if (likely(type == 0x0800))
		ip4(w, b, m, p, len, ifx);
	else if (type == 0x86dd)
		ip6(w, b, m, p, len, ifx);
	else if (is_for_linux(type))
		to_linux(w, m, p, len, ifx);
	else
		drop(w, m, DROP_NOT_IP);
}

/* What is the same for most packets of a burst: where they came in. */
struct arrival {
	uint16_t port;
	uint8_t ifx, endpoint;
	uint64_t station; /* the interface's MAC address << 16; 1: no untagged interface */
	rte_be32_t here; /* the endpoint's address, 0: not known yet */
};

static __rte_noinline void arrive(struct arrival *a, uint16_t port)
{
	unsigned int ifx = dp_t.if_of[port][0] - 1u;

	*a = (struct arrival){.port = port, .station = 1};
	if (ifx >= dp_t.n_ifs)
		return;
	a->ifx = (uint8_t)ifx;
	a->station = 0;
	memcpy((uint8_t *)&a->station + 2, &dp_t.iface[ifx].mac, 6);
}

/* Is the address one that we answer L2TP on? */
static inline bool is_here(struct arrival *a, const uint8_t *dst)
{
	int endpoint;

	if (likely(load32_raw(dst) == a->here))
		return true;
	endpoint = endpoint4(dst);
	if (endpoint < 0)
		return false;
	a->here = load32_raw(dst);
	a->endpoint = (uint8_t)endpoint;
	return true;
}

/* What nearly all packets are: untagged, for our station, IPv4 without options, whole and right; a tunnel's data, or the
 * core side's. @return false: something is different, nothing was done; frame_in() finds out what. */
static inline bool plain4(
	struct burst *b, struct arrival *a, struct rte_mbuf *m, uint8_t *p, bool alone)
{
	const uint64_t odd = RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_IP_CKSUM_MASK |
		RTE_MBUF_F_RX_L4_CKSUM_MASK;
	const uint64_t good = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	uint8_t *ip = p + ETH_HDR, *udp = ip + IP4_HDR, *l2tp = udp + UDP_HDR;
	uint16_t room = (uint16_t)(m->data_len - ETH_HDR), total, len;
	uint32_t ids;

	if (m->nb_segs != 1 || m->data_len < ETH_HDR + IP4_HDR || (m->ol_flags & odd & ~good) ||
		load64_raw(p) << 16 != a->station ||
		(load32_raw(p + 12) & RTE_BE32(0xffffff00)) != RTE_BE32(0x08004500))
		return false;
	total = load16(ip + 2);
	if (total < IP4_HDR || total > room || ip[16] >= 224 || !ip4_plain_sum_ok(ip))
		return false;
	if (ip[9] != IPPROTO_UDP || total < IP4_HDR + UDP_HDR ||
		load16_raw(udp + 2) != RTE_BE16(L2TP_PORT) || !is_here(a, ip + 16)) {
		pkt_close(m);
		lane_put_core4(b, m, ip, total, a->ifx);
		if (alone) /* else the frame lies so that this line is here already (init.c) */
			__builtin_prefetch(ip - HEADROOM, 1);
		return true;
	}
	len = (uint16_t)(load16(udp + 4) - UDP_HDR);
	if ((load16_raw(ip + 6) & (uint16_t)~RTE_BE16(IP4_DF)) ||
		(load16_raw(l2tp) & RTE_BE16(0x800f)) != RTE_BE16(0x0002) ||
		total < IP4_HDR + UDP_HDR + 8 || len > total - IP4_HDR - UDP_HDR || len < 8)
		return false;
	ids = l2tp_ids(l2tp);
	if (likely(!dp_t.lookup_hash))
		rte_prefetch0(index_session(ids));
	pkt_close(m);
	lane_put_up(&b->up, m, l2tp, len, IP4_HDR + UDP_HDR, a->endpoint, ids, 0);
	return true;
}

/* A tunnel packet whose ids were seen a while ago, so that the index answers at once. The session's line comes while others
 * are looked at; another worker's session stays with it. */
static inline void find(const struct worker *w, struct lane_up *l, unsigned int i)
{
	struct tunnel_packet *u = &l->at[i];

	u->slot = index_slot(index_read(index_session(u->ids)), u->ids);
	rte_prefetch0(&dp_t.session[u->slot & -(uint32_t)(shard_owner(u->ids) == w->id)]);
}

/* The two lines that hold the headers down to the subscriber's, far enough ahead; before that the mbuf, for a device may
 * not have written it through our cache. */
static inline void prefetch_mbuf(const struct burst *b, unsigned int i)
{
	if (i < b->n)
		rte_prefetch0(b->m[i]);
}

static inline void prefetch_data(const struct burst *b, unsigned int i)
{
	const uint8_t *p;

	if (i >= b->n)
		return;
	p = rte_pktmbuf_mtod(b->m[i], const uint8_t *);
	rte_prefetch0(p);
	rte_prefetch0(p + RTE_CACHE_LINE_SIZE);
}

void classify(struct worker *w, struct burst *b)
{
	const unsigned int behind = dp_t.lookup_hash ? LANE : AHEAD_INDEX;
	const bool alone = w->n_workers == 1;
	struct lane_up *up = &b->up;
	struct arrival a = {.port = UINT16_MAX};
	unsigned int found = 0;

	for (unsigned int i = 0; i < AHEAD_MBUF; i++)
		prefetch_mbuf(b, i);
	for (unsigned int i = 0; i < AHEAD_DATA; i++)
		prefetch_data(b, i);
	for (unsigned int i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->m[i];

		prefetch_mbuf(b, i + AHEAD_MBUF);
		prefetch_data(b, i + AHEAD_DATA);
		if (unlikely(b->port[i] != a.port))
			arrive(&a, b->port[i]);
		if (unlikely(!plain4(b, &a, m, rte_pktmbuf_mtod(m, uint8_t *), alone)))
			frame_in(w, b, m, b->port[i]);
		if (up->n > found + behind)
			find(w, up, found++);
	}
	while (behind < LANE && found < up->n)
		find(w, up, found++);
	b->n = 0;
}
