/* SPDX-License-Identifier: BSD-3-Clause */
/* subscriber.c - the PPP client of one session: LCP, PAP or CHAP-MD5, IPCP, IPv6CP (RFC 1661, 1334, 1994, 1332, 5072).
 * A reduced automaton, enough of a well-behaved client to load and check an LNS: both sides' requests acknowledged is
 * "opened"; every timer is 3 s, so the timer list needs no sorting. */
#include "tools/lacsim/mix.h"
#include "tools/lacsim/sim.h"

#define RESTART_NS (3 * SIM_SEC)
#define TRIES      10

enum {
	PPP_IP = 0x0021,
	PPP_IP6 = 0x0057,
	PPP_IPCP = 0x8021,
	PPP_IPV6CP = 0x8057,
	PPP_LCP = 0xc021,
	PPP_PAP = 0xc023,
	PPP_CHAP = 0xc223
};
enum {
	CONF_REQ = 1,
	CONF_ACK,
	CONF_NAK,
	CONF_REJ,
	TERM_REQ,
	TERM_ACK,
	CODE_REJ,
	PROTO_REJ,
	ECHO_REQ,
	ECHO_REP
};
enum { LCP_MRU = 1, LCP_ACCM, LCP_AUTH, LCP_MAGIC = 5, LCP_PFC = 7, LCP_ACFC = 8 };
enum { IPCP_ADDR = 3, IPCP_DNS1 = 129, IPCP_DNS2 = 131, IPV6CP_IID = 1 };
enum {
	WANT_1 = 1,
	WANT_2 = 2,
	WANT_3 = 4
}; /* LCP: MRU, magic; IPCP: address, DNS, DNS; IPv6CP: identifier */

static const uint16_t proto_of[CPS] = {PPP_LCP, PPP_IPCP, PPP_IPV6CP};

void timer_cancel(struct sim *sim, struct session *s)
{
	if (!s->deadline)
		return;
	*(s->prev ? &sim->sessions[s->prev - 1].next : &sim->timer_head) = s->next;
	*(s->next ? &sim->sessions[s->next - 1].prev : &sim->timer_tail) = s->prev;
	s->deadline = 0;
}

void timer_arm(struct sim *sim, struct session *s)
{
	uint32_t me = session_number(sim, s) + 1;

	timer_cancel(sim, s);
	s->deadline = sim->now + RESTART_NS;
	s->prev = sim->timer_tail;
	s->next = 0;
	*(s->prev ? &sim->sessions[s->prev - 1].next : &sim->timer_head) = me;
	sim->timer_tail = me;
}

void timers_run(struct sim *sim)
{
	while (sim->timer_head && sim->sessions[sim->timer_head - 1].deadline <= sim->now) {
		struct session *s = &sim->sessions[sim->timer_head - 1];

		timer_cancel(sim, s);
		subscriber_tick(sim, s);
	}
}

static bool in_flight(enum stage s)
{
	return s >= STAGE_CALL && s <= STAGE_NCP;
}

void session_stage(struct sim *sim, struct session *s, enum stage to)
{
	sim->in_flight = sim->in_flight - in_flight(s->stage) + in_flight(to);
	sim->in_stage[s->stage]--;
	sim->in_stage[to]++;
	if (to == STAGE_UP && !s->up_at) {
		s->up_at = sim->now;
		sim->total_ups++;
		if (sim->ups < sim->o.sessions)
			sim->up_times[sim->ups++] = sim->now - sim->started_at;
	}
	s->stage = (uint8_t)to;
	s->tries = 0;
}

void session_failed(struct sim *sim, struct session *s, enum fail why)
{
	timer_cancel(sim, s);
	session_stage(sim, s, STAGE_FAILED);
	s->fail = (uint8_t)why;
	sim->failed[why]++;
}

static void send_packet(struct sim *sim, struct session *s, uint16_t proto, uint8_t code,
	uint8_t id, const void *data, size_t len)
{
	size_t room;
	struct wr w;

	w.p = frame_begin(sim, s, proto, &room);
	w = wr_of(w.p, room);
	wr_u8(&w, code);
	wr_u8(&w, id);
	wr_u16(&w, (uint16_t)(len + 4));
	wr_bytes(&w, data, len);
	if (!w.bad)
		frame_end(sim, len + 4);
}

static void opt_bytes(struct wr *w, uint8_t type, const void *value, size_t len)
{
	wr_u8(w, type);
	wr_u8(w, (uint8_t)(len + 2));
	wr_bytes(w, value, len);
}

