/* SPDX-License-Identifier: BSD-3-Clause */
/* ppp_owner.c - the PPP library at work on the worker that owns the session: frames, timers and commands go in, its actions
 * become frames, flags of the hot line, timers and events for control. Thread: the owner worker.
 * Events are never lost when control lags: a state that found the ring full is a bit in the session's record, told again
 * from the timer a little later (as it is then: an NCP that went up and down meanwhile is down). A question to AAA carries
 * bytes that nobody keeps, so a frame that may lead to one is taken only when ring and buffer are sure; else it is dropped
 * and the peer repeats it.
 * RFC 1661, 1332, 5072 are in ppp/; sending is l2tp_tx.c's, router advertisements nd.c's. */
#include "dataplane/ppp_owner.h"

#include <string.h>

#include <rte_ring_elem.h>

#include "dataplane/early.h"

#define EVENT_RESERVE 64u /* free entries that an authentication frame asks for */
#define RETRY_NS      10000000ull /* between attempts to tell what is pending */
#define TIMERS_A_TICK 32u

enum pending { P_IPCP = 1 << 0, P_IPV6CP = 1 << 1, P_DOWN = 1 << 2, P_REMOVED = 1 << 3 };

static bool live(const struct worker *w, const struct dp_msg *m)
{
	const struct dp_session *s = &dp_t.session[m->slot];

	return s->generation == m->generation && s->owner == w->id && s->action != S_FREE;
}

static void count_drop(struct worker *w, enum drop_reason why)
{
	w->drop[why]++;
	w->stat.dropped++;
}

static struct ppp_env begin(struct worker *w, uint8_t rnd[32])
{
	w->out.n = w->out.used = w->out.lost = 0;
	return (struct ppp_env){.now_ns = w->now_ns, .rnd = worker_random(w, rnd)};
}

/* The session's profile, with an MRU that its tunnel can carry without outer fragments. */
static const struct ppp_profile *profile_of(struct worker *w, uint32_t slot)
{
	const struct dp_session_more *more = &dp_t.more[slot];
	const struct ppp_profile *p = &dp_t.profile[more->ppp_profile];

	if (p->mru <= more->mtu_max)
		return p;
	w->profile = *p;
	w->profile.mru = more->mtu_max;
	return &w->profile;
}

static bool send_event(struct worker *w, struct dp_msg *m, uint32_t slot)
{
	m->worker = (uint8_t)w->id;
	m->slot = slot;
	m->generation = dp_t.session[slot].generation;
	return !rte_ring_enqueue_elem(w->events, m, sizeof(*m));
}

/* Tell control the present state behind one pending bit. */
static bool tell_now(struct worker *w, uint32_t slot, enum pending what)
{
	const struct ppp_session *ppp = &dp_t.ppp[slot];
	bool v4 = what == P_IPCP;
	struct dp_msg m = {0};

	switch (what) {
	case P_IPCP:
	case P_IPV6CP:
		m.type = dp_t.session[slot].flags & (v4 ? S_V4 : S_V6) ? EVT_NCP_UP : EVT_NCP_DOWN;
		m.act.type = m.type == EVT_NCP_UP ? PPP_ACT_NCP_UP : PPP_ACT_NCP_DOWN;
		m.act.ncp.proto = v4 ? PPP_IPCP : PPP_IPV6CP;
		m.act.ncp.ifid = v4 ? 0 : ppp->peer_ifid;
		break;
	case P_DOWN:
		m.type = EVT_SESSION_DOWN;
		m.cause = ppp->cause;
		break;
	case P_REMOVED:
		m.type = EVT_REMOVED;
		break;
	}
	return send_event(w, &m, slot);
}

static void tell(struct worker *w, uint32_t slot, enum pending what)
{
	struct dp_session_more *more = &dp_t.more[slot];

	/* What waits goes first: order matters to control. */
	if (more->pending || !tell_now(w, slot, what))
		more->pending |= what;
}

