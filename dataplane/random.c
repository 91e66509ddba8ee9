/* SPDX-License-Identifier: BSD-3-Clause */
/* random.c - a ChaCha20 stream (RFC 8439 s2.3) per worker and one for control, so that ids, magic numbers and challenges
 * cost no system call. Each call uses a fresh 64-bit nonce: no output is ever repeated under one key.
 * Thread: the owner of the state. Not here: secrets that outlive the process (there are none). */
#include "dataplane/random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <nettle/chacha.h>

#include "dataplane/worker.h"

int random_seed(uint8_t key[32])
{
	size_t have = 0;

	while (have < 32) {
		ssize_t n = getrandom(key + have, 32 - have, 0);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			have += (size_t)n;
	}
	return 0;
}

void random_bytes(const uint8_t key[32], uint64_t *counter, uint8_t out[32])
{
	uint8_t nonce[CHACHA_NONCE_SIZE];
	struct chacha_ctx ctx;

	memcpy(nonce, counter, sizeof(nonce));
	++*counter;
	chacha_set_key(&ctx, key);
	chacha_set_nonce(&ctx, nonce);
	memset(out, 0, 32);
	chacha_crypt(&ctx, 32, out, out);
}

const uint8_t *worker_random(struct worker *w, uint8_t out[32])
{
	random_bytes(w->rnd_key, &w->rnd_counter, out);
	return out;
}
