/* SPDX-License-Identifier: BSD-3-Clause */
/* cfg_check.c - values against each other: names that must exist or be unique, addresses that must
 * be free, limits within limits, and the defaults that follow from other keys. Walks the list of
 * nodes and the array of structs side by side; a key with an error of its own is passed over
 * (cfg_node_get). Nothing here is worse than O(n log n) in users. Thread: control. */
#include "config/cfg_int.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A name or address that only one may have. owner: those that are not checked, but take a value,
 * come first. */
struct claim {
	uint8_t family; /* 0: a name */
	bool owner;
	const void *key;
	size_t len;
	const char *what;
	struct cfg_node *node;
};

struct claims {
	struct claim *v;
	size_t n, cap;
};

static void claim(struct cfg_ctx *x, struct claims *all, struct claim one)
{
	if (all->n == all->cap) {
		size_t cap = all->cap ? 2 * all->cap : 64;
		struct claim *more = realloc(all->v, cap * sizeof(*more));

		if (!more) {
			cfg_error(x, one.node, "out of memory");
			return;
		}
		all->v = more;
		all->cap = cap;
	}
	all->v[all->n++] = one;
}

static int same_thing(const struct claim *a, const struct claim *b)
{
	int order;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	order = memcmp(a->key, b->key, a->len < b->len ? a->len : b->len);
	return order ? order : a->len < b->len ? -1 : a->len > b->len;
}

static int by_claim(const void *pa, const void *pb)
{
	const struct claim *a = pa, *b = pb;
	int order = same_thing(a, b);

	if (order)
		return order;
	if (a->owner != b->owner)
		return a->owner ? -1 : 1;
	if (a->node->line != b->node->line)
		return a->node->line < b->node->line ? -1 : 1;
	return a->node->col < b->node->col ? -1 : a->node->col > b->node->col;
}

static void settle(struct cfg_ctx *x, struct claims *all)
{
	char quoted[300];

	if (all->n)
		qsort(all->v, all->n, sizeof(*all->v), by_claim);
	for (size_t i = 1, first = 0; i < all->n; i++) {
		const struct claim *c = &all->v[i];

		if (same_thing(&all->v[first], c))
			first = i;
		else if (!c->owner)
			cfg_error(x, c->node,
				"%s is taken by %s in line %u; allowed: one that is free",
				cfg_quote(quoted, sizeof(quoted), c->node->text, c->node->len),
				all->v[first].what, all->v[first].node->line);
	}
	free(all->v);
	memset(all, 0, sizeof(*all));
}

static void claim_name(
	struct cfg_ctx *x, struct claims *all, struct cfg_node *map, const char *what)
{
	struct cfg_node *name = cfg_node_get(map, "name");

	if (name)
		claim(x, all,
			(struct claim){
				.key = name->text, .len = name->len, .what = what, .node = name});
}

static void claim_address(struct cfg_ctx *x, struct claims *all, const struct cfg_prefix *p,
	struct cfg_node *node, const char *what, bool owner)
{
	claim(x, all,
		(struct claim){.family = p->family,
			.owner = owner,
			.key = p->addr,
			.len = sizeof(p->addr),
			.what = what,
			.node = node});
}

static struct cfg_node *first_of(const struct cfg_node *list)
{
	return list ? list->first : NULL;
}

/* The letters that Linux takes in the name of an interface, without those that need quoting in a
 * shell. */
static bool is_ifname(const char *name)
{
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (; *name; name++) {
		if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
			    (*name >= '0' && *name <= '9') || strchr("._-", *name)))
			return false;
	}
	return true;
}

