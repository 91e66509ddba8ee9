/* SPDX-License-Identifier: BSD-3-Clause */
/* lab.c - see lab.h. */
#include "tests/unit/dataplane/lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>

#include "dataplane/template.h"

#define SESSIONS 16
#define BUFFERS  1023

struct worker *lab_w[2];
unsigned int lab_ppp_frames;
uint32_t lab_ppp_slot;
struct frame lab_ppp;
static struct rte_ring *rx[2][2], *tx[2][2]; /* [port][queue] */
static uint16_t port_id[2];

/* -- what other files would do -- */
void ppp_owner_frame(struct worker *w, uint32_t slot, const uint8_t *frame, uint16_t len)
{
	(void)w;
	lab_ppp_frames++;
	lab_ppp_slot = slot;
	lab_ppp.len = len;
	memcpy(lab_ppp.b, frame, len);
}

void ppp_owner_tick(struct worker *w)
{
	(void)w;
}

/* worker_test.c links the real one. */
__attribute__((weak)) void dp_apply(struct worker *w)
{
	(void)w;
}

static struct rte_ring *ring(const char *kind, unsigned int a, unsigned int b, unsigned int elem)
{
	char name[32];

	snprintf(name, sizeof(name), "%s%u%u", kind, a, b);
	return rte_ring_create_elem(name, elem, 512, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static void make_port(unsigned int p)
{
	const struct rte_eth_conf conf = {0};
	char name[16];

	for (unsigned int q = 0; q < 2; q++) {
		rx[p][q] = ring("rx", p, q, sizeof(void *));
		tx[p][q] = ring("tx", p, q, sizeof(void *));
	}
	snprintf(name, sizeof(name), "lab%u", p);
	port_id[p] = (uint16_t)rte_eth_from_rings(name, rx[p], 2, tx[p], 2, 0);
	assert_int_equal(rte_eth_dev_configure(port_id[p], 2, 2, &conf), 0);
	for (uint16_t q = 0; q < 2; q++) {
		assert_int_equal(rte_eth_rx_queue_setup(port_id[p], q, 512, 0, NULL, dp_t.pool), 0);
		assert_int_equal(rte_eth_tx_queue_setup(port_id[p], q, 512, 0, NULL), 0);
	}
	assert_int_equal(rte_eth_dev_start(port_id[p]), 0);
}

static void make_if(unsigned int ifx, unsigned int port, uint16_t vlan, uint16_t mtu, bool in_table)
{
	struct dp_if *i = &dp_t.iface[ifx];

	*i = (struct dp_if){.port = port_id[port], .vlan = vlan, .mtu = mtu};
	i->mac = (struct rte_ether_addr){{2, 0, 0, 0, 0, (uint8_t)(port + 1)}};
	i->ip4 = rte_cpu_to_be_32(IP(203, 0, 113, 1 + ifx));
	i->ip6[0] = 0x20;
	i->ip6[1] = 0x01;
	i->ip6[15] = (uint8_t)(1 + ifx);
	if (in_table)
		dp_t.if_of[port_id[port]][vlan] = (uint8_t)(ifx + 1);
}

static void make_adj(uint32_t index, unsigned int ifx)
{
	const uint8_t mac[8] = {2, 0xaa, 0, 0, 0, (uint8_t)index};
	uint64_t word;

	memcpy(&word, mac, sizeof(word));
	dp_t.adj[index] = word | (uint64_t)ifx << 48 | ADJ_VALID;
}

static void route4(uint32_t ip, uint8_t len, enum dp_nh type, uint32_t index)
{
	assert_int_equal(rte_fib_add(dp_t.fib4, ip, len, NH(type, index)), 0);
}

static void route6(uint64_t high, uint64_t low, uint8_t len, enum dp_nh type, uint32_t index)
{
	uint64_t a[2] = {rte_cpu_to_be_64(high), rte_cpu_to_be_64(low)};

	assert_int_equal(rte_fib6_add(dp_t.fib6, (uint8_t *)a, len, NH(type, index)), 0);
}

static void make_routes(void)
{
	struct rte_fib_conf c4 = {.type = RTE_FIB_DIR24_8,
		.max_routes = 256,
		.dir24_8 = {.nh_sz = RTE_FIB_DIR24_8_4B, .num_tbl8 = 64}};
	struct rte_fib6_conf c6 = {.type = RTE_FIB6_TRIE,
		.max_routes = 256,
		.trie = {.nh_sz = RTE_FIB6_TRIE_4B, .num_tbl8 = 256}};

	dp_t.fib4 = rte_fib_create("lab4", SOCKET_ID_ANY, &c4);
	dp_t.fib6 = rte_fib6_create("lab6", SOCKET_ID_ANY, &c6);
	assert_non_null(dp_t.fib4);
	assert_non_null(dp_t.fib6);
	route4(IP(8, 0, 0, 0), 8, DP_NH_ADJ, ADJ_GW);
	route4(IP(9, 0, 0, 0), 8, DP_NH_ADJ, ADJ_VLAN);
	route4(IP(11, 0, 0, 0), 8, DP_NH_ADJ, ADJ_SMALL);
	route4(IP(12, 0, 0, 0), 8, DP_NH_DROP, 0);
	route4(IP(13, 0, 0, 0), 8, DP_NH_LINUX, 0);
	route4(LNS_IP, 32, DP_NH_LINUX, 0);
	route4(IP(10, 0, 0, 0), 24, DP_NH_SUBSCRIBER, !dp_t.lookup_hash);
	route4(IP(10, 1, 1, 0), 24, DP_NH_SESSION, 1); /* framed route of session 1 */
	route6(0x2620000000000000, 0, 16, DP_NH_ADJ, ADJ_GW);
	route6(0x2621000000000000, 0, 16, DP_NH_ADJ, ADJ_SMALL);
	route6(0x2622000000000000, 0, 16, DP_NH_DROP, 0);
	route6(POOL6, 0, 48, DP_NH_SUBSCRIBER, !dp_t.lookup_hash);
	route6(0x20010db8000f0000, 0, 48, DP_NH_SESSION, 1);
}

static void make_worker(unsigned int i)
{
	struct worker *w = aligned_alloc(64, RTE_ALIGN(sizeof(*w), 64));

	memset(w, 0, sizeof(*w));
	dp_workers[i] = lab_w[i] = w;
	w->id = (uint16_t)i;
	w->n_workers = 2;
	for (unsigned int p = 0; p < 2; p++) {
		w->rxq[p].port = port_id[p];
		w->rxq[p].queue = (uint16_t)i;
		w->txq_of_port[port_id[p]] = (uint16_t)i;
	}
	w->n_rxq = 2;
	w->tunnel_rx = calloc(9, sizeof(uint64_t));
	w->punts_in = calloc(9, sizeof(uint16_t));
	w->punts_out = calloc(9, sizeof(uint16_t));
	w->adj_used = calloc(17, sizeof(uint64_t));
	w->punts = ring("punt", i, 0, sizeof(struct dp_msg));
	w->punts_high = ring("high", i, 0, sizeof(struct dp_msg));
	worker_init(w);
}

static void make_tunnel(void)
{
	struct dp_tunnel *t = &dp_t.tunnel[1];
	const struct l2tp_peer peer = {.family = 4,
		.port = 40000,
		.local_port = 1701,
		.addr = {198, 51, 100, 7},
		.local = {192, 0, 2, 1}};

	*t = (struct dp_tunnel){.generation = 1, .adj = ADJ_LAC, .mtu = 1500};
	template_fill(t, &peer, 0, TID, PEER_TID);
	t->flags |= T_UDP_CSUM;
	t->windows = LAB_WINDOWS;
	dp_t.tunnel_of_tid[TID] = 1;
}

int lab_start(void **state)
{
	char prefix[48];
	char *argv[] = {"lab", "--no-huge", "-m", "256", "--no-pci", "--no-telemetry",
		"--no-shconf", "--log-level=3", "-l", "0-1", prefix, NULL};

	(void)state;
	snprintf(prefix, sizeof(prefix), "--file-prefix=dpb%d", getpid());
	if (rte_eal_init(11, argv) < 0)
		return -1;
	dp_t.pool = rte_pktmbuf_pool_create("lab", BUFFERS, 0, 0, 9216 + 128 + 256, SOCKET_ID_ANY);
	dp_t.max_sessions = SESSIONS;
	dp_t.max_tunnels = 8;
	dp_t.max_adj = 16;
	dp_t.session = rte_zmalloc(NULL, (SESSIONS + 1) * sizeof(*dp_t.session), 64);
	dp_t.more = rte_zmalloc(NULL, (SESSIONS + 1) * sizeof(*dp_t.more), 64);
	dp_t.dropped = rte_zmalloc(NULL, (SESSIONS + 1) * sizeof(*dp_t.dropped), 64);
	dp_t.ppp = rte_zmalloc(NULL, (SESSIONS + 1) * sizeof(*dp_t.ppp), 64);
	dp_t.tunnel = rte_zmalloc(NULL, 9 * sizeof(*dp_t.tunnel), 64);
	dp_t.adj = rte_zmalloc(NULL, 17 * sizeof(*dp_t.adj), 64);
	dp_t.qsbr = rte_zmalloc(NULL, rte_rcu_qsbr_get_memsize(4), 64);
	rte_rcu_qsbr_init(dp_t.qsbr, 4);
	make_port(ACCESS);
	make_port(CORE);
	make_if(ACCESS, ACCESS, 0, 1500, true);
	make_if(CORE, CORE, 0, 1500, true);
	make_if(VLAN_IF, CORE, 100, 1500, true);
	make_if(3, CORE, 0, 1000, false);
	dp_t.n_ifs = 4;
	make_adj(ADJ_LAC, ACCESS);
	make_adj(ADJ_GW, CORE);
	make_adj(ADJ_VLAN, VLAN_IF);
	make_adj(ADJ_SMALL, 3);
	dp_t.endpoint[0] =
		(struct dp_endpoint){.family = 4, .udp_csum_data = true, .addr = {192, 0, 2, 1}};
	dp_t.endpoint[1] = (struct dp_endpoint){
		.family = 6, .udp_csum_data = true, .addr = {0x20, 0x01, [15] = 1}};
	dp_t.n_endpoints = 2;
	for (unsigned int s = 0; s < DP_SHARDS; s++)
		dp_t.shard_owner[s] = s & 1;
	dp_t.lookup_hash = getenv("LOOKUP") && !strcmp(getenv("LOOKUP"), "hash");
	make_routes();
	make_worker(0);
	make_worker(1);
	lab_w[0]->to[1] = lab_w[1]->from[0] = hand_ring_new(512);
	lab_w[1]->to[0] = lab_w[0]->from[1] = hand_ring_new(512);
	if (slots_init(SESSIONS, 8))
		return -1;
	if (!dp_t.lookup_hash &&
		(index_pool_add(4, IP(10, 0, 0, 0), 256) || index_pool_add(6, POOL6, 1 << 16)))
		return -1;
	for (uint32_t slot = 1; slot <= 8; slot++) {
		struct session_key k;

		session_key_build(&k, 0, 0, session_key_peer4(rte_cpu_to_be_32(LAC_IP), 40000), TID,
			lab_sid(slot));
		if (slot_publish(slot, 1, &k, slot > 4) ||
			slot_set_addresses(
				slot, 0, rte_cpu_to_be_32(IP(10, 0, 0, slot)), POOL6 + slot))
			return -1;
	}
	return 0;
}

int lab_stop(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		hand_ring_free(lab_w[i]->from[!i]);
		free(lab_w[i]->tunnel_rx);
		free(lab_w[i]->punts_in);
		free(lab_w[i]->punts_out);
		free(lab_w[i]->adj_used);
		free(lab_w[i]);
	}
	rte_eal_cleanup();
	return 0;
}

static void drain(struct rte_ring *r)
{
	struct rte_mbuf *m;

	while (!rte_ring_dequeue(r, (void **)&m))
		rte_pktmbuf_free(m);
}

static void drain_hand(struct hand_ring *r)
{
	while (r->taken != r->put)
		rte_pktmbuf_free(r->slot[r->taken++ & r->mask].m);
	r->given = r->looked = r->given_seen = r->taken_seen = r->put;
}

int lab_reset(void **state)
{
	struct dp_msg msg;
	struct frame f;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct worker *w = lab_w[i];

		drain_hand(w->from[!i]);
		while (lab_msg(w->punts, &msg, &f) || lab_msg(w->punts_high, &msg, &f))
			;
		for (unsigned int p = 0; p < 2; p++) {
			drain(rx[p][i]);
			drain(tx[p][i]);
		}
		memset(w->drop, 0, sizeof(w->drop));
		memset(&w->stat, 0, sizeof(w->stat));
		memset(&w->icmp, 0, sizeof(w->icmp));
		memset(&w->ppp, 0, sizeof(w->ppp));
		memset(w->punt, 0, sizeof(w->punt));
		memset(w->punt_peer, 0, sizeof(w->punt_peer));
		memset(w->tunnel_rx, 0, 9 * sizeof(uint64_t));
		w->clock_mult = 0; /* time stands still but for lab_wait() */
		w->clock_ns = w->now_ns;
		w->ra_ns = w->now_ns;
		w->ra_step_ns = UINT64_MAX;
	}
	lab_ppp_frames = 0;
	make_tunnel();
	for (uint32_t slot = 1; slot <= 8; slot++) {
		slot_memory(slot, true);
		dp_t.session[slot] = (struct dp_session){.generation = 1,
			.tunnel = 1,
			.tid = TID,
			.sid = lab_sid(slot),
			.peer_sid = rte_cpu_to_be_16((uint16_t)(1000 + slot)),
			.mtu = 1460,
			.action = S_TERMINATE,
			.owner = slot > 4,
			.flags = S_V4 | S_V6,
			.ip4 = rte_cpu_to_be_32(IP(10, 0, 0, slot)),
			.prefix6 = POOL6 + slot};
		dp_t.dropped[slot] = (struct dp_dropped){0};
		dp_t.more[slot] = (struct dp_session_more){.our_ip4 = rte_cpu_to_be_32(OUR_IP4),
			.our_ifid = 0x0a0b0c0d0e0f1011,
			.ppp_police = (uint16_t)(lab_w[0]->now_ns >> 24)};
	}
	return rte_mempool_avail_count(dp_t.pool) == BUFFERS ? 0 : -1;
}

