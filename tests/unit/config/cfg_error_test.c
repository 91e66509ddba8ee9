/* SPDX-License-Identifier: BSD-3-Clause */
/* cfg_error_test.c - every kind of error: its place and its text. A case replaces one piece of
 * a valid configuration and states the errors that follow, all of them, as LINE:COL: PATH: TEXT. */
#include "config/cfg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const char base[] = "schema: 1\n"
			   "dataplane:\n"
			   "  ports:\n"
			   "    - name: p0\n"
			   "      dev: net_null0\n"
			   "      addresses: [192.0.2.1/24]\n"
			   "l2tp:\n"
			   "  endpoints:\n"
			   "    - {name: v4, address: 192.0.2.1}\n"
			   "  lac-profiles:\n"
			   "    - name: any\n"
			   "      ppp-profile: p\n"
			   "ppp-profiles:\n"
			   "  - name: p\n"
			   "    auth: [pap]\n"
			   "    pool4: four\n"
			   "pools:\n"
			   "  - name: four\n"
			   "    range: 100.64.0.0/24\n"
			   "  - name: six\n"
			   "    prefix: 2001:db8::/48\n"
			   "users:\n"
			   "  - {name: a, password: x}\n"
			   "  - {name: b, password: y}\n";

static char *errors_of(const char *text, size_t len)
{
	char *messages = NULL;
	size_t size;
	FILE *err = open_memstream(&messages, &size);
	struct cfg *c = cfg_parse("f", text, len, err);

	fclose(err);
	assert_int_equal(c == NULL, *messages != '\0');
	cfg_free(c);
	return messages;
}

/* The messages of cfg_parse() for these lines: with the file, the word "error" and the count. */
static char *expected(const char *lines)
{
	char *text = NULL;
	size_t size, n = 0;
	FILE *out = open_memstream(&text, &size);

	while (*lines) {
		size_t len = strcspn(lines, "\n") + 1;
		const char *message = strstr(lines, ": ");

		fprintf(out, "f:%.*s: error%.*s", (int)(message - lines), lines,
			(int)(lines + len - message), message);
		lines += len;
		n++;
	}
	fprintf(out, n == 1 ? "%zu error\n" : "%zu errors\n", n);
	fclose(out);
	return text;
}

static char *replaced(const char *piece, const char *by)
{
	const char *at = strstr(base, piece);
	char *text = malloc(sizeof(base) + strlen(by));

	assert_non_null(at);
	sprintf(text, "%.*s%s%s", (int)(at - base), base, by, at + strlen(piece));
	return text;
}

static void reports(const char *piece, const char *by, const char *lines)
{
	char *text = replaced(piece, by), *got = errors_of(text, strlen(text)),
	     *want = expected(lines);

	assert_string_equal(got, want);
	free(text);
	free(got);
	free(want);
}

static void accepts(const char *piece, const char *by)
{
	char *text = replaced(piece, by), *got = errors_of(text, strlen(text));

	assert_string_equal(got, "");
	free(text);
	free(got);
}

static void the_base_of_these_tests_is_valid(void **state)
{
	(void)state;
	accepts("schema: 1", "schema: 1");
}

static void a_key_that_does_not_exist_is_told_with_those_that_do(void **state)
{
	(void)state;
	reports("      dev: net_null0", "      dev: net_null0\n      mtuu: 1500",
		"6:7: dataplane.ports[0].mtuu: unknown key; did you mean \"mtu\"? allowed: name, "
		"dev, mtu, vlan, addresses\n");
	reports("      dev: net_null0", "      dev: net_null0\n      colour: red",
		"6:7: dataplane.ports[0].colour: unknown key; allowed: name, dev, mtu, vlan, "
		"addresses\n");
	reports("  - name: four", "  - nam: four",
		"18:5: pools[0].nam: unknown key; did you mean \"name\"? allowed: name, range, "
		"prefix, gateway\n"
		"18:5: pools[0]: \"name\" is missing; it must stand here\n");
}

static void a_key_that_stands_twice_is_an_error(void **state)
{
	(void)state;
	reports("      dev: net_null0", "      dev: net_null0\n      dev: net_null1",
		"6:7: dataplane.ports[0].dev: stands here a second time; first in line 5\n");
}

