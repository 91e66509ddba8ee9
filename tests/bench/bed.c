/* SPDX-License-Identifier: BSD-3-Clause */
/* bed.c - see bed.h. The sessions' blocks of slots, their tunnels' ids and the packets' buffers are in random order, so that no
 * prefetcher of the machine finds a pattern that traffic does not have. A tunnel's sessions fill a block before they take
 * another, as those that the control core gives slots. */
#include "tests/bench/bed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_rcu_qsbr.h>

#include "config/cfg.h"
#include "dataplane/init.h"
#include "dataplane/tunnel.h"

struct bed bed;

static uint64_t seed = 88172645463325252ull;

uint64_t bed_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static const char template[] =
	"schema: 1\n"
	"dataplane:\n"
	"  workers: 1\n  worker-cpus: [%u]\n  control-cpu: %u\n  idle: busy\n"
	"  hugepages: %s\n  memory: %uM\n  mbufs: 24576\n  max-sessions: %u\n  max-tunnels: %u\n"
	"%s%s%s%s"
	"  ports:\n"
	"    - {name: lac, dev: net_null0, addresses: [192.0.2.1/24]}\n"
	"    - {name: core, dev: net_null1, addresses: [203.0.113.1/24]}\n"
	"l2tp:\n"
	"  endpoints:\n    - {name: v4, address: 192.0.2.1, udp-checksum-data: off}\n"
	"  lac-profiles:\n    - {name: any, ppp-profile: p}\n"
	"ppp-profiles:\n  - {name: p, auth: [chap-md5], pool4: p4, pool6: p6}\n"
	"pools:\n  - {name: p4, range: 10.0.0.0/12}\n  - {name: p6, prefix: \"2001:db8::/44\"}\n";

/* Records lie in hugepages too where there are any: the store is a file of hugetlbfs. */
static void store_path(const struct bed_options *o)
{
	if (o->hugepages && !access("/dev/hugepages", W_OK))
		snprintf(bed.store, sizeof(bed.store), "/dev/hugepages/lnsd-bench-%d",
			(int)getpid());
}

static struct cfg *configuration(const struct bed_options *o)
{
	uint32_t memory = o->memory_mb ? o->memory_mb : 640 + o->sessions / 1024;
	char text[4096];
	int n;

	store_path(o);
	n = snprintf(text, sizeof(text), template, o->cpu,
		o->control_cpu < 0 ? o->cpu : (unsigned int)o->control_cpu,
		o->hugepages ? "on" : "off", memory, o->sessions + o->spare, bed.tunnels,
		*bed.store ? "  store: " : "", bed.store, *bed.store ? "\n" : "",
		o->extra ? o->extra : "");
	return cfg_parse("bench", text, (size_t)n, stderr);
}

static uint16_t feed_rx(void *queue, struct rte_mbuf **m, uint16_t max)
{
	struct bed_feed *f = queue;
	uint32_t n = RTE_MIN(max, f->most);

	n = RTE_MIN(n, f->n - f->at);
	if (!n)
		return 0;
	memcpy(m, f->m + f->at, n * sizeof(*m));
	f->at += n;
	return (uint16_t)n;
}

static uint16_t count_tx(void *queue, struct rte_mbuf **m, uint16_t n)
{
	(void)queue;
	bed.sent += n;
	if (bed.free_sent)
		rte_pktmbuf_free_bulk(m, n);
	return n;
}

/* The functions that rte_eth_rx_burst() and rte_eth_tx_burst() call, by port. */
static void take_ports(void)
{
	static void *queue[2][1];

	for (unsigned int i = 0; i < 2; i++) {
		struct rte_eth_fp_ops *ops = &rte_eth_fp_ops[dp_t.iface[i].port];

		queue[i][0] = &bed.feed[i];
		ops->rxq.data = queue[i];
		ops->rx_pkt_burst = feed_rx;
		ops->tx_pkt_burst = count_tx;
	}
}

static struct cfg_prefix prefix4(uint32_t ip, uint8_t len)
{
	struct cfg_prefix p = {.family = 4, .len = len};
	rte_be32_t be = rte_cpu_to_be_32(ip);

	memcpy(p.addr, &be, sizeof(be));
	return p;
}

