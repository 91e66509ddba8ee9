/* SPDX-License-Identifier: BSD-3-Clause */
/* l2tp.h - the L2TPv2 control channel of an LNS (RFC 2661): tunnels, calls, reliable delivery.
 * Pure: datagrams, decisions and the time go in; actions come out. No malloc after init, clock, log, socket or DPDK.
 * Tunnels and calls are slots of arrays that the caller gives (they lie in the session store), named by index and
 * generation, never by pointer. Slot 0 is never used, so 0 means "none". Thread: control only.
 *
 * Life of a tunnel: SCCRQ -> TUNNEL_REQUEST (caller picks a profile) -> l2tp_tunnel_accept/_reject -> SCCRP ... SCCCN
 * -> TUNNEL_UP ... -> TUNNEL_DOWN (its calls follow as CALL_DOWN, in batches) -> 31 s retention -> TUNNEL_FREE
 * -> l2tp_tunnel_release. A tunnel that was never established is evicted when a new SCCRQ finds no free slot, the oldest
 * first: silently, TUNNEL_FREE is all that is told, even if its TUNNEL_REQUEST was not answered yet. The SCCRQ waits for
 * the release, until the next l2tp_input() or l2tp_tick().
 * Life of a call: ICRQ -> CALL_REQUEST (caller picks session id and owner, publishes the key) -> l2tp_call_accept/_reject
 * -> ICRP, ICCN -> CALL_UP -> CALL_DOWN (once; the caller retires the slot in the dataplane) -> l2tp_call_release. */
#ifndef CONTROLPLANE_L2TP_L2TP_H
#define CONTROLPLANE_L2TP_L2TP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define L2TP_PORT  1701
#define L2TP_BLOCK 16u /* slots of calls beside each other that are one tunnel's where they can be (block.h) */

/* Control message types (RFC 2661 s3.2). */
enum l2tp_msg_type {
	L2TP_ZLB = 0, L2TP_SCCRQ = 1, L2TP_SCCRP = 2, L2TP_SCCCN = 3, L2TP_STOPCCN = 4, L2TP_HELLO = 6,
	L2TP_OCRQ = 7, L2TP_OCRP = 8, L2TP_OCCN = 9, L2TP_ICRQ = 10, L2TP_ICRP = 11, L2TP_ICCN = 12,
	L2TP_CDN = 14, L2TP_WEN = 15, L2TP_SLI = 16,
};

/** Who a datagram came from and to which of our addresses. IPv4 lies in the first 4 bytes, network order; the rest 0. */
struct l2tp_peer {
	uint16_t vrf;
	uint8_t family;      /* 4 or 6 */
	uint8_t pad;
	uint16_t port;       /* the peer's UDP port, host order */
	uint16_t local_port; /* ours, host order (1701) */
	uint8_t addr[16];
	uint8_t local[16];
};

/** A refusal as RFC 2661 s4.4.2 wants it: built where the fault is found. result 0 = no refusal. */
struct l2tp_result {
	uint16_t result;     /* StopCCN 1..7 or CDN 1..11 */
	uint16_t error;      /* general error code 0..8; 0 = none */
	char text[64];       /* "" = none */
};

/** How we treat one LAC; read-only, shared by its tunnels, must outlive them. */
struct l2tp_profile {
	char name[64];           /* of the profile, for logs */
	char local_name[64];     /* Host Name AVP that we send */
	uint8_t secret[128];
	uint8_t secret_len;      /* 0: no shared secret: no challenge sent, hidden AVPs are an error */
	bool challenge;          /* challenge the LAC (needs a secret). Its challenges are always answered */
	uint16_t window;         /* Receive Window Size that we announce, 1..1024 */
	uint32_t hello_ms;       /* silence before we send Hello, default 60000; 0 = never */
	uint32_t rto_ms;         /* first retransmission, default 1000 */
	uint32_t rto_cap_ms;     /* 8000..60000 (s5.8: the cap MUST be no less than 8 s) */
	uint8_t retries;         /* resends before the tunnel is cleared, default 5 */
	uint32_t max_calls;      /* calls per tunnel, 1..65535 */
	uint32_t setup_ms;       /* a half-open tunnel or call is cleared after this, default 60000 */
};

