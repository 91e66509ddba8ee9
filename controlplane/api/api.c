/* SPDX-License-Identifier: BSD-3-Clause */
/* api.c - the Unix socket of the API: clients, lines in, lines out. Thread: control only. A request
 * is one line of JSON of at most 64 KiB, a reply is one line. A client's next request is looked at
 * when its last reply is with the kernel, so its buffers are bounded; a client that takes no byte
 * for 30 s is dropped, as is one that is idle for 10 minutes. An epoll of our own holds all
 * descriptors and a timer, so cp_loop.c polls one. Not here: what the methods do (api_methods.c,
 * api_list.c). */
#include "controlplane/api/api_int.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "controlplane/log.h"

#define CLIENTS     64
#define LINE_MAX_IN 65536
#define REQUESTS    4 /* of one client per call */
#define STUCK_NS    30000000000ull
#define IDLE_NS     600000000000ull

struct client {
	int fd; /* -1 = free */
	bool eof, skipping; /* skipping: the rest of a line that was too long */
	uint32_t watched;
	size_t in_len, out_len, out_at, out_cap;
	uint64_t moved_ns; /* when a byte last went either way */
	char *in, *out;
};

struct api {
	struct cp *cp;
	int epoll, listener, timer;
	char path[108];
	struct client client[CLIENTS];
};

static int out_append(const char *bytes, size_t len, void *to)
{
	struct client *c = to;

	if (c->out_len + len > c->out_cap) {
		size_t cap = c->out_cap ? c->out_cap : 4096;
		char *mem;

		while (cap < c->out_len + len)
			cap *= 2;
		mem = realloc(c->out, cap);
		if (!mem)
			return -1;
		c->out = mem;
		c->out_cap = cap;
	}
	memcpy(c->out + c->out_len, bytes, len);
	c->out_len += len;
	return 0;
}

static void client_drop(struct client *c)
{
	close(c->fd); /* leaves the epoll with it */
	free(c->in);
	free(c->out);
	*c = (struct client){.fd = -1};
}

/* @return false: no memory, drop the client. */
static bool client_reply_take(struct client *c, json_t *reply)
{
	bool ok = reply && json_dump_callback(reply, out_append, c, JSON_COMPACT) == 0 &&
		out_append("\n", 1, c) == 0;

	json_decref(reply);
	return ok;
}

static json_t *too_long(void)
{
	return json_pack("{s:n, s:i, s:{s:s, s:s}}", "id", "schema", API_SCHEMA, "error", "code",
		"line-too-long", "message", "a request is one line of at most 65536 bytes");
}

/* Write what is waiting. @return false: the client is gone. */
static bool client_flush(struct client *c)
{
	while (c->out_at < c->out_len) {
		ssize_t n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at,
			MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->out_at += (size_t)n;
		c->moved_ns = api_now_ns();
	}
	c->out_at = c->out_len = 0;
	if (c->out_cap > 65536) { /* a large page is rare; do not keep its room */
		free(c->out);
		c->out = NULL;
		c->out_cap = 0;
	}
	return true;
}

/* Serve complete lines while replies go out at once. @return false: the client is gone. */
static bool client_serve(struct api *a, struct client *c)
{
	for (unsigned i = 0; i < REQUESTS && c->out_len == 0; i++) {
		char *end = memchr(c->in, '\n', c->in_len);
		size_t len;
		bool ok = true;

		if (!end && c->in_len == LINE_MAX_IN) {
			if (!c->skipping)
				ok = client_reply_take(c, too_long());
			c->skipping = true;
			c->in_len = 0;
		} else if (!end) {
			return true;
		} else {
			len = (size_t)(end - c->in);
			if (c->skipping)
				c->skipping = false;
			else if (len > 0)
				ok = client_reply_take(c, api_answer(a->cp, c->in, len));
			c->in_len -= len + 1;
			memmove(c->in, end + 1, c->in_len);
		}
		if (!ok || !client_flush(c))
			return false;
	}
	return true;
}

static bool client_read(struct client *c)
{
	ssize_t n = recv(c->fd, c->in + c->in_len, LINE_MAX_IN - c->in_len, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0) {
		c->eof = true;
		return true;
	}
	c->in_len += (size_t)n;
	c->moved_ns = api_now_ns();
	return true;
}

static void client_event(struct api *a, struct client *c, uint32_t events)
{
	struct epoll_event ev = {.data.ptr = c};
	bool alive = !(events & EPOLLERR), more;

	if (alive && c->out_len)
		alive = client_flush(c);
	if (alive && c->out_len == 0 && !c->eof && c->in_len < LINE_MAX_IN &&
		events & (EPOLLIN | EPOLLHUP))
		alive = client_read(c);
	if (alive)
		alive = client_serve(a, c);
	more = alive && (memchr(c->in, '\n', c->in_len) || c->in_len == LINE_MAX_IN);
	if (!alive || (c->eof && c->out_len == 0 && !more)) {
		client_drop(c);
		return;
	}
	/* a full buffer or an unread reply stops reading; lines that wait are served on the next
	 * turn */
	ev.events = (c->out_len || more ? EPOLLOUT : 0u) |
		(c->out_len == 0 && !c->eof && c->in_len < LINE_MAX_IN ? EPOLLIN : 0u);
	if (ev.events != c->watched) {
		epoll_ctl(a->epoll, EPOLL_CTL_MOD, c->fd, &ev);
		c->watched = ev.events;
	}
}

