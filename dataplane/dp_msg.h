/* SPDX-License-Identifier: BSD-3-Clause */
/* dp_msg.h - the contract between control core and workers: one fixed-size struct sent by value on rings.
 * Commands (control -> worker) are applied between bursts in order; events and punts go the other way. What varies in
 * length travels as an mbuf beside the header (`m`; the receiver owns it). Anything that names a slot carries its
 * generation; a message whose generation does not match is dropped. */
#ifndef DATAPLANE_DP_MSG_H
#define DATAPLANE_DP_MSG_H

#include <assert.h>
#include <stdint.h>

#include "ppp/ppp.h"

struct rte_mbuf;

enum dp_msg_type {
	/* control -> owner worker */
	MSG_SESSION_START = 1,  /* begin LCP; profile in the record */
	MSG_SESSION_VERDICT,    /* verdict: answer to ASK_AAA. Its prefix6, ip4 and flags are put into the hot line by the owner */
	MSG_SESSION_CLOSE,      /* cause: Terminate in order */
	MSG_SESSION_REMOVE,     /* keys are unpublished: stop timers, forget it, answer EVT_REMOVED */
	/* control -> any worker */
	MSG_TX_FRAME,           /* m: whole Ethernet frame, ifx */
	MSG_INJECT_IP,          /* m: IP packet for a subscriber */
	MSG_STOP,               /* leave worker_main */
	/* worker -> control */
	EVT_ASK_AAA = 64,       /* act.aaa, m: the credentials */
	EVT_NCP_UP,
	EVT_NCP_DOWN,
	EVT_SESSION_DOWN,       /* cause */
	EVT_REMOVED,
	EVT_TRACE,
	PUNT_L2TP = 128,        /* m: data starts at the UDP payload; outer headers still in the headroom at l3_off; ifx; slot: the
				 * established tunnel whose peer sent it, 0 = none */
	PUNT_LINUX,             /* m: whole frame (VLAN tag removed), ifx */
	PUNT_LNS0,              /* m: IP packet */
};

/* dp_msg.flags */
#define MSG_F_SEQUENCING 1 /* SESSION_START: data carries Ns/Nr */

struct dp_msg {
	uint8_t type;   /* enum dp_msg_type */
	uint8_t worker;
	uint8_t ifx;
	uint8_t cause;  /* enum ppp_cause */
	uint32_t slot, generation;
	uint16_t l3_off; /* PUNT_L2TP: bytes before data where the outer IP header starts */
	uint16_t flags;
	struct rte_mbuf *m;
	union {
		struct {
			uint32_t our_ip4;  /* host order: source of ICMP errors */
			uint32_t routes;   /* number of framed routes */
			uint64_t prefix6;
			uint16_t rates;    /* index in dp_t.rates, 0 = none */
		} session;
		struct ppp_action act;
		uint8_t room[56];
	};
	struct {
		uint16_t request;
		uint8_t accept, pad;
		uint32_t our_ip4, peer_ip4, dns[2], nbns[2];
		uint64_t our_ifid, peer_ifid;
	} verdict; /* the text of ppp_verdict travels in m, or "" */
};
static_assert(sizeof(struct dp_msg) == 128 && sizeof(struct dp_msg) % 16 == 0, "ring elements are copied by 16 bytes");

#endif
