/* SPDX-License-Identifier: BSD-3-Clause */
/* ceiling.c - see ceiling.h. */
#include "tests/bench/ceiling.h"

#include <rte_ether.h>
#include <rte_fib.h>
#include <rte_malloc.h>

#include "dataplane/inet.h"

#define ROUTES     256
#define NEIGHBOURS 16
#define AHEAD      4 /* packets between a prefetch and its use */

static struct rte_fib *fib;
static struct rte_ether_hdr neighbour[NEIGHBOURS];
static struct {
	uint32_t *slot; /* of the tunnel's sessions */
	uint32_t mask;
} * by_tid; /* [65536] */
static uint32_t *by_number, *by_address; /* slots by session, and by offset in the pool */

static int floor_init(void)
{
	uint32_t sessions = bed.tunnels * BED_PER_TUNNEL;

	by_tid = rte_calloc("bench", UINT16_MAX + 1, sizeof(*by_tid), 64);
	by_number = rte_calloc("bench", sessions, sizeof(*by_number), 64);
	by_address = rte_calloc("bench", 1 << 20, sizeof(*by_address), 64);
	if (!by_tid || !by_number || !by_address)
		return -1;
	for (uint32_t i = 0; i < bed.sessions; i++) {
		const struct bed_session *s = &bed.session[i];

		by_number[i] = s->slot;
		by_address[bed_address(s->slot) - BED_POOL] = s->slot;
		by_tid[s->tid].slot = by_number + bed_tunnel_of(i) * BED_PER_TUNNEL;
		by_tid[s->tid].mask = BED_PER_TUNNEL - 1;
	}
	return 0;
}

int ceiling_init(void)
{
	struct rte_fib_conf c = {
		.type = RTE_FIB_DIR24_8,
		.max_routes = 1024,
		.dir24_8 = {.nh_sz = RTE_FIB_DIR24_8_4B, .num_tbl8 = 256},
	};

	fib = rte_fib_create("bench", SOCKET_ID_ANY, &c);
	if (!fib || floor_init())
		return -1;
	for (unsigned int i = 0; i < ROUTES; i++)
		if (rte_fib_add(fib, BED_CORENET | i << 8, 24, i % (NEIGHBOURS - 1) + 1))
			return -1;
	for (unsigned int i = 0; i < NEIGHBOURS; i++)
		neighbour[i] = (struct rte_ether_hdr){
			.dst_addr = {{2, 0xcc, 0, 0, 0, (uint8_t)i}},
			.src_addr = {{2, 0xdd, 0, 0, 0, (uint8_t)i}},
			.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4),
		};
	return 0;
}

static inline void ahead(struct rte_mbuf **m, unsigned int i, unsigned int n)
{
	if (i + AHEAD < n)
		rte_prefetch0(rte_pktmbuf_mtod(m[i + AHEAD], void *));
}

void ceiling_macswap(struct rte_mbuf **m, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct rte_ether_hdr *e = rte_pktmbuf_mtod(m[i], struct rte_ether_hdr *);
		struct rte_ether_addr src = e->src_addr;

		ahead(m, i, n);
		e->src_addr = e->dst_addr;
		e->dst_addr = src;
		m[i]->ol_flags = 0;
	}
}

void ceiling_5tswap(struct rte_mbuf **m, unsigned int n)
{
	ceiling_macswap(m, n);
	for (unsigned int i = 0; i < n; i++) {
		uint8_t *ip = rte_pktmbuf_mtod_offset(m[i], uint8_t *, 14);
		uint64_t addresses = load64_raw(ip + 12);
		uint32_t ports = load32_raw(ip + 20);

		addresses = addresses << 32 | addresses >> 32;
		ports = ports << 16 | ports >> 16;
		memcpy(ip + 12, &addresses, sizeof(addresses));
		memcpy(ip + 20, &ports, sizeof(ports));
	}
}

/* By the source: that of core packets has routes here, all others have the same next hop. */
void ceiling_fib(struct rte_mbuf **m, unsigned int n)
{
	uint32_t dst[BURST];
	uint64_t nh[BURST];

	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *ip = rte_pktmbuf_mtod_offset(m[i], const uint8_t *, 14);

		ahead(m, i, n);
		dst[i] = ip[0] == 0x45 ? rte_be_to_cpu_32(load32_raw(ip + 12)) : 0;
	}
	rte_fib_lookup_bulk(fib, dst, nh, (int)n);
	for (unsigned int i = 0; i < n; i++) {
		struct rte_ether_hdr *e = rte_pktmbuf_mtod(m[i], struct rte_ether_hdr *);

		ip4_ttl_dec((uint8_t *)(e + 1));
		*e = neighbour[nh[i] & (NEIGHBOURS - 1)];
	}
}

static void touch(const uint32_t *slot, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		rte_prefetch0(&dp_t.session[slot[i]]);
	for (unsigned int i = 0; i < n; i++)
		dp_t.session[slot[i]].up_packets++;
}

static void floor_up(struct rte_mbuf **m, unsigned int n)
{
	const uint32_t *where[BURST];
	uint32_t slot[BURST];

	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *ids = rte_pktmbuf_mtod_offset(m[i], const uint8_t *, BED_OUTER - 4);
		uint16_t tid = load16(ids);

		ahead(m, i, n);
		where[i] = &by_tid[tid].slot[load16(ids + 2) & by_tid[tid].mask];
		rte_prefetch0(where[i]);
	}
	for (unsigned int i = 0; i < n; i++)
		slot[i] = *where[i];
	touch(slot, n);
}

static void floor_down(struct rte_mbuf **m, unsigned int n)
{
	const uint32_t *where[BURST];
	uint32_t slot[BURST];

	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *ip = rte_pktmbuf_mtod_offset(m[i], const uint8_t *, 14);

		ahead(m, i, n);
		where[i] = &by_address[rte_be_to_cpu_32(load32_raw(ip + 16)) - BED_POOL];
		rte_prefetch0(where[i]);
	}
	for (unsigned int i = 0; i < n; i++)
		slot[i] = *where[i];
	touch(slot, n);
}

void ceiling_run(const struct row *r)
{
	static void (*const run[])(struct rte_mbuf **, unsigned int) = {
		[ROW_MACSWAP] = ceiling_macswap,
		[ROW_FIB] = ceiling_fib,
		[ROW_FLOOR_UP] = floor_up,
		[ROW_FLOOR_DOWN] = floor_down,
	};

	for (unsigned int at = 0; at < BED_RING; at += r->burst)
		run[r->kind](bed.ring + at, r->burst);
}
