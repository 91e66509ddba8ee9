/* SPDX-License-Identifier: BSD-3-Clause */
/* rtab.c - Linux's routes and neighbours, and what the dataplane was told of them. Thread: control
 * only. Three arrays name each other by index: prefixes (with what is published), routes (one next
 * hop each, in a list below their prefix) and neighbours (with a list of the routes whose gateway
 * they are). A change evaluates the prefixes it concerns and tells the dataplane only what differs.
 * Which route of a prefix counts: table local before main, then the lowest metric, then the first
 * resolved next hop in the kernel's order (multipath is not balanced). A resolved neighbour on the
 * link of a tap gets a host route. Not here: policy routing (rules, further tables), balancing over
 * multipath. */
#include "controlplane/linux/rtab_tables.h"

#include <errno.h>
#include <string.h>

#include "dataplane/dp.h"

#define PROBE_WAIT 4 /* ticks between probes of a gateway that does not answer */

/* The route that counts in a prefix (file head), RTAB_NONE if it has none. */
static uint32_t best_route(const struct rtab *t, const struct rtab_prefix *p)
{
	uint32_t best = RTAB_NONE;
	bool best_ok = false;

	for (uint32_t i = p->routes; i != RTAB_NONE; i = rtab_route_at(t, i)->next) {
		const struct rtab_route *r = rtab_route_at(t, i),
					*b = best == RTAB_NONE ? NULL : rtab_route_at(t, best);
		bool ok = r->neigh == RTAB_NONE || rtab_neigh_at(t, r->neigh)->usable;

		if (r->hop.dead)
			continue;
		if (b && r->local_table != b->local_table) {
			if (b->local_table)
				continue;
		} else if (b && r->metric != b->metric) {
			if (r->metric > b->metric)
				continue;
		} else if (b && (best_ok || !ok)) {
			continue;
		}
		best = i;
		best_ok = ok;
	}
	return best;
}

/* Longest match among prefixes that hold a route, of at most max_len. @return its best route or
 * RTAB_NONE. */
static uint32_t longest_match(
	const struct rtab *t, uint8_t family, const uint8_t *addr, int max_len)
{
	for (int len = max_len; len >= 0; len--) {
		struct cfg_prefix p;
		uint32_t i;

		if (t->by_len[family == 6][len] == 0)
			continue;
		p = rtab_cut(family, addr, (unsigned)len);
		i = rtab_prefix_find(t, &p);
		if (i != RTAB_NONE && (i = best_route(t, rtab_prefix_at(t, i))) != RTAB_NONE)
			return i;
	}
	return RTAB_NONE;
}

/* Is the neighbour on the link of its device by Linux's routes? The host routes that we made
 * ourselves do not count. */
static bool on_link(const struct rtab *t, const struct rtab_neigh *n)
{
	uint32_t i;
	const struct rtab_route *r;

	if (n->family == 6 && n->addr[0] == 0xfe && (n->addr[1] & 0xc0) == 0x80)
		return false; /* link-local: never routed to */
	i = longest_match(t, n->family, n->addr, (int)rtab_addr_len(n->family) * 8);
	if (i == RTAB_NONE)
		return false;
	r = rtab_route_at(t, i);
	return r->hop.kind == RTAB_UNICAST && r->hop.gw_family == 0 && r->hop.ifindex == n->ifindex;
}

/* What the dataplane shall know of a prefix. */
static enum dp_nh judge(const struct rtab *t, const struct rtab_prefix *p, uint32_t *adj, bool *any)
{
	uint32_t i = best_route(t, p);
	const struct rtab_route *r;

