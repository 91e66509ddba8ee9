/* SPDX-License-Identifier: BSD-3-Clause */
/* stages.h - what stages call of each other's files: hand-over, transmission, ICMP, punting,
 * fragments, MSS. */
#ifndef DATAPLANE_STAGES_H
#define DATAPLANE_STAGES_H

#include <rte_fib.h>
#include <rte_fib6.h>

#include "dataplane/dp_msg.h"
#include "dataplane/inet.h"
#include "dataplane/poison.h"
#include "dataplane/session_table.h"
#include "dataplane/worker.h"

/* -- steer.c -- */
/** Give a packet to another worker, which sees it after hand_flush(). Takes m. */
void hand_up(struct worker *w, uint16_t to, const struct tunnel_packet *u);
void hand_down(struct worker *w, uint32_t home, struct rte_mbuf *m, uint8_t *p, uint16_t len);
void hand_port(struct worker *w, uint16_t to, struct rte_mbuf *m, uint16_t port);
void hand_flush(struct worker *w);

/* The next burst of other workers' packets is asked for while this one is worked on, a few at a time: a CPU waits for no more
 * lines than that at once, and does nothing meanwhile if it is asked for more. */
#define HAND_AHEAD 8u
void hand_look(struct worker *w);
/** A few of them. @return how many packets to work on before the next few. */
static inline unsigned int hand_ahead(struct worker *w)
{
	if (likely(!w->n_ahead))
		return LANE;
	hand_look(w);
	return HAND_AHEAD;
}
/** All that are left. */
static inline void hand_ahead_rest(struct worker *w)
{
	while (unlikely(w->n_ahead))
		hand_look(w);
}

/* -- port_tx.c -- */
void port_queue_slow(struct worker *w, uint16_t port, struct rte_mbuf *m);
void port_flush(struct worker *w, uint16_t port);

/* -- icmp.c. Each counts `why`, and takes the offending packet: it becomes the error, or dies.
 * `mtu`: 0 where unused -- */
void icmp4_error(struct worker *w, struct rte_mbuf *m, uint8_t *p, uint16_t len, uint8_t type,
	uint8_t code, uint16_t mtu, enum drop_reason why);
void icmp6_error(struct worker *w, struct rte_mbuf *m, uint8_t *p, uint16_t len, uint8_t type,
	uint8_t code, uint32_t mtu, enum drop_reason why);

/* -- punt.c -- */
/** Queue for control: data = p, len. l3_off: PUNT_L2TP only. Takes m. */
void punt(struct worker *w, uint8_t type, struct rte_mbuf *m, uint8_t *p, uint16_t len, uint8_t ifx,
	uint8_t l3_off);

/* -- frag.c -- */
#define FRAGS_MAX 64
/** Cut an IPv4 packet into fragments of at most mtu bytes, in new buffers. @return how many; 0: no
 * buffer, or too many. */
unsigned int frag4(const uint8_t *p, uint16_t len, uint16_t mtu, struct rte_mbuf **out);

/* -- mss.c -- */
/** Lower the MSS of a TCP SYN to mss. ip4: a complete, valid header of hl bytes; ip6: no extension
 * headers. */
void mss_clamp4(uint8_t *ip, uint16_t len, unsigned int hl, uint16_t mss);
void mss_clamp6(uint8_t *ip, uint16_t len, uint16_t mss);

/* -- nd.c -- */
/** A packet of the subscriber to or from a link-local or multicast address. Takes m. */
void nd_input(struct worker *w, uint32_t slot, struct rte_mbuf *m, const uint8_t *p, uint16_t len);
/** Refresh router advertisements, a bounded number per call. */
void nd_tick(struct worker *w);
void nd_init(struct worker *w);

/* Is the slot, which may be free (and closed to the sanitizer), a session of this worker that is
 * up? Is it still the session that home_which() means, whose IPv4 packet is at ip? */
#ifdef LNSD_POISON
#define PEEK __attribute__((no_sanitize_address, noinline, unused))
#else
#define PEEK inline
#endif
static PEEK bool slot_is_mine(const struct worker *w, uint32_t slot)
{
	return dp_t.session[slot].action == S_TERMINATE && dp_t.session[slot].owner == w->id;
}

static PEEK bool slot_is_same(
	const struct worker *w, uint32_t slot, uint8_t which, const uint8_t *ip)
{
	const struct dp_session *s = &dp_t.session[slot];

	return s->action != S_FREE && s->owner == w->id &&
		(likely(which & HOME_ADDRESS)
				? s->ip4 == load32_raw(ip + 16)
				: home_which(home_word(0, 0, s->generation)) == which);
}

static PEEK bool slot_has_ids(uint32_t slot, uint32_t ids)
{
	const struct dp_session *s = &dp_t.session[slot];

	return s->action != S_FREE && ids == ((uint32_t)s->tid << 16 | s->sid);
}

/* Tunnel and session id of an L2TP data message: they follow the flags and the optional Length (RFC 2661 s3.1). */
static inline uint32_t l2tp_ids(const uint8_t *p)
{
	return rte_be_to_cpu_32(load32_raw(p + 2 + (p[0] >> 5 & 2)));
}

/* The worker whose shard of session ids it is. */
static inline uint8_t shard_owner(uint32_t ids)
{
	return dp_t.shard_owner[(uint16_t)ids >> DP_SHARD_SHIFT];
}