static int routes(void)
{
	struct cfg_prefix lacs = prefix4(BED_LACS & 0xfffe0000, 15), net = prefix4(BED_CORENET, 16),
			  pool = prefix4(BED_POOL, 12);
	struct cfg_prefix net6 = {.family = 6, .len = 16, .addr = {0x26, 0x20}};
	struct cfg_prefix pool6 = {.family = 6, .len = 44, .addr = {0x20, 0x01, 0x0d, 0xb8}};
	uint32_t lac, router;

	memcpy(bed.lac_mac, (uint8_t[]){2, 0xaa, 0, 0, 0, 1}, 6);
	memcpy(bed.router_mac, (uint8_t[]){2, 0xbb, 0, 0, 0, 2}, 6);
	lac = dp_adj_new(BED_ACCESS, bed.lac_mac);
	router = dp_adj_new(BED_CORE, bed.router_mac);
	return !lac || !router || dp_route_set(0, &lacs, DP_NH_ADJ, lac) ||
			dp_route_set(0, &net, DP_NH_ADJ, router) ||
			dp_route_set(0, &net6, DP_NH_ADJ, router) ||
			dp_route_set(0, &pool, DP_NH_SUBSCRIBER, 0) ||
			dp_route_set(0, &pool6, DP_NH_SUBSCRIBER, 0)
		? -ENOSPC
		: 0;
}

static uint32_t *permutation(uint32_t n)
{
	uint32_t *p = malloc(((size_t)n + 1) * sizeof(*p));

	for (uint32_t i = 0; i <= n; i++)
		p[i] = i;
	for (uint32_t i = n; i > 1; i--) {
		uint32_t j = 1 + (uint32_t)(bed_random() % i), q = p[i];

		p[i] = p[j];
		p[j] = q;
	}
	return p;
}

static int tunnels(uint16_t *tids)
{
	uint32_t *tid = permutation(UINT16_MAX);

	for (uint32_t t = 0; t < bed.tunnels; t++) {
		struct l2tp_peer peer = {.family = 4, .port = 1701, .local_port = 1701};
		rte_be32_t lac = rte_cpu_to_be_32(BED_LACS + t), us = rte_cpu_to_be_32(BED_LNS);

		memcpy(peer.addr, &lac, 4);
		memcpy(peer.local, &us, 4);
		tids[t] = (uint16_t)tid[t + 1];
		dp_tunnel_set(t + 1, 1, &peer, tids[t], (uint16_t)(t + 1));
	}
	free(tid);
	return dp_t.tunnel[1].adj ? 0 : -EHOSTUNREACH;
}

static int publish(struct bed_session *s, uint32_t i)
{
	struct dp_session_desc d = {
		.slot = s->slot,
		.generation = 1,
		.tunnel = bed_tunnel_of(i) + 1,
		.tid = s->tid,
		.peer_sid = (uint16_t)(1 + i % BED_PER_TUNNEL),
		.mtu = 1452,
		.source_check = true,
		.mss_clamp = true,
	};
	int r;

	do {
		d.sid = s->sid = dp_session_pick_sid(d.slot, s->tid);
		r = dp_session_publish(&d);
	} while (r == -EEXIST);
	return r;
}

/* What workers and control do between packets: commands are applied, what was replaced is reaped. */
static void between(void)
{
	struct dp_event ev[64];

	dp_apply(bed.w);
	rte_rcu_qsbr_quiescent(dp_t.qsbr, bed.w->id);
	dp_tick(0);
	dp_events_done(ev, dp_events(ev, RTE_DIM(ev)));
}

/* Addresses by the way of the control core; then the record as the owner leaves it when IPCP and IPv6CP are open. */
static int open_session(struct bed_session *s, uint32_t i)
{
	struct dp_verdict v = {
		.ppp = {.accept = true, .peer_ip4 = bed_address(s->slot), .our_ip4 = BED_POOL + 1},
		.prefix6 = BED_PREFIX6 + i,
		.our_ip4 = BED_POOL + 1,
	};
	struct dp_session *r = &dp_t.session[s->slot];
	int status = publish(s, i);

	if (!status)
		status = dp_session_verdict(s->slot, 1, &v);
	r->ip4 = rte_cpu_to_be_32(v.ppp.peer_ip4);
	dp_t.more[s->slot].prefix6 = v.prefix6;
	r->prefix6_fold = prefix6_fold(v.prefix6);
	r->flags |= S_V4 | S_V6;
	r->action = S_TERMINATE;
	if (i % 16 == 0)
		between();
	return status;
}

static_assert(BED_PER_TUNNEL % DP_BLOCK == 0, "tunnels share no block");

