/* SPDX-License-Identifier: BSD-3-Clause */
/* lab.h - one session on a bench: a fake clock, fixed randomness, a peer that the test scripts byte
 * by byte, and a complete peer for whole dialogues. Every frame goes in from an exact-size heap
 * copy, so that a sanitizer sees one octet too many; every call's actions are checked against the
 * bounds of ppp.h. */
#ifndef TESTS_PPP_LAB_H
#define TESTS_PPP_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ppp/session.h"

enum { LAB_FRAMES = 64, LAB_FRAME = 2048 };

struct lab_frame {
	uint16_t proto,
		len; /* len: of data, as the packet's own length field says, less the header */
	uint8_t code, id;
	uint8_t data[LAB_FRAME];
};

struct lab {
	struct ppp_session s;
	struct ppp_profile p;
	uint64_t now_ns;
	uint8_t rnd[32];
	struct ppp_out out;
	/* what the last call sent, and what it said */
	struct lab_frame sent[LAB_FRAMES];
	unsigned int n_sent;
	unsigned int asked, downs, links, traces, ups, ncp_downs; /* since lab_new() */
	struct ppp_action last_ask, last_link, last_up;
	uint8_t ask_bytes[PPP_OUT_BYTES];
	uint8_t cause;
};

void lab_new(struct lab *lab);
void lab_open(struct lab *lab);
void lab_raw(struct lab *lab, const void *frame, size_t len);
void lab_in(
	struct lab *lab, uint16_t proto, uint8_t code, uint8_t id, const void *data, size_t len);
/* Advance the clock and tick at each deadline on the way. n_sent then counts the frames of all
 * those ticks. */
void lab_wait_ms(struct lab *lab, uint64_t ms);
void lab_verdict(struct lab *lab, bool accept);
struct ppp_verdict lab_a_verdict(const struct lab *lab);
void lab_give(struct lab *lab, const struct ppp_verdict *v);
void lab_close(struct lab *lab, enum ppp_cause cause);
void lab_lower_down(struct lab *lab);
void lab_check(const struct lab *lab);

/* The last call sent just this one frame. */
const struct lab_frame *lab_only(const struct lab *lab, uint16_t proto, uint8_t code);
/* The first frame of this kind that the last call sent, or NULL. */
const struct lab_frame *lab_find(const struct lab *lab, uint16_t proto, uint8_t code);

/* From Dead to the named place by a well-behaved peer. */
void lab_lcp_opened(struct lab *lab);
void lab_authenticated(struct lab *lab);
void lab_network(struct lab *lab);

#define LAB_IN(lab, proto, code, id, ...)                                                          \
	lab_in(lab, proto, code, id, (const uint8_t[]){__VA_ARGS__},                               \
		sizeof((const uint8_t[]){__VA_ARGS__}))
#define LAB_EMPTY(lab, proto, code, id) lab_in(lab, proto, code, id, "", 0)
#define LAB_HOLDS(frame, ...)                                                                      \
	do {                                                                                       \
		const uint8_t lab_want[] = {__VA_ARGS__};                                          \
		assert_int_equal((frame)->len, sizeof(lab_want));                                  \
		assert_memory_equal((frame)->data, lab_want, sizeof(lab_want));                    \
	} while (0)

int lab_setup(void **state);
int lab_teardown(void **state);
#define LAB_TEST(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)

#endif
