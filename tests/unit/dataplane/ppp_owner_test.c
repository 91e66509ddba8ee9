/* SPDX-License-Identifier: BSD-3-Clause */
/* A session on its owner worker, with control on one side and a scripted peer on the other. */
#include <string.h>

#include <rte_ring_elem.h>

#include "dataplane/early.h"
#include "tables.h"

#define SLOT   5u
#define GEN    3u
#define W      dp_workers[1]
#define SECOND 1000000000ull

enum { CONF_REQ = 1, CONF_ACK, CONF_NAK, CONF_REJ, TERM_REQ, TERM_ACK };

static const struct ppp_profile profile = {
	.auth = {PPP_AUTH_PAP},
	.ipv4 = true,
	.ipv6 = true,
	.mru = 1492,
	.mtu_max = 1492,
	.restart_ms = 3000,
	.max_configure = 10,
	.max_terminate = 2,
	.max_failure = 5,
	.echo_interval_ms = 30000,
	.echo_failures = 4,
	.auth_timeout_ms = 30000,
	.name = "lns",
};

static uint16_t proto_of(const struct sent *s)
{
	assert_true(s->len >= 8 && s->b[0] == 0xff && s->b[1] == 3);
	return (uint16_t)(s->b[2] << 8 | s->b[3]);
}

/* @return whether the worker sent a frame of this protocol and code; frames before it are skipped. */
static bool sent_has(uint16_t proto, uint8_t code, struct sent *s)
{
	while (sent_take(s))
		if (proto_of(s) == proto && s->b[4] == code)
			return true;
	return false;
}

static void peer_sends(uint16_t proto, uint8_t code, uint8_t id, const void *data, uint16_t n)
{
	uint8_t f[256] = {(uint8_t)(proto >> 8), (uint8_t)proto, code, id, (uint8_t)((n + 4) >> 8),
		(uint8_t)(n + 4)};

	if (n)
		memcpy(f + 6, data, n);
	ppp_owner_frame(W, SLOT, f, (uint16_t)(n + 6));
}

static void peer_acks(const struct sent *s)
{
	uint8_t f[256];

	memcpy(f, s->b + 2, s->len - 2u);
	f[2] = CONF_ACK;
	ppp_owner_frame(W, SLOT, f, (uint16_t)(s->len - 2));
}

static struct dp_event event_of_type(uint8_t type)
{
	struct dp_event ev;

	do {
		ev = next_event();
	} while (ev.type != type && ev.type != 255);
	return ev;
}

static void call_is_up(bool sequencing)
{
	dp_profile_set(0, &profile);
	publish_on(SLOT, GEN, 1);
	dp_session_start(SLOT, GEN, sequencing);
	dp_apply(W);
}

static void lcp_opens(void)
{
	struct sent s;

	assert_true(sent_has(PPP_LCP, CONF_REQ, &s));
	peer_acks(&s);
	peer_sends(PPP_LCP, CONF_REQ, 1, "\x01\x04\x05\x78", 4); /* MRU 1400 */
	assert_true(sent_has(PPP_LCP, CONF_ACK, &s));
}

static void peer_authenticates(void)
{
	peer_sends(PPP_PAP, 1, 7,
		"\x05"
		"alice"
		"\x06"
		"wonder",
		13);
}

static struct dp_verdict yes(const struct dp_event *ask)
{
	return (struct dp_verdict){
		.ppp = {.request = ask->act.aaa.request,
			.accept = true,
			.our_ip4 = 0x64400001,
			.peer_ip4 = 0x64400005,
			.our_ifid = 1,
			.peer_ifid = 5,
			.message = "welcome"},
		.prefix6 = 0x20010db800000005,
		.our_ip4 = 0x64400001,
	};
}

static void aaa_says_yes(void)
{
	struct dp_event ask = event_of_type(DP_EV_ASK_AAA);
	struct dp_verdict v;

	assert_int_equal(ask.type, DP_EV_ASK_AAA);
	v = yes(&ask);
	assert_int_equal(dp_session_verdict(SLOT, GEN, &v), 0);
	dp_apply(W);
}

static void aaa_says_yes_with(uint16_t rates)
{
	struct dp_event ask = event_of_type(DP_EV_ASK_AAA);
	struct dp_verdict v = yes(&ask);

	v.rates = rates;
	assert_int_equal(dp_session_verdict(SLOT, GEN, &v), 0);
	dp_apply(W);
}

