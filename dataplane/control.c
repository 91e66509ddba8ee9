/* SPDX-License-Identifier: BSD-3-Clause */
/* control.c - sessions as dp.h offers them to the control core, and the way of commands to the workers.
 * Thread: control. The order of publication (architecture.md section 2): record, then key, then ICRP; addresses and framed
 * routes, then the verdict. Removal: keys first, then the owner, then, when it has answered, the RCU token.
 * A full command ring makes control wait: workers never wait for control, so they drain it. So do L2TP's control messages:
 * one lost is a second lost. Packets of Linux do not wait: they leave the last PACKET_RESERVE entries to the others and are
 * counted when there is no room.
 * Not here: events (events.c), tunnels (tunnel.c), start and end (init.c). */
#include "dataplane/control.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include <rte_ip.h>
#include <rte_pause.h>
#include <rte_ring_elem.h>

#include "dataplane/fib.h"
#include "dataplane/rss.h"
#include "dataplane/tunnel.h"

struct control dp_c;

void control_command(unsigned int worker, struct dp_msg *m)
{
	unsigned int tries = 0;

	while (rte_ring_enqueue_elem(dp_workers[worker]->commands, m, sizeof(*m))) {
		rte_pause();
		if (++tries % 64 == 0)
			sched_yield(); /* the worker may share our CPU */
	}
}

bool dp_ready(void)
{
	for (unsigned int i = 0; i < dp_c.n_workers; i++)
		if (rte_ring_free_count(dp_workers[i]->commands) < 2 * PACKET_RESERVE)
			return false;
	return true;
}

int control_packet_take(unsigned int worker, struct dp_msg *m)
{
	struct rte_ring *r = dp_workers[worker]->commands;

	if (rte_ring_free_count(r) > RTE_MIN(PACKET_RESERVE, rte_ring_get_capacity(r) / 2) &&
		!rte_ring_enqueue_elem(r, m, sizeof(*m)))
		return 0;
	rte_pktmbuf_free(m->m);
	dp_c.drop[DROP_COMMANDS_FULL]++;
	return -ENOBUFS;
}

struct rte_mbuf *control_buffer(size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(dp_t.pool);

	if (m && len <= rte_pktmbuf_tailroom(m))
		return m;
	rte_pktmbuf_free(m);
	dp_c.drop[DROP_NO_BUFFER]++;
	return NULL;
}

int dp_if_send(unsigned int ifx, const void *frame, size_t len)
{
	const size_t macs = 2 * RTE_ETHER_ADDR_LEN;
	struct dp_msg msg = {.type = MSG_TX_FRAME, .ifx = (uint8_t)ifx};
	uint8_t *at;

	if (ifx >= dp_t.n_ifs || len < RTE_ETHER_HDR_LEN)
		return -EINVAL;
	msg.m = control_buffer(len + RTE_VLAN_HLEN);
	if (!msg.m)
		return -ENOBUFS;
	if (dp_t.iface[ifx].vlan) {
		rte_be16_t tag[2] = {
			RTE_BE16(RTE_ETHER_TYPE_VLAN), rte_cpu_to_be_16(dp_t.iface[ifx].vlan)};

		at = (uint8_t *)rte_pktmbuf_append(msg.m, (uint16_t)(len + sizeof(tag)));
		memcpy(at, frame, macs);
		memcpy(at + macs, tag, sizeof(tag));
		memcpy(at + macs + sizeof(tag), (const uint8_t *)frame + macs, len - macs);
	} else {
		memcpy(rte_pktmbuf_append(msg.m, (uint16_t)len), frame, len);
	}
	return control_packet_take(ifx % dp_c.n_workers, &msg);
}

/* The worker that owns the subscriber with this destination, to spare a hand-over; any other finds it as well. */
static unsigned int owner_of(const uint8_t *packet)
{
	uint32_t slot = 0, pool;

	if (packet[0] >> 4 == 4) {
		const uint8_t *dst = packet + offsetof(struct rte_ipv4_hdr, dst_addr);
		struct addr4_key k = {0};

		memcpy(&k.addr, dst, sizeof(k.addr));
		if (dp_route_get(0, 4, dst, &pool) == DP_NH_SUBSCRIBER) {
			k.pool = (uint16_t)pool;
			addr4_lookup_bulk(&k, 1, &slot);
		}
	} else {
		const uint8_t *dst = packet + offsetof(struct rte_ipv6_hdr, dst_addr);
		struct addr6_key k = {0};

		memcpy(&k.prefix, dst, sizeof(k.prefix));
		k.prefix = rte_be_to_cpu_64(k.prefix);
		if (dp_route_get(0, 6, dst, &pool) == DP_NH_SUBSCRIBER) {
			k.pool = pool;
			addr6_lookup_bulk(&k, 1, &slot);
		}
	}
	return slot ? slot_ctl(slot)->owner : 0;
}

