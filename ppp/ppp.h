/* SPDX-License-Identifier: BSD-3-Clause */
/* ppp.h - the PPP end point of one session: LCP, authentication, IPCP, IPv6CP.
 * Implements RFC 1661, 1332 (+1877), 1334 (PAP), 1994 (CHAP-MD5), 5072.
 * Pure: bytes or an event plus the time go in, new state and a list of actions come out. No malloc, clock, log,
 * randomness or callback, hence no re-entrancy. Thread: the session's owner worker; nobody else touches the struct. */
#ifndef PPP_PPP_H
#define PPP_PPP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* PPP protocol numbers (IANA). */
enum ppp_proto {
	PPP_IP = 0x0021,
	PPP_IPV6 = 0x0057,
	PPP_IPCP = 0x8021,
	PPP_IPV6CP = 0x8057,
	PPP_LCP = 0xc021,
	PPP_PAP = 0xc023,
	PPP_CHAP = 0xc223,
};

enum ppp_auth { PPP_AUTH_NONE, PPP_AUTH_PAP, PPP_AUTH_CHAP_MD5 };

/* Why a session ended; stable, shown to operators and mapped to RFC 2661 result codes by control. */
enum ppp_cause {
	PPP_CAUSE_NONE,
	PPP_CAUSE_PEER_TERMINATED,  /* LCP Terminate-Request from the peer */
	PPP_CAUSE_ADMIN,            /* ppp_close() by an operator or shutdown */
	PPP_CAUSE_AUTH_FAILED,      /* the verdict was a refusal */
	PPP_CAUSE_AUTH_TIMEOUT,     /* the peer never authenticated, or no verdict came */
	PPP_CAUSE_NEGOTIATION,      /* LCP or every NCP did not converge (Max-Configure, Max-Failure) */
	PPP_CAUSE_ECHO_TIMEOUT,     /* echo failures reached the limit */
	PPP_CAUSE_LOOP,             /* our own magic number came back */
	PPP_CAUSE_PROTOCOL_REJECT,  /* the peer rejected LCP or the chosen authentication */
	PPP_CAUSE_LOWER_DOWN,       /* call cleared by L2TP */
	PPP_CAUSE_COUNT,
};

/** One PPP profile: read-only, shared by sessions. All times in milliseconds. */
struct ppp_profile {
	uint8_t auth[3];           /* enum ppp_auth in order of preference, PPP_AUTH_NONE ends the list */
	bool ipv4, ipv6;           /* which NCPs we run */
	uint16_t mru;              /* what we announce, 128..9216 */
	uint16_t mtu_max;          /* ceiling for what we send, whatever the peer's MRU */
	uint32_t restart_ms;       /* RFC 1661 restart timer, default 3000 */
	uint32_t restart_first_ms; /* of the first Configure-Request, doubling up to restart_ms; 0 = restart_ms at once. Peers whose
				      PPP starts a moment after ICCN lose our first request */
	uint8_t max_configure;     /* default 10 */
	uint8_t max_terminate;     /* default 2 */
	uint8_t max_failure;       /* default 5 */
	uint32_t echo_interval_ms; /* 0: no LCP echo of our own */
	uint8_t echo_failures;     /* unanswered echoes before the session ends, 1..255 */
	uint32_t auth_timeout_ms;  /* whole authentication phase incl. verdict, default 30000 */
	char name[64];             /* our name in CHAP Challenge and in Identification */
};

/** What the outside world decided about the user; answers exactly one PPP_ACT_ASK_AAA by its number. */
struct ppp_verdict {
	uint16_t request;       /* number of the ASK_AAA it answers; another number is ignored */
	bool accept;
	uint32_t our_ip4;       /* host order: our end of the link (IPCP) */
	uint32_t peer_ip4;      /* host order: the subscriber's address; 0 = IPCP is not to be run */
	uint32_t dns[2];        /* host order, 0 = none: the option is rejected */
	uint32_t nbns[2];
	uint64_t our_ifid;      /* IPv6CP interface identifiers, host order; 0 = IPv6CP is not to be run */
	uint64_t peer_ifid;
	char message[64];       /* text of PAP Ack/Nak, CHAP Success/Failure; may be "" */
};

enum ppp_act {
	PPP_ACT_SEND,     /* frame: complete PPP frame from FF 03 on, at out->bytes + off, len */
	PPP_ACT_ASK_AAA,  /* aaa: credentials at out->bytes; the caller must answer with ppp_verdict() */
	PPP_ACT_LINK,     /* link: LCP opened; the values to use for data from now on */
	PPP_ACT_NCP_UP,   /* ncp: PPP_IPCP or PPP_IPV6CP opened (IPv6CP: ifid holds the peer's identifier) */
	PPP_ACT_NCP_DOWN, /* ncp: that one left Opened */
	PPP_ACT_DOWN,     /* cause: the session is over; only ppp_init() may follow */
	PPP_ACT_TRACE,    /* trace: a state changed */
};

struct ppp_action {
	uint8_t type; /* enum ppp_act */
	union {
		struct {
			uint16_t off, len;
		} frame;
		struct {
			uint16_t request;
			uint8_t method; /* enum ppp_auth */
			uint8_t chap_id;
			uint16_t name_off, name_len;           /* user name, not terminated */
			uint16_t secret_off, secret_len;       /* PAP password or CHAP response value */
			uint16_t challenge_off, challenge_len; /* CHAP only */
		} aaa;
		struct {
			uint16_t mtu;       /* min(peer's MRU, mtu_max) */
			bool tx_acfc;       /* we may leave out FF 03 on data */
			bool tx_pfc;        /* we may send a one-byte protocol field on data */
			bool peer_rejected_magic;
		} link;
		struct {
			uint16_t proto;
			uint64_t ifid;
		} ncp;
		uint8_t cause; /* enum ppp_cause */
		struct {
			uint16_t proto;
			uint8_t from, to, event;
		} trace;
	};
};