static void ipcp_opens(void)
{
	struct sent s;

	assert_true(sent_has(PPP_IPCP, CONF_REQ, &s));
	peer_acks(&s);
	peer_sends(PPP_IPCP, CONF_REQ, 1, "\x03\x06\x64\x40\x00\x05", 6);
}

static void ipv6cp_opens(void)
{
	struct sent s;

	assert_true(sent_has(PPP_IPV6CP, CONF_REQ, &s));
	peer_acks(&s);
	peer_sends(PPP_IPV6CP, CONF_REQ, 1, "\x01\x0a\0\0\0\0\0\0\0\x05", 10);
}

static void session_is_open(void)
{
	call_is_up(false);
	lcp_opens();
	peer_authenticates();
	aaa_says_yes();
	ipcp_opens();
}

static void a_verdict_with_rates_makes_the_session_policed(void **state)
{
	struct dp_session_info info;

	(void)state;
	assert_int_equal(dp_rates_set(7, 50000000, 0, 100), 0);
	call_is_up(false);
	lcp_opens();
	peer_authenticates();
	aaa_says_yes_with(7);
	assert_true(dp_t.session[SLOT].flags & S_POLICED);
	assert_int_equal(dp_t.session[SLOT].rates, 7);
	assert_int_equal(dp_session_get(SLOT, GEN, &info), 0);
	assert_int_equal(info.rates, 7);
}

static void a_verdict_without_rates_leaves_it_unpoliced(void **state)
{
	struct dp_session_info info;

	(void)state;
	session_is_open();
	assert_false(dp_t.session[SLOT].flags & S_POLICED);
	assert_int_equal(dp_session_get(SLOT, GEN, &info), 0);
	assert_int_equal(info.rates, 0);
}

/* RFC 1661 s3.4: the peer may log in again in the same call, and would have a new burst each time. */
static void who_logs_in_again_keeps_his_bucket(void **state)
{
	(void)state;
	assert_int_equal(dp_rates_set(7, 1000000, 0, 100), 0);
	assert_int_equal(dp_rates_set(8, 2000000, 0, 100), 0);
	call_is_up(false);
	lcp_opens();
	peer_authenticates();
	aaa_says_yes_with(7);
	dp_t.session[SLOT].up_full = 12345;
	peer_sends(PPP_LCP, CONF_REQ, 9, NULL, 0);
	lcp_opens();
	peer_authenticates();
	aaa_says_yes_with(8);
	assert_int_equal(dp_t.session[SLOT].up_full, 12345);
	assert_int_equal(dp_t.session[SLOT].rates, 8);
}

/* Units and fractions: a second's worth of octets costs a second, for the slowest and the fastest, and any burst. */
static void an_octet_costs_what_it_should_to_a_percent(void **state)
{
	static const uint64_t rates[] = {64000, 1000000, 50000000, 1000000000, 10000000000};
	static const uint32_t bursts[] = {1, 100, 4000};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(rates); i++) {
		for (size_t k = 0; k < RTE_DIM(bursts); k++) {
			const struct dp_rates *r = &dp_t.rates[3];
			double second, slow = 8e9 / ((double)rates[i] / 2) * 9216;

			assert_int_equal(dp_rates_set(3, rates[i], rates[i] / 2, bursts[k]), 0);
			second = (double)rates[i] / 8 * r->up / (1ull << OCTET_BITS) *
				(1ull << r->shift);
			assert_in_range(second / 1e6, 990, 1010);
			if (bursts[k] * 1e6 >= slow) /* than which nothing finer is asked for */
				assert_in_range(r->room * (double)(1ull << r->shift) / 1e3,
					bursts[k] * 995, bursts[k] * 1000);
			assert_true(r->most < 1u << (BUCKET_BITS - 7));
		}
	}
	assert_int_equal(dp_rates_set(0, 1, 1, 1), -EINVAL);
	assert_int_equal(dp_rates_set(DP_RATES_MAX, 1, 1, 1), -EINVAL);
}

static void before_the_call_is_up_frames_are_not_answered(void **state)
{
	struct sent s;

	(void)state;
	publish_on(SLOT, GEN, 1);
	assert_int_equal(dp_t.session[SLOT].action, S_PENDING);
	peer_sends(PPP_LCP, CONF_REQ, 1, NULL, 0);
	assert_false(sent_take(&s));
}