uint16_t lab_sid(uint32_t slot)
{
	return (uint16_t)((slot > 4 ? 1 : 0) << DP_SHARD_SHIFT | (300 + slot));
}

struct dp_session *lab_session(uint32_t slot)
{
	return &dp_t.session[slot];
}

void lab_rx(unsigned int worker, unsigned int port, const struct frame *f)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(dp_t.pool);

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, f->len), f->b, f->len);
	assert_int_equal(rte_ring_enqueue(rx[port][worker], m), 0);
}

void lab_poll(unsigned int worker)
{
	worker_poll(lab_w[worker]);
}

void lab_wait(uint64_t ns)
{
	lab_w[0]->clock_ns += ns;
	lab_w[1]->clock_ns += ns;
}

void lab_run(void)
{
	for (unsigned int i = 0; i < 3; i++) {
		lab_poll(0);
		lab_poll(1);
	}
}

bool lab_tx(unsigned int port, struct frame *f)
{
	struct rte_mbuf *m;

	if (rte_ring_dequeue(tx[port][0], (void **)&m) &&
		rte_ring_dequeue(tx[port][1], (void **)&m))
		return false;
	f->len = m->data_len;
	assert_int_equal(m->pkt_len, m->data_len);
	memcpy(f->b, rte_pktmbuf_mtod(m, void *), m->data_len);
	rte_pktmbuf_free(m);
	return true;
}

