/* SPDX-License-Identifier: BSD-3-Clause */
/* steer_test.c - two workers: every packet is processed by its session's owner, wherever it came
 * in. */
#include "tests/unit/dataplane/lab.h"

#include <pthread.h>
#include <sched.h>

static uint8_t ip[2000];

static void uplink_of_another_worker_is_handed_to_it(void **state)
{
	struct frame f;
	uint16_t n, len;

	(void)state;
	for (unsigned int v6 = 0; v6 < 2; v6++)
		for (unsigned int from = 0; from < 2; from++) {
			uint32_t slot = from ? 2 : 6;

			n = v6 ? ip6_udp(ip, POOL6 + slot, 0x2620000000000001, 50, 64)
			       : ip4_udp(ip, IP(10, 0, 0, slot), HOST_IP, 50, 64, 0);
			lac_ip(&f, slot, ip, n);
			lab_rx(from, ACCESS, &f);
			lab_poll(from);
			assert_false(lab_tx(CORE, &f));
			lab_finish(!from);
			assert_true(lab_tx(CORE, &f));
			assert_core(&f, &len);
			assert_int_equal(len, n);
			assert_int_equal(lab_session(slot)->up_packets, v6 + 1);
		}
	assert_int_equal(lab_w[0]->stat.handed_out, 2);
	assert_int_equal(lab_w[0]->stat.handed_in, 2);
	assert_int_equal(lab_w[1]->stat.up_packets, 2);
	assert_int_equal(lab_dropped(), 0);
}

static void downlink_of_another_worker_is_handed_to_it(void **state)
{
	struct frame f;
	uint16_t n, len;

	(void)state;
	for (unsigned int v6 = 0; v6 < 2; v6++)
		for (unsigned int from = 0; from < 2; from++) {
			uint32_t slot = from ? 2 : 6;

			n = v6 ? ip6_udp(ip, 0x2620000000000001, POOL6 + slot, 50, 64)
			       : ip4_udp(ip, HOST_IP, IP(10, 0, 0, slot), 50, 64, 0);
			core_ip(&f, ip, n);
			lab_rx(from, CORE, &f);
			lab_poll(from);
			assert_false(lab_tx(ACCESS, &f));
			lab_finish(!from);
			assert_true(lab_tx(ACCESS, &f));
			assert_int_equal(assert_tunnel(&f, slot, &len)[v6 ? 7 : 8], 63);
			assert_int_equal(len, n);
		}
	assert_int_equal(lab_dropped(), 0);
}

static void subscriber_to_subscriber_takes_one_hop_on_both_workers(void **state)
{
	static const uint32_t pair[][2] = {{1, 2}, {1, 6}, {6, 1}, {5, 7}};
	struct frame f;
	const uint8_t *in;
	uint16_t n, len;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(pair); i++)
		for (unsigned int v6 = 0; v6 < 2; v6++) {
			n = v6 ? ip6_udp(ip, POOL6 + pair[i][0], POOL6 + pair[i][1], 50, 64)
			       : ip4_udp(ip, IP(10, 0, 0, pair[i][0]), IP(10, 0, 0, pair[i][1]), 50,
					 64, 0);
			lac_ip(&f, pair[i][0], ip, n);
			lab_rx(i & 1, ACCESS, &f);
			lab_run();
			assert_true(lab_tx(ACCESS, &f));
			in = assert_tunnel(&f, pair[i][1], &len);
			assert_int_equal(len, n);
			assert_int_equal(in[v6 ? 7 : 8], 63);
			assert_memory_equal(in + 12, ip + 12, n - 12u);
			assert_int_equal(ref_l4(in), 0xffff);
		}
	assert_int_equal(lab_session(1)->up_packets, 4);
	assert_int_equal(lab_session(1)->down_packets, 2);
	assert_int_equal(lab_session(6)->up_packets, 2);
	assert_int_equal(lab_session(6)->down_packets, 2);
	assert_int_equal(lab_dropped(), 0);
}

static void a_packet_too_big_for_another_workers_subscriber_is_told_to_the_sender(void **state)
{
	struct frame f;
	const uint8_t *in;
	uint16_t n = ip4_udp(ip, IP(10, 0, 0, 1), IP(10, 0, 0, 6), 1200, 64, 0x4000), len;

	(void)state;
	lab_session(6)->mtu = 1000;
	lac_ip(&f, 1, ip, n);
	lab_rx(0, ACCESS, &f);
	lab_run();
	assert_true(lab_tx(ACCESS, &f));
	in = assert_tunnel(&f, 1, &len);
	assert_int_equal(in[20], 3);
	assert_int_equal(in[21], 4);
	assert_int_equal(load16(in + 26), 1000);
	assert_int_equal(lab_drops(DROP_TOO_BIG), 1);
}

