/* SPDX-License-Identifier: BSD-3-Clause */
/* quiet.c - keep the kernel silent on interfaces below af_packet and af_xdp ports. Thread: control
 * only, at start and stop. Such a port shares its interface with the kernel, which would answer
 * ARP, pings and UDP/1701 beside lnsd. A netdev ingress hook that drops everything lies behind the
 * place where packet sockets and XDP take their frames, so lnsd sees all and the kernel nothing.
 * IPv6 is off there, and so are offloads that would leave checksums half done. nft(8) is run as a
 * child, once per interface and direction. Not here: real NICs, which the kernel has let go. */
#include "controlplane/linux/lin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dataplane/dp.h"

extern char **environ;

/* Run `nft -f -` on text. @return 0 or -errno; -EPROTO: nft refused, its words are on stderr. */
static int nft(const char *text, bool silent)
{
	char *argv[] = {"nft", "-f", "-", NULL};
	posix_spawn_file_actions_t fa;
	int in[2], status = 0, rc;
	size_t len = strlen(text);
	ssize_t put;
	pid_t pid;

	if (pipe(in) < 0)
		return -errno;
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, in[0], 0);
	posix_spawn_file_actions_addclose(&fa, in[1]);
	if (silent)
		posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", 1 /* O_WRONLY */, 0);
	rc = posix_spawnp(&pid, "nft", &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	close(in[0]);
	put = rc == 0 ? write(in[1], text, len) : 0; /* shorter than a pipe's buffer */
	close(in[1]);
	if (rc)
		return -rc;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return put == (ssize_t)len && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPROTO;
}

static int offload_off(const char *name)
{
	static const uint32_t commands[] = {
		ETHTOOL_STXCSUM, ETHTOOL_SRXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct ethtool_value v = {.cmd = commands[i], .data = 0};
		struct ifreq r = {.ifr_data = (void *)&v};

		snprintf(r.ifr_name, sizeof(r.ifr_name), "%.15s", name);
		/* what a driver cannot switch off it does not have, or checksums fully */
		ioctl(s, SIOCETHTOOL, &r);
	}
	close(s);
	return 0;
}

/* An address that is on the interface and on our port is answered for by both. */
static void warn_of_shared(const struct linux_side *l, const char *name)
{
	struct ifaddrs *all, *a;

	if (getifaddrs(&all) < 0)
		return;
	for (a = all; a; a = a->ifa_next) {
		const void *bytes;
		uint8_t family;

		if (!a->ifa_addr || strcmp(a->ifa_name, name) != 0)
			continue;
		if (a->ifa_addr->sa_family == AF_INET) {
			bytes = &((struct sockaddr_in *)a->ifa_addr)->sin_addr;
			family = 4;
		} else if (a->ifa_addr->sa_family == AF_INET6) {
			bytes = &((struct sockaddr_in6 *)a->ifa_addr)->sin6_addr;
			family = 6;
		} else {
			continue;
		}
		for (size_t i = 0; i < l->cfg->dataplane.n_ports; i++) {
			const struct cfg_port *p = &l->cfg->dataplane.ports[i];

			for (size_t k = 0; k < p->n_addresses; k++)
				if (p->addresses[k].family == family &&
					memcmp(p->addresses[k].addr, bytes, family == 4 ? 4 : 16) ==
						0)
					lin_log(CFG_LOG_WARN,
						"the address %s of port %s is also on the Linux "
						"interface %s: "
						"remove it there (ip address del)",
						lin_prefix_str(&p->addresses[k]), p->name, name);
		}
	}
	freeifaddrs(all);
}

static int quiet_one(struct linux_side *l, const char *name)
{
	unsigned ifindex = if_nametoindex(name);
	char text[512];
	int rc;

	if (ifindex == 0) {
		lin_log(CFG_LOG_ERROR,
			"the Linux interface %s below a port does not exist: correct "
			"dataplane.ports",
			name);
		return -ENODEV;
	}
	warn_of_shared(l, name);
	/* made, deleted and made again: a table of a run that ended badly may be left */
	snprintf(text, sizeof(text),
		"table netdev lnsd_%s\ndelete table netdev lnsd_%s\n"
		"table netdev lnsd_%s {\n"
		"\tchain ingress {\n"
		"\t\ttype filter hook ingress device \"%s\" priority 0; policy drop;\n"
		"\t}\n}\n",
		name, name, name, name);
	rc = nft(text, false);
	if (rc) {
		lin_log(CFG_LOG_ERROR,
			"cannot make the kernel drop what it receives on %s: nft: %s. Install "
			"nftables; lnsd "
			"needs CAP_NET_ADMIN, and the kernel nf_tables with netdev support",
			name, rc == -EPROTO ? "it refused the rules" : strerror(-rc));
		return rc;
	}
	snprintf(l->quiet[l->n_quiet++], sizeof(l->quiet[0]), "%s", name);
	lin_sysctl("1", "net/ipv6/conf/%s/disable_ipv6", name);
	offload_off(name);
	rc = lin_link_up(l, ifindex);
	if (rc)
		lin_log(CFG_LOG_ERROR, "cannot bring the interface %s up: %s", name, strerror(-rc));
	return rc;
}

int lin_quiet(struct linux_side *l)
{
	l->quiet = calloc(l->n_taps ? l->n_taps : 1, sizeof(l->quiet[0]));
	if (!l->quiet)
		return -ENOMEM;
	for (unsigned i = 0; i < l->n_taps; i++) {
		struct dp_if_info info;
		bool done = false;
		int rc;

		dp_if_get(i, &info);
		for (unsigned k = 0; k < l->n_quiet; k++) /* VLANs of one interface */
			done |= strcmp(l->quiet[k], info.kernel_if) == 0;
		if (done || !info.kernel_if[0])
			continue;
		rc = quiet_one(l, info.kernel_if);
		if (rc)
			return rc;
	}
	return 0;
}

void lin_unquiet(struct linux_side *l)
{
	for (unsigned i = 0; i < l->n_quiet; i++) {
		char text[128];

		snprintf(text, sizeof(text), "delete table netdev lnsd_%s\n", l->quiet[i]);
		nft(text, true); /* gone already when the interface was deleted */
	}
	free(l->quiet);
	l->quiet = NULL;
	l->n_quiet = 0;
}
