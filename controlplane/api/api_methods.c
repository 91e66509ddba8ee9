/* SPDX-License-Identifier: BSD-3-Clause */
/* api_methods.c - one request into one reply, and the methods that show the whole system. Thread:
 * control only. Nothing here grows with the number of sessions. Not here: tunnels and sessions
 * (api_list.c), the socket (api.c). */
#include "controlplane/api/api_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "controlplane/linux/linux.h"

json_t *api_refuse(struct api_error *e, const char *code, const char *fmt, ...)
{
	va_list ap;

	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->message, sizeof(e->message), fmt, ap);
	va_end(ap);
	return NULL;
}

static json_t *num(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static json_t *worker(unsigned w)
{
	struct dp_worker_info i;
	json_t *o = json_object();

	dp_worker_get(w, &i);
	api_set_take(o, "id", num(w));
	api_set_take(o, "cpu", json_integer(i.cpu));
	api_set_take(o, "isa", json_string(i.isa ? i.isa : "generic"));
	api_set_take(o, "sessions", num(i.sessions));
	api_set_take(o, "rx_packets", num(i.rx_packets));
	api_set_take(o, "up_packets", num(i.up_packets));
	api_set_take(o, "down_packets", num(i.down_packets));
	api_set_take(o, "handed_out", num(i.handed_out));
	api_set_take(o, "handed_in", num(i.handed_in));
	api_set_take(o, "punted", num(i.punted));
	api_set_take(o, "dropped", num(i.dropped));
	api_set_take(o, "polls", num(i.polls));
	api_set_take(o, "busy_polls", num(i.busy_polls));
	api_set_take(o, "sleeps", num(i.sleeps));
	api_set_take(o, "busy_ns", num(i.busy_ns));
	api_set_take(o, "busy_permille", num(i.busy_permille));
	api_set_take(o, "packets_per_second", num(i.packets_per_s));
	api_set_take(o, "picked_by_queue", num(i.picked_by_queue));
	api_set_take(o, "picked_by_load", num(i.picked_by_load));
	api_set_take(o, "addresses_near", num(i.addresses_near));
	api_set_take(o, "addresses_far", num(i.addresses_far));
	api_set_take(o, "longest_poll_us", num(i.longest_ns / 1000));
	api_set_take(o, "slow_polls", num(i.slow_polls));
	return o;
}

static json_t *all_workers(void)
{
	json_t *rows = json_array();

	for (unsigned w = 0; w < dp_worker_count(); w++)
		json_array_append_new(rows, worker(w));
	return rows;
}

static json_t *down_by_cause(const struct cp_totals *t)
{
	json_t *o = json_object();

	for (unsigned i = 1; i < PPP_CAUSE_COUNT; i++)
		api_set_take(o, ppp_cause_name((enum ppp_cause)i), num(t->down_by_cause[i]));
	return o;
}

static json_t *l2tp(const struct l2tp_counters *c)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "bad_header",
		(json_int_t)c->bad_header, "bad_version", (json_int_t)c->bad_version, "l2f",
		(json_int_t)c->l2f, "no_tunnel", (json_int_t)c->no_tunnel, "wrong_peer",
		(json_int_t)c->wrong_peer, "bad_avp", (json_int_t)c->bad_avp, "no_slot",
		(json_int_t)c->no_slot, "tunnels_refused", (json_int_t)c->tunnels_refused,
		"calls_refused", (json_int_t)c->calls_refused, "auth_failed",
		(json_int_t)c->auth_failed, "evicted", (json_int_t)c->evicted);
}

static json_t *version(struct cp *cp, const json_t *params, struct api_error *e)
{
	(void)cp;
	(void)params;
	(void)e;
	return json_pack("{s:s, s:i, s:i}", "version", LNSD_VERSION, "schema", API_SCHEMA, "pid",
		(int)getpid());
}