static void a_key_that_must_stand_there_is_missed(void **state)
{
	(void)state;
	reports("      dev: net_null0\n", "",
		"4:7: dataplane.ports[0]: \"dev\" is missing; it must stand here\n");
	reports("schema: 1\n", "", "1:1: \"schema\" is missing; it must stand here\n");
	reports("    range: 100.64.0.0/24\n", "",
		"18:5: pools[0]: none of \"range\" and \"prefix\" stands here; allowed: exactly "
		"one\n");
	reports("  - {name: b, password: y}", "  - {name: b}",
		"24:5: users[1]: \"password\" is missing; it must stand here\n");
}

static void a_word_that_is_not_known_is_told_with_those_that_are(void **state)
{
	(void)state;
	reports("schema: 1", "schema: 1\non-stop: keep",
		"2:10: on-stop: \"keep\" is unknown; allowed: end\n");
	reports("schema: 1", "schema: 1\nlog: {level: chatty, to: on}",
		"2:14: log.level: \"chatty\" is unknown; allowed: bug, error, warn, info, debug\n"
		"2:26: log.to: \"on\" is unknown; allowed: stderr, journald\n");
	reports("    auth: [pap]", "    auth: [eap]",
		"15:12: ppp-profiles[0].auth[0]: \"eap\" is unknown; allowed: pap, chap-md5\n");
}

static void a_value_of_the_wrong_kind_is_told_with_the_right_kind(void **state)
{
	(void)state;
	reports("schema: 1", "schema: 1\nlog: [a]",
		"2:6: log: a list stands here; allowed: a map\n");
	reports("schema: 1", "schema: 1\nlog:", "2:5: log: nothing stands here; allowed: a map\n");
	reports("schema: 1", "schema: 1\nidentity: {a: b}",
		"2:11: identity: a map stands here; allowed: text of 1 to 63 octets\n");
	reports("  ports:", "  worker-cpus: 1\n  ports:",
		"3:16: dataplane.worker-cpus: a single value stands here; allowed: a list, like "
		"[a, b]\n");
	reports("  ports:", "  worker-cpus: [1, 5000, [2]]\n  ports:",
		"3:20: dataplane.worker-cpus[1]: \"5000\" is out of range; allowed: 0 to 1023\n"
		"3:26: dataplane.worker-cpus[2]: a list stands here; allowed: 0 to 1023\n");
	reports("  - {name: b, password: y}", "  - b",
		"24:5: users[1]: a single value stands here; allowed: a map\n");
}

static void a_number_out_of_range_is_told_in_base_units_with_the_range(void **state)
{
	(void)state;
	reports("schema: 1", "schema: 2", "1:9: schema: \"2\" is out of range; allowed: 1\n");
	reports("  ports:", "  workers: 65\n  ports:",
		"3:12: dataplane.workers: \"65\" is out of range; allowed: 1 to 64\n");
	reports("  ports:", "  workers: 99999999999999999999999\n  ports:",
		"3:12: dataplane.workers: \"99999999999999999999999\" is out of range; allowed: 1 "
		"to 64\n");
	reports("  ports:", "  memory: 1M\n  ports:",
		"3:11: dataplane.memory: \"1M\" is out of range; allowed: 64M to 1T\n");
	reports("      ppp-profile: p", "      ppp-profile: p\n      hello: 90m",
		"13:14: l2tp.lac-profiles[0].hello: \"90m\" is 5400 s; allowed: off, or 1 s to "
		"3600 s\n");
	reports("      ppp-profile: p", "      ppp-profile: p\n      hello: 500ms",
		"13:14: l2tp.lac-profiles[0].hello: \"500ms\" is 500 ms; allowed: off, or 1 s to "
		"3600 s\n");
	reports("      ppp-profile: p", "      ppp-profile: p\n      retransmit-cap: 7999ms",
		"13:23: l2tp.lac-profiles[0].retransmit-cap: \"7999ms\" is 7999 ms; allowed: 8 s "
		"to 60 s\n");
	reports("  ports:", "  memory: 1M\n  ports:",
		"3:11: dataplane.memory: \"1M\" is out of range; allowed: 64M to 1T\n");
	reports("  ports:", "  memory: 2048K\n  ports:",
		"3:11: dataplane.memory: \"2048K\" is 2M; allowed: 64M to 1T\n");
}