bool lab_msg(struct rte_ring *r, struct dp_msg *msg, struct frame *f)
{
	if (rte_ring_dequeue_elem(r, msg, sizeof(*msg)))
		return false;
	punt_taken(lab_w[msg->worker], msg);
	f->len = msg->m->data_len;
	memcpy(f->b, rte_pktmbuf_mtod(msg->m, void *), f->len);
	rte_pktmbuf_free(msg->m);
	return true;
}

uint64_t lab_drops(enum drop_reason why)
{
	return lab_w[0]->drop[why] + lab_w[1]->drop[why];
}

uint64_t lab_dropped(void)
{
	uint64_t n = 0;

	for (unsigned int i = 1; i < DROP_REASONS; i++)
		n += lab_drops((enum drop_reason)i);
	return n;
}

/* -- building -- */
uint16_t ref_sum(const uint8_t *p, size_t n, uint32_t start)
{
	uint32_t sum = start;

	for (size_t i = 0; i < n; i++) {
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return (uint16_t)sum;
}

static uint16_t ref_pseudo(const uint8_t *ip, const uint8_t **l4, size_t *n)
{
	bool v4 = ip[0] >> 4 == 4;
	uint8_t proto = v4 ? ip[9] : ip[6];

	*l4 = ip + (v4 ? (ip[0] & 15) * 4 : 40);
	*n = v4 ? (size_t)(ip[2] << 8 | ip[3]) - (size_t)(ip[0] & 15) * 4
		: (size_t)(ip[4] << 8 | ip[5]);
	return ref_sum(ip + (v4 ? 12 : 8), v4 ? 8 : 32, (uint32_t)(proto + *n));
}

uint16_t ref_l4(const uint8_t *ip)
{
	const uint8_t *l4;
	size_t n;
	uint16_t start = ref_pseudo(ip, &l4, &n);

	return ref_sum(l4, n, start);
}

static void set_l4(uint8_t *ip, unsigned int at)
{
	const uint8_t *l4;
	size_t n;
	uint16_t start = ref_pseudo(ip, &l4, &n), sum;
	uint8_t *field = (uint8_t *)(uintptr_t)l4 + at;

	field[0] = field[1] = 0;
	sum = (uint16_t)~ref_sum(l4, n, start);
	store16(field, sum ? sum : 0xffff);
}

void fix_ip4(uint8_t *ip)
{
	ip[10] = ip[11] = 0;
	store16(ip + 10, (uint16_t)~ref_sum(ip, (size_t)(ip[0] & 15) * 4, 0));
}

void put(struct frame *f, const void *p, size_t n)
{
	memcpy(f->b + f->len, p, n);
	f->len = (uint16_t)(f->len + n);
}

void put16(struct frame *f, uint16_t v)
{
	uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	put(f, b, 2);
}

void put32(struct frame *f, uint32_t v)
{
	put16(f, (uint16_t)(v >> 16));
	put16(f, (uint16_t)v);
}

void eth(struct frame *f, unsigned int ifx, uint16_t type)
{
	static const uint8_t from[6] = {2, 0xbb, 0, 0, 0, 1};

	f->len = 0;
	put(f, &dp_t.iface[ifx].mac, 6);
	put(f, from, 6);
	if (dp_t.iface[ifx].vlan) {
		put16(f, 0x8100);
		put16(f, dp_t.iface[ifx].vlan);
	}
	put16(f, type);
}

static void numbers(uint8_t *p, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 7 + (i >> 8));
}

