/* SPDX-License-Identifier: BSD-3-Clause */
/* nl.c - requests to rtnetlink: addresses, routes, links and neighbour probes. Thread: control
 * only. Those made at start wait for the kernel's answer; a probe does not. Not here: what the
 * kernel tells us (mirror.c). */
#include "controlplane/linux/lin.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int lin_nl_open(uint32_t groups)
{
	struct sockaddr_nl me = {.nl_family = AF_NETLINK, .nl_groups = groups};
	struct timeval wait = {.tv_sec = 5};
	int size = 16 << 20;
	int fd = socket(
		AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | (groups ? SOCK_NONBLOCK : 0), NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (bind(fd, (struct sockaddr *)&me, sizeof(me)) < 0) {
		int e = errno;

		close(fd);
		return -e;
	}
	return fd;
}

/* The kernel's answer to request seq. */
static int wait_ack(struct linux_side *l, uint32_t seq)
{
	for (;;) {
		ssize_t got = recv(l->ctl_fd, l->buf, LIN_BUF, 0);
		const struct nlmsghdr *h = (const void *)l->buf;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got >= (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)) &&
			h->nlmsg_type == NLMSG_ERROR && h->nlmsg_seq == seq)
			return ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
	}
}

static int send_msg(struct linux_side *l, struct nl_msg *msg, unsigned flags)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);

	h->nlmsg_flags |= NLM_F_REQUEST;
	h->nlmsg_seq = ++l->ctl_seq;
	return send(l->ctl_fd, h, h->nlmsg_len, (int)flags) < 0 ? -errno : 0;
}

int lin_nl_talk_take(struct linux_side *l, struct nl_msg *msg)
{
	int rc;

	if (!msg)
		return -ENOMEM;
	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_ACK;
	rc = send_msg(l, msg, 0);
	nlmsg_free(msg);
	return rc ? rc : wait_ack(l, l->ctl_seq);
}

static int af(uint8_t family)
{
	return family == 4 ? AF_INET : AF_INET6;
}

static int alen(uint8_t family)
{
	return family == 4 ? 4 : 16;
}

int lin_addr_add(struct linux_side *l, unsigned ifindex, const struct cfg_prefix *a)
{
	struct ifaddrmsg m = {.ifa_family = (uint8_t)af(a->family),
		.ifa_prefixlen = a->len,
		.ifa_index = ifindex};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);

	if (!msg)
		return -ENOMEM;
	nlmsg_append(msg, &m, sizeof(m), NLMSG_ALIGNTO);
	nla_put(msg, IFA_LOCAL, alen(a->family), a->addr);
	nla_put(msg, IFA_ADDRESS, alen(a->family), a->addr);
	if (a->family == 6) /* the configuration is the authority; addresses are wanted at once */
		nla_put_u32(msg, IFA_FLAGS, IFA_F_NODAD);
	return lin_nl_talk_take(l, msg);
}

int lin_route_add(struct linux_side *l, unsigned ifindex, const struct cfg_prefix *p)
{
	struct rtmsg m = {.rtm_family = (uint8_t)af(p->family),
		.rtm_dst_len = p->len,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_type = RTN_UNICAST,
		.rtm_scope = p->family == 4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);

	if (!msg)
		return -ENOMEM;
	nlmsg_append(msg, &m, sizeof(m), NLMSG_ALIGNTO);
	nla_put(msg, RTA_DST, alen(p->family), p->addr);
	nla_put_u32(msg, RTA_OIF, ifindex);
	return lin_nl_talk_take(l, msg);
}

int lin_link_up(struct linux_side *l, unsigned ifindex)
{
	struct ifinfomsg m = {.ifi_index = (int)ifindex, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, 0);

	if (!msg)
		return -ENOMEM;
	nlmsg_append(msg, &m, sizeof(m), NLMSG_ALIGNTO);
	return lin_nl_talk_take(l, msg);
}

void lin_probe(struct linux_side *l, unsigned ifindex, uint8_t family, const uint8_t *addr)
{
	struct ndmsg m = {.ndm_family = (uint8_t)af(family),
		.ndm_ifindex = (int)ifindex,
		.ndm_flags = NTF_USE};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWNEIGH, NLM_F_CREATE);

	if (!msg)
		return;
	nlmsg_append(msg, &m, sizeof(m), NLMSG_ALIGNTO);
	nla_put(msg, NDA_DST, alen(family), addr);
	send_msg(l, msg, MSG_DONTWAIT);
	nlmsg_free(msg);
	/* errors are answered whether asked for or not: take them off the socket */
	while (recv(l->ctl_fd, l->buf + LIN_BUF, 4096, MSG_DONTWAIT) > 0)
		;
}
