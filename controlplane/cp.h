/* SPDX-License-Identifier: BSD-3-Clause */
/* cp.h - the control core: what it holds and what the API may read and ask of it. Thread: control only. */
#ifndef CONTROLPLANE_CP_H
#define CONTROLPLANE_CP_H

#include <stdbool.h>
#include <stdint.h>

#include "config/cfg.h"
#include "controlplane/l2tp/l2tp.h"
#include "dataplane/dp.h"

enum cp_session_state {
	CP_S_FREE,
	CP_S_CALL,      /* ICRQ accepted, ICCN not here yet */
	CP_S_PPP,       /* call is up: LCP, authentication */
	CP_S_AUTH,      /* waiting for the verdict */
	CP_S_NCP,       /* verdict given, no NCP open yet */
	CP_S_UP,        /* at least one NCP open */
	CP_S_CLOSING,   /* PPP is being terminated by us */
	CP_S_REMOVING,  /* call cleared, slot awaits the workers */
};

/** The subscriber record: cold, control's own, one per session slot, in the session store. No pointers. */
struct cp_subscriber {
	uint32_t generation;
	uint8_t state;         /* enum cp_session_state */
	uint8_t cause;         /* enum ppp_cause, once known */
	uint8_t ncp_up;        /* bit 0 IPv4, bit 1 IPv6 */
	uint8_t user_len;
	uint16_t ppp_profile;  /* index */
	int16_t pool4, pool6;  /* index of the pool the address came from, -1 = static or none */
	uint32_t ip4;          /* host order, 0 = none */
	uint32_t user_index;   /* of cfg->users + 1, 0 = not known yet */
	uint64_t prefix6;      /* host order, 0 = none */
	uint64_t up_ns;        /* when the first NCP opened (CLOCK_BOOTTIME) */
	char user[64];         /* name as sent, cut; bytes outside ASCII are escaped when shown */
};

struct cp_totals {
	uint32_t tunnels, tunnels_up, sessions, sessions_up;
	uint64_t tunnels_total, sessions_total, sessions_up_total; /* since start */
	uint64_t auth_accepted, auth_rejected;
	uint64_t down_by_cause[PPP_CAUSE_COUNT];
	uint64_t longest_turn_ns;      /* of the control core, from events to the end of their work */
	uint64_t slow_turns;           /* of DP_SLOW_NS and more */
	uint64_t started_ns;
};

struct cp_pool_view {
	const struct cfg_pool *pool;
	uint64_t capacity, used;
};

struct cp;
const struct cfg *cp_config(const struct cp *cp);
void cp_totals(const struct cp *cp, struct cp_totals *t);
/** @return the tunnel in the slot, or NULL if the slot is free or out of range. */
const struct l2tp_tunnel *cp_tunnel(const struct cp *cp, uint32_t slot);
const struct l2tp_call *cp_call(const struct cp *cp, uint32_t slot);
/** @return the subscriber of a slot in use, or NULL. */
const struct cp_subscriber *cp_subscriber(const struct cp *cp, uint32_t slot);
/** @return slot of the tunnel with our id tid, or of the call with our session id sid in a tunnel slot; 0 = none. */
uint32_t cp_tunnel_by_tid(const struct cp *cp, uint16_t tid);
uint32_t cp_call_by_sid(const struct cp *cp, uint32_t tunnel, uint16_t sid);
uint32_t cp_max_tunnels(const struct cp *cp);
uint32_t cp_max_sessions(const struct cp *cp);
unsigned cp_pools(const struct cp *cp, struct cp_pool_view *views, unsigned max);
void cp_l2tp_usage(const struct cp *cp, uint32_t *tunnels, uint32_t *calls, uint32_t *chunks, uint32_t *timers);
const struct l2tp_counters *cp_l2tp_counters(const struct cp *cp);
const struct linux_counters *cp_linux_counters(const struct cp *cp);
/** Operator's clear: PPP Terminate then CDN; StopCCN. @return 0, -ENOENT, -EALREADY. */
int cp_clear_session(struct cp *cp, uint32_t slot, uint32_t generation);
int cp_clear_tunnel(struct cp *cp, uint32_t slot, uint32_t generation);
const char *cp_session_state_name(uint8_t state);

#endif
