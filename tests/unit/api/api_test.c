/* SPDX-License-Identifier: BSD-3-Clause */
/* api_test.c - the JSON API over its Unix socket, in front of a control core and a dataplane that
 * the test plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "controlplane/api/api.h"
#include "controlplane/linux/linux.h"

#define SESSIONS 60000
#define TUNNELS  200

static struct cfg *cfg;
static struct l2tp_tunnel tunnel[TUNNELS + 1];
static struct l2tp_call call[SESSIONS + 1];
static struct cp_subscriber sub[SESSIONS + 1];
static uint32_t cleared_session, cleared_tunnel, cleared_generation;
static uint64_t looked_at;
static struct api *api;

/* -- the control core and the dataplane, as the API sees them -- */

const struct cfg *cp_config(const struct cp *cp)
{
	(void)cp;
	return cfg;
}

void cp_totals(const struct cp *cp, struct cp_totals *t)
{
	(void)cp;
	t->tunnels = 3;
	t->tunnels_up = 2;
	t->sessions = 10;
	t->sessions_up = 9;
	t->longest_turn_ns = 812999;
	t->slow_turns = 13;
	t->down_by_cause[PPP_CAUSE_ADMIN] = 1ull << 40;
}

const struct l2tp_tunnel *cp_tunnel(const struct cp *cp, uint32_t slot)
{
	(void)cp;
	return slot && slot <= TUNNELS && tunnel[slot].state ? &tunnel[slot] : NULL;
}

const struct l2tp_call *cp_call(const struct cp *cp, uint32_t slot)
{
	(void)cp;
	return slot && slot <= SESSIONS && call[slot].state ? &call[slot] : NULL;
}

const struct cp_subscriber *cp_subscriber(const struct cp *cp, uint32_t slot)
{
	(void)cp;
	looked_at++;
	return slot && slot <= SESSIONS && sub[slot].state ? &sub[slot] : NULL;
}

uint32_t cp_tunnel_by_tid(const struct cp *cp, uint16_t tid)
{
	for (uint32_t i = 1; i <= TUNNELS; i++)
		if (cp_tunnel(cp, i) && tunnel[i].tid == tid)
			return i;
	return 0;
}

uint32_t cp_call_by_sid(const struct cp *cp, uint32_t t, uint16_t sid)
{
	for (uint32_t i = 1; i <= SESSIONS; i++)
		if (cp_call(cp, i) && call[i].tunnel == t && call[i].sid == sid)
			return i;
	return 0;
}

uint32_t cp_max_tunnels(const struct cp *cp)
{
	(void)cp;
	return TUNNELS;
}

uint32_t cp_max_sessions(const struct cp *cp)
{
	(void)cp;
	return SESSIONS;
}

unsigned cp_pools(const struct cp *cp, struct cp_pool_view *views, unsigned max)
{
	(void)cp;
	if (max < 1)
		return 0;
	views[0] = (struct cp_pool_view){.pool = &cfg->pools[0], .capacity = 100, .used = 7};
	return 1;
}

void cp_l2tp_usage(
	const struct cp *cp, uint32_t *t, uint32_t *c, uint32_t *chunks, uint32_t *timers)
{
	(void)cp;
	*t = 1;
	*c = 2;
	*chunks = 3;
	*timers = 4;
}

const struct l2tp_counters *cp_l2tp_counters(const struct cp *cp)
{
	static const struct l2tp_counters c = {.bad_avp = 5};

	(void)cp;
	return &c;
}

const struct linux_counters *cp_linux_counters(const struct cp *cp)
{
	static const struct linux_counters c = {.routes = 77};

	(void)cp;
	return &c;
}

int cp_clear_session(struct cp *cp, uint32_t slot, uint32_t generation)
{
	if (!cp_subscriber(cp, slot) || sub[slot].generation != generation)
		return -ENOENT;
	if (sub[slot].state == CP_S_CLOSING)
		return -EALREADY;
	cleared_session = slot;
	cleared_generation = generation;
	return 0;
}

int cp_clear_tunnel(struct cp *cp, uint32_t slot, uint32_t generation)
{
	if (!cp_tunnel(cp, slot) || tunnel[slot].generation != generation)
		return -ENOENT;
	cleared_tunnel = slot;
	return 0;
}

const char *cp_session_state_name(uint8_t state)
{
	return state == CP_S_UP ? "up" : state == CP_S_CLOSING ? "closing" : "ppp";
}

unsigned dp_if_count(void)
{
	return 1;
}

void dp_if_get(unsigned ifx, struct dp_if_info *info)
{
	(void)ifx;
	*info = (struct dp_if_info){.name = "p0",
		.driver = "net_af_packet",
		.kernel_if = "veth0",
		.mac = {2, 0, 0, 0, 0, 0xa1},
		.mtu = 1500,
		.link_up = true,
		.steering = "rss"};
}

void dp_if_counters(unsigned ifx, struct dp_if_counters *c)
{
	(void)ifx;
	*c = (struct dp_if_counters){.rx_packets = 1ull << 53, .tx_packets = 6};
}

int dp_session_get(uint32_t slot, uint32_t generation, struct dp_session_info *info)
{
	(void)generation;
	*info = (struct dp_session_info){
		.owner = (uint16_t)(slot % 2), .mtu = 1460, .up_packets = slot};
	return 0;
}

unsigned dp_worker_count(void)
{
	return 2;
}

void dp_worker_get(unsigned worker, struct dp_worker_info *info)
{
	*info = (struct dp_worker_info){.cpu = (int)worker,
		.sessions = 5 + worker,
		.busy_permille = 250,
		.packets_per_s = 4000,
		.picked_by_queue = 3,
		.picked_by_load = worker,
		.addresses_near = 12,
		.addresses_far = 2,
		.longest_ns = 350999,
		.slow_polls = 4};
}

