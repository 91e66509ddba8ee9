/* SPDX-License-Identifier: BSD-3-Clause */
/* cfg_value_test.c - how values are read: units, switches, lists, pools, secrets, names; and
 * printed. */
#include "config/cfg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static const char head[] = "schema: 1\n"
			   "identity: me\n"
			   "l2tp:\n"
			   "  endpoints: [{name: v4, address: 192.0.2.1}]\n"
			   "  lac-profiles: [{name: any, ppp-profile: p%s}]\n"
			   "ppp-profiles: [{name: p, auth: [pap]%s}]\n"
			   "dataplane:\n"
			   "  ports: [{name: p0, dev: net_null0, addresses: [192.0.2.1/24]%s}]\n"
			   "%s\n";

/* A valid configuration with more keys in the LAC profile, the PPP profile, the port, or behind. */
static struct cfg *parse(const char *lac, const char *ppp, const char *port, const char *rest)
{
	char *text = NULL;
	struct cfg *c;

	assert_true(asprintf(&text, head, lac, ppp, port, rest) > 0);
	c = cfg_parse("test", text, strlen(text), stderr);
	free(text);
	assert_non_null(c);
	return c;
}

static void durations_have_units(void **state)
{
	static const struct {
		const char *key;
		uint32_t ms;
	} cases[] = {{", hello: 1500ms", 1500}, {", hello: 60s", 60000}, {", hello: 5m", 300000},
		{", hello: 1h", 3600000}, {", hello: off", 0}, {", hello: 0", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cfg *c = parse(cases[i].key, "", "", "");

		assert_int_equal(c->lac_profiles[0].hello_ms, cases[i].ms);
		cfg_free(c);
	}
}

static void sizes_have_units_of_1024(void **state)
{
	static const struct {
		const char *key;
		uint64_t bytes;
	} cases[] = {{"  memory: 67108864", 64ull << 20}, {"  memory: 65536K", 64ull << 20},
		{"  memory: 512M", 512ull << 20}, {"  memory: 2G", 2ull << 30},
		{"  memory: 1T", 1ull << 40}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cfg *c = parse("", "", "", cases[i].key);

		assert_int_equal(c->dataplane.memory_bytes, cases[i].bytes);
		cfg_free(c);
	}
}

static void rates_are_bits_per_second_with_units_of_1000(void **state)
{
	static const struct {
		const char *key;
		uint64_t up, down;
		uint32_t burst_ms;
	} cases[] = {{"", 0, 0, 100}, {", policer: {}", 0, 0, 100},
		{", policer: {up: 64000}", 64000, 0, 100},
		{", policer: {up: 64k, down: 10G, burst: 4s}", 64000, 10000000000, 4000},
		{", policer: {up: off, down: 2M, burst: 1ms}", 0, 2000000, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cfg *c = parse("", cases[i].key, "", "");

		assert_int_equal(c->ppp_profiles[0].rate_up, cases[i].up);
		assert_int_equal(c->ppp_profiles[0].rate_down, cases[i].down);
		assert_int_equal(c->ppp_profiles[0].rate_burst_ms, cases[i].burst_ms);
		cfg_free(c);
	}
}

static void switches_are_on_off_true_and_false(void **state)
{
	struct cfg *c =
		parse("", ", ipv4: off, ipv6: true, mss-clamp: false, source-check: on", "", "");

	(void)state;
	assert_false(c->ppp_profiles[0].ipv4);
	assert_true(c->ppp_profiles[0].ipv6);
	assert_false(c->ppp_profiles[0].mss_clamp);
	assert_true(c->ppp_profiles[0].source_check);
	cfg_free(c);
}

static void numbers_are_stored_in_their_width(void **state)
{
	struct cfg *c =
		parse(", retries: 20, window: 1024", ", echo: {interval: 1s, failures: 255}",
			", mtu: 9216, vlan: 4094", "  worker-cpus: [3, 1023]\n  control-cpu: 7");

	(void)state;
	assert_int_equal(c->lac_profiles[0].retries, 20);
	assert_int_equal(c->lac_profiles[0].window, 1024);
	assert_int_equal(c->ppp_profiles[0].echo_failures, 255);
	assert_int_equal(c->ppp_profiles[0].echo_interval_ms, 1000);
	assert_int_equal(c->dataplane.ports[0].mtu, 9216);
	assert_int_equal(c->dataplane.ports[0].vlan, 4094);
	assert_int_equal(c->dataplane.n_worker_cpus, 2);
	assert_int_equal(c->dataplane.worker_cpus[0], 3);
	assert_int_equal(c->dataplane.worker_cpus[1], 1023);
	assert_int_equal(c->dataplane.control_cpu, 7);
	cfg_free(c);
}

static void an_ipv4_pool_leaves_out_network_broadcast_and_names_its_gateway(void **state)
{
	struct cfg *c = parse("", "", "",
		"pools:\n"
		"  - {name: prefix, range: 100.64.0.0/16}\n"
		"  - {name: range, range: 100.65.0.10-100.65.0.99, gateway: 10.0.0.1}\n"
		"  - {name: pair, range: 100.66.0.0/31}");

	(void)state;
	assert_int_equal(c->pools[0].family, 4);
	assert_int_equal(c->pools[0].first4, 0x64400001);
	assert_int_equal(c->pools[0].last4, 0x6440fffe);
	assert_int_equal(c->pools[0].gateway4, 0x64400001);
	assert_int_equal(c->pools[0].prefix.len, 16);
	assert_int_equal(c->pools[1].first4, 0x6441000a);
	assert_int_equal(c->pools[1].last4, 0x64410063);
	assert_int_equal(c->pools[1].gateway4, 0x0a000001);
	assert_int_equal(c->pools[1].prefix.family, 0); /* no prefix was written */
	assert_int_equal(c->pools[2].first4, 0x64420000);
	assert_int_equal(c->pools[2].last4, 0x64420001);
	cfg_free(c);
}

static void an_ipv6_pool_is_a_prefix_of_64s(void **state)
{
	static const uint8_t addr[16] = {0x20, 0x01, 0x0d, 0xb8, 0x10};
	struct cfg *c =
		parse("", ", pool6: six", "", "pools: [{name: six, prefix: '2001:db8:1000::/40'}]");

	(void)state;
	assert_int_equal(c->pools[0].family, 6);
	assert_int_equal(c->pools[0].prefix.len, 40);
	assert_memory_equal(c->pools[0].prefix.addr, addr, sizeof(addr));
	assert_int_equal(c->pools[0].delegate_len, 64);
	assert_int_equal(c->ppp_profiles[0].ipool6, 0);
	assert_int_equal(c->ppp_profiles[0].ipool4, -1);
	cfg_free(c);
}

static void a_secret_turns_the_challenge_on_unless_it_is_off(void **state)
{
	struct cfg *c = parse(", secret: s", "", "", "");

	(void)state;
	assert_true(c->lac_profiles[0].challenge);
	cfg_free(c);
	c = parse(", secret: s, challenge: off", "", "", "");
	assert_false(c->lac_profiles[0].challenge);
	cfg_free(c);
}

static void text_that_looks_like_a_number_or_switch_is_text_where_text_is_due(void **state)
{
	struct cfg *c =
		parse("", "", "", "users: [{name: 1, password: 0123}, {name: on, password: ~}]");
	const struct cfg_user *u = cfg_user_find(c, "1", 1);

	(void)state;
	assert_non_null(u);
	assert_string_equal(u->password, "0123");
	u = cfg_user_find(c, "on", 2);
	assert_non_null(u);
	assert_string_equal(u->password, "~");
	cfg_free(c);
}

static void users_are_found_by_name_and_length(void **state)
{
	struct cfg *c = parse("", "", "",
		"users: [{name: bob, password: b}, {name: alice, password: a}, {name: bobby, "
		"password: c},"
		" {name: \"b\xc3\xb6\", password: d}]");

	(void)state;
	for (size_t i = 1; i < c->n_users; i++)
		assert_true(strcmp(c->users[i - 1].name, c->users[i].name) < 0);
	assert_string_equal(cfg_user_find(c, "bobby", 3)->password, "b");
	assert_string_equal(cfg_user_find(c, "bobby", 5)->password, "c");
	assert_string_equal(cfg_user_find(c, "b\xc3\xb6", 3)->password, "d");
	assert_null(cfg_user_find(c, "bobby", 4));
	assert_null(cfg_user_find(c, "", 0));
	assert_null(cfg_user_find(c, "bob\0", 4));
	assert_null(cfg_user_find(c, "zoe", 3));
	cfg_free(c);
}

static void put(const char *dir, const char *name, const char *text, size_t len)
{
	char path[300];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, len, out), len);
	fclose(out);
}

