/* SPDX-License-Identifier: BSD-3-Clause */
/* random.h - unpredictable bytes without a system call per use: ChaCha20 under a key taken from getrandom() at start. */
#ifndef DATAPLANE_RANDOM_H
#define DATAPLANE_RANDOM_H

#include <stdint.h>

#define RANDOM_AHEAD 16 /* times 32 bytes that are made at once */

struct random_state {
	uint8_t key[32];
	uint8_t bytes[RANDOM_AHEAD][32];
	uint32_t left; /* of bytes, the last ones */
};

/** Begin anew. @return 0 or -errno of getrandom(). */
int random_seed(struct random_state *r);
/** The next 32 bytes. */
void random_bytes(struct random_state *r, uint8_t out[32]);

#endif
