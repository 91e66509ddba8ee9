/* SPDX-License-Identifier: BSD-3-Clause */
/* l2tp_rx.c - the L2TP data header (RFC 2661 s3.1) and its session: from here on a packet has a
 * slot. Length counts the whole message and cuts what follows; Offset counts pad bytes only;
 * reserved bits, P and Nr are ignored; session id 0 is no session. The key holds the peer, so that
 * ids from another sender find nothing; an IPv6 peer is only a fold in the key and is compared in
 * full with the tunnel (s8.1: port and address are fixed). Ns is checked only in sessions that use
 * sequencing (s5.4): a number up to SEQ_OLD behind the expected one is old and dropped; further
 * away is a jump of the peer, and counting goes on from there. Nothing is reordered. Thread: the
 * worker that owns the session. */
#include "dataplane/stages.h"

#define SEQ_OLD 256

enum { F_L = 0x4000, F_S = 0x0800, F_O = 0x0200 };

/* @return bytes before the PPP frame; 0: malformed. *len is cut to the message. */
static unsigned int header(const uint8_t *p, uint16_t *len)
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

static void key_of(struct session_key *k, const uint8_t *p, uint8_t l3_off, uint8_t endpoint)
{
	const uint8_t *ip = p - l3_off, *ids = p + 2 + (p[0] >> 5 & 2);
	uint16_t port = load16(p - UDP_HDR);
	uint64_t peer = likely(ip[0] >> 4 == 4) ? session_key_peer4(load32_raw(ip + 12), port)
						: session_key_peer6(ip + 8, port);

	session_key_build(
		k, dp_t.endpoint[endpoint].vrf, endpoint, peer, load16(ids), load16(ids + 2));
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

static void one(struct worker *w, struct burst *b, unsigned int i, uint32_t slot,
	const struct session_key *key, uint16_t skip, uint16_t len)
{
	const struct lane_up *l = &b->up;
	const struct dp_session *s = &dp_t.session[slot];
	struct rte_mbuf *m = l->m[i];
	uint8_t *p = l->p[i];

	if (unlikely(!session_has_key(slot, key))) {
		drop(w, m, DROP_NO_SESSION);
		return;
	}
	if (unlikely(s->owner != w->id)) { /* its shard looks up, another worker owns */
		hand_up(w, s->owner, m, p, l->len[i], l->l3_off[i], l->endpoint[i]);
		return;
	}
	if (unlikely((p - l->l3_off[i])[0] >> 4 == 6) &&
		!is_peer6(&dp_t.tunnel[s->tunnel], p, l->l3_off[i])) {
		drop(w, m, DROP_NO_SESSION);
		return;
	}
	w->tunnel_rx[s->tunnel]++;
	if (unlikely(s->action != S_TERMINATE)) {
		if (s->action == S_PENDING && early_keep(w, slot, p + skip, len))
			drop(w, m, DROP_OK);
		else
			drop_up(w, slot, m, DROP_NOT_STARTED);
		return;
	}
	if (unlikely((p[0] & F_S >> 8) && (s->flags & S_TX_SEQ)) &&
		!in_sequence(&dp_t.more[slot], p)) {
		drop_up(w, slot, m, DROP_OUT_OF_SEQUENCE);
		return;
	}
	lane_put(&b->ppp, m, p + skip, len, slot);
}

void l2tp_rx(struct worker *w, struct burst *b)
{
	struct lane_up *l = &b->up;
	struct session_key key[LANE];
	uint32_t slot[LANE];
	uint16_t len[LANE];
	uint8_t at[LANE];
	uint16_t skip[LANE];
	unsigned int n = 0;

	if (!l->n)
		return;
	for (unsigned int i = 0; i < l->n; i++) {
		uint16_t left = l->len[i];
		unsigned int hdr = header(l->p[i], &left);

		key_of(&key[n], l->p[i], l->l3_off[i], l->endpoint[i]);
		if (unlikely(!hdr || !key[n].sid)) {
			drop(w, l->m[i], DROP_L2TP_HEADER);
			continue;
		}
		at[n] = (uint8_t)i;
		skip[n] = (uint16_t)hdr;
		len[n++] = (uint16_t)(left - hdr);
	}
	find_sessions(key, n, slot);
	for (unsigned int k = 0; k < n; k++)
		one(w, b, at[k], slot[k], &key[k], skip[k], len[k]);
	l->n = 0;
}
