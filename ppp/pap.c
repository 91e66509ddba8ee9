/* SPDX-License-Identifier: BSD-3-Clause */
/* pap.c - PAP as the authenticator, RFC 1334 s2.
 * The first Authenticate-Request becomes one question; repeats are answered like the first one was,
 * never asked again. */
#include "ppp/session.h"

enum { PAP_REQUEST = 1, PAP_ACK, PAP_NAK };

void pap_answer(struct ppp_ctx *c, const char *message, size_t len)
{
	uint8_t size = (uint8_t)len;

	emit_packet(c, PPP_PAP, c->s->auth_state == AUTH_ACCEPTED ? PAP_ACK : PAP_NAK,
		c->s->auth_id, (struct ppp_span){&size, 1}, (struct ppp_span){message, len});
}

void pap_input(struct ppp_ctx *c, const struct ppp_packet *pkt)
{
	struct ppp_session *s = c->s;
	struct rd r = rd_of(pkt->data, pkt->len);
	struct ppp_span name, secret;

	if (pkt->code != PAP_REQUEST || s->auth != PPP_AUTH_PAP)
		return;
	name.len = rd_u8(&r);
	name.bytes = rd_take(&r, name.len);
	secret.len = rd_u8(&r);
	secret.bytes = rd_take(&r, secret.len);
	if (r.bad)
		return;
	switch (s->auth_state) {
	case AUTH_WAIT_PEER:
		s->auth_id = pkt->id;
		if (emit_ask_aaa(c, PPP_AUTH_PAP, name, secret))
			s->auth_state = AUTH_WAIT_AAA;
		break;
	case AUTH_WAIT_AAA:
		s->auth_id = pkt->id; /* the answer goes to the latest request */
		break;
	case AUTH_ACCEPTED:
	case AUTH_REFUSED:
		s->auth_id = pkt->id;
		pap_answer(c, "", 0);
		break;
	default:
		break;
	}
}
