/* SPDX-License-Identifier: BSD-3-Clause */
/* cp_loop.c - THE STORY of events: one turn of the control core, top to bottom.
 * Workers' rings, timers, Linux, the API, signals; nothing here blocks but the wait at the end of an idle turn.
 * Thread: the control core (EAL main lcore). Not here: what an event means (cp_tunnel.c, cp_session.c). */
#include "controlplane/cp_priv.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "controlplane/api/api.h"
#include "controlplane/cp_run.h"
#include "controlplane/log.h"

#define EVENTS     64
#define FDS_MAX    264
#define DP_TICK_NS 10000000ull
#define SECOND_NS  1000000000ull
#define LINKS_NS   (SECOND_NS / 50)
/* A peer that does not acknowledge its StopCCN is not waited for longer. */
#define STOP_NS     (4 * SECOND_NS)
#define IDLE_MIN_NS 50000
#define IDLE_MAX_NS 1000000

struct loop {
	int epoll, signals, api;
	uint64_t stop_ns;
	uint32_t idle_ns;
	bool stopping;
};

static uint64_t clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

static void l2tp_datagram(struct cp *cp, const struct dp_event *ev)
{
	struct l2tp_env env = cp_env(cp);
	struct l2tp_out *out = cp_out(cp);

	l2tp_input(cp->l2tp, &ev->peer, ev->data, ev->len, &env, out);
	cp_perform(cp, out);
}

static unsigned take_events(struct cp *cp)
{
	struct dp_event ev[EVENTS];
	unsigned n = dp_events(ev, EVENTS);

	for (unsigned i = 0; i < n; i++) {
		switch ((enum dp_ev)ev[i].type) {
		case DP_EV_L2TP:
			l2tp_datagram(cp, &ev[i]);
			break;
		case DP_EV_LINUX:
			linux_to_tap(cp->linux_side, ev[i].ifx, ev[i].data, ev[i].len);
			break;
		case DP_EV_LNS0:
			linux_to_lns0(cp->linux_side, ev[i].data, ev[i].len);
			break;
		default:
			cp_session_event(cp, &ev[i]);
		}
	}
	dp_events_done(ev, n);
	return n;
}

static bool run_timers(struct cp *cp)
{
	bool worked = false;

	if (l2tp_next_deadline(cp->l2tp) <= cp->now_ns) {
		struct l2tp_env env = cp_env(cp);
		struct l2tp_out *out = cp_out(cp);

		l2tp_tick(cp->l2tp, &env, out);
		worked = out->n > 0;
		cp_perform(cp, out);
	}
	if (cp->now_ns >= cp->dp_tick_ns) {
		dp_tick(cp->now_ns);
		cp_tunnels_heard(cp, 256);
		cp->dp_tick_ns = cp->now_ns + DP_TICK_NS;
	}
	if (cp->now_ns >= cp->links_ns) {
		linux_links(cp->linux_side);
		cp->links_ns = cp->now_ns + LINKS_NS;
	}
	if (cp->now_ns >= cp->second_ns) {
		linux_tick(cp->linux_side, cp->now_ns);
		cp_tunnels_log_flush(cp);
		cp_sessions_log_flush(cp);
		cp->second_ns = cp->now_ns + SECOND_NS;
	}
	if (cp->n_unsent)
		cp_send_unsent(cp);
	return worked;
}

static bool turn(struct cp *cp)
{
	bool worked;

	/* Workers lag behind our commands: more work now would only make us wait in the middle of it. */
	if (!dp_ready())
		return false;
	worked = take_events(cp) > 0;
	return run_timers(cp) || worked;
}

/* A turn that began at cp->now_ns and did something ends. */
static void turn_ends(struct cp *cp)
{
	uint64_t ns = clock_now() - cp->now_ns;

	if (ns > cp->totals.longest_turn_ns)
		cp->totals.longest_turn_ns = ns;
	cp->totals.slow_turns += ns >= DP_SLOW_NS;
}

bool cp_turn(struct cp *cp)
{
	bool worked;

	cp->now_ns = clock_now();
	worked = turn(cp);
	if (worked)
		turn_ends(cp);
	return worked;
}

