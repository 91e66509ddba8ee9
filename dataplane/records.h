/* SPDX-License-Identifier: BSD-3-Clause */
/* records.h - the records that a packet touches: session, tunnel, adjacency, interface; and the table of tables.
 * Sessions and tunnels lie in the session store (store.c): slots, no pointers. Who writes:
 *  session line 0: control before the key is published, its owner worker afterwards (one writer, no atomics);
 *  tunnel, adjacency, interface: control; changed while in use only by single aligned stores. */
#ifndef DATAPLANE_RECORDS_H
#define DATAPLANE_RECORDS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_ether.h>
#include <rte_byteorder.h>
#include <rte_mbuf.h>

#include "dataplane/dp.h"

#define DP_WORKERS_MAX 64
#define DP_IFS_MAX     256
#define DP_PROFILES_MAX 256
#define DP_SHARD_SHIFT 10 /* the top 6 bits of a session id: 64 shards */
#define DP_SHARDS      64
#define DP_BLOCK_BITS  4 /* slots beside each other, of one tunnel and one owner where it can be (index.h, owner.h) */
#define DP_BLOCK       L2TP_BLOCK
static_assert(DP_BLOCK == 1u << DP_BLOCK_BITS, "as slots are given out (controlplane/l2tp/block.h)");

enum session_action {
	S_FREE,      /* no session: drop */
	S_PENDING,   /* key published, call not up yet: count and drop */
	S_TERMINATE, /* PPP ends here */
};
enum session_flag {
	S_V4 = 1 << 0,         /* IPCP open: IPv4 may pass */
	S_V6 = 1 << 1,
	S_TX_ACFC = 1 << 2,    /* leave out FF 03 on data */
	S_TX_PFC = 1 << 3,
	S_TX_SEQ = 1 << 4,     /* Ns/Nr on what we send */
	S_NO_SRC_CHECK = 1 << 5,
	S_MSS_CLAMP = 1 << 6,
	S_ROUTES = 1 << 7,     /* has framed routes: a source that is not its own address is looked up in the FIB */
	S_POLICED = 1 << 8,    /* has rates that it may not exceed: dp_session.rates */
};

#define RATES_BITS  10
#define BUCKET_BITS 19

/* One 64-byte line: all that a plain packet touches, both directions. */
struct dp_session {
	uint32_t generation;
	uint16_t tunnel;       /* slot */
	uint8_t up_drops, down_drops; /* drops_more() */
	uint16_t sid, tid;     /* ours, host order; as in session_key.ids */
	rte_be16_t peer_sid;
	uint16_t mtu;          /* of IP packets towards the subscriber */
	uint8_t action;        /* enum session_action */
	uint8_t owner;         /* worker */
	uint16_t flags;        /* enum session_flag */
	rte_be32_t ip4;
	/* with S_POLICED: its rates (index in dp_t.rates), and when each bucket has all of its room again (police.h) */
	uint64_t rates : RATES_BITS, up_full : BUCKET_BITS, down_full : BUCKET_BITS,
		prefix6_fold : 16; /* of dp_session_more.prefix6: most others are told from it without that line */
	uint64_t up_packets, up_octets, down_packets, down_octets;
} __rte_cache_aligned;
static_assert(sizeof(struct dp_session) == 64, "a plain packet touches one line of its session");
static_assert(offsetof(struct dp_session, owner) == offsetof(struct dp_session, action) + 1 &&
		offsetof(struct dp_session, flags) == offsetof(struct dp_session, action) + 2,
	"session_differs() compares them as one word");

/* 0: the session is up and this worker's, with all of the flags `on` and none of `off`. */
static inline uint32_t session_differs(
	const struct dp_session *s, uint16_t on, uint16_t off, uint16_t owner)
{
	uint32_t word;

	__builtin_memcpy(&word, &s->action, sizeof(word));
	return (word & (0xffffu | (uint32_t)(on | off) << 16)) ^
		(S_TERMINATE | (uint32_t)owner << 8 | (uint32_t)on << 16);
}

/* Of the high half of an address, host order. */
static inline uint16_t prefix6_fold(uint64_t high)
{
	high ^= high >> 32;
	return (uint16_t)(high ^ high >> 16);
}