enum l2tp_tunnel_state { L2TP_T_FREE, L2TP_T_IDLE, L2TP_T_WAIT_CTL_CONN, L2TP_T_ESTABLISHED, L2TP_T_CLOSING };
enum l2tp_call_state { L2TP_C_FREE, L2TP_C_IDLE, L2TP_C_WAIT_CONNECT, L2TP_C_ESTABLISHED, L2TP_C_CLOSED };

/** A text of the peer, cut to fit, always terminated. Bytes outside 0x20..0x7e are kept: escape them when shown. */
struct l2tp_text {
	uint8_t len;
	char s[63];
};

/** One tunnel slot. PUBLIC fields may be read by anybody on the control core; all are written by l2tp/ only. */
struct l2tp_tunnel {
	uint32_t generation;         /* PUBLIC, grows with every use of the slot, never 0 while in use */
	uint8_t state;               /* PUBLIC, enum l2tp_tunnel_state */
	bool peer_seq_required;
	uint16_t tid, peer_tid;      /* PUBLIC: ours, the peer's (0 = not known) */
	struct l2tp_peer peer;       /* PUBLIC: fixed by the SCCRQ (s8.1) */
	struct l2tp_text host_name, vendor_name; /* PUBLIC */
	uint32_t framing_caps, bearer_caps;      /* PUBLIC */
	uint16_t firmware;           /* PUBLIC */
	uint32_t calls;              /* PUBLIC: live calls */
	uint32_t first_call;         /* PUBLIC: head of its call list (l2tp_call.next) */
	uint64_t created_ns, up_ns;  /* PUBLIC, CLOCK_BOOTTIME */
	struct l2tp_result ended;    /* PUBLIC: why, once CLOSING */
	/* the reliable channel (s5.8) */
	uint16_t ns, nr;             /* PUBLIC: next to send, next expected */
	uint16_t acked;              /* peer has acknowledged all below this */
	uint16_t peer_window, cwnd, cwnd_acks, ssthresh; /* PUBLIC */
	uint8_t resends;
	uint8_t same_nr;             /* ZLBs in a row that acknowledged nothing new */
	uint8_t recovering;          /* from a loss that showed before the timer did, until all below recover is acknowledged */
	uint8_t oldest_again;        /* how often the oldest message went out since the last progress, the timer's aside */
	bool ack_owed;
	uint16_t recover;
	uint32_t txq_head, txq_tail, tx_next, txq_len; /* chunk chains: sent-unacked then not-yet-sent */
	uint32_t rxq_head;           /* out-of-order messages kept */
	uint64_t last_heard_ns;      /* any datagram of the peer, control or data (s5.5) */
	const struct l2tp_profile *profile; /* NOT kept over a restart; derived again from profile_index */
	uint16_t profile_index;
	uint16_t in_flight;          /* sent and not acknowledged, of txq; after a loss those before tx_next again */
	uint8_t challenge[16];       /* the one we sent */
	bool challenged;
	bool owes_stopccn;           /* no chunk was free for it */
	bool free_told;              /* TUNNEL_FREE was emitted */
	bool ended_by_us, ended_by_peer; /* neither: lost */
	bool on_again;               /* waits for the next tick to go on */
	uint8_t rxq_len, rx_unacked;
	bool unproven;               /* never established: on the list of those that may be evicted */
	uint32_t unproven_prev, unproven_next;
	uint32_t again_next;         /* also the link of the free list */
	uint32_t sccrq;              /* chunks: the SCCRQ, kept until the caller's answer names the secret */
	uint32_t replaces, replaces_generation; /* the tunnel of the LAC's former life */
	uint64_t peer_key, sccrq_print; /* hash of the peer's identity; fingerprint of the SCCRQ */
	uint64_t oldest_ns;          /* since when the oldest message is on its way */
	uint64_t lost_ns;            /* when it counts as lost; 0 = when the timer says so */
	uint64_t rto_ns, ack_ns;     /* when to retransmit, and when to acknowledge at the latest */
	uint64_t until_ns;           /* limit of set-up; once CLOSING, end of retention */
	uint64_t retry_ns;           /* not before this another try for a chunk */
	uint64_t timer_ns;           /* what the wheel has; 0 = nothing */
	struct {                     /* PUBLIC counters */
		uint64_t rx_msgs, tx_msgs, rx_zlb, tx_zlb, retransmits, duplicates, out_of_window, bad;
	} count;
};

