/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 2661 s5.1, s5.7, s7.1, s7.2.1: control connections from SCCRQ to the end of their retention. */
#include "tests/conformance/l2tp_lab.h"

static void we_close(struct lab *lab, uint32_t tunnel)
{
	struct l2tp_result why = {.result = 6, .text = "shutting down"};

	lab_renew(lab);
	l2tp_tunnel_close(lab->cp, tunnel, &why, &lab->env, &lab->out);
	lab_perform(lab);
}

/* s7.2.1: idle, wait-ctl-conn, established. */
static void a_tunnel_comes_up_and_tells_what_the_lac_said(void **state)
{
	struct lab *lab = *state;
	struct l2tp_tunnel *t = &lab->tunnel[1];

	lab->on_tunnel = LAB_WAIT;
	lac_sends(lab, SCCRQ, .host = "lac-9");
	assert_int_equal(lns_tells(lab, L2TP_ACT_TUNNEL_REQUEST)->tunnel, 1);
	assert_int_equal(t->state, L2TP_T_IDLE);
	assert_string_equal(t->host_name.s, "lac-9");
	assert_int_equal(t->framing_caps, 3);
	lab_renew(lab);
	l2tp_tunnel_accept(lab->cp, 1, &lab->profile, 5, &lab->env, &lab->out);
	lab_perform(lab);
	assert_int_equal(t->state, L2TP_T_WAIT_CTL_CONN);
	assert_int_equal(t->profile_index, 5);
	lac_sends(lab, SCCCN);
	assert_int_equal(lns_tells(lab, L2TP_ACT_TUNNEL_UP)->tunnel, 1);
	assert_int_equal(t->state, L2TP_T_ESTABLISHED);
}

static void a_rejected_tunnel_gets_stopccn_and_is_freed_after_retention(void **state)
{
	struct lab *lab = *state;

	lab->on_tunnel = LAB_REJECT;
	lac_sends(lab, SCCRQ);
	assert_int_equal(stopccn_of(lns_sends(lab, STOPCCN, .tid = IS(7))).result, 4);
	lac_sends(lab, ZLB);
	lab_run_until(lab, 30990);
	assert_false(lns_told(lab, L2TP_ACT_TUNNEL_FREE));
	lab_run_until(lab, 31010);
	lns_tells(lab, L2TP_ACT_TUNNEL_REQUEST);
	lns_tells(lab, L2TP_ACT_TUNNEL_FREE);
	lns_is_silent(lab);
	nothing_is_in_use(lab);
}

/* Item 21. */
static void a_stopccn_is_acknowledged_and_its_repeats_for_31_s(void **state)
{
	struct lab *lab = *state;
	uint16_t tid;

	tunnel_comes_up(lab);
	call_comes_up(lab, 11);
	tid = lab->lac.lns_tid;
	lac_sends(lab, STOPCCN, .at_ms = 1000);
	assert_true(lns_tells(lab, L2TP_ACT_TUNNEL_DOWN)->by_peer);
	lab_run_for(lab, 1); /* calls go down in the tick */
	assert_true(lns_tells(lab, L2TP_ACT_CALL_DOWN)->by_peer);
	lns_sends(lab, ZLB, .at_ms = 1020);
	for (uint32_t at = 2000; at < 32000; at += 5000) {
		lac_sends(
			lab, STOPCCN, .at_ms = at, .as_is = true, .to_tid = tid, .ns = 4, .nr = 2);
		lns_sends(lab, ZLB, .nr = IS(5));
	}
	assert_false(lns_told(lab, L2TP_ACT_TUNNEL_FREE));
	lac_sends(lab, STOPCCN, .at_ms = 32010, .as_is = true, .to_tid = tid, .ns = 4, .nr = 2);
	lns_is_silent(lab);
	lns_tells(lab, L2TP_ACT_TUNNEL_FREE);
	nothing_is_in_use(lab);
}

