/* SPDX-License-Identifier: BSD-3-Clause */
/* show.c - the show commands. Tables are for people; --json gives lnsd's own results, lists of
 * pages merged into one array. Lists are printed page by page: a million sessions need no more
 * memory here than one page. */
#include "lnsctl.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 500

static int print_json_take(json_t *o)
{
	json_dumpf(o, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	putchar('\n');
	json_decref(o);
	return 0;
}

static void pair(const char *name, const char *value)
{
	printf("%-22s %s\n", name, value);
}

/* -- lists in pages -- */

struct list {
	const char *method, *rows; /* of the API, and the key of the rows */
	const struct column *columns;
	unsigned n;
	void (*row)(const json_t *o, const char **cells);
};

static int show_list(const struct options *o, const struct list *l, json_t *filter)
{
	unsigned long long left = o->limit ? o->limit : ULLONG_MAX;
	json_int_t cursor = 0;
	bool first = true;
	struct table t;
	int rc = 0;

	table_init(&t, l->columns, l->n);
	while (left) {
		json_t *params = json_pack("{s:I, s:I, s:O}", "cursor", cursor, "limit",
			(json_int_t)(left < PAGE ? left : PAGE), "filter", filter);
		json_t *page = client_ask_take(l->method, params), *row;
		const json_t *next = json_object_get(page, "next");
		size_t i;

		if (!page) {
			rc = EXIT_REFUSED;
			break;
		}
		json_array_foreach(json_object_get(page, l->rows), i, row) {
			const char *cells[TABLE_COLUMNS];

			left--;
			if (o->json) {
				fputs(first ? "[\n" : ",\n", stdout);
				json_dumpf(row, stdout, JSON_COMPACT);
				first = false;
				continue;
			}
			l->row(row, cells);
			table_row(&t, cells);
		}
		if (!o->json && (t.rows || !json_is_integer(next) || !left))
			table_print(&t, stdout);
		cursor = json_integer_value(next);
		first = first && !json_array_size(json_object_get(page, l->rows));
		left = json_is_integer(next) ? left : 0;
		json_decref(page);
	}
	if (o->json && rc == 0)
		puts(first ? "[]" : "\n]");
	table_fini(&t);
	json_decref(filter);
	return rc;
}

/* Titles as wide as what later pages may hold: widths are settled by the first one. */
static const struct column session_columns[] = {{"SESSION    ", false, 0}, {"USER", false, 8},
	{"ADDRESS", false, 15}, {"STATE", false, 0}, {"    UP", true, 0}, {"  RX", true, 0},
	{"  TX", true, 0}, {"W", true, 0}, {"CALLING", false, 7}};

static void session_row(const json_t *s, const char **c)
{
	static char id[32];

	snprintf(id, sizeof(id), "%" PRIu64 "/%" PRIu64, num_of(s, "tid"), num_of(s, "sid"));
	c[0] = id;
	c[1] = text_of(s, "user");
	c[2] = json_is_string(json_object_get(s, "ip4")) ? text_of(s, "ip4")
							 : text_of(s, "prefix6");
	c[3] = text_of(s, "state");
	c[4] = json_is_integer(json_object_get(s, "up_s")) ? human_time(num_of(s, "up_s")) : "-";
	c[5] = human_bytes(num_of(s, "up_octets"));
	c[6] = human_bytes(num_of(s, "down_octets"));
	c[7] = text_of(s, "worker");
	c[8] = text_of(s, "calling");
}

static int show_sessions(const struct options *o)
{
	static const struct list l = {"sessions.list", "sessions", session_columns, 9, session_row};
	json_t *filter = json_object(), *tunnel = NULL;

	if (o->tunnel) {
		if (o->tunnel[0] == '#') { /* the filter knows tids only */
			json_t *id = tunnel_id(o->tunnel),
			       *r = id ? client_ask_take("tunnels.get", id) : NULL;

			if (r)
				tunnel = json_incref(
					json_object_get(json_object_get(r, "tunnel"), "tid"));
			json_decref(r);
		} else {
			json_t *id = tunnel_id(o->tunnel);

			tunnel = json_incref(json_object_get(id, "tid"));
			json_decref(id);
		}
		if (!tunnel) {
			json_decref(filter);
			return EXIT_USAGE;
		}
		json_object_set_new(filter, "tid", tunnel);
	}
	if (o->user)
		json_object_set_new(filter, "user", json_string(o->user));
	if (o->state)
		json_object_set_new(filter, "state", json_string(o->state));
	if (o->address)
		json_object_set_new(filter, "address", json_string(o->address));
	if (o->calling)
		json_object_set_new(filter, "calling", json_string(o->calling));
	return show_list(o, &l, filter);
}

static const struct column tunnel_columns[] = {{"TUNNEL", true, 0}, {"HOST", false, 8},
	{"PEER", false, 15}, {"STATE", false, 0}, {"SESSIONS", true, 0}, {"UP", true, 0},
	{"RESENT", true, 0}, {"PROFILE", false, 7}};

static void tunnel_row(const json_t *t, const char **c)
{
	c[0] = text_of(t, "tid");
	c[1] = text_of(t, "host");
	c[2] = text_of(t, "peer");
	c[3] = text_of(t, "state");
	c[4] = text_of(t, "sessions");
	c[5] = json_is_integer(json_object_get(t, "up_s")) ? human_time(num_of(t, "up_s")) : "-";
	c[6] = human_count(num_of(t, "retransmits"));
	c[7] = text_of(t, "profile");
}

static int show_tunnels(const struct options *o)
{
	static const struct list l = {"tunnels.list", "tunnels", tunnel_columns, 8, tunnel_row};
	json_t *filter = json_object();

	if (o->state)
		json_object_set_new(filter, "state", json_string(o->state));
	if (o->address)
		json_object_set_new(filter, "peer", json_string(o->address));
	return show_list(o, &l, filter);
}

/* -- one record: every field of it, in lnsd's order -- */

static void print_fields(const json_t *o)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)o, key, v) {
		size_t len = strlen(key);
		char value[80];

		snprintf(value, sizeof(value), "%s", text_of(o, key));
		if (json_is_integer(v) && len > 2 && strcmp(key + len - 2, "_s") == 0)
			snprintf(value, sizeof(value), "%s", human_time(num_of(o, key)));
		else if (json_is_integer(v) && len > 7 && strcmp(key + len - 7, "_octets") == 0)
			snprintf(value, sizeof(value), "%s (%s)", text_of(o, key),
				human_bytes(num_of(o, key)));
		else if (json_is_integer(v) && len > 6 && strcmp(key + len - 6, "_bytes") == 0)
			snprintf(value, sizeof(value), "%s", human_memory(num_of(o, key)));
		if (!json_is_object(v) && !json_is_array(v))
			pair(key, json_is_string(v) ? text_of(o, key) : value);
	}
}

