/* SPDX-License-Identifier: BSD-3-Clause */
/* rss.c - see rss.h. Hardware is asked for as much of the steering as it offers, and then for what it made of it:
 *  access side: a flow rule for each shard of the session ids, to the queue of its owner (rte_flow, L2TPV2
 *    items); else RSS over the L2TPv2 session id, which spreads a tunnel but knows no owner; else addresses
 *    and UDP ports: all of a tunnel on one queue.
 *  core side: RSS over the destination address alone, where the port can: then an address lands on one queue for good, and
 *    an address can be chosen for its session's owner; else addresses and ports.
 * Which bits of the key meet the destination when the source is left out differs between NICs. So nothing is
 * believed until the hash of a packet that came to control agrees with one of the two ways, and nothing any
 * more when one disagrees. Thread: control. Not here: who owns what (owner.c, steer.c). */
#include "dataplane/rss.h"

#include <string.h>

#include <rte_ethdev.h>
#include <rte_flow.h>
#include <rte_thash.h>

#include "dataplane/control.h"
#include "dataplane/inet.h"

#define KEY_LEN      40 /* where the driver does not say */
#define KEY_MAX      128
#define RETA_MAX     2048
#define TYPES        (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP)
#define SHARD_MASK   ((uint16_t)(0xffff << DP_SHARD_SHIFT))
#define L2TP_OPTIONS 0xca0f /* flags and version of data without an Offset field */

enum place { UNKNOWN, FIRST, SECOND, WRONG }; /* of the destination in what is hashed */

struct rss {
	uint16_t n_rxq;
	uint16_t reta_size; /* 0: not known */
	uint8_t key_len; /* 0: not known */
	bool flows;
	enum place place;
	uint64_t hf;
	uint8_t key[KEY_MAX];
	uint16_t reta[RETA_MAX];
};
static struct rss ports[RTE_MAX_ETHPORTS];

static bool by_destination(const struct rss *r)
{
	return r->hf & RTE_ETH_RSS_L3_DST_ONLY;
}

void rss_plan(uint16_t port, const struct rte_eth_dev_info *info, uint16_t n_rxq, bool access,
	struct rte_eth_conf *conf)
{
	const uint64_t offers = info->flow_type_rss_offloads;
	struct rss *r = &ports[port];

	*r = (struct rss){.n_rxq = n_rxq};
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_NONE;
	if (n_rxq < 2)
		return;
	r->hf = offers & (access ? TYPES | RTE_ETH_RSS_L2TPV2 : TYPES | RTE_ETH_RSS_L3_DST_ONLY);
	if (!(r->hf & TYPES) && !(r->hf & RTE_ETH_RSS_L2TPV2))
		r->hf = 0;
	if (!r->hf)
		return;
	r->key_len = (uint8_t)RTE_MIN(info->hash_key_size ? info->hash_key_size : KEY_LEN, KEY_MAX);
	for (unsigned int i = 0; i < r->key_len; i += 32)
		random_bytes(&dp_c.random, r->key + i);
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	if (by_destination(r))
		conf->rxmode.offloads |= info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_RSS_HASH;
	conf->rx_adv_conf.rss_conf = (struct rte_eth_rss_conf){
		.rss_key = r->key,
		.rss_key_len = r->key_len,
		.rss_hf = r->hf,
	};
}

bool rss_without_key(struct rte_eth_conf *conf)
{
	if (!conf->rx_adv_conf.rss_conf.rss_key)
		return false;
	conf->rx_adv_conf.rss_conf.rss_key = NULL;
	conf->rx_adv_conf.rss_conf.rss_key_len = 0;
	return true;
}

/* -- flow rules -- */

/* The headers of data, by the options that they have; each has the session id elsewhere. */
static const struct form {
	uint16_t flags;
	uint8_t sid_at;
} forms[] = {
	{0x0002, offsetof(struct rte_l2tpv2_combined_msg_hdr, type7.session_id)},
	{0x4002, offsetof(struct rte_l2tpv2_combined_msg_hdr, type6.session_id)},
	{0x0802, offsetof(struct rte_l2tpv2_combined_msg_hdr, type5.session_id)},
	{0x4802, offsetof(struct rte_l2tpv2_combined_msg_hdr, type3.session_id)},
};

