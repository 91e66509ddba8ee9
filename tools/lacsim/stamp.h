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

#ifdef __SSE4_2__ /* what a DPDK build has at least */
static inline uint64_t stamp_mix(uint64_t h, uint64_t word)
{
	return __builtin_ia32_crc32di(h, word);
}
#else
static inline uint64_t stamp_mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 32;
}
#endif

/* addresses: the inner source and destination, as they stand in the packet. Both ends are one program: only it must agree
 * with itself. */
static inline uint32_t stamp_check(const struct stamp *s, uint64_t seed, uint64_t addresses)
{
	uint64_t h = stamp_mix((uint32_t)seed, (uint64_t)s->owner << 32 | s->sequence);

	h = stamp_mix(h, addresses);
	return (uint32_t)stamp_mix(
		h, (uint64_t)s->time << 16 | (uint64_t)s->round << 8 | s->kind);
}

static inline void stamp_write(
	uint8_t *out, const struct stamp *s, uint64_t seed, uint64_t addresses)
{
	const uint64_t word[2] = {stamp_check(s, seed, addresses) | (uint64_t)s->owner << 32,
		s->sequence | (uint64_t)s->time << 32};
	const uint16_t end = (uint16_t)(s->round | s->kind << 8);

	memcpy(out, word, sizeof(word));
	memcpy(out + 16, &end, sizeof(end));
}

/** @return false: not a stamp of this seed and these addresses, or changed under way. */
static inline bool stamp_read(const uint8_t *in, struct stamp *s, uint64_t seed, uint64_t addresses)
{
	uint64_t word[2];

	memcpy(word, in, sizeof(word));
	*s = (struct stamp){.owner = (uint32_t)(word[0] >> 32),
		.sequence = (uint32_t)word[1],
		.time = (uint32_t)(word[1] >> 32),
		.round = in[16],
		.kind = in[17]};
	return (uint32_t)word[0] == stamp_check(s, seed, addresses);
}

#endif
