/* SPDX-License-Identifier: BSD-3-Clause */
/* api_list.c - tunnels and sessions: pages, single ones, and the operator's clear. Thread: control
 * only. A page starts at a slot (the cursor) and ends when it is full or when enough slots were
 * looked at, so that no request holds the control core, whatever the number of sessions and however
 * rare the matches. What is added or goes away between two pages is seen or not; nothing is seen
 * twice under the same generation. */
#include "controlplane/api/api_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

struct page {
	uint32_t cursor, limit;
};

/* An optional integer within bounds. @return false: refused. */
static bool want_int(const json_t *params, const char *key, json_int_t min, json_int_t max,
	json_int_t *v, bool *given, struct api_error *e)
{
	const json_t *j = json_object_get(params, key);

	*given = j != NULL;
	if (!j)
		return true;
	if (!json_is_integer(j) || json_integer_value(j) < min || json_integer_value(j) > max) {
		api_refuse(e, "bad-params", "%s must be an integer, %lld to %lld", key,
			(long long)min, (long long)max);
		return false;
	}
	*v = json_integer_value(j);
	return true;
}

static bool want_page(const json_t *params, struct page *p, struct api_error *e)
{
	json_int_t cursor = 0, limit = API_ROWS;
	bool given;

	if (!want_int(params, "cursor", 0, UINT32_MAX, &cursor, &given, e) ||
		!want_int(params, "limit", 1, API_ROWS_MAX, &limit, &given, e))
		return false;
	p->cursor = cursor ? (uint32_t)cursor : 1;
	p->limit = (uint32_t)limit;
	return true;
}

/* Only these keys, all of them texts or numbers as their readers say. */
static bool only_keys(
	const json_t *o, const char *what, const char *const *keys, struct api_error *e)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)o, key, v) {
		const char *const *k = keys;

		while (*k && strcmp(*k, key) != 0)
			k++;
		if (!*k) {
			api_refuse(e, "bad-params",
				"%s has no key \"%.40s\" (docs/api.md lists them)", what, key);
			return false;
		}
	}
	return true;
}

static const json_t *want_filter(
	const json_t *params, const char *const *keys, bool *ok, struct api_error *e)
{
	const json_t *f = json_object_get(params, "filter");

	*ok = !f || json_is_object(f);
	if (!*ok)
		api_refuse(e, "bad-params", "filter must be an object");
	else if (f)
		*ok = only_keys(f, "filter", keys, e);
	return f;
}

/* @return the text, NULL if absent; *ok false: refused. */
static const char *want_text(const json_t *o, const char *key, bool *ok, struct api_error *e)
{
	const json_t *j = json_object_get(o, key);

	if (j && !json_is_string(j)) {
		api_refuse(e, "bad-params", "%s must be a string", key);
		*ok = false;
	}
	return json_string_value(j);
}

static json_t *page_take(const char *what, json_t *rows, uint32_t at, uint32_t max)
{
	return json_pack(
		"{s:o, s:o}", what, rows, "next", at > max ? json_null() : json_integer(at));
}

static bool text_matches(const char *pattern, const json_t *text)
{
	return !pattern || fnmatch(pattern, json_string_value(text), FNM_NOESCAPE) == 0;
}

/* -- tunnels -- */

json_t *api_tunnels_list(struct cp *cp, const json_t *params, struct api_error *e)
{
	static const char *const keys[] = {"state", "host", "peer", NULL};
	const char *state, *host, *peer;
	const json_t *filter;
	struct page p;
	uint32_t at, max = cp_max_tunnels(cp), seen = 0;
	json_t *rows;
	bool ok;

	filter = want_filter(params, keys, &ok, e);
	if (!ok || !want_page(params, &p, e))
		return NULL;
	state = want_text(filter, "state", &ok, e);
	host = want_text(filter, "host", &ok, e);
	peer = want_text(filter, "peer", &ok, e);
	if (!ok)
		return NULL;
	rows = json_array();
	for (at = p.cursor; at <= max && seen < API_SCAN_MAX && json_array_size(rows) < p.limit;
		at++, seen++) {
		const struct l2tp_tunnel *t = cp_tunnel(cp, at);
		json_t *row;

		if (!t || (state && strcmp(state, l2tp_tunnel_state_name(t->state)) != 0))
			continue;
		row = api_tunnel(cp, at, false);
		if (text_matches(host, json_object_get(row, "host")) &&
			(!peer ||
				strcmp(peer, json_string_value(json_object_get(row, "peer"))) == 0))
			json_array_append(rows, row);
		json_decref(row);
	}
	return page_take("tunnels", rows, at, max);
}

