/* SPDX-License-Identifier: BSD-3-Clause */
/* policer_test.c - a session's rate limits: what passes, what is dropped, and whose it is. */
#include "tests/unit/dataplane/lab.h"

#include "dataplane/police.h"

#include <pthread.h>

#define US         1000ull
#define MS         1000000ull
#define BITS_PER_S 8000000ull /* an octet takes a microsecond */
#define BURST_MS   1 /* of it: 1,000 octets */
#define OCTETS     100

static uint8_t ip[2000];

/* With 1,000 octets of room ten packets of 100 pass and one that finds the last of it; what each costs is rounded by chance. */
#define assert_near(is, should) assert_in_range(is, (should)-1, (should) + 1)

/* 8 Mbit/s each way, 1,000 octets at once. */
static void limit(uint32_t slot, bool up, bool down)
{
	dp_rates_set((uint16_t)slot, up ? BITS_PER_S : 0, down ? BITS_PER_S : 0, BURST_MS);
	lab_session(slot)->rates = slot;
	lab_session(slot)->up_full = lab_session(slot)->down_full =
		(lab_w[0]->now_ns >> dp_t.rates[slot].shift) & ((1u << BUCKET_BITS) - 1);
	lab_session(slot)->flags |= S_POLICED;
}

static void up(uint32_t slot, unsigned int n)
{
	uint16_t len = ip4_udp(ip, IP(10, 0, 0, slot), HOST_IP, OCTETS - 28, 64, 0);

	while (n--)
		send_sub(slot, ip, len);
}

static void down(uint32_t slot, unsigned int n)
{
	uint16_t len = ip4_udp(ip, HOST_IP, IP(10, 0, 0, slot), OCTETS - 28, 64, 0);

	while (n--)
		send_core(ip, len);
}

static unsigned int sent(unsigned int port)
{
	struct frame f;
	unsigned int n = 0;

	while (lab_tx(port, &f))
		n++;
	return n;
}

static void a_subscriber_sends_its_burst_at_once_and_then_its_rate(void **state)
{
	(void)state;
	for (uint32_t slot = 1; slot <= 5; slot += 4) { /* of either worker */
		limit(slot, true, true);
		up(slot, 20);
		assert_near(sent(CORE), 11);
		assert_near(lab_up_drops(slot), 9);
		assert_int_equal(lab_session(slot)->up_packets, 20 - lab_up_drops(slot));
		assert_int_equal(
			lab_session(slot)->up_octets, lab_session(slot)->up_packets * OCTETS);
	}
	assert_in_range(lab_drops(DROP_POLICED), 16, 20);
	lab_wait(500 * US);
	up(1, 20);
	assert_near(sent(CORE), 5);
}

static void a_subscriber_is_sent_its_burst_at_once_and_then_its_rate(void **state)
{
	(void)state;
	for (uint32_t slot = 1; slot <= 5; slot += 4) {
		limit(slot, true, true);
		down(slot, 20);
		assert_near(sent(ACCESS), 11);
		assert_near(lab_down_drops(slot), 9);
		assert_int_equal(lab_session(slot)->down_packets, 20 - lab_down_drops(slot));
		assert_int_equal(
			lab_session(slot)->down_octets, lab_session(slot)->down_packets * OCTETS);
	}
	assert_in_range(lab_drops(DROP_POLICED), 16, 20);
	lab_wait(500 * US);
	down(5, 20);
	assert_near(sent(ACCESS), 5);
}

static void ipv6_counts_as_ipv4_does(void **state)
{
	uint16_t n;

	(void)state;
	limit(1, true, true);
	up(1, 5);
	n = ip6_udp(ip, POOL6 + 1, 0x2620000000000001, OCTETS - 48, 64);
	for (int i = 0; i < 15; i++)
		send_sub(1, ip, n);
	assert_near(sent(CORE), 11);
	down(1, 5);
	n = ip6_udp(ip, 0x2620000000000001, POOL6 + 1, OCTETS - 48, 64);
	for (int i = 0; i < 15; i++)
		send_core(ip, n);
	assert_near(sent(ACCESS), 11);
	assert_in_range(lab_drops(DROP_POLICED), 16, 20);
	assert_near(dp_t.more[1].up6_packets, 6);
	assert_near(dp_t.more[1].down6_packets, 6);
}

/* Twice the rate for 100 ms, packet by packet. */
static void in_the_long_run_the_rate_is_met_and_not_exceeded(void **state)
{
	unsigned int ups = 0, downs = 0;

	(void)state;
	limit(1, true, true);
	for (int i = 0; i < 2000; i++) {
		lab_wait(50 * US);
		up(1, 1);
		down(1, 1);
		ups += sent(CORE);
		downs += sent(ACCESS);
	}
	assert_in_range(ups, 1005, 1015);
	assert_in_range(downs, 1005, 1015);
}

static void each_direction_and_each_session_has_a_bucket_of_its_own(void **state)
{
	(void)state;
	limit(1, true, true);
	limit(2, true, true);
	up(1, 20);
	assert_near(sent(CORE), 11);
	down(1, 11);
	assert_near(sent(ACCESS), 11);
	up(2, 11);
	up(3, 40); /* no policer */
	assert_near(sent(CORE), 51);
}

static void a_direction_without_a_rate_is_not_limited(void **state)
{
	(void)state;
	limit(1, false, true);
	limit(2, true, false);
	up(1, 60);
	assert_int_equal(sent(CORE), 60);
	down(2, 60);
	assert_int_equal(sent(ACCESS), 60);
	assert_int_equal(lab_drops(DROP_POLICED), 0);
}

