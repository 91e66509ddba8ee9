/* SPDX-License-Identifier: BSD-3-Clause */
/* init.c - the dataplane's start, launch and end: EAL, buffers, tables, store, workers, ports, in this order; every failure
 * is one line on stderr that says what to do. Thread: control.
 * Sizes follow the configuration: sessions and tunnels as given; routes and their groups of 256 by the memory given
 * (one route of each family per 16 KiB); adjacencies by tunnels. */
#include "dataplane/init.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_malloc.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring_elem.h>

#include "dataplane/adjacency.h"
#include "dataplane/checksum.h"
#include "dataplane/control.h"
#include "dataplane/fib.h"
#include "dataplane/tunnel.h"

#define COMMANDS      8192u
#define EVENTS        16384u
#define PUNTS         16384u /* 64 tunnels with 200 and more messages on the way each */
#define HAND_OVER     1024u
#define NEIGHBOURS    4096u /* adjacencies beside one per tunnel */
#define POOL_CACHE    256u
#define JUMBO_ROOM    (9216u + 128u)
#define BYTES_A_ROUTE 16384u
#define POOL_ENTRIES  (1ull << 24) /* as many as a pool hands out */

#define LINE_AT 24u /* of a frame, where a line begins (PACKET_SKEW) */
static_assert((sizeof(struct rte_mbuf) + PACKET_SKEW + RTE_PKTMBUF_HEADROOM + LINE_AT) %
			RTE_CACHE_LINE_SIZE ==
		0,
	"mbufs begin with a line");
static_assert(PACKET_SKEW % RTE_MBUF_PRIV_ALIGN == 0, "as DPDK wants it");

static struct store store;
static struct wheel_node *nodes; /* one array for all wheels: a session's timer is in its owner's */

uint64_t store_bytes(void)
{
	return store.bytes;
}

static uint64_t boottime_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static int pool_init(const struct cfg *c)
{
	const uint16_t skew = c->dataplane.workers > 1 ? PACKET_SKEW : 0;
	uint16_t room = RTE_MBUF_DEFAULT_BUF_SIZE;

	for (size_t i = 0; i < c->dataplane.n_ports; i++)
		if (c->dataplane.ports[i].mtu + 64u > RTE_MBUF_DEFAULT_DATAROOM)
			room = JUMBO_ROOM + RTE_PKTMBUF_HEADROOM;
	dp_t.tx_wait =
		worker_tx_wait(c->dataplane.mbufs, c->dataplane.n_ports, c->dataplane.workers);
	/* ring_mt_hts: workers may share a CPU and be preempted; default rings stall then. */
	dp_t.pool = rte_pktmbuf_pool_create_by_ops("packets", c->dataplane.mbufs,
		RTE_MIN(POOL_CACHE, c->dataplane.mbufs / 8), skew, room, SOCKET_ID_ANY,
		"ring_mt_hts");
	if (dp_t.pool)
		return 0;
	return init_error("no memory for %u packet buffers of %u bytes: raise dataplane.memory or "
			  "lower dataplane.mbufs",
		c->dataplane.mbufs, room);
}

static int store_init(const struct cfg *c, size_t subscriber_size, struct dp_store_view *view)
{
	const struct store_shape shape = {
		.max_tunnels = c->dataplane.max_tunnels,
		.max_sessions = c->dataplane.max_sessions,
		.subscriber_size = subscriber_size,
	};
	const char *path = c->dataplane.store;
	int r = store_open(&store, path, &shape, false);

	if (r == -ESTALE) {
		fprintf(stderr,
			"lnsd: warning: session store %s has another version or size: starting "
			"empty\n",
			path);
		r = store_open(&store, path, &shape, true);
	}
	if (r == -EBUSY)
		return init_error("session store %s is in use: another lnsd runs with it", path);
	if (r)
		return init_error("session store %s of %llu MiB: %s; choose a file in tmpfs or "
				  "hugetlbfs with that much room "
				  "(dataplane.store), or lower dataplane.max-sessions",
			*path ? path : "in memory", (unsigned long long)(store_size(&shape) >> 20),
			strerror(-r));
	if (store.kept)
		store_clear(&store);
	dp_t.session = store.array[STORE_SESSIONS];
	dp_t.more = store.array[STORE_SESSIONS_MORE];
	dp_t.dropped = store.array[STORE_DROPPED];
	dp_t.ppp = store.array[STORE_PPP];
	dp_t.tunnel = store.array[STORE_TUNNELS];
	dp_t.max_tunnels = shape.max_tunnels;
	for (uint32_t i = 1; i <= shape.max_sessions; i++)
		slot_memory(i, false);
	*view = (struct dp_store_view){
		.tunnels = store.array[STORE_L2TP_TUNNELS],
		.calls = store.array[STORE_L2TP_CALLS],
		.subscribers = store.array[STORE_SUBSCRIBERS],
		.max_tunnels = shape.max_tunnels,
		.max_sessions = shape.max_sessions,
	};
	return 0;
}

