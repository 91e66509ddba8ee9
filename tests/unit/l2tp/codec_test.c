/* SPDX-License-Identifier: BSD-3-Clause */
/* The codec of control messages: the AVP table against RFC 2661's list, golden messages, every truncation and mutation of
 * them, hidden AVPs, the chunk pool and the index. */
#include "controlplane/l2tp/avp.h"
#include "controlplane/l2tp/chunk.h"
#include "controlplane/l2tp/hdr.h"
#include "controlplane/l2tp/index.h"
#include "controlplane/l2tp/msg.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <nettle/md5.h>

static uint8_t scratch[65536];
static const struct l2tp_secret secret = {.p = (const uint8_t *)"sesame", .len = 6};

/* RFC 2661 s4.4, one line per AVP: number, M, may be hidden, least and most octets of the value, messages. */
static const char *const rfc2661_text[L2TP_AVP_TYPES] = {
	[0] = "M - 2 2 SCCRQ SCCRP SCCCN StopCCN HELLO OCRQ OCRP OCCN ICRQ ICRP ICCN CDN WEN SLI",
	[1] = "M - 2 1017 StopCCN CDN",
	[2] = "M - 2 2 SCCRQ SCCRP",
	[3] = "M H 4 4 SCCRQ SCCRP",
	[4] = "M H 4 4 SCCRQ SCCRP",
	[5] = "- - 8 8 SCCRQ",
	[6] = "- H 2 2 SCCRQ SCCRP",
	[7] = "M - 1 1017 SCCRQ SCCRP",
	[8] = "- H 0 1017 SCCRQ SCCRP",
	[9] = "M H 2 2 SCCRQ SCCRP StopCCN",
	[10] = "M - 2 2 SCCRQ SCCRP",
	[11] = "M H 1 1017 SCCRQ SCCRP",
	[12] = "M - 3 1017 CDN",
	[13] = "M H 16 16 SCCRP SCCCN",
	[14] = "M H 2 2 OCRQ OCRP ICRQ ICRP CDN",
	[15] = "M H 4 4 OCRQ ICRQ",
	[16] = "M H 4 4 OCRQ",
	[17] = "M H 4 4 OCRQ",
	[18] = "M H 4 4 OCRQ ICRQ",
	[19] = "M H 4 4 OCRQ OCCN ICCN",
	[21] = "M H 0 1017 OCRQ ICRQ",
	[22] = "M H 0 1017 ICRQ",
	[23] = "M H 0 1017 OCRQ ICRQ",
	[24] = "M H 4 4 OCCN ICCN",
	[25] = "- H 4 4 OCRP ICRQ",
	[26] = "- H 0 1017 ICCN",
	[27] = "- H 0 1017 ICCN",
	[28] = "- H 0 1017 ICCN",
	[29] = "- H 2 2 ICCN",
	[30] = "- H 0 1017 ICCN",
	[31] = "- H 1 1017 ICCN",
	[32] = "- H 2 2 ICCN",
	[33] = "- H 0 1017 ICCN",
	[34] = "M H 26 26 WEN",
	[35] = "M H 10 10 SLI",
	[36] = "M - 0 1017 SCCRQ SCCRP SCCCN StopCCN HELLO OCRQ OCRP OCCN ICRQ ICRP ICCN CDN WEN "
	       "SLI",
	[37] = "- H 0 1017 ICCN",
	[38] = "- H 4 4 OCCN ICCN",
	[39] = "M - 0 0 OCCN ICCN",
};

static void the_avp_table_says_what_rfc_2661_says(void **state)
{
	(void)state;
	for (uint16_t type = 0; type < L2TP_AVP_TYPES; type++) {
		const struct l2tp_avp_desc *row = l2tp_avp_desc(type);
		char text[256];
		int at;

		if (!rfc2661_text[type]) {
			assert_null(row);
			continue;
		}
		at = snprintf(text, sizeof(text), "%c %c %u %u", row->must ? 'M' : '-',
			row->hide_ok ? 'H' : '-', row->min, row->max);
		for (uint16_t msg = 1; msg < 32; msg++) {
			if (row->in >> msg & 1)
				at += snprintf(text + at, sizeof(text) - (size_t)at, " %s",
					l2tp_msg_name(msg));
		}
		assert_string_equal(text, rfc2661_text[type]);
		assert_int_equal(row->need & ~row->in, 0);
	}
	assert_null(l2tp_avp_desc(40));
	assert_null(l2tp_avp_desc(65535));
}

static int decode(const uint8_t *body, size_t len, struct l2tp_msg *m, struct l2tp_result *fault)
{
	const struct l2tp_unhiding u = {
		.secret = secret, .scratch = scratch, .scratch_len = sizeof(scratch)};

	return l2tp_msg_decode(body, len, &u, m, fault);
}

