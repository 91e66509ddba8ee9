/* SPDX-License-Identifier: BSD-3-Clause */
/* The session store: what lies where, and which file of an earlier process is accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/store.h"

static char path[64];
static const struct store_shape shape = {
	.max_tunnels = 10, .max_sessions = 100, .subscriber_size = 72};

static int new_path(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/lnsd-store-test-%d", (int)getpid());
	unlink(path);
	return 0;
}

static int remove_path(void **state)
{
	(void)state;
	return unlink(path) && errno != ENOENT ? -1 : 0;
}

static void every_array_begins_at_a_cache_line_and_none_overlap(void **state)
{
	struct store s;

	(void)state;
	assert_int_equal(store_open(&s, "", &shape, false), 0);
	for (unsigned int i = 0; i < STORE_ARRAYS; i++) {
		assert_int_equal((uintptr_t)s.array[i] % 64, 0);
		assert_true((uint8_t *)s.array[i] > (uint8_t *)(i ? s.array[i - 1] : s.base));
	}
	assert_true((uint8_t *)s.array[STORE_SESSIONS] - (uint8_t *)s.array[STORE_SUBSCRIBERS] >=
		101 * 72);
	memset(s.array[STORE_TUNNELS], 1, 64); /* the last array is inside */
	store_close(&s);
}

static void a_new_file_holds_zeroes(void **state)
{
	struct store s;

	(void)state;
	assert_int_equal(store_open(&s, path, &shape, false), 0);
	assert_false(s.kept);
	assert_int_equal(s.starts, 1);
	for (const uint8_t *p = s.array[0]; p < (uint8_t *)s.base + s.bytes; p++)
		assert_int_equal(*p, 0);
	store_close(&s);
}

static void a_file_with_our_layout_is_opened_with_its_records(void **state)
{
	struct store s;

	(void)state;
	assert_int_equal(store_open(&s, path, &shape, false), 0);
	memcpy(s.array[STORE_SUBSCRIBERS], "kept", 5);
	store_close(&s);
	assert_int_equal(store_open(&s, path, &shape, false), 0);
	assert_true(s.kept);
	assert_int_equal(s.starts, 2);
	assert_string_equal(s.array[STORE_SUBSCRIBERS], "kept");
	store_clear(&s);
	assert_string_equal(s.array[STORE_SUBSCRIBERS], "");
	store_close(&s);
}

static void a_file_of_another_version_is_refused_and_left_alone(void **state)
{
	struct store s;
	uint8_t *version;

	(void)state;
	assert_int_equal(store_open(&s, path, &shape, false), 0);
	memcpy(s.array[STORE_SUBSCRIBERS], "kept", 5);
	version = (uint8_t *)s.base + 8;
	++*version;
	store_close(&s);
	assert_int_equal(store_open(&s, path, &shape, false), -ESTALE);
	assert_int_equal(store_open(&s, path, &shape, false), -ESTALE);
	assert_int_equal(store_open(&s, path, &shape, true), 0);
	assert_false(s.kept);
	assert_string_equal(s.array[STORE_SUBSCRIBERS], "");
	store_close(&s);
}

static void a_file_of_another_size_is_refused(void **state)
{
	struct store_shape other = shape;
	struct store s;

	(void)state;
	assert_int_equal(store_open(&s, path, &shape, false), 0);
	store_close(&s);
	other.max_sessions = 101; /* the same number of pages */
	other.max_tunnels = 9;
	assert_int_equal(store_open(&s, path, &other, false), -ESTALE);
	other.max_sessions = 5000;
	assert_int_equal(store_open(&s, path, &other, false), -ESTALE);
}

static void a_file_that_is_no_store_is_refused(void **state)
{
	struct store s;
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	(void)state;
	assert_int_equal(write(fd, "hello", 5), 5);
	close(fd);
	assert_int_equal(store_open(&s, path, &shape, false), -ESTALE);
}

static void two_processes_cannot_have_one_file(void **state)
{
	struct store a, b;

	(void)state;
	assert_int_equal(store_open(&a, path, &shape, false), 0);
	assert_int_equal(store_open(&b, path, &shape, false), -EBUSY);
	store_close(&a);
	assert_int_equal(store_open(&b, path, &shape, false), 0);
	store_close(&b);
}

static void a_path_that_cannot_be_made_is_an_error(void **state)
{
	struct store s;

	(void)state;
	assert_int_equal(store_open(&s, "/nonexistent/store", &shape, false), -ENOENT);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, new_path, remove_path)
	const struct CMUnitTest tests[] = {
		T(every_array_begins_at_a_cache_line_and_none_overlap),
		T(a_new_file_holds_zeroes),
		T(a_file_with_our_layout_is_opened_with_its_records),
		T(a_file_of_another_version_is_refused_and_left_alone),
		T(a_file_of_another_size_is_refused),
		T(a_file_that_is_no_store_is_refused),
		T(two_processes_cannot_have_one_file),
		T(a_path_that_cannot_be_made_is_an_error),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