static void send_request(struct sim *sim, struct session *s, int which)
{
	struct cp *cp = &s->cp[which];
	uint8_t bytes[64], value[8];
	struct wr w = wr_of(bytes, sizeof(bytes)), v = wr_of(value, sizeof(value));

	if (which == CP_LCP) {
		wr_u16(&v, s->mru);
		wr_u32(&v, s->magic);
		if (cp->wants & WANT_1)
			opt_bytes(&w, LCP_MRU, value, 2);
		if (cp->wants & WANT_2)
			opt_bytes(&w, LCP_MAGIC, value + 2, 4);
	} else if (which == CP_IPCP) {
		if (cp->wants & WANT_1)
			opt_bytes(&w, IPCP_ADDR, s->addr, 4);
		if (cp->wants & WANT_2)
			opt_bytes(&w, IPCP_DNS1, s->dns[0], 4);
		if (cp->wants & WANT_3)
			opt_bytes(&w, IPCP_DNS2, s->dns[1], 4);
	} else if (cp->wants & WANT_1) {
		wr_u64(&v, s->iid);
		opt_bytes(&w, IPV6CP_IID, value, 8);
	}
	cp->ours = false;
	cp->asked = true;
	send_packet(sim, s, proto_of[which], CONF_REQ, cp->id, bytes, (size_t)(w.p - bytes));
}

static void cp_reset(struct session *s, int which)
{
	s->cp[which] = (struct cp){.id = 1,
		.wants = which == CP_LCP   ? 3
			: which == CP_IPCP ? 7
					   : 1};
}

static void lcp_restart(struct sim *sim, struct session *s)
{
	session_stage(sim, s, STAGE_LCP);
	for (int i = 0; i < CPS; i++)
		cp_reset(s, i);
	s->auth_proto = SIM_AUTH_ANY;
	memset(s->addr, 0, sizeof(s->addr));
	s->prefix_known = false;
	timer_arm(sim, s);
}

void subscriber_start(struct sim *sim, struct session *s)
{
	uint64_t random = mix64(sim->o.seed ^ ((uint64_t)session_number(sim, s) << 20));

	s->magic = (uint32_t)mix_next(&random) | 1;
	s->iid = (mix_next(&random) | 1) &
		~(1ULL << 57); /* not a universally administered identifier */
	s->mru = sim->o.mru;
	s->peer_mru = 1500;
	lcp_restart(sim, s);
	if (sim->o.eager)
		send_request(sim, s, CP_LCP);
}

static void solicit_router(struct sim *sim, struct session *s)
{
	size_t room, len;
	uint8_t *p = frame_begin(sim, s, PPP_IP6, &room);

	len = router_solicitation(p, room, s->iid);
	if (len)
		frame_end(sim, len);
}

static bool opened(const struct session *s, int which)
{
	return s->cp[which].ours && s->cp[which].theirs;
}

/* Everything up? Then the session is. */
static void check_up(struct sim *sim, struct session *s)
{
	if (s->stage != STAGE_NCP || !opened(s, CP_IPCP))
		return;
	if (sim->o.ipv6 && !(opened(s, CP_IPV6CP) && s->prefix_known))
		return;
	timer_cancel(sim, s);
	session_stage(sim, s, STAGE_UP);
}

static void ncp_start(struct sim *sim, struct session *s)
{
	session_stage(sim, s, STAGE_NCP);
	timer_arm(sim, s);
	send_request(sim, s, CP_IPCP);
	if (sim->o.ipv6)
		send_request(sim, s, CP_IPV6CP);
}

static void send_pap(struct sim *sim, struct session *s)
{
	uint8_t bytes[512];
	struct wr w = wr_of(bytes, sizeof(bytes));
	char text[256];
	size_t n = sim_numbered(text, 256, sim->o.user, session_number(sim, s));

	wr_u8(&w, (uint8_t)n);
	wr_bytes(&w, text, n);
	n = sim_numbered(text, 256, sim->o.password, session_number(sim, s));
	wr_u8(&w, (uint8_t)n);
	wr_bytes(&w, text, n);
	if (!w.bad)
		send_packet(sim, s, PPP_PAP, 1, ++s->auth_id, bytes, (size_t)(w.p - bytes));
}

