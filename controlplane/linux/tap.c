/* SPDX-License-Identifier: BSD-3-Clause */
/* tap.c - the shadow taps of the ports and the tun device lns0. Thread: control only. A shadow tap
 * stands for its port in Linux: same name, MAC, MTU and addresses. What Linux sends on it leaves by
 * the port; what the fast path does not want is written into it. lns0 stands for all subscribers:
 * it holds the gateway addresses and one route per pool, so that Linux and routing daemons see
 * aggregates only.
 * Forwarding is switched on for these devices alone. Not here: who decides what goes to Linux (the
 * workers). */
#include "controlplane/linux/lin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/dp.h"

#define READ_BURST 64 /* frames per call */

static int tun_open(const char *name, short mode)
{
	struct ifreq r = {.ifr_flags = (short)(mode | IFF_NO_PI | IFF_TUN_EXCL)};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		int e = errno;

		lin_log(CFG_LOG_ERROR,
			"cannot open /dev/net/tun: %s. Load the module tun (modprobe tun) and let "
			"lnsd read and write that file",
			strerror(e));
		return -e;
	}
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &r) < 0) {
		int e = errno;

		close(fd);
		return -e;
	}
	return fd;
}

static int set_mtu(const char *name, int mtu)
{
	struct ifreq r = {.ifr_mtu = mtu};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	if (s < 0)
		return -errno;
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	rc = ioctl(s, SIOCSIFMTU, &r) < 0 ? -errno : 0;
	close(s);
	return rc;
}

static int set_mac(int tap, const uint8_t mac[6])
{
	struct ifreq r = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};

	memcpy(r.ifr_hwaddr.sa_data, mac, 6);
	return ioctl(tap, SIOCSIFHWADDR, &r) < 0 ? -errno : 0;
}

/* Linux forwards between these devices and others; global settings stay as the operator has them.
 * */
static void forwarding_on(const char *name)
{
	lin_sysctl("1", "net/ipv4/conf/%s/forwarding", name);
	lin_sysctl("1", "net/ipv6/conf/%s/forwarding", name);
	lin_sysctl("1", "net/ipv6/conf/%s/force_forwarding", name); /* Linux 6.17 and later */
}

static int port_tap_open(struct linux_side *l, unsigned ifx)
{
	const struct cfg_port *port = &l->cfg->dataplane.ports[ifx];
	struct lin_tap *t = &l->taps[ifx];
	struct dp_if_info info;
	int rc;

	dp_if_get(ifx, &info);
	snprintf(t->name, sizeof(t->name), "%s", info.name);
	if (strcmp(info.name, info.kernel_if) == 0) {
		lin_log(CFG_LOG_ERROR,
			"port %s has the name of the Linux interface below it, but its shadow tap "
			"needs that "
			"name: give the port another name in dataplane.ports",
			t->name);
		return -EEXIST;
	}
	if (if_nametoindex(t->name)) {
		lin_log(CFG_LOG_ERROR,
			"port %s: Linux already has an interface called %s, which is the name of "
			"the port's "
			"shadow tap: rename the port in dataplane.ports, or remove that interface",
			t->name, t->name);
		return -EEXIST;
	}
	t->fd = tun_open(t->name, IFF_TAP);
	if (t->fd < 0) {
		rc = t->fd;
		t->fd = -1;
		lin_log(CFG_LOG_ERROR,
			"port %s: cannot make its shadow tap: %s (lnsd needs CAP_NET_ADMIN)",
			t->name, strerror(-rc));
		return rc;
	}
	t->ifindex = if_nametoindex(t->name);
	t->carrier = true;
	if ((rc = set_mac(t->fd, info.mac)) || (rc = set_mtu(t->name, port->mtu))) {
		lin_log(CFG_LOG_ERROR,
			"port %s: cannot give its shadow tap the port's MAC and MTU %u: %s",
			t->name, port->mtu, strerror(-rc));
		return rc;
	}
	forwarding_on(t->name);
	rc = lin_link_up(l, t->ifindex);
	for (size_t i = 0; i < port->n_addresses && rc == 0; i++) {
		if (port->addresses[i].family == 6 && l->no_ipv6)
			continue;
		rc = lin_addr_add(l, t->ifindex, &port->addresses[i]);
		if (rc)
			lin_log(CFG_LOG_ERROR, "port %s: Linux does not take the address %s: %s",
				t->name, lin_prefix_str(&port->addresses[i]), strerror(-rc));
	}
	return rc;
}

int lin_taps_open(struct linux_side *l)
{
	for (unsigned i = 0; i < l->n_taps; i++) {
		int rc = port_tap_open(l, i);

		if (rc)
			return rc;
		rc = rtab_device(l->rtab, l->taps[i].ifindex, (int)i);
		if (rc)
			return rc;
	}
	return 0;
}