static void the_start_sends_a_configure_request_in_the_session(void **state)
{
	struct sent s;

	(void)state;
	call_is_up(false);
	assert_true(sent_take(&s));
	assert_int_equal(s.slot, SLOT);
	assert_int_equal(proto_of(&s), PPP_LCP);
	assert_int_equal(s.b[4], CONF_REQ);
	assert_int_equal(W->owned, 1);
	assert_true(wheel_is_armed(&W->wheel, SLOT));
}

static void the_link_takes_the_peers_mru(void **state)
{
	(void)state;
	call_is_up(false);
	lcp_opens();
	assert_int_equal(dp_t.session[SLOT].mtu, 1400);
}

static void the_mtu_stays_under_the_tunnels_and_sequencing_costs_4(void **state)
{
	struct sent s;

	(void)state;
	call_is_up(true);
	assert_true(dp_t.session[SLOT].flags & S_TX_SEQ);
	assert_true(sent_has(PPP_LCP, CONF_REQ, &s));
	peer_acks(&s);
	peer_sends(PPP_LCP, CONF_REQ, 1, NULL, 0); /* MRU 1500 */
	assert_int_equal(dp_t.session[SLOT].mtu, 1460 - 4);
}

static void credentials_reach_control_with_their_bytes(void **state)
{
	struct dp_event ev;

	(void)state;
	call_is_up(false);
	lcp_opens();
	peer_authenticates();
	ev = event_of_type(DP_EV_ASK_AAA);
	assert_int_equal(ev.slot, SLOT);
	assert_int_equal(ev.generation, GEN);
	assert_int_equal(ev.act.aaa.method, PPP_AUTH_PAP);
	assert_int_equal(ev.act.aaa.name_len, 5);
	assert_memory_equal(ev.data + ev.act.aaa.name_off, "alice", 5);
	assert_int_equal(ev.act.aaa.secret_len, 6);
	assert_memory_equal(ev.data + ev.act.aaa.secret_off, "wonder", 6);
}

static void a_yes_publishes_the_addresses_before_the_owner_hears_it(void **state)
{
	struct dp_event ask;
	struct dp_verdict v;
	struct sent s;

	(void)state;
	call_is_up(false);
	lcp_opens();
	peer_authenticates();
	ask = event_of_type(DP_EV_ASK_AAA);
	v = yes(&ask);
	assert_int_equal(dp_session_verdict(SLOT, GEN, &v), 0);
	assert_int_equal(find4(0x64400005), SLOT);
	assert_int_equal(find6(0x20010db800000005), SLOT);
	assert_false(sent_take(&s)); /* the owner has not heard yet */
	dp_apply(W);
	assert_true(sent_has(PPP_PAP, CONF_ACK, &s));
	assert_memory_equal(s.b + 9, "welcome", 7);
	assert_int_equal(dp_t.session[SLOT].ip4, rte_cpu_to_be_32(0x64400005));
	assert_int_equal(dp_t.more[SLOT].prefix6, 0x20010db800000005);
	assert_int_equal(dp_t.more[SLOT].our_ip4, rte_cpu_to_be_32(0x64400001));
	assert_int_equal(dp_t.more[SLOT].our_ifid, 1);
}

static void an_address_of_another_session_stops_the_verdict(void **state)
{
	struct dp_event ask;
	struct dp_verdict v;
	struct sent s;

	(void)state;
	publish_on(6, 1, 0);
	assert_int_equal(slot_set_addresses(6, 0, rte_cpu_to_be_32(0x64400005), 0), 0);
	call_is_up(false);
	lcp_opens();
	peer_authenticates();
	ask = event_of_type(DP_EV_ASK_AAA);
	v = yes(&ask);
	assert_int_equal(dp_session_verdict(SLOT, GEN, &v), -17); /* EEXIST */
	dp_apply(W);
	assert_false(sent_take(&s));
}

static void an_address_outside_every_pool_gets_a_route_to_the_session(void **state)
{
	const uint8_t outside[4] = {0x64, 0x40, 0, 5};
	uint32_t index;

	(void)state;
	session_is_open();
	assert_int_equal(dp_route_get(0, 4, outside, &index), DP_NH_SESSION);
	assert_int_equal(index, SLOT);
	dp_session_remove(SLOT, GEN);
	assert_int_equal(dp_route_get(0, 4, outside, &index), DP_NH_NONE);
}

