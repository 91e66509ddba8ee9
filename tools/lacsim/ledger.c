/* SPDX-License-Identifier: BSD-3-Clause */
/* ledger.c - what became of each numbered payload. Pure: time is handed in; memory is taken at ledger_init() only.
 * One bit per number says whether it has arrived, so duplicates and losses are exact, not estimates. */
#include "tools/lacsim/ledger.h"
#include "tools/lacsim/mix.h"
#include "ppp/wire.h"

#include <errno.h>
#include <stdlib.h>

#define MAGIC 0x4c53494dU /* "LSIM" */

struct stamp {
	uint32_t generation, owner, sender;
	uint64_t seed, number, sent_ns;
};

int ledger_init(struct ledger *l, uint64_t seed, uint32_t generation, uint32_t size, uint64_t total,
	uint32_t owners)
{
	*l = (struct ledger){.seed = seed,
		.generation = generation,
		.size = size,
		.total = total,
		.owners = owners};
	l->seen = calloc(total / 64 + 1, sizeof(*l->seen));
	l->last = calloc(owners + 1, sizeof(*l->last));
	if (l->seen && l->last)
		return 0;
	ledger_fini(l);
	return -ENOMEM;
}

void ledger_fini(struct ledger *l)
{
	free(l->seen);
	free(l->last);
	l->seen = NULL;
	l->last = NULL;
}

static uint64_t mark_of(const struct stamp *s)
{
	uint64_t m = mix64(s->seed ^ 0x6c616373696dULL);

	m = mix64(m ^ s->number);
	m = mix64(m ^ ((uint64_t)s->generation << 32 | s->owner));
	m = mix64(m ^ s->sender);
	return mix64(m ^ s->sent_ns);
}

/* The octets after the stamp: a stream of their own for every payload. */
static void pattern(uint8_t *out, size_t n, uint64_t mark)
{
	while (n) {
		uint64_t word = mix_next(&mark);
		size_t take = n < sizeof(word) ? n : sizeof(word);

		memcpy(out, &word, take);
		out += take;
		n -= take;
	}
}

void ledger_send(struct ledger *l, uint8_t *out, uint64_t number, uint32_t sender, uint32_t owner,
	uint64_t now_ns)
{
	const struct stamp s = {.generation = l->generation,
		.owner = owner,
		.sender = sender,
		.seed = l->seed,
		.number = number,
		.sent_ns = now_ns};
	struct wr w = wr_of(out, l->size);
	uint64_t mark = mark_of(&s);

	wr_u32(&w, MAGIC);
	wr_u32(&w, s.generation);
	wr_u64(&w, s.seed);
	wr_u64(&w, s.number);
	wr_u32(&w, s.owner);
	wr_u32(&w, s.sender);
	wr_u64(&w, s.sent_ns);
	wr_u64(&w, mark);
	pattern(w.p, (size_t)(w.end - w.p), mark);
	l->sent++;
}

static bool read_stamp(const struct ledger *l, const uint8_t *payload, size_t len, struct stamp *s)
{
	struct rd r = rd_of(payload, len);
	uint8_t expected[LEDGER_MAX];
	uint32_t magic = rd_u32(&r);
	uint64_t mark;

	s->generation = rd_u32(&r);
	s->seed = rd_u64(&r);
	s->number = rd_u64(&r);
	s->owner = rd_u32(&r);
	s->sender = rd_u32(&r);
	s->sent_ns = rd_u64(&r);
	mark = rd_u64(&r);
	if (r.bad || magic != MAGIC || mark != mark_of(s) || len > LEDGER_MAX)
		return false;
	if (s->seed == l->seed && s->generation == l->generation && len != l->size)
		return false;
	pattern(expected, rd_left(&r), mark);
	return !memcmp(expected, r.p, rd_left(&r));
}

/* Order is kept from one sender to one owner; between two owners there is none to keep. */
static void note_order(struct ledger *l, const struct stamp *s)
{
	struct ledger_last *last = &l->last[s->sender];

	if (last->owner != s->owner)
		*last = (struct ledger_last){.owner = s->owner};
	if (s->number < last->next)
		l->reordered++;
	else
		last->next = s->number + 1;
}

enum ledger_verdict ledger_receive(
	struct ledger *l, const uint8_t *payload, size_t len, uint32_t here, uint64_t now_ns)
{
	struct stamp s;
	uint64_t bit;

	if (!read_stamp(l, payload, len, &s)) {
		l->corrupted++;
		return LEDGER_CORRUPT;
	}
	if (s.seed != l->seed || s.generation != l->generation || s.number >= l->total ||
		s.sender >= l->owners) {
		l->stale++;
		return LEDGER_STALE;
	}
	if (s.owner != here) {
		l->misdelivered++;
		return LEDGER_MISDELIVERED;
	}
	bit = 1ULL << (s.number & 63);
	if (l->seen[s.number >> 6] & bit) {
		l->duplicated++;
		return LEDGER_DUPLICATE;
	}
	l->seen[s.number >> 6] |= bit;
	l->received++;
	note_order(l, &s);
	hist_add(&l->rtt, now_ns - s.sent_ns);
	return LEDGER_OK;
}

void ledger_wrong_address(struct ledger *l)
{
	l->misdelivered++;
}

uint64_t ledger_lost(const struct ledger *l)
{
	return l->sent - l->received;
}

uint64_t ledger_rtt(const struct ledger *l, unsigned permille)
{
	return hist_quantile(&l->rtt, permille * 10);
}

bool ledger_clean(const struct ledger *l, uint64_t max_loss)
{
	return ledger_lost(l) <= max_loss && !l->duplicated && !l->misdelivered && !l->stale &&
		!l->corrupted;
}