/** One call slot; its index is the session's slot everywhere in lnsd. Same rules. */
struct l2tp_call {
	uint32_t generation;         /* PUBLIC */
	uint32_t tunnel;             /* PUBLIC: slot */
	uint32_t next, prev;         /* list of the tunnel's calls */
	uint16_t sid, peer_sid;      /* PUBLIC */
	uint8_t state;               /* PUBLIC, enum l2tp_call_state */
	uint8_t sequencing;          /* PUBLIC: the LAC sent Sequencing Required: data must carry Ns/Nr */
	uint16_t ended_result, ended_error;      /* PUBLIC: codes of the CDN, either way */
	uint32_t serial;             /* PUBLIC: Call Serial Number */
	uint32_t tx_speed_bps, rx_speed_bps;     /* PUBLIC: Connect Speeds of ICCN, 0 = not given */
	uint32_t framing_type, bearer_type, physical_channel; /* PUBLIC */
	uint64_t created_ns, up_ns;  /* PUBLIC */
	struct l2tp_text calling, called;        /* PUBLIC */
	uint32_t owe_next;           /* list of calls whose message found no chunk */
	uint32_t owe_generation;     /* of the tunnel it owes to */
	uint8_t owes;                /* enum l2tp_msg_type, 0 = nothing */
	bool on_owed;
	bool released;               /* l2tp_call_release() came while it was on that list */
	uint8_t pad;
};

enum l2tp_act {
	L2TP_ACT_SEND,           /* send: one datagram's UDP payload to tunnel's peer */
	L2TP_ACT_TUNNEL_REQUEST, /* a new SCCRQ was read into the slot; answer now or later by accept/reject */
	L2TP_ACT_TUNNEL_UP,
	L2TP_ACT_TUNNEL_DOWN,    /* result: why; CALL_DOWNs of its calls follow, perhaps over several ticks */
	L2TP_ACT_TUNNEL_FREE,    /* retention over, or evicted: l2tp_tunnel_release() once nothing refers to the slot */
	L2TP_ACT_CALL_REQUEST,   /* a new ICRQ: accept/reject */
	L2TP_ACT_CALL_UP,        /* ICCN */
	L2TP_ACT_CALL_DOWN,      /* result: why, by_peer: who; the key must be unpublished, then l2tp_call_release() */
	L2TP_ACT_TRACE,          /* a state changed; for debug of one tunnel */
};

struct l2tp_action {
	uint8_t type; /* enum l2tp_act */
	bool by_peer;
	uint32_t tunnel, call; /* slots; call 0 where it has no meaning */
	union {
		struct {
			uint16_t off, len; /* in out->bytes */
		} send;
		struct l2tp_result result;
		struct {
			uint8_t from, to, msg;
		} trace;
	};
};

#define L2TP_OUT_ACTIONS 128
#define L2TP_OUT_BYTES   16384

/** The caller zeroes n and used before each call and performs all actions, in order, after it. When it is nearly full
 * the library stops early and goes on at the next l2tp_tick() (l2tp_next_deadline() is then in the past). */
struct l2tp_out {
	uint16_t n, used;
	struct l2tp_action act[L2TP_OUT_ACTIONS];
	uint8_t bytes[L2TP_OUT_BYTES];
};

struct l2tp_env {
	uint64_t now_ns;
	const uint8_t *rnd; /* 64 fresh unpredictable bytes for this call */
};

/** Datagrams that belong to no tunnel, by reason; PUBLIC. */
struct l2tp_counters {
	uint64_t bad_header, bad_version, l2f, no_tunnel, wrong_peer, bad_avp, no_slot, tunnels_refused, calls_refused,
		auth_failed, evicted; /* evicted: tunnels, never established, whose slot went to a newer SCCRQ */
};

/** Sizes and memory of one control plane. */
struct l2tp_limits {
	uint32_t tunnels, calls; /* highest usable slot: arrays have one more element */
	uint32_t chunks;         /* buffers for queued messages */
};

struct l2tp_cp; /* opaque: indices, timer wheel, chunk pool */

/** Bytes of memory that l2tp_init() needs for its own tables (tunnels[] and calls[] not included). */
size_t l2tp_size(const struct l2tp_limits *lim);
/** Lay the control plane out in mem (64-byte aligned, zeroed, l2tp_size() bytes). tunnels and calls are zeroed arrays of
 * lim->tunnels + 1 and lim->calls + 1. seed keys the peer-indexed hash tables. @return mem as a control plane. */
