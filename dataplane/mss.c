/* SPDX-License-Identifier: BSD-3-Clause */
/* mss.c - lower the maximum segment size in TCP SYNs to what the session's MTU carries (RFC 9293
 * s3.7.1; RFC 879), for paths on which "packet too big" gets lost. The option walk is bounded by
 * the header and never stands still: an option of length 0 or 1 ends it. Checksums are updated, not
 * computed, so a damaged segment stays damaged. Thread: the worker. */
#include "dataplane/stages.h"

#define TCP_HDR 20

static void clamp(uint8_t *tcp, unsigned int len, uint16_t mss)
{
	unsigned int end, at, n;
	uint8_t word[4];
	uint8_t *value;

	if (len < TCP_HDR || !(tcp[13] & 0x02)) /* SYN */
		return;
	end = (unsigned int)(tcp[12] >> 4) * 4;
	if (end < TCP_HDR || end > len)
		return;
	for (at = TCP_HDR; at < end && tcp[at] != 0; at += n) {
		n = tcp[at] == 1 ? 1 : at + 1 < end ? tcp[at + 1] : 0;
		if (n == 0 || (tcp[at] != 1 && n < 2) || at + n > end)
			return;
		if (tcp[at] != 2 || n != 4)
			continue;
		value = tcp + at + 2;
		if (load16(value) <= mss)
			return;
		/* words of the checksum begin at even offsets of the segment; the value may lie
		 * across two */
		memcpy(word, value - (at & 1), at & 1 ? 4 : 2);
		store16(value, mss);
		sum_update(tcp + 16, load16_raw(word), load16_raw(value - (at & 1)));
		if (at & 1)
			sum_update(tcp + 16, load16_raw(word + 2), load16_raw(value + 1));
		return;
	}
}

void mss_clamp4(uint8_t *ip, uint16_t len, unsigned int hl, uint16_t mss)
{
	if (!(load16(ip + 6) & 0x1fff))
		clamp(ip + hl, len - hl, mss);
}

void mss_clamp6(uint8_t *ip, uint16_t len, uint16_t mss)
{
	clamp(ip + IP6_HDR, len - (unsigned int)IP6_HDR, mss);
}
