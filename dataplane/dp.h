/* SPDX-License-Identifier: BSD-3-Clause */
/* dp.h - what the control core may ask of the dataplane, in plain C: no DPDK type appears here, so that controlplane/
 * builds and is tested without DPDK (tests link a fake of these functions).
 * Thread: the control core only, for every function here; the dataplane talks to its workers by rings behind it.
 * Nothing here blocks: when a worker's command ring is full the call waits for the worker, which never waits for us.
 * Addresses: `struct cfg_prefix` form (network order bytes). Slots and generations: controlplane/l2tp/l2tp.h. */
#ifndef DATAPLANE_DP_H
#define DATAPLANE_DP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/cfg.h"
#include "controlplane/l2tp/l2tp.h"
#include "ppp/ppp.h"

/* -- interfaces: one per configured port; index = position in cfg->dataplane.ports -- */
struct dp_if_info {
	char name[16];       /* also of the shadow tap */
	char driver[32];     /* "net_af_packet" */
	char kernel_if[32];  /* Linux interface below the port (af_packet, af_xdp), "" = none */
	uint8_t mac[6];
	uint16_t mtu, vlan;
	uint16_t rx_queues, tx_queues;
	bool link_up;
	bool tx_checksum;    /* the port computes IP and UDP checksums */
	const char *steering; /* "flow-l2tpv2", "rss-l2tpv2", "rss-destination", "rss", "fanout", "none" */
};
struct dp_if_counters {
	uint64_t rx_packets, rx_octets, tx_packets, tx_octets, rx_missed, rx_errors, tx_errors, tx_full, rx_nombuf;
};
unsigned dp_if_count(void);
void dp_if_get(unsigned ifx, struct dp_if_info *info);
void dp_if_counters(unsigned ifx, struct dp_if_counters *c);
/** Send one Ethernet frame (as Linux wrote it to the shadow tap, untagged) out of interface ifx. Copies.
 * @return 0, or -ENOBUFS: counted, drop it. */
int dp_if_send(unsigned ifx, const void *frame, size_t len);
/** Send one IPv4 or IPv6 packet that Linux wrote to lns0 towards the subscriber it is for. Copies.
 * @return 0, -ENOBUFS, -EINVAL (not IP). */
int dp_inject(const void *packet, size_t len);

/* -- routes and adjacencies, as mirrored from Linux and from the pools -- */
enum dp_nh {
	DP_NH_NONE,       /* no route: ICMP unreachable */
	DP_NH_LINUX,      /* our own address, an unresolved neighbour, anything that Linux shall handle */
	DP_NH_ADJ,        /* index: adjacency */
	DP_NH_SUBSCRIBER, /* in a pool: the subscriber tables decide; no entry there = unreachable. The index is found here */
	DP_NH_SESSION,    /* index: session slot (framed route) */
	DP_NH_DROP,       /* blackhole, prohibit, multicast */
};
/** Set or replace a route. plen 0 is the default route. @return 0, -ENOSPC (raise dataplane.memory), -EINVAL. */
int dp_route_set(uint16_t vrf, const struct cfg_prefix *prefix, enum dp_nh type, uint32_t index);
/** @return 0 or -ENOENT. */
int dp_route_del(uint16_t vrf, const struct cfg_prefix *prefix);
/** What a destination resolves to now. @return type; *index is set for ADJ, SESSION and SUBSCRIBER (the pool's number). */
enum dp_nh dp_route_get(uint16_t vrf, uint8_t family, const uint8_t *addr, uint32_t *index);
/** A new adjacency: neighbour mac on interface ifx. @return index >= 1, or 0: table full. */
uint32_t dp_adj_new(unsigned ifx, const uint8_t mac[6]);
/** The neighbour's address changed; atomic for the workers. */
void dp_adj_update(uint32_t adj, const uint8_t mac[6]);
/** Free it after a grace period. No route may point to it any more. */
void dp_adj_free(uint32_t adj);
/** @return packets sent through it since the last call (to re-probe neighbours in use). */
uint64_t dp_adj_used(uint32_t adj);

/* -- L2TP -- */
/** UDP/1701 to this address is ours. Up to 64 of them, before dp_launch(). */
int dp_endpoint_add(const struct cfg_endpoint *e, uint16_t vrf);
/** Send one control message. @return 0; -EHOSTUNREACH: no route or neighbour (the caller has it resolved and may try
 * again); -EMSGSIZE: longer than the way's MTU; -ENOBUFS. */
int dp_send_l2tp(const struct l2tp_peer *peer, const void *bytes, size_t len);
/** The caller does not try again: counted as a packet without a resolved next hop. */
void dp_send_l2tp_given_up(void);

