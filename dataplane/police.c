/* SPDX-License-Identifier: BSD-3-Clause */
/* police.c - rates of subscribers in the units that police.h reckons with. Thread: control, at start. */
#include "dataplane/police.h"

#include <errno.h>

#define IP_MAX 9216 /* octets of a packet */

/* What an octet takes; 0: no limit, and no time. */
static double octet_ns(uint64_t bits_per_s)
{
	return bits_per_s ? 8e9 / (double)bits_per_s : 0;
}

int dp_rates_set(
	uint16_t index, uint64_t up_bits_per_s, uint64_t down_bits_per_s, uint32_t burst_ms)
{
	const double up = octet_ns(up_bits_per_s), down = octet_ns(down_bits_per_s);
	const double packet = RTE_MAX(up, down) * IP_MAX, burst = burst_ms * 1e6;
	struct dp_rates r = {0};
	double unit = 1; /* ns */

	if (!index || index >= DP_RATES_MAX)
		return -EINVAL;
	/* 2^10 units tell a bucket's room finely enough; the clock comes round in 2^9 times that */
	for (; unit * (1u << (BUCKET_BITS - 9)) < RTE_MAX(packet, burst); unit *= 2)
		r.shift++;
	r.up = (uint32_t)(up / unit * (double)(1ull << OCTET_BITS) + 0.5);
	r.down = (uint32_t)(down / unit * (double)(1ull << OCTET_BITS) + 0.5);
	r.room = (uint32_t)(burst / unit);
	r.most = r.room + 1 + (uint32_t)(packet / unit);
	dp_t.rates[index] = r;
	return 0;
}
