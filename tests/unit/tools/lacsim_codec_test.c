/* SPDX-License-Identifier: BSD-3-Clause */
/* lacsim_codec_test.c - the simulator's L2TP and IP codec against bytes written out by hand. */
#include "tools/lacsim/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void a_control_message_has_the_octets_of_the_rfc(void **state)
{
	static const uint8_t expected[] = {0xc8, 0x02, 0, 28, 0x12, 0x34, 0, 0, 0, 7, 0,
		9, /* header, Ns 7, Nr 9 */
		0x80, 8, 0, 0, 0, 0, 0, 10, /* Message Type: ICRQ */
		0x80, 8, 0, 0, 0, 14, 0xab, 0xcd}; /* Assigned Session ID */
	uint8_t msg[64];
	struct wr w = wr_of(msg, sizeof(msg));

	(void)state;
	control_begin(&w, 0x1234, 0, MSG_ICRQ);
	avp_u16(&w, AVP_SESSION_ID, 0xabcd);
	assert_int_equal(control_end(&w, msg), sizeof(expected));
	control_stamp(msg, 7, 9);
	assert_memory_equal(msg, expected, sizeof(expected));
	assert_int_equal(control_type(msg, sizeof(expected)), MSG_ICRQ);
}

static void a_stopccn_is_read_with_its_codes_and_text(void **state)
{
	static const uint8_t msg[] = {0xc8, 0x02, 0, 41, 0, 1, 0, 0, 0, 2, 0, 3, 0x80, 8, 0, 0, 0,
		0, 0, 4, /* StopCCN */
		0x80, 13, 0, 0, 0, 1, 0, 2, 0, 6, 'n', 'o',
		7, /* result 2, error 6, "no" and a control character */
		0x80, 8, 0, 0, 0, 9, 0, 5};
	struct rd r = rd_of(msg, sizeof(msg));
	struct l2tp_head h;
	struct control c;

	(void)state;
	assert_true(l2tp_head_read(&r, &h));
	assert_true(h.control);
	assert_int_equal(h.ns, 2);
	assert_int_equal(h.nr, 3);
	assert_true(control_read(&r, &c));
	assert_int_equal(c.type, MSG_STOPCCN);
	assert_int_equal(c.result, 2);
	assert_int_equal(c.error, 6);
	assert_string_equal(c.text, "no?");
	assert_int_equal(c.tunnel_id, 5);
}

static void a_control_message_cut_at_any_length_is_refused(void **state)
{
	static const uint8_t msg[] = {0xc8, 0x02, 0, 28, 0, 1, 0, 0, 0, 2, 0, 3, 0x80, 8, 0, 0, 0,
		0, 0, 11, 0x80, 8, 0, 0, 0, 14, 0, 5};

	(void)state;
	for (size_t n = 0; n < sizeof(msg); n++) {
		struct rd r = rd_of(msg, n);
		struct l2tp_head h;

		assert_false(l2tp_head_read(&r, &h));
	}
}

static void an_avp_that_is_shorter_than_its_header_or_overruns_is_malformed(void **state)
{
	static const uint8_t short_avp[] = {0x80, 5, 0, 0, 0, 0},
			     long_avp[] = {0x80, 9, 0, 0, 0, 0, 0, 1};
	struct rd a = rd_of(short_avp, sizeof(short_avp)), b = rd_of(long_avp, sizeof(long_avp));
	struct control c;

	(void)state;
	assert_false(control_read(&a, &c));
	assert_false(control_read(&b, &c));
}

static void a_data_header_is_read_with_every_optional_field(void **state)
{
	static const uint8_t plain[] = {0, 2, 0, 1, 0, 9, 0xff},
			     full[] = {0x4a, 2, 0, 18, 0, 1, 0, 9, 0, 5, 0, 0, 0, 2, 0xee, 0xee,
				     0xff, 3, 0xaa};
	struct rd a = rd_of(plain, sizeof(plain)), b = rd_of(full, sizeof(full));
	struct l2tp_head h;

	(void)state;
	assert_true(l2tp_head_read(&a, &h));
	assert_int_equal(h.session, 9);
	assert_int_equal(rd_left(&a), 1);
	assert_true(l2tp_head_read(&b, &h));
	assert_false(h.control);
	assert_int_equal(h.ns, 5);
	assert_int_equal(rd_left(&b), 2); /* the octet behind the Length is padding */
}

static void the_challenge_response_is_md5_of_id_secret_and_challenge(void **state)
{
	static const uint8_t expected[] = {0xc9, 0x4e, 0x89, 0x91, 0x41, 0x85, 0x52, 0x45, 0xff,
		0xc3, 0x31, 0x4c, 0x4b, 0x25, 0x88, 0x27};
	uint8_t out[16];

	(void)state;
	md5_response(out, 2, "secret", 6, "\x01\x02\x03\x04", 4);
	assert_memory_equal(out, expected, 16);
}

static size_t udp_packet(uint8_t *ip, bool v6)
{
	struct flow f = {
		.v6 = v6, .src = {10, 0, 0, 1}, .dst = {10, 0, 0, 2}, .sport = 4000, .dport = 7};

	memcpy(ip + flow_head(&f), "hello", 5);
	return flow_write(&f, ip, 5, 77);
}

