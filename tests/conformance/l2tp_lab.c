/* SPDX-License-Identifier: BSD-3-Clause */
/* l2tp_lab.c - the bench of the L2TP tests. */
#include "tests/conformance/l2tp_lab.h"

static uint64_t random_next(struct lab *lab)
{
	lab->random ^= lab->random << 13;
	lab->random ^= lab->random >> 7;
	lab->random ^= lab->random << 17;
	return lab->random;
}

struct lab *lab_new(struct l2tp_limits lim)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	size_t size = (l2tp_size(&lim) + 63) & ~(size_t)63;
	void *mem = aligned_alloc(64, size);

	memset(mem, 0, size);
	lab->lim = lim;
	lab->tunnel = calloc(lim.tunnels + 1, sizeof(*lab->tunnel));
	lab->call = calloc(lim.calls + 1, sizeof(*lab->call));
	lab->sent = calloc(LAB_RING, sizeof(*lab->sent));
	lab->told = calloc(LAB_TOLD, sizeof(*lab->told));
	lab->random = 0x1234567;
	lab->env.now_ns = LAB_START;
	lab->env.rnd = lab->rnd;
	lab->next_sid = 1000;
	lab->profile = (struct l2tp_profile){.name = "lab",
		.local_name = "lns.example",
		.window = 16,
		.hello_ms = 60000,
		.rto_ms = 1000,
		.rto_cap_ms = 8000,
		.retries = 5,
		.max_calls = 65535,
		.setup_ms = 60000};
	lab->lac = (struct lac){.tid = 7};
	lab->lac.peer = (struct l2tp_peer){.family = 4,
		.port = 1701,
		.local_port = 1701,
		.addr = {192, 0, 2, 1},
		.local = {192, 0, 2, 2}};
	lab->cp = l2tp_init(mem, &lim, lab->tunnel, lab->call, 99, LAB_START);
	return lab;
}

int lab_setup(void **state)
{
	*state = lab_new((struct l2tp_limits){.tunnels = 16, .calls = 64, .chunks = 256});
	return 0;
}

void lab_free(struct lab *lab)
{
	free(lab->cp);
	free(lab->tunnel);
	free(lab->call);
	free(lab->sent);
	free(lab->told);
	free(lab);
}

int lab_teardown(void **state)
{
	lab_free(*state);
	return 0;
}

uint64_t lab_now_ms(const struct lab *lab)
{
	return (lab->env.now_ns - LAB_START) / MS;
}

void lab_renew(struct lab *lab)
{
	for (size_t i = 0; i < sizeof(lab->rnd); i += 8) {
		uint64_t r = random_next(lab);

		memcpy(lab->rnd + i, &r, 8);
	}
	lab->out.n = lab->out.used = 0;
}

static void hear(struct lab *lab, const struct l2tp_action *a)
{
	struct lab_sent *s = &lab->sent[lab->sent_tail++ % LAB_RING];
	struct l2tp_unhiding u = {0};
	struct l2tp_result fault;

	assert_true(a->send.len <= sizeof(s->bytes));
	assert_true(lns_sent(lab) <= LAB_RING); /* the test must take or forget them */
	memset(s, 0, sizeof(*s));
	s->at_ns = lab->env.now_ns;
	s->tunnel = a->tunnel;
	s->len = a->send.len;
	memcpy(s->bytes, lab->out.bytes + a->send.off, s->len);
	assert_int_equal(l2tp_hdr_decode(s->bytes, s->len, &s->h), L2TP_HDR_OK);
	assert_true(s->h.control);
	if (s->h.body == s->h.len)
		return;
	assert_int_equal(
		l2tp_msg_decode(s->bytes + s->h.body, s->h.len - s->h.body, &u, &s->m, &fault), 0);
	if (lab->deaf || s->h.tid != lab->lac.tid)
		return;
	if (s->m.type == L2TP_SCCRP || (s->m.type == L2TP_STOPCCN && !lab->lac.lns_tid))
		lab->lac.lns_tid = s->m.tid;
	if (s->m.type == L2TP_SCCRP) {
		lab->lac.lns_challenge_len = s->m.challenge.len;
		if (s->m.challenge.len)
			memcpy(lab->lac.lns_challenge, s->m.challenge.p, s->m.challenge.len);
	}
	if (s->h.ns == lab->lac.nr)
		lab->lac.nr++;
}