static void check_ports(struct cfg_ctx *x, struct cfg_node *ports, const struct cfg *c)
{
	struct claims names = {0}, addresses = {0};
	const struct cfg_port *p = c->dataplane.ports;
	char quoted[300];

	for (struct cfg_node *n = first_of(ports); n; n = n->next, p++) {
		struct cfg_node *name = cfg_node_get(n, "name"), *dev = cfg_node_get(n, "dev");
		struct cfg_node *list = cfg_node_get(n, "addresses");

		if (name && !is_ifname(p->name))
			cfg_error(x, name,
				"%s cannot name an interface; allowed: letters, digits, '.', '_', "
				"'-'",
				cfg_quote(quoted, sizeof(quoted), name->text, name->len));
		claim_name(x, &names, n, "another port");
		for (const struct cfg_port *q = c->dataplane.ports; dev && q < p; q++) {
			if (strcmp(q->dev, p->dev) || q->vlan != p->vlan)
				continue;
			cfg_error(x, dev,
				"%s with this vlan is a port already; allowed: another device or "
				"vlan",
				cfg_quote(quoted, sizeof(quoted), dev->text, dev->len));
			break;
		}
		for (struct cfg_node *e = first_of(list); e; e = e->next)
			claim_address(x, &addresses, &p->addresses[e->index], e, "a port", false);
	}
	settle(x, &names);
	settle(x, &addresses);
}

static bool on_a_port(const struct cfg *c, const struct cfg_prefix *a)
{
	for (size_t i = 0; i < c->dataplane.n_ports; i++) {
		const struct cfg_port *p = &c->dataplane.ports[i];

		for (size_t j = 0; j < p->n_addresses; j++) {
			if (p->addresses[j].family == a->family &&
				!memcmp(p->addresses[j].addr, a->addr, sizeof(a->addr)))
				return true;
		}
	}
	return false;
}

/* Was anything wrong at or below a node? Then what it lists is incomplete. */
static bool is_whole(const struct cfg_node *n)
{
	if (!n || n->bad)
		return false;
	for (const struct cfg_node *e = n->first; e; e = e->next) {
		if (!is_whole(e))
			return false;
	}
	return true;
}

static void check_endpoints(
	struct cfg_ctx *x, struct cfg_node *endpoints, struct cfg_node *ports, const struct cfg *c)
{
	struct claims names = {0}, addresses = {0};
	const struct cfg_endpoint *ep = c->endpoints;
	bool ports_known = is_whole(ports);
	char quoted[300];

	for (struct cfg_node *n = first_of(endpoints); n; n = n->next, ep++) {
		struct cfg_node *address = cfg_node_get(n, "address");

		claim_name(x, &names, n, "another endpoint");
		if (!address)
			continue;
		if (ports_known && !on_a_port(c, &ep->address))
			cfg_error(x, address,
				"%s is on no port; allowed: an address of "
				"dataplane.ports[].addresses",
				cfg_quote(quoted, sizeof(quoted), address->text, address->len));
		else
			claim_address(
				x, &addresses, &ep->address, address, "another endpoint", false);
	}
	settle(x, &names);
	settle(x, &addresses);
}

static int find_ppp(const struct cfg *c, const char *name)
{
	for (size_t i = 0; i < c->n_ppp_profiles; i++) {
		if (!strcmp(c->ppp_profiles[i].name, name))
			return (int)i;
	}
	return -1;
}

static int find_pool(const struct cfg *c, const char *name)
{
	for (size_t i = 0; i < c->n_pools; i++) {
		if (!strcmp(c->pools[i].name, name))
			return (int)i;
	}
	return -1;
}

/* A name is missing in a list for certain only when every name of that list could be read. */
static bool names_known(const struct cfg_node *node, const char *where)
{
	const struct cfg_node *list;

	while (node->parent)
		node = node->parent;
	for (list = node->first; list && strcmp(list->key, where); list = list->next)
		;
	if (!list)
		return true;
	for (const struct cfg_node *n = list->first; n; n = n->next) {
		if (!cfg_node_get(n, "name"))
			return false;
	}
	return !list->bad;
}

static void dangling(struct cfg_ctx *x, struct cfg_node *node, const char *what, const char *where)
{
	char quoted[300];

	if (!names_known(node, where))
		return;
	cfg_error(x, node, "there is no %s %s; allowed: a name from %s", what,
		cfg_quote(quoted, sizeof(quoted), node->text, node->len), where);
}

