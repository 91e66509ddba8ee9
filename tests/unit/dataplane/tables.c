/* SPDX-License-Identifier: BSD-3-Clause */
/* tables.c - see tables.h. */
#include "tables.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_rcu_qsbr.h>

#define SENT_MAX 64

unsigned int advertised, tx_frames, injected;
struct sent tx_last;
static struct sent sent[SENT_MAX];
static unsigned int sent_head, sent_tail;
static struct dp_event kept;
static unsigned int kept_n;

/* -- what the packet path would do -- */

void l2tp_tx_frame(struct worker *w, uint32_t slot, const uint8_t *frame, uint16_t len)
{
	(void)w;
	assert_true(sent_head - sent_tail < SENT_MAX && len <= sizeof(sent[0].b));
	sent[sent_head % SENT_MAX].slot = slot;
	sent[sent_head % SENT_MAX].len = len;
	memcpy(sent[sent_head++ % SENT_MAX].b, frame, len);
}

void nd_advertise(struct worker *w, uint32_t slot)
{
	(void)w;
	(void)slot;
	advertised++;
}

void worker_tx_frame_take(struct worker *w, uint16_t ifx, struct rte_mbuf *m)
{
	(void)w;
	tx_frames++;
	tx_last.slot = ifx;
	tx_last.len = (uint16_t)RTE_MIN(m->data_len, sizeof(tx_last.b));
	memcpy(tx_last.b, rte_pktmbuf_mtod(m, uint8_t *), tx_last.len);
	rte_pktmbuf_free(m);
}

void worker_inject_ip_take(struct worker *w, struct rte_mbuf *m)
{
	(void)w;
	injected++;
	rte_pktmbuf_free(m);
}

int worker_main(void *worker)
{
	(void)worker;
	return 0;
}

void worker_init(struct worker *w)
{
	(void)w;
}

/* -- the test's side -- */

int tables_group(void **state)
{
	char file_prefix[32];
	char *argv[] = {"test", "--no-huge", "-m", "256", "--no-pci", "--no-telemetry",
		"--no-shconf", "--log-level=3", "--lcores", "0@0,1@0", "--file-prefix",
		file_prefix};

	(void)state;
	snprintf(file_prefix, sizeof(file_prefix), "lnsd-test-%d", (int)getpid());
	return rte_eal_init(RTE_DIM(argv), argv) < 0 ? -1 : 0;
}

/* The suite runs once with each (meson.build). */
static enum cfg_lookup lookup_of_test(void)
{
	const char *lookup = getenv("LOOKUP");

	return lookup && !strcmp(lookup, "hash") ? CFG_LOOKUP_HASH : CFG_LOOKUP_INDEX;
}

uint32_t find4(uint32_t addr)
{
	struct addr4_key k = {.addr = rte_cpu_to_be_32(addr)};
	uint32_t slot;

	if (!dp_t.lookup_hash)
		k.pool = (uint16_t)index_pool_of(4, addr);
	addr4_lookup_bulk(&k, 1, &slot);
	return slot;
}

uint32_t find6(uint64_t prefix6)
{
	struct addr6_key k = {.prefix = prefix6};
	uint32_t slot;

	if (!dp_t.lookup_hash)
		k.pool = index_pool_of(6, prefix6);
	addr6_lookup_bulk(&k, 1, &slot);
	return slot;
}

static struct cfg *small_cfg(void)
{
	static struct cfg_pool pools[] = {
		{.name = "low", .family = 4, .prefix = {4, 16, {0}}, .last4 = 0xffff},
		{.name = "cgn", .family = 4, .first4 = 0x64400001, .last4 = 0x644000fe},
		{.name = "low6", .family = 6, .prefix = {6, 48, {0}}},
		{.name = "doc6", .family = 6, .prefix = {6, 48, {0x20, 0x01, 0x0d, 0xb8}}},
	};
	static struct cfg c;

