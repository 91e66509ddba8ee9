/* SPDX-License-Identifier: BSD-3-Clause */
/* l2tp_rx.c - the L2TP data header (RFC 2661 s3.1) and its session: from here on a packet has a
 * slot. Length counts the whole message and cuts what follows; Offset counts pad bytes only;
 * reserved bits, P and Nr are ignored; session id 0 is no session. The key holds the peer, so that
 * ids from another sender find nothing; an IPv6 peer is only a fold in the key and is compared in
 * full with the tunnel (s8.1: port and address are fixed). Ns is checked only in sessions that use
 * sequencing (s5.4): a number up to SEQ_OLD behind the expected one is old and dropped; further
 * away is a jump of the peer, and counting goes on from there. Nothing is reordered. Thread: the
 * worker that owns the session. */
#include "dataplane/early.h"
#include "dataplane/ppp_rx.h"

#define SEQ_OLD 256

enum { F_L = 0x4000, F_S = 0x0800, F_O = 0x0200 };

/* @return bytes before the PPP frame; 0: malformed. *len is cut to the message. */
static inline unsigned int header(const uint8_t *p, uint16_t *len)
{
	uint16_t flags = load16(p);
	unsigned int n = 6;

	if (likely(!(flags & (F_L | F_S | F_O))))
		return n;
	if (flags & F_L) {
		uint16_t total = load16(p + 2);

		n += 2;
		if (total > *len)
			return 0;
		*len = total;
	}
	if (flags & F_S)
		n += 4;
	if (flags & F_O) {
		n += 2;
		if (n > *len)
			return 0;
		n += load16(p + n - 2);
	}
	return n <= *len ? n : 0;
}

static inline void key_of(struct session_key *k, const struct tunnel_packet *u)
{
	const uint8_t *ip = u->p - u->l3_off;
	uint16_t port = load16(u->p - UDP_HDR);

	k->ids = u->ids;
	k->vrf = dp_t.endpoint[u->endpoint].vrf;
	k->local = u->endpoint;
	k->peer = ip[0] >> 4 == 4 ? session_key_peer4(load32_raw(ip + 12), port)
				  : session_key_peer6(ip + 8, port);
}

static bool is_peer6(const struct dp_tunnel *t, const uint8_t *p, uint8_t l3_off)
{
	const uint8_t *ip = p - l3_off;

	return !memcmp(t->peer.addr, ip + 8, 16) && !memcmp(t->peer.local, ip + 24, 16) &&
		t->peer.port == load16(p - UDP_HDR);
}

static bool in_sequence(struct dp_session_more *more, const uint8_t *p)
{
	uint16_t ns = load16(p + 6 + (p[0] >> 5 & 2));
	uint16_t behind = (uint16_t)(more->rx_ns - ns);

	if (behind >= 1 && behind <= SEQ_OLD)
		return false;
	more->rx_ns = (uint16_t)(ns + 1);
	return true;
}

/* A packet that is not plain(). skip, len: bytes before the PPP frame and of it; skip 0: malformed. */
static __rte_noinline void other(struct worker *w, struct burst *b, const struct tunnel_packet *u,
	unsigned int skip, uint16_t len)
{
	const uint32_t slot = u->slot;
	const struct dp_session *s = &dp_t.session[slot];
	const struct dp_tunnel *t = &dp_t.tunnel[s->tunnel];
	struct rte_mbuf *m = u->m;
	uint8_t *p = u->p;
	struct session_key key;

	key_of(&key, u);
	if (!skip || !session_has_key(slot, &key)) {
		drop(w, m, skip && (uint16_t)key.ids ? DROP_NO_SESSION : DROP_L2TP_HEADER);
		return;
	}
	if (s->owner != w->id) { /* its shard looks up, another worker owns */
		hand_up(w, s->owner, u);
		return;
	}
	if ((t->flags & T_V6) && !is_peer6(t, p, u->l3_off)) {
		drop(w, m, DROP_NO_SESSION);
		return;
	}
	w->tunnel_rx[s->tunnel]++;
	if (s->action != S_TERMINATE) {
		if (s->action == S_PENDING && early_keep(w, slot, p + skip, len))
			drop(w, m, DROP_OK);
		else
			drop_up(w, slot, m, DROP_NOT_STARTED);
		return;
	}
	if ((p[0] & F_S >> 8) && (s->flags & S_TX_SEQ) && !in_sequence(&dp_t.more[slot], p)) {
		drop_up(w, slot, m, DROP_OUT_OF_SEQUENCE);
		return;
	}
	ppp_rx(w, b, m, p + skip, len, slot);
}