static void tell_pending(struct worker *w, uint32_t slot)
{
	struct dp_session_more *more = &dp_t.more[slot];

	for (unsigned int bit = P_IPCP; bit <= P_REMOVED && more->pending; bit <<= 1)
		if (more->pending & bit) {
			if (!tell_now(w, slot, bit))
				return;
			more->pending &= (uint8_t)~bit;
		}
}

static void rearm(struct worker *w, uint32_t slot)
{
	uint64_t at = dp_t.session[slot].action == S_TERMINATE ? dp_t.ppp[slot].deadline_ns : 0;

	if (dp_t.more[slot].pending && (!at || at > w->now_ns + RETRY_NS))
		at = w->now_ns + RETRY_NS;
	if (at)
		wheel_arm(&w->wheel, slot, at);
	else
		wheel_cancel(&w->wheel, slot);
}

/* ppp_owner_frame() made sure of buffer and ring. */
static void ask_aaa(struct worker *w, uint32_t slot, const struct ppp_action *a)
{
	struct dp_msg m = {.type = EVT_ASK_AAA, .act = *a};
	uint16_t end = 0, base = a->aaa.name_off;
	char *to;

	base = RTE_MIN(base, a->aaa.secret_len ? a->aaa.secret_off : base);
	base = RTE_MIN(base, a->aaa.challenge_len ? a->aaa.challenge_off : base);
	end = RTE_MAX(end, a->aaa.name_off + a->aaa.name_len);
	end = RTE_MAX(end, a->aaa.secret_len ? a->aaa.secret_off + a->aaa.secret_len : 0);
	end = RTE_MAX(end, a->aaa.challenge_len ? a->aaa.challenge_off + a->aaa.challenge_len : 0);
	to = w->ask_buf ? rte_pktmbuf_append(w->ask_buf, (uint16_t)(end - base)) : NULL;
	if (!to) {
		count_drop(w, DROP_NO_BUFFER);
		return;
	}
	memcpy(to, w->out.bytes + base, (size_t)(end - base));
	explicit_bzero(
		w->out.bytes + base, (size_t)(end - base)); /* a password may be among them */
	m.act.aaa.name_off = (uint16_t)(m.act.aaa.name_off - base);
	m.act.aaa.secret_off = (uint16_t)(m.act.aaa.secret_len ? m.act.aaa.secret_off - base : 0);
	m.act.aaa.challenge_off =
		(uint16_t)(m.act.aaa.challenge_len ? m.act.aaa.challenge_off - base : 0);
	m.m = w->ask_buf;
	w->ask_buf = NULL;
	if (send_event(w, &m, slot))
		return;
	rte_pktmbuf_free(m.m);
	count_drop(w, DROP_PUNT_FULL);
}

static void link_opened(uint32_t slot, const struct ppp_action *a)
{
	struct dp_session *s = &dp_t.session[slot];

	s->mtu = RTE_MIN(a->link.mtu, dp_t.more[slot].mtu_max);
	s->flags &= (uint16_t) ~(S_TX_ACFC | S_TX_PFC);
	s->flags |= (a->link.tx_acfc ? S_TX_ACFC : 0) | (a->link.tx_pfc ? S_TX_PFC : 0);
}

static void ncp_changed(struct worker *w, uint32_t slot, const struct ppp_action *a, bool up)
{
	struct dp_session *s = &dp_t.session[slot];
	bool v4 = a->ncp.proto == PPP_IPCP;
	uint16_t flag = v4 ? S_V4 : S_V6;

	s->flags = (uint16_t)(up ? s->flags | flag : s->flags & ~flag);
	tell(w, slot, v4 ? P_IPCP : P_IPV6CP);
	if (up && !v4)
		nd_advertise(w, slot);
}

