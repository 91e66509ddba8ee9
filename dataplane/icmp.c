/* SPDX-License-Identifier: BSD-3-Clause */
/* icmp.c - ICMP errors about packets that we cannot forward: time exceeded, too big, unreachable.
 * RFC 1812 s4.3.2 (quote as much as fits into 576 bytes, TOS precedence 6) and RFC 4443 s2.4 (fit
 * into 1280). Never about an ICMP error, a later fragment, or to or about a multicast, broadcast,
 * loopback or unspecified address. At most 100 a second per worker. The offending packet's buffer
 * becomes the error. It is routed like any packet; its source is our address on that side: our end
 * of the session's link, or the port's. Thread: the worker. */
#include "dataplane/police.h"
#include "dataplane/stages.h"

/* 90 a second and 10 at once: never more than 100 in any second */
#define RATE_COST_NS  11111111ull
#define RATE_BURST_NS (10 * RATE_COST_NS)
#define ICMP_HDR      8
#define QUOTE4        (576 - IP4_HDR - ICMP_HDR)
#define QUOTE6        (1280 - IP6_HDR - ICMP_HDR)

static bool is_icmp4_error(const uint8_t *p, uint16_t len)
{
	unsigned int hl = (unsigned int)(p[0] & 15) * 4;

	if (p[9] != IPPROTO_ICMP)
		return false;
	if (len <= hl)
		return true; /* not to be told */
	return !(p[hl] == 0 || p[hl] == 8 ||
		(p[hl] >= 13 && p[hl] <= 18)); /* queries and their replies */
}

static bool deserves4(const uint8_t *p, uint16_t len)
{
	return !(load16(p + 6) & 0x1fff) && !is_icmp4_error(p, len) &&
		!ip4_is_martian(rte_be_to_cpu_32(load32_raw(p + 12))) &&
		!ip4_is_martian(rte_be_to_cpu_32(load32_raw(p + 16)));
}

static bool deserves6(const uint8_t *p, uint16_t len, uint8_t type)
{
	const uint8_t *src = p + 8;

	if (ip6_is_unspecified(src) || src[0] == 0xff || (p[24] == 0xff && type != 2))
		return false;
	if (p[6] == IPPROTO_FRAGMENT && len >= IP6_HDR + 8 && (load16(p + IP6_HDR + 2) & 0xfff8))
		return false;
	return p[6] != IPPROTO_ICMPV6 || (len > IP6_HDR && p[IP6_HDR] >= 128 && p[IP6_HDR] != 137);
}

static rte_be32_t any_ip4(void)
{
	for (unsigned int i = 0; i < dp_t.n_ifs; i++)
		if (dp_t.iface[i].ip4)
			return dp_t.iface[i].ip4;
	return 0;
}

static const uint8_t *any_ip6(void)
{
	for (unsigned int i = 0; i < dp_t.n_ifs; i++)
		if (!ip6_is_unspecified(dp_t.iface[i].ip6))
			return dp_t.iface[i].ip6;
	return NULL;
}

/* Where an error goes. */
struct way {
	enum dp_nh type; /* ADJ, SESSION or LINUX; else nowhere */
	uint32_t slot, index;
	uint64_t adj;
};

static struct way way4(const uint8_t *dst_addr)
{
	uint32_t dst = rte_be_to_cpu_32(load32_raw(dst_addr));
	struct addr4_key key = {.addr = load32_raw(dst_addr)};
	struct way way = {.type = DP_NH_NONE};
	uint64_t nh = 0;

	rte_fib_lookup_bulk(dp_t.fib4, &dst, &nh, 1);
	way.type = NH_TYPE(nh);
	way.index = way.slot = NH_INDEX(nh);
	if (way.type == DP_NH_SUBSCRIBER) {
		key.pool = (uint16_t)way.index;
		lookup_addr4(&key, 1, &way.slot);
		way.type = way.slot ? DP_NH_SESSION : DP_NH_NONE;
	}
	if (way.type == DP_NH_ADJ)
		way.adj = adj_load(way.index);
	return way;
}

static struct way way6(const uint8_t *dst_addr)
{
	struct addr6_key key = {.prefix = load64(dst_addr)};
	struct way way = {.type = DP_NH_NONE};
	uint8_t dst[1][16];
	uint64_t nh = 0;

	memcpy(dst[0], dst_addr, 16);
	rte_fib6_lookup_bulk(dp_t.fib6, dst, &nh, 1);
	way.type = NH_TYPE(nh);
	way.index = way.slot = NH_INDEX(nh);
	if (way.type == DP_NH_SUBSCRIBER) {
		key.pool = way.index;
		lookup_addr6(&key, 1, &way.slot);
		way.type = way.slot ? DP_NH_SESSION : DP_NH_NONE;
	}
	if (way.type == DP_NH_ADJ)
		way.adj = adj_load(way.index);
	return way;
}

static bool leads_somewhere(const struct way *way)
{
	return way->type == DP_NH_SESSION || way->type == DP_NH_LINUX ||
		(way->type == DP_NH_ADJ && (way->adj & ADJ_VALID));
}

