/* SPDX-License-Identifier: BSD-3-Clause */
/* pick.h - which session the next packet is of: random, by Zipf's law, or a few in turn. Seeded. The choice itself is
 * inline: it is made for each packet. Zipf's law is drawn once into a long sequence, which is then read in order. */
#ifndef LACSIM_PICK_H
#define LACSIM_PICK_H

#include "tools/lacsim/phases.h"

struct pick {
	enum phase_pick kind;
	uint32_t n;     /* choices are 0 .. n - 1 */
	uint64_t state; /* of the generator */
	uint32_t *sequence, at; /* Zipf: PICK_DRAWN choices */
};

#define PICK_DRAWN (1U << 20) /* a power of two */

/** @param n at least 1. @return 0 or -ENOMEM. */
int pick_init(struct pick *p, enum phase_pick kind, uint32_t n, uint32_t hot, uint64_t seed);
void pick_fini(struct pick *p);

static inline uint32_t pick_next(struct pick *p)
{
	if (p->kind == PICK_RANDOM) {
		p->state = p->state * 6364136223846793005ULL + 1442695040888963407ULL;
		return (uint32_t)((p->state >> 32) * p->n >> 32);
	}
	if (p->kind == PICK_ZIPF)
		return p->sequence[p->at++ & (PICK_DRAWN - 1)];
	p->at = p->at + 1 < p->n ? p->at + 1 : 0;
	return p->at;
}

#endif
