/* SPDX-License-Identifier: BSD-3-Clause */
/* mirror.c - what rtnetlink says of links, addresses, routes and neighbours, put into rtab.c's
 * words. Thread: control only. One socket carries events and dumps, so that both come in the order
 * in which the kernel made them. A dump marks what it sees and sweeps the rest; it is taken at
 * start, when events were lost (ENOBUFS), and when a link went down or an IPv4 address went away,
 * because Linux deletes routes then without a word.
 * Tables main and local only. Not here: what follows from a route (rtab.c). */
#include "controlplane/linux/lin.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READS    16 /* per call: at most this many blocks of messages */
#define HOPS_MAX 64 /* of a multipath route that are looked at */

static const struct {
	uint16_t type;
	uint8_t family;
} parts[] = {{RTM_GETNEIGH, AF_INET}, {RTM_GETNEIGH, AF_INET6}, {RTM_GETROUTE, AF_INET},
	{RTM_GETROUTE, AF_INET6}};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static uint8_t family_of(int af)
{
	return af == AF_INET ? 4 : af == AF_INET6 ? 6 : 0;
}

static size_t bytes_of(uint8_t family)
{
	return family == 4 ? 4 : 16;
}

/* Begin the next part of the dump, or finish it. */
static void dump_next(struct linux_side *l)
{
	struct lin_mirror *m = &l->mirror;
	struct {
		struct nlmsghdr h;
		union {
			struct rtmsg rt;
			struct ndmsg nd;
		};
	} req = {0};

	if (m->step == PARTS) {
		m->step = 0;
		if (!m->again) {
			rtab_sweep(l->rtab);
			return;
		}
		m->again = false;
		l->count.redumps++;
	}
	if (m->step == 0)
		rtab_mark(l->rtab);
	m->interrupted = false;
	req.h.nlmsg_type = parts[m->step].type;
	req.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	req.h.nlmsg_seq = ++m->seq;
	req.h.nlmsg_len =
		NLMSG_LENGTH(req.h.nlmsg_type == RTM_GETROUTE ? sizeof(req.rt) : sizeof(req.nd));
	if (req.h.nlmsg_type == RTM_GETROUTE)
		req.rt.rtm_family = parts[m->step].family;
	else
		req.nd.ndm_family = parts[m->step].family;
	m->step++;
	if (send(m->fd, &req, req.h.nlmsg_len, 0) < 0) {
		m->step = 0; /* tried again on the tick */
		m->again = true;
	}
}

void lin_mirror_redump(struct linux_side *l)
{
	if (l->mirror.step) {
		l->mirror.again = true; /* one dump at a time on a socket */
		return;
	}
	l->count.redumps++;
	dump_next(l);
}

static enum rtab_kind kind_of(uint8_t type)
{
	switch (type) {
	case RTN_UNICAST:
		return RTAB_UNICAST;
	case RTN_BLACKHOLE:
	case RTN_PROHIBIT:
		return RTAB_BLACKHOLE;
	case RTN_UNREACHABLE:
	case RTN_THROW:
		return RTAB_UNREACHABLE;
	case RTN_LOCAL:
	case RTN_BROADCAST:
	case RTN_ANYCAST:
		return RTAB_LOCAL;
	default:
		return RTAB_ELSEWHERE;
	}
}

static void read_gateway(struct rtab_hop *hop, uint8_t family, struct nlattr *const tb[])
{
	if (tb[RTA_GATEWAY] && nla_len(tb[RTA_GATEWAY]) >= (int)bytes_of(family)) {
		hop->gw_family = family;
		memcpy(hop->gw, nla_data(tb[RTA_GATEWAY]), bytes_of(family));
	} else if (tb[RTA_VIA] && nla_len(tb[RTA_VIA]) >= (int)sizeof(struct rtvia)) {
		const struct rtvia *via = nla_data(tb[RTA_VIA]);
		uint8_t f = family_of(via->rtvia_family);

		if (f && nla_len(tb[RTA_VIA]) >= (int)(sizeof(*via) + bytes_of(f))) {
			hop->gw_family = f;
			memcpy(hop->gw, via->rtvia_addr, bytes_of(f));
		}
	}
	if (tb[RTA_ENCAP])
		hop->kind = RTAB_ELSEWHERE;
}