static void secrets_in_files_are_relative_to_the_configuration(void **state)
{
	char dir[] = "/tmp/cfg-value-XXXXXX", text[2000], path[300];
	static const char *const files[] = {"lnsd.yaml", "lac", "bob"};
	struct cfg *c;
	int len;

	(void)state;
	assert_non_null(mkdtemp(dir));
	put(dir, "lac", "tunnel\n\n", 8);
	put(dir, "bob", "a\0b", 3);
	snprintf(path, sizeof(path), "users: [{name: b, password: 'file:%s/bob'}]", dir);
	len = snprintf(text, sizeof(text), head, ", secret: 'file:lac'", "", "", path);
	put(dir, "lnsd.yaml", text, (size_t)len);
	snprintf(path, sizeof(path), "%s/lnsd.yaml", dir);
	c = cfg_load(path, stderr);
	assert_non_null(c);
	assert_string_equal(c->lac_profiles[0].secret, "tunnel\n"); /* one newline is cut */
	assert_int_equal(c->lac_profiles[0].secret_len, 7);
	assert_int_equal(c->users[0].password_len, 3);
	assert_memory_equal(c->users[0].password, "a\0b", 3);
	cfg_free(c);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
}

static char *written(const struct cfg *c)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cfg_write_yaml(c, out);
	fclose(out);
	return text;
}

