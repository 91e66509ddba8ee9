/* SPDX-License-Identifier: BSD-3-Clause */
/* checksum.c - see checksum.h. Each build adds 32-bit words to 64-bit sums, so that nothing is carried.
 * Thread: any; selection by control before workers run. */
#include "dataplane/checksum.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "dataplane/inet.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

static inline uint64_t sum_rest(const uint8_t *p, unsigned int n)
{
	uint64_t sum = 0;
	uint32_t last = 0;

	for (; n >= 4; n -= 4, p += 4)
		sum += load32_raw(p);
	memcpy(&last, p, n);
	return sum + last;
}

/* Four independent sums, for the compiler to put side by side. */
static uint64_t sum_generic(const uint8_t *p, unsigned int n)
{
	uint64_t sum[4] = {0};

	for (; n >= 16; n -= 16, p += 16)
		for (unsigned int i = 0; i < 4; i++)
			sum[i] += load32_raw(p + 4 * i);
	return sum[0] + sum[1] + sum[2] + sum[3] + sum_rest(p, n);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static uint64_t sum_avx2(const uint8_t *p, unsigned int n)
{
	const __m256i low = _mm256_set1_epi64x(0xffffffff);
	__m256i a = _mm256_setzero_si256(), b = a;
	uint64_t sum[4];

	for (; n >= 32; n -= 32, p += 32) {
		__m256i v = _mm256_loadu_si256((const __m256i *)p);

		a = _mm256_add_epi64(a, _mm256_and_si256(v, low));
		b = _mm256_add_epi64(b, _mm256_srli_epi64(v, 32));
	}
	_mm256_storeu_si256((__m256i *)sum, _mm256_add_epi64(a, b));
	return sum[0] + sum[1] + sum[2] + sum[3] + sum_rest(p, n);
}

__attribute__((target("avx512f,avx512bw"))) static uint64_t sum_avx512(
	const uint8_t *p, unsigned int n)
{
	const __m512i low = _mm512_set1_epi64(0xffffffff);
	__m512i a = _mm512_setzero_si512(), b = a, v;

	for (; n >= 64; n -= 64, p += 64) {
		v = _mm512_loadu_si512(p);
		a = _mm512_add_epi64(a, _mm512_and_si512(v, low));
		b = _mm512_add_epi64(b, _mm512_srli_epi64(v, 32));
	}
	if (n) { /* a masked load reads no byte behind the end */
		v = _mm512_maskz_loadu_epi8(UINT64_MAX >> (64 - n), p);
		a = _mm512_add_epi64(a, _mm512_and_si512(v, low));
		b = _mm512_add_epi64(b, _mm512_srli_epi64(v, 32));
	}
	return (uint64_t)_mm512_reduce_add_epi64(_mm512_add_epi64(a, b));
}

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}

static bool has_avx512(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
}
#endif

static bool has_generic(void)
{
	return true;
}

/* The best last. */
static const struct {
	enum cfg_isa isa;
	const char *name;
	bool (*supported)(void);
	uint64_t (*sum)(const uint8_t *p, unsigned int n);
} builds[] = {
	{CFG_ISA_GENERIC, "generic", has_generic, sum_generic},
#ifdef __x86_64__
	{CFG_ISA_AVX2, "avx2", has_avx2, sum_avx2},
	{CFG_ISA_AVX512, "avx512", has_avx512, sum_avx512},
#endif
};

uint64_t (*checksum_sum)(const uint8_t *p, unsigned int n) = sum_generic;
static const char *selected = "generic";

int checksum_select(enum cfg_isa isa)
{
	for (unsigned int i = RTE_DIM(builds); i-- > 0;) {
		if ((isa != CFG_ISA_AUTO && isa != builds[i].isa) || !builds[i].supported())
			continue;
		checksum_sum = builds[i].sum;
		selected = builds[i].name;
		return 0;
	}
	return -ENOTSUP;
}

const char *checksum_isa(void)
{
	return selected;
}
