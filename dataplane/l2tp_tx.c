/* SPDX-License-Identifier: BSD-3-Clause */
/* l2tp_tx.c - towards the subscriber: an IP packet becomes a PPP frame in an L2TP data message in
 * the tunnel's UDP. The route table's answer was a hint: the destination is compared with the
 * session's own addresses here. Packets above the session MTU: ICMP to the sender when IPv4 says DF
 * or it is IPv6, else IPv4 fragments (RFC 791; inside, so that the LAC never has to reassemble).
 * Outer headers: the tunnel's template plus lengths and checksums; the UDP checksum is on unless
 * the endpoint turned it off for data (RFC 2661 s8.1), by the port where it can. Control frames of
 * PPP are never compressed (RFC 1661 s6.5, s6.6) and always checksummed as data is. Headroom: 14 +
 * 4 + 48 + 10 + 4 = 80 bytes at most, less than an mbuf reserves. Thread: the worker that owns the
 * session; packets of others are handed over once more. */
#include "dataplane/checksum.h"
#include "dataplane/police.h"
#include "dataplane/stages.h"

#define F_S 0x08 /* in the first byte: Ns and Nr follow */

/* The sum that the header's checksum complements: the template's, made once, and the length (RFC 1071). */
static inline void ip4_length(uint8_t *ip, uint16_t template_sum, uint16_t len, bool checksum)
{
	rte_be16_t total = rte_cpu_to_be_16(len);
	uint32_t sum = (uint32_t)template_sum + total;
	uint16_t folded = checksum ? (uint16_t) ~(sum + (sum >> 16)) : 0;

	memcpy(ip + 2, &total, sizeof(total));
	memcpy(ip + 10, &folded, sizeof(folded));
}

/* The UDP checksum and what the port must know, over an L2TP message of len bytes at p. */
static __rte_noinline void checksums(const struct dp_tunnel *t, const struct dp_if *ifc,
	struct rte_mbuf *m, uint8_t *ip, uint8_t *p, uint16_t len)
{
	uint16_t udp_len = rte_cpu_to_be_16((uint16_t)(len + UDP_HDR)), sum = 0;
	bool v6 = t->flags & T_V6;

	if (!(t->flags & T_UDP_CSUM)) {
		/* none */
	} else if (ifc->tx_checksum) { /* the port wants the pseudo-header's sum in the field */
		sum = pseudo_header_sum(ip, IPPROTO_UDP, len + UDP_HDR);
		m->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
	} else {
		sum = (uint16_t)~sum_fold(
			(uint64_t)t->pseudo_sum + udp_len + udp_len + checksum_sum(p, len));
		sum = sum ? sum : 0xffff;
	}
	memcpy(p - 2, &sum, sizeof(sum));
	if (ifc->tx_checksum) {
		m->ol_flags |=
			v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM;
		m->l2_len = ifc->vlan ? 18 : 14;
		m->l3_len = t->l3_len;
	}
}

/* The same of a plain packet: PPP and L2TP headers are known, and the IPv4 header at ip is right, which makes its sum zero
 * (RFC 1071). So only what follows it is read, and nothing that was written a moment ago. */
static inline uint16_t plain_checksum(
	const struct dp_tunnel *t, rte_be16_t peer_sid, const uint8_t *ip, uint16_t len)
{
	const uint64_t ppp = RTE_BE16(0xff03) + RTE_BE16(PPP_IP), version = RTE_BE16(2);
	uint64_t udp_len = rte_cpu_to_be_16((uint16_t)(len + PLAIN_HDR + UDP_HDR));
	uint16_t sum = sum_fold(t->pseudo_sum + 2 * udp_len + version + t->peer_tid + peer_sid +
		ppp + checksum_sum(ip + IP4_HDR, len - IP4_HDR));

	return sum == 0xffff ? 0xffff : (uint16_t)~sum;
}

/* The outer headers before the session id, which is 4 bytes from p, where the message begins. len: from p on. @return the
 * IP header. */
static __rte_always_inline uint8_t *outer(
	const struct dp_tunnel *t, const struct worker_way *way, uint8_t *p, uint16_t len, bool v6)
{
	uint16_t udp_len = rte_cpu_to_be_16((uint16_t)(len + UDP_HDR));
	uint8_t *ip;

	if (!v6) {
		ip = p - UDP_HDR - IP4_HDR;
		memcpy(ip, t->header, IP4_HDR + UDP_HDR + 4);
		ip4_length(
			ip, t->header_sum, (uint16_t)(len + UDP_HDR + IP4_HDR), !way->tx_checksum);
	} else {
		ip = p - UDP_HDR - IP6_HDR;
		memcpy(ip, t->header, IP6_HDR + UDP_HDR + 4);
		memcpy(ip + 4, &udp_len, sizeof(udp_len));
	}
	memcpy(p - 4, &udp_len, sizeof(udp_len));
	return ip;
}