json_t *session_id(const char *text)
{
	unsigned long a, b;
	uint8_t addr[16];
	char end;

	if (sscanf(text, "#%lu%c", &a, &end) == 1)
		return json_pack("{s:I}", "slot", (json_int_t)a);
	if (sscanf(text, "%lu/%lu%c", &a, &b, &end) == 2)
		return json_pack("{s:I, s:I}", "tid", (json_int_t)a, "sid", (json_int_t)b);
	if (inet_pton(AF_INET, text, addr) == 1 || inet_pton(AF_INET6, text, addr) == 1)
		return json_pack("{s:s}", "address", text);
	return json_pack("{s:s}", "user", text);
}

json_t *tunnel_id(const char *text)
{
	unsigned long a;
	char end;

	if (sscanf(text, "#%lu%c", &a, &end) == 1)
		return json_pack("{s:I}", "slot", (json_int_t)a);
	if (sscanf(text, "%lu%c", &a, &end) == 1 && a >= 1 && a <= 65535)
		return json_pack("{s:I}", "tid", (json_int_t)a);
	fprintf(stderr, "lnsctl: \"%s\" is not a tunnel: give its id, 1 to 65535, or '#SLOT'\n",
		text);
	return NULL;
}

json_t *find_session(const char *id)
{
	json_t *params = session_id(id), *session = NULL;

	while (!session) {
		json_t *r = client_ask_take("sessions.get", json_deep_copy(params));

		if (!r)
			break;
		if (json_is_object(json_object_get(r, "session")))
			session = json_incref(json_object_get(r, "session"));
		else
			json_object_set(params, "cursor", json_object_get(r, "next"));
		json_decref(r);
	}
	json_decref(params);
	return session;
}

static int show_session(const struct options *o, const char *id)
{
	json_t *s = find_session(id);

	if (!s)
		return EXIT_REFUSED;
	if (o->json)
		return print_json_take(s);
	print_fields(s);
	json_decref(s);
	return 0;
}

static int show_tunnel(const struct options *o, const char *id)
{
	json_t *params = tunnel_id(id), *r;

	if (!params)
		return EXIT_USAGE;
	r = client_ask_take("tunnels.get", params);
	if (!r)
		return EXIT_REFUSED;
	if (o->json) {
		print_json_take(json_incref(json_object_get(r, "tunnel")));
	} else {
		print_fields(json_object_get(r, "tunnel"));
	}
	json_decref(r);
	return 0;
}

/* -- the whole system -- */

