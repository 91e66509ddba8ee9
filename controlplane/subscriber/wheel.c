/* SPDX-License-Identifier: BSD-3-Clause */
/* wheel.c - a hierarchical timer wheel of four levels with 256 buckets each.
 * A timer lies in the level that its distance (not its deadline) chooses: below 256 ticks in level 0, where a bucket is
 * one tick; below 65536 in level 1, where a bucket is 256 ticks; and so on. By distance, so that many timers of one
 * period spread over the buckets instead of piling up before a boundary: the cascade of one bucket stays small.
 * A bucket of level n is cascaded when the tick enters its first tick. A bit per non-empty bucket lets advance() jump over
 * empty time, however long the wheel was not called. Ticks are 32 bit; at the wrap start_ns moves on instead.
 * Deadlines more than 0xfe000000 ticks (206 days) away fire then, early. Thread: the wheel's owner. Pure. */
#include "controlplane/subscriber/wheel.h"

#include <string.h>

#define FARTHEST 0xfe000000u

void wheel_init(struct wheel *w, struct wheel_node *nodes, uint64_t now_ns)
{
	memset(w, 0, sizeof(*w));
	w->node = nodes;
	w->start_ns = now_ns;
}

static void link_node(struct wheel *w, uint32_t id)
{
	struct wheel_node *n = &w->node[id];
	uint32_t distance = n->tick - w->tick;
	unsigned int level = 0, slot, bucket;

	while (level < WHEEL_LEVELS - 1 && distance >> (8 * (level + 1)))
		level++;
	slot = (n->tick >> (8 * level)) & (WHEEL_SLOTS - 1);
	bucket = level * WHEEL_SLOTS + slot;
	n->bucket = (uint16_t)(bucket + 1);
	n->prev = 0;
	n->next = w->head[bucket];
	if (n->next)
		w->node[n->next].prev = id;
	w->head[bucket] = id;
	w->busy[level][slot / 64] |= 1ull << (slot % 64);
}

static void unlink_node(struct wheel *w, uint32_t id)
{
	struct wheel_node *n = &w->node[id];
	unsigned int bucket = n->bucket - 1u;
	unsigned int level = bucket / WHEEL_SLOTS, slot = bucket % WHEEL_SLOTS;

	if (n->next)
		w->node[n->next].prev = n->prev;
	if (n->prev)
		w->node[n->prev].next = n->next;
	else
		w->head[bucket] = n->next;
	if (!w->head[bucket])
		w->busy[level][slot / 64] &= ~(1ull << (slot % 64));
	n->bucket = 0;
	n->next = n->prev = 0;
}

void wheel_arm(struct wheel *w, uint32_t id, uint64_t deadline_ns)
{
	uint64_t at = (uint64_t)w->tick + w->firing;

	if (w->node[id].bucket)
		unlink_node(w, id);
	else
		w->armed++;
	if (deadline_ns > w->start_ns) {
		uint64_t since = deadline_ns - w->start_ns;
		uint64_t due = since / WHEEL_TICK_NS + (since % WHEEL_TICK_NS != 0);

		if (due > at)
			at = due - at > FARTHEST ? at + FARTHEST : due;
	}
	w->node[id].tick = (uint32_t)at;
	link_node(w, id);
}

void wheel_cancel(struct wheel *w, uint32_t id)
{
	if (!w->node[id].bucket)
		return;
	unlink_node(w, id);
	w->armed--;
}

/* How many buckets from slot `from` on, round the level, is the first busy one? WHEEL_SLOTS when none is. */
static unsigned int next_busy(const uint64_t *busy, unsigned int from)
{
	unsigned int words = WHEEL_SLOTS / 64;
	uint64_t first = busy[from / 64] >> (from % 64);

	if (first)
		return (unsigned int)__builtin_ctzll(first);
	for (unsigned int i = 1; i <= words; i++) {
		unsigned int at = (from / 64 + i) % words;
		uint64_t word = busy[at];

		if (i == words)
			word &= (1ull << (from % 64)) - 1;
		if (word)
			return (at * 64 + (unsigned int)__builtin_ctzll(word) - from) % WHEEL_SLOTS;
	}
	return WHEEL_SLOTS;
}

/* The next tick at which a timer fires or a bucket cascades; UINT64_MAX when there is none. */
static uint64_t next_event(const struct wheel *w)
{
	uint64_t best = UINT64_MAX;

	for (unsigned int level = 0; level < WHEEL_LEVELS; level++) {
		uint64_t block = w->tick >> (8 * level);
		/* The bucket that the tick is in has been cascaded: what lies there is one round away. */
		unsigned int skip = level ? 1 : 0;
		unsigned int d = next_busy(w->busy[level], (block + skip) & (WHEEL_SLOTS - 1));
		uint64_t at = (block + skip + d) << (8 * level);

		if (d < WHEEL_SLOTS && at < best)
			best = at;
	}
	return best;
}

/* Move the tick on to `to`, which is not beyond the next event, and cascade the buckets it enters. */
static void enter(struct wheel *w, uint64_t to)
{
	if (to >> 32)
		w->start_ns += WHEEL_TICK_NS << 32;
	w->tick = (uint32_t)to;
	for (unsigned int level = WHEEL_LEVELS - 1; level > 0; level--) {
		unsigned int slot = (w->tick >> (8 * level)) & (WHEEL_SLOTS - 1);
		uint32_t id = w->head[level * WHEEL_SLOTS + slot];

		if (w->tick & ((1u << (8 * level)) - 1))
			continue;
		while (id) {
			uint32_t next = w->node[id].next;

			unlink_node(w, id);
			link_node(w, id);
			id = next;
		}
	}
}

size_t wheel_advance(struct wheel *w, uint64_t now_ns, uint32_t *ids, size_t max)
{
	size_t n = 0;

	while (n < max && now_ns >= w->start_ns) {
		uint64_t now = (now_ns - w->start_ns) / WHEEL_TICK_NS;
		uint64_t at = next_event(w);
		uint32_t id;

		if (now < w->tick)
			break;
		if (at > now) {
			enter(w, now + 1);
			w->firing = false;
			break;
		}
		if (at != w->tick)
			enter(w, at);
		while (n < max && (id = w->head[w->tick & (WHEEL_SLOTS - 1)])) {
			unlink_node(w, id);
			w->armed--;
			ids[n++] = id;
		}
		w->firing = w->head[w->tick & (WHEEL_SLOTS - 1)] != 0;
		if (!w->firing)
			enter(w, (uint64_t)w->tick + 1);
	}
	return n;
}

uint64_t wheel_next(const struct wheel *w)
{
	uint64_t at = next_event(w);

	return at == UINT64_MAX ? UINT64_MAX : w->start_ns + at * WHEEL_TICK_NS;
}
