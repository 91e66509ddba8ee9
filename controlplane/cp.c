/* SPDX-License-Identifier: BSD-3-Clause */
/* cp.c - the control core's state: made from the configuration, read by the API. Thread: control.
 * Events and time are in cp_loop.c, L2TP's wishes in cp_tunnel.c, subscribers in cp_session.c. */
#include "controlplane/cp_priv.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#include "controlplane/api/api.h"
#include "controlplane/cp_run.h"
#include "controlplane/log.h"

#define RND_CALL 64 /* what one call into l2tp/ may use */

const uint8_t *cp_random(struct cp *cp, size_t n)
{
	const uint8_t *at;

	if (cp->random_used + n > sizeof(cp->random)) {
		for (size_t got = 0; got < sizeof(cp->random);) {
			ssize_t rc = getrandom(cp->random + got, sizeof(cp->random) - got, 0);

			if (rc > 0)
				got += (size_t)rc;
		}
		cp->random_used = 0;
	}
	at = cp->random + cp->random_used;
	cp->random_used += n;
	return at;
}

struct l2tp_env cp_env(struct cp *cp)
{
	return (struct l2tp_env){.now_ns = cp->now_ns, .rnd = cp_random(cp, RND_CALL)};
}

struct l2tp_out *cp_out(struct cp *cp)
{
	struct l2tp_out *out = &cp->out[cp->depth++];

	assert(cp->depth <= CP_OUT_DEPTH);
	out->n = out->used = 0;
	return out;
}

static void *table(size_t n, size_t size)
{
	void *t = calloc(n, size);

	if (!t) {
		fprintf(stderr, "lnsd: no memory for a table of %zu x %zu bytes\n", n, size);
		exit(1);
	}
	return t;
}

static void lac_profiles_make(struct cp *cp)
{
	cp->lac = table(cp->cfg->n_lac_profiles, sizeof(*cp->lac));
	cp->lac_tunnels = table(cp->cfg->n_lac_profiles, sizeof(*cp->lac_tunnels));
	for (size_t i = 0; i < cp->cfg->n_lac_profiles; i++) {
		const struct cfg_lac_profile *c = &cp->cfg->lac_profiles[i];
		struct l2tp_profile *p = &cp->lac[i];

		*p = (struct l2tp_profile){
			.secret_len = (uint8_t)c->secret_len,
			.challenge = c->challenge,
			.window = c->window,
			.hello_ms = c->hello_ms,
			.rto_ms = 1000,
			.rto_cap_ms = c->rto_cap_ms,
			.retries = c->retries,
			.max_calls = c->max_sessions,
			.setup_ms = 60000,
		};
		memcpy(p->name, c->name, sizeof(p->name));
		memcpy(p->local_name, c->local_name[0] ? c->local_name : cp->cfg->identity,
			sizeof(p->local_name));
		memcpy(p->secret, c->secret, c->secret_len);
	}
}

static void ppp_profiles_make(const struct cfg *cfg)
{
	for (size_t i = 0; i < cfg->n_ppp_profiles; i++) {
		const struct cfg_ppp_profile *c = &cfg->ppp_profiles[i];
		struct ppp_profile p = {
			.ipv4 = c->ipv4,
			.ipv6 = c->ipv6,
			.mru = c->mru,
			.mtu_max = c->mru,
			.restart_ms = 3000,
			.restart_first_ms = 400,
			.max_configure =
				12, /* 30 s, as ten at RFC 1661's 3 s have: the first three take 3 s */
			.max_terminate = 2,
			.max_failure = 5,
			.echo_interval_ms = c->echo_interval_ms,
			.echo_failures = c->echo_failures,
			.auth_timeout_ms = 30000,
		};

		for (unsigned k = 0; k < 3; k++)
			p.auth[k] = (uint8_t)c->auth[k];
		memcpy(p.name, cfg->identity, sizeof(p.name));
		dp_profile_set((uint16_t)i, &p);
		dp_rates_set((uint16_t)(i + 1), c->rate_up, c->rate_down, c->rate_burst_ms);
	}
}

