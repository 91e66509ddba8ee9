/* SPDX-License-Identifier: BSD-3-Clause */
/* cp_session_test.c - who is let in, which address he gets, and how a session ends. */
#include "cp_lab.h"

#include <errno.h>

#include <nettle/md5.h>

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

static void the_rates_are_those_of_the_users_own_profile(void **state)
{
	struct lab *lab = *state;

	assert_int_equal(dp.rates_up, 1000000);
	assert_int_equal(dp.rates_down, 2000000);
	assert_int_equal(dp.rates_burst_ms, 50);
	tunnel_comes_up(lab, "lac-1", 9);
	pap(lab, call_comes_up(lab, 5), "modest", "pw");
	assert_true(dp.verdict.ppp.accept);
	assert_int_equal(dp.verdict.rates, dp.rates_index);
	assert_int_not_equal(dp.rates_index, 0);
	pap(lab, call_comes_up(lab, 6), "alice", "wonder");
	assert_true(dp.verdict.ppp.accept);
	assert_int_equal(dp.verdict.rates, 0);
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

/* The dataplane finds 16 of them by one word then (dataplane/index.h). */
static void addresses_lie_beside_each_other_as_the_slots_of_their_sessions_do(void **state)
{
	uint32_t ip4[MANY_SESSIONS + 1] = {0}, slot[60];
	struct lab *lab = *state;

	tunnel_comes_up(lab, "lac-1", 9);
	for (unsigned i = 0; i < 80; i++) {
		unsigned k = i < 60 ? i : i - 60; /* the first ones end, and others come */

		if (i >= 60) {
			event(lab, DP_EV_SESSION_DOWN, slot[k], PPP_CAUSE_PEER_TERMINATED);
			event(lab, DP_EV_SESSION_FREE, slot[k], 0);
			ip4[slot[k]] = 0;
		}
		slot[k] = call_comes_up(lab, (uint16_t)(10 + i));
		pap(lab, slot[k], "many", "pw");
		assert_true(dp.verdict.ppp.accept);
		ip4[slot[k]] = dp.verdict.ppp.peer_ip4;
	}
	for (uint32_t i = 1; i <= MANY_SESSIONS; i++) {
		if (!ip4[i])
			continue;
		assert_int_equal(ip4[i] % L2TP_BLOCK, i % L2TP_BLOCK);
		for (uint32_t k = i; k && k / L2TP_BLOCK == i / L2TP_BLOCK; k--)
			assert_true(!ip4[k] || ip4[i] - ip4[k] == i - k);
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(a_known_user_gets_an_address_of_the_pool_and_its_dns),
		STORY(the_rates_are_those_of_the_users_own_profile),
		STORY(the_dataplane_may_choose_among_the_next_addresses_of_the_pool),
		cmocka_unit_test_setup_teardown(
			addresses_lie_beside_each_other_as_the_slots_of_their_sessions_do,
			lab_with_room, lab_close),
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
		STORY(events_of_an_older_generation_are_ignored),
		STORY(clearing_a_session_ends_ppp_in_order_first),
		STORY(sessions_up_counts_sessions_not_ncps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