/* A limit must not be above the room that there is; one that is not written is lowered to it. */
static void check_limit(struct cfg_ctx *x, struct cfg_node *dataplane, struct cfg_node *map,
	const char *key, uint32_t *value, uint32_t room)
{
	struct cfg_node *node = cfg_node_get(map, key);

	for (struct cfg_node *n = first_of(dataplane); n; n = n->next) {
		if (n->bad && !strcmp(n->key, key))
			return;
	}
	if (node && *value > room)
		cfg_error(x, node, "%u is more than dataplane.%s; allowed: 1 to %u", *value, key,
			room);
	else if (*value > room)
		*value = room;
}

static void check_lacs(struct cfg_ctx *x, struct cfg_node *root, struct cfg *c)
{
	struct cfg_node *dataplane = cfg_node_get(root, "dataplane"),
			*l2tp = cfg_node_get(root, "l2tp");
	struct cfg_lac_profile *lac = c->lac_profiles;
	struct claims names = {0};

	for (struct cfg_node *n = first_of(cfg_node_get(l2tp, "lac-profiles")); n;
		n = n->next, lac++) {
		struct cfg_node *ppp = cfg_node_get(n, "ppp-profile"),
				*challenge = cfg_node_get(n, "challenge");
		int index = find_ppp(c, lac->ppp_profile);

		claim_name(x, &names, n, "another profile");
		if (ppp && index < 0)
			dangling(x, ppp, "PPP profile", "ppp-profiles");
		lac->ppp = index < 0 ? 0 : (size_t)index;
		if (!challenge)
			lac->challenge = lac->secret_len > 0;
		else if (lac->challenge && !lac->secret_len && is_whole(n))
			cfg_error(x, challenge,
				"on without a secret; allowed: off, or on with \"secret\"");
		if (!*lac->local_name)
			strcpy(lac->local_name, c->identity);
		check_limit(x, dataplane, n, "max-sessions", &lac->max_sessions,
			c->dataplane.max_sessions);
		check_limit(x, dataplane, n, "max-tunnels", &lac->max_tunnels,
			c->dataplane.max_tunnels);
	}
	settle(x, &names);
}

static int resolve_pool(struct cfg_ctx *x, struct cfg_node *map, const char *key,
	const struct cfg *c, const char *name, uint8_t family)
{
	struct cfg_node *node = cfg_node_get(map, key);
	int index = *name ? find_pool(c, name) : -1;
	char quoted[300];

	if (!node)
		return -1;
	if (index < 0)
		dangling(x, node, "pool", "pools");
	else if (c->pools[index].family && c->pools[index].family != family)
		cfg_error(x, node, "the pool %s is of IPv%u; allowed: one of IPv%u",
			cfg_quote(quoted, sizeof(quoted), node->text, node->len),
			c->pools[index].family, family);
	return index;
}

static void check_ppps(struct cfg_ctx *x, struct cfg_node *list, struct cfg *c)
{
	struct cfg_ppp_profile *p = c->ppp_profiles;
	struct claims names = {0};

	for (struct cfg_node *n = first_of(list); n; n = n->next, p++) {
		struct cfg_node *auth = cfg_node_get(n, "auth"), *ipv6 = cfg_node_get(n, "ipv6");

		claim_name(x, &names, n, "another profile");
		if (auth && auth->n == 2 && p->auth[0] == p->auth[1])
			cfg_error(x, auth->last,
				"stands here a second time; allowed: each protocol once");
		if (!p->ipv4 && !p->ipv6 && ipv6)
			cfg_error(x, ipv6, "off, as ipv4 is; allowed: at least one of them on");
		p->ipool4 = resolve_pool(x, n, "pool4", c, p->pool4, 4);
		p->ipool6 = resolve_pool(x, n, "pool6", c, p->pool6, 6);
	}
	settle(x, &names);
}