static void client_new(struct api *a)
{
	static const char busy[] =
		"{\"id\":null,\"schema\":1,\"error\":{\"code\":\"busy\","
		"\"message\":\"64 clients are connected already; try again later\"}}\n";
	int fd = accept4(a->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c = NULL;
	struct epoll_event ev = {.events = EPOLLIN};

	if (fd < 0)
		return;
	for (unsigned i = 0; i < CLIENTS && !c; i++)
		if (a->client[i].fd < 0)
			c = &a->client[i];
	if (!c) {
		send(fd, busy, sizeof(busy) - 1, MSG_NOSIGNAL);
		close(fd);
		return;
	}
	*c = (struct client){
		.fd = fd, .in = malloc(LINE_MAX_IN), .watched = EPOLLIN, .moved_ns = api_now_ns()};
	ev.data.ptr = c;
	if (!c->in || epoll_ctl(a->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		client_drop(c);
}

static void drop_stuck(struct api *a)
{
	uint64_t now = api_now_ns(), expired;

	if (read(a->timer, &expired, sizeof(expired)) < 0)
		return;
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *c = &a->client[i];

		if (c->fd >= 0 && now - c->moved_ns > (c->out_len ? STUCK_NS : IDLE_NS))
			client_drop(c);
	}
}

void api_readable(struct api *a)
{
	struct epoll_event ev[16];
	int n = epoll_wait(a->epoll, ev, 16, 0);

	for (int i = 0; i < n; i++) {
		if (ev[i].data.ptr == &a->listener)
			client_new(a);
		else if (ev[i].data.ptr == &a->timer)
			drop_stuck(a);
		else
			client_event(a, ev[i].data.ptr, ev[i].events);
	}
}

int api_fd(const struct api *a)
{
	return a->epoll;
}

/* A socket file may be left by a run that ended badly; one that answers is another lnsd. */
static int make_way(const char *path, const struct sockaddr_un *addr)
{
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), rc;

	if (s < 0)
		return -errno;
	rc = connect(s, (const struct sockaddr *)addr, sizeof(*addr)) == 0 || errno == EAGAIN
		? -EADDRINUSE
		: 0;
	close(s);
	if (rc == 0)
		unlink(path);
	return rc;
}

static int listen_on(struct api *a, const struct cfg *c)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	mode_t old;
	int rc;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", c->api.socket);
	rc = make_way(c->api.socket, &addr);
	if (rc == -EADDRINUSE) {
		log_line(CFG_LOG_ERROR, "api",
			"text=\"another lnsd answers on %s: stop it, or set another api.socket\"",
			c->api.socket);
		return rc;
	}
	a->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	old = umask(0117); /* 0660 from the first moment on */
	rc = a->listener < 0 || bind(a->listener, (struct sockaddr *)&addr, sizeof(addr)) < 0
		? -errno
		: 0;
	umask(old);
	if (rc == 0) {
		snprintf(a->path, sizeof(a->path), "%s", c->api.socket);
		if (listen(a->listener, 64) < 0)
			rc = -errno;
	}
	if (rc)
		log_line(CFG_LOG_ERROR, "api",
			"text=\"cannot listen on %s: %s. Its folder must exist and be writable "
			"for lnsd (api.socket)\"",
			c->api.socket, strerror(-rc));
	return rc;
}

static int give_to_group(const struct cfg *c)
{
	const struct group *g;

	if (!c->api.group[0])
		return 0;
	g = getgrnam(c->api.group);
	if (g && chown(c->api.socket, (uid_t)-1, g->gr_gid) == 0)
		return 0;
	log_line(CFG_LOG_ERROR, "api", "text=\"cannot give %s to the group %s: %s (api.group)\"",
		c->api.socket, c->api.group, g ? strerror(errno) : "there is no such group");
	return -1;
}

static int watch(struct api *a, int fd, void *tag)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = tag};

	return fd < 0 || epoll_ctl(a->epoll, EPOLL_CTL_ADD, fd, &ev) < 0 ? -1 : 0;
}

struct api *api_start(struct cp *cp)
{
	const struct itimerspec each_second = {{1, 0}, {1, 0}};
	struct api *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->cp = cp;
	a->listener = -1;
	for (unsigned i = 0; i < CLIENTS; i++)
		a->client[i].fd = -1;
	a->epoll = epoll_create1(EPOLL_CLOEXEC);
	a->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (listen_on(a, cp_config(cp)) || give_to_group(cp_config(cp))) {
		api_stop(a);
		return NULL;
	}
	if (a->timer < 0 || timerfd_settime(a->timer, 0, &each_second, NULL) < 0 ||
		watch(a, a->timer, &a->timer) || watch(a, a->listener, &a->listener)) {
		log_line(CFG_LOG_ERROR, "api", "text=\"cannot set the API up: %s\"",
			strerror(errno));
		api_stop(a);
		return NULL;
	}
	return a;
}

void api_stop(struct api *a)
{
	if (!a)
		return;
	for (unsigned i = 0; i < CLIENTS; i++)
		if (a->client[i].fd >= 0)
			client_drop(&a->client[i]);
	if (a->listener >= 0)
		close(a->listener);
	if (a->timer >= 0)
		close(a->timer);
	if (a->epoll >= 0)
		close(a->epoll);
	if (a->path[0])
		unlink(a->path);
	free(a);
}
