/* SPDX-License-Identifier: BSD-3-Clause */
/* size_test.c - what does not fit: MTU, fragments, the MSS of SYNs; and the ICMP errors that tell of it and of other ends. */
#include "tests/unit/dataplane/lab.h"

static uint8_t ip[9300];

/* The error's IPv4 and ICMP headers, and that it quotes what we sent (from byte 12 on: TTL and sum
 * may have changed). */
static void assert_error4(const uint8_t *e, uint16_t len, uint8_t type, uint8_t code, uint16_t mtu,
	uint32_t src, uint32_t dst, uint16_t n)
{
	uint16_t quote = n < 548 ? n : 548;

	assert_int_equal(len, 28 + quote);
	assert_int_equal(load16(e + 2), len);
	assert_int_equal(e[0], 0x45);
	assert_int_equal(e[1], 0xc0);
	assert_int_equal(e[9], 1);
	assert_int_equal(ref_sum(e, 20, 0), 0xffff);
	assert_int_equal(rte_be_to_cpu_32(load32_raw(e + 12)), src);
	assert_int_equal(rte_be_to_cpu_32(load32_raw(e + 16)), dst);
	assert_int_equal(e[20], type);
	assert_int_equal(e[21], code);
	assert_int_equal(load16(e + 24), 0);
	assert_int_equal(load16(e + 26), mtu);
	assert_int_equal(ref_sum(e + 20, len - 20u, 0), 0xffff);
	assert_memory_equal(e + 28, ip, 8);
	assert_memory_equal(e + 28 + 12, ip + 12, quote - 12u);
}

static void a_packet_with_df_above_the_session_mtu_is_told_to_its_sender(void **state)
{
	struct frame f;
	uint16_t n = ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 1433, 64, 0x4000), len;
	const uint8_t *e;

	(void)state;
	send_core(ip, n);
	assert_true(lab_tx(CORE, &f));
	e = assert_core(&f, &len);
	assert_error4(e, len, 3, 4, 1460, IP(203, 0, 113, 2), HOST_IP, n);
	assert_int_equal(lab_drops(DROP_TOO_BIG), 1);
	assert_nothing_sent();
	send_core(ip, ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 1432, 64, 0x4000)); /* 1460 fits */
	assert_true(lab_tx(ACCESS, &f));
}

static void an_ipv6_packet_above_the_session_mtu_is_told_to_its_sender(void **state)
{
	struct frame f;
	uint16_t n = ip6_udp(ip, 0x2620000000000001, POOL6 + 1, 1413, 64), len;
	const uint8_t *e;

	(void)state;
	send_core(ip, n);
	assert_true(lab_tx(CORE, &f));
	e = assert_core(&f, &len);
	assert_int_equal(len, 1280);
	assert_int_equal(load16(e + 4), 1240);
	assert_int_equal(e[6], 58);
	assert_memory_equal(e + 8, dp_t.iface[CORE].ip6, 16);
	assert_memory_equal(e + 24, ip + 8, 16);
	assert_int_equal(e[40], 2);
	assert_int_equal(e[41], 0);
	assert_int_equal(load16(e + 44) << 16 | load16(e + 46), 1460);
	assert_int_equal(ref_l4(e), 0xffff);
	assert_memory_equal(e + 48 + 8, ip + 8, 1232 - 8);
	assert_int_equal(lab_drops(DROP_TOO_BIG), 1);
}

/* Put fragments together again; each is checked on its way. */
static uint16_t reassemble(unsigned int port, uint32_t slot, uint16_t mtu, uint8_t *out)
{
	struct frame f;
	uint16_t total = 0;

	while (lab_tx(port, &f)) {
		uint16_t len;
		const uint8_t *in = slot ? assert_tunnel(&f, slot, &len) : f.b + 14;
		unsigned int hl = (unsigned int)(in[0] & 15) * 4,
			     at = (unsigned int)(load16(in + 6) & 0x1fff) * 8;

		if (!slot)
			len = (uint16_t)(f.len - 14);
		assert_in_range(len, hl + 1, mtu);
		assert_int_equal(load16(in + 2), len);
		assert_int_equal(ref_sum(in, hl, 0), 0xffff);
		assert_int_equal(load16(in + 4), load16(ip + 4));
		assert_int_equal(at, total);
		if (load16(in + 6) & 0x2000)
			assert_int_equal((len - hl) % 8, 0);
		memcpy(out + at, in + hl, len - hl);
		total = (uint16_t)(at + len - hl);
		if (!(load16(in + 6) & 0x2000))
			break;
	}
	return total;
}

