/* SPDX-License-Identifier: BSD-3-Clause */
/* packets.c - see packets.h. Frames are built here and not by the product's code, and checked byte by byte. A packet of
 * 98 bytes on the L2TP side has 46 bytes of IP inside: Ethernet 14, IPv4 20, UDP 8, L2TP 6, FF 03 and protocol 4.
 * IMIX: 7 x 98, 4 x 570, 1 x 1400. */
#include "tests/bench/packets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD   14
#define PPP    4
#define AROUND (BED_OUTER + PPP) /* of the smallest form */
#define RING   BED_RING
#define PICKS  (1u << 22)
#define UNUSED 64

/* What was put into a buffer. */
struct sent {
	uint32_t session;
	uint16_t len; /* of the IP packet inside */
	bool down;
};
static struct sent sent[RING];
/* [PICKS] sessions, the k-th most frequent 1/k as often as the first. Read from end to end: what is touched between timed
 * parts pushes out of the cache what traffic would have left there. */
static uint32_t *zipf, zipf_at;
static uint16_t (*unused)[UNUSED]; /* by tunnel: session ids that nobody has */
static uint16_t *numbers; /* data sequence number of each session */
static uint8_t payload[2048];

int row_parse(struct row *r, const char *text)
{
	static const struct {
		const char *name;
		size_t at;
	} flags[] = {
#define FLAG(name, field) {name, offsetof(struct row, field)}
		FLAG("v6", v6),
		FLAG("acfc", acfc),
		FLAG("pfc", pfc),
		FLAG("l", length),
		FLAG("s", sequence),
		FLAG("nosrc", no_source_check),
		FLAG("spoofed", spoofed),
		FLAG("unknown", unknown),
		FLAG("policed", policed),
		FLAG("over", over),
		FLAG("noclamp", no_clamp),
		FLAG("csum", checksum),
		FLAG("offload", offload),
		FLAG("free", freed),
#undef FLAG
	};
	static const char *const kinds[] = {
		"macswap", "A", "floor-up", "floor-down", "up", "down", "mixed"};
	char copy[96], *save, *word;
	unsigned int k;

	*r = (struct row){.frame = 98, .burst = BURST};
	snprintf(r->text, sizeof(r->text), "%s", text);
	snprintf(copy, sizeof(copy), "%s", text);
	word = strtok_r(copy, ",", &save);
	for (k = 0; k < RTE_DIM(kinds) && word; k++)
		if (!strcmp(word, kinds[k]))
			break;
	if (!word || k == RTE_DIM(kinds))
		goto unknown;
	r->kind = (enum row_kind)k;
	while ((word = strtok_r(NULL, ",", &save))) {
		bool found = true;

		for (k = 0; k < RTE_DIM(flags); k++)
			if (!strcmp(word, flags[k].name))
				break;
		if (k < RTE_DIM(flags))
			*((bool *)r + flags[k].at) = true;
		else if (!strcmp(word, "frame=imix"))
			r->frame = 0;
		else if (!strncmp(word, "frame=", 6))
			r->frame = (uint16_t)atoi(word + 6);
		else if (!strncmp(word, "burst=", 6))
			r->burst = (uint16_t)atoi(word + 6);
		else if (!strcmp(word, "zipf"))
			r->pick = PICK_ZIPF;
		else if (!strcmp(word, "hot"))
			r->pick = PICK_HOT;
		else if (!strcmp(word, "tcp"))
			r->proto = PROTO_TCP;
		else if (!strcmp(word, "syn"))
			r->proto = PROTO_SYN;
		else
			found = false;
		if (!found)
			goto unknown;
	}
	if (r->burst && r->burst <= BURST && (!r->frame || (r->frame >= 98 && r->frame <= 1400)) &&
		RING % r->burst == 0)
		return 0;
unknown:
	fprintf(stderr, "inproc: %s: not a row\n", text);
	return -1;
}

bool row_drops(const struct row *r)
{
	return r->spoofed || r->unknown || r->over;
}

