/* SPDX-License-Identifier: BSD-3-Clause */
/* What a port is asked to spread by, what is made of its answers, and which address lands where. The port is made up: the
 * ethdev functions that rss.c calls are in this file (the linker's --wrap), with a hash of its own, bit by bit. */
#include <string.h>

#include <rte_ethdev.h>
#include <rte_flow.h>

#include "dataplane/inet.h"
#include "dataplane/rss.h"
#include "tables.h"

#define PORT   3
#define QUEUES 2
#define ALL    (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP)

static struct {
	uint8_t key[40];
	uint64_t hf;
	unsigned int first_bit; /* of the key that meets the destination */
	bool flows, no_key;
	unsigned int flows_at_most, rules;
	uint64_t shards; /* that have a rule to their owner's queue */
} nic;

static struct rte_eth_dev_info offers(uint64_t hf)
{
	return (struct rte_eth_dev_info){
		.flow_type_rss_offloads = hf, .hash_key_size = 40, .reta_size = 128};
}

int __wrap_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info);
int __wrap_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info)
{
	assert_int_equal(port, PORT);
	*info = offers(nic.hf);
	return 0;
}

int __wrap_rte_eth_dev_rss_hash_conf_get(uint16_t port, struct rte_eth_rss_conf *conf);
int __wrap_rte_eth_dev_rss_hash_conf_get(uint16_t port, struct rte_eth_rss_conf *conf)
{
	(void)port;
	if (nic.no_key)
		return -ENOTSUP;
	conf->rss_hf = nic.hf;
	memcpy(conf->rss_key, nic.key, sizeof(nic.key));
	return 0;
}

int __wrap_rte_eth_dev_rss_reta_query(
	uint16_t port, struct rte_eth_rss_reta_entry64 *reta, uint16_t size);
int __wrap_rte_eth_dev_rss_reta_query(
	uint16_t port, struct rte_eth_rss_reta_entry64 *reta, uint16_t size)
{
	(void)port;
	for (unsigned int i = 0; i < size; i++)
		reta[i / 64].reta[i % 64] = (uint16_t)(i / 3 % QUEUES);
	return 0;
}

int __wrap_rte_flow_validate(uint16_t port, const struct rte_flow_attr *attr,
	const struct rte_flow_item *pattern, const struct rte_flow_action *actions,
	struct rte_flow_error *error);
int __wrap_rte_flow_validate(uint16_t port, const struct rte_flow_attr *attr,
	const struct rte_flow_item *pattern, const struct rte_flow_action *actions,
	struct rte_flow_error *error)
{
	(void)port;
	(void)error;
	assert_true(attr->ingress);
	assert_int_equal(pattern[3].type, RTE_FLOW_ITEM_TYPE_L2TPV2);
	assert_int_equal(actions[0].type, RTE_FLOW_ACTION_TYPE_QUEUE);
	return nic.flows ? 0 : -ENOTSUP;
}

struct rte_flow *__wrap_rte_flow_create(uint16_t port, const struct rte_flow_attr *attr,
	const struct rte_flow_item *pattern, const struct rte_flow_action *actions,
	struct rte_flow_error *error);
struct rte_flow *__wrap_rte_flow_create(uint16_t port, const struct rte_flow_attr *attr,
	const struct rte_flow_item *pattern, const struct rte_flow_action *actions,
	struct rte_flow_error *error)
{
	const struct rte_flow_action_queue *queue = actions[0].conf;
	const uint8_t *spec = pattern[3].spec, *mask = pattern[3].mask;

	(void)port;
	(void)attr;
	(void)error;
	if (nic.rules == nic.flows_at_most)
		return NULL;
	if (load16(spec) == 0x0002 && pattern[1].type == RTE_FLOW_ITEM_TYPE_IPV4) {
		unsigned int shard = load16(spec + 4) >> DP_SHARD_SHIFT;

		assert_int_equal(load16(mask + 4), 0xfc00);
		assert_int_equal(queue->index, dp_t.shard_owner[shard]);
		nic.shards |= 1ull << shard;
	}
	nic.rules++;
	return (struct rte_flow *)1;
}

int __wrap_rte_flow_destroy(uint16_t port, struct rte_flow *flow, struct rte_flow_error *error);
int __wrap_rte_flow_destroy(uint16_t port, struct rte_flow *flow, struct rte_flow_error *error)
{
	(void)port;
	(void)flow;
	(void)error;
	nic.rules--;
	return 0;
}

