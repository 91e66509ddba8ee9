/* SPDX-License-Identifier: BSD-3-Clause */
/* codec_ip.c - the IP packets inside a session: UDP both ways, echo replies, router discovery. Pure.
 * Nothing is offloaded here: every checksum is computed and every one that arrives is verified. No options, no
 * extension headers, no fragments: those count as other. */
#include "tools/lacsim/codec.h"

#define PROTO_ICMP  1
#define PROTO_UDP   17
#define PROTO_ICMP6 58
#define ICMP6_ECHO  128
#define ICMP6_REPLY 129
#define ICMP6_RS    133
#define ICMP6_RA    134
#define OPT_PREFIX  3

static uint32_t sum_of(const uint8_t *p, size_t n, uint32_t sum)
{
	for (; n > 1; p += 2, n -= 2)
		sum += (uint32_t)(p[0] << 8 | p[1]);
	return n ? sum + (uint32_t)(p[0] << 8) : sum;
}

static uint16_t folded(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

/* Sum of the pseudo-header: both addresses, protocol, length. */
static uint32_t pseudo(const uint8_t *ip, bool v6, uint8_t proto, size_t len)
{
	uint32_t sum = v6 ? sum_of(ip + 8, 32, 0) : sum_of(ip + 12, 8, 0);

	return sum + proto + (uint32_t)len;
}

size_t flow_head(const struct flow *f)
{
	return (f->v6 ? 40 : 20) + 8;
}

static void write_ip4(const struct flow *f, uint8_t *out, size_t total, uint16_t ident)
{
	uint8_t *p = put16(out, 0x4500);

	p = put16(p, (uint16_t)total);
	p = put16(p, ident);
	p = put16(p, 0);
	p = put16(p, 64 << 8 | PROTO_UDP);
	p = put16(p, 0);
	memcpy(p, f->src, 4);
	memcpy(p + 4, f->dst, 4);
	put16(out + 10, folded(sum_of(out, 20, 0)));
}

static void write_ip6(const uint8_t *src, const uint8_t *dst, uint8_t *out, size_t upper,
	uint8_t proto, uint8_t hops)
{
	uint8_t *p = put32(out, 0x60000000);

	p = put16(p, (uint16_t)upper);
	p = put16(p, (uint16_t)(proto << 8 | hops));
	memcpy(p, src, 16);
	memcpy(p + 16, dst, 16);
}

size_t flow_write(const struct flow *f, uint8_t *out, size_t payload_len, uint16_t ident)
{
	size_t ip = f->v6 ? 40 : 20, upper = payload_len + 8;
	uint8_t *udp = out + ip;
	uint16_t sum;

	if (f->v6)
		write_ip6(f->src, f->dst, out, upper, PROTO_UDP, 64);
	else
		write_ip4(f, out, ip + upper, ident);
	put16(udp, f->sport);
	put16(udp + 2, f->dport);
	put16(udp + 4, (uint16_t)upper);
	put16(udp + 6, 0);
	sum = folded(sum_of(udp, upper, pseudo(out, f->v6, PROTO_UDP, upper)));
	put16(udp + 6, sum ? sum : 0xffff);
	return ip + upper;
}

static enum ip_kind read_udp(
	const uint8_t *ip, size_t head, size_t len, struct flow *f, struct rd *payload)
{
	struct rd r = rd_of(ip + head, len - head);
	uint16_t upper, sum;

	f->sport = rd_u16(&r);
	f->dport = rd_u16(&r);
	upper = rd_u16(&r);
	sum = rd_u16(&r);
	if (r.bad || upper < 8 || upper > len - head)
		return IP_BAD;
	if ((sum || f->v6) && folded(sum_of(ip + head, upper, pseudo(ip, f->v6, PROTO_UDP, upper))))
		return IP_BAD;
	*payload = rd_of(r.p, upper - 8U);
	return IP_UDP;
}

static enum ip_kind read_ip4(const uint8_t *ip, size_t *len, struct flow *f, struct rd *payload)
{
	struct rd r = rd_of(ip, *len);
	size_t head = (ip[0] & 15) * 4U, total;

	if (*len < 20 || head < 20 || head > *len || folded(sum_of(ip, head, 0)))
		return IP_BAD;
	rd_u16(&r);
	total = rd_u16(&r);
	rd_u16(&r);
	if (total < head || total > *len)
		return IP_BAD;
	*len = total;
	if (rd_u16(&r) & 0x3fff || head != 20)
		return IP_OTHER;
	memcpy(f->src, ip + 12, 4);
	memcpy(f->dst, ip + 16, 4);
	if (ip[9] == PROTO_UDP)
		return read_udp(ip, head, total, f, payload);
	if (ip[9] != PROTO_ICMP || total < head + 8)
		return IP_OTHER;
	if (folded(sum_of(ip + head, total - head, 0)))
		return IP_BAD;
	return ip[head] == 8 ? IP_ECHO_REQUEST : IP_OTHER;
}

static enum ip_kind read_ip6(const uint8_t *ip, size_t *len, struct flow *f, struct rd *payload)
{
	size_t upper;

	if (*len < 40)
		return IP_BAD;
	upper = (size_t)(ip[4] << 8 | ip[5]);
	if (upper > *len - 40)
		return IP_BAD;
	*len = upper + 40;
	f->v6 = true;
	memcpy(f->src, ip + 8, 16);
	memcpy(f->dst, ip + 24, 16);
	if (ip[6] == PROTO_UDP)
		return read_udp(ip, 40, *len, f, payload);
	if (ip[6] != PROTO_ICMP6 || upper < 8)
		return IP_OTHER;
	if (folded(sum_of(ip + 40, upper, pseudo(ip, true, PROTO_ICMP6, upper))))
		return IP_BAD;
	return ip[40] == ICMP6_ECHO                  ? IP_ECHO_REQUEST
		: ip[40] == ICMP6_RA && ip[7] == 255 ? IP_ROUTER_ADVERTISEMENT
						     : IP_OTHER;
}

enum ip_kind ip_read(const uint8_t *ip, size_t *len, struct flow *f, struct rd *payload)
{
	*f = (struct flow){0};
	if (*len < 1)
		return IP_BAD;
	if (ip[0] >> 4 == 4)
		return read_ip4(ip, len, f, payload);
	return ip[0] >> 4 == 6 ? read_ip6(ip, len, f, payload) : IP_BAD;
}

static void swap_addresses(uint8_t *a, uint8_t *b, size_t n)
{
	uint8_t t[16];

	memcpy(t, a, n);
	memcpy(a, b, n);
	memcpy(b, t, n);
}

void echo_reply(uint8_t *ip, size_t len)
{
	bool v6 = ip[0] >> 4 == 6;
	size_t head = v6 ? 40 : 20;
	uint8_t *icmp = ip + head;

	icmp[0] = v6 ? ICMP6_REPLY : 0;
	put16(icmp + 2, 0);
	if (v6) {
		swap_addresses(ip + 8, ip + 24, 16);
		ip[7] = 64;
		put16(icmp + 2,
			folded(sum_of(
				icmp, len - head, pseudo(ip, true, PROTO_ICMP6, len - head))));
		return;
	}
	swap_addresses(ip + 12, ip + 16, 4);
	put16(icmp + 2, folded(sum_of(icmp, len - head, 0)));
	ip[8] = 64;
	put16(ip + 10, 0);
	put16(ip + 10, folded(sum_of(ip, 20, 0)));
}

size_t router_solicitation(uint8_t *out, size_t size, uint64_t iid)
{
	static const uint8_t all_routers[16] = {0xff, 2, [15] = 2};
	uint8_t from[16] = {0xfe, 0x80};

	if (size < 48)
		return 0;
	put64(from + 8, iid);
	write_ip6(from, all_routers, out, 8, PROTO_ICMP6, 255);
	memset(out + 40, 0, 8);
	out[40] = ICMP6_RS;
	put16(out + 42, folded(sum_of(out + 40, 8, pseudo(out, true, PROTO_ICMP6, 8))));
	return 48;
}

bool ra_prefix(const uint8_t *ip, size_t len, uint8_t prefix[8])
{
	struct rd r = rd_of(ip, len);

	rd_take(&r, 40 + 16);
	while (rd_left(&r)) {
		uint8_t type = rd_u8(&r), units = rd_u8(&r);
		struct rd o = rd_sub(&r, units ? units * 8U - 2 : SIZE_MAX);

		if (r.bad)
			return false;
		if (type == OPT_PREFIX && units == 4 && o.p[0] == 64 && o.p[1] & 0x40) {
			memcpy(prefix, o.p + 14, 8);
			return true;
		}
	}
	return false;
}
