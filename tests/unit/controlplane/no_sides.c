/* SPDX-License-Identifier: BSD-3-Clause */
/* no_sides.c - see no_sides.h. */
#include "no_sides.h"

#include "controlplane/api/api.h"
#include "controlplane/linux/linux.h"

static char side;

unsigned no_sides_resolves;
unsigned no_sides_links;

struct linux_side *linux_start(const struct cfg *c)
{
	(void)c;
	return (struct linux_side *)&side;
}

void linux_stop(struct linux_side *l)
{
	(void)l;
}

unsigned linux_fds(const struct linux_side *l, int *fds, unsigned max)
{
	(void)l, (void)fds, (void)max;
	return 0;
}

void linux_readable(struct linux_side *l, int fd)
{
	(void)l, (void)fd;
}

void linux_to_tap(struct linux_side *l, unsigned ifx, const void *frame, size_t len)
{
	(void)l, (void)ifx, (void)frame, (void)len;
}

void linux_to_lns0(struct linux_side *l, const void *packet, size_t len)
{
	(void)l, (void)packet, (void)len;
}

void linux_resolve(struct linux_side *l, uint8_t family, const uint8_t *addr)
{
	(void)l, (void)family, (void)addr;
	no_sides_resolves++;
}

void linux_links(struct linux_side *l)
{
	(void)l;
	no_sides_links++;
}

void linux_tick(struct linux_side *l, uint64_t now_ns)
{
	(void)l, (void)now_ns;
}

const struct linux_counters *linux_counters(const struct linux_side *l)
{
	(void)l;
	return NULL;
}

struct api *api_start(struct cp *cp)
{
	(void)cp;
	return (struct api *)&side;
}

void api_stop(struct api *a)
{
	(void)a;
}

int api_fd(const struct api *a)
{
	(void)a;
	return -1;
}

void api_readable(struct api *a)
{
	(void)a;
}
