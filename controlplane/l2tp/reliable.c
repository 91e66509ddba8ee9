/* SPDX-License-Identifier: BSD-3-Clause */
/* reliable.c - ordered, acknowledged delivery of L2TP control messages: RFC 2661 s5.8 and Appendix A.
 * A message gets its Ns when it is first sent, so what was never sent may still be dropped when the tunnel closes. Every
 * send carries the Nr of its moment. After a timeout all unacknowledged messages count as not sent and go out again as
 * slow start allows; an acknowledgement may take them from the queue before.
 * A loss need not wait for the timer while the peer still talks (in the manner of RFC 6582 and 8985; RFC 2661 leaves it
 * open). Three ZLBs that say the same Nr show one at once, a single one unless the Nr grows within 25 ms, anything else from
 * the peer when the oldest message has waited a quarter of the timer. Then the oldest goes out once more, and the next oldest
 * at each acknowledgement below what was in flight then; but a peer that acknowledges one at a time keeps none that come
 * early: it gets them all again. What was sent once more is waited for 50 ms, then twice as long each time, until the
 * timer takes over. We say our Nr at once for what comes early, to peers that do the same.
 * Acknowledgements wait up to 20 ms for a message to ride on, but not when two messages wait for one, nor for a
 * duplicate: its sender is retransmitting. A ZLB takes no number and is never acknowledged.
 * Messages ahead of the next are kept, at most 255 and inside our window, and delivered in order.
 * Thread: control. State lies in l2tp_tunnel. Not here: what messages mean (tunnel.c, call.c). Pure. */
#include "controlplane/l2tp/reliable.h"

#include <string.h>

#define ACK_DELAY_NS (20 * MS)
#define KEEP_MAX     255
#define SAME_NR      3
#define OVERTAKEN_NS (25 * MS) /* messages that overtook each other are in order again */

enum { NOTHING_LOST, OLDEST_AGAIN, ALL_AGAIN };

void l2tp_reliable_init(struct l2tp_tunnel *t, uint16_t peer_window)
{
	t->peer_window = peer_window;
	t->ssthresh = peer_window; /* App. A */
	t->cwnd = 1;
}

static uint64_t rto_ns(const struct l2tp_profile *p, unsigned int resends)
{
	uint64_t ms = p->rto_ms;

	while (resends-- && ms < p->rto_cap_ms)
		ms *= 2;
	return (ms < p->rto_cap_ms ? ms : p->rto_cap_ms) * MS;
}

uint64_t l2tp_reliable_cycle_ns(const struct l2tp_profile *p)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i <= p->retries; i++)
		sum += rto_ns(p, i);
	return sum;
}

bool l2tp_reliable_queue(struct l2tp_cp *cp, struct l2tp_tunnel *t, const struct l2tp_msg *m,
	uint16_t sid, bool urgent)
{
	uint8_t body[STEP_BYTES - L2TP_HDR_CONTROL];
	size_t len = l2tp_msg_encode(m, body, sizeof(body));
	uint32_t most = cp->chunks.total / 4 > 64 ? cp->chunks.total / 4 : 64;
	uint32_t c;

	/* One tunnel whose peer is slow must not take the whole pool. */
	if (!urgent && t->txq_len >= most)
		return false;
	c = l2tp_chunks_put(&cp->chunks, body, len, urgent);
	if (!c)
		return false;
	cp->chunks.chunk[c].sid = sid;
	cp->chunks.chunk[c].type = (uint8_t)m->type;
	if (t->txq_tail)
		cp->chunks.chunk[t->txq_tail].next = c;
	else
		t->txq_head = c;
	t->txq_tail = c;
	if (!t->tx_next)
		t->tx_next = c;
	t->txq_len++;
	return true;
}

