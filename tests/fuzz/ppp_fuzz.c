/* SPDX-License-Identifier: BSD-3-Clause */
/* ppp_fuzz.c - libFuzzer target: the input's octets choose frames, verdicts, ticks and closings for
 * one PPP session. Input: a byte of profile choices, then steps; a step is an opcode and its
 * operands. Each frame is an exact-size heap copy. After each step the public fields must agree
 * with each other; abort() is a finding. */
#include <stdlib.h>
#include <string.h>

#include "ppp/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ppp_out out;
static uint8_t rnd[32];

static void check(const struct ppp_session *s)
{
	if (out.n > PPP_OUT_ACTIONS || out.used > PPP_OUT_BYTES || out.lost)
		abort();
	if (s->phase == PPP_DEAD ? s->deadline_ns != 0 : !s->deadline_ns && s->phase != PPP_NETWORK)
		abort();
	if (s->ncp_up && s->lcp.state != FSM_OPENED)
		abort();
	for (unsigned int i = 0; i < out.n; i++)
		if (out.act[i].type == PPP_ACT_SEND &&
			(out.act[i].frame.len > 1504 ||
				out.act[i].frame.off + out.act[i].frame.len > out.used))
			abort();
	out.n = out.used = 0;
}

/* Half of the frames are put together here, with the id that is waited for, so that the fuzzer gets
 * past s5.2. */
static void frame(struct ppp_session *s, const struct ppp_profile *p, const struct ppp_env *env,
	struct rd *in, bool help)
{
	static const uint16_t protos[] = {PPP_LCP, PPP_PAP, PPP_CHAP, PPP_IPCP, PPP_IPV6CP, 0x80fd};
	uint8_t pick = rd_u8(in), code = rd_u8(in);
	size_t len = rd_u8(in);
	uint16_t proto = protos[pick % 6];
	const uint8_t *body;
	uint8_t *exact;
	struct wr w;

	if (len > rd_left(in))
		len = rd_left(in);
	body = rd_take(in, len);
	exact = malloc(len + 6);
	if (!exact || !body) {
		free(exact);
		return;
	}
	w = wr_of(exact, len + 6);
	if (help) {
		wr_u16(&w, proto);
		wr_u8(&w, code % 14);
		wr_u8(&w,
			proto == PPP_CHAP             ? s->auth_id
				: proto == PPP_IPCP   ? s->ipcp.id
				: proto == PPP_IPV6CP ? s->ipv6cp.id
						      : s->lcp.id);
		wr_u16(&w, (uint16_t)(len + 4));
	}
	wr_bytes(&w, body, len);
	ppp_input(s, p, exact, (size_t)(w.p - exact), env, &out);
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ppp_profile p = {.ipv4 = true,
		.ipv6 = true,
		.mru = 1492,
		.mtu_max = 1500,
		.restart_ms = 3000,
		.max_configure = 10,
		.max_terminate = 2,
		.max_failure = 5,
		.echo_failures = 3,
		.name = "lns"};
	struct ppp_env env = {.now_ns = 1, .rnd = rnd};
	struct rd in = rd_of(data, size);
	struct ppp_verdict v = {.our_ip4 = 1, .our_ifid = 1, .peer_ifid = 2, .dns = {3}};
	uint8_t choice = rd_u8(&in);
	struct ppp_session s;

	p.auth[0] = choice % 3;
	p.auth[1] = choice / 3 % 3;
	p.echo_interval_ms = choice & 0x80 ? 1000 : 0;
	for (size_t i = 0; i < sizeof(rnd); i++)
		rnd[i] = (uint8_t)(i + 1);
	ppp_init(&s);
	out.n = out.used = out.lost = 0;
	ppp_open(&s, &p, &env, &out);
	check(&s);
	while (rd_left(&in)) {
		uint8_t op = rd_u8(&in);

		rnd[op % 32] ^= op;
		switch (op % 16) {
		case 0:
			env.now_ns += (uint64_t)rd_u8(&in) * 100000000;
			ppp_tick(&s, &p, &env, &out);
			break;
		case 1:
			v.request = s.request;
			v.accept = op < 0xe0;
			v.peer_ip4 = op & 0x10 ? 2 : 0;
			ppp_verdict(&s, &p, &v, &env, &out);
			break;
		case 2:
			if (op == 0xf2)
				ppp_close(&s, &p, PPP_CAUSE_ADMIN, &env, &out);
			else if (op == 0xe2)
				ppp_lower_down(&s, &out);
			break;
		default:
			frame(&s, &p, &env, &in, op & 1);
		}
		check(&s);
	}
	return 0;
}