/** The tunnel's ids are known: its header template can be built. Again when something changed. */
void dp_tunnel_set(uint32_t tunnel, uint32_t generation, const struct l2tp_peer *peer, uint16_t tid, uint16_t peer_tid);
/** It is established. From now on its control messages are limited by nothing but `windows`: as many may wait for control
 * at once as the windows of both sides let be on the way. */
void dp_tunnel_up(uint32_t tunnel, uint16_t windows);
/** After its last session was removed. */
void dp_tunnel_clear(uint32_t tunnel);
/** @return data packets received in the tunnel so far (for Hello suppression). */
uint64_t dp_tunnel_rx_packets(uint32_t tunnel);
/** The outer overhead of data in this tunnel and the MTU below it: the largest PPP payload (IP packet) that fits. */
uint16_t dp_tunnel_mtu(uint32_t tunnel);

/* -- sessions -- */
#define DP_ROUTES_MAX 16
struct dp_session_desc {
	uint32_t slot, generation, tunnel;
	uint16_t tid, sid, peer_sid; /* ours, ours, the peer's */
	uint16_t vrf;
	uint16_t mtu;                /* ceiling of the session MTU (dp_tunnel_mtu, profile) */
	uint16_t ppp_profile;        /* index given to dp_profile_set() */
	bool source_check, mss_clamp;
};
/** Install PPP profile index (0..255) before a session uses it; the struct is copied. */
void dp_profile_set(uint16_t index, const struct ppp_profile *p);
/** What a subscriber's IP packets may have: a token bucket each way, by its index (1 .. 1023, else -EINVAL), before a session
 * uses it. Rates are 64,000 to 10^10 bits per second, 0 = no limit; as much as they give in burst_ms (1 .. 4,000) may come at
 * once. */
int dp_rates_set(uint16_t index, uint64_t up_bits_per_s, uint64_t down_bits_per_s, uint32_t burst_ms);
/** A session id for a new call in tunnel tid that will be in this slot: random, but that its low 4 bits are the slot's and the
 * others those of the tunnel's calls in slots beside (L2TP_BLOCK); its shard bits name the owner (least loaded, preferring the
 * one whose queue carries the tunnel, and then the one that owns the slots beside). The caller checks that it is free and asks
 * again if not. Never 0. */
uint16_t dp_session_pick_sid(uint32_t slot, uint16_t tid);
/** Publish the key: frames find the session, and are counted and dropped until it is started. @return 0, -ENOSPC; -EEXIST: the
 * session id is in use, or not one for this slot: choose another. */
int dp_session_publish(const struct dp_session_desc *d);
/** The call is up: the owner begins LCP. sequencing: ICCN said Sequencing Required, so data carries Ns/Nr (and the session
 * MTU is 4 bytes less). */
void dp_session_start(uint32_t slot, uint32_t generation, bool sequencing);

#define DP_ADDR_CHOICES 8
/** How many pool addresses are worth offering to dp_addr4_pick(): DP_ADDR_CHOICES, or 1: it makes no difference. */
unsigned dp_addr4_choices(void);
/** Of n addresses (host order) the first that the ports with RSS over destinations bring to the session's owner; counted.
 * @return its index; 0 when there is none. */
unsigned dp_addr4_pick(uint32_t slot, const uint64_t *addr, unsigned n);

struct dp_verdict {
	struct ppp_verdict ppp;
	uint16_t rates;              /* index given to dp_rates_set(), 0 = no limits */
	uint64_t prefix6;            /* host order, high half of the subscriber's /64; 0 = none */
	uint32_t our_ip4;            /* source of our ICMP errors; host order */
	struct cfg_prefix routes[DP_ROUTES_MAX]; /* framed routes */
	unsigned n_routes;
};
/** Answer DP_EV_ASK_AAA: publishes the address keys and framed routes, then tells the owner.
 * @return 0, -EEXIST: an address or route belongs to another session (or to Linux), -ENOSPC: nothing was published, and no
 * verdict went to the owner: refuse the user. -ENOENT: generation does not match. */
int dp_session_verdict(uint32_t slot, uint32_t generation, const struct dp_verdict *v);
/** End PPP in order; DP_EV_SESSION_DOWN follows. */
void dp_session_close(uint32_t slot, uint32_t generation, enum ppp_cause cause);
/** Unpublish all keys and retire the slot; DP_EV_SESSION_FREE follows when no worker can hold it. Never waits. */
void dp_session_remove(uint32_t slot, uint32_t generation);

struct dp_session_info {         /* a snapshot for operators */
	uint16_t owner, mtu, peer_mru;
	uint8_t phase, auth, ncp_up, lcp, ipcp, ipv6cp; /* enum ppp_phase, enum ppp_auth, bits, automaton states */
	uint32_t ip4;                /* host order */
	uint64_t prefix6;
	bool acfc, pfc, sequencing;
	uint64_t up_packets, up_octets, down_packets, down_octets; /* octets of IP packets */
	uint64_t up_dropped, down_dropped;
	uint16_t rates;              /* what limits it; 0 = nothing */
	uint64_t up6_packets, up6_octets, down6_packets, down6_octets; /* of these, IPv6 */
};
/** @return 0 or -ENOENT (generation does not match). */
int dp_session_get(uint32_t slot, uint32_t generation, struct dp_session_info *info);

