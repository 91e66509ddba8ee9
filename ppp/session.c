/* SPDX-License-Identifier: BSD-3-Clause */
/* session.c - one PPP session: the order of its phases (RFC 1661 s3), dispatch by protocol, timers,
 * the public calls.
 *   Dead -> Establish (LCP) -> Authenticate -> Network (IPCP, IPv6CP) -> Terminate -> Dead
 * LCP leaving Opened takes everything above it down, and coming back starts with authentication
 * again: a LAC that has authenticated the client itself hands us one in the middle of this.
 * Not here: the automaton (automaton.c), options and codes of each protocol, digests, addresses. */
#include "ppp/session.h"

_Static_assert(sizeof(struct ppp_session) <= 192, "three cache lines of the session store");

enum { DEFAULT_AUTH_TIMEOUT_MS = 30000 };

static bool ended(const struct ppp_session *s)
{
	return s->flags & S_ENDED;
}

void session_set_cause(struct ppp_ctx *c, enum ppp_cause cause)
{
	if (c->s->cause == PPP_CAUSE_NONE)
		c->s->cause = (uint8_t)cause;
}

static void finish(struct ppp_ctx *c)
{
	struct ppp_session *s = c->s;

	if (ended(s))
		return;
	session_set_cause(c, PPP_CAUSE_NEGOTIATION);
	s->phase = PPP_DEAD;
	s->flags |= S_ENDED;
	s->auth_state = AUTH_IDLE;
	s->lcp.deadline_ns = s->ipcp.deadline_ns = s->ipv6cp.deadline_ns = 0;
	s->auth_deadline_ns = s->chap_deadline_ns = s->echo_deadline_ns = 0;
	emit_down(c);
}

void session_close(struct ppp_ctx *c, enum ppp_cause cause)
{
	session_set_cause(c, cause);
	auto_step(c, &kind_lcp, FSM_CLOSE, NULL);
}

static bool running(const struct ppp_fsm *f)
{
	return f->state >= FSM_CLOSING;
}

/* The network phase lives as long as one NCP does (RFC 1661 s3.6: each opens and closes by
 * itself). */
static void end_without_ncp(struct ppp_ctx *c)
{
	struct ppp_session *s = c->s;

	if (s->phase == PPP_NETWORK && !running(&s->ipcp) && !running(&s->ipv6cp))
		session_close(c,
			s->flags & S_NCP_WAS_UP ? PPP_CAUSE_PEER_TERMINATED
						: PPP_CAUSE_NEGOTIATION);
}

/* Out of use without a word to the peer; the automaton ends in Initial. */
static void ncp_stop(struct ppp_ctx *c, const struct ppp_kind *k)
{
	auto_step(c, k, FSM_DOWN, NULL);
	auto_step(c, k, FSM_CLOSE, NULL);
}

static void ncp_start(struct ppp_ctx *c, const struct ppp_kind *k)
{
	auto_step(c, k, FSM_OPEN, NULL);
	auto_step(c, k, FSM_UP, NULL);
}

static void start_authentication(struct ppp_ctx *c)
{
	struct ppp_session *s = c->s;
	uint32_t ms = c->p->auth_timeout_ms ? c->p->auth_timeout_ms : DEFAULT_AUTH_TIMEOUT_MS;

	s->phase = PPP_AUTHENTICATE;
	s->auth_deadline_ns = after_ms(c, ms);
	s->auth_state = AUTH_WAIT_PEER;
	if (s->auth == PPP_AUTH_CHAP_MD5)
		chap_challenge(c);
	else if (s->auth == PPP_AUTH_NONE && emit_ask_aaa(c, PPP_AUTH_NONE, no_bytes(), no_bytes()))
		/* No name, but the addresses are control's to give. */
		s->auth_state = AUTH_WAIT_AAA;
}

