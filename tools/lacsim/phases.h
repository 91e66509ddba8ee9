/* SPDX-License-Identifier: BSD-3-Clause */
/* phases.h - the language of lacsim-dpdk --phases: what to do, one after the other. Pure. docs/lacsim.md describes it. */
#ifndef LACSIM_PHASES_H
#define LACSIM_PHASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PHASE_PERCENTS  8
#define PHASE_SIZE_MIN  98 /* access side, without FCS */
#define PHASE_SIZE_MAX  1514
#define PHASE_SIZE_IMIX 0

enum phase_kind {
	PHASE_SETUP,
	PHASE_PRETEND,
	PHASE_TRAFFIC,
	PHASE_SEARCH,
	PHASE_LATENCY,
	PHASE_CHURN,
	PHASE_HOLD,
	PHASE_TEARDOWN,
	PHASE_KINDS,
};
enum phase_dir { DIR_NONE, DIR_UP = 1, DIR_DOWN = 2, DIR_BOTH = 3, DIR_LOOP = 4 };
enum phase_pick { PICK_RANDOM, PICK_ZIPF, PICK_HOT };
enum phase_how { HOW_STOPCCN, HOW_CDN, HOW_SILENT };

struct phase {
	enum phase_kind kind;
	enum phase_dir dir;
	enum phase_pick pick;
	enum phase_how how;
	double mpps;      /* 0: as fast as it goes */
	double seconds;
	double trial_s, loss_percent, step_percent, highest_mpps; /* search; highest 0: what `max` reaches */
	uint32_t sessions, tunnels; /* 0: all */
	uint32_t rate;    /* setup, churn: sessions per second; 0: as fast as it goes */
	uint32_t timeout_s;
	uint32_t hot;     /* sessions that PICK_HOT takes */
	uint16_t size;
	uint16_t percent[PHASE_PERCENTS], n_percents;
};

/** Read one phase from *text, which is advanced past it and its separator. err (of err_size octets) gets a sentence.
 * @return 1: a phase was read; 0: nothing is left; -1: an error. */
int phase_next(const char **text, struct phase *p, char *err, size_t err_size);
const char *phase_name(enum phase_kind k);
const char *phase_dir_name(enum phase_dir d);
const char *phase_pick_name(enum phase_pick p);
const char *phase_how_name(enum phase_how h);

#endif
