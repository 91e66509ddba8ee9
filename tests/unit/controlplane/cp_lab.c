/* SPDX-License-Identifier: BSD-3-Clause */
/* cp_lab.c - see cp_lab.h. */
#include "cp_lab.h"

#include "controlplane/cp_run.h"
#include "controlplane/log.h"
#include "ppp/wire.h"

struct fake_dp dp;

static void note(enum asked what, uint32_t slot, uint32_t generation, uint16_t msg)
{
	assert_true(dp.n < 512);
	dp.note[dp.n++] = (struct note){what, slot, generation, msg};
}

int first(enum asked what, uint16_t msg)
{
	for (unsigned i = 0; i < dp.n; i++)
		if (dp.note[i].what == what && (what != SEND || dp.note[i].msg == msg))
			return (int)i;
	return -1;
}

unsigned times(enum asked what, uint16_t msg)
{
	unsigned n = 0;

	for (unsigned i = 0; i < dp.n; i++)
		n += dp.note[i].what == what && (what != SEND || dp.note[i].msg == msg);
	return n;
}

int dp_send_l2tp(const struct l2tp_peer *peer, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	uint16_t type = len >= 20 ? (uint16_t)(b[18] << 8 | b[19]) : 0;

	(void)peer;
	if (dp.send_rc)
		return dp.send_rc;
	note(SEND, 0, 0, type);
	if (type) {
		dp.out_of_order += (uint16_t)(b[8] << 8 | b[9]) != dp.next_ns++;
		memcpy(dp.sent, bytes, len);
		dp.sent_len = len;
	}
	return 0;
}

void dp_send_l2tp_given_up(void)
{
	dp.given_up++;
}

void dp_tunnel_set(
	uint32_t t, uint32_t g, const struct l2tp_peer *p, uint16_t tid, uint16_t peer_tid)
{
	(void)p, (void)tid, (void)peer_tid;
	note(TUNNEL_SET, t, g, 0);
}

void dp_tunnel_up(uint32_t t, uint16_t windows)
{
	note(TUNNEL_UP, t, 0, windows);
}

void dp_tunnel_clear(uint32_t t)
{
	note(TUNNEL_CLEAR, t, 0, 0);
}

uint64_t dp_tunnel_rx_packets(uint32_t t)
{
	(void)t;
	return 0;
}

uint16_t dp_tunnel_mtu(uint32_t t)
{
	(void)t;
	return 1462;
}

void dp_profile_set(uint16_t index, const struct ppp_profile *p)
{
	(void)index, (void)p;
}

int dp_rates_set(uint16_t index, uint64_t up, uint64_t down, uint32_t burst_ms)
{
	if (!up && !down)
		return 0;
	dp.rates_index = index;
	dp.rates_up = up;
	dp.rates_down = down;
	dp.rates_burst_ms = burst_ms;
	return 0;
}

unsigned dp_addr4_choices(void)
{
	return dp.choices ? dp.choices : 1;
}

unsigned dp_addr4_pick(uint32_t slot, const uint64_t *addr, unsigned n)
{
	dp.pick_slot = slot;
	dp.pick_n = n;
	return addr[n - 1] != addr[0] ? n - 1 : 0;
}

uint16_t dp_session_pick_sid(uint32_t slot, uint16_t tid)
{
	(void)slot;
	(void)tid;
	return dp.only_sid ? dp.only_sid : ++dp.next_sid;
}

int dp_session_publish(const struct dp_session_desc *d)
{
	if (dp.publish_rc)
		return dp.publish_rc;
	dp.desc = *d;
	note(PUBLISH, d->slot, d->generation, 0);
	return 0;
}

void dp_session_start(uint32_t slot, uint32_t generation, bool sequencing)
{
	(void)sequencing;
	note(START, slot, generation, 0);
}

int dp_session_verdict(uint32_t slot, uint32_t generation, const struct dp_verdict *v)
{
	int rc = v->ppp.accept ? dp.verdict_rc : 0;

	if (rc)
		return rc;
	dp.verdict = *v;
	note(VERDICT, slot, generation, 0);
	return 0;
}

void dp_session_close(uint32_t slot, uint32_t generation, enum ppp_cause cause)
{
	dp.close_cause = cause;
	note(CLOSE, slot, generation, 0);
}

void dp_session_remove(uint32_t slot, uint32_t generation)
{
	note(REMOVE, slot, generation, 0);
}