/* A message of this type with every AVP that it may carry. */
static size_t golden(uint16_t type, uint8_t *buf, size_t cap)
{
	static uint8_t bytes[64];
	struct l2tp_msg m;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	memset(&m, 0x11, sizeof(m));
	m.have = UINT64_MAX;
	m.type = type;
	for (uint16_t avp = 0; avp < L2TP_AVP_TYPES; avp++) {
		const struct l2tp_avp_desc *row = l2tp_avp_desc(avp);
		struct l2tp_bytes b;

		if (!row || row->kind != L2TP_AVP_BYTES)
			continue;
		b = l2tp_bytes_of(bytes, row->max < 40 ? row->max : row->min + 5u);
		memcpy((uint8_t *)&m + row->field, &b, sizeof(b));
	}
	return l2tp_msg_encode(&m, buf, cap);
}

static const uint16_t all_types[] = {L2TP_SCCRQ, L2TP_SCCRP, L2TP_SCCCN, L2TP_STOPCCN, L2TP_HELLO,
	L2TP_OCRQ, L2TP_OCRP, L2TP_OCCN, L2TP_ICRQ, L2TP_ICRP, L2TP_ICCN, L2TP_CDN, L2TP_WEN,
	L2TP_SLI};
#define TYPES (sizeof(all_types) / sizeof(all_types[0]))

static void every_message_comes_back_as_it_was_encoded(void **state)
{
	uint8_t one[1024], two[1024];

	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		size_t len = golden(all_types[i], one, sizeof(one));
		struct l2tp_result fault;
		struct l2tp_msg m;

		assert_true(len >= 8);
		assert_int_equal(decode(one, len, &m, &fault), 0);
		assert_int_equal(m.type, all_types[i]);
		assert_int_equal(l2tp_msg_encode(&m, two, sizeof(two)), len);
		assert_memory_equal(one, two, len);
	}
}

static void encoding_into_too_small_a_buffer_gives_0_and_writes_no_further(void **state)
{
	uint8_t one[1024];

	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		size_t len = golden(all_types[i], one, sizeof(one));

		for (size_t cap = 0; cap < len; cap++) {
			uint8_t *small = malloc(cap ? cap : 1);

			assert_int_equal(golden(all_types[i], small, cap), 0);
			free(small);
		}
	}
}

static void every_truncation_is_refused_or_read_without_a_step_too_far(void **state)
{
	uint8_t one[1024];

	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		size_t len = golden(all_types[i], one, sizeof(one));

		for (size_t cut = 1; cut < len; cut++) {
			uint8_t *exact = malloc(cut);
			struct l2tp_result fault;
			struct l2tp_msg m;
			int err;

			memcpy(exact, one, cut);
			err = decode(exact, cut, &m, &fault);
			assert_true(err == 0 || err == -EBADMSG || err == -EPROTO);
			assert_int_equal(err != 0, fault.result != 0);
			if (cut < 8)
				assert_int_equal(err, -EPROTO);
			free(exact);
		}
	}
}

static void every_mutation_of_one_octet_is_borne(void **state)
{
	static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
	uint32_t refused = 0, read = 0;
	uint8_t one[1024];

	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		size_t len = golden(all_types[i], one, sizeof(one));
		uint8_t *exact = malloc(len);

		for (size_t at = 0; at < len; at++) {
			for (size_t v = 0; v < sizeof(values); v++) {
				struct l2tp_result fault;
				struct l2tp_msg m;
				int err;

				memcpy(exact, one, len);
				exact[at] = values[v];
				err = decode(exact, len, &m, &fault);
				assert_int_equal(
					err == -EBADMSG || err == -EPROTO, fault.result != 0);
				refused += err != 0;
				read += err == 0;
			}
		}
		free(exact);
	}
	assert_true(refused > 1000);
	assert_true(read > 1000);
}

static void md5(uint8_t out[16], const void *a, size_t alen, const void *b, size_t blen,
	const void *c, size_t clen)
{
	struct md5_ctx ctx;

	md5_init(&ctx);
	md5_update(&ctx, alen, a);
	md5_update(&ctx, blen, b);
	md5_update(&ctx, clen, c);
	md5_digest(&ctx, 16, out);
}

