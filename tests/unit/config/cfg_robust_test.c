/* SPDX-License-Identifier: BSD-3-Clause */
/* cfg_robust_test.c - text cut anywhere, text with octets changed, and very large text. Meant for
 * AddressSanitizer; without it the tests still see crashes and lost time. */
#include "config/cfg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#define USERS 100000

static FILE *nowhere;

static char *example(size_t *len)
{
	char path[4096], *text;
	FILE *in;

	snprintf(path, sizeof(path), "%s/config/lnsd.example.yaml", getenv("LNSD_SOURCE"));
	in = fopen(path, "r");
	assert_non_null(in);
	assert_int_equal(fseek(in, 0, SEEK_END), 0);
	*len = (size_t)ftell(in);
	rewind(in);
	text = malloc(*len);
	assert_int_equal(fread(text, 1, *len, in), *len);
	fclose(in);
	return text;
}

/* From memory of exactly this size, so that a read behind it is seen. */
static void parse_copy(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);

	memcpy(copy, text, len);
	cfg_free(cfg_parse("x", copy, len, nowhere));
	free(copy);
}

static void the_example_cut_at_any_length_is_read_or_refused(void **state)
{
	size_t len;
	char *text = example(&len);

	(void)state;
	for (size_t i = 0; i <= len; i++)
		parse_copy(text, i);
	free(text);
}

static void ten_thousand_changed_examples_are_read_or_refused(void **state)
{
	static const char pieces[] = "[]{}:,-#&*!|>'\"%@`\n \t\\0";
	unsigned seed = 1;
	size_t len;
	char *text = example(&len), *changed = malloc(len);

	(void)state;
	for (unsigned run = 0; run < 10000; run++) {
		unsigned n = 1 + (unsigned)rand_r(&seed) % 4;

		memcpy(changed, text, len);
		while (n--) {
			unsigned how = (unsigned)rand_r(&seed);
			size_t at = (unsigned)rand_r(&seed) % len;

			changed[at] = how & 1 ? (char)(how >> 8)
					      : pieces[(how >> 8) % (sizeof(pieces) - 1)];
		}
		parse_copy(changed, len);
	}
	free(changed);
	free(text);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void a_hundred_thousand_users_are_read_in_two_seconds(void **state)
{
	char *text = NULL, name[32];
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct cfg *c;
	double start, took;

	(void)state;
	fputs(cfg_default_text(), out);
	fflush(out);
	*strstr(text, "\nusers:") = '\0';
	fseek(out, (long)strlen(text), SEEK_SET);
	fputs("\nusers:\n", out);
	for (unsigned i = 0; i < USERS; i++) /* not in order */
		fprintf(out, "  - {name: user%u, password: pw%u, address: 10.%u.%u.%u}\n",
			(unsigned)(i * 77777ull % USERS), i, i >> 16, i >> 8 & 255, i & 255);
	fclose(out);
	start = seconds();
	c = cfg_parse("large", text, len, stderr);
	took = seconds() - start;
	assert_non_null(c);
	assert_int_equal(c->n_users, USERS);
	print_message("%u users, %zu octets: %.2f s\n", USERS, len, took);
#ifndef LNSD_POISON /* sanitizers cost time of their own */
	assert_true(took < 2);
#endif
	for (unsigned i = 0; i < USERS; i++) {
		snprintf(name, sizeof(name), "user%u", i);
		assert_non_null(cfg_user_find(c, name, strlen(name)));
	}
	cfg_free(c);
	free(text);
}

static void a_thousand_levels_of_brackets_are_refused_at_once(void **state)
{
	char *text = malloc(1 << 20), *messages = NULL;
	size_t size;
	FILE *err = open_memstream(&messages, &size);

	(void)state;
	memset(text, '[', 1 << 20);
	assert_null(cfg_parse("f", text, 1 << 20, err));
	fclose(err);
	assert_string_equal(
		messages, "f:1:9: error: nested too deeply; allowed: 8 levels\n1 error\n");
	free(messages);
	free(text);
}

static int open_nowhere(void **state)
{
	(void)state;
	nowhere = fopen("/dev/null", "w");
	return nowhere ? 0 : -1;
}

static int close_nowhere(void **state)
{
	(void)state;
	return fclose(nowhere);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_cut_at_any_length_is_read_or_refused),
		cmocka_unit_test(ten_thousand_changed_examples_are_read_or_refused),
		cmocka_unit_test(a_hundred_thousand_users_are_read_in_two_seconds),
		cmocka_unit_test(a_thousand_levels_of_brackets_are_refused_at_once),
	};

	return cmocka_run_group_tests(tests, open_nowhere, close_nowhere);
}