static void a_packet_without_df_is_cut_into_fragments(void **state)
{
	static const uint16_t size[] = {1433, 2800, 4000, 9000};
	uint8_t out[9300];

	(void)state;
	for (size_t i = 0; i < RTE_DIM(size); i++) {
		uint16_t n = ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), size[i], 64, 0);

		send_core(ip, n);
		assert_int_equal(reassemble(ACCESS, 1, 1460, out), n - 20);
		assert_memory_equal(out, ip + 20, n - 20u);
		assert_nothing_sent();
	}
	assert_int_equal(lab_dropped(), 0);
}

static void a_fragment_can_be_cut_again(void **state)
{
	uint16_t n = ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 2992, 64, 0x2000 | 100), len;
	struct frame f;
	const uint8_t *in;

	(void)state;
	send_core(ip, n);
	assert_true(lab_tx(ACCESS, &f));
	in = assert_tunnel(&f, 1, &len);
	assert_int_equal(load16(in + 6), 0x2000 | 100);
	assert_int_equal(len, 1460);
	assert_true(lab_tx(ACCESS, &f));
	in = assert_tunnel(&f, 1, &len);
	assert_int_equal(load16(in + 6), 0x2000 | (100 + 180));
	assert_true(lab_tx(ACCESS, &f));
	in = assert_tunnel(&f, 1, &len);
	assert_int_equal(load16(in + 6), 0x2000 | (100 + 360));
	assert_int_equal(len, 20 + 3000 - 2880);
}

static void only_options_with_the_copied_bit_are_in_later_fragments(void **state)
{
	/* router alert (copied), record route (not), end */
	static const uint8_t opt[12] = {0x94, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0};
	uint8_t small[2000];
	struct rte_mbuf *out[FRAGS_MAX];
	uint16_t n = ip4_udp(small, HOST_IP, IP(10, 0, 0, 1), 1000, 64, 0);
	const uint8_t *q;

	(void)state;
	memcpy(ip, small, 20);
	memcpy(ip + 20, opt, 12);
	memcpy(ip + 32, small + 20, n - 20u);
	ip[0] = 0x48;
	store16(ip + 2, n + 12);
	fix_ip4(ip);
	assert_int_equal(frag4(ip, n + 12, 600, out), 2);
	q = rte_pktmbuf_mtod(out[0], const uint8_t *);
	assert_int_equal(q[0], 0x48);
	assert_memory_equal(q + 20, opt, 12);
	q = rte_pktmbuf_mtod(out[1], const uint8_t *);
	assert_int_equal(q[0], 0x46);
	assert_memory_equal(q + 20, opt, 4);
	assert_int_equal(ref_sum(q, 24, 0), 0xffff);
	rte_pktmbuf_free_bulk(out, 2);
}

static void too_large_for_the_core_port_is_cut_or_told(void **state)
{
	uint16_t n = ip4_udp(ip, IP(10, 0, 0, 1), IP(11, 0, 0, 1), 1200, 64, 0), len;
	uint8_t out[2000];
	struct frame f;
	const uint8_t *e;

	(void)state;
	send_sub(1, ip, n);
	assert_int_equal(reassemble(CORE, 0, 1000, out), n - 20);
	assert_memory_equal(out, ip + 20, n - 20u);
	n = ip4_udp(ip, IP(10, 0, 0, 1), IP(11, 0, 0, 1), 1200, 64, 0x4000);
	send_sub(1, ip, n);
	assert_true(lab_tx(ACCESS, &f));
	e = assert_tunnel(&f, 1, &len);
	assert_error4(e, len, 3, 4, 1000, OUR_IP4, IP(10, 0, 0, 1), n);
	send_sub(1, ip, ip6_udp(ip, POOL6 + 1, 0x2621000000000001, 1200, 64));
	assert_true(lab_tx(ACCESS, &f));
	e = assert_tunnel(&f, 1, &len);
	assert_int_equal(e[40], 2);
	assert_int_equal(load16(e + 46), 1000);
	assert_int_equal(load64(e + 8), 0xfe80000000000000);
	assert_int_equal(load64(e + 16), 0x0a0b0c0d0e0f1011);
	assert_int_equal(ref_l4(e), 0xffff);
	assert_int_equal(lab_drops(DROP_TOO_BIG), 2);
}

static void the_last_hop_is_told_to_the_sender(void **state)
{
	uint16_t n = ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 100, 1, 0), len;
	struct frame f;
	const uint8_t *e;

	(void)state;
	send_sub(1, ip, n);
	assert_true(lab_tx(ACCESS, &f));
	e = assert_tunnel(&f, 1, &len);
	assert_error4(e, len, 11, 0, 0, OUR_IP4, IP(10, 0, 0, 1), n);
	n = ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 100, 1, 0);
	send_core(ip, n);
	assert_true(lab_tx(CORE, &f));
	e = assert_core(&f, &len);
	assert_error4(e, len, 11, 0, 0, IP(203, 0, 113, 2), HOST_IP, n);
	send_sub(1, ip, ip6_udp(ip, POOL6 + 1, 0x2620000000000001, 100, 1));
	assert_true(lab_tx(ACCESS, &f));
	e = assert_tunnel(&f, 1, &len);
	assert_int_equal(e[40], 3);
	send_core(ip, ip6_udp(ip, 0x2620000000000001, POOL6 + 1, 100, 1));
	assert_true(lab_tx(CORE, &f));
	e = assert_core(&f, &len);
	assert_int_equal(e[40], 3);
	assert_int_equal(ref_l4(e), 0xffff);
	assert_int_equal(lab_drops(DROP_TTL), 4);
}

