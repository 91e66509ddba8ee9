/* SPDX-License-Identifier: BSD-3-Clause */
/* api_test.c - the methods of the JSON API: what they take and what they answer. */
#include "api_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void summary_has_what_tests_and_operators_rely_on(void **state)
{
	json_t *r = ask("{\"id\":\"x\",\"method\":\"summary\"}");

	(void)state;
	assert_string_equal(json_string_value(json_object_get(r, "id")), "x");
	assert_string_equal(at(r, "tunnels"), "3");
	assert_string_equal(at(r, "tunnels_up"), "2");
	assert_string_equal(at(r, "sessions"), "10");
	assert_string_equal(at(r, "sessions_up"), "9");
	assert_string_not_equal(at(r, "uptime_s"), "-");
	assert_string_equal(at(r, "workers.1.id"), "1");
	assert_string_equal(at(r, "workers.1.sessions"), "6");
	assert_string_equal(at(r, "down_by_cause.admin"), "1099511627776");
	assert_string_equal(at(r, "l2tp.bad_avp"), "5");
	assert_string_equal(at(r, "dropped"), "30");
	assert_string_equal(at(r, "longest_turn_us"), "812");
	assert_string_equal(at(r, "slow_turns"), "13");
	json_decref(r);
}

static void ports_drops_pools_workers_memory_and_version_answer(void **state)
{
	json_t *r;

	(void)state;
	r = ask("{\"method\":\"ports\"}");
	assert_string_equal(at(r, "ports.0.mac"), "02:00:00:00:00:a1");
	assert_string_equal(at(r, "ports.0.rx_packets"), "9007199254740992");
	assert_string_equal(at(r, "linux.routes"), "77");
	json_decref(r);
	r = ask("{\"method\":\"drops\"}");
	assert_string_equal(at(r, "drops.1.name"), "spoofed-source");
	assert_string_equal(at(r, "drops.1.packets"), "20");
	assert_string_equal(at(r, "workers"), "-");
	json_decref(r);
	r = ask("{\"method\":\"drops\",\"params\":{\"workers\":true}}");
	assert_string_equal(at(r, "workers.1.drops.runt"), "6");
	json_decref(r);
	r = ask("{\"method\":\"pools\"}");
	assert_string_equal(at(r, "pools.0.used"), "7");
	assert_string_equal(at(r, "pools.0.free"), "93");
	json_decref(r);
	r = ask("{\"method\":\"workers\"}");
	assert_string_equal(at(r, "workers.0.sessions"), "5");
	assert_string_equal(at(r, "workers.1.busy_permille"), "250");
	assert_string_equal(at(r, "workers.1.packets_per_second"), "4000");
	assert_string_equal(at(r, "workers.1.picked_by_queue"), "3");
	assert_string_equal(at(r, "workers.1.picked_by_load"), "1");
	assert_string_equal(at(r, "workers.1.addresses_near"), "12");
	assert_string_equal(at(r, "workers.1.addresses_far"), "2");
	assert_string_equal(at(r, "workers.1.longest_poll_us"), "350");
	assert_string_equal(at(r, "workers.1.slow_polls"), "4");
	json_decref(r);
	r = ask("{\"method\":\"memory\"}");
	assert_string_equal(at(r, "heap_bytes"), "1073741824");
	assert_string_equal(at(r, "l2tp_timers"), "4");
	assert_true(atoll(at(r, "resident_bytes")) > 100000);
	json_decref(r);
	r = ask("{\"method\":\"version\"}");
	assert_string_equal(at(r, "schema"), "1");
	json_decref(r);
}

static void config_is_yaml_and_json_without_secrets(void **state)
{
	json_t *r = ask("{\"method\":\"config\"}");
	const char *yaml = json_string_value(json_object_get(json_object_get(r, "result"), "yaml"));

	(void)state;
	assert_non_null(strstr(yaml, "***"));
	for (size_t i = 0; i < cfg->n_users; i++)
		if (cfg->users[i].password_len > 3)
			assert_null(strstr(yaml, cfg->users[i].password));
	assert_string_equal(at(r, "config.schema"), "1");
	assert_string_equal(at(r, "config.dataplane.ports.0.name"), cfg->dataplane.ports[0].name);
	json_decref(r);
}

