/* SPDX-License-Identifier: BSD-3-Clause */
/* port.c - ethdevs from the configured devargs, interfaces (untagged or one VLAN each) on them, and which worker polls and
 * fills which queue. Thread: control; workers read dp_t.iface and their own queue tables.
 * Queues: one pair per worker as far as the device has them. A device with fewer receive queues is polled by its first
 * workers (they hand over); a worker without a transmit queue of its own sends through the one in tx_proxy_of_port.
 * af_packet: every socket of a fanout group gets its share of the packets, so all its queues are polled; its rings hold a
 * whole frame each, because the PMD drops longer ones.
 * Not here: what spreads packets over the queues (rss.c). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "dataplane/control.h"
#include "dataplane/init.h"
#include "dataplane/rss.h"

#define DESCRIPTORS 1024
#define TAG         4 /* bytes of a VLAN tag */

/* One ethdev; several interfaces may share it. */
struct eth {
	const struct cfg_port *cfg; /* the first of them, for messages */
	uint16_t port;
	uint16_t mtu, tag; /* largest of its interfaces; bytes of a tag, if one is tagged */
	uint16_t n_rxq, n_txq;
	bool access; /* tunnels may end on it */
	bool tx_checksum;
	bool started;
	char driver[32], kernel_if[32];
};

static struct eth eths[RTE_MAX_ETHPORTS];
static unsigned int n_eths;
static struct {
	char name[16];
	uint16_t eth;
} ifs[DP_IFS_MAX];

static bool same_dev(const char *a, const char *b)
{
	size_t n = strcspn(a, ",");

	return n == strcspn(b, ",") && !strncmp(a, b, n);
}

static bool has_arg(const char *dev, const char *key)
{
	const char *at = dev;
	size_t n = strlen(key);

	while ((at = strchr(at, ',')) != NULL)
		if (!strncmp(++at, key, n) && at[n] == '=')
			return true;
	return false;
}

static bool is_af_packet(const char *dev)
{
	return !strncmp(dev, "net_af_packet", 13) || !strncmp(dev, "eth_af_packet", 13);
}

static bool is_af_xdp(const char *dev)
{
	return !strncmp(dev, "net_af_xdp", 10);
}

/* Only where Linux sees the same frames as we do: a tap's interface is the other end of the wire. */
static void kernel_if(const char *dev, char out[32])
{
	const char *at = strstr(dev, ",iface=");

	out[0] = '\0';
	if (at && (is_af_packet(dev) || is_af_xdp(dev)))
		snprintf(out, 32, "%.*s", (int)strcspn(at + 7, ","), at + 7);
}

/* What the operator left open in an af_packet device: a queue per worker, and rings whose slots hold a whole frame (the
 * kernel puts up to 94 bytes before the IP header). */
static void complete_af_packet(const struct eth *e, char *dev, size_t size, unsigned int workers)
{
	unsigned int frame = 2048;
	size_t at = strlen(dev);

	while (frame < e->mtu + e->tag + 96u)
		frame *= 2;
	if (!has_arg(dev, "qpairs"))
		at += (size_t)snprintf(dev + at, size - at, ",qpairs=%u", workers);
	if (at < size && !has_arg(dev, "framesz") && !has_arg(dev, "blocksz") &&
		!has_arg(dev, "framecnt"))
		snprintf(dev + at, size - at, ",blocksz=%u,framesz=%u,framecnt=4096",
			RTE_MAX(frame, 4096u), frame);
}

