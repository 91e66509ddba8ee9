/* SPDX-License-Identifier: BSD-3-Clause */
/* hdr.h - the L2TP header (RFC 2661 s3.1), control and data. Pure. */
#ifndef CONTROLPLANE_L2TP_HDR_H
#define CONTROLPLANE_L2TP_HDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define L2TP_HDR_CONTROL 12 /* octets of a control header */

struct l2tp_hdr {
	bool control;
	bool sequenced; /* Ns and Nr are there; always so in a control message */
	uint16_t tid, sid; /* the receiver's ids */
	uint16_t ns, nr;
	size_t body, len; /* where what follows the header begins and where it ends, from the datagram's start */
};

enum l2tp_hdr_fault {
	L2TP_HDR_OK,
	L2TP_HDR_BAD,     /* truncated, a length that does not fit, or control without L and S or with O or P */
	L2TP_HDR_VERSION, /* neither L2TPv2 nor L2F */
	L2TP_HDR_L2F,     /* version 1: discarded silently (s8.1) */
};

enum l2tp_hdr_fault l2tp_hdr_decode(const uint8_t *bytes, size_t len, struct l2tp_hdr *h);
/** Write the 12 octets before a control body of body_len octets. */
void l2tp_hdr_encode(uint8_t bytes[L2TP_HDR_CONTROL], uint16_t tid, uint16_t sid, uint16_t ns, uint16_t nr,
	size_t body_len);

#endif