	*adj = 0;
	*any = true;
	if (p->neigh != RTAB_NONE && (i == RTAB_NONE || rtab_route_at(t, i)->hop.gw_family == 0)) {
		const struct rtab_neigh *n = rtab_neigh_at(t, p->neigh);

		if (n->adj && on_link(t, n)) {
			*adj = n->adj;
			return DP_NH_ADJ;
		}
	}
	if (i == RTAB_NONE) {
		*any = false;
		return DP_NH_NONE;
	}
	r = rtab_route_at(t, i);
	switch (r->hop.kind) {
	case RTAB_BLACKHOLE:
		return DP_NH_DROP;
	case RTAB_UNREACHABLE:
		return DP_NH_NONE;
	case RTAB_LOCAL:
	case RTAB_ELSEWHERE:
		return DP_NH_LINUX;
	case RTAB_UNICAST:
		break;
	}
	if (rtab_device_of(t, r->hop.ifindex) == RTAB_LNS0)
		return DP_NH_SUBSCRIBER;
	if (r->neigh != RTAB_NONE && (*adj = rtab_neigh_at(t, r->neigh)->adj) != 0)
		return DP_NH_ADJ;
	return DP_NH_LINUX;
}

/* Tell the dataplane what differs; forget the prefix when nothing is left of it. */
static void evaluate(struct rtab *t, uint32_t i)
{
	struct rtab_prefix *p = rtab_prefix_at(t, i);
	uint32_t adj;
	bool any;
	enum dp_nh nh = judge(t, p, &adj, &any);

	if (any && (p->told != nh + 1 || p->adj != adj)) {
		if (dp_route_set(0, &p->p, nh, adj) == 0) {
			p->told = (uint8_t)(nh + 1);
			p->adj = adj;
			return;
		}
		t->refused++;
		if (p->told && p->adj) {
			/* no room for the change: never leave it on an adjacency that goes away */
			dp_route_del(0, &p->p);
			p->told = 0;
			p->adj = 0;
		}
	} else if (!any && p->told) {
		dp_route_del(0, &p->p);
		p->told = 0;
		p->adj = 0;
	}
	if (p->routes == RTAB_NONE && p->neigh == RTAB_NONE)
		rtab_prefix_put(t, i);
}

static uint32_t host_prefix(const struct rtab *t, const struct rtab_neigh *n)
{
	struct cfg_prefix p = rtab_cut(n->family, n->addr, (unsigned)rtab_addr_len(n->family) * 8);

	return rtab_prefix_find(t, &p);
}

/* Evaluate all that rests on this neighbour. */
static void neigh_dependents(struct rtab *t, uint32_t i)
{
	uint32_t host = host_prefix(t, rtab_neigh_at(t, i));

	for (uint32_t r = rtab_neigh_at(t, i)->deps; r != RTAB_NONE;
		r = rtab_route_at(t, r)->dep_next)
		evaluate(t, rtab_route_at(t, r)->prefix);
	if (host != RTAB_NONE && rtab_prefix_at(t, host)->neigh == i)
		evaluate(t, host);
}

/* Give it an adjacency and a host route, or take them away, as its state and its users want. */
static void neigh_update(struct rtab *t, uint32_t i)
{
	struct rtab_neigh *n = rtab_neigh_at(t, i);
	bool link = n->usable && on_link(t, n);
	bool want = n->usable && (link || n->deps != RTAB_NONE);
	uint32_t host = host_prefix(t, n), old = 0;
	int ifx = rtab_device_of(t, n->ifindex);

	if (want && !n->adj && ifx >= 0)
		n->adj = dp_adj_new((unsigned)ifx, n->mac);
	if (!want) {
		old = n->adj;
		n->adj = 0;
	}
	if (link && n->adj && (host == RTAB_NONE || rtab_prefix_at(t, host)->neigh != i)) {
		struct cfg_prefix p =
			rtab_cut(n->family, n->addr, (unsigned)rtab_addr_len(n->family) * 8);

		host = rtab_prefix_get(t, &p);
		if (host != RTAB_NONE)
			rtab_prefix_at(t, host)->neigh = i;
		n = rtab_neigh_at(t, i);
	} else if ((!link || !n->adj) && host != RTAB_NONE && rtab_prefix_at(t, host)->neigh == i) {
		rtab_prefix_at(t, host)->neigh = RTAB_NONE;
		evaluate(t, host);
	}
	neigh_dependents(t, i);
	if (old)
		dp_adj_free(old);
}

