/* SPDX-License-Identifier: BSD-3-Clause */
/* random.c - a ChaCha20 stream (RFC 8439 s2.3) per worker and one for control, so that ids, magic numbers and challenges
 * cost no system call. Made for 16 uses at once: the cipher's code has left the cache between two calls that set up. The
 * stream's first bytes are the next key, and what was given out is wiped, so that nothing given out can be found again.
 * Thread: the owner of the state. Not here: secrets that outlive the process (there are none). */
#include "dataplane/random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <nettle/chacha.h>

#include "dataplane/worker.h"

int random_seed(struct random_state *r)
{
	size_t have = 0;

	r->left = 0;
	while (have < sizeof(r->key)) {
		ssize_t n = getrandom(r->key + have, sizeof(r->key) - have, 0);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			have += (size_t)n;
	}
	return 0;
}

static void refill(struct random_state *r)
{
	static const uint8_t nonce[CHACHA_NONCE_SIZE]; /* a key is used once */
	uint8_t stream[sizeof(r->key) + sizeof(r->bytes)] = {0};
	struct chacha_ctx ctx;

	chacha_set_key(&ctx, r->key);
	chacha_set_nonce(&ctx, nonce);
	chacha_crypt(&ctx, sizeof(stream), stream, stream);
	memcpy(r->key, stream, sizeof(r->key));
	memcpy(r->bytes, stream + sizeof(r->key), sizeof(r->bytes));
	r->left = RANDOM_AHEAD;
	explicit_bzero(stream, sizeof(stream));
	explicit_bzero(&ctx, sizeof(ctx));
}

void random_bytes(struct random_state *r, uint8_t out[32])
{
	uint8_t *from;

	if (!r->left)
		refill(r);
	from = r->bytes[RANDOM_AHEAD - r->left--];
	memcpy(out, from, 32);
	memset(from, 0, 32);
}

const uint8_t *worker_random(struct worker *w, uint8_t out[32])
{
	random_bytes(&w->random, out);
	return out;
}