static int probe(struct eth *e, unsigned int workers)
{
	const char *name = strncmp(e->cfg->dev, "pci:", 4) ? e->cfg->dev : e->cfg->dev + 4;
	char dev[320], bare[64];
	int r = 0;

	snprintf(dev, sizeof(dev), "%s", name);
	snprintf(bare, sizeof(bare), "%.*s", (int)RTE_MIN(strcspn(name, ","), sizeof(bare) - 1),
		name);
	if (is_af_packet(dev))
		complete_af_packet(e, dev, sizeof(dev), workers);
	if (!port_is_pci(name))
		r = rte_dev_probe(dev);
	if (!r && !rte_eth_dev_get_port_by_name(bare, &e->port)) {
		kernel_if(name, e->kernel_if);
		return 0;
	}
	if (is_af_packet(name) || is_af_xdp(name))
		return init_error("port %s: %s does not start: does its iface exist (`ip link`), "
				  "and may we open raw sockets "
				  "(CAP_NET_RAW)?",
			e->cfg->name, dev);
	return init_error("port %s: no device %s: %s", e->cfg->name, dev,
		port_is_pci(name) ? "is it bound to vfio-pci (dpdk-devbind.py --status)?"
				  : "is the driver installed, and are its arguments right?");
}

static int configure(struct eth *e, unsigned int workers)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf = {0};
	uint64_t sums = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	uint16_t rxd = DESCRIPTORS, txd = DESCRIPTORS;
	int r = rte_eth_dev_info_get(e->port, &info);

	if (r)
		return r;
	snprintf(e->driver, sizeof(e->driver), "%s", info.driver_name);
	e->n_rxq = (uint16_t)RTE_MIN(info.max_rx_queues, (unsigned int)WORKER_QUEUES_MAX);
	if (!is_af_packet(e->driver))
		e->n_rxq = (uint16_t)RTE_MIN(e->n_rxq, workers);
	e->n_txq = (uint16_t)RTE_MIN(info.max_tx_queues, workers);
	if (is_af_packet(e->driver)) /* it has pairs */
		e->n_txq = e->n_rxq;
	e->tx_checksum = (info.tx_offload_capa & sums) == sums;
	if (!is_af_packet(e->driver))
		conf.rxmode.mtu = e->mtu;
	rss_plan(e->port, &info, e->n_rxq, e->access, &conf);
	conf.txmode.offloads = e->tx_checksum ? sums : 0;
	r = rte_eth_dev_configure(e->port, e->n_rxq, e->n_txq, &conf);
	if (r == -EINVAL) { /* a virtual device that claims a small maximum */
		conf.rxmode.mtu = 0;
		r = rte_eth_dev_configure(e->port, e->n_rxq, e->n_txq, &conf);
	}
	if (r && rss_without_key(&conf))
		r = rte_eth_dev_configure(e->port, e->n_rxq, e->n_txq, &conf);
	if (!r)
		r = rte_eth_dev_adjust_nb_rx_tx_desc(e->port, &rxd, &txd);
	for (uint16_t q = 0; q < e->n_rxq && !r; q++)
		r = rte_eth_rx_queue_setup(e->port, q, rxd, SOCKET_ID_ANY, NULL, dp_t.pool);
	for (uint16_t q = 0; q < e->n_txq && !r; q++)
		r = rte_eth_tx_queue_setup(e->port, q, txd, SOCKET_ID_ANY, NULL);
	return r;
}

/* The PMD of af_packet claims a maximum of 1518 bytes whatever its rings hold, so the kernel is asked itself. */
static int set_kernel_mtu(const struct eth *e)
{
	struct ifreq req = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", e->kernel_if);
	r = fd < 0 || ioctl(fd, SIOCGIFMTU, &req) ? -errno : 0;
	if (!r && req.ifr_mtu < (int)e->mtu) {
		req.ifr_mtu = e->mtu;
		r = ioctl(fd, SIOCSIFMTU, &req) ? -errno : 0;
	}
	if (fd >= 0)
		close(fd);
	return r;
}

/* A driver may count a VLAN tag to the frame or not: the room for it is asked for, and done without. */
static int set_mtu(const struct eth *e)
{
	int r;

	if (*e->kernel_if && is_af_packet(e->driver)) {
		r = set_kernel_mtu(e);
	} else {
		r = rte_eth_dev_set_mtu(e->port, (uint16_t)(e->mtu + e->tag));
		if (r && r != -ENOTSUP && e->tag)
			r = rte_eth_dev_set_mtu(e->port, e->mtu);
	}
	if (!r || r == -ENOTSUP)
		return 0;
	return init_error("port %s: the device refuses an MTU of %u (%s): lower mtu of this port",
		e->cfg->name, e->mtu, rte_strerror(-r));
}

