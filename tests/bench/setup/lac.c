/* SPDX-License-Identifier: BSD-3-Clause */
/* lac.c - the script: SCCRQ, SCCCN; ICRQ, ICCN; Configure-Acks for whatever lnsd asks, a CHAP response (RFC 1994), an
 * IPCP request that takes what the Nak says (RFC 1332), an IPv6CP request (RFC 5072).
 * Its reliable channel has a window and acknowledges once per round, but never sends anything again: the wire is a ring.
 * Not here: anything that a LAC may do wrong (tests/conformance), and loss (tools/lacsim). */
#include "tests/bench/setup/lac.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/md5.h>
#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

#include "controlplane/l2tp/avp.h"
#include "controlplane/l2tp/l2tp.h"
#include "dataplane/records.h"
#include "ppp/ppp.h"

#define WINDOW 256 /* of lnsd, as configured; ours is the same */
#define ROOM   1024u
#define OUTER                                                                                      \
	(sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_udp_hdr))

enum { CONF_REQ = 1, CONF_ACK, CONF_NAK, CONF_REJ, ECHO_REQ = 9, ECHO_REP = 10 };
enum { CHAP_CHALLENGE = 1, CHAP_RESPONSE, CHAP_SUCCESS };
enum { ICCN_QUEUED = 1, DIALLED = 2, UP4 = 4, UP6 = 8, UP = 16, CDN_QUEUED = 32 };

struct lac_session {
	uint32_t next; /* of the tunnel's queue of messages to send; session + 1 */
	uint16_t lns_sid;
	uint8_t flags;
};

struct lac_tunnel {
	uint32_t first, n, asked; /* sessions: first number, how many, how many were asked for */
	uint32_t head, tail; /* sessions whose ICCN or CDN waits for the window */
	uint16_t lns_tid, ns, nr, acked;
	bool up, ack_owed, stopped;
};

static struct {
	struct lac_plan plan;
	struct rte_ring *to, *from;
	struct lac_tunnel *tunnel;
	struct lac_session *session;
	struct lac_count count;
	uint32_t limit, turn, churned;
} l;

const struct lac_count *lac_count(void)
{
	return &l.count;
}

void lac_limit(uint32_t sessions)
{
	l.limit = sessions;
}

int lac_init(const struct lac_plan *plan, struct rte_ring *to_lns, struct rte_ring *from_lns)
{
	memset(&l, 0, sizeof(l));
	l.plan = *plan;
	l.to = to_lns;
	l.from = from_lns;
	l.limit = plan->sessions;
	l.tunnel = calloc(plan->tunnels, sizeof(*l.tunnel));
	l.session = calloc(plan->sessions, sizeof(*l.session));
	if (!l.tunnel || !l.session)
		return -1;
	for (uint32_t t = 0; t < plan->tunnels; t++) {
		l.tunnel[t].first = (uint32_t)((uint64_t)t * plan->sessions / plan->tunnels);
		l.tunnel[t].n =
			(uint32_t)((t + 1ull) * plan->sessions / plan->tunnels) - l.tunnel[t].first;
	}
	return 0;
}

void lac_fini(void)
{
	free(l.tunnel);
	free(l.session);
}

/* -- frames -- */

static struct rte_mbuf *begin(struct wr *w)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(dp_t.pool);

	if (!m) {
		fprintf(stderr, "bench: no buffer for the LAC\n");
		exit(1);
	}
	*w = wr_of(rte_pktmbuf_mtod_offset(m, uint8_t *, OUTER), ROOM);
	return m;
}