static unsigned read_multipath(
	struct rtab_hop *hops, enum rtab_kind kind, uint8_t family, struct nlattr *attr)
{
	struct rtnexthop *nh = nla_data(attr);
	int left = nla_len(attr);
	unsigned n = 0;

	while (RTNH_OK(nh, left) && n < HOPS_MAX) {
		struct nlattr *tb[RTA_MAX + 1];

		hops[n] = (struct rtab_hop){.kind = kind,
			.ifindex = (unsigned)nh->rtnh_ifindex,
			.dead = nh->rtnh_flags & RTNH_F_DEAD};
		if (nla_parse(tb, RTA_MAX, (struct nlattr *)RTNH_DATA(nh),
			    nh->rtnh_len - (int)sizeof(*nh), NULL) == 0)
			read_gateway(&hops[n], family, tb);
		n++;
		left -= (int)RTNH_ALIGN(nh->rtnh_len);
		nh = RTNH_NEXT(nh);
	}
	return n;
}

/* Multicast and link-local destinations are never routed. */
static bool mirrored(const struct cfg_prefix *p)
{
	if (p->family == 4)
		return p->len < 4 || p->addr[0] < 224 || p->addr[0] >= 240;
	if (p->len >= 8 && p->addr[0] == 0xff)
		return false;
	return p->len < 10 || p->addr[0] != 0xfe || (p->addr[1] & 0xc0) != 0x80;
}

static void on_route(struct linux_side *l, struct nlmsghdr *h)
{
	const struct rtmsg *m = NLMSG_DATA(h);
	struct nlattr *tb[RTA_MAX + 1];
	struct rtab_hop hops[HOPS_MAX];
	struct rtab_id id = {0};
	uint8_t family = family_of(m->rtm_family);
	uint32_t table;
	unsigned n = 1;

	if (!family || nlmsg_parse(h, sizeof(*m), tb, RTA_MAX, NULL) < 0 ||
		m->rtm_flags & RTM_F_CLONED)
		return;
	table = tb[RTA_TABLE] ? nla_get_u32(tb[RTA_TABLE]) : m->rtm_table;
	if ((table != RT_TABLE_MAIN && table != RT_TABLE_LOCAL) || m->rtm_type == RTN_MULTICAST ||
		m->rtm_dst_len > bytes_of(family) * 8)
		return;
	id.prefix.family = family;
	id.prefix.len = m->rtm_dst_len;
	if (tb[RTA_DST] && nla_len(tb[RTA_DST]) >= (int)bytes_of(family))
		memcpy(id.prefix.addr, nla_data(tb[RTA_DST]), bytes_of(family));
	if (!mirrored(&id.prefix) || (family == 6 && m->rtm_src_len))
		return;
	id.local_table = table == RT_TABLE_LOCAL;
	id.tos = m->rtm_tos;
	id.metric = tb[RTA_PRIORITY] ? nla_get_u32(tb[RTA_PRIORITY]) : 0;
	if (tb[RTA_MULTIPATH]) {
		n = read_multipath(hops, kind_of(m->rtm_type), family, tb[RTA_MULTIPATH]);
	} else {
		hops[0] = (struct rtab_hop){.kind = kind_of(m->rtm_type),
			.ifindex = tb[RTA_OIF] ? nla_get_u32(tb[RTA_OIF]) : 0,
			.dead = m->rtm_flags & RTNH_F_DEAD};
		read_gateway(&hops[0], family, tb);
	}
	if (h->nlmsg_type == RTM_DELROUTE)
		rtab_route_del(l->rtab, &id, hops, n);
	else
		rtab_route_add(l->rtab, &id, hops, n, h->nlmsg_flags & NLM_F_REPLACE);
}

static void on_neigh(struct linux_side *l, struct nlmsghdr *h)
{
	static const unsigned usable =
		NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;
	const struct ndmsg *m = NLMSG_DATA(h);
	struct nlattr *tb[NDA_MAX + 1];
	uint8_t family = family_of(m->ndm_family);
	const uint8_t *mac = NULL, *dst;

	if (!family || nlmsg_parse(h, sizeof(*m), tb, NDA_MAX, NULL) < 0 || !tb[NDA_DST] ||
		nla_len(tb[NDA_DST]) < (int)bytes_of(family) || m->ndm_flags & NTF_PROXY)
		return;
	dst = nla_data(tb[NDA_DST]);
	if (dst[0] == (family == 4 ? 224 : 0xff) || m->ndm_type == RTN_MULTICAST ||
		m->ndm_type == RTN_BROADCAST)
		return;
	if (tb[NDA_LLADDR] && nla_len(tb[NDA_LLADDR]) == 6)
		mac = nla_data(tb[NDA_LLADDR]);
	if (h->nlmsg_type == RTM_DELNEIGH)
		rtab_neigh_del(l->rtab, (unsigned)m->ndm_ifindex, family, dst);
	else
		rtab_neigh_set(l->rtab, (unsigned)m->ndm_ifindex, family, dst, mac,
			m->ndm_state & usable, m->ndm_state & NUD_STALE);
}

