/* SPDX-License-Identifier: BSD-3-Clause */
/* rig2.c - see rig2.h. Sessions are put into the state that PPP would bring them to; all else goes
 * the way of the control core. Frames are 98 bytes towards us (46 of them the subscriber's IPv4
 * packet) and 60 from the core side, outer UDP without a checksum. The refill is done by the thread
 * whose worker receives, so that frame and mbuf lie where a driver would leave them. */
#include "tests/bench/rig2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_ip.h>

#include "dataplane/control.h"
#include "dataplane/index.h"
#include "dataplane/inet.h"
#include "dataplane/init.h"

#define ETH         14
#define INNER       46 /* bytes of the IP packet */
#define INNER_UP    (ETH + 20 + 8 + 6 + 4)
#define TAG_AT      28 /* of the IP packet: number of the subscriber */
#define TUNNEL_FILL 52000u /* sessions of a tunnel: ids stay easy to find */
#define LNS_IP      0xc0000201u
#define LAC_IP      0xc6336407u
#define HOST_IP     0x08080808u
#define POOL_IP     0x64400000u /* 100.64.0.0/10 */
#define ACCESS      0
#define CORE        1

struct rig_side rig_side[RIG_SIDES];
bool rig_hugepages;
static struct rig_sub *subs[RIG_SIDES]; /* by owner */
static uint32_t n_subs[RIG_SIDES], n_tunnels;
static uint8_t frame_up[INNER_UP + INNER], frame_down[ETH + INNER];
static void *queue[RIG_SIDES], *callbacks[RIG_SIDES];
static const uint8_t lac_mac[6] = {2, 0xaa, 0, 0, 0, 1}, gw_mac[6] = {2, 0xaa, 0, 0, 0, 2};

uint32_t rig_tunnels(void)
{
	return n_tunnels;
}

static uint64_t next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* -- the ports -- */

static uint16_t rx(void *rxq, struct rte_mbuf **m, uint16_t n)
{
	struct rig_side *s = *(struct rig_side **)rxq;

	n = (uint16_t)RTE_MIN(n, s->n - s->next);
	if (s->next + n > s->limit) {
		uint64_t sent = 0;

		for (unsigned int i = 0; i < RIG_SIDES; i++)
			sent += __atomic_load_n(&rig_side[i].sent, __ATOMIC_RELAXED);
		s->limit = (uint32_t)RTE_MIN(s->n, sent / s->receivers + RIG_IN_FLIGHT);
	}
	/* Whole bursts, as under full load: small ones cost more a packet. */
	if (s->next + n > s->limit)
		return 0;
	memcpy(m, s->m + s->next, n * sizeof(*m));
	s->next += n;
	/* The next poll will ask: the bench's waiting for an answer is no cost of a packet. */
	if (s->next + n > s->limit)
		for (unsigned int i = 0; i < RIG_SIDES; i++)
			rte_prefetch0(&rig_side[i].sent);
	for (uint32_t i = s->next; i < RTE_MIN(s->next + n, s->n); i++) /* as drivers do */
		rte_prefetch0(s->m[i]);
	return n;
}

/* Packets that the side sends in this round. */
static uint64_t share(const struct rig_side *s)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < RIG_SIDES; i++)
		n += rig_side[i].owned_by[s->w->id];
	return n;
}

static void mark(struct rig_side *s)
{
	unsigned int which = s->marked[0].sent > 0;

	s->marked[which].sent = s->own_sent;
	s->marked[which].tsc = rte_rdtsc();
	s->mark = which ? UINT64_MAX : share(s) * (RIG_EDGE - 1) / RIG_EDGE;
}