static void downlink_is_handed_over_without_a_look_at_the_owners_record(void **state)
{
	struct frame f;

	(void)state;
	core_ip(&f, ip, ip4_udp(ip, HOST_IP, IP(10, 0, 0, 6), 50, 64, 0));
	lab_rx(0, CORE, &f);
	lab_session(6)->owner = 0; /* what the giver would be misled by */
	lab_poll(0);
	lab_session(6)->owner = 1;
	assert_int_equal(lab_w[0]->stat.handed_out, 1);
	lab_finish(1);
	assert_true(lab_tx(ACCESS, &f));
}

static void a_packet_that_waited_for_a_session_that_ended_is_dropped(void **state)
{
	struct frame f;

	(void)state;
	core_ip(&f, ip, ip4_udp(ip, HOST_IP, IP(10, 0, 0, 6), 50, 64, 0));
	lab_rx(0, CORE, &f);
	lab_poll(0);
	/* Reaped, and used again, while the packet is in the ring. */
	lab_session(6)->generation = 2;
	lab_finish(1);
	assert_int_equal(lab_drops(DROP_NO_SESSION), 1);
	assert_false(lab_tx(ACCESS, &f));
}

static void an_icmp_error_goes_to_the_subscriber_of_another_worker_that_it_is_for(void **state)
{
	struct frame f;

	(void)state;
	lab_w[0]->burst.down_home[0] = home_word(5, 1, 1); /* of an earlier packet */
	core_ip(&f, ip, ip4_udp(ip, IP(10, 0, 0, 6), IP(10, 0, 0, 2), 50, 1, 0));
	lab_rx(0, CORE, &f);
	lab_poll(0);
	lab_finish(1);
	assert_true(lab_tx(ACCESS, &f));
	assert_int_equal(load16(f.b + 14 + 20 + 8 + 4), 1006);
	assert_int_equal(lab_drops(DROP_TTL), 1);
}

static void a_packet_that_waited_for_an_address_that_another_session_has_is_dropped(void **state)
{
	struct frame f;
	uint32_t entry;

	(void)state;
	if (dp_t.lookup_hash)
		return; /* there are no blocks */
	entry = dp_t.index.pool4[1].block[0];
	/* found by its block, which says nothing of generations */
	dp_t.index.pool4[1].block[0] = 1u << (16 + 6);
	dp_t.block_owner[0] = 1;
	for (unsigned int k = 0; k < 2; k++) {
		core_ip(&f, ip, ip4_udp(ip, HOST_IP, IP(10, 0, 0, 6), 50, 64, 0));
		lab_rx(0, CORE, &f);
		lab_poll(0);
		if (k)
			lab_session(6)->ip4 = rte_cpu_to_be_32(IP(10, 0, 0, 7));
		lab_session(6)->flags |= S_ROUTES; /* it would take other addresses */
		lab_finish(1);
		assert_int_equal(lab_drops(DROP_NO_SESSION), k);
		assert_int_equal(lab_tx(ACCESS, &f), !k);
	}
	dp_t.index.pool4[1].block[0] = entry;
	dp_t.block_owner[0] = 0;
}

static void a_message_that_waited_for_a_session_that_ended_finds_none(void **state)
{
	struct frame f;

	(void)state;
	lac_ip(&f, 6, ip, ip4_udp(ip, IP(10, 0, 0, 6), HOST_IP, 50, 64, 0));
	lab_rx(0, ACCESS, &f);
	lab_poll(0);
	lab_session(6)->sid++; /* reaped, and used again, while the packet is in the ring */
	lab_finish(1);
	assert_int_equal(lab_drops(DROP_NO_SESSION), 1);
	assert_false(lab_tx(CORE, &f));
}

static void a_full_ring_to_the_owner_drops(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned int k = 0; k < 520; k++) {
		core_ip(&f, ip, ip4_udp(ip, HOST_IP, IP(10, 0, 0, 6), 50, 64, 0));
		lab_rx(0, CORE, &f);
		lab_poll(0);
	}
	assert_int_equal(lab_drops(DROP_HANDOVER_FULL), 520 - 512);
	assert_int_equal(lab_w[0]->stat.handed_out, 512);
}

