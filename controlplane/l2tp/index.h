/* SPDX-License-Identifier: BSD-3-Clause */
/* index.h - a hash table of 64-bit keys to slots: open addressing, no tombstones, keyed against chosen keys. Pure. */
#ifndef CONTROLPLANE_L2TP_INDEX_H
#define CONTROLPLANE_L2TP_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct l2tp_index {
	uint64_t *key;
	uint32_t *slot; /* 0 = empty */
	uint64_t seed;
	uint32_t mask, used;
};

/** Places in a table for n keys: a power of two, at most two thirds full. 12 octets each. */
uint32_t l2tp_index_places(uint32_t n);
/** keys and slots: zeroed arrays of l2tp_index_places() elements. */
void l2tp_index_init(struct l2tp_index *x, uint64_t *keys, uint32_t *slots, uint32_t places, uint64_t seed);
/** @return the slot of key, 0 when there is none. */
uint32_t l2tp_index_get(const struct l2tp_index *x, uint64_t key);
/** Set or replace. The caller never has more keys than it said. */
void l2tp_index_put(struct l2tp_index *x, uint64_t key, uint32_t slot);
/** Remove key if it leads to slot. */
void l2tp_index_del(struct l2tp_index *x, uint64_t key, uint32_t slot);

#endif