static uint16_t tx(void *txq, struct rte_mbuf **m, uint16_t n)
{
	struct rig_side *s = *(struct rig_side **)txq;

	for (unsigned int i = 0; i < n && s->n_seen < RIG_SAMPLES; i++)
		s->seen[s->n_seen++] = m[i];
	s->own_sent += n;
	if (unlikely(s->own_sent >= s->mark))
		mark(s);
	if (s->own_sent - s->sent >= RIG_TELL)
		__atomic_store_n(&s->sent, s->own_sent, __ATOMIC_RELEASE);
	return n;
}

static void make_ports(void)
{
	static struct rig_side *of_queue[RIG_SIDES];

	for (unsigned int i = 0; i < RIG_SIDES; i++) {
		of_queue[i] = &rig_side[i];
		queue[i] = &of_queue[i];
	}
	for (unsigned int port = 0; port < 2; port++) {
		struct rte_eth_fp_ops *ops = &rte_eth_fp_ops[port];
		struct dp_if *d = &dp_t.iface[port];

		ops->rx_pkt_burst = rx;
		ops->tx_pkt_burst = tx;
		ops->rxq.data = ops->txq.data = queue;
		ops->rxq.clbk = ops->txq.clbk = callbacks;
		*d = (struct dp_if){.port = (uint16_t)port, .mtu = 1500, .n_rxq = 2, .n_txq = 2};
		d->mac = (struct rte_ether_addr){{2, 0, 0, 0, 0, (uint8_t)(port + 1)}};
		dp_t.if_of[port][0] = (uint8_t)(port + 1);
	}
	dp_t.n_ifs = 2;
}

/* -- tables and sessions -- */

static struct cfg_prefix prefix4(uint32_t ip, uint8_t len)
{
	struct cfg_prefix p = {.family = 4, .len = len};

	ip = rte_cpu_to_be_32(ip);
	memcpy(p.addr, &ip, 4);
	return p;
}

static int make_world(void)
{
	struct cfg_endpoint e = {.address = prefix4(LNS_IP, 32)};
	struct cfg_prefix pool = prefix4(POOL_IP, 10), lac = prefix4(LAC_IP, 32),
			  all = {.family = 4};
	struct l2tp_peer peer = {.family = 4, .port = 40000, .local_port = 1701};

	memcpy(peer.addr, lac.addr, 4);
	memcpy(peer.local, e.address.addr, 4);
	if (index_pool_add(4, POOL_IP, dp_t.max_sessions + 1) || dp_endpoint_add(&e, 0) ||
		dp_route_set(0, &pool, DP_NH_SUBSCRIBER, 0) ||
		dp_route_set(0, &lac, DP_NH_ADJ, dp_adj_new(ACCESS, lac_mac)) ||
		dp_route_set(0, &all, DP_NH_ADJ, dp_adj_new(CORE, gw_mac)))
		return -1;
	for (uint32_t t = 1; t <= n_tunnels; t++)
		dp_tunnel_set(t, 1, &peer, (uint16_t)(1000 + t), (uint16_t)(2000 + t));
	return 0;
}

/* Whole blocks of slots, as the control core gives them out. */
static uint32_t tunnel_of(uint32_t slot)
{
	return 1 + slot / DP_BLOCK % n_tunnels;
}

static int make_session(uint32_t slot)
{
	struct dp_session_desc d = {.slot = slot,
		.generation = 1,
		.tunnel = tunnel_of(slot),
		.peer_sid = (uint16_t)slot,
		.mtu = 1460,
		.source_check = true};
	struct dp_session *s = &dp_t.session[slot];
	struct rig_sub *sub;
	int r;

	d.tid = (uint16_t)(1000 + d.tunnel);
	do {
		d.sid = dp_session_pick_sid(slot, d.tid);
		r = dp_session_publish(&d);
	} while (r == -EEXIST);
	if (r || slot_set_addresses(slot, 0, rte_cpu_to_be_32(POOL_IP + slot), 0))
		return -1;
	s->action = S_TERMINATE;
	s->flags |= S_V4;
	s->ip4 = rte_cpu_to_be_32(POOL_IP + slot);
	sub = &subs[s->owner][n_subs[s->owner]++];
	*sub = (struct rig_sub){slot, d.tid, d.sid, POOL_IP + slot};
	return 0;
}

