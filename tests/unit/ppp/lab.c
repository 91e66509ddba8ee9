/* SPDX-License-Identifier: BSD-3-Clause */
/* lab.c - see lab.h. */
#include "lab.h"

#include <stdlib.h>
#include <string.h>

static const struct ppp_profile profile = {
	.auth = {PPP_AUTH_CHAP_MD5, PPP_AUTH_PAP, PPP_AUTH_NONE},
	.ipv4 = true,
	.ipv6 = true,
	.mru = 1492,
	.mtu_max = 1460,
	.restart_ms = 3000,
	.max_configure = 10,
	.max_terminate = 2,
	.max_failure = 5,
	.auth_timeout_ms = 30000,
	.name = "lns",
};

static struct ppp_env env_of(struct lab *lab)
{
	for (size_t i = 0; i < sizeof(lab->rnd); i++)
		lab->rnd[i] = (uint8_t)(lab->rnd[i] * 5 + 7 + i);
	lab->out.n = lab->out.used = 0;
	return (struct ppp_env){.now_ns = lab->now_ns, .rnd = lab->rnd};
}

/* RFC 1661 s4.2: the timer runs in states 4 to 8 only, and the public deadline is the least of
 * all. */
void lab_check(const struct lab *lab)
{
	const struct ppp_session *s = &lab->s;
	const uint64_t all[] = {s->lcp.deadline_ns, s->ipcp.deadline_ns, s->ipv6cp.deadline_ns,
		s->auth_deadline_ns, s->chap_deadline_ns, s->echo_deadline_ns};
	const struct ppp_fsm *fsm[] = {&s->lcp, &s->ipcp, &s->ipv6cp};
	uint64_t least = 0;

	for (size_t i = 0; i < 6; i++)
		if (all[i] && (!least || all[i] < least))
			least = all[i];
	assert_true(s->deadline_ns == least);
	assert_true(s->phase <= PPP_TERMINATE);
	if (s->phase == PPP_DEAD) {
		assert_true(!s->deadline_ns);
		assert_int_equal(s->ncp_up, 0);
		return;
	}
	assert_true(s->deadline_ns || s->phase == PPP_NETWORK);
	for (size_t i = 0; i < 3; i++) {
		assert_true(fsm[i]->state <= FSM_OPENED);
		assert_int_equal(fsm[i]->deadline_ns != 0,
			fsm[i]->state >= FSM_CLOSING && fsm[i]->state <= FSM_ACK_SENT);
	}
	assert_int_equal(!!(s->ncp_up & 1), s->ipcp.state == FSM_OPENED);
	assert_int_equal(!!(s->ncp_up & 2), s->ipv6cp.state == FSM_OPENED);
	assert_true(s->lcp.state == FSM_OPENED || !s->ncp_up);
	assert_int_equal(s->lcp.state == FSM_OPENED,
		s->phase == PPP_AUTHENTICATE || s->phase == PPP_NETWORK);
}

static void take_frame(struct lab *lab, const struct ppp_action *a)
{
	const uint8_t *b = lab->out.bytes + a->frame.off;
	struct lab_frame *f = &lab->sent[lab->n_sent];

	assert_true(a->frame.off + a->frame.len <= lab->out.used);
	assert_true(a->frame.len >= 8 && a->frame.len <= 1504);
	assert_int_equal(b[0], 0xff);
	assert_int_equal(b[1], 0x03);
	assert_int_equal(b[6] << 8 | b[7], a->frame.len - 4);
	if (lab->n_sent == LAB_FRAMES)
		return;
	lab->n_sent++;
	f->proto = (uint16_t)(b[2] << 8 | b[3]);
	f->code = b[4];
	f->id = b[5];
	f->len = (uint16_t)(a->frame.len - 8);
	memcpy(f->data, b + 8, f->len);
}

