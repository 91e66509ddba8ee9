/* SPDX-License-Identifier: BSD-3-Clause */
/* port.h - one ethdev, its queues polled by one thread, and the host that lives behind it. */
#ifndef LACSIM_PORT_H
#define LACSIM_PORT_H

#include "tools/lacsim/ether.h"
#include "tools/lacsim/opts.h"

#include <rte_mbuf.h>

#define PORT_BURST 32

struct port {
	const char *name; /* "access", "core": in messages */
	uint16_t id, queues;
	uint16_t tx_queue; /* the next burst of traffic goes there: all in turn, as RSS would have it */
	bool open;
	char driver[32];
	struct ether_side side;
	struct rte_mempool *pool; /* what is received, and what is sent one by one */
	struct rte_mbuf *out[PORT_BURST];
	unsigned int n_out;
	uint64_t asked_at; /* ns: the last question for the next hop's MAC */
};

/** Start DPDK on one CPU. @return 0, or -1: an error was printed. */
int port_eal(const struct sim_opts *o);
/** Open (or take, where it exists) and start the device with p->queues queues each way, wait for its link. ip, count, next_hop: as in struct ether_side.
 * @return 0, or -1: an error was printed. */
int port_open(struct port *p, const char *name, const char *devargs, uint32_t ip, uint32_t count,
	uint32_t next_hop);
void port_close(struct port *p);
/** @return an empty mbuf of the port's pool, or NULL. */
struct rte_mbuf *port_new(struct port *p);
/** Queue a frame; the port owns it. */
void port_give(struct port *p, struct rte_mbuf *m);
/** Send what is queued; waits until the device takes it, as long as its link is up. */
void port_push(struct port *p);
/** Ask for the next hop's MAC while it is not known: at most ten times a second. */
void port_ask(struct port *p, uint64_t now_ns);
/** A frame that is not traffic: answers ARP. @return false: it was no ARP. */
bool port_arp(struct port *p, const uint8_t *frame, size_t len);

#endif
