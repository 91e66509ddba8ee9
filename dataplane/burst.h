/* SPDX-License-Identifier: BSD-3-Clause */
/* burst.h - the packets of one poll, sorted into lanes, and the stages that move them on.
 * A lane is a set of parallel arrays. `p` is where the layer that the next stage reads begins and
 * `len` how many bytes of it are in the frame; the mbuf itself is written once, when its packet
 * leaves the lanes (pkt_set). Each mbuf is in exactly one place: a stage takes its lane, gives
 * every packet to another lane, a queue or drop(), and leaves the lane empty. One poll carries at
 * most BURST received, BURST handed over and BURST injected packets, hence LANE: no lane can
 * overflow.
 *
 *   rx -> [in] classify -> [up] steer -> [up] l2tp_rx, ppp_rx.h -> [ip4, ip6] ip_rx -> port
 *                       -> [core4, core6] core_rx -> [down] <-----------------------+ (subscriber to subscriber)
 *                                                    [down] steer -> [down] l2tp_tx -> port
 * Thread: the worker that owns it. */
#ifndef DATAPLANE_BURST_H
#define DATAPLANE_BURST_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_byteorder.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "dataplane/drop_reason.h"

#define BURST 64 /* packets of a poll: what a poll costs by itself, and each look at a ring, is shared by so many */
#define LANE  (3 * BURST)
#define DEAD  (4 * BURST)

#define IFX_LNS0 255 /* `ifx` of a packet that Linux wrote to lns0: it is routed already */

/* A tunnel packet, from the L2TP header on. */
struct tunnel_packet {
	struct rte_mbuf *m;
	uint8_t *p;
	uint32_t ids; /* tunnel id << 16 | session id */
	uint32_t slot; /* where the index has its session, if it has it (l2tp_rx.c compares) */
	uint16_t len;
	uint8_t l3_off; /* bytes before p where the outer IP header starts */
	uint8_t endpoint; /* index in dp_t.endpoint */
};

/* They change places, so each is in one piece. */
struct lane_up {
	uint16_t n;
	struct tunnel_packet at[LANE];
};

/* A packet that belongs to a session: IP, either way. */
struct packet {
	struct rte_mbuf *m;
	uint8_t *p;
	uint32_t slot;
	uint16_t len;
};

struct lane {
	uint16_t n;
	struct packet at[LANE];
};

/* IP packets from the core side. */
struct core_packet {
	struct rte_mbuf *m;
	uint8_t *p;
	uint16_t len;
	uint8_t ifx;
};

struct lane_core {
	uint16_t n;
	struct core_packet at[LANE];
};

/* What goes to control; policed and sent by punt_tx(). */
struct lane_punt {
	uint16_t n;
	uint8_t type[LANE]; /* enum dp_msg_type */
	uint8_t ifx[LANE];
	uint8_t l3_off[LANE];
	struct rte_mbuf *m[LANE]; /* data = what control gets */
};

struct burst {
	uint16_t n;
	uint16_t port[BURST];
	struct rte_mbuf *m[BURST];
	struct lane_up up;
	struct tunnel_packet up_away[LANE]; /* other workers', for a moment (steer.c) */
	struct lane_core core4, core6;
	uint32_t core4_dst[LANE]; /* of the packets in core4, host order */
	struct lane ip4, ip6, down;
	uint32_t ip4_dst[LANE]; /* of the packets in ip4, host order */
	uint32_t down_home[LANE]; /* of the packets in down, as core_rx() leaves it */
	struct packet down_away[LANE];
	struct lane_punt punt;
	uint16_t n_dead;
	struct rte_mbuf *dead[DEAD];
};

struct worker;

/* The stages, in packet order (worker.c). */
void classify(struct worker *w, struct burst *b);
void core_rx(struct worker *w, struct burst *b);
void steer(struct worker *w, struct burst *b);
void l2tp_rx(struct worker *w, struct burst *b);
void ip_rx(struct worker *w, struct burst *b);
void l2tp_tx(struct worker *w, struct burst *b);
void port_tx(struct worker *w, struct burst *b);
void punt_tx(struct worker *w, struct burst *b);
void drop_all(struct worker *w, struct burst *b);

/** The packet dies for this reason (counted); DROP_OK: it was consumed. Takes m (drop.c). */
void drop(struct worker *w, struct rte_mbuf *m, enum drop_reason why);
/** The same, counted for its session too. Owner. */
void drop_up(struct worker *w, uint32_t slot, struct rte_mbuf *m, enum drop_reason why);
void drop_down(struct worker *w, uint32_t slot, struct rte_mbuf *m, enum drop_reason why);

/* The mbuf's own idea of its data: from p, len bytes. */
static inline void pkt_set(struct rte_mbuf *m, const uint8_t *p, uint16_t len)
{
	m->data_off = (uint16_t)(p - (const uint8_t *)m->buf_addr);
	m->data_len = len;
	m->pkt_len = len;
}

static inline void lane_put(
	struct lane *l, struct rte_mbuf *m, uint8_t *p, uint16_t len, uint32_t slot)
{
	struct packet *a = &l->at[l->n++];

	a->m = m;
	a->p = p;
	a->slot = slot;
	a->len = len;
}

static inline void lane_put_core(
	struct lane_core *l, struct rte_mbuf *m, uint8_t *p, uint16_t len, uint8_t ifx)
{
	struct core_packet *a = &l->at[l->n++];

	a->m = m;
	a->p = p;
	a->len = len;
	a->ifx = ifx;
}

/* An IPv4 packet. */
static inline void lane_put_core4(
	struct burst *b, struct rte_mbuf *m, uint8_t *p, uint16_t len, uint8_t ifx)
{
	rte_be32_t dst;

	memcpy(&dst, p + 16, sizeof(dst));
	b->core4_dst[b->core4.n] = rte_be_to_cpu_32(dst);
	lane_put_core(&b->core4, m, p, len, ifx);
}

static inline void lane_put_up(struct lane_up *l, struct rte_mbuf *m, uint8_t *p, uint16_t len,
	uint8_t l3_off, uint8_t endpoint, uint32_t ids, uint32_t slot)
{
	struct tunnel_packet *a = &l->at[l->n++];

	a->m = m;
	a->p = p;
	a->ids = ids;
	a->slot = slot;
	a->len = len;
	a->l3_off = l3_off;
	a->endpoint = endpoint;
}

#endif
