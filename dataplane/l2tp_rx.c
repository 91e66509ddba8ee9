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

static inline void key_of(struct session_key *k, const uint8_t *p, uint8_t l3_off, uint8_t endpoint)
{
	const uint8_t *ip = p - l3_off, *ids = p + 2 + (p[0] >> 5 & 2);
	uint16_t port = load16(p - UDP_HDR);

	k->ids = rte_be_to_cpu_32(load32_raw(ids));
	k->vrf = dp_t.endpoint[endpoint].vrf;
	k->local = endpoint;
	k->peer = likely(l3_off == IP4_HDR + UDP_HDR || ip[0] >> 4 == 4)
		? session_key_peer4(load32_raw(ip + 12), port)
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

/* What is known of the lane's packets before their sessions are. */
struct asked {
	struct session_key key[LANE];
	uint32_t slot[LANE];
	uint16_t len[LANE];
	uint16_t skip[LANE];
};

/* A session's packet that is not plain(). */
static __rte_noinline void other(
	struct worker *w, struct burst *b, unsigned int i, const struct asked *a)
{
	const struct lane_up *l = &b->up;
	const uint32_t slot = a->slot[i];
	const struct dp_session *s = &dp_t.session[slot];
	const struct dp_tunnel *t = &dp_t.tunnel[s->tunnel];
	struct rte_mbuf *m = l->m[i];
	uint8_t *p = l->p[i];

	if (s->owner != w->id) { /* its shard looks up, another worker owns */
		hand_up(w, s->owner, m, p, l->len[i], l->l3_off[i], l->endpoint[i]);
		return;
	}
	if ((t->flags & T_V6) && !is_peer6(t, p, l->l3_off[i])) {
		drop(w, m, DROP_NO_SESSION);
		return;
	}
	w->tunnel_rx[s->tunnel]++;
	if (s->action != S_TERMINATE) {
		if (s->action == S_PENDING && early_keep(w, slot, p + a->skip[i], a->len[i]))
			drop(w, m, DROP_OK);
		else
			drop_up(w, slot, m, DROP_NOT_STARTED);
		return;
	}
	if ((p[0] & F_S >> 8) && (s->flags & S_TX_SEQ) && !in_sequence(&dp_t.more[slot], p)) {
		drop_up(w, slot, m, DROP_OUT_OF_SEQUENCE);
		return;
	}
	ppp_rx(w, b, m, p + a->skip[i], a->len[i], slot);
}

/* What nearly all are: our session's, open for IPv4, by an IPv4 tunnel, not numbered, FF 03 00 21. */
static inline bool plain(const struct worker *w, const struct dp_session *s, const uint8_t *p,
	const uint8_t *ppp, uint16_t len)
{
	return session_is(s, S_V4, 0, w->id) && !(dp_t.tunnel[s->tunnel].flags & T_V6) &&
		!(p[0] & F_S >> 8) && len >= 4 && load32_raw(ppp) == RTE_BE32(0xff030000 | PPP_IP);
}

static inline void one(struct worker *w, struct burst *b, unsigned int i, const struct asked *a)
{
	const struct lane_up *l = &b->up;
	const uint32_t slot = a->slot[i];
	const struct dp_session *s = &dp_t.session[slot];
	uint8_t *ppp = l->p[i] + a->skip[i];
	uint16_t len = a->len[i];

	if (unlikely(!session_has_key(slot, &a->key[i]))) {
		drop(w, l->m[i], (uint16_t)a->key[i].ids ? DROP_NO_SESSION : DROP_L2TP_HEADER);
	} else if (likely(plain(w, s, l->p[i], ppp, len))) {
		w->tunnel_rx[s->tunnel]++;
		lane_put(&b->ip4, l->m[i], ppp + 4, (uint16_t)(len - 4), slot);
	} else {
		other(w, b, i, a);
	}
}

void l2tp_rx(struct worker *w, struct burst *b)
{
	struct lane_up *l = &b->up;
	const bool hash = dp_t.lookup_hash;
	struct asked a;

	if (!l->n)
		return;
	for (unsigned int i = 0; i < l->n; i++) {
		uint16_t left = l->len[i];
		unsigned int hdr = header(l->p[i], &left);

		key_of(&a.key[i], l->p[i], l->l3_off[i], l->endpoint[i]);
		if (unlikely(!hdr))
			a.key[i].ids = 0; /* finds nothing, and says why */
		a.skip[i] = (uint16_t)hdr;
		a.len[i] = (uint16_t)(left - hdr);
		if (likely(!hash))
			a.slot[i] = session_find(&a.key[i]);
	}
	if (unlikely(hash))
		find_sessions(a.key, l->n, a.slot);
	for (unsigned int i = 0; i < l->n; i++)
		one(w, b, i, &a);
	l->n = 0;
}
