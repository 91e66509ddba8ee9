/* SPDX-License-Identifier: BSD-3-Clause */
/* wheel.h - a hierarchical timer wheel whose timers are slot numbers: no allocation per timer, no scan per tick.
 * Pure. One wheel belongs to one thread. Several wheels may share one node array when each id is armed in one wheel at
 * a time (a session's timer is in its owner's wheel). Cost: arm, cancel O(1); advance O(levels + fired). */
#ifndef CONTROLPLANE_SUBSCRIBER_WHEEL_H
#define CONTROLPLANE_SUBSCRIBER_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_LEVELS 4
#define WHEEL_SLOTS  256
#define WHEEL_TICK_NS (4ull << 20) /* 4.19 ms; 4 levels reach 208 days */

/** One per id; id 0 is never a timer. Zeroed = not armed. */
struct wheel_node {
	uint32_t next, prev;
	uint32_t tick;   /* when due, in ticks since the wheel's start */
	uint16_t bucket; /* level * WHEEL_SLOTS + slot, + 1; 0 = not armed */
	uint16_t pad;
};

struct wheel {
	struct wheel_node *node;
	uint64_t start_ns;
	uint32_t tick;   /* all timers before this tick have fired */
	uint32_t armed;
	bool firing;     /* the last advance was cut short inside the bucket of `tick` */
	uint32_t head[WHEEL_LEVELS * WHEEL_SLOTS];
	uint64_t busy[WHEEL_LEVELS][WHEEL_SLOTS / 64]; /* bit per non-empty bucket */
};

void wheel_init(struct wheel *w, struct wheel_node *nodes, uint64_t now_ns);
/** Arm id (moving it if armed) for deadline_ns; it fires at the first wheel_advance() at or up to one tick after it. A
 * deadline in the past is due at the next tick: who arms anew what has just fired does not meet it in the same advance. */
void wheel_arm(struct wheel *w, uint32_t id, uint64_t deadline_ns);
void wheel_cancel(struct wheel *w, uint32_t id); /* no-op when not armed */
static inline bool wheel_is_armed(const struct wheel *w, uint32_t id)
{
	return w->node[id].bucket != 0;
}
/** Take up to max ids that are due at now_ns (they are disarmed). @return how many; max means: call again. */
size_t wheel_advance(struct wheel *w, uint64_t now_ns, uint32_t *ids, size_t max);
/** @return a time not after the next deadline, and not before now; UINT64_MAX when nothing is armed. */
uint64_t wheel_next(const struct wheel *w);

#endif
