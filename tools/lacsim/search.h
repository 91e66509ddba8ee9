/* SPDX-License-Identifier: BSD-3-Clause */
/* search.h - RFC 2544 s26.1: the highest rate that passes, by halving. Pure: who tries a rate is the caller. */
#ifndef LACSIM_SEARCH_H
#define LACSIM_SEARCH_H

#include <stdbool.h>

struct search {
	double passed, failed; /* highest that passed; lowest that failed, 0: none yet */
	double first, step;
	bool begun;
};

/** @param highest the first rate that is tried. @param step_percent what is left between passed and failed at the end,
 * in percent of the failed rate. */
void search_init(struct search *s, double highest, double step_percent);
/** @return the next rate to try, or 0: done, and s->passed is the result (0: nothing passed). */
double search_next(struct search *s);
void search_tell(struct search *s, double rate, bool passed);

#endif