static void tunnels_come_in_pages_and_by_filter(void **state)
{
	json_t *r = ask("{\"method\":\"tunnels.list\",\"params\":{\"limit\":150}}");

	(void)state;
	assert_int_equal(
		json_array_size(json_object_get(json_object_get(r, "result"), "tunnels")), 150);
	assert_string_equal(at(r, "next"), "151");
	json_decref(r);
	r = ask("{\"method\":\"tunnels.list\",\"params\":{\"cursor\":151,\"limit\":150}}");
	assert_int_equal(
		json_array_size(json_object_get(json_object_get(r, "result"), "tunnels")), 50);
	assert_string_equal(at(r, "next"), "null");
	json_decref(r);
	r = ask("{\"method\":\"tunnels.list\",\"params\":{\"filter\":{\"host\":\"lac-19?\","
		"\"peer\":\"192.0.2.193\"}}}");
	assert_string_equal(at(r, "tunnels.0.tid"), "1193");
	assert_string_equal(at(r, "tunnels.1"), "-");
	json_decref(r);
	r = ask("{\"method\":\"tunnels.get\",\"params\":{\"tid\":1007}}");
	assert_string_equal(at(r, "tunnel.host"), "lac-7");
	assert_string_equal(at(r, "tunnel.peer_window"), "0");
	json_decref(r);
}

static void a_session_is_found_by_slot_ids_user_and_address(void **state)
{
	static const char *const by[] = {"\"slot\":55000", "\"tid\":1001,\"sid\":55000",
		"\"user\":\"alice\"", "\"address\":\"100.64.0.9\"",
		"\"address\":\"2001:db8:0:7::1\""};

	(void)state;
	session(55000, "alice", 0x64400009);
	sub[55000].prefix6 = 0x20010db800000007;
	for (size_t i = 0; i < 5; i++) {
		unsigned long cursor = 1;
		char line[200];
		json_t *r;

		for (unsigned asks = 0;; asks++) {
			assert_true(asks < 7);
			snprintf(line, sizeof(line),
				"{\"method\":\"sessions.get\",\"params\":{%s%s%lu}}", by[i],
				",\"cursor\":", cursor);
			r = ask(line);
			if (strcmp(at(r, "session"), "null") != 0)
				break;
			cursor = strtoul(at(r, "next"), NULL, 10);
			json_decref(r);
		}
		assert_string_equal(at(r, "session.user"), "alice");
		assert_string_equal(at(r, "session.ip4"), "100.64.0.9");
		assert_string_equal(at(r, "session.prefix6"), "2001:db8:0:7::/64");
		assert_string_equal(at(r, "session.phase"), "Dead");
		assert_string_equal(at(r, "session.up_limit_bps"), "0");
		assert_string_equal(at(r, "session.down_limit_bps"), "50000000");
		json_decref(r);
	}
	expect_error("{\"method\":\"sessions.get\",\"params\":{\"slot\":5}}", "not-found");
	expect_error("{\"method\":\"sessions.get\",\"params\":{\"user\":\"bob\",\"cursor\":59000}}",
		"not-found");
}

static void a_request_looks_at_a_bounded_number_of_slots(void **state)
{
	json_t *r;

	(void)state;
	session(SESSIONS, "last", 1);
	looked_at = 0;
	r = ask("{\"method\":\"sessions.list\",\"params\":{\"limit\":1000}}");
	assert_true(looked_at <= 10100);
	assert_string_equal(at(r, "next"), "10001");
	json_decref(r);
}

static void ten_thousand_sessions_are_paged_through_while_they_come_and_go(void **state)
{
	static uint8_t seen[SESSIONS + 1];
	unsigned long cursor = 0;
	unsigned rows = 0;

	(void)state;
	memset(seen, 0, sizeof(seen));
	for (uint32_t i = 1; i <= 20000; i += 2)
		session(i, "user", i);
	for (;;) {
		char line[120];
		json_t *r, *row;
		size_t i;

		snprintf(line, sizeof(line),
			"{\"method\":\"sessions.list\",\"params\":{\"cursor\":%lu,\"limit\":777}}",
			cursor);
		r = ask(line);
		json_array_foreach(
			json_object_get(json_object_get(r, "result"), "sessions"), i, row) {
			uint32_t slot = (uint32_t)json_integer_value(json_object_get(row, "slot"));

			assert_int_equal(seen[slot]++, 0);
			rows++;
		}
		/* churn among the even slots and the first odd ones; the other odd ones live on */
		for (int k = 0; k < 200; k++) {
			uint32_t slot = (uint32_t)(rand() % 10000) * 2 + 2;

			if (rand() % 2)
				session(slot, "new", slot);
			else
				sub[slot].state = 0;
		}
		if (strcmp(at(r, "next"), "null") == 0) {
			json_decref(r);
			break;
		}
		cursor = strtoul(at(r, "next"), NULL, 10);
		json_decref(r);
	}
	for (uint32_t i = 1; i <= 20000; i += 2)
		assert_int_equal(seen[i], 1);
	assert_true(rows >= 10000);
}