static void finish(uint32_t t, struct rte_mbuf *m, const struct wr *w)
{
	uint16_t payload = (uint16_t)(ROOM - (size_t)(w->end - w->p));
	struct rte_ether_hdr *eth =
		(struct rte_ether_hdr *)rte_pktmbuf_append(m, (uint16_t)(OUTER + payload));
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(eth + 1);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);

	memset(eth, 0, OUTER);
	memcpy(&eth->dst_addr, l.plan.lns_mac, 6);
	eth->src_addr.addr_bytes[0] = 2;
	eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->total_length = rte_cpu_to_be_16((uint16_t)(28 + payload));
	ip->time_to_live = 64;
	ip->next_proto_id = IPPROTO_UDP;
	ip->src_addr = rte_cpu_to_be_32(LAC_FIRST_IP + t % l.plan.addresses);
	ip->dst_addr = rte_cpu_to_be_32(l.plan.lns_ip);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp->src_port = rte_cpu_to_be_16((uint16_t)(1701 + t / l.plan.addresses));
	udp->dst_port = RTE_BE16(L2TP_PORT);
	udp->dgram_len = rte_cpu_to_be_16((uint16_t)(8 + payload));
	l.count.tx++;
	if (w->bad || rte_ring_enqueue(l.to, m)) {
		fprintf(stderr, "bench: the ring to lnsd is full\n");
		exit(1);
	}
}

/* -- control messages -- */

static void avp(struct wr *w, uint16_t type, const void *value, size_t len)
{
	l2tp_avp_put(w, L2TP_AVP_M, type, value, len);
}

static void avp16(struct wr *w, uint16_t type, uint16_t v)
{
	rte_be16_t be = rte_cpu_to_be_16(v);

	avp(w, type, &be, sizeof(be));
}

static void avp32(struct wr *w, uint16_t type, uint32_t v)
{
	rte_be32_t be = rte_cpu_to_be_32(v);

	avp(w, type, &be, sizeof(be));
}

static struct rte_mbuf *say(struct wr *w, const struct lac_tunnel *t, uint16_t sid, uint16_t type)
{
	struct rte_mbuf *m = begin(w);

	wr_u16(w, 0xc802);
	wr_u16(w, 0);
	wr_u16(w, t->lns_tid);
	wr_u16(w, sid);
	wr_u16(w, t->ns);
	wr_u16(w, t->nr);
	if (type)
		avp16(w, L2TP_AVP_MESSAGE_TYPE, type);
	return m;
}

static void said(struct lac_tunnel *t, struct rte_mbuf *m, struct wr *w, bool zlb)
{
	uint8_t *start = w->end - ROOM;
	uint16_t len = (uint16_t)(w->p - start);

	start[2] = (uint8_t)(len >> 8);
	start[3] = (uint8_t)len;
	t->ns = (uint16_t)(t->ns + !zlb);
	t->ack_owed = false;
	finish((uint32_t)(t - l.tunnel), m, w);
}

static void say_sccrq(struct lac_tunnel *t)
{
	struct wr w;
	struct rte_mbuf *m = say(&w, t, 0, L2TP_SCCRQ);

	avp16(&w, L2TP_AVP_PROTOCOL_VERSION, 0x0100);
	avp32(&w, L2TP_AVP_FRAMING_CAPABILITIES, 3);
	avp(&w, L2TP_AVP_HOST_NAME, "lac.bench", 9);
	avp16(&w, L2TP_AVP_ASSIGNED_TUNNEL_ID, (uint16_t)(t - l.tunnel + 1));
	avp16(&w, L2TP_AVP_RECEIVE_WINDOW_SIZE, WINDOW);
	said(t, m, &w, false);
}

static void say_icrq(struct lac_tunnel *t, uint32_t k)
{
	struct wr w;
	struct rte_mbuf *m = say(&w, t, 0, L2TP_ICRQ);

	avp16(&w, L2TP_AVP_ASSIGNED_SESSION_ID, (uint16_t)(k + 1));
	avp32(&w, L2TP_AVP_CALL_SERIAL_NUMBER, t->first + k);
	avp(&w, L2TP_AVP_CALLED_NUMBER, "4930123456", 10);
	avp(&w, L2TP_AVP_CALLING_NUMBER, "line 0/1/2:100.7", 16);
	said(t, m, &w, false);
}