static void answer_tunnel(struct lab *lab, uint32_t tunnel)
{
	struct l2tp_result no = {.result = 4, .text = "unknown LAC"};

	lab_renew(lab);
	if (lab->on_tunnel == LAB_ACCEPT)
		l2tp_tunnel_accept(lab->cp, tunnel, &lab->profile, 0, &lab->env, &lab->out);
	else
		l2tp_tunnel_reject(lab->cp, tunnel, &lab->profile, &no, &lab->env, &lab->out);
	lab_perform(lab);
}

static void answer_call(struct lab *lab, uint32_t call)
{
	struct l2tp_result no = {.result = 3, .text = "not today"};
	uint32_t generation = lab->call[call].generation;

	lab_renew(lab);
	if (lab->on_call == LAB_ACCEPT) {
		do {
			if (++lab->next_sid == 0)
				lab->next_sid = 1;
		} while (l2tp_call_accept(lab->cp, call, lab->next_sid, &lab->env, &lab->out) ==
			-17);
	} else {
		l2tp_call_close(lab->cp, call, &no, &lab->env, &lab->out);
	}
	assert_int_equal(lab->call[call].generation, generation);
	/* An answer asks nothing: control would never get out. */
	for (uint16_t i = 0; i < lab->out.n; i++)
		assert_int_not_equal(lab->out.act[i].type, L2TP_ACT_CALL_REQUEST);
	lab_perform(lab);
}

void lab_perform(struct lab *lab)
{
	struct l2tp_action mine[L2TP_OUT_ACTIONS];
	uint16_t n = lab->out.n;

	memcpy(mine, lab->out.act, n * sizeof(mine[0]));
	for (uint16_t i = 0; i < n; i++) {
		if (mine[i].type == L2TP_ACT_SEND)
			hear(lab, &mine[i]);
	}
	for (uint16_t i = 0; i < n; i++) {
		struct l2tp_action *a = &mine[i];

		if (a->type == L2TP_ACT_SEND || a->type == L2TP_ACT_TRACE)
			continue;
		lab->told[lab->told_tail++ % LAB_TOLD] = *a;
		lab->requests += a->type == L2TP_ACT_CALL_REQUEST;
		lab->ups += a->type == L2TP_ACT_CALL_UP;
		lab->downs += a->type == L2TP_ACT_CALL_DOWN;
		if (a->type == L2TP_ACT_TUNNEL_REQUEST && lab->on_tunnel != LAB_WAIT)
			answer_tunnel(lab, a->tunnel);
		if (a->type == L2TP_ACT_CALL_REQUEST && lab->on_call != LAB_WAIT)
			answer_call(lab, a->call);
		if (a->type == L2TP_ACT_CALL_DOWN && !lab->keep_slots)
			l2tp_call_release(lab->cp, a->call);
		if (a->type == L2TP_ACT_TUNNEL_FREE && !lab->keep_slots)
			l2tp_tunnel_release(lab->cp, a->tunnel);
	}
}

void lab_run_until(struct lab *lab, uint64_t at_ms)
{
	uint64_t end = LAB_START + at_ms * MS, next;

	while ((next = l2tp_next_deadline(lab->cp)) <= end) {
		if (next > lab->env.now_ns)
			lab->env.now_ns = next;
		lab_renew(lab);
		l2tp_tick(lab->cp, &lab->env, &lab->out);
		lab_perform(lab);
	}
	if (end > lab->env.now_ns)
		lab->env.now_ns = end;
}

void lab_run_for(struct lab *lab, uint64_t ms)
{
	lab_run_until(lab, lab_now_ms(lab) + ms);
}

/* An exact-size heap copy, so that a sanitizer sees every octet read too far. */
void lab_input(struct lab *lab, const struct l2tp_peer *peer, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, bytes, len);
	lab_renew(lab);
	l2tp_input(lab->cp, peer, copy, len, &lab->env, &lab->out);
	free(copy);
	lab_perform(lab);
}

