/* SPDX-License-Identifier: BSD-3-Clause */
/* api_socket_test.c - the JSON API's socket: clients that send rubbish, do not read, are too many; its rights and its place. */
#include "api_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "controlplane/api/api.h"

static void a_wrong_request_is_answered_with_what_is_allowed(void **state)
{
	(void)state;
	expect_error("{", "bad-json");
	expect_error("[1]", "bad-request");
	expect_error("{\"id\":1}", "bad-request");
	expect_error("{\"id\":{},\"method\":\"summary\"}", "bad-request");
	expect_error("{\"method\":\"nonsense\"}", "unknown-method");
	expect_error("{\"method\":\"summary\",\"params\":[]}", "bad-params");
	expect_error("{\"method\":\"summary\",\"params\":{\"x\":1}}", "bad-params");
	expect_error("{\"method\":\"sessions.list\",\"params\":{\"limit\":0}}", "bad-params");
	expect_error("{\"method\":\"sessions.list\",\"params\":{\"limit\":1001}}", "bad-params");
	expect_error("{\"method\":\"sessions.list\",\"params\":{\"cursor\":-1}}", "bad-params");
	expect_error("{\"method\":\"sessions.list\",\"params\":{\"filter\":7}}", "bad-params");
	expect_error("{\"method\":\"sessions.list\",\"params\":{\"filter\":{\"usr\":\"x\"}}}",
		"bad-params");
	expect_error("{\"method\":\"sessions.list\",\"params\":{\"filter\":{\"user\":1}}}",
		"bad-params");
	expect_error("{\"method\":\"sessions.list\",\"params\":{\"filter\":{\"address\":\"x\"}}}",
		"bad-params");
	expect_error("{\"method\":\"sessions.get\",\"params\":{\"tid\":1}}", "bad-params");
	expect_error("{\"method\":\"sessions.get\"}", "bad-params");
	expect_error("{\"method\":\"drops\",\"params\":{\"workers\":1}}", "bad-params");
}

static void garbage_of_any_length_is_answered_and_the_next_request_served(void **state)
{
	static const size_t sizes[] = {1, 2, 100, 65534, 65535, 65536, 65537, 131072, 1 << 20};
	static char junk[1 << 20];

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		int s = dial();

		for (size_t i = 0; i < sizeof(junk); i++)
			junk[i] = kind == 0 ? '[' : kind == 1 ? '\0' : (char)(rand() % 255 + 11);
		for (size_t i = 0; i < sizeof(junk); i++)
			if (junk[i] == '\n')
				junk[i] = ' ';
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			json_t *r;

			assert_true(put(s, junk, sizes[i]));
			assert_true(put(s, "\n{\"id\":5,\"method\":\"version\"}\n", 29));
			r = reply(s);
			assert_non_null(r);
			assert_string_equal(
				code(r), sizes[i] < 65536 ? "bad-json" : "line-too-long");
			json_decref(r);
			r = reply(s);
			assert_non_null(r);
			assert_int_equal(json_integer_value(json_object_get(r, "id")), 5);
			json_decref(r);
		}
		close(s);
		serve(0);
	}
}

static void a_client_that_shuts_its_side_still_gets_its_answers(void **state)
{
	int s = dial();
	json_t *r;

	(void)state;
	for (int i = 0; i < 20; i++)
		assert_int_equal(send(s, "{\"id\":1,\"method\":\"version\"}\n", 28, 0), 28);
	shutdown(s, SHUT_WR);
	for (int i = 0; i < 20; i++) {
		r = reply(s);
		assert_non_null(r);
		json_decref(r);
	}
	assert_null(reply(s)); /* and then the end */
	close(s);
}

static void a_reader_that_never_reads_holds_up_nobody_and_little_memory(void **state)
{
	char line[80];
	int s = dial(), len, asked = 0;

	(void)state;
	for (uint32_t i = 1; i <= 2000; i++)
		session(i, "user", i);
	len = snprintf(
		line, sizeof(line), "{\"method\":\"sessions.list\",\"params\":{\"limit\":1000}}\n");
	for (int i = 0; i < 20000; i++) {
		asked += send(s, line, (size_t)len, MSG_NOSIGNAL) == len;
		if (i % 100 == 0)
			serve(0);
	}
	assert_true(asked < 20000); /* it was not read for ever */
	json_decref(ask("{\"method\":\"summary\"}"));
	close(s);
	serve(0);
}

static void the_65th_client_is_told_that_it_is_busy(void **state)
{
	int s[65];
	json_t *r;

	(void)state;
	for (int i = 0; i < 65; i++) {
		s[i] = dial();
		serve(0);
	}
	r = reply(s[64]);
	assert_string_equal(code(r), "busy");
	json_decref(r);
	for (int i = 0; i < 64; i++) {
		assert_true(put(s[i], "{\"method\":\"version\"}\n", 21));
		r = reply(s[i]);
		assert_non_null(r);
		json_decref(r);
		close(s[i]);
	}
	close(s[64]);
	serve(0);
	json_decref(ask("{\"method\":\"version\"}"));
}

static void the_socket_is_for_owner_and_group(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(cfg->api.socket, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
}

static void a_second_lnsd_is_refused_and_a_dead_ones_socket_replaced(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_null(api_start(NULL));
	assert_int_equal(access(cfg->api.socket, F_OK), 0);
	api_stop(api);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", cfg->api.socket);
	assert_int_equal(bind(s, (struct sockaddr *)&a, sizeof(a)), 0);
	close(s);
	api = api_start(NULL);
	assert_non_null(api);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_wrong_request_is_answered_with_what_is_allowed),
		T(garbage_of_any_length_is_answered_and_the_next_request_served),
		T(a_client_that_shuts_its_side_still_gets_its_answers),
		T(a_reader_that_never_reads_holds_up_nobody_and_little_memory),
		T(the_65th_client_is_told_that_it_is_busy),
		T(the_socket_is_for_owner_and_group),
		T(a_second_lnsd_is_refused_and_a_dead_ones_socket_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
