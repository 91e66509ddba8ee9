/* SPDX-License-Identifier: BSD-3-Clause */
/* api_lab.c - see api_lab.h. */
#include "api_lab.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "controlplane/api/api.h"
#include "controlplane/linux/linux.h"

struct cfg *cfg;
struct api *api;
struct l2tp_tunnel tunnel[TUNNELS + 1];
struct cp_subscriber sub[SESSIONS + 1];
uint32_t cleared_session, cleared_tunnel;
uint64_t looked_at;
static struct l2tp_call call[SESSIONS + 1];

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
		.owner = (uint16_t)(slot % 2), .mtu = 1460, .up_packets = slot, .rates = 1};
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

void session(uint32_t slot, const char *user, uint32_t ip4)
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

int setup(void **state)
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
	cfg->ppp_profiles[0].rate_down = 50000000;
	assert_non_null(cfg);
	snprintf(cfg->api.socket, sizeof(cfg->api.socket), "/tmp/lnsd-api-test.%d", getpid());
	cfg->api.group[0] = 0;
	api = api_start(NULL);
	return api ? 0 : -1;
}

int teardown(void **state)
{
	(void)state;
	api_stop(api);
	assert_int_equal(access(cfg->api.socket, F_OK), -1);
	cfg_free(cfg);
	return 0;
}

void serve(int ms)
{
	struct pollfd p = {.fd = api_fd(api), .events = POLLIN};

	while (poll(&p, 1, ms) > 0) {
		api_readable(api);
		ms = 0;
	}
}

int dial(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", cfg->api.socket);
	assert_int_equal(connect(s, (struct sockaddr *)&a, sizeof(a)), 0);
	return s;
}

bool put(int s, const void *bytes, size_t len)
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

json_t *reply(int s)
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

json_t *ask(const char *line)
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

const char *at(const json_t *r, const char *path)
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

const char *code(const json_t *r)
{
	return json_string_value(json_object_get(json_object_get(r, "error"), "code"));
}

void expect_error(const char *line, const char *what)
{
	json_t *r = ask(line);

	assert_non_null(code(r));
	assert_string_equal(code(r), what);
	assert_true(strlen(json_string_value(
			    json_object_get(json_object_get(r, "error"), "message"))) > 10);
	json_decref(r);
}