void session_layer_up(struct ppp_ctx *c, const struct ppp_kind *k)
{
	struct ppp_session *s = c->s;

	if (k == &kind_lcp) {
		emit_link(c);
		s->loops = s->echo_missed = 0;
		if (c->p->echo_interval_ms)
			s->echo_deadline_ns = after_ms(c, c->p->echo_interval_ms);
		start_authentication(c);
		return;
	}
	s->ncp_up |= k->up_bit;
	s->flags |= S_NCP_WAS_UP;
	emit_ncp(c, PPP_ACT_NCP_UP, k->proto, k == &kind_ipv6cp ? s->peer_ifid : 0);
}

void session_layer_down(struct ppp_ctx *c, const struct ppp_kind *k)
{
	struct ppp_session *s = c->s;

	if (k != &kind_lcp) {
		s->ncp_up &= (uint8_t)~k->up_bit;
		emit_ncp(c, PPP_ACT_NCP_DOWN, k->proto, 0);
		return;
	}
	s->phase = PPP_ESTABLISH; /* first: an NCP that ends now does not end the session */
	s->auth_state = AUTH_IDLE;
	s->auth_deadline_ns = s->chap_deadline_ns = s->echo_deadline_ns = 0;
	ncp_stop(c, &kind_ipcp);
	ncp_stop(c, &kind_ipv6cp);
}

void session_layer_finished(struct ppp_ctx *c, const struct ppp_kind *k)
{
	if (k == &kind_lcp)
		finish(c);
	else
		end_without_ncp(c);
}

/* RFC 1661 s5.7: stop sending that protocol at once, so its NCP ends without a
 * Terminate-Request. */
void session_protocol_rejected(struct ppp_ctx *c, uint16_t proto)
{
	struct ppp_session *s = c->s;
	bool asked = s->phase == PPP_AUTHENTICATE;

	switch (proto) {
	case PPP_LCP:
		session_set_cause(c, PPP_CAUSE_PROTOCOL_REJECT);
		auto_step(c, &kind_lcp, FSM_RXJ_M, NULL);
		return;
	case PPP_PAP:
	case PPP_CHAP:
		if (asked && s->auth == (proto == PPP_PAP ? PPP_AUTH_PAP : PPP_AUTH_CHAP_MD5))
			session_close(c, PPP_CAUSE_PROTOCOL_REJECT);
		return;
	case PPP_IPCP:
	case PPP_IP:
		ncp_stop(c, &kind_ipcp);
		break;
	case PPP_IPV6CP:
	case PPP_IPV6:
		ncp_stop(c, &kind_ipv6cp);
		break;
	default:
		break;
	}
	auto_step(c, &kind_lcp, FSM_RXJ_P, NULL);
}

static void earliest(uint64_t *deadline, uint64_t other)
{
	if (other && (!*deadline || other < *deadline))
		*deadline = other;
}

/* The end of every call: what the caller may look at. */
static void settle(struct ppp_session *s)
{
	if (s->phase != PPP_DEAD && (s->lcp.state == FSM_CLOSING || s->lcp.state == FSM_STOPPING))
		s->phase = PPP_TERMINATE;
	s->deadline_ns = 0;
	earliest(&s->deadline_ns, s->lcp.deadline_ns);
	earliest(&s->deadline_ns, s->ipcp.deadline_ns);
	earliest(&s->deadline_ns, s->ipv6cp.deadline_ns);
	earliest(&s->deadline_ns, s->auth_deadline_ns);
	earliest(&s->deadline_ns, s->chap_deadline_ns);
	earliest(&s->deadline_ns, s->echo_deadline_ns);
}

void ppp_init(struct ppp_session *s)
{
	memset(s, 0, sizeof(*s));
	s->our_mru = s->peer_mru = PPP_DEFAULT_MRU;
}

void ppp_open(struct ppp_session *s, const struct ppp_profile *p, const struct ppp_env *env,
	struct ppp_out *out)
{
	struct ppp_ctx c = {s, p, env, out};

	if (ended(s) || s->lcp.state != FSM_INITIAL)
		return;
	s->phase = PPP_ESTABLISH;
	auto_step(&c, &kind_lcp, FSM_OPEN, NULL);
	auto_step(&c, &kind_lcp, FSM_UP, NULL);
	settle(s);
}