static void workers_table(const json_t *workers)
{
	static const struct column columns[] = {{"WORKER", true, 0}, {"CPU", true, 0},
		{"SESSIONS", true, 0}, {"RX", true, 0}, {"UP", true, 0}, {"DOWN", true, 0},
		{"OUT", true, 0}, {"IN", true, 0}, {"PUNTED", true, 0}, {"DROPPED", true, 0},
		{"PPS", true, 0}, {"BUSY", true, 0}};
	struct table t;
	json_t *w;
	size_t i;

	table_init(&t, columns, 12);
	json_array_foreach((json_t *)workers, i, w) {
		char busy[16];
		const char *cells[] = {text_of(w, "id"), text_of(w, "cpu"), text_of(w, "sessions"),
			human_count(num_of(w, "rx_packets")), human_count(num_of(w, "up_packets")),
			human_count(num_of(w, "down_packets")),
			human_count(num_of(w, "handed_out")), human_count(num_of(w, "handed_in")),
			human_count(num_of(w, "punted")), human_count(num_of(w, "dropped")),
			human_count(num_of(w, "packets_per_second")), busy};

		snprintf(busy, sizeof(busy), "%.0f%%", (double)num_of(w, "busy_permille") / 10);
		table_row(&t, cells);
	}
	table_print(&t, stdout);
	table_fini(&t);
}

static void of_max(
	const char *name, const json_t *r, const char *all, const char *up, const char *max)
{
	char value[80];

	snprintf(value, sizeof(value), "%s (%s up), at most %s", text_of(r, all), text_of(r, up),
		text_of(r, max));
	pair(name, value);
}

/* How long the control core, and a worker, were ever at it without a look at what else there is to do. */
static void longest(const json_t *r)
{
	uint64_t worker = 0;
	char value[80];
	json_t *w;
	size_t i;

	json_array_foreach(json_object_get(r, "workers"), i, w)
		if (num_of(w, "longest_poll_us") > worker)
			worker = num_of(w, "longest_poll_us");
	snprintf(value, sizeof(value), "control %" PRIu64 " us, worker %" PRIu64 " us",
		num_of(r, "longest_turn_us"), worker);
	pair("longest turn", value);
}

static int show_summary(const json_t *r)
{
	const char *key;
	json_t *v;
	char value[80];

	snprintf(value, sizeof(value), "%s, lnsd %s, pid %s", text_of(r, "identity"),
		text_of(r, "version"), text_of(r, "pid"));
	pair("identity", value);
	pair("up", human_time(num_of(r, "uptime_s")));
	of_max("tunnels", r, "tunnels", "tunnels_up", "max_tunnels");
	of_max("sessions", r, "sessions", "sessions_up", "max_sessions");
	pair("sessions since start", human_count(num_of(r, "sessions_total")));
	snprintf(value, sizeof(value), "%s accepted, %s rejected",
		human_count(num_of(r, "auth_accepted")), human_count(num_of(r, "auth_rejected")));
	pair("authentication", value);
	pair("packets dropped", human_count(num_of(r, "dropped")));
	longest(r);
	json_object_foreach(json_object_get(r, "down_by_cause"), key, v) {
		if (json_integer_value(v)) {
			snprintf(value, sizeof(value), "ended: %s", key);
			pair(value, human_count((uint64_t)json_integer_value(v)));
		}
	}
	putchar('\n');
	workers_table(json_object_get(r, "workers"));
	return 0;
}

static int show_workers(const json_t *r)
{
	workers_table(json_object_get(r, "workers"));
	return 0;
}

static int show_ports(const json_t *r)
{
	static const struct column columns[] = {{"PORT", false, 0}, {"LINK", false, 0},
		{"MAC", false, 0}, {"MTU", true, 0}, {"RX PKTS", true, 0}, {"RX", true, 0},
		{"TX PKTS", true, 0}, {"TX", true, 0}, {"LOST", true, 0}, {"STEERING", false, 3},
		{"DRIVER", false, 3}};
	const json_t *l = json_object_get(r, "linux");
	struct table t;
	json_t *p;
	size_t i;

	table_init(&t, columns, 11);
	json_array_foreach(json_object_get(r, "ports"), i, p) {
		const char *cells[] = {text_of(p, "name"),
			json_is_true(json_object_get(p, "link_up")) ? "up" : "down",
			text_of(p, "mac"), text_of(p, "mtu"), human_count(num_of(p, "rx_packets")),
			human_bytes(num_of(p, "rx_octets")), human_count(num_of(p, "tx_packets")),
			human_bytes(num_of(p, "tx_octets")),
			human_count(num_of(p, "rx_missed") + num_of(p, "rx_errors") +
				num_of(p, "rx_no_buffer") + num_of(p, "tx_errors") +
				num_of(p, "tx_full")),
			text_of(p, "steering"), text_of(p, "driver")};

		table_row(&t, cells);
	}
	table_print(&t, stdout);
	table_fini(&t);
	printf("\nLinux: %s routes, %s neighbours; frames to taps %s (lost %s), from taps %s (lost "
	       "%s),\n"
	       "packets to lns0 %s (lost %s), from lns0 %s (lost %s); routes read again %s times\n",
		text_of(l, "routes"), text_of(l, "neighbours"), human_count(num_of(l, "to_tap")),
		human_count(num_of(l, "to_tap_lost")), human_count(num_of(l, "from_tap")),
		human_count(num_of(l, "from_tap_lost")), human_count(num_of(l, "to_lns0")),
		human_count(num_of(l, "to_lns0_lost")), human_count(num_of(l, "from_lns0")),
		human_count(num_of(l, "from_lns0_lost")), text_of(l, "redumps"));
	return 0;
}

