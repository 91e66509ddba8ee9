/* SPDX-License-Identifier: BSD-3-Clause */
/* ppp_owner.h - PPP of the sessions that a worker owns: what its commands do (dp_apply.c calls these).
 * ppp_owner_frame() and ppp_owner_tick() are in worker.h. Thread: the owner. */
#ifndef DATAPLANE_PPP_OWNER_H
#define DATAPLANE_PPP_OWNER_H

#include "dataplane/worker.h"

/** The call is up: LCP begins. */
void ppp_owner_start(struct worker *w, const struct dp_msg *m);
/** AAA's answer; its addresses are published already. m->m, the text, is borrowed. */
void ppp_owner_verdict(struct worker *w, const struct dp_msg *m);
void ppp_owner_close(struct worker *w, const struct dp_msg *m);
/** Keys are unpublished: forget the session and say so. */
void ppp_owner_remove(struct worker *w, const struct dp_msg *m);

#endif