static void take(struct lab *lab)
{
	const struct ppp_out *o = &lab->out;

	assert_true(o->n <= PPP_OUT_ACTIONS && o->used <= PPP_OUT_BYTES);
	assert_int_equal(o->lost, 0);
	for (unsigned int i = 0; i < o->n; i++) {
		const struct ppp_action *a = &o->act[i];

		switch (a->type) {
		case PPP_ACT_SEND:
			take_frame(lab, a);
			break;
		case PPP_ACT_ASK_AAA:
			lab->asked++;
			lab->last_ask = *a;
			memcpy(lab->ask_bytes, o->bytes, o->used);
			assert_true(a->aaa.name_off + a->aaa.name_len <= o->used);
			assert_true(a->aaa.secret_off + a->aaa.secret_len <= o->used);
			assert_true(a->aaa.challenge_off + a->aaa.challenge_len <= o->used);
			break;
		case PPP_ACT_LINK:
			lab->links++;
			lab->last_link = *a;
			break;
		case PPP_ACT_NCP_UP:
			lab->ups++;
			lab->last_up = *a;
			break;
		case PPP_ACT_NCP_DOWN:
			lab->ncp_downs++;
			break;
		case PPP_ACT_DOWN:
			lab->downs++;
			lab->cause = a->cause;
			assert_int_equal(lab->s.phase, PPP_DEAD);
			break;
		default:
			assert_int_equal(a->type, PPP_ACT_TRACE);
			assert_true(a->trace.from != a->trace.to && a->trace.to <= FSM_OPENED);
			lab->traces++;
		}
	}
	assert_true(lab->downs <= 1);
	lab_check(lab);
}

void lab_new(struct lab *lab)
{
	memset(lab, 0, sizeof(*lab));
	lab->p = profile;
	lab->now_ns = 1000000000;
	ppp_init(&lab->s);
}

void lab_open(struct lab *lab)
{
	struct ppp_env env = env_of(lab);

	lab->n_sent = 0;
	ppp_open(&lab->s, &lab->p, &env, &lab->out);
	take(lab);
}

void lab_raw(struct lab *lab, const void *frame, size_t len)
{
	struct ppp_env env = env_of(lab);
	uint8_t *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	memcpy(exact, frame, len);
	lab->n_sent = 0;
	ppp_input(&lab->s, &lab->p, exact, len, &env, &lab->out);
	free(exact);
	take(lab);
}

void lab_in(struct lab *lab, uint16_t proto, uint8_t code, uint8_t id, const void *data, size_t len)
{
	uint8_t frame[70000];
	struct wr w = wr_of(frame, sizeof(frame));

	wr_u16(&w, proto);
	wr_u8(&w, code);
	wr_u8(&w, id);
	wr_u16(&w, (uint16_t)(4 + len));
	wr_bytes(&w, data, len);
	assert_false(w.bad);
	lab_raw(lab, frame, (size_t)(w.p - frame));
}

void lab_wait_ms(struct lab *lab, uint64_t ms)
{
	uint64_t end = lab->now_ns + ms * 1000000;

	lab->n_sent = 0;
	while (lab->s.deadline_ns && lab->s.deadline_ns <= end) {
		struct ppp_env env;

		if (lab->s.deadline_ns > lab->now_ns)
			lab->now_ns = lab->s.deadline_ns;
		env = env_of(lab);
		ppp_tick(&lab->s, &lab->p, &env, &lab->out);
		take(lab);
		assert_true(!lab->s.deadline_ns || lab->s.deadline_ns > lab->now_ns);
	}
	lab->now_ns = end;
}

struct ppp_verdict lab_a_verdict(const struct lab *lab)
{
	return (struct ppp_verdict){
		.request = lab->last_ask.aaa.request,
		.accept = true,
		.our_ip4 = 0x0a000001,
		.peer_ip4 = 0x0a000002,
		.dns = {0x08080808, 0x08080404},
		.our_ifid = 0x1111,
		.peer_ifid = 0x2222,
		.message = "hi",
	};
}

void lab_give(struct lab *lab, const struct ppp_verdict *v)
{
	struct ppp_env env = env_of(lab);

	lab->n_sent = 0;
	ppp_verdict(&lab->s, &lab->p, v, &env, &lab->out);
	take(lab);
}