static void send_error(struct worker *w, const struct way *way, struct rte_mbuf *m, uint8_t *p,
	uint16_t len, bool v6)
{
	struct lane *down = &w->burst.down;

	if (way->type == DP_NH_ADJ) {
		w->adj_used[way->index]++;
		adj_send(w, way->adj, m, p, len, v6);
	} else if (way->type == DP_NH_LINUX) {
		punt(w, PUNT_LNS0, m, p, len, 0, 0);
	} else if (down->n < LANE) {
		w->burst.down_home[down->n] = dp_t.home[way->slot]; /* another worker's, perhaps */
		lane_put(down, m, p, len, way->slot);
	} else {
		drop(w, m, DROP_OK);
	}
}

void icmp4_error(struct worker *w, struct rte_mbuf *m, uint8_t *p, uint16_t len, uint8_t type,
	uint8_t code, uint16_t mtu, enum drop_reason why)
{
	uint16_t quote = RTE_MIN(len, (uint16_t)QUOTE4), sum;
	uint8_t *ip = p - IP4_HDR - ICMP_HDR, *icmp = p - ICMP_HDR;
	rte_be32_t src = 0;
	struct way way;

	w->drop[why]++;
	w->stat.dropped++;
	if (!deserves4(p, len) || !police_ok(&w->icmp, w->now_ns, RATE_COST_NS, RATE_BURST_NS)) {
		drop(w, m, DROP_OK);
		return;
	}
	way = way4(p + 12);
	if (way.type == DP_NH_SESSION)
		src = dp_t.more[way.slot].our_ip4;
	else if (way.type == DP_NH_ADJ)
		src = dp_t.iface[adj_if(way.adj)].ip4;
	src = src ? src : any_ip4();
	if (!src || !leads_somewhere(&way)) {
		drop(w, m, DROP_OK);
		return;
	}
	pkt_open(m);
	memset(ip, 0, IP4_HDR + ICMP_HDR);
	icmp[0] = type;
	icmp[1] = code;
	store16(icmp + 6, mtu);
	sum = (uint16_t)~rte_raw_cksum(icmp, (size_t)(ICMP_HDR + quote));
	memcpy(icmp + 2, &sum, sizeof(sum));
	ip[0] = 0x45;
	ip[1] = 0xc0;
	store16(ip + 2, (uint16_t)(IP4_HDR + ICMP_HDR + quote));
	store16(ip + 4, w->ip_id++);
	ip[8] = 64;
	ip[9] = IPPROTO_ICMP;
	memcpy(ip + 12, &src, 4);
	memcpy(ip + 16, p + 12, 4);
	ip4_set_checksum(ip, IP4_HDR);
	send_error(w, &way, m, ip, (uint16_t)(IP4_HDR + ICMP_HDR + quote), false);
}

/* Our address towards the way: fe80::ifid on the session's link, or the port's. @return false: we
 * have none. */
static bool source6(const struct way *way, uint8_t src[16])
{
	const uint8_t *ip6 = NULL;
	uint64_t ifid;

	if (way->type == DP_NH_SESSION && dp_t.more[way->slot].our_ifid) {
		ifid = rte_cpu_to_be_64(dp_t.more[way->slot].our_ifid);
		memset(src, 0, 16);
		src[0] = 0xfe;
		src[1] = 0x80;
		memcpy(src + 8, &ifid, sizeof(ifid));
		return true;
	}
	if (way->type == DP_NH_ADJ)
		ip6 = dp_t.iface[adj_if(way->adj)].ip6;
	if (!ip6 || ip6_is_unspecified(ip6))
		ip6 = any_ip6();
	if (!ip6)
		return false;
	memcpy(src, ip6, 16);
	return true;
}

void icmp6_error(struct worker *w, struct rte_mbuf *m, uint8_t *p, uint16_t len, uint8_t type,
	uint8_t code, uint32_t mtu, enum drop_reason why)
{
	uint16_t quote = RTE_MIN(len, (uint16_t)QUOTE6), sum;
	uint8_t *ip = p - IP6_HDR - ICMP_HDR, *icmp = p - ICMP_HDR;
	uint8_t src[16];
	struct way way;

	w->drop[why]++;
	w->stat.dropped++;
	if (!deserves6(p, len, type) ||
		!police_ok(&w->icmp, w->now_ns, RATE_COST_NS, RATE_BURST_NS)) {
		drop(w, m, DROP_OK);
		return;
	}
	way = way6(p + 8);
	if (!leads_somewhere(&way) || !source6(&way, src)) {
		drop(w, m, DROP_OK);
		return;
	}
	pkt_open(m);
	memset(ip, 0, IP6_HDR + ICMP_HDR);
	ip[0] = 0x60;
	store16(ip + 4, (uint16_t)(ICMP_HDR + quote));
	ip[6] = IPPROTO_ICMPV6;
	ip[7] = 64;
	memcpy(ip + 8, src, 16);
	memcpy(ip + 24, p + 8, 16);
	icmp[0] = type;
	icmp[1] = code;
	store16(icmp + 4, (uint16_t)(mtu >> 16));
	store16(icmp + 6, (uint16_t)mtu);
	sum = (uint16_t)~l4_sum(ip, IPPROTO_ICMPV6, icmp, (uint32_t)(ICMP_HDR + quote));
	memcpy(icmp + 2, &sum, sizeof(sum));
	send_error(w, &way, m, ip, (uint16_t)(IP6_HDR + ICMP_HDR + quote), true);
}