static uint16_t row_flags(const struct row *r)
{
	return (uint16_t)(S_V4 | S_V6 | (r->no_clamp ? 0 : S_MSS_CLAMP) |
		(r->no_source_check ? S_NO_SRC_CHECK : 0) | (r->acfc ? S_TX_ACFC : 0) |
		(r->pfc ? S_TX_PFC : 0) | (r->sequence ? S_TX_SEQ : 0) |
		(r->policed || r->over ? S_POLICED : 0));
}

void row_apply(const struct row *r)
{
	/* over: no room, and each session one unit ahead of a clock that nearly stands still */
	const struct dp_rates within = {.up = 1,
				      .down = 1,
				      .room = 1u << 18,
				      .most = 1u << 18,
				      .shift = 30},
			      over = {.up = 1, .down = 1, .most = 1u << 18, .shift = 40};

	bed_set_flags(row_flags(r), r->checksum, r->offload);
	dp_t.rates[1] = r->over ? over : within;
	for (uint32_t i = 0; i < bed.sessions && (r->policed || r->over); i++) {
		struct dp_session *s = &dp_t.session[bed.session[i].slot];

		s->rates = 1;
		s->up_full = s->down_full =
			((bed.w->now_ns >> dp_t.rates[1].shift) + (r->over ? 2 : 0)) &
			((1u << BUCKET_BITS) - 1);
	}
}

void packets_init(bool with_zipf)
{
	double *sum, total = 0;
	uint32_t *who;

	for (unsigned int i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + (i >> 8));
	numbers = calloc(bed.sessions, sizeof(*numbers));
	if (!with_zipf)
		return;
	zipf = malloc(PICKS * sizeof(*zipf));
	sum = malloc(bed.sessions * sizeof(*sum));
	who = malloc(bed.sessions * sizeof(*who));
	for (uint32_t i = 0; i < bed.sessions; i++) {
		uint32_t j = (uint32_t)(bed_random() % (i + 1));

		sum[i] = total += 1.0 / (i + 1);
		who[i] = who[j];
		who[j] = i;
	}
	for (uint32_t i = 0; i < PICKS; i++) {
		double at = (double)(bed_random() >> 11) / 9007199254740992.0 * total;
		uint32_t low = 0, high = bed.sessions - 1;

		while (low < high) {
			uint32_t middle = (low + high) / 2;

			if (sum[middle] < at)
				low = middle + 1;
			else
				high = middle;
		}
		zipf[i] = who[low];
	}
	free(sum);
	free(who);
}

static uint32_t pick(const struct row *r)
{
	switch (r->pick) {
	case PICK_ZIPF:
		return zipf[zipf_at++ & (PICKS - 1)];
	case PICK_HOT:
		return bed.sessions / 2;
	default:
		return (uint32_t)(bed_random() % bed.sessions);
	}
}