static void lcp_opened(struct sim *sim, struct session *s)
{
	if (s->auth_proto == SIM_AUTH_ANY) {
		ncp_start(sim, s);
		return;
	}
	session_stage(sim, s, STAGE_AUTH);
	timer_arm(sim, s);
	if (s->auth_proto == SIM_AUTH_PAP)
		send_pap(sim, s);
}

static void cp_advanced(struct sim *sim, struct session *s, int which)
{
	if (!opened(s, which))
		return;
	if (which == CP_LCP && s->stage == STAGE_LCP)
		lcp_opened(sim, s);
	else if (which == CP_IPV6CP && !s->prefix_known)
		solicit_router(sim, s);
	check_up(sim, s);
}

enum judgement { GOOD, SUGGEST, REFUSE };

static enum judgement judge_auth(
	struct sim *sim, struct session *s, struct rd v, struct wr *suggest)
{
	static const uint8_t chap_md5[] = {0xc2, 0x23, 5}, pap[] = {0xc0, 0x23};
	uint16_t proto = rd_u16(&v);
	enum sim_auth want = sim->o.auth;

	if (proto == PPP_PAP && want != SIM_AUTH_CHAP) {
		s->auth_proto = SIM_AUTH_PAP;
		return GOOD;
	}
	if (proto == PPP_CHAP && rd_u8(&v) == 5 && want != SIM_AUTH_PAP) {
		s->auth_proto = SIM_AUTH_CHAP;
		return GOOD;
	}
	if (want == SIM_AUTH_PAP)
		opt_bytes(suggest, LCP_AUTH, pap, sizeof(pap));
	else
		opt_bytes(suggest, LCP_AUTH, chap_md5, sizeof(chap_md5));
	return SUGGEST;
}

static enum judgement judge(struct sim *sim, struct session *s, int which, uint8_t type,
	struct rd v, struct wr *suggest)
{
	if (which == CP_LCP) {
		switch (type) {
		case LCP_MRU:
			s->peer_mru = rd_u16(&v);
			return GOOD;
		case LCP_AUTH:
			return judge_auth(sim, s, v, suggest);
		case LCP_ACCM:
		case LCP_MAGIC:
		case LCP_PFC:
		case LCP_ACFC:
			return GOOD;
		}
		return REFUSE;
	}
	if (which == CP_IPCP)
		return type == IPCP_ADDR && rd_left(&v) == 4 ? GOOD : REFUSE;
	return type == IPV6CP_IID && rd_left(&v) == 8 ? GOOD : REFUSE;
}

static void got_request(struct sim *sim, struct session *s, int which, uint8_t id, struct rd data)
{
	uint8_t naks[256], rejects[1500];
	struct wr nak = wr_of(naks, sizeof(naks)), reject = wr_of(rejects, sizeof(rejects));
	struct rd all = data;

	if (which == CP_LCP) {
		if (s->stage > STAGE_LCP) { /* the LNS starts again: RFC 1661 s4.3, RCR in Opened */
			sim->renegotiated++;
			lcp_restart(sim, s);
		}
		if (!s->cp[CP_LCP].asked)
			send_request(sim, s, CP_LCP);
		s->auth_proto = SIM_AUTH_ANY;
	}
	while (rd_left(&data)) {
		uint8_t type = rd_u8(&data), len = rd_u8(&data);
		struct rd v = rd_sub(&data, len < 2 ? SIZE_MAX : len - 2U);

		if (data.bad)
			return;
		if (judge(sim, s, which, type, v, &nak) == REFUSE)
			opt_bytes(&reject, type, v.p, rd_left(&v));
	}
	if (reject.p != rejects && !reject.bad) {
		send_packet(sim, s, proto_of[which], CONF_REJ, id, rejects,
			(size_t)(reject.p - rejects));
	} else if (nak.p != naks) {
		send_packet(sim, s, proto_of[which], CONF_NAK, id, naks, (size_t)(nak.p - naks));
	} else {
		send_packet(sim, s, proto_of[which], CONF_ACK, id, all.p, rd_left(&all));
		s->cp[which].theirs = true;
		cp_advanced(sim, s, which);
		return;
	}
	s->cp[which].theirs = false;
}