/* What a pool covers, in one order for both families. */
struct extent {
	uint8_t family;
	uint64_t first, last;
	const struct cfg_pool *pool;
	struct cfg_node *node;
};

static int by_extent(const void *pa, const void *pb)
{
	const struct extent *a = pa, *b = pb;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->node->line < b->node->line ? -1 : a->node->line > b->node->line;
}

static uint64_t upper_half(const struct cfg_prefix *p)
{
	uint64_t half = 0;

	for (unsigned i = 0; i < 8; i++)
		half = half << 8 | p->addr[i];
	return half;
}

static struct extent extent_of(const struct cfg_pool *p, struct cfg_node *node)
{
	struct extent e = {
		.family = p->family, .first = p->first4, .last = p->last4, .pool = p, .node = node};

	if (p->family == 6) {
		e.first = upper_half(&p->prefix);
		e.last = e.first + ((1ull << (64 - p->prefix.len)) - 1);
	}
	return e;
}

/* Our own addresses must not be handed out; the gateway never is. */
static void check_own(
	struct cfg_ctx *x, struct cfg_node *range, const struct cfg_pool *p, const struct cfg *c)
{
	struct extent pool = extent_of(p, range);

	for (size_t i = 0; i < c->dataplane.n_ports; i++) {
		const struct cfg_port *port = &c->dataplane.ports[i];

		for (size_t j = 0; j < port->n_addresses; j++) {
			const struct cfg_prefix *a = &port->addresses[j];
			uint64_t own = upper_half(a);
			char text[64];

			if (a->family == 4)
				own >>= 32;
			if (a->family != p->family || own < pool.first || own > pool.last ||
				(a->family == 4 && own == p->gateway4))
				continue;
			cfg_prefix_text(text, sizeof(text), a, false);
			cfg_error(x, range,
				"holds %s, an address of the port \"%s\"; allowed: a range without "
				"it",
				text, port->name);
			return;
		}
	}
}

static void check_pool(
	struct cfg_ctx *x, struct cfg_node *n, struct cfg_pool *p, const struct cfg *c)
{
	struct cfg_node *gateway = cfg_node_get(n, "gateway");
	struct cfg_node *range = cfg_node_get(n, p->family == 6 ? "prefix" : "range");

	if (p->family == 4 && !gateway)
		p->gateway4 = p->first4;
	if (range && p->family)
		check_own(x, range, p, c);
	if (p->family == 6 && gateway)
		cfg_error(x, gateway, "an IPv6 pool has no gateway; allowed: none");
	if (p->family == 4 && range && p->first4 == p->last4 && p->gateway4 == p->first4)
		cfg_error(x, range, "holds only the gateway; allowed: at least one address more");
}

static void check_pools(struct cfg_ctx *x, struct cfg_node *list, struct cfg *c)
{
	struct extent *extents = calloc(c->n_pools + 1, sizeof(*extents));
	struct cfg_pool *p = c->pools;
	struct claims names = {0};
	char quoted[300];
	size_t n_extents = 0;

	for (struct cfg_node *n = first_of(list); n; n = n->next, p++) {
		struct cfg_node *range = cfg_node_get(n, p->family == 6 ? "prefix" : "range");

		claim_name(x, &names, n, "another pool");
		if (n->bad) {
			p->family = 0; /* of none or of both: no more to say about it */
			continue;
		}
		check_pool(x, n, p, c);
		if (range && p->family && extents)
			extents[n_extents++] = extent_of(p, range);
	}
	settle(x, &names);
	if (!extents) {
		cfg_error_at(x, 0, 0, "out of memory");
		return;
	}
	qsort(extents, n_extents, sizeof(*extents), by_extent);
	for (size_t i = 1, widest = 0; i < n_extents; i++) {
		const struct extent *a = &extents[widest], *b = &extents[i];

		if (a->family == b->family && b->first <= a->last)
			cfg_error(x, b->node,
				"%s overlaps the pool \"%s\" in line %u; allowed: pools apart from "
				"each other",
				cfg_quote(quoted, sizeof(quoted), b->node->text, b->node->len),
				a->pool->name, a->node->line);
		if (a->family != b->family || b->last > a->last)
			widest = i;
	}
	free(extents);
}

