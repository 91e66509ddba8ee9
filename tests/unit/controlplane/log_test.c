/* SPDX-License-Identifier: BSD-3-Clause */
/* log_test.c - log lines as they reach stderr. */
#include "controlplane/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define SECOND 1000000000ull

static int pipe_fd[2], old_stderr;
static char text[65536];

static int catch_stderr(void **state)
{
	(void)state;
	setenv("JOURNAL_STREAM", "8:1",
		1); /* somebody else writes the time: lines are compared whole */
	log_init(CFG_LOG_STDERR, CFG_LOG_INFO);
	if (pipe(pipe_fd))
		return -1;
	fflush(stderr);
	old_stderr = dup(STDERR_FILENO);
	dup2(pipe_fd[1], STDERR_FILENO);
	close(pipe_fd[1]);
	return 0;
}

/* What was logged; stderr is stderr again, so that a failure is seen. */
static const char *logged(void)
{
	size_t len = 0;
	ssize_t n;

	if (old_stderr >= 0) {
		dup2(old_stderr, STDERR_FILENO);
		close(old_stderr);
		old_stderr = -1;
	}
	while ((n = read(pipe_fd[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return text;
}

static int release_stderr(void **state)
{
	(void)state;
	logged();
	close(pipe_fd[0]);
	return 0;
}

static void a_line_is_level_event_and_the_pairs(void **state)
{
	(void)state;
	log_line(CFG_LOG_INFO, "session-up", "tunnel=%d session=%d", 7, 12);
	log_line(CFG_LOG_BUG, "stop", "%s", "");
	assert_string_equal(logged(),
		"level=info event=session-up tunnel=7 session=12\n"
		"level=bug event=stop\n");
}

static void a_line_on_a_bare_stderr_begins_with_the_time_in_utc(void **state)
{
	int year, month, day, hour, minute, second, ms, end = 0;

	(void)state;
	unsetenv("JOURNAL_STREAM");
	log_init(CFG_LOG_STDERR, CFG_LOG_INFO);
	log_line(CFG_LOG_INFO, "a", "x=1");
	assert_int_equal(sscanf(logged(), "time=%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n", &year, &month,
				 &day, &hour, &minute, &second, &ms, &end),
		7);
	assert_in_range(year, 2026, 2200);
	assert_string_equal(text + end, "level=info event=a x=1\n");
}

static void lines_less_important_than_the_level_are_not_written(void **state)
{
	(void)state;
	log_line(CFG_LOG_DEBUG, "a", "x=1");
	log_init(CFG_LOG_STDERR, CFG_LOG_WARN);
	log_line(CFG_LOG_INFO, "b", "x=1");
	log_line(CFG_LOG_WARN, "c", "x=1");
	log_line(CFG_LOG_ERROR, "d", "x=1");
	assert_true(log_enabled(CFG_LOG_WARN));
	assert_false(log_enabled(CFG_LOG_INFO));
	assert_string_equal(logged(), "level=warn event=c x=1\nlevel=error event=d x=1\n");
}

static void a_name_of_255_control_octets_stays_one_line_of_printable_ascii(void **state)
{
	unsigned char name[255];
	char quoted[LOG_QUOTED(255)];
	const char *line;

	(void)state;
	for (unsigned i = 0; i < sizeof(name); i++)
		name[i] = (unsigned char)(i % 32);
	log_line(CFG_LOG_WARN, "auth-failed", "user=%s",
		log_quote(quoted, sizeof(quoted), name, sizeof(name)));
	line = logged();
	assert_int_equal(
		strlen(line), strlen("level=warn event=auth-failed user=\"\"\n") + 255 * 4);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	for (const char *p = line; *p != '\n'; p++)
		assert_in_range(*p, 0x20, 0x7e);
}

static void every_octet_is_quoted_so_that_it_can_be_told_again(void **state)
{
	static const char in[] = "a \"b\\\n\x7f\xc3\xa9\0z";
	char quoted[LOG_QUOTED(sizeof(in))];

	(void)state;
	assert_string_equal(log_quote(quoted, sizeof(quoted), in, sizeof(in) - 1),
		"\"a \\\"b\\\\\\x0a\\x7f\\xc3\\xa9\\x00z\"");
	assert_string_equal(log_quote(quoted, sizeof(quoted), "", 0), "\"\"");
}

static void a_quoted_value_fits_into_any_room_and_says_when_it_was_cut(void **state)
{
	static const char in[] = "ab\x01"
				 "c\"d\xff"
				 "efgh";
	char whole[LOG_QUOTED(sizeof(in))];

	(void)state;
	log_quote(whole, sizeof(whole), in, sizeof(in) - 1);
	for (size_t size = 6; size <= sizeof(whole); size++) {
		char *buf = malloc(size); /* a write behind it is seen by AddressSanitizer */
		size_t len;

		log_quote(buf, size, in, sizeof(in) - 1);
		len = strlen(buf);
		assert_true(len < size);
		assert_int_equal(buf[len - 1], '"');
		if (strcmp(buf, whole)) {
			assert_string_equal(buf + len - 4, "...\"");
			assert_memory_equal(buf, whole, len - 4);
		}
		free(buf);
	}
}

static void one_call_is_one_line_whatever_it_holds(void **state)
{
	(void)state;
	log_line(CFG_LOG_INFO, "x", "a=%s", "1\nlevel=bug event=forged\r\x1b[2J");
	assert_string_equal(logged(), "level=info event=x a=1?level=bug event=forged??[2J\n");
}

static void a_line_that_is_too_long_is_cut_and_says_so(void **state)
{
	char big[2 * LOG_LINE_MAX];
	const char *line;
	size_t len;

	(void)state;
	memset(big, 'y', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_line(CFG_LOG_INFO, "x", "a=%s", big);
	line = logged();
	len = strlen(line);
	assert_int_equal(len, LOG_LINE_MAX);
	assert_string_equal(line + len - 5, "y...\n");
}

static void a_limited_call_site_writes_n_lines_a_second_and_counts_the_rest(void **state)
{
	struct log_limit limit = {0};

	(void)state;
	for (int i = 0; i < 5; i++)
		log_limited(&limit, 2, 10 * SECOND + (unsigned)i, CFG_LOG_WARN, "bad", "i=%d", i);
	log_limited(&limit, 2, 11 * SECOND, CFG_LOG_WARN, "bad", "i=%d", 5);
	assert_string_equal(logged(),
		"level=warn event=bad i=0\n"
		"level=warn event=bad i=1\n"
		"level=warn event=bad suppressed=3\n"
		"level=warn event=bad i=5\n");
}

static void what_was_suppressed_is_told_by_a_flush_once_its_second_is_over(void **state)
{
	struct log_limit limit = {0};

	(void)state;
	for (int i = 0; i < 3; i++)
		log_limited(&limit, 1, 5 * SECOND, CFG_LOG_WARN, "bad", "i=%d", i);
	log_limit_flush(&limit, 5 * SECOND + SECOND - 1);
	log_limit_flush(&limit, 6 * SECOND);
	log_limit_flush(&limit, 7 * SECOND);
	assert_string_equal(logged(),
		"level=warn event=bad i=0\n"
		"level=warn event=bad suppressed=2\n");
}

static void each_key_has_its_own_limit(void **state)
{
	struct log_limit a = {0}, b = {0};

	(void)state;
	log_limited(&a, 1, SECOND, CFG_LOG_WARN, "bad", "lac=a");
	log_limited(&a, 1, SECOND, CFG_LOG_WARN, "bad", "lac=a");
	log_limited(&b, 1, SECOND, CFG_LOG_WARN, "bad", "lac=b");
	assert_string_equal(logged(), "level=warn event=bad lac=a\nlevel=warn event=bad lac=b\n");
}

static void without_journald_lines_go_to_stderr(void **state)
{
	(void)state;
	if (!access("/run/systemd/journal/socket", W_OK)) {
		logged();
		skip();
	}
	assert_int_equal(log_init(CFG_LOG_JOURNALD, CFG_LOG_INFO), -ENOENT);
	log_line(CFG_LOG_INFO, "x", "a=1");
	assert_string_equal(logged(), "level=info event=x a=1\n");
}

#define LOG_TEST(f) cmocka_unit_test_setup_teardown(f, catch_stderr, release_stderr)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(a_line_is_level_event_and_the_pairs),
		LOG_TEST(a_line_on_a_bare_stderr_begins_with_the_time_in_utc),
		LOG_TEST(lines_less_important_than_the_level_are_not_written),
		LOG_TEST(a_name_of_255_control_octets_stays_one_line_of_printable_ascii),
		LOG_TEST(every_octet_is_quoted_so_that_it_can_be_told_again),
		LOG_TEST(a_quoted_value_fits_into_any_room_and_says_when_it_was_cut),
		LOG_TEST(one_call_is_one_line_whatever_it_holds),
		LOG_TEST(a_line_that_is_too_long_is_cut_and_says_so),
		LOG_TEST(a_limited_call_site_writes_n_lines_a_second_and_counts_the_rest),
		LOG_TEST(what_was_suppressed_is_told_by_a_flush_once_its_second_is_over),
		LOG_TEST(each_key_has_its_own_limit),
		LOG_TEST(without_journald_lines_go_to_stderr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
