/* SPDX-License-Identifier: BSD-3-Clause */
/* cp_test.c - the control core between a scripted LAC and a fake dataplane: what is asked of the workers, in which order.
 * Real: cp*.c, l2tp/, pools, local users, config. Fake: dataplane, Linux, API (functions below). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <nettle/md5.h>

#include "controlplane/api/api.h"
#include "controlplane/cp_priv.h"
#include "controlplane/cp_run.h"
#include "controlplane/log.h"
#include "ppp/wire.h"

#define MAX_SESSIONS 8
#define MAX_TUNNELS  4

/* -- the fake dataplane: a diary of what control asked for -- */

enum asked { PUBLISH, SEND, START, VERDICT, CLOSE, REMOVE, TUNNEL_SET, TUNNEL_CLEAR };

struct note {
	enum asked what;
	uint32_t slot, generation;
	uint16_t msg; /* SEND: message type, 0 = ZLB */
};

static struct {
	struct note note[512];
	unsigned n;
	uint8_t sent[2048]; /* the last datagram that was not a ZLB */
	size_t sent_len;
	struct dp_session_desc desc;
	struct dp_verdict verdict;
	int verdict_rc, publish_rc, send_rc;
	uint16_t next_sid, only_sid;
	unsigned choices, pick_n; /* addresses that it wants to choose from, was offered */
	uint32_t pick_slot;
	bool lagging;
	unsigned asked_for_events;
	enum ppp_cause close_cause;
	unsigned resolves;
} dp;

static void note(enum asked what, uint32_t slot, uint32_t generation, uint16_t msg)
{
	assert_true(dp.n < 512);
	dp.note[dp.n++] = (struct note){what, slot, generation, msg};
}

static int first(enum asked what, uint16_t msg)
{
	for (unsigned i = 0; i < dp.n; i++)
		if (dp.note[i].what == what && (what != SEND || dp.note[i].msg == msg))
			return (int)i;
	return -1;
}

static unsigned times(enum asked what, uint16_t msg)
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
		memcpy(dp.sent, bytes, len);
		dp.sent_len = len;
	}
	return 0;
}

