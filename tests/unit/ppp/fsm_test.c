/* SPDX-License-Identifier: BSD-3-Clause */
/* fsm_test.c - the automaton's table against the text of RFC 1661 s4.1, all 16 x 10 cells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ppp/fsm.h"
#include "ppp/ppp.h"

/* Rows as the RFC prints them; states 0 to 9 from left to right. */
static const char *const rfc1661_text[FSM_EVENTS] = {
	[FSM_UP] = "2 irc,scr/6 - - - - - - - -",
	[FSM_DOWN] = "- - 0 tls/1 0 1 1 1 1 tld/1",
	[FSM_OPEN] = "tls/1 1 irc,scr/6 3r 5r 5r 6 7 8 9r",
	[FSM_CLOSE] = "0 tlf/0 2 2 4 4 irc,str/4 irc,str/4 irc,str/4 tld,irc,str/4",
	[FSM_TO_P] = "- - - - str/4 str/5 scr/6 scr/6 scr/8 -",
	[FSM_TO_M] = "- - - - tlf/2 tlf/3 tlf/3p tlf/3p tlf/3p -",
	[FSM_RCR_P] = "- - sta/2 irc,scr,sca/8 4 5 sca/8 sca,tlu/9 sca/8 tld,scr,sca/8",
	[FSM_RCR_M] = "- - sta/2 irc,scr,scn/6 4 5 scn/6 scn/7 scn/6 tld,scr,scn/6",
	[FSM_RCA] = "- - sta/2 sta/3 4 5 irc/7 scr/6x irc,tlu/9 tld,scr/6x",
	[FSM_RCN] = "- - sta/2 sta/3 4 5 irc,scr/6 scr/6x irc,scr/8 tld,scr/6x",
	[FSM_RTR] = "- - sta/2 sta/3 sta/4 sta/5 sta/6 sta/6 sta/6 tld,zrc,sta/5",
	[FSM_RTA] = "- - 2 3 tlf/2 tlf/3 6 6 8 tld,scr/6",
	[FSM_RUC] = "- - scj/2 scj/3 scj/4 scj/5 scj/6 scj/7 scj/8 scj/9",
	[FSM_RXJ_P] = "- - 2 3 4 5 6 6 8 9",
	[FSM_RXJ_M] = "- - tlf/2 tlf/3 tlf/2 tlf/3 tlf/3 tlf/3 tlf/3 tld,irc,str/5",
	[FSM_RXR] = "- - 2 3 4 5 6 7 8 ser/9",
};

static void render(const struct fsm_cell *cell, char *text, size_t size)
{
	static const char *const acts[] = {"tld", "tls", "irc", "zrc", "scr", "sca", "scn", "str",
		"sta", "scj", "ser", "tlu", "tlf"};
	size_t n = 0;

	if (cell->next == FSM_ILLEGAL) {
		snprintf(text, size, "-");
		return;
	}
	for (unsigned int i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (cell->acts & 1u << i)
			n += (size_t)snprintf(text + n, size - n, "%s%s", n ? "," : "", acts[i]);
	n += (size_t)snprintf(text + n, size - n, "%s%d", n ? "/" : "", cell->next);
	if (cell->note)
		snprintf(text + n, size - n, "%c", cell->note);
}

static void every_cell_equals_the_text_of_rfc_1661(void **state)
{
	(void)state;
	for (int event = 0; event < FSM_EVENTS; event++) {
		char row[256] = "";
		size_t n = 0;

		for (uint8_t st = 0; st < FSM_STATES; st++) {
			char cell[32];

			render(fsm_cell((enum fsm_event)event, st), cell, sizeof(cell));
			n += (size_t)snprintf(
				row + n, sizeof(row) - n, "%s%s", st ? " " : "", cell);
		}
		assert_string_equal(row, rfc1661_text[event]);
	}
}

static void states_have_the_names_of_the_rfc(void **state)
{
	(void)state;
	assert_string_equal(ppp_state_name(0), "Initial");
	assert_string_equal(ppp_state_name(9), "Opened");
	assert_string_equal(ppp_state_name(10), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_equals_the_text_of_rfc_1661),
		cmocka_unit_test(states_have_the_names_of_the_rfc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
