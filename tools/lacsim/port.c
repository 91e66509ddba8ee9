/* SPDX-License-Identifier: BSD-3-Clause */
/* port.c - DPDK's start, and ethdevs with as many queues each way as asked for (a memif needs those of the
 * other end). Thread: the only one.
 * No offload is used: what lacsim checks, it computes itself. Not here: traffic at line rate, which blast.c sends straight
 * through the device from pools of its own. */
#include "tools/lacsim/port.h"

#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#define DESCRIPTORS 1024
#define BUFFERS     6143
#define ROOM        (2048 + 128 + RTE_PKTMBUF_HEADROOM)
#define ASK_NS      100000000ULL
#define LINK_MS     20000
#define ARGS_MAX    64

static int refuse(const char *what, const char *which, const char *why)
{
	fprintf(stderr, "lacsim-dpdk: %s: %s: %s\n", what, which, why);
	return -1;
}

static bool is_pci(const char *dev)
{
	unsigned int a, b, c, d;

	return sscanf(dev, "%x:%x:%x.%x", &a, &b, &c, &d) == 4 ||
		sscanf(dev, "%x:%x.%x", &a, &b, &c) == 3;
}

static int first_cpu(void)
{
	cpu_set_t set;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 0;
	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &set))
		cpu++;
	return cpu;
}

int port_eal(const struct sim_opts *o)
{
	static char lcores[16], memory[16], prefix[32], extra[1024];
	char *argv[ARGS_MAX] = {"lacsim-dpdk", "--lcores", lcores, "-m", memory, "--file-prefix",
		prefix, "--no-telemetry", "--no-shconf", "--log-level=*:error"};
	int argc = 10;
	char *word, *rest = extra;
	bool pci = false;

	snprintf(lcores, sizeof(lcores), "0@%d", o->cpu < 0 ? first_cpu() : o->cpu);
	snprintf(memory, sizeof(memory), "%u", o->memory_mb);
	snprintf(prefix, sizeof(prefix), "lacsim-%d", (int)getpid());
	argv[argc++] = o->hugepages ? "--in-memory" : "--no-huge";
	for (int i = 0; i < 2; i++) {
		const char *dev = i ? o->core_port : o->port;

		if (!dev || !is_pci(dev))
			continue;
		argv[argc++] = "-a";
		argv[argc++] = (char *)(uintptr_t)dev;
		pci = true;
	}
	if (!pci)
		argv[argc++] = "--no-pci";
	snprintf(extra, sizeof(extra), "%s", o->eal ? o->eal : "");
	while ((word = strsep(&rest, " ")) && argc < ARGS_MAX - 1)
		if (*word)
			argv[argc++] = word;
	if (rte_eal_init(argc, argv) >= 0)
		return 0;
	return refuse("DPDK cannot start", o->hugepages ? "--hugepages" : "--memory",
		rte_strerror(rte_errno));
}

static int configure(struct port *p)
{
	struct rte_eth_conf conf = {0};
	uint16_t rxd = DESCRIPTORS, txd = DESCRIPTORS;
	int r = rte_eth_dev_configure(p->id, p->queues, p->queues, &conf);

	if (!r)
		r = rte_eth_dev_adjust_nb_rx_tx_desc(p->id, &rxd, &txd);
	for (uint16_t q = 0; q < p->queues && !r; q++)
		r = rte_eth_rx_queue_setup(p->id, q, rxd, SOCKET_ID_ANY, NULL, p->pool);
	for (uint16_t q = 0; q < p->queues && !r; q++)
		r = rte_eth_tx_queue_setup(p->id, q, txd, SOCKET_ID_ANY, NULL);
	return r ? r : rte_eth_dev_start(p->id);
}

static bool link_up(const struct port *p)
{
	struct rte_eth_link link = {0};

	return !rte_eth_link_get_nowait(p->id, &link) && link.link_status;
}