static void text_that_is_no_number_is_told_with_the_form(void **state)
{
	(void)state;
	reports("  ports:", "  workers: two\n  ports:",
		"3:12: dataplane.workers: \"two\" is not a whole number; allowed: 1 to 64\n");
	reports("  ports:", "  workers: -1\n  ports:",
		"3:12: dataplane.workers: \"-1\" is not a whole number; allowed: 1 to 64\n");
	reports("  ports:", "  memory: 5X\n  ports:",
		"3:11: dataplane.memory: \"5X\" is not a size (a number with K, M, G or T); "
		"allowed: 64M to 1T\n");
	reports("    auth: [pap]", "    auth: [pap]\n    policer: {up: 5m}",
		"16:19: ppp-profiles[0].policer.up: \"5m\" is not a rate (bits per second: a "
		"number, "
		"or one with k, M or G); allowed: off, or 64k to 10G\n");
	reports("    auth: [pap]", "    auth: [pap]\n    policer: {up: 63999, down: 20000M}",
		"16:19: ppp-profiles[0].policer.up: \"63999\" is out of range; allowed: off, or "
		"64k "
		"to 10G\n"
		"16:32: ppp-profiles[0].policer.down: \"20000M\" is 20G; allowed: off, or 64k to "
		"10G\n");
	reports("  ports:", "  hugepages: maybe\n  ports:",
		"3:14: dataplane.hugepages: \"maybe\" is not a switch; allowed: on, off\n");
	reports("      ppp-profile: p", "      ppp-profile: p\n      hello: 10",
		"13:14: l2tp.lac-profiles[0].hello: \"10\" is not a duration (a number with ms, s, "
		"m or h); allowed: off, or 1 s to 3600 s\n");
}

static void an_address_or_prefix_that_is_none_is_an_error(void **state)
{
	(void)state;
	reports("      ppp-profile: p", "      ppp-profile: p\n      match: {source: [10.0.0.1/8]}",
		"13:24: l2tp.lac-profiles[0].match.source[0]: \"10.0.0.1/8\" has bits set behind "
		"its length; allowed: 10.0.0.0/8\n");
	reports("      ppp-profile: p", "      ppp-profile: p\n      match: {source: [10.0.0.0]}",
		"13:24: l2tp.lac-profiles[0].match.source[0]: \"10.0.0.0\" is not such a prefix; "
		"allowed: an IPv4 or IPv6 prefix, like 192.0.2.0/24 or 2001:db8::/32\n");
	reports("    auth: [pap]", "    auth: [pap]\n    dns: ['2001:db8::1']",
		"16:11: ppp-profiles[0].dns[0]: \"2001:db8::1\" is not such an address; allowed: "
		"an IPv4 address\n");
	reports("    auth: [pap]", "    auth: [pap]\n    dns: [127.0.0.1]",
		"16:11: ppp-profiles[0].dns[0]: \"127.0.0.1\" is an address that no host can have; "
		"allowed: an IPv4 address\n");
	reports("    range: 100.64.0.0/24", "    range: 100.64.0.1/24",
		"19:12: pools[0].range: \"100.64.0.1/24\" has bits set behind its length; allowed: "
		"100.64.0.0/24\n");
	reports("    range: 100.64.0.0/24", "    range: 224.0.0.0/24",
		"19:12: pools[0].range: \"224.0.0.0/24\" holds addresses that no host can have; "
		"allowed: an IPv4 prefix of length 8 to 32, or FIRST-LAST of at most 16777216 "
		"addresses\n");
	reports("    prefix: 2001:db8::/48", "    prefix: 2001:db8::/32",
		"21:13: pools[1].prefix: \"2001:db8::/32\" is not such a prefix; allowed: an IPv6 "
		"prefix of length 40 to 64\n");
	reports("  - {name: b, password: y}",
		"  - {name: b, password: y, prefix6: '2001:db8:1::/56'}",
		"24:37: users[1].prefix6: \"2001:db8:1::/56\" is not such a prefix; allowed: an "
		"IPv6 prefix of length 64\n");
	reports("address: 192.0.2.1}", "address: 192.0.2.256}",
		"9:27: l2tp.endpoints[0].address: \"192.0.2.256\" is not such an address; allowed: "
		"an IPv4 or IPv6 address\n");
	reports("[192.0.2.1/24]", "[192.0.2.1]",
		"6:19: dataplane.ports[0].addresses[0]: \"192.0.2.1\" is not such an address; "
		"allowed: an IPv4 or IPv6 address with the length of its prefix, like "
		"192.0.2.1/24\n");
}