/* The second line: only when a flag or an unusual packet says so. */
struct dp_session_more {
	uint64_t up6_packets, up6_octets, down6_packets, down6_octets;
	rte_be32_t our_ip4;    /* our end of the link: source of ICMP errors */
	uint16_t tx_ns, rx_ns; /* data sequence numbers (RFC 2661 s5.4) */
	uint64_t our_ifid;     /* host order: fe80::ifid is us */
	uint8_t pending;       /* events that found the ring full, enum order of ppp_owner.c */
	uint8_t ppp_profile;   /* index in dp_t.profile */
	uint16_t ppp_police;   /* limiter of frames for the PPP automaton and ND (police.h) */
	uint16_t mtu_max;      /* ceiling of dp_session.mtu, whatever PPP negotiates */
	uint16_t vrf;
	uint64_t prefix6;      /* host order, high half of the /64; 0 = none */
} __rte_cache_aligned;
static_assert(sizeof(struct dp_session_more) == 128 || sizeof(struct dp_session_more) == 64, "whole lines");

/* Packets of a session that were dropped, as of the last multiple of DROPS_CARRY: those since are in the session's line, so that a
 * flood of packets to be dropped costs no more memory traffic than packets that are forwarded. */
struct dp_dropped {
	uint32_t up, down;
};
#define DROPS_CARRY 128u

/* One more. Stores in this order: who sees drops of the next DROPS_CARRY sees what was carried. Owner. */
static inline void drops_more(uint32_t *carried, uint8_t *low)
{
	uint8_t n = (uint8_t)(*low + 1);

	__atomic_store_n(low, n, __ATOMIC_RELEASE);
	if (n % DROPS_CARRY == 0)
		__atomic_store_n(carried, *carried + DROPS_CARRY, __ATOMIC_RELEASE);
}

/* All so far; never less than before. Any thread. */
static inline uint32_t drops_all(const uint32_t *carried, const uint8_t *low)
{
	uint32_t before, now = __atomic_load_n(carried, __ATOMIC_ACQUIRE);
	uint8_t n;

	do {
		before = now;
		n = __atomic_load_n(low, __ATOMIC_ACQUIRE);
		now = __atomic_load_n(carried, __ATOMIC_ACQUIRE);
	} while (now != before);
	return now + (uint8_t)(n - now);
}

/* Rate limits of IP octets that many sessions share. The clock of their buckets counts units of 2^shift ns. */
struct dp_rates {
	uint32_t up, down; /* what an octet costs, in 2^-OCTET_BITS units; 0: no limit */
	uint32_t room;     /* of a bucket, in units */
	uint32_t most;     /* what a bucket can be ahead of the clock: its room and one packet */
	uint8_t shift;
};
#define OCTET_BITS   32
#define DP_RATES_MAX 1024
static_assert(DP_RATES_MAX <= 1 << RATES_BITS, "an index fits the session");

enum tunnel_flag { T_V6 = 1 << 0, T_UDP_CSUM = 1 << 1 };

/* What the tunnel's packets have in common; shared by its sessions and hot in cache. An IPv4 tunnel's packets touch the
 * first line only, both ways. */
struct dp_tunnel {
	uint32_t generation;
	uint32_t adj;            /* 0 = unresolved: drop, control resolves */
	uint8_t flags;           /* enum tunnel_flag */
	uint8_t l3_len;          /* 20 or 40 */
	uint16_t mtu;            /* of the outer interface */
	uint16_t tid;
	rte_be16_t peer_tid;
	uint16_t pseudo_sum;     /* partial UDP checksum over addresses, protocol and ports, lengths left out: a folded, not
				  * complemented sum of 16-bit words as they lie in memory (rte_raw_cksum) */
	uint16_t header_sum;     /* the same over the IPv4 header */
	uint16_t vrf, local;     /* as in struct session_key: who may send in this tunnel's sessions */
	uint64_t peer_key;
	uint8_t header[64];      /* IPv4 or IPv6 header, UDP header, L2TP flags and tunnel id; lengths and checksums zero */
	struct l2tp_peer peer;   /* identity, compared in full when the key holds only a fold (IPv6) */
	uint16_t windows;        /* its control messages that may wait for control at once; 0: not established */
} __rte_cache_aligned;
static_assert(offsetof(struct dp_tunnel, header) + 20 + 8 + 4 <= 64, "the IPv4 template is in the first line");

/* Session key, 16 bytes: a packet finds a session only from the right peer. */
struct session_key {
	uint32_t ids;        /* tunnel id << 16 | session id */
	uint16_t vrf;
	uint16_t local;      /* fold of our own address: endpoint number */
	uint64_t peer;       /* IPv4: address << 16 | port, exact; IPv6: a fold of both, identity compared in the tunnel */
};
static_assert(sizeof(struct session_key) == 16, "16-byte keys compare fastest");