static bool is_kernel_if(const char *name)
{
	struct dp_if_info info;

	for (unsigned i = 0; i < dp_if_count(); i++) {
		dp_if_get(i, &info);
		if (strcmp(info.kernel_if, name) == 0 || strcmp(info.name, name) == 0)
			return true;
	}
	return false;
}

static int pool_route(struct linux_side *l, const struct cfg_pool *pool, const struct cfg_prefix *p)
{
	int rc = lin_route_add(l, l->lns0.ifindex, p);

	if (rc == -EEXIST) {
		lin_log(CFG_LOG_WARN,
			"pool %s: Linux already has a route to %s; it stays as it is. Remove it if "
			"Linux shall "
			"reach these subscribers",
			pool->name, lin_prefix_str(p));
		return 0;
	}
	if (rc)
		lin_log(CFG_LOG_ERROR, "pool %s: Linux does not take the route to %s by %s: %s",
			pool->name, lin_prefix_str(p), l->lns0.name, strerror(-rc));
	return rc;
}

/* The fewest prefixes that hold exactly first..last. */
static int range_routes(struct linux_side *l, const struct cfg_pool *pool)
{
	uint64_t at = pool->first4, end = (uint64_t)pool->last4 + 1;
	int rc = 0;

	while (at < end && rc == 0) {
		unsigned bits = at ? (unsigned)__builtin_ctzll(at) : 32;
		struct cfg_prefix p = {.family = 4};
		uint32_t net = htonl((uint32_t)at);

		while (bits > 32 || (1ull << bits) > end - at)
			bits--;
		p.len = (uint8_t)(32 - bits);
		memcpy(p.addr, &net, 4);
		rc = pool_route(l, pool, &p);
		at += 1ull << bits;
	}
	return rc;
}

static int gateway(struct linux_side *l, const struct cfg_pool *pool)
{
	struct cfg_prefix a = {.family = 4, .len = 32};
	uint32_t host = htonl(pool->gateway4);
	int rc;

	if (!pool->gateway4)
		return 0;
	memcpy(a.addr, &host, 4);
	rc = lin_addr_add(l, l->lns0.ifindex, &a);
	if (rc == -EEXIST) /* two pools may share their gateway */
		return 0;
	if (rc)
		lin_log(CFG_LOG_ERROR, "pool %s: Linux does not take the gateway %s on %s: %s",
			pool->name, lin_prefix_str(&a), l->lns0.name, strerror(-rc));
	return rc;
}

static bool in_pool4(const struct cfg_pool *pool, const struct cfg_prefix *p)
{
	uint32_t a;

	memcpy(&a, p->addr, 4);
	a = ntohl(a);
	return a >= pool->first4 && a <= pool->last4;
}

static bool in_pool6(const struct cfg_pool *pool, const struct cfg_prefix *p)
{
	unsigned whole = pool->prefix.len / 8, rest = pool->prefix.len % 8;

	return !memcmp(pool->prefix.addr, p->addr, whole) &&
		(!rest || !((pool->prefix.addr[whole] ^ p->addr[whole]) >> (8 - rest)));
}

/* What a user always has and no pool covers: a static address, a static prefix, a framed route. */
static int user_route(struct linux_side *l, const struct cfg_user *user, const struct cfg_prefix *p)
{
	int rc;

	if (!p->family || (p->family == 6 && l->no_ipv6))
		return 0;
	for (size_t i = 0; i < l->cfg->n_pools; i++) {
		const struct cfg_pool *pool = &l->cfg->pools[i];

		if (pool->family == p->family &&
			(p->family == 4 ? in_pool4(pool, p) : in_pool6(pool, p)))
			return 0;
	}
	rc = lin_route_add(l, l->lns0.ifindex, p);
	if (rc == -EEXIST) {
		lin_log(CFG_LOG_WARN, "user %s: Linux already has a route to %s; it stays as it is",
			user->name, lin_prefix_str(p));
		return 0;
	}
	if (rc)
		lin_log(CFG_LOG_ERROR, "user %s: Linux does not take the route to %s by %s: %s",
			user->name, lin_prefix_str(p), l->lns0.name, strerror(-rc));
	return rc;
}

static int users_routes(struct linux_side *l)
{
	int rc = 0;

	for (size_t u = 0; u < l->cfg->n_users && rc == 0; u++) {
		const struct cfg_user *user = &l->cfg->users[u];

		rc = user_route(l, user, &user->ip4);
		if (rc == 0)
			rc = user_route(l, user, &user->ip6);
		for (size_t i = 0; i < user->n_routes && rc == 0; i++)
			rc = user_route(l, user, &user->routes[i]);
	}
	return rc;
}

