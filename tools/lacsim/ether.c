/* SPDX-License-Identifier: BSD-3-Clause */
/* ether.c - frames for a host without a kernel: ARP (RFC 826) and UDP over IPv4 (RFC 791, RFC 768). Pure.
 * No fragments are sent or read, no options are sent. Packets at line rate do not pass here, see blast.c. */
#include "tools/lacsim/ether.h"
#include "tools/lacsim/codec.h"

#define TYPE_IP  0x0800
#define TYPE_ARP 0x0806
#define UDP      17

static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static uint8_t *head(uint8_t *p, const uint8_t dst[6], const uint8_t src[6], uint16_t type)
{
	memcpy(p, dst, 6);
	memcpy(p + 6, src, 6);
	return put16(p + 12, type);
}

static size_t arp(const struct ether_side *s, uint8_t *out, uint16_t operation, uint32_t from,
	const uint8_t to_mac[6], uint32_t to)
{
	uint8_t *p = head(out, operation == 1 ? everybody : to_mac, s->mac, TYPE_ARP);

	p = put16(p, 1);
	p = put16(p, TYPE_IP);
	p = put16(p, 0x0604);
	p = put16(p, operation);
	memcpy(p, s->mac, 6);
	p = put32(p + 6, from);
	memcpy(p, to_mac, 6);
	put32(p + 6, to);
	return ETHER_ARP;
}

size_t ether_ask(const struct ether_side *s, uint8_t out[ETHER_ARP])
{
	static const uint8_t unknown[6];

	return arp(s, out, 1, s->ip + (ether_known(s) ? 0 : s->met), unknown, s->next_hop);
}

size_t ether_arp(struct ether_side *s, const uint8_t *frame, size_t len, uint8_t out[ETHER_ARP])
{
	struct rd r = rd_of(frame, len);
	uint16_t operation;
	uint32_t from, to;
	const uint8_t *mac;

	rd_take(&r, 12);
	if (rd_u16(&r) != TYPE_ARP || rd_u16(&r) != 1 || rd_u16(&r) != TYPE_IP ||
		rd_u16(&r) != 0x0604)
		return 0;
	operation = rd_u16(&r);
	mac = rd_take(&r, 6);
	from = rd_u32(&r);
	rd_take(&r, 6);
	to = rd_u32(&r);
	if (r.bad || to - s->ip >= s->count)
		return 0;
	if (from == s->next_hop) {
		memcpy(s->next_mac, mac, 6);
		if (operation == 2 && to == s->ip + s->met)
			s->met++;
	}
	return operation == 1 ? arp(s, out, 2, to, mac, from) : 0;
}

uint64_t ether_sum(const uint8_t *p, size_t n, uint64_t sum)
{
	for (; n > 1; p += 2, n -= 2)
		sum += (uint64_t)(p[0] << 8 | p[1]);
	return n ? sum + (uint64_t)(p[0] << 8) : sum;
}

uint16_t ether_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void ether_wrap(const struct ether_side *s, uint8_t *out, uint32_t src, uint32_t dst,
	uint16_t sport, uint16_t dport, size_t payload_len)
{
	size_t udp_len = payload_len + 8;
	uint8_t *ip = head(out, s->next_mac, s->mac, TYPE_IP), *udp = ip + 20, *p;
	uint16_t sum;

	p = put16(ip, 0x4500);
	p = put16(p, (uint16_t)(udp_len + 20));
	p = put32(p, 0x4000); /* id 0, DF: RFC 6864 */
	p = put16(p, 64 << 8 | UDP);
	p = put16(p, 0);
	p = put32(p, src);
	put32(p, dst);
	put16(ip + 10, ether_fold(ether_sum(ip, 20, 0)));
	p = put16(udp, sport);
	p = put16(p, dport);
	p = put16(p, (uint16_t)udp_len);
	put16(p, 0);
	sum = ether_fold(ether_sum(udp, udp_len, ether_sum(ip + 12, 8, UDP + udp_len)));
	put16(p, sum ? sum : 0xffff);
}

bool ether_unwrap(const struct ether_side *s, const uint8_t *frame, size_t len, struct ether_udp *u)
{
	struct rd r = rd_of(frame, len), datagram;
	const uint8_t *ip, *udp;
	size_t head_len, total;
	uint16_t sum;

	rd_take(&r, 12);
	if (rd_u16(&r) != TYPE_IP || rd_left(&r) < 20)
		return false;
	ip = r.p;
	head_len = (ip[0] & 15) * 4U;
	total = (size_t)(ip[2] << 8 | ip[3]);
	if (ip[0] >> 4 != 4 || head_len < 20 || total < head_len || total > rd_left(&r) ||
		ip[9] != UDP || (ip[6] & 0x3f) || ip[7] || ether_fold(ether_sum(ip, head_len, 0)))
		return false;
	r = rd_of(ip + 12, 8);
	u->src = rd_u32(&r);
	u->dst = rd_u32(&r);
	if (u->dst - s->ip >= s->count)
		return false;
	udp = ip + head_len;
	r = rd_of(udp, total - head_len);
	u->sport = rd_u16(&r);
	u->dport = rd_u16(&r);
	total = rd_u16(&r);
	sum = rd_u16(&r);
	if (r.bad || total < 8)
		return false;
	datagram = rd_sub(&r, total - 8);
	if (datagram.bad ||
		(sum && ether_fold(ether_sum(udp, total, ether_sum(ip + 12, 8, UDP + total)))))
		return false;
	u->payload = datagram.p;
	u->len = rd_left(&datagram);
	return true;
}