void dp_tunnel_set(
	uint32_t t, uint32_t g, const struct l2tp_peer *p, uint16_t tid, uint16_t peer_tid)
{
	(void)p, (void)tid, (void)peer_tid;
	note(TUNNEL_SET, t, g, 0);
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

uint16_t dp_session_pick_sid(uint16_t tid)
{
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
	(void)ev, (void)max;
	dp.asked_for_events++;
	return 0;
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

struct linux_side *linux_start(const struct cfg *c)
{
	(void)c;
	return (struct linux_side *)&dp;
}

void linux_stop(struct linux_side *l)
{
	(void)l;
}

unsigned linux_fds(const struct linux_side *l, int *fds, unsigned max)
{
	(void)l, (void)fds, (void)max;
	return 0;
}

void linux_readable(struct linux_side *l, int fd)
{
	(void)l, (void)fd;
}

void linux_to_tap(struct linux_side *l, unsigned ifx, const void *frame, size_t len)
{
	(void)l, (void)ifx, (void)frame, (void)len;
}

void linux_to_lns0(struct linux_side *l, const void *packet, size_t len)
{
	(void)l, (void)packet, (void)len;
}

void linux_resolve(struct linux_side *l, uint8_t family, const uint8_t *addr)
{
	(void)l, (void)family, (void)addr;
	dp.resolves++;
}

void linux_tick(struct linux_side *l, uint64_t now_ns)
{
	(void)l, (void)now_ns;
}

const struct linux_counters *linux_counters(const struct linux_side *l)
{
	(void)l;
	return NULL;
}

struct api *api_start(struct cp *cp)
{
	return (struct api *)cp;
}

void api_stop(struct api *a)
{
	(void)a;
}

int api_fd(const struct api *a)
{
	(void)a;
	return -1;
}

void api_readable(struct api *a)
{
	(void)a;
}

/* -- the lab: one control core, one scripted LAC -- */

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
	"ppp-profiles: [{name: p, auth: [chap-md5, pap], pool4: pool, dns: [192.0.2.53]}]\n"
	"pools: [{name: pool, range: 100.64.0.0-100.64.0.3, gateway: 100.64.0.0}]\n"
	"users:\n"
	"  - {name: alice, password: wonder}\n"
	"  - {name: once, password: pw, max-sessions: 1}\n"
	"  - {name: fixed, password: pw, address: 198.51.100.7, routes: [203.0.113.0/28]}\n"
	"api: {socket: /nonexistent/api.sock}\n";

struct lab {
	struct cfg *cfg;
	struct dp_store_view store;
	struct cp *cp;
	struct l2tp_peer peer;
	uint16_t ns, nr, tid; /* LAC's next Ns, Nr, and the LNS's tunnel id */
};

static int lab_open(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	memset(&dp, 0, sizeof(dp));
	log_init(CFG_LOG_STDERR, CFG_LOG_BUG);
	lab->cfg = cfg_parse("test.yaml", config_text, strlen(config_text), stderr);
	assert_non_null(lab->cfg);
	lab->store = (struct dp_store_view){
		.tunnels = calloc(MAX_TUNNELS + 1, sizeof(struct l2tp_tunnel)),
		.calls = calloc(MAX_SESSIONS + 1, sizeof(struct l2tp_call)),
		.subscribers = calloc(MAX_SESSIONS + 1, sizeof(struct cp_subscriber)),
		.max_tunnels = MAX_TUNNELS,
		.max_sessions = MAX_SESSIONS,
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

static int lab_close(void **state)
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

static void say(struct lab *lab, uint16_t sid, uint16_t type, const uint8_t *avps, size_t len)
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

/* Reads a 16-bit AVP of the last message that the LNS sent. */
static uint16_t sent_avp16(uint16_t type)
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

static void sccrq(struct lab *lab, const char *host, uint16_t peer_tid)
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

static void tunnel_comes_up(struct lab *lab, const char *host, uint16_t peer_tid)
{
	sccrq(lab, host, peer_tid);
	assert_true(first(SEND, L2TP_SCCRP) >= 0);
	lab->tid = sent_avp16(9);
	lab->nr = 1;
	say(lab, 0, L2TP_SCCCN, NULL, 0);
}

static void icrq(struct lab *lab, uint16_t peer_sid)
{
	uint8_t b[64];
	struct wr w = wr_of(b, sizeof(b));

	avp16(&w, 14, peer_sid);
	avp32(&w, 15, peer_sid);
	say(lab, 0, L2TP_ICRQ, b, (size_t)(w.p - b));
}

static void iccn(struct lab *lab, uint16_t sid)
{
	uint8_t b[64];
	struct wr w = wr_of(b, sizeof(b));

	lab->nr++;
	avp32(&w, 24, 1000000);
	avp32(&w, 19, 1);
	say(lab, sid, L2TP_ICCN, b, (size_t)(w.p - b));
}

static uint32_t call_comes_up(struct lab *lab, uint16_t peer_sid)
{
	icrq(lab, peer_sid);
	iccn(lab, dp.desc.sid);
	return dp.desc.slot;
}

static void pap(struct lab *lab, uint32_t slot, const char *user, const char *password)
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

static void event(struct lab *lab, enum dp_ev type, uint32_t slot, enum ppp_cause cause)
{
	struct dp_event ev = {.type = type,
		.slot = slot,
		.generation = lab->store.calls[slot].generation,
		.cause = cause};

	ev.act.ncp.proto = PPP_IPCP;
	cp_session_event(lab->cp, &ev);
}

/* -- stories -- */

static void the_key_is_live_before_icrp_is_sent(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab, "lac-1", 9);
	icrq(lab, 5);
	assert_true(first(PUBLISH, 0) >= 0);
	assert_true(first(SEND, L2TP_ICRP) > first(PUBLISH, 0));
	assert_int_equal(sent_avp16(14), dp.desc.sid);
	assert_int_equal(dp.desc.peer_sid, 5);
}

static void lcp_begins_at_iccn_and_not_before(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab, "lac-1", 9);
	icrq(lab, 5);
	assert_int_equal(times(START, 0), 0);
	iccn(lab, dp.desc.sid);
	assert_int_equal(times(START, 0), 1);
}

static void a_lac_that_no_profile_matches_is_refused_as_not_authorised(void **state)
{
	struct lab *lab = *state;

	sccrq(lab, "stranger", 9);
	assert_int_equal(first(SEND, L2TP_SCCRP), -1);
	assert_true(first(SEND, L2TP_STOPCCN) >= 0);
	assert_int_equal(sent_avp16(1), 4);
}

static void a_lac_from_another_prefix_is_refused(void **state)
{
	struct lab *lab = *state;

	lab->peer.addr[0] = 198;
	sccrq(lab, "lac-1", 9);
	assert_int_equal(sent_avp16(1), 4);
}

static void tunnels_beyond_the_profiles_limit_are_refused(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab, "lac-1", 1);
	tunnel_comes_up(lab, "lac-2", 2);
	sccrq(lab, "lac-3", 3);
	assert_int_equal(sent_avp16(1), 2);
	assert_int_equal(times(TUNNEL_SET, 0), 2);
}

static void half_open_tunnels_do_not_use_up_the_profiles_limit(void **state)
{
	struct lab *lab = *state;

	for (uint16_t tid = 10; tid < 40; tid++)
		sccrq(lab, "lac-9", tid);
	tunnel_comes_up(lab, "lac-1", 1);
	assert_int_equal(lab->cp->lac_tunnels[0], 1);
}

static void a_tunnel_that_comes_up_beyond_the_profiles_limit_gets_stopccn_2(void **state)
{
	struct lab *lab = *state;
	uint16_t tid;

	sccrq(lab, "lac-3", 3);
	tid = sent_avp16(9);
	tunnel_comes_up(lab, "lac-1", 1);
	tunnel_comes_up(lab, "lac-2", 2);
	lab->tid = tid;
	lab->ns = lab->nr = 1;
	say(lab, 0, L2TP_SCCCN, NULL, 0);
	assert_int_equal(sent_avp16(1), 2);
	assert_int_equal(
		cp_tunnel(lab->cp, l2tp_tunnel_by_tid(lab->cp->l2tp, tid))->state, L2TP_T_CLOSING);
}

static void a_known_user_gets_an_address_of_the_pool_and_its_dns(void **state)
{
	struct lab *lab = *state;
	uint32_t slot;

	tunnel_comes_up(lab, "lac-1", 9);
	slot = call_comes_up(lab, 5);
	pap(lab, slot, "alice", "wonder");
	assert_true(dp.verdict.ppp.accept);
	assert_int_equal(dp.verdict.ppp.request, 7);
	assert_in_range(dp.verdict.ppp.peer_ip4, 0x64400001, 0x64400003);
	assert_int_equal(dp.verdict.ppp.our_ip4, 0x64400000);
	assert_int_equal(dp.verdict.ppp.dns[0], 0xc0000235);
}

static void the_dataplane_may_choose_among_the_next_addresses_of_the_pool(void **state)
{
	struct lab *lab = *state;
	uint32_t slot;

	dp.choices = 2;
	tunnel_comes_up(lab, "lac-1", 9);
	slot = call_comes_up(lab, 5);
	pap(lab, slot, "alice", "wonder");
	assert_true(dp.verdict.ppp.accept);
	assert_int_equal(dp.pick_n, 2);
	assert_int_equal(dp.pick_slot, slot);
	assert_int_equal(dp.verdict.ppp.peer_ip4, 0x64400002);
	assert_int_equal(lab->cp->pools[0].used, 1);
}

static void a_wrong_password_is_refused_without_an_address(void **state)
{
	struct lab *lab = *state;
	struct cp_totals t;
	uint32_t slot;

	tunnel_comes_up(lab, "lac-1", 9);
	slot = call_comes_up(lab, 5);
	pap(lab, slot, "alice", "wunder");
	assert_false(dp.verdict.ppp.accept);
	assert_int_equal(lab->cp->pools[0].used, 0);
	cp_totals(lab->cp, &t);
	assert_int_equal(t.auth_rejected, 1);
}

static void chap_is_proved_over_id_password_and_challenge(void **state)
{
	struct lab *lab = *state;
	const uint8_t challenge[16] = "0123456789abcde";
	struct md5_ctx md5;
	uint8_t digest[16], id = 3;
	uint8_t data[64];
	struct dp_event ev = {.type = DP_EV_ASK_AAA, .data = data, .len = 5 + 16 + 16};

	tunnel_comes_up(lab, "lac-1", 9);
	ev.slot = call_comes_up(lab, 5);
	ev.generation = lab->store.calls[ev.slot].generation;
	md5_init(&md5);
	md5_update(&md5, 1, &id);
	md5_update(&md5, 6, (const uint8_t *)"wonder");
	md5_update(&md5, 16, challenge);
	md5_digest(&md5, 16, digest);
	memcpy(data, "alice", 5);
	memcpy(data + 5, digest, 16);
	memcpy(data + 21, challenge, 16);
	ev.act.aaa.method = PPP_AUTH_CHAP_MD5;
	ev.act.aaa.chap_id = id;
	ev.act.aaa.name_len = 5;
	ev.act.aaa.secret_off = 5;
	ev.act.aaa.secret_len = 16;
	ev.act.aaa.challenge_off = 21;
	ev.act.aaa.challenge_len = 16;
	cp_session_event(lab->cp, &ev);
	assert_true(dp.verdict.ppp.accept);
	data[6] ^= 1; /* another digest */
	cp_session_event(lab->cp, &ev);
	assert_false(dp.verdict.ppp.accept);
}

static void a_user_of_one_session_is_refused_a_second(void **state)
{
	struct lab *lab = *state;
	uint32_t a, b;

	tunnel_comes_up(lab, "lac-1", 9);
	a = call_comes_up(lab, 5);
	b = call_comes_up(lab, 6);
	pap(lab, a, "once", "pw");
	assert_true(dp.verdict.ppp.accept);
	pap(lab, b, "once", "pw");
	assert_false(dp.verdict.ppp.accept);
}

static void renegotiation_by_the_same_user_keeps_its_address_and_another_user_is_refused(
	void **state)
{
	struct lab *lab = *state;
	uint32_t slot, ip;

	tunnel_comes_up(lab, "lac-1", 9);
	slot = call_comes_up(lab, 5);
	pap(lab, slot, "alice", "wonder");
	ip = dp.verdict.ppp.peer_ip4;
	pap(lab, slot, "alice", "wonder");
	assert_true(dp.verdict.ppp.accept);
	assert_int_equal(dp.verdict.ppp.peer_ip4, ip);
	pap(lab, slot, "once", "pw");
	assert_false(dp.verdict.ppp.accept);
}

static void a_static_address_and_framed_routes_go_with_the_verdict(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab, "lac-1", 9);
	pap(lab, call_comes_up(lab, 5), "fixed", "pw");
	assert_int_equal(dp.verdict.ppp.peer_ip4, 0xc6336407);
	assert_int_equal(dp.verdict.n_routes, 1);
	assert_int_equal(dp.verdict.routes[0].len, 28);
}