static void no_route_is_told_to_the_sender(void **state)
{
	uint16_t n = ip4_udp(ip, IP(10, 0, 0, 1), IP(99, 0, 0, 1), 600, 64, 0), len;
	struct frame f;
	const uint8_t *e;

	(void)state;
	send_sub(1, ip, n);
	assert_true(lab_tx(ACCESS, &f));
	e = assert_tunnel(&f, 1, &len);
	assert_error4(e, len, 3, 0, 0, OUR_IP4, IP(10, 0, 0, 1), n);
	n = ip4_udp(ip, HOST_IP, IP(10, 0, 0, 99), 10, 64, 0); /* in the pool, nobody has it */
	send_core(ip, n);
	assert_true(lab_tx(CORE, &f));
	e = assert_core(&f, &len);
	assert_error4(e, len, 3, 1, 0, IP(203, 0, 113, 2), HOST_IP, n);
	send_sub(1, ip, ip4_udp(ip, IP(10, 0, 0, 1), IP(10, 0, 0, 99), 10, 64, 0));
	send_sub(1, ip, ip6_udp(ip, POOL6 + 1, 0x3000000000000000, 100, 64));
	send_sub(1, ip, ip6_udp(ip, POOL6 + 1, POOL6 + 99, 100, 64));
	send_core(ip, ip6_udp(ip, 0x2620000000000001, POOL6 + 99, 100, 64));
	assert_int_equal(lab_drops(DROP_NO_ROUTE), 6);
}

static void no_error_is_sent_about_what_rfc_1812_excludes(void **state)
{
	uint8_t src[16] = {0}, dst[16] = {0}, err[16] = {1};
	uint64_t high = rte_cpu_to_be_64(POOL6 + 1);

	(void)state;
	send_core(ip, ip4_udp(ip, IP(127, 0, 0, 1), IP(10, 0, 0, 1), 10, 1, 0));
	send_core(ip, ip4_udp(ip, IP(255, 255, 255, 255), IP(10, 0, 0, 1), 10, 1, 0));
	send_core(ip, ip4_udp(ip, IP(0, 0, 0, 0), IP(10, 0, 0, 1), 10, 1, 0));
	send_core(ip, ip4_udp(ip, IP(224, 0, 0, 1), IP(10, 0, 0, 1), 10, 1, 0));
	send_core(ip, ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 10, 1, 5)); /* a later fragment */
	ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 10, 1, 0);
	ip[9] = 1;
	ip[20] = 3; /* an ICMP error */
	fix_ip4(ip);
	send_core(ip, 38);
	memcpy(dst, &high, 8);
	send_core(ip, icmp6(ip, src, dst, 1, err, 16)); /* from :: */
	src[0] = 0x26;
	src[1] = 0x20;
	send_core(ip, icmp6(ip, src, dst, 1, err, 16)); /* an ICMPv6 error */
	assert_int_equal(lab_drops(DROP_TTL), 8);
	assert_nothing_sent();
}

static void errors_are_limited_to_100_a_second(void **state)
{
	unsigned int sent = 0, first = 0;
	struct frame f;

	(void)state;
	for (unsigned int ms = 0; ms < 2000; ms++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(dp_t.pool);
		uint16_t n = ip4_udp(ip, HOST_IP, IP(10, 0, 0, 1), 10, 1, 0);

		/* A clock of our own: the function, not the poll. */
		lab_w[0]->now_ns = 1000000000ull + ms * 1000000ull;
		lab_w[0]->icmp.full_ns = ms ? lab_w[0]->icmp.full_ns : 0;
		memcpy(rte_pktmbuf_append(m, n), ip, n);
		icmp4_error(lab_w[0], m, rte_pktmbuf_mtod(m, uint8_t *), n, 11, 0, 0, DROP_TTL);
		port_tx(lab_w[0], &lab_w[0]->burst);
		drop_all(lab_w[0], &lab_w[0]->burst);
		while (lab_tx(CORE, &f))
			sent++;
		first = ms == 999 ? sent : first;
	}
	assert_in_range(first, 90, 100);
	assert_in_range(sent - first, 89, 100);
	worker_init(lab_w[0]);
}

