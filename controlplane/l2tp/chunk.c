/* SPDX-License-Identifier: BSD-3-Clause */
/* chunk.c - buffers of queued control messages. All memory is given at init; a message that does not fit is refused as
 * a whole, and the last eighth of the pool is kept for the messages that keep or end a tunnel. Thread: control. Pure. */
#include "controlplane/l2tp/chunk.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct l2tp_chunk) == 128, "two cache lines");

void l2tp_chunks_init(struct l2tp_chunks *p, struct l2tp_chunk *mem, uint32_t total)
{
	*p = (struct l2tp_chunks){
		.chunk = mem, .total = total, .free = total, .reserve = total / 8, .fresh = 1};
}

static uint32_t take(struct l2tp_chunks *p)
{
	uint32_t c = p->first_free;

	if (c)
		p->first_free = p->chunk[c].more;
	else
		c = p->fresh++;
	p->free--;
	p->chunk[c].more = 0;
	return c;
}

uint32_t l2tp_chunks_put(struct l2tp_chunks *p, const uint8_t *body, size_t len, bool urgent)
{
	size_t need = len ? (len + L2TP_CHUNK_DATA - 1) / L2TP_CHUNK_DATA : 1;
	uint32_t first = 0, last = 0;

	if (len > L2TP_MESSAGE_MAX || need + (urgent ? 0 : p->reserve) > p->free)
		return 0;
	for (size_t at = 0; need--; at += L2TP_CHUNK_DATA) {
		size_t part = len - at < L2TP_CHUNK_DATA ? len - at : L2TP_CHUNK_DATA;
		uint32_t c = take(p);

		memcpy(p->chunk[c].data, body + at, part);
		if (last)
			p->chunk[last].more = c;
		else
			first = c;
		last = c;
	}
	p->chunk[first].next = 0;
	p->chunk[first].len = (uint16_t)len;
	p->chunk[first].sid = 0;
	p->chunk[first].ns = 0;
	p->chunk[first].type = 0;
	p->chunk[first].numbered = false;
	return first;
}

void l2tp_chunks_get(const struct l2tp_chunks *p, uint32_t first, uint8_t *buf)
{
	size_t left = p->chunk[first].len;

	for (uint32_t c = first; c && left; c = p->chunk[c].more) {
		size_t part = left < L2TP_CHUNK_DATA ? left : L2TP_CHUNK_DATA;

		memcpy(buf, p->chunk[c].data, part);
		buf += part;
		left -= part;
	}
}

void l2tp_chunks_free(struct l2tp_chunks *p, uint32_t first)
{
	while (first) {
		uint32_t next = p->chunk[first].more;

		p->chunk[first].more = p->first_free;
		p->first_free = first;
		p->free++;
		first = next;
	}
}