static void an_address_in_a_pool_needs_no_route(void **state)
{
	const struct cfg_prefix pool = prefix("100.64.0.0/16"), pool6 = prefix("2001:db8::/32");
	struct dp_memory_info info;

	(void)state;
	dp_route_set(0, &pool, DP_NH_SUBSCRIBER, 0);
	dp_route_set(0, &pool6, DP_NH_SUBSCRIBER, 0);
	session_is_open();
	dp_memory(&info);
	assert_int_equal(info.routes4 + info.routes6, 2);
	assert_false(dp_t.session[SLOT].flags & S_ROUTES);
}

static void open_ncps_let_packets_pass_and_control_hears_of_them(void **state)
{
	struct dp_session_info info;
	struct dp_event ev;

	(void)state;
	session_is_open();
	assert_true(dp_t.session[SLOT].flags & S_V4);
	assert_false(dp_t.session[SLOT].flags & S_V6);
	ev = event_of_type(DP_EV_NCP_UP);
	assert_int_equal(ev.act.ncp.proto, PPP_IPCP);
	assert_int_equal(dp_session_get(SLOT, GEN, &info), 0);
	assert_int_equal(info.phase, PPP_NETWORK);
	assert_int_equal(info.owner, 1);
	assert_int_equal(info.ip4, 0x64400005);
}

static void ipv6cp_brings_a_router_advertisement(void **state)
{
	struct dp_event ev;

	(void)state;
	call_is_up(false);
	lcp_opens();
	peer_authenticates();
	aaa_says_yes();
	assert_int_equal(advertised, 0);
	ipv6cp_opens();
	assert_true(dp_t.session[SLOT].flags & S_V6);
	assert_int_equal(advertised, 1);
	ev = event_of_type(DP_EV_NCP_UP);
	assert_int_equal(ev.act.ncp.proto, PPP_IPV6CP);
	assert_int_equal(ev.act.ncp.ifid, 5);
}

static void an_unanswered_request_is_sent_again_after_3_seconds(void **state)
{
	struct sent s;
	uint64_t start = W->now_ns;

	(void)state;
	call_is_up(false);
	assert_true(sent_has(PPP_LCP, CONF_REQ, &s));
	workers_time(start + 2 * SECOND);
	ppp_owner_tick(W);
	assert_false(sent_take(&s));
	workers_time(start + 3 * SECOND + WHEEL_TICK_NS);
	ppp_owner_tick(W);
	assert_true(sent_has(PPP_LCP, CONF_REQ, &s));
}

static void a_peer_that_terminates_ends_the_session(void **state)
{
	struct dp_event ev;

	(void)state;
	session_is_open();
	peer_sends(PPP_LCP, TERM_REQ, 9, NULL, 0);
	for (int i = 0; i < 10; i++) {
		workers_time(W->now_ns + SECOND);
		ppp_owner_tick(W);
	}
	assert_false(dp_t.session[SLOT].flags & S_V4);
	ev = event_of_type(DP_EV_NCP_DOWN);
	assert_int_equal(ev.act.ncp.proto, PPP_IPCP);
	ev = event_of_type(DP_EV_SESSION_DOWN);
	assert_int_equal(ev.type, DP_EV_SESSION_DOWN);
	assert_int_equal(ev.cause, PPP_CAUSE_PEER_TERMINATED);
}

static void a_close_terminates_in_order_and_tells_the_cause(void **state)
{
	struct dp_event ev;
	struct sent s;

	(void)state;
	session_is_open();
	dp_session_close(SLOT, GEN, PPP_CAUSE_ADMIN);
	dp_apply(W);
	assert_true(sent_has(PPP_LCP, TERM_REQ, &s));
	peer_sends(PPP_LCP, TERM_ACK, s.b[5], NULL, 0);
	ev = event_of_type(DP_EV_SESSION_DOWN);
	assert_int_equal(ev.type, DP_EV_SESSION_DOWN);
	assert_int_equal(ev.cause, PPP_CAUSE_ADMIN);
}