/* Layouts of TCP options: where the MSS is, and what it must become. 1420 = 1460 - 40. */
static const struct {
	const char *name;
	uint8_t opt[20];
	uint8_t n, at; /* at: offset of the value, 0 = nothing may change */
	uint8_t flags;
} layouts[] = {
	{"alone", {2, 4, 5, 0xb4}, 4, 2, 0x02},
	{"SYN and ACK", {2, 4, 5, 0xb4}, 4, 2, 0x12},
	{"after two NOPs", {1, 1, 2, 4, 5, 0xb4, 1, 1}, 8, 4, 0x02},
	{"at an odd offset", {1, 2, 4, 5, 0xb4, 0, 0, 0}, 8, 3, 0x02},
	{"after window scale", {3, 3, 7, 2, 4, 5, 0xb4, 1}, 8, 5, 0x02},
	{"last", {4, 2, 1, 1, 2, 4, 5, 0xb4}, 8, 6, 0x02},
	{"small enough", {2, 4, 5, 0x8c}, 4, 0, 0x02},
	{"no SYN", {2, 4, 5, 0xb4}, 4, 0, 0x10},
	{"after the end", {0, 0, 0, 0, 2, 4, 5, 0xb4}, 8, 0, 0x02},
	{"after an option of length 0", {8, 0, 0, 0, 2, 4, 5, 0xb4}, 8, 0, 0x02},
	{"after an option of length 1", {8, 1, 2, 4, 5, 0xb4, 0, 0}, 8, 0, 0x02},
	{"cut off", {1, 1, 1, 2}, 4, 0, 0x02},
	{"longer than the header", {1, 2, 4, 5}, 4, 0, 0x02},
	{"another length", {2, 6, 5, 0xb4, 0, 0, 0, 0}, 8, 0, 0x02},
};

static void the_mss_of_a_syn_is_lowered_whatever_the_layout(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(layouts); i++)
		for (unsigned int way = 0; way < 4; way++) {
			bool v6 = way & 1, up = way & 2;
			uint16_t mss = v6 ? 1400 : 1420, n, len;
			unsigned int hl = v6 ? 40 : 20;
			const uint8_t *out;
			struct frame f;
			bool change =
				layouts[i].at || (v6 && !strcmp(layouts[i].name, "small enough"));
			unsigned int at = hl + 20 + (layouts[i].at ? layouts[i].at : 2u);

			lab_session(1)->flags |= S_MSS_CLAMP;
			if (v6)
				n = ip6_syn(ip, up ? POOL6 + 1 : 0x2620000000000001,
					up ? 0x2620000000000001 : POOL6 + 1, layouts[i].opt,
					layouts[i].n, layouts[i].flags);
			else
				n = ip4_syn(ip, up ? IP(10, 0, 0, 1) : HOST_IP,
					up ? HOST_IP : IP(10, 0, 0, 1), layouts[i].opt,
					layouts[i].n, layouts[i].flags);
			if (up)
				send_sub(1, ip, n);
			else
				send_core(ip, n);
			assert_true(lab_tx(up ? CORE : ACCESS, &f));
			out = up ? assert_core(&f, &len) : assert_tunnel(&f, 1, &len);
			assert_int_equal(len, n);
			assert_int_equal(ref_l4(out), 0xffff);
			if (change) {
				assert_int_equal(load16(out + at), mss);
				store16(ip + at, mss);
				memcpy(ip + hl + 16, out + hl + 16, 2);
			}
			assert_memory_equal(out + hl, ip + hl, n - hl);
		}
}

static void without_the_flag_the_mss_stays(void **state)
{
	struct frame f;
	const uint8_t *out;
	uint16_t len;

	(void)state;
	send_sub(1, ip, ip4_syn(ip, IP(10, 0, 0, 1), HOST_IP, layouts[0].opt, 4, 2));
	assert_true(lab_tx(CORE, &f));
	out = assert_core(&f, &len);
	assert_int_equal(load16(out + 42), 1460);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, lab_reset, lab_reset)
		T(a_packet_with_df_above_the_session_mtu_is_told_to_its_sender),
		T(an_ipv6_packet_above_the_session_mtu_is_told_to_its_sender),
		T(a_packet_without_df_is_cut_into_fragments),
		T(a_fragment_can_be_cut_again),
		T(only_options_with_the_copied_bit_are_in_later_fragments),
		T(too_large_for_the_core_port_is_cut_or_told),
		T(the_last_hop_is_told_to_the_sender),
		T(no_route_is_told_to_the_sender),
		T(no_error_is_sent_about_what_rfc_1812_excludes),
		T(errors_are_limited_to_100_a_second),
		T(the_mss_of_a_syn_is_lowered_whatever_the_layout),
		T(without_the_flag_the_mss_stays),
	};

	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}
