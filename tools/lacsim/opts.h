/* SPDX-License-Identifier: BSD-3-Clause */
/* opts.h - what the command line of lacsim says, as one struct. */
#ifndef LACSIM_OPTS_H
#define LACSIM_OPTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

enum sim_auth { SIM_AUTH_ANY, SIM_AUTH_PAP, SIM_AUTH_CHAP };
enum sim_teardown { SIM_TEARDOWN_STOPCCN, SIM_TEARDOWN_CDN, SIM_TEARDOWN_NONE };

struct sim_addr {
	struct sockaddr_storage sa;
	socklen_t len; /* 0: not set */
};

struct sim_net {
	uint32_t ip; /* host order; 0: not set */
	uint8_t prefix_len;
};

struct sim_opts {
	struct sim_addr lns, bind, echo_to;
	uint16_t source_port; /* 0: ephemeral; else tunnel t uses source_port + t */
	bool one_socket;
	uint32_t tunnels, sessions;
	const char *user, *password; /* "%d" is the number */
	const char *secret, *host_name;
	enum sim_auth auth;
	uint32_t hello_s;
	uint16_t window, mru;
	bool ipv6, length_bit, sequencing, eager;
	uint32_t rate;      /* new sessions per second, 0: no limit */
	uint32_t in_flight; /* sessions being set up at once */
	uint32_t timeout_s; /* to bring all sessions up */
	uint32_t traffic_s, pps, size, drain_ms;
	bool peer_to_peer, traffic6;
	uint32_t hold_s;
	bool keep;
	enum sim_teardown teardown;
	uint64_t seed;
	uint32_t generation;
	uint64_t max_loss;
	uint32_t min_up; /* sessions that must be up; default: all */
	const char *json, *list;
	bool progress, core_echo;
	/* lacsim-dpdk only */
	const char *port, *core_port, *eal, *phases;
	struct sim_net address, core_address;
	uint32_t gateway, core_gateway; /* host order; 0: none */
	uint32_t lacs, queues, memory_mb;
	int cpu; /* -1: the first that we may run on */
	bool hugepages, polite;
};

/** Read the command line. @return 0: go on; 1: --help or --version was answered; -1: an error was printed. */
int sim_opts_parse(struct sim_opts *o, int argc, char **argv, FILE *out, FILE *err);
/** Read "192.0.2.1", "192.0.2.1:1701", "2001:db8::1" or "[2001:db8::1]:1701". @return 0 or -EINVAL. */
int sim_addr_parse(struct sim_addr *a, const char *text, uint16_t default_port);
/** Copy pattern to out (terminated) with its first "%d" replaced by number. @return the length, cut to size - 1. */
size_t sim_numbered(char *out, size_t size, const char *pattern, uint32_t number);

#endif