static void text_of_a_wrong_length_or_with_control_characters_is_an_error(void **state)
{
	(void)state;
	reports("      ppp-profile: p", "      ppp-profile: p\n      secret: ''",
		"13:15: l2tp.lac-profiles[0].secret: the secret has 0 octets; allowed: text of 1 "
		"to 127 octets, or file:PATH\n");
	reports("  - {name: b, password: y}", "  - {name: \"b\\n\", password: y}",
		"24:12: users[1].name: \"b\\x0a\" has a control character; allowed: text of 1 to "
		"255 octets\n");
	reports("  - {name: b, password: y}", "  - {name: \"b\\0\", password: y}",
		"24:12: users[1].name: \"b\\x00\" has a control character; allowed: text of 1 to "
		"255 octets\n");
	reports("  - {name: b, password: y}",
		"  - {name: b, password: "
		"\"ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss"
		"ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss"
		"ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss"
		"ssssssssssss\"}",
		"24:25: users[1].password: the secret has 256 octets; allowed: text of 1 to 255 "
		"octets, or file:PATH\n");
	reports("    - name: p0", "    - name: abcdefghijklmnop",
		"4:13: dataplane.ports[0].name: \"abcdefghijklmnop\" has 16 octets; allowed: text "
		"of 1 to 15 octets\n");
	reports("schema: 1", "schema: 1\nidentity: \"bell\\a\"",
		"2:11: identity: \"bell\\x07\" has a control character; allowed: text of 1 to 63 "
		"octets\n");
}

static void a_list_of_a_wrong_length_is_an_error(void **state)
{
	(void)state;
	reports("    auth: [pap]", "    auth: []",
		"15:11: ppp-profiles[0].auth: 0 entries; allowed: 1 to 2\n");
	reports("    auth: [pap]", "    auth: [pap]\n    dns: [1.1.1.1, 2.2.2.2, 3.3.3.3]",
		"16:10: ppp-profiles[0].dns: 3 entries; allowed: 0 to 2\n");
}

static void a_name_of_nothing_is_an_error(void **state)
{
	(void)state;
	reports("      ppp-profile: p", "      ppp-profile: q",
		"12:20: l2tp.lac-profiles[0].ppp-profile: there is no PPP profile \"q\"; allowed: "
		"a name from ppp-profiles\n");
	reports("    pool4: four", "    pool4: six",
		"16:12: ppp-profiles[0].pool4: the pool \"six\" is of IPv6; allowed: one of "
		"IPv4\n");
	reports("    pool4: four", "    pool4: five",
		"16:12: ppp-profiles[0].pool4: there is no pool \"five\"; allowed: a name from "
		"pools\n");
	reports("  - {name: b, password: y}", "  - {name: b, password: y, ppp-profile: q}",
		"24:41: users[1].ppp-profile: there is no PPP profile \"q\"; allowed: a name from "
		"ppp-profiles\n");
	reports("pools:\n", "poolz:\n",
		"16:12: ppp-profiles[0].pool4: there is no pool \"four\"; allowed: a name from "
		"pools\n"
		"17:1: poolz: unknown key; did you mean \"pools\"? allowed: schema, identity, "
		"dataplane, l2tp, ppp-profiles, pools, users, api, log, on-stop\n");
}