static bool prefix_has4(const struct cfg_pool *pool, uint32_t a)
{
	return pool->family == 4 && a >= pool->first4 && a <= pool->last4;
}

static uint64_t high_half(const uint8_t addr[16])
{
	uint64_t hi = 0;

	for (unsigned i = 0; i < 8; i++)
		hi = hi << 8 | addr[i];
	return hi;
}

static uint32_t low32(const uint8_t addr[16])
{
	return (uint32_t)addr[0] << 24 | (uint32_t)addr[1] << 16 | (uint32_t)addr[2] << 8 | addr[3];
}

/* The last /64 of a prefix, at most as many as a pool may hold. */
static uint64_t last_64_of(uint64_t first, unsigned len)
{
	uint64_t n = len <= 40 ? POOL_MAX : 1ull << (64 - len);

	return first + (n < POOL_MAX ? n : POOL_MAX) - 1;
}

/* What a user has for ever is never handed out from a pool. */
static int pools_make(struct cp *cp)
{
	const struct cfg *cfg = cp->cfg;

	cp->pools = table(cfg->n_pools + 1, sizeof(struct pool));
	for (size_t i = 0; i < cfg->n_pools; i++) {
		const struct cfg_pool *c = &cfg->pools[i];
		uint64_t first = c->family == 4 ? c->first4 : high_half(c->prefix.addr);
		uint64_t last = c->family == 4 ? c->last4 : last_64_of(first, c->prefix.len);

		if (pool_init(&cp->pools[i], first, last)) {
			fprintf(stderr, "lnsd: no memory for pool %s\n", c->name);
			return -1;
		}
		if (c->family == 4)
			pool_reserve(&cp->pools[i], c->gateway4);
	}
	for (size_t u = 0; u < cfg->n_users; u++) {
		const struct cfg_user *user = &cfg->users[u];

		for (size_t i = 0; i < cfg->n_pools; i++) {
			if (user->ip4.family && prefix_has4(&cfg->pools[i], low32(user->ip4.addr)))
				pool_reserve(&cp->pools[i], low32(user->ip4.addr));
			if (user->ip6.family && cfg->pools[i].family == 6)
				pool_reserve(&cp->pools[i], high_half(user->ip6.addr));
		}
	}
	return 0;
}