static void route_attach(struct rtab *t, uint32_t ri)
{
	struct rtab_route *r = rtab_route_at(t, ri);
	struct rtab_neigh *n;
	uint32_t i;

	if (r->hop.kind != RTAB_UNICAST || r->hop.gw_family == 0 ||
		rtab_device_of(t, r->hop.ifindex) < 0)
		return;
	i = rtab_neigh_get(t, r->hop.ifindex, r->hop.gw_family, r->hop.gw);
	if (i == RTAB_NONE)
		return;
	n = rtab_neigh_at(t, i);
	r->neigh = i;
	r->dep_prev = RTAB_NONE;
	r->dep_next = n->deps;
	if (n->deps != RTAB_NONE)
		rtab_route_at(t, n->deps)->dep_prev = ri;
	n->deps = ri;
	if (r->dep_next == RTAB_NONE) { /* the first that needs it */
		if (n->usable && !n->adj)
			neigh_update(t, i);
		else if (!n->usable)
			t->probe(t->ctx, n->ifindex, n->family, n->addr);
	}
}

static void route_detach(struct rtab *t, uint32_t ri)
{
	struct rtab_route *r = rtab_route_at(t, ri);
	uint32_t i = r->neigh;

	if (i == RTAB_NONE)
		return;
	if (r->dep_prev != RTAB_NONE)
		rtab_route_at(t, r->dep_prev)->dep_next = r->dep_next;
	else
		rtab_neigh_at(t, i)->deps = r->dep_next;
	if (r->dep_next != RTAB_NONE)
		rtab_route_at(t, r->dep_next)->dep_prev = r->dep_prev;
	r->neigh = RTAB_NONE;
}

/* A route inside, or one that makes, a connected prefix decides which neighbours are on link: look
 * at them again. Others (a full table of routes by gateways) leave the neighbours alone. */
static void neighbours_of_link(struct rtab *t, const struct cfg_prefix *p, bool connected)
{
	if (!connected) {
		uint32_t i =
			p->len == 0 ? RTAB_NONE : longest_match(t, p->family, p->addr, p->len - 1);
		const struct rtab_route *r = i == RTAB_NONE ? NULL : rtab_route_at(t, i);

		if (!r || r->hop.kind != RTAB_UNICAST || r->hop.gw_family != 0 ||
			rtab_device_of(t, r->hop.ifindex) < 0)
			return;
	}
	for (uint32_t i = 1; i < t->neighs.n; i++)
		if (rtab_neigh_at(t, i)->used && rtab_neigh_at(t, i)->usable)
			neigh_update(t, i);
}

static bool is_connected(const struct rtab *t, const struct rtab_hop *h)
{
	return h->kind == RTAB_UNICAST && h->gw_family == 0 && rtab_device_of(t, h->ifindex) >= 0;
}

static bool same_hop(const struct rtab_hop *a, const struct rtab_hop *b)
{
	return a->kind == b->kind && a->ifindex == b->ifindex && a->gw_family == b->gw_family &&
		memcmp(a->gw, b->gw, 16) == 0;
}

static bool same_id(const struct rtab_route *r, const struct rtab_id *id)
{
	return r->local_table == id->local_table && r->tos == id->tos && r->metric == id->metric;
}

/* Unlink and free the route that *link names. */
static void route_remove(struct rtab *t, uint32_t *link)
{
	uint32_t i = *link, neigh = rtab_route_at(t, i)->neigh;
	struct rtab_route *r = rtab_route_at(t, i);

	*link = r->next;
	route_detach(t, i);
	r->used = false;
	r->next = t->routes.free;
	t->routes.free = i;
	t->routes.live--;
	if (neigh != RTAB_NONE && rtab_neigh_at(t, neigh)->deps == RTAB_NONE &&
		!rtab_neigh_at(t, neigh)->queued) {
		rtab_neigh_at(t, neigh)->queued = true;
		rtab_neigh_at(t, neigh)->idle_next = t->idle;
		t->idle = neigh;
	}
}

/* Gateways that lost their last user: once no prefix rests on their adjacencies, those may go. */
static void release_idle(struct rtab *t)
{
	while (t->idle != RTAB_NONE) {
		uint32_t i = t->idle;

		t->idle = rtab_neigh_at(t, i)->idle_next;
		rtab_neigh_at(t, i)->queued = false;
		if (rtab_neigh_at(t, i)->deps != RTAB_NONE)
			continue;
		neigh_update(t, i);
		rtab_neigh_put_if_idle(t, i);
	}
}