static void ip4_head(uint8_t *p, uint32_t src, uint32_t dst, uint16_t total, uint8_t ttl,
	uint8_t proto, uint16_t frag)
{
	memset(p, 0, 20);
	p[0] = 0x45;
	store16(p + 2, total);
	store16(p + 4, 0x1234);
	store16(p + 6, frag);
	p[8] = ttl;
	p[9] = proto;
	src = rte_cpu_to_be_32(src);
	dst = rte_cpu_to_be_32(dst);
	memcpy(p + 12, &src, 4);
	memcpy(p + 16, &dst, 4);
	fix_ip4(p);
}

static void ip6_head(
	uint8_t *p, const uint8_t *src, const uint8_t *dst, uint16_t n, uint8_t hops, uint8_t next)
{
	memset(p, 0, 8);
	p[0] = 0x60;
	store16(p + 4, n);
	p[6] = next;
	p[7] = hops;
	memcpy(p + 8, src, 16);
	memcpy(p + 24, dst, 16);
}

static void addr6(uint8_t a[16], uint64_t high)
{
	high = rte_cpu_to_be_64(high);
	memcpy(a, &high, 8);
	memset(a + 8, 0, 8);
	a[15] = 0x99;
}

static void udp(uint8_t *p, uint16_t n)
{
	store16(p, 5000);
	store16(p + 2, 53);
	store16(p + 4, (uint16_t)(8 + n));
	store16(p + 6, 0);
	numbers(p + 8, n);
}