static void l2tp_make(struct cp *cp)
{
	const struct l2tp_limits lim = {
		.tunnels = cp->store.max_tunnels,
		.calls = cp->store.max_sessions,
		.chunks = cp->store.max_sessions / 4 + cp->store.max_tunnels * 8 + 1024,
	};
	uint64_t seed;

	cp->l2tp_bytes = l2tp_size(&lim);
	memcpy(&seed, cp_random(cp, sizeof(seed)), sizeof(seed));
	/* Zeroed, and pages that no session needs are never touched. */
	cp->l2tp_memory = mmap(
		NULL, cp->l2tp_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (cp->l2tp_memory == MAP_FAILED) {
		fprintf(stderr, "lnsd: no memory for the L2TP tables (%zu bytes)\n",
			cp->l2tp_bytes);
		exit(1);
	}
	cp->l2tp = l2tp_init(
		cp->l2tp_memory, &lim, cp->store.tunnels, cp->store.calls, seed, cp->now_ns);
}

struct cp *cp_start(const struct cfg *c, const struct dp_store_view *store)
{
	struct cp *cp = table(1, sizeof(*cp));
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	cp->now_ns = (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
	cp->totals.started_ns = cp->now_ns;
	cp->cfg = c;
	cp->store = *store;
	cp->subscribers = store->subscribers;
	cp->random_used = sizeof(cp->random);
	cp->user_sessions = table(c->n_users + 1, sizeof(uint32_t));
	cp->tunnel_sessions = table(store->max_tunnels + 1ull, sizeof(uint32_t));
	cp->tunnel_free_owed = table(store->max_tunnels + 1ull, 1);
	cp->tunnel_rx_seen = table(store->max_tunnels + 1ull, sizeof(uint64_t));
	lac_profiles_make(cp);
	ppp_profiles_make(c);
	l2tp_make(cp);
	for (size_t i = 0; i < c->n_endpoints; i++)
		if (dp_endpoint_add(&c->endpoints[i], 0)) {
			fprintf(stderr, "lnsd: too many endpoints\n");
			cp_stop(cp);
			return NULL;
		}
	if (pools_make(cp) || !(cp->linux_side = linux_start(c)) || !(cp->api = api_start(cp))) {
		cp_stop(cp);
		return NULL;
	}
	return cp;
}

void cp_stop(struct cp *cp)
{
	if (cp->api)
		api_stop(cp->api);
	if (cp->linux_side)
		linux_stop(cp->linux_side);
	for (size_t i = 0; cp->pools && i < cp->cfg->n_pools; i++)
		pool_fini(&cp->pools[i]);
	free(cp->pools);
	munmap(cp->l2tp_memory, cp->l2tp_bytes);
	free(cp->lac);
	free(cp->lac_tunnels);
	free(cp->user_sessions);
	free(cp->tunnel_sessions);
	free(cp->tunnel_free_owed);
	free(cp->tunnel_rx_seen);
	free(cp);
}

/* -- what the API reads -- */

const struct cfg *cp_config(const struct cp *cp)
{
	return cp->cfg;
}

void cp_totals(const struct cp *cp, struct cp_totals *t)
{
	uint32_t calls, chunks, timers;

	*t = cp->totals;
	l2tp_usage(cp->l2tp, &t->tunnels, &calls, &chunks, &timers);
	for (uint32_t i = 1; i <= cp->tunnel_high; i++)
		t->tunnels_up += cp->store.tunnels[i].state == L2TP_T_ESTABLISHED;
}

uint32_t cp_max_tunnels(const struct cp *cp)
{
	return cp->store.max_tunnels;
}

uint32_t cp_max_sessions(const struct cp *cp)
{
	return cp->store.max_sessions;
}

const struct l2tp_tunnel *cp_tunnel(const struct cp *cp, uint32_t slot)
{
	const struct l2tp_tunnel *t = &cp->store.tunnels[slot];

	return slot && slot <= cp->store.max_tunnels && t->state != L2TP_T_FREE ? t : NULL;
}

const struct l2tp_call *cp_call(const struct cp *cp, uint32_t slot)
{
	const struct l2tp_call *c = &cp->store.calls[slot];

	return slot && slot <= cp->store.max_sessions && c->state != L2TP_C_FREE ? c : NULL;
}

const struct cp_subscriber *cp_subscriber(const struct cp *cp, uint32_t slot)
{
	const struct cp_subscriber *s = &cp->subscribers[slot];

	return slot && slot <= cp->store.max_sessions && s->state != CP_S_FREE ? s : NULL;
}

uint32_t cp_tunnel_by_tid(const struct cp *cp, uint16_t tid)
{
	return l2tp_tunnel_by_tid(cp->l2tp, tid);
}

uint32_t cp_call_by_sid(const struct cp *cp, uint32_t tunnel, uint16_t sid)
{
	return tunnel ? l2tp_call_by_sid(cp->l2tp, tunnel, sid) : 0;
}

unsigned cp_pools(const struct cp *cp, struct cp_pool_view *views, unsigned max)
{
	unsigned n = 0;

	for (; n < cp->cfg->n_pools && n < max; n++)
		views[n] = (struct cp_pool_view){.pool = &cp->cfg->pools[n],
			.capacity = pool_capacity(&cp->pools[n]),
			.used = cp->pools[n].used};
	return n;
}

void cp_l2tp_usage(
	const struct cp *cp, uint32_t *tunnels, uint32_t *calls, uint32_t *chunks, uint32_t *timers)
{
	l2tp_usage(cp->l2tp, tunnels, calls, chunks, timers);
}

const struct l2tp_counters *cp_l2tp_counters(const struct cp *cp)
{
	return l2tp_counters(cp->l2tp);
}

const struct linux_counters *cp_linux_counters(const struct cp *cp)
{
	return linux_counters(cp->linux_side);
}

int cp_clear_session(struct cp *cp, uint32_t slot, uint32_t generation)
{
	const struct cp_subscriber *s = cp_subscriber(cp, slot);

	if (!s || s->generation != generation)
		return -ENOENT;
	if (s->state >= CP_S_CLOSING)
		return -EALREADY;
	if (s->state == CP_S_CALL) {
		cp_call_clear(cp, slot, PPP_CAUSE_ADMIN);
		return 0;
	}
	cp->subscribers[slot].state = CP_S_CLOSING;
	dp_session_close(slot, generation, PPP_CAUSE_ADMIN);
	return 0;
}

int cp_clear_tunnel(struct cp *cp, uint32_t slot, uint32_t generation)
{
	const struct l2tp_tunnel *t = cp_tunnel(cp, slot);
	const struct l2tp_result r = {.result = 1, .text = "cleared by the operator"};
	struct l2tp_env env = cp_env(cp);
	struct l2tp_out *out;

	if (!t || t->generation != generation)
		return -ENOENT;
	if (t->state == L2TP_T_CLOSING)
		return -EALREADY;
	out = cp_out(cp);
	l2tp_tunnel_close(cp->l2tp, slot, &r, &env, out);
	cp_perform(cp, out);
	return 0;
}

const char *cp_session_state_name(uint8_t state)
{
	static const char *const name[] = {
		[CP_S_FREE] = "free",
		[CP_S_CALL] = "call",
		[CP_S_PPP] = "ppp",
		[CP_S_AUTH] = "auth",
		[CP_S_NCP] = "ncp",
		[CP_S_UP] = "up",
		[CP_S_CLOSING] = "closing",
		[CP_S_REMOVING] = "removing",
	};

	return state < sizeof(name) / sizeof(name[0]) ? name[state] : "unknown";
}

const char *cp_show_ip4(uint32_t ip4, char buf[16])
{
	if (!ip4)
		return "-";
	snprintf(buf, 16, "%u.%u.%u.%u", ip4 >> 24, ip4 >> 16 & 255, ip4 >> 8 & 255, ip4 & 255);
	return buf;
}

const char *cp_show_prefix6(uint64_t prefix6, char buf[48])
{
	uint8_t addr[16] = {0};

	for (unsigned i = 0; i < 8; i++)
		addr[i] = (uint8_t)(prefix6 >> (56 - 8 * i));
	inet_ntop(AF_INET6, addr, buf, 48);
	strcat(buf, "/64");
	return prefix6 ? buf : "-";
}

const char *cp_show_tunnel(const struct cp *cp, uint32_t tunnel, char *buf, size_t size)
{
	const struct l2tp_tunnel *t = &cp->store.tunnels[tunnel];
	char addr[INET6_ADDRSTRLEN], host[140];

	inet_ntop(t->peer.family == 6 ? AF_INET6 : AF_INET, t->peer.addr, addr, sizeof(addr));
	log_quote(host, sizeof(host), t->host_name.s, t->host_name.len);
	snprintf(buf, size,
		t->peer.family == 6 ? "tunnel=%u peer=[%s]:%u host=%s"
				    : "tunnel=%u peer=%s:%u host=%s",
		t->tid, addr, t->peer.port, host);
	return buf;
}

const char *cp_show_session(const struct cp *cp, uint32_t slot, char *buf, size_t size)
{
	const struct l2tp_call *c = &cp->store.calls[slot];
	const struct l2tp_tunnel *t = &cp->store.tunnels[c->tunnel];
	const struct cp_subscriber *s = &cp->subscribers[slot];
	char addr[INET6_ADDRSTRLEN], user[140];

	inet_ntop(t->peer.family == 6 ? AF_INET6 : AF_INET, t->peer.addr, addr, sizeof(addr));
	log_quote(user, sizeof(user), s->user, s->user_len);
	snprintf(buf, size,
		t->peer.family == 6 ? "tunnel=%u session=%u user=%s peer=[%s]:%u"
				    : "tunnel=%u session=%u user=%s peer=%s:%u",
		t->tid, c->sid, user, addr, t->peer.port);
	return buf;
}