/* Toeplitz as its definition says: for each bit that is set, the 32 bits of the key that begin there. */
static uint32_t model_hash(uint32_t ip4)
{
	uint32_t hash = 0;

	for (unsigned int bit = 0; bit < 32; bit++) {
		if (!(ip4 >> (31 - bit) & 1))
			continue;
		for (unsigned int k = 0; k < 32; k++) {
			unsigned int at = nic.first_bit + bit + k;

			hash ^= (uint32_t)(nic.key[at / 8] >> (7 - at % 8) & 1) << (31 - k);
		}
	}
	return hash;
}

static unsigned int model_worker(uint32_t ip4)
{
	return model_hash(ip4) % 128 / 3 % QUEUES;
}

static int setup(void **state)
{
	if (tables_setup(state))
		return -1;
	memset(&nic, 0, sizeof(nic));
	for (unsigned int i = 0; i < sizeof(nic.key); i++)
		nic.key[i] = (uint8_t)(i * 73 + 41);
	nic.flows_at_most = 10000;
	return 0;
}

static int teardown(void **state)
{
	rss_stopped(PORT);
	return tables_teardown(state);
}

static const char *plan(uint64_t hf, uint16_t queues, bool access, struct rte_eth_conf *conf)
{
	const struct rte_eth_dev_info info = offers(hf);

	memset(conf, 0, sizeof(*conf));
	nic.hf = hf;
	rss_plan(PORT, &info, queues, access, conf);
	rss_started(PORT);
	return rss_name(PORT);
}

static void each_port_is_asked_for_the_best_that_it_offers(void **state)
{
	struct rte_eth_conf c;

	(void)state;
	assert_string_equal(plan(ALL, 1, true, &c), "none");
	assert_int_equal(c.rxmode.mq_mode, RTE_ETH_MQ_RX_NONE);
	assert_string_equal(plan(0, QUEUES, true, &c), "none");
	assert_string_equal(plan(ALL, QUEUES, true, &c), "rss");
	assert_int_equal(c.rx_adv_conf.rss_conf.rss_hf, ALL);
	assert_string_equal(plan(ALL | RTE_ETH_RSS_L2TPV2, QUEUES, true, &c), "rss-l2tpv2");
	assert_true(rss_by_session(PORT));
	assert_string_equal(plan(ALL | RTE_ETH_RSS_L2TPV2, QUEUES, false, &c), "rss");
	assert_string_equal(plan(ALL | RTE_ETH_RSS_L3_DST_ONLY, QUEUES, true, &c), "rss");
	assert_string_equal(
		plan(ALL | RTE_ETH_RSS_L3_DST_ONLY, QUEUES, false, &c), "rss-destination");
	assert_int_equal(c.rx_adv_conf.rss_conf.rss_hf, ALL | RTE_ETH_RSS_L3_DST_ONLY);
	assert_int_equal(c.rx_adv_conf.rss_conf.rss_key_len, 40);
	assert_true(rss_without_key(&c));
	assert_false(rss_without_key(&c));
}

static void flow_rules_send_every_shard_to_its_owner(void **state)
{
	struct rte_eth_conf c;

	(void)state;
	nic.flows = true;
	assert_string_equal(plan(ALL, QUEUES, true, &c), "flow-l2tpv2");
	assert_int_equal(nic.shards, UINT64_MAX);
	assert_true(rss_by_session(PORT));
}

static void without_room_for_all_flow_rules_there_are_none(void **state)
{
	struct rte_eth_conf c;

	(void)state;
	nic.flows = true;
	nic.flows_at_most = 40;
	assert_string_equal(plan(ALL, QUEUES, true, &c), "rss");
	assert_int_equal(nic.rules, 0);
	assert_false(rss_by_session(PORT));
}

/* A frame from the port, as control gets it. */
static void frame_comes(uint32_t dst, uint32_t hash)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(dp_t.pool);
	uint8_t *p = (uint8_t *)rte_pktmbuf_append(m, 60);

	memset(p, 0, 60);
	store16(p + 12, 0x0800);
	dst = rte_cpu_to_be_32(dst);
	memcpy(p + 30, &dst, 4);
	m->port = PORT;
	m->hash.rss = hash;
	m->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
	rss_learn(m);
	rte_pktmbuf_free(m);
}

