/* SPDX-License-Identifier: BSD-3-Clause */
/* blast.c - traffic at line rate. Written by the cycle: for each packet one line of a target (prefetched a burst ahead),
 * five stores of header, a few of what differs, a stamp. The way back is blast_rx.c.
 * The payload after the stamp lies in the buffers of the sending pools from the start and is never rewritten; one packet
 * of 32 is compared with it. Rates: a budget that grows with time; what the port refused goes first, so nothing is lost here. */
#include "tools/lacsim/blast.h"
#include "tools/lacsim/bytes.h"
#include "tools/lacsim/stamp.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_byteorder.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_prefetch.h>

#define POOL       4095
#define POOL_CACHE 512
#define ROOM       (1664 + RTE_PKTMBUF_HEADROOM)

static const uint16_t imix[BLAST_MIX] = {
	116, 622, 116, 116, 622, 116, 1500, 116, 622, 116, 622, 116};

/* Sums are of words as they lie in memory: a one's complement sum does not mind the order of octets. */
static inline uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static uint32_t words(const uint8_t *p, unsigned int n)
{
	uint32_t sum = 0;

	for (; n; p += 2, n -= 2)
		sum += load16(p);
	return sum;
}

static void write_pattern(struct rte_mempool *pool, void *head, void *object, unsigned int i)
{
	struct rte_mbuf *m = object;
	const struct {
		const uint8_t *pattern;
		size_t head;
	} *arg = head;

	(void)pool;
	(void)i;
	memcpy((uint8_t *)m->buf_addr + RTE_PKTMBUF_HEADROOM + arg->head, arg->pattern,
		BLAST_INNER_MAX - 28);
}

static struct rte_mempool *pool_with_pattern(const char *name, const uint8_t *pattern, size_t head)
{
	struct {
		const uint8_t *pattern;
		size_t head;
	} arg = {pattern, head};
	struct rte_mempool *pool =
		rte_pktmbuf_pool_create(name, POOL, POOL_CACHE, 0, ROOM, SOCKET_ID_ANY);

	if (pool)
		rte_mempool_obj_iter(pool, write_pattern, &arg);
	return pool;
}

int blast_init(struct blast *b, uint32_t sessions, uint32_t tunnels, uint64_t seed, bool core)
{
	b->seed = seed;
	b->max_targets = sessions;
	b->target = rte_malloc("targets", (size_t)(sessions + 1) * sizeof(*b->target), 64);
	b->source = calloc(tunnels, sizeof(*b->source));
	b->first_of_tid = malloc(65536 * sizeof(*b->first_of_tid));
	b->pattern = malloc(BLAST_INNER_MAX);
	if (!b->target || !b->source || !b->first_of_tid || !b->pattern)
		return -ENOMEM;
	for (unsigned int i = 0; i < BLAST_INNER_MAX; i++)
		b->pattern[i] = (uint8_t)(i * 167 + 13);
	memset(b->first_of_tid, 0xff, 65536 * sizeof(*b->first_of_tid));
	b->up_pool = pool_with_pattern("up", b->pattern, BLAST_UP);
	b->down_pool = core ? pool_with_pattern("down", b->pattern, BLAST_DOWN) : NULL;
	return b->up_pool && (b->down_pool || !core) ? 0 : -ENOMEM;
}

void blast_fini(struct blast *b)
{
	blast_end(b);
	rte_free(b->target);
	free(b->source);
	free(b->first_of_tid);
	free(b->pattern);
}

/* IP and UDP header of the packet inside; addresses in the order of the wire. */
static void inner_head(uint8_t *ip, uint16_t total, uint32_t src, uint32_t dst)
{
	static const uint8_t start[] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0};

	memcpy(ip, start, sizeof(start));
	store16(ip + 2, rte_cpu_to_be_16(total));
	store32(ip + 12, src);
	store32(ip + 16, dst);
	store16(ip + 20, rte_cpu_to_be_16(BLAST_PORT));
	store16(ip + 22, rte_cpu_to_be_16(BLAST_PORT));
	store16(ip + 24, rte_cpu_to_be_16((uint16_t)(total - 20)));
	store16(ip + 26, 0);
}

static void ether_head(uint8_t *p, const struct ether_side *s)
{
	memcpy(p, s->next_mac, 6);
	memcpy(p + 6, s->mac, 6);
	store16(p + 12, rte_cpu_to_be_16(0x0800));
}

