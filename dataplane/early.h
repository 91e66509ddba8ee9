/* SPDX-License-Identifier: BSD-3-Clause */
/* early.h - LCP frames that come before their call is up (early.c). Thread: the worker that owns the session. */
#ifndef DATAPLANE_EARLY_H
#define DATAPLANE_EARLY_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/worker.h"

#define EARLY_MAX 106 /* bytes, from the protocol field on */

/** Keep an LCP frame of a session that is pending. @return false: not of that kind, drop it. */
bool early_keep(struct worker *w, uint32_t slot, const uint8_t *p, uint16_t len);
/** What was kept, once. The session is about to start: its PPP record is free for PPP now. @return its length, 0: none. */
uint16_t early_take(uint32_t slot, uint8_t frame[EARLY_MAX]);
/** Drop what was kept, if anything, and count it. */
void early_forget(struct worker *w, uint32_t slot, enum drop_reason why);

#endif
