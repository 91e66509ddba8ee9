/* SPDX-License-Identifier: BSD-3-Clause */
/* fake_dp.h - a dataplane for the tests of the Linux side: it remembers what it was told. Include
 * it in one .c only. */
#ifndef TESTS_FAKE_DP_H
#define TESTS_FAKE_DP_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>

#include "dataplane/dp.h"

#define FAKE_ROUTES 4096
#define FAKE_ADJS   1024

static struct {
	struct dp_if_info ifs[2];
	unsigned n_ifs;
	struct {
		struct cfg_prefix p;
		enum dp_nh nh;
		uint32_t index;
		bool used;
	} route[FAKE_ROUTES];
	unsigned sets, dels;
	struct {
		bool used;
		unsigned ifx;
		uint8_t mac[6];
		uint64_t packets;
		unsigned refs_at_free;
	} adj[FAKE_ADJS];
	unsigned bad_frees, routes_max;
	uint8_t sent[64][2048];
	size_t sent_len[64];
	unsigned sent_if[64], n_sent;
	uint8_t injected[16][2048];
	size_t injected_len[16];
	unsigned n_injected;
} fake;

unsigned dp_if_count(void)
{
	return fake.n_ifs;
}

void dp_if_get(unsigned ifx, struct dp_if_info *info)
{
	*info = fake.ifs[ifx];
}

int dp_if_send(unsigned ifx, const void *frame, size_t len)
{
	unsigned i = fake.n_sent % 64;

	if (len > sizeof(fake.sent[0]))
		return -ENOBUFS;
	memcpy(fake.sent[i], frame, len);
	fake.sent_len[i] = len;
	fake.sent_if[i] = ifx;
	fake.n_sent++;
	return 0;
}

int dp_inject(const void *packet, size_t len)
{
	unsigned i = fake.n_injected++ % 16;

	memcpy(fake.injected[i], packet, len < 2048 ? len : 2048);
	fake.injected_len[i] = len;
	return 0;
}

static int fake_find(const struct cfg_prefix *p)
{
	for (int i = 0; i < FAKE_ROUTES; i++)
		if (fake.route[i].used && memcmp(&fake.route[i].p, p, sizeof(*p)) == 0)
			return i;
	return -1;
}

int dp_route_set(uint16_t vrf, const struct cfg_prefix *p, enum dp_nh type, uint32_t index)
{
	int i = fake_find(p);

	(void)vrf;
	if (type == DP_NH_ADJ && (index >= FAKE_ADJS || !fake.adj[index].used))
		fake.bad_frees++;
	for (int k = 0; i < 0 && k < FAKE_ROUTES; k++)
		if (!fake.route[k].used)
			i = k;
	if (i < 0 || (fake.routes_max && fake_find(p) < 0 && (unsigned)i >= fake.routes_max))
		return -ENOSPC;
	fake.route[i].p = *p;
	fake.route[i].nh = type;
	fake.route[i].index = index;
	fake.route[i].used = true;
	fake.sets++;
	return 0;
}

int dp_route_del(uint16_t vrf, const struct cfg_prefix *p)
{
	int i = fake_find(p);

	(void)vrf;
	fake.dels++;
	if (i < 0)
		return -ENOENT;
	fake.route[i].used = false;
	return 0;
}

uint32_t dp_adj_new(unsigned ifx, const uint8_t mac[6])
{
	for (uint32_t i = 1; i < FAKE_ADJS; i++) {
		if (fake.adj[i].used)
			continue;
		fake.adj[i].used = true;
		fake.adj[i].ifx = ifx;
		fake.adj[i].packets = 0;
		memcpy(fake.adj[i].mac, mac, 6);
		return i;
	}
	return 0;
}

void dp_adj_update(uint32_t adj, const uint8_t mac[6])
{
	memcpy(fake.adj[adj].mac, mac, 6);
}

void dp_adj_free(uint32_t adj)
{
	if (!fake.adj[adj].used)
		fake.bad_frees++;
	for (int i = 0; i < FAKE_ROUTES; i++)
		if (fake.route[i].used && fake.route[i].nh == DP_NH_ADJ &&
			fake.route[i].index == adj)
			fake.bad_frees++; /* a route still points to it */
	fake.adj[adj].used = false;
}

uint64_t dp_adj_used(uint32_t adj)
{
	uint64_t n = fake.adj[adj].packets;

	fake.adj[adj].packets = 0;
	return n;
}

static inline struct cfg_prefix pfx(const char *text)
{
	struct cfg_prefix p = {0};
	char addr[64];
	int len;

	sscanf(text, "%63[^/]/%d", addr, &len);
	p.family = strchr(addr, ':') ? 6 : 4;
	p.len = (uint8_t)len;
	inet_pton(p.family == 4 ? AF_INET : AF_INET6, addr, p.addr);
	return p;
}

/* What the dataplane was told of a prefix, as text: "linux", "adj 0 02:..:05", "subscriber",
 * "drop", "none", "-". */
static inline const char *told(const char *text)
{
	static char out[64];
	struct cfg_prefix p = pfx(text);
	int i = fake_find(&p);
	const uint8_t *m;

	if (i < 0)
		return "-";
	switch (fake.route[i].nh) {
	case DP_NH_NONE:
		return "none";
	case DP_NH_LINUX:
		return "linux";
	case DP_NH_SUBSCRIBER:
		return "subscriber";
	case DP_NH_SESSION:
		return "session";
	case DP_NH_DROP:
		return "drop";
	case DP_NH_ADJ:
		break;
	}
	m = fake.adj[fake.route[i].index].mac;
	snprintf(out, sizeof(out), "adj %u %02x:%02x:%02x:%02x:%02x:%02x",
		fake.adj[fake.route[i].index].ifx, m[0], m[1], m[2], m[3], m[4], m[5]);
	return out;
}

#endif
