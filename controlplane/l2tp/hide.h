/* SPDX-License-Identifier: BSD-3-Clause */
/* hide.h - hiding of AVP values (RFC 2661 s4.3) and the tunnel's challenge response (s5.1.1). Pure; uses nettle's MD5. */
#ifndef CONTROLPLANE_L2TP_HIDE_H
#define CONTROLPLANE_L2TP_HIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct l2tp_secret {
	const uint8_t *p;
	size_t len; /* 0 = none */
};

/** Decipher the value of a hidden AVP of this type. out has room for len octets (it may not overlap in).
 * @return length of the original value, at most len - 2; -1 when the deciphered length does not fit, or len < 2. */
int l2tp_unhide(uint16_t type, struct l2tp_secret secret, const uint8_t *vector, size_t vector_len, const uint8_t *in,
	size_t len, uint8_t *out);
/** Hide value: 2 octets of length, the value, pad zero octets. out has room for 2 + len + pad. @return that sum. */
size_t l2tp_hide(uint16_t type, struct l2tp_secret secret, const uint8_t *vector, size_t vector_len,
	const uint8_t *value, size_t len, size_t pad, uint8_t *out);

/** MD5(type of the carrying message, one octet | secret | challenge). */
void l2tp_response(uint8_t msg_type, struct l2tp_secret secret, const uint8_t *challenge, size_t len, uint8_t out[16]);
/** Compare in a time that does not depend on where they differ. */
bool l2tp_equal(const uint8_t *a, const uint8_t *b, size_t len);

#endif