static void input_ncp(struct ppp_ctx *c, const struct ppp_kind *k, const uint8_t *info, size_t len)
{
	struct ppp_packet pkt;

	if (c->s->phase != PPP_NETWORK)
		return;
	if (kind_fsm(k, c->s)->state == FSM_INITIAL)
		lcp_protocol_reject(c, k->proto, info, len);
	else if (ppp_packet_parse(info, len, &pkt))
		auto_input(c, k, &pkt);
}

/* RFC 1661 s3.4 and s3.5: before LCP is open only LCP is heard, before the verdict only LCP and
 * authentication; the rest is discarded in silence. */
static void input(struct ppp_ctx *c, uint16_t proto, const uint8_t *info, size_t len)
{
	struct ppp_packet pkt;

	if (proto == PPP_LCP) {
		if (ppp_packet_parse(info, len, &pkt))
			auto_input(c, &kind_lcp, &pkt);
		return;
	}
	if (c->s->lcp.state != FSM_OPENED)
		return;
	if (proto == PPP_PAP || proto == PPP_CHAP) {
		if (!ppp_packet_parse(info, len, &pkt))
			return;
		if (proto == PPP_PAP)
			pap_input(c, &pkt);
		else
			chap_input(c, &pkt);
		return;
	}
	if (c->s->phase != PPP_NETWORK)
		return;
	c->s->flags |= S_NET_HEARD;
	switch (proto) {
	case PPP_IPCP:
		input_ncp(c, &kind_ipcp, info, len);
		break;
	case PPP_IPV6CP:
		input_ncp(c, &kind_ipv6cp, info, len);
		break;
	case PPP_IP:
	case PPP_IPV6:
		break;
	default:
		lcp_protocol_reject(c, proto, info, len);
	}
}

void ppp_input(struct ppp_session *s, const struct ppp_profile *p, const uint8_t *frame, size_t len,
	const struct ppp_env *env, struct ppp_out *out)
{
	struct ppp_ctx c = {s, p, env, out};
	struct rd r = rd_of(frame, len);
	uint16_t proto;

	if (s->phase == PPP_DEAD)
		return;
	proto = rd_u8(&r);
	if (!(proto & 1)) /* RFC 1661 s2, s6.5: an odd first octet is the whole field */
		proto = (uint16_t)(proto << 8 | rd_u8(&r));
	if (r.bad)
		return;
	input(&c, proto, r.p, rd_left(&r));
	settle(s);
}

/* The peer answers no NCP and has never spoken one: most likely our Ack or Success got lost and it
 * still waits for that, for a peer may not leave phase Authenticate by itself. */
static void repeat_success(struct ppp_ctx *c)
{
	if (c->s->flags & S_NET_HEARD || c->s->auth_state != AUTH_ACCEPTED)
		return;
	if (c->s->auth == PPP_AUTH_PAP)
		pap_answer(c, "", 0);
	else if (c->s->auth == PPP_AUTH_CHAP_MD5)
		chap_answer(c, "", 0);
}

static bool due(const struct ppp_ctx *c, uint64_t deadline_ns)
{
	return deadline_ns && c->env->now_ns >= deadline_ns;
}

void ppp_tick(struct ppp_session *s, const struct ppp_profile *p, const struct ppp_env *env,
	struct ppp_out *out)
{
	struct ppp_ctx c = {s, p, env, out};
	bool ncp_due;

	if (due(&c, s->lcp.deadline_ns))
		auto_timeout(&c, &kind_lcp);
	if (due(&c, s->auth_deadline_ns))
		session_close(&c, PPP_CAUSE_AUTH_TIMEOUT);
	if (due(&c, s->chap_deadline_ns))
		chap_resend(&c);
	if (due(&c, s->echo_deadline_ns))
		lcp_echo_tick(&c);
	ncp_due = due(&c, s->ipcp.deadline_ns) || due(&c, s->ipv6cp.deadline_ns);
	if (ncp_due)
		repeat_success(&c);
	if (due(&c, s->ipcp.deadline_ns))
		auto_timeout(&c, &kind_ipcp);
	if (due(&c, s->ipv6cp.deadline_ns))
		auto_timeout(&c, &kind_ipv6cp);
	settle(s);
}

