/* SPDX-License-Identifier: BSD-3-Clause */
/* lab_frames.c - see lab.h: frames built and read by code of its own, byte by byte. */
#include "tests/unit/dataplane/lab.h"

uint16_t ref_sum(const uint8_t *p, size_t n, uint32_t start)
{
	uint32_t sum = start;

	for (size_t i = 0; i < n; i++) {
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return (uint16_t)sum;
}

static uint16_t ref_pseudo(const uint8_t *ip, const uint8_t **l4, size_t *n)
{
	bool v4 = ip[0] >> 4 == 4;
	uint8_t proto = v4 ? ip[9] : ip[6];

	*l4 = ip + (v4 ? (ip[0] & 15) * 4 : 40);
	*n = v4 ? (size_t)(ip[2] << 8 | ip[3]) - (size_t)(ip[0] & 15) * 4
		: (size_t)(ip[4] << 8 | ip[5]);
	return ref_sum(ip + (v4 ? 12 : 8), v4 ? 8 : 32, (uint32_t)(proto + *n));
}

uint16_t ref_l4(const uint8_t *ip)
{
	const uint8_t *l4;
	size_t n;
	uint16_t start = ref_pseudo(ip, &l4, &n);

	return ref_sum(l4, n, start);
}

static void set_l4(uint8_t *ip, unsigned int at)
{
	const uint8_t *l4;
	size_t n;
	uint16_t start = ref_pseudo(ip, &l4, &n), sum;
	uint8_t *field = (uint8_t *)(uintptr_t)l4 + at;

	field[0] = field[1] = 0;
	sum = (uint16_t)~ref_sum(l4, n, start);
	store16(field, sum ? sum : 0xffff);
}

void fix_ip4(uint8_t *ip)
{
	ip[10] = ip[11] = 0;
	store16(ip + 10, (uint16_t)~ref_sum(ip, (size_t)(ip[0] & 15) * 4, 0));
}

void put(struct frame *f, const void *p, size_t n)
{
	memcpy(f->b + f->len, p, n);
	f->len = (uint16_t)(f->len + n);
}

void put16(struct frame *f, uint16_t v)
{
	uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	put(f, b, 2);
}

void put32(struct frame *f, uint32_t v)
{
	put16(f, (uint16_t)(v >> 16));
	put16(f, (uint16_t)v);
}

void eth(struct frame *f, unsigned int ifx, uint16_t type)
{
	static const uint8_t from[6] = {2, 0xbb, 0, 0, 0, 1};

	f->len = 0;
	put(f, &dp_t.iface[ifx].mac, 6);
	put(f, from, 6);
	if (dp_t.iface[ifx].vlan) {
		put16(f, 0x8100);
		put16(f, dp_t.iface[ifx].vlan);
	}
	put16(f, type);
}

static void numbers(uint8_t *p, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 7 + (i >> 8));
}

static void ip4_head(uint8_t *p, uint32_t src, uint32_t dst, uint16_t total, uint8_t ttl,
	uint8_t proto, uint16_t frag)
{
	memset(p, 0, 20);
	p[0] = 0x45;
	store16(p + 2, total);
	store16(p + 4, 0x1234);
	store16(p + 6, frag);
	p[8] = ttl;
	p[9] = proto;
	src = rte_cpu_to_be_32(src);
	dst = rte_cpu_to_be_32(dst);
	memcpy(p + 12, &src, 4);
	memcpy(p + 16, &dst, 4);
	fix_ip4(p);
}

static void ip6_head(
	uint8_t *p, const uint8_t *src, const uint8_t *dst, uint16_t n, uint8_t hops, uint8_t next)
{
	memset(p, 0, 8);
	p[0] = 0x60;
	store16(p + 4, n);
	p[6] = next;
	p[7] = hops;
	memcpy(p + 8, src, 16);
	memcpy(p + 24, dst, 16);
}

static void addr6(uint8_t a[16], uint64_t high)
{
	high = rte_cpu_to_be_64(high);
	memcpy(a, &high, 8);
	memset(a + 8, 0, 8);
	a[15] = 0x99;
}

static void udp(uint8_t *p, uint16_t n)
{
	store16(p, 5000);
	store16(p + 2, 53);
	store16(p + 4, (uint16_t)(8 + n));
	store16(p + 6, 0);
	numbers(p + 8, n);
}

uint16_t ip4_udp(uint8_t *p, uint32_t src, uint32_t dst, uint16_t n, uint8_t ttl, uint16_t frag)
{
	ip4_head(p, src, dst, (uint16_t)(28 + n), ttl, 17, frag);
	udp(p + 20, n);
	set_l4(p, 6);
	return (uint16_t)(28 + n);
}

uint16_t ip6_udp(uint8_t *p, uint64_t src, uint64_t dst, uint16_t n, uint8_t hops)
{
	uint8_t s[16], d[16];

	addr6(s, src);
	addr6(d, dst);
	ip6_head(p, s, d, (uint16_t)(8 + n), hops, 17);
	udp(p + 40, n);
	set_l4(p, 6);
	return (uint16_t)(48 + n);
}

uint16_t icmp6(uint8_t *p, const uint8_t src[16], const uint8_t dst[16], uint8_t hops,
	const uint8_t *msg, uint16_t n)
{
	ip6_head(p, src, dst, n, hops, 58);
	memcpy(p + 40, msg, n);
	set_l4(p, 2);
	return (uint16_t)(40 + n);
}