/* To be filled where it stays: it points into itself. */
struct rule {
	struct rte_flow_item_udp udp, udp_mask;
	struct rte_flow_item_l2tpv2 l2tp, l2tp_mask;
	struct rte_flow_item pattern[5];
	struct rte_flow_action_queue queue;
	struct rte_flow_action actions[2];
};
static const struct rte_flow_attr ingress = {.ingress = 1};

/* Data with this form of header and of this shard go to the queue of the shard's owner. */
static void rule_make(struct rule *r, const struct form *form, bool ip6, unsigned int shard)
{
	memset(r, 0, sizeof(*r));
	r->udp.hdr.dst_port = RTE_BE16(L2TP_PORT);
	r->udp_mask.hdr.dst_port = RTE_BE16(0xffff);
	store16((uint8_t *)&r->l2tp, form->flags);
	store16((uint8_t *)&r->l2tp_mask, L2TP_OPTIONS);
	store16((uint8_t *)&r->l2tp + form->sid_at, (uint16_t)(shard << DP_SHARD_SHIFT));
	store16((uint8_t *)&r->l2tp_mask + form->sid_at, SHARD_MASK);
	r->pattern[0].type = RTE_FLOW_ITEM_TYPE_ETH;
	r->pattern[1].type = ip6 ? RTE_FLOW_ITEM_TYPE_IPV6 : RTE_FLOW_ITEM_TYPE_IPV4;
	r->pattern[2] = (struct rte_flow_item){
		.type = RTE_FLOW_ITEM_TYPE_UDP, .spec = &r->udp, .mask = &r->udp_mask};
	r->pattern[3] = (struct rte_flow_item){
		.type = RTE_FLOW_ITEM_TYPE_L2TPV2, .spec = &r->l2tp, .mask = &r->l2tp_mask};
	r->pattern[4].type = RTE_FLOW_ITEM_TYPE_END;
	r->queue.index = dp_t.shard_owner[shard];
	r->actions[0] =
		(struct rte_flow_action){.type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &r->queue};
	r->actions[1].type = RTE_FLOW_ACTION_TYPE_END;
}

static bool rule_is_possible(uint16_t port, const struct form *form, bool ip6)
{
	struct rte_flow_error error;
	struct rule r;

	rule_make(&r, form, ip6, 0);
	return rte_flow_validate(port, &ingress, r.pattern, r.actions, &error) == 0;
}

/* All shards of one form of header, or none. */
static bool shard_rules(uint16_t port, const struct form *form, bool ip6)
{
	struct rte_flow *rules[DP_SHARDS];
	struct rte_flow_error error;
	unsigned int n = 0;
	struct rule r;

	if (!rule_is_possible(port, form, ip6))
		return false;
	for (; n < DP_SHARDS; n++) {
		rule_make(&r, form, ip6, n);
		rules[n] = rte_flow_create(port, &ingress, r.pattern, r.actions, &error);
		if (!rules[n])
			break;
	}
	if (n == DP_SHARDS)
		return true;
	while (n--)
		rte_flow_destroy(port, rules[n], &error);
	return false;
}

/* Headers without options are what LACs send; the other forms are welcome. */
static bool set_flows(uint16_t port)
{
	if (ports[port].n_rxq < dp_c.n_workers || dp_c.n_workers < 2 ||
		!shard_rules(port, &forms[0], false))
		return false;
	shard_rules(port, &forms[0], true);
	for (unsigned int i = 1; i < RTE_DIM(forms); i++) {
		shard_rules(port, &forms[i], false);
		shard_rules(port, &forms[i], true);
	}
	return true;
}

/* -- what the port does -- */

