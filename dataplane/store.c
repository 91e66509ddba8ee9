/* SPDX-License-Identifier: BSD-3-Clause */
/* store.c - slot arrays in one shared mapping: a header that says exactly what follows, then the arrays, page by page.
 * Thread: control, at start and end; the records have their own owners (records.h, l2tp.h).
 * The file lies in tmpfs or hugetlbfs and is outside EAL's memory and file prefix. It holds no pointer that means
 * anything to another process, and it is opened by one process at a time (flock). Room is taken at once, so that a full
 * tmpfs is an error at start and not a SIGBUS on the first busy day.
 * LAYOUT_VERSION grows with every change of a record's meaning; a change of its size shows by itself.
 * Not here: adopting the records of an earlier process. */
#include "dataplane/store.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "dataplane/records.h"

#define LAYOUT_VERSION 5u
#define PAGE           4096u

static const char magic[8] = "lnsdstor";

struct header {
	char magic[8];
	uint32_t version, header_bytes;
	uint64_t bytes;
	uint32_t max_tunnels, max_sessions;
	struct {
		uint64_t offset, record_bytes;
	} array[STORE_ARRAYS];
	uint64_t starts; /* not part of the layout, from here on */
};
static_assert(sizeof(struct header) <= PAGE, "the header has a page of its own");

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

static void lay_out(struct header *h, const struct store_shape *shape)
{
	const uint64_t size[STORE_ARRAYS] = {
		[STORE_L2TP_TUNNELS] = sizeof(struct l2tp_tunnel),
		[STORE_L2TP_CALLS] = sizeof(struct l2tp_call),
		[STORE_SUBSCRIBERS] = shape->subscriber_size,
		[STORE_SESSIONS] = sizeof(struct dp_session),
		[STORE_SESSIONS_MORE] = sizeof(struct dp_session_more),
		[STORE_DROPPED] = sizeof(struct dp_dropped),
		[STORE_PPP] = sizeof(struct ppp_session),
		[STORE_TUNNELS] = sizeof(struct dp_tunnel),
	};
	uint64_t at = PAGE;

	memset(h, 0, sizeof(*h));
	memcpy(h->magic, magic, sizeof(magic));
	h->version = LAYOUT_VERSION;
	h->header_bytes = sizeof(*h);
	h->max_tunnels = shape->max_tunnels;
	h->max_sessions = shape->max_sessions;
	for (unsigned int i = 0; i < STORE_ARRAYS; i++) {
		bool tunnels = i == STORE_L2TP_TUNNELS || i == STORE_TUNNELS;

		h->array[i].offset = at;
		h->array[i].record_bytes = size[i];
		at += round_up(
			size[i] * ((tunnels ? shape->max_tunnels : shape->max_sessions) + 1ull),
			PAGE);
	}
	h->bytes = at;
}

uint64_t store_size(const struct store_shape *shape)
{
	struct header h;

	lay_out(&h, shape);
	return h.bytes;
}

/* @return the file's granularity: pages, or the huge pages of hugetlbfs. */
static uint64_t granularity(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == HUGETLBFS_MAGIC ? (uint64_t)fs.f_bsize : PAGE;
}

static int map(struct store *s, uint64_t bytes)
{
	int flags = s->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED;

	s->base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, s->fd, 0);
	if (s->base == MAP_FAILED) {
		s->base = NULL;
		return -errno;
	}
	s->bytes = bytes;
	return 0;
}

/* Does the mapping begin with the header we would write? */
static bool same_layout(const struct store *s, const struct header *want)
{
	return !memcmp(s->base, want, offsetof(struct header, starts));
}

static int file_open(struct store *s, const char *path, const struct header *want, bool fresh)
{
	uint64_t bytes;
	struct stat st;
	int r;

	s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->fd < 0)
		return -errno;
	if (flock(s->fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (fstat(s->fd, &st))
		return -errno;
	bytes = round_up(want->bytes, granularity(s->fd));
	if (!fresh && st.st_size) {
		if ((uint64_t)st.st_size != bytes)
			return -ESTALE;
		r = map(s, bytes);
		if (r)
			return r;
		s->kept = same_layout(s, want);
		return s->kept ? 0 : -ESTALE;
	}
	if (ftruncate(s->fd, 0) || ftruncate(s->fd, (off_t)bytes))
		return -errno;
	r = posix_fallocate(s->fd, 0, (off_t)bytes);
	if (r) {
		if (ftruncate(s->fd, 0))
			return -errno;
		return -r;
	}
	return map(s, bytes);
}

int store_open(struct store *s, const char *path, const struct store_shape *shape, bool fresh)
{
	struct header want, *h;
	int r;

	*s = (struct store){.fd = -1};
	lay_out(&want, shape);
	r = *path ? file_open(s, path, &want, fresh) : map(s, want.bytes);
	if (r) {
		store_close(s);
		return r;
	}
	h = s->base;
	if (!s->kept)
		*h = want;
	s->starts = ++h->starts;
	for (unsigned int i = 0; i < STORE_ARRAYS; i++)
		s->array[i] = (uint8_t *)s->base + want.array[i].offset;
	return 0;
}

void store_clear(struct store *s)
{
	memset((uint8_t *)s->base + PAGE, 0, s->bytes - PAGE);
}

void store_close(struct store *s)
{
	if (s->base)
		munmap(s->base, s->bytes);
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct store){.fd = -1};
}
