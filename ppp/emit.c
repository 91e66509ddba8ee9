/* SPDX-License-Identifier: BSD-3-Clause */
/* emit.c - the only writers of a call's struct ppp_out: frames, questions and notices.
 * A frame that finds no room is dropped and counted, a trace just dropped; the last slots are kept for what must
 * not be lost (a layer going up or down, the end of the session), which is more than one call can
 * produce. */
#include "ppp/session.h"

enum { KEPT_FOR_NOTICES = 8 };

static struct ppp_action *slot(struct ppp_ctx *c, enum ppp_act type)
{
	bool may_drop = type == PPP_ACT_SEND || type == PPP_ACT_TRACE || type == PPP_ACT_ASK_AAA;
	unsigned int room = PPP_OUT_ACTIONS - (may_drop ? KEPT_FOR_NOTICES : 0);

	if (c->out->n >= room) {
		c->out->lost += type != PPP_ACT_TRACE;
		return NULL;
	}
	c->out->act[c->out->n] = (struct ppp_action){.type = type};
	return &c->out->act[c->out->n++];
}

/* Room for n bytes and for the action that names them, or NULL. */
static struct ppp_action *slot_with_bytes(
	struct ppp_ctx *c, enum ppp_act type, size_t n, struct wr *w)
{
	struct ppp_action *a;

	if (c->out->used > PPP_OUT_BYTES || n > (size_t)(PPP_OUT_BYTES - c->out->used)) {
		c->out->lost++;
		return NULL;
	}
	a = slot(c, type);
	if (a) {
		*w = wr_of(c->out->bytes + c->out->used, n);
		c->out->used = (uint16_t)(c->out->used + n);
	}
	return a;
}

bool ppp_packet_parse(const uint8_t *bytes, size_t len, struct ppp_packet *pkt)
{
	struct rd r = rd_of(bytes, len);
	uint16_t total;

	pkt->reply = NULL;
	pkt->code = rd_u8(&r);
	pkt->id = rd_u8(&r);
	total = rd_u16(&r);
	if (r.bad || total < PPP_HDR || total > len)
		return false;
	pkt->data = bytes + PPP_HDR; /* octets behind the length are padding: RFC 1661 s5 */
	pkt->len = total - PPP_HDR;
	return true;
}

void emit_packet(struct ppp_ctx *c, uint16_t proto, uint8_t code, uint8_t id, struct ppp_span head,
	struct ppp_span body)
{
	size_t packet = PPP_HDR + head.len + body.len;
	uint16_t at = c->out->used;
	struct ppp_action *a;
	struct wr w;

	a = slot_with_bytes(c, PPP_ACT_SEND, 4 + packet, &w);
	if (!a)
		return;
	wr_u16(&w, 0xff03); /* control frames are never compressed: RFC 1661 s6.6 */
	wr_u16(&w, proto);
	wr_u8(&w, code);
	wr_u8(&w, id);
	wr_u16(&w, (uint16_t)packet);
	wr_bytes(&w, head.bytes, head.len);
	wr_bytes(&w, body.bytes, body.len);
	a->frame.off = at;
	a->frame.len = (uint16_t)(4 + packet);
}

bool emit_ask_aaa(struct ppp_ctx *c, uint8_t method, struct ppp_span name, struct ppp_span secret)
{
	struct ppp_session *s = c->s;
	size_t challenge = method == PPP_AUTH_CHAP_MD5 ? sizeof(s->challenge) : 0;
	uint16_t at = c->out->used;
	struct ppp_action *a;
	struct wr w;

	a = slot_with_bytes(c, PPP_ACT_ASK_AAA, name.len + secret.len + challenge, &w);
	if (!a)
		return false; /* the peer repeats itself */
	wr_bytes(&w, name.bytes, name.len);
	wr_bytes(&w, secret.bytes, secret.len);
	wr_bytes(&w, s->challenge, challenge);
	a->aaa.request = ++s->request;
	a->aaa.method = method;
	a->aaa.chap_id = s->auth_id;
	a->aaa.name_off = at;
	a->aaa.name_len = (uint16_t)name.len;
	a->aaa.secret_off = (uint16_t)(at + name.len);
	a->aaa.secret_len = (uint16_t)secret.len;
	a->aaa.challenge_off = (uint16_t)(at + name.len + secret.len);
	a->aaa.challenge_len = (uint16_t)challenge;
	return true;
}

void emit_link(struct ppp_ctx *c)
{
	const struct ppp_session *s = c->s;
	struct ppp_action *a = slot(c, PPP_ACT_LINK);

	if (!a)
		return;
	a->link.mtu = s->peer_mru < c->p->mtu_max ? s->peer_mru : c->p->mtu_max;
	a->link.tx_acfc = s->flags & S_TX_ACFC;
	a->link.tx_pfc = s->flags & S_TX_PFC;
	a->link.peer_rejected_magic = s->flags & S_MAGIC_REJECTED;
}

void emit_ncp(struct ppp_ctx *c, enum ppp_act type, uint16_t proto, uint64_t ifid)
{
	struct ppp_action *a = slot(c, type);

	if (!a)
		return;
	a->ncp.proto = proto;
	a->ncp.ifid = ifid;
}

void emit_down(struct ppp_ctx *c)
{
	struct ppp_action *a = slot(c, PPP_ACT_DOWN);

	if (a)
		a->cause = c->s->cause;
}

void emit_trace(struct ppp_ctx *c, uint16_t proto, uint8_t from, uint8_t to, uint8_t event)
{
	struct ppp_action *a = slot(c, PPP_ACT_TRACE);

	if (!a)
		return;
	a->trace.proto = proto;
	a->trace.from = from;
	a->trace.to = to;
	a->trace.event = event;
}