static void up_frame(struct blast_frame *f, const struct ether_side *s, uint16_t size, uint32_t lns,
	uint16_t lns_port, uint32_t core_ip)
{
	static const uint8_t ip[] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17, 0, 0};
	static const uint8_t ppp[] = {0xff, 0x03, 0x00, 0x21};
	uint8_t *p = f->head;

	memset(p, 0, sizeof(f->head));
	ether_head(p, s);
	memcpy(p + 14, ip, sizeof(ip));
	store16(p + 16, rte_cpu_to_be_16((uint16_t)(size - 14)));
	store32(p + 30, rte_cpu_to_be_32(lns));
	store16(p + 36, rte_cpu_to_be_16(lns_port));
	store16(p + 38, rte_cpu_to_be_16((uint16_t)(size - 34)));
	p[43] = 2;
	memcpy(p + 48, ppp, sizeof(ppp));
	inner_head(p + BLAST_INNER, (uint16_t)(size - BLAST_INNER), 0, core_ip);
	f->outer_sum = words(p + 14, 20);
	f->inner_sum = words(p + BLAST_INNER, 20);
	f->len = size;
}

static void down_frame(
	struct blast_frame *f, const struct ether_side *s, uint16_t size, uint32_t core_ip)
{
	memset(f->head, 0, sizeof(f->head));
	ether_head(f->head, s);
	inner_head(f->head + 14, (uint16_t)(size - BLAST_INNER), core_ip, 0);
	f->inner_sum = words(f->head + 14, 20);
	f->len = (uint16_t)(size - BLAST_INNER + 14);
}

static inline void choose(const struct blast *b, struct blast_lane *l)
{
	for (unsigned int i = 0; i < BLAST_BURST; i++) {
		l->next[i] = pick_next(&l->pick);
		rte_prefetch0(&b->target[l->next[i]]);
	}
}

static int lane_start(struct blast *b, struct blast_lane *l, enum phase_dir kind,
	const struct phase *p, struct port *port, uint32_t lns, uint16_t lns_port)
{
	*l = (struct blast_lane){
		.kind = kind,
		.port = port,
		.pool = kind == DIR_DOWN ? b->down_pool : b->up_pool,
		.per_tick = p->mpps * 1e6 / (double)rte_get_tsc_hz(),
		.frames = p->size == PHASE_SIZE_IMIX ? BLAST_MIX : 1,
	};
	for (unsigned int i = 0; i < l->frames; i++) {
		uint16_t size = p->size == PHASE_SIZE_IMIX ? imix[i] : p->size;

		if (kind == DIR_DOWN)
			down_frame(&l->frame[i], &port->side, size, b->core_ip);
		else
			up_frame(&l->frame[i], &port->side, size, lns, lns_port, b->core_ip);
	}
	if (pick_init(&l->pick, p->pick, b->n_targets, p->hot, b->seed + b->round * 2u + kind))
		return -ENOMEM;
	choose(b, l);
	return 0;
}

int blast_start(struct blast *b, const struct phase *p, struct port *access, struct port *core,
	uint32_t lns, uint16_t lns_port)
{
	unsigned int n = 0;
	int rc = 0;

	b->round++;
	memset(b->count, 0, sizeof(b->count));
	if (p->dir & DIR_UP || p->dir == DIR_LOOP)
		rc = lane_start(b, &b->lane[n++], p->dir == DIR_LOOP ? DIR_LOOP : DIR_UP, p, access,
			lns, lns_port);
	if (!rc && p->dir & DIR_DOWN)
		rc = lane_start(b, &b->lane[n++], DIR_DOWN, p, core, lns, lns_port);
	b->sending = !rc;
	b->started = b->stopped = b->last_in = rte_rdtsc();
	if (rc)
		blast_end(b);
	return rc;
}

static inline void build_up(const struct blast *b, const struct blast_frame *f,
	const struct blast_target *t, uint8_t *p, struct stamp *s)
{
	const struct blast_source *from = &b->source[t->tunnel];
	uint64_t addresses = t->addr | (uint64_t)b->core_ip << 32;

	memcpy(p, f->head, BLAST_UP);
	store16(p + 24, fold(f->outer_sum + from->part));
	store32(p + 26, from->ip);
	store16(p + 34, from->port);
	store16(p + 44, t->tid);
	store16(p + 46, t->sid);
	store16(p + 62, fold(f->inner_sum + (t->addr & 0xffff) + (t->addr >> 16)));
	store32(p + 64, t->addr);
	s->owner = t->number;
	stamp_write(p + BLAST_UP, s, b->seed, addresses);
}

static inline void build_down(const struct blast *b, const struct blast_frame *f,
	const struct blast_target *t, uint8_t *p, struct stamp *s)
{
	uint64_t addresses = b->core_ip | (uint64_t)t->addr << 32;

	memcpy(p, f->head, 48);
	store16(p + 24, fold(f->inner_sum + (t->addr & 0xffff) + (t->addr >> 16)));
	store32(p + 30, t->addr);
	s->owner = t->number;
	stamp_write(p + BLAST_DOWN, s, b->seed, addresses);
}

