/* SPDX-License-Identifier: BSD-3-Clause */
/* owner.c - see owner.h. A new session goes to the least loaded worker, or to the one whose queue
 * carries its tunnel (no hand-over), while that one has hardly more; or to the one that has its neighbours in the session
 * table, for CPUs prefetch lines beside those that are asked for, and so two workers would take them from each other.
 * Load is counted in sessions, in two ways: those that a worker owns; and those that its busy time would
 * serve at the average of all workers, as it was in the last second, with what came and went since.
 * The busier the busiest worker is, the more the second one counts, and from half of its time on it
 * alone: on a quiet machine a busy share says nothing, on a loaded one the number of sessions does not. A worker that receives
 * for others is busy with that, and so gets fewer sessions. What came since the last look counts, or a
 * reconnect storm would go to one worker for a whole second.
 * Thread: control. Not here: moving sessions that exist. */
#include "dataplane/owner.h"

#include "dataplane/control.h"

#define SECOND_NS 1000000000ull
#define ALL       1024u /* of a worker's time */

static void look(unsigned int i, uint64_t ns)
{
	const struct dp_worker_info *stat = &dp_workers[i]->stat;
	uint64_t busy_ns = __atomic_load_n(&stat->busy_ns, __ATOMIC_RELAXED);
	uint64_t packets = __atomic_load_n(&stat->up_packets, __ATOMIC_RELAXED) +
		__atomic_load_n(&stat->down_packets, __ATOMIC_RELAXED);
	struct owner_look *l = &dp_c.look[i];
	uint64_t busy = (busy_ns - l->busy_ns) * ALL / ns;

	l->busy = (uint32_t)(l->busy + RTE_MIN(busy, (uint64_t)ALL)) / 2;
	l->packets_per_s = (packets - l->packets) * SECOND_NS / ns;
	l->busy_ns = busy_ns;
	l->packets = packets;
	l->sessions = dp_c.load[i];
}

void owner_tick(uint64_t now_ns)
{
	uint64_t ns = now_ns - dp_c.looked_ns;

	if (ns < SECOND_NS)
		return;
	for (unsigned int i = 0; i < dp_c.n_workers; i++)
		look(i, ns);
	dp_c.looked_ns = now_ns;
}

/* Sessions in both ways of counting, mixed; times ALL. */
static void loads(uint64_t load[DP_WORKERS_MAX])
{
	uint64_t busy = 0, sessions = 0, most = 0;

	for (unsigned int i = 0; i < dp_c.n_workers; i++) {
		busy += dp_c.look[i].busy;
		sessions += dp_c.look[i].sessions;
		most = RTE_MAX(most, (uint64_t)dp_c.look[i].busy);
	}
	most = RTE_MIN(2 * most, (uint64_t)ALL);
	for (unsigned int i = 0; i < dp_c.n_workers; i++) {
		int64_t worth = busy ? (int64_t)(dp_c.look[i].busy * sessions / busy) : 0;

		worth += (int64_t)dp_c.load[i] - dp_c.look[i].sessions;
		load[i] = dp_c.load[i] * (ALL - most) + (uint64_t)RTE_MAX(worth, 0) * most;
	}
}

unsigned int owner_pick(uint32_t slot, uint16_t tid)
{
	uint8_t *last = &dp_c.owner_of_block[slot / DP_BLOCK];
	unsigned int pick = 0, near = dp_c.queue_of_tid[tid], beside = *last;
	const uint64_t block = DP_BLOCK * ALL;
	uint64_t load[DP_WORKERS_MAX] = {0}, some;

	loads(load);
	for (unsigned int i = 1; i < dp_c.n_workers; i++)
		if (load[i] < load[pick])
			pick = i;
	/* in another's block it may have half of that more: at the limit, most sessions come by blocks, too */
	some = load[pick] / 16 + block;
	if (near && load[near - 1] <= load[pick] + (beside && beside != near ? some / 2 : some)) {
		pick = near - 1;
		dp_c.look[pick].by_queue++;
	} else {
		if (beside && load[beside - 1] <= load[pick] + load[pick] / 64 + block)
			pick = beside - 1;
		dp_c.look[pick].by_load++;
	}
	*last = (uint8_t)(pick + 1);
	return pick;
}

void owner_info(unsigned int worker, struct dp_worker_info *info)
{
	const struct owner_look *l = &dp_c.look[worker];

	info->busy_permille = (uint16_t)(l->busy * 1000 / ALL);
	info->packets_per_s = l->packets_per_s;
	info->picked_by_queue = l->by_queue;
	info->picked_by_load = l->by_load;
	info->addresses_near = l->addresses_near;
	info->addresses_far = l->addresses_far;
}