/* The slot that params name by slot or by tid. @return 0: refused. */
static uint32_t tunnel_named(struct cp *cp, const json_t *params, struct api_error *e)
{
	json_int_t slot = 0, tid = 0;
	bool by_slot, by_tid;

	if (!want_int(params, "slot", 1, UINT32_MAX, &slot, &by_slot, e) ||
		!want_int(params, "tid", 1, UINT16_MAX, &tid, &by_tid, e))
		return 0;
	if (by_slot == by_tid) {
		api_refuse(e, "bad-params", "name the tunnel by one of: slot, tid");
		return 0;
	}
	if (by_tid)
		slot = cp_tunnel_by_tid(cp, (uint16_t)tid);
	if (slot == 0 || slot > cp_max_tunnels(cp) || !cp_tunnel(cp, (uint32_t)slot)) {
		api_refuse(e, "not-found", "there is no such tunnel");
		return 0;
	}
	return (uint32_t)slot;
}

json_t *api_tunnels_get(struct cp *cp, const json_t *params, struct api_error *e)
{
	uint32_t slot = tunnel_named(cp, params, e);

	return slot ? json_pack("{s:o}", "tunnel", api_tunnel(cp, slot, true)) : NULL;
}

static json_t *cleared(int rc, const char *what, struct api_error *e)
{
	if (rc == -EALREADY)
		return api_refuse(e, "already", "the %s is being cleared already", what);
	if (rc)
		return api_refuse(e, "not-found", "there is no such %s", what);
	return json_pack("{s:b}", "cleared", 1);
}

/* The generation given, or that of now. @return false: refused. */
static bool want_generation(
	const json_t *params, uint32_t now, uint32_t *generation, struct api_error *e)
{
	json_int_t v = now;
	bool given;

	if (!want_int(params, "generation", 0, UINT32_MAX, &v, &given, e))
		return false;
	*generation = (uint32_t)v;
	return true;
}

json_t *api_tunnels_clear(struct cp *cp, const json_t *params, struct api_error *e)
{
	uint32_t slot = tunnel_named(cp, params, e), generation;

	if (!slot || !want_generation(params, cp_tunnel(cp, slot)->generation, &generation, e))
		return NULL;
	return cleared(cp_clear_tunnel(cp, slot, generation), "tunnel", e);
}

/* -- sessions -- */

struct wanted {
	const char *state, *user, *calling;
	uint32_t tunnel; /* slot, 0 = any */
	uint32_t ip4;
	uint64_t prefix6;
};

