/* SPDX-License-Identifier: BSD-3-Clause */
/* cp.c - the L2TP control plane's doors: memory, which tunnel a datagram belongs to (RFC 2661 s3.1, s8.1), the tick.
 * The header's tunnel id is ours and alone leads to the tunnel; address and port must then be those of its SCCRQ and are
 * never learned anew. Tunnel id 0 is for SCCRQ, and for a StopCCN of a peer that never learned our id: those are found by
 * {address, port, vrf, the peer's own tunnel id}. What leads nowhere is counted and leaves no trace.
 * Thread: control. Not here: what happens in a tunnel (tunnel.c). Pure. */
#include "controlplane/l2tp/cp.h"

#include "controlplane/l2tp/avp.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define TIDS 65536

/* Where the tables lie in the memory that l2tp_init() is given. */
struct layout {
	size_t nodes, chunks, peer_keys, peer_slots, sid_keys, sid_slots, psid_keys, psid_slots,
		by_tid, free_tid, blocks, holders, end;
};

static size_t place(size_t *at, size_t size)
{
	size_t here = *at;

	*at += (size + 63) & ~(size_t)63;
	return here;
}

static struct layout lay_out(const struct l2tp_limits *lim)
{
	size_t peers = l2tp_index_places(lim->tunnels), calls = l2tp_index_places(lim->calls);
	struct layout l;
	size_t at = 0;

	place(&at, sizeof(struct l2tp_cp));
	l.nodes = place(&at, ((size_t)lim->tunnels + lim->calls + 1) * sizeof(struct wheel_node));
	l.chunks = place(&at, ((size_t)lim->chunks + 1) * sizeof(struct l2tp_chunk));
	l.peer_keys = place(&at, peers * sizeof(uint64_t));
	l.peer_slots = place(&at, peers * sizeof(uint32_t));
	l.sid_keys = place(&at, calls * sizeof(uint64_t));
	l.sid_slots = place(&at, calls * sizeof(uint32_t));
	l.psid_keys = place(&at, calls * sizeof(uint64_t));
	l.psid_slots = place(&at, calls * sizeof(uint32_t));
	l.by_tid = place(&at, TIDS * sizeof(uint32_t));
	l.free_tid = place(&at, TIDS * sizeof(uint16_t));
	l.blocks = place(&at, l2tp_blocks_of(lim->calls) * sizeof(struct l2tp_block));
	l.holders = place(&at, ((size_t)lim->tunnels + 1) * sizeof(struct l2tp_block_holder));
	l.end = at;
	return l;
}

size_t l2tp_size(const struct l2tp_limits *lim)
{
	return lay_out(lim).end;
}

struct l2tp_cp *l2tp_init(void *mem, const struct l2tp_limits *lim, struct l2tp_tunnel *tunnels,
	struct l2tp_call *calls, uint64_t seed, uint64_t now_ns)
{
	struct layout l = lay_out(lim);
	struct l2tp_cp *cp = mem;
	uint8_t *base = mem;

	cp->lim = *lim;
	cp->tunnel = tunnels;
	cp->call = calls;
	cp->seed = seed;
	cp->node = (struct wheel_node *)(base + l.nodes);
	wheel_init(&cp->wheel, cp->node, now_ns);
	l2tp_chunks_init(&cp->chunks, (struct l2tp_chunk *)(base + l.chunks), lim->chunks);
	l2tp_index_init(&cp->by_peer, (uint64_t *)(base + l.peer_keys),
		(uint32_t *)(base + l.peer_slots), l2tp_index_places(lim->tunnels), seed);
	l2tp_index_init(&cp->by_sid, (uint64_t *)(base + l.sid_keys),
		(uint32_t *)(base + l.sid_slots), l2tp_index_places(lim->calls), seed);
	l2tp_index_init(&cp->by_peer_sid, (uint64_t *)(base + l.psid_keys),
		(uint32_t *)(base + l.psid_slots), l2tp_index_places(lim->calls), seed);
	cp->by_tid = (uint32_t *)(base + l.by_tid);
	cp->free_tid = (uint16_t *)(base + l.free_tid);
	for (uint32_t tid = 1; tid < TIDS; tid++)
		cp->free_tid[cp->free_tids++] = (uint16_t)tid;
	cp->tunnel_fresh = 1;
	l2tp_blocks_init(&cp->blocks, (struct l2tp_block *)(base + l.blocks),
		(struct l2tp_block_holder *)(base + l.holders), lim->calls);
	return cp;
}