static void a_printed_configuration_reads_as_itself(void **state)
{
	char path[4096], *once, *twice;
	struct cfg *c;

	(void)state;
	snprintf(path, sizeof(path), "%s/config/lnsd.example.yaml", getenv("LNSD_SOURCE"));
	c = cfg_load(path, stderr);
	assert_non_null(c);
	once = written(c);
	cfg_free(c);
	c = cfg_parse("printed", once, strlen(once), stderr);
	assert_non_null(c);
	twice = written(c);
	cfg_free(c);
	assert_string_equal(once, twice);
	free(once);
	free(twice);
}

static void a_printed_configuration_holds_no_secret(void **state)
{
	struct cfg *c = parse(", secret: hunter2", "", "", "users: [{name: b, password: hunter3}]");
	char *text = written(c);

	(void)state;
	assert_non_null(strstr(text, "secret: \"***\"\n"));
	assert_non_null(strstr(text, "password: \"***\"\n"));
	assert_null(strstr(text, "hunter"));
	free(text);
	cfg_free(c);
}

static void a_secret_that_begins_with_nul_is_printed_as_one(void **state)
{
	struct cfg *c = parse("", "", "", "users: [{name: b, password: \"\\0x\"}]");
	char *text = written(c);

	(void)state;
	assert_int_equal(c->users[0].password_len, 2);
	assert_non_null(strstr(text, "password: \"***\"\n"));
	free(text);
	cfg_free(c);
}

static void the_printed_form_is_this(void **state)
{
	struct cfg *c = parse(", hello: 1500ms", ", dns: [192.0.2.53]", "",
		"pools: [{name: a, range: 100.64.0.10-100.64.0.20}]");
	char *text = written(c);

	(void)state;
	assert_non_null(strstr(text,
		"  ports:\n"
		"    - name: \"p0\"\n"
		"      dev: \"net_null0\"\n"
		"      mtu: 1500\n"
		"      vlan: off\n"
		"      addresses: [\"192.0.2.1/24\"]\n"
		"l2tp:\n"));
	assert_non_null(strstr(text, "      hello: 1500ms\n"));
	assert_non_null(strstr(text,
		"    echo:\n      interval: 30s\n      failures: 4\n"
		"    dns: [\"192.0.2.53\"]\n"));
	assert_non_null(strstr(text,
		"pools:\n"
		"  - name: \"a\"\n"
		"    range: 100.64.0.10-100.64.0.20\n"
		"    gateway: 100.64.0.10\n"
		"users: []\n"));
	free(text);
	cfg_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(sizes_have_units_of_1024),
		cmocka_unit_test(rates_are_bits_per_second_with_units_of_1000),
		cmocka_unit_test(switches_are_on_off_true_and_false),
		cmocka_unit_test(numbers_are_stored_in_their_width),
		cmocka_unit_test(an_ipv4_pool_leaves_out_network_broadcast_and_names_its_gateway),
		cmocka_unit_test(an_ipv6_pool_is_a_prefix_of_64s),
		cmocka_unit_test(a_secret_turns_the_challenge_on_unless_it_is_off),
		cmocka_unit_test(text_that_looks_like_a_number_or_switch_is_text_where_text_is_due),
		cmocka_unit_test(users_are_found_by_name_and_length),
		cmocka_unit_test(secrets_in_files_are_relative_to_the_configuration),
		cmocka_unit_test(a_printed_configuration_reads_as_itself),
		cmocka_unit_test(a_printed_configuration_holds_no_secret),
		cmocka_unit_test(a_secret_that_begins_with_nul_is_printed_as_one),
		cmocka_unit_test(the_printed_form_is_this),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
