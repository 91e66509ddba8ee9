/* SPDX-License-Identifier: BSD-3-Clause */
/* chunk.h - buffers of queued control messages: fixed-size chunks, chained by index, from one pool. Pure. */
#ifndef CONTROLPLANE_L2TP_CHUNK_H
#define CONTROLPLANE_L2TP_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define L2TP_CHUNK_DATA  112
#define L2TP_MESSAGE_MAX 2048 /* octets of the longest message that is kept */

/** 128 octets. The first chunk of a message describes it; `more` leads to the rest. */
struct l2tp_chunk {
	uint32_t next; /* the owner's link to its next message */
	uint32_t more; /* next chunk of this message, or of the free list */
	uint16_t len;  /* of the whole message's body */
	uint16_t sid;  /* of its header */
	uint16_t ns;   /* once sent, or as received */
	uint8_t type;  /* enum l2tp_msg_type of what we send */
	bool numbered; /* ns was assigned: it has been sent at least once */
	uint8_t data[L2TP_CHUNK_DATA];
};

struct l2tp_chunks {
	struct l2tp_chunk *chunk; /* [0] is never used */
	uint32_t total, free, reserve;
	uint32_t first_free;
	uint32_t fresh; /* chunks from here on were never used: no list had to be built */
};

void l2tp_chunks_init(struct l2tp_chunks *p, struct l2tp_chunk *mem, uint32_t total);
/** Keep a message. urgent ones (SCCRP, StopCCN, Hello) may use the last chunks, the reserve.
 * @return index of its first chunk, 0: not enough chunks, or longer than L2TP_MESSAGE_MAX. */
uint32_t l2tp_chunks_put(struct l2tp_chunks *p, const uint8_t *body, size_t len, bool urgent);
/** Copy the body out; buf has room for it (l2tp_chunk.len). */
void l2tp_chunks_get(const struct l2tp_chunks *p, uint32_t first, uint8_t *buf);
void l2tp_chunks_free(struct l2tp_chunks *p, uint32_t first);

#endif
