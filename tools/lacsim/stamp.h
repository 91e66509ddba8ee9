/* SPDX-License-Identifier: BSD-3-Clause */
/* stamp.h - the 18 octets that each packet at line rate carries: whom it is for, which one it is, when it left, in which
 * round, and a checksum over these, the inner addresses and the seed. Pure, inline: it is written and read for each packet.
 * The smaller sibling of the ledger's stamp: no account per packet is kept, losses are a difference of two counts. */
#ifndef LACSIM_STAMP_H
#define LACSIM_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define STAMP_LEN 18

struct stamp {
	uint32_t owner, sequence, time;
	uint8_t round, kind; /* kind: enum phase_dir */
};

/* addresses: the inner source and destination, as they stand in the packet. */
static inline uint32_t stamp_check(const struct stamp *s, uint64_t seed, uint64_t addresses)
{
	uint64_t h = ((uint64_t)s->owner << 32 | s->sequence) ^ seed;

	h *= 0x9e3779b97f4a7c15ULL;
	h ^= h >> 32;
	h += addresses;
	h *= 0xbf58476d1ce4e5b9ULL;
	h ^= h >> 29;
	h += (uint64_t)s->time << 16 | (uint64_t)s->round << 8 | s->kind;
	h *= 0x94d049bb133111ebULL;
	return (uint32_t)(h >> 32);
}

static inline void stamp_write(
	uint8_t *out, const struct stamp *s, uint64_t seed, uint64_t addresses)
{
	const uint32_t word[4] = {stamp_check(s, seed, addresses), s->owner, s->sequence, s->time};

	memcpy(out, word, sizeof(word));
	out[16] = s->round;
	out[17] = s->kind;
}

/** @return false: not a stamp of this seed and these addresses, or changed under way. */
static inline bool stamp_read(const uint8_t *in, struct stamp *s, uint64_t seed, uint64_t addresses)
{
	uint32_t word[4];

	memcpy(word, in, sizeof(word));
	*s = (struct stamp){
		.owner = word[1], .sequence = word[2], .time = word[3], .round = in[16], .kind = in[17]};
	return word[0] == stamp_check(s, seed, addresses);
}

#endif
