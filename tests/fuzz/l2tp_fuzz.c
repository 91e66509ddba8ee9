/* SPDX-License-Identifier: BSD-3-Clause */
/* l2tp_fuzz.c - libFuzzer target of the L2TP control plane: the input is a little program of datagrams, raw or with a
 * header that fits a live tunnel, of time passing, and of the caller's decisions. At its end everything is closed
 * and must be empty. The secret is set, so hidden AVPs are opened. */
#include "controlplane/l2tp/avp.h"
#include "controlplane/l2tp/hdr.h"
#include "controlplane/l2tp/l2tp.h"
#include "controlplane/l2tp/msg.h"
#include "ppp/wire.h"

#include <stdlib.h>

#define TUNNELS 4
#define CALLS   8

struct world {
	void *mem;
	struct l2tp_cp *cp;
	struct l2tp_tunnel tunnel[TUNNELS + 1];
	struct l2tp_call call[CALLS + 1];
	struct l2tp_profile profile;
	struct l2tp_peer peer;
	struct l2tp_env env;
	struct l2tp_out out;
	uint16_t sid;
};

static const uint8_t random_octets[64] = {3, 1, 4, 1, 5, 9, 2, 6};
static volatile uint32_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void perform(struct world *w, uint8_t decision)
{
	struct l2tp_action act[L2TP_OUT_ACTIONS];
	const struct l2tp_result no = {.result = 3};
	uint16_t n = w->out.n;

	memcpy(act, w->out.act, n * sizeof(act[0]));
	for (uint16_t i = 0; i < n; i++) {
		const struct l2tp_action *a = &act[i];

		sink += a->type;
		w->out.n = w->out.used = 0;
		if (a->type == L2TP_ACT_TUNNEL_REQUEST && decision & 1)
			l2tp_tunnel_accept(w->cp, a->tunnel, &w->profile, 0, &w->env, &w->out);
		else if (a->type == L2TP_ACT_TUNNEL_REQUEST && decision & 2)
			l2tp_tunnel_reject(w->cp, a->tunnel, NULL, &no, &w->env, &w->out);
		else if (a->type == L2TP_ACT_CALL_REQUEST && decision & 4)
			l2tp_call_accept(w->cp, a->call, ++w->sid, &w->env, &w->out);
		else if (a->type == L2TP_ACT_CALL_REQUEST && decision & 8)
			l2tp_call_close(w->cp, a->call, &no, &w->env, &w->out);
		else if (a->type == L2TP_ACT_CALL_DOWN)
			l2tp_call_release(w->cp, a->call);
		else if (a->type == L2TP_ACT_TUNNEL_FREE)
			l2tp_tunnel_release(w->cp, a->tunnel);
	}
	w->out.n = w->out.used = 0;
}

static void pass_time(struct world *w, uint64_t ms, uint8_t decision)
{
	uint64_t end = w->env.now_ns + ms * 1000000, next;

	while ((next = l2tp_next_deadline(w->cp)) <= end) {
		if (next > w->env.now_ns)
			w->env.now_ns = next;
		l2tp_tick(w->cp, &w->env, &w->out);
		perform(w, decision);
	}
	w->env.now_ns = end;
}

static void datagram(struct world *w, struct rd *r, bool fitting, uint8_t decision)
{
	struct l2tp_tunnel *t = &w->tunnel[1 + decision % TUNNELS];
	size_t n = rd_u8(r) * 2u;
	const uint8_t *body = rd_take(r, n < rd_left(r) ? n : rd_left(r));
	uint8_t buf[L2TP_HDR_CONTROL + 512], *exact;

	n = body ? (size_t)(r->p - body) : 0;
	if (fitting) {
		uint16_t sid = decision & 16 ? w->sid : 0;

		l2tp_hdr_encode(buf, t->state == L2TP_T_FREE ? 0 : t->tid, sid, t->nr, t->ns, n);
		memcpy(buf + L2TP_HDR_CONTROL, n ? body : buf, n);
		n += L2TP_HDR_CONTROL;
	} else {
		memcpy(buf, n ? body : buf, n);
	}
	exact = malloc(n ? n : 1);
	memcpy(exact, buf, n);
	l2tp_input(w->cp, &w->peer, exact, n, &w->env, &w->out);
	perform(w, decision);
	free(exact);
}

