/* SPDX-License-Identifier: BSD-3-Clause */
/* gen.h - the state of lacsim-dpdk and the calls between its parts. Single thread, poll mode.
 *   gen.c       phases in order, the turn              gen_phases.c   phases in which sessions come and go
 *   net_dpdk.c  net.c's calls on a port                gen_traffic.c  phases of traffic
 *   port.c      ethdevs, ARP                           blast*.c       traffic at line rate
 *   gen_main.c  the program                            gen_report.c   JSON lines, progress */
#ifndef LACSIM_GEN_H
#define LACSIM_GEN_H

#include "tools/lacsim/blast.h"
#include "tools/lacsim/phases.h"
#include "tools/lacsim/port.h"
#include "tools/lacsim/sim.h"

#include <jansson.h>

struct gen {
	struct sim sim; /* first: sim's callbacks find the rest by it */
	struct port access, core;
	struct blast blast;
	bool has_core, pretending, failed;
	unsigned int phase;          /* number of the one that runs, from 1 */
	uint64_t phase_at;           /* ns */
	uint64_t cpu_at;             /* ns of CPU time when it began */
	uint64_t idle; /* ticks of turns in which there was nothing to do */
	uint64_t tick_at, progress_at;
	double found_mpps[DIR_LOOP + 1]; /* by the last search of each direction; 0: none */
	unsigned int polled; /* packets of the last net_poll() */
	const volatile bool *stop;
	bool (*own_line)(const char *text); /* of gen_line(): for who is more than a generator; true: it was for it */
};

static inline struct gen *gen_of(struct sim *sim)
{
	return (struct gen *)sim;
}

/* gen.c */
/** Open the ports and take the memory that g->sim.o asks for; DPDK runs. @return 0, or -1: an error was printed. gen_end() in
 * both cases. */
int gen_start(struct gen *g);
void gen_end(struct gen *g);
/** Run the phases of a list; with check only read it. @return 0, or -1: it is wrong, and an error was printed. */
int gen_list(struct gen *g, const char *text, bool check);
/** The same of one line; a wrong one is an answer, and g->failed. */
void gen_line(struct gen *g, const char *text);
/** A line at a time from standard input, until its end; everything stays alive meanwhile. */
void gen_stdin(struct gen *g);
/** One turn: what arrived, what is due. @return packets received and sent. */
unsigned int gen_turn(struct gen *g);
/** CPU time of this thread, ns. */
uint64_t gen_cpu_ns(void);
double gen_seconds(const struct gen *g);
double gen_cpu_share(const struct gen *g);
/** Part of the time since phase_at in which there was something to do. */
double gen_busy_share(const struct gen *g);

static inline bool gen_go_on(const struct gen *g)
{
	return !*g->stop;
}

/* gen_phases.c */
/** @return what it found, to be printed; "ok" says whether it went well. */
json_t *phase_run(struct gen *g, const struct phase *p);
/** @return what is printed of a phase that cannot be run. */
json_t *gen_fault(const struct phase *p, const char *why);
/** Turns until the next hops are known. @return false: they are not. */
bool gen_resolve(struct gen *g);
void gen_turns_for(struct gen *g, double seconds);
/** Session i ends with the phase: no traffic for it. */
bool gen_leaves(const struct phase *p, const struct gen *g, uint32_t i);

/* gen_traffic.c */
json_t *phase_traffic(struct gen *g, const struct phase *p);
json_t *phase_search(struct gen *g, const struct phase *p);
json_t *phase_latency(struct gen *g, const struct phase *p);
/** Choose the sessions, and open the way for traffic by a trickle. @return NULL, or why there can be none. */
const char *gen_prepare(struct gen *g, const struct phase *p);
/** One stretch of traffic; beside: what else goes on in it, or NULL. */
json_t *gen_stretch(struct gen *g, const struct phase *p, double seconds,
	void (*beside)(struct gen *g, const struct phase *p, void *arg), void *arg);
/** Was nothing of the last stretch misdelivered or corrupted? */
bool gen_clean(const struct gen *g);

/* gen_report.c */
json_t *report_setup(const struct gen *g, uint32_t asked);
json_t *report_blast(const struct gen *g);
void report_line(json_t *line);
void report_running(struct gen *g);

#endif
