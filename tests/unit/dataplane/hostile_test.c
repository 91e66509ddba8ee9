/* SPDX-License-Identifier: BSD-3-Clause */
/* hostile_test.c - frames that no honest peer sends, through the whole poll: every truncation of
 * good frames, random mutations. In a sanitizer build the bytes around each frame are poisoned, so
 * one byte too far is an error. What must hold: nothing is lost track of (each buffer comes back),
 * and nothing leaves towards the core with a source that is not the session's. */
#include "tests/unit/dataplane/lab.h"

#define MUTATIONS 100000
#define BURSTS    16

static uint64_t seed = 88172645463325252ull;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Seeds: PPP frames from the protocol on (uplink), or IP packets (downlink). */
static const uint8_t mss[] = {1, 2, 4, 5, 0xb4, 3, 3, 7},
		     lcp[] = {0xc0, 0x21, 9, 1, 0, 8, 1, 2, 3, 4};
static const uint8_t peer_ll[16] = {0xfe, 0x80, [15] = 2}, all_routers[16] = {0xff, 2, [15] = 2},
		     rs[8] = {133};
#define SEEDS 8

static uint16_t seed_ip(unsigned int k, uint32_t slot, bool up, uint8_t *ip)
{
	uint32_t sub = IP(10, 0, 0, slot), a = up ? sub : HOST_IP, b = up ? HOST_IP : sub;
	uint64_t sub6 = POOL6 + slot, host6 = 0x2620000000000001, a6 = up ? sub6 : host6,
		 b6 = up ? host6 : sub6;

	switch (k) {
	case 0:
		return ip4_udp(ip, a, b, 40, 64, 0);
	case 1:
		return ip4_syn(ip, a, b, mss, 8, 2);
	case 2:
		return ip6_udp(ip, a6, b6, 40, 64);
	case 3:
		return ip6_syn(ip, a6, b6, mss, 8, 2);
	case 4:
		return ip4_udp(ip, a, b, 40, 1, 0); /* ICMP about it */
	case 5:
		return ip6_udp(ip, a6, b6, 40, 1);
	case 6:
		return ip4_udp(ip, a, up ? IP(10, 0, 0, 9 - slot) : b, 1500, 64,
			0); /* cut, or to another subscriber */
	default:
		return icmp6(ip, peer_ll, all_routers, 255, rs, 8);
	}
}

static uint16_t message(unsigned int k, uint32_t slot, uint8_t shape, uint8_t *out)
{
	struct frame l = {0};
	uint8_t ip[2000];
	uint16_t n = seed_ip(k, slot, true, ip);

	put16(&l,
		(uint16_t)(0x0002 | (shape & 1 ? 0x4000 : 0) | (shape & 2 ? 0x0800 : 0) |
			(shape & 4 ? 0x0200 : 0)));
	if (shape & 1)
		put16(&l, 0);
	put16(&l, TID);
	put16(&l, lab_sid(slot));
	if (shape & 2)
		put32(&l, (uint32_t)rnd());
	if (shape & 4)
		put32(&l, 2 << 16);
	if (shape & 8)
		put16(&l, 0xff03);
	if (shape & 16) {
		put(&l, lcp, sizeof(lcp));
	} else {
		put16(&l, ip[0] >> 4 == 4 ? 0x0021 : 0x0057);
		put(&l, ip, n);
	}
	if (shape & 1)
		store16(l.b + 2, l.len);
	memcpy(out, l.b, l.len);
	return l.len;
}

static void features(uint32_t i)
{
	for (uint32_t slot = 1; slot <= 8; slot++)
		lab_session(slot)->flags =
			(uint16_t)(S_V4 | S_V6 | S_MSS_CLAMP | (i & 1 ? S_TX_SEQ | S_TX_ACFC : 0) |
				(i & 2 ? S_TX_PFC : 0) | (i & 4 ? S_ROUTES : 0));
}

static void collect(void)
{
	struct dp_msg msg;
	struct frame f;

	lab_wait(10000000); /* the limiters open again */
	while (lab_tx(CORE, &f)) {
		const uint8_t *ip = f.b + 14;
		uint32_t src = rte_be_to_cpu_32(load32_raw(ip + 12));

		if (ip[0] >> 4 == 4)
			assert_true((src >= IP(10, 0, 0, 1) && src <= IP(10, 0, 0, 8)) ||
				src >> 8 == IP(10, 1, 1, 0) >> 8 ||
				src >> 8 == IP(203, 0, 113, 0) >> 8);
		else
			assert_true((load64(ip + 8) >= POOL6 + 1 && load64(ip + 8) <= POOL6 + 8) ||
				load64(ip + 8) >> 16 == 0x20010db8000f0000 >> 16 ||
				load64(ip + 8) == 0x2001000000000000);
	}
	while (lab_tx(ACCESS, &f)) /* whatever is in it, our own headers are right */
		assert_int_equal(ref_sum(f.b + 14, 20, 0), 0xffff);
	for (unsigned int i = 0; i < 2; i++)
		while (lab_msg(lab_w[i]->punts, &msg, &f) ||
			lab_msg(lab_w[i]->punts_high, &msg, &f))
			;
}

