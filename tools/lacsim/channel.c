/* SPDX-License-Identifier: BSD-3-Clause */
/* channel.c - Ns, Nr, window, resend with back-off (RFC 2661 s5.8), slow start and congestion avoidance (Appendix A). */
#include "tools/lacsim/channel.h"
#include "tools/lacsim/codec.h"

#include <errno.h>
#include <stdlib.h>

#define MS            1000000ULL
#define RESEND_NS     (1000 * MS)
#define RESEND_CAP_NS (8000 * MS)
#define MAX_QUEUE     (1u << 17) /* a CDN for each session of a tunnel, and more */

void channel_init(struct channel *c)
{
	/* 4: RFC 2661 s4.4.3 when no AVP says more */
	*c = (struct channel){.peer_window = 4, .cwnd = 1, .ssthresh = 4};
}

void channel_fini(struct channel *c)
{
	for (; c->acked != c->end; c->acked++)
		free(c->ring[c->acked & (c->capacity - 1)]);
	free(c->ring);
	c->ring = NULL;
	c->capacity = 0;
}

static int grow(struct channel *c)
{
	uint32_t capacity = c->capacity ? c->capacity * 2 : 8;
	struct channel_msg **ring = calloc(capacity, sizeof(struct channel_msg *));

	if (!ring || capacity > MAX_QUEUE) {
		free(ring);
		return -ENOMEM;
	}
	for (uint32_t i = c->acked; i != c->end; i++)
		ring[i & (capacity - 1)] = c->ring[i & (c->capacity - 1)];
	free(c->ring);
	c->ring = ring;
	c->capacity = capacity;
	return 0;
}

int channel_queue(struct channel *c, const uint8_t *msg, size_t len, uint32_t tag)
{
	struct channel_msg *m;

	if (c->end - c->acked == c->capacity && grow(c))
		return -ENOMEM;
	m = malloc(sizeof(*m) + len);
	if (!m)
		return -ENOMEM;
	m->tag = tag;
	m->len = (uint16_t)len;
	memcpy(m->bytes, msg, len);
	c->ring[c->end++ & (c->capacity - 1)] = m;
	return 0;
}

static uint32_t window_of(const struct channel *c)
{
	return c->cwnd < c->peer_window ? c->cwnd : c->peer_window;
}

const struct channel_msg *channel_next(struct channel *c, uint64_t now_ns)
{
	struct channel_msg *m;

	if (c->dead || c->next == c->end || c->next - c->acked >= window_of(c))
		return NULL;
	m = c->ring[c->next & (c->capacity - 1)];
	control_stamp(m->bytes, (uint16_t)c->next, c->nr);
	if (c->next < c->sent_up_to)
		c->retransmits++;
	else
		c->sent_up_to = c->next + 1;
	c->next++;
	c->messages++;
	c->ack_owed = false;
	if (!c->resend_at)
		c->resend_at = now_ns + RESEND_NS;
	return m;
}

static void open_window(struct channel *c)
{
	if (c->cwnd < c->ssthresh) {
		c->cwnd++;
	} else if (++c->cwnd_acks >= c->cwnd && c->cwnd < c->peer_window) {
		c->cwnd++;
		c->cwnd_acks = 0;
	}
}

static void take_ack(struct channel *c, uint16_t nr, uint64_t now_ns)
{
	uint16_t n = (uint16_t)(nr - (uint16_t)c->acked);

	if (n == 0 || n > c->sent_up_to - c->acked)
		return;
	while (n--) {
		free(c->ring[c->acked++ & (c->capacity - 1)]);
		open_window(c);
	}
	if (c->next < c->acked)
		c->next = c->acked;
	c->resends = 0;
	c->resend_at = c->acked == c->next ? 0 : now_ns + RESEND_NS;
}

enum channel_got channel_input(
	struct channel *c, uint16_t ns, uint16_t nr, bool zlb, uint64_t now_ns)
{
	take_ack(c, nr, now_ns);
	if (zlb)
		return CHANNEL_ZLB;
	if (ns != c->nr) {
		/* s5.8: what was seen before is acknowledged again, as the acknowledgement may have been lost */
		bool old = (uint16_t)(c->nr - ns) < 32768;

		c->ack_owed = c->ack_owed || old;
		c->duplicates += old;
		c->early += !old;
		return old ? CHANNEL_OLD : CHANNEL_EARLY;
	}
	c->nr++;
	c->ack_owed = true;
	return CHANNEL_NEW;
}

void channel_tick(struct channel *c, uint64_t now_ns)
{
	uint64_t wait;

	if (c->dead || !c->resend_at || now_ns < c->resend_at)
		return;
	if (c->resends++ >= CHANNEL_RETRIES) {
		c->dead = true;
		return;
	}
	wait = RESEND_NS << (c->resends < 4 ? c->resends : 3);
	c->resend_at = now_ns + (wait < RESEND_CAP_NS ? wait : RESEND_CAP_NS);
	c->ssthresh = c->cwnd > 3 ? c->cwnd / 2 : 2;
	c->cwnd = 1;
	c->cwnd_acks = 0;
	c->next = c->acked;
}

uint32_t channel_room(const struct channel *c)
{
	uint32_t window = window_of(c), used = c->end - c->acked;

	return c->dead || used >= window ? 0 : window - used;
}

bool channel_idle(const struct channel *c)
{
	return c->acked == c->end;
}
