/* SPDX-License-Identifier: BSD-3-Clause */
/* lacsim_channel_test.c - the simulator's reliable channel (RFC 2661 s5.8, Appendix A). */
#include "tools/lacsim/channel.h"
#include "tools/lacsim/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define SEC 1000000000ULL

static void queue_messages(struct channel *c, int n)
{
	uint8_t msg[64];

	while (n--) {
		struct wr w = wr_of(msg, sizeof(msg));

		control_begin(&w, 1, 0, MSG_HELLO);
		assert_int_equal(channel_queue(c, msg, control_end(&w, msg), 0), 0);
	}
}

static int send_all(struct channel *c, uint64_t now)
{
	int n = 0;

	while (channel_next(c, now))
		n++;
	return n;
}

static void the_window_opens_from_one_as_acknowledgements_come(void **state)
{
	struct channel c;

	(void)state;
	channel_init(&c);
	c.peer_window = c.ssthresh = 8;
	queue_messages(&c, 40);
	assert_int_equal(send_all(&c, 1), 1);
	assert_int_equal(channel_input(&c, 0, 1, true, 2), CHANNEL_ZLB);
	assert_int_equal(send_all(&c, 2), 2);
	channel_input(&c, 0, 3, true, 3);
	assert_int_equal(send_all(&c, 3), 4);
	channel_input(&c, 0, 7, true, 4);
	assert_int_equal(send_all(&c, 4), 8);
	channel_input(&c, 0, 15, true, 5);
	assert_int_equal(send_all(&c, 5), 8); /* never more than the peer's window */
	channel_fini(&c);
}

static void an_unanswered_message_is_sent_again_after_1_2_4_8_8_seconds_then_the_peer_is_dead(
	void **state)
{
	static const uint64_t at_s[] = {1, 3, 7, 15, 23, 31, 39, 47};
	struct channel c;

	(void)state;
	channel_init(&c);
	queue_messages(&c, 1);
	assert_int_equal(send_all(&c, 0), 1);
	for (size_t i = 0; i < CHANNEL_RETRIES; i++) {
		channel_tick(&c, at_s[i] * SEC - 1);
		assert_int_equal(send_all(&c, at_s[i] * SEC - 1), 0);
		channel_tick(&c, at_s[i] * SEC);
		assert_int_equal(send_all(&c, at_s[i] * SEC), 1);
	}
	assert_int_equal(c.retransmits, CHANNEL_RETRIES);
	channel_tick(&c, 55 * SEC);
	assert_true(c.dead);
	channel_fini(&c);
}

static void a_resend_carries_the_nr_of_the_moment(void **state)
{
	struct channel c;
	const struct channel_msg *m;

	(void)state;
	channel_init(&c);
	queue_messages(&c, 1);
	m = channel_next(&c, 0);
	assert_int_equal(m->bytes[11], 0);
	assert_int_equal(channel_input(&c, 0, 0, false, 1), CHANNEL_NEW);
	channel_tick(&c, SEC);
	m = channel_next(&c, SEC);
	assert_non_null(m);
	assert_int_equal(m->bytes[9], 0);
	assert_int_equal(m->bytes[11], 1);
	channel_fini(&c);
}

static void a_repeated_message_is_acknowledged_again_but_not_acted_upon(void **state)
{
	struct channel c;

	(void)state;
	channel_init(&c);
	assert_int_equal(channel_input(&c, 0, 0, false, 1), CHANNEL_NEW);
	c.ack_owed = false;
	assert_int_equal(channel_input(&c, 0, 0, false, 1), CHANNEL_OLD);
	assert_true(c.ack_owed);
	assert_int_equal(channel_input(&c, 5, 0, false, 1), CHANNEL_EARLY);
	assert_int_equal(c.early, 1);
	assert_int_equal(c.nr, 1);
	channel_fini(&c);
}

static void an_acknowledgement_of_what_was_never_sent_is_ignored(void **state)
{
	struct channel c;

	(void)state;
	channel_init(&c);
	queue_messages(&c, 3);
	send_all(&c, 0);
	channel_input(&c, 0, 3, true, 1);
	assert_int_equal(c.acked, 0);
	channel_fini(&c);
}

static void numbers_wrap_at_65536(void **state)
{
	struct channel c;

	(void)state;
	channel_init(&c);
	c.acked = c.next = c.end = c.sent_up_to = 65534;
	c.peer_window = c.ssthresh = c.cwnd = 4;
	queue_messages(&c, 4);
	assert_int_equal(send_all(&c, 0), 4);
	channel_input(&c, 0, 2, true, 1);
	assert_true(channel_idle(&c));
	channel_fini(&c);
}

static void room_is_what_would_leave_at_once(void **state)
{
	struct channel c;

	(void)state;
	channel_init(&c);
	c.cwnd = 4;
	assert_int_equal(channel_room(&c), 4);
	queue_messages(&c, 3);
	assert_int_equal(channel_room(&c), 1);
	queue_messages(&c, 3);
	assert_int_equal(channel_room(&c), 0);
	channel_fini(&c);
}

static void a_cdn_for_each_session_that_a_tunnel_can_have_may_be_queued(void **state)
{
	struct channel c;

	(void)state;
	channel_init(&c);
	queue_messages(&c, 65535 + 1); /* and the StopCCN after them */
	channel_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_window_opens_from_one_as_acknowledgements_come),
		cmocka_unit_test(
			an_unanswered_message_is_sent_again_after_1_2_4_8_8_seconds_then_the_peer_is_dead),
		cmocka_unit_test(a_resend_carries_the_nr_of_the_moment),
		cmocka_unit_test(a_repeated_message_is_acknowledged_again_but_not_acted_upon),
		cmocka_unit_test(an_acknowledgement_of_what_was_never_sent_is_ignored),
		cmocka_unit_test(numbers_wrap_at_65536),
		cmocka_unit_test(room_is_what_would_leave_at_once),
		cmocka_unit_test(a_cdn_for_each_session_that_a_tunnel_can_have_may_be_queued),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
