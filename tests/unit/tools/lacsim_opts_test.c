/* SPDX-License-Identifier: BSD-3-Clause */
/* lacsim_opts_test.c - the command line of lacsim. */
#include "tools/lacsim/opts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char said[8192];

static int parse(struct sim_opts *o, char **argv)
{
	int argc = 0, rc;
	FILE *f = fmemopen(said, sizeof(said), "w");

	while (argv[argc])
		argc++;
	rc = sim_opts_parse(o, argc, argv, f, f);
	fclose(f);
	return rc;
}

#define PARSE(o, ...) parse(o, (char *[]){"lacsim", __VA_ARGS__, NULL})

static void defaults_are_one_session_in_one_tunnel(void **state)
{
	struct sim_opts o;

	(void)state;
	assert_int_equal(PARSE(&o, "--lns", "192.0.2.1"), 0);
	assert_int_equal(o.tunnels, 1);
	assert_int_equal(o.sessions, 1);
	assert_int_equal(o.min_up, 1);
	assert_int_equal(o.lns.sa.ss_family, AF_INET);
	assert_int_equal(ntohs(((struct sockaddr_in *)&o.lns.sa)->sin_port), 1701);
}

static void fewer_calls_at_once_where_the_link_is_a_port(void **state)
{
	struct sim_opts o;

	(void)state;
	assert_int_equal(PARSE(&o, "--lns", "192.0.2.1"), 0);
	assert_int_equal(o.in_flight, 1000);
	assert_int_equal(PARSE(&o, "--lns", "192.0.2.1", "--port", "net_null0", "--address",
				 "192.0.2.2/24", "--phases", "setup"),
		0);
	assert_int_equal(o.in_flight, 256);
	assert_int_equal(PARSE(&o, "--lns", "192.0.2.1", "--port", "net_null0", "--address",
				 "192.0.2.2/24", "--phases", "setup", "--in-flight", "9"),
		0);
	assert_int_equal(o.in_flight, 9);
}

static void every_form_of_address_is_read(void **state)
{
	struct sim_addr a;

	(void)state;
	assert_int_equal(sim_addr_parse(&a, "192.0.2.1:99", 1), 0);
	assert_int_equal(ntohs(((struct sockaddr_in *)&a.sa)->sin_port), 99);
	assert_int_equal(sim_addr_parse(&a, "2001:db8::1", 5), 0);
	assert_int_equal(ntohs(((struct sockaddr_in6 *)&a.sa)->sin6_port), 5);
	assert_int_equal(sim_addr_parse(&a, "[2001:db8::1]:99", 5), 0);
	assert_int_equal(ntohs(((struct sockaddr_in6 *)&a.sa)->sin6_port), 99);
	assert_int_equal(sim_addr_parse(&a, "[::1]", 5), 0);
	assert_true(sim_addr_parse(&a, "host", 1) && sim_addr_parse(&a, "192.0.2.1:", 1) &&
		sim_addr_parse(&a, "192.0.2.1:70000", 1) && sim_addr_parse(&a, "[::1", 1) &&
		sim_addr_parse(&a, "", 1));
}

static void a_number_of_any_width_reaches_its_place_and_no_other(void **state)
{
	struct sim_opts o, d;

	(void)state;
	assert_int_equal(PARSE(&d, "--lns", "192.0.2.1"), 0);
	assert_int_equal(PARSE(&o, "--lns", "192.0.2.1", "--source-port", "65535", "--cpu", "7",
				 "--generation", "4294967295", "--seed", "18446744073709551615",
				 "--mru", "9216", "--pps", "10000000"),
		0);
	assert_int_equal(o.source_port, 65535);
	assert_int_equal(o.cpu, 7);
	assert_int_equal(o.generation, UINT32_MAX);
	assert_int_equal(o.seed, UINT64_MAX);
	assert_int_equal(o.mru, 9216);
	assert_int_equal(o.pps, 10000000);
	d.source_port = o.source_port;
	d.cpu = o.cpu;
	d.generation = o.generation;
	d.seed = o.seed;
	d.mru = o.mru;
	d.pps = o.pps;
	assert_memory_equal(&o, &d, sizeof(o));
}

static void numbers_replace_only_the_first_placeholder(void **state)
{
	char out[16];

	(void)state;
	assert_int_equal(sim_numbered(out, sizeof(out), "u%d@x%s", 7), 6);
	assert_string_equal(out, "u7@x%s");
	assert_int_equal(sim_numbered(out, 4, "abcdef", 7), 3);
	assert_string_equal(out, "abc");
}

static void what_is_out_of_range_is_named_with_what_is_allowed(void **state)
{
	struct sim_opts o;

	(void)state;
	assert_int_equal(PARSE(&o, "--lns", "192.0.2.1", "--tunnels", "70000"), -1);
	assert_string_equal(
		said, "lacsim: --tunnels: \"70000\": must be a number from 1 to 65535\n");
	assert_int_equal(PARSE(&o, "--lns", "192.0.2.1", "--pps", "-1"), -1);
	assert_int_equal(PARSE(&o, "--lns", "192.0.2.1", "--pps", "1x"), -1);
	assert_int_equal(PARSE(&o, "--lns", "192.0.2.1", "--bogus"), -1);
	assert_int_equal(PARSE(&o, "--lns", "192.0.2.1", "word"), -1);
	assert_int_equal(PARSE(&o, "--lns"), -1);
}

static void what_does_not_go_together_is_refused(void **state)
{
	struct sim_opts o;

	(void)state;
	assert_int_equal(PARSE(&o, "--sessions", "5"), -1);
	assert_int_equal(PARSE(&o, "--core-echo"), -1);
	assert_int_equal(PARSE(&o, "--lns", "192.0.2.1", "--traffic", "5"), -1);
	assert_int_equal(PARSE(&o, "--lns", "192.0.2.1", "--sessions", "65536"), -1);
	assert_int_equal(
		PARSE(&o, "--lns", "192.0.2.1", "--sessions", "65536", "--tunnels", "2"), 0);
	assert_int_equal(PARSE(&o, "--lns", "192.0.2.1", "--bind", "::1"), -1);
	assert_int_equal(
		PARSE(&o, "--lns", "192.0.2.1", "--traffic", "5", "--peer-to-peer", "--traffic6"),
		-1);
	assert_int_equal(PARSE(&o, "--lns", "192.0.2.1", "--traffic", "5", "--peer-to-peer"), 0);
}

static void help_names_every_option(void **state)
{
	static const char *const some[] = {
		"--lns ADDR", "--no-teardown", "--core-echo", "--max-loss", "--sequencing"};
	struct sim_opts o;

	(void)state;
	assert_int_equal(PARSE(&o, "--help"), 1);
	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++)
		assert_non_null(strstr(said, some[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_one_session_in_one_tunnel),
		cmocka_unit_test(fewer_calls_at_once_where_the_link_is_a_port),
		cmocka_unit_test(every_form_of_address_is_read),
		cmocka_unit_test(a_number_of_any_width_reaches_its_place_and_no_other),
		cmocka_unit_test(numbers_replace_only_the_first_placeholder),
		cmocka_unit_test(what_is_out_of_range_is_named_with_what_is_allowed),
		cmocka_unit_test(what_does_not_go_together_is_refused),
		cmocka_unit_test(help_names_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