/* Item 21: no CDN for the calls of a tunnel that ends. */
static void closing_a_tunnel_sends_one_stopccn_and_no_cdn(void **state)
{
	struct lab *lab = *state;
	uint32_t tunnel;

	tunnel_comes_up(lab);
	for (uint16_t sid = 1; sid <= 20; sid++)
		call_comes_up(lab, sid);
	tunnel = the_tunnel(lab);
	we_close(lab, tunnel);
	assert_int_equal(stopccn_of(lns_sends(lab, STOPCCN)).result, 6);
	lac_sends(lab, ZLB);
	lab_run_for(lab, 31010);
	lns_is_silent(lab);
	assert_int_equal(lab->downs, 20);
	lns_tells(lab, L2TP_ACT_TUNNEL_DOWN);
	nothing_is_in_use(lab);
}

/* Item 21 (s7.1): delivery must finish before clean-up. */
static void our_stopccn_is_repeated_until_it_is_acknowledged(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	we_close(lab, the_tunnel(lab));
	lns_sends(lab, STOPCCN);
	lab_run_for(lab, 1010);
	lns_sends(lab, STOPCCN);
	lab_run_for(lab, 2000);
	lns_sends(lab, STOPCCN);
	lac_sends(lab, ZLB);
	lab_run_for(lab, 40000);
	lns_is_silent(lab);
	nothing_is_in_use(lab);
}

static void closing_twice_is_closing_once(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	we_close(lab, the_tunnel(lab));
	we_close(lab, the_tunnel(lab));
	lns_sends(lab, STOPCCN);
	lns_is_silent(lab);
}

/* s7.2.1, established: SCCRQ, SCCRP, SCCCN; a new number, our tunnel id. */
static void a_set_up_message_in_an_established_tunnel_ends_it(void **state)
{
	static const uint16_t types[] = {L2TP_SCCRQ, L2TP_SCCRP, L2TP_SCCCN};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct lab *lab =
			lab_new((struct l2tp_limits){.tunnels = 2, .calls = 8, .chunks = 64});

		tunnel_comes_up(lab);
		lac_sends_words(lab, types[i],
			&(struct lac_words){
				.as_is = true, .to_tid = lab->lac.lns_tid, .ns = 2, .nr = 1});
		assert_int_equal(stopccn_of(lns_sends(lab, STOPCCN)).result, 7);
		lab_free(lab);
	}
}

/* s7.2.1, wait-ctl-conn. */
static void any_message_but_scccn_in_a_half_open_tunnel_ends_it(void **state)
{
	static const uint16_t types[] = {L2TP_SCCRP, L2TP_ICRQ, L2TP_ICCN, L2TP_OCRQ, L2TP_CDN};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct lab *lab =
			lab_new((struct l2tp_limits){.tunnels = 2, .calls = 8, .chunks = 64});

		lac_sends(lab, SCCRQ);
		lns_sends(lab, SCCRP);
		lac_sends_words(lab, types[i], &(struct lac_words){.call = 11, .sid = 3});
		assert_int_equal(stopccn_of(lns_sends(lab, STOPCCN)).result, 7);
		lab_run_for(lab, 40000);
		nothing_is_in_use(lab);
		lab_free(lab);
	}
}

static void a_request_that_is_never_answered_ends_after_the_set_up_limit(void **state)
{
	struct lab *lab = *state;

	lab->on_tunnel = LAB_WAIT;
	lac_sends(lab, SCCRQ);
	lab_run_until(lab, 59900);
	lns_sends(lab, ZLB);
	lns_is_silent(lab);
	lab_run_until(lab, 60010);
	lns_sends(lab, STOPCCN);
	lab_run_until(lab, 91100);
	nothing_is_in_use(lab);
}

static void a_half_open_tunnel_ends_after_the_set_up_limit(void **state)
{
	struct lab *lab = *state;

	lac_sends(lab, SCCRQ);
	lns_sends(lab, SCCRP);
	lac_sends(lab, ZLB); /* acknowledged, but no SCCCN ever */
	lab_run_until(lab, 60010);
	lns_sends(lab, STOPCCN);
	assert_true(lns_told(lab, L2TP_ACT_TUNNEL_DOWN));
}

static void an_sccrq_that_finds_no_slot_leaves_no_state(void **state)
{
	struct lab *lab = *state;

	for (uint16_t tid = 1; tid <= 16; tid++) {
		lab->lac = (struct lac){.tid = tid, .peer = lab->lac.peer};
		tunnel_comes_up(lab);
	}
	lac_sends(lab, SCCRQ, .as_is = true, .tunnel = 17);
	lns_is_silent(lab);
	assert_int_equal(l2tp_counters(lab->cp)->no_slot, 1);
	assert_int_equal(l2tp_counters(lab->cp)->evicted, 0);
	lab_run_until(lab, 200000); /* no Hello is answered */
	nothing_is_in_use(lab);
}

