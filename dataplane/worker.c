/* SPDX-License-Identifier: BSD-3-Clause */
/* worker.c - the story of packets: one poll, from the ports' queues to the ports' queues, each line
 * a stage in the file of its name. burst.h says what flows between them. A worker runs to
 * completion, never blocks, takes no lock, and makes no system call but the sleep of the adaptive
 * idle policy and, once a second, a look at the clock. */
#include <time.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_rcu_qsbr.h>

#include "dataplane/stages.h"

#define IDLE_SPIN      1000 /* empty polls before the first sleep */
#define IDLE_STEP      50 /* empty polls between longer sleeps */
#define IDLE_SLEEP_NS  100000ull
#define CLOCK_CHECK_NS 1000000000ull

static uint64_t boottime_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* Once per poll, from the TSC; set right against the kernel's clock once a second. Never goes back.
 * */
static void take_time(struct worker *w)
{
	uint64_t ticks = rte_rdtsc() - w->clock_tsc;
	uint64_t ns = w->clock_ns + (uint64_t)((unsigned __int128)ticks * w->clock_mult >> 32);

	if (unlikely(ns - w->clock_ns > CLOCK_CHECK_NS)) {
		w->clock_tsc += ticks;
		w->clock_ns = ns = boottime_ns();
	}
	if (likely(ns > w->now_ns))
		w->now_ns = ns;
}

void worker_init(struct worker *w)
{
	w->clock_mult = (uint64_t)(((unsigned __int128)1000000000 << 32) / rte_get_tsc_hz());
	w->clock_tsc = rte_rdtsc();
	w->clock_ns = w->now_ns = boottime_ns();
	nd_init(w);
}

/* Up to BURST packets, in turn from all queues. */
static void rx(struct worker *w, struct burst *b)
{
	unsigned int n = 0;

	for (unsigned int k = 0; k < w->n_rxq && n < BURST; k++) {
		uint16_t got, port;

		if (++w->rx_next >= w->n_rxq)
			w->rx_next = 0;
		port = w->rxq[w->rx_next].port;
		got = rte_eth_rx_burst(
			port, w->rxq[w->rx_next].queue, b->m + n, (uint16_t)(BURST - n));
		for (unsigned int i = 0; i < got; i++)
			b->port[n++] = port;
	}
	b->n = (uint16_t)n;
	w->stat.rx_packets += n;
	w->worked |= n > 0;
}

/* A look at the wheel costs as much as a packet; nothing fires before its next tick. */
static inline void timers(struct worker *w)
{
	if (unlikely(w->now_ns >= w->timers_ns))
		ppp_owner_tick(w);
}

void worker_poll(struct worker *w)
{
	struct burst *b = &w->burst;

	take_time(w);
	w->way.adj = WAY_NONE; /* interfaces may have changed */
	rx(w, b);
	/* clang-format off */
	classify(w, b);    /* outer headers -> tunnel | control | core side | Linux */
	core_rx(w, b);     /* for a subscriber -> down, else Linux */
	steer(w, b);       /* not mine: to the owner's ring; then take what is mine */
	l2tp_rx(w, b);     /* header, session; PPP: IP goes on, LCP, authentication, NCPs -> ppp_owner_frame() */
	ip_rx(w, b);       /* source check, TTL, route -> port | down | Linux */
	l2tp_tx(w, b);     /* subscriber-bound: PPP, L2TP, the tunnel's template */
	hand_ahead_rest(w); /* what the next poll takes from others */
	timers(w);         /* PPP's echo and restart timers, a bounded number */
	nd_tick(w);        /* router advertisements, a bounded number */
	dp_apply(w);       /* messages from control, between bursts */
	hand_flush(w);     /* to other workers */
	port_tx(w, b);
	punt_tx(w, b);     /* to control, policed */
	drop_all(w, b);    /* the only free on the path, by reason */
	/* clang-format on */
}

/* Back off in steps. RCU sees us as gone while we sleep, so control never waits for an idle worker.
 * */
static void idle(struct worker *w)
{
	uint64_t ns;

	if (w->busy_idle || w->idle < IDLE_SPIN) {
		rte_pause();
		return;
	}
	ns = RTE_MIN((uint64_t)((w->idle - IDLE_SPIN) / IDLE_STEP + 1) * 10000, IDLE_SLEEP_NS);
	w->stat.sleeps++;
	rte_rcu_qsbr_thread_offline(dp_t.qsbr, w->id);
	nanosleep(&(struct timespec){.tv_nsec = (long)ns}, NULL);
	rte_rcu_qsbr_thread_online(dp_t.qsbr, w->id);
}

/* The last poll, which found work, took ns: the clock is read where a poll begins. */
static inline void busy(struct worker *w, uint64_t ns)
{
	w->stat.busy_ns += ns;
	if (unlikely(ns > w->stat.longest_ns))
		w->stat.longest_ns = ns;
	w->stat.slow_polls += ns >= DP_SLOW_NS;
}

int worker_main(void *worker)
{
	struct worker *w = worker;

	rte_rcu_qsbr_thread_register(dp_t.qsbr, w->id);
	rte_rcu_qsbr_thread_online(dp_t.qsbr, w->id);
	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		bool worked = w->worked;
		uint64_t from_ns = w->now_ns;

		w->worked = false;
		worker_poll(w);
		if (worked)
			busy(w, w->now_ns - from_ns);
		rte_rcu_qsbr_quiescent(dp_t.qsbr, w->id);
		w->stat.polls++;
		if (w->worked) {
			w->stat.busy_polls++;
			w->idle = 0;
		} else {
			w->idle++;
			idle(w);
		}
	}
	rte_rcu_qsbr_thread_offline(dp_t.qsbr, w->id);
	rte_rcu_qsbr_thread_unregister(dp_t.qsbr, w->id);
	return 0;
}
