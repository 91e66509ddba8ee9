/* SPDX-License-Identifier: BSD-3-Clause */
/* lab.h - a dataplane for unit tests: two workers, two ports made of rings, a few sessions; frames
 * in, frames out. Port 0 "access" carries the tunnels, port 1 "core" the rest; interface 2 is VLAN
 * 100 of the core port. What ppp_owner.c and dp_apply.c would do is recorded. Checksums are
 * verified by code of its own, byte by byte. */
#ifndef TESTS_UNIT_DATAPLANE_LAB_H
#define TESTS_UNIT_DATAPLANE_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/stages.h"

#define LAB_TX_WAIT 96 /* dp_t.tx_wait */

#define ACCESS    0
#define CORE      1
#define VLAN_IF   2
#define ADJ_LAC   1 /* on access */
#define ADJ_GW    2 /* on core */
#define ADJ_VLAN  3
#define ADJ_SMALL 4 /* on interface 3: core port with MTU 1000 */
#define TID       100
#define PEER_TID  7
#define LAB_WINDOWS 256 /* control messages of the tunnel that may be on the way to us */
#define IP(a, b, c, d)                                                                             \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define LNS_IP  IP(192, 0, 2, 1)
#define LAC_IP  IP(198, 51, 100, 7)
#define HOST_IP IP(8, 8, 8, 8)
#define OUR_IP4 IP(100, 64, 0, 1)
#define POOL6   0x20010db800010000ull

struct frame {
	uint16_t len;
	uint8_t b[9300];
};

extern struct worker *lab_w[2];
/* frames that ppp_owner_frame() was given */
extern unsigned int lab_ppp_frames;
extern uint32_t lab_ppp_slot;
extern struct frame lab_ppp;

int lab_start(void **state); /* cmocka group set-up */
int lab_stop(void **state);
/* per test: sessions as new, counters zero, rings empty; fails when a buffer leaked */
int lab_reset(void **state);
/** Session slot (1..8): slots 1..4 belong to worker 0, 5..8 to worker 1. Address 10.0.0.slot,
 * prefix POOL6 + slot. */
struct dp_session *lab_session(uint32_t slot);
/** Packets that the session lost, as control tells. */
uint32_t lab_up_drops(uint32_t slot);
uint32_t lab_down_drops(uint32_t slot);
uint16_t lab_sid(uint32_t slot);
/** Put a frame on a port's queue of a worker. */
void lab_rx(unsigned int worker, unsigned int port, const struct frame *f);
void lab_rx_mbuf(unsigned int worker, unsigned int port, struct rte_mbuf *m);
void lab_poll(unsigned int worker);
/** Poll a worker until it finds nothing to do. */
void lab_finish(unsigned int worker);
/** The workers' clock stands still in a test but for this. */
void lab_wait(uint64_t ns);
/** Poll both workers until nothing moves. */
void lab_run(void);
/** Next frame sent by a port, any queue. @return false: none. */
bool lab_tx(unsigned int port, struct frame *f);
/** Next message of a ring of worker; its packet is copied to f and freed. */
bool lab_msg(struct rte_ring *r, struct dp_msg *msg, struct frame *f);
uint64_t lab_drops(enum drop_reason why); /* over both workers */
uint64_t lab_dropped(void); /* all reasons but OK */
void assert_nothing_sent(void);
/** n packets were dropped for this reason, none for another, and none was sent. */
void assert_only_drop(enum drop_reason why, uint64_t n);

/* Put it on a port (of the session's owner; else of worker 0), and run. */
void lab_send(unsigned int port, const struct frame *f);
void send_sub(uint32_t slot, const uint8_t *ip, uint16_t n);
void send_core(const uint8_t *ip, uint16_t n);

/* -- frames (lab_frames.c) -- */
/** RFC 1071, host order, not complemented. */
uint16_t ref_sum(const uint8_t *p, size_t n, uint32_t start);
/** @return 0xffff: the checksum of UDP, TCP or ICMPv6 in the IP packet is right. */
uint16_t ref_l4(const uint8_t *ip);
void put(struct frame *f, const void *p, size_t n);
void put16(struct frame *f, uint16_t v);
void put32(struct frame *f, uint32_t v);
void eth(struct frame *f, unsigned int ifx, uint16_t type);
/** IPv4 packet with a UDP payload of n numbered bytes; checksums right. @return its length. */
uint16_t ip4_udp(uint8_t *p, uint32_t src, uint32_t dst, uint16_t n, uint8_t ttl, uint16_t frag);
uint16_t ip6_udp(uint8_t *p, uint64_t src, uint64_t dst, uint16_t n, uint8_t hops);
uint16_t icmp6(uint8_t *p, const uint8_t src[16], const uint8_t dst[16], uint8_t hops,
	const uint8_t *msg, uint16_t n);
/** TCP SYN with these options (n a multiple of 4). */
uint16_t ip4_syn(
	uint8_t *p, uint32_t src, uint32_t dst, const uint8_t *opt, uint8_t n, uint8_t flags);
uint16_t ip6_syn(
	uint8_t *p, uint64_t src, uint64_t dst, const uint8_t *opt, uint8_t n, uint8_t flags);
void fix_ip4(uint8_t *ip);
/** Ethernet, IPv4 and UDP around an L2TP message. */
void lac_frame(struct frame *f, const uint8_t *l2tp, uint16_t n);
/** The whole: FF 03, protocol, IP in session slot. */
void lac_ip(struct frame *f, uint32_t slot, const uint8_t *ip, uint16_t n);
/** An IP packet on the core port for us to route. */
void core_ip(struct frame *f, const uint8_t *ip, uint16_t n);

/** The frame is a tunnel packet to the LAC for session slot, with right checksums and lengths.
 * @return the IP packet in it. */
const uint8_t *assert_tunnel(const struct frame *f, uint32_t slot, uint16_t *len);
const uint8_t *assert_core(const struct frame *f, uint16_t *len);
/** The next frame of the core port is this IPv4 packet with one hop less, and nothing was dropped. */
void assert_forwarded4(const uint8_t *ip, uint16_t n);

#endif