/* Add one next hop. @return 1 added, 0 was there already, -ENOMEM. */
static int hop_add(struct rtab *t, uint32_t pi, const struct rtab_id *id, const struct rtab_hop *h)
{
	uint32_t *link = &rtab_prefix_at(t, pi)->routes, i;
	struct rtab_route *r;

	for (; *link != RTAB_NONE; link = &rtab_route_at(t, *link)->next) {
		r = rtab_route_at(t, *link);
		if (same_id(r, id) && same_hop(&r->hop, h)) {
			r->hop.dead = h->dead;
			r->mark = t->mark;
			return 0;
		}
	}
	i = rtab_route_slot_get(t);
	if (i == RTAB_NONE)
		return -ENOMEM;
	link = &rtab_prefix_at(t, pi)->routes; /* the array of routes may have moved */
	while (*link != RTAB_NONE)
		link = &rtab_route_at(t, *link)->next;
	*link = i;
	r = rtab_route_at(t, i);
	*r = (struct rtab_route){.hop = *h,
		.prefix = pi,
		.metric = id->metric,
		.mark = t->mark,
		.tos = id->tos,
		.local_table = id->local_table,
		.used = true};
	t->routes.live++;
	route_attach(t, i);
	return 1;
}

static bool listed(const struct rtab_hop *h, const struct rtab_hop *hops, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (same_hop(h, &hops[i]))
			return true;
	return false;
}

/* Delete routes of the id below a prefix: those listed, or with others those not listed. The caller
 * evaluates the prefix, then calls release_idle(). @return whether one of them was a connected
 * route of a tap. */
static bool hops_remove(struct rtab *t, uint32_t pi, const struct rtab_id *id,
	const struct rtab_hop *hops, unsigned n, bool others)
{
	uint32_t *link = &rtab_prefix_at(t, pi)->routes;
	bool connected = false;

	while (*link != RTAB_NONE) {
		struct rtab_route *r = rtab_route_at(t, *link);

		if (!same_id(r, id) || listed(&r->hop, hops, n) == others) {
			link = &r->next;
			continue;
		}
		connected |= is_connected(t, &r->hop);
		route_remove(t, link);
	}
	return connected;
}

int rtab_route_add(struct rtab *t, const struct rtab_id *id, const struct rtab_hop *hops,
	unsigned n, bool replace)
{
	uint32_t pi = rtab_prefix_get(t, &id->prefix);
	bool connected = false, changed = false;
	int rc = 0;

	if (pi == RTAB_NONE)
		return -ENOMEM;
	for (unsigned i = 0; i < n && rc >= 0; i++) {
		connected |= is_connected(t, &hops[i]);
		rc = hop_add(t, pi, id, &hops[i]);
		changed |= rc > 0;
	}
	if (replace) {
		connected |= hops_remove(t, pi, id, hops, n, true);
		changed = true;
	}
	evaluate(t, pi);
	release_idle(t);
	if (changed)
		neighbours_of_link(t, &id->prefix, connected);
	return rc < 0 ? rc : 0;
}

void rtab_route_del(
	struct rtab *t, const struct rtab_id *id, const struct rtab_hop *hops, unsigned n)
{
	uint32_t pi = rtab_prefix_find(t, &id->prefix);
	bool connected;

	if (pi == RTAB_NONE)
		return;
	connected = hops_remove(t, pi, id, hops, n, false);
	evaluate(t, pi);
	release_idle(t);
	neighbours_of_link(t, &id->prefix, connected);
}