static void an_address_in_use_elsewhere_is_refused_and_given_back(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab, "lac-1", 9);
	dp.verdict_rc = -EEXIST;
	pap(lab, call_comes_up(lab, 5), "alice", "wonder");
	assert_false(dp.verdict.ppp.accept);
	assert_int_equal(lab->cp->pools[0].used, 0);
}

static void a_full_address_table_refuses_and_gives_the_address_back(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab, "lac-1", 9);
	dp.verdict_rc = -ENOSPC;
	pap(lab, call_comes_up(lab, 5), "alice", "wonder");
	assert_false(dp.verdict.ppp.accept);
	assert_int_equal(lab->cp->pools[0].used, 0);
}

static void an_empty_pool_refuses_and_a_freed_address_serves_again(void **state)
{
	struct lab *lab = *state;
	uint32_t slot[4];

	tunnel_comes_up(lab, "lac-1", 9);
	for (unsigned i = 0; i < 4; i++) {
		slot[i] = call_comes_up(lab, (uint16_t)(10 + i));
		pap(lab, slot[i], "alice", "wonder");
		assert_int_equal(dp.verdict.ppp.accept, i < 3);
	}
	event(lab, DP_EV_SESSION_DOWN, slot[0], PPP_CAUSE_PEER_TERMINATED);
	event(lab, DP_EV_SESSION_FREE, slot[0], 0);
	assert_int_equal(lab->cp->pools[0].used, 2);
}