void lab_verdict(struct lab *lab, bool accept)
{
	struct ppp_verdict v = lab_a_verdict(lab);

	v.accept = accept;
	lab_give(lab, &v);
}

void lab_close(struct lab *lab, enum ppp_cause cause)
{
	struct ppp_env env = env_of(lab);

	lab->n_sent = 0;
	ppp_close(&lab->s, &lab->p, cause, &env, &lab->out);
	take(lab);
}

void lab_lower_down(struct lab *lab)
{
	env_of(lab);
	lab->n_sent = 0;
	ppp_lower_down(&lab->s, &lab->out);
	take(lab);
	assert_int_equal(lab->n_sent, 0);
}

const struct lab_frame *lab_find(const struct lab *lab, uint16_t proto, uint8_t code)
{
	for (unsigned int i = 0; i < lab->n_sent; i++)
		if (lab->sent[i].proto == proto && lab->sent[i].code == code)
			return &lab->sent[i];
	return NULL;
}

const struct lab_frame *lab_only(const struct lab *lab, uint16_t proto, uint8_t code)
{
	assert_int_equal(lab->n_sent, 1);
	assert_int_equal(lab->sent[0].proto, proto);
	assert_int_equal(lab->sent[0].code, code);
	return &lab->sent[0];
}

/* The peer acknowledges the request of this protocol that the last call sent. */
static void ack_request(struct lab *lab, uint16_t proto)
{
	const struct lab_frame *found = lab_find(lab, proto, CONF_REQ);
	struct lab_frame f;

	assert_non_null(found);
	f = *found;
	lab_in(lab, proto, CONF_ACK, f.id, f.data, f.len);
}

void lab_lcp_opened(struct lab *lab)
{
	lab_open(lab);
	ack_request(lab, PPP_LCP);
	LAB_IN(lab, PPP_LCP, CONF_REQ, 1, 5, 6, 0xaa, 0xbb, 0xcc, 0xdd);
	assert_non_null(lab_find(lab, PPP_LCP, CONF_ACK));
	assert_int_equal(lab->s.lcp.state, FSM_OPENED);
}

void lab_authenticated(struct lab *lab)
{
	uint8_t response[17 + 4] = {16};

	lab_lcp_opened(lab);
	memcpy(response + 17, "user", 4);
	if (lab->s.auth == PPP_AUTH_CHAP_MD5)
		lab_in(lab, PPP_CHAP, 2, lab->s.auth_id, response, sizeof(response));
	else if (lab->s.auth == PPP_AUTH_PAP)
		LAB_IN(lab, PPP_PAP, 1, 1, 4, 'u', 's', 'e', 'r', 2, 'p', 'w');
	assert_int_equal(lab->asked, 1);
	lab_verdict(lab, true);
	assert_int_equal(lab->s.phase, PPP_NETWORK);
}

void lab_network(struct lab *lab)
{
	struct lab_frame v6;
	bool has_v6;

	lab_authenticated(lab);
	has_v6 = lab_find(lab, PPP_IPV6CP, CONF_REQ) != NULL;
	if (has_v6)
		v6 = *lab_find(lab, PPP_IPV6CP, CONF_REQ);
	if (lab_find(lab, PPP_IPCP, CONF_REQ)) {
		ack_request(lab, PPP_IPCP);
		LAB_IN(lab, PPP_IPCP, CONF_REQ, 1, 3, 6, 10, 0, 0, 2);
		assert_true(lab->s.ncp_up & 1);
	}
	if (has_v6) {
		lab_in(lab, PPP_IPV6CP, CONF_ACK, v6.id, v6.data, v6.len);
		LAB_IN(lab, PPP_IPV6CP, CONF_REQ, 1, 1, 10, 0, 0, 0, 0, 0, 0, 0x33, 0x33);
		assert_true(lab->s.ncp_up & 2);
	}
}

int lab_setup(void **state)
{
	struct lab *lab = malloc(sizeof(*lab));

	if (!lab)
		return -1;
	lab_new(lab);
	*state = lab;
	return 0;
}

int lab_teardown(void **state)
{
	free(*state);
	return 0;
}
