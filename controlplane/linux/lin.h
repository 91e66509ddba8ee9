/* SPDX-License-Identifier: BSD-3-Clause */
/* lin.h - what the files of controlplane/linux/ share. Nobody else includes it. Thread: control
 * only. */
#ifndef CONTROLPLANE_LINUX_LIN_H
#define CONTROLPLANE_LINUX_LIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/linux/linux.h"
#include "controlplane/linux/rtab.h"

struct nl_msg;

#define LIN_FRAME_MAX 9728 /* the largest MTU with room for Ethernet and two tags */

/* A tun or tap device of ours. */
struct lin_tap {
	int fd;
	unsigned ifindex;
	char name[16];
	bool was_up, carrier; /* the port's link: seen up once; what the tap shows now */
};

/* The mirror's socket and where it is in a dump. */
struct lin_mirror {
	int fd;
	uint32_t seq; /* of the dump that is running */
	unsigned step; /* 0: no dump is running, else its part */
	bool again; /* something was lost or changed silently: dump once more */
	bool interrupted; /* the kernel's tables changed below the running part */
};

struct linux_side {
	const struct cfg *cfg;
	struct lin_tap *taps; /* by interface index of dp.h */
	unsigned n_taps;
	struct lin_tap lns0;
	int ctl_fd; /* requests to the kernel */
	uint32_t ctl_seq;
	bool no_ipv6; /* this kernel runs without */
	struct lin_mirror mirror;
	struct rtab *rtab;
	char (*quiet)[32]; /* Linux interfaces that got an ingress drop */
	unsigned n_quiet;
	struct linux_counters count;
	uint64_t refused; /* routes that did not fit, as of the last tick */
	uint8_t *buf; /* for frames and netlink messages */
};

#define LIN_BUF (256 * 1024)

/** One log line: event=linux text="..." */
void lin_log(enum cfg_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** "192.0.2.1/24" into a static buffer that the next call overwrites. */
const char *lin_prefix_str(const struct cfg_prefix *p);
/** Write a sysctl: value to /proc/sys/<path made of fmt>. @return 0 or -errno. */
int lin_sysctl(const char *value, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** Read the first character of a sysctl. @return it or -errno. */
int lin_sysctl_get(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* nl.c: requests */
int lin_nl_open(uint32_t groups);
/** Send msg and wait for the kernel's answer (start only). Frees msg. @return 0 or -errno. */
int lin_nl_talk_take(struct linux_side *l, struct nl_msg *msg);
int lin_addr_add(struct linux_side *l, unsigned ifindex, const struct cfg_prefix *a);
int lin_route_add(struct linux_side *l, unsigned ifindex, const struct cfg_prefix *p);
int lin_link_up(struct linux_side *l, unsigned ifindex);
/** Have the kernel use (hence probe) a neighbour. Does not wait. */
void lin_probe(struct linux_side *l, unsigned ifindex, uint8_t family, const uint8_t *addr);

/* tap.c */
int lin_taps_open(struct linux_side *l);
int lin_lns0_open(struct linux_side *l);
void lin_taps_close(struct linux_side *l);
void lin_tap_read(struct linux_side *l, unsigned ifx);
void lin_lns0_read(struct linux_side *l);
/** Show the port's link state on the tap. */
void lin_taps_carrier(struct linux_side *l);

/* quiet.c */
int lin_quiet(struct linux_side *l);
void lin_unquiet(struct linux_side *l);

/* mirror.c */
int lin_mirror_start(struct linux_side *l);
void lin_mirror_stop(struct linux_side *l);
void lin_mirror_read(struct linux_side *l);
void lin_mirror_tick(struct linux_side *l);
/** Take everything from the kernel once more, then sweep what it no longer has. */
void lin_mirror_redump(struct linux_side *l);

#endif