static int make_sessions(uint32_t sessions)
{
	for (unsigned int i = 0; i < RIG_SIDES; i++)
		subs[i] = calloc(sessions, sizeof(*subs[i]));
	for (uint32_t slot = 1; slot <= sessions; slot++)
		if (make_session(slot)) {
			fprintf(stderr, "handover: session %u cannot be made\n", slot);
			return -1;
		}
	return n_subs[0] && n_subs[1] ? 0 : -1;
}

/* -- frames -- */

static void ip4_head(uint8_t *p, uint32_t src, uint32_t dst, uint16_t total)
{
	memset(p, 0, 20);
	p[0] = 0x45;
	store16(p + 2, total);
	p[8] = 64;
	p[9] = IPPROTO_UDP;
	src = rte_cpu_to_be_32(src);
	dst = rte_cpu_to_be_32(dst);
	memcpy(p + 12, &src, 4);
	memcpy(p + 16, &dst, 4);
}

static void udp_head(uint8_t *p, uint16_t src, uint16_t dst, uint16_t len)
{
	memset(p, 0, 8);
	store16(p, src);
	store16(p + 2, dst);
	store16(p + 4, len);
}

static void make_frames(void)
{
	uint8_t *p = frame_up;

	memcpy(p, &dp_t.iface[ACCESS].mac, 6);
	store16(p + 12, 0x0800);
	ip4_head(p + ETH, LAC_IP, LNS_IP, sizeof(frame_up) - ETH);
	store16(p + ETH + 10, (uint16_t)~rte_be_to_cpu_16(rte_raw_cksum(p + ETH, 20)));
	udp_head(p + ETH + 20, 40000, 1701, sizeof(frame_up) - ETH - 20);
	store16(p + ETH + 28, 0x0002);
	store16(p + ETH + 34, 0xff03);
	store16(p + ETH + 36, 0x0021);
	ip4_head(p + INNER_UP, 0, HOST_IP, INNER);
	udp_head(p + INNER_UP + 20, 5000, 5001, INNER - 20);
	p = frame_down;
	memcpy(p, &dp_t.iface[CORE].mac, 6);
	store16(p + 12, 0x0800);
	ip4_head(p + ETH, HOST_IP, 0, INNER);
	udp_head(p + ETH + 20, 5001, 5000, INNER - 20);
}

static void fix_inner(uint8_t *ip, const struct rig_sub *sub, unsigned int at)
{
	uint32_t addr = rte_cpu_to_be_32(sub->ip4);
	uint16_t sum;

	memcpy(ip + at, &addr, 4);
	memcpy(ip + TAG_AT, &sub->slot, 4);
	sum = (uint16_t)~rte_raw_cksum(ip, 20);
	memcpy(ip + 10, &sum, 2);
}

static void write_frame(struct rte_mbuf *m, enum rig_dir dir, const struct rig_sub *sub)
{
	uint16_t len = dir == RIG_UP ? sizeof(frame_up) : sizeof(frame_down);
	uint8_t *p = (uint8_t *)m->buf_addr + RTE_PKTMBUF_HEADROOM;

	m->data_off = RTE_PKTMBUF_HEADROOM;
	m->data_len = len;
	m->pkt_len = len;
	m->ol_flags = 0;
	m->packet_type = 0;
	if (dir == RIG_UP) {
		memcpy(p, frame_up, sizeof(frame_up));
		store16(p + ETH + 30, sub->tid);
		store16(p + ETH + 32, sub->sid);
		fix_inner(p + INNER_UP, sub, 12);
	} else {
		memcpy(p, frame_down, sizeof(frame_down));
		fix_inner(p + ETH, sub, 16);
	}
}

