/* SPDX-License-Identifier: BSD-3-Clause */
/* lacsim_ether_test.c - ARP and UDP of lacsim-dpdk against octets written out by hand, and the stamp of its packets. */
#include "tools/lacsim/ether.h"
#include "tools/lacsim/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static const uint8_t their_mac[6] = {2, 0, 0, 0, 0, 9};

static struct ether_side us(void)
{
	/* 192.0.2.2 .. 192.0.2.5, next hop 192.0.2.1 */
	return (struct ether_side){
		.mac = {2, 0, 0, 0, 0, 1}, .ip = 0xc0000202, .count = 4, .next_hop = 0xc0000201};
}

static void question_for(uint8_t frame[ETHER_ARP], uint8_t last_octet)
{
	static const uint8_t who_has[ETHER_ARP] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0,
		0, 9, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9, 192, 0, 2, 1, 0, 0, 0, 0, 0,
		0, 192, 0, 2, 0};

	memcpy(frame, who_has, ETHER_ARP);
	frame[41] = last_octet;
}

static void the_question_for_the_next_hop_has_the_octets_of_the_rfc(void **state)
{
	static const uint8_t expected[ETHER_ARP] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0,
		0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 192, 0, 2, 2, 0, 0, 0, 0, 0,
		0, 192, 0, 2, 1};
	uint8_t out[ETHER_ARP];
	struct ether_side s = us();

	(void)state;
	assert_int_equal(ether_ask(&s, out), ETHER_ARP);
	assert_memory_equal(out, expected, ETHER_ARP);
}

static void who_asks_for_one_of_ours_is_answered_and_the_next_hop_is_learnt(void **state)
{
	static const uint8_t expected[ETHER_ARP] = {2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1,
		8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 1, 192, 0, 2, 5, 2, 0, 0, 0, 0, 9, 192, 0, 2, 1};
	uint8_t frame[ETHER_ARP], out[ETHER_ARP];
	struct ether_side s = us();

	(void)state;
	question_for(frame, 5);
	assert_int_equal(ether_arp(&s, frame, sizeof(frame), out), ETHER_ARP);
	assert_memory_equal(out, expected, ETHER_ARP);
	assert_memory_equal(s.next_mac, their_mac, 6);
}

static void questions_for_others_are_not_answered(void **state)
{
	uint8_t frame[ETHER_ARP], out[ETHER_ARP];
	struct ether_side s = us();

	(void)state;
	question_for(frame, 6);
	assert_int_equal(ether_arp(&s, frame, sizeof(frame), out), 0);
	question_for(frame, 1);
	assert_int_equal(ether_arp(&s, frame, sizeof(frame), out), 0);
	question_for(frame, 2);
	for (size_t n = 0; n < sizeof(frame); n++)
		assert_int_equal(ether_arp(&s, frame, n, out), 0);
	assert_int_equal(s.met, 0);
}

static void each_address_asks_until_the_next_hop_has_answered_it(void **state)
{
	uint8_t frame[ETHER_ARP], out[ETHER_ARP];
	struct ether_side s = us();

	(void)state;
	for (uint8_t i = 2; i <= 5; i++) {
		assert_false(ether_known(&s));
		ether_ask(&s, out);
		assert_int_equal(out[31], i);
		question_for(frame, 5); /* a question is no answer */
		ether_arp(&s, frame, sizeof(frame), out);
		question_for(frame, i);
		frame[21] = 2;
		assert_int_equal(ether_arp(&s, frame, sizeof(frame), out), 0);
		ether_arp(&s, frame, sizeof(frame), out); /* said twice */
	}
	assert_true(ether_known(&s));
	assert_memory_equal(s.next_mac, their_mac, 6);
}

static void a_datagram_that_is_wrapped_can_be_unwrapped_by_its_receiver(void **state)
{
	struct ether_side s = us(), peer = {.ip = 0xc0000201, .count = 1};
	uint8_t frame[ETHER_UDP + 5];
	struct ether_udp u;

	(void)state;
	memcpy(s.next_mac, their_mac, 6);
	memcpy(frame + ETHER_UDP, "hello", 5);
	ether_wrap(&s, frame, 0xc0000203, 0xc0000201, 1701, 1702, 5);
	assert_memory_equal(frame, their_mac, 6);
	assert_true(ether_unwrap(&peer, frame, sizeof(frame), &u));
	assert_int_equal(u.src, 0xc0000203);
	assert_int_equal(u.dst, 0xc0000201);
	assert_int_equal(u.sport, 1701);
	assert_int_equal(u.dport, 1702);
	assert_int_equal(u.len, 5);
	assert_memory_equal(u.payload, "hello", 5);
}

