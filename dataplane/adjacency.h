/* SPDX-License-Identifier: BSD-3-Clause */
/* adjacency.h - neighbours on ports as single words (records.h), handed out by index. Thread: control. */
#ifndef DATAPLANE_ADJACENCY_H
#define DATAPLANE_ADJACENCY_H

#include "dataplane/records.h"

/** Room for max_adj neighbours. @return 0 or -ENOMEM. */
int adj_init(uint32_t max_adj);
void adj_fini(void);
/** Take back adjacencies that neither a tunnel nor a worker can hold any more. */
void adj_tick(void);
uint32_t adj_count(void);

static inline uint64_t adj_word(unsigned int ifx, const uint8_t mac[6])
{
	uint64_t w = 0;

	__builtin_memcpy(&w, mac, 6);
	return w | (uint64_t)ifx << 48 | ADJ_VALID;
}

#endif
