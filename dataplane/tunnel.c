/* SPDX-License-Identifier: BSD-3-Clause */
/* tunnel.c - the header templates of tunnels, the way to their peers, and control messages of L2TP on the wire.
 * Thread: control. Workers read tunnel records: while sessions use one, only its adjacency and MTU change, each by one
 * aligned store; everything else is written before the first session key is published.
 * The outer header (RFC 2661 s8.1): UDP from the port that the peer wrote to; IPv4 with DF set, so that the path's MTU
 * shows, and id 0 (RFC 6864: atomic datagrams); TTL and hop limit 64. Control messages always have a UDP checksum.
 * When a route or an adjacency changes, all tunnels are resolved anew, TUNNELS_PER_TICK at a time; a change meanwhile
 * makes one more round. */
#include "dataplane/tunnel.h"

#include <errno.h>
#include <string.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include "dataplane/control.h"
#include "dataplane/template.h"

#define TUNNELS_PER_TICK 2048u
#define L2TP_PPP_BYTES   10 /* flags, tunnel id, session id; FF 03 and protocol */

static struct {
	uint64_t changed; /* the newest change, */
	uint64_t round; /* the one that this round covers, */
	uint64_t done; /* and the last complete round's */
	uint32_t next; /* tunnel to resolve; 0 = no round */
	uint32_t highest; /* highest slot that was ever set */
} t;

uint64_t tunnels_stale(void)
{
	return ++t.changed;
}

uint64_t tunnels_resolved(void)
{
	return t.done;
}

void tunnels_fini(void)
{
	memset(&t, 0, sizeof(t));
}

int endpoint_find(uint16_t vrf, uint8_t family, const uint8_t *addr)
{
	for (unsigned int i = 0; i < dp_t.n_endpoints; i++) {
		const struct dp_endpoint *e = &dp_t.endpoint[i];

		if (e->vrf == vrf && e->family == family &&
			!memcmp(e->addr, addr, family == 4 ? 4 : 16))
			return (int)i;
	}
	return -1;
}

int dp_endpoint_add(const struct cfg_endpoint *e, uint16_t vrf)
{
	struct dp_endpoint *d = &dp_t.endpoint[dp_t.n_endpoints];

	if (dp_t.n_endpoints == DP_ENDPOINTS_MAX)
		return -ENOSPC;
	if (endpoint_find(vrf, e->address.family, e->address.addr) >= 0)
		return -EEXIST;
	*d = (struct dp_endpoint){
		.family = e->address.family,
		.udp_csum_data = e->udp_checksum_data,
		.vrf = vrf,
	};
	memcpy(d->addr, e->address.addr, e->address.family == 4 ? 4 : 16);
	dp_t.n_endpoints++;
	return 0;
}

uint32_t peer_adjacency(uint16_t vrf, uint8_t family, const uint8_t *addr)
{
	uint32_t adj;

	if (dp_route_get(vrf, family, addr, &adj) != DP_NH_ADJ || adj > dp_t.max_adj)
		return 0;
	return dp_t.adj[adj] & ADJ_VALID ? adj : 0;
}

static uint16_t smallest_mtu(void)
{
	uint16_t mtu = dp_t.n_ifs ? UINT16_MAX : RTE_ETHER_MTU;

	for (unsigned int i = 0; i < dp_t.n_ifs; i++)
		mtu = RTE_MIN(mtu, dp_t.iface[i].mtu);
	return mtu;
}

static void resolve(struct dp_tunnel *d)
{
	uint32_t adj = peer_adjacency(d->vrf, d->peer.family, d->peer.addr);
	uint16_t mtu = adj ? dp_t.iface[adj_if(dp_t.adj[adj])].mtu : d->mtu;

	if (d->mtu != mtu)
		__atomic_store_n(&d->mtu, mtu, __ATOMIC_RELAXED);
	if (d->adj != adj)
		__atomic_store_n(&d->adj, adj, __ATOMIC_RELEASE);
}

void dp_tunnel_set(uint32_t tunnel, uint32_t generation, const struct l2tp_peer *peer, uint16_t tid,
	uint16_t peer_tid)
{
	struct dp_tunnel *d = &dp_t.tunnel[tunnel];
	int e = endpoint_find(peer->vrf, peer->family, peer->local);

	if (d->generation != generation) {
		memset(d, 0, sizeof(*d));
		d->mtu = smallest_mtu();
	}
	d->generation = generation;
	template_fill(d, peer, (uint16_t)e, tid, peer_tid);
	if (e < 0 || dp_t.endpoint[e].udp_csum_data)
		d->flags |= T_UDP_CSUM;
	t.highest = RTE_MAX(t.highest, tunnel);
	resolve(d);
	__atomic_store_n(&dp_t.tunnel_of_tid[tid], (uint16_t)tunnel, __ATOMIC_RELEASE);
}

