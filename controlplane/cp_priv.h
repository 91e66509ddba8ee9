/* SPDX-License-Identifier: BSD-3-Clause */
/* cp_priv.h - the control core's own state, shared by cp.c, cp_tunnel.c, cp_session.c and cp_loop.c only. */
#ifndef CONTROLPLANE_CP_PRIV_H
#define CONTROLPLANE_CP_PRIV_H

#include "controlplane/cp.h"
#include "controlplane/linux/linux.h"
#include "controlplane/subscriber/pool.h"

#define CP_UNSENT_MAX 64
#define CP_OUT_DEPTH  3

/* A control message whose next hop Linux is still resolving. */
struct cp_unsent {
	struct l2tp_peer peer;
	uint64_t since_ns;
	uint16_t len;
	uint8_t bytes[1400];
};

struct cp {
	const struct cfg *cfg;
	struct dp_store_view store;
	struct cp_subscriber *subscribers;
	struct l2tp_cp *l2tp;
	void *l2tp_memory;
	size_t l2tp_bytes;
	struct l2tp_profile *lac;         /* by cfg->lac_profiles index */
	uint32_t *lac_tunnels;            /* per LAC profile: tunnels established, until their slots are given back */
	struct pool *pools;               /* by cfg->pools index */
	uint32_t *user_sessions;          /* by cfg->users index */
	uint32_t *tunnel_sessions;        /* by tunnel slot: sessions that the dataplane still holds */
	uint8_t *tunnel_free_owed;        /* by tunnel slot: TUNNEL_FREE came while sessions were still held */
	uint64_t *tunnel_rx_seen;         /* by tunnel slot: data packets at the last look (Hello suppression) */
	uint32_t tunnel_high, tunnel_cursor; /* highest slot ever used; where the look goes on */
	struct linux_side *linux_side;
	struct api *api;
	struct cp_totals totals;
	uint64_t now_ns;
	uint64_t dp_tick_ns, links_ns, second_ns; /* when these are due next (cp_loop.c) */
	uint8_t random[4096];
	size_t random_used;
	struct cp_unsent unsent[CP_UNSENT_MAX];
	unsigned n_unsent;
	unsigned depth;                   /* of nested l2tp calls */
	struct l2tp_out out[CP_OUT_DEPTH];
};

/** Fresh unpredictable bytes for one call. */
const uint8_t *cp_random(struct cp *cp, size_t n);
struct l2tp_env cp_env(struct cp *cp);
/** An empty action list for one call into l2tp/; give it back through cp_perform(). */
struct l2tp_out *cp_out(struct cp *cp);

/* cp_tunnel.c: what l2tp/ wants done */
void cp_perform(struct cp *cp, struct l2tp_out *out);
void cp_tunnel_unheld(struct cp *cp, uint32_t tunnel);
void cp_send_unsent(struct cp *cp);
void cp_tunnels_heard(struct cp *cp, unsigned budget);
/** Once a second: tell how many lines the rate limits left out. */
void cp_tunnels_log_flush(struct cp *cp);

/* cp_session.c: what calls and PPP do to subscribers */
void cp_call_request(struct cp *cp, uint32_t slot);
void cp_call_up(struct cp *cp, uint32_t slot);
void cp_call_down(struct cp *cp, uint32_t slot, const struct l2tp_result *r, bool by_peer);
void cp_session_event(struct cp *cp, const struct dp_event *ev);
void cp_sessions_log_flush(struct cp *cp);
/** PPP says the session is over: clear the call with the result that fits cause. */
void cp_call_clear(struct cp *cp, uint32_t slot, enum ppp_cause cause);

/* For log lines: "tunnel=7 session=12 peer=192.0.2.2:1701" of a slot into buf. */
const char *cp_show_tunnel(const struct cp *cp, uint32_t tunnel, char *buf, size_t size);
const char *cp_show_session(const struct cp *cp, uint32_t slot, char *buf, size_t size);
const char *cp_show_ip4(uint32_t ip4, char buf[16]);
const char *cp_show_prefix6(uint64_t prefix6, char buf[48]); /* host order, high half */

#endif