static void udp_over_both_families_reads_back_as_written(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		uint8_t ip[128] = {0};
		size_t len = udp_packet(ip, v6);
		struct flow f;
		struct rd payload;

		assert_int_equal(len, v6 ? 53 : 33);
		assert_int_equal(ip_read(ip, &len, &f, &payload), IP_UDP);
		assert_int_equal(f.v6, v6);
		assert_int_equal(f.sport, 4000);
		assert_int_equal(f.dport, 7);
		assert_int_equal(f.dst[3], 2);
		assert_int_equal(rd_left(&payload), 5);
		assert_memory_equal(payload.p, "hello", 5);
	}
}

static void an_ipv4_header_has_the_checksum_computed_by_hand(void **state)
{
	uint8_t ip[128] = {0};

	(void)state;
	udp_packet(ip, false);
	/* 4500+0021+004d+0000+4011+0a00+0001+0a00+0002 = 9982 */
	assert_int_equal(ip[10] << 8 | ip[11], 0xffff - 0x9982);
}

static void any_changed_octet_of_a_udp_packet_is_noticed(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		uint8_t ip[128] = {0};
		size_t total = udp_packet(ip, v6),
		       first = v6 ? 8 : 0; /* IPv6: its first line has no checksum */

		for (size_t at = first; at < total; at++) {
			size_t len = total;
			struct flow f;
			struct rd payload;

			ip[at] ^= 0x40;
			assert_int_not_equal(ip_read(ip, &len, &f, &payload), IP_UDP);
			ip[at] ^= 0x40;
		}
	}
}

static void padding_behind_the_packet_is_cut_off(void **state)
{
	uint8_t ip[128] = {0};
	size_t len = udp_packet(ip, false) + 9;
	struct flow f;
	struct rd payload;

	(void)state;
	assert_int_equal(ip_read(ip, &len, &f, &payload), IP_UDP);
	assert_int_equal(len, 33);
}

static void a_ping_is_answered_with_good_checksums(void **state)
{
	uint8_t ip[28] = {0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0x66, 0xdf, 10, 0, 0, 1, 10, 0, 0, 2,
		8, 0, 0xf7, 0xfd, 0, 1, 0, 1};
	size_t len = sizeof(ip);
	struct flow f;
	struct rd payload;

	(void)state;
	assert_int_equal(ip_read(ip, &len, &f, &payload), IP_ECHO_REQUEST);
	echo_reply(ip, len);
	assert_int_equal(ip_read(ip, &len, &f, &payload), IP_OTHER); /* whole, but no request */
	assert_int_equal(ip[20], 0);
	assert_int_equal(f.src[3], 2);
	assert_int_equal(f.dst[3], 1);
	assert_int_equal(ip[22] << 8 | ip[23], 0xfffd);
}

static void a_router_solicitation_is_whole_and_no_advertisement(void **state)
{
	uint8_t ip[64];
	size_t len = router_solicitation(ip, sizeof(ip), 0x1122334455667788);
	struct flow f;
	struct rd payload;

	(void)state;
	assert_int_equal(len, 48);
	assert_int_equal(ip_read(ip, &len, &f, &payload), IP_OTHER);
	assert_int_equal(f.src[8], 0x11);
	assert_int_equal(ip[7], 255);
	assert_int_equal(ip[40], 133);
}

static void the_prefix_of_a_router_advertisement_is_found_behind_other_options(void **state)
{
	uint8_t ip[40 + 16 + 8 + 32] = {0x60}, prefix[8];
	uint8_t *mtu = ip + 56, *info = ip + 64;

	(void)state;
	mtu[0] = 5;
	mtu[1] = 1;
	info[0] = 3;
	info[1] = 4;
	info[2] = 64;
	info[3] = 0x40;
	memcpy(info + 16, "\x20\x01\x0d\xb8\x00\x00\x00\x05", 8);
	assert_true(ra_prefix(ip, sizeof(ip), prefix));
	assert_memory_equal(prefix, info + 16, 8);
	info[3] = 0; /* not autonomous */
	assert_false(ra_prefix(ip, sizeof(ip), prefix));
	mtu[1] = 0; /* an option of length 0 */
	assert_false(ra_prefix(ip, sizeof(ip), prefix));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_control_message_has_the_octets_of_the_rfc),
		cmocka_unit_test(a_stopccn_is_read_with_its_codes_and_text),
		cmocka_unit_test(a_control_message_cut_at_any_length_is_refused),
		cmocka_unit_test(an_avp_that_is_shorter_than_its_header_or_overruns_is_malformed),
		cmocka_unit_test(a_data_header_is_read_with_every_optional_field),
		cmocka_unit_test(the_challenge_response_is_md5_of_id_secret_and_challenge),
		cmocka_unit_test(udp_over_both_families_reads_back_as_written),
		cmocka_unit_test(an_ipv4_header_has_the_checksum_computed_by_hand),
		cmocka_unit_test(any_changed_octet_of_a_udp_packet_is_noticed),
		cmocka_unit_test(padding_behind_the_packet_is_cut_off),
		cmocka_unit_test(a_ping_is_answered_with_good_checksums),
		cmocka_unit_test(a_router_solicitation_is_whole_and_no_advertisement),
		cmocka_unit_test(
			the_prefix_of_a_router_advertisement_is_found_behind_other_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
