/* SPDX-License-Identifier: BSD-3-Clause */
/* frames.c - a PPP frame of one session into a data message (RFC 2661 s3.1, RFC 1661 s2) in the batch of its tunnel. */
#include "tools/lacsim/sim.h"

uint8_t *frame_begin(struct sim *sim, struct session *s, uint16_t proto, size_t *room)
{
	const struct tunnel *t = &sim->tunnels[s->tunnel];
	uint8_t *start = net_slot(sim->net, t->fd);
	uint8_t *p = put16(start,
		(uint16_t)(2 | (sim->o.length_bit ? 0x4000 : 0) |
			(sim->o.sequencing ? 0x0800 : 0)));

	if (sim->o.length_bit)
		p = put16(p, 0);
	p = put16(p, t->peer_id);
	p = put16(p, s->peer_sid);
	if (sim->o.sequencing) {
		p = put16(p, s->data_ns++);
		p = put16(p, 0);
	}
	p = put16(p, 0xff03);
	p = put16(p, proto);
	sim->frame_start = start;
	sim->frame_data = p;
	*room = (size_t)(start + SIM_DGRAM - p);
	return p;
}

void frame_end(struct sim *sim, size_t len)
{
	uint8_t *start = sim->frame_start;
	size_t total = (size_t)(sim->frame_data - start) + len;

	if (sim->o.length_bit) {
		start[2] = (uint8_t)(total >> 8);
		start[3] = (uint8_t)total;
	}
	net_push(sim->net, total);
}