int dp_endpoint_add(const struct cfg_endpoint *e, uint16_t vrf)
{
	(void)e, (void)vrf;
	return 0;
}

bool dp_ready(void)
{
	return !dp.lagging;
}

unsigned dp_events(struct dp_event *ev, unsigned max)
{
	dp.asked_for_events++;
	dp.clock_ns += dp.turn_takes_ns;
	if (!dp.event_waits || !max)
		return 0;
	dp.event_waits = false;
	*ev = dp.event;
	return 1;
}

void dp_events_done(struct dp_event *ev, unsigned n)
{
	(void)ev, (void)n;
}

void dp_tick(uint64_t now_ns)
{
	(void)now_ns;
}

unsigned dp_worker_count(void)
{
	return 2;
}

unsigned dp_if_count(void)
{
	return 1;
}

/* -- the lab -- */

static const char config_text[] =
	"schema: 1\n"
	"dataplane:\n"
	"  workers: 2\n"
	"  ports: [{name: p0, dev: net_null0, addresses: [192.0.2.1/24]}]\n"
	"l2tp:\n"
	"  endpoints: [{name: v4, address: 192.0.2.1}]\n"
	"  lac-profiles:\n"
	"    - {name: carrier, match: {host-name: 'lac-*', source: [192.0.2.0/24]}, max-tunnels: "
	"2, ppp-profile: p}\n"
	"ppp-profiles:\n"
	"  - {name: p, auth: [chap-md5, pap], pool4: pool, dns: [192.0.2.53]}\n"
	"  - {name: slow, auth: [pap], pool4: pool, policer: {up: 1M, down: 2M, burst: 50ms}}\n"
	"  - {name: wide, auth: [pap], pool4: wide}\n"
	"pools:\n"
	"  - {name: pool, range: 100.64.0.0-100.64.0.3, gateway: 100.64.0.0}\n"
	"  - {name: wide, range: 100.65.0.0/24}\n"
	"users:\n"
	"  - {name: alice, password: wonder}\n"
	"  - {name: modest, password: pw, ppp-profile: slow}\n"
	"  - {name: many, password: pw, ppp-profile: wide}\n"
	"  - {name: once, password: pw, max-sessions: 1}\n"
	"  - {name: fixed, password: pw, address: 198.51.100.7, routes: [203.0.113.0/28]}\n"
	"api: {socket: /nonexistent/api.sock}\n";

static int open_for(void **state, uint32_t sessions)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	memset(&dp, 0, sizeof(dp));
	log_init(CFG_LOG_STDERR, CFG_LOG_BUG);
	lab->cfg = cfg_parse("test.yaml", config_text, strlen(config_text), stderr);
	assert_non_null(lab->cfg);
	lab->store = (struct dp_store_view){
		.tunnels = calloc(MAX_TUNNELS + 1, sizeof(struct l2tp_tunnel)),
		.calls = calloc(sessions + 1, sizeof(struct l2tp_call)),
		.subscribers = calloc(sessions + 1, sizeof(struct cp_subscriber)),
		.max_tunnels = MAX_TUNNELS,
		.max_sessions = sessions,
	};
	lab->cp = cp_start(lab->cfg, &lab->store);
	assert_non_null(lab->cp);
	lab->peer = (struct l2tp_peer){.family = 4,
		.port = 1701,
		.local_port = 1701,
		.addr = {192, 0, 2, 2},
		.local = {192, 0, 2, 1}};
	*state = lab;
	return 0;
}

int lab_open(void **state)
{
	return open_for(state, MAX_SESSIONS);
}

int lab_with_room(void **state)
{
	return open_for(state, MANY_SESSIONS);
}

int lab_close(void **state)
{
	struct lab *lab = *state;

	cp_stop(lab->cp);
	free(lab->store.tunnels);
	free(lab->store.calls);
	free(lab->store.subscribers);
	cfg_free(lab->cfg);
	free(lab);
	return 0;
}

static void avp(struct wr *w, uint16_t type, const void *value, size_t len)
{
	wr_u16(w, (uint16_t)(0x8000 | (6 + len)));
	wr_u16(w, 0);
	wr_u16(w, type);
	wr_bytes(w, value, len);
}

static void avp16(struct wr *w, uint16_t type, uint16_t v)
{
	const uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	avp(w, type, b, 2);
}