static int probe(struct port *p, const char *devargs)
{
	char bare[64];

	snprintf(bare, sizeof(bare), "%.*s", (int)RTE_MIN(strcspn(devargs, ","), sizeof(bare) - 1),
		devargs);
	if (!is_pci(devargs) && rte_eth_dev_get_port_by_name(bare, &p->id) &&
		rte_dev_probe(devargs))
		return refuse(p->name, devargs, "the device does not start");
	if (rte_eth_dev_get_port_by_name(bare, &p->id))
		return refuse(p->name, bare, "there is no such device");
	p->open = true;
	return 0;
}

int port_open(struct port *p, const char *name, const char *devargs, uint32_t ip, uint32_t count,
	uint32_t next_hop)
{
	struct rte_ether_addr mac;
	struct rte_eth_dev_info info;
	int r;

	p->name = name;
	p->side = (struct ether_side){.ip = ip, .count = count, .next_hop = next_hop};
	p->pool = rte_pktmbuf_pool_create(name, BUFFERS, 256, 0, ROOM, SOCKET_ID_ANY);
	if (!p->pool)
		return refuse(name, "packet buffers", "not enough memory: raise --memory");
	if (probe(p, devargs))
		return -1;
	r = configure(p);
	if (!r)
		r = rte_eth_macaddr_get(p->id, &mac);
	if (!r)
		r = rte_eth_dev_info_get(p->id, &info);
	if (r)
		return refuse(name, devargs, rte_strerror(-r));
	memcpy(p->side.mac, mac.addr_bytes, 6);
	snprintf(p->driver, sizeof(p->driver), "%s", info.driver_name);
	rte_eth_promiscuous_enable(p->id); /* a driver that cannot needs it not */
	for (int ms = 0; !link_up(p); ms++) {
		if (ms == LINK_MS)
			return refuse(name, devargs, "its link does not come up");
		usleep(1000);
	}
	return 0;
}

void port_close(struct port *p)
{
	if (!p->open)
		return;
	rte_pktmbuf_free_bulk(p->out, p->n_out);
	p->n_out = 0;
	rte_eth_dev_stop(p->id);
	rte_eth_dev_close(p->id);
	p->open = false;
}

struct rte_mbuf *port_new(struct port *p)
{
	return rte_pktmbuf_alloc(p->pool);
}

void port_push(struct port *p)
{
	unsigned int done = 0;

	while (done < p->n_out) {
		uint16_t n = rte_eth_tx_burst(p->id, 0, p->out + done, (uint16_t)(p->n_out - done));

		done += n;
		if (!n && !link_up(p))
			break;
	}
	rte_pktmbuf_free_bulk(p->out + done, p->n_out - done);
	p->n_out = 0;
}

void port_give(struct port *p, struct rte_mbuf *m)
{
	if (p->n_out == PORT_BURST)
		port_push(p);
	p->out[p->n_out++] = m;
}

static void send_bytes(struct port *p, const uint8_t *bytes, size_t len)
{
	struct rte_mbuf *m = port_new(p);
	char *to = m ? rte_pktmbuf_append(m, 60) : NULL;

	if (!to)
		return;
	memset(to, 0, 60);
	memcpy(to, bytes, len);
	port_give(p, m);
}

void port_ask(struct port *p, uint64_t now_ns)
{
	uint8_t bytes[ETHER_ARP];

	if (!p->open || ether_known(&p->side) || now_ns - p->asked_at < ASK_NS)
		return;
	p->asked_at = now_ns;
	send_bytes(p, bytes, ether_ask(&p->side, bytes));
}

bool port_arp(struct port *p, const uint8_t *frame, size_t len)
{
	uint8_t bytes[ETHER_ARP];
	uint32_t met = p->side.met;
	size_t n;

	if (len < ETHER_ARP || frame[12] != 0x08 || frame[13] != 0x06)
		return false;
	n = ether_arp(&p->side, frame, len, bytes);
	if (n)
		send_bytes(p, bytes, n);
	if (p->side.met != met && !ether_known(&p->side))
		send_bytes(p, bytes, ether_ask(&p->side, bytes)); /* for our next address */
	return true;
}