static void a_released_slot_is_used_again_last_with_a_new_generation(void **state)
{
	struct lab *lab = *state;
	uint32_t seen = 0;

	lab->on_tunnel = LAB_REJECT;
	for (uint16_t tid = 1; tid <= 17; tid++) {
		lab->lac = (struct lac){.peer = lab->lac.peer, .tid = tid};
		lac_sends(lab, SCCRQ);
		lab_run_for(lab, 32000);
		lns_tells(lab, L2TP_ACT_TUNNEL_REQUEST);
		seen |= 1u << lns_tells(lab, L2TP_ACT_TUNNEL_FREE)->tunnel;
	}
	assert_int_equal(seen, 0x1fffe);
	assert_int_equal(lab->tunnel[1].generation, 2);
	assert_int_equal(lab->tunnel[2].generation, 1);
}

/* A LAC that lost its memory: the old tunnel ends once the new one is up, and not before. */
static void a_restarted_lac_replaces_its_tunnel(void **state)
{
	struct lab *lab = *state;
	uint32_t old;

	tunnel_comes_up(lab);
	call_comes_up(lab, 11);
	old = the_tunnel(lab);
	lab_run_for(lab, 32000);
	lab->lac = (struct lac){.peer = lab->lac.peer, .tid = 7};
	lac_sends(lab, SCCRQ);
	assert_int_equal(lab->tunnel[old].state, L2TP_T_ESTABLISHED);
	lns_sends(lab, SCCRP);
	lac_sends(lab, SCCCN);
	assert_int_equal(lab->tunnel[old].state, L2TP_T_CLOSING);
	assert_string_equal(lab->tunnel[old].ended.text, "LAC restarted");
	lab_run_for(lab, 100);
	assert_int_equal(lab->tunnel[old].state, L2TP_T_FREE);
	assert_int_equal(lab->downs, 1);
	assert_int_equal(lab->tunnel[the_tunnel(lab)].state, L2TP_T_ESTABLISHED);
	lns_sends(lab, ZLB);
	lns_is_silent(lab); /* no StopCCN: the LAC would take it for the new tunnel's */
}

static void another_sccrq_of_a_restarted_lac_needs_no_wait(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	lab->lac = (struct lac){.peer = lab->lac.peer, .tid = 7};
	lac_sends(lab, SCCRQ, .m = {.have = L2TP_HAS(L2TP_AVP_FIRMWARE_REVISION), .firmware = 9});
	lns_sends(lab, SCCRP);
}

static void a_late_copy_of_the_sccrq_does_not_make_a_second_tunnel(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	lac_sends(lab, SCCRQ, .as_is = true, .at_ms = 5000);
	lns_sends(lab, ZLB, .nr = IS(2));
	lns_is_silent(lab);
	assert_false(lns_told(lab, L2TP_ACT_TUNNEL_REQUEST));
}

static void a_forged_sccrq_does_not_end_an_established_tunnel(void **state)
{
	struct lab *lab = *state;
	uint32_t old, tunnels, ignore;

	tunnel_comes_up(lab);
	old = the_tunnel(lab);
	lab->deaf = true; /* the forger sees none of our answers */
	lac_sends(lab, SCCRQ, .as_is = true, .host = "forged");
	lns_sends(lab, SCCRP);
	for (int i = 0; i < 40; i++) {
		lab_run_for(lab, 1000);
		lac_sends(lab, HELLO);
	}
	assert_int_equal(lab->tunnel[old].state, L2TP_T_ESTABLISHED);
	l2tp_usage(lab->cp, &tunnels, &ignore, &ignore, &ignore);
	assert_int_equal(tunnels, 1);
	/* And its name leads to it again. */
	assert_int_equal(l2tp_index_get(&lab->cp->by_peer, lab->tunnel[old].peer_key), old);
}

static void a_lac_that_closed_may_come_back_at_once_with_the_same_id(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	lac_sends(lab, STOPCCN);
	lab_run_for(lab, 100);
	lab_forget(lab);
	lab->lac = (struct lac){.peer = lab->lac.peer, .tid = 7};
	tunnel_comes_up(lab);
	lab_run_for(lab, 40000);
	assert_int_equal(lab->tunnel[the_tunnel(lab)].state, L2TP_T_ESTABLISHED);
}

