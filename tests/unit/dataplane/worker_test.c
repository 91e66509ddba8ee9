/* SPDX-License-Identifier: BSD-3-Clause */
/* worker_test.c - a worker's life in a thread of its own: it polls, it goes to sleep when there is nothing to do and is
 * out of RCU's way then, it wakes for packets, and MSG_STOP ends it. Nothing here depends on how fast the machine is:
 * each wait ends with what is waited for. */
#include "tests/unit/dataplane/lab.h"

#include <pthread.h>
#include <sched.h>

#include <rte_rcu_qsbr.h>

#include "dataplane/ppp_owner.h"

static uint64_t start_takes_ns;

/* dp_apply.c is the real one here, and calls these. Time stands still in these tests; this moves it. */
void ppp_owner_start(struct worker *w, const struct dp_msg *msg)
{
	(void)msg;
	w->clock_ns += start_takes_ns;
}

void ppp_owner_verdict(struct worker *w, const struct dp_msg *msg)
{
	(void)w;
	(void)msg;
}

void ppp_owner_close(struct worker *w, const struct dp_msg *msg)
{
	(void)w;
	(void)msg;
}

void ppp_owner_remove(struct worker *w, const struct dp_msg *msg)
{
	(void)w;
	(void)msg;
}

static struct rte_ring *commands;
static pthread_t thread;

static int group(void **state)
{
	if (lab_start(state))
		return -1;
	commands = rte_ring_create_elem("commands", sizeof(struct dp_msg), 64, SOCKET_ID_ANY,
		RING_F_SP_ENQ | RING_F_SC_DEQ);
	lab_w[0]->commands = commands;
	return commands ? 0 : -1;
}

static void *life(void *worker)
{
	worker_main(worker);
	return NULL;
}

static void start(bool busy)
{
	lab_w[0]->stop = false;
	lab_w[0]->idle = 0;
	lab_w[0]->busy_idle = busy;
	assert_int_equal(pthread_create(&thread, NULL, life, lab_w[0]), 0);
}

static void wait_until_at_least(const uint64_t *counter, uint64_t n)
{
	while (__atomic_load_n(counter, __ATOMIC_RELAXED) < n)
		sched_yield();
}

static void stop(void)
{
	struct dp_msg msg = {.type = MSG_STOP};

	assert_int_equal(rte_ring_enqueue_elem(commands, &msg, sizeof(msg)), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(lab_w[0]->stop);
}

static void a_message_ends_the_worker_and_rcu_forgets_it(void **state)
{
	uint64_t token;

	(void)state;
	start(false);
	wait_until_at_least(&lab_w[0]->stat.polls, 10);
	stop();
	token = rte_rcu_qsbr_start(dp_t.qsbr);
	assert_int_equal(rte_rcu_qsbr_check(dp_t.qsbr, token, false), 1);
}

static void commands_before_the_stop_are_carried_out(void **state)
{
	uint16_t n = 0, len;
	struct frame f;
	uint8_t ip[200];

	(void)state;
	n = ip4_udp(ip, OUR_IP4, IP(10, 0, 0, 1), 33, 9, 0);
	for (unsigned int k = 0; k < 3; k++) {
		struct dp_msg msg = {.type = MSG_INJECT_IP, .m = rte_pktmbuf_alloc(dp_t.pool)};

		memcpy(rte_pktmbuf_append(msg.m, n), ip, n);
		assert_int_equal(rte_ring_enqueue_elem(commands, &msg, sizeof(msg)), 0);
	}
	start(true);
	wait_until_at_least(&lab_w[0]->stat.polls, 3);
	stop();
	for (unsigned int k = 0; k < 3; k++) {
		assert_true(lab_tx(ACCESS, &f));
		assert_tunnel(&f, 1, &len);
	}
	assert_false(lab_tx(ACCESS, &f));
}

static void an_idle_worker_sleeps_holds_up_nobody_and_wakes_for_packets(void **state)
{
	uint8_t ip[200];
	uint16_t n = ip4_udp(ip, IP(10, 0, 0, 1), HOST_IP, 18, 64, 0), len;
	uint64_t token;
	struct frame f;

	(void)state;
	worker_init(lab_w[0]); /* a clock that runs */
	start(false);
	wait_until_at_least(&lab_w[0]->stat.sleeps, 3);
	token = rte_rcu_qsbr_start(dp_t.qsbr);
	while (!rte_rcu_qsbr_check(dp_t.qsbr, token, false))
		sched_yield();
	lac_ip(&f, 1, ip, n);
	lab_rx(0, ACCESS, &f);
	wait_until_at_least(&lab_w[0]->stat.busy_polls, 1);
	stop();
	assert_true(lab_w[0]->stat.polls > lab_w[0]->stat.sleeps);
	assert_true(lab_w[0]->stat.busy_polls < lab_w[0]->stat.polls);
	assert_true(lab_w[0]->stat.longest_ns > 0);
	assert_true(lab_w[0]->stat.longest_ns <= lab_w[0]->stat.busy_ns);
	assert_true(lab_tx(CORE, &f));
	assert_core(&f, &len);
	assert_int_equal(len, n);
}

static void a_worker_told_to_stay_busy_never_sleeps(void **state)
{
	(void)state;
	start(true);
	wait_until_at_least(&lab_w[0]->stat.polls, 3000);
	stop();
	assert_int_equal(lab_w[0]->stat.sleeps, 0);
	assert_int_equal(lab_w[0]->stat.busy_polls, 1); /* the one that found the command */
	/* It was the last: none of the others found work. */
	assert_int_equal(lab_w[0]->stat.longest_ns, 0);
}

static void a_poll_of_a_millisecond_is_slow_and_a_shorter_one_is_not(void **state)
{
	static const uint64_t takes_ns[] = {DP_SLOW_NS - 1, DP_SLOW_NS, 7 * DP_SLOW_NS, 5000};
	struct dp_msg msg = {.type = MSG_SESSION_START};

	(void)state;
	start(true);
	for (unsigned int k = 0; k < RTE_DIM(takes_ns); k++) {
		start_takes_ns = takes_ns[k];
		assert_int_equal(rte_ring_enqueue_elem(commands, &msg, sizeof(msg)), 0);
		wait_until_at_least(&lab_w[0]->stat.busy_polls, k + 1);
	}
	stop();
	assert_int_equal(lab_w[0]->stat.slow_polls, 2);
	assert_int_equal(lab_w[0]->stat.longest_ns, 7 * DP_SLOW_NS);
	assert_int_equal(lab_w[0]->stat.busy_ns, 9 * DP_SLOW_NS - 1 + 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, lab_reset, lab_reset)
		T(a_message_ends_the_worker_and_rcu_forgets_it),
		T(commands_before_the_stop_are_carried_out),
		T(an_idle_worker_sleeps_holds_up_nobody_and_wakes_for_packets),
		T(a_worker_told_to_stay_busy_never_sleeps),
		T(a_poll_of_a_millisecond_is_slow_and_a_shorter_one_is_not),
	};

	return cmocka_run_group_tests(tests, group, lab_stop);
}
