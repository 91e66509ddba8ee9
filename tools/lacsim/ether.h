/* SPDX-License-Identifier: BSD-3-Clause */
/* ether.h - the least of Ethernet, ARP, IPv4 and UDP that a host without a kernel needs. Pure.
 * A side is one or several hosts with consecutive addresses behind one MAC, and one next hop. Addresses in host order. */
#ifndef LACSIM_ETHER_H
#define LACSIM_ETHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ETHER_HEAD 14
#define ETHER_UDP  42 /* Ethernet, IPv4 and UDP header */
#define ETHER_ARP  42

struct ether_side {
	uint8_t mac[6], next_mac[6];
	uint32_t ip, count; /* our addresses: ip .. ip + count - 1 */
	uint32_t next_hop;
	uint32_t met; /* so many of our addresses have had an answer from the next hop */
};

struct ether_udp {
	uint32_t src, dst;
	uint16_t sport, dport;
	const uint8_t *payload;
	size_t len;
};

/** Whether the next hop has answered all of our addresses: then it knows them too, and drops nothing for want of a MAC. */
static inline bool ether_known(const struct ether_side *s)
{
	return s->met >= s->count;
}

/** Write the question of the first address without an answer for the MAC of the next hop. @return ETHER_ARP */
size_t ether_ask(const struct ether_side *s, uint8_t out[ETHER_ARP]);
/** Take an ARP frame: learn the next hop's MAC, and answer who asks for us. @return octets of the answer in out, or 0. */
size_t ether_arp(
	struct ether_side *s, const uint8_t *frame, size_t len, uint8_t out[ETHER_ARP]);
/** Write Ethernet, IPv4 and UDP header, with checksums, before the payload that already lies at out + ETHER_UDP. */
void ether_wrap(const struct ether_side *s, uint8_t *out, uint32_t src, uint32_t dst,
	uint16_t sport, uint16_t dport, size_t payload_len);
/** Read an unfragmented UDP packet to one of our addresses. @return false: something else, or a checksum is wrong. */
bool ether_unwrap(
	const struct ether_side *s, const uint8_t *frame, size_t len, struct ether_udp *u);
/** One's complement sum of n octets on top of sum, neither folded nor inverted. */
uint64_t ether_sum(const uint8_t *p, size_t n, uint64_t sum);
/** @return sum folded to 16 bits and inverted: what stands in a header, in host order. */
uint16_t ether_fold(uint64_t sum);

#endif