void rig_refill(struct rig_side *s, enum rig_dir dir, uint32_t n, unsigned int self_256)
{
	unsigned int self = s->w->id;

	memset(s->owned_by, 0, sizeof(s->owned_by));
	memset(s->marked, 0, sizeof(s->marked));
	for (uint32_t i = 0; i < n; i++) {
		uint64_t r = next_random(&s->rnd);
		unsigned int owner = (r & 255) < self_256 ? self : !self;

		s->owned_by[owner]++;
		write_frame(s->m[i], dir, &subs[owner][(r >> 16) % n_subs[owner]]);
	}
	s->w->rxq[0].port = dir == RIG_UP ? ACCESS : CORE;
	s->n = n;
	s->next = 0;
	s->n_seen = 0;
	s->limit = self_256 < 256 ? RTE_MIN(n, (uint32_t)RIG_IN_FLIGHT) : n;
	s->own_sent = 0;
	__atomic_store_n(&s->sent, 0, __ATOMIC_RELAXED);
}

void rig_begin(struct rig_side *s)
{
	s->mark = RTE_MAX(share(s) / RIG_EDGE, 1u);
}

double rig_rate(const struct rig_side *s)
{
	return s->marked[1].sent ? (double)(s->marked[1].sent - s->marked[0].sent) /
			(double)(s->marked[1].tsc - s->marked[0].tsc)
				 : 0;
}

void rig_poll(struct rig_side *s)
{
	uint64_t from = rte_rdtsc();

	s->w->worked = false;
	worker_poll(s->w);
	if (s->w->worked)
		s->busy += rte_rdtsc() - from;
	else if (s->own_sent != s->sent)
		__atomic_store_n(&s->sent, s->own_sent, __ATOMIC_RELEASE);
}

/* -- what came out -- */

static const char *check_up(const uint8_t *p, uint16_t len)
{
	const uint8_t *ip = p + ETH;
	uint32_t slot;

	if (len != ETH + INNER || memcmp(p, gw_mac, 6))
		return "length or next hop";
	memcpy(&slot, ip + TAG_AT, 4);
	if (ip[8] != 63 || rte_raw_cksum(ip, 20) != 0xffff)
		return "TTL or header checksum";
	return rte_be_to_cpu_32(load32_raw(ip + 12)) == POOL_IP + slot ? NULL : "source";
}

static const char *check_down(const uint8_t *p, uint16_t len)
{
	const uint8_t *outer = p + ETH, *l2tp = outer + 28, *ip = p + INNER_UP;
	uint32_t slot;

	if (len != INNER_UP + INNER || memcmp(p, lac_mac, 6))
		return "length or next hop";
	memcpy(&slot, ip + TAG_AT, 4);
	if (ip[8] != 63 || rte_raw_cksum(ip, 20) != 0xffff || rte_raw_cksum(outer, 20) != 0xffff)
		return "TTL or a header checksum";
	if (load16(l2tp + 2) != 2000 + tunnel_of(slot) || load16(l2tp + 4) != (uint16_t)slot)
		return "tunnel or session id";
	return rte_be_to_cpu_32(load32_raw(ip + 16)) == POOL_IP + slot ? NULL : "destination";
}

bool rig_check(enum rig_dir dir)
{
	for (unsigned int i = 0; i < RIG_SIDES; i++)
		for (uint32_t k = 0; k < rig_side[i].n_seen; k++) {
			struct rte_mbuf *m = rig_side[i].seen[k];
			const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
			const char *wrong = dir == RIG_UP ? check_up(p, m->data_len)
							  : check_down(p, m->data_len);

			if (wrong) {
				fprintf(stderr,
					"handover: a frame sent by worker %u is wrong: %s\n", i,
					wrong);
				return false;
			}
		}
	return true;
}

uint64_t rig_dropped(void)
{
	uint64_t n = 0;

	for (unsigned int i = 1; i < dp_drop_count(); i++)
		n += dp_drop_get(i);
	return n;
}