static uint8_t *send_header(
	const struct l2tp_run *r, struct l2tp_tunnel *t, uint16_t sid, uint16_t ns, size_t len)
{
	struct l2tp_action *a = l2tp_emit(r, L2TP_ACT_SEND, tunnel_slot(r->cp, t), 0);
	uint8_t *at = r->out->bytes + r->out->used;

	a->send.off = r->out->used;
	a->send.len = (uint16_t)(L2TP_HDR_CONTROL + len);
	r->out->used = (uint16_t)(r->out->used + a->send.len);
	l2tp_hdr_encode(at, t->peer_tid, sid, ns, t->nr, len);
	t->ack_owed = false;
	t->rx_unacked = 0;
	return at + L2TP_HDR_CONTROL;
}

static void send_next(const struct l2tp_run *r, struct l2tp_tunnel *t)
{
	struct l2tp_chunk *c = &r->cp->chunks.chunk[t->tx_next];

	if (c->numbered) {
		t->count.retransmits++;
	} else {
		c->numbered = true;
		c->ns = t->ns++;
		t->count.tx_msgs++;
	}
	l2tp_chunks_get(&r->cp->chunks, t->tx_next, send_header(r, t, c->sid, c->ns, c->len));
	if (!t->in_flight) {
		t->rto_ns = r->env->now_ns + rto_ns(t->profile, t->resends);
		t->oldest_ns = r->env->now_ns;
	}
	t->in_flight++;
	t->tx_next = c->next;
}

void l2tp_reliable_push(const struct l2tp_run *r, struct l2tp_tunnel *t)
{
	uint16_t window = t->cwnd < t->peer_window ? t->cwnd : t->peer_window;

	while (t->tx_next && t->in_flight < window) {
		if (!has_room(r)) {
			l2tp_again(r->cp, t);
			return;
		}
		send_next(r, t);
	}
	if (!t->ack_owed || (t->rx_unacked < 2 && r->env->now_ns < t->ack_ns))
		return;
	if (!has_room(r)) {
		l2tp_again(r->cp, t);
		return;
	}
	t->count.tx_zlb++;
	send_header(r, t, 0, t->ns, 0);
}

/* App. A: slow start below ssthresh, then one more per window of acknowledgements. */
static void grow_window(struct l2tp_tunnel *t)
{
	if (t->cwnd >= t->peer_window)
		return;
	if (t->cwnd < t->ssthresh) {
		t->cwnd++;
	} else if (++t->cwnd_acks >= t->cwnd) {
		t->cwnd_acks = 0;
		t->cwnd++;
	}
}

static void drop_head(struct l2tp_cp *cp, struct l2tp_tunnel *t)
{
	uint32_t c = t->txq_head;

	t->txq_head = cp->chunks.chunk[c].next;
	if (!t->txq_head)
		t->txq_tail = 0;
	if (t->tx_next == c) /* it was to be sent again */
		t->tx_next = t->txq_head;
	else
		t->in_flight--;
	t->txq_len--;
	l2tp_chunks_free(&cp->chunks, c);
}

/* The oldest message once more, if it is on its way. */
static void send_oldest(const struct l2tp_run *r, struct l2tp_tunnel *t)
{
	const struct l2tp_chunk *c = &r->cp->chunks.chunk[t->txq_head];

	t->lost_ns = 0;
	if (!t->txq_head || t->tx_next == t->txq_head || !has_room(r) || t->oldest_again > 4)
		return;
	l2tp_chunks_get(&r->cp->chunks, t->txq_head, send_header(r, t, c->sid, c->ns, c->len));
	t->count.retransmits++;
	t->oldest_ns = r->env->now_ns;
	t->lost_ns = t->oldest_ns + (OVERTAKEN_NS << ++t->oldest_again);
}

/* App. A calls for half the window after a loss, and for slow start from 1 only after a silence, which this is not. */
static void lost(const struct l2tp_run *r, struct l2tp_tunnel *t)
{
	if (t->recovering == NOTHING_LOST) {
		t->recovering = OLDEST_AGAIN;
		t->recover = t->ns;
		t->ssthresh = t->cwnd / 2 > 1 ? t->cwnd / 2 : 2;
		t->cwnd = t->ssthresh;
		t->cwnd_acks = 0;
	}
	t->same_nr = 0;
	send_oldest(r, t);
}

