/* SPDX-License-Identifier: BSD-3-Clause */
/* ledger.h - numbered payloads, and the account of what became of each of them. Pure.
 * A payload says who sent it, who is to get it, in which run, as which number and when; every octet is a function of
 * that, so that a payload that reaches the wrong subscriber, twice, late, from an earlier run or changed is known. */
#ifndef LACSIM_LEDGER_H
#define LACSIM_LEDGER_H

#include "tools/lacsim/hist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_STAMP 48 /* octets: the smallest payload */
#define LEDGER_MAX   1400 /* the largest */

enum ledger_verdict {
	LEDGER_OK,
	LEDGER_DUPLICATE,
	LEDGER_MISDELIVERED, /* of this run, but another subscriber's */
	LEDGER_STALE, /* whole, but of another seed or generation, or never sent: somebody else's */
	LEDGER_CORRUPT,
};

struct ledger {
	uint64_t seed, total;
	uint32_t generation, size, owners;
	uint64_t *seen; /* one bit per number */
	struct ledger_last {
		uint64_t next; /* highest number received + 1 */
		uint32_t owner;
	} * last; /* per sender, of the payloads to the owner that it sent to last */
	uint64_t sent, received, duplicated, misdelivered, stale, corrupted, reordered;
	struct hist rtt; /* nanoseconds */
};

/** @param total payloads that will be sent at most; @param owners subscribers. @return 0 or -ENOMEM. */
int ledger_init(struct ledger *l, uint64_t seed, uint32_t generation, uint32_t size, uint64_t total,
	uint32_t owners);
void ledger_fini(struct ledger *l);
/** Write payload number (0..total - 1, each once) to out: l->size octets. Counts it as sent. */
void ledger_send(struct ledger *l, uint8_t *out, uint64_t number, uint32_t sender, uint32_t owner,
	uint64_t now_ns);
/** Account for a payload that reached subscriber here. */
enum ledger_verdict ledger_receive(
	struct ledger *l, const uint8_t *payload, size_t len, uint32_t here, uint64_t now_ns);
/** A packet that was addressed to somebody else reached a subscriber. */
void ledger_wrong_address(struct ledger *l);
/** Payloads sent that have not reached their owner. */
uint64_t ledger_lost(const struct ledger *l);
/** @return the round-trip time (ns, upper edge of its bucket) that a share of permille of the payloads stayed within. */
uint64_t ledger_rtt(const struct ledger *l, unsigned permille);
/** Nothing lost beyond max_loss, nothing duplicated, misdelivered, stale or corrupted. */
bool ledger_clean(const struct ledger *l, uint64_t max_loss);

#endif
