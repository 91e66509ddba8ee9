/* SPDX-License-Identifier: BSD-3-Clause */
/* packets.h - what a row of the benchmark measures: which worker function, which packets, which sessions; and whether the
 * frames that came out are right. */
#ifndef TESTS_BENCH_PACKETS_H
#define TESTS_BENCH_PACKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/bed.h"

enum row_kind { ROW_MACSWAP, ROW_FIB, ROW_FLOOR_UP, ROW_FLOOR_DOWN, ROW_UP, ROW_DOWN, ROW_MIXED };
enum row_pick { PICK_UNIFORM, PICK_ZIPF, PICK_HOT };
enum row_proto { PROTO_UDP, PROTO_TCP, PROTO_SYN };

struct row {
	char text[96];
	enum row_kind kind;
	enum row_pick pick;
	enum row_proto proto;
	uint16_t frame;      /* bytes of the L2TP side's frame; 0 = IMIX */
	uint16_t burst;
	bool v6;             /* inside */
	bool acfc, pfc, length, sequence;
	bool no_source_check; /* and a foreign source in every packet */
	bool spoofed, unknown; /* every packet is to be dropped */
	bool no_clamp;
	bool policed; /* each session has a rate, which is not reached */
	bool over; /* each session is above its rate: every packet is to be dropped */
	bool checksum, offload; /* outer UDP checksum of what is sent: computed, left to the port */
	bool freed;          /* transmit frees the packets */
};

/** KIND[,OPTION...]: macswap A floor-up floor-down up down mixed; frame=98|1400|imix burst=8 v6 acfc pfc l s nosrc spoofed
 * unknown policed over tcp syn noclamp csum offload free zipf hot. @return 0, or -1 after a line on stderr. */
int row_parse(struct row *r, const char *text);
/** Whether every packet of the row ends in a drop, and by which reason. */
bool row_drops(const struct row *r);
/** Make sessions, tunnels and ports what the row needs. */
void row_apply(const struct row *r);
/** Write a fresh packet into every buffer of the ring, each of a session of its own choice, and set the feeds. */
void packets_refill(const struct row *r);
/** Compare every frame with what it must be by RFC 2661, RFC 1661 and RFC 791. Call after a run; says on stderr what is
 * wrong with the first that is. @return how many are wrong. */
unsigned int packets_verify(const struct row *r);
/** Build what picks sessions (Zipf); call once after bed_start(). */
void packets_init(bool zipf);

#endif
