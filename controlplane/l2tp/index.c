/* SPDX-License-Identifier: BSD-3-Clause */
/* index.c - linear probing with backward shift on removal, so that a table never ages. The seed enters the hash: a peer
 * that chooses its ids cannot choose where they land. Thread: control. Pure. */
#include "controlplane/l2tp/index.h"

#include <stdbool.h>

uint32_t l2tp_index_places(uint32_t n)
{
	uint32_t places = 16;

	while (places < n + n / 2 + 1)
		places *= 2;
	return places;
}

void l2tp_index_init(
	struct l2tp_index *x, uint64_t *keys, uint32_t *slots, uint32_t places, uint64_t seed)
{
	*x = (struct l2tp_index){.key = keys, .slot = slots, .seed = seed, .mask = places - 1};
}

static uint32_t home(const struct l2tp_index *x, uint64_t key)
{
	uint64_t h = (key ^ x->seed) * 0x9fb21c651e98df25ull;

	h ^= h >> 32;
	h = (h ^ (x->seed >> 17)) * 0xd6e8feb86659fd93ull;
	h ^= h >> 29;
	return (uint32_t)(h ^ h >> 32) & x->mask;
}

/* Where key is, or the empty place where it would go. */
static uint32_t find(const struct l2tp_index *x, uint64_t key)
{
	uint32_t i = home(x, key);

	while (x->slot[i] && x->key[i] != key)
		i = (i + 1) & x->mask;
	return i;
}

uint32_t l2tp_index_get(const struct l2tp_index *x, uint64_t key)
{
	return x->slot[find(x, key)];
}

void l2tp_index_put(struct l2tp_index *x, uint64_t key, uint32_t slot)
{
	uint32_t i = find(x, key);

	if (!x->slot[i])
		x->used++;
	x->key[i] = key;
	x->slot[i] = slot;
}

void l2tp_index_del(struct l2tp_index *x, uint64_t key, uint32_t slot)
{
	uint32_t hole = find(x, key);

	if (!x->slot[hole] || x->slot[hole] != slot)
		return;
	x->used--;
	for (uint32_t i = (hole + 1) & x->mask; x->slot[i]; i = (i + 1) & x->mask) {
		uint32_t want = home(x, x->key[i]);

		/* May i's key move to the hole? Only if its home is not between them. */
		if (((i - want) & x->mask) < ((i - hole) & x->mask))
			continue;
		x->key[hole] = x->key[i];
		x->slot[hole] = x->slot[i];
		hole = i;
	}
	x->slot[hole] = 0;
}
