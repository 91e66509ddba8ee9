/* SPDX-License-Identifier: BSD-3-Clause */
/* chap.c - CHAP with MD5 as the authenticator, RFC 1994 s4.
 * We send the Challenge and hand the Response on; whoever knows the secret computes the digest, not
 * this library. */
#include "ppp/session.h"

enum { CHAP_CHALLENGE = 1, CHAP_RESPONSE, CHAP_SUCCESS, CHAP_FAILURE };
enum { MD5_LEN = 16, NAME_MAX_LEN = 255, RESTART_MS = 3000 };

/* The same Challenge again keeps its id: a Response to any copy of it counts (RFC 1994 s4.1). */
void chap_resend(struct ppp_ctx *c)
{
	struct ppp_session *s = c->s;
	uint8_t value[1 + sizeof(s->challenge)] = {sizeof(s->challenge)};

	memcpy(value + 1, s->challenge, sizeof(s->challenge));
	s->chap_deadline_ns = after_ms(c, c->p->restart_ms ? c->p->restart_ms : RESTART_MS);
	emit_packet(c, PPP_CHAP, CHAP_CHALLENGE, s->auth_id,
		(struct ppp_span){value, sizeof(value)},
		(struct ppp_span){c->p->name, strnlen(c->p->name, sizeof(c->p->name))});
}

void chap_challenge(struct ppp_ctx *c)
{
	struct ppp_session *s = c->s;

	s->auth_id++;
	memcpy(s->challenge, c->env->rnd + RND_CHALLENGE, sizeof(s->challenge));
	chap_resend(c);
}

void chap_answer(struct ppp_ctx *c, const char *message, size_t len)
{
	emit_packet(c, PPP_CHAP, c->s->auth_state == AUTH_ACCEPTED ? CHAP_SUCCESS : CHAP_FAILURE,
		c->s->auth_id, no_bytes(), (struct ppp_span){message, len});
}

void chap_input(struct ppp_ctx *c, const struct ppp_packet *pkt)
{
	struct ppp_session *s = c->s;
	struct rd r = rd_of(pkt->data, pkt->len);
	struct ppp_span name, value;

	if (pkt->code != CHAP_RESPONSE || s->auth != PPP_AUTH_CHAP_MD5 || pkt->id != s->auth_id)
		return;
	value.len = rd_u8(&r);
	value.bytes = rd_take(&r, value.len);
	name.len = rd_left(&r);
	name.bytes = rd_take(&r, name.len);
	if (r.bad || value.len != MD5_LEN || name.len > NAME_MAX_LEN)
		return;
	switch (s->auth_state) {
	case AUTH_WAIT_PEER:
		if (emit_ask_aaa(c, PPP_AUTH_CHAP_MD5, name, value)) {
			s->auth_state = AUTH_WAIT_AAA;
			s->chap_deadline_ns = 0;
		}
		break;
	case AUTH_ACCEPTED:
	case AUTH_REFUSED:
		chap_answer(c, "", 0); /* RFC 1994 s4.2: the same code, whatever it says now */
		break;
	default:
		break;
	}
}