static int rcu_init(void)
{
	size_t size = rte_rcu_qsbr_get_memsize(DP_WORKERS_MAX);

	dp_t.qsbr = rte_zmalloc("qsbr", size, RTE_CACHE_LINE_SIZE);
	return dp_t.qsbr && !rte_rcu_qsbr_init(dp_t.qsbr, DP_WORKERS_MAX) ? 0 : -ENOMEM;
}

static struct rte_ring *messages(const char *what, unsigned int worker, unsigned int n)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s%u", what, worker);
	return rte_ring_create_elem(
		name, sizeof(struct dp_msg), n, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static int worker_new(const struct cfg *c, unsigned int id)
{
	struct worker *w = rte_zmalloc("worker", sizeof(*w), RTE_CACHE_LINE_SIZE);

	if (!w)
		return -ENOMEM;
	dp_workers[id] = w;
	w->id = (uint16_t)id;
	w->n_workers = c->dataplane.workers;
	w->lcore = (int)id + 1;
	w->cpu = worker_cpu(c, id);
	w->busy_idle = c->dataplane.idle == CFG_IDLE_BUSY;
	w->commands = messages("commands", id, COMMANDS);
	w->events = messages("events", id, EVENTS);
	w->punts = messages("punts", id, PUNTS);
	w->punts_high = messages("punts_high", id, PUNTS / 2);
	w->tunnel_rx = rte_calloc("tunnel_rx", (size_t)dp_t.max_tunnels + 1, sizeof(uint64_t), 64);
	w->punts_in = rte_calloc("punts_in", (size_t)dp_t.max_tunnels + 1, sizeof(uint16_t), 64);
	w->punts_out = rte_calloc("punts_out", (size_t)dp_t.max_tunnels + 1, sizeof(uint16_t), 64);
	w->adj_used = rte_calloc("adj_used", (size_t)dp_t.max_adj + 1, sizeof(uint64_t), 64);
	wheel_init(&w->wheel, nodes, boottime_ns());
	if (!w->commands || !w->events || !w->punts || !w->punts_high || !w->tunnel_rx ||
		!w->punts_in || !w->punts_out || !w->adj_used)
		return -ENOMEM;
	return random_seed(&w->random);
}

/* A ring for each ordered pair: one worker puts, one takes. */
static int hand_over_rings(unsigned int n)
{
	for (unsigned int from = 0; from < n; from++) {
		for (unsigned int to = 0; to < n; to++) {
			if (from == to)
				continue;
			dp_workers[to]->from[from] = dp_workers[from]->to[to] =
				hand_ring_new(HAND_OVER);
			if (!dp_workers[from]->to[to])
				return -ENOMEM;
		}
	}
	return 0;
}

static int workers_init(const struct cfg *c)
{
	nodes = rte_calloc("timers", (size_t)c->dataplane.max_sessions + 1, sizeof(*nodes), 64);
	if (!nodes)
		return -ENOMEM;
	dp_c.n_workers = c->dataplane.workers;
	for (unsigned int i = 0; i < dp_c.n_workers; i++) {
		int r = worker_new(c, i);

		if (r)
			return r;
	}
	for (unsigned int i = 0; i < DP_SHARDS; i++)
		dp_t.shard_owner[i] = (uint8_t)(i % dp_c.n_workers);
	return hand_over_rings(dp_c.n_workers);
}

/* A high half of an IPv6 address as a number. */
static uint64_t high_half(const uint8_t *addr)
{
	rte_be64_t high;

	memcpy(&high, addr, sizeof(high));
	return rte_be_to_cpu_64(high);
}

/* Each pool's addresses get an array, 4 bytes an address. Addresses of a pool too large for that get a route each. */
static void pools_index(const struct cfg *c)
{
	uint64_t most = c->dataplane.memory_bytes / 8 / sizeof(uint32_t);

	for (size_t i = 0; i < c->n_pools && !dp_t.lookup_hash; i++) {
		const struct cfg_pool *p = &c->pools[i];
		uint64_t first = p->first4, n = (uint64_t)p->last4 - p->first4 + 1;
		unsigned int bits = p->family == 4 ? 32 : 64;

		if (p->family == 6)
			first = high_half(p->prefix.addr);
		else if (p->prefix.family)
			first = p->first4 & ~0ull << (bits - p->prefix.len);
		if (p->prefix.family)
			n = p->prefix.len + 32u < bits ? UINT32_MAX
						       : 1ull << (bits - p->prefix.len);
		n = RTE_MIN(n, POOL_ENTRIES);
		if (n > most || index_pool_add(p->family, first, (uint32_t)n))
			fprintf(stderr,
				"lnsd: warning: pool %s has no index: its addresses go to the "
				"route table; raise dataplane.memory\n",
				p->name);
		else
			most -= n;
	}
}

int tables_init(const struct cfg *c, size_t subscriber_size, struct dp_store_view *view)
{
	uint64_t by_memory = RTE_MAX(c->dataplane.memory_bytes / BYTES_A_ROUTE, 16384u);
	uint32_t routes = (uint32_t)RTE_MIN(by_memory, 1u << 20);

	if (checksum_select(c->dataplane.isa))
		return init_error("this CPU does not have the instructions of dataplane.isa: "
				  "choose auto");
	dp_t.lookup_hash = c->dataplane.lookup == CFG_LOOKUP_HASH;
	if (pool_init(c))
		return -1;
	if (rcu_init() || slots_init(c->dataplane.max_sessions, c->dataplane.max_tunnels) ||
		fib_init(routes) || adj_init(c->dataplane.max_tunnels + NEIGHBOURS))
		return init_error("no memory for the tables of %u sessions and %u routes: raise "
				  "dataplane.memory (it is %llu MiB)",
			c->dataplane.max_sessions, routes,
			(unsigned long long)(c->dataplane.memory_bytes >> 20));
	pools_index(c);
	if (store_init(c, subscriber_size, view))
		return -1;
	if (random_seed(&dp_c.random) || workers_init(c))
		return init_error(
			"no memory for %u workers: raise dataplane.memory (it is %llu MiB)",
			c->dataplane.workers,
			(unsigned long long)(c->dataplane.memory_bytes >> 20));
	return 0;
}

int dp_init(const struct cfg *c, size_t subscriber_size, struct dp_store_view *view)
{
	if (eal_start(c))
		return -1;
	if (tables_init(c, subscriber_size, view) || ports_init(c)) {
		dp_fini();
		return -1;
	}
	for (unsigned int i = 0; i < dp_c.n_workers; i++)
		worker_init(dp_workers[i]);
	return 0;
}

int dp_launch(void)
{
	if (ports_start())
		return -1;
	for (unsigned int i = 0; i < dp_c.n_workers; i++) {
		int r = rte_eal_remote_launch(
			worker_main, dp_workers[i], (unsigned int)dp_workers[i]->lcore);

		if (r)
			return init_error("worker %u does not start: %s", i, rte_strerror(-r));
	}
	return 0;
}

static void ring_drop(struct rte_ring *r)
{
	struct dp_msg m;

	while (r && !rte_ring_dequeue_elem(r, &m, sizeof(m)))
		rte_pktmbuf_free(m.m);
	rte_ring_free(r);
}

static void worker_free(struct worker *w)
{
	ring_drop(w->commands);
	ring_drop(w->events);
	ring_drop(w->punts);
	ring_drop(w->punts_high);
	for (unsigned int i = 0; i < DP_WORKERS_MAX; i++)
		hand_ring_free(w->from[i]);
	for (unsigned int i = 0; i < RTE_DIM(w->tx); i++)
		rte_pktmbuf_free_bulk(w->tx[i].m, w->tx[i].n);
	rte_pktmbuf_free(w->ask_buf);
	rte_free(w->tunnel_rx);
	rte_free(w->punts_in);
	rte_free(w->punts_out);
	rte_free(w->adj_used);
	rte_free(w);
}

void tables_fini(void)
{
	for (uint32_t i = 1; dp_t.session && i <= dp_t.max_sessions; i++)
		slot_memory(i, true);
	for (unsigned int i = 0; i < DP_WORKERS_MAX; i++) {
		if (dp_workers[i])
			worker_free(dp_workers[i]);
		dp_workers[i] = NULL;
	}
	rte_free(nodes);
	nodes = NULL;
	slots_fini();
	adj_fini();
	fib_fini();
	tunnels_fini();
	rte_free(dp_t.qsbr);
	rte_mempool_free(dp_t.pool);
	store_close(&store);
	memset(&dp_t, 0, sizeof(dp_t));
	memset(&dp_c, 0, sizeof(dp_c));
}

void dp_fini(void)
{
	struct dp_msg stop = {.type = MSG_STOP};

	for (unsigned int i = 0; i < dp_c.n_workers; i++)
		if (dp_workers[i] &&
			rte_eal_get_lcore_state((unsigned int)dp_workers[i]->lcore) == RUNNING)
			control_command(i, &stop);
	rte_eal_mp_wait_lcore();
	ports_fini();
	tables_fini();
	rte_eal_cleanup();
}

void dp_trace_set(bool on)
{
	__atomic_store_n(&dp_t.trace, on, __ATOMIC_RELAXED);
}