/* RFC 2661 s4.3 step by step, as the RFC writes it: b1 = MD5(AV + S + RV), c1 = p1 xor b1, b2 = MD5(S + c1), ... */
static void hiding_follows_the_rfc_for_1_2_and_3_blocks(void **state)
{
	static const uint8_t vector[16] = "0123456789abcdef";
	static const size_t lengths[] = {2, 14, 15, 30, 31, 46};
	uint8_t value[64], want[64], got[64], back[64], b[16];

	(void)state;
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)(200 - i);
	for (size_t n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
		size_t len = lengths[n], total = len + 2;
		uint8_t plain[64] = {0, (uint8_t)len};

		memcpy(plain + 2, value, len);
		md5(b, "\0\13", 2, secret.p, secret.len, vector, 16);
		for (size_t i = 0; i < total; i++) {
			if (i == 16 || i == 32)
				md5(b, secret.p, secret.len, want + i - 16, 16, NULL, 0);
			want[i] = plain[i] ^ b[i % 16];
		}
		assert_int_equal(l2tp_hide(11, secret, vector, 16, value, len, 0, got), total);
		assert_memory_equal(got, want, total);
		assert_int_equal(l2tp_unhide(11, secret, vector, 16, got, total, back), len);
		assert_memory_equal(back, value, len);
	}
}

/* A peer without the secret reaches every deciphered length: each is checked against the room. */
static void every_deciphered_length_is_checked_for_1_2_and_3_blocks(void **state)
{
	static const uint8_t vector[16] = "0123456789abcdef";
	uint8_t zero[48] = {0}, key[48], *in, *out;

	(void)state;
	for (size_t len = 16; len <= 48; len += 16) {
		in = malloc(len);
		out = malloc(len);
		l2tp_hide(11, secret, vector, 16, zero, 0, len - 2, key);
		for (uint32_t inner = 0; inner <= 65535; inner++) {
			int got;

			memcpy(in, key, len);
			in[0] ^= (uint8_t)(inner >> 8);
			in[1] ^= (uint8_t)inner;
			got = l2tp_unhide(11, secret, vector, 16, in, len, out);
			assert_int_equal(got, inner <= len - 2 ? (int)inner : -1);
		}
		free(in);
		free(out);
	}
	assert_int_equal(l2tp_unhide(11, secret, vector, 16, zero, 0, key), -1);
	assert_int_equal(l2tp_unhide(11, secret, vector, 16, zero, 1, key), -1);
}

static size_t put_hidden(struct wr *w, uint16_t type, const char *vector, uint16_t value)
{
	const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
	uint8_t cipher[32];
	size_t len = l2tp_hide(
		type, secret, (const uint8_t *)vector, strlen(vector), bytes, 2, 3, cipher);

	l2tp_avp_put(w, L2TP_AVP_M | L2TP_AVP_H, type, cipher, len);
	return len;
}

static void the_nearest_preceding_random_vector_applies(void **state)
{
	uint8_t buf[256];
	struct wr w = wr_of(buf, sizeof(buf));
	struct l2tp_result fault;
	struct l2tp_msg m;

	(void)state;
	l2tp_avp_put(&w, L2TP_AVP_M, L2TP_AVP_MESSAGE_TYPE, "\0\13", 2); /* ICRP */
	l2tp_avp_put(&w, L2TP_AVP_M, L2TP_AVP_RANDOM_VECTOR, "first", 5);
	l2tp_avp_put(&w, L2TP_AVP_M, L2TP_AVP_RANDOM_VECTOR, "second one", 10);
	put_hidden(&w, L2TP_AVP_ASSIGNED_SESSION_ID, "second one", 0xbeef);
	l2tp_avp_put(&w, L2TP_AVP_M, L2TP_AVP_RANDOM_VECTOR, "third", 5);
	assert_int_equal(decode(buf, (size_t)(w.p - buf), &m, &fault), 0);
	assert_int_equal(m.sid, 0xbeef);
}

static void a_hidden_avp_without_random_vector_is_refused(void **state)
{
	uint8_t buf[256];
	struct wr w = wr_of(buf, sizeof(buf));
	struct l2tp_result fault;
	struct l2tp_msg m;

	(void)state;
	l2tp_avp_put(&w, L2TP_AVP_M, L2TP_AVP_MESSAGE_TYPE, "\0\13", 2);
	put_hidden(&w, L2TP_AVP_ASSIGNED_SESSION_ID, "", 0xbeef);
	assert_int_equal(decode(buf, (size_t)(w.p - buf), &m, &fault), -EBADMSG);
	assert_int_equal(fault.result, 2);
	assert_int_equal(fault.error, 3);
}