int dp_inject(const void *packet, size_t len)
{
	struct dp_msg msg = {.type = MSG_INJECT_IP};
	const uint8_t *p = packet;

	if (!len ||
		!((p[0] >> 4 == 4 && len >= sizeof(struct rte_ipv4_hdr)) ||
			(p[0] >> 4 == 6 && len >= sizeof(struct rte_ipv6_hdr))))
		return -EINVAL;
	msg.m = control_buffer(len);
	if (!msg.m)
		return -ENOBUFS;
	memcpy(rte_pktmbuf_append(msg.m, (uint16_t)len), packet, len);
	return control_packet_take(owner_of(p), &msg);
}

void dp_profile_set(uint16_t index, const struct ppp_profile *p)
{
	if (index < DP_PROFILES_MAX)
		dp_t.profile[index] = *p;
}

uint16_t dp_session_pick_sid(uint32_t slot, uint16_t tid)
{
	uint8_t bytes[32];

	random_bytes(&dp_c.random, bytes);
	return index_pick(tid, slot, (uint8_t)owner_pick(slot, tid), bytes);
}

int dp_session_publish(const struct dp_session_desc *d)
{
	const struct dp_tunnel *t = &dp_t.tunnel[d->tunnel];
	int endpoint = endpoint_find(t->vrf, t->peer.family, t->peer.local);
	uint8_t owner = dp_t.shard_owner[d->sid >> DP_SHARD_SHIFT];
	struct session_key key;
	int r;

	if (!d->slot || d->slot > dp_t.max_sessions || endpoint < 0 || !d->sid ||
		d->ppp_profile >= DP_PROFILES_MAX)
		return -EINVAL;
	if (slot_ctl(d->slot)->state != SLOT_FREE)
		return -EBUSY;
	session_key_build(&key, d->vrf, (uint16_t)endpoint, t->peer_key, d->tid, d->sid);
	slot_memory(d->slot, true);
	memset(&dp_t.ppp[d->slot], 0, sizeof(dp_t.ppp[d->slot]));
	dp_t.session[d->slot] = (struct dp_session){
		.generation = d->generation,
		.tunnel = d->tunnel,
		.tid = d->tid,
		.sid = d->sid,
		.peer_sid = rte_cpu_to_be_16(d->peer_sid),
		.mtu = d->mtu,
		.action = S_PENDING,
		.owner = owner,
		.flags = (d->source_check ? 0 : S_NO_SRC_CHECK) | (d->mss_clamp ? S_MSS_CLAMP : 0),
	};
	dp_t.dropped[d->slot] = (struct dp_dropped){0};
	dp_t.more[d->slot] = (struct dp_session_more){
		.ppp_profile = d->ppp_profile,
		.mtu_max = d->mtu,
		.vrf = d->vrf,
	};
	r = slot_publish(d->slot, d->generation, &key, owner);
	if (r) {
		dp_t.session[d->slot].action = S_FREE;
		slot_memory(d->slot, false);
		return r;
	}
	dp_c.load[owner]++;
	return 0;
}

void dp_session_start(uint32_t slot, uint32_t generation, bool sequencing)
{
	const struct slot_ctl *c = slot_live(slot, generation);
	struct dp_msg m = {
		.type = MSG_SESSION_START,
		.slot = slot,
		.generation = generation,
		.flags = sequencing ? MSG_F_SEQUENCING : 0,
	};

	if (c)
		control_command(c->owner, &m);
}

unsigned int dp_addr4_choices(void)
{
	return rss_leads() ? DP_ADDR_CHOICES : 1;
}

unsigned int dp_addr4_pick(uint32_t slot, const uint64_t *addr, unsigned int n)
{
	const struct slot_ctl *c = slot && slot <= dp_t.max_sessions ? slot_ctl(slot) : NULL;

	if (!c || c->state == SLOT_FREE)
		return 0;
	for (unsigned int i = 0; i < n; i++) {
		if (rss_lands(rte_cpu_to_be_32((uint32_t)addr[i]), c->owner)) {
			dp_c.look[c->owner].addresses_near++;
			return i;
		}
	}
	dp_c.look[c->owner].addresses_far++;
	return 0;
}

/* The framed routes of v; and the subscriber's own address too, when no pool leads to it. */
static int routes_set(struct slot_ctl *c, uint32_t slot, const struct dp_verdict *v)
{
	struct cfg_prefix routes[DP_ROUTES_MAX + 2];
	unsigned int n = RTE_MIN(v->n_routes, (unsigned int)DP_ROUTES_MAX);
	rte_be32_t ip4 = rte_cpu_to_be_32(v->ppp.peer_ip4);
	rte_be64_t prefix6 = rte_cpu_to_be_64(v->prefix6);
	struct cfg_prefix own4 = {.family = 4, .len = 32}, own6 = {.family = 6, .len = 64};
	uint32_t index;
	int r;

	memcpy(routes, v->routes, n * sizeof(routes[0]));
	memcpy(own4.addr, &ip4, 4);
	memcpy(own6.addr, &prefix6, 8);
	fib_session_del(slot, &c->routes);
	if (ip4 &&
		(dp_route_get(0, 4, own4.addr, &index) != DP_NH_SUBSCRIBER ||
			!addr4_is_in(ip4, index)))
		routes[n++] = own4;
	if (prefix6 &&
		(dp_route_get(0, 6, own6.addr, &index) != DP_NH_SUBSCRIBER ||
			!addr6_is_in(v->prefix6, index)))
		routes[n++] = own6;
	r = fib_session_add(slot, routes, n, &c->routes);
	c->n_routes = r ? 0 : (uint8_t)n;
	return r;
}