/* As owners: ports are checked against each other elsewhere. */
static void claim_port_addresses(
	struct cfg_ctx *x, struct claims *all, struct cfg_node *root, const struct cfg *c)
{
	const struct cfg_port *p = c->dataplane.ports;
	struct cfg_node *n;

	for (n = first_of(cfg_node_get(cfg_node_get(root, "dataplane"), "ports")); n; n = n->next) {
		struct cfg_node *e = first_of(cfg_node_get(n, "addresses"));

		for (; e; e = e->next)
			claim_address(x, all, &p->addresses[e->index], e, "a port", true);
		p++;
	}
}

static void check_users(struct cfg_ctx *x, struct cfg_node *root, struct cfg *c)
{
	struct claims names = {0}, addresses = {0};
	struct cfg_prefix *gateways = calloc(c->n_pools + 1, sizeof(*gateways));
	struct cfg_node *pool = first_of(cfg_node_get(root, "pools"));
	struct cfg_user *u = c->users;

	if (!gateways) {
		cfg_error_at(x, 0, 0, "out of memory");
		return;
	}
	claim_port_addresses(x, &addresses, root, c);
	for (size_t i = 0; pool; pool = pool->next, i++) {
		uint32_t gw = htonl(c->pools[i].gateway4);

		if (!gw)
			continue;
		gateways[i].family = 4;
		memcpy(gateways[i].addr, &gw, sizeof(gw));
		claim_address(x, &addresses, &gateways[i], pool, "the gateway of the pool", true);
	}
	for (struct cfg_node *n = first_of(cfg_node_get(root, "users")); n; n = n->next, u++) {
		struct cfg_node *ppp = cfg_node_get(n, "ppp-profile"),
				*address = cfg_node_get(n, "address");
		struct cfg_node *prefix6 = cfg_node_get(n, "prefix6"),
				*limit = cfg_node_get(n, "max-sessions");

		claim_name(x, &names, n, "another user");
		u->ppp = *u->ppp_profile ? find_ppp(c, u->ppp_profile) : -1;
		if (ppp && u->ppp < 0)
			dangling(x, ppp, "PPP profile", "ppp-profiles");
		if (address)
			claim_address(x, &addresses, &u->ip4, address, "the user", false);
		if (prefix6)
			claim_address(x, &addresses, &u->ip6, prefix6, "the user", false);
		if (limit && (address || prefix6) && u->max_sessions > 1)
			cfg_error(x, limit,
				"%u sessions cannot share one own address or prefix; allowed: off, "
				"or 1",
				u->max_sessions);
	}
	settle(x, &names);
	settle(x, &addresses);
	free(gateways);
}

static int by_user_name(const void *a, const void *b)
{
	return strcmp(((const struct cfg_user *)a)->name, ((const struct cfg_user *)b)->name);
}

void cfg_check(struct cfg_ctx *x, struct cfg_node *root, struct cfg *c)
{
	struct cfg_node *ports = cfg_node_get(cfg_node_get(root, "dataplane"), "ports");

	if (!*c->identity) {
		gethostname(c->identity, sizeof(c->identity) - 1);
		if (!*c->identity)
			strcpy(c->identity, "lnsd");
	}
	check_ports(x, ports, c);
	check_endpoints(x, cfg_node_get(cfg_node_get(root, "l2tp"), "endpoints"), ports, c);
	check_pools(x, cfg_node_get(root, "pools"), c);
	check_ppps(x, cfg_node_get(root, "ppp-profiles"), c);
	check_lacs(x, root, c);
	check_users(x, root, c);
	if (c->n_users)
		qsort(c->users, c->n_users, sizeof(*c->users), by_user_name);
}
