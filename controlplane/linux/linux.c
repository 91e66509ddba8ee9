/* SPDX-License-Identifier: BSD-3-Clause */
/* linux.c - start, stop and dispatch of the Linux side. Thread: control only.
 * tap.c has the devices, quiet.c keeps the kernel off shared interfaces, mirror.c and rtab.c follow
 * its routes and neighbours. Global settings of Linux are never changed: where one is missing the
 * operator is told. */
#include "controlplane/linux/lin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/log.h"
#include "dataplane/dp.h"

void lin_log(enum cfg_log_level level, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	log_line(level, "linux", "text=\"%s\"", line);
}

const char *lin_prefix_str(const struct cfg_prefix *p)
{
	static char text[INET6_ADDRSTRLEN + 5];
	char addr[INET6_ADDRSTRLEN] = "";

	inet_ntop(p->family == 4 ? AF_INET : AF_INET6, p->addr, addr, sizeof(addr));
	snprintf(text, sizeof(text), "%s/%u", addr, p->len);
	return text;
}

static int sysctl_open(int flags, const char *fmt, va_list ap)
{
	char path[160] = "/proc/sys/";

	vsnprintf(path + strlen(path), sizeof(path) - strlen(path), fmt, ap);
	return open(path, flags | O_CLOEXEC);
}

int lin_sysctl(const char *value, const char *fmt, ...)
{
	va_list ap;
	int fd, rc;

	va_start(ap, fmt);
	fd = sysctl_open(O_WRONLY, fmt, ap);
	va_end(ap);
	if (fd < 0)
		return -errno;
	rc = write(fd, value, strlen(value)) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

int lin_sysctl_get(const char *fmt, ...)
{
	va_list ap;
	char c = 0;
	int fd;

	va_start(ap, fmt);
	fd = sysctl_open(O_RDONLY, fmt, ap);
	va_end(ap);
	if (fd < 0)
		return -errno;
	if (read(fd, &c, 1) != 1)
		c = 0;
	close(fd);
	return c;
}

/* Linux forwards IPv6 by a device only when the global switch is on too (before Linux 6.17). */
static void check_ipv6_forwarding(const struct linux_side *l)
{
	if (l->no_ipv6 || lin_sysctl_get("net/ipv6/conf/%s/force_forwarding", l->lns0.name) == '1')
		return;
	if (lin_sysctl_get("net/ipv6/conf/all/forwarding") != '1')
		lin_log(CFG_LOG_WARN,
			"Linux will not forward the IPv6 packets that lnsd hands to it (unresolved "
			"next hops, "
			"routes by other interfaces): set net.ipv6.conf.all.forwarding=1");
}

static void probe(void *ctx, unsigned ifindex, uint8_t family, const uint8_t *addr)
{
	lin_probe(ctx, ifindex, family, addr);
}

struct linux_side *linux_start(const struct cfg *c)
{
	struct linux_side *l = calloc(1, sizeof(*l));

	if (!l)
		goto no_memory;
	l->cfg = c;
	l->ctl_fd = l->mirror.fd = l->lns0.fd = -1;
	l->n_taps = dp_if_count();
	l->buf = malloc(LIN_BUF + 4096);
	l->rtab = rtab_new(probe, l);
	l->taps = calloc(l->n_taps ? l->n_taps : 1, sizeof(*l->taps));
	if (!l->buf || !l->rtab || !l->taps)
		goto no_memory;
	for (unsigned i = 0; i < l->n_taps; i++)
		l->taps[i].fd = -1;
	l->no_ipv6 = access("/proc/sys/net/ipv6", F_OK) != 0;
	l->ctl_fd = lin_nl_open(0);
	if (l->ctl_fd < 0) {
		lin_log(CFG_LOG_ERROR, "cannot open a netlink socket: %s", strerror(-l->ctl_fd));
		goto failed;
	}
	if (lin_quiet(l) || lin_taps_open(l) || lin_lns0_open(l) || lin_mirror_start(l))
		goto failed;
	check_ipv6_forwarding(l);
	return l;

no_memory:
	lin_log(CFG_LOG_ERROR, "no memory for the mirror of Linux's routes");
failed:
	linux_stop(l);
	return NULL;
}

void linux_stop(struct linux_side *l)
{
	if (!l)
		return;
	lin_mirror_stop(l);
	lin_taps_close(l);
	lin_unquiet(l);
	if (l->ctl_fd >= 0)
		close(l->ctl_fd);
	rtab_free(l->rtab);
	free(l->taps);
	free(l->buf);
	free(l);
}

unsigned linux_fds(const struct linux_side *l, int *fds, unsigned max)
{
	unsigned n = 0;

	if (n < max)
		fds[n++] = l->mirror.fd;
	if (n < max)
		fds[n++] = l->lns0.fd;
	for (unsigned i = 0; i < l->n_taps && n < max; i++)
		fds[n++] = l->taps[i].fd;
	return n;
}

void linux_readable(struct linux_side *l, int fd)
{
	if (fd == l->mirror.fd) {
		lin_mirror_read(l);
		rtab_usage(l->rtab, &l->count.routes, &l->count.neighbours);
		return;
	}
	if (fd == l->lns0.fd) {
		lin_lns0_read(l);
		return;
	}
	for (unsigned i = 0; i < l->n_taps; i++)
		if (fd == l->taps[i].fd)
			lin_tap_read(l, i);
}

void linux_resolve(struct linux_side *l, uint8_t family, const uint8_t *addr)
{
	unsigned ifindex;
	uint8_t nh[16], nh_family;

	if (rtab_next_hop(l->rtab, family, addr, &ifindex, &nh_family, nh))
		lin_probe(l, ifindex, nh_family, nh);
}

void linux_links(struct linux_side *l)
{
	lin_taps_carrier(l);
}

void linux_tick(struct linux_side *l, uint64_t now_ns)
{
	uint64_t before = l->refused;

	(void)now_ns;
	lin_mirror_tick(l);
	l->refused = rtab_refused(l->rtab);
	if (l->refused != before)
		lin_log(CFG_LOG_ERROR,
			"%llu routes of Linux did not fit into the dataplane: raise "
			"dataplane.max-routes",
			(unsigned long long)(l->refused - before));
	rtab_usage(l->rtab, &l->count.routes, &l->count.neighbours);
}

const struct linux_counters *linux_counters(const struct linux_side *l)
{
	return &l->count;
}