static void a_removed_session_has_no_timer_and_answers_nothing(void **state)
{
	struct sent s;

	(void)state;
	session_is_open();
	while (sent_take(&s))
		;
	dp_session_remove(SLOT, GEN);
	dp_apply(W);
	assert_false(wheel_is_armed(&W->wheel, SLOT));
	assert_int_equal(W->owned, 0);
	peer_sends(PPP_LCP, 9, 1, "\0\0\0\0", 4); /* echo */
	workers_time(W->now_ns + 100 * SECOND);
	ppp_owner_tick(W);
	assert_false(sent_take(&s));
}

/* Session slot's subscriber says its Configure-Request before control knows of the ICCN. */
static void peer_is_early(uint32_t slot)
{
	static const uint8_t request[] = {0xff, 3, 0xc0, 0x21, CONF_REQ, 9, 0, 8, 1, 4, 0x05, 0x78};

	dp_profile_set(0, &profile);
	publish_on(slot, GEN, 1);
	assert_true(early_keep(W, slot, request, sizeof(request)));
}

static void a_configure_request_before_iccn_is_answered_at_the_start(void **state)
{
	struct dp_session_info info;
	struct sent s;

	(void)state;
	peer_is_early(SLOT);
	assert_int_equal(dp_session_get(SLOT, GEN, &info), 0);
	assert_int_equal(info.phase, PPP_DEAD);
	assert_int_equal(info.peer_mru, 0);
	dp_session_start(SLOT, GEN, false);
	dp_apply(W);
	assert_true(sent_has(PPP_LCP, CONF_REQ, &s));
	assert_true(sent_has(PPP_LCP, CONF_ACK, &s));
	assert_int_equal(s.b[5], 9);
	assert_int_equal(dp_drop_get(DROP_EARLY_REPLACED) + dp_drop_get(DROP_NOT_STARTED), 0);
}

static void a_call_that_ends_before_its_start_counts_the_frame_that_was_kept(void **state)
{
	(void)state;
	peer_is_early(SLOT);
	dp_session_remove(SLOT, GEN);
	dp_apply(W);
	assert_int_equal(dp_drop_get(DROP_NOT_STARTED), 1);
}

static void a_session_that_never_started_is_removed_as_well(void **state)
{
	(void)state;
	publish_on(SLOT, GEN, 1);
	dp_session_remove(SLOT, GEN);
	dp_apply(W);
	assert_int_equal(next_event().type, 255);
	workers_quiescent();
	dp_tick(0);
	assert_int_equal(next_event().type, DP_EV_SESSION_FREE);
	assert_int_equal(W->owned, 0);
}

static void a_late_verdict_and_old_commands_change_nothing(void **state)
{
	struct dp_msg m = {.type = MSG_SESSION_VERDICT, .slot = SLOT, .generation = GEN - 1};
	struct dp_verdict v = {.ppp = {.request = 1, .accept = true, .peer_ip4 = 7}};
	struct sent s;

	(void)state;
	session_is_open();
	while (sent_take(&s))
		;
	m.verdict.accept = 1;
	m.verdict.peer_ip4 = 99;
	control_command(1, &m);
	m.type = MSG_SESSION_REMOVE;
	control_command(1, &m);
	m.type = MSG_SESSION_CLOSE;
	control_command(1, &m);
	dp_apply(W);
	assert_int_equal(dp_t.session[SLOT].ip4, rte_cpu_to_be_32(0x64400005));
	assert_int_equal(dp_t.session[SLOT].action, S_TERMINATE);
	assert_false(sent_take(&s));
	assert_int_equal(dp_session_verdict(SLOT, GEN - 1, &v), -2); /* ENOENT */
}

static void fill_events(void)
{
	struct dp_msg m = {.type = EVT_TRACE, .slot = SLOT, .generation = GEN - 1};

	while (!rte_ring_enqueue_elem(W->events, &m, sizeof(m)))
		;
}

static void drain_events(void)
{
	struct dp_msg m;

	while (!rte_ring_dequeue_elem(W->events, &m, sizeof(m)))
		rte_pktmbuf_free(m.m);
}