#define PPP_OUT_ACTIONS 24
#define PPP_OUT_BYTES   4096

/** Where a call puts its actions. The caller zeroes n and used before each call and acts on all of them after it.
 * A call that finds no room drops the frame it would have sent (PPP recovers by restart timers) and counts in lost. */
struct ppp_out {
	uint16_t n, used, lost;
	struct ppp_action act[PPP_OUT_ACTIONS];
	uint8_t bytes[PPP_OUT_BYTES];
};

/** What a call may know of the world. */
struct ppp_env {
	uint64_t now_ns;     /* CLOCK_BOOTTIME */
	const uint8_t *rnd;  /* 32 fresh unpredictable bytes for this call */
};

/* State of one automaton (RFC 1661 s4.2 numbering: 0 Initial .. 9 Opened). */
struct ppp_fsm {
	uint8_t state;
	uint8_t id;          /* of our last Configure- or Terminate-Request */
	uint8_t restart;     /* restart counter */
	uint8_t failures;    /* Configure-Naks sent without an Ack (Max-Failure) */
	uint16_t want;       /* bit per option that we still ask for */
	uint8_t refusals;    /* Configure-Naks and -Rejects received for our requests */
	uint8_t flags;       /* of ppp/automaton.c */
	uint64_t deadline_ns; /* 0: restart timer stopped */
};

/** One session's PPP state. No pointers; lives in the session store. Fields are private to ppp/ except those marked. */
struct ppp_session {
	uint64_t deadline_ns;  /* PUBLIC: call ppp_tick() at or after this time; 0 = never */
	uint8_t phase;         /* PUBLIC: enum ppp_phase */
	uint8_t auth;          /* PUBLIC: enum ppp_auth in use */
	uint8_t cause;         /* PUBLIC: enum ppp_cause, once known */
	uint8_t ncp_up;        /* PUBLIC: bit 0 IPCP, bit 1 IPv6CP */
	struct ppp_fsm lcp, ipcp, ipv6cp;
	uint32_t our_magic, peer_magic;
	uint16_t peer_mru, our_mru;
	uint8_t flags;         /* negotiated bits */
	uint8_t auth_state, auth_id;
	uint8_t auth_refused;  /* bit per enum ppp_auth the peer would not do */
	uint16_t request;      /* number of the last ASK_AAA */
	uint8_t echo_id, echo_missed;
	uint64_t auth_deadline_ns, echo_deadline_ns;
	uint32_t our_ip4, peer_ip4, dns[2], nbns[2];
	uint64_t our_ifid;     /* PUBLIC: ours as negotiated (the peer may Nak the verdict's), host order */
	uint64_t peer_ifid;
	uint8_t challenge[16];
	uint64_t chap_deadline_ns; /* 0: no Challenge is waiting for its Response */
	uint8_t reject_id;     /* of our last Code- or Protocol-Reject */
	uint8_t loops;         /* Configure-Requests in a row that carried our own magic number */
	uint8_t rest[22];      /* room for ppp/'s own further state */
};

enum ppp_phase { PPP_DEAD, PPP_ESTABLISH, PPP_AUTHENTICATE, PPP_NETWORK, PPP_TERMINATE };

/** Make s a session in phase Dead. Cannot fail. */
void ppp_init(struct ppp_session *s);
/** The call is up (ICCN): begin LCP. */
void ppp_open(struct ppp_session *s, const struct ppp_profile *p, const struct ppp_env *env, struct ppp_out *out);
/** One frame that is not IP data. frame starts at the protocol field's first byte (FF 03 already taken off by the
 * caller); the field may be compressed. Unknown protocols are answered by Protocol-Reject in phase Network and dropped
 * before it (RFC 1661 s3.5). */
void ppp_input(struct ppp_session *s, const struct ppp_profile *p, const uint8_t *frame, size_t len,
	const struct ppp_env *env, struct ppp_out *out);
/** Time passed: run whatever is due (restart timers, echo, authentication time-out). */
void ppp_tick(struct ppp_session *s, const struct ppp_profile *p, const struct ppp_env *env, struct ppp_out *out);
/** The answer to an ASK_AAA. Late, repeated or foreign ones are ignored. */
void ppp_verdict(struct ppp_session *s, const struct ppp_profile *p, const struct ppp_verdict *v,
	const struct ppp_env *env, struct ppp_out *out);
/** End the session in order (Terminate-Request); PPP_ACT_DOWN follows after Ack or Max-Terminate. */
void ppp_close(struct ppp_session *s, const struct ppp_profile *p, enum ppp_cause cause, const struct ppp_env *env,
	struct ppp_out *out);
/** The call is gone: no frame can be sent any more. Emits PPP_ACT_DOWN once if not already down. */
void ppp_lower_down(struct ppp_session *s, struct ppp_out *out);

const char *ppp_cause_name(enum ppp_cause cause);  /* "peer-terminated", ... */
const char *ppp_phase_name(enum ppp_phase phase);
const char *ppp_state_name(uint8_t state);         /* "Opened", ... RFC 1661 s4.2 */

#endif
