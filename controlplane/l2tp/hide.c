/* SPDX-License-Identifier: BSD-3-Clause */
/* hide.c - what the tunnel's shared secret is used for: hidden AVPs (RFC 2661 s4.3) and challenge responses (s5.1.1).
 * The deciphered length is the peer's word, and without the right secret it is noise: it is compared with the room here,
 * before anybody sees it. Not here: which AVPs may be hidden (avp.c). Pure; any thread. */
#include "controlplane/l2tp/hide.h"

#include <string.h>
#include <nettle/md5.h>

/* First block: MD5(type | secret | vector); each later one: MD5(secret | previous cipher block). */
static void first_key(uint16_t type, struct l2tp_secret s, const uint8_t *vector, size_t vector_len,
	uint8_t key[16])
{
	const uint8_t t[2] = {(uint8_t)(type >> 8), (uint8_t)type};
	struct md5_ctx md5;

	md5_init(&md5);
	md5_update(&md5, sizeof(t), t);
	md5_update(&md5, s.len, s.p);
	md5_update(&md5, vector_len, vector);
	md5_digest(&md5, 16, key);
}

static void next_key(struct l2tp_secret s, const uint8_t cipher[16], uint8_t key[16])
{
	struct md5_ctx md5;

	md5_init(&md5);
	md5_update(&md5, s.len, s.p);
	md5_update(&md5, 16, cipher);
	md5_digest(&md5, 16, key);
}

int l2tp_unhide(uint16_t type, struct l2tp_secret secret, const uint8_t *vector, size_t vector_len,
	const uint8_t *in, size_t len, uint8_t *out)
{
	uint8_t key[16];
	size_t value;

	if (len < 2)
		return -1;
	first_key(type, secret, vector, vector_len, key);
	for (size_t i = 0; i < len; i++) {
		if (i && i % 16 == 0)
			next_key(secret, in + i - 16, key);
		out[i] = in[i] ^ key[i % 16];
	}
	value = (size_t)out[0] << 8 | out[1];
	if (value > len - 2)
		return -1;
	memmove(out, out + 2, value);
	return (int)value;
}

size_t l2tp_hide(uint16_t type, struct l2tp_secret secret, const uint8_t *vector, size_t vector_len,
	const uint8_t *value, size_t len, size_t pad, uint8_t *out)
{
	size_t total = 2 + len + pad;
	uint8_t key[16];

	out[0] = (uint8_t)(len >> 8);
	out[1] = (uint8_t)len;
	if (len)
		memcpy(out + 2, value, len);
	memset(out + 2 + len, 0, pad);
	first_key(type, secret, vector, vector_len, key);
	for (size_t i = 0; i < total; i++) {
		if (i && i % 16 == 0)
			next_key(secret, out + i - 16, key);
		out[i] ^= key[i % 16];
	}
	return total;
}

void l2tp_response(uint8_t msg_type, struct l2tp_secret secret, const uint8_t *challenge,
	size_t len, uint8_t out[16])
{
	struct md5_ctx md5;

	md5_init(&md5);
	md5_update(&md5, 1, &msg_type);
	md5_update(&md5, secret.len, secret.p);
	md5_update(&md5, len, challenge);
	md5_digest(&md5, 16, out);
}

bool l2tp_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	volatile uint8_t differs = 0;

	for (size_t i = 0; i < len; i++)
		differs |= a[i] ^ b[i];
	return differs == 0;
}