uint16_t ip4_udp(uint8_t *p, uint32_t src, uint32_t dst, uint16_t n, uint8_t ttl, uint16_t frag)
{
	ip4_head(p, src, dst, (uint16_t)(28 + n), ttl, 17, frag);
	udp(p + 20, n);
	set_l4(p, 6);
	return (uint16_t)(28 + n);
}

uint16_t ip6_udp(uint8_t *p, uint64_t src, uint64_t dst, uint16_t n, uint8_t hops)
{
	uint8_t s[16], d[16];

	addr6(s, src);
	addr6(d, dst);
	ip6_head(p, s, d, (uint16_t)(8 + n), hops, 17);
	udp(p + 40, n);
	set_l4(p, 6);
	return (uint16_t)(48 + n);
}

uint16_t icmp6(uint8_t *p, const uint8_t src[16], const uint8_t dst[16], uint8_t hops,
	const uint8_t *msg, uint16_t n)
{
	ip6_head(p, src, dst, n, hops, 58);
	memcpy(p + 40, msg, n);
	set_l4(p, 2);
	return (uint16_t)(40 + n);
}

static void tcp(uint8_t *p, const uint8_t *opt, uint8_t n, uint8_t flags)
{
	memset(p, 0, 20);
	store16(p, 6000);
	store16(p + 2, 80);
	p[12] = (uint8_t)((20 + n) / 4 << 4);
	p[13] = flags;
	memcpy(p + 20, opt, n);
}