static void say_iccn(struct lac_tunnel *t, const struct lac_session *s)
{
	struct wr w;
	struct rte_mbuf *m = say(&w, t, s->lns_sid, L2TP_ICCN);

	avp32(&w, L2TP_AVP_TX_CONNECT_SPEED, 100000000);
	avp32(&w, L2TP_AVP_FRAMING_TYPE, 1);
	said(t, m, &w, false);
}

static void say_cdn(struct lac_tunnel *t, struct lac_session *s)
{
	static const uint8_t result[2] = {0, 1};
	struct wr w;
	struct rte_mbuf *m = say(&w, t, s->lns_sid, L2TP_CDN);

	avp(&w, L2TP_AVP_RESULT_CODE, result, sizeof(result));
	avp16(&w, L2TP_AVP_ASSIGNED_SESSION_ID,
		(uint16_t)((uint32_t)(s - l.session) - t->first + 1));
	said(t, m, &w, false);
}

static void queue(struct lac_tunnel *t, struct lac_session *s, uint8_t what)
{
	uint32_t me = (uint32_t)(s - l.session) + 1;

	s->flags |= what;
	s->next = 0;
	if (t->tail)
		l.session[t->tail - 1].next = me;
	else
		t->head = me;
	t->tail = me;
}

static bool window_open(const struct lac_tunnel *t)
{
	return (uint16_t)(t->ns - t->acked) < WINDOW;
}

static uint32_t being_set_up(void)
{
	return l.count.asked - l.count.sessions_up;
}

/* A hung-up session is dialled again as soon as its CDN is out: the id is free by then (it goes in order). */
static void say_queued(struct lac_tunnel *t)
{
	struct lac_session *s = &l.session[t->head - 1];

	t->head = s->next;
	if (!t->head)
		t->tail = 0;
	if (s->flags & CDN_QUEUED) {
		say_cdn(t, s);
		s->flags = 0;
		l.count.ended++;
		l.count.sessions_up--;
		l.count.asked--;
		queue(t, s, DIALLED);
	} else if (s->flags & ICCN_QUEUED) {
		say_iccn(t, s);
		s->flags &= (uint8_t)~ICCN_QUEUED;
	} else {
		say_icrq(t, (uint32_t)(s - l.session) - t->first);
		l.count.asked++;
	}
}

static void speak(struct lac_tunnel *t)
{
	struct wr w;

	while (t->up && t->head && window_open(t))
		say_queued(t);
	for (uint32_t n = 0; n < 8 && t->up && !t->stopped && t->asked < t->n && window_open(t) &&
		l.count.asked < l.limit && being_set_up() < l.plan.in_flight;
		n++) {
		l.session[t->first + t->asked].flags = DIALLED;
		l.count.asked++;
		say_icrq(t, t->asked++);
	}
	if (t->ack_owed) {
		struct rte_mbuf *m = say(&w, t, 0, 0);

		said(t, m, &w, true);
	}
}

static void hear_control(struct lac_tunnel *t, struct rd r, uint16_t sid)
{
	uint16_t ns, nr, type = 0, assigned_t = 0, assigned_s = 0;
	struct lac_session *s;
	struct l2tp_avp a;
	struct wr w;

	ns = rd_u16(&r);
	nr = rd_u16(&r);
	t->acked = nr;
	if (!rd_left(&r))
		return;
	t->ack_owed = true;
	if (ns != t->nr) {
		l.count.repeated++;
		return;
	}
	t->nr++;
	while (rd_left(&r) && !l2tp_avp_next(&r, &a)) {
		if (a.type == L2TP_AVP_MESSAGE_TYPE)
			type = rd_u16(&a.value);
		else if (a.type == L2TP_AVP_ASSIGNED_TUNNEL_ID)
			assigned_t = rd_u16(&a.value);
		else if (a.type == L2TP_AVP_ASSIGNED_SESSION_ID)
			assigned_s = rd_u16(&a.value);
	}
	if (type == L2TP_SCCRP) {
		struct rte_mbuf *m;

		t->lns_tid = assigned_t;
		m = say(&w, t, 0, L2TP_SCCCN);
		said(t, m, &w, false);
		t->up = true;
		l.count.tunnels_up++;
	} else if (type == L2TP_ICRP && sid && sid <= t->n) {
		s = &l.session[t->first + sid - 1];
		s->lns_sid = assigned_s;
		queue(t, s, ICCN_QUEUED);
	} else if (type != L2TP_HELLO) {
		l.count.unexpected++;
	}
}