static void a_name_or_address_of_two_is_an_error_at_the_second(void **state)
{
	(void)state;
	reports("    auth: [pap]", "    auth: [pap, pap]",
		"15:17: ppp-profiles[0].auth[1]: stands here a second time; allowed: each protocol "
		"once\n");
	reports("  - name: six", "  - name: four\n    range: 100.65.0.0/24\n  - name: six",
		"20:11: pools[1].name: \"four\" is taken by another pool in line 18; allowed: one "
		"that is free\n");
	reports("  - {name: b, password: y}", "  - {name: a, password: y}",
		"24:12: users[1].name: \"a\" is taken by another user in line 23; allowed: one "
		"that is free\n");
	reports("  - {name: b, password: y}", "  - {name: b, password: y, address: 100.64.0.1}",
		"24:37: users[1].address: \"100.64.0.1\" is taken by the gateway of the pool in "
		"line 18; allowed: one that is free\n");
	reports("  - {name: a, password: x}\n  - {name: b, password: y}",
		"  - {name: a, password: x, address: 10.0.0.1, prefix6: '2001:db8:1::/64'}\n  - "
		"{name: b, password: y, address: 10.0.0.1, prefix6: '2001:db8:1::/64'}",
		"24:37: users[1].address: \"10.0.0.1\" is taken by the user in line 23; allowed: "
		"one that is free\n"
		"24:56: users[1].prefix6: \"2001:db8:1::/64\" is taken by the user in line 23; "
		"allowed: one that is free\n");
	reports("address: 192.0.2.1}", "address: 192.0.2.1}\n    - {name: v4, address: 192.0.2.1}",
		"10:14: l2tp.endpoints[1].name: \"v4\" is taken by another endpoint in line 9; "
		"allowed: one that is free\n"
		"10:27: l2tp.endpoints[1].address: \"192.0.2.1\" is taken by another endpoint in "
		"line 9; allowed: one that is free\n");
	reports("l2tp:", "    - {name: p0, dev: net_null1}\nl2tp:",
		"7:14: dataplane.ports[1].name: \"p0\" is taken by another port in line 4; "
		"allowed: one that is free\n");
	reports("l2tp:", "    - {name: p1, dev: net_null0}\nl2tp:",
		"7:23: dataplane.ports[1].dev: \"net_null0\" with this vlan is a port already; "
		"allowed: another device or vlan\n");
	reports("l2tp:", "    - {name: p1, dev: net_null1, addresses: [192.0.2.1/30]}\nl2tp:",
		"7:46: dataplane.ports[1].addresses[0]: \"192.0.2.1/30\" is taken by a port in "
		"line 6; allowed: one that is free\n");
	reports("  - {name: b, password: y}", "  - {name: b, password: y, address: 192.0.2.1}",
		"24:37: users[1].address: \"192.0.2.1\" is taken by a port in line 6; allowed: one "
		"that is free\n");
}

static void pools_are_ranges_apart_from_each_other_and_from_us(void **state)
{
	(void)state;
	reports("    range: 100.64.0.0/24", "    range: 100.64.0.9-100.64.0.1",
		"19:12: pools[0].range: \"100.64.0.9-100.64.0.1\" ends before it begins; allowed: "
		"an IPv4 prefix of length 8 to 32, or FIRST-LAST of at most 16777216 addresses\n");
	reports("    range: 100.64.0.0/24", "    range: 100.64.0.1/32",
		"19:12: pools[0].range: holds only the gateway; allowed: at least one address "
		"more\n");
	reports("    range: 100.64.0.0/24", "    range: 10.0.0.0-12.0.0.0",
		"19:12: pools[0].range: \"10.0.0.0-12.0.0.0\" is too large; allowed: an IPv4 "
		"prefix of length 8 to 32, or FIRST-LAST of at most 16777216 addresses\n");
	reports("    range: 100.64.0.0/24", "    range: 100.64.0.0/24\n    prefix: 2001:db8:5::/48",
		"18:5: pools[0]: both of \"range\" and \"prefix\" stand here; allowed: exactly "
		"one\n");
	reports("    prefix: 2001:db8::/48", "    prefix: 2001:db8::/48\n    gateway: 10.0.0.1",
		"22:14: pools[1].gateway: an IPv6 pool has no gateway; allowed: none\n");
	reports("  - name: six",
		"  - name: more\n    range: 100.64.0.200-100.64.1.3\n  - name: six",
		"21:12: pools[1].range: \"100.64.0.200-100.64.1.3\" overlaps the pool \"four\" in "
		"line 19; allowed: pools apart from each other\n");
	reports("    range: 100.64.0.0/24", "    range: 100.64.0.0/24\n    prefix: 2001:db8:5::/48",
		"18:5: pools[0]: both of \"range\" and \"prefix\" stand here; allowed: exactly "
		"one\n");
	reports("    range: 100.64.0.0/24", "    range: 192.0.0.0/16",
		"19:12: pools[0].range: holds 192.0.2.1, an address of the port \"p0\"; allowed: a "
		"range without it\n");
	reports("    prefix: 2001:db8::/48",
		"    prefix: 2001:db8::/48\n  - {name: x, range: 192.0.0.0/16}",
		"22:22: pools[2].range: holds 192.0.2.1, an address of the port \"p0\"; allowed: a "
		"range without it\n");
}