static void heard_same_nr(const struct l2tp_run *r, struct l2tp_tunnel *t, bool zlb)
{
	uint64_t now = r->env->now_ns;

	if (!t->in_flight || t->unproven)
		return;
	t->same_nr += zlb && t->recovering == NOTHING_LOST;
	if (t->same_nr == SAME_NR || now >= t->oldest_ns + rto_ns(t->profile, 0) / 4)
		lost(r, t);
	else if (zlb && !t->lost_ns)
		t->lost_ns = now + OVERTAKEN_NS;
}

void l2tp_reliable_lost(const struct l2tp_run *r, struct l2tp_tunnel *t)
{
	if (t->in_flight && t->lost_ns && r->env->now_ns >= t->lost_ns)
		lost(r, t);
}

/* All that is not acknowledged counts as not sent. */
static void go_back(struct l2tp_tunnel *t)
{
	t->in_flight = 0;
	t->tx_next = t->txq_head;
}

static void acknowledged_part(const struct l2tp_run *r, struct l2tp_tunnel *t, uint16_t n)
{
	if ((int16_t)(uint16_t)(t->recover - t->acked) <= 0) {
		t->recovering = NOTHING_LOST;
	} else if (t->recovering == OLDEST_AGAIN && n > 1) {
		send_oldest(r, t);
	} else if (t->recovering == OLDEST_AGAIN) {
		t->recovering = ALL_AGAIN;
		go_back(t);
	}
}

static void acknowledged(const struct l2tp_run *r, struct l2tp_tunnel *t, uint16_t nr)
{
	uint16_t n = (uint16_t)(nr - t->acked), left = n;

	if (n == 0 || n > (uint16_t)(t->ns - t->acked)) {
		if (n && n < 0x8000)
			t->count.bad++; /* of a message that we never sent */
		return;
	}
	t->acked = nr;
	t->resends = 0;
	t->rto_ns = r->env->now_ns + rto_ns(t->profile, 0);
	t->oldest_ns = r->env->now_ns;
	t->same_nr = t->oldest_again = 0;
	t->lost_ns = 0;
	while (left--) {
		drop_head(r->cp, t);
		grow_window(t);
	}
	if (t->recovering != NOTHING_LOST)
		acknowledged_part(r, t, n);
}

/* Keep a message that came before its turn, in order of Ns. */
static void keep(
	struct l2tp_cp *cp, struct l2tp_tunnel *t, const struct l2tp_hdr *h, const uint8_t *bytes)
{
	struct l2tp_chunk *chunk = cp->chunks.chunk;
	uint32_t before = 0, after = t->rxq_head, c;

	while (after && (int16_t)(uint16_t)(chunk[after].ns - h->ns) < 0) {
		before = after;
		after = chunk[after].next;
	}
	if (after && chunk[after].ns == h->ns) {
		t->count.duplicates++;
		return;
	}
	/* A peer that may not exist must not fill the pool with what it never follows up. */
	if (t->unproven && cp->chunks.free < cp->chunks.total / 2) {
		t->count.out_of_window++;
		return;
	}
	c = t->rxq_len < KEEP_MAX
		? l2tp_chunks_put(&cp->chunks, bytes + h->body, h->len - h->body, false)
		: 0;
	if (!c) {
		t->count.out_of_window++;
		return;
	}
	chunk[c].ns = h->ns;
	chunk[c].sid = h->sid;
	chunk[c].next = after;
	if (before)
		chunk[before].next = c;
	else
		t->rxq_head = c;
	t->rxq_len++;
}

static void owe_ack(const struct l2tp_run *r, struct l2tp_tunnel *t, uint64_t delay_ns)
{
	uint64_t at = r->env->now_ns + delay_ns;

	if (!t->ack_owed || at < t->ack_ns)
		t->ack_ns = at;
	t->ack_owed = true;
}

