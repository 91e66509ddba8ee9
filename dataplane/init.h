/* SPDX-License-Identifier: BSD-3-Clause */
/* init.h - start and end of the dataplane; its parts, for init.c and tests. Thread: control. */
#ifndef DATAPLANE_INIT_H
#define DATAPLANE_INIT_H

#include "dataplane/records.h"
#include "dataplane/store.h"
#include "dataplane/worker.h"

/* With several workers a device puts a frame where its byte 24 begins a cache line, for one at the beginning of a line.
 * So one line has all that the session's owner reads and writes of a packet from a subscriber, from the outer source address
 * (26) to the flags of the TCP header inside (85), and packets that are handed over bring it one line instead of two. What is
 * put before a packet to a subscriber (from -38 on) lies in lines that the device wrote. */
#define PACKET_SKEW 40u /* private area of an mbuf; unused */

/** Say on stderr why the dataplane cannot start, and what to do about it. @return -1. */
int init_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** EAL from the configuration: lcore 0 is control, lcore 1 + i is worker i. @return 0 or -1 (reported). */
int eal_start(const struct cfg *c);
/** CPU of worker i by the configuration. */
int worker_cpu(const struct cfg *c, unsigned int i);
/** Ethdevs and interfaces of the configured ports, queues shared out to the workers. @return 0 or -1 (reported). */
int ports_init(const struct cfg *c);
/** @return 0 or -1 (reported). */
int ports_start(void);
void ports_fini(void);
/** Is this a PCI device's devargs? */
bool port_is_pci(const char *dev);
/** All tables, records and workers, for n workers (no ports, no lcores). @return 0 or -1 (reported). */
int tables_init(const struct cfg *c, size_t subscriber_size, struct dp_store_view *view);
void tables_fini(void);
uint64_t store_bytes(void);

#endif
