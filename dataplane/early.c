/* SPDX-License-Identifier: BSD-3-Clause */
/* early.c - the first LCP frame of a subscriber whose call is not up yet. A LAC sends its subscriber's Configure-Request right
 * behind the ICCN; the ICCN goes the long way through control, so the request is here first. Dropping it costs the subscriber
 * one restart timer, 3 s. So one short LCP frame per session is kept, and read when LCP begins: in the session's PPP record,
 * which is empty until then, so there is room for every session's. A newer one takes the place, and is counted.
 * Thread: the worker that owns the session. */
#include "dataplane/early.h"

#include "dataplane/stages.h"

/* Where control looks meanwhile (state, negotiated values) stays zero. */
#define PLACE offsetof(struct ppp_session, request)

struct early {
	/* Of the session; 0: empty, as the record is when the session is published. */
	uint32_t generation;
	uint16_t len;
	uint8_t frame[EARLY_MAX];
};
static_assert(PLACE + sizeof(struct early) <= sizeof(struct ppp_session), "it has room there");

static uint8_t *place(uint32_t slot)
{
	return (uint8_t *)&dp_t.ppp[slot] + PLACE;
}

bool early_keep(struct worker *w, uint32_t slot, const uint8_t *p, uint16_t len)
{
	uint16_t address = len >= 2 && p[0] == 0xff && p[1] == 0x03 ? 2 : 0;
	struct early e;

	if (len < address + 2 || len - address > EARLY_MAX || load16(p + address) != PPP_LCP)
		return false;
	early_forget(w, slot, DROP_EARLY_REPLACED);
	e.generation = dp_t.session[slot].generation;
	e.len = (uint16_t)(len - address);
	memcpy(e.frame, p + address, e.len);
	memcpy(place(slot), &e, offsetof(struct early, frame) + e.len);
	return true;
}

uint16_t early_take(uint32_t slot, uint8_t frame[EARLY_MAX])
{
	struct early e;

	memcpy(&e, place(slot), sizeof(e));
	memset(place(slot), 0, sizeof(e));
	if (!e.generation || e.generation != dp_t.session[slot].generation)
		return 0;
	memcpy(frame, e.frame, e.len);
	return e.len;
}

void early_forget(struct worker *w, uint32_t slot, enum drop_reason why)
{
	uint8_t frame[EARLY_MAX];

	if (!early_take(slot, frame))
		return;
	w->drop[why]++;
	w->stat.dropped++;
}