/* -- start -- */

static int eal(const int cpu[RIG_SIDES], uint32_t sessions, bool huge)
{
	char lcores[32], prefix[32], memory[16];
	char *argv[] = {"handover", "--lcores", lcores, "--main-lcore", "0", "-m", memory,
		"--file-prefix", prefix, "--no-telemetry", "--no-shconf", "--no-pci",
		"--log-level=*:error", huge ? "--in-memory" : "--no-huge", NULL};

	snprintf(lcores, sizeof(lcores), "0@%d,1@%d", cpu[0], cpu[1]);
	snprintf(prefix, sizeof(prefix), "handover%d", (int)getpid());
	snprintf(memory, sizeof(memory), "%u", 256 + sessions / 900);
	return rte_eal_init(RTE_DIM(argv) - 1, argv) < 0 ? -1 : 0;
}

static bool hugepages_free(uint32_t mib)
{
	FILE *f = fopen("/proc/meminfo", "r");
	unsigned long n = 0, size = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "HugePages_Free: %lu", &n);
		sscanf(line, "Hugepagesize: %lu", &size);
	}
	if (f)
		fclose(f);
	return n * size / 1024 >= mib;
}

static int make_side(unsigned int i)
{
	struct rig_side *s = &rig_side[i];
	struct worker *w = dp_workers[i];

	s->w = w;
	s->rnd = 88172645463325252ull + i;
	s->m = calloc(RIG_PACKETS, sizeof(struct rte_mbuf *));
	if (!s->m || rte_pktmbuf_alloc_bulk(dp_t.pool, s->m, RIG_PACKETS))
		return -1;
	for (uint32_t k = RIG_PACKETS - 1; k; k--) { /* random memory order */
		uint32_t j = (uint32_t)(next_random(&s->rnd) % (k + 1));
		struct rte_mbuf *m = s->m[k];

		s->m[k] = s->m[j];
		s->m[j] = m;
	}
	w->n_rxq = 1;
	w->rxq[0].queue = (uint16_t)i;
	for (unsigned int port = 0; port < 2; port++)
		w->txq_of_port[port] = (uint16_t)i;
	worker_init(w);
	return 0;
}

int rig_start(const int cpu[RIG_SIDES], uint32_t sessions)
{
	static struct cfg c;
	struct dp_store_view view;

	n_tunnels = (sessions + TUNNEL_FILL - 1) / TUNNEL_FILL;
	rig_hugepages = hugepages_free(256 + sessions / 900 + sessions / 1200 + 64);
	c.dataplane.workers = RIG_SIDES;
	c.dataplane.memory_bytes = 64ull << 20;
	c.dataplane.mbufs = 3 * RIG_PACKETS;
	c.dataplane.max_sessions = sessions;
	c.dataplane.max_tunnels = RTE_MAX(n_tunnels, 8u);
	if (rig_hugepages)
		snprintf(c.dataplane.store, sizeof(c.dataplane.store), "/dev/hugepages/handover-%d",
			(int)getpid());
	if (eal(cpu, sessions, rig_hugepages) || tables_init(&c, 64, &view)) {
		fprintf(stderr, "handover: no memory for %u sessions\n", sessions);
		return -1;
	}
	if (rig_hugepages)
		unlink(c.dataplane.store);
	make_ports();
	make_frames();
	for (unsigned int i = 0; i < RIG_SIDES; i++)
		if (make_side(i))
			return -1;
	return make_world() || make_sessions(sessions) ? -1 : 0;
}

void rig_stop(void)
{
	for (unsigned int i = 0; i < RIG_SIDES; i++) {
		rte_pktmbuf_free_bulk(rig_side[i].m, RIG_PACKETS);
		free(rig_side[i].m);
		free(subs[i]);
	}
	tables_fini();
	rte_eal_cleanup();
}