static void read_key(uint16_t port, struct rss *r)
{
	struct rte_eth_rss_conf conf = {.rss_key = r->key, .rss_key_len = r->key_len};

	if (rte_eth_dev_rss_hash_conf_get(port, &conf)) {
		r->key_len = 0;
		return;
	}
	r->hf &= conf.rss_hf;
	if (!conf.rss_key)
		r->key_len = 0;
}

static void read_table(uint16_t port, struct rss *r)
{
	struct rte_eth_rss_reta_entry64 part[RETA_MAX / RTE_ETH_RETA_GROUP_SIZE];
	struct rte_eth_dev_info info;

	if (rte_eth_dev_info_get(port, &info) || !info.reta_size || info.reta_size > RETA_MAX)
		return;
	memset(part, 0, sizeof(part));
	for (unsigned int i = 0; i < RTE_DIM(part); i++)
		part[i].mask = UINT64_MAX;
	if (rte_eth_dev_rss_reta_query(port, part, info.reta_size))
		return;
	for (unsigned int i = 0; i < info.reta_size; i++)
		r->reta[i] = part[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE];
	r->reta_size = info.reta_size;
}

void rss_started(uint16_t port)
{
	struct rss *r = &ports[port];

	if (r->n_rxq < 2)
		return;
	if (r->hf) {
		read_key(port, r);
		read_table(port, r);
	}
	if (!by_destination(r))
		r->flows = set_flows(port);
}

void rss_stopped(uint16_t port)
{
	ports[port] = (struct rss){0};
}

const char *rss_name(uint16_t port)
{
	const struct rss *r = &ports[port];

	if (r->flows)
		return "flow-l2tpv2";
	if (r->hf & RTE_ETH_RSS_L2TPV2)
		return "rss-l2tpv2";
	return by_destination(r) ? "rss-destination" : r->hf ? "rss" : "none";
}

bool rss_by_session(uint16_t port)
{
	return port < RTE_MAX_ETHPORTS &&
		(ports[port].flows || (ports[port].hf & RTE_ETH_RSS_L2TPV2));
}

/* -- where a destination lands -- */

static uint32_t hash_of(const struct rss *r, rte_be32_t ip4, enum place place)
{
	uint32_t words[2] = {0, rte_be_to_cpu_32(ip4)};

	return place == FIRST ? rte_softrss(words + 1, 1, r->key) : rte_softrss(words, 2, r->key);
}

static bool leads(const struct rss *r)
{
	return r->place == FIRST || r->place == SECOND;
}

void rss_learn(const struct rte_mbuf *m)
{
	struct rss *r = m->port < RTE_MAX_ETHPORTS ? &ports[m->port] : NULL;
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
	rte_be32_t dst;

	if (!r || !by_destination(r) || !r->key_len || !r->reta_size || r->place == WRONG ||
		!(m->ol_flags & RTE_MBUF_F_RX_RSS_HASH) || m->data_len < 34 ||
		load16(p + 12) != RTE_ETHER_TYPE_IPV4)
		return;
	memcpy(&dst, p + 30, sizeof(dst));
	if (leads(r))
		r->place = m->hash.rss == hash_of(r, dst, r->place) ? r->place : WRONG;
	else if (m->hash.rss == hash_of(r, dst, FIRST))
		r->place = FIRST;
	else if (m->hash.rss == hash_of(r, dst, SECOND))
		r->place = SECOND;
	else
		r->place = WRONG;
}

bool rss_leads(void)
{
	for (unsigned int i = 0; i < RTE_MAX_ETHPORTS; i++)
		if (leads(&ports[i]))
			return true;
	return false;
}

bool rss_lands(uint32_t ip4_be, unsigned int worker)
{
	bool lands = false;

	for (unsigned int i = 0; i < RTE_MAX_ETHPORTS; i++) {
		const struct rss *r = &ports[i];

		if (!leads(r))
			continue;
		if (r->reta[hash_of(r, ip4_be, r->place) % r->reta_size] % dp_c.n_workers != worker)
			return false;
		lands = true;
	}
	return lands;
}
