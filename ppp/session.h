/* SPDX-License-Identifier: BSD-3-Clause */
/* session.h - what the files of ppp/ share: the context of one call, the kinds of automaton, the
 * emitters. Private to ppp/ and its tests. The public side is ppp.h. */
#ifndef PPP_SESSION_H
#define PPP_SESSION_H

#include "ppp/fsm.h"
#include "ppp/opt.h"
#include "ppp/ppp.h"
#include "ppp/wire.h"

/* One call into the library. p and env are NULL in ppp_lower_down(), which can neither send nor
 * wait. */
struct ppp_ctx {
	struct ppp_session *s;
	const struct ppp_profile *p;
	const struct ppp_env *env;
	struct ppp_out *out;
};

/* Where each use takes its bytes from env->rnd (32): one call never uses the same ones for two
 * purposes. */
enum { RND_CHALLENGE = 0, RND_OUR_MAGIC = 16, RND_NAK_MAGIC = 20, RND_IFID = 24 };

enum { PPP_DEFAULT_MRU = 1500, PPP_MIN_MRU = 64, PPP_HDR = 4 };

/* RFC 1661 s5 and RFC 1570. */
enum ppp_code {
	CONF_REQ = 1,
	CONF_ACK,
	CONF_NAK,
	CONF_REJ,
	TERM_REQ,
	TERM_ACK,
	CODE_REJ,
	PROTO_REJ,
	ECHO_REQ,
	ECHO_REP,
	DISCARD_REQ,
	IDENTIFICATION,
	TIME_REMAINING,
};

/* Bits of ppp_session.flags. */
enum {
	S_TX_PFC = 1 << 0,
	S_TX_ACFC = 1 << 1,
	S_MAGIC_REJECTED = 1 << 2, /* the peer does not do magic numbers: ours is 0 on the wire */
	S_NET_HEARD = 1 << 3, /* the peer spoke an NCP: it knows that it is authenticated */
	S_ECHO_OFF = 1 << 4, /* the peer sent a Code-Reject for Echo-Request */
	S_NCP_WAS_UP = 1 << 5,
	S_ENDED = 1 << 6, /* PPP_ACT_DOWN was emitted */
};

/* Bits of ppp_fsm.flags. */
enum {
	FSM_F_ACKED = 1 << 0, /* our request was acknowledged: a second Ack of it is a duplicate */
	FSM_F_ASKED_ABSENT = 1 << 1, /* the peer was asked for what its request lacks */
	FSM_F_HEARD = 1 << 2, /* a Configure-Request of the peer came while ours was unanswered */
};

enum auth_state { AUTH_IDLE, AUTH_WAIT_PEER, AUTH_WAIT_AAA, AUTH_ACCEPTED, AUTH_REFUSED };

/* A received control packet: code, id and the bytes after the 4-byte header, bounded by the length
 * field. */
struct ppp_packet {
	uint8_t code, id;
	const uint8_t *data;
	size_t len;
	struct opt_reply *reply; /* the answer to a Configure-Request, once judged */
};

/* One kind of automaton: what LCP, IPCP and IPv6CP differ in. */
struct ppp_kind {
	uint16_t proto;
	uint16_t fsm; /* offset of its struct ppp_fsm in struct ppp_session */
	uint8_t up_bit; /* in ppp_session.ncp_up; 0 for LCP */
	uint8_t n_opts;
	const struct opt_desc *opts;
	void (*begin)(struct ppp_ctx *c); /* a negotiation starts afresh */
	void (*commit)(
		struct ppp_ctx *c, const struct opt_peer *peer); /* we acknowledge the peer */
};

extern const struct ppp_kind kind_lcp, kind_ipcp, kind_ipv6cp;

static inline struct ppp_fsm *kind_fsm(const struct ppp_kind *k, struct ppp_session *s)
{
	return (struct ppp_fsm *)((uint8_t *)s + k->fsm);
}

/* session.c: what an automaton tells the layers around it. */
void session_layer_up(struct ppp_ctx *c, const struct ppp_kind *k);
void session_layer_down(struct ppp_ctx *c, const struct ppp_kind *k);
void session_layer_finished(struct ppp_ctx *c, const struct ppp_kind *k);
void session_close(struct ppp_ctx *c, enum ppp_cause cause);
void session_protocol_rejected(struct ppp_ctx *c, uint16_t proto);
void session_set_cause(struct ppp_ctx *c, enum ppp_cause cause);

/* automaton.c */
void auto_step(struct ppp_ctx *c, const struct ppp_kind *k, enum fsm_event event,
	const struct ppp_packet *pkt);
void auto_input(struct ppp_ctx *c, const struct ppp_kind *k, const struct ppp_packet *pkt);
void auto_timeout(struct ppp_ctx *c, const struct ppp_kind *k);
size_t auto_tx_limit(const struct ppp_ctx *c, const struct ppp_kind *k);

/* lcp.c: codes 8 and up, and our echo. */
bool lcp_knows(uint8_t code);
void lcp_input(struct ppp_ctx *c, const struct ppp_packet *pkt);
void lcp_echo_reply(struct ppp_ctx *c, const struct ppp_packet *pkt);
void lcp_echo_tick(struct ppp_ctx *c);
bool lcp_refused(const struct ppp_ctx *c);
bool lcp_looped(struct ppp_ctx *c, const struct opt_peer *peer);
void lcp_protocol_reject(struct ppp_ctx *c, uint16_t proto, const uint8_t *info, size_t len);

/* pap.c, chap.c */
void pap_input(struct ppp_ctx *c, const struct ppp_packet *pkt);
void pap_answer(struct ppp_ctx *c, const char *message, size_t len);
void chap_challenge(struct ppp_ctx *c);
void chap_resend(struct ppp_ctx *c);
void chap_input(struct ppp_ctx *c, const struct ppp_packet *pkt);
void chap_answer(struct ppp_ctx *c, const char *message, size_t len);

/* emit.c: the only writers of struct ppp_out. */
struct ppp_span {
	const void *bytes;
	size_t len;
};

bool ppp_packet_parse(const uint8_t *bytes, size_t len, struct ppp_packet *pkt);
void emit_packet(struct ppp_ctx *c, uint16_t proto, uint8_t code, uint8_t id, struct ppp_span head,
	struct ppp_span body);
bool emit_ask_aaa(struct ppp_ctx *c, uint8_t method, struct ppp_span name, struct ppp_span secret);
void emit_link(struct ppp_ctx *c);
void emit_ncp(struct ppp_ctx *c, enum ppp_act type, uint16_t proto, uint64_t ifid);
void emit_down(struct ppp_ctx *c);
void emit_trace(struct ppp_ctx *c, uint16_t proto, uint8_t from, uint8_t to, uint8_t event);

static inline uint64_t after_ms(const struct ppp_ctx *c, uint32_t ms)
{
	return c->env->now_ns + (uint64_t)ms * 1000000;
}

static inline struct ppp_span no_bytes(void)
{
	return (struct ppp_span){"", 0};
}

#endif