/* RFC 2661 names those that may not be hidden. */
static void what_may_not_be_hidden_is_refused_when_it_is(void **state)
{
	static const uint16_t never[] = {1, 2, 5, 7, 10, 12, 36, 39};

	(void)state;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		const struct l2tp_avp_desc *row = l2tp_avp_desc(never[i]);
		uint8_t type[2] = {0, (uint8_t)__builtin_ctz(row->in)}, buf[256], zero[64] = {0},
			cipher[80];
		struct wr w = wr_of(buf, sizeof(buf));
		struct l2tp_result fault;
		struct l2tp_msg m;

		l2tp_avp_put(&w, L2TP_AVP_M, L2TP_AVP_MESSAGE_TYPE, type, 2);
		l2tp_avp_put(&w, L2TP_AVP_M, L2TP_AVP_RANDOM_VECTOR, "rv", 2);
		l2tp_avp_put(&w, L2TP_AVP_M | L2TP_AVP_H, never[i], cipher,
			l2tp_hide(never[i], secret, (const uint8_t *)"rv", 2, zero, row->min, 0,
				cipher));
		assert_int_equal(decode(buf, (size_t)(w.p - buf), &m, &fault), -EBADMSG);
		if (never[i] != L2TP_AVP_RANDOM_VECTOR)
			assert_int_equal(m.have & L2TP_HAS(never[i]), 0);
	}
}

static void chunks_keep_messages_of_every_length_and_come_back(void **state)
{
	struct l2tp_chunk *mem = calloc(65, sizeof(*mem));
	struct l2tp_chunks pool;
	uint8_t in[L2TP_MESSAGE_MAX + 1], out[L2TP_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 31);
	l2tp_chunks_init(&pool, mem, 64);
	for (size_t len = 0; len <= L2TP_MESSAGE_MAX; len++) {
		uint32_t first = l2tp_chunks_put(&pool, in, len, false);

		assert_int_not_equal(first, 0);
		assert_int_equal(pool.chunk[first].len, len);
		l2tp_chunks_get(&pool, first, out);
		assert_memory_equal(in, out, len);
		l2tp_chunks_free(&pool, first);
		assert_int_equal(pool.free, 64);
	}
	assert_int_equal(l2tp_chunks_put(&pool, in, sizeof(in), true), 0);
	free(mem);
}

static void the_last_chunks_are_for_urgent_messages(void **state)
{
	struct l2tp_chunk *mem = calloc(65, sizeof(*mem));
	struct l2tp_chunks pool;
	uint32_t n = 0;

	(void)state;
	l2tp_chunks_init(&pool, mem, 64);
	while (l2tp_chunks_put(&pool, (const uint8_t *)"x", 1, false))
		n++;
	assert_int_equal(n, 56);
	while (l2tp_chunks_put(&pool, (const uint8_t *)"x", 1, true))
		n++;
	assert_int_equal(n, 64);
	free(mem);
}

static void the_index_matches_a_plain_array_through_random_changes(void **state)
{
	enum { KEYS = 512, LIVE = 200 };
	uint32_t places = l2tp_index_places(LIVE), model[KEYS] = {0}, live = 0;
	uint64_t *keys = calloc(places, sizeof(*keys)), rnd = 9;
	uint32_t *slots = calloc(places, sizeof(*slots));
	struct l2tp_index x;

	(void)state;
	l2tp_index_init(&x, keys, slots, places, 12345);
	for (int i = 0; i < 200000; i++) {
		uint32_t k;

		rnd ^= rnd << 13;
		rnd ^= rnd >> 7;
		rnd ^= rnd << 17;
		k = (uint32_t)(rnd >> 20) % KEYS;
		assert_int_equal(l2tp_index_get(&x, k), model[k]);
		if (rnd % 2 && (model[k] || live < LIVE)) {
			live += !model[k];
			model[k] = 1 + (uint32_t)(rnd >> 40) % 1000;
			l2tp_index_put(&x, k, model[k]);
		} else if (rnd % 2 == 0) {
			l2tp_index_del(&x, k, model[k] + 1); /* of another slot: stays */
			assert_int_equal(l2tp_index_get(&x, k), model[k]);
			l2tp_index_del(&x, k, model[k]);
			live -= model[k] != 0;
			model[k] = 0;
		}
		assert_int_equal(x.used, live);
	}
	free(keys);
	free(slots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_avp_table_says_what_rfc_2661_says),
		cmocka_unit_test(every_message_comes_back_as_it_was_encoded),
		cmocka_unit_test(encoding_into_too_small_a_buffer_gives_0_and_writes_no_further),
		cmocka_unit_test(every_truncation_is_refused_or_read_without_a_step_too_far),
		cmocka_unit_test(every_mutation_of_one_octet_is_borne),
		cmocka_unit_test(hiding_follows_the_rfc_for_1_2_and_3_blocks),
		cmocka_unit_test(every_deciphered_length_is_checked_for_1_2_and_3_blocks),
		cmocka_unit_test(the_nearest_preceding_random_vector_applies),
		cmocka_unit_test(a_hidden_avp_without_random_vector_is_refused),
		cmocka_unit_test(what_may_not_be_hidden_is_refused_when_it_is),
		cmocka_unit_test(chunks_keep_messages_of_every_length_and_come_back),
		cmocka_unit_test(the_last_chunks_are_for_urgent_messages),
		cmocka_unit_test(the_index_matches_a_plain_array_through_random_changes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
