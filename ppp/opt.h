/* SPDX-License-Identifier: BSD-3-Clause */
/* opt.h - configuration options as descriptor rows, and the one walk that reads and answers them.
 * See opt.c. */
#ifndef PPP_OPT_H
#define PPP_OPT_H

#include "ppp/wire.h"

struct ppp_ctx;
struct ppp_kind;

enum opt_answer { OPT_ACK, OPT_NAK, OPT_REJ };

/* What the peer asks for in one Configure-Request. It takes effect only when we acknowledge the
 * request. */
struct opt_peer {
	uint16_t mru;
	uint8_t flags; /* S_TX_PFC, S_TX_ACFC */
	bool looped; /* our own magic number came back */
	uint32_t magic;
	uint64_t ifid;
};

/* One option of one protocol; what is NULL does not apply. */
struct opt_desc {
	uint8_t type;
	uint8_t len; /* of the whole option; another one is answered by a Nak. 0: any */
	bool required; /* asked for by a Nak, once, when the peer leaves it out */
	/* Judge the peer's wish. A wish of the wrong length comes as a reader that is bad, which
	 * reads as zeros. OPT_NAK: the value we would accept was written to want. */
	enum opt_answer (*judge)(
		const struct ppp_ctx *c, struct rd *wish, struct opt_peer *peer, struct wr *want);
	bool (*wanted)(const struct ppp_ctx *c); /* at the start of a negotiation */
	void (*ask)(const struct ppp_ctx *c, struct wr *w); /* our value */
	bool (*nakked)(struct ppp_ctx *c, struct rd *hint); /* false: stop asking for it */
	bool (*rejected)(struct ppp_ctx *c); /* true: go on asking, for another value */
};

struct opt_reply {
	uint8_t code; /* CONF_ACK, CONF_NAK, CONF_REJ; 0: no answer fits the peer's MRU */
	bool asks_absent; /* the Nak holds an option that the peer left out */
	uint16_t len;
	struct opt_peer peer;
	uint8_t bytes[1500];
};

/** Which options to ask for in a negotiation that begins. */
uint16_t opt_wanted(const struct ppp_ctx *c, const struct ppp_kind *k);
/** The options of our Configure-Request. */
void opt_request(const struct ppp_ctx *c, const struct ppp_kind *k, struct wr *w);
/** Judge the options of the peer's Configure-Request and build the answer.
 * @param limit  octets of options that the answer may hold. @return false: malformed, to be
 * discarded. */
bool opt_judge(const struct ppp_ctx *c, const struct ppp_kind *k, const uint8_t *opts, size_t len,
	size_t limit, struct opt_reply *r);
/** Take in the options of a Configure-Nak or -Reject for our request. @return false: malformed,
 * nothing changed. */
bool opt_refused(
	struct ppp_ctx *c, const struct ppp_kind *k, const uint8_t *opts, size_t len, bool reject);

enum opt_answer opt_reject(
	const struct ppp_ctx *c, struct rd *wish, struct opt_peer *peer, struct wr *want);

#endif
