/* SPDX-License-Identifier: BSD-3-Clause */
/* early.c - the first LCP frame of a subscriber whose call is not up yet. A LAC sends its subscriber's Configure-Request right
 * behind the ICCN; the ICCN goes the long way through control, so the request is here first. Dropping it costs the subscriber
 * one restart timer, 3 s. So one short LCP frame per session is kept, copied, and read when LCP begins. Bounded: EARLY_KEPT
 * per worker, by slot; a newer one takes the place. Thread: the worker that owns the session. */
#include "dataplane/stages.h"

bool early_keep(struct worker *w, uint32_t slot, const uint8_t *p, uint16_t len)
{
	struct early *e = &w->early[slot % EARLY_KEPT];
	uint16_t address = len >= 2 && p[0] == 0xff && p[1] == 0x03 ? 2 : 0;

	if (len < address + 2 || len - address > (int)sizeof(e->frame) ||
		load16(p + address) != PPP_LCP)
		return false;
	e->slot = slot;
	e->generation = dp_t.session[slot].generation;
	e->len = (uint16_t)(len - address);
	memcpy(e->frame, p + address, e->len);
	return true;
}

void early_replay(struct worker *w, uint32_t slot)
{
	struct early *e = &w->early[slot % EARLY_KEPT];
	uint8_t frame[sizeof(e->frame)];
	uint16_t len = e->len;

	if (e->slot != slot || e->generation != dp_t.session[slot].generation)
		return;
	memcpy(frame, e->frame, len);
	e->slot = 0;
	ppp_owner_frame(w, slot, frame, len);
}
