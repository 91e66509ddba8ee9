/* SPDX-License-Identifier: BSD-3-Clause */
/* mix.h - the only source of choice in lacsim: a seeded 64-bit mixer (splitmix64). Same seed, same run. */
#ifndef LACSIM_MIX_H
#define LACSIM_MIX_H

#include <stdint.h>

static inline uint64_t mix64(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

static inline uint64_t mix_next(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15ULL;
	return mix64(*state);
}

#endif