static bool read_address(const char *text, struct wanted *w, struct api_error *e)
{
	uint8_t a[16];

	if (inet_pton(AF_INET, text, a) == 1) {
		w->ip4 = (uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | a[3];
	} else if (inet_pton(AF_INET6, text, a) == 1) {
		for (unsigned i = 0; i < 8; i++)
			w->prefix6 = w->prefix6 << 8 | a[i];
	}
	if (w->ip4 || w->prefix6)
		return true;
	api_refuse(e, "bad-params",
		"address must be an IPv4 or IPv6 address, such as 100.64.0.9 or 2001:db8::1");
	return false;
}

static bool has_wild(const char *pattern)
{
	return strpbrk(pattern, "*?[") != NULL;
}

static bool session_matches(
	const struct cp *cp, uint32_t slot, const struct cp_subscriber *s, const struct wanted *w)
{
	const struct l2tp_call *c = cp_call(cp, slot);
	bool ok = true;
	json_t *text;

	if (w->ip4 && s->ip4 != w->ip4)
		return false;
	if (w->prefix6 && s->prefix6 != w->prefix6)
		return false;
	if (w->tunnel && (!c || c->tunnel != w->tunnel))
		return false;
	if (w->state && strcmp(w->state, cp_session_state_name(s->state)) != 0)
		return false;
	if (w->user && !has_wild(w->user) && !strchr(w->user, '\\'))
		ok = strlen(w->user) == s->user_len && memcmp(w->user, s->user, s->user_len) == 0;
	else if (w->user) {
		text = api_text(
			s->user, s->user_len < sizeof(s->user) ? s->user_len : sizeof(s->user));
		ok = text_matches(w->user, text);
		json_decref(text);
	}
	if (ok && w->calling) {
		text = c ? api_text(c->calling.s, c->calling.len) : json_string("");
		ok = text_matches(w->calling, text);
		json_decref(text);
	}
	return ok;
}

static bool want_sessions(
	struct cp *cp, const json_t *filter, struct wanted *w, struct api_error *e)
{
	const char *address;
	json_int_t tid = 0;
	bool ok = true, by_tid;

	*w = (struct wanted){.state = want_text(filter, "state", &ok, e)};
	w->user = want_text(filter, "user", &ok, e);
	w->calling = want_text(filter, "calling", &ok, e);
	address = want_text(filter, "address", &ok, e);
	if (!ok || !want_int(filter, "tid", 1, UINT16_MAX, &tid, &by_tid, e))
		return false;
	if (address && !read_address(address, w, e))
		return false;
	if (by_tid) {
		w->tunnel = cp_tunnel_by_tid(cp, (uint16_t)tid);
		if (!w->tunnel) {
			api_refuse(e, "not-found", "there is no tunnel %lld", (long long)tid);
			return false;
		}
	}
	return true;
}

/* The first match at or after *at. @return its slot; 0: none among the slots looked at, *at is
 * where to go on. */
static uint32_t session_scan(struct cp *cp, const struct wanted *w, uint32_t *at, uint32_t *budget)
{
	uint32_t max = cp_max_sessions(cp);

	for (; *at <= max && *budget; (*budget)--) {
		uint32_t slot = (*at)++;
		const struct cp_subscriber *s = cp_subscriber(cp, slot);

		if (s && session_matches(cp, slot, s, w)) {
			(*budget)--;
			return slot;
		}
	}
	return 0;
}

json_t *api_sessions_list(struct cp *cp, const json_t *params, struct api_error *e)
{
	static const char *const keys[] = {"state", "user", "calling", "address", "tid", NULL};
	uint32_t budget = API_SCAN_MAX, slot;
	const json_t *filter;
	struct wanted w;
	struct page p;
	json_t *rows;
	bool ok;

	filter = want_filter(params, keys, &ok, e);
	if (!ok || !want_page(params, &p, e) || !want_sessions(cp, filter, &w, e))
		return NULL;
	rows = json_array();
	while (json_array_size(rows) < p.limit &&
		(slot = session_scan(cp, &w, &p.cursor, &budget)) != 0)
		json_array_append_new(rows, api_session(cp, slot, false));
	return page_take("sessions", rows, p.cursor, cp_max_sessions(cp));
}

/* The slot that params name by slot, or by tid and sid. @return 0: refused. */
static uint32_t session_named(struct cp *cp, const json_t *params, struct api_error *e)
{
	json_int_t slot = 0, tid = 0, sid = 0;
	bool by_slot, by_tid, by_sid;

	if (!want_int(params, "slot", 1, UINT32_MAX, &slot, &by_slot, e) ||
		!want_int(params, "tid", 1, UINT16_MAX, &tid, &by_tid, e) ||
		!want_int(params, "sid", 1, UINT16_MAX, &sid, &by_sid, e))
		return 0;
	if (by_tid != by_sid || by_slot == by_tid) {
		api_refuse(e, "bad-params", "name the session by one of: slot; tid and sid");
		return 0;
	}
	if (by_tid)
		slot = cp_call_by_sid(cp, cp_tunnel_by_tid(cp, (uint16_t)tid), (uint16_t)sid);
	if (slot == 0 || slot > cp_max_sessions(cp) || !cp_subscriber(cp, (uint32_t)slot)) {
		api_refuse(e, "not-found", "there is no such session");
		return 0;
	}
	return (uint32_t)slot;
}

json_t *api_sessions_get(struct cp *cp, const json_t *params, struct api_error *e)
{
	bool search = json_object_get(params, "user") || json_object_get(params, "address");
	uint32_t budget = API_SCAN_MAX, slot;
	struct wanted w;
	struct page p;

	if (!search) {
		slot = session_named(cp, params, e);
		return slot ? json_pack("{s:o}", "session", api_session(cp, slot, true)) : NULL;
	}
	if (!want_page(params, &p, e) || !want_sessions(cp, params, &w, e))
		return NULL;
	slot = session_scan(cp, &w, &p.cursor, &budget);
	if (slot)
		return json_pack("{s:o}", "session", api_session(cp, slot, true));
	if (p.cursor > cp_max_sessions(cp))
		return api_refuse(e, "not-found", "there is no such session");
	return json_pack("{s:n, s:I}", "session", "next", (json_int_t)p.cursor);
}

json_t *api_sessions_clear(struct cp *cp, const json_t *params, struct api_error *e)
{
	uint32_t slot = session_named(cp, params, e), generation;

	if (!slot || !want_generation(params, cp_subscriber(cp, slot)->generation, &generation, e))
		return NULL;
	return cleared(cp_clear_session(cp, slot, generation), "session", e);
}