static void add(struct l2tp_msg *m, uint16_t avp, uint64_t omit)
{
	if (!(omit & L2TP_HAS(avp)))
		m->have |= L2TP_HAS(avp);
}

/* What each message must carry, as far as the test did not say. */
static void fill(const struct lab *lab, const struct lac_words *w, struct l2tp_msg *m)
{
	static const uint8_t bye[2] = {0, 1};
	const char *host = w->host ? w->host : "lac-1";

	for (uint16_t avp = 1; avp < L2TP_AVP_TYPES; avp++) {
		const struct l2tp_avp_desc *row = l2tp_avp_desc(avp);

		if (!row || !(row->need >> m->type & 1) || m->have & L2TP_HAS(avp))
			continue;
		add(m, avp, w->omit);
		m->protocol = avp == L2TP_AVP_PROTOCOL_VERSION ? 0x0100 : m->protocol;
		m->framing_caps = avp == L2TP_AVP_FRAMING_CAPABILITIES ? 3 : m->framing_caps;
		m->tx_speed_bps = avp == L2TP_AVP_TX_CONNECT_SPEED ? 100000000 : m->tx_speed_bps;
		m->framing_type = avp == L2TP_AVP_FRAMING_TYPE ? 1 : m->framing_type;
		m->serial = avp == L2TP_AVP_CALL_SERIAL_NUMBER ? w->call : m->serial;
		if (avp == L2TP_AVP_HOST_NAME)
			m->host_name = l2tp_bytes_of(host, strlen(host));
		if (avp == L2TP_AVP_ASSIGNED_TUNNEL_ID)
			m->tid = w->tunnel ? w->tunnel : lab->lac.tid;
		if (avp == L2TP_AVP_ASSIGNED_SESSION_ID)
			m->sid = w->call;
		if (avp == L2TP_AVP_RESULT_CODE)
			m->result = l2tp_bytes_of(bye, sizeof(bye));
		if (avp == L2TP_AVP_CALL_ERRORS || avp == L2TP_AVP_ACCM) {
			static const uint8_t zero[26];

			m->call_errors = l2tp_bytes_of(zero, 26);
			m->accm = l2tp_bytes_of(zero, 10);
		}
	}
}

size_t lac_encode(
	struct lab *lab, uint16_t type, const struct lac_words *w, uint8_t *buf, size_t cap)
{
	struct l2tp_msg m = w->m;
	size_t len = 0;
	uint16_t ns = w->as_is ? w->ns : lab->lac.ns, nr = w->as_is ? w->nr : lab->lac.nr;
	uint16_t tid = w->as_is ? w->to_tid : type == L2TP_SCCRQ ? 0 : lab->lac.lns_tid;

	if (type != L2TP_ZLB) {
		m.type = type;
		fill(lab, w, &m);
		len = l2tp_msg_encode(&m, buf + L2TP_HDR_CONTROL, cap - L2TP_HDR_CONTROL);
		assert_true(len > 0 && L2TP_HDR_CONTROL + len + w->extra_len <= cap);
		if (w->extra_len)
			memcpy(buf + L2TP_HDR_CONTROL + len, w->extra, w->extra_len);
		len += w->extra_len;
		if (!w->as_is)
			lab->lac.ns++;
	}
	l2tp_hdr_encode(buf, tid, w->sid, ns, nr, len);
	return L2TP_HDR_CONTROL + len;
}

void lac_sends_words(struct lab *lab, uint16_t type, const struct lac_words *w)
{
	struct l2tp_peer peer = lab->lac.peer;
	uint8_t buf[4096];
	size_t len;

	if (w->at_ms)
		lab_run_until(lab, w->at_ms);
	len = lac_encode(lab, type, w, buf, sizeof(buf));
	peer.port = (uint16_t)(peer.port + w->from_elsewhere);
	lab_input(lab, &peer, buf, len);
}

struct lab_sent *lns_sends_words(struct lab *lab, uint16_t type, const struct lns_words *w)
{
	struct lab_sent *s;
	uint64_t at;