static int share_queues(const struct eth *e, unsigned int workers)
{
	for (uint16_t q = 0; q < e->n_rxq; q++) {
		struct worker *w = dp_workers[q % workers];

		if (w->n_rxq == WORKER_QUEUES_MAX)
			return init_error("port %s: a worker polls %d queues at most: more workers "
					  "or fewer qpairs",
				e->cfg->name, WORKER_QUEUES_MAX);
		w->rxq[w->n_rxq].port = e->port;
		w->rxq[w->n_rxq++].queue = q;
	}
	for (unsigned int i = 0; i < workers; i++) {
		dp_workers[i]->txq_of_port[e->port] = (uint16_t)(i < e->n_txq ? i : UINT16_MAX);
		dp_workers[i]->tx_proxy_of_port[e->port] =
			(uint16_t)(i < e->n_txq ? i : i % e->n_txq);
	}
	return 0;
}

static bool has_endpoint(const struct cfg_port *p, const struct cfg *c)
{
	for (size_t i = 0; i < p->n_addresses; i++)
		for (size_t k = 0; k < c->n_endpoints; k++)
			if (p->addresses[i].family == c->endpoints[k].address.family &&
				!memcmp(p->addresses[i].addr, c->endpoints[k].address.addr,
					p->addresses[i].family == 4 ? 4 : 16))
				return true;
	return false;
}

/* Tunnels end where an endpoint's address is, on one of the device's interfaces. An endpoint that is on no port (lo) may be
 * reached by all. */
static bool is_access(const struct eth *e, const struct cfg *c)
{
	bool any = false;

	for (size_t i = 0; i < c->dataplane.n_ports; i++) {
		const struct cfg_port *p = &c->dataplane.ports[i];

		if (!has_endpoint(p, c))
			continue;
		if (same_dev(p->dev, e->cfg->dev))
			return true;
		any = true;
	}
	return !any;
}

/* The ethdev of a configured port: a new one, or that of an earlier port with another VLAN. */
static struct eth *eth_of(const struct cfg_port *p, const struct cfg *c)
{
	struct eth *e;
	int r;

	for (unsigned int i = 0; i < n_eths; i++)
		if (same_dev(eths[i].cfg->dev, p->dev))
			return &eths[i];
	if (n_eths == RTE_MAX_ETHPORTS)
		return NULL;
	e = &eths[n_eths++];
	*e = (struct eth){.cfg = p};
	for (size_t i = 0; i < c->dataplane.n_ports; i++) {
		const struct cfg_port *q = &c->dataplane.ports[i];

		if (same_dev(q->dev, p->dev))
			e->mtu = RTE_MAX(e->mtu, q->mtu);
		if (same_dev(q->dev, p->dev) && q->vlan)
			e->tag = TAG;
	}
	e->access = is_access(e, c);
	if (probe(e, c->dataplane.workers)) {
		n_eths--;
		return NULL;
	}
	r = configure(e, c->dataplane.workers);
	if (r) {
		init_error("port %s: %s cannot be set up: %s; more packet buffers "
			   "(dataplane.mbufs) or fewer workers may help",
			p->name, p->dev, rte_strerror(-r));
		return NULL;
	}
	if (set_mtu(e) || share_queues(e, c->dataplane.workers))
		return NULL;
	return e;
}

static int if_init(unsigned int ifx, const struct cfg_port *p, const struct eth *e)
{
	struct dp_if *d = &dp_t.iface[ifx];

	if (dp_t.if_of[e->port][p->vlan])
		return init_error("port %s: VLAN %u of %s belongs to port %s already", p->name,
			p->vlan, p->dev, ifs[dp_t.if_of[e->port][p->vlan] - 1].name);
	*d = (struct dp_if){
		.port = e->port,
		.vlan = p->vlan,
		.mtu = p->mtu,
		.n_txq = e->n_txq,
		.n_rxq = e->n_rxq,
		.tx_checksum = e->tx_checksum,
	};
	if (rte_eth_macaddr_get(e->port, &d->mac))
		return init_error("port %s: the device has no MAC address", p->name);
	for (size_t i = p->n_addresses; i--;) {
		const struct cfg_prefix *a = &p->addresses[i];

		if (a->family == 4)
			memcpy(&d->ip4, a->addr, 4);
		else
			memcpy(d->ip6, a->addr, 16);
	}
	dp_t.if_of[e->port][p->vlan] = (uint8_t)(ifx + 1);
	snprintf(ifs[ifx].name, sizeof(ifs[ifx].name), "%s", p->name);
	ifs[ifx].eth = (uint16_t)(e - eths);
	dp_t.n_ifs = (uint16_t)(ifx + 1);
	return 0;
}

