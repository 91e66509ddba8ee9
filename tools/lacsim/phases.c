/* SPDX-License-Identifier: BSD-3-Clause */
/* phases.c - reads the words of --phases. Pure. A phase is a verb, what stands at fixed places after it, then pairs of a
 * keyword and its value in any order; which keywords a verb knows is one table. */
#include "tools/lacsim/phases.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD      32
#define WORDS_MAX 32

struct words {
	char word[WORDS_MAX][WORD];
	unsigned int n, at;
	char *err;
	size_t err_size;
};

enum { K_SIZE = 1, K_PICK = 2, K_TRIAL = 4, K_LOSS = 8, K_STEP = 16, K_HIGHEST = 32, K_RATE = 64 };
enum { K_TIMEOUT = 128, K_TUNNELS = 256, K_SESSIONS = 512, K_WITH = 1024, K_FOR = 2048 };

static const struct {
	const char *name;
	unsigned int keys;
} verbs[PHASE_KINDS] = {
	[PHASE_SETUP] = {"setup", K_RATE | K_TIMEOUT},
	[PHASE_PRETEND] = {"pretend", 0},
	[PHASE_TRAFFIC] = {"traffic", K_SIZE | K_PICK},
	[PHASE_SEARCH] = {"search", K_SIZE | K_PICK | K_TRIAL | K_LOSS | K_STEP | K_HIGHEST},
	[PHASE_LATENCY] = {"latency", K_SIZE | K_PICK},
	[PHASE_CHURN] = {"churn", K_SIZE | K_PICK | K_WITH},
	[PHASE_HOLD] = {"hold", 0},
	[PHASE_TEARDOWN] = {"teardown", K_SIZE | K_PICK | K_WITH | K_TUNNELS | K_SESSIONS | K_FOR},
};

static const char *const keywords[] = {"size", "pick", "trial", "loss", "step", "highest", "rate",
	"timeout", "tunnels", "sessions", "with", "for", NULL};
static const char *const dirs[] = {"none", "up", "down", "both", "loop", NULL};
static const char *const picks[] = {"random", "zipf", "hot", NULL};
static const char *const hows[] = {"stopccn", "cdn", "silent", NULL};

const char *phase_name(enum phase_kind k)
{
	return verbs[k].name;
}

const char *phase_dir_name(enum phase_dir d)
{
	return dirs[d];
}

const char *phase_pick_name(enum phase_pick p)
{
	return picks[p];
}

const char *phase_how_name(enum phase_how h)
{
	return hows[h];
}

static int index_of(const char *const *list, const char *word)
{
	for (int i = 0; list[i]; i++)
		if (!strcmp(list[i], word))
			return i;
	return -1;
}

static int wrong(struct words *w, const char *word, const char *allowed)
{
	snprintf(w->err, w->err_size, "phase \"%s\": \"%s\": %s", w->word[0], word, allowed);
	return -1;
}

/* The words up to the next separator. */
static int split(const char **text, struct words *w)
{
	const char *p = *text;

	w->n = w->at = 0;
	while (*p && *p != ';' && *p != '\n') {
		size_t n = strcspn(p, " \t\r\n;");

		if (n >= WORD || (n && w->n == WORDS_MAX)) {
			snprintf(w->err, w->err_size, "phases: \"%.40s\" is too long", p);
			return -1;
		}
		if (n) {
			memcpy(w->word[w->n], p, n);
			w->word[w->n++][n] = 0;
		}
		p += n;
		p += strspn(p, " \t\r");
	}
	*text = *p ? p + 1 : p;
	return 0;
}

static const char *peek(const struct words *w)
{
	return w->at < w->n ? w->word[w->at] : "";
}

static int real(struct words *w, double *to, double min, double max)
{
	const char *word = peek(w);
	char *rest, text[80];

	*to = strtod(word, &rest);
	if (*word && !*rest && *to >= min && *to <= max) {
		w->at++;
		return 0;
	}
	snprintf(text, sizeof(text), "must be a number from %g to %g", min, max);
	return wrong(w, word, text);
}

static int whole(struct words *w, uint32_t *to, uint32_t min, uint32_t max)
{
	double v = 0;

	if (real(w, &v, min, max))
		return -1;
	*to = (uint32_t)v;
	return *to == v ? 0 : wrong(w, w->word[w->at - 1], "must be a whole number");
}

static int direction(struct words *w, enum phase_dir *to)
{
	int d = index_of(dirs, peek(w));

	if (d <= DIR_NONE)
		return wrong(w, peek(w), "must be up, down, both or loop");
	*to = (enum phase_dir)d;
	w->at++;
	return 0;
}

static int mpps(struct words *w, double *to)
{
	*to = 0;
	if (strcmp(peek(w), "max"))
		return real(w, to, 1e-6, 1000);
	w->at++;
	return 0;
}

static int seconds(struct words *w, double *to)
{
	return real(w, to, 0.01, 1e6);
}

static int size(struct words *w, uint16_t *to)
{
	uint32_t v = PHASE_SIZE_IMIX;

	if (!strcmp(peek(w), "imix"))
		w->at++;
	else if (whole(w, &v, PHASE_SIZE_MIN, PHASE_SIZE_MAX))
		return -1;
	*to = (uint16_t)v;
	return 0;
}