static void on_message(struct linux_side *l, struct nlmsghdr *h)
{
	struct lin_mirror *m = &l->mirror;
	bool of_dump = m->step && h->nlmsg_seq == m->seq && h->nlmsg_flags & NLM_F_MULTI;

	if (of_dump && h->nlmsg_flags & NLM_F_DUMP_INTR)
		m->interrupted = true;
	switch (h->nlmsg_type) {
	case NLMSG_DONE:
		if (!m->step || h->nlmsg_seq != m->seq)
			return;
		if (m->interrupted)
			m->again = true;
		dump_next(l);
		return;
	case NLMSG_ERROR:
		if (m->step && h->nlmsg_seq == m->seq) {
			/* no such family in this kernel: nothing to dump there. Busy: the tick
			 * tries again */
			if (((const struct nlmsgerr *)NLMSG_DATA(h))->error == -EBUSY) {
				m->step = 0;
				m->again = true;
			} else {
				dump_next(l);
			}
		}
		return;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		on_route(l, h);
		return;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		on_neigh(l, h);
		return;
	case RTM_DELADDR:
		if (((const struct ifaddrmsg *)NLMSG_DATA(h))->ifa_family == AF_INET)
			lin_mirror_redump(l);
		return;
	case RTM_DELLINK:
		lin_mirror_redump(l);
		return;
	case RTM_NEWLINK: {
		const struct ifinfomsg *i = NLMSG_DATA(h);

		if (i->ifi_change & IFF_UP && !(i->ifi_flags & IFF_UP))
			lin_mirror_redump(l);
		return;
	}
	}
}

void lin_mirror_read(struct linux_side *l)
{
	for (unsigned i = 0; i < READS; i++) {
		ssize_t got = recv(l->mirror.fd, l->buf, LIN_BUF, MSG_DONTWAIT | MSG_TRUNC);
		struct nlmsghdr *h = (void *)l->buf;
		int left;

		if (got < 0 && errno == ENOBUFS) {
			lin_log(CFG_LOG_WARN,
				"Linux sent routes and neighbours faster than they were taken: "
				"reading all again");
			lin_mirror_redump(l);
			continue;
		}
		if (got <= 0)
			return;
		if (got > LIN_BUF) {
			lin_mirror_redump(l);
			continue;
		}
		for (left = (int)got; nlmsg_ok(h, left); h = nlmsg_next(h, &left))
			on_message(l, h);
	}
}

int lin_mirror_start(struct linux_side *l)
{
	struct lin_mirror *m = &l->mirror;

	m->fd = lin_nl_open(RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE |
		RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE);
	if (m->fd < 0) {
		lin_log(CFG_LOG_ERROR, "cannot listen to Linux's routes and neighbours: %s",
			strerror(-m->fd));
		return m->fd;
	}
	dump_next(l);
	while (m->step || m->again) { /* the first dump is waited for */
		struct pollfd p = {.fd = m->fd, .events = POLLIN};

		if (!m->step) {
			m->again = false;
			dump_next(l);
		}
		if (poll(&p, 1, 10000) <= 0) {
			lin_log(CFG_LOG_ERROR,
				"Linux did not answer when asked for its routes and neighbours");
			return -ETIMEDOUT;
		}
		lin_mirror_read(l);
	}
	return 0;
}

void lin_mirror_stop(struct linux_side *l)
{
	if (l->mirror.fd >= 0)
		close(l->mirror.fd);
}

void lin_mirror_tick(struct linux_side *l)
{
	if (!l->mirror.step && l->mirror.again) {
		l->mirror.again = false;
		lin_mirror_redump(l);
	}
	rtab_tick(l->rtab);
}