static void trace(struct worker *w, uint32_t slot, const struct ppp_action *a)
{
	struct dp_msg m = {.type = EVT_TRACE, .act = *a};

	if (__atomic_load_n(&dp_t.trace, __ATOMIC_RELAXED) &&
		rte_ring_free_count(w->events) > rte_ring_get_capacity(w->events) / 2)
		send_event(w, &m, slot);
}

static void perform(struct worker *w, uint32_t slot)
{
	for (unsigned int i = 0; i < w->out.lost; i++)
		count_drop(w, DROP_NO_BUFFER);
	for (unsigned int i = 0; i < w->out.n; i++) {
		const struct ppp_action *a = &w->out.act[i];

		switch (a->type) {
		case PPP_ACT_SEND:
			l2tp_tx_frame(w, slot, w->out.bytes + a->frame.off, a->frame.len);
			break;
		case PPP_ACT_ASK_AAA:
			ask_aaa(w, slot, a);
			break;
		case PPP_ACT_LINK:
			link_opened(slot, a);
			break;
		case PPP_ACT_NCP_UP:
			ncp_changed(w, slot, a, true);
			break;
		case PPP_ACT_NCP_DOWN:
			ncp_changed(w, slot, a, false);
			break;
		case PPP_ACT_DOWN:
			dp_t.session[slot].flags &= (uint16_t) ~(S_V4 | S_V6);
			tell(w, slot, P_DOWN);
			break;
		case PPP_ACT_TRACE:
			trace(w, slot, a);
			break;
		}
	}
	rearm(w, slot);
}

void ppp_owner_start(struct worker *w, const struct dp_msg *m)
{
	struct dp_session *s = &dp_t.session[m->slot];
	struct ppp_session *ppp = &dp_t.ppp[m->slot];
	uint8_t rnd[32], early[EARLY_MAX];
	struct ppp_env env;
	uint16_t early_len;

	if (!live(w, m) || s->action != S_PENDING)
		return;
	if (m->flags & MSG_F_SEQUENCING) {
		s->flags |= S_TX_SEQ;
		dp_t.more[m->slot].mtu_max -= 4;
		s->mtu = dp_t.more[m->slot].mtu_max;
	}
	s->action = S_TERMINATE;
	w->owned++;
	early_len = early_take(m->slot, early);
	ppp_init(ppp);
	env = begin(w, rnd);
	ppp_open(ppp, profile_of(w, m->slot), &env, &w->out);
	perform(w, m->slot);
	if (early_len)
		ppp_owner_frame(w, m->slot, early, early_len);
}

/* The rates of an accepted user. A bucket that is in use stays as full as it is, unless its clock is another. */
static void police(const struct worker *w, struct dp_session *s, uint16_t rates)
{
	uint8_t shift = dp_t.rates[rates].shift;

	if (!(s->flags & S_POLICED) || dp_t.rates[s->rates].shift != shift)
		s->up_full = s->down_full = w->now_ns >> shift & ((1u << BUCKET_BITS) - 1);
	s->rates = rates & ((1u << RATES_BITS) - 1);
	s->flags = (uint16_t)(rates ? s->flags | S_POLICED : s->flags & ~S_POLICED);
}

void ppp_owner_verdict(struct worker *w, const struct dp_msg *m)
{
	struct dp_session *s = &dp_t.session[m->slot];
	struct dp_session_more *more = &dp_t.more[m->slot];
	struct ppp_verdict v = {
		.request = m->verdict.request,
		.accept = m->verdict.accept,
		.our_ip4 = m->verdict.our_ip4,
		.peer_ip4 = m->verdict.peer_ip4,
		.dns = {m->verdict.dns[0], m->verdict.dns[1]},
		.nbns = {m->verdict.nbns[0], m->verdict.nbns[1]},
		.our_ifid = m->verdict.our_ifid,
		.peer_ifid = m->verdict.peer_ifid,
	};
	uint8_t rnd[32];
	struct ppp_env env;

	if (!live(w, m) || s->action != S_TERMINATE)
		return;
	if (v.accept) {
		s->ip4 = rte_cpu_to_be_32(v.peer_ip4);
		more->prefix6 = m->session.prefix6;
		s->prefix6_fold = prefix6_fold(more->prefix6);
		s->flags =
			(uint16_t)(m->session.routes ? s->flags | S_ROUTES : s->flags & ~S_ROUTES);
		police(w, s, m->session.rates);
		more->our_ip4 = rte_cpu_to_be_32(m->session.our_ip4);
		more->our_ifid = v.our_ifid;
	}
	if (m->m)
		memcpy(v.message, rte_pktmbuf_mtod(m->m, const char *),
			RTE_MIN(rte_pktmbuf_data_len(m->m), sizeof(v.message) - 1));
	env = begin(w, rnd);
	ppp_verdict(&dp_t.ppp[m->slot], profile_of(w, m->slot), &v, &env, &w->out);
	perform(w, m->slot);
}

