/* SPDX-License-Identifier: BSD-3-Clause */
/* stats.c - what operators see of the dataplane. Thread: control; workers' counters are read while they count, each by one
 * aligned load: a sum over workers may be a few packets old, never torn. */
#include <string.h>

#include <rte_malloc.h>
#include <rte_mempool.h>

#include "dataplane/adjacency.h"
#include "dataplane/checksum.h"
#include "dataplane/control.h"
#include "dataplane/fib.h"
#include "dataplane/init.h"

static const char *const names[] = {
#define X(id, name, text) [DROP_##id] = name,
#include "dataplane/drop_reason.def"
#undef X
};

static const char *const texts[] = {
#define X(id, name, text) [DROP_##id] = text,
#include "dataplane/drop_reason.def"
#undef X
};

unsigned int dp_worker_count(void)
{
	return dp_c.n_workers;
}

void dp_worker_get(unsigned int worker, struct dp_worker_info *info)
{
	const struct worker *w = dp_workers[worker];

	*info = w->stat;
	info->cpu = w->cpu;
	info->isa = checksum_isa();
	info->sessions = __atomic_load_n(&w->owned, __ATOMIC_RELAXED);
	owner_info(worker, info);
}

unsigned int dp_drop_count(void)
{
	return DROP_REASONS;
}

const char *dp_drop_name(unsigned int reason)
{
	return reason < DROP_REASONS ? names[reason] : "unknown";
}

const char *dp_drop_text(unsigned int reason)
{
	return reason < DROP_REASONS ? texts[reason] : "";
}

uint64_t dp_drop_get_worker(unsigned int worker, unsigned int reason)
{
	return reason < DROP_REASONS
		? __atomic_load_n(&dp_workers[worker]->drop[reason], __ATOMIC_RELAXED)
		: 0;
}

uint64_t dp_drop_get(unsigned int reason)
{
	uint64_t sum = reason < DROP_REASONS ? dp_c.drop[reason] : 0;

	for (unsigned int i = 0; i < dp_c.n_workers; i++)
		sum += dp_drop_get_worker(i, reason);
	return sum;
}

void dp_memory(struct dp_memory_info *info)
{
	const struct slots_usage used = slots_usage();
	struct rte_malloc_socket_stats heap;

	memset(info, 0, sizeof(*info));
	for (unsigned int i = 0; i < rte_socket_count(); i++) {
		if (rte_malloc_get_socket_stats(rte_socket_id_by_idx(i), &heap))
			continue;
		info->heap_allocated += heap.heap_allocsz_bytes;
		info->heap_size += heap.heap_totalsz_bytes;
	}
	info->mbufs_in_use = rte_mempool_in_use_count(dp_t.pool);
	info->mbufs_total = dp_t.pool->size;
	info->keys = used.keys;
	info->addresses4 = used.addresses4;
	info->addresses6 = used.addresses6;
	fib_usage(&info->routes4, &info->routes6);
	info->adjacencies = adj_count();
	info->slots_awaiting_reap = slots_awaiting_reap();
	for (unsigned int i = 0; i < dp_c.n_workers; i++)
		info->timers += __atomic_load_n(&dp_workers[i]->wheel.armed, __ATOMIC_RELAXED);
	info->store_bytes = store_bytes();
}