static void the_end_of_ppp_sends_cdn_and_removes_the_session(void **state)
{
	struct lab *lab = *state;
	uint32_t slot;

	tunnel_comes_up(lab, "lac-1", 9);
	slot = call_comes_up(lab, 5);
	event(lab, DP_EV_SESSION_DOWN, slot, PPP_CAUSE_ECHO_TIMEOUT);
	assert_true(first(SEND, L2TP_CDN) >= 0);
	assert_int_equal(sent_avp16(1), 1);
	assert_int_equal(times(REMOVE, 0), 1);
	assert_non_null(cp_subscriber(lab->cp, slot));
	event(lab, DP_EV_SESSION_FREE, slot, 0);
	assert_null(cp_subscriber(lab->cp, slot));
}

static void a_slot_is_used_again_only_after_the_workers_let_go(void **state)
{
	struct lab *lab = *state;
	uint32_t slot[MAX_SESSIONS];

	tunnel_comes_up(lab, "lac-1", 9);
	for (unsigned i = 0; i < MAX_SESSIONS; i++)
		slot[i] = call_comes_up(lab, (uint16_t)(10 + i));
	event(lab, DP_EV_SESSION_DOWN, slot[3], PPP_CAUSE_ADMIN);
	lab->nr++;
	dp.n = 0;
	icrq(lab, 77); /* no slot: still held */
	assert_int_equal(times(PUBLISH, 0), 0);
	event(lab, DP_EV_SESSION_FREE, slot[3], 0);
	lab->nr++;
	icrq(lab, 78);
	assert_int_equal(times(PUBLISH, 0), 1);
	assert_int_equal(dp.desc.slot, slot[3]);
}