/* -- events of the workers -- */
enum dp_ev {
	DP_EV_L2TP,          /* peer, data: UDP payload of a control message */
	DP_EV_LINUX,         /* ifx, data: an Ethernet frame for the shadow tap (untagged) */
	DP_EV_LNS0,          /* data: an IP packet of a subscriber for Linux */
	DP_EV_ASK_AAA,       /* slot: aaa + data (credentials; offsets of aaa count in data) */
	DP_EV_NCP_UP,        /* slot: proto (PPP_IPCP, PPP_IPV6CP), ifid */
	DP_EV_NCP_DOWN,      /* slot: proto */
	DP_EV_SESSION_DOWN,  /* slot: cause. The call shall be cleared */
	DP_EV_SESSION_FREE,  /* slot: may be used again */
	DP_EV_TRACE,         /* slot: trace */
};
struct dp_event {
	uint8_t type; /* enum dp_ev */
	uint8_t worker;
	uint8_t ifx;
	uint8_t cause; /* enum ppp_cause */
	uint32_t slot, generation;
	struct l2tp_peer peer;
	struct ppp_action act;   /* ASK_AAA: act.aaa; NCP_*: act.ncp; TRACE: act.trace */
	const uint8_t *data;     /* valid until dp_events_done() */
	uint16_t len;
	void *opaque;
};
/** Have all workers room for the commands that a batch of events leads to? If not, come back a little later. */
bool dp_ready(void);
/** Take up to max events (L2TP control ones of live tunnels first). @return how many. */
unsigned dp_events(struct dp_event *ev, unsigned max);
void dp_events_done(struct dp_event *ev, unsigned n);
/** Reap what the workers have let go, refresh adjacencies of tunnels, count. Call about every 10 ms and after events. */
void dp_tick(uint64_t now_ns);
/** Have DP_EV_TRACE sent for each change of a PPP state. Off at start; traces are left out when rings are half full. */
void dp_trace_set(bool on);

/* -- observation -- */
unsigned dp_worker_count(void);
#define DP_SLOW_NS 1000000u
struct dp_worker_info {
	int cpu;
	const char *isa;         /* instruction set of the checksum's loop (checksum.h) */
	uint32_t sessions;       /* owned */
	uint64_t polls, busy_polls, sleeps;
	uint64_t rx_packets, up_packets, down_packets, handed_out, handed_in, punted, dropped;
	uint64_t busy_ns;        /* time in polls that found work */
	uint16_t busy_permille;  /* of its time lately; the last second counts most */
	uint64_t packets_per_s;  /* up and down, in the last second */
	uint64_t picked_by_queue, picked_by_load; /* new sessions given to it: its queue carries their tunnel; it had the least to do */
	uint64_t addresses_near, addresses_far; /* of its sessions, chosen by RSS: a port brings them here; none of those offered */
	uint64_t longest_ns;     /* the longest of them, time that others had the CPU included */
	uint64_t slow_polls;     /* those of DP_SLOW_NS and more */
};
void dp_worker_get(unsigned worker, struct dp_worker_info *info);
unsigned dp_drop_count(void);                     /* number of drop reasons */
const char *dp_drop_name(unsigned reason);        /* "spoofed-source" */
const char *dp_drop_text(unsigned reason);        /* one sentence */
uint64_t dp_drop_get(unsigned reason);            /* sum over workers */
uint64_t dp_drop_get_worker(unsigned worker, unsigned reason);
struct dp_memory_info {
	uint64_t heap_allocated, heap_size; /* DPDK's heaps, bytes */
	uint32_t mbufs_in_use, mbufs_total;
	uint32_t keys, addresses4, addresses6, routes4, routes6, adjacencies, slots_awaiting_reap, timers;
	uint64_t store_bytes;
};
void dp_memory(struct dp_memory_info *info);

/* -- life -- */
/** The session store's arrays (architecture.md section 6) that the control core owns. Elements 1..max are used. */
struct dp_store_view {
	struct l2tp_tunnel *tunnels;
	struct l2tp_call *calls;
	void *subscribers;       /* max_sessions + 1 records of subscriber_size bytes */
	uint32_t max_tunnels, max_sessions;
};
/** Start EAL, ports, tables and the store by c. @return 0, or -1 after an error line on stderr that says what to do. */
int dp_init(const struct cfg *c, size_t subscriber_size, struct dp_store_view *store);
/** Start the workers and the ports. @return 0 or -1 (reported). */
int dp_launch(void);
/** Stop the workers and give everything back. */
void dp_fini(void);

#endif
