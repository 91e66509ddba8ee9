/* SPDX-License-Identifier: BSD-3-Clause */
/* sim.h - the state of one run and the calls between lacsim's parts. Single thread; time is read once per turn.
 *   main.c     the turn: receive, timers, dial, traffic, send        net.c        sockets, batches
 *   tunnel.c   tunnels and calls, the LAC's side                     subscriber.c LCP, PAP, CHAP, IPCP, IPv6CP
 *   traffic.c  payloads both ways, answers to pings                  report.c     progress, table, JSON */
#ifndef LACSIM_SIM_H
#define LACSIM_SIM_H

#include "tools/lacsim/channel.h"
#include "tools/lacsim/codec.h"
#include "tools/lacsim/ledger.h"
#include "tools/lacsim/opts.h"

#include <jansson.h>

#define SIM_MS   1000000ULL
#define SIM_SEC  1000000000ULL
#define SIM_PORT 4000 /* UDP port of the subscribers' payloads */

enum tunnel_state { TUNNEL_IDLE, TUNNEL_WAIT_REPLY, TUNNEL_UP, TUNNEL_CLOSING, TUNNEL_DOWN };

struct tunnel {
	struct channel chan;
	int fd; /* -1: not open */
	uint8_t state;
	bool dirty;
	uint16_t id, peer_id;
	uint32_t first, count; /* sessions first .. first + count - 1 */
	uint32_t dialled;      /* how many of them have been */
	uint64_t heard_at;
	uint8_t challenge[16];
	uint16_t result, error; /* of the peer's StopCCN */
	char text[64];
};

enum stage {
	STAGE_IDLE,
	STAGE_CALL,
	STAGE_LCP,
	STAGE_AUTH,
	STAGE_NCP,
	STAGE_UP,
	STAGE_FAILED,
	STAGES
};
enum fail {
	FAIL_NONE,
	FAIL_NO_TUNNEL,
	FAIL_CALL_REFUSED,
	FAIL_CALL_SILENT,
	FAIL_LCP,
	FAIL_AUTH_REFUSED,
	FAIL_AUTH_SILENT,
	FAIL_NCP,
	FAIL_HUNG_UP,
	FAIL_LOST,
	FAILS,
};
enum { CP_LCP, CP_IPCP, CP_IPV6CP, CPS };

struct cp {
	uint8_t id, tries, wants; /* wants: bits of the options that we still ask for */
	bool asked, ours, theirs; /* a request of ours was sent; acknowledged: ours, the peer's */
};

struct session {
	uint32_t prev, next; /* timer list, index + 1 */
	uint64_t deadline, dialled_at, up_at;
	uint64_t iid;
	uint32_t tunnel, magic;
	uint16_t peer_sid, mru, peer_mru, data_ns;
	uint8_t stage, fail, tries;
	uint8_t auth_id, auth_proto; /* auth_proto: enum sim_auth, SIM_AUTH_ANY: none agreed */
	bool prefix_known;
	uint8_t addr[4], dns[2][4], prefix[8];
	struct cp cp[CPS];
};

struct sim {
	struct sim_opts o;
	struct net *net;
	uint64_t now, started_at;
	struct tunnel *tunnels;
	struct session *sessions;
	struct tunnel **dirty; /* tunnels that may have something to send */
	uint32_t n_dirty;
	uint32_t timer_head, timer_tail;
	uint16_t tunnel_id_base;
	uint32_t tunnel_cursor, tunnels_dialled, tunnels_waiting, tunnels_up;
	uint32_t in_stage[STAGES], failed[FAILS], in_flight;
	uint32_t dialled, dial_limit; /* dial_limit: --sessions, or what a phase wants of them */
	uint32_t dialled_before; /* how many had been dialled when started_at was set */
	uint64_t *up_times; /* ns since started_at, in order of coming up: --sessions at most */
	uint64_t total_ups;
	uint32_t ups, renegotiated, hung_up_results[16];
	uint64_t frames_in, frames_out, unknown, inner_bad, inner_other, pings, send_errors;
	struct ledger ledger;
	bool traffic_ready;
	uint32_t *active; /* sessions that took part in the traffic */
	uint32_t n_active;
	uint64_t traffic_at, traffic_end, traffic_total;
	uint8_t *frame_start, *frame_data; /* the frame being written */
	bool stop;
};