/* -- PPP -- */

static void send_ppp(struct lac_tunnel *t, const struct lac_session *s, uint16_t proto,
	uint8_t code, uint8_t id, const void *data, size_t len)
{
	struct wr w;
	struct rte_mbuf *m = begin(&w);

	wr_u16(&w, 0x0002);
	wr_u16(&w, t->lns_tid);
	wr_u16(&w, s->lns_sid);
	wr_u16(&w, 0xff03);
	wr_u16(&w, proto);
	wr_u8(&w, code);
	wr_u8(&w, id);
	wr_u16(&w, (uint16_t)(4 + len));
	wr_bytes(&w, data, len);
	finish((uint32_t)(t - l.tunnel), m, &w);
}

static void respond(struct lac_tunnel *t, const struct lac_session *s, uint8_t id, struct rd r)
{
	uint8_t answer[64] = {16};
	struct rd challenge = rd_sub(&r, rd_u8(&r));
	struct md5_ctx md5;
	int n;

	md5_init(&md5);
	md5_update(&md5, 1, &id);
	md5_update(&md5, strlen(l.plan.password), (const uint8_t *)l.plan.password);
	md5_update(&md5, rd_left(&challenge), challenge.p);
	md5_digest(&md5, 16, answer + 1);
	n = snprintf((char *)answer + 17, sizeof(answer) - 17, "user%u",
		(uint32_t)(s - l.session) % l.plan.users);
	send_ppp(t, s, PPP_CHAP, CHAP_RESPONSE, id, answer, 17 + (size_t)n);
}

static void network_begins(struct lac_tunnel *t, const struct lac_session *s)
{
	static const uint8_t ipcp[12] = {3, 6, 0, 0, 0, 0, 129, 6, 0, 0, 0, 0};
	static const uint8_t ipv6cp[10] = {1, 10, 2, 0, 0, 0, 0, 0, 0, 9};

	send_ppp(t, s, PPP_IPCP, CONF_REQ, 1, ipcp, sizeof(ipcp));
	if (l.plan.ipv6)
		send_ppp(t, s, PPP_IPV6CP, CONF_REQ, 1, ipv6cp, sizeof(ipv6cp));
}

static void opened(struct lac_session *s, uint16_t proto)
{
	s->flags |= proto == PPP_IPCP ? UP4 : proto == PPP_IPV6CP ? UP6 : 0;
	if (!(s->flags & UP) && s->flags & UP4 && (s->flags & UP6 || !l.plan.ipv6)) {
		s->flags |= UP;
		l.count.sessions_up++;
	}
}