static json_t *summary(struct cp *cp, const json_t *params, struct api_error *e)
{
	struct cp_totals t = {0};
	uint64_t now = api_now_ns(), up, drops = 0;
	json_t *o = json_object();

	(void)params;
	(void)e;
	cp_totals(cp, &t);
	up = now > t.started_ns ? (now - t.started_ns) / 1000000000u : 0;
	for (unsigned i = 1; i < dp_drop_count(); i++)
		drops += dp_drop_get(i);
	api_set_take(
		o, "identity", api_text(cp_config(cp)->identity, strlen(cp_config(cp)->identity)));
	api_set_take(o, "version", json_string(LNSD_VERSION));
	api_set_take(o, "pid", json_integer(getpid()));
	api_set_take(o, "uptime_s", num(up));
	api_set_take(o, "now_epoch_s", num((uint64_t)time(NULL)));
	api_set_take(o, "tunnels", num(t.tunnels));
	api_set_take(o, "tunnels_up", num(t.tunnels_up));
	api_set_take(o, "max_tunnels", num(cp_max_tunnels(cp)));
	api_set_take(o, "sessions", num(t.sessions));
	api_set_take(o, "sessions_up", num(t.sessions_up));
	api_set_take(o, "max_sessions", num(cp_max_sessions(cp)));
	api_set_take(o, "tunnels_total", num(t.tunnels_total));
	api_set_take(o, "sessions_total", num(t.sessions_total));
	api_set_take(o, "sessions_up_total", num(t.sessions_up_total));
	api_set_take(o, "auth_accepted", num(t.auth_accepted));
	api_set_take(o, "auth_rejected", num(t.auth_rejected));
	api_set_take(o, "dropped", num(drops));
	api_set_take(o, "down_by_cause", down_by_cause(&t));
	api_set_take(o, "l2tp", l2tp(cp_l2tp_counters(cp)));
	api_set_take(o, "longest_turn_us", num(t.longest_turn_ns / 1000));
	api_set_take(o, "slow_turns", num(t.slow_turns));
	api_set_take(o, "workers", all_workers());
	return o;
}

static json_t *workers(struct cp *cp, const json_t *params, struct api_error *e)
{
	(void)cp;
	(void)params;
	(void)e;
	return json_pack("{s:o}", "workers", all_workers());
}

static json_t *port(unsigned ifx)
{
	struct dp_if_info i;
	struct dp_if_counters c;
	json_t *o = json_object();
	char mac[18];

	dp_if_get(ifx, &i);
	dp_if_counters(ifx, &c);
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", i.mac[0], i.mac[1], i.mac[2],
		i.mac[3], i.mac[4], i.mac[5]);
	api_set_take(o, "name", json_string(i.name));
	api_set_take(o, "driver", json_string(i.driver));
	api_set_take(
		o, "kernel_interface", i.kernel_if[0] ? json_string(i.kernel_if) : json_null());
	api_set_take(o, "mac", json_string(mac));
	api_set_take(o, "mtu", num(i.mtu));
	api_set_take(o, "vlan", num(i.vlan));
	api_set_take(o, "link_up", json_boolean(i.link_up));
	api_set_take(o, "rx_queues", num(i.rx_queues));
	api_set_take(o, "tx_queues", num(i.tx_queues));
	api_set_take(o, "tx_checksum", json_boolean(i.tx_checksum));
	api_set_take(o, "steering", json_string(i.steering ? i.steering : "none"));
	api_set_take(o, "rx_packets", num(c.rx_packets));
	api_set_take(o, "rx_octets", num(c.rx_octets));
	api_set_take(o, "tx_packets", num(c.tx_packets));
	api_set_take(o, "tx_octets", num(c.tx_octets));
	api_set_take(o, "rx_missed", num(c.rx_missed));
	api_set_take(o, "rx_errors", num(c.rx_errors));
	api_set_take(o, "tx_errors", num(c.tx_errors));
	api_set_take(o, "tx_full", num(c.tx_full));
	api_set_take(o, "rx_no_buffer", num(c.rx_nombuf));
	return o;
}

static json_t *linux_side(const struct linux_counters *c)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "to_tap",
		(json_int_t)c->to_tap, "to_tap_lost", (json_int_t)c->to_tap_lost, "from_tap",
		(json_int_t)c->from_tap, "from_tap_lost", (json_int_t)c->from_tap_lost, "to_lns0",
		(json_int_t)c->to_lns0, "to_lns0_lost", (json_int_t)c->to_lns0_lost, "from_lns0",
		(json_int_t)c->from_lns0, "from_lns0_lost", (json_int_t)c->from_lns0_lost,
		"redumps", (json_int_t)c->redumps, "routes", (json_int_t)c->routes, "neighbours",
		(json_int_t)c->neighbours);
}