/* Buffers come as they were freed (rte_mbuf_raw_alloc()): one segment, no reference but ours. */
static inline uint8_t *frame_of(struct rte_mbuf *m, uint16_t len)
{
	m->data_off = RTE_PKTMBUF_HEADROOM;
	m->ol_flags = 0;
	m->data_len = len;
	m->pkt_len = len;
	return (uint8_t *)m->buf_addr + RTE_PKTMBUF_HEADROOM;
}

/* One loop for each kind: what is the same for all packets of it stays out of the loop. */
static inline void build_all(struct blast *b, struct blast_lane *l, struct rte_mbuf **m,
	unsigned int n, struct stamp *s, bool up, bool mixed)
{
	const struct blast_frame *f = &l->frame[0];

	for (unsigned int i = 0; i < n; i++, s->sequence++) {
		const struct blast_target *t = &b->target[l->next[i]];

		if (mixed) {
			l->at = l->at + 1 < l->frames ? l->at + 1 : 0;
			f = &l->frame[l->at];
		}
		if (up)
			build_up(b, f, t, frame_of(m[i], f->len), s);
		else
			build_down(b, f, t, frame_of(m[i], f->len), s);
	}
}

static void build(
	struct blast *b, struct blast_lane *l, struct rte_mbuf **m, unsigned int n, uint64_t tsc)
{
	struct stamp s = {.time = (uint32_t)(tsc >> 2),
		.sequence = l->sequence,
		.round = b->round,
		.kind = (uint8_t)l->kind};
	bool up = l->kind != DIR_DOWN;

	if (l->frames > 1)
		build_all(b, l, m, n, &s, up, true);
	else if (up)
		build_all(b, l, m, n, &s, true, false);
	else
		build_all(b, l, m, n, &s, false, false);
	l->sequence = s.sequence;
}

uint64_t blast_planned(const struct blast *b, const struct blast_lane *l, uint64_t tsc)
{
	return (uint64_t)((double)(tsc - b->started) * l->per_tick);
}

/* How many packets are due, at most a burst. */
static unsigned int due(const struct blast *b, const struct blast_lane *l, uint64_t tsc)
{
	uint64_t planned;

	if (l->per_tick == 0)
		return BLAST_BURST;
	planned = blast_planned(b, l, tsc);
	if (planned <= l->built)
		return 0;
	return planned - l->built < BLAST_BURST ? (unsigned int)(planned - l->built) : BLAST_BURST;
}

static unsigned int put(struct blast *b, struct blast_lane *l, struct rte_mbuf **m, unsigned int n)
{
	struct port *p = l->port;
	unsigned int done = rte_eth_tx_burst(p->id, p->tx_queue, m, (uint16_t)n);

	p->tx_queue = p->tx_queue + 1 < p->queues ? p->tx_queue + 1 : 0;
	b->count[l->kind].sent += done;
	if (done < n)
		memmove(l->pending, m + done, (n - done) * sizeof(struct rte_mbuf *));
	l->n_pending = n - done;
	return done;
}

static unsigned int lane_output(struct blast *b, struct blast_lane *l, uint64_t tsc)
{
	struct rte_mbuf *m[BLAST_BURST];
	unsigned int n, done = 0;

	if (l->n_pending) {
		done = put(b, l, l->pending, l->n_pending);
		if (l->n_pending)
			return done;
	}
	n = b->sending ? due(b, l, tsc) : 0;
	if (!n || rte_mempool_get_bulk(l->pool, (void **)m, n))
		return done;
	build(b, l, m, n, tsc);
	l->built += n;
	choose(b, l);
	return done + put(b, l, m, n);
}

unsigned int blast_output(struct blast *b, uint64_t tsc)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < 2 && b->lane[i].kind != DIR_NONE; i++)
		n += lane_output(b, &b->lane[i], tsc);
	return n;
}

void blast_stop(struct blast *b)
{
	b->sending = false;
	b->stopped = b->last_in = rte_rdtsc();
}

bool blast_settled(const struct blast *b, uint64_t tsc)
{
	uint64_t sent = 0, received = 0;

	for (unsigned int i = 0; i < 2; i++)
		if (b->lane[i].n_pending && tsc - b->stopped < 10 * b->patience)
			return false;
	for (unsigned int k = 0; k <= DIR_LOOP; k++) {
		sent += b->count[k].sent;
		received += b->count[k].received + b->count[k].corrupted + b->count[k].misdelivered;
	}
	return received >= sent || tsc - b->last_in > b->patience ||
		tsc - b->stopped > 10 * b->patience;
}

void blast_end(struct blast *b)
{
	for (unsigned int i = 0; i < 2; i++) {
		rte_pktmbuf_free_bulk(b->lane[i].pending, b->lane[i].n_pending);
		pick_fini(&b->lane[i].pick);
		b->lane[i] = (struct blast_lane){0};
	}
	b->sending = false;
}
