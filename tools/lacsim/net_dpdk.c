/* SPDX-License-Identifier: BSD-3-Clause */
/* net_dpdk.c - net.c's calls on the access port: tunnel t is LAC t modulo their number, and its UDP port. Every datagram
 * becomes a frame at once; the port sends them in bursts. What arrives on both ports is divided here: traffic at line rate
 * goes to blast.c, ARP is answered, the rest is the tunnels'. */
#include "tools/lacsim/gen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include <rte_ethdev.h>

#define RX_BURST 64
#define L2TP     1701

struct net {
	struct gen *g;
	struct rte_mbuf *m; /* the frame being written; kept when it was not finished */
	uint32_t tunnel, lns;
	uint16_t lns_port;
	uint8_t nowhere[SIM_DGRAM]; /* written to when there is no buffer */
};

struct net *net_new(struct sim *sim)
{
	const struct sockaddr_in *lns = (const struct sockaddr_in *)&sim->o.lns.sa;
	struct net *net = calloc(1, sizeof(*net));

	if (!net)
		return NULL;
	net->g = gen_of(sim);
	net->lns = ntohl(lns->sin_addr.s_addr);
	net->lns_port = ntohs(lns->sin_port);
	return net;
}

void net_free(struct net *net)
{
	if (net)
		rte_pktmbuf_free(net->m);
	free(net);
}

int net_open(struct net *net, uint32_t t)
{
	(void)net;
	return (int)t;
}

uint8_t *net_slot(struct net *net, int fd)
{
	net->tunnel = (uint32_t)fd;
	if (!net->m)
		net->m = port_new(&net->g->access);
	return net->m ? rte_pktmbuf_mtod_offset(net->m, uint8_t *, ETHER_UDP) : net->nowhere;
}

void net_push(struct net *net, size_t len)
{
	struct gen *g = net->g;
	const struct sim_opts *o = &g->sim.o;
	uint16_t port = o->source_port ? (uint16_t)(o->source_port + net->tunnel) : L2TP;

	if (!net->m) {
		g->sim.send_errors++;
		return;
	}
	ether_wrap(&g->access.side, rte_pktmbuf_mtod(net->m, uint8_t *),
		g->access.side.ip + net->tunnel % g->access.side.count, net->lns, port,
		net->lns_port, len);
	net->m->data_len = (uint16_t)RTE_MAX(ETHER_UDP + len, 60u);
	net->m->pkt_len = net->m->data_len;
	port_give(&g->access, net->m);
	net->m = NULL;
	g->sim.frames_out++;
}

void net_flush(struct net *net)
{
	if (net->g->access.n_out)
		port_push(&net->g->access);
	if (net->g->core.n_out)
		port_push(&net->g->core);
}

static void access_input(struct net *net, struct rte_mbuf *m)
{
	struct gen *g = net->g;
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	struct ether_udp u;

	if (port_arp(&g->access, frame, m->data_len))
		return;
	if (m->nb_segs > 1 || !ether_unwrap(&g->access.side, frame, m->data_len, &u) ||
		u.src != net->lns) {
		g->sim.unknown++;
		return;
	}
	g->sim.frames_in++;
	tunnel_input(&g->sim, frame + (u.payload - frame), u.len);
}

static unsigned int poll_access(struct net *net, uint16_t queue)
{
	struct rte_mbuf *m[RX_BURST], *rest[RX_BURST];
	struct gen *g = net->g;
	uint16_t n = rte_eth_rx_burst(g->access.id, queue, m, RX_BURST);
	unsigned int left;

	if (!n)
		return 0;
	left = blast_input(&g->blast, false, m, n, rest);
	if (left)
		sim_clock(&g->sim);
	for (unsigned int i = 0; i < left; i++)
		access_input(net, rest[i]);
	rte_pktmbuf_free_bulk(m, n);
	return n;
}

static unsigned int poll_core(struct net *net, uint16_t queue)
{
	struct rte_mbuf *m[RX_BURST], *rest[RX_BURST];
	struct gen *g = net->g;
	uint16_t n = rte_eth_rx_burst(g->core.id, queue, m, RX_BURST);
	unsigned int left = n ? blast_input(&g->blast, true, m, n, rest) : 0;

	for (unsigned int i = 0; i < left; i++)
		if (!port_arp(&g->core, rte_pktmbuf_mtod(rest[i], uint8_t *), rest[i]->data_len))
			g->sim.unknown++;
	rte_pktmbuf_free_bulk(m, n);
	return n;
}

void net_poll(struct net *net, int wait_ms)
{
	struct gen *g = net->g;

	(void)wait_ms;
	g->polled = 0;
	for (uint16_t q = 0; q < g->access.queues; q++) {
		g->polled += poll_access(net, q);
		if (g->has_core)
			g->polled += poll_core(net, q);
	}
}