uint16_t ip4_syn(
	uint8_t *p, uint32_t src, uint32_t dst, const uint8_t *opt, uint8_t n, uint8_t flags)
{
	ip4_head(p, src, dst, (uint16_t)(40 + n), 64, 6, 0x4000);
	tcp(p + 20, opt, n, flags);
	set_l4(p, 16);
	return (uint16_t)(40 + n);
}

uint16_t ip6_syn(
	uint8_t *p, uint64_t src, uint64_t dst, const uint8_t *opt, uint8_t n, uint8_t flags)
{
	uint8_t s[16], d[16];

	addr6(s, src);
	addr6(d, dst);
	ip6_head(p, s, d, (uint16_t)(20 + n), 64, 6);
	tcp(p + 40, opt, n, flags);
	set_l4(p, 16);
	return (uint16_t)(60 + n);
}

void lac_frame(struct frame *f, const uint8_t *l2tp, uint16_t n)
{
	uint8_t head[28];

	eth(f, ACCESS, 0x0800);
	ip4_head(head, LAC_IP, LNS_IP, (uint16_t)(28 + n), 60, 17, 0);
	store16(head + 20, 40000);
	store16(head + 22, 1701);
	store16(head + 24, (uint16_t)(8 + n));
	store16(head + 26, 0);
	put(f, head, 28);
	put(f, l2tp, n);
	set_l4(f->b + 14, 6);
}

void lac_ip(struct frame *f, uint32_t slot, const uint8_t *ip, uint16_t n)
{
	struct frame l = {0};

	put16(&l, 0x0002);
	put16(&l, TID);
	put16(&l, lab_sid(slot));
	put16(&l, 0xff03);
	put16(&l, ip[0] >> 4 == 4 ? 0x0021 : 0x0057);
	put(&l, ip, n);
	lac_frame(f, l.b, l.len);
}

void core_ip(struct frame *f, const uint8_t *ip, uint16_t n)
{
	eth(f, CORE, ip[0] >> 4 == 4 ? 0x0800 : 0x86dd);
	put(f, ip, n);
}

const uint8_t *assert_tunnel(const struct frame *f, uint32_t slot, uint16_t *len)
{
	static const uint8_t lac[6] = {2, 0xaa, 0, 0, 0, ADJ_LAC};
	const uint8_t *ip = f->b + 14, *l = ip + 28;

	assert_true(f->len > 14 + 28 + 6 + 4);
	assert_memory_equal(f->b, lac, 6);
	assert_memory_equal(f->b + 6, &dp_t.iface[ACCESS].mac, 6);
	assert_int_equal(load16(f->b + 12), 0x0800);
	assert_int_equal(ip[0], 0x45);
	assert_int_equal(load16(ip + 2), f->len - 14);
	assert_int_equal(ref_sum(ip, 20, 0), 0xffff);
	assert_int_equal(ip[9], 17);
	assert_int_equal(rte_be_to_cpu_32(load32_raw(ip + 12)), LNS_IP);
	assert_int_equal(rte_be_to_cpu_32(load32_raw(ip + 16)), LAC_IP);
	assert_int_equal(load16(ip + 20), 1701);
	assert_int_equal(load16(ip + 22), 40000);
	assert_int_equal(load16(ip + 24), f->len - 34);
	if (load16(ip + 26))
		assert_int_equal(ref_l4(ip), 0xffff);
	assert_int_equal(load16(l), 0x0002);
	assert_int_equal(load16(l + 2), PEER_TID);
	assert_int_equal(load16(l + 4), 1000 + slot);
	assert_int_equal(load16(l + 6), 0xff03);
	*len = (uint16_t)(f->len - 14 - 28 - 10);
	assert_int_equal(load16(l + 8), l[10] >> 4 == 4 ? 0x0021 : 0x0057);
	return l + 10;
}

const uint8_t *assert_core(const struct frame *f, uint16_t *len)
{
	static const uint8_t gw[6] = {2, 0xaa, 0, 0, 0, ADJ_GW};

	assert_true(f->len > 14 + 20);
	assert_memory_equal(f->b, gw, 6);
	assert_memory_equal(f->b + 6, &dp_t.iface[CORE].mac, 6);
	assert_int_equal(load16(f->b + 12), f->b[14] >> 4 == 4 ? 0x0800 : 0x86dd);
	*len = (uint16_t)(f->len - 14);
	return f->b + 14;
}