/* A packet towards the subscriber that is not sent on, though it may become something else. Owner. */
static inline void count_drop_down(uint32_t slot)
{
	drops_more(&dp_t.dropped[slot].down, &dp_t.session[slot].down_drops);
}

/* Bounds of the packet for the sanitizer: closed after reception, open again before anything is put
 * before it. */
static inline void pkt_close(struct rte_mbuf *m)
{
	uint8_t *buf = m->buf_addr;

	mem_poison(buf, m->data_off);
	mem_poison(buf + m->data_off + m->data_len, m->buf_len - m->data_off - m->data_len);
}

static inline void pkt_open(struct rte_mbuf *m)
{
	mem_unpoison(m->buf_addr, m->buf_len);
}

static __rte_noinline void way_find(struct worker *w, uint64_t adj)
{
	const struct dp_if *ifc = &dp_t.iface[adj_if(adj)];
	const rte_be16_t type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	uint8_t frame[14];

	memcpy(frame, &adj, 6);
	memcpy(frame + 6, &ifc->mac, 6);
	memcpy(frame + 12, &type, sizeof(type));
	w->way = (struct worker_way){
		.adj = adj,
		.head = load64_raw(frame),
		.tail = load64_raw(frame + 6),
		.mtu = ifc->mtu,
		.tx_checksum = ifc->tx_checksum,
		.q = ifc->vlan || w->txq_of_port[ifc->port] == UINT16_MAX ? NULL
									  : &w->tx[ifc->port],
	};
}

/* adj: a valid adjacency word. */
static inline const struct worker_way *way_of(struct worker *w, uint64_t adj)
{
	if (unlikely(w->way.adj != adj))
		way_find(w, adj);
	return &w->way;
}

/* The Ethernet header before an IPv4 packet, and the mbuf's idea of the frame. */
static inline void frame_put(
	const struct worker_way *way, struct rte_mbuf *m, uint8_t *p, uint16_t len)
{
	memcpy(p - 14, &way->head, 8);
	memcpy(p - 8, &way->tail, 8);
	pkt_set(m, p - 14, (uint16_t)(len + 14));
}

/* By a VLAN interface, another worker's queue, or a full one. */
static __rte_noinline void adj_send_slow(
	struct worker *w, uint64_t adj, struct rte_mbuf *m, uint8_t *p, uint16_t len, rte_be16_t type)
{
	const struct dp_if *ifc = &dp_t.iface[adj_if(adj)];
	uint8_t *h = p - 14;

	if (ifc->vlan) {
		h -= 4;
		h[12] = 0x81;
		h[13] = 0x00;
		store16(h + 14, ifc->vlan);
	}
	memcpy(h, &adj, 6);
	memcpy(h + 6, &ifc->mac, 6);
	memcpy(p - 2, &type, sizeof(type));
	pkt_set(m, h, (uint16_t)(len + (p - h)));
	port_queue_slow(w, ifc->port, m);
}

/* An untagged or tagged Ethernet header before the IP packet at p, and out. adj: a valid adjacency
 * word. Takes m. */
static inline void adj_send(
	struct worker *w, uint64_t adj, struct rte_mbuf *m, uint8_t *p, uint16_t len, bool ip6)
{
	const rte_be16_t type = ip6 ? RTE_BE16(RTE_ETHER_TYPE_IPV6) : RTE_BE16(RTE_ETHER_TYPE_IPV4);
	const struct worker_way *way = way_of(w, adj);
	struct worker_txq *q = way->q;

	pkt_open(m);
	if (unlikely(!q || q->n == RTE_DIM(q->m))) {
		adj_send_slow(w, adj, m, p, len, type);
		return;
	}
	frame_put(way, m, p, len);
	if (ip6)
		memcpy(p - 2, &type, sizeof(type));
	q->m[q->n++] = m;
}

static inline uint64_t adj_load(uint32_t index)
{
	return __atomic_load_n(&dp_t.adj[index], __ATOMIC_RELAXED);
}

/* Of the headers of a packet for which nothing special was agreed: L2TP and PPP; all of those towards a subscriber, Ethernet
 * to PPP. */
#define PLAIN_HDR 10
#define HEADROOM  52

/* Down to a subscriber of ours; its records are on the way to the cache. */
static inline void down_put(
	struct burst *b, struct rte_mbuf *m, uint8_t *p, uint16_t len, uint32_t slot)
{
	rte_prefetch0(&dp_t.session[slot]);
	if (p[0] >> 4 == 6) /* its counters */
		rte_prefetch0(&dp_t.more[slot]);
	lane_put(&b->down, m, p, len, slot);
}

static inline void lookup_addr4(const struct addr4_key *k, unsigned int n, uint32_t *slots)
{
	for (unsigned int at = 0; at < n; at += LOOKUP_MAX)
		addr4_lookup_bulk(k + at, RTE_MIN(n - at, (unsigned int)LOOKUP_MAX), slots + at);
}

static inline void lookup_addr6(const struct addr6_key *k, unsigned int n, uint32_t *slots)
{
	for (unsigned int at = 0; at < n; at += LOOKUP_MAX)
		addr6_lookup_bulk(k + at, RTE_MIN(n - at, (unsigned int)LOOKUP_MAX), slots + at);
}

#endif