static json_t *ports(struct cp *cp, const json_t *params, struct api_error *e)
{
	json_t *rows = json_array();

	(void)params;
	(void)e;
	for (unsigned i = 0; i < dp_if_count(); i++)
		json_array_append_new(rows, port(i));
	return json_pack("{s:o, s:o}", "ports", rows, "linux", linux_side(cp_linux_counters(cp)));
}

static json_t *drops(struct cp *cp, const json_t *params, struct api_error *e)
{
	const json_t *per_worker = json_object_get(params, "workers");
	json_t *rows = json_array(), *o, *all;

	(void)cp;
	if (per_worker && !json_is_boolean(per_worker)) {
		json_decref(rows);
		return api_refuse(e, "bad-params", "workers must be true or false");
	}
	for (unsigned i = 1; i < dp_drop_count(); i++)
		json_array_append_new(rows,
			json_pack("{s:s, s:s, s:I}", "name", dp_drop_name(i), "text",
				dp_drop_text(i), "packets", (json_int_t)dp_drop_get(i)));
	o = json_pack("{s:o}", "drops", rows);
	if (!json_is_true(per_worker))
		return o;
	all = json_array();
	for (unsigned w = 0; w < dp_worker_count(); w++) {
		json_t *names = json_object();

		for (unsigned i = 1; i < dp_drop_count(); i++)
			api_set_take(names, dp_drop_name(i), num(dp_drop_get_worker(w, i)));
		json_array_append_new(all, json_pack("{s:i, s:o}", "id", (int)w, "drops", names));
	}
	api_set_take(o, "workers", all);
	return o;
}

static json_t *pool(const struct cp_pool_view *v)
{
	json_t *o = json_object(), *range = NULL;
	char text[80];

	if (v->pool->prefix.family) {
		json_t *addr = api_address(v->pool->prefix.family, v->pool->prefix.addr);

		snprintf(text, sizeof(text), "%s/%u", json_string_value(addr), v->pool->prefix.len);
		json_decref(addr);
	} else {
		json_t *first = api_ip4(v->pool->first4), *last = api_ip4(v->pool->last4);

		snprintf(text, sizeof(text), "%s-%s", json_string_value(first),
			json_string_value(last));
		json_decref(first);
		json_decref(last);
	}
	range = json_string(text);
	api_set_take(o, "name", json_string(v->pool->name));
	api_set_take(o, "family", num(v->pool->family));
	api_set_take(o, "range", range);
	api_set_take(o, "gateway", v->pool->family == 4 ? api_ip4(v->pool->gateway4) : json_null());
	api_set_take(o, "capacity", num(v->capacity));
	api_set_take(o, "used", num(v->used));
	api_set_take(o, "free", num(v->capacity - v->used));
	return o;
}

static json_t *pools(struct cp *cp, const json_t *params, struct api_error *e)
{
	unsigned n = (unsigned)cp_config(cp)->n_pools;
	struct cp_pool_view *views = calloc(n ? n : 1, sizeof(*views));
	json_t *rows = json_array();

	(void)params;
	(void)e;
	n = views ? cp_pools(cp, views, n) : 0;
	for (unsigned i = 0; i < n; i++)
		json_array_append_new(rows, pool(&views[i]));
	free(views);
	return json_pack("{s:o}", "pools", rows);
}

