/* SPDX-License-Identifier: BSD-3-Clause */
/* l2tp_lab.h - a bench for the L2TP control plane: a fake clock, the control plane with small tables, and a LAC that says
 * what the test writes. What the LNS sends and tells is queued; the test takes it from there in order. */
#ifndef TESTS_CONFORMANCE_L2TP_LAB_H
#define TESTS_CONFORMANCE_L2TP_LAB_H

#include "controlplane/l2tp/avp.h"
#include "controlplane/l2tp/cp.h"
#include "controlplane/l2tp/reliable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define LAB_START 5000000000ull
#define LAB_SLACK_MS 5 /* one tick of the wheel */

struct lac {
	struct l2tp_peer peer;
	uint16_t tid;      /* its own tunnel id */
	uint16_t lns_tid;  /* the LNS's, learned from SCCRP */
	uint16_t ns, nr;
	uint8_t lns_challenge[128];
	uint16_t lns_challenge_len;
};

struct lab_sent {
	uint64_t at_ns;
	uint32_t tunnel;
	uint16_t len;
	struct l2tp_hdr h;
	struct l2tp_msg m; /* its texts point into bytes */
	uint8_t bytes[512];
};

enum lab_policy { LAB_ACCEPT, LAB_WAIT, LAB_REJECT };

struct lab {
	struct l2tp_limits lim;
	struct l2tp_cp *cp;
	struct l2tp_tunnel *tunnel;
	struct l2tp_call *call;
	struct l2tp_profile profile;
	struct l2tp_env env;
	uint8_t rnd[64];
	uint64_t random;
	struct l2tp_out out;
	struct lac lac;
	enum lab_policy on_tunnel, on_call;
	bool keep_slots; /* do not release what has ended */
	bool deaf;       /* the LAC does not take in what the LNS sends: its nr stays */
	struct lab_sent *sent; /* ring */
	size_t sent_head, sent_tail;
	struct l2tp_action *told; /* ring, without SEND and TRACE */
	size_t told_head, told_tail;
	uint32_t ups, downs, requests; /* of calls, ever */
	uint16_t next_sid;
};

#define LAB_RING 65536
#define LAB_TOLD 4096

/** What the LAC says. Unless `as_is`, Ns, Nr and the tunnel id are the LAC's next ones. */
struct lac_words {
	uint32_t at_ms;    /* not before this */
	bool as_is;
	uint16_t ns, nr, to_tid; /* with as_is */
	uint16_t sid;      /* of the header */
	uint16_t tunnel;   /* Assigned Tunnel ID, default lac.tid */
	uint16_t call;     /* Assigned Session ID */
	const char *host;
	uint64_t omit;     /* L2TP_HAS() of AVPs to leave out */
	struct l2tp_msg m; /* further AVPs, by m.have */
	const uint8_t *extra; /* octets of AVPs to append */
	size_t extra_len;
	bool from_elsewhere; /* another source port */
};

int lab_setup(void **state);          /* 16 tunnels, 64 calls, 256 chunks */
struct lab *lab_new(struct l2tp_limits lim);
int lab_teardown(void **state);
void lab_free(struct lab *lab);
uint64_t lab_now_ms(const struct lab *lab);
/** Let time pass until at_ms, running the tick whenever it wants to. */
void lab_run_until(struct lab *lab, uint64_t at_ms);
void lab_run_for(struct lab *lab, uint64_t ms);
void lab_renew(struct lab *lab); /* fresh random octets and an empty out; then call, then lab_perform() */
void lab_perform(struct lab *lab);
void lab_input(struct lab *lab, const struct l2tp_peer *peer, const uint8_t *bytes, size_t len);
size_t lac_encode(struct lab *lab, uint16_t type, const struct lac_words *w, uint8_t *buf, size_t cap);

void lac_sends_words(struct lab *lab, uint16_t type, const struct lac_words *w);
#define lac_sends(lab, type, ...) lac_sends_words(lab, L2TP_##type, &(struct lac_words){__VA_ARGS__})

/** The next datagram of the LNS is this; see LAB_ANY. @return it. */
struct lns_words {
	uint32_t at_ms; /* exactly then, within LAB_SLACK_MS; 0: no matter when it was */
	int ns, nr, sid, tid; /* LAB_NR(x): is compared; 0: not */
};
#define IS(x) ((x) + 0x10000)
struct lab_sent *lns_sends_words(struct lab *lab, uint16_t type, const struct lns_words *w);
#define lns_sends(lab, type, ...) lns_sends_words(lab, L2TP_##type, &(struct lns_words){__VA_ARGS__})
void lns_is_silent(struct lab *lab);
size_t lns_sent(const struct lab *lab); /* datagrams not taken yet */
void lns_forget(struct lab *lab);
/** The next thing told is this. @return it. */
struct l2tp_action *lns_tells(struct lab *lab, enum l2tp_act type);
bool lns_told(struct lab *lab, enum l2tp_act type); /* somewhere in the queue? */
void lab_forget(struct lab *lab); /* both queues */

void tunnel_comes_up(struct lab *lab);
/** @return slot of a call that is up; the LAC's id for it is sid. */
uint32_t call_comes_up(struct lab *lab, uint16_t sid);
uint32_t the_tunnel(const struct lab *lab); /* slot by lac.lns_tid */
void nothing_is_in_use(struct lab *lab);
struct l2tp_result stopccn_of(const struct lab_sent *s);

#define LAB_TEST(name) cmocka_unit_test_setup_teardown(name, lab_setup, lab_teardown)

#endif
