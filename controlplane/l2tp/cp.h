/* SPDX-License-Identifier: BSD-3-Clause */
/* cp.h - inside of l2tp/: the control plane's tables, and what its files offer each other. Not for others.
 * Thread: control. Pure. */
#ifndef CONTROLPLANE_L2TP_CP_H
#define CONTROLPLANE_L2TP_CP_H

#include "controlplane/l2tp/block.h"
#include "controlplane/l2tp/chunk.h"
#include "controlplane/l2tp/hdr.h"
#include "controlplane/l2tp/index.h"
#include "controlplane/l2tp/l2tp.h"
#include "controlplane/l2tp/msg.h"
#include "controlplane/subscriber/wheel.h"

#define MS 1000000ull

struct l2tp_cp {
	struct l2tp_limits lim;
	struct l2tp_tunnel *tunnel;
	struct l2tp_call *call;
	struct wheel wheel;  /* ids: a tunnel's slot; lim.tunnels + a call's slot */
	struct wheel_node *node;
	struct l2tp_chunks chunks;
	struct l2tp_index by_peer;     /* hash of {address, port, vrf, peer tid} -> tunnel */
	struct l2tp_index by_sid;      /* {tunnel, our sid} -> call */
	struct l2tp_index by_peer_sid; /* {tunnel, the peer's sid} -> call */
	uint32_t *by_tid;              /* [65536] our tid -> tunnel */
	uint16_t *free_tid;            /* [65535] the unused ones, in any order */
	uint32_t free_tids;
	uint32_t tunnels, calls;       /* in use */
	uint32_t tunnel_fresh, tunnel_head, tunnel_tail; /* never used; FIFO of released ones */
	uint32_t unproven_head, unproven_tail, unproven; /* tunnels never established, oldest first; how many */
	uint32_t just_made;              /* tunnel of the SCCRQ that had waited, in this call */
	struct l2tp_blocks blocks;       /* slots of calls */
	uint32_t again_head, again_tail; /* tunnels that ran out of room */
	uint32_t owed_head, owed_tail;   /* calls that ran out of chunks */
	bool owed_more;
	uint64_t seed;
	struct l2tp_counters count;
	uint8_t scratch[65536];        /* opened hidden AVPs of the message at hand */
	uint8_t body[L2TP_MESSAGE_MAX]; /* a kept message being delivered */
	struct {                       /* the SCCRQ that waits for an evicted tunnel's slot */
		struct l2tp_peer peer;
		bool again; /* it is being tried again: if there is still no slot, it is lost */
		uint16_t len; /* 0: none waits */
		uint8_t bytes[L2TP_HDR_CONTROL + L2TP_MESSAGE_MAX];
	} waiting;
};

/** One call of the public functions: what came in with it. */
struct l2tp_run {
	struct l2tp_cp *cp;
	const struct l2tp_env *env;
	struct l2tp_out *out;
};

/* Each step (one message delivered, one timer, one call taken down) begins with room for itself. */
#define STEP_ACTIONS 16
#define STEP_BYTES   1024

static inline bool has_room(const struct l2tp_run *r)
{
	return r->out->n + STEP_ACTIONS <= L2TP_OUT_ACTIONS && r->out->used + STEP_BYTES <= L2TP_OUT_BYTES;
}

static inline uint32_t tunnel_slot(const struct l2tp_cp *cp, const struct l2tp_tunnel *t)
{
	return (uint32_t)(t - cp->tunnel);
}

static inline uint32_t call_slot(const struct l2tp_cp *cp, const struct l2tp_call *c)
{
	return (uint32_t)(c - cp->call);
}

/* cp.c */
struct l2tp_action *l2tp_emit(const struct l2tp_run *r, enum l2tp_act type, uint32_t tunnel, uint32_t call);
void l2tp_trace(const struct l2tp_run *r, uint32_t tunnel, uint32_t call, uint8_t from, uint8_t to, uint8_t msg);
void l2tp_again(struct l2tp_cp *cp, struct l2tp_tunnel *t);
struct l2tp_result l2tp_refusal(uint16_t result, uint16_t error, const char *text);

/* peer.c */
uint64_t l2tp_keyed_hash(uint64_t seed, const void *bytes, size_t len);
uint64_t l2tp_peer_key(const struct l2tp_cp *cp, const struct l2tp_peer *peer, uint16_t peer_tid);
bool l2tp_same_peer(const struct l2tp_peer *a, const struct l2tp_peer *b);

/** A slot for a new tunnel, its generation raised, all else as the last use left it; NULL: none (slot.c). */
struct l2tp_tunnel *l2tp_slot_take(struct l2tp_cp *cp);
/** An unused tunnel id at random; there is one for every slot (slot.c). */
uint16_t l2tp_tid_take(struct l2tp_cp *cp, const uint8_t rnd[64]);

/* unproven.c */
void l2tp_unproven_add(struct l2tp_cp *cp, struct l2tp_tunnel *t);
/** Nothing happens if t is not on the list. */
void l2tp_unproven_del(struct l2tp_cp *cp, struct l2tp_tunnel *t);
/** @return the one to be evicted first, or NULL. */
struct l2tp_tunnel *l2tp_unproven_oldest(const struct l2tp_cp *cp);
/** Are more than half of the slots held by tunnels that were never established? */
bool l2tp_unproven_crowd(const struct l2tp_cp *cp);

/* tunnel.c */
/** An SCCRQ with tunnel id 0, decoded without secret into m (err and fault as from l2tp_msg_decode). */
void l2tp_tunnel_request(const struct l2tp_run *r, const struct l2tp_peer *peer, const struct l2tp_hdr *h,
	const uint8_t *bytes, const struct l2tp_msg *m, const struct l2tp_result *fault);
/** A datagram that belongs to t. */
void l2tp_tunnel_input(const struct l2tp_run *r, struct l2tp_tunnel *t, const struct l2tp_hdr *h, const uint8_t *bytes);
/** Do what is due: timers, kept messages, calls to take down; then arm the timer anew. */
void l2tp_tunnel_work(const struct l2tp_run *r, struct l2tp_tunnel *t);
/** The same after control's word on an action. Messages that came early wait for the next tick: delivered here, each would ask
 * control again from inside its answer, as deep as there are messages. */
void l2tp_tunnel_answered(const struct l2tp_run *r, struct l2tp_tunnel *t);
/** Take down the calls of a tunnel that is closing, as many as there is room for. In the tick only: a datagram must not make
 * more work than one step, or a burst of StopCCNs would hold up all else. */
void l2tp_tunnel_drop_calls(const struct l2tp_run *r, struct l2tp_tunnel *t);
void l2tp_tunnel_fault(const struct l2tp_run *r, struct l2tp_tunnel *t, const struct l2tp_result *why);

/* call.c */
/** A session message in an established tunnel; fault->result is not 0 when it was malformed. */
void l2tp_call_message(const struct l2tp_run *r, struct l2tp_tunnel *t, uint16_t sid, const struct l2tp_msg *m,
	const struct l2tp_result *fault);
void l2tp_call_timer(const struct l2tp_run *r, struct l2tp_call *c);
/** The tunnel is gone: take its first call down. */
void l2tp_call_drop(const struct l2tp_run *r, struct l2tp_tunnel *t);
/** Send what calls owe, as far as chunks allow. */
void l2tp_calls_owed(const struct l2tp_run *r);

#endif
