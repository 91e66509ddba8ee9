/* SPDX-License-Identifier: BSD-3-Clause */
/* hist.h - log-linear histogram of times: 60 powers of two in 16 steps each, so a bucket is at most 6.25 % wide. Pure.
 * The unit is the caller's: nanoseconds in the ledger, ticks at line rate. */
#ifndef LACSIM_HIST_H
#define LACSIM_HIST_H

#include <stdint.h>

#define HIST_BUCKETS 960

struct hist {
	uint64_t count, sum, min, max; /* min: of use only when count is not 0 */
	uint64_t bucket[HIST_BUCKETS];
};

static inline unsigned int hist_bucket(uint64_t v)
{
	unsigned int top;

	if (v < 16)
		return (unsigned int)v;
	top = 63 - (unsigned int)__builtin_clzll(v);
	return (top - 3) * 16 + (unsigned int)(v >> (top - 4) & 15);
}

/* The value v, n times (n > 0). */
static inline void hist_add_n(struct hist *h, uint64_t v, uint64_t n)
{
	unsigned int b = hist_bucket(v);

	h->bucket[b < HIST_BUCKETS ? b : HIST_BUCKETS - 1] += n;
	h->sum += v * n;
	h->min = !h->count || v < h->min ? v : h->min;
	h->max = v > h->max ? v : h->max;
	h->count += n;
}

static inline void hist_add(struct hist *h, uint64_t v)
{
	hist_add_n(h, v, 1);
}

/** @return the value (upper edge of its bucket, never above max) that a share of per_10000 stayed within; 0: empty. */
uint64_t hist_quantile(const struct hist *h, unsigned int per_10000);

#endif
