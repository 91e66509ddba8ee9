/* SPDX-License-Identifier: BSD-3-Clause */
/* fsm.h - the option negotiation automaton of RFC 1661 s4.1 as data. See fsm.c. */
#ifndef PPP_FSM_H
#define PPP_FSM_H

#include <stdint.h>

/* RFC 1661 s4.2, numbered as there. */
enum fsm_state {
	FSM_INITIAL,
	FSM_STARTING,
	FSM_CLOSED,
	FSM_STOPPED,
	FSM_CLOSING,
	FSM_STOPPING,
	FSM_REQ_SENT,
	FSM_ACK_RCVD,
	FSM_ACK_SENT,
	FSM_OPENED,
	FSM_STATES,
	FSM_ILLEGAL = 255, /* the dash in the RFC's table */
};

/* RFC 1661 s4.3, in the order of the table. */
enum fsm_event {
	FSM_UP,
	FSM_DOWN,
	FSM_OPEN,
	FSM_CLOSE,
	FSM_TO_P,
	FSM_TO_M,
	FSM_RCR_P,
	FSM_RCR_M,
	FSM_RCA,
	FSM_RCN,
	FSM_RTR,
	FSM_RTA,
	FSM_RUC,
	FSM_RXJ_P,
	FSM_RXJ_M,
	FSM_RXR,
	FSM_EVENTS,
};

/* RFC 1661 s4.4. The order of the bits is the order of execution. */
enum fsm_act {
	FSM_TLD = 1 << 0,
	FSM_TLS = 1 << 1,
	FSM_IRC = 1 << 2,
	FSM_ZRC = 1 << 3,
	FSM_SCR = 1 << 4,
	FSM_SCA = 1 << 5,
	FSM_SCN = 1 << 6,
	FSM_STR = 1 << 7,
	FSM_STA = 1 << 8,
	FSM_SCJ = 1 << 9,
	FSM_SER = 1 << 10,
	FSM_TLU = 1 << 11,
	FSM_TLF = 1 << 12,
	FSM_ACT_END = 1 << 13,
};

/* The RFC's footnotes: options the automaton may take, or a hint at what happened. */
enum fsm_note {
	FSM_NO_NOTE,
	FSM_NOTE_PASSIVE = 'p',
	FSM_NOTE_RESTART = 'r',
	FSM_NOTE_CROSSED = 'x',
};

struct fsm_cell {
	uint16_t acts; /* of enum fsm_act */
	uint8_t next; /* enum fsm_state, or FSM_ILLEGAL */
	uint8_t note; /* enum fsm_note */
};

/** The cell for an event in a state. Both must be in range: they are ours, never the peer's. */
const struct fsm_cell *fsm_cell(enum fsm_event event, uint8_t state);

#endif
