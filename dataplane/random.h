/* SPDX-License-Identifier: BSD-3-Clause */
/* random.h - unpredictable bytes without a system call per use: ChaCha20 under a key taken from getrandom() at start. */
#ifndef DATAPLANE_RANDOM_H
#define DATAPLANE_RANDOM_H

#include <stdint.h>

struct random_state {
	uint8_t key[32];
	uint64_t counter;
};

/** @return 0 or -errno of getrandom(). */
int random_seed(uint8_t key[32]);
/** The next 32 bytes of the stream named by key; counter counts the calls. */
void random_bytes(const uint8_t key[32], uint64_t *counter, uint8_t out[32]);

#endif
