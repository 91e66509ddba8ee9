/* SPDX-License-Identifier: BSD-3-Clause */
/* punt.c - the limited way to the control core. Three kinds of packets: L2TP control messages, frames for a port's shadow
 * tap, subscribers' packets for Linux. What the limits protect is the time of the control core, and the room in the rings to it.
 * - A message of an established tunnel, from its peer: as many may wait in the rings as the windows of both sides let be on the
 *   way (RFC 2661 s5.8), however fast they come. So a LAC that keeps to our window loses none, and one that does not takes
 *   no more room than that. Hello, StopCCN and acknowledgements travel in a ring of their own that control empties
 *   first: a storm of calls does not starve live tunnels.
 * - Everything else has a rate, in total and for each sender (hashed to PUNT_PEERS buckets): of tunnels that are being
 *   established; what names no tunnel of its sender, which anybody can send; and what is for Linux.
 * - The last eighth of a ring is for Linux and for tunnels of which hardly anything waits.
 * What does not pass is dropped and counted; L2TP's retransmission brings it again. Limits are per worker.
 * Thread: the worker. */
#include "dataplane/police.h"
#include "dataplane/stages.h"

enum { AVP_MESSAGE_TYPE = 0, CONTROL_HDR = 12 };

#define FEW 8 /* messages of a tunnel that may wait in the last eighth of a ring */

/* Messages a second and at once; of one sender, in total. */
static const struct {
	uint32_t peer_cost_ns, peer_burst, cost_ns, burst;
} limit[PUNT_CLASSES] = {
	/* 50,000 and 150,000: SCCCN of the tunnels of one LAC that dials them all anew */
	[PUNT_CLASS_OPENING] = {20000, 4096, 6667, 8192},
	/* 50,000 and 150,000: what names no tunnel of ours may come from anybody, and makes tunnels */
	[PUNT_CLASS_L2TP] = {20000, 1024, 6667, 4096},
	/* 5,000 and 20,000 */
	[PUNT_CLASS_LINUX] = {200000, 512, 50000, 2048},
	/* 1,000 and 20,000 */
	[PUNT_CLASS_LNS0] = {1000000, 128, 50000, 1024},
};

void punt(struct worker *w, uint8_t type, struct rte_mbuf *m, uint8_t *p, uint16_t len, uint8_t ifx,
	uint8_t l3_off)
{
	struct lane_punt *l = &w->burst.punt;
	unsigned int i = l->n++;

	pkt_set(m, p, len);
	l->m[i] = m;
	l->type[i] = type;
	l->ifx[i] = ifx;
	l->l3_off[i] = l3_off;
}

static bool is_from(const struct dp_tunnel *t, const uint8_t *p, uint8_t l3_off)
{
	const uint8_t *ip = p - l3_off;
	uint16_t port = load16(p - UDP_HDR);

	if (t->flags & T_V6)
		return ip[0] >> 4 == 6 && t->peer.port == port &&
			!memcmp(t->peer.addr, ip + 8, 16) && !memcmp(t->peer.local, ip + 24, 16);
	return ip[0] >> 4 == 4 && t->peer_key == session_key_peer4(load32_raw(ip + 12), port) &&
		!memcmp(t->peer.local, ip + 16, 4);
}

/* The tunnel that a message names, if its peer sent it; 0: none. */
static uint32_t tunnel_of(const uint8_t *p, uint16_t len, uint8_t l3_off)
{
	uint32_t slot;

	/* T, L, S and no O */
	if (len < CONTROL_HDR || (p[0] & 0xca) != 0xc8)
		return 0;
	slot = __atomic_load_n(&dp_t.tunnel_of_tid[load16(p + 4)], __ATOMIC_ACQUIRE);
	return slot && is_from(&dp_t.tunnel[slot], p, l3_off) ? slot : 0;
}

/* Peeks only; control decides what the message is. */
static bool is_urgent(const uint8_t *p, uint16_t len)
{
	uint16_t message;

	if (load16(p + 2) == CONTROL_HDR)
		return true; /* ZLB */
	if (len < CONTROL_HDR + 8 || load16(p + CONTROL_HDR + 2) ||
		load16(p + CONTROL_HDR + 4) != AVP_MESSAGE_TYPE)
		return false;
	message = load16(p + CONTROL_HDR + 6);
	return message == L2TP_HELLO || message == L2TP_STOPCCN;
}

