/* SPDX-License-Identifier: BSD-3-Clause */
/* echo.c - lacsim --core-echo: the end point on the core side, which returns every UDP payload to its sender.
 * It changes nothing, so that lacsim itself can account for both directions. One socket, one thread, until stopped. */
#include "tools/lacsim/sim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 64

int core_echo(const struct sim_opts *o, const volatile bool *stop)
{
	static uint8_t bytes[BATCH][SIM_DGRAM];
	static struct sockaddr_storage from[BATCH];
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	unsigned long long returned = 0;
	int size = 32 * 1024 * 1024,
	    fd = socket(o->bind.sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&o->bind.sa, o->bind.len)) {
		fprintf(stderr, "lacsim: --core-echo: cannot bind: %s\n", strerror(errno));
		return 3;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	while (!*stop) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int n, sent = 0;

		if (poll(&p, 1, 500) <= 0)
			continue;
		for (unsigned i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){bytes[i], SIM_DGRAM};
			msgs[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
				.msg_namelen = sizeof(from[i]),
				.msg_iov = &iov[i],
				.msg_iovlen = 1};
		}
		n = recvmmsg(fd, msgs, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			iov[i].iov_len = msgs[i].msg_len;
		while (sent < n) {
			int done = sendmmsg(fd, msgs + sent, (unsigned)(n - sent), 0);

			if (done < 0 && errno != EINTR)
				sent++; /* this one has no way back; lacsim reports it as lost */
			else if (done > 0) {
				sent += done;
				returned += (unsigned)done;
			}
		}
	}
	close(fd);
	fprintf(stderr, "lacsim: core echo returned %llu payloads\n", returned);
	return 0;
}
