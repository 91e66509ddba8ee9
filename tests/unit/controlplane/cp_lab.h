/* SPDX-License-Identifier: BSD-3-Clause */
/* cp_lab.h - the control core between a scripted LAC and a fake dataplane.
 * Real: cp*.c, l2tp/, pools, local users, config. Fake: the dataplane, which keeps a diary of what control asked for, and
 * Linux and the API (no_sides.c). */
#ifndef TESTS_CP_LAB_H
#define TESTS_CP_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "controlplane/cp_priv.h"

#define MAX_SESSIONS  8
#define MANY_SESSIONS 128 /* more than fit the actions of one call into l2tp/ */
#define MAX_TUNNELS   4

/* -- the fake dataplane -- */

enum asked { PUBLISH, SEND, START, VERDICT, CLOSE, REMOVE, TUNNEL_SET, TUNNEL_CLEAR, TUNNEL_UP };

struct note {
	enum asked what;
	uint32_t slot, generation;
	uint16_t msg; /* SEND: message type, 0 = ZLB */
};

struct fake_dp {
	struct note note[512];
	unsigned n;
	uint8_t sent[2048]; /* the last datagram that was not a ZLB */
	size_t sent_len;
	uint16_t next_ns; /* of the LNS, as long as there is one tunnel and nothing is sent again */
	unsigned out_of_order, given_up;
	struct dp_session_desc desc;
	struct dp_verdict verdict;
	int verdict_rc, publish_rc, send_rc;
	uint16_t next_sid, only_sid;
	unsigned choices, pick_n;
	/* the last dp_rates_set() that limits anything */
	uint64_t rates_up, rates_down;
	uint32_t rates_burst_ms;
	uint16_t rates_index; /* addresses that it wants to choose from, was offered */
	uint32_t pick_slot;
	bool lagging;
	unsigned asked_for_events;
	struct dp_event event; /* what it tells at the next turn, if */
	bool event_waits;
	uint64_t clock_ns, turn_takes_ns; /* where a test sets the time; by how much a turn moves it */
	enum ppp_cause close_cause;
};
extern struct fake_dp dp;

/** Where in the diary it first says so, or -1; how often it does. msg counts with SEND only. */
int first(enum asked what, uint16_t msg);
unsigned times(enum asked what, uint16_t msg);

/* -- one control core, one scripted LAC -- */

struct lab {
	struct cfg *cfg;
	struct dp_store_view store;
	struct cp *cp;
	struct l2tp_peer peer;
	uint16_t ns, nr, tid; /* LAC's next Ns, Nr, and the LNS's tunnel id */
};

int lab_open(void **state);
int lab_with_room(void **state); /* for MANY_SESSIONS */
int lab_close(void **state);
#define STORY(f) cmocka_unit_test_setup_teardown(f, lab_open, lab_close)

/** The LAC sends a message with these AVPs after its Message Type. */
void say(struct lab *lab, uint16_t sid, uint16_t type, const uint8_t *avps, size_t len);
/** A 16-bit AVP of the last message that the LNS sent. */
uint16_t sent_avp16(uint16_t type);
void sccrq(struct lab *lab, const char *host, uint16_t peer_tid);
void tunnel_comes_up(struct lab *lab, const char *host, uint16_t peer_tid);
void icrq(struct lab *lab, uint16_t peer_sid);
void iccn(struct lab *lab, uint16_t sid);
/** @return the slot. */
uint32_t call_comes_up(struct lab *lab, uint16_t peer_sid);
/** The worker asks whether PAP's words are right; tells of an event. */
void pap(struct lab *lab, uint32_t slot, const char *user, const char *password);
void event(struct lab *lab, enum dp_ev type, uint32_t slot, enum ppp_cause cause);

#endif