static void avp32(struct wr *w, uint16_t type, uint32_t v)
{
	const uint8_t b[4] = {
		(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	avp(w, type, b, 4);
}

void say(struct lab *lab, uint16_t sid, uint16_t type, const uint8_t *avps, size_t len)
{
	uint8_t m[512];
	struct wr w = wr_of(m, sizeof(m));
	struct l2tp_env env = cp_env(lab->cp);
	struct l2tp_out *out;

	wr_u16(&w, 0xc802);
	wr_u16(&w, (uint16_t)(12 + 8 + len));
	wr_u16(&w, lab->tid);
	wr_u16(&w, sid);
	wr_u16(&w, lab->ns++);
	wr_u16(&w, lab->nr);
	avp16(&w, 0, type);
	wr_bytes(&w, avps, len);
	assert_false(w.bad);
	out = cp_out(lab->cp);
	l2tp_input(lab->cp->l2tp, &lab->peer, m, (size_t)(w.p - m), &env, out);
	cp_perform(lab->cp, out);
}

uint16_t sent_avp16(uint16_t type)
{
	struct rd r = rd_of(dp.sent + 12, dp.sent_len - 12);

	while (rd_left(&r) >= 6) {
		uint16_t len = rd_u16(&r) & 0x3ff;

		rd_u16(&r);
		if (rd_u16(&r) == type)
			return rd_u16(&r);
		rd_take(&r, len - 6);
	}
	return 0;
}

void sccrq(struct lab *lab, const char *host, uint16_t peer_tid)
{
	uint8_t b[256];
	struct wr w = wr_of(b, sizeof(b));

	lab->ns = lab->nr = lab->tid = 0;
	avp16(&w, 2, 0x0100);
	avp(&w, 7, host, strlen(host));
	avp32(&w, 3, 3);
	avp16(&w, 9, peer_tid);
	avp16(&w, 10, 16);
	say(lab, 0, L2TP_SCCRQ, b, (size_t)(w.p - b));
}

void tunnel_comes_up(struct lab *lab, const char *host, uint16_t peer_tid)
{
	sccrq(lab, host, peer_tid);
	assert_true(first(SEND, L2TP_SCCRP) >= 0);
	lab->tid = sent_avp16(9);
	lab->nr = 1;
	say(lab, 0, L2TP_SCCCN, NULL, 0);
}

void icrq(struct lab *lab, uint16_t peer_sid)
{
	uint8_t b[64];
	struct wr w = wr_of(b, sizeof(b));

	avp16(&w, 14, peer_sid);
	avp32(&w, 15, peer_sid);
	say(lab, 0, L2TP_ICRQ, b, (size_t)(w.p - b));
}

void iccn(struct lab *lab, uint16_t sid)
{
	uint8_t b[64];
	struct wr w = wr_of(b, sizeof(b));

	lab->nr++;
	avp32(&w, 24, 1000000);
	avp32(&w, 19, 1);
	say(lab, sid, L2TP_ICCN, b, (size_t)(w.p - b));
}

uint32_t call_comes_up(struct lab *lab, uint16_t peer_sid)
{
	icrq(lab, peer_sid);
	iccn(lab, dp.desc.sid);
	return dp.desc.slot;
}

void pap(struct lab *lab, uint32_t slot, const char *user, const char *password)
{
	uint8_t data[64];
	size_t n = strlen(user), k = strlen(password);
	struct dp_event ev = {.type = DP_EV_ASK_AAA,
		.slot = slot,
		.generation = lab->store.calls[slot].generation,
		.data = data,
		.len = (uint16_t)(n + k)};

	memcpy(data, user, n);
	memcpy(data + n, password, k);
	ev.act.aaa.request = 7;
	ev.act.aaa.method = PPP_AUTH_PAP;
	ev.act.aaa.name_len = (uint16_t)n;
	ev.act.aaa.secret_off = (uint16_t)n;
	ev.act.aaa.secret_len = (uint16_t)k;
	cp_session_event(lab->cp, &ev);
}

void event(struct lab *lab, enum dp_ev type, uint32_t slot, enum ppp_cause cause)
{
	struct dp_event ev = {.type = type,
		.slot = slot,
		.generation = lab->store.calls[slot].generation,
		.cause = cause};

	ev.act.ncp.proto = PPP_IPCP;
	cp_session_event(lab->cp, &ev);
}