struct l2tp_action *l2tp_emit(
	const struct l2tp_run *r, enum l2tp_act type, uint32_t tunnel, uint32_t call)
{
	struct l2tp_action *a;

	assert(r->out->n < L2TP_OUT_ACTIONS);
	a = &r->out->act[r->out->n++];
	memset(a, 0, sizeof(*a));
	a->type = (uint8_t)type;
	a->tunnel = tunnel;
	a->call = call;
	return a;
}

void l2tp_trace(const struct l2tp_run *r, uint32_t tunnel, uint32_t call, uint8_t from, uint8_t to,
	uint8_t msg)
{
	struct l2tp_action *a = l2tp_emit(r, L2TP_ACT_TRACE, tunnel, call);

	a->trace.from = from;
	a->trace.to = to;
	a->trace.msg = msg;
}

struct l2tp_result l2tp_refusal(uint16_t result, uint16_t error, const char *text)
{
	struct l2tp_result r = {.result = result, .error = error};

	snprintf(r.text, sizeof(r.text), "%s", text);
	return r;
}

void l2tp_again(struct l2tp_cp *cp, struct l2tp_tunnel *t)
{
	uint32_t slot = tunnel_slot(cp, t);

	if (t->on_again || t->state == L2TP_T_FREE || t->free_told)
		return;
	t->on_again = true;
	t->again_next = 0;
	if (cp->again_tail)
		cp->tunnel[cp->again_tail].again_next = slot;
	else
		cp->again_head = slot;
	cp->again_tail = slot;
}

static struct l2tp_tunnel *again_pop(struct l2tp_cp *cp)
{
	struct l2tp_tunnel *t = &cp->tunnel[cp->again_head];

	cp->again_head = t->again_next;
	if (!cp->again_head)
		cp->again_tail = 0;
	t->on_again = false;
	t->again_next = 0;
	return t;
}

/* Tunnel id 0: an SCCRQ, or a StopCCN of one who never learned our id. */
static void input_unnamed(const struct l2tp_run *r, const struct l2tp_peer *peer,
	const struct l2tp_hdr *h, const uint8_t *bytes)
{
	struct l2tp_cp *cp = r->cp;
	struct l2tp_unhiding u = {.defer_hidden = true};
	struct l2tp_result fault;
	struct l2tp_tunnel *t;
	struct l2tp_msg m;

	if (h->body == h->len) {
		cp->count.no_tunnel++;
		return;
	}
	l2tp_msg_decode(bytes + h->body, h->len - h->body, &u, &m, &fault);
	if (m.type != L2TP_SCCRQ && m.type != L2TP_STOPCCN) {
		cp->count.no_tunnel++;
	} else if (!m.tid || h->len - h->body > L2TP_MESSAGE_MAX) {
		cp->count.bad_avp++; /* nobody could be answered */
	} else if (m.type == L2TP_SCCRQ) {
		l2tp_tunnel_request(r, peer, h, bytes, &m, &fault);
	} else {
		t = &cp->tunnel[l2tp_index_get(&cp->by_peer, l2tp_peer_key(cp, peer, m.tid))];
		if (t == cp->tunnel || t->state == L2TP_T_ESTABLISHED)
			cp->count.no_tunnel++;
		else
			l2tp_tunnel_input(r, t, h, bytes);
	}
}