static void tcp(uint8_t *p, const uint8_t *opt, uint8_t n, uint8_t flags)
{
	memset(p, 0, 20);
	store16(p, 6000);
	store16(p + 2, 80);
	p[12] = (uint8_t)((20 + n) / 4 << 4);
	p[13] = flags;
	memcpy(p + 20, opt, n);
}

uint16_t ip4_syn(
	uint8_t *p, uint32_t src, uint32_t dst, const uint8_t *opt, uint8_t n, uint8_t flags)
{
	ip4_head(p, src, dst, (uint16_t)(40 + n), 64, 6, 0x4000);
	tcp(p + 20, opt, n, flags);
	set_l4(p, 16);
	return (uint16_t)(40 + n);
}

uint16_t ip6_syn(
	uint8_t *p, uint64_t src, uint64_t dst, const uint8_t *opt, uint8_t n, uint8_t flags)
{
	uint8_t s[16], d[16];

	addr6(s, src);
	addr6(d, dst);
	ip6_head(p, s, d, (uint16_t)(20 + n), 64, 6);
	tcp(p + 40, opt, n, flags);
	set_l4(p, 16);
	return (uint16_t)(60 + n);
}

void lac_frame(struct frame *f, const uint8_t *l2tp, uint16_t n)
{
	uint8_t head[28];

	eth(f, ACCESS, 0x0800);
	ip4_head(head, LAC_IP, LNS_IP, (uint16_t)(28 + n), 60, 17, 0);
	store16(head + 20, 40000);
	store16(head + 22, 1701);
	store16(head + 24, (uint16_t)(8 + n));
	store16(head + 26, 0);
	put(f, head, 28);
	put(f, l2tp, n);
	set_l4(f->b + 14, 6);
}

void lac_ip(struct frame *f, uint32_t slot, const uint8_t *ip, uint16_t n)
{
	struct frame l = {0};

	put16(&l, 0x0002);
	put16(&l, TID);
	put16(&l, lab_sid(slot));
	put16(&l, 0xff03);
	put16(&l, ip[0] >> 4 == 4 ? 0x0021 : 0x0057);
	put(&l, ip, n);
	lac_frame(f, l.b, l.len);
}

void core_ip(struct frame *f, const uint8_t *ip, uint16_t n)
{
	eth(f, CORE, ip[0] >> 4 == 4 ? 0x0800 : 0x86dd);
	put(f, ip, n);
}

const uint8_t *assert_tunnel(const struct frame *f, uint32_t slot, uint16_t *len)
{
	static const uint8_t lac[6] = {2, 0xaa, 0, 0, 0, ADJ_LAC};
	const uint8_t *ip = f->b + 14, *l = ip + 28;

	assert_true(f->len > 14 + 28 + 6 + 4);
	assert_memory_equal(f->b, lac, 6);
	assert_memory_equal(f->b + 6, &dp_t.iface[ACCESS].mac, 6);
	assert_int_equal(load16(f->b + 12), 0x0800);
	assert_int_equal(ip[0], 0x45);
	assert_int_equal(load16(ip + 2), f->len - 14);
	assert_int_equal(ref_sum(ip, 20, 0), 0xffff);
	assert_int_equal(ip[9], 17);
	assert_int_equal(rte_be_to_cpu_32(load32_raw(ip + 12)), LNS_IP);
	assert_int_equal(rte_be_to_cpu_32(load32_raw(ip + 16)), LAC_IP);
	assert_int_equal(load16(ip + 20), 1701);
	assert_int_equal(load16(ip + 22), 40000);
	assert_int_equal(load16(ip + 24), f->len - 34);
	if (load16(ip + 26))
		assert_int_equal(ref_l4(ip), 0xffff);
	assert_int_equal(load16(l), 0x0002);
	assert_int_equal(load16(l + 2), PEER_TID);
	assert_int_equal(load16(l + 4), 1000 + slot);
	assert_int_equal(load16(l + 6), 0xff03);
	*len = (uint16_t)(f->len - 14 - 28 - 10);
	assert_int_equal(load16(l + 8), l[10] >> 4 == 4 ? 0x0021 : 0x0057);
	return l + 10;
}

const uint8_t *assert_core(const struct frame *f, uint16_t *len)
{
	static const uint8_t gw[6] = {2, 0xaa, 0, 0, 0, ADJ_GW};

	assert_true(f->len > 14 + 20);
	assert_memory_equal(f->b, gw, 6);
	assert_memory_equal(f->b + 6, &dp_t.iface[CORE].mac, 6);
	assert_int_equal(load16(f->b + 12), f->b[14] >> 4 == 4 ? 0x0800 : 0x86dd);
	*len = (uint16_t)(f->len - 14);
	return f->b + 14;
}

void assert_forwarded4(const uint8_t *ip, uint16_t n)
{
	struct frame f;
	const uint8_t *out;
	uint16_t len;

	assert_true(lab_tx(CORE, &f));
	out = assert_core(&f, &len);
	assert_int_equal(len, n);
	assert_int_equal(out[8], ip[8] - 1);
	assert_int_equal(ref_sum(out, 20, 0), 0xffff);
	assert_memory_equal(out, ip, 8);
	assert_memory_equal(out + 12, ip + 12, n - 12u);
	assert_int_equal(lab_dropped(), 0);
}
