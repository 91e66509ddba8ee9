/* SPDX-License-Identifier: BSD-3-Clause */
/* garbage.c - sends datagrams that no LAC sends to UDP/1701 of an LNS: random bytes behind a plausible or a random header,
 * and good control and data messages with some bytes changed, cut off or doubled. Seeded: the same seed sends the same.
 * It also keeps one good tunnel open (SCCRQ, SCCCN), so that mutated messages reach the states behind the first one.
 * Bounded: sends what it is told to, at --rate per second, from a few source ports of this host, and ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORTS   8
#define MAX_LEN 1400

enum {
	SCCRQ = 1,
	SCCCN = 3,
	STOPCCN = 4,
	HELLO = 6,
	ICRQ = 10,
	ICCN = 12,
	CDN = 14,
};

struct msg {
	uint8_t b[MAX_LEN];
	size_t len;
};

static uint64_t seed = 1;
static int sock[PORTS];
static uint16_t tunnel, ns; /* the LNS's id of our good tunnel; 0 = none */

static uint32_t rnd(uint32_t below)
{
	/* xorshift64*: quick, seeded, the same everywhere */
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)((seed * 0x2545f4914f6cdd1dULL) >> 32) % below;
}

static void put16(struct msg *m, uint16_t v)
{
	m->b[m->len++] = (uint8_t)(v >> 8);
	m->b[m->len++] = (uint8_t)v;
}

static void avp(struct msg *m, uint16_t type, const void *value, size_t len)
{
	put16(m, (uint16_t)(0x8000 | (6 + len)));
	put16(m, 0);
	put16(m, type);
	memcpy(m->b + m->len, value, len);
	m->len += len;
}

static void avp16(struct msg *m, uint16_t type, uint16_t v)
{
	uint16_t be = htons(v);

	avp(m, type, &be, 2);
}

static void avp32(struct msg *m, uint16_t type, uint32_t v)
{
	uint32_t be = htonl(v);

	avp(m, type, &be, 4);
}

/* A good control message of this type, in our tunnel if there is one. */
static struct msg control(uint16_t type, uint16_t session)
{
	struct msg m = {.len = 0};
	uint8_t challenge[16];

	put16(&m, 0xc802);
	put16(&m, 0);
	put16(&m, type == SCCRQ ? 0 : tunnel);
	put16(&m, session);
	put16(&m, type == SCCRQ ? 0 : ns);
	put16(&m, type == SCCRQ ? 0 : 1);
	avp16(&m, 0, type);
	switch (type) {
	case SCCRQ:
		avp16(&m, 2, 0x0100);
		avp(&m, 7, "garbage", 7);
		avp32(&m, 3, 3);
		avp16(&m, 9, (uint16_t)(1 + rnd(65535)));
		avp16(&m, 10, 16);
		for (size_t i = 0; i < sizeof(challenge); i++)
			challenge[i] = (uint8_t)rnd(256);
		avp(&m, 11, challenge, sizeof(challenge));
		break;
	case STOPCCN:
		avp16(&m, 9, (uint16_t)(1 + rnd(65535)));
		avp(&m, 1, "\0\1", 2);
		break;
	case ICRQ:
		avp16(&m, 14, (uint16_t)(1 + rnd(65535)));
		avp32(&m, 15, rnd(1000));
		avp(&m, 22, "5551234", 7);
		break;
	case ICCN:
		avp32(&m, 24, 10000000);
		avp32(&m, 19, 1);
		break;
	case CDN:
		avp(&m, 1, "\0\3", 2);
		avp16(&m, 14, (uint16_t)(1 + rnd(65535)));
		break;
	default:
		break;
	}
	m.b[2] = (uint8_t)(m.len >> 8);
	m.b[3] = (uint8_t)m.len;
	return m;
}

/* A good data message with an LCP, IPCP, PAP or IP frame in it. */
static struct msg data(void)
{
	static const char *const frames[] = {
		"\xff\x03\xc0\x21\x01\x01\x00\x0e\x01\x04\x05\xdc\x05\x06\x12\x34\x56\x78",
		"\xff\x03\x80\x21\x01\x01\x00\x0a\x03\x06\x00\x00\x00\x00",
		"\xff\x03\xc0\x23\x01\x01\x00\x10\x05\x61\x6c\x69\x63\x65\x05\x77\x6f\x72\x6c\x64",
		"\xff\x03\x00\x21\x45\x00\x00\x14\x00\x01\x00\x00\x40\x11\x00\x00\x0a\x40\x00\x05"
		"\x0a\x40\x00\x06",
	};
	static const size_t lens[] = {18, 14, 20, 24};
	uint32_t i = rnd(4);
	struct msg m = {.len = 0};

	put16(&m, rnd(2) ? 0x4002 : 0x0002);
	if (m.b[0] & 0x40)
		put16(&m, (uint16_t)(8 + lens[i]));
	put16(&m, rnd(4) ? tunnel : (uint16_t)rnd(65536));
	put16(&m, (uint16_t)rnd(65536));
	memcpy(m.b + m.len, frames[i], lens[i]);
	m.len += lens[i];
	return m;
}

static struct msg mutated(void)
{
	static const uint16_t types[] = {
		SCCRQ, SCCRQ, SCCCN, STOPCCN, HELLO, ICRQ, ICRQ, ICCN, CDN};
	static const uint8_t edges[] = {0, 1, 5, 6, 0x7f, 0x80, 0xff};
	struct msg m = rnd(4) ? control(types[rnd(9)], rnd(2) ? 0 : (uint16_t)rnd(65536)) : data();
	uint32_t changes = 1 + rnd(4);