/* A PPP frame at p into the tunnel. */
static __rte_noinline void message(
	struct worker *w, uint32_t slot, struct rte_mbuf *m, uint8_t *p, uint16_t len)
{
	const struct dp_session *s = &dp_t.session[slot];
	const struct dp_tunnel *t = &dp_t.tunnel[s->tunnel];
	uint32_t index = __atomic_load_n(&t->adj, __ATOMIC_RELAXED);
	const bool v6 = t->flags & T_V6;
	const struct worker_way *way;
	uint64_t adj = adj_load(index);
	uint8_t *ip;

	if (unlikely(!index || !(adj & ADJ_VALID))) {
		drop_down(w, slot, m, DROP_UNRESOLVED);
		return;
	}
	w->adj_used[index]++;
	if (unlikely(s->flags & S_TX_SEQ)) {
		p -= 4;
		len += 4;
		store16(p, dp_t.more[slot].tx_ns++);
		store16(p + 2, 0); /* Nr is reserved in data messages (s5.4) */
	}
	p -= 6;
	len += 6;
	memcpy(p + 4, &s->peer_sid, 2);
	way = way_of(w, adj);
	ip = outer(t, way, p, len, v6);
	if (s->flags & S_TX_SEQ)
		p[0] = F_S;
	if ((t->flags & T_UDP_CSUM) | way->tx_checksum)
		checksums(t, &dp_t.iface[adj_if(adj)], m, ip, p, len);
	adj_send(w, adj, m, ip, (uint16_t)(len + (p - ip)), v6);
}

/* An IP packet that fits the session. */
static void packet(
	struct worker *w, uint32_t slot, struct rte_mbuf *m, uint8_t *p, uint16_t len, bool v6)
{
	struct dp_session *s = &dp_t.session[slot];

	pkt_open(m);
	s->down_packets++;
	s->down_octets += len;
	if (v6) {
		dp_t.more[slot].down6_packets++;
		dp_t.more[slot].down6_octets += len;
	}
	w->stat.down_packets++;
	if (likely(!(s->flags & (S_TX_PFC | S_TX_ACFC)))) {
		rte_be32_t ppp =
			v6 ? RTE_BE32(0xff030000 | PPP_IPV6) : RTE_BE32(0xff030000 | PPP_IP);

		p -= sizeof(ppp);
		memcpy(p, &ppp, sizeof(ppp));
		message(w, slot, m, p, (uint16_t)(len + sizeof(ppp)));
		return;
	}
	*--p = v6 ? PPP_IPV6 : PPP_IP;
	len++;
	if (!(s->flags & S_TX_PFC)) {
		*--p = 0;
		len++;
	}
	if (!(s->flags & S_TX_ACFC)) {
		p -= 2;
		len += 2;
		p[0] = 0xff;
		p[1] = 0x03;
	}
	message(w, slot, m, p, len);
}

static inline bool within_rate(const struct worker *w, struct dp_session *s, uint16_t len)
{
	return likely(!(s->flags & S_POLICED)) || police_down_ok(w, s, len);
}

static __rte_noinline void too_big4(
	struct worker *w, uint32_t slot, struct rte_mbuf *m, uint8_t *p, uint16_t len)
{
	uint16_t mtu = dp_t.session[slot].mtu;
	struct rte_mbuf *out[FRAGS_MAX];
	unsigned int n;

	if (load16(p + 6) & IP4_DF) {
		count_drop_down(slot);
		icmp4_error(w, m, p, len, 3, 4, mtu, DROP_TOO_BIG);
		return;
	}
	n = frag4(p, len, mtu, out);
	for (unsigned int i = 0; i < n; i++)
		packet(w, slot, out[i], rte_pktmbuf_mtod(out[i], uint8_t *), out[i]->data_len,
			false);
	if (n)
		drop(w, m, DROP_OK);
	else
		drop_down(w, slot, m, DROP_NO_BUFFER);
}

static __rte_noinline void down4(
	struct worker *w, uint32_t slot, struct rte_mbuf *m, uint8_t *p, uint16_t len)
{
	struct dp_session *s = &dp_t.session[slot];

	if (s->action != S_TERMINATE || !(s->flags & S_V4)) {
		drop_down(w, slot, m, DROP_SESSION_NOT_OPEN);
	} else if (load32_raw(p + 16) != s->ip4 && !(s->flags & S_ROUTES)) {
		drop_down(w, slot, m, DROP_NO_ROUTE);
	} else if (!within_rate(w, s, len)) {
		drop_down(w, slot, m, DROP_POLICED);
	} else {
		if ((s->flags & S_MSS_CLAMP) && p[9] == IPPROTO_TCP)
			mss_clamp4(p, len, (unsigned int)(p[0] & 15) * 4, (uint16_t)(s->mtu - 40));
		if (len <= s->mtu)
			packet(w, slot, m, p, len, false);
		else
			too_big4(w, slot, m, p, len);
	}
}

static __rte_noinline void down6(
	struct worker *w, uint32_t slot, struct rte_mbuf *m, uint8_t *p, uint16_t len)
{
	struct dp_session *s = &dp_t.session[slot];