static int pick(struct words *w, struct phase *p)
{
	char *word = w->word[w->at], *rest, *colon = w->at < w->n ? strchr(word, ':') : NULL;
	unsigned long n = 1;
	int k;

	if (colon) {
		*colon = 0;
		n = strtoul(colon + 1, &rest, 10);
		if (*rest || n < 1 || n > 4000000 || strcmp(word, "hot"))
			n = 0;
	}
	k = index_of(picks, peek(w));
	if (k < 0 || !n)
		return wrong(w, peek(w), "must be random, zipf, hot or hot:N");
	p->pick = (enum phase_pick)k;
	p->hot = (uint32_t)n;
	w->at++;
	return 0;
}

static int percents(struct words *w, struct phase *p)
{
	char *word = w->word[w->at], *rest;

	while (w->at < w->n && p->n_percents < PHASE_PERCENTS) {
		unsigned long v = strtoul(word, &rest, 10);

		if (rest == word || v < 1 || v > 200 || (*rest && *rest != ','))
			break;
		p->percent[p->n_percents++] = (uint16_t)v;
		if (!*rest) {
			w->at++;
			return 0;
		}
		word = rest + 1;
	}
	return wrong(w, peek(w), "must be up to 8 numbers from 1 to 200, like 10,50,90");
}

static int keyword(struct words *w, struct phase *p)
{
	const char *word = peek(w);
	int k = index_of(keywords, word);

	if (k < 0 || !(verbs[p->kind].keys & 1U << k))
		return wrong(w, word, "is not known here");
	w->at++;
	switch (1 << k) {
	case K_SIZE:
		return size(w, &p->size);
	case K_PICK:
		return pick(w, p);
	case K_TRIAL:
		return seconds(w, &p->trial_s);
	case K_LOSS:
		return real(w, &p->loss_percent, 0, 100);
	case K_STEP:
		return real(w, &p->step_percent, 0.01, 50);
	case K_HIGHEST:
		return real(w, &p->highest_mpps, 1e-6, 1000);
	case K_RATE:
		return whole(w, &p->rate, 1, 10000000);
	case K_TIMEOUT:
		return whole(w, &p->timeout_s, 1, 86400);
	case K_TUNNELS:
		return whole(w, &p->tunnels, 1, 65535);
	case K_SESSIONS:
		return whole(w, &p->sessions, 1, 4000000);
	case K_WITH:
		return direction(w, &p->dir) || mpps(w, &p->mpps) ? -1 : 0;
	default: /* K_FOR */
		return seconds(w, &p->seconds);
	}
}

static bool is_number(const char *word)
{
	return *word >= '0' && *word <= '9';
}

/* What stands at fixed places after the verb. */
static int places(struct words *w, struct phase *p)
{
	int how;

	switch (p->kind) {
	case PHASE_SETUP:
		return is_number(peek(w)) ? whole(w, &p->sessions, 1, 4000000) : 0;
	case PHASE_PRETEND:
		return whole(w, &p->sessions, 1, 4000000);
	case PHASE_TRAFFIC:
		return direction(w, &p->dir) || mpps(w, &p->mpps) || seconds(w, &p->seconds) ? -1
											     : 0;
	case PHASE_SEARCH:
		return direction(w, &p->dir);
	case PHASE_LATENCY:
		return direction(w, &p->dir) || percents(w, p) || seconds(w, &p->seconds) ? -1 : 0;
	case PHASE_CHURN:
		return whole(w, &p->rate, 1, 1000000) || seconds(w, &p->seconds) ? -1 : 0;
	case PHASE_HOLD:
		return seconds(w, &p->seconds);
	default:
		how = index_of(hows, peek(w));
		w->at += how >= 0;
		p->how = how >= 0 ? (enum phase_how)how : HOW_STOPCCN;
		return 0;
	}
}

static int check_together(struct words *w, const struct phase *p)
{
	if (p->kind == PHASE_TEARDOWN && p->sessions && (p->tunnels || p->how != HOW_CDN))
		return wrong(w, "sessions", "goes with cdn, and not with tunnels");
	if ((p->kind == PHASE_CHURN || p->kind == PHASE_TEARDOWN) && p->dir == DIR_LOOP)
		return wrong(w, "loop", "has no sessions that could end");
	return 0;
}

int phase_next(const char **text, struct phase *p, char *err, size_t err_size)
{
	struct words w = {.err = err, .err_size = err_size};
	int kind = 0;

	do
		if (split(text, &w))
			return -1;
	while (!w.n && **text);
	if (!w.n)
		return 0;
	while (kind < PHASE_KINDS && strcmp(verbs[kind].name, w.word[0]))
		kind++;
	if (kind == PHASE_KINDS)
		return wrong(&w, w.word[0],
			"must be setup, pretend, traffic, search, latency, churn, hold or "
			"teardown");
	*p = (struct phase){.kind = (enum phase_kind)kind,
		.size = PHASE_SIZE_MIN,
		.hot = 1,
		.trial_s = 2,
		.step_percent = 1,
		.timeout_s = 120,
		.seconds = kind == PHASE_TEARDOWN ? 5 : 0};
	w.at = 1;
	if (places(&w, p))
		return -1;
	while (w.at < w.n)
		if (keyword(&w, p))
			return -1;
	return check_together(&w, p) ? -1 : 1;
}
