/* SPDX-License-Identifier: BSD-3-Clause */
/* blast_rx.c - traffic that comes back: what is ours, is it whole, is it where it belongs, how long did it take.
 * Read by the cycle: the frames that an LNS commonly sends are known by five comparisons, the others by a slower look; packets of
 * one burst share the time they were sent at, so their latencies are counted together. */
#include "tools/lacsim/blast.h"
#include "tools/lacsim/bytes.h"
#include "tools/lacsim/stamp.h"

#include <rte_byteorder.h>
#include <rte_cycles.h>
#include <rte_prefetch.h>

#define SAMPLE    31 /* mask: one packet of so many + 1 is compared as a whole */
#define INNER_MIN (20 + 8 + STAMP_LEN)
#define AHEAD     4 /* packets */

#define IP4_ETHER RTE_BE32(0x08004500)
#define NOT_TOS   RTE_BE32(0xffffff00)
#define FF030021  RTE_BE32(0xff030021)

/* What was found in a frame. */
struct found {
	const uint8_t *ip; /* of the packet inside */
	const uint8_t *ids; /* of the data message around it; NULL: none */
};

/* Equal latencies in a row. */
struct run {
	struct blast_count *count;
	uint32_t latency, n;
};

static inline bool ours(const uint8_t *ip)
{
	return ip[0] == 0x45 && ip[9] == 17 && load16(ip + 22) == RTE_BE16(BLAST_PORT);
}

/* FF 03 and the first octet of the protocol may be left out (RFC 1661 s6.5, s6.6), Length and Ns, Nr be there. */
static bool find_unusual(const uint8_t *p, unsigned int len, struct found *f)
{
	uint16_t bits = rte_be_to_cpu_16(load16(p + 42));

	if ((bits & ~0x4800) != 2 || len < BLAST_INNER + INNER_MIN - 3)
		return false;
	f->ids = p + (bits & 0x4000 ? 46 : 44);
	p = f->ids + (bits & 0x0800 ? 8 : 4);
	if (load16(p) == RTE_BE16(0xff03))
		p += 2;
	if (p[0] == 0)
		p++;
	f->ip = p + 1;
	return p[0] == 0x21 && ours(f->ip);
}

/* Traffic of ours, in a tunnel or plain? */
static inline bool find(const uint8_t *p, unsigned int len, struct found *f)
{
	if (len < BLAST_DOWN + STAMP_LEN || (load32(p + 12) & NOT_TOS) != IP4_ETHER || p[23] != 17)
		return false;
	if (load16(p + 36) == RTE_BE16(BLAST_PORT)) {
		*f = (struct found){.ip = p + 14};
		return true;
	}
	if (likely(load16(p + 42) == RTE_BE16(2) && load32(p + 48) == FF030021 &&
		    len >= BLAST_INNER + INNER_MIN)) {
		*f = (struct found){.ip = p + BLAST_INNER, .ids = p + 44};
		return ours(f->ip);
	}
	return find_unusual(p, len, f) && p + len >= f->ip + INNER_MIN;
}

/* What is not looked at in every packet: lengths, the checksum of the inner IP header, each octet after the stamp, and the
 * checksum of the tunnel's UDP where there is one. A sum of 16-bit words is right when it is a multiple of 0xffff; that of
 * 32-bit words is worth the same. */
static bool header_good(const uint8_t *ip, unsigned int room)
{
	uint64_t sum = (uint64_t)load32(ip) + load32(ip + 4) + load32(ip + 8) + load32(ip + 12) +
		load32(ip + 16);
	unsigned int total = rte_be_to_cpu_16(load16(ip + 2));

	return sum % 0xffff == 0 && total <= room && total >= INNER_MIN &&
		total <= BLAST_INNER_MAX && rte_be_to_cpu_16(load16(ip + 24)) == total - 20;
}

static bool whole_good(
	const struct blast *b, const uint8_t *frame, unsigned int len, const struct found *f)
{
	unsigned int total = rte_be_to_cpu_16(load16(f->ip + 2));

	if (!header_good(f->ip, len - (unsigned int)(f->ip - frame)))
		return false;
	if (memcmp(f->ip + INNER_MIN, b->pattern + STAMP_LEN, total - INNER_MIN))
		return false;
	if (!f->ids || !load16(frame + 40))
		return true;
	total = rte_be_to_cpu_16(load16(frame + 38));
	return 34 + total <= len && frame + 34 + total >= f->ip + INNER_MIN &&
		!ether_fold(ether_sum(frame + 34, total, ether_sum(frame + 26, 8, 17 + total)));
}

/* Is it where it belongs? */
static inline bool right_place(
	const struct blast *b, bool core, const struct found *f, const struct stamp *s)
{
	uint32_t first;

	if (s->kind == DIR_LOOP)
		return true;
	if (core)
		return s->kind == DIR_UP && !f->ids;
	if (s->kind != DIR_DOWN || !f->ids)
		return false;
	first = b->first_of_tid[rte_be_to_cpu_16(load16(f->ids))];
	return first != UINT32_MAX && first + rte_be_to_cpu_16(load16(f->ids + 2)) - 1 == s->owner;
}

static inline void run_end(struct run *r)
{
	if (!r->n)
		return;
	r->count->received += r->n;
	hist_add_n(&r->count->latency, r->latency, r->n);
	r->n = 0;
}

static inline void received(struct run *r, struct blast_count *c, uint32_t latency)
{
	if (unlikely(r->latency != latency || r->count != c))
		run_end(r);
	r->count = c;
	r->latency = latency;
	r->n++;
}

static inline void account(struct blast *b, bool core, const uint8_t *frame, unsigned int len,
	const struct found *f, uint32_t now, struct run *r)
{
	struct blast_count *c;
	uint64_t addresses;
	struct stamp s;

	memcpy(&addresses, f->ip + 12, sizeof(addresses));
	if (unlikely(!stamp_read(f->ip + 28, &s, b->seed, addresses) || s.kind > DIR_LOOP)) {
		b->count[core ? DIR_UP : DIR_DOWN].corrupted++;
		return;
	}
	c = &b->count[s.kind];
	if (unlikely(s.round != b->round))
		c->late++;
	else if (unlikely(!right_place(b, core, f, &s)))
		c->misdelivered++;
	else if (unlikely(!(b->sample++ & SAMPLE) && !whole_good(b, frame, len, f)))
		c->corrupted++;
	else
		received(r, c, now - s.time);
}

unsigned int blast_input(
	struct blast *b, bool core, struct rte_mbuf **m, unsigned int n, struct rte_mbuf **rest)
{
	uint64_t tsc = rte_rdtsc();
	unsigned int others = 0;
	struct run r = {0};

	for (unsigned int i = 0; i < n && i < AHEAD; i++)
		rte_prefetch0(rte_pktmbuf_mtod(m[i], const uint8_t *));
	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *frame = rte_pktmbuf_mtod(m[i], const uint8_t *);
		struct found f;

		if (i + AHEAD < n) {
			rte_prefetch0(rte_pktmbuf_mtod(m[i + AHEAD], const uint8_t *));
			rte_prefetch0(rte_pktmbuf_mtod(m[i + AHEAD], const uint8_t *) + 64);
		}
		if (likely(m[i]->nb_segs == 1 && find(frame, m[i]->data_len, &f)))
			account(b, core, frame, m[i]->data_len, &f, (uint32_t)(tsc >> 2), &r);
		else
			rest[others++] = m[i];
	}
	run_end(&r);
	if (others < n)
		b->last_in = tsc;
	return others;
}
