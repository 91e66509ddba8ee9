/* SPDX-License-Identifier: BSD-3-Clause */
/* pool.h - addresses for subscribers: one range, each address free, used or reserved.
 * An address is a number: IPv4 in host order, IPv6 the upper 64 bits of a /64 in host order. Addresses can also be taken by blocks
 * of POOL_BLOCK, so that those of subscribers that lie beside each other do so, too (dataplane/index.h).
 * Thread: control. Memory is taken once, by pool_init(); of it only what was ever used is touched,
 * so a large pool costs little until it fills. */
#ifndef CONTROLPLANE_SUBSCRIBER_POOL_H
#define CONTROLPLANE_SUBSCRIBER_POOL_H

#include <stdbool.h>
#include <stdint.h>

#define POOL_MAX   (1u << 24) /* addresses */
#define POOL_BLOCK 16u        /* addresses, the first a multiple of it */

struct pool_link;
struct pool_block;

struct pool {
	uint64_t first;
	uint32_t n; /* addresses of the range */
	uint32_t fresh; /* the first that was never used nor reserved, n: there is none */
	uint32_t used;
	uint32_t reserved;
	struct pool_link *links;
	struct pool_block *blocks;
	uint32_t n_blocks;
	uint32_t fresh_block;            /* none before it is whole and was never used */
	uint32_t whole_head, whole_tail; /* block + 1: whole ones that were used before, the longest free first; 0 = none */
};

/** Make a pool of first..last, inclusive.
 * @return 0, -EINVAL (no address, or more than POOL_MAX) or -ENOMEM. */
int pool_init(struct pool *p, uint64_t first, uint64_t last);
void pool_fini(struct pool *p);
/** Exclude an address for good: a gateway, a static address. Outside the range: no change. */
void pool_reserve(struct pool *p, uint64_t addr);
/** Take any: first those that were never used, then the one that was given back longest ago. O(1)
 * over the life of a pool. @return 0 or -ENOSPC. */
int pool_take(struct pool *p, uint64_t *addr);
/** The next addresses that pool_take() would give, in its order; none is taken. Looks at 64 at most.
 * @return how many, 0: none is free. */
unsigned pool_next(const struct pool *p, uint64_t *addr, unsigned max);
/** Take this one. O(1) over the life of a pool. @return 0, -ERANGE (not of this pool) or -EBUSY
 * (used or reserved). */
int pool_take_this(struct pool *p, uint64_t addr);
/** Take the address `at` (0 .. POOL_BLOCK - 1) of a block that is whole: all of it in the range, nothing of it used or reserved.
 * First those of which nothing was ever used, then the one that is free the longest. O(1) over the life of a pool.
 * @return 0, or -ENOSPC: there is no such block; single addresses may be free. */
int pool_take_block(struct pool *p, uint32_t at, uint64_t *addr);
/** Give a used one back. Anything else is our bug: an assertion, and no change without them. */
void pool_give(struct pool *p, uint64_t addr);
bool pool_has(const struct pool *p, uint64_t addr);
/** How many can be in use at once: the range without what is reserved. */
uint32_t pool_capacity(const struct pool *p);

#endif