/* 1..n, whole blocks of them in random order; slot 0 is none, and its block the last. */
static uint32_t *slots(uint32_t n)
{
	uint32_t *slot = malloc(((size_t)n + 1) * sizeof(*slot)), blocks = n / DP_BLOCK, k = 0;
	uint32_t *block = permutation(blocks);

	bed.rank = calloc(blocks + 1, sizeof(*bed.rank));
	bed.rank[0] = blocks + 1;
	for (uint32_t i = 1; i <= blocks; i++) {
		bed.rank[block[i]] = i;
		for (uint32_t at = 0; at < DP_BLOCK && block[i] * DP_BLOCK + at <= n; at++)
			slot[++k] = block[i] * DP_BLOCK + at;
	}
	for (uint32_t i = 1; i < DP_BLOCK && k < n; i++)
		slot[++k] = i;
	free(block);
	return slot;
}

static int sessions(uint32_t spare)
{
	uint32_t *slot = slots(bed.sessions + spare);
	uint16_t *tids = calloc(bed.tunnels, sizeof(*tids));
	int r = tunnels(tids);

	bed.session = calloc(bed.sessions, sizeof(*bed.session));
	for (uint32_t i = 0; i < bed.sessions && !r; i++) {
		bed.session[i] = (struct bed_session){
			.slot = slot[i + 1],
			.tid = tids[bed_tunnel_of(i)],
		};
		r = open_session(&bed.session[i], i);
	}
	for (unsigned int k = 0; k < 1024; k++)
		dp_apply(bed.w);
	bed.spare_slot = calloc(spare + 1, sizeof(*slot));
	memcpy(bed.spare_slot, slot + 1 + bed.sessions, spare * sizeof(*slot));
	free(slot);
	free(tids);
	return r;
}

int bed_start(const struct bed_options *o)
{
	struct dp_store_view view;
	struct cfg *c;
	int r;

	bed.sessions = o->sessions;
	bed.tunnels = (o->sessions + BED_PER_TUNNEL - 1) / BED_PER_TUNNEL;
	c = configuration(o);
	if (!c)
		return -1;
	r = dp_init(c, 64, &view) || dp_endpoint_add(&c->endpoints[0], 0) || ports_start();
	cfg_free(c);
	if (*bed.store)
		unlink(bed.store);
	if (r)
		return -1;
	take_ports();
	bed.w = dp_workers[0];
	/* No router advertisements between the packets that we count. */
	bed.w->ra_step_ns = UINT64_MAX;
	bed.pool = dp_t.pool;
	rte_rcu_qsbr_thread_register(dp_t.qsbr, bed.w->id);
	rte_rcu_qsbr_thread_online(dp_t.qsbr, bed.w->id);
	r = routes();
	if (!r)
		r = sessions(o->spare);
	if (r)
		return init_error("bench: %u sessions: %s", bed.sessions, strerror(-r));
	bed_fill_ring();
	return 0;
}

void bed_stop(void)
{
	for (unsigned int i = 0; i < BED_RING; i++)
		rte_pktmbuf_free(bed.ring[i]);
	rte_rcu_qsbr_thread_offline(dp_t.qsbr, bed.w->id);
	free(bed.session);
	free(bed.rank);
	free(bed.spare_slot);
	dp_fini();
}

void bed_set_flags(uint16_t flags, bool udp_checksum, bool offload)
{
	for (uint32_t t = 1; t <= bed.tunnels; t++)
		dp_t.tunnel[t].flags = (uint8_t)((dp_t.tunnel[t].flags & ~T_UDP_CSUM) |
			(udp_checksum ? T_UDP_CSUM : 0));
	for (unsigned int i = 0; i < dp_t.n_ifs; i++)
		dp_t.iface[i].tx_checksum = offload;
	for (uint32_t i = 0; i < bed.sessions; i++)
		if (dp_t.session[bed.session[i].slot].flags != flags)
			dp_t.session[bed.session[i].slot].flags = flags;
}

void bed_fill_ring(void)
{
	uint32_t *order;

	if (bed.ring[0])
		return;
	if (rte_pktmbuf_alloc_bulk(bed.pool, bed.ring, BED_RING))
		rte_panic("bench: %u buffers are not there\n", BED_RING);
	order = permutation(BED_RING);
	for (uint32_t i = 0; i < BED_RING; i++) {
		struct rte_mbuf *m = bed.ring[i];
		uint32_t j = order[i + 1] - 1;

		bed.ring[i] = bed.ring[j];
		bed.ring[j] = m;
	}
	free(order);
}

void bed_run(void)
{
	while (bed.feed[0].at < bed.feed[0].n || bed.feed[1].at < bed.feed[1].n) {
		worker_poll(bed.w);
		rte_rcu_qsbr_quiescent(dp_t.qsbr, bed.w->id);
	}
}

uint64_t bed_dropped(void)
{
	uint64_t n = 0;

	for (unsigned int i = 1; i < DROP_REASONS; i++)
		n += bed.w->drop[i];
	return n;
}