static void calls_that_find_no_room_are_refused_and_leave_nothing(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab, "lac-1", 9);
	dp.publish_rc = -ENOSPC;
	for (unsigned i = 0; i < 3 * MAX_SESSIONS; i++) {
		icrq(lab, (uint16_t)(100 + i));
		assert_int_equal(times(SEND, L2TP_CDN), i + 1);
		assert_int_equal(sent_avp16(1), 4);
		lab->nr++;
	}
	dp.publish_rc = 0;
	icrq(lab, 5);
	assert_int_equal(times(SEND, L2TP_ICRP), 1);
	assert_int_equal(lab->cp->totals.sessions, 1);
}

static void events_of_an_older_generation_are_ignored(void **state)
{
	struct lab *lab = *state;
	uint32_t slot;
	struct dp_event ev = {.type = DP_EV_SESSION_DOWN};

	tunnel_comes_up(lab, "lac-1", 9);
	slot = call_comes_up(lab, 5);
	ev.slot = slot;
	ev.generation = lab->store.calls[slot].generation - 1;
	cp_session_event(lab->cp, &ev);
	assert_int_equal(times(REMOVE, 0), 0);
}

static void clearing_a_session_ends_ppp_in_order_first(void **state)
{
	struct lab *lab = *state;
	uint32_t slot, generation;

	tunnel_comes_up(lab, "lac-1", 9);
	slot = call_comes_up(lab, 5);
	generation = lab->store.calls[slot].generation;
	assert_int_equal(cp_clear_session(lab->cp, slot, generation + 1), -ENOENT);
	assert_int_equal(cp_clear_session(lab->cp, slot, generation), 0);
	assert_int_equal(times(CLOSE, 0), 1);
	assert_int_equal(dp.close_cause, PPP_CAUSE_ADMIN);
	assert_int_equal(cp_clear_session(lab->cp, slot, generation), -EALREADY);
}