static void lac_says(struct world *w, const struct l2tp_msg *m, uint16_t tid, uint16_t ns)
{
	uint8_t buf[256];
	size_t len = l2tp_msg_encode(m, buf + L2TP_HDR_CONTROL, sizeof(buf) - L2TP_HDR_CONTROL);

	l2tp_hdr_encode(buf, tid, 0, ns, ns, len);
	l2tp_input(w->cp, &w->peer, buf, L2TP_HDR_CONTROL + len, &w->env, &w->out);
	perform(w, 5);
}

/* One tunnel is up and one call asked for from the start, so that no input has to find that out. */
static void begin(struct world *w)
{
	const struct l2tp_msg sccrq = {.type = L2TP_SCCRQ,
		.protocol = 0x0100,
		.host_name = l2tp_bytes_of("lac", 3),
		.tid = 7,
		.have = L2TP_HAS(L2TP_AVP_PROTOCOL_VERSION) | L2TP_HAS(L2TP_AVP_HOST_NAME) |
			L2TP_HAS(L2TP_AVP_ASSIGNED_TUNNEL_ID) |
			L2TP_HAS(L2TP_AVP_FRAMING_CAPABILITIES)};
	const struct l2tp_msg scccn = {.type = L2TP_SCCCN};
	const struct l2tp_msg icrq = {.type = L2TP_ICRQ,
		.sid = 9,
		.have = L2TP_HAS(L2TP_AVP_ASSIGNED_SESSION_ID) |
			L2TP_HAS(L2TP_AVP_CALL_SERIAL_NUMBER)};

	lac_says(w, &sccrq, 0, 0);
	lac_says(w, &scccn, w->tunnel[1].tid, 1);
	lac_says(w, &icrq, w->tunnel[1].tid, 2);
	if (w->call[1].state != L2TP_C_WAIT_CONNECT)
		abort();
}

static void end_all(struct world *w)
{
	const struct l2tp_result bye = {.result = 6};
	uint32_t tunnels, calls, chunks, timers;

	for (uint32_t i = 1; i <= TUNNELS; i++) {
		l2tp_tunnel_close(w->cp, i, &bye, &w->env, &w->out);
		perform(w, 0);
	}
	pass_time(w, 300000, 0);
	l2tp_usage(w->cp, &tunnels, &calls, &chunks, &timers);
	if (tunnels || calls || chunks || timers)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct l2tp_limits lim = {.tunnels = TUNNELS, .calls = CALLS, .chunks = 48};
	size_t size = (l2tp_size(&lim) + 63) & ~(size_t)63;
	struct world *w = calloc(1, sizeof(*w));
	struct rd r = rd_of(bytes, len);

	w->mem = aligned_alloc(64, size);
	memset(w->mem, 0, size);
	w->env = (struct l2tp_env){.now_ns = 1000000000, .rnd = random_octets};
	w->profile = (struct l2tp_profile){.local_name = "lns",
		.secret = "s",
		.secret_len = 1,
		.window = 8,
		.hello_ms = 60000,
		.rto_ms = 1000,
		.rto_cap_ms = 8000,
		.retries = 5,
		.max_calls = 6,
		.setup_ms = 60000};
	w->peer = (struct l2tp_peer){.family = 4, .port = 1701};
	w->cp = l2tp_init(w->mem, &lim, w->tunnel, w->call, 1, w->env.now_ns);
	begin(w);
	while (rd_left(&r) > 2) {
		uint8_t op = rd_u8(&r), decision = rd_u8(&r);

		if (op % 8 == 0)
			pass_time(w, decision * 100u, decision);
		else
			datagram(w, &r, op % 8 < 7, decision);
	}
	end_all(w);
	free(w->mem);
	free(w);
	return 0;
}