static void input(
	const struct l2tp_run *r, const struct l2tp_peer *peer, const uint8_t *bytes, size_t len)
{
	struct l2tp_cp *cp = r->cp;
	struct l2tp_hdr h;
	enum l2tp_hdr_fault fault = l2tp_hdr_decode(bytes, len, &h);
	struct l2tp_tunnel *t;

	if (fault == L2TP_HDR_L2F) {
		cp->count.l2f++;
	} else if (fault == L2TP_HDR_VERSION) {
		cp->count.bad_version++;
	} else if (fault || !h.control) {
		cp->count.bad_header++;
	} else if (!h.tid) {
		input_unnamed(r, peer, &h, bytes);
	} else {
		t = &cp->tunnel[cp->by_tid[h.tid]];
		if (t == cp->tunnel)
			cp->count.no_tunnel++;
		else if (!l2tp_same_peer(&t->peer, peer))
			cp->count.wrong_peer++;
		else
			l2tp_tunnel_input(r, t, &h, bytes);
	}
}

/* The SCCRQ that waits: the caller has released the evicted slot by now. */
static void input_waiting(const struct l2tp_run *r)
{
	struct l2tp_cp *cp = r->cp;
	size_t len = cp->waiting.len;

	cp->just_made = 0;
	if (!len)
		return;
	cp->waiting.len = 0;
	cp->waiting.again = true;
	input(r, &cp->waiting.peer, cp->waiting.bytes, len);
	cp->waiting.again = false;
}

void l2tp_input(struct l2tp_cp *cp, const struct l2tp_peer *peer, const uint8_t *bytes, size_t len,
	const struct l2tp_env *env, struct l2tp_out *out)
{
	const struct l2tp_run r = {cp, env, out};

	input_waiting(&r);
	input(&r, peer, bytes, len);
	l2tp_calls_owed(&r);
}

static void run_again(const struct l2tp_run *r)
{
	uint32_t last = r->cp->again_tail;

	while (r->cp->again_head && has_room(r)) {
		bool was_last = r->cp->again_head == last;
		struct l2tp_tunnel *t = again_pop(r->cp);

		l2tp_tunnel_drop_calls(r, t);
		l2tp_tunnel_work(r, t);
		if (was_last)
			break; /* what joined meanwhile is for the next tick */
	}
}

void l2tp_tick(struct l2tp_cp *cp, const struct l2tp_env *env, struct l2tp_out *out)
{
	const struct l2tp_run r = {cp, env, out};
	uint32_t id;

	input_waiting(&r);
	run_again(&r);
	while (has_room(&r) && wheel_advance(&cp->wheel, env->now_ns, &id, 1)) {
		if (id > cp->lim.tunnels) {
			l2tp_call_timer(&r, &cp->call[id - cp->lim.tunnels]);
		} else {
			cp->tunnel[id].timer_ns = 0;
			l2tp_tunnel_work(&r, &cp->tunnel[id]);
		}
	}
	l2tp_calls_owed(&r);
}

uint64_t l2tp_next_deadline(const struct l2tp_cp *cp)
{
	if (cp->again_head || cp->owed_more || cp->waiting.len)
		return 0;
	return wheel_next(&cp->wheel);
}

const struct l2tp_counters *l2tp_counters(const struct l2tp_cp *cp)
{
	return &cp->count;
}

void l2tp_usage(const struct l2tp_cp *cp, uint32_t *tunnels, uint32_t *calls, uint32_t *chunks,
	uint32_t *timers)
{
	*tunnels = cp->tunnels;
	*calls = cp->calls;
	*chunks = cp->chunks.total - cp->chunks.free;
	*timers = cp->wheel.armed;
}

uint32_t l2tp_tunnel_by_tid(const struct l2tp_cp *cp, uint16_t tid)
{
	return cp->by_tid[tid];
}

uint32_t l2tp_call_by_sid(const struct l2tp_cp *cp, uint32_t tunnel, uint16_t sid)
{
	return l2tp_index_get(&cp->by_sid, (uint64_t)tunnel << 16 | sid);
}