static void values_that_contradict_each_other_are_an_error(void **state)
{
	(void)state;
	reports("      ppp-profile: p", "      ppp-profile: p\n      challenge: on",
		"13:18: l2tp.lac-profiles[0].challenge: on without a secret; allowed: off, or on "
		"with \"secret\"\n");
	reports("      ppp-profile: p", "      ppp-profile: p\n      max-sessions: 20000",
		"13:21: l2tp.lac-profiles[0].max-sessions: 20000 is more than "
		"dataplane.max-sessions; allowed: 1 to 16384\n");
	reports("      ppp-profile: p", "      ppp-profile: p\n      max-tunnels: 2000",
		"13:20: l2tp.lac-profiles[0].max-tunnels: 2000 is more than dataplane.max-tunnels; "
		"allowed: 1 to 1024\n");
	reports("    auth: [pap]", "    auth: [pap]\n    ipv4: off\n    ipv6: off",
		"17:11: ppp-profiles[0].ipv6: off, as ipv4 is; allowed: at least one of them on\n");
	reports("  - {name: b, password: y}",
		"  - {name: b, password: y, address: 10.0.0.1, max-sessions: 2}",
		"24:61: users[1].max-sessions: 2 sessions cannot share one own address or prefix; "
		"allowed: off, or 1\n");
	reports("address: 192.0.2.1}", "address: 192.0.2.2}",
		"9:27: l2tp.endpoints[0].address: \"192.0.2.2\" is on no port; allowed: an address "
		"of dataplane.ports[].addresses\n");
	reports("    - name: p0", "    - name: p/0",
		"4:13: dataplane.ports[0].name: \"p/0\" cannot name an interface; allowed: "
		"letters, digits, '.', '_', '-'\n");
}

static void anchors_aliases_and_tags_are_refused_where_they_stand(void **state)
{
	(void)state;
	reports("schema: 1", "schema: &a 1",
		"1:9: schema: anchors (&) are not allowed; write the value where it is used\n");
	reports("schema: 1", "schema: 1\nidentity: *a",
		"2:11: identity: aliases (*) are not allowed; write the value where it is used\n");
	reports("schema: 1", "schema: !!int 1",
		"1:9: schema: tags (!) are not allowed; types follow from the key\n");
}

static void yaml_that_is_none_is_an_error_at_its_place(void **state)
{
	(void)state;
	reports("schema: 1", "schema: 1\n\tfoo: 1",
		"2:1: not YAML: found a tab character that violates indentation while scanning a "
		"plain scalar\n");
	reports("schema: 1", "schema: 1\n? [a]\n: b",
		"2:3: a list cannot be a key; allowed: text\n");
	reports("schema: 1", "schema: 1\nidentity: [[[[[[[[[1]]]]]]]]]",
		"2:18: nested too deeply; allowed: 8 levels\n");
	reports("schema: 1", "schema: 1\nidentity: \377",
		"2:11: not YAML: invalid leading UTF-8 octet\n");
	reports("  - {name: b, password: y}", "  - {name: b, password: y}\n---\nschema: 1",
		"25:1: a second document; allowed: one\n");
	reports("  - {name: b, password: y}", "  - {name: b, password: y",
		"25:1: not YAML: did not find expected ',' or '}' while parsing a flow mapping\n");
	reports("schema: 1", "- a",
		"2:1: not YAML: did not find expected '-' indicator while parsing a block "
		"collection\n");
}