	if (s->action != S_TERMINATE || !(s->flags & S_V6)) {
		drop_down(w, slot, m, DROP_SESSION_NOT_OPEN);
	} else if (load64(p + 24) != dp_t.more[slot].prefix6 && !(s->flags & S_ROUTES)) {
		drop_down(w, slot, m, DROP_NO_ROUTE);
	} else if (!within_rate(w, s, len)) {
		drop_down(w, slot, m, DROP_POLICED);
	} else {
		if ((s->flags & S_MSS_CLAMP) && p[6] == IPPROTO_TCP)
			mss_clamp6(p, len, (uint16_t)(s->mtu - 60));
		if (len <= s->mtu) {
			packet(w, slot, m, p, len, true);
			return;
		}
		count_drop_down(slot);
		icmp6_error(w, m, p, len, 2, 0, s->mtu, DROP_TOO_BIG);
	}
}

/* What nearly all are: IPv4 that fits our session, which agreed to nothing special, in an IPv4 tunnel whose way is that of
 * the packet before. @return true: it leaves, or was above the rate; false: something is different, nothing was done. */
static __rte_always_inline bool plain4(struct worker *w, const struct worker_way *way,
	uint32_t slot, struct dp_session *s, const struct dp_tunnel *t, struct rte_mbuf *m,
	uint8_t *p, uint16_t len)
{
	const rte_be32_t ppp = RTE_BE32(0xff030000 | PPP_IP);
	const uint32_t index = __atomic_load_n(&t->adj, __ATOMIC_RELAXED);
	struct worker_txq *q = way->q;
	uint8_t *ip;

	if ((session_differs(s, S_V4, S_TX_ACFC | S_TX_PFC | S_TX_SEQ, w->id) | (p[0] ^ 0x45u) |
		    (load32_raw(p + 16) ^ s->ip4) | (t->flags & T_V6)) ||
		len > s->mtu || adj_load(index) != way->adj || !q || q->n == RTE_DIM(q->m) ||
		((s->flags & S_MSS_CLAMP) && ip4_may_be_syn(p, len)))
		return false;
	if (unlikely(!within_rate(w, s, len))) {
		drop_down(w, slot, m, DROP_POLICED);
		return true;
	}
	pkt_open(m);
	s->down_packets++;
	s->down_octets += len;
	w->stat.down_packets++;
	w->adj_used[index]++;
	memcpy(p - 4, &ppp, sizeof(ppp));
	memcpy(p - 6, &s->peer_sid, 2);
	ip = outer(t, way, p - PLAIN_HDR, (uint16_t)(len + PLAIN_HDR), false);
	if (unlikely(way->tx_checksum)) {
		checksums(t, &dp_t.iface[adj_if(way->adj)], m, ip, p - PLAIN_HDR,
			(uint16_t)(len + PLAIN_HDR));
	} else if (t->flags & T_UDP_CSUM) {
		uint16_t sum = plain_checksum(t, s->peer_sid, p, len);

		memcpy(p - PLAIN_HDR - 2, &sum, sizeof(sum));
	}
	frame_put(way, m, ip, (uint16_t)(len + PLAIN_HDR + UDP_HDR + IP4_HDR));
	q->m[q->n++] = m;
	return true;
}

static __rte_noinline void other(
	struct worker *w, uint32_t slot, struct rte_mbuf *m, uint8_t *p, uint16_t len)
{
	if (dp_t.session[slot].owner != w->id)
		hand_down(w, dp_t.home[slot], m, p, len);
	else if (p[0] >> 4 == 4)
		down4(w, slot, m, p, len);
	else
		down6(w, slot, m, p, len);
}

static __rte_always_inline void packets(struct worker *w, const struct packet *a, unsigned int n)
{
	struct dp_session *const session = dp_t.session;
	const struct dp_tunnel *const tunnel = dp_t.tunnel;
	struct worker_way way = w->way;

	for (const struct packet *const end = a + n; a < end; a++) {
		struct dp_session *s = &session[a->slot];

		if (likely(plain4(w, &way, a->slot, s, &tunnel[s->tunnel], a->m, a->p, a->len)))
			continue;
		other(w, a->slot, a->m, a->p, a->len);
		way = w->way;
	}
}

/* An ICMP error to a subscriber joins the lane meanwhile. */
void l2tp_tx(struct worker *w, struct burst *b)
{
	struct lane *l = &b->down;

	for (unsigned int i = 0; i < l->n; i++)
		rte_prefetch0(&dp_t.tunnel[dp_t.session[l->at[i].slot].tunnel]);
	for (unsigned int at = 0, n; at < l->n; at += n) {
		n = RTE_MIN(hand_ahead(w), l->n - at);
		packets(w, l->at + at, n);
	}
	l->n = 0;
}

void l2tp_tx_frame(struct worker *w, uint32_t slot, const uint8_t *frame, uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(dp_t.pool);
	uint8_t *p;

	if (!m || len > rte_pktmbuf_tailroom(m)) {
		w->drop[DROP_NO_BUFFER]++;
		w->stat.dropped++;
		rte_pktmbuf_free(m);
		return;
	}
	p = rte_pktmbuf_mtod(m, uint8_t *);
	memcpy(p, frame, len);
	message(w, slot, m, p, len);
}