/* The last eighth of the chunks is for the messages that keep or end a tunnel. */
static void tunnels_are_kept_and_ended_when_chunks_are_short(void **state)
{
	struct lab *lab = *state;
	static const uint8_t body[100];
	uint32_t taken[257], n = 0;

	tunnel_comes_up(lab);
	while ((taken[n] = l2tp_chunks_put(&lab->cp->chunks, body, sizeof(body), false)))
		n++;
	assert_true(n > 200);
	lab_run_for(lab, 60100);
	lns_sends(lab, HELLO);
	lac_sends(lab, ZLB);
	we_close(lab, the_tunnel(lab));
	lns_sends(lab, STOPCCN);
	lac_sends(lab, ZLB);
	while (n)
		l2tp_chunks_free(&lab->cp->chunks, taken[--n]);
	lab_run_for(lab, 40000);
	nothing_is_in_use(lab);
}

static void a_stopccn_that_finds_no_chunk_is_sent_later(void **state)
{
	struct lab *lab = *state;
	uint32_t taken[257], n = 0;

	tunnel_comes_up(lab);
	while ((taken[n] = l2tp_chunks_put(&lab->cp->chunks, (const uint8_t *)"", 0, true)))
		n++;
	we_close(lab, the_tunnel(lab));
	lab_run_for(lab, 500);
	lns_is_silent(lab);
	while (n)
		l2tp_chunks_free(&lab->cp->chunks, taken[--n]);
	lab_run_for(lab, 110);
	lns_sends(lab, STOPCCN);
	lac_sends(lab, ZLB);
	lab_run_for(lab, 40000);
	nothing_is_in_use(lab);
}

/* A process that was stopped for a while must not take its own silence for the peer's. */
static void ten_seconds_of_standstill_close_no_tunnel(void **state)
{
	struct lab *lab = *state;

	tunnel_comes_up(lab);
	lac_sends(lab, ICRQ, .call = 11); /* unacknowledged ICRP */
	for (int i = 0; i < 3; i++) {
		lab->env.now_ns += 10000 * MS;
		lab_run_for(lab, 10);
	}
	lac_sends(lab, ZLB);
	assert_int_equal(lab->tunnel[the_tunnel(lab)].state, L2TP_T_ESTABLISHED);
	assert_int_equal(lab->tunnel[the_tunnel(lab)].txq_len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(a_tunnel_comes_up_and_tells_what_the_lac_said),
		LAB_TEST(a_rejected_tunnel_gets_stopccn_and_is_freed_after_retention),
		LAB_TEST(a_stopccn_is_acknowledged_and_its_repeats_for_31_s),
		LAB_TEST(closing_a_tunnel_sends_one_stopccn_and_no_cdn),
		LAB_TEST(our_stopccn_is_repeated_until_it_is_acknowledged),
		LAB_TEST(closing_twice_is_closing_once),
		LAB_TEST(a_set_up_message_in_an_established_tunnel_ends_it),
		LAB_TEST(any_message_but_scccn_in_a_half_open_tunnel_ends_it),
		LAB_TEST(a_request_that_is_never_answered_ends_after_the_set_up_limit),
		LAB_TEST(a_half_open_tunnel_ends_after_the_set_up_limit),
		LAB_TEST(an_sccrq_that_finds_no_slot_leaves_no_state),
		LAB_TEST(a_released_slot_is_used_again_last_with_a_new_generation),
		LAB_TEST(a_restarted_lac_replaces_its_tunnel),
		LAB_TEST(another_sccrq_of_a_restarted_lac_needs_no_wait),
		LAB_TEST(a_late_copy_of_the_sccrq_does_not_make_a_second_tunnel),
		LAB_TEST(a_forged_sccrq_does_not_end_an_established_tunnel),
		LAB_TEST(a_lac_that_closed_may_come_back_at_once_with_the_same_id),
		LAB_TEST(tunnels_are_kept_and_ended_when_chunks_are_short),
		LAB_TEST(a_stopccn_that_finds_no_chunk_is_sent_later),
		LAB_TEST(ten_seconds_of_standstill_close_no_tunnel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
