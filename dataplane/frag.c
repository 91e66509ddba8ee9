/* SPDX-License-Identifier: BSD-3-Clause */
/* frag.c - IPv4 fragmentation (RFC 791 s3.2): a packet that is too long for a link and may be cut.
 * Copies into new buffers, for each fragment gets its own headers in front. Options whose copied
 * bit is clear stay in the first fragment only; a fragment can be cut again. Thread: the worker. */
#include "dataplane/stages.h"

/* Options for later fragments. @return the header's length, padded to 4. A malformed list ends
 * where it is malformed. */
static unsigned int later_header(const uint8_t *p, unsigned int hl, uint8_t *out)
{
	unsigned int n = IP4_HDR, at = IP4_HDR;

	memcpy(out, p, IP4_HDR);
	while (at < hl && p[at] != 0) {
		unsigned int len = p[at] == 1 ? 1 : at + 1 < hl ? p[at + 1] : 0;

		if (len == 0 || (p[at] != 1 && len < 2) || at + len > hl)
			break;
		if (p[at] & 0x80) {
			memcpy(out + n, p + at, len);
			n += len;
		}
		at += len;
	}
	while (n & 3)
		out[n++] = 0;
	out[0] = (uint8_t)(0x40 | n / 4);
	return n;
}

static struct rte_mbuf *piece(
	const uint8_t *hdr, unsigned int hl, const uint8_t *data, unsigned int n, unsigned int frag)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(dp_t.pool);
	uint8_t *q;

	if (!m)
		return NULL;
	q = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(hl + n));
	if (!q) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	memcpy(q, hdr, hl);
	memcpy(q + hl, data, n);
	store16(q + 2, (uint16_t)(hl + n));
	store16(q + 6, (uint16_t)frag);
	ip4_set_checksum(q, hl);
	return m;
}

unsigned int frag4(const uint8_t *p, uint16_t len, uint16_t mtu, struct rte_mbuf **out)
{
	unsigned int hl = (unsigned int)(p[0] & 15) * 4, left = len - hl, done = 0, n = 0;
	unsigned int flags = load16(p + 6), at = flags & 0x1fff;
	uint8_t later[60];
	unsigned int later_hl = later_header(p, hl, later);

	if (mtu < hl + 8)
		return 0;
	while (left) {
		const uint8_t *hdr = n ? later : p;
		unsigned int h = n ? later_hl : hl;
		unsigned int take = RTE_MIN(left, mtu - h);
		struct rte_mbuf *m;
		unsigned int more = left > take || (flags & IP4_MF) ? IP4_MF : 0;

		if (left > take)
			take &= ~7u;
		m = n < FRAGS_MAX ? piece(hdr, h, p + hl + done, take, more | (at + done / 8))
				  : NULL;
		if (!m) {
			rte_pktmbuf_free_bulk(out, n);
			return 0;
		}
		out[n++] = m;
		done += take;
		left -= take;
	}
	return n;
}
