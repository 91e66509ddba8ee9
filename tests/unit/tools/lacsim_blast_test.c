/* SPDX-License-Identifier: BSD-3-Clause */
/* lacsim_blast_test.c - what lacsim-dpdk thinks of a packet that comes back: each ends where readable memory does. */
#include "tools/lacsim/blast.h"
#include "tools/lacsim/bytes.h"
#include "tools/lacsim/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include <rte_byteorder.h>

#define SEED    77
#define TID     9
#define SID     3 /* the third session of the tunnel */
#define OWNER   2
#define PAYLOAD 20 /* octets after the stamp */
#define LEN     (BLAST_UP + STAMP_LEN + PAYLOAD)

struct bench {
	struct blast b;
	uint8_t *page, *frame;
	size_t size;
};

static void set16(uint8_t *p, unsigned int v)
{
	store16(p, rte_cpu_to_be_16((uint16_t)v));
}

static void udp_sum(struct bench *t)
{
	uint8_t *udp = t->frame + 34;
	size_t n = LEN - 34;

	set16(udp + 6, 0);
	set16(udp + 6, ether_fold(ether_sum(udp, n, ether_sum(t->frame + 26, 8, 17 + n))));
}

/* Ethernet, IP, UDP, L2TP, PPP, IP, UDP, stamp, payload, as an LNS sends it to the LAC. */
static void down_frame(struct bench *t)
{
	static const uint8_t ip[] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0};
	static const uint8_t ppp[] = {0xff, 0x03, 0x00, 0x21};
	const struct stamp s = {.owner = OWNER, .round = 1, .kind = DIR_DOWN};
	uint8_t *p = t->frame, *inner = p + BLAST_INNER;
	uint64_t addresses = 0x0a000003cb007102ull;

	memset(p, 0, LEN);
	set16(p + 12, 0x0800);
	memcpy(p + 14, ip, sizeof(ip));
	set16(p + 16, LEN - 14);
	set16(p + 36, 1701);
	set16(p + 38, LEN - 34);
	p[43] = 2;
	set16(p + 44, TID);
	set16(p + 46, SID);
	memcpy(p + 48, ppp, sizeof(ppp));
	memcpy(inner, ip, sizeof(ip));
	set16(inner + 2, LEN - BLAST_INNER);
	memcpy(inner + 12, &addresses, sizeof(addresses));
	set16(inner + 10, ether_fold(ether_sum(inner, 20, 0)));
	set16(inner + 20, BLAST_PORT);
	set16(inner + 22, BLAST_PORT);
	set16(inner + 24, LEN - BLAST_INNER - 20);
	stamp_write(inner + 28, &s, SEED, addresses);
	memcpy(inner + 28 + STAMP_LEN, t->b.pattern + STAMP_LEN, PAYLOAD);
	udp_sum(t);
}

static int setup(void **state)
{
	struct bench *t = calloc(1, sizeof(*t));

	t->size = (size_t)sysconf(_SC_PAGESIZE);
	t->page =
		mmap(NULL, 2 * t->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (t->page == MAP_FAILED || mprotect(t->page + t->size, t->size, PROT_NONE))
		return -1;
	t->frame = t->page + t->size - LEN;
	t->b.seed = SEED;
	t->b.round = 1;
	t->b.pattern = malloc(BLAST_INNER_MAX);
	t->b.first_of_tid = malloc(65536 * sizeof(*t->b.first_of_tid));
	for (unsigned int i = 0; i < BLAST_INNER_MAX; i++)
		t->b.pattern[i] = (uint8_t)(i * 167 + 13);
	memset(t->b.first_of_tid, 0xff, 65536 * sizeof(*t->b.first_of_tid));
	t->b.first_of_tid[TID] = 0;
	down_frame(t);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct bench *t = *state;

	munmap(t->page, 2 * t->size);
	free(t->b.pattern);
	free(t->b.first_of_tid);
	free(t);
	return 0;
}

/* The access port receives the frame. @return is it traffic of ours? */
static bool receive(struct bench *t)
{
	struct rte_mbuf m = {.buf_addr = t->frame, .data_len = LEN, .pkt_len = LEN, .nb_segs = 1},
			*one = &m, *rest[1];

	return blast_input(&t->b, false, &one, 1, rest) == 0;
}

static void a_packet_in_the_tunnel_of_its_session_is_received(void **state)
{
	struct bench *t = *state;

	assert_true(receive(t));
	assert_int_equal(t->b.count[DIR_DOWN].received, 1);
}

static void a_packet_in_another_session_is_misdelivered(void **state)
{
	struct bench *t = *state;

	set16(t->frame + 46, SID + 1);
	udp_sum(t);
	assert_true(receive(t));
	set16(t->frame + 44, TID + 1);
	udp_sum(t);
	assert_true(receive(t));
	assert_int_equal(t->b.count[DIR_DOWN].misdelivered, 2);
	assert_int_equal(t->b.count[DIR_DOWN].received, 0);
}

static void a_packet_of_an_earlier_phase_is_late(void **state)
{
	struct bench *t = *state;

	t->b.round++;
	assert_true(receive(t));
	assert_int_equal(t->b.count[DIR_DOWN].late, 1);
}

/* Of the packets that are compared as a whole: the first is one. */
static void a_packet_with_a_changed_octet_is_corrupted(void **state)
{
	struct bench *t = *state;

	t->frame[LEN - 1] ^= 1;
	udp_sum(t);
	assert_true(receive(t));
	t->b.sample = 0;
	t->frame[LEN - 1] ^= 1; /* whole again, but not its checksum */
	assert_true(receive(t));
	assert_int_equal(t->b.count[DIR_DOWN].corrupted, 2);
	assert_int_equal(t->b.count[DIR_DOWN].received, 0);
}

static void a_udp_length_beyond_the_frame_is_corrupted_and_nothing_behind_it_is_read(void **state)
{
	struct bench *t = *state;

	for (unsigned int udp_len = LEN - 34 + 1; udp_len < 65536; udp_len += 4999) {
		t->b.sample = 0;
		set16(t->frame + 38, udp_len);
		assert_true(receive(t));
	}
	assert_int_equal(t->b.count[DIR_DOWN].corrupted, 14);
	assert_int_equal(t->b.count[DIR_DOWN].received, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(a_packet_in_the_tunnel_of_its_session_is_received),
		T(a_packet_in_another_session_is_misdelivered),
		T(a_packet_of_an_earlier_phase_is_late),
		T(a_packet_with_a_changed_octet_is_corrupted),
		T(a_udp_length_beyond_the_frame_is_corrupted_and_nothing_behind_it_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