/* pool: NH_INDEX of the SUBSCRIBER route that the address has, 0 where the hash tables are in use. */
struct addr4_key {
	rte_be32_t addr;
	uint16_t vrf, pool;
};
struct addr6_key { /* 16 bytes on purpose */
	uint64_t prefix; /* host order, high half */
	uint32_t vrf, pool;
};

/* A FIB result: type in the top 4 bits, index below (rte_fib with 4-byte next hops keeps 31 bits: type <= 7). */
#define NH(type, index)  ((uint64_t)(type) << 27 | (index))
#define NH_TYPE(nh)      ((enum dp_nh)((nh) >> 27 & 15))
#define NH_INDEX(nh)     ((uint32_t)(nh) & ((1u << 27) - 1))

/* An adjacency is one word, so an update is one store: MAC in the low 48 bits (network order as in memory), interface in
 * the next 8, bit 56 = valid. */
#define ADJ_VALID (1ull << 56)
static inline unsigned adj_if(uint64_t word)
{
	return word >> 48 & 0xff;
}

struct dp_if {
	uint16_t port;       /* ethdev */
	uint16_t vlan;       /* 0 = untagged */
	uint16_t mtu;
	uint16_t n_txq, n_rxq;
	uint8_t tx_checksum; /* RTE_ETH_TX_OFFLOAD_IPV4_CKSUM and UDP */
	struct rte_ether_addr mac;
	rte_be32_t ip4;      /* first IPv4 address: source of ICMP errors towards the core; 0 = none */
	uint8_t ip6[16];     /* first IPv6 address, all zero = none */
};

/* An address that we answer L2TP on. */
struct dp_endpoint {
	uint8_t family;
	bool udp_csum_data;
	uint16_t vrf;
	uint8_t addr[16];
};
#define DP_ENDPOINTS_MAX 64

/* The direct index (index.h). */
#define DP_POOLS_MAX 1023
struct dp_pool {
	uint64_t first;  /* address, or high half of a /64, host order */
	uint32_t n;
	uint32_t first_block; /* first / DP_BLOCK */
	uint32_t *block; /* IPv4: as dp_index.entry, by blocks of addresses: those that lie as their slots do */
	uint32_t *home;  /* [n]: home_word(), 0 = nobody */
};
struct dp_index {
	uint64_t *tunnel;                  /* [65536] base << 32 | mask; 0 = none */
	uint32_t *entry;                   /* a bit for each slot << 16 | block, 0 = none; entry[0] is 0 */
	struct dp_pool *pool4, *pool6;     /* [0] has no address */
};

struct rte_hash;
struct rte_fib;
struct rte_fib6;
struct rte_rcu_qsbr;

/* Everything that workers read; one, allocated at start, never moved. */
struct dp_tables {
	struct dp_session *session;        /* [max_sessions + 1] */
	struct dp_session_more *more;
	struct dp_dropped *dropped;
	struct ppp_session *ppp;
	struct dp_tunnel *tunnel;          /* [max_tunnels + 1] */
	uint32_t *home;                    /* [max_sessions + 1]: home_word(). Whom to hand a packet to, without the record
					    * that its owner writes for every packet */
	uint8_t *block_owner;              /* by block: of the sessions in it that dp_pool.block has */
	uint64_t *adj;                     /* [max_adj + 1] */
	struct dp_if iface[DP_IFS_MAX];
	uint16_t n_ifs;
	uint16_t n_endpoints;
	struct dp_endpoint endpoint[DP_ENDPOINTS_MAX];
	uint8_t if_of[RTE_MAX_ETHPORTS][4096]; /* ifx + 1 of VLAN v of an ethdev ([0]: untagged), 0 = none */
	bool lookup_hash;                  /* sessions are found by the three hash tables, else by the index */
	struct dp_index index;
	struct rte_hash *keys;             /* session_key -> slot (as data pointer value) */
	struct rte_hash *addr4, *addr6;    /* -> slot */
	struct rte_fib *fib4;              /* vrf 0 */
	struct rte_fib6 *fib6;
	struct rte_rcu_qsbr *qsbr;
	uint8_t shard_owner[DP_SHARDS];
	uint16_t tunnel_of_tid[UINT16_MAX + 1]; /* slot, 0 = none: for control messages */
	struct ppp_profile profile[DP_PROFILES_MAX];
	struct dp_rates rates[DP_RATES_MAX];
	uint32_t max_sessions, max_tunnels, max_adj;
	bool trace;                        /* workers report PPP state changes (EVT_TRACE) */
	struct rte_mempool *pool;          /* packet buffers, data room >= 9216 + headroom when jumbo, else 2048 */
	uint16_t tx_wait;                  /* frames that may wait at a port for its queue, for each worker */
};
extern struct dp_tables dp_t;

#endif
