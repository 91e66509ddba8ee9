/* SPDX-License-Identifier: BSD-3-Clause */
/* cp_session.c - the subscriber behind a call: admission, who it is, which addresses it gets, and how it ends.
 * One record per session slot (struct cp_subscriber), written here only. Thread: control.
 * Order of publication (docs/architecture.md): key before ICRP, addresses before the verdict reaches PPP.
 * Order of removal: keys, then the owner worker lets go, then address, ids and slot are given back. */
#include "controlplane/cp_priv.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/aaa/local.h"
#include "controlplane/log.h"

#define SID_TRIES 16 /* at random; after that the next free one is taken */
#define SIDS      65535u
#define OUR_IFID  1ull /* we are fe80::1 on every link */

static struct log_limit limit_refused, limit_down, limit_rejected, limit_up;

static struct cp_subscriber *sub_of(struct cp *cp, uint32_t slot)
{
	return &cp->subscribers[slot];
}

static void state_set(struct cp_subscriber *s, enum cp_session_state to)
{
	s->state = to;
}

/* How the end of PPP reads in a Call-Disconnect-Notify (RFC 2661 s4.4.2). */
static struct l2tp_result cdn_of(enum ppp_cause cause)
{
	static const uint8_t result[PPP_CAUSE_COUNT] = {
		[PPP_CAUSE_NONE] = 3,
		[PPP_CAUSE_PEER_TERMINATED] = 3,
		[PPP_CAUSE_ADMIN] = 3,
		[PPP_CAUSE_AUTH_FAILED] = 3,
		[PPP_CAUSE_AUTH_TIMEOUT] = 10,
		[PPP_CAUSE_NEGOTIATION] = 3,
		[PPP_CAUSE_ECHO_TIMEOUT] = 1,
		[PPP_CAUSE_LOOP] = 3,
		[PPP_CAUSE_PROTOCOL_REJECT] = 3,
		[PPP_CAUSE_LOWER_DOWN] = 1,
	};
	struct l2tp_result r = {.result = result[cause]};

	snprintf(r.text, sizeof(r.text), "%s", ppp_cause_name(cause));
	return r;
}

static void call_close(struct cp *cp, uint32_t slot, const struct l2tp_result *r)
{
	struct l2tp_env env = cp_env(cp);
	struct l2tp_out *out = cp_out(cp);

	l2tp_call_close(cp->l2tp, slot, r, &env, out);
	cp_perform(cp, out);
}

void cp_call_clear(struct cp *cp, uint32_t slot, enum ppp_cause cause)
{
	struct cp_subscriber *s = sub_of(cp, slot);
	struct l2tp_result r = cdn_of(cause);

	if (s->state == CP_S_FREE || s->state == CP_S_REMOVING)
		return;
	s->cause = cause;
	call_close(cp, slot, &r);
}

/* The session's key must be live before ICRP tells the peer our id. */
static int publish(struct cp *cp, uint32_t slot)
{
	const struct l2tp_call *c = &cp->store.calls[slot];
	const struct l2tp_tunnel *t = &cp->store.tunnels[c->tunnel];
	const struct cfg_lac_profile *lac = &cp->cfg->lac_profiles[t->profile_index - 1];
	const struct cfg_ppp_profile *ppp = &cp->cfg->ppp_profiles[lac->ppp];
	struct dp_session_desc d = {
		.slot = slot,
		.generation = c->generation,
		.tunnel = c->tunnel,
		.tid = t->tid,
		.peer_sid = c->peer_sid,
		.vrf = t->peer.vrf,
		.mtu = dp_tunnel_mtu(c->tunnel),
		.ppp_profile = (uint16_t)lac->ppp,
		.source_check = ppp->source_check,
		.mss_clamp = ppp->mss_clamp,
	};

	for (unsigned i = 0; i < SID_TRIES + SIDS; i++) {
		int rc;

		d.sid = i < SID_TRIES ? dp_session_pick_sid(slot, t->tid)
				      : (uint16_t)(d.sid % SIDS + 1);
		if (l2tp_call_by_sid(cp->l2tp, c->tunnel, d.sid))
			continue;
		rc = dp_session_publish(&d);
		if (rc == 0)
			return d.sid;
		if (rc != -EEXIST)
			return rc;
	}
	return -EEXIST;
}

