/* SPDX-License-Identifier: BSD-3-Clause */
/* wire.h - bounds-checked reader and writer of network-order bytes, used by every codec.
 * A reader cannot over-read and a writer cannot overflow: both go `bad` and stay so; check once at the end. */
#ifndef PPP_WIRE_H
#define PPP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct rd {
	const uint8_t *p, *end;
	bool bad;
};

static inline struct rd rd_of(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	return (struct rd){.p = p, .end = p + n};
}

static inline size_t rd_left(const struct rd *r)
{
	return (size_t)(r->end - r->p);
}

static inline const uint8_t *rd_take(struct rd *r, size_t n)
{
	const uint8_t *at = r->p;

	if (r->bad || n > rd_left(r)) {
		r->bad = true;
		return NULL;
	}
	r->p += n;
	return at;
}

static inline uint8_t rd_u8(struct rd *r)
{
	const uint8_t *b = rd_take(r, 1);

	return b ? b[0] : 0;
}

static inline uint16_t rd_u16(struct rd *r)
{
	const uint8_t *b = rd_take(r, 2);

	return b ? (uint16_t)(b[0] << 8 | b[1]) : 0;
}

static inline uint32_t rd_u32(struct rd *r)
{
	const uint8_t *b = rd_take(r, 4);

	return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

static inline uint64_t rd_u64(struct rd *r)
{
	uint64_t hi = rd_u32(r);

	return hi << 32 | rd_u32(r);
}

/* A reader over the next n bytes; bad (and empty) when there are not so many. */
static inline struct rd rd_sub(struct rd *r, size_t n)
{
	const uint8_t *b = rd_take(r, n);

	return b ? rd_of(b, n) : (struct rd){.p = r->p, .end = r->p, .bad = true};
}

struct wr {
	uint8_t *p, *end;
	bool bad;
};

static inline struct wr wr_of(void *bytes, size_t n)
{
	uint8_t *p = bytes;

	return (struct wr){.p = p, .end = p + n};
}

static inline uint8_t *wr_skip(struct wr *w, size_t n)
{
	uint8_t *at = w->p;

	if (w->bad || n > (size_t)(w->end - w->p)) {
		w->bad = true;
		return NULL;
	}
	w->p += n;
	return at;
}

static inline void wr_bytes(struct wr *w, const void *bytes, size_t n)
{
	uint8_t *at = wr_skip(w, n);

	if (at && n)
		memcpy(at, bytes, n);
}

static inline void wr_u8(struct wr *w, uint8_t v)
{
	wr_bytes(w, &v, 1);
}

static inline void wr_u16(struct wr *w, uint16_t v)
{
	const uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	wr_bytes(w, b, sizeof(b));
}

static inline void wr_u32(struct wr *w, uint32_t v)
{
	wr_u16(w, (uint16_t)(v >> 16));
	wr_u16(w, (uint16_t)v);
}

static inline void wr_u64(struct wr *w, uint64_t v)
{
	wr_u32(w, (uint32_t)(v >> 32));
	wr_u32(w, (uint32_t)v);
}

#endif
