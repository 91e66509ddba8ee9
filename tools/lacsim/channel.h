/* SPDX-License-Identifier: BSD-3-Clause */
/* channel.h - the simulator's own reliable channel for control messages (RFC 2661 s5.8, Appendix A). Pure but for
 * malloc of queued messages. Messages out of order are dropped: the peer sends them again. */
#ifndef LACSIM_CHANNEL_H
#define LACSIM_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANNEL_RETRIES 8 /* resends of one message before the peer counts as dead */

struct channel_msg {
	uint32_t tag; /* the caller's */
	uint16_t len;
	uint8_t bytes[];
};

struct channel {
	struct channel_msg **ring; /* capacity is a power of two; index = number & (capacity - 1) */
	uint32_t capacity;
	uint32_t acked, next, end; /* all below acked are acknowledged; to be sent next; to be queued next */
	uint32_t sent_up_to; /* highest ever sent + 1: what lies below is a resend */
	uint16_t nr; /* next expected from the peer */
	uint16_t peer_window, cwnd, ssthresh, cwnd_acks;
	uint8_t resends;
	bool ack_owed, dead;
	uint64_t resend_at; /* 0: nothing unacknowledged */
	uint64_t messages, retransmits, duplicates, early;
};

enum channel_got { CHANNEL_NEW, CHANNEL_OLD, CHANNEL_EARLY, CHANNEL_ZLB };

void channel_init(struct channel *c);
void channel_fini(struct channel *c);
/** Queue a finished control message (copied); tag comes back with it when it is sent. @return 0 or -ENOMEM. */
int channel_queue(struct channel *c, const uint8_t *msg, size_t len, uint32_t tag);
/** @return the next message to send now, stamped with Ns and a fresh Nr, or NULL: window full or nothing to send. */
const struct channel_msg *channel_next(struct channel *c, uint64_t now_ns);
/** Account for a received header. Only CHANNEL_NEW is to be acted upon. */
enum channel_got channel_input(
	struct channel *c, uint16_t ns, uint16_t nr, bool zlb, uint64_t now_ns);
/** Resend what is due, by channel_next(). Sets dead when the peer never answered. */
void channel_tick(struct channel *c, uint64_t now_ns);
/** Messages that could be queued now and would leave at once. */
uint32_t channel_room(const struct channel *c);
bool channel_idle(const struct channel *c);

#endif