static void call_refuse(struct cp *cp, uint32_t slot, const char *why)
{
	struct l2tp_result r = {.result = 4};
	char who[256];

	snprintf(r.text, sizeof(r.text), "%s", why);
	log_limited(&limit_refused, 10, cp->now_ns, CFG_LOG_WARN, "call-refused",
		"%s reason=\"%s\"", cp_show_session(cp, slot, who, sizeof(who)), why);
	call_close(cp, slot, &r);
}

void cp_call_request(struct cp *cp, uint32_t slot)
{
	const struct l2tp_call *c = &cp->store.calls[slot];
	struct cp_subscriber *s = sub_of(cp, slot);
	struct l2tp_env env = cp_env(cp);
	struct l2tp_out *out;
	int sid;

	memset(s, 0, sizeof(*s));
	s->generation = c->generation;
	s->pool4 = s->pool6 = -1;
	sid = publish(cp, slot);
	if (sid < 0) {
		call_refuse(cp, slot, "no room for another session");
		return;
	}
	s->ppp_profile =
		(uint16_t)cp->cfg->lac_profiles[cp->store.tunnels[c->tunnel].profile_index - 1].ppp;
	state_set(s, CP_S_CALL);
	cp->tunnel_sessions[c->tunnel]++;
	cp->totals.sessions++;
	cp->totals.sessions_total++;
	out = cp_out(cp);
	l2tp_call_accept(cp->l2tp, slot, (uint16_t)sid, &env,
		out); /* fails when the call is over already: CALL_DOWN says so */
	cp_perform(cp, out);
}

void cp_call_up(struct cp *cp, uint32_t slot)
{
	const struct l2tp_call *c = &cp->store.calls[slot];

	state_set(sub_of(cp, slot), CP_S_PPP);
	dp_session_start(slot, c->generation, c->sequencing);
}

/* The call is over for L2TP, whoever ended it: the workers must let go before anything is used again. */
void cp_call_down(struct cp *cp, uint32_t slot, const struct l2tp_result *r, bool by_peer)
{
	const struct l2tp_call *c = &cp->store.calls[slot];
	struct cp_subscriber *s = sub_of(cp, slot);
	char who[256], text[160];

	assert(s->state != CP_S_FREE && s->state != CP_S_REMOVING);
	if (s->cause == PPP_CAUSE_NONE)
		s->cause = PPP_CAUSE_LOWER_DOWN;
	cp->totals.down_by_cause[s->cause]++;
	if (s->ncp_up)
		cp->totals.sessions_up--;
	log_quote(text, sizeof(text), r->text, strnlen(r->text, sizeof(r->text)));
	log_limited(&limit_down, 100, cp->now_ns, CFG_LOG_INFO, "session-down",
		"%s by=%s cause=%s result=%u error=%u text=%s",
		cp_show_session(cp, slot, who, sizeof(who)), by_peer ? "peer" : "us",
		ppp_cause_name(s->cause), r->result, r->error, text);
	s->ncp_up = 0;
	state_set(s, CP_S_REMOVING);
	dp_session_remove(slot, c->generation);
}

static void addresses_give(struct cp *cp, struct cp_subscriber *s)
{
	if (s->pool4 >= 0 && s->ip4)
		pool_give(&cp->pools[s->pool4], s->ip4);
	if (s->pool6 >= 0 && s->prefix6)
		pool_give(&cp->pools[s->pool6], s->prefix6);
	s->pool4 = s->pool6 = -1;
	s->ip4 = 0;
	s->prefix6 = 0;
}