static void take_nak(struct session *s, int which, uint8_t type, struct rd v)
{
	if (which == CP_LCP && type == LCP_MRU)
		s->mru = rd_u16(&v);
	else if (which == CP_LCP && type == LCP_MAGIC)
		s->magic = (uint32_t)mix64(s->magic) | 1;
	else if (which == CP_IPCP && rd_left(&v) == 4 &&
		(type == IPCP_ADDR || type == IPCP_DNS1 || type == IPCP_DNS2))
		memcpy(type == IPCP_ADDR ? s->addr : s->dns[type == IPCP_DNS2], v.p, 4);
	else if (which == CP_IPV6CP && type == IPV6CP_IID)
		s->iid = rd_u64(&v);
}

static uint8_t want_bit(int which, uint8_t type)
{
	if (which == CP_LCP)
		return type == LCP_MRU ? WANT_1 : type == LCP_MAGIC ? WANT_2 : 0;
	if (which == CP_IPCP)
		return type == IPCP_ADDR    ? WANT_1
			: type == IPCP_DNS1 ? WANT_2
			: type == IPCP_DNS2 ? WANT_3
					    : 0;
	return type == IPV6CP_IID ? WANT_1 : 0;
}

static void got_answer(
	struct sim *sim, struct session *s, int which, uint8_t code, uint8_t id, struct rd data)
{
	struct cp *cp = &s->cp[which];

	if (id != cp->id || cp->ours)
		return;
	if (code == CONF_ACK) {
		cp->ours = true;
		cp_advanced(sim, s, which);
		return;
	}
	while (rd_left(&data)) {
		uint8_t type = rd_u8(&data), len = rd_u8(&data);
		struct rd v = rd_sub(&data, len < 2 ? SIZE_MAX : len - 2U);

		if (data.bad)
			return;
		if (code == CONF_REJ)
			cp->wants = (uint8_t)(cp->wants & ~want_bit(which, type));
		else
			take_nak(s, which, type, v);
	}
	if (++cp->tries > TRIES) {
		call_fail(sim, s, which == CP_LCP ? FAIL_LCP : FAIL_NCP);
		return;
	}
	cp->id++;
	send_request(sim, s, which);
}

static void got_echo(struct sim *sim, struct session *s, uint8_t id, struct rd data)
{
	uint8_t bytes[1500];
	struct wr w = wr_of(bytes, sizeof(bytes));

	rd_u32(&data);
	if (data.bad)
		return;
	wr_u32(&w, s->cp[CP_LCP].wants & WANT_2 ? s->magic : 0);
	wr_bytes(&w, data.p, rd_left(&data));
	if (!w.bad)
		send_packet(sim, s, PPP_LCP, ECHO_REP, id, bytes, (size_t)(w.p - bytes));
}

static void cp_input(struct sim *sim, struct session *s, int which, struct rd r)
{
	uint8_t code = rd_u8(&r), id = rd_u8(&r);
	uint16_t len = rd_u16(&r), proto;
	struct rd data = rd_sub(&r, len < 4 ? SIZE_MAX : len - 4U);

	if (data.bad || (which != CP_LCP && s->stage < STAGE_NCP))
		return;
	switch (code) {
	case CONF_REQ:
		got_request(sim, s, which, id, data);
		break;
	case CONF_ACK:
	case CONF_NAK:
	case CONF_REJ:
		got_answer(sim, s, which, code, id, data);
		break;
	case TERM_REQ:
		send_packet(sim, s, proto_of[which], TERM_ACK, id, NULL, 0);
		if (which == CP_LCP || which == CP_IPCP)
			session_failed(sim, s, s->stage == STAGE_UP ? FAIL_LOST : FAIL_HUNG_UP);
		break;
	case PROTO_REJ:
		proto = rd_u16(&data);
		if (which == CP_LCP && s->stage == STAGE_NCP &&
			(proto == PPP_IPCP || proto == PPP_IPV6CP))
			call_fail(sim, s, FAIL_NCP);
		break;
	case ECHO_REQ:
		if (which == CP_LCP && s->stage > STAGE_LCP)
			got_echo(sim, s, id, data);
		break;
	}
}