void dp_tunnel_up(uint32_t tunnel, uint16_t windows)
{
	__atomic_store_n(&dp_t.tunnel[tunnel].windows, windows, __ATOMIC_RELAXED);
}

void dp_tunnel_clear(uint32_t tunnel)
{
	struct dp_tunnel *d = &dp_t.tunnel[tunnel];

	dp_c.queue_of_tid[d->tid] = 0;
	__atomic_store_n(&dp_t.tunnel_of_tid[d->tid], 0, __ATOMIC_RELAXED);
	__atomic_store_n(&d->windows, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&d->adj, 0, __ATOMIC_RELEASE);
	d->generation = 0;
}

uint64_t dp_tunnel_rx_packets(uint32_t tunnel)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < dp_c.n_workers; i++)
		sum += __atomic_load_n(&dp_workers[i]->tunnel_rx[tunnel], __ATOMIC_RELAXED);
	return sum;
}

uint16_t dp_tunnel_mtu(uint32_t tunnel)
{
	const struct dp_tunnel *d = &dp_t.tunnel[tunnel];

	return (uint16_t)(d->mtu - d->l3_len - sizeof(struct rte_udp_hdr) - L2TP_PPP_BYTES);
}

void tunnels_tick(void)
{
	uint32_t budget = TUNNELS_PER_TICK;

	if (!t.next) {
		if (t.done == t.changed)
			return;
		t.round = t.changed;
		t.next = 1;
	}
	for (; budget && t.next <= t.highest; budget--, t.next++)
		if (dp_t.tunnel[t.next].generation)
			resolve(&dp_t.tunnel[t.next]);
	if (t.next > t.highest) {
		t.next = 0;
		t.done = t.round;
	}
}

/* Everything of an outer packet but the payload, checksums included, in front of the payload in m. */
static void encapsulate(
	struct rte_mbuf *m, const struct l2tp_peer *peer, const struct dp_if *out, uint64_t adj)
{
	uint8_t header[TEMPLATE_OUTER];
	unsigned int l3_len = template_outer(header, peer);
	uint16_t udp_len = (uint16_t)(m->pkt_len + sizeof(struct rte_udp_hdr));
	uint8_t *l3 =
		(uint8_t *)rte_pktmbuf_prepend(m, (uint16_t)(l3_len + sizeof(struct rte_udp_hdr)));
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(l3 + l3_len);
	struct rte_ether_hdr *eth;
	rte_be16_t type;

	memcpy(l3, header, l3_len + sizeof(*udp));
	udp->dgram_len = rte_cpu_to_be_16(udp_len);
	if (peer->family == 4) {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)l3;

		ip->total_length = rte_cpu_to_be_16((uint16_t)(l3_len + udp_len));
		ip->hdr_checksum = rte_ipv4_cksum(ip);
		udp->dgram_cksum = rte_ipv4_udptcp_cksum(ip, udp);
		type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	} else {
		struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)l3;

		ip->payload_len = rte_cpu_to_be_16(udp_len);
		udp->dgram_cksum = rte_ipv6_udptcp_cksum(ip, udp);
		type = RTE_BE16(RTE_ETHER_TYPE_IPV6);
	}
	if (out->vlan) {
		rte_be16_t tag[2] = {rte_cpu_to_be_16(out->vlan), type};

		memcpy(rte_pktmbuf_prepend(m, sizeof(tag)), tag, sizeof(tag));
		type = RTE_BE16(RTE_ETHER_TYPE_VLAN);
	}
	eth = (struct rte_ether_hdr *)rte_pktmbuf_prepend(m, sizeof(*eth));
	memcpy(&eth->dst_addr, &adj, RTE_ETHER_ADDR_LEN);
	eth->src_addr = out->mac;
	eth->ether_type = type;
}

void dp_send_l2tp_given_up(void)
{
	dp_c.drop[DROP_UNRESOLVED]++;
}

int dp_send_l2tp(const struct l2tp_peer *peer, const void *bytes, size_t len)
{
	uint32_t adj = peer_adjacency(peer->vrf, peer->family, peer->addr);
	unsigned int l3_len =
		peer->family == 4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr);
	struct dp_msg msg = {.type = MSG_TX_FRAME};
	uint64_t word;

	if (!adj)
		return -EHOSTUNREACH;
	word = dp_t.adj[adj];
	msg.ifx = (uint8_t)adj_if(word);
	if (len + l3_len + sizeof(struct rte_udp_hdr) > dp_t.iface[msg.ifx].mtu)
		return -EMSGSIZE;
	msg.m = control_buffer(len);
	if (!msg.m)
		return -ENOBUFS;
	memcpy(rte_pktmbuf_append(msg.m, (uint16_t)len), bytes, len);
	encapsulate(msg.m, peer, &dp_t.iface[msg.ifx], word);
	/* One tunnel's messages by one worker, so that they keep their order. */
	control_command((peer->port + peer->addr[3] + peer->addr[15]) % dp_c.n_workers, &msg);
	return 0;
}