static uint32_t sender(uint8_t type, const uint8_t *p, uint16_t len, uint8_t l3_off)
{
	const uint8_t *ip = p;
	uint16_t left = len;
	uint64_t x = 0;

	if (type == PUNT_L2TP) { /* classify.c has seen these headers */
		ip = p - l3_off;
		left = IP6_HDR;
	} else if (type == PUNT_LINUX) {
		ip = p + 14;
		left = (uint16_t)(len - 14);
	}
	if (left >= IP4_HDR && ip[0] >> 4 == 4)
		x = load32_raw(ip + 12);
	else if (left >= IP6_HDR && ip[0] >> 4 == 6)
		x = load64(ip + 8); /* one subscriber or site, however many addresses it makes up */
	return (uint32_t)(x * 0x9e3779b97f4a7c15ull >> 56); /* < PUNT_PEERS */
}

static bool in_rate(struct worker *w, enum punt_class class, uint32_t from)
{
	const uint32_t cost = limit[class].cost_ns, peer_cost = limit[class].peer_cost_ns;

	return police_ok(&w->punt_peer[class][from], w->now_ns, peer_cost,
		       (uint64_t)peer_cost * limit[class].peer_burst) &&
		police_ok(&w->punt[class], w->now_ns, cost, (uint64_t)cost * limit[class].burst);
}

/* Into the ring, but for its last eighth unless that is for the likes of it. */
static void give(struct worker *w, struct rte_ring *ring, struct dp_msg *msg, bool to_the_end)
{
	if ((!to_the_end && rte_ring_free_count(ring) <= rte_ring_get_capacity(ring) / 8) ||
		rte_ring_enqueue_elem(ring, msg, sizeof(*msg))) {
		drop(w, msg->m, DROP_PUNT_FULL);
		return;
	}
	if (msg->slot)
		w->punts_in[msg->slot]++;
	w->stat.punted++;
}

/* A message of an established tunnel. */
static void by_window(struct worker *w, struct dp_msg *msg, const uint8_t *p, uint16_t len)
{
	uint16_t out = __atomic_load_n(&w->punts_out[msg->slot], __ATOMIC_ACQUIRE);
	uint16_t waiting = (uint16_t)(w->punts_in[msg->slot] - out);

	if (waiting < dp_t.tunnel[msg->slot].windows)
		give(w, is_urgent(p, len) ? w->punts_high : w->punts, msg, waiting < FEW);
	else
		drop(w, msg->m, DROP_PUNT_WINDOW);
}

static void by_rate(struct worker *w, struct dp_msg *msg, enum punt_class class, uint32_t from)
{
	if (in_rate(w, class, from))
		give(w, w->punts, msg, class == PUNT_CLASS_LINUX || class == PUNT_CLASS_LNS0);
	else
		drop(w, msg->m, DROP_PUNT_POLICED);
}

static void one(struct worker *w, const struct lane_punt *l, unsigned int i)
{
	struct rte_mbuf *m = l->m[i];
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
	uint16_t len = m->data_len;
	uint32_t from = sender(l->type[i], p, len, l->l3_off[i]), tunnel = 0;
	struct dp_msg msg = {.type = l->type[i],
		.worker = (uint8_t)w->id,
		.ifx = l->ifx[i],
		.l3_off = l->l3_off[i],
		.m = m};

	if (msg.type == PUNT_L2TP) {
		tunnel = tunnel_of(p, len, msg.l3_off);
		msg.slot = tunnel && dp_t.tunnel[tunnel].windows ? tunnel : 0;
	}
	pkt_open(m);
	if (msg.slot)
		by_window(w, &msg, p, len);
	else if (msg.type == PUNT_L2TP)
		by_rate(w, &msg, tunnel ? PUNT_CLASS_OPENING : PUNT_CLASS_L2TP, from);
	else
		by_rate(w, &msg, msg.type == PUNT_LINUX ? PUNT_CLASS_LINUX : PUNT_CLASS_LNS0, from);
}

void punt_tx(struct worker *w, struct burst *b)
{
	for (unsigned int i = 0; i < b->punt.n; i++)
		one(w, &b->punt, i);
	b->punt.n = 0;
}