static void a_secret_that_cannot_be_read_is_an_error_at_its_place(void **state)
{
	(void)state;
	reports("      ppp-profile: p", "      ppp-profile: p\n      secret: file:nowhere",
		"13:15: l2tp.lac-profiles[0].secret: cannot read \"nowhere\": No such file or "
		"directory; allowed: text of 1 to 127 octets, or file:PATH\n");
}

static void five_errors_in_one_file_are_five_lines_in_the_order_of_the_file(void **state)
{
	(void)state;
	reports("schema: 1\ndataplane:",
		"schema: 3\nlogs: {}\ndataplane:\n  workers: 0\n  idle: lazy\n  memory: 1K",
		"1:9: schema: \"3\" is out of range; allowed: 1\n"
		"2:1: logs: unknown key; did you mean \"log\"? allowed: schema, identity, "
		"dataplane, l2tp, "
		"ppp-profiles, pools, users, api, log, on-stop\n"
		"4:12: dataplane.workers: \"0\" is out of range; allowed: 1 to 64\n"
		"5:9: dataplane.idle: \"lazy\" is unknown; allowed: adaptive, busy\n"
		"6:11: dataplane.memory: \"1K\" is out of range; allowed: 64M to 1T\n");
}

static void an_error_in_a_name_is_not_reported_again_where_the_name_is_used(void **state)
{
	(void)state;
	reports("  - name: four", "  - name: \"fo\\tur\"",
		"18:11: pools[0].name: \"fo\\x09ur\" has a control character; allowed: text of 1 "
		"to 63 octets\n");
}

static void a_pool_may_hold_our_address_as_its_gateway(void **state)
{
	(void)state;
	accepts("range: 100.64.0.0/24", "range: 192.0.2.0/24");
	accepts("range: 100.64.0.0/24", "range: 192.0.0.0/16\n    gateway: 192.0.2.1");
}

static void characters_that_yaml_cannot_print_are_control_characters(void **state)
{
	static const char *const escapes[] = {"\\u0085", "\\u2028", "\\u2029", "\\ufeff"};

	(void)state;
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		char by[64], *text, *got;

		snprintf(by, sizeof(by), "schema: 1\nidentity: \"%s\"", escapes[i]);
		text = replaced("schema: 1", by);
		got = errors_of(text, strlen(text));
		assert_non_null(strstr(got, " has a control character; "));
		free(text);
		free(got);
	}
	accepts("schema: 1", "schema: 1\nidentity: \"b\\u00f6b\"");
}

static void an_empty_text_is_an_error(void **state)
{
	char *got = errors_of("", 0);

	(void)state;
	assert_string_equal(got,
		"f:1:1: error: the configuration is empty; it begins with \"schema: 1\"\n1 "
		"error\n");
	free(got);
}

