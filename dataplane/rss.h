/* SPDX-License-Identifier: BSD-3-Clause */
/* rss.h - how a port spreads packets over its receive queues: what is asked of it, what it does, and
 * which queue brings an address. Queue q is polled by worker q mod workers (port.c). Thread: control. */
#ifndef DATAPLANE_RSS_H
#define DATAPLANE_RSS_H

#include <stdbool.h>
#include <stdint.h>

struct rte_eth_conf;
struct rte_eth_dev_info;
struct rte_mbuf;

/** Choose what the port shall hash, and add it to its configuration. access: tunnels may end on it.
 * The key that conf points to lives as long as the port. */
void rss_plan(uint16_t port, const struct rte_eth_dev_info *info, uint16_t n_rxq, bool access,
	struct rte_eth_conf *conf);
/** The port refused the configuration: leave our key out of it. @return false: it was not in it. */
bool rss_without_key(struct rte_eth_conf *conf);
/** The port runs: set its flow rules, and read back what it does. */
void rss_started(uint16_t port);
void rss_stopped(uint16_t port);
/** "flow-l2tpv2", "rss-l2tpv2", "rss-destination", "rss" or "none". */
const char *rss_name(uint16_t port);
/** Does it spread a tunnel's data by session? Then no queue carries the tunnel. */
bool rss_by_session(uint16_t port);
/** A frame that came to control as it was received: compare the port's hash with ours. */
void rss_learn(const struct rte_mbuf *m);
/** Is there a port of which we know where it brings an IPv4 destination? */
bool rss_leads(void);
/** Do all these ports bring this destination (network order) to this worker? */
bool rss_lands(uint32_t ip4_be, unsigned int worker);

#endif