static uint64_t resident_bytes(void)
{
	unsigned long long size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f)
		return 0;
	if (fscanf(f, "%llu %llu", &size, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static json_t *memory(struct cp *cp, const json_t *params, struct api_error *e)
{
	struct dp_memory_info m = {0};
	uint32_t tunnels, calls, chunks, timers;
	json_t *o = json_object();

	(void)params;
	(void)e;
	dp_memory(&m);
	cp_l2tp_usage(cp, &tunnels, &calls, &chunks, &timers);
	api_set_take(o, "resident_bytes", num(resident_bytes()));
	api_set_take(o, "heap_allocated_bytes", num(m.heap_allocated));
	api_set_take(o, "heap_bytes", num(m.heap_size));
	api_set_take(o, "store_bytes", num(m.store_bytes));
	api_set_take(o, "mbufs_in_use", num(m.mbufs_in_use));
	api_set_take(o, "mbufs", num(m.mbufs_total));
	api_set_take(o, "session_keys", num(m.keys));
	api_set_take(o, "addresses4", num(m.addresses4));
	api_set_take(o, "addresses6", num(m.addresses6));
	api_set_take(o, "routes4", num(m.routes4));
	api_set_take(o, "routes6", num(m.routes6));
	api_set_take(o, "adjacencies", num(m.adjacencies));
	api_set_take(o, "slots_awaiting_reap", num(m.slots_awaiting_reap));
	api_set_take(o, "worker_timers", num(m.timers));
	api_set_take(o, "l2tp_tunnels", num(tunnels));
	api_set_take(o, "l2tp_calls", num(calls));
	api_set_take(o, "l2tp_chunks", num(chunks));
	api_set_take(o, "l2tp_timers", num(timers));
	return o;
}

static json_t *config(struct cp *cp, const json_t *params, struct api_error *e)
{
	(void)params;
	(void)e;
	return api_config(cp_config(cp));
}

static const struct {
	const char *name;
	json_t *(*call)(struct cp *cp, const json_t *params, struct api_error *e);
	const char *params[7];
} methods[] = {
	{"config", config, {0}},
	{"drops", drops, {"workers"}},
	{"memory", memory, {0}},
	{"pools", pools, {0}},
	{"ports", ports, {0}},
	{"sessions.clear", api_sessions_clear, {"slot", "tid", "sid", "generation"}},
	{"sessions.get", api_sessions_get, {"slot", "tid", "sid", "user", "address", "cursor"}},
	{"sessions.list", api_sessions_list, {"cursor", "limit", "filter"}},
	{"summary", summary, {0}},
	{"tunnels.clear", api_tunnels_clear, {"slot", "tid", "generation"}},
	{"tunnels.get", api_tunnels_get, {"slot", "tid"}},
	{"tunnels.list", api_tunnels_list, {"cursor", "limit", "filter"}},
	{"version", version, {0}},
	{"workers", workers, {0}},
};
#define METHODS (sizeof(methods) / sizeof(methods[0]))

static bool params_ok(size_t method, const json_t *params, struct api_error *e)
{
	const char *const *known = methods[method].params;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)params, key, value) {
		bool found = false;

		for (unsigned k = 0; k < 7 && known[k]; k++)
			found |= strcmp(key, known[k]) == 0;
		if (!found) {
			api_refuse(e, "bad-params",
				"%s has no parameter \"%.40s\" (docs/api.md lists them)",
				methods[method].name, key);
			return false;
		}
	}
	return true;
}

json_t *api_call(struct cp *cp, const char *method, const json_t *params, struct api_error *e)
{
	char names[200] = "";

	for (size_t i = 0; i < METHODS; i++) {
		json_t *result;

		if (strcmp(method, methods[i].name) != 0)
			continue;
		if (!params_ok(i, params, e))
			return NULL;
		e->code = NULL;
		result = methods[i].call(cp, params, e);
		return result || e->code ? result
					 : api_refuse(e, "no-memory", "no memory for the reply");
	}
	for (size_t i = 0; i < METHODS; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			i ? ", " : "", methods[i].name);
	return api_refuse(e, "unknown-method", "the methods are: %s", names);
}

json_t *api_answer(struct cp *cp, const char *line, size_t len)
{
	struct api_error e = {0};
	json_error_t bad;
	json_t *req = json_loadb(line, len, 0, &bad), *result = NULL, *id, *reply;
	const json_t *params = json_object_get(req, "params");
	const char *method = json_string_value(json_object_get(req, "method"));

	id = json_object_get(req, "id");
	if (!req)
		api_refuse(&e, "bad-json",
			"not JSON at byte %d: a request is one line such as {\"id\":1,\"method\":"
			"\"summary\"}",
			bad.position);
	else if (!json_is_object(req) || !method)
		api_refuse(&e, "bad-request",
			"a request is an object with \"method\" (a string), and may have \"id\" "
			"and "
			"\"params\"");
	else if (id && !json_is_integer(id) && !json_is_string(id) && !json_is_null(id))
		api_refuse(&e, "bad-request", "id must be an integer, a string or null");
	else if (params && !json_is_object(params))
		api_refuse(&e, "bad-params", "params must be an object");
	else
		result = api_call(cp, method, params, &e);
	reply = json_object();
	api_set_take(reply, "id",
		id && (json_is_integer(id) || json_is_string(id)) ? json_incref(id) : json_null());
	api_set_take(reply, "schema", json_integer(API_SCHEMA));
	if (result)
		api_set_take(reply, "result", result);
	else
		api_set_take(reply, "error",
			json_pack("{s:s, s:s}", "code", e.code, "message", e.message));
	json_decref(req);
	return reply;
}