unsigned dp_drop_count(void)
{
	return 3;
}

const char *dp_drop_name(unsigned reason)
{
	return reason == 1 ? "runt" : "spoofed-source";
}

const char *dp_drop_text(unsigned reason)
{
	return reason == 1 ? "frame too short" : "inner source is not the subscriber's";
}

uint64_t dp_drop_get(unsigned reason)
{
	return reason * 10;
}

uint64_t dp_drop_get_worker(unsigned worker, unsigned reason)
{
	return reason * 5 + worker;
}

void dp_memory(struct dp_memory_info *info)
{
	info->heap_size = 1u << 30;
	info->timers = 12;
}

/* -- helpers -- */

static void session(uint32_t slot, const char *user, uint32_t ip4)
{
	sub[slot] = (struct cp_subscriber){.generation = 1,
		.state = CP_S_UP,
		.pool4 = 0,
		.pool6 = -1,
		.ip4 = ip4,
		.up_ns = 1,
		.user_len = (uint8_t)strlen(user)};
	memcpy(sub[slot].user, user, strlen(user));
	call[slot] = (struct l2tp_call){.generation = 1,
		.state = L2TP_C_ESTABLISHED,
		.tunnel = 1 + slot % TUNNELS,
		.sid = (uint16_t)slot,
		.created_ns = 1};
}

static int setup(void **state)
{
	(void)state;
	memset(sub, 0, sizeof(sub));
	memset(call, 0, sizeof(call));
	memset(tunnel, 0, sizeof(tunnel));
	for (uint32_t i = 1; i <= TUNNELS; i++) {
		tunnel[i] = (struct l2tp_tunnel){.generation = 9,
			.state = L2TP_T_ESTABLISHED,
			.tid = (uint16_t)(1000 + i),
			.peer_tid = (uint16_t)i,
			.peer = {.family = 4, .addr = {192, 0, 2, (uint8_t)i}, .port = 1701}};
		snprintf(tunnel[i].host_name.s, sizeof(tunnel[i].host_name.s), "lac-%u", i);
		tunnel[i].host_name.len = (uint8_t)strlen(tunnel[i].host_name.s);
	}
	cleared_session = cleared_tunnel = 0;
	cfg = cfg_default(stderr);
	assert_non_null(cfg);
	snprintf(cfg->api.socket, sizeof(cfg->api.socket), "/tmp/lnsd-api-test.%d", getpid());
	cfg->api.group[0] = 0;
	api = api_start(NULL);
	return api ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	api_stop(api);
	assert_int_equal(access(cfg->api.socket, F_OK), -1);
	cfg_free(cfg);
	return 0;
}

static void serve(int ms)
{
	struct pollfd p = {.fd = api_fd(api), .events = POLLIN};

	while (poll(&p, 1, ms) > 0) {
		api_readable(api);
		ms = 0;
	}
}

static int dial(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", cfg->api.socket);
	assert_int_equal(connect(s, (struct sockaddr *)&a, sizeof(a)), 0);
	return s;
}

/* Write all, serving meanwhile. */
static bool put(int s, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		ssize_t n = send(s, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			return false;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
		serve(0);
	}
	return true;
}

/* One reply line; NULL when the server closed or says nothing for 2 s. */
static json_t *reply(int s)
{
	static char buf[4 << 20];
	size_t len = 0;

	for (int quiet = 0; quiet < 200;) {
		ssize_t n = recv(s, buf + len, 1, 0);

		if (n == 0)
			return NULL;
		if (n < 0) {
			serve(10);
			quiet++;
			continue;
		}
		if (buf[len] == '\n')
			return json_loadb(buf, len, 0, NULL);
		len++;
	}
	return NULL;
}

static json_t *ask(const char *line)
{
	int s = dial();
	json_t *r;

	put(s, line, strlen(line));
	put(s, "\n", 1);
	r = reply(s);
	close(s);
	serve(0);
	assert_non_null(r);
	assert_int_equal(json_integer_value(json_object_get(r, "schema")), 1);
	return r;
}

/* The result of a method, by a path of keys and indices such as "workers.1.cpu", as text. */
static const char *at(const json_t *r, const char *path)
{
	static char out[4][512];
	static unsigned turn;
	char *o = out[turn++ % 4];
	char copy[128], *save, *key;
	const json_t *j = json_object_get(r, "result");

	snprintf(copy, sizeof(copy), "%s", path);
	for (key = strtok_r(copy, ".", &save); key && j; key = strtok_r(NULL, ".", &save))
		j = json_is_array(j) ? json_array_get(j, (size_t)atoi(key))
				     : json_object_get(j, key);
	if (json_is_integer(j))
		snprintf(o, 512, "%lld", (long long)json_integer_value(j));
	else if (json_is_string(j))
		snprintf(o, 512, "%s", json_string_value(j));
	else
		snprintf(o, 512, "%s",
			!j                         ? "-"
				: json_is_null(j)  ? "null"
				: json_is_true(j)  ? "true"
				: json_is_false(j) ? "false"
						   : "...");
	return o;
}

static const char *code(const json_t *r)
{
	return json_string_value(json_object_get(json_object_get(r, "error"), "code"));
}

static void expect_error(const char *line, const char *what)
{
	json_t *r = ask(line);

	assert_non_null(code(r));
	assert_string_equal(code(r), what);
	assert_true(strlen(json_string_value(
			    json_object_get(json_object_get(r, "error"), "message"))) > 10);
	json_decref(r);
}

/* -- tests -- */

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
