/* SPDX-License-Identifier: BSD-3-Clause */
/* fsm.c - RFC 1661 s4.1, the state transition table, once and literally.
 * Every automaton (LCP, IPCP, IPv6CP) walks this one table; automaton.c carries the actions out. A
 * review is a comparison with the RFC's own table; fsm_test.c does that comparison cell by cell.
 * The notes r (restart) and p (passive) are options of an implementation: we take neither. */
#include "ppp/fsm.h"

#include "ppp/ppp.h"

/* clang-format off */
#define TLD           FSM_TLD
#define TLS           FSM_TLS
#define IRC           FSM_IRC
#define ZRC           FSM_ZRC
#define SCR           FSM_SCR
#define SCA           FSM_SCA
#define SCN           FSM_SCN
#define STR           FSM_STR
#define STA           FSM_STA
#define SCJ           FSM_SCJ
#define SER           FSM_SER
#define TLU           FSM_TLU
#define TLF           FSM_TLF
#define A(acts, next) {acts, next, FSM_NO_NOTE}
#define N(next)       {0, next, FSM_NO_NOTE}
#define P(acts, next) {acts, next, FSM_NOTE_PASSIVE}
#define R(next)       {0, next, FSM_NOTE_RESTART}
#define X(acts, next) {acts, next, FSM_NOTE_CROSSED}
#define ____          {0, FSM_ILLEGAL, FSM_NO_NOTE}

static const struct fsm_cell table[FSM_EVENTS][FSM_STATES] = {
/*              0 Initial   1 Starting    2 Closed      3 Stopped             4 Closing  5 Stopping
 *              6 Req-Sent      7 Ack-Rcvd      8 Ack-Sent      9 Opened */
[FSM_UP]    = { N(2),       A(IRC|SCR,6), ____,         ____,                 ____,      ____,
                ____,           ____,           ____,           ____ },
[FSM_DOWN]  = { ____,       ____,         N(0),         A(TLS,1),             N(0),      N(1),
                N(1),           N(1),           N(1),           A(TLD,1) },
[FSM_OPEN]  = { A(TLS,1),   N(1),         A(IRC|SCR,6), R(3),                 R(5),      R(5),
                N(6),           N(7),           N(8),           R(9) },
[FSM_CLOSE] = { N(0),       A(TLF,0),     N(2),         N(2),                 N(4),      N(4),
                A(IRC|STR,4),   A(IRC|STR,4),   A(IRC|STR,4),   A(TLD|IRC|STR,4) },
[FSM_TO_P]  = { ____,       ____,         ____,         ____,                 A(STR,4),  A(STR,5),
                A(SCR,6),       A(SCR,6),       A(SCR,8),       ____ },
[FSM_TO_M]  = { ____,       ____,         ____,         ____,                 A(TLF,2),  A(TLF,3),
                P(TLF,3),       P(TLF,3),       P(TLF,3),       ____ },
[FSM_RCR_P] = { ____,       ____,         A(STA,2),     A(IRC|SCR|SCA,8),     N(4),      N(5),
                A(SCA,8),       A(SCA|TLU,9),   A(SCA,8),       A(TLD|SCR|SCA,8) },
[FSM_RCR_M] = { ____,       ____,         A(STA,2),     A(IRC|SCR|SCN,6),     N(4),      N(5),
                A(SCN,6),       A(SCN,7),       A(SCN,6),       A(TLD|SCR|SCN,6) },
[FSM_RCA]   = { ____,       ____,         A(STA,2),     A(STA,3),             N(4),      N(5),
                A(IRC,7),       X(SCR,6),       A(IRC|TLU,9),   X(TLD|SCR,6) },
[FSM_RCN]   = { ____,       ____,         A(STA,2),     A(STA,3),             N(4),      N(5),
                A(IRC|SCR,6),   X(SCR,6),       A(IRC|SCR,8),   X(TLD|SCR,6) },
[FSM_RTR]   = { ____,       ____,         A(STA,2),     A(STA,3),             A(STA,4),  A(STA,5),
                A(STA,6),       A(STA,6),       A(STA,6),       A(TLD|ZRC|STA,5) },
[FSM_RTA]   = { ____,       ____,         N(2),         N(3),                 A(TLF,2),  A(TLF,3),
                N(6),           N(6),           N(8),           A(TLD|SCR,6) },
[FSM_RUC]   = { ____,       ____,         A(SCJ,2),     A(SCJ,3),             A(SCJ,4),  A(SCJ,5),
                A(SCJ,6),       A(SCJ,7),       A(SCJ,8),       A(SCJ,9) },
[FSM_RXJ_P] = { ____,       ____,         N(2),         N(3),                 N(4),      N(5),
                N(6),           N(6),           N(8),           N(9) },
[FSM_RXJ_M] = { ____,       ____,         A(TLF,2),     A(TLF,3),             A(TLF,2),  A(TLF,3),
                A(TLF,3),       A(TLF,3),       A(TLF,3),       A(TLD|IRC|STR,5) },
[FSM_RXR]   = { ____,       ____,         N(2),         N(3),                 N(4),      N(5),
                N(6),           N(7),           N(8),           A(SER,9) },
};
/* clang-format on */

const struct fsm_cell *fsm_cell(enum fsm_event event, uint8_t state)
{
	return &table[event][state];
}

const char *ppp_state_name(uint8_t state)
{
	static const char *const names[FSM_STATES] = {"Initial", "Starting", "Closed", "Stopped",
		"Closing", "Stopping", "Req-Sent", "Ack-Rcvd", "Ack-Sent", "Opened"};

	return state < FSM_STATES ? names[state] : "?";
}
