/* SPDX-License-Identifier: BSD-3-Clause */
/* store.h - the session store: what a later process may adopt, in one mapping of one file. Thread: control, at start. */
#ifndef DATAPLANE_STORE_H
#define DATAPLANE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum store_array {
	STORE_L2TP_TUNNELS,
	STORE_L2TP_CALLS,
	STORE_SUBSCRIBERS,
	STORE_SESSIONS,
	STORE_SESSIONS_MORE,
	STORE_DROPPED,
	STORE_PPP,
	STORE_TUNNELS,
	STORE_ARRAYS
};

/* What decides the layout. Arrays have one element more than max: slot 0 is never used. */
struct store_shape {
	uint32_t max_tunnels, max_sessions;
	uint64_t subscriber_size;
};

struct store {
	void *base;
	uint64_t bytes;
	int fd; /* -1 = anonymous */
	bool kept; /* the file was there and has our layout: the records in it are those of the last process */
	uint64_t starts; /* how often this file was opened, this time included */
	void *array[STORE_ARRAYS];
};

/** Map the store. path "" = anonymous memory. fresh: whatever the file holds is given up.
 * @return 0; -ESTALE: the file has another version or layout (nothing was changed: open with fresh, or not at all);
 * -EBUSY: another process has it; -EFBIG, -ENOSPC: no room for it; else -errno. */
int store_open(struct store *s, const char *path, const struct store_shape *shape, bool fresh);
/** All records to zero; the header stays. */
void store_clear(struct store *s);
void store_close(struct store *s);
/** Bytes that a store of this shape takes. */
uint64_t store_size(const struct store_shape *shape);

#endif
