/* SPDX-License-Identifier: BSD-3-Clause */
/* cp_tunnel.c - performs what the pure L2TP core asks for: datagrams out, tunnels admitted by LAC profile, calls handed on
 * to cp_session.c. Thread: control. Not here: the protocol itself (l2tp/), subscribers (cp_session.c). */
#include "controlplane/cp_priv.h"

#include <assert.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/log.h"

#define UNSENT_KEEP_NS 3000000000ull
#define WINDOW_MAX     1024 /* a peer may announce more than makes sense */
#define TOO_MANY       "too many tunnels for this LAC profile"

static struct log_limit limit_refused;

static void send_now_or_keep(
	struct cp *cp, const struct l2tp_peer *peer, const uint8_t *bytes, uint16_t len)
{
	struct cp_unsent *u;

	if (dp_send_l2tp(peer, bytes, len) != -EHOSTUNREACH)
		return; /* sent, or no buffer: the reliable channel sends it again */
	linux_resolve(cp->linux_side, peer->family, peer->addr);
	if (cp->n_unsent == CP_UNSENT_MAX || len > sizeof(u->bytes)) {
		dp_send_l2tp_given_up();
		return;
	}
	u = &cp->unsent[cp->n_unsent++];
	u->peer = *peer;
	u->since_ns = cp->now_ns;
	u->len = len;
	memcpy(u->bytes, bytes, len);
}

/* Neighbours resolve within milliseconds: what waits for them is tried again at every turn of the loop. */
void cp_send_unsent(struct cp *cp)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < cp->n_unsent; i++) {
		struct cp_unsent *u = &cp->unsent[i];

		if (dp_send_l2tp(&u->peer, u->bytes, u->len) != -EHOSTUNREACH)
			continue;
		if (cp->now_ns - u->since_ns >= UNSENT_KEEP_NS) {
			dp_send_l2tp_given_up();
			continue;
		}
		if (kept != i)
			cp->unsent[kept] = *u;
		kept++;
	}
	cp->n_unsent = kept;
}

static bool prefix_covers(const struct cfg_prefix *p, uint8_t family, const uint8_t *addr)
{
	unsigned whole = p->len / 8, rest = p->len % 8;

	if (p->family != family || memcmp(p->addr, addr, whole))
		return false;
	return !rest || !((p->addr[whole] ^ addr[whole]) & (0xff00 >> rest) & 0xff);
}

static bool lac_matches(const struct cfg_lac_profile *p, const struct l2tp_tunnel *t)
{
	bool from = p->n_sources == 0;

	for (size_t i = 0; i < p->n_sources && !from; i++)
		from = prefix_covers(&p->sources[i], t->peer.family, t->peer.addr);
	return from && (!p->host_name[0] || !fnmatch(p->host_name, t->host_name.s, 0));
}

static void tunnel_refuse(struct cp *cp, uint32_t slot, const struct l2tp_profile *profile,
	uint16_t result, uint16_t error, const char *why)
{
	struct l2tp_result r = {.result = result, .error = error};
	struct l2tp_env env = cp_env(cp);
	struct l2tp_out *out = cp_out(cp);
	char who[256];

	snprintf(r.text, sizeof(r.text), "%s", why);
	log_limited(&limit_refused, 10, cp->now_ns, CFG_LOG_WARN, "tunnel-refused",
		"%s reason=\"%s\"", cp_show_tunnel(cp, slot, who, sizeof(who)), why);
	l2tp_tunnel_reject(cp->l2tp, slot, profile, &r, &env, out);
	cp_perform(cp, out);
}

static void tunnel_request(struct cp *cp, uint32_t slot)
{
	const struct l2tp_tunnel *t = &cp->store.tunnels[slot];
	struct l2tp_env env = cp_env(cp);
	struct l2tp_out *out;

	for (size_t i = 0; i < cp->cfg->n_lac_profiles; i++) {
		const struct cfg_lac_profile *p = &cp->cfg->lac_profiles[i];

		if (!lac_matches(p, t))
			continue;
		if (cp->lac_tunnels[i] >= p->max_tunnels) {
			tunnel_refuse(cp, slot, &cp->lac[i], 2, 4, TOO_MANY);
			return;
		}
		cp->tunnel_rx_seen[slot] = 0;
		if (slot > cp->tunnel_high)
			cp->tunnel_high = slot;
		out = cp_out(cp);
		l2tp_tunnel_accept(cp->l2tp, slot, &cp->lac[i], (uint16_t)(i + 1), &env, out);
		dp_tunnel_set(slot, t->generation, &t->peer, t->tid, t->peer_tid);
		cp->totals.tunnels_total++;
		cp_perform(cp, out);
		return;
	}
	tunnel_refuse(cp, slot, NULL, 4, 0, "no LAC profile matches this source and host name");
}

/* What may be on the way to us at once: its messages, and its acknowledgements of ours. */
static uint16_t windows_of(const struct l2tp_tunnel *t)
{
	uint16_t ours = t->profile->window, theirs = t->peer_window;

	return (uint16_t)(ours + (theirs < WINDOW_MAX ? theirs : WINDOW_MAX));
}

/* Only established tunnels count for their profile's limit: a flood of SCCRQs must not use it up. So tunnels that came up
 * at the same time can be too many here. */