static void session_free(struct cp *cp, uint32_t slot)
{
	struct cp_subscriber *s = sub_of(cp, slot);
	uint32_t tunnel = cp->store.calls[slot].tunnel;

	assert(s->state == CP_S_REMOVING);
	addresses_give(cp, s);
	if (s->user_index)
		cp->user_sessions[s->user_index - 1]--;
	cp->totals.sessions--;
	memset(s, 0, sizeof(*s));
	l2tp_call_release(cp->l2tp, slot);
	cp_tunnel_unheld(cp, tunnel);
}

/* -- authentication and addresses -- */

static uint32_t ip4_of(const struct cfg_prefix *p)
{
	return p->family == 4 ? (uint32_t)p->addr[0] << 24 | (uint32_t)p->addr[1] << 16 |
			(uint32_t)p->addr[2] << 8 | p->addr[3]
			      : 0;
}

static uint64_t prefix6_of(const struct cfg_prefix *p)
{
	uint64_t hi = 0;

	for (unsigned i = 0; i < 8; i++)
		hi = hi << 8 | p->addr[i];
	return hi;
}

static_assert(POOL_BLOCK == L2TP_BLOCK, "blocks of addresses lie as blocks of slots");

/* The address beside those of the slots beside. @return 0, or it is not free. */
static int pool4_take_beside(struct cp *cp, struct pool *pool, uint32_t slot, uint64_t *a)
{
	for (uint32_t k = 1; k < L2TP_BLOCK; k++) { /* the nearest first */
		uint32_t beside = slot ^ k;
		const struct cp_subscriber *s = sub_of(cp, beside);

		if (beside > cp->store.max_sessions || !s->ip4 || s->pool4 < 0 ||
			&cp->pools[s->pool4] != pool || (s->ip4 ^ beside) % POOL_BLOCK)
			continue;
		*a = s->ip4 ^ k;
		return pool_take_this(pool, *a);
	}
	return -ENOENT;
}

/* An address of the pool: one that lies as the slot does, so that the dataplane finds it soon; or, where ports spread by address,
 * that of the next ones which suits the session's owner best. */
static int pool4_take(struct cp *cp, struct pool *pool, const struct cp_subscriber *s, uint64_t *a)
{
	uint32_t slot = (uint32_t)(s - cp->subscribers);
	uint64_t next[DP_ADDR_CHOICES];
	unsigned n = dp_addr4_choices();

	if (n < 2)
		return pool4_take_beside(cp, pool, slot, a) &&
				pool_take_block(pool, slot % POOL_BLOCK, a)
			? pool_take(pool, a)
			: 0;
	n = pool_next(pool, next, n);
	if (!n)
		return -ENOSPC;
	*a = next[dp_addr4_pick(slot, next, n)];
	return pool_take_this(pool, *a);
}

/* Give the session its addresses as user and profile say. @return NULL, or why it cannot be. */
static const char *addresses_take(struct cp *cp, struct cp_subscriber *s,
	const struct cfg_user *user, const struct cfg_ppp_profile *p)
{
	uint64_t a;

	if (p->ipv4 && user->ip4.family) {
		s->ip4 = ip4_of(&user->ip4);
	} else if (p->ipv4 && p->ipool4 >= 0) {
		if (pool4_take(cp, &cp->pools[p->ipool4], s, &a))
			return "address pool is empty";
		s->ip4 = (uint32_t)a;
		s->pool4 = (int16_t)p->ipool4;
	}
	if (p->ipv6 && user->ip6.family) {
		s->prefix6 = prefix6_of(&user->ip6);
	} else if (p->ipv6 && p->ipool6 >= 0) {
		if (pool_take(&cp->pools[p->ipool6], &a)) {
			addresses_give(cp, s);
			return "prefix pool is empty";
		}
		s->prefix6 = a;
		s->pool6 = (int16_t)p->ipool6;
	}
	return s->ip4 || s->prefix6 ? NULL : "no address for this user";
}