static void every_truncation_of_an_uplink_frame_is_survived(void **state)
{
	uint8_t l2tp[2000];
	struct frame f;

	(void)state;
	for (uint8_t shape = 0; shape < 32; shape++)
		for (unsigned int k = 0; k < (shape & 16 ? 1 : SEEDS); k++) {
			uint16_t n = message(k, 1, shape, l2tp);

			features(shape);
			for (uint16_t cut = 0; cut <= RTE_MIN(n, 150);
				cut++) { /* the LAC sent less: outer lengths agree */
				lac_frame(&f, l2tp, cut);
				lab_rx(cut & 1, ACCESS, &f);
				if (cut % BURSTS == 0)
					lab_run();
			}
			lac_frame(&f, l2tp, n);
			for (uint16_t cut = 0, whole = f.len; cut <= RTE_MIN(whole, 150);
				cut++) { /* cut on the wire */
				f.len = cut;
				lab_rx(cut & 1, ACCESS, &f);
				if (cut % BURSTS == 0)
					lab_run();
			}
			lab_run();
			collect();
		}
}

static void every_truncation_of_a_downlink_frame_is_survived(void **state)
{
	uint8_t ip[2000];
	struct frame f;

	(void)state;
	for (unsigned int k = 0; k < SEEDS; k++) {
		uint16_t n = seed_ip(k, 1, false, ip);

		features(k);
		for (uint16_t cut = 0; cut <= RTE_MIN(n + 14, 200); cut++) {
			core_ip(&f, ip, n);
			f.len = RTE_MIN(cut, f.len);
			if (cut >= 14 + 40 && ip[0] >> 4 == 4) { /* and with lengths that agree */
				store16(f.b + 16, cut - 14);
				fix_ip4(f.b + 14);
			} else if (cut >= 14 + 40) {
				store16(f.b + 18, cut - 54);
			}
			lab_rx(cut & 1, CORE, &f);
			if (cut % BURSTS == 0)
				lab_run();
		}
		lab_run();
		collect();
	}
}

static void flip(uint8_t *p, uint16_t n, unsigned int times)
{
	while (times--) {
		uint64_t r = rnd();
		uint8_t *at = &p[(r >> 8) % n];

		*at = r & 1     ? (uint8_t)(r >> 40)
			: r & 2 ? 0
			: r & 4 ? 0xff
				: (uint8_t)(*at ^ 1 << (r >> 3 & 7));
	}
}

static void mutated_up(struct frame *f)
{
	uint8_t l2tp[2000];
	uint64_t r = rnd();
	uint8_t shape = r & 31;
	uint16_t n = message(r >> 5 & 7, 1 + (r >> 8 & 7), shape, l2tp);
	unsigned int at = 8 + (shape & 1 ? 2u : 0) + (shape & 2 ? 4u : 0) + (shape & 4 ? 4u : 0) +
		(shape & 8 ? 2u : 0);

	flip(l2tp + (r & 1 << 11 ? at : 0), (uint16_t)RTE_MIN(n - (r & 1 << 11 ? at : 0), 80u),
		(unsigned int)(r >> 12 & 3));
	if (r & 1 << 14 && (l2tp[at] & 0xf) >= 5 && at + (l2tp[at] & 15) * 4u <= n)
		fix_ip4(l2tp + at); /* past the checksum */
	if (r & 1 << 15)
		n = (uint16_t)(rnd() % (n + 1u));
	lac_frame(f, l2tp, n);
	if (!(r >> 16 & 15))
		flip(f->b + 12, (uint16_t)(RTE_MIN(f->len, 60) - 12), 2);
	if (!(r >> 20 & 3))
		fix_ip4(f->b + 14);
}

static void mutated_down(struct frame *f)
{
	uint8_t ip[2000];
	uint64_t r = rnd();
	uint16_t n = seed_ip(r & 7, 1 + (r >> 3 & 7), false, ip);

	flip(ip, RTE_MIN(n, (uint16_t)80), (unsigned int)(r >> 6 & 3));
	if (ip[0] >> 4 == 4 && (ip[0] & 15) >= 5 && r & 1 << 8)
		fix_ip4(ip);
	if (r & 1 << 9)
		n = (uint16_t)(rnd() % (n + 1u));
	core_ip(f, ip, n);
}

static void random_mutations_are_survived_and_every_buffer_comes_back(void **state)
{
	struct frame f;
	uint64_t up = 0;

	(void)state;
	for (uint32_t i = 0; i < MUTATIONS; i++) {
		bool down = rnd() & 1;

		if (down)
			mutated_down(&f);
		else
			mutated_up(&f);
		lab_rx(i >> 1 & 1, down ? CORE : ACCESS, &f);
		if (i % BURSTS == 0) {
			features((uint32_t)rnd());
			lab_run();
			collect();
		}
	}
	lab_run();
	lab_run();
	collect();
	for (uint32_t slot = 1; slot <= 8; slot++)
		up += lab_session(slot)->up_packets;
	assert_true(up > MUTATIONS / 20); /* the fuzzer got through */
	assert_true(lab_drops(DROP_INNER_HEADER) > 1000);
	assert_true(lab_drops(DROP_SPOOFED_SOURCE) > 10);
	assert_int_equal(lab_w[0]->stat.rx_packets + lab_w[1]->stat.rx_packets, MUTATIONS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, lab_reset, lab_reset)
		T(every_truncation_of_an_uplink_frame_is_survived),
		T(every_truncation_of_a_downlink_frame_is_survived),
		T(random_mutations_are_survived_and_every_buffer_comes_back),
	};

	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}