struct l2tp_cp *l2tp_init(void *mem, const struct l2tp_limits *lim, struct l2tp_tunnel *tunnels,
	struct l2tp_call *calls, uint64_t seed, uint64_t now_ns);

/** One UDP payload with the T bit set (or too short to tell), from peer. */
void l2tp_input(struct l2tp_cp *cp, const struct l2tp_peer *peer, const uint8_t *bytes, size_t len,
	const struct l2tp_env *env, struct l2tp_out *out);
/** Run what is due: retransmissions, Hello, delayed acknowledgements, set-up limits, retention, unfinished batches. */
void l2tp_tick(struct l2tp_cp *cp, const struct l2tp_env *env, struct l2tp_out *out);
/** @return when l2tp_tick() must run next (ns), UINT64_MAX if nothing is armed. May be early, never late. */
uint64_t l2tp_next_deadline(const struct l2tp_cp *cp);

/** Answer a TUNNEL_REQUEST. The tunnel id is picked at random among the free ones. profile_index is kept for the caller. */
void l2tp_tunnel_accept(struct l2tp_cp *cp, uint32_t tunnel, const struct l2tp_profile *profile, uint16_t profile_index,
	const struct l2tp_env *env, struct l2tp_out *out);
/** Refuse it: StopCCN with r, sent reliably; TUNNEL_FREE follows after retention. profile may be NULL. */
void l2tp_tunnel_reject(struct l2tp_cp *cp, uint32_t tunnel, const struct l2tp_profile *profile,
	const struct l2tp_result *r, const struct l2tp_env *env, struct l2tp_out *out);
/** End a tunnel: StopCCN with r, all its calls go down with it (no CDNs, s5.7). */
void l2tp_tunnel_close(struct l2tp_cp *cp, uint32_t tunnel, const struct l2tp_result *r, const struct l2tp_env *env,
	struct l2tp_out *out);
/** The slot may be used again. After TUNNEL_FREE only. */
void l2tp_tunnel_release(struct l2tp_cp *cp, uint32_t tunnel);
/** Data arrived from the peer of this tunnel at now_ns: no Hello is due before now + hello (s5.5). */
void l2tp_tunnel_heard(struct l2tp_cp *cp, uint32_t tunnel, uint64_t now_ns);

/** Answer a CALL_REQUEST with our session id sid (1..65535), free in this tunnel.
 * @return 0; -EEXIST: sid is in use in this tunnel, choose another (nothing was sent); -ENOENT: the call no longer
 * waits for an answer (its CALL_DOWN was emitted or will be). */
int l2tp_call_accept(struct l2tp_cp *cp, uint32_t call, uint16_t sid, const struct l2tp_env *env, struct l2tp_out *out);
/** End or refuse a call: CDN with r. A call that was accepted gets its CALL_DOWN; one that still waited for an answer is
 * freed here, without CALL_DOWN and without l2tp_call_release(). */
void l2tp_call_close(struct l2tp_cp *cp, uint32_t call, const struct l2tp_result *r, const struct l2tp_env *env,
	struct l2tp_out *out);
/** The slot may be used again (dataplane has reaped it). After CALL_DOWN only. */
void l2tp_call_release(struct l2tp_cp *cp, uint32_t call);

const struct l2tp_counters *l2tp_counters(const struct l2tp_cp *cp);
/** Resources in use, for `show memory`. */
void l2tp_usage(const struct l2tp_cp *cp, uint32_t *tunnels, uint32_t *calls, uint32_t *chunks, uint32_t *timers);
/** @return slot of the tunnel with our id tid, or 0. */
uint32_t l2tp_tunnel_by_tid(const struct l2tp_cp *cp, uint16_t tid);
/** @return slot of the call with our session id sid in tunnel slot tunnel, or 0. */
uint32_t l2tp_call_by_sid(const struct l2tp_cp *cp, uint32_t tunnel, uint16_t sid);

const char *l2tp_tunnel_state_name(uint8_t state);
const char *l2tp_call_state_name(uint8_t state);
const char *l2tp_msg_name(uint16_t type);
const char *l2tp_stopccn_result_name(uint16_t result); /* "general", "not-authorized", ... */
const char *l2tp_cdn_result_name(uint16_t result);

#endif
