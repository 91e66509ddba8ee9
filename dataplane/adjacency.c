/* SPDX-License-Identifier: BSD-3-Clause */
/* adjacency.c - the table of neighbours. One 64-bit word each, so that a change of address is one store and a worker sees
 * the old or the new one. Thread: control writes; workers read the word and count in their own adj_used[].
 * A freed index is used again only after (1) every tunnel was resolved anew, so that no record names it, and (2) every
 * worker was quiescent after that, so that no packet on its way does. Until then its word is 0 and packets that still name
 * it are dropped as unresolved. */
#include "dataplane/adjacency.h"

#include <errno.h>
#include <string.h>

#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>

#include "dataplane/tunnel.h"
#include "dataplane/worker.h"

struct freed {
	uint32_t adj;
	bool counting; /* token is taken */
	uint64_t change, token;
};

static struct {
	uint32_t *free; /* stack of free indices */
	uint64_t *seen; /* sum of adj_used at the last dp_adj_used() */
	struct freed *fifo;
	uint32_t n_free, head, tail, size;
} a;

int adj_init(uint32_t max_adj)
{
	dp_t.adj = rte_calloc("adjacencies", (size_t)max_adj + 1, sizeof(*dp_t.adj), 64);
	a.free = rte_calloc("adj_free", max_adj, sizeof(*a.free), 64);
	a.seen = rte_calloc("adj_seen", (size_t)max_adj + 1, sizeof(*a.seen), 64);
	a.fifo = rte_calloc("adj_fifo", (size_t)max_adj + 1, sizeof(*a.fifo), 64);
	a.size = max_adj + 1;
	a.head = a.tail = a.n_free = 0;
	if (!dp_t.adj || !a.free || !a.seen || !a.fifo) {
		adj_fini();
		return -ENOMEM;
	}
	dp_t.max_adj = max_adj;
	for (uint32_t i = max_adj; i; i--)
		a.free[a.n_free++] = i;
	return 0;
}

void adj_fini(void)
{
	rte_free(dp_t.adj);
	rte_free(a.free);
	rte_free(a.seen);
	rte_free(a.fifo);
	dp_t.adj = NULL;
	dp_t.max_adj = 0;
	memset(&a, 0, sizeof(a));
}

static uint64_t used(uint32_t adj)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < DP_WORKERS_MAX && dp_workers[i]; i++)
		sum += __atomic_load_n(&dp_workers[i]->adj_used[adj], __ATOMIC_RELAXED);
	return sum;
}

uint32_t dp_adj_new(unsigned int ifx, const uint8_t mac[6])
{
	uint32_t adj;

	if (!a.n_free || ifx >= DP_IFS_MAX)
		return 0;
	adj = a.free[--a.n_free];
	a.seen[adj] = used(adj);
	__atomic_store_n(&dp_t.adj[adj], adj_word(ifx, mac), __ATOMIC_RELEASE);
	tunnels_stale();
	return adj;
}

void dp_adj_update(uint32_t adj, const uint8_t mac[6])
{
	__atomic_store_n(&dp_t.adj[adj], adj_word(adj_if(dp_t.adj[adj]), mac), __ATOMIC_RELEASE);
}

void dp_adj_free(uint32_t adj)
{
	if (!adj || adj > dp_t.max_adj || !dp_t.adj[adj])
		return;
	__atomic_store_n(&dp_t.adj[adj], 0, __ATOMIC_RELEASE);
	a.fifo[a.head] = (struct freed){.adj = adj, .change = tunnels_stale()};
	a.head = (a.head + 1) % a.size;
}

void adj_tick(void)
{
	while (a.tail != a.head) {
		struct freed *f = &a.fifo[a.tail];

		if (!f->counting) {
			if (f->change > tunnels_resolved())
				return;
			f->token = rte_rcu_qsbr_start(dp_t.qsbr);
			f->counting = true;
		}
		if (!rte_rcu_qsbr_check(dp_t.qsbr, f->token, false))
			return;
		a.free[a.n_free++] = f->adj;
		a.tail = (a.tail + 1) % a.size;
	}
}

uint64_t dp_adj_used(uint32_t adj)
{
	uint64_t sum = used(adj), n = sum - a.seen[adj];

	a.seen[adj] = sum;
	return n;
}

uint32_t adj_count(void)
{
	return dp_t.max_adj - a.n_free;
}