static void padding_is_not_payload(void **state)
{
	struct ether_side s = us(), peer = {.ip = 0xc0000201, .count = 1};
	uint8_t frame[60] = {0};
	struct ether_udp u;

	(void)state;
	ether_wrap(&s, frame, 0xc0000202, 0xc0000201, 1701, 1701, 3);
	assert_true(ether_unwrap(&peer, frame, sizeof(frame), &u));
	assert_int_equal(u.len, 3);
}

static void every_changed_bit_of_a_datagram_is_found(void **state)
{
	struct ether_side s = us(), peer = {.ip = 0xc0000201, .count = 1};
	uint8_t frame[ETHER_UDP + 20];
	struct ether_udp u;

	(void)state;
	memset(frame + ETHER_UDP, 0x5a, 20);
	ether_wrap(&s, frame, 0xc0000202, 0xc0000201, 1701, 1701, 20);
	for (size_t bit = 12 * 8; bit < sizeof(frame) * 8; bit++) {
		frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(ether_unwrap(&peer, frame, sizeof(frame), &u));
		frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(ether_unwrap(&peer, frame, sizeof(frame), &u));
}

static void a_cut_datagram_is_refused_at_every_length(void **state)
{
	struct ether_side s = us(), peer = {.ip = 0xc0000201, .count = 1};
	uint8_t frame[ETHER_UDP + 20] = {0};
	struct ether_udp u;

	(void)state;
	ether_wrap(&s, frame, 0xc0000202, 0xc0000201, 1701, 1701, 20);
	for (size_t n = 0; n < sizeof(frame); n++)
		assert_false(ether_unwrap(&peer, frame, n, &u));
}

static void datagrams_to_others_are_not_ours(void **state)
{
	struct ether_side s = us();
	uint8_t frame[ETHER_UDP + 5] = {0};
	struct ether_udp u;

	(void)state;
	ether_wrap(&s, frame, 0xc0000201, 0xc0000206, 1701, 1701, 5);
	assert_false(ether_unwrap(&s, frame, sizeof(frame), &u));
	ether_wrap(&s, frame, 0xc0000201, 0xc0000205, 1701, 1701, 5);
	assert_true(ether_unwrap(&s, frame, sizeof(frame), &u));
}

static void a_stamp_is_read_as_it_was_written_and_every_changed_bit_is_found(void **state)
{
	const struct stamp s = {
		.owner = 123456, .sequence = 0xfffffffe, .time = 77, .round = 3, .kind = 1};
	uint64_t addresses = 0x0a0000010a0000ffULL;
	uint8_t bytes[STAMP_LEN];
	struct stamp r;

	(void)state;
	stamp_write(bytes, &s, 42, addresses);
	assert_true(stamp_read(bytes, &r, 42, addresses));
	assert_int_equal(r.owner, s.owner);
	assert_int_equal(r.sequence, s.sequence);
	assert_int_equal(r.time, s.time);
	assert_int_equal(r.round, s.round);
	assert_int_equal(r.kind, s.kind);
	for (size_t bit = 0; bit < sizeof(bytes) * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(stamp_read(bytes, &r, 42, addresses));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (int bit = 0; bit < 64; bit++)
		assert_false(stamp_read(bytes, &r, 42, addresses ^ 1ULL << bit));
	assert_false(stamp_read(bytes, &r, 43, addresses));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_question_for_the_next_hop_has_the_octets_of_the_rfc),
		cmocka_unit_test(who_asks_for_one_of_ours_is_answered_and_the_next_hop_is_learnt),
		cmocka_unit_test(questions_for_others_are_not_answered),
		cmocka_unit_test(each_address_asks_until_the_next_hop_has_answered_it),
		cmocka_unit_test(a_datagram_that_is_wrapped_can_be_unwrapped_by_its_receiver),
		cmocka_unit_test(padding_is_not_payload),
		cmocka_unit_test(every_changed_bit_of_a_datagram_is_found),
		cmocka_unit_test(a_cut_datagram_is_refused_at_every_length),
		cmocka_unit_test(datagrams_to_others_are_not_ours),
		cmocka_unit_test(a_stamp_is_read_as_it_was_written_and_every_changed_bit_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
