/* SPDX-License-Identifier: BSD-3-Clause */
/* reliable.h - ordered, acknowledged delivery of L2TP control messages (RFC 2661 s5.8). Pure; inside of l2tp/. */
#ifndef CONTROLPLANE_L2TP_RELIABLE_H
#define CONTROLPLANE_L2TP_RELIABLE_H

#include "controlplane/l2tp/cp.h"

#define L2TP_DEFAULT_WINDOW 4 /* s4.4.3: when there is no Receive Window Size AVP */

void l2tp_reliable_init(struct l2tp_tunnel *t, uint16_t peer_window);
/** Queue one message. It goes out by l2tp_reliable_push(). @return false: no chunk is free. */
bool l2tp_reliable_queue(struct l2tp_cp *cp, struct l2tp_tunnel *t, const struct l2tp_msg *m, uint16_t sid, bool urgent);
/** Send what the windows allow, and an acknowledgement if one is due. */
void l2tp_reliable_push(const struct l2tp_run *r, struct l2tp_tunnel *t);
/** Take in Ns and Nr. @return true: this is the next message in order, it has been counted as received: deliver it. */
bool l2tp_reliable_receive(const struct l2tp_run *r, struct l2tp_tunnel *t, const struct l2tp_hdr *h,
	const uint8_t *bytes);
/** Take the next message in order from those that came too early, into cp->body. @return its length, 0: none. */
size_t l2tp_reliable_kept(struct l2tp_cp *cp, struct l2tp_tunnel *t, uint16_t *sid);
/** The retransmission timer: @return false when the last resend went unanswered and the tunnel must be cleared. */
bool l2tp_reliable_timeout(const struct l2tp_run *r, struct l2tp_tunnel *t);
/** Send the oldest message again if the peer's answers showed, and time has confirmed, that it is lost. */
void l2tp_reliable_lost(const struct l2tp_run *r, struct l2tp_tunnel *t);
/** Forget what was never sent; and all that is queued, either way. */
void l2tp_reliable_drop_unsent(struct l2tp_cp *cp, struct l2tp_tunnel *t);
void l2tp_reliable_drop_all(struct l2tp_cp *cp, struct l2tp_tunnel *t);
/** From the first send of a message until the peer would be given up (31 s with the defaults). */
uint64_t l2tp_reliable_cycle_ns(const struct l2tp_profile *p);

#endif