static void bursts_are_taken_from_the_ring_without_loss(void **state)
{
	unsigned int sent = 0;
	struct frame f;

	(void)state;
	for (unsigned int k = 0; k < 200; k++) {
		lac_ip(&f, 1 + k % 8, ip, ip4_udp(ip, IP(10, 0, 0, 1 + k % 8), HOST_IP, 50, 64, 0));
		lab_rx(k & 1, ACCESS, &f);
	}
	for (unsigned int k = 0; k < 10; k++)
		lab_run();
	while (lab_tx(CORE, &f))
		sent++;
	assert_int_equal(sent, 200);
	for (uint32_t slot = 1; slot <= 8; slot++)
		assert_int_equal(lab_session(slot)->up_packets, 25);
}

static void a_worker_without_a_queue_hands_frames_to_the_one_that_sends(void **state)
{
	uint16_t port = dp_t.iface[CORE].port, queue = lab_w[1]->txq_of_port[port];
	struct frame f;
	uint16_t len;

	(void)state;
	lab_w[1]->txq_of_port[port] = UINT16_MAX;
	lab_w[1]->tx_proxy_of_port[port] = 0;
	lac_ip(&f, 6, ip, ip4_udp(ip, IP(10, 0, 0, 6), HOST_IP, 50, 64, 0));
	lab_rx(1, ACCESS, &f);
	lab_poll(1);
	assert_false(lab_tx(CORE, &f));
	lab_finish(0);
	lab_w[1]->txq_of_port[port] = queue;
	assert_true(lab_tx(CORE, &f));
	assert_core(&f, &len);
}

/* A frame in memory that is not the mbuf's own, as some drivers attach it. */
static void rx_external(unsigned int worker, unsigned int port, const struct frame *f, uint8_t *far,
	struct rte_mbuf_ext_shared_info *info)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(dp_t.pool);

	assert_non_null(m);
	rte_pktmbuf_attach_extbuf(m, far, 0, 2048, info);
	rte_pktmbuf_reset_headroom(m);
	memcpy(rte_pktmbuf_append(m, f->len), f->b, f->len);
	lab_rx_mbuf(worker, port, m);
}

static void keep(void *addr, void *opaque)
{
	(void)addr;
	(void)opaque;
}

static void a_packet_in_external_memory_is_handed_over_whole(void **state)
{
	struct rte_mbuf_ext_shared_info info = {.free_cb = keep};
	static uint8_t far[2][2048];
	struct frame f;
	uint16_t n, len;

	(void)state;
	for (unsigned int down = 0; down < 2; down++) {
		rte_mbuf_ext_refcnt_set(&info, 1);
		n = down ? ip4_udp(ip, HOST_IP, IP(10, 0, 0, 6), 50, 64, 0)
			 : ip4_udp(ip, IP(10, 0, 0, 6), HOST_IP, 50, 64, 0);
		if (down)
			core_ip(&f, ip, n);
		else
			lac_ip(&f, 6, ip, n);
		rx_external(0, down ? CORE : ACCESS, &f, far[down], &info);
		lab_poll(0);
		lab_finish(1);
		assert_true(lab_tx(down ? ACCESS : CORE, &f));
		if (down)
			assert_tunnel(&f, 6, &len);
		else
			assert_core(&f, &len);
		assert_int_equal(len, n);
	}
	assert_int_equal(lab_w[1]->stat.handed_in, 2);
	assert_int_equal(lab_dropped(), 0);
}

static void mixed_owners_in_one_burst_stay_in_their_order(void **state)
{
	struct frame f;
	uint16_t len;

	(void)state;
	for (unsigned int down = 0; down < 2; down++) {
		uint16_t got[9] = {0};

		for (uint16_t k = 0; k < 32; k++) {
			uint32_t slot = 1 + k * 5 % 8;

			if (down)
				core_ip(&f, ip,
					ip4_udp(ip, HOST_IP, IP(10, 0, 0, slot), k + 1, 64, 0));
			else
				lac_ip(&f, slot, ip,
					ip4_udp(ip, IP(10, 0, 0, slot), HOST_IP, k + 1, 64, 0));
			lab_rx(0, down ? CORE : ACCESS, &f);
		}
		lab_run();
		for (unsigned int k = 0; k < 32; k++) {
			const uint8_t *p;
			uint32_t slot;

			assert_true(lab_tx(down ? ACCESS : CORE, &f));
			slot = down ? load16(f.b + 14 + 28 + 4) - 1000u : f.b[14 + 15];
			p = down ? assert_tunnel(&f, slot, &len) : assert_core(&f, &len);
			assert_in_range(slot, 1, 8);
			assert_int_equal(p[down ? 19 : 15], slot);
			assert_true(len > got[slot]);
			got[slot] = len;
		}
		assert_false(lab_tx(down ? ACCESS : CORE, &f));
	}
	assert_int_equal(lab_dropped(), 0);
}