static void tunnel_up(struct cp *cp, uint32_t slot)
{
	struct l2tp_result full = {.result = 2, .error = 4, .text = TOO_MANY};
	const struct l2tp_tunnel *t = &cp->store.tunnels[slot];
	uint16_t profile = t->profile_index - 1;
	struct l2tp_env env = cp_env(cp);
	struct l2tp_out *out;
	char who[256], vendor[128];

	dp_tunnel_up(slot, windows_of(t));
	if (++cp->lac_tunnels[profile] > cp->cfg->lac_profiles[profile].max_tunnels) {
		out = cp_out(cp);
		l2tp_tunnel_close(cp->l2tp, slot, &full, &env, out);
		cp_perform(cp, out);
		return;
	}
	log_quote(vendor, sizeof(vendor), t->vendor_name.s, t->vendor_name.len);
	log_line(CFG_LOG_INFO, "tunnel-up", "%s profile=\"%s\" vendor=%s window=%u",
		cp_show_tunnel(cp, slot, who, sizeof(who)), cp->lac[t->profile_index - 1].name,
		vendor, t->peer_window);
}

static void tunnel_down(struct cp *cp, uint32_t slot, const struct l2tp_result *r, bool by_peer)
{
	const struct l2tp_tunnel *t = &cp->store.tunnels[slot];
	char who[256], text[160];

	log_quote(text, sizeof(text), r->text, strnlen(r->text, sizeof(r->text)));
	log_line(CFG_LOG_INFO, "tunnel-down",
		"%s by=%s result=%u reason=%s error=%u text=%s sessions=%u",
		cp_show_tunnel(cp, slot, who, sizeof(who)), by_peer ? "peer" : "us", r->result,
		l2tp_stopccn_result_name(r->result), r->error, text, t->calls);
}

/* The slot may go back once the dataplane holds none of its sessions. */
static void tunnel_release(struct cp *cp, uint32_t slot)
{
	const struct l2tp_tunnel *t = &cp->store.tunnels[slot];

	if (cp->tunnel_sessions[slot]) {
		cp->tunnel_free_owed[slot] = 1;
		return;
	}
	cp->tunnel_free_owed[slot] = 0;
	if (t->profile_index) {
		cp->lac_tunnels[t->profile_index - 1] -= t->up_ns != 0;
		dp_tunnel_clear(slot);
	}
	l2tp_tunnel_release(cp->l2tp, slot);
}

void cp_tunnel_unheld(struct cp *cp, uint32_t tunnel)
{
	assert(cp->tunnel_sessions[tunnel]);
	if (--cp->tunnel_sessions[tunnel] == 0 && cp->tunnel_free_owed[tunnel])
		tunnel_release(cp, tunnel);
}

/* Messages first. They have their numbers, and what follows may have control send more: those must not overtake them, for
 * a LAC need not keep what comes before its turn (RFC 2661 s5.8), and would wait for our timer then. */
void cp_perform(struct cp *cp, struct l2tp_out *out)
{
	assert(out == &cp->out[cp->depth - 1]);
	for (unsigned i = 0; i < out->n; i++) {
		const struct l2tp_action *a = &out->act[i];

		if (a->type == L2TP_ACT_SEND)
			send_now_or_keep(cp, &cp->store.tunnels[a->tunnel].peer,
				out->bytes + a->send.off, a->send.len);
	}
	for (unsigned i = 0; i < out->n; i++) {
		const struct l2tp_action *a = &out->act[i];

		switch ((enum l2tp_act)a->type) {
		case L2TP_ACT_SEND:
			break;
		case L2TP_ACT_TUNNEL_REQUEST:
			tunnel_request(cp, a->tunnel);
			break;
		case L2TP_ACT_TUNNEL_UP:
			tunnel_up(cp, a->tunnel);
			break;
		case L2TP_ACT_TUNNEL_DOWN:
			tunnel_down(cp, a->tunnel, &a->result, a->by_peer);
			break;
		case L2TP_ACT_TUNNEL_FREE:
			tunnel_release(cp, a->tunnel);
			break;
		case L2TP_ACT_CALL_REQUEST:
			cp_call_request(cp, a->call);
			break;
		case L2TP_ACT_CALL_UP:
			cp_call_up(cp, a->call);
			break;
		case L2TP_ACT_CALL_DOWN:
			cp_call_down(cp, a->call, &a->result, a->by_peer);
			break;
		case L2TP_ACT_TRACE:
			break;
		}
	}
	cp->depth--;
}

/* Data is a sign of life too (RFC 2661 s5.5): no Hello into a tunnel that carries traffic. A few tunnels per turn. */
void cp_tunnels_heard(struct cp *cp, unsigned budget)
{
	if (budget > cp->tunnel_high)
		budget = cp->tunnel_high;
	while (budget--) {
		uint32_t slot = cp->tunnel_cursor = cp->tunnel_cursor % cp->tunnel_high + 1;
		uint64_t rx;

		if (cp->store.tunnels[slot].state != L2TP_T_ESTABLISHED)
			continue;
		rx = dp_tunnel_rx_packets(slot);
		if (rx != cp->tunnel_rx_seen[slot])
			l2tp_tunnel_heard(cp->l2tp, slot, cp->now_ns);
		cp->tunnel_rx_seen[slot] = rx;
	}
}

void cp_tunnels_log_flush(struct cp *cp)
{
	log_limit_flush(&limit_refused, cp->now_ns);
}