bool l2tp_reliable_receive(const struct l2tp_run *r, struct l2tp_tunnel *t,
	const struct l2tp_hdr *h, const uint8_t *bytes)
{
	uint16_t ahead = (uint16_t)(h->ns - t->nr);

	if (h->nr == t->acked)
		heard_same_nr(r, t, h->body == h->len);
	acknowledged(r, t, h->nr);
	if (h->body == h->len) {
		t->count.rx_zlb++; /* its Ns is that of the next message: Nr stays */
		return false;
	}
	t->count.rx_msgs++;
	if (ahead >= 0x8000) { /* the last received or one of the 32767 before it */
		t->count.duplicates++;
		owe_ack(r, t, 0);
		return false;
	}
	if (ahead >= t->profile->window) {
		t->count.out_of_window++;
		return false;
	}
	if (ahead) {
		keep(r->cp, t, h, bytes);
		owe_ack(r, t, 0);
		return false;
	}
	t->nr++;
	t->rx_unacked++;
	owe_ack(r, t, ACK_DELAY_NS);
	return true;
}

size_t l2tp_reliable_kept(struct l2tp_cp *cp, struct l2tp_tunnel *t, uint16_t *sid)
{
	uint32_t c = t->rxq_head;
	size_t len;

	/* The message itself may have come again, in order, while its copy waited. */
	while (c && (uint16_t)(cp->chunks.chunk[c].ns - t->nr) >= 0x8000) {
		t->rxq_head = cp->chunks.chunk[c].next;
		t->rxq_len--;
		l2tp_chunks_free(&cp->chunks, c);
		c = t->rxq_head;
	}
	if (!c || cp->chunks.chunk[c].ns != t->nr)
		return 0;
	len = cp->chunks.chunk[c].len;
	*sid = cp->chunks.chunk[c].sid;
	l2tp_chunks_get(&cp->chunks, c, cp->body);
	t->rxq_head = cp->chunks.chunk[c].next;
	t->rxq_len--;
	l2tp_chunks_free(&cp->chunks, c);
	t->nr++;
	t->rx_unacked++;
	return len;
}

bool l2tp_reliable_timeout(const struct l2tp_run *r, struct l2tp_tunnel *t)
{
	uint64_t late_ns = r->env->now_ns - t->rto_ns;
	uint8_t retries = t->profile->retries;

	/* In a flood of SCCRQs with forged sources, whoever gets our answers did not ask for them. */
	if (t->unproven && retries > 1 && l2tp_unproven_crowd(r->cp))
		retries = 1;
	if (t->resends >= retries)
		return false;
	t->resends++;
	t->ssthresh = t->cwnd / 2 ? t->cwnd / 2 : 1;
	t->cwnd = 1;
	t->cwnd_acks = 0;
	t->recovering = NOTHING_LOST;
	t->same_nr = t->oldest_again = 0;
	t->lost_ns = 0;
	go_back(t);
	l2tp_reliable_push(r, t);
	/* The timer's granularity must not add up; but a process that was stopped starts counting anew. */
	if (t->in_flight && late_ns < 100 * MS)
		t->rto_ns -= late_ns;
	return true;
}

static void drop_list(struct l2tp_cp *cp, uint32_t c)
{
	while (c) {
		uint32_t next = cp->chunks.chunk[c].next;

		l2tp_chunks_free(&cp->chunks, c);
		c = next;
	}
}

void l2tp_reliable_drop_unsent(struct l2tp_cp *cp, struct l2tp_tunnel *t)
{
	struct l2tp_chunk *chunk = cp->chunks.chunk;
	uint32_t last = 0, c = t->txq_head, kept = 0;

	while (c && chunk[c].numbered) {
		last = c;
		c = chunk[c].next;
		kept++;
	}
	drop_list(cp, c);
	if (t->tx_next == c)
		t->tx_next = 0;
	if (last)
		chunk[last].next = 0;
	else
		t->txq_head = 0;
	t->txq_tail = last;
	t->txq_len = kept;
}

void l2tp_reliable_drop_all(struct l2tp_cp *cp, struct l2tp_tunnel *t)
{
	drop_list(cp, t->txq_head);
	drop_list(cp, t->rxq_head);
	t->txq_head = t->txq_tail = t->tx_next = t->txq_len = t->rxq_head = 0;
	t->rxq_len = 0;
	t->in_flight = 0;
}