static void each_element_of_a_ring_has_a_place_of_its_own(void **state)
{
	(void)state;
	for (uint32_t size = 8; size <= 4096; size *= 2) {
		struct hand_ring *r = hand_ring_new(size);

		for (uint32_t i = 0; i < size; i++) {
			struct hand *h = hand_at(r, i);

			assert_in_range(h - r->slot, 0, size - 1);
			assert_int_equal(h->what, 0);
			h->what = i + 1;
			assert_ptr_equal(hand_at(r, i + size), h);
		}
		hand_ring_free(r);
	}
}

static void a_ring_shows_packets_in_order_and_only_when_told(void **state)
{
	struct hand_ring *r = hand_ring_new(8);
	uint32_t given = 0, taken = 0, n;

	(void)state;
	for (unsigned int round = 0; round < 1000; round++) {
		for (unsigned int i = 0; i < 1 + round % 8; i++) {
			struct hand *h = hand_place(r);

			assert_non_null(h);
			h->what = given++;
		}
		hand_ask(r, 8);
		assert_int_equal(r->asked, taken);
		assert_int_equal(hand_show(r), 1 + round % 8);
		hand_ask(r, 8);
		assert_int_equal(r->asked, given);
		assert_int_equal(r->seen, taken);
		hand_ask(r, 8);
		n = r->seen - r->looked;
		assert_int_equal(n, 1 + round % 8);
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(hand_at(r, r->looked++)->what, taken++);
		hand_done(r, n);
	}
	assert_int_equal(given, taken);
	r->taken = r->put; /* nothing to free in it */
	hand_ring_free(r);
}

static void a_full_ring_has_no_place_until_the_taker_is_done(void **state)
{
	struct hand_ring *r = hand_ring_new(8);

	(void)state;
	for (unsigned int i = 0; i < 8; i++)
		assert_non_null(hand_place(r));
	assert_null(hand_place(r));
	hand_show(r);
	hand_ask(r, 5);
	assert_int_equal(r->asked, 5);
	hand_ask(r, 1);
	assert_int_equal(r->asked, 6);
	assert_int_equal(r->seen, 5);
	assert_null(hand_place(r));
	hand_done(r, 5);
	for (unsigned int i = 0; i < 5; i++)
		assert_non_null(hand_place(r));
	assert_null(hand_place(r));
	r->taken = r->put;
	hand_ring_free(r);
}

#define CARRIED 300000u

static void *take_all(void *ring)
{
	struct hand_ring *r = ring;
	uint32_t taken = 0;
	uintptr_t wrong = 0;

	while (taken < CARRIED) {
		uint32_t n;

		hand_ask(r, BURST);
		n = r->seen - r->looked;
		for (uint32_t i = 0; i < n; i++, taken++) {
			const struct hand *h = hand_at(r, r->looked++);

			wrong += h->what != taken || h->len != (uint16_t)(taken * 3);
		}
		hand_done(r, n);
		if (!n)
			sched_yield();
	}
	return (void *)wrong;
}

static void two_threads_lose_and_change_nothing(void **state)
{
	struct hand_ring *r = hand_ring_new(64);
	pthread_t taker;
	void *wrong;

	(void)state;
	assert_int_equal(pthread_create(&taker, NULL, take_all, r), 0);
	for (uint32_t given = 0; given < CARRIED;) {
		struct hand *h = hand_place(r);

		if (h) {
			h->what = given;
			h->len = (uint16_t)(given++ * 3);
		}
		if (!h || given % 7 == 0 || given == CARRIED)
			hand_show(r);
		if (!h)
			sched_yield();
	}
	assert_int_equal(pthread_join(taker, &wrong), 0);
	assert_null(wrong);
	hand_ring_free(r);
}

static void a_poll_takes_a_burst_of_what_was_asked_for_and_looked_at_before(void **state)
{
	unsigned int sent = 0, polls = 0;
	struct frame f;

	(void)state;
	for (unsigned int k = 0; k < 100; k++) {
		lac_ip(&f, 6, ip, ip4_udp(ip, IP(10, 0, 0, 6), HOST_IP, 50, 64, 0));
		lab_rx(0, ACCESS, &f);
	}
	for (unsigned int k = 0; k < 4; k++)
		lab_poll(0);
	for (; sent < 100 && polls < 10; polls++) {
		lab_poll(1);
		while (lab_tx(CORE, &f))
			sent++;
	}
	assert_int_equal(sent, 100);
	assert_int_equal(polls,
		2 +
			(100 + BURST - 1) /
				BURST); /* asked for, looked at, then taken a burst a poll */
	assert_int_equal(lab_w[1]->stat.handed_in, 100);
}