/* Our end of the link: the gateway of the profile's pool, else the first pool's, else the first IPv4 port address. */
static uint32_t our_ip4(const struct cp *cp, const struct cfg_ppp_profile *p)
{
	if (p->ipool4 >= 0)
		return cp->cfg->pools[p->ipool4].gateway4;
	for (size_t i = 0; i < cp->cfg->n_pools; i++)
		if (cp->cfg->pools[i].family == 4)
			return cp->cfg->pools[i].gateway4;
	for (size_t i = 0; i < cp->cfg->dataplane.n_ports; i++)
		for (size_t k = 0; k < cp->cfg->dataplane.ports[i].n_addresses; k++)
			if (ip4_of(&cp->cfg->dataplane.ports[i].addresses[k]))
				return ip4_of(&cp->cfg->dataplane.ports[i].addresses[k]);
	return 0;
}

static void verdict_fill(const struct cp *cp, uint32_t slot, const struct cfg_user *user,
	const struct cfg_ppp_profile *p, struct dp_verdict *v)
{
	const struct cp_subscriber *s = &cp->subscribers[slot];

	v->ppp.accept = true;
	v->rates = p->rate_up || p->rate_down ? (uint16_t)(p - cp->cfg->ppp_profiles + 1) : 0;
	v->our_ip4 = v->ppp.our_ip4 = our_ip4(cp, p);
	v->ppp.peer_ip4 = s->ip4;
	for (unsigned i = 0; i < 2; i++) {
		v->ppp.dns[i] = ip4_of(&p->dns[i]);
		v->ppp.nbns[i] = ip4_of(&p->nbns[i]);
	}
	v->prefix6 = s->prefix6;
	if (s->prefix6) {
		v->ppp.our_ifid = OUR_IFID;
		v->ppp.peer_ifid = (uint64_t)(s->generation & 0xffffff) << 32 |
			(slot + 0x100); /* never ours, never 0 */
	}
	for (size_t i = 0; i < user->n_routes && i < DP_ROUTES_MAX; i++)
		v->routes[v->n_routes++] = user->routes[i];
}

static void auth_refused(struct cp *cp, uint32_t slot, struct dp_verdict *v, const char *why)
{
	const struct cp_subscriber *s = sub_of(cp, slot);
	char who[256];

	cp->totals.auth_rejected++;
	snprintf(v->ppp.message, sizeof(v->ppp.message), "Access denied");
	log_limited(&limit_rejected, 10, cp->now_ns, CFG_LOG_WARN, "auth-rejected",
		"%s reason=\"%s\"", cp_show_session(cp, slot, who, sizeof(who)), why);
	dp_session_verdict(slot, s->generation, v);
}

/* Who is this, and what does it get? Answers at once: local users only. */
static void ask_aaa(struct cp *cp, const struct dp_event *ev)
{
	const struct aaa_request r = {
		.method = (enum ppp_auth)ev->act.aaa.method,
		.chap_id = ev->act.aaa.chap_id,
		.name = ev->data + ev->act.aaa.name_off,
		.name_len = ev->act.aaa.name_len,
		.secret = ev->data + ev->act.aaa.secret_off,
		.secret_len = ev->act.aaa.secret_len,
		.challenge = ev->data + ev->act.aaa.challenge_off,
		.challenge_len = ev->act.aaa.challenge_len,
	};
	struct cp_subscriber *s = sub_of(cp, ev->slot);
	struct dp_verdict v = {.ppp = {.request = ev->act.aaa.request}};
	const struct cfg_user *user = aaa_local_check(cp->cfg, &r);
	const struct cfg_ppp_profile *p = &cp->cfg->ppp_profiles[s->ppp_profile];
	const uint32_t before = s->user_index;
	const char *why;
	int rc;

	/* LCP may be negotiated anew (RFC 1661 s3.4): the same user keeps its addresses, another one is refused. */
	if (before)
		cp->user_sessions[before - 1]--;
	s->user_index = 0;
	s->user_len = (uint8_t)(r.name_len < sizeof(s->user) ? r.name_len : sizeof(s->user) - 1);
	memcpy(s->user, r.name, s->user_len);
	state_set(s, CP_S_AUTH);
	if (!user) {
		auth_refused(cp, ev->slot, &v, "wrong user name or password");
		return;
	}
	if (before && user != &cp->cfg->users[before - 1]) {
		auth_refused(cp, ev->slot, &v, "another user than before in the same session");
		return;
	}
	if (user->max_sessions && cp->user_sessions[user - cp->cfg->users] >= user->max_sessions) {
		auth_refused(cp, ev->slot, &v, "user has as many sessions as it may");
		return;
	}
	if (user->ppp >= 0)
		p = &cp->cfg->ppp_profiles[user->ppp];
	why = s->ip4 || s->prefix6 ? NULL : addresses_take(cp, s, user, p);
	if (why) {
		auth_refused(cp, ev->slot, &v, why);
		return;
	}
	verdict_fill(cp, ev->slot, user, p, &v);
	rc = dp_session_verdict(ev->slot, ev->generation, &v);
	if (rc) {
		addresses_give(cp, s);
		v = (struct dp_verdict){.ppp = {.request = ev->act.aaa.request}};
		auth_refused(cp, ev->slot, &v,
			rc == -EEXIST ? "address or route is in use by another session"
				      : "no room for its addresses or routes");
		return;
	}
	s->user_index = (uint32_t)(user - cp->cfg->users) + 1;
	cp->user_sessions[s->user_index - 1]++;
	cp->totals.auth_accepted++;
	state_set(s, CP_S_NCP);
}