	while (changes--) {
		uint32_t at = rnd((uint32_t)m.len);

		switch (rnd(5)) {
		case 0:
			m.b[at] ^= (uint8_t)(1U << rnd(8));
			break;
		case 1:
			m.b[at] = edges[rnd(sizeof(edges))];
			break;
		case 2:
			m.b[at] = (uint8_t)rnd(256);
			break;
		case 3:
			m.len = at ? at : 1;
			break;
		default: /* the rest once more */
			if (m.len + (m.len - at) > MAX_LEN)
				break;
			memcpy(m.b + m.len, m.b + at, m.len - at);
			m.len += m.len - at;
		}
	}
	if (rnd(2) && m.len >= 4 && m.b[0] & 0x40) { /* half of them with a Length that fits */
		m.b[2] = (uint8_t)(m.len >> 8);
		m.b[3] = (uint8_t)m.len;
	}
	return m;
}

static struct msg random_bytes(void)
{
	struct msg m = {.len = rnd(20) ? rnd(120) : rnd(MAX_LEN)};

	for (size_t i = 0; i < m.len; i++)
		m.b[i] = (uint8_t)rnd(256);
	if (m.len >= 2 && rnd(2)) {
		m.b[0] = rnd(2) ? 0xc8 : 0x40;
		m.b[1] = 2;
	}
	return m;
}

/* Take the answers; an SCCRP gives us a tunnel. */
static void listen_to_lns(void)
{
	uint8_t b[2048];

	for (int i = 0; i < PORTS; i++)
		for (;;) {
			ssize_t len = recv(sock[i], b, sizeof(b), MSG_DONTWAIT);

			if (len < 20)
				break;
			/* message type SCCRP, and somewhere Assigned Tunnel ID: 80 08 00 00 00 09 */
			for (ssize_t at = 20; i == 0 && !tunnel && b[19] == 2 && at + 8 <= len;
				at++)
				if (!memcmp(b + at, "\x80\x08\0\0\0\x09", 6))
					tunnel = (uint16_t)(b[at + 6] << 8 | b[at + 7]);
		}
}

static void send_msg(int s, const struct msg *m)
{
	if (send(s, m->b, m->len, 0) < 0 && errno != ECONNREFUSED && errno != ENOBUFS) {
		perror("send");
		exit(1);
	}
}

static void open_tunnel(void)
{
	struct msg m = control(SCCRQ, 0);

	tunnel = 0;
	send_msg(sock[0], &m);
	for (int i = 0; i < 50 && !tunnel; i++) {
		usleep(2000);
		listen_to_lns();
	}
	ns = 1;
	m = control(SCCCN, 0);
	if (tunnel)
		send_msg(sock[0], &m);
	ns = 2;
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void send_many(unsigned long count, unsigned long rate, bool good_once)
{
	uint64_t began = now_us();

	for (unsigned long i = 0; i < count; i++) {
		struct msg m;

		if (good_once && i % 10000 == 0)
			open_tunnel();
		m = good_once ? mutated() : random_bytes();
		send_msg(sock[good_once && rnd(4) ? 0 : rnd(PORTS)], &m);
		if (i % 64)
			continue;
		listen_to_lns();
		while (now_us() - began < (uint64_t)i * 1000000 / rate)
			usleep(500);
	}
}

static void open_ports(const char *lns)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(1701)};

	if (inet_pton(AF_INET, lns, &to.sin_addr) != 1) {
		fprintf(stderr, "garbage: %s is no IPv4 address\n", lns);
		exit(2);
	}
	for (int i = 0; i < PORTS; i++) {
		sock[i] = socket(AF_INET, SOCK_DGRAM, 0);
		if (sock[i] < 0 || connect(sock[i], (struct sockaddr *)&to, sizeof(to))) {
			perror(lns);
			exit(1);
		}
	}
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"lns", required_argument, NULL, 'l'},
		{"random", required_argument, NULL, 'r'},
		{"mutated", required_argument, NULL, 'm'},
		{"seed", required_argument, NULL, 's'},
		{"rate", required_argument, NULL, 'R'},
		{0},
	};
	unsigned long n_random = 0, n_mutated = 0, rate = 20000;
	const char *lns = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'l':
			lns = optarg;
			break;
		case 'r':
			n_random = strtoul(optarg, NULL, 10);
			break;
		case 'm':
			n_mutated = strtoul(optarg, NULL, 10);
			break;
		case 's':
			seed = strtoul(optarg, NULL, 10);
			break;
		case 'R':
			rate = strtoul(optarg, NULL, 10);
			break;
		default:
			lns = NULL;
			optind = argc + 1;
		}
	if (!lns || optind != argc || !rate || !seed) {
		fputs("usage: garbage --lns IPV4 [--random N] [--mutated N] [--seed S, not 0] "
		      "[--rate PER-SECOND]\n",
			stderr);
		return 2;
	}
	open_ports(lns);
	printf("seed %llu\n", (unsigned long long)seed);
	send_many(n_random, rate, false);
	send_many(n_mutated, rate, true);
	if (tunnel) {
		struct msg m = control(STOPCCN, 0);

		send_msg(sock[0], &m);
	}
	printf("%lu random, %lu mutated datagrams sent\n", n_random, n_mutated);
	return 0;
}