/* main.c */
void sim_clock(struct sim *sim);

/* net.c */
struct net *net_new(struct sim *sim);
void net_free(struct net *net);
/** Open the socket of tunnel t. @return its descriptor or -errno. */
int net_open(struct net *net, uint32_t t);
/** @return room for one datagram of SIM_DGRAM octets to the LNS; net_push() sends it with its batch. */
uint8_t *net_slot(struct net *net, int fd);
void net_push(struct net *net, size_t len);
void net_flush(struct net *net);
/** Wait up to wait_ms, then hand every datagram to tunnel_input(). */
void net_poll(struct net *net, int wait_ms);
int core_echo(const struct sim_opts *o, const volatile bool *stop);

/* tunnel.c */
int tunnels_init(struct sim *sim);
void tunnels_free(struct sim *sim);
void tunnel_input(struct sim *sim, uint8_t *bytes, size_t len);
void tunnels_dial(struct sim *sim);
void tunnels_timers(struct sim *sim);
void tunnels_flush(struct sim *sim);
void tunnels_close(struct sim *sim);
bool tunnels_closed(const struct sim *sim);
/** Forget everything, as a LAC that starts anew: other tunnel ids. @return 0 or -ENOMEM. */
int tunnels_reset(struct sim *sim);
/** Our StopCCN; its sessions end with it, but are not counted as failed. */
void tunnel_close(struct sim *sim, struct tunnel *t);
/** Without a word: whatever still comes from the peer is not ours any more. */
void tunnel_forget(struct sim *sim, struct tunnel *t);
/** Dial a session anew that failed or was hung up. Its tunnel must have room (call_room()). */
void call_redial(struct sim *sim, struct session *s);
/** Our CDN: normal disconnect; not counted as a failure. Its tunnel must have room. */
void call_hang_up(struct sim *sim, struct session *s);
bool call_room(const struct sim *sim, const struct session *s);
/** End a call from our side: CDN, and the session is counted under why. */
void call_fail(struct sim *sim, struct session *s, enum fail why);

/* subscriber.c: one session's PPP */
void session_stage(struct sim *sim, struct session *s, enum stage to);
void session_failed(struct sim *sim, struct session *s, enum fail why);
void subscriber_start(struct sim *sim, struct session *s);
void subscriber_input(struct sim *sim, struct session *s, uint8_t *frame, size_t len);
void subscriber_tick(struct sim *sim, struct session *s);
void subscriber_prefix(struct sim *sim, struct session *s, const uint8_t prefix[8]);
void timer_arm(struct sim *sim, struct session *s);
void timer_cancel(struct sim *sim, struct session *s);
void timers_run(struct sim *sim);

/* frames.c: from a session to the wire */
/** @return where a PPP frame of protocol proto goes on after FF 03 and the protocol; *room octets are free there. */
uint8_t *frame_begin(struct sim *sim, struct session *s, uint16_t proto, size_t *room);
void frame_end(struct sim *sim, size_t len);

/* traffic.c */
int traffic_start(struct sim *sim);
/** Send what is due. @return false: all sent and the time for stragglers is over. */
bool traffic_run(struct sim *sim);
void traffic_ip(struct sim *sim, struct session *s, uint8_t *ip, size_t len);
void session_address6(const struct session *s, uint8_t out[16]);

/* report.c */
void report_progress(const struct sim *sim);
int report_list(const struct sim *sim, const char *file);
int report_json(const struct sim *sim, const char *file);
void report_table(const struct sim *sim, FILE *out);
bool report_passed(const struct sim *sim);
/** From ICRQ to NCPs open, of the sessions dialled since (0: ever): median, p99 and max; null: none is up. */
json_t *report_setup_ms(const struct sim *sim, uint64_t since);
/** The rate at which they came up, by tenths of them. */
json_t *report_slices(const struct sim *sim);
/** What the control channels did, and which tunnels ended. */
json_t *report_tunnels(const struct sim *sim);
const char *fail_name(enum fail f);

static inline uint32_t session_number(const struct sim *sim, const struct session *s)
{
	return (uint32_t)(s - sim->sessions);
}

#endif
