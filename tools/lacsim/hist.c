/* SPDX-License-Identifier: BSD-3-Clause */
/* hist.c - reads quantiles off the histogram of hist.h. Pure. */
#include "tools/lacsim/hist.h"

static uint64_t bucket_edge(unsigned int b)
{
	return b < 16 ? b : ((16ULL + b % 16 + 1) << (b / 16 - 1)) - 1;
}

uint64_t hist_quantile(const struct hist *h, unsigned int per_10000)
{
	uint64_t want = (h->count * per_10000 + 9999) / 10000, sum = 0;

	for (unsigned int b = 0; b < HIST_BUCKETS && h->count; b++) {
		sum += h->bucket[b];
		if (sum >= want && sum)
			return bucket_edge(b) < h->max ? bucket_edge(b) : h->max;
	}
	return 0;
}