static void states_that_met_a_full_ring_are_told_later_in_order(void **state)
{
	struct dp_event ev;

	(void)state;
	call_is_up(false);
	lcp_opens();
	peer_authenticates();
	aaa_says_yes();
	fill_events();
	ipcp_opens();
	assert_true(dp_t.session[SLOT].flags & S_V4);
	workers_time(W->now_ns + SECOND / 10);
	ppp_owner_tick(W); /* still full */
	dp_session_close(SLOT, GEN, PPP_CAUSE_ADMIN);
	dp_apply(W);
	for (int i = 0; i < 10; i++) {
		workers_time(W->now_ns + SECOND);
		ppp_owner_tick(W);
	}
	drain_events();
	workers_time(W->now_ns + SECOND);
	ppp_owner_tick(W);
	ev = next_event();
	assert_int_equal(ev.type, DP_EV_NCP_DOWN); /* up and down meanwhile */
	assert_int_equal(ev.act.ncp.proto, PPP_IPCP);
	ev = next_event();
	assert_int_equal(ev.type, DP_EV_SESSION_DOWN);
	assert_int_equal(ev.cause, PPP_CAUSE_ADMIN);
	assert_int_equal(next_event().type, 255);
}

static void a_removal_that_met_a_full_ring_still_frees_the_slot(void **state)
{
	(void)state;
	session_is_open();
	fill_events();
	dp_session_remove(SLOT, GEN);
	dp_apply(W);
	drain_events();
	workers_time(W->now_ns + SECOND);
	ppp_owner_tick(W);
	assert_int_equal(next_event().type, 255);
	workers_quiescent();
	dp_tick(0);
	assert_int_equal(next_event().type, DP_EV_SESSION_FREE);
	assert_false(wheel_is_armed(&W->wheel, SLOT));
}

static void credentials_that_could_not_be_asked_about_are_taken_when_repeated(void **state)
{
	(void)state;
	call_is_up(false);
	lcp_opens();
	fill_events();
	peer_authenticates();
	assert_int_equal(dp_drop_get(DROP_PUNT_FULL), 1);
	drain_events();
	peer_authenticates();
	assert_int_equal(event_of_type(DP_EV_ASK_AAA).type, DP_EV_ASK_AAA);
}

static void traces_are_sent_on_request_only(void **state)
{
	(void)state;
	call_is_up(false);
	assert_int_equal(event_of_type(DP_EV_TRACE).type, 255);
	dp_trace_set(true);
	lcp_opens();
	assert_int_equal(event_of_type(DP_EV_TRACE).type, DP_EV_TRACE);
}

static void events_of_a_removed_session_do_not_reach_control(void **state)
{
	(void)state;
	session_is_open();
	dp_session_remove(SLOT, GEN);
	assert_int_equal(next_event().type, 255); /* NCP_UP was in the ring */
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, tables_setup, tables_teardown)
	const struct CMUnitTest tests[] = {
		T(before_the_call_is_up_frames_are_not_answered),
		T(a_verdict_with_rates_makes_the_session_policed),
		T(a_verdict_without_rates_leaves_it_unpoliced),
		T(who_logs_in_again_keeps_his_bucket),
		T(an_octet_costs_what_it_should_to_a_percent),
		T(the_start_sends_a_configure_request_in_the_session),
		T(the_link_takes_the_peers_mru),
		T(the_mtu_stays_under_the_tunnels_and_sequencing_costs_4),
		T(credentials_reach_control_with_their_bytes),
		T(a_yes_publishes_the_addresses_before_the_owner_hears_it),
		T(an_address_of_another_session_stops_the_verdict),
		T(an_address_outside_every_pool_gets_a_route_to_the_session),
		T(an_address_in_a_pool_needs_no_route),
		T(open_ncps_let_packets_pass_and_control_hears_of_them),
		T(ipv6cp_brings_a_router_advertisement),
		T(an_unanswered_request_is_sent_again_after_3_seconds),
		T(a_peer_that_terminates_ends_the_session),
		T(a_close_terminates_in_order_and_tells_the_cause),
		T(a_removed_session_has_no_timer_and_answers_nothing),
		T(a_session_that_never_started_is_removed_as_well),
		T(a_configure_request_before_iccn_is_answered_at_the_start),
		T(a_call_that_ends_before_its_start_counts_the_frame_that_was_kept),
		T(a_late_verdict_and_old_commands_change_nothing),
		T(states_that_met_a_full_ring_are_told_later_in_order),
		T(a_removal_that_met_a_full_ring_still_frees_the_slot),
		T(credentials_that_could_not_be_asked_about_are_taken_when_repeated),
		T(traces_are_sent_on_request_only),
		T(events_of_a_removed_session_do_not_reach_control),
	};

	return cmocka_run_group_tests_name("ppp_owner", tests, tables_group, NULL);
}