static void hear_ppp(struct lac_tunnel *t, struct lac_session *s, struct rd r)
{
	static const uint8_t lcp[10] = {1, 4, 5, 0xd4, 5, 6, 1, 2, 3, 4}, magic[4] = {1, 2, 3, 4};
	uint16_t proto = rd_u16(&r);
	uint8_t code, id;
	size_t len;

	if (proto == 0xff03)
		proto = rd_u16(&r);
	if (proto == PPP_IPV6)
		return;
	code = rd_u8(&r);
	id = rd_u8(&r);
	len = rd_u16(&r);
	if (r.bad || len < 4 || len - 4 > rd_left(&r)) {
		l.count.unexpected++;
		return;
	}
	r.end = r.p + len - 4;
	if (proto == PPP_CHAP && code == CHAP_CHALLENGE) {
		respond(t, s, id, r);
	} else if (proto == PPP_CHAP && code == CHAP_SUCCESS) {
		network_begins(t, s);
	} else if (code == CONF_REQ && proto != PPP_CHAP) {
		send_ppp(t, s, proto, CONF_ACK, id, r.p, rd_left(&r));
		if (proto == PPP_LCP)
			send_ppp(t, s, proto, CONF_REQ, 1, lcp, sizeof(lcp));
	} else if (code == CONF_NAK) {
		send_ppp(t, s, proto, CONF_REQ, (uint8_t)(id + 1), r.p, rd_left(&r));
	} else if (code == CONF_ACK) {
		opened(s, proto);
	} else if (code == ECHO_REQ && proto == PPP_LCP) {
		send_ppp(t, s, proto, ECHO_REP, id, magic, sizeof(magic));
	} else {
		l.count.unexpected++;
	}
}

/* -- the round -- */

static void hear(struct rte_mbuf *m)
{
	struct rd r = rd_of(rte_pktmbuf_mtod(m, uint8_t *), rte_pktmbuf_data_len(m));
	uint16_t flags, tid, sid;
	struct lac_tunnel *t;

	l.count.rx++;
	rd_take(&r, OUTER);
	flags = rd_u16(&r);
	if (flags & 0x4000)
		rd_u16(&r);
	tid = rd_u16(&r);
	sid = rd_u16(&r);
	if (r.bad || !tid || tid > l.plan.tunnels) {
		l.count.unexpected++;
		return;
	}
	t = &l.tunnel[tid - 1];
	if (flags & 0x8000)
		hear_control(t, r, sid);
	else if (sid && sid <= t->n)
		hear_ppp(t, &l.session[t->first + sid - 1], r);
	else
		l.count.unexpected++;
}

uint32_t lac_work(void)
{
	uint64_t before = l.count.rx + l.count.tx;
	struct rte_mbuf *m[256];
	unsigned int n;

	if (!before)
		for (uint32_t t = 0; t < l.plan.tunnels; t++)
			say_sccrq(&l.tunnel[t]);
	do {
		n = rte_ring_dequeue_burst(l.from, (void **)m, RTE_DIM(m), NULL);
		for (unsigned int i = 0; i < n; i++)
			hear(m[i]);
		rte_pktmbuf_free_bulk(m, n);
	} while (n);
	for (uint32_t i = 0; i < l.plan.tunnels; i++)
		speak(&l.tunnel[l.turn++ % l.plan.tunnels]);
	l.turn++;
	return (uint32_t)(l.count.rx + l.count.tx - before);
}

void lac_stop(void)
{
	static const uint8_t result[2] = {0, 1};

	for (uint32_t t = 0; t < l.plan.tunnels; t++) {
		struct lac_tunnel *tunnel = &l.tunnel[t];
		struct wr w;
		struct rte_mbuf *m = say(&w, tunnel, 0, L2TP_STOPCCN);

		avp(&w, L2TP_AVP_RESULT_CODE, result, sizeof(result));
		avp16(&w, L2TP_AVP_ASSIGNED_TUNNEL_ID, (uint16_t)(t + 1));
		said(tunnel, m, &w, false);
		tunnel->stopped = true;
		tunnel->head = tunnel->tail = 0;
	}
}

void lac_churn(uint32_t n)
{
	for (uint32_t tries = 0; n && tries < l.plan.sessions; tries++) {
		uint32_t i = l.churned++ % l.plan.sessions;
		uint32_t t = (uint32_t)((uint64_t)i * l.plan.tunnels / l.plan.sessions);

		while (i < l.tunnel[t].first)
			t--;
		while (i >= l.tunnel[t].first + l.tunnel[t].n)
			t++;
		if ((l.session[i].flags & (UP | CDN_QUEUED)) != UP)
			continue;
		queue(&l.tunnel[t], &l.session[i], CDN_QUEUED);
		n--;
	}
}
