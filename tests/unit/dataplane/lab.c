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

#include "dataplane/init.h"
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
	dp_t.pool = rte_pktmbuf_pool_create(
		"lab", BUFFERS, 0, PACKET_SKEW, 9216 + 128 + 256, SOCKET_ID_ANY);
	dp_t.max_sessions = SESSIONS;
	dp_t.max_tunnels = 8;
	dp_t.max_adj = 16;
	dp_t.session = rte_zmalloc(NULL, (SESSIONS + 1) * sizeof(*dp_t.session), 64);
	dp_t.more = rte_zmalloc(NULL, (SESSIONS + 1) * sizeof(*dp_t.more), 64);
	dp_t.dropped = rte_zmalloc(NULL, (SESSIONS + 1) * sizeof(*dp_t.dropped), 64);
	dp_t.ppp = rte_zmalloc(NULL, (SESSIONS + 1) * sizeof(*dp_t.ppp), 64);
	dp_t.tunnel = rte_zmalloc(NULL, 9 * sizeof(*dp_t.tunnel), 64);
	dp_t.tx_wait = LAB_TX_WAIT;
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
		rte_pktmbuf_free(hand_mbuf(hand_at(r, r->taken++)));
	r->given = r->looked = r->seen = r->asked = r->taken_seen = r->put;
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
			.prefix6_fold = prefix6_fold(POOL6 + slot)};
		dp_t.dropped[slot] = (struct dp_dropped){0};
		dp_t.more[slot] = (struct dp_session_more){.our_ip4 = rte_cpu_to_be_32(OUR_IP4),
			.our_ifid = 0x0a0b0c0d0e0f1011,
			.prefix6 = POOL6 + slot,
			.ppp_police = (uint16_t)(lab_w[0]->now_ns >> 24)};
	}
	return rte_mempool_avail_count(dp_t.pool) == BUFFERS ? 0 : -1;
}

uint16_t lab_sid(uint32_t slot)
{
	return (uint16_t)((slot > 4 ? 1 : 0) << DP_SHARD_SHIFT | (304 + slot));
}

struct dp_session *lab_session(uint32_t slot)
{
	return &dp_t.session[slot];
}

uint32_t lab_up_drops(uint32_t slot)
{
	return drops_all(&dp_t.dropped[slot].up, &dp_t.session[slot].up_drops);
}

uint32_t lab_down_drops(uint32_t slot)
{
	return drops_all(&dp_t.dropped[slot].down, &dp_t.session[slot].down_drops);
}

void lab_rx(unsigned int worker, unsigned int port, const struct frame *f)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(dp_t.pool);

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, f->len), f->b, f->len);
	lab_rx_mbuf(worker, port, m);
}

void lab_rx_mbuf(unsigned int worker, unsigned int port, struct rte_mbuf *m)
{
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

void lab_finish(unsigned int worker)
{
	do {
		lab_w[worker]->worked = false;
		lab_poll(worker);
	} while (lab_w[worker]->worked);
}

void lab_run(void)
{
	for (unsigned int i = 0; i < 3; i++) {
		lab_finish(0);
		lab_finish(1);
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

void lab_send(unsigned int port, const struct frame *f)
{
	lab_rx(0, port, f);
	lab_run();
}

void send_sub(uint32_t slot, const uint8_t *ip, uint16_t n)
{
	struct frame f;

	lac_ip(&f, slot, ip, n);
	lab_rx(slot > 4, ACCESS, &f);
	lab_run();
}

void send_core(const uint8_t *ip, uint16_t n)
{
	struct frame f;

	core_ip(&f, ip, n);
	lab_send(CORE, &f);
}

void assert_nothing_sent(void)
{
	struct frame f;

	assert_false(lab_tx(CORE, &f));
	assert_false(lab_tx(ACCESS, &f));
}

void assert_only_drop(enum drop_reason why, uint64_t n)
{
	assert_int_equal(lab_drops(why), n);
	assert_int_equal(lab_dropped(), n);
	assert_nothing_sent();
}