static uint16_t inner_len(const struct row *r)
{
	uint32_t dice = (uint32_t)(bed_random() >> 20) % 12;

	if (r->frame)
		return (uint16_t)(r->frame - AROUND);
	return dice < 7 ? 98 - AROUND : dice < 11 ? 570 - AROUND : 1400 - AROUND;
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* RFC 1071, word by word, host order. */
static uint32_t sum16(const uint8_t *p, unsigned int n, uint32_t sum)
{
	for (unsigned int i = 0; i + 1 < n; i += 2)
		sum += get16(p + i);
	if (n & 1)
		sum += (uint32_t)p[n - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void ip4_header(uint8_t *p, uint32_t src, uint32_t dst, uint16_t len, uint8_t proto)
{
	static const uint8_t head[20] = {0x45, [6] = 0x40, [8] = 64};

	memcpy(p, head, sizeof(head));
	put16(p + 2, len);
	p[9] = proto;
	put32(p + 12, src);
	put32(p + 16, dst);
	put16(p + 10, (uint16_t)~sum16(p, 20, 0));
}

static void ip6_header(uint8_t *p, const struct row *r, uint32_t session, bool down, uint16_t len)
{
	uint64_t own = BED_PREFIX6 + session + (r->spoofed || r->no_source_check ? 1u << 16 : 0) +
		(r->unknown && down ? bed.sessions : 0);
	uint8_t *near = p + (down ? 24 : 8), *far = p + (down ? 8 : 24);

	memset(p, 0, 40);
	p[0] = 0x60;
	put16(p + 4, (uint32_t)len - 40);
	p[6] = r->proto == PROTO_UDP ? 17 : 6;
	p[7] = 64;
	put32(near, (uint32_t)(own >> 32));
	put32(near + 4, (uint32_t)own);
	near[15] = 9;
	put32(far, 0x26200000);
	put32(far + 4, (uint32_t)bed_random());
	far[15] = 1;
}

/* What the layer above IP holds: the ring's index and the session, then the pattern. */
static void upper(uint8_t *p, const struct row *r, uint32_t i, uint16_t len)
{
	uint8_t head[24] = {0};

	if (r->proto == PROTO_UDP) {
		put16(head, 5000);
		put16(head + 2, 53);
		put16(head + 4, len);
		put16(head + 8, i);
		put32(head + 10, sent[i].session);
	} else {
		put32(head + 4, sent[i].session);
		head[12] = 0x60;
		head[13] = r->proto == PROTO_SYN ? 0x02 : 0x10;
		head[20] = 2; /* maximum segment size */
		head[21] = 4;
		put16(head + 22, 1460); /* more than fits: it is lowered */
	}
	memcpy(p, payload, len);
	memcpy(p, head, RTE_MIN(len, r->proto == PROTO_UDP ? 14u : 24u));
}

/* Of the pool, and no session's; one of as many as there are sessions, so that both touch as much of the index. */
static uint32_t unused_address(void)
{
	uint32_t used = (dp_t.max_sessions / DP_BLOCK + 2) * DP_BLOCK, rest = (1u << 20) - used;

	return BED_POOL + used + (uint32_t)(bed_random() % RTE_MIN(rest, bed.sessions));
}

/* The IP packet of buffer i, before (hops 64) it passed us. */
static void inner(uint8_t *p, const struct row *r, uint32_t i)
{
	uint32_t session = sent[i].session, own = bed_address(bed.session[session].slot);
	uint32_t far = BED_CORENET + (uint32_t)(bed_random() & 0xffff);
	bool down = sent[i].down;
	uint16_t len = sent[i].len;

	if (r->v6) {
		ip6_header(p, r, session, down, len);
		upper(p + 40, r, i, (uint16_t)(len - 40));
		return;
	}
	if (r->spoofed || r->no_source_check)
		own = BED_IP(10, 240, 0, 1);
	if (r->unknown && down)
		own = unused_address();
	ip4_header(p, down ? far : own, down ? own : far, len, r->proto == PROTO_UDP ? 17 : 6);
	upper(p + 20, r, i, (uint16_t)(len - 20));
}

static uint16_t find_unused_sid(uint32_t tunnel)
{
	uint32_t first = tunnel * BED_PER_TUNNEL;
	uint32_t end = RTE_MIN(first + BED_PER_TUNNEL, bed.sessions);
	uint16_t sid;
	uint32_t i;

	do {
		sid = (uint16_t)(1 + bed_random() % UINT16_MAX);
		for (i = first; i < end && bed.session[i].sid != sid; i++)
			;
	} while (i < end);
	return sid;
}

static uint16_t unused_sid(uint32_t session)
{
	if (!unused) {
		unused = calloc(bed.tunnels, sizeof(*unused));
		for (uint32_t i = 0; i < bed.tunnels * UNUSED; i++)
			unused[i / UNUSED][i % UNUSED] = find_unused_sid(i / UNUSED);
	}
	return unused[bed_tunnel_of(session)][bed_random() % UNUSED];
}

/* The L2TP data header and the PPP framing in front of the packet. @return where the IP packet goes. */
static uint8_t *l2tp_header(uint8_t *p, const struct row *r, uint32_t session, uint16_t sid)
{
	put16(p, 2u | (r->length ? 0x4000 : 0) | (r->sequence ? 0x0800 : 0));
	p += r->length ? 4 : 2;
	put16(p, bed.session[session].tid);
	put16(p + 2, sid);
	p += 4;
	if (r->sequence) {
		put16(p, numbers[session]++);
		put16(p + 2, 0);
		p += 4;
	}
	if (!r->acfc) {
		put16(p, 0xff03);
		p += 2;
	}
	if (!r->pfc)
		*p++ = 0;
	*p++ = r->v6 ? 0x57 : 0x21;
	return p;
}

static void ethernet(uint8_t *p, unsigned int ifx, const uint8_t *from, bool v6)
{
	memcpy(p, &dp_t.iface[ifx].mac, 6);
	memcpy(p + 6, from, 6);
	put16(p + 12, v6 ? 0x86dd : 0x0800);
}

static uint16_t up_frame(uint8_t *p, const struct row *r, uint32_t i)
{
	uint32_t session = sent[i].session;
	uint16_t sid = r->unknown ? unused_sid(session) : bed.session[session].sid;
	uint8_t *l2tp = p + HEAD + 28, *ip = l2tp_header(l2tp, r, session, sid);
	uint16_t len = (uint16_t)(ip - l2tp + sent[i].len);

	inner(ip, r, i);
	if (r->length)
		put16(l2tp + 2, len);
	ethernet(p, BED_ACCESS, bed.lac_mac, false);
	ip4_header(p + HEAD, BED_LACS + bed_tunnel_of(session), BED_LNS, (uint16_t)(len + 28), 17);
	put16(p + HEAD + 20, 1701);
	put16(p + HEAD + 22, 1701);
	put16(p + HEAD + 24, (uint32_t)len + 8);
	put16(p + HEAD + 26, 0);
	return (uint16_t)(HEAD + 28 + len);
}

static void refill_one(const struct row *r, struct rte_mbuf *m, uint32_t i, bool down)
{
	uint8_t *p;

	m->data_off = RTE_PKTMBUF_HEADROOM;
	m->ol_flags = 0;
	m->nb_segs = 1;
	m->next = NULL;
	p = rte_pktmbuf_mtod(m, uint8_t *);
	sent[i] = (struct sent){.session = pick(r), .len = inner_len(r), .down = down};
	if (down) {
		ethernet(p, BED_CORE, bed.router_mac, r->v6);
		inner(p + HEAD, r, i);
		m->data_len = (uint16_t)(HEAD + sent[i].len);
	} else {
		m->data_len = up_frame(p, r, i);
	}
	m->pkt_len = m->data_len;
}

/* The floor's "session id" is the session's number in its tunnel: its table has no other. */
static void floor_ids(const struct rte_mbuf *m, uint32_t session)
{
	put16(rte_pktmbuf_mtod_offset(m, uint8_t *, BED_OUTER - 2), session % BED_PER_TUNNEL);
}

void packets_refill(const struct row *r)
{
	bool down = r->kind == ROW_DOWN || r->kind == ROW_FIB || r->kind == ROW_FLOOR_DOWN;
	uint32_t half = r->kind == ROW_MIXED ? RING / 2 : down ? 0 : RING;

	bed_fill_ring();
	for (uint32_t i = 0; i < RING; i++) {
		refill_one(r, bed.ring[i], i, i >= half);
		if (r->kind == ROW_FLOOR_UP)
			floor_ids(bed.ring[i], sent[i].session);
	}
	bed.feed[BED_ACCESS] = (struct bed_feed){.m = bed.ring, .n = half, .most = r->burst};
	bed.feed[BED_CORE] =
		(struct bed_feed){.m = bed.ring + half, .n = RING - half, .most = r->burst};
	if (r->kind == ROW_MIXED)
		bed.feed[0].most = bed.feed[1].most = r->burst / 2;
	bed.free_sent = r->freed || row_drops(r);
	bed.sent = 0;
}

static const char *wrong_hop(const struct row *r, const uint8_t *p, uint32_t i)
{
	uint32_t own = bed_address(bed.session[sent[i].session].slot);
	uint16_t len = sent[i].len, head = r->v6 ? 40 : 20;
	unsigned int from = r->proto == PROTO_UDP ? 14 : 24;

	if (p[r->v6 ? 7 : 8] != 63)
		return "hops left";
	if (!r->v6 && (get16(p + 2) != len || sum16(p, 20, 0) != 0xffff))
		return "IPv4 header inside";
	if (!r->v6 && !r->no_source_check && get32(p + (sent[i].down ? 16 : 12)) != own)
		return "subscriber's address";
	if (r->v6 &&
		get32(p + (sent[i].down ? 28 : 12)) !=
			(uint32_t)(BED_PREFIX6 + sent[i].session +
				(r->no_source_check ? 1u << 16 : 0)))
		return "subscriber's prefix";
	if (r->proto == PROTO_UDP && len >= head + 14u &&
		(get16(p + head + 8) != (uint16_t)i || get32(p + head + 10) != sent[i].session))
		return "packet's number";
	if (len > head + from && memcmp(p + head + from, payload + from, len - head - from))
		return "payload";
	return NULL;
}

static const char *wrong_outer(const struct row *r, const uint8_t *p, uint32_t i, uint16_t len)
{
	const uint8_t *udp = p + 20;
	uint32_t sum = 17u + len - 20;

	if (p[0] != 0x45 || get16(p + 2) != len || p[8] != 64 || p[9] != 17)
		return "outer IPv4 header";
	if (!r->offload && sum16(p, 20, 0) != 0xffff)
		return "outer IPv4 checksum";
	if (get32(p + 12) != BED_LNS || get32(p + 16) != BED_LACS + bed_tunnel_of(sent[i].session))
		return "outer addresses";
	if (get32(udp) != (1701u << 16 | 1701u) || get16(udp + 4) != len - 20)
		return "UDP header";
	if (!r->checksum && get16(udp + 6))
		return "UDP checksum where none is wanted";
	if (r->checksum && !r->offload && sum16(udp, len - 20u, sum16(p + 12, 8, sum)) != 0xffff)
		return "UDP checksum";
	return NULL;
}

static const char *wrong_down(const struct row *r, const struct rte_mbuf *m, uint32_t i)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *), *l2tp = p + HEAD + 28;
	unsigned int at = r->sequence ? 10 : 6, session = sent[i].session;
	const char *what;

	if (memcmp(p, bed.lac_mac, 6) || memcmp(p + 6, &dp_t.iface[BED_ACCESS].mac, 6) ||
		get16(p + 12) != 0x0800)
		return "Ethernet header";
	what = wrong_outer(r, p + HEAD, i, (uint16_t)(m->data_len - HEAD));
	if (what)
		return what;
	if (get16(l2tp) != (r->sequence ? 0x0802 : 2) ||
		get16(l2tp + 2) != bed_tunnel_of(session) + 1 ||
		get16(l2tp + 4) != 1 + session % BED_PER_TUNNEL)
		return "L2TP header";
	if (!r->acfc && get16(l2tp + at) != 0xff03)
		return "PPP address and control";
	at += r->acfc ? 0 : 2;
	if (!r->pfc && l2tp[at++] != 0)
		return "PPP protocol";
	if (l2tp[at++] != (r->v6 ? 0x57 : 0x21))
		return "PPP protocol";
	if (m->data_len != HEAD + 28 + at + sent[i].len)
		return "length";
	return wrong_hop(r, l2tp + at, i);
}

static const char *wrong_up(const struct row *r, const struct rte_mbuf *m, uint32_t i)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);

	if (memcmp(p, bed.router_mac, 6) || memcmp(p + 6, &dp_t.iface[BED_CORE].mac, 6) ||
		get16(p + 12) != (r->v6 ? 0x86dd : 0x0800))
		return "Ethernet header";
	if (m->data_len != HEAD + sent[i].len || m->pkt_len != m->data_len)
		return "length";
	return wrong_hop(r, p + HEAD, i);
}

unsigned int packets_verify(const struct row *r)
{
	unsigned int wrong = 0;

	for (uint32_t i = 0; i < RING && !row_drops(r) && !r->freed; i++) {
		const struct rte_mbuf *m = bed.ring[i];
		const char *what = NULL;

		if (r->kind == ROW_FIB)
			what = wrong_hop(r, rte_pktmbuf_mtod_offset(m, uint8_t *, HEAD), i);
		else if (r->kind >= ROW_UP)
			what = sent[i].down ? wrong_down(r, m, i) : wrong_up(r, m, i);
		if (what && !wrong++)
			fprintf(stderr, "inproc: %s: packet %u of session %u: wrong %s\n", r->text,
				i, sent[i].session, what);
	}
	return wrong;
}