static void a_packet_larger_than_the_bucket_passes_and_the_next_ones_pay_for_it(void **state)
{
	uint16_t n = ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 1400 - 28, 64, 0);

	(void)state;
	limit(1, true, true);
	send_sub(1, ip, n);
	up(1, 1);
	assert_int_equal(sent(CORE), 1);
	lab_wait(400 * US);
	up(1, 3);
	assert_int_equal(sent(CORE), 1);
}

static void after_a_year_of_silence_the_bucket_is_empty(void **state)
{
	(void)state;
	limit(1, true, true);
	up(1, 20);
	sent(CORE);
	lab_wait(365 * 86400ull * 1000 * MS);
	up(1, 20);
	assert_near(sent(CORE), 11);
}

/* What is not IP of the subscriber must not be lost to a download that fills the line: the session would end. */
static void ppp_frames_pass_a_full_bucket_and_do_not_fill_it(void **state)
{
	static const uint8_t echo[] = {0xff, 3, 0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0};
	uint8_t l2tp[6 + sizeof(echo)] = {0x00, 0x02, 0, TID};
	struct frame f;

	(void)state;
	limit(1, true, true);
	store16(l2tp + 4, lab_sid(1));
	memcpy(l2tp + 6, echo, sizeof(echo));
	up(1, 20);
	assert_near(sent(CORE), 11);
	lac_frame(&f, l2tp, sizeof(l2tp));
	lab_rx(0, ACCESS, &f);
	lab_run();
	assert_int_equal(lab_ppp_frames, 1);
}

static void a_dropped_packet_costs_nothing_of_the_bucket(void **state)
{
	(void)state;
	limit(1, true, true);
	up(1, 1000);
	assert_near(sent(CORE), 11);
	lab_wait(1100 * US);
	up(1, 20);
	assert_near(sent(CORE), 11);
}

/* A spoofed packet is dropped for that, and takes nothing from the subscriber whose session it came in. */
static void what_is_dropped_for_another_reason_does_not_fill_the_bucket(void **state)
{
	uint16_t n = ip4_udp(ip, IP(10, 9, 9, 9), HOST_IP, OCTETS - 28, 64, 0);

	(void)state;
	limit(1, true, true);
	for (int i = 0; i < 30; i++)
		send_sub(1, ip, n);
	assert_int_equal(lab_drops(DROP_SPOOFED_SOURCE), 30);
	up(1, 20);
	assert_near(sent(CORE), 11);
}

static void drops_are_counted_each_way_however_many_they_are(void **state)
{
	const unsigned int n = 3 * DROPS_CARRY + 1; /* twice what the session's line holds */

	(void)state;
	for (uint32_t slot = 1; slot <= 5; slot += 4) {
		for (unsigned int k = 1; k <= n; k++) {
			lab_session(slot)->flags &= (uint16_t)~S_V4;
			down(slot, 1);
			lab_session(slot)->flags |= S_V4;
			assert_int_equal(lab_down_drops(slot), k);
			assert_int_equal(lab_up_drops(slot), 0);
		}
		for (unsigned int k = 1; k <= n; k++) {
			send_sub(slot, ip, ip4_udp(ip, IP(10, 0, 0, 77), HOST_IP, 50, 64, 0));
			assert_int_equal(lab_up_drops(slot), k);
			assert_int_equal(lab_down_drops(slot), n);
		}
	}
	assert_int_equal(lab_drops(DROP_SPOOFED_SOURCE), 2 * n);
	assert_int_equal(lab_drops(DROP_SESSION_NOT_OPEN), 2 * n);
	assert_int_equal(lab_up_drops(2), 0);
}

#define MANY 30000000u

static void *count_many(void *slot)
{
	const uint32_t i = (uint32_t)(uintptr_t)slot;

	for (uint32_t n = 0; n < MANY; n++)
		drops_more(&dp_t.dropped[i].down, &dp_t.session[i].down_drops);
	return NULL;
}

static void drops_read_while_they_are_counted_never_become_fewer(void **state)
{
	uint32_t last = 0, now;
	uint64_t changes = 0;
	pthread_t owner;

	(void)state;
	assert_int_equal(pthread_create(&owner, NULL, count_many, (void *)(uintptr_t)3), 0);
	do {
		now = lab_down_drops(3);
		assert_true(now >= last && now <= MANY);
		changes += now != last;
		last = now;
	} while (now < MANY);
	assert_int_equal(pthread_join(owner, NULL), 0);
	assert_int_equal(lab_down_drops(3), MANY);
	assert_in_range(changes, 2, MANY);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, lab_reset)
	const struct CMUnitTest tests[] = {
		T(a_subscriber_sends_its_burst_at_once_and_then_its_rate),
		T(a_subscriber_is_sent_its_burst_at_once_and_then_its_rate),
		T(ipv6_counts_as_ipv4_does),
		T(in_the_long_run_the_rate_is_met_and_not_exceeded),
		T(each_direction_and_each_session_has_a_bucket_of_its_own),
		T(a_direction_without_a_rate_is_not_limited),
		T(a_packet_larger_than_the_bucket_passes_and_the_next_ones_pay_for_it),
		T(after_a_year_of_silence_the_bucket_is_empty),
		T(ppp_frames_pass_a_full_bucket_and_do_not_fill_it),
		T(a_dropped_packet_costs_nothing_of_the_bucket),
		T(what_is_dropped_for_another_reason_does_not_fill_the_bucket),
		T(drops_are_counted_each_way_however_many_they_are),
		T(drops_read_while_they_are_counted_never_become_fewer),
	};

	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}