/* What nearly all are: not numbered, FF 03 00 21, our session's that is open for IPv4, from its tunnel's peer, which is that
 * of the tunnel's template the other way round. All differences as one value: who guesses ids must not make us guess
 * branches. */
static inline bool plain(const struct worker *w, const struct dp_session *s,
	const struct dp_tunnel *t, const struct tunnel_packet *u, const uint8_t *ppp)
{
	const uint8_t *p = u->p, *ip = p - (IP4_HDR + UDP_HDR);
	uint64_t addresses = load64_raw(ip + 12);
	uint32_t ids;

	memcpy(&ids, &s->sid, sizeof(ids));
	addresses = (addresses << 32 | addresses >> 32) ^ load64_raw(t->header + 12);
	return !(addresses | (ids ^ u->ids) | (p[0] & F_S >> 8) | (t->flags & T_V6) |
		(uint32_t)(u->l3_off ^ (IP4_HDR + UDP_HDR)) |
		(uint32_t)(load16_raw(ip + 20) ^ load16_raw(t->header + 22)) |
		(load32_raw(ppp) ^ RTE_BE32(0xff030000 | PPP_IP)) |
		session_differs(s, S_V4, 0, w->id));
}

/* dp_t.lookup_hash: nobody knows the slots before. */
static __rte_noinline void find_by_hash(struct lane_up *l)
{
	struct session_key key[LANE];
	uint32_t slot[LANE];

	for (unsigned int i = 0; i < l->n; i++)
		key_of(&key[i], &l->at[i]);
	for (unsigned int at = 0; at < l->n; at += LOOKUP_MAX)
		session_hash_bulk(
			key + at, RTE_MIN(l->n - at, (unsigned int)LOOKUP_MAX), slot + at);
	for (unsigned int i = 0; i < l->n; i++)
		l->at[i].slot = slot[i];
}

static __rte_always_inline void packets(
	struct worker *w, struct burst *b, const struct tunnel_packet *u, unsigned int n)
{
	const struct dp_session *const session = dp_t.session;
	const struct dp_tunnel *const tunnel = dp_t.tunnel;

	for (const struct tunnel_packet *const end = u + n; u < end; u++) {
		const struct dp_session *s = &session[u->slot];
		uint16_t len = u->len;
		unsigned int skip = header(u->p, &len);
		uint8_t *ppp = u->p + skip;

		len = (uint16_t)(len - skip);
		if (likely(skip && len >= 4 && plain(w, s, &tunnel[s->tunnel], u, ppp))) {
			w->tunnel_rx[s->tunnel]++;
			ip4_up(w, b, u->slot, u->m, ppp + 4, (uint16_t)(len - 4));
		} else {
			other(w, b, u, skip, len);
		}
	}
}

void l2tp_rx(struct worker *w, struct burst *b)
{
	struct lane_up *l = &b->up;

	if (unlikely(dp_t.lookup_hash) && l->n)
		find_by_hash(l);
	for (unsigned int at = 0, n; at < l->n; at += n) {
		n = RTE_MIN(hand_ahead(w), l->n - at);
		packets(w, b, l->at + at, n);
	}
	l->n = 0;
}