static void clearing_a_tunnel_sends_stopccn_and_removes_all_its_sessions(void **state)
{
	struct lab *lab = *state;
	uint32_t tunnel;

	tunnel_comes_up(lab, "lac-1", 9);
	call_comes_up(lab, 5);
	call_comes_up(lab, 6);
	tunnel = dp.desc.tunnel;
	assert_int_equal(
		cp_clear_tunnel(lab->cp, tunnel, lab->store.tunnels[tunnel].generation), 0);
	for (unsigned i = 0; i < 4 && times(REMOVE, 0) < 2; i++) {
		struct l2tp_env env = cp_env(lab->cp);
		struct l2tp_out *out = cp_out(lab->cp);

		l2tp_tick(lab->cp->l2tp, &env, out);
		cp_perform(lab->cp, out);
	}
	assert_true(first(SEND, L2TP_STOPCCN) >= 0);
	assert_int_equal(times(REMOVE, 0), 2);
}

static void a_tunnels_slot_waits_for_its_sessions(void **state)
{
	struct lab *lab = *state;
	uint32_t slot, tunnel;

	tunnel_comes_up(lab, "lac-1", 9);
	slot = call_comes_up(lab, 5);
	tunnel = dp.desc.tunnel;
	say(lab, 0, L2TP_STOPCCN,
		(const uint8_t[]){0x80, 8, 0, 0, 0, 1, 0, 1, 0x80, 8, 0, 0, 0, 9, 0, 9}, 16);
	for (unsigned i = 0; i < 400; i++) { /* 40 s: retention is over */
		struct l2tp_env env;
		struct l2tp_out *out;

		lab->cp->now_ns += 100000000ull;
		env = cp_env(lab->cp);
		out = cp_out(lab->cp);
		l2tp_tick(lab->cp->l2tp, &env, out);
		cp_perform(lab->cp, out);
	}
	assert_int_equal(times(REMOVE, 0), 1);
	assert_int_equal(times(TUNNEL_CLEAR, 0), 0);
	event(lab, DP_EV_SESSION_FREE, slot, 0);
	assert_int_equal(times(TUNNEL_CLEAR, 0), 1);
	assert_null(cp_tunnel(lab->cp, tunnel));
}

static void a_message_to_an_unresolved_peer_waits_for_the_neighbour(void **state)
{
	struct lab *lab = *state;

	dp.send_rc = -EHOSTUNREACH;
	sccrq(lab, "lac-1", 9);
	assert_true(dp.resolves > 0);
	assert_int_equal(times(SEND, L2TP_SCCRP), 0);
	dp.send_rc = 0;
	cp_send_unsent(lab->cp);
	assert_int_equal(times(SEND, L2TP_SCCRP), 1);
	assert_int_equal(lab->cp->n_unsent, 0);
}

static void refusals_beyond_the_log_limit_are_told_within_two_seconds(void **state)
{
	struct lab *lab = *state;
	char text[16384] = "";
	int out[2], old = dup(STDERR_FILENO);
	ssize_t n;

	tunnel_comes_up(lab, "lac-1", 9);
	dp.publish_rc = -ENOSPC;
	assert_int_equal(pipe(out), 0);
	dup2(out[1], STDERR_FILENO);
	log_init(CFG_LOG_STDERR, CFG_LOG_WARN);
	lab->cp->now_ns += 2000000000ull; /* a second of its own */
	for (unsigned i = 0; i < 25; i++) {
		icrq(lab, (uint16_t)(100 + i));
		lab->nr++;
	}
	lab->cp->now_ns += 2000000000ull;
	cp_sessions_log_flush(lab->cp);
	dup2(old, STDERR_FILENO);
	close(old);
	close(out[1]);
	n = read(out[0], text, sizeof(text) - 1);
	close(out[0]);
	assert_true(n > 0);
	assert_non_null(strstr(text, "event=call-refused suppressed=15"));
}