/* on-stop: end. Every tunnel gets its StopCCN; then we stay until all are acknowledged or time is up. */
static void stop_begin(struct cp *cp, struct loop *l)
{
	const struct l2tp_result r = {.result = 6, .text = "LNS is shutting down"};
	uint32_t tunnels, calls, chunks, timers;

	sd_notify(0, "STOPPING=1");
	l2tp_usage(cp->l2tp, &tunnels, &calls, &chunks, &timers);
	log_line(CFG_LOG_INFO, "stopping", "tunnels=%u sessions=%u", tunnels, cp->totals.sessions);
	l->stopping = true;
	l->stop_ns = cp->now_ns + STOP_NS;
	for (uint32_t i = 1; i <= cp->tunnel_high; i++) {
		struct l2tp_env env = cp_env(cp);
		struct l2tp_out *out;

		if (cp->store.tunnels[i].state == L2TP_T_FREE ||
			cp->store.tunnels[i].state == L2TP_T_CLOSING)
			continue;
		out = cp_out(cp);
		l2tp_tunnel_close(cp->l2tp, i, &r, &env, out);
		cp_perform(cp, out);
	}
}

static bool stop_done(const struct cp *cp, const struct loop *l)
{
	if (cp->now_ns >= l->stop_ns)
		return true;
	for (uint32_t i = 1; i <= cp->tunnel_high; i++)
		if (cp->store.tunnels[i].state != L2TP_T_FREE && cp->store.tunnels[i].txq_len)
			return false;
	return cp->n_unsent == 0;
}

static void signal_taken(struct cp *cp, struct loop *l)
{
	struct signalfd_siginfo si;

	while (read(l->signals, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGHUP)
			log_line(CFG_LOG_WARN, "signal",
				"name=SIGHUP text=\"the configuration is read at start only: "
				"restart to change it\"");
		else if (!l->stopping)
			stop_begin(cp, l);
		else
			l->stop_ns = cp->now_ns; /* asked twice: now */
	}
}

/* Wait for descriptors: not at all after work, in growing steps up to a millisecond when nothing happens. */
static bool wait_ready(struct cp *cp, struct loop *l, bool worked)
{
	struct epoll_event ready[16];
	struct timespec pause = {0};
	int n;

	l->idle_ns = worked ? 0 : l->idle_ns ? l->idle_ns * 2 : IDLE_MIN_NS;
	if (l->idle_ns > IDLE_MAX_NS)
		l->idle_ns = IDLE_MAX_NS;
	pause.tv_nsec = l->idle_ns;
	n = epoll_pwait2(l->epoll, ready, 16, &pause, NULL);
	cp->now_ns = clock_now();
	for (int i = 0; i < n; i++) {
		if (ready[i].data.fd == l->signals)
			signal_taken(cp, l);
		else if (ready[i].data.fd == l->api)
			api_readable(cp->api);
		else
			linux_readable(cp->linux_side, ready[i].data.fd);
	}
	return n > 0;
}

sigset_t cp_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return set;
}

static int watch(struct loop *l, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e);
}

static int loop_open(struct cp *cp, struct loop *l)
{
	int fds[FDS_MAX];
	unsigned n = linux_fds(cp->linux_side, fds, FDS_MAX);
	sigset_t set = cp_signals();

	l->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->api = api_fd(cp->api);
	if (l->signals < 0 || l->epoll < 0 || watch(l, l->signals) || watch(l, l->api))
		return -1;
	for (unsigned i = 0; i < n; i++)
		if (watch(l, fds[i]))
			return -1;
	return 0;
}

int cp_run(struct cp *cp)
{
	struct loop l = {0};
	bool worked = true;

	if (loop_open(cp, &l)) {
		fprintf(stderr, "lnsd: control core: %s\n", strerror(errno));
		return 1;
	}
	sd_notify(0, "READY=1");
	log_line(CFG_LOG_INFO, "ready",
		"workers=%u ports=%u sessions-max=%u tunnels-max=%u socket=%s", dp_worker_count(),
		dp_if_count(), cp->store.max_sessions, cp->store.max_tunnels, cp->cfg->api.socket);
	while (!l.stopping || !stop_done(cp, &l)) {
		worked = wait_ready(cp, &l, worked);
		worked |= turn(cp);
		if (worked)
			turn_ends(cp);
	}
	log_line(CFG_LOG_INFO, "stopped", "sessions=%u", cp->totals.sessions);
	close(l.epoll);
	close(l.signals);
	return 0;
}
