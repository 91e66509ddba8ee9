/* SPDX-License-Identifier: BSD-3-Clause */
/* codec.h - the bytes that lacsim sends and reads: L2TP header and AVPs, IPv4, IPv6, UDP, ICMP. Pure.
 * Written for the simulator alone: it shares no code with lnsd but the cursor, so that each checks the other. */
#ifndef LACSIM_CODEC_H
#define LACSIM_CODEC_H

#include "ppp/wire.h"

#define SIM_DGRAM 2048 /* room for one datagram */

enum {
	MSG_SCCRQ = 1,
	MSG_SCCRP,
	MSG_SCCCN,
	MSG_STOPCCN,
	MSG_HELLO = 6,
	MSG_ICRQ = 10,
	MSG_ICRP,
	MSG_ICCN,
	MSG_CDN = 14
};
enum {
	AVP_MESSAGE_TYPE = 0,
	AVP_RESULT_CODE = 1,
	AVP_PROTOCOL_VERSION = 2,
	AVP_FRAMING_CAPS = 3,
	AVP_BEARER_CAPS = 4,
	AVP_FIRMWARE = 6,
	AVP_HOST_NAME = 7,
	AVP_VENDOR_NAME = 8,
	AVP_TUNNEL_ID = 9,
	AVP_WINDOW = 10,
	AVP_CHALLENGE = 11,
	AVP_CHALLENGE_RESPONSE = 13,
	AVP_SESSION_ID = 14,
	AVP_CALL_SERIAL = 15,
	AVP_FRAMING_TYPE = 19,
	AVP_CALLED_NUMBER = 21,
	AVP_CALLING_NUMBER = 22,
	AVP_TX_SPEED = 24,
	AVP_SEQUENCING_REQUIRED = 39,
};

struct l2tp_head {
	bool control, has_seq;
	uint16_t tunnel, session, ns, nr;
};

/* Fields at fixed places in room that is known to suffice: each returns where the next field goes. */
static inline uint8_t *put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static inline uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, (uint16_t)(v >> 16)), (uint16_t)v);
}

static inline uint8_t *put64(uint8_t *p, uint64_t v)
{
	return put32(put32(p, (uint32_t)(v >> 32)), (uint32_t)v);
}

/** Read the header (RFC 2661 s3.1); what follows stays in r. @return false: not L2TPv2, or cut short. */
bool l2tp_head_read(struct rd *r, struct l2tp_head *h);
/** Start a control message; finish it with control_end(). */
void control_begin(struct wr *w, uint16_t tunnel, uint16_t session, uint16_t type);
/** Write the length that control_begin() left open. @return the octets written from start, 0 when they did not fit. */
size_t control_end(struct wr *w, uint8_t *start);
/** Put Ns and Nr into a control message that is sent now. */
void control_stamp(uint8_t *msg, uint16_t ns, uint16_t nr);
/** The message type that control_begin() wrote. */
uint16_t control_type(const uint8_t *msg, size_t len);
void avp_bytes(struct wr *w, uint16_t type, bool mandatory, const void *value, size_t len);
void avp_u16(struct wr *w, uint16_t type, uint16_t value);
void avp_u32(struct wr *w, uint16_t type, uint32_t value);

/** What lacsim wants to know of a control message. */
struct control {
	uint16_t type; /* 0: a ZLB */
	uint16_t tunnel_id, session_id, window, result, error;
	struct rd challenge, response;
	char text[64]; /* of a Result Code */
};

/** Read all AVPs. @return false: malformed, or a mandatory one is hidden (lacsim asks for none). */
bool control_read(struct rd *r, struct control *c);
/** RFC 2661 s4.4.3 Challenge Response: MD5(id, secret, challenge). */
void md5_response(uint8_t out[16], uint8_t id, const void *secret, size_t secret_len,
	const void *challenge, size_t len);

struct flow {
	bool v6;
	uint8_t src[16], dst[16]; /* IPv4: the first 4 octets */
	uint16_t sport, dport;
};

#define FLOW_HEAD_MAX 48 /* IPv6 + UDP */

/** Octets of IP and UDP header before the payload. */
size_t flow_head(const struct flow *f);
/** Write IP and UDP header and checksums round the payload that already lies at out + flow_head(). @return total octets */
size_t flow_write(const struct flow *f, uint8_t *out, size_t payload_len, uint16_t ident);

enum ip_kind { IP_UDP, IP_ECHO_REQUEST, IP_ROUTER_ADVERTISEMENT, IP_OTHER, IP_BAD };

/** Classify one IP packet and check every checksum it has. For IP_UDP f and *payload are set; *len may shrink. */
enum ip_kind ip_read(const uint8_t *ip, size_t *len, struct flow *f, struct rd *payload);
/** Turn an ICMP or ICMPv6 echo request of len octets into its reply, in place. */
void echo_reply(uint8_t *ip, size_t len);
/** Write a Router Solicitation from the link-local address of interface identifier iid. @return octets. */
size_t router_solicitation(uint8_t *out, size_t size, uint64_t iid);
/** Read the first autonomous /64 prefix of a router advertisement that ip_read() named so. */
bool ra_prefix(const uint8_t *ip, size_t len, uint8_t prefix[8]);

#endif