static void sessions_up_counts_sessions_not_ncps(void **state)
{
	struct lab *lab = *state;
	struct dp_event ev = {.type = DP_EV_NCP_UP};
	struct cp_totals t;

	tunnel_comes_up(lab, "lac-1", 9);
	ev.slot = call_comes_up(lab, 5);
	ev.generation = lab->store.calls[ev.slot].generation;
	pap(lab, ev.slot, "alice", "wonder");
	ev.act.ncp.proto = PPP_IPCP;
	cp_session_event(lab->cp, &ev);
	ev.act.ncp.proto = PPP_IPV6CP;
	cp_session_event(lab->cp, &ev);
	cp_totals(lab->cp, &t);
	assert_int_equal(t.sessions_up, 1);
	ev.type = DP_EV_NCP_DOWN;
	cp_session_event(lab->cp, &ev);
	cp_totals(lab->cp, &t);
	assert_int_equal(t.sessions_up, 1);
	ev.act.ncp.proto = PPP_IPCP;
	cp_session_event(lab->cp, &ev);
	cp_totals(lab->cp, &t);
	assert_int_equal(t.sessions_up, 0);
}

static void when_ids_at_random_are_all_in_use_the_next_free_one_is_taken(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab, "lac-1", 9);
	dp.only_sid = 65535;
	call_comes_up(lab, 5);
	assert_int_equal(dp.desc.sid, 65535);
	call_comes_up(lab, 6);
	assert_int_equal(dp.desc.sid, 1); /* never 0 */
	call_comes_up(lab, 7);
	assert_int_equal(dp.desc.sid, 2);
}

static void no_event_is_taken_while_workers_lag_behind_our_commands(void **state)
{
	struct lab *lab = *state;

	dp.lagging = true;
	assert_false(cp_turn(lab->cp));
	assert_int_equal(dp.asked_for_events, 0);
	dp.lagging = false;
	cp_turn(lab->cp);
	assert_int_equal(dp.asked_for_events, 1);
}

#define STORY(f) cmocka_unit_test_setup_teardown(f, lab_open, lab_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(the_key_is_live_before_icrp_is_sent),
		STORY(lcp_begins_at_iccn_and_not_before),
		STORY(a_lac_that_no_profile_matches_is_refused_as_not_authorised),
		STORY(a_lac_from_another_prefix_is_refused),
		STORY(tunnels_beyond_the_profiles_limit_are_refused),
		STORY(half_open_tunnels_do_not_use_up_the_profiles_limit),
		STORY(a_tunnel_that_comes_up_beyond_the_profiles_limit_gets_stopccn_2),
		STORY(a_known_user_gets_an_address_of_the_pool_and_its_dns),
		STORY(the_dataplane_may_choose_among_the_next_addresses_of_the_pool),
		STORY(a_wrong_password_is_refused_without_an_address),
		STORY(chap_is_proved_over_id_password_and_challenge),
		STORY(a_user_of_one_session_is_refused_a_second),
		STORY(renegotiation_by_the_same_user_keeps_its_address_and_another_user_is_refused),
		STORY(a_static_address_and_framed_routes_go_with_the_verdict),
		STORY(an_address_in_use_elsewhere_is_refused_and_given_back),
		STORY(a_full_address_table_refuses_and_gives_the_address_back),
		STORY(an_empty_pool_refuses_and_a_freed_address_serves_again),
		STORY(the_end_of_ppp_sends_cdn_and_removes_the_session),
		STORY(a_slot_is_used_again_only_after_the_workers_let_go),
		STORY(calls_that_find_no_room_are_refused_and_leave_nothing),
		STORY(events_of_an_older_generation_are_ignored),
		STORY(clearing_a_session_ends_ppp_in_order_first),
		STORY(clearing_a_tunnel_sends_stopccn_and_removes_all_its_sessions),
		STORY(a_tunnels_slot_waits_for_its_sessions),
		STORY(a_message_to_an_unresolved_peer_waits_for_the_neighbour),
		STORY(refusals_beyond_the_log_limit_are_told_within_two_seconds),
		STORY(sessions_up_counts_sessions_not_ncps),
		STORY(when_ids_at_random_are_all_in_use_the_next_free_one_is_taken),
		STORY(no_event_is_taken_while_workers_lag_behind_our_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