static int show_pools(const json_t *r)
{
	static const struct column columns[] = {{"POOL", false, 8}, {"RANGE", false, 12},
		{"GATEWAY", false, 0}, {"USED", true, 0}, {"FREE", true, 0}, {"OF", true, 0},
		{"FULL", true, 0}};
	struct table t;
	json_t *p;
	size_t i;

	table_init(&t, columns, 7);
	json_array_foreach(json_object_get(r, "pools"), i, p) {
		char full[16];
		uint64_t capacity = num_of(p, "capacity");
		const char *cells[] = {text_of(p, "name"), text_of(p, "range"),
			text_of(p, "gateway"), text_of(p, "used"), human_count(num_of(p, "free")),
			human_count(capacity), full};

		snprintf(full, sizeof(full), "%.0f%%",
			capacity ? 100.0 * (double)num_of(p, "used") / (double)capacity : 0.0);
		table_row(&t, cells);
	}
	table_print(&t, stdout);
	table_fini(&t);
	return 0;
}

static int show_drops(const struct options *o, const json_t *r)
{
	static const struct column columns[] = {{"REASON", false, 0}, {"PACKETS", true, 0},
		{"WORKERS", false, 8}, {"MEANING", false, 12}};
	const json_t *workers = json_object_get(r, "workers");
	struct table t;
	json_t *d, *w;
	size_t i, k;

	table_init(&t, columns, 4);
	json_array_foreach(json_object_get(r, "drops"), i, d) {
		char per_worker[400] = "";
		const char *cells[] = {
			text_of(d, "name"), text_of(d, "packets"), per_worker, text_of(d, "text")};

		if (!num_of(d, "packets") && !o->all)
			continue;
		json_array_foreach((json_t *)workers, k, w)
			snprintf(per_worker + strlen(per_worker),
				sizeof(per_worker) - strlen(per_worker), "%s%s", k ? " " : "",
				human_count(
					num_of(json_object_get(w, "drops"), text_of(d, "name"))));
		if (!workers)
			snprintf(per_worker, sizeof(per_worker), "all");
		table_row(&t, cells);
	}
	table_print(&t, stdout);
	table_fini(&t);
	return 0;
}

static int show_record(const json_t *r)
{
	print_fields(r);
	return 0;
}

static int show_config(const json_t *r)
{
	fputs(text_of(r, "yaml"), stdout);
	return 0;
}

int show(const struct options *o, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*print)(const json_t *r);
	} whole[] = {{"summary", show_summary}, {"ports", show_ports}, {"drops", NULL},
		{"pools", show_pools}, {"workers", show_workers}, {"memory", show_record},
		{"config", show_config}, {"version", show_record}};
	const char *what = argc > 0 ? argv[0] : "";

	if (argc == 1 && strcmp(what, "sessions") == 0)
		return show_sessions(o);
	if (argc == 1 && strcmp(what, "tunnels") == 0)
		return show_tunnels(o);
	if (argc == 2 && strcmp(what, "session") == 0)
		return show_session(o, argv[1]);
	if (argc == 2 && strcmp(what, "tunnel") == 0)
		return show_tunnel(o, argv[1]);
	for (size_t i = 0; argc == 1 && i < sizeof(whole) / sizeof(whole[0]); i++) {
		json_t *r;
		int rc;

		if (strcmp(what, whole[i].name) != 0)
			continue;
		r = client_ask_take(what, o->workers ? json_pack("{s:b}", "workers", 1) : NULL);
		if (!r)
			return EXIT_REFUSED;
		if (o->json)
			return print_json_take(r);
		rc = whole[i].print ? whole[i].print(r) : show_drops(o, r);
		json_decref(r);
		return rc;
	}
	fprintf(stderr,
		"lnsctl: show takes one of: summary, tunnels, tunnel ID, sessions, session ID, "
		"ports, drops, pools, "
		"workers, memory, config, version (lnsctl help)\n");
	return EXIT_USAGE;
}