static void ncp_changed(struct cp *cp, const struct dp_event *ev)
{
	struct cp_subscriber *s = sub_of(cp, ev->slot);
	uint8_t bit = ev->act.ncp.proto == PPP_IPCP ? 1 : 2, was = s->ncp_up;
	char who[256], ip[16], prefix[48];

	if (ev->type == DP_EV_NCP_UP)
		s->ncp_up |= bit;
	else
		s->ncp_up &= (uint8_t)~bit;
	if (!was && s->ncp_up) {
		if (!s->up_ns) {
			s->up_ns = cp->now_ns;
			cp->totals.sessions_up_total++;
		}
		cp->totals.sessions_up++;
		if (s->state == CP_S_NCP)
			state_set(s, CP_S_UP);
		log_limited(&limit_up, 100, cp->now_ns, CFG_LOG_INFO, "session-up",
			"%s ip=%s prefix=%s", cp_show_session(cp, ev->slot, who, sizeof(who)),
			cp_show_ip4(s->ip4, ip), cp_show_prefix6(s->prefix6, prefix));
	} else if (was && !s->ncp_up) {
		cp->totals.sessions_up--;
		if (s->state == CP_S_UP)
			state_set(s, CP_S_NCP);
	}
}

void cp_session_event(struct cp *cp, const struct dp_event *ev)
{
	struct cp_subscriber *s;

	if (ev->slot == 0 || ev->slot > cp->store.max_sessions)
		return;
	s = sub_of(cp, ev->slot);
	if (s->generation != ev->generation || s->state == CP_S_FREE)
		return;
	if (ev->type == DP_EV_SESSION_FREE) {
		session_free(cp, ev->slot);
		return;
	}
	if (s->state == CP_S_REMOVING)
		return; /* sent before the owner heard of the removal */
	switch ((enum dp_ev)ev->type) {
	case DP_EV_ASK_AAA:
		ask_aaa(cp, ev);
		break;
	case DP_EV_NCP_UP:
	case DP_EV_NCP_DOWN:
		ncp_changed(cp, ev);
		break;
	case DP_EV_SESSION_DOWN:
		cp_call_clear(cp, ev->slot, (enum ppp_cause)ev->cause);
		break;
	default:
		break;
	}
}

void cp_sessions_log_flush(struct cp *cp)
{
	log_limit_flush(&limit_refused, cp->now_ns);
	log_limit_flush(&limit_down, cp->now_ns);
	log_limit_flush(&limit_rejected, cp->now_ns);
	log_limit_flush(&limit_up, cp->now_ns);
}