static void accept(struct ppp_ctx *c, const struct ppp_verdict *v)
{
	struct ppp_session *s = c->s;

	s->our_ip4 = v->our_ip4;
	s->peer_ip4 = v->peer_ip4;
	memcpy(s->dns, v->dns, sizeof(s->dns));
	memcpy(s->nbns, v->nbns, sizeof(s->nbns));
	s->our_ifid = v->our_ifid;
	s->peer_ifid = v->peer_ifid;
	s->phase = PPP_NETWORK;
	if (c->p->ipv4 && s->peer_ip4)
		ncp_start(c, &kind_ipcp);
	if (c->p->ipv6 && s->our_ifid && s->peer_ifid)
		ncp_start(c, &kind_ipv6cp);
	end_without_ncp(c);
}

void ppp_verdict(struct ppp_session *s, const struct ppp_profile *p, const struct ppp_verdict *v,
	const struct ppp_env *env, struct ppp_out *out)
{
	struct ppp_ctx c = {s, p, env, out};
	size_t len = strnlen(v->message, sizeof(v->message));

	if (s->phase != PPP_AUTHENTICATE || s->auth_state != AUTH_WAIT_AAA ||
		v->request != s->request)
		return;
	s->auth_deadline_ns = 0;
	s->auth_state = v->accept ? AUTH_ACCEPTED : AUTH_REFUSED;
	if (s->auth == PPP_AUTH_PAP)
		pap_answer(&c, v->message, len);
	else if (s->auth == PPP_AUTH_CHAP_MD5)
		chap_answer(&c, v->message, len);
	if (v->accept)
		accept(&c, v);
	else
		session_close(&c, PPP_CAUSE_AUTH_FAILED);
	settle(s);
}

void ppp_close(struct ppp_session *s, const struct ppp_profile *p, enum ppp_cause cause,
	const struct ppp_env *env, struct ppp_out *out)
{
	struct ppp_ctx c = {s, p, env, out};

	if (ended(s))
		return;
	session_close(&c, cause);
	if (s->phase == PPP_DEAD)
		finish(&c); /* it was never opened: nobody to tell */
	settle(s);
}

void ppp_lower_down(struct ppp_session *s, struct ppp_out *out)
{
	struct ppp_ctx c = {s, NULL, NULL, out};

	if (ended(s))
		return;
	session_set_cause(&c, PPP_CAUSE_LOWER_DOWN);
	auto_step(&c, &kind_lcp, FSM_DOWN, NULL);
	finish(&c);
	settle(s);
}

const char *ppp_cause_name(enum ppp_cause cause)
{
	static const char *const names[PPP_CAUSE_COUNT] = {
		[PPP_CAUSE_NONE] = "none",
		[PPP_CAUSE_PEER_TERMINATED] = "peer-terminated",
		[PPP_CAUSE_ADMIN] = "admin",
		[PPP_CAUSE_AUTH_FAILED] = "auth-failed",
		[PPP_CAUSE_AUTH_TIMEOUT] = "auth-timeout",
		[PPP_CAUSE_NEGOTIATION] = "negotiation",
		[PPP_CAUSE_ECHO_TIMEOUT] = "echo-timeout",
		[PPP_CAUSE_LOOP] = "loop",
		[PPP_CAUSE_PROTOCOL_REJECT] = "protocol-reject",
		[PPP_CAUSE_LOWER_DOWN] = "lower-down",
	};

	return (unsigned int)cause < PPP_CAUSE_COUNT ? names[cause] : "?";
}

const char *ppp_phase_name(enum ppp_phase phase)
{
	static const char *const names[] = {
		"Dead", "Establish", "Authenticate", "Network", "Terminate"};

	return (unsigned int)phase < sizeof(names) / sizeof(names[0]) ? names[phase] : "?";
}