	if (w->at_ms)
		lab_run_until(lab, w->at_ms + LAB_SLACK_MS);
	if (lab->sent_head == lab->sent_tail)
		fail_msg("the LNS sent nothing; expected %s", l2tp_msg_name(type));
	s = &lab->sent[lab->sent_head++ % LAB_RING];
	at = (s->at_ns - LAB_START) / MS;
	if (s->m.type != type)
		fail_msg("the LNS sent %s, not %s", l2tp_msg_name(s->m.type), l2tp_msg_name(type));
	if (w->at_ms)
		assert_in_range(at, w->at_ms, w->at_ms + LAB_SLACK_MS);
	if (w->ns)
		assert_int_equal(s->h.ns, (uint16_t)w->ns);
	if (w->nr)
		assert_int_equal(s->h.nr, (uint16_t)w->nr);
	if (w->sid)
		assert_int_equal(s->h.sid, (uint16_t)w->sid);
	if (w->tid)
		assert_int_equal(s->h.tid, (uint16_t)w->tid);
	return s;
}

void lns_is_silent(struct lab *lab)
{
	if (lab->sent_head != lab->sent_tail)
		fail_msg("the LNS sent %s",
			l2tp_msg_name(lab->sent[lab->sent_head % LAB_RING].m.type));
}

size_t lns_sent(const struct lab *lab)
{
	return lab->sent_tail - lab->sent_head;
}

void lns_forget(struct lab *lab)
{
	lab->sent_head = lab->sent_tail;
}

void lab_forget(struct lab *lab)
{
	lns_forget(lab);
	lab->told_head = lab->told_tail;
}

struct l2tp_action *lns_tells(struct lab *lab, enum l2tp_act type)
{
	struct l2tp_action *a;

	if (lab->told_head == lab->told_tail)
		fail_msg("the LNS told nothing; expected %d", (int)type);
	a = &lab->told[lab->told_head++ % LAB_TOLD];
	assert_int_equal(a->type, type);
	return a;
}

bool lns_told(struct lab *lab, enum l2tp_act type)
{
	for (size_t i = lab->told_head; i < lab->told_tail; i++) {
		if (lab->told[i % LAB_TOLD].type == type)
			return true;
	}
	return false;
}

void tunnel_comes_up(struct lab *lab)
{
	lac_sends(lab, SCCRQ);
	lns_sends(lab, SCCRP);
	lac_sends(lab, SCCCN);
	lab_run_for(lab, 100);
	assert_true(lns_told(lab, L2TP_ACT_TUNNEL_UP));
	assert_int_equal(lab->tunnel[the_tunnel(lab)].state, L2TP_T_ESTABLISHED);
	lab_forget(lab);
}

uint32_t call_comes_up(struct lab *lab, uint16_t sid)
{
	struct lab_sent *s;
	uint32_t slot;

	lac_sends(lab, ICRQ, .call = sid);
	s = lns_sends(lab, ICRP, .sid = IS(sid));
	slot = l2tp_call_by_sid(lab->cp, the_tunnel(lab), s->m.sid);
	assert_int_not_equal(slot, 0);
	lac_sends(lab, ICCN, .sid = s->m.sid);
	lab_run_for(lab, 100);
	assert_int_equal(lab->call[slot].state, L2TP_C_ESTABLISHED);
	lab_forget(lab);
	return slot;
}

uint32_t the_tunnel(const struct lab *lab)
{
	return l2tp_tunnel_by_tid(lab->cp, lab->lac.lns_tid);
}

void nothing_is_in_use(struct lab *lab)
{
	uint32_t tunnels, calls, chunks, timers;

	l2tp_usage(lab->cp, &tunnels, &calls, &chunks, &timers);
	assert_int_equal(tunnels, 0);
	assert_int_equal(calls, 0);
	assert_int_equal(chunks, 0);
	assert_int_equal(timers, 0);
	assert_int_equal(lab->cp->by_peer.used, 0);
	assert_int_equal(lab->cp->by_sid.used, 0);
	assert_int_equal(lab->cp->by_peer_sid.used, 0);
	assert_int_equal(lab->cp->free_tids, 65535);
}

struct l2tp_result stopccn_of(const struct lab_sent *s)
{
	return l2tp_msg_result(&s->m);
}
