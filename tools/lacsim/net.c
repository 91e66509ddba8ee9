/* SPDX-License-Identifier: BSD-3-Clause */
/* net.c - UDP sockets of the LAC: one per tunnel or one for all, batched both ways by recvmmsg and sendmmsg.
 * Sockets are connected to the LNS, so nobody else's datagrams are read. A full socket is waited for: the simulator
 * is slowed down, it never loses a datagram itself; what it could not send is counted. */
#include "tools/lacsim/sim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH  64
#define ROUNDS 16 /* batches read from one socket before the others get their turn */
#define BUFFER (32 * 1024 * 1024)

struct net {
	struct sim *sim;
	int epoll, shared; /* shared: the one socket, -1 when each tunnel has its own */
	int out_fd;
	unsigned n_out;
	struct mmsghdr in[BATCH], out[BATCH];
	struct iovec in_iov[BATCH], out_iov[BATCH];
	uint8_t in_bytes[BATCH][SIM_DGRAM], out_bytes[BATCH][SIM_DGRAM];
};

struct net *net_new(struct sim *sim)
{
	struct rlimit files = {.rlim_cur = sim->o.tunnels + 64, .rlim_max = sim->o.tunnels + 64};
	struct net *net = calloc(1, sizeof(*net));

	if (!net)
		return NULL;
	net->sim = sim;
	net->shared = net->out_fd = -1;
	net->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < BATCH; i++) {
		net->in_iov[i] = (struct iovec){net->in_bytes[i], SIM_DGRAM};
		net->out_iov[i].iov_base = net->out_bytes[i];
		net->in[i].msg_hdr = (struct msghdr){.msg_iov = &net->in_iov[i], .msg_iovlen = 1};
		net->out[i].msg_hdr = (struct msghdr){.msg_iov = &net->out_iov[i], .msg_iovlen = 1};
	}
	if (!sim->o.one_socket && sim->o.tunnels > 900)
		setrlimit(RLIMIT_NOFILE, &files); /* when refused, net_open() reports EMFILE */
	return net;
}

void net_free(struct net *net)
{
	if (!net)
		return;
	for (uint32_t t = 0; t < net->sim->o.tunnels; t++)
		if (net->sim->tunnels && net->sim->tunnels[t].fd >= 0 &&
			net->sim->tunnels[t].fd != net->shared)
			close(net->sim->tunnels[t].fd);
	if (net->shared >= 0)
		close(net->shared);
	close(net->epoll);
	free(net);
}

static int bound_socket(const struct sim_opts *o, uint16_t port)
{
	int fd = socket(o->lns.sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
	    size = BUFFER;
	struct sim_addr from = o->bind;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (!from.len) {
		from.sa.ss_family = o->lns.sa.ss_family;
		from.len = o->lns.len;
	}
	if (from.sa.ss_family == AF_INET)
		((struct sockaddr_in *)&from.sa)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)&from.sa)->sin6_port = htons(port);
	if (bind(fd, (struct sockaddr *)&from.sa, from.len) ||
		connect(fd, (const struct sockaddr *)&o->lns.sa, o->lns.len)) {
		int e = errno;

		close(fd);
		return -e;
	}
	return fd;
}

int net_open(struct net *net, uint32_t t)
{
	const struct sim_opts *o = &net->sim->o;
	struct epoll_event ev = {.events = EPOLLIN};
	int fd;

	if (o->one_socket && net->shared >= 0)
		return net->shared;
	fd = bound_socket(o,
		o->source_port && !o->one_socket ? (uint16_t)(o->source_port + t) : o->source_port);
	if (fd < 0)
		return fd;
	ev.data.fd = fd;
	if (epoll_ctl(net->epoll, EPOLL_CTL_ADD, fd, &ev)) {
		int e = errno;

		close(fd);
		return -e;
	}
	if (o->one_socket)
		net->shared = fd;
	return fd;
}

uint8_t *net_slot(struct net *net, int fd)
{
	if (net->n_out == BATCH || (net->n_out && fd != net->out_fd))
		net_flush(net);
	net->out_fd = fd;
	return net->out_bytes[net->n_out];
}

void net_push(struct net *net, size_t len)
{
	net->out_iov[net->n_out++].iov_len = len;
}

void net_flush(struct net *net)
{
	unsigned done = 0, refused = 0;

	while (done < net->n_out) {
		int n = sendmmsg(net->out_fd, net->out + done, net->n_out - done, 0);
		struct pollfd p = {.fd = net->out_fd, .events = POLLOUT};

		if (n > 0) {
			done += (unsigned)n;
			refused = 0;
		} else if (errno == EAGAIN || errno == ENOBUFS) {
			poll(&p, 1, 1);
		} else if (errno != EINTR && ++refused > 2) {
			/* An ICMP error is reported once, then cleared. */
			net->sim->send_errors++;
			done++;
			refused = 0;
		}
	}
	net->sim->frames_out += net->n_out;
	net->n_out = 0;
}

static void drain(struct net *net, int fd)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		int n = recvmmsg(fd, net->in, BATCH, MSG_DONTWAIT, NULL);

		if (n <= 0)
			return;
		sim_clock(net->sim);
		net->sim->frames_in += (unsigned)n;
		for (int i = 0; i < n; i++)
			tunnel_input(net->sim, net->in_bytes[i], net->in[i].msg_len);
		if (n < BATCH)
			return;
	}
}

void net_poll(struct net *net, int wait_ms)
{
	struct epoll_event ready[BATCH];
	int n = epoll_wait(net->epoll, ready, BATCH, wait_ms);

	for (int i = 0; i < n; i++)
		drain(net, ready[i].data.fd);
}
