/* SPDX-License-Identifier: BSD-3-Clause */
/* template.c - see template.h. */
#include "dataplane/template.h"

#include <string.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include "dataplane/session_table.h"

#define TTL 64

unsigned int template_outer(uint8_t header[TEMPLATE_OUTER], const struct l2tp_peer *peer)
{
	struct rte_udp_hdr *udp;

	memset(header, 0, TEMPLATE_OUTER);
	if (peer->family == 4) {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)header;

		ip->version_ihl = RTE_IPV4_VHL_DEF;
		ip->fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG);
		ip->time_to_live = TTL;
		ip->next_proto_id = IPPROTO_UDP;
		memcpy(&ip->src_addr, peer->local, 4);
		memcpy(&ip->dst_addr, peer->addr, 4);
		udp = (struct rte_udp_hdr *)(ip + 1);
	} else {
		struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)header;

		ip->vtc_flow = RTE_BE32(6u << 28);
		ip->proto = IPPROTO_UDP;
		ip->hop_limits = TTL;
		memcpy(ip->src_addr, peer->local, 16);
		memcpy(ip->dst_addr, peer->addr, 16);
		udp = (struct rte_udp_hdr *)(ip + 1);
	}
	udp->src_port = rte_cpu_to_be_16(peer->local_port);
	udp->dst_port = rte_cpu_to_be_16(peer->port);
	return peer->family == 4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr);
}

/* Of addresses, ports and protocol. */
static uint16_t pseudo_sum(const uint8_t *header, unsigned int l3_len)
{
	const uint8_t *addresses = header + (l3_len == 20 ? 12 : 8);
	uint32_t sum = rte_raw_cksum(addresses, l3_len == 20 ? 8 : 32);

	sum += rte_raw_cksum(header + l3_len, 4); /* the ports */
	sum += RTE_BE16(IPPROTO_UDP);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

void template_fill(struct dp_tunnel *t, const struct l2tp_peer *peer, uint16_t endpoint,
	uint16_t tid, uint16_t peer_tid)
{
	rte_be32_t peer4;
	uint8_t *l2tp;

	memcpy(&peer4, peer->addr, sizeof(peer4));
	t->tid = tid;
	t->peer_tid = rte_cpu_to_be_16(peer_tid);
	t->vrf = peer->vrf;
	t->local = endpoint;
	t->peer_key = peer->family == 4 ? session_key_peer4(peer4, peer->port)
					: session_key_peer6(peer->addr, peer->port);
	t->peer = *peer;
	t->flags = peer->family == 6 ? T_V6 | T_UDP_CSUM : 0; /* RFC 8200 s8.1: never 0 on IPv6 */
	t->l3_len = (uint8_t)template_outer(t->header, peer);
	t->pseudo_sum = pseudo_sum(t->header, t->l3_len);
	t->header_sum = rte_raw_cksum(t->header, sizeof(struct rte_ipv4_hdr));
	l2tp = t->header + t->l3_len + sizeof(struct rte_udp_hdr);
	l2tp[0] = 0;
	l2tp[1] = 2; /* version */
	memcpy(l2tp + 2, &t->peer_tid, sizeof(t->peer_tid));
}