void ppp_owner_close(struct worker *w, const struct dp_msg *m)
{
	uint8_t rnd[32];
	struct ppp_env env;

	if (!live(w, m) || dp_t.session[m->slot].action != S_TERMINATE)
		return;
	env = begin(w, rnd);
	ppp_close(&dp_t.ppp[m->slot], profile_of(w, m->slot), m->cause, &env, &w->out);
	perform(w, m->slot);
}

void ppp_owner_remove(struct worker *w, const struct dp_msg *m)
{
	struct dp_session *s = &dp_t.session[m->slot];

	if (!live(w, m))
		return;
	w->owned -= s->action == S_TERMINATE;
	if (s->action == S_PENDING)
		early_forget(w, m->slot, DROP_NOT_STARTED);
	s->action = S_FREE;
	s->flags &= (uint16_t) ~(S_V4 | S_V6);
	dp_t.more[m->slot].pending = 0; /* nobody asks any more */
	tell(w, m->slot, P_REMOVED);
	rearm(w, m->slot);
}

/* May this frame lead to a question to AAA that we could not ask now? */
static bool must_wait(struct worker *w, const uint8_t *frame, uint16_t len)
{
	uint16_t proto = len >= 2 ? (uint16_t)(frame[0] << 8 | frame[1]) : 0;

	if (proto != PPP_PAP && proto != PPP_CHAP)
		return false;
	if (rte_ring_free_count(w->events) < EVENT_RESERVE) {
		count_drop(w, DROP_PUNT_FULL);
		return true;
	}
	if (!w->ask_buf)
		w->ask_buf = rte_pktmbuf_alloc(dp_t.pool);
	if (!w->ask_buf)
		count_drop(w, DROP_NO_BUFFER);
	return !w->ask_buf;
}

void ppp_owner_frame(struct worker *w, uint32_t slot, const uint8_t *frame, uint16_t len)
{
	uint8_t rnd[32];
	struct ppp_env env;

	if (dp_t.session[slot].action != S_TERMINATE || must_wait(w, frame, len))
		return;
	env = begin(w, rnd);
	ppp_input(&dp_t.ppp[slot], profile_of(w, slot), frame, len, &env, &w->out);
	perform(w, slot);
}

void ppp_owner_tick(struct worker *w)
{
	uint32_t due[TIMERS_A_TICK];
	size_t n = wheel_advance(&w->wheel, w->now_ns, due, TIMERS_A_TICK);

	for (size_t i = 0; i < n; i++) {
		uint8_t rnd[32];
		struct ppp_env env = begin(w, rnd);

		tell_pending(w, due[i]);
		if (dp_t.session[due[i]].action == S_TERMINATE)
			ppp_tick(&dp_t.ppp[due[i]], profile_of(w, due[i]), &env, &w->out);
		perform(w, due[i]);
	}
	w->timers_ns = n < TIMERS_A_TICK
		? w->wheel.start_ns + (uint64_t)w->wheel.tick * WHEEL_TICK_NS
		: w->now_ns;
	w->worked |= n != 0;
}