static void addresses_are_chosen_as_the_port_hashes(unsigned int first_bit)
{
	struct rte_eth_conf c;
	unsigned int lands = 0;

	nic.first_bit = first_bit;
	plan(ALL | RTE_ETH_RSS_L3_DST_ONLY, QUEUES, false, &c);
	assert_false(rss_leads());
	frame_comes(0xc0000201, model_hash(0xc0000201));
	assert_true(rss_leads());
	for (uint32_t ip4 = 0x64400000; ip4 < 0x64400400; ip4++) {
		unsigned int worker = model_worker(ip4);

		assert_true(rss_lands(rte_cpu_to_be_32(ip4), worker));
		assert_false(rss_lands(rte_cpu_to_be_32(ip4), !worker));
		lands += worker;
	}
	assert_in_range(lands, 400, 624);
}

static void a_hash_over_the_destination_alone_is_understood(void **state)
{
	(void)state;
	addresses_are_chosen_as_the_port_hashes(0);
}

static void a_hash_with_an_empty_place_for_the_source_is_understood(void **state)
{
	(void)state;
	addresses_are_chosen_as_the_port_hashes(32);
}

static void a_port_that_hashes_otherwise_is_never_believed(void **state)
{
	struct rte_eth_conf c;

	(void)state;
	plan(ALL | RTE_ETH_RSS_L3_DST_ONLY, QUEUES, false, &c);
	frame_comes(0xc0000201, model_hash(0xc0000201));
	assert_true(rss_leads());
	frame_comes(0xc0000202, model_hash(0xc0000202) + 1);
	assert_false(rss_leads());
	frame_comes(0xc0000201, model_hash(0xc0000201));
	assert_false(rss_leads());
}

static void a_port_that_keeps_its_key_secret_leads_nowhere(void **state)
{
	struct rte_eth_conf c;

	(void)state;
	nic.no_key = true;
	plan(ALL | RTE_ETH_RSS_L3_DST_ONLY, QUEUES, false, &c);
	frame_comes(0xc0000201, model_hash(0xc0000201));
	assert_false(rss_leads());
	assert_int_equal(dp_addr4_choices(), 1);
}

static void a_session_gets_an_address_that_lands_at_its_owner(void **state)
{
	struct dp_session_desc d = {
		.slot = 1, .generation = 1, .tunnel = TUNNEL, .tid = TID, .mtu = 1400};
	struct dp_worker_info info;
	struct rte_eth_conf c;
	unsigned int near = 0;
	uint32_t ip4 = 0x64400000;

	(void)state;
	plan(ALL | RTE_ETH_RSS_L3_DST_ONLY, QUEUES, false, &c);
	frame_comes(0xc0000201, model_hash(0xc0000201));
	assert_int_equal(dp_addr4_choices(), DP_ADDR_CHOICES);
	dp_t.shard_owner[5] = 1;
	d.sid = 5 << DP_SHARD_SHIFT | 1;
	assert_int_equal(dp_session_publish(&d), 0);
	for (unsigned int i = 0; i < 100; i++) {
		uint64_t offered[DP_ADDR_CHOICES];

		for (unsigned int k = 0; k < DP_ADDR_CHOICES; k++)
			offered[k] = ip4++;
		near += model_worker(
				(uint32_t)offered[dp_addr4_pick(1, offered, DP_ADDR_CHOICES)]) == 1;
	}
	assert_in_range(near, 90, 100);
	dp_worker_get(1, &info);
	assert_int_equal(info.addresses_near, near);
	assert_int_equal(info.addresses_far, 100 - near);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(each_port_is_asked_for_the_best_that_it_offers),
		T(flow_rules_send_every_shard_to_its_owner),
		T(without_room_for_all_flow_rules_there_are_none),
		T(a_hash_over_the_destination_alone_is_understood),
		T(a_hash_with_an_empty_place_for_the_source_is_understood),
		T(a_port_that_hashes_otherwise_is_never_believed),
		T(a_port_that_keeps_its_key_secret_leads_nowhere),
		T(a_session_gets_an_address_that_lands_at_its_owner),
	};

	return cmocka_run_group_tests_name("rss", tests, tables_group, NULL);
}