static void a_filter_picks_by_user_pattern_state_and_tunnel(void **state)
{
	json_t *r;

	(void)state;
	session(1, "alice@a", 1);
	session(2, "bob@a", 2);
	session(3, "bob@b", 3);
	sub[3].state = CP_S_CLOSING;
	r = ask("{\"method\":\"sessions.list\",\"params\":{\"filter\":{\"user\":\"*@a\"}}}");
	assert_string_equal(at(r, "sessions.1.user"), "bob@a");
	assert_string_equal(at(r, "sessions.2"), "-");
	json_decref(r);
	r = ask("{\"method\":\"sessions.list\",\"params\":{\"filter\":{\"state\":\"closing\"}}}");
	assert_string_equal(at(r, "sessions.0.user"), "bob@b");
	assert_string_equal(at(r, "sessions.1"), "-");
	json_decref(r);
	r = ask("{\"method\":\"sessions.list\",\"params\":{\"filter\":{\"tid\":1003}}}");
	assert_string_equal(at(r, "sessions.0.user"), "bob@a");
	assert_string_equal(at(r, "sessions.1"), "-");
	json_decref(r);
}

static void bytes_of_peers_are_escaped(void **state)
{
	json_t *r;

	(void)state;
	session(1, "a\\b\"\xff\x01\xc3\xa4", 1);
	memcpy(tunnel[1].host_name.s, "\0\xfe", 2);
	tunnel[1].host_name.len = 2;
	r = ask("{\"method\":\"sessions.get\",\"params\":{\"slot\":1}}");
	assert_string_equal(at(r, "session.user"), "a\\\\b\"\\xff\\x01\\xc3\\xa4");
	json_decref(r);
	r = ask("{\"method\":\"tunnels.get\",\"params\":{\"slot\":1}}");
	assert_string_equal(at(r, "tunnel.host"), "\\x00\\xfe");
	json_decref(r);
}

static void clear_names_one_session_or_tunnel_of_one_generation(void **state)
{
	json_t *r;

	(void)state;
	session(4, "x", 1);
	sub[4].generation = 3;
	expect_error("{\"method\":\"sessions.clear\",\"params\":{\"slot\":4,\"generation\":2}}",
		"not-found");
	assert_int_equal(cleared_session, 0);
	r = ask("{\"method\":\"sessions.clear\",\"params\":{\"slot\":4,\"generation\":3}}");
	assert_string_equal(at(r, "cleared"), "true");
	json_decref(r);
	assert_int_equal(cleared_session, 4);
	sub[4].state = CP_S_CLOSING;
	expect_error(
		"{\"method\":\"sessions.clear\",\"params\":{\"tid\":1005,\"sid\":4}}", "already");
	json_decref(ask("{\"method\":\"tunnels.clear\",\"params\":{\"tid\":1009}}"));
	assert_int_equal(cleared_tunnel, 9);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(summary_has_what_tests_and_operators_rely_on),
		T(ports_drops_pools_workers_memory_and_version_answer),
		T(config_is_yaml_and_json_without_secrets),
		T(tunnels_come_in_pages_and_by_filter),
		T(a_session_is_found_by_slot_ids_user_and_address),
		T(a_request_looks_at_a_bounded_number_of_slots),
		T(ten_thousand_sessions_are_paged_through_while_they_come_and_go),
		T(a_filter_picks_by_user_pattern_state_and_tunnel),
		T(bytes_of_peers_are_escaped),
		T(clear_names_one_session_or_tunnel_of_one_generation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
