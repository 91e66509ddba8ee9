/* SPDX-License-Identifier: BSD-3-Clause */
/* events.c - what workers tell control, in the order that keeps a flood from starving live tunnels: control messages of
 * established tunnels, then events of sessions, then new calls and packets for Linux. A class that is ahead takes at most
 * its share of a batch as long as the others have something; the rest of the batch is for whoever comes next.
 * Thread: control. Buffers stay with their events until dp_events_done().
 * Events of a session that control has removed, or of an earlier use of its slot, end here. */
#include <string.h>

#include <rte_ip.h>
#include <rte_ring_elem.h>
#include <rte_udp.h>

#include "dataplane/adjacency.h"
#include "dataplane/control.h"
#include "dataplane/rss.h"
#include "dataplane/tunnel.h"

#define TAKE_AT_ONCE 32u

enum event_class { CLASS_HIGH, CLASS_SESSION, CLASS_PUNT, CLASSES };

static unsigned int turn; /* worker that the next batch begins with */

static struct rte_ring *ring_of(unsigned int worker, enum event_class class)
{
	const struct worker *w = dp_workers[worker];

	return class == CLASS_HIGH ? w->punts_high : class == CLASS_SESSION ? w->events : w->punts;
}

/* Which worker's queue carries a tunnel: control messages show it, as they share the data's addresses and ports. The
 * tunnel id is the peer's word, so this is a preference for new sessions and nothing more. */
static void note_queue(const uint8_t *l2tp, uint16_t len, uint8_t worker)
{
	size_t at = len && l2tp[0] & 0x40 ? 4 : 2; /* L bit */
	uint16_t tid;

	if (len < at + sizeof(tid))
		return;
	tid = (uint16_t)(l2tp[at] << 8 | l2tp[at + 1]);
	if (tid)
		dp_c.queue_of_tid[tid] = (uint8_t)(worker + 1);
}

static void peer_of(const struct dp_msg *m, struct l2tp_peer *peer)
{
	const uint8_t *l3 = rte_pktmbuf_mtod(m->m, const uint8_t *) - m->l3_off;
	const struct rte_udp_hdr *udp =
		(const struct rte_udp_hdr *)(rte_pktmbuf_mtod(m->m, const uint8_t *) -
			sizeof(*udp));

	memset(peer, 0, sizeof(*peer));
	peer->port = rte_be_to_cpu_16(udp->src_port);
	peer->local_port = rte_be_to_cpu_16(udp->dst_port);
	if (l3[0] >> 4 == 4) {
		peer->family = 4;
		memcpy(peer->addr, l3 + offsetof(struct rte_ipv4_hdr, src_addr), 4);
		memcpy(peer->local, l3 + offsetof(struct rte_ipv4_hdr, dst_addr), 4);
	} else {
		peer->family = 6;
		memcpy(peer->addr, l3 + offsetof(struct rte_ipv6_hdr, src_addr), 16);
		memcpy(peer->local, l3 + offsetof(struct rte_ipv6_hdr, dst_addr), 16);
	}
}

static const uint8_t event_of[] = {
	[EVT_ASK_AAA] = DP_EV_ASK_AAA,
	[EVT_NCP_UP] = DP_EV_NCP_UP,
	[EVT_NCP_DOWN] = DP_EV_NCP_DOWN,
	[EVT_SESSION_DOWN] = DP_EV_SESSION_DOWN,
	[EVT_TRACE] = DP_EV_TRACE,
	[PUNT_L2TP] = DP_EV_L2TP,
	[PUNT_LINUX] = DP_EV_LINUX,
	[PUNT_LNS0] = DP_EV_LNS0,
};

/* @return whether the message is an event for the caller; if not it is done with. */
static bool translate(const struct dp_msg *m, struct dp_event *ev)
{
	if (m->type == EVT_REMOVED)
		control_removed(m->slot, m->generation);
	if (m->type == EVT_REMOVED || (m->type < PUNT_L2TP && !slot_live(m->slot, m->generation))) {
		rte_pktmbuf_free(m->m);
		return false;
	}
	memset(ev, 0, sizeof(*ev));
	ev->type = event_of[m->type];
	ev->worker = m->worker;
	ev->ifx = m->ifx;
	ev->cause = m->cause;
	ev->opaque = m->m;
	if (m->type < PUNT_L2TP) {
		ev->slot = m->slot;
		ev->generation = m->generation;
		ev->act = m->act;
	} else {
		punt_taken(dp_workers[m->worker], m);
	}
	if (m->m) {
		ev->data = rte_pktmbuf_mtod(m->m, const uint8_t *);
		ev->len = rte_pktmbuf_data_len(m->m);
	}
	if (m->type == PUNT_L2TP) {
		peer_of(m, &ev->peer);
		if (!rss_by_session(m->m->port))
			note_queue(ev->data, ev->len, m->worker);
	}
	if (m->type == PUNT_LINUX)
		rss_learn(m->m);
	return true;
}

/* Take from all workers' rings of one class until quota events are there. */
static unsigned int take(enum event_class class, struct dp_event *ev, unsigned int quota)
{
	unsigned int n = 0, empty = 0, worker = turn % dp_c.n_workers;
	struct dp_msg m[TAKE_AT_ONCE];

	while (n < quota && empty < dp_c.n_workers) {
		unsigned int want = RTE_MIN(quota - n, TAKE_AT_ONCE);
		unsigned int got = rte_ring_dequeue_burst_elem(
			ring_of(worker, class), m, sizeof(m[0]), want, NULL);

		for (unsigned int i = 0; i < got; i++)
			n += translate(&m[i], &ev[n]);
		empty = got ? 0 : empty + 1;
		worker = (worker + 1) % dp_c.n_workers;
	}
	return n;
}

static unsigned int take_freed(struct dp_event *ev, unsigned int max)
{
	uint32_t slots[TAKE_AT_ONCE], generations[TAKE_AT_ONCE];
	unsigned int n = slots_freed(slots, generations, RTE_MIN(max, TAKE_AT_ONCE));

	for (unsigned int i = 0; i < n; i++)
		ev[i] = (struct dp_event){
			.type = DP_EV_SESSION_FREE,
			.slot = slots[i],
			.generation = generations[i],
		};
	return n;
}

unsigned int dp_events(struct dp_event *ev, unsigned int max)
{
	unsigned int n = take_freed(ev, RTE_MAX(max / 4, 1u));

	turn++;
	n += take(CLASS_HIGH, ev + n, (max - n) / 2);
	n += take(CLASS_SESSION, ev + n, (max - n) / 2);
	n += take(CLASS_PUNT, ev + n, max - n);
	n += take(CLASS_SESSION, ev + n, max - n);
	n += take(CLASS_HIGH, ev + n, max - n);
	if (n < max)
		n += take_freed(ev + n, max - n);
	return n;
}

void dp_events_done(struct dp_event *ev, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (ev[i].type == DP_EV_ASK_AAA) /* no password stays in a buffer */
			explicit_bzero((void *)(uintptr_t)ev[i].data, ev[i].len);
		rte_pktmbuf_free(ev[i].opaque);
		ev[i].opaque = NULL;
		ev[i].data = NULL;
	}
}

void dp_tick(uint64_t now_ns)
{
	owner_tick(now_ns);
	slots_reap();
	tunnels_tick();
	adj_tick();
}
