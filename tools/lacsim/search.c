/* SPDX-License-Identifier: BSD-3-Clause */
/* search.c - the halving of search.h. A device that passes at one rate may fail at a lower one; then the result is what a
 * sequence of halvings finds, as with every such tester. */
#include "tools/lacsim/search.h"

void search_init(struct search *s, double highest, double step_percent)
{
	*s = (struct search){.first = highest, .step = step_percent / 100};
}

double search_next(struct search *s)
{
	if (!s->begun) {
		s->begun = true;
		return s->first;
	}
	/* what is below a thousandth of the first rate is called nothing */
	if (s->failed == 0 || s->failed - s->passed <= s->failed * s->step ||
		s->failed < s->first / 1000)
		return 0;
	return (s->passed + s->failed) / 2;
}

void search_tell(struct search *s, double rate, bool passed)
{
	if (passed && rate > s->passed)
		s->passed = rate;
	if (!passed && (s->failed == 0 || rate < s->failed))
		s->failed = rate;
}
