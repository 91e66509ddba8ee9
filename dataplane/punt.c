/* SPDX-License-Identifier: BSD-3-Clause */
/* punt.c - the policed way to the control core. Three kinds of packets: L2TP control messages,
 * frames for a port's shadow tap, subscribers' packets for Linux. Hello, StopCCN and
 * acknowledgements of a tunnel (the header names one) travel in a ring of their own that control
 * empties first, so a flood of SCCRQs or new calls never starves live tunnels; what
 * names a tunnel has a limit of its own, so SCCRQs take nothing from a LAC that dials anew after a
 * reboot. Each class is limited in total, and each sender (hashed to PUNT_PEERS buckets) within it. What does not pass is
 * dropped and counted; L2TP's retransmission brings it again. Limits are per worker. Thread: the
 * worker. */
#include "dataplane/police.h"
#include "dataplane/stages.h"

enum { AVP_MESSAGE_TYPE = 0, CONTROL_HDR = 12 };

/* Messages a second and at once; of one sender, in total. */
static const struct {
	uint32_t peer_cost_ns, peer_burst, cost_ns, burst;
} limit[PUNT_CLASSES] = {
	/* 200,000 and 300,000: an acknowledgement per message of a busy LAC */
	[PUNT_CLASS_HIGH] = {5000, 4096, 3333, 8192},
	/* 200,000 and 300,000: a storm of calls from one LAC in many tunnels with full windows */
	[PUNT_CLASS_CALL] = {5000, 8192, 3333, 16384},
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

/* Peeks only; control decides what the message is. */
static enum punt_class class_of(uint8_t type, const uint8_t *p, uint16_t len)
{
	uint16_t message;

	if (type == PUNT_LINUX)
		return PUNT_CLASS_LINUX;
	if (type == PUNT_LNS0)
		return PUNT_CLASS_LNS0;
	/* T, L, S and no O; a tunnel id */
	if (len < CONTROL_HDR || !load16(p + 4) || (p[0] & 0xca) != 0xc8)
		return PUNT_CLASS_L2TP;
	if (load16(p + 2) == CONTROL_HDR)
		return PUNT_CLASS_HIGH; /* ZLB */
	if (len < CONTROL_HDR + 8 || load16(p + CONTROL_HDR + 2) ||
		load16(p + CONTROL_HDR + 4) != AVP_MESSAGE_TYPE)
		return PUNT_CLASS_CALL;
	message = load16(p + CONTROL_HDR + 6);
	return message == L2TP_HELLO || message == L2TP_STOPCCN ? PUNT_CLASS_HIGH : PUNT_CLASS_CALL;
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

static void one(struct worker *w, const struct lane_punt *l, unsigned int i)
{
	struct rte_mbuf *m = l->m[i];
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
	struct dp_msg msg = {.type = l->type[i],
		.worker = (uint8_t)w->id,
		.ifx = l->ifx[i],
		.l3_off = l->l3_off[i],
		.m = m};
	enum punt_class class = class_of(l->type[i], p, m->data_len);
	struct police *peer =
		&w->punt_peer[class][sender(l->type[i], p, m->data_len, l->l3_off[i])];
	struct rte_ring *ring = class == PUNT_CLASS_HIGH ? w->punts_high : w->punts;

	if (!police_ok(peer, w->now_ns, limit[class].peer_cost_ns,
		    (uint64_t)limit[class].peer_cost_ns * limit[class].peer_burst) ||
		!police_ok(&w->punt[class], w->now_ns, limit[class].cost_ns,
			(uint64_t)limit[class].cost_ns * limit[class].burst)) {
		drop(w, m, DROP_PUNT_POLICED);
		return;
	}
	pkt_open(m);
	if (rte_ring_enqueue_elem(ring, &msg, sizeof(msg)))
		drop(w, m, DROP_PUNT_FULL);
	else
		w->stat.punted++;
}

void punt_tx(struct worker *w, struct burst *b)
{
	for (unsigned int i = 0; i < b->punt.n; i++)
		one(w, &b->punt, i);
	b->punt.n = 0;
}