/* What of v fits the message; its text travels in a buffer (and is left out when there is none). */
static void verdict_send(const struct slot_ctl *c, uint32_t slot, const struct dp_verdict *v)
{
	const struct ppp_verdict *p = &v->ppp;
	size_t len = strnlen(p->message, sizeof(p->message) - 1);
	struct dp_msg m = {
		.type = MSG_SESSION_VERDICT,
		.slot = slot,
		.generation = c->generation,
		.session = {.our_ip4 = v->our_ip4,
			.routes = c->n_routes,
			.prefix6 = v->prefix6,
			.rates = v->rates},
		.verdict =
			{
				.request = p->request,
				.accept = p->accept,
				.our_ip4 = p->our_ip4,
				.peer_ip4 = p->peer_ip4,
				.dns = {p->dns[0], p->dns[1]},
				.nbns = {p->nbns[0], p->nbns[1]},
				.our_ifid = p->our_ifid,
				.peer_ifid = p->peer_ifid,
			},
	};

	if (len)
		m.m = control_buffer(len);
	if (m.m)
		memcpy(rte_pktmbuf_append(m.m, (uint16_t)len), p->message, len);
	control_command(c->owner, &m);
}

int dp_session_verdict(uint32_t slot, uint32_t generation, const struct dp_verdict *v)
{
	struct slot_ctl *c = slot_live(slot, generation);
	uint16_t vrf;
	int r;

	if (!c)
		return -ENOENT;
	if (v->ppp.accept) {
		vrf = c->vrf;
		r = slot_set_addresses(slot, vrf, rte_cpu_to_be_32(v->ppp.peer_ip4), v->prefix6);
		if (r)
			return r;
		r = routes_set(c, slot, v);
		if (r) {
			slot_set_addresses(slot, vrf, 0, 0);
			return r;
		}
	}
	verdict_send(c, slot, v);
	return 0;
}

void dp_session_close(uint32_t slot, uint32_t generation, enum ppp_cause cause)
{
	const struct slot_ctl *c = slot_live(slot, generation);
	struct dp_msg m = {
		.type = MSG_SESSION_CLOSE,
		.cause = (uint8_t)cause,
		.slot = slot,
		.generation = generation,
	};

	if (c)
		control_command(c->owner, &m);
}

void dp_session_remove(uint32_t slot, uint32_t generation)
{
	struct slot_ctl *c = slot_live(slot, generation);
	struct dp_msg m = {.type = MSG_SESSION_REMOVE, .slot = slot, .generation = generation};

	if (!c)
		return;
	slot_unpublish(slot, c->vrf);
	fib_session_del(slot, &c->routes);
	dp_c.load[c->owner]--;
	control_command(c->owner, &m);
}

void control_removed(uint32_t slot, uint32_t generation)
{
	struct slot_ctl *c;

	if (!slot || slot > dp_t.max_sessions)
		return;
	c = slot_ctl(slot);
	if (c->state == SLOT_REMOVING && c->generation == generation)
		slot_retire(slot);
}

int dp_session_get(uint32_t slot, uint32_t generation, struct dp_session_info *info)
{
	const struct slot_ctl *c = slot_live(slot, generation);
	const struct dp_session *s;
	const struct dp_session_more *more;
	const struct ppp_session *ppp;

	if (!c)
		return -ENOENT;
	s = &dp_t.session[slot];
	more = &dp_t.more[slot];
	ppp = &dp_t.ppp[slot];
	*info = (struct dp_session_info){
		.owner = c->owner,
		.mtu = s->mtu,
		.peer_mru = ppp->peer_mru,
		.phase = ppp->phase,
		.auth = ppp->auth,
		.ncp_up = ppp->ncp_up,
		.lcp = ppp->lcp.state,
		.ipcp = ppp->ipcp.state,
		.ipv6cp = ppp->ipv6cp.state,
		.ip4 = rte_be_to_cpu_32(c->ip4),
		.prefix6 = c->prefix6,
		.acfc = s->flags & S_TX_ACFC,
		.pfc = s->flags & S_TX_PFC,
		.sequencing = s->flags & S_TX_SEQ,
		.up_packets = s->up_packets,
		.up_octets = s->up_octets,
		.down_packets = s->down_packets,
		.down_octets = s->down_octets,
		.up_dropped = drops_all(&dp_t.dropped[slot].up, &s->up_drops),
		.down_dropped = drops_all(&dp_t.dropped[slot].down, &s->down_drops),
		.rates = s->flags & S_POLICED ? s->rates : 0,
		.up6_packets = more->up6_packets,
		.up6_octets = more->up6_octets,
		.down6_packets = more->down6_packets,
		.down6_octets = more->down6_octets,
	};
	return 0;
}