int lin_lns0_open(struct linux_side *l)
{
	struct lin_tap *t = &l->lns0;
	int rc = 0;

	snprintf(t->name, sizeof(t->name), "%s",
		if_nametoindex("lns0") || is_kernel_if("lns0") ? "lnsd0" : "lns0");
	t->fd = tun_open(t->name, IFF_TUN);
	if (t->fd < 0) {
		rc = t->fd;
		t->fd = -1;
		lin_log(CFG_LOG_ERROR,
			"cannot make the tun device %s: %s (lnsd needs CAP_NET_ADMIN, and the name "
			"must be "
			"free)",
			t->name, strerror(-rc));
		return rc;
	}
	t->ifindex = if_nametoindex(t->name);
	rc = set_mtu(t->name, 1500);
	forwarding_on(t->name);
	/* a subscriber may be reached by another way than lns0 (strict would drop its packets) */
	lin_sysctl("2", "net/ipv4/conf/%s/rp_filter", t->name);
	lin_sysctl("1", "net/ipv6/conf/%s/addr_gen_mode",
		t->name); /* no link-local address of its own */
	if (rc || (rc = lin_link_up(l, t->ifindex))) {
		lin_log(CFG_LOG_ERROR, "cannot bring %s up: %s", t->name, strerror(-rc));
		return rc;
	}
	for (size_t i = 0; i < l->cfg->n_pools && rc == 0; i++) {
		const struct cfg_pool *pool = &l->cfg->pools[i];

		if (pool->family == 6 && l->no_ipv6)
			continue;
		if (pool->family == 4)
			rc = gateway(l, pool);
		if (rc == 0)
			rc = pool->prefix.family ? pool_route(l, pool, &pool->prefix)
						 : range_routes(l, pool);
	}
	if (rc == 0)
		rc = users_routes(l);
	if (rc == 0)
		lin_log(CFG_LOG_INFO, "subscribers are reached from Linux by %s", t->name);
	return rc ? rc : rtab_device(l->rtab, t->ifindex, RTAB_LNS0);
}

void lin_taps_close(struct linux_side *l)
{
	for (unsigned i = 0; l->taps && i < l->n_taps; i++)
		if (l->taps[i].fd >= 0)
			close(l->taps[i].fd);
	if (l->lns0.fd >= 0)
		close(l->lns0.fd);
}

void lin_tap_read(struct linux_side *l, unsigned ifx)
{
	for (unsigned i = 0; i < READ_BURST; i++) {
		ssize_t got = read(l->taps[ifx].fd, l->buf, LIN_FRAME_MAX);

		if (got <= 0)
			return;
		if (dp_if_send(ifx, l->buf, (size_t)got) == 0)
			l->count.from_tap++;
		else
			l->count.from_tap_lost++;
	}
}

/* Multicast that Linux emits on every device (MLD, mDNS) is for no subscriber. */
static bool is_multicast(const uint8_t *p, size_t len)
{
	if (len >= 40 && p[0] >> 4 == 6)
		return p[24] == 0xff;
	return len >= 20 && p[0] >> 4 == 4 && p[16] >= 224;
}

void lin_lns0_read(struct linux_side *l)
{
	for (unsigned i = 0; i < READ_BURST; i++) {
		ssize_t got = read(l->lns0.fd, l->buf, LIN_FRAME_MAX);

		if (got <= 0)
			return;
		if (is_multicast(l->buf, (size_t)got))
			continue;
		if (dp_inject(l->buf, (size_t)got) == 0)
			l->count.from_lns0++;
		else
			l->count.from_lns0_lost++;
	}
}

void linux_to_tap(struct linux_side *l, unsigned ifx, const void *frame, size_t len)
{
	if (ifx < l->n_taps && write(l->taps[ifx].fd, frame, len) == (ssize_t)len)
		l->count.to_tap++;
	else
		l->count.to_tap_lost++;
}

void linux_to_lns0(struct linux_side *l, const void *packet, size_t len)
{
	if (write(l->lns0.fd, packet, len) == (ssize_t)len)
		l->count.to_lns0++;
	else
		l->count.to_lns0_lost++;
}

void lin_taps_carrier(struct linux_side *l)
{
	for (unsigned i = 0; i < l->n_taps; i++) {
		struct lin_tap *t = &l->taps[i];
		struct dp_if_info info;
		int on;

		dp_if_get(i, &info);
		/* a driver that never reports its link would leave the tap dead: wait for the first
		 * "up" */
		t->was_up |= info.link_up;
		if (!t->was_up || t->carrier == info.link_up)
			continue;
		on = info.link_up;
		if (ioctl(t->fd, TUNSETCARRIER, &on) == 0) {
			t->carrier = info.link_up;
			lin_log(CFG_LOG_INFO, "port %s: link is %s", t->name, on ? "up" : "down");
		}
	}
}