	memset(&c, 0, sizeof(c));
	c.pools = pools;
	c.n_pools = RTE_DIM(pools);
	c.dataplane.lookup = lookup_of_test();
	c.dataplane.workers = 2;
	c.dataplane.memory_bytes = 128ull << 20;
	c.dataplane.mbufs = 1024;
	c.dataplane.max_sessions = SESSIONS;
	c.dataplane.max_tunnels = 8;
	return &c;
}

int tables_setup(void **state)
{
	static const struct cfg_endpoint e = {.address = {4, 32, {192, 0, 2, 1}}};
	const struct l2tp_peer peer = {.family = 4,
		.port = 1701,
		.local_port = 1701,
		.addr = {192, 0, 2, 2},
		.local = {192, 0, 2, 1}};
	struct dp_store_view view;

	(void)state;
	sent_head = sent_tail = advertised = tx_frames = injected = 0;
	if (tables_init(small_cfg(), 64, &view))
		return -1;
	for (unsigned int i = 0; i < 2; i++) {
		rte_rcu_qsbr_thread_register(dp_t.qsbr, i);
		rte_rcu_qsbr_thread_online(dp_t.qsbr, i);
	}
	workers_time(1000000000ull + dp_workers[0]->wheel.start_ns);
	dp_t.n_ifs = 1;
	dp_t.iface[0] = (struct dp_if){.mtu = 1500, .mac = {{2, 0, 0, 0, 0, 1}}};
	dp_endpoint_add(&e, 0);
	dp_tunnel_set(TUNNEL, 1, &peer, TID, 9);
	return 0;
}

int tables_teardown(void **state)
{
	(void)state;
	dp_events_done(&kept, kept_n);
	kept_n = 0;
	while (next_event().type != 255)
		;
	for (unsigned int i = 0; i < 2; i++) {
		dp_apply(dp_workers[i]);
		rte_pktmbuf_free(dp_workers[i]->ask_buf);
		dp_workers[i]->ask_buf = NULL;
	}
	while (next_event().type != 255)
		;
	if (rte_mempool_in_use_count(dp_t.pool)) {
		print_error("%u buffers leaked\n", rte_mempool_in_use_count(dp_t.pool));
		return -1;
	}
	tables_fini();
	return 0;
}

bool sent_take(struct sent *s)
{
	if (sent_tail == sent_head)
		return false;
	*s = sent[sent_tail++ % SENT_MAX];
	return true;
}

void workers_quiescent(void)
{
	for (unsigned int i = 0; i < 2; i++)
		rte_rcu_qsbr_quiescent(dp_t.qsbr, i);
}

void workers_time(uint64_t now_ns)
{
	dp_workers[0]->now_ns = dp_workers[1]->now_ns = now_ns;
}

struct dp_event next_event(void)
{
	dp_events_done(&kept, kept_n);
	kept_n = dp_events(&kept, 1);
	if (!kept_n)
		kept = (struct dp_event){.type = 255};
	return kept;
}

struct cfg_prefix prefix(const char *text)
{
	struct cfg_prefix p = {.family = strchr(text, ':') ? 6 : 4};
	char addr[64];
	unsigned int len;

	assert_int_equal(sscanf(text, "%63[^/]/%u", addr, &len), 2);
	p.len = (uint8_t)len;
	assert_int_equal(inet_pton(p.family == 4 ? AF_INET : AF_INET6, addr, p.addr), 1);
	return p;
}

uint16_t publish_on(uint32_t slot, uint32_t generation, unsigned int worker)
{
	struct dp_session_desc d = {
		.slot = slot,
		.generation = generation,
		.tunnel = TUNNEL,
		.tid = TID,
		.sid = (uint16_t)(worker << DP_SHARD_SHIFT | slot),
		.peer_sid = (uint16_t)slot,
		.mtu = 1460,
		.source_check = true,
	};

	assert_int_equal(dp_session_publish(&d), 0);
	return d.sid;
}