static void a_file_that_cannot_be_read_is_an_error(void **state)
{
	static const struct {
		const char *file, *text;
	} cases[] = {
		{"/nowhere/lnsd.yaml",
			"/nowhere/lnsd.yaml: error: cannot read the configuration: No such file or "
			"directory\n1 error\n"},
		{"/dev/null",
			"/dev/null: error: cannot read the configuration: not a regular file\n1 "
			"error\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *messages = NULL;
		size_t size;
		FILE *err = open_memstream(&messages, &size);

		assert_null(cfg_load(cases[i].file, err));
		fclose(err);
		assert_string_equal(messages, cases[i].text);
		free(messages);
	}
}

static void no_message_ever_holds_a_secret(void **state)
{
	char by[700] = "  - {name: b, password: \"", *text, *got;

	(void)state;
	for (int i = 0; i < 40; i++)
		strcat(by, "hunter2");
	strcat(by, "\"}");
	text = replaced("  - {name: b, password: y}", by);
	got = errors_of(text, strlen(text));
	assert_non_null(strstr(got, "the secret has 280 octets"));
	assert_null(strstr(got, "hunter2"));
	free(text);
	free(got);
}

/* What lnsd has room for at run time: a 17th route that is taken here would be lost in silence there. */
static void lists_longer_than_lnsd_has_room_for_are_refused(void **state)
{
	static const char *const entry[] = {"  - {name: p%u, auth: [pap]}\n",
		"    - {name: e%u, address: 192.0.2.1}\n", "10.0.%u.0/24,"};
	static const char *const before[] = {"    pool4: four\n",
		"    - {name: v4, address: 192.0.2.1}\n", "  - {name: a, password: x, routes: ["};
	static const unsigned int most[] = {256, 64, 16}, there[] = {1, 1, 0};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (unsigned int n = most[i]; n <= most[i] + 1; n++) {
			char text[20000], count[40], *messages;
			const char *at =
				strstr(base, i == 2 ? "  - {name: a, password: x" : before[i]);
			size_t len = (size_t)(at - base);

			memcpy(text, base, len);
			len += (size_t)sprintf(text + len, "%s", before[i]);
			for (unsigned int k = there[i]; k < n; k++)
				len += (size_t)sprintf(text + len, entry[i], k);
			at += i == 2 ? strlen("  - {name: a, password: x") : strlen(before[i]);
			sprintf(text + len - (i == 2), "%s%s", i == 2 ? "]" : "", at);
			snprintf(count, sizeof(count), "1 to %u", most[i]);
			if (i == 2)
				snprintf(count, sizeof(count), "0 to %u", most[i]);
			messages = errors_of(text, strlen(text));
			assert_int_equal(strstr(messages, count) != NULL, n > most[i]);
			free(messages);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_base_of_these_tests_is_valid),
		cmocka_unit_test(a_key_that_does_not_exist_is_told_with_those_that_do),
		cmocka_unit_test(a_key_that_stands_twice_is_an_error),
		cmocka_unit_test(a_key_that_must_stand_there_is_missed),
		cmocka_unit_test(a_word_that_is_not_known_is_told_with_those_that_are),
		cmocka_unit_test(a_value_of_the_wrong_kind_is_told_with_the_right_kind),
		cmocka_unit_test(a_number_out_of_range_is_told_in_base_units_with_the_range),
		cmocka_unit_test(text_that_is_no_number_is_told_with_the_form),
		cmocka_unit_test(an_address_or_prefix_that_is_none_is_an_error),
		cmocka_unit_test(text_of_a_wrong_length_or_with_control_characters_is_an_error),
		cmocka_unit_test(a_list_of_a_wrong_length_is_an_error),
		cmocka_unit_test(a_name_of_nothing_is_an_error),
		cmocka_unit_test(a_name_or_address_of_two_is_an_error_at_the_second),
		cmocka_unit_test(pools_are_ranges_apart_from_each_other_and_from_us),
		cmocka_unit_test(values_that_contradict_each_other_are_an_error),
		cmocka_unit_test(anchors_aliases_and_tags_are_refused_where_they_stand),
		cmocka_unit_test(yaml_that_is_none_is_an_error_at_its_place),
		cmocka_unit_test(a_secret_that_cannot_be_read_is_an_error_at_its_place),
		cmocka_unit_test(five_errors_in_one_file_are_five_lines_in_the_order_of_the_file),
		cmocka_unit_test(an_error_in_a_name_is_not_reported_again_where_the_name_is_used),
		cmocka_unit_test(a_pool_may_hold_our_address_as_its_gateway),
		cmocka_unit_test(characters_that_yaml_cannot_print_are_control_characters),
		cmocka_unit_test(an_empty_text_is_an_error),
		cmocka_unit_test(a_file_that_cannot_be_read_is_an_error),
		cmocka_unit_test(lists_longer_than_lnsd_has_room_for_are_refused),
		cmocka_unit_test(no_message_ever_holds_a_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