int ports_init(const struct cfg *c)
{
	if (c->dataplane.n_ports > DP_IFS_MAX - 1)
		return init_error("dataplane.ports: at most %d ports", DP_IFS_MAX - 1);
	for (unsigned int i = 0; i < c->dataplane.n_ports; i++) {
		const struct eth *e = eth_of(&c->dataplane.ports[i], c);

		if (!e || if_init(i, &c->dataplane.ports[i], e))
			return -1;
	}
	return 0;
}

int ports_start(void)
{
	for (unsigned int i = 0; i < n_eths; i++) {
		struct eth *e = &eths[i];
		int r = rte_eth_dev_start(e->port);

		if (r)
			return init_error("port %s: %s does not start: %s", e->cfg->name,
				e->cfg->dev, rte_strerror(-r));
		e->started = true;
		rss_started(e->port);
		/* Linux's neighbour discovery behind the shadow tap needs multicast. */
		if (rte_eth_allmulticast_enable(e->port))
			rte_eth_promiscuous_enable(e->port);
	}
	return 0;
}

void ports_fini(void)
{
	for (unsigned int i = 0; i < n_eths; i++) {
		if (eths[i].started)
			rte_eth_dev_stop(eths[i].port);
		rte_eth_dev_close(eths[i].port);
		rss_stopped(eths[i].port);
	}
	n_eths = 0;
}

unsigned int dp_if_count(void)
{
	return dp_t.n_ifs;
}

static const char *steering(const struct eth *e)
{
	if (e->n_rxq > 1 && is_af_packet(e->driver))
		return "fanout";
	return rss_name(e->port);
}

void dp_if_get(unsigned int ifx, struct dp_if_info *info)
{
	const struct dp_if *d = &dp_t.iface[ifx];
	const struct eth *e = &eths[ifs[ifx].eth];
	struct rte_eth_link link = {0};

	*info = (struct dp_if_info){
		.mtu = d->mtu,
		.vlan = d->vlan,
		.rx_queues = d->n_rxq,
		.tx_queues = d->n_txq,
		.tx_checksum = d->tx_checksum,
		.steering = steering(e),
	};
	snprintf(info->name, sizeof(info->name), "%s", ifs[ifx].name);
	snprintf(info->driver, sizeof(info->driver), "%s", e->driver);
	snprintf(info->kernel_if, sizeof(info->kernel_if), "%s", e->kernel_if);
	memcpy(info->mac, d->mac.addr_bytes, sizeof(info->mac));
	info->link_up = !rte_eth_link_get_nowait(d->port, &link) && link.link_status;
}

void dp_if_counters(unsigned int ifx, struct dp_if_counters *c)
{
	struct rte_eth_stats s = {0};
	uint64_t full = 0;

	rte_eth_stats_get(dp_t.iface[ifx].port, &s);
	for (unsigned int i = 0; i < dp_c.n_workers; i++)
		full += __atomic_load_n(
			&dp_workers[i]->tx[dp_t.iface[ifx].port].full, __ATOMIC_RELAXED);
	*c = (struct dp_if_counters){
		.rx_packets = s.ipackets,
		.rx_octets = s.ibytes,
		.tx_packets = s.opackets,
		.tx_octets = s.obytes,
		.rx_missed = s.imissed,
		.rx_errors = s.ierrors,
		.tx_errors = s.oerrors,
		.tx_full = full,
		.rx_nombuf = s.rx_nombuf,
	};
}
