/* SPDX-License-Identifier: BSD-3-Clause */
/* pick.c - draws Zipf's law (exponent 1): the session of rank r is chosen with a probability proportional to 1 / r.
 * Ranks are dealt out over the sessions by a stride prime to their number, so that the busy ones are no neighbours. */
#include "tools/lacsim/pick.h"
#include "tools/lacsim/mix.h"

#include <errno.h>
#include <stdlib.h>

static uint32_t gcd(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t t = a % b;

		a = b;
		b = t;
	}
	return a;
}

/* The first rank whose cumulated share is above x. */
static uint32_t rank_of(const double *cumulated, uint32_t n, double x)
{
	uint32_t low = 0, high = n - 1;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (cumulated[middle] > x)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static int draw(struct pick *p)
{
	double *cumulated = malloc(p->n * sizeof(*cumulated)), sum = 0;
	uint32_t stride = (uint32_t)(p->n * 0.6180339887) | 1;

	p->sequence = malloc(PICK_DRAWN * sizeof(*p->sequence));
	if (!cumulated || !p->sequence) {
		free(cumulated);
		return -ENOMEM;
	}
	while (gcd(stride, p->n) != 1)
		stride += 2;
	for (uint32_t r = 0; r < p->n; r++)
		cumulated[r] = sum += 1.0 / (r + 1);
	for (uint32_t i = 0; i < PICK_DRAWN; i++) {
		double x = (double)(mix_next(&p->state) >> 11) / 9007199254740992.0 * sum;

		p->sequence[i] = (uint32_t)((uint64_t)rank_of(cumulated, p->n, x) * stride % p->n);
	}
	free(cumulated);
	return 0;
}

int pick_init(struct pick *p, enum phase_pick kind, uint32_t n, uint32_t hot, uint64_t seed)
{
	*p = (struct pick){.kind = kind, .n = n, .state = mix64(seed)};
	if (kind == PICK_HOT && hot < n)
		p->n = hot;
	return kind == PICK_ZIPF ? draw(p) : 0;
}

void pick_fini(struct pick *p)
{
	free(p->sequence);
	p->sequence = NULL;
}