static void next_bursts_packets_are_all_asked_for_by_the_end_of_a_poll(void **state)
{
	const struct hand_ring *r = lab_w[1]->from[0];
	struct frame f;

	(void)state;
	for (unsigned int own = 0; own < 3;
		own++) { /* beside work of either direction, and without any */
		const uint32_t before = r->taken;

		for (unsigned int k = 0; k < 30; k++) {
			core_ip(&f, ip, ip4_udp(ip, HOST_IP, IP(10, 0, 0, 6), 50, 64, 0));
			lab_rx(0, CORE, &f);
		}
		lab_poll(0);
		lab_poll(1);
		assert_int_equal(r->asked - before, 30);
		assert_int_equal(r->looked - before, 0);
		if (own == 1)
			core_ip(&f, ip, ip4_udp(ip, HOST_IP, IP(10, 0, 0, 6), 50, 64, 0));
		else if (own == 2)
			lac_ip(&f, 6, ip, ip4_udp(ip, IP(10, 0, 0, 6), HOST_IP, 50, 64, 0));
		if (own)
			lab_rx(1, own == 1 ? CORE : ACCESS, &f);
		lab_poll(1);
		assert_int_equal(r->looked - before, 30);
		assert_int_equal(r->taken - before, 0);
		assert_int_equal(lab_w[1]->n_ahead, 0);
		lab_poll(1);
		assert_int_equal(r->taken - before, 30);
	}
	assert_int_equal(lab_session(6)->down_packets, 91);
	assert_int_equal(lab_dropped(), 0);
}

static void few_packets_are_asked_for_at_a_time_whichever_rings_they_are_in(void **state)
{
	static const uint32_t shown[] = {3, 2 * HAND_AHEAD, 1};
	struct hand_ring *r[RTE_DIM(shown)];
	struct rte_mbuf *m = rte_pktmbuf_alloc(dp_t.pool);
	struct worker *w = lab_w[1];
	uint32_t all = 0, looked;

	(void)state;
	for (unsigned int k = 0; k < RTE_DIM(shown); k++, all += shown[k - 1]) {
		r[k] = hand_ring_new(32);
		for (unsigned int i = 0; i < shown[k]; i++)
			*hand_place(r[k]) = (struct hand){.who = (uintptr_t)m, .at = 256};
		hand_show(r[k]);
		hand_ask(r[k], BURST);
		hand_ask(r[k], BURST);
		w->ahead[w->n_ahead++] = r[k];
	}
	for (uint32_t want = HAND_AHEAD; w->n_ahead; want += HAND_AHEAD) {
		hand_ahead(w);
		looked = r[0]->looked + r[1]->looked + r[2]->looked;
		assert_int_equal(looked, RTE_MIN(want, all));
	}
	assert_int_equal(looked, all);
	for (unsigned int k = 0; k < RTE_DIM(shown); k++) {
		r[k]->taken = r[k]->put; /* nothing to free in it */
		hand_ring_free(r[k]);
	}
	rte_pktmbuf_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, lab_reset, lab_reset)
		T(uplink_of_another_worker_is_handed_to_it),
		T(downlink_of_another_worker_is_handed_to_it),
		T(downlink_is_handed_over_without_a_look_at_the_owners_record),
		T(subscriber_to_subscriber_takes_one_hop_on_both_workers),
		T(a_packet_too_big_for_another_workers_subscriber_is_told_to_the_sender),
		T(a_packet_that_waited_for_a_session_that_ended_is_dropped),
		T(an_icmp_error_goes_to_the_subscriber_of_another_worker_that_it_is_for),
		T(a_packet_that_waited_for_an_address_that_another_session_has_is_dropped),
		T(a_message_that_waited_for_a_session_that_ended_finds_none),
		T(a_full_ring_to_the_owner_drops),
		T(bursts_are_taken_from_the_ring_without_loss),
		T(a_worker_without_a_queue_hands_frames_to_the_one_that_sends),
		T(a_packet_in_external_memory_is_handed_over_whole),
		T(mixed_owners_in_one_burst_stay_in_their_order),
		T(each_element_of_a_ring_has_a_place_of_its_own),
		T(a_ring_shows_packets_in_order_and_only_when_told),
		T(a_full_ring_has_no_place_until_the_taker_is_done),
		T(two_threads_lose_and_change_nothing),
		T(a_poll_takes_a_burst_of_what_was_asked_for_and_looked_at_before),
		T(next_bursts_packets_are_all_asked_for_by_the_end_of_a_poll),
		T(few_packets_are_asked_for_at_a_time_whichever_rings_they_are_in),
	};

	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}