static void got_chap(struct sim *sim, struct session *s, struct rd r)
{
	uint8_t code = rd_u8(&r), id = rd_u8(&r), bytes[512], digest[16];
	uint16_t len = rd_u16(&r);
	struct rd data = rd_sub(&r, len < 4 ? SIZE_MAX : len - 4U), challenge;
	struct wr w = wr_of(bytes, sizeof(bytes));
	char text[256];
	size_t n;

	if (code == 3 && s->stage == STAGE_AUTH)
		ncp_start(sim, s);
	else if (code == 4)
		call_fail(sim, s, FAIL_AUTH_REFUSED);
	challenge = rd_sub(&data, rd_u8(&data));
	if (code != 1 || challenge.bad)
		return;
	n = sim_numbered(text, sizeof(text), sim->o.password, session_number(sim, s));
	md5_response(digest, id, text, n, challenge.p, rd_left(&challenge));
	wr_u8(&w, 16);
	wr_bytes(&w, digest, 16);
	n = sim_numbered(text, sizeof(text), sim->o.user, session_number(sim, s));
	wr_bytes(&w, text, n);
	if (!w.bad)
		send_packet(sim, s, PPP_CHAP, 2, id, bytes, (size_t)(w.p - bytes));
}

static void got_pap(struct sim *sim, struct session *s, struct rd r)
{
	uint8_t code = rd_u8(&r), id = rd_u8(&r);

	if (r.bad || s->stage != STAGE_AUTH || id != s->auth_id)
		return;
	if (code == 2)
		ncp_start(sim, s);
	else if (code == 3)
		call_fail(sim, s, FAIL_AUTH_REFUSED);
}

static void reject_protocol(struct sim *sim, struct session *s, uint16_t proto, struct rd r)
{
	uint8_t bytes[1400];
	struct wr w = wr_of(bytes, sizeof(bytes));

	wr_u16(&w, proto);
	wr_bytes(&w, r.p, rd_left(&r) < 1000 ? rd_left(&r) : 1000);
	if (s->stage > STAGE_LCP)
		send_packet(sim, s, PPP_LCP, PROTO_REJ, ++s->cp[CP_LCP].id, bytes,
			(size_t)(w.p - bytes));
}

void subscriber_input(struct sim *sim, struct session *s, uint8_t *frame, size_t len)
{
	struct rd r = rd_of(frame, len);
	uint16_t proto;

	if (len >= 2 && frame[0] == 0xff && frame[1] == 0x03)
		rd_u16(&r);
	proto = rd_u8(&r);
	if (!(proto & 1)) /* an odd first octet is a compressed protocol field: RFC 1661 s6.5 */
		proto = (uint16_t)(proto << 8 | rd_u8(&r));
	if (r.bad)
		return;
	switch (proto) {
	case PPP_IP:
	case PPP_IP6:
		if (s->stage >= STAGE_NCP)
			traffic_ip(sim, s, frame + (r.p - frame), rd_left(&r));
		break;
	case PPP_LCP:
		cp_input(sim, s, CP_LCP, r);
		break;
	case PPP_IPCP:
		cp_input(sim, s, CP_IPCP, r);
		break;
	case PPP_IPV6CP:
		if (sim->o.ipv6)
			cp_input(sim, s, CP_IPV6CP, r);
		else
			reject_protocol(sim, s, proto, r);
		break;
	case PPP_PAP:
		got_pap(sim, s, r);
		break;
	case PPP_CHAP:
		got_chap(sim, s, r);
		break;
	default:
		reject_protocol(sim, s, proto, r);
	}
}

void subscriber_prefix(struct sim *sim, struct session *s, const uint8_t prefix[8])
{
	memcpy(s->prefix, prefix, 8);
	s->prefix_known = true;
	check_up(sim, s);
}

static void retry_ncps(struct sim *sim, struct session *s)
{
	if (!opened(s, CP_IPCP))
		send_request(sim, s, CP_IPCP);
	if (sim->o.ipv6 && !opened(s, CP_IPV6CP))
		send_request(sim, s, CP_IPV6CP);
	else if (sim->o.ipv6 && !s->prefix_known)
		solicit_router(sim, s);
}

void subscriber_tick(struct sim *sim, struct session *s)
{
	static const uint8_t silent[STAGES] = {[STAGE_CALL] = FAIL_CALL_SILENT,
		[STAGE_LCP] = FAIL_LCP,
		[STAGE_AUTH] = FAIL_AUTH_SILENT,
		[STAGE_NCP] = FAIL_NCP};

	if (++s->tries > TRIES) {
		call_fail(sim, s, silent[s->stage]);
		return;
	}
	timer_arm(sim, s);
	if (s->stage == STAGE_LCP)
		send_request(sim, s, CP_LCP);
	else if (s->stage == STAGE_AUTH && s->auth_proto == SIM_AUTH_PAP)
		send_pap(sim, s);
	else if (s->stage == STAGE_NCP)
		retry_ncps(sim, s);
}