int rtab_neigh_set(struct rtab *t, unsigned ifindex, uint8_t family, const uint8_t *addr,
	const uint8_t *mac, bool usable, bool stale)
{
	uint8_t full[16] = {0};
	struct rtab_neigh *n;
	uint32_t i;
	bool was;

	if (rtab_device_of(t, ifindex) < 0)
		return 0;
	memcpy(full, addr, rtab_addr_len(family));
	i = rtab_neigh_get(t, ifindex, family, full);
	if (i == RTAB_NONE)
		return -ENOMEM;
	n = rtab_neigh_at(t, i);
	was = n->usable;
	n->known = true;
	n->mark = t->mark;
	n->usable = usable && mac;
	if (stale && !n->stale && n->adj)
		dp_adj_used(n->adj); /* only what is sent from now on speaks for a probe */
	n->stale = stale;
	if (n->usable && memcmp(n->mac, mac, 6) != 0) {
		memcpy(n->mac, mac, 6);
		if (n->adj)
			dp_adj_update(n->adj, mac);
	}
	if (was != n->usable || (n->usable && !n->adj))
		neigh_update(t, i);
	return 0;
}

static void neigh_gone(struct rtab *t, uint32_t i)
{
	struct rtab_neigh *n = rtab_neigh_at(t, i);

	n->known = n->usable = n->stale = false;
	n->wait = 0;
	neigh_update(t, i);
	rtab_neigh_put_if_idle(t, i);
}

void rtab_neigh_del(struct rtab *t, unsigned ifindex, uint8_t family, const uint8_t *addr)
{
	uint8_t full[16] = {0};
	uint32_t i;

	memcpy(full, addr, rtab_addr_len(family));
	i = rtab_neigh_find(t, ifindex, family, full);
	if (i != RTAB_NONE)
		neigh_gone(t, i);
}

void rtab_mark(struct rtab *t)
{
	t->mark++;
}

void rtab_sweep(struct rtab *t)
{
	for (uint32_t i = 1; i < t->routes.n; i++) {
		const struct rtab_route *r = rtab_route_at(t, i);
		struct rtab_id id;
		struct rtab_hop hop;

		if (!r->used || r->mark == t->mark)
			continue;
		id = (struct rtab_id){.prefix = rtab_prefix_at(t, r->prefix)->p,
			.local_table = r->local_table,
			.tos = r->tos,
			.metric = r->metric};
		hop = r->hop;
		rtab_route_del(t, &id, &hop, 1);
	}
	for (uint32_t i = 1; i < t->neighs.n; i++) {
		const struct rtab_neigh *n = rtab_neigh_at(t, i);

		if (n->used && n->known && n->mark != t->mark)
			neigh_gone(t, i);
	}
}

bool rtab_next_hop(const struct rtab *t, uint8_t family, const uint8_t *addr, unsigned *ifindex,
	uint8_t *nh_family, uint8_t nh[16])
{
	uint32_t i = longest_match(t, family, addr, (int)rtab_addr_len(family) * 8);
	const struct rtab_route *r;

	if (i == RTAB_NONE)
		return false;
	r = rtab_route_at(t, i);
	if (r->hop.kind != RTAB_UNICAST || rtab_device_of(t, r->hop.ifindex) < 0)
		return false;
	*ifindex = r->hop.ifindex;
	memset(nh, 0, 16);
	if (r->hop.gw_family) {
		*nh_family = r->hop.gw_family;
		memcpy(nh, r->hop.gw, 16);
	} else {
		*nh_family = family;
		memcpy(nh, addr, rtab_addr_len(family));
	}
	return true;
}

void rtab_tick(struct rtab *t)
{
	for (uint32_t i = 1; i < t->neighs.n; i++) {
		struct rtab_neigh *n = rtab_neigh_at(t, i);

		if (!n->used)
			continue;
		if (n->stale && n->adj) {
			if (dp_adj_used(n->adj) > 0)
				t->probe(t->ctx, n->ifindex, n->family, n->addr);
		} else if (!n->usable && n->deps != RTAB_NONE) {
			if (n->wait++ % PROBE_WAIT == 0)
				t->probe(t->ctx, n->ifindex, n->family, n->addr);
		}
	}
}

uint64_t rtab_refused(const struct rtab *t)
{
	return t->refused;
}

void rtab_usage(const struct rtab *t, uint64_t *routes, uint64_t *neighbours)
{
	*routes = t->routes.live;
	*neighbours = t->neighs.live;
}
