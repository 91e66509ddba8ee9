/* SPDX-License-Identifier: BSD-3-Clause */
/* lacs.h - lacsim-dpdk as a part of a program: LACs, subscribers and the host behind the LNS, whose sessions exist already.
 * A header without DPDK's or lnsd's types, for lacsim and the dataplane have names in common. Thread: the main one. */
#ifndef TESTS_BENCH_RING_LACS_H
#define TESTS_BENCH_RING_LACS_H

#include <stdbool.h>
#include <stdint.h>

struct lacs_session {
	uint16_t tid, sid; /* the LNS's */
	uint32_t ip; /* host order */
};

struct lacs_world {
	const char *access, *core; /* names of ethdevs that exist */
	uint8_t access_mac[6], core_mac[6]; /* of the LNS's ports */
	uint32_t sessions, per_tunnel; /* our tunnel ids count from 1, and in each the session ids from 1 */
	struct lacs_session (*session)(uint32_t number);
	bool (*own_line)(const char *text); /* lines that are not phases */
};

/** @return 0, or -1 after a line on stderr. lacs_end() in both cases. */
int lacs_start(const struct lacs_world *w);
void lacs_end(void);
/** Run these lines, or without any those of standard input until its end or SIGTERM. Each is answered by a line of JSON.
 * @return whether all went well. */
bool lacs_run(char **line, int n);
/** Answer a line of one's own. */
void lacs_answer(const char *what, bool ok, double value);

#endif
