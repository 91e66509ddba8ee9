/* SPDX-License-Identifier: BSD-3-Clause */
/* fibfwd.c - a bare IPv4 forwarder between two ports, on one core: what routing alone costs on a link.
 *   fibfwd EAL-OPTIONS -- PREFIX=PORT...       until SIGTERM
 * Per packet: header looked at, one lookup of the destination (rte_fib, DIR24_8), TTL and its checksum, a new Ethernet
 * header, out of the port of the route. No L2TP, no sessions, no counters, no control: the ceiling that lnsd is compared
 * with. It takes frames for any MAC address. One thread. At its end it prints one JSON object: packets, drops, and the
 * TSC ticks a packet of those polls that found packets. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_fib.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#define BURST       32u
#define PORTS       2u
#define DESCRIPTORS 1024u
#define BUFFERS     16383u
#define ROUTES      1024
#define NO_ROUTE    0xffffu

struct port {
	struct rte_ether_addr mac;
	struct rte_mbuf *out[BURST];
	uint16_t n;
};

static struct port ports[PORTS];
static struct rte_fib *fib;
static volatile sig_atomic_t ended;
static uint64_t packets, drops, busy;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

static int fail(const char *what)
{
	fprintf(stderr, "fibfwd: %s\n", what);
	return 1;
}

static int start_port(uint16_t id, struct rte_mempool *pool)
{
	struct rte_eth_conf conf = {0};
	uint16_t rxd = DESCRIPTORS, txd = DESCRIPTORS;

	if (rte_eth_dev_configure(id, 1, 1, &conf) ||
		rte_eth_dev_adjust_nb_rx_tx_desc(id, &rxd, &txd) ||
		rte_eth_rx_queue_setup(id, 0, rxd, SOCKET_ID_ANY, NULL, pool) ||
		rte_eth_tx_queue_setup(id, 0, txd, SOCKET_ID_ANY, NULL) || rte_eth_dev_start(id) ||
		rte_eth_macaddr_get(id, &ports[id].mac))
		return -1;
	rte_eth_promiscuous_enable(id);
	return 0;
}

/* PREFIX/LENGTH=PORT */
static int add_route(const char *text)
{
	struct in_addr prefix;
	char address[16];
	unsigned int length, port;

	if (sscanf(text, "%15[0-9.]/%u=%u", address, &length, &port) != 3 || length > 32 ||
		port >= PORTS || inet_pton(AF_INET, address, &prefix) != 1)
		return -1;
	return rte_fib_add(fib, ntohl(prefix.s_addr), (uint8_t)length, port);
}

static void send_out(struct port *p, uint16_t id)
{
	uint16_t sent = rte_eth_tx_burst(id, 0, p->out, p->n);

	if (sent < p->n) {
		drops += p->n - sent;
		rte_pktmbuf_free_bulk(p->out + sent, p->n - sent);
	}
	p->n = 0;
}

static struct rte_ipv4_hdr *ip_of(struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, sizeof(struct rte_ether_hdr));
}

static void ttl(struct rte_ipv4_hdr *ip)
{
	uint32_t sum = (uint32_t)ip->hdr_checksum + rte_cpu_to_be_16(0x0100);

	ip->hdr_checksum = (uint16_t)(sum + (sum >= 0xffff));
	ip->time_to_live--;
}

static void forward(struct rte_mbuf **m, uint16_t n)
{
	uint32_t to[BURST];
	uint64_t hop[BURST];

	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(m[i], void *));
	for (uint16_t i = 0; i < n; i++)
		to[i] = rte_be_to_cpu_32(ip_of(m[i])->dst_addr);
	rte_fib_lookup_bulk(fib, to, hop, n);
	for (uint16_t i = 0; i < n; i++) {
		struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m[i], struct rte_ether_hdr *);
		struct rte_ipv4_hdr *ip = ip_of(m[i]);
		struct port *p;

		if (unlikely(eth->ether_type != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) ||
			    ip->version_ihl != 0x45 || ip->time_to_live < 2 || hop[i] >= PORTS)) {
			rte_pktmbuf_free(m[i]);
			drops++;
			continue;
		}
		p = &ports[hop[i]];
		ttl(ip);
		eth->dst_addr = eth->src_addr; /* whoever is there takes all */
		eth->src_addr = p->mac;
		p->out[p->n++] = m[i];
	}
	for (uint16_t id = 0; id < PORTS; id++)
		if (ports[id].n)
			send_out(&ports[id], id);
	packets += n;
}

static void run(void)
{
	struct rte_mbuf *m[BURST];

	while (!ended) {
		for (uint16_t id = 0; id < PORTS; id++) {
			uint64_t from = rte_rdtsc();
			uint16_t n = rte_eth_rx_burst(id, 0, m, BURST);

			if (!n)
				continue;
			forward(m, n);
			busy += rte_rdtsc() - from;
		}
	}
}

int main(int argc, char **argv)
{
	struct rte_fib_conf conf = {
		.type = RTE_FIB_DIR24_8,
		.default_nh = NO_ROUTE,
		.max_routes = ROUTES,
		.dir24_8 = {.nh_sz = RTE_FIB_DIR24_8_4B, .num_tbl8 = 64},
	};
	struct rte_mempool *pool;
	int used = rte_eal_init(argc, argv);

	if (used < 0)
		return fail("EAL does not start");
	if (rte_eth_dev_count_avail() != PORTS)
		return fail("two ports are needed");
	pool = rte_pktmbuf_pool_create(
		"packets", BUFFERS, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	fib = rte_fib_create("routes", SOCKET_ID_ANY, &conf);
	if (!pool || !fib)
		return fail("no memory");
	for (int i = used + 1; i < argc; i++)
		if (add_route(argv[i]))
			return fail("usage: fibfwd EAL-OPTIONS -- PREFIX/LENGTH=PORT...");
	for (uint16_t id = 0; id < PORTS; id++)
		if (start_port(id, pool))
			return fail("a port does not start");
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	puts("ready");
	fflush(stdout);
	run();
	printf("{\"packets\": %" PRIu64 ", \"drops\": %" PRIu64 ", \"ticks_per_packet\": %.2f}\n",
		packets, drops, packets ? (double)busy / (double)packets : 0.0);
	for (uint16_t id = 0; id < PORTS; id++) {
		rte_eth_dev_stop(id);
		rte_eth_dev_close(id);
	}
	rte_eal_cleanup();
	return 0;
}
