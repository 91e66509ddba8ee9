/* SPDX-License-Identifier: BSD-3-Clause */
/* tables.h - the dataplane's tables and two workers' structs without ports or threads: a test is control and both workers.
 * What the packet path would do is recorded by tables.c. */
#ifndef TESTS_UNIT_DATAPLANE_TABLES_H
#define TESTS_UNIT_DATAPLANE_TABLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/control.h"
#include "dataplane/init.h"

#define SESSIONS 64u
#define TUNNEL   1u
#define TID      77

/* frames that l2tp_tx_frame() was given, not yet taken by sent_take() */
struct sent {
	uint32_t slot;
	uint16_t len;
	uint8_t b[512];
};

extern unsigned int advertised; /* calls of nd_advertise() */
extern unsigned int tx_frames, injected;
extern struct sent tx_last; /* the last frame of worker_tx_frame_take(); slot is the interface */

int tables_group(void **state); /* cmocka: EAL */
int tables_setup(
	void **state); /* fresh tables, one IPv4 endpoint 192.0.2.1, tunnel 1 from 192.0.2.2 */
int tables_teardown(void **state); /* fails when a buffer leaked */
bool sent_take(struct sent *s);
/** Both workers pass a quiescent state. */
void workers_quiescent(void);
/** The time of both workers. */
void workers_time(uint64_t now_ns);
/** Next event of control, or type 255. Its buffer is kept until the next call. */
struct dp_event next_event(void);
/** The slot of an address (host order), 0 = none. */
uint32_t find4(uint32_t addr);
uint32_t find6(uint64_t prefix6);
struct cfg_prefix prefix(const char *text);
/** Publish slot with a session id whose owner is worker. @return the id. */
uint16_t publish_on(uint32_t slot, uint32_t generation, unsigned int worker);

#endif
