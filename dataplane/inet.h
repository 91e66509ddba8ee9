/* SPDX-License-Identifier: BSD-3-Clause */
/* inet.h - small steps on IP headers, shared by the stages: checksums (RFC 1071), TTL (RFC 1624),
 * unaligned loads. Sums are of 16-bit words as they lie in memory, so no byte is swapped. */
#ifndef DATAPLANE_INET_H
#define DATAPLANE_INET_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ip.h>

#include "dataplane/records.h"

#define IP4_HDR  20
#define IP6_HDR  40
#define UDP_HDR  8
#define IP4_DF   0x4000
#define IP4_MF   0x2000
#define IP4_FRAG 0x3fff /* MF and offset */

static inline uint16_t load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return rte_be_to_cpu_16(v);
}

static inline void store16(uint8_t *p, uint16_t v)
{
	v = rte_cpu_to_be_16(v);
	memcpy(p, &v, sizeof(v));
}

static inline uint32_t load32_raw(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint16_t load16_raw(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return rte_be_to_cpu_64(v);
}

static inline uint16_t sum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static inline uint64_t load64_raw(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Is the checksum of an IPv4 header without options right? A ones' complement sum is right when it is all ones, however
 * wide the words were that it was made of (RFC 1071 s2): a multiple of 65535, and of these not zero, which a header with a
 * version cannot be. Is it a multiple? Multiplied by the inverse of 65535 (modulo 2^64) it is the quotient then, else
 * something greater than any quotient. */
static inline bool ip4_plain_sum_ok(const uint8_t *h)
{
	uint64_t sum = (uint64_t)load32_raw(h) + load32_raw(h + 4) + load32_raw(h + 8) +
		load32_raw(h + 12) + load32_raw(h + 16);

	return sum * 0xfffefffefffeffffull <= UINT64_MAX / 65535;
}

/* Sum of an IPv4 header of `bytes` (a multiple of 4); 0xffff when its checksum is right. */
static inline uint16_t ip4_header_sum(const uint8_t *h, unsigned int bytes)
{
	uint64_t sum = (uint64_t)load32_raw(h) + load32_raw(h + 4) + load32_raw(h + 8) +
		load32_raw(h + 12) + load32_raw(h + 16);

	for (unsigned int i = IP4_HDR; unlikely(i < bytes); i += 4)
		sum += load32_raw(h + i);
	return sum_fold(sum);
}

static inline void ip4_set_checksum(uint8_t *h, unsigned int bytes)
{
	uint16_t sum;

	h[10] = h[11] = 0;
	sum = (uint16_t)~ip4_header_sum(h, bytes);
	memcpy(h + 10, &sum, sizeof(sum));
}

/* One hop less; the TTL is the high byte of its word (RFC 1624, RFC 1141 form). */
static inline void ip4_ttl_dec(uint8_t *h)
{
	uint32_t sum = (uint32_t)load16_raw(h + 10) + rte_cpu_to_be_16(0x0100);
	uint16_t folded = (uint16_t)(sum + (sum >= 0xffff));

	h[8]--;
	memcpy(h + 10, &folded, sizeof(folded));
}

/* A 16-bit word changed from old to new_word (as in memory) below the checksum at sum (RFC 1624
 * eqn. 3). */
static inline void sum_update(uint8_t *sum, uint16_t old, uint16_t new_word)
{
	uint16_t s = load16_raw(sum);

	s = (uint16_t)~sum_fold((uint64_t)(uint16_t)~s + (uint16_t)~old + new_word);
	memcpy(sum, &s, sizeof(s));
}

/* Sum of the pseudo-header of an IPv4 or IPv6 packet at l3 for an upper layer of len bytes. */
static inline uint16_t pseudo_header_sum(const uint8_t *l3, uint8_t proto, uint32_t len)
{
	uint64_t sum = rte_cpu_to_be_32(len);

	sum += rte_cpu_to_be_16(proto);
	if (l3[0] >> 4 == 4)
		return sum_fold(sum + load32_raw(l3 + 12) + load32_raw(l3 + 16));
	for (unsigned int i = 8; i < IP6_HDR; i += 4)
		sum += load32_raw(l3 + i);
	return sum_fold(sum);
}

/* Sum of pseudo-header and upper layer; 0xffff when the checksum in it is right. */
static inline uint16_t l4_sum(const uint8_t *l3, uint8_t proto, const uint8_t *l4, uint32_t len)
{
	return sum_fold((uint64_t)pseudo_header_sum(l3, proto, len) + rte_raw_cksum(l4, len));
}

/* Could this IPv4 packet be a TCP SYN, as far as its first 40 bytes tell? */
static inline bool ip4_may_be_syn(const uint8_t *p, uint16_t len)
{
	return p[9] == IPPROTO_TCP && len >= IP4_HDR + 20 && (p[IP4_HDR + 13] & 0x02);
}

static inline bool ip6_is_link_local(const uint8_t *a)
{
	return a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

static inline bool ip6_is_unspecified(const uint8_t *a)
{
	return !(load64(a) | load64(a + 8));
}

/* Never forwarded, RFC 1812 s5.3.7 and RFC 6890: this network, loopback, multicast, reserved,
 * broadcast. addr: host order. */
static inline bool ip4_is_martian(uint32_t addr)
{
	uint32_t net = addr >> 24;

	return net - 1 >= 0xe0 - 1 || net == 127;
}

#endif
