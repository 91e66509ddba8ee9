/* SPDX-License-Identifier: BSD-3-Clause */
/* table.c - tables that fit the terminal, and numbers as people read them. */
#include "lnsctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP 2

void table_init(struct table *t, const struct column *columns, unsigned n)
{
	*t = (struct table){.column = columns, .n = n};
	for (unsigned i = 0; i < n; i++)
		t->width[i] = (unsigned)strlen(columns[i].title);
}

void table_row(struct table *t, const char *const *cells)
{
	if (t->rows == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 64;
		t->cell = realloc(t->cell, sizeof(*t->cell) * t->cap * t->n);
		if (!t->cell)
			abort();
	}
	for (unsigned i = 0; i < t->n; i++) {
		char *copy = strdup(cells[i] ? cells[i] : "-");

		if (!copy)
			abort();
		t->cell[t->rows * t->n + i] = copy;
	}
	t->rows++;
}

unsigned terminal_width(void)
{
	const char *env = getenv("COLUMNS");
	struct winsize w;

	if (env && atoi(env) > 0)
		return (unsigned)atoi(env);
	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		return w.ws_col;
	return 0;
}

/* Widths from the rows at hand, then cut the widest column that may be cut, one character at a
 * time. */
static void fit(struct table *t)
{
	unsigned total = GAP * (t->n - 1), limit = terminal_width();

	for (unsigned i = 0; i < t->n; i++) {
		for (unsigned r = 0; r < t->rows; r++) {
			unsigned len = (unsigned)strlen(t->cell[r * t->n + i]);

			if (len > t->width[i])
				t->width[i] = len;
		}
		total += t->width[i];
	}
	while (limit && total > limit) {
		unsigned widest = t->n;

		for (unsigned i = 0; i < t->n; i++)
			if (t->column[i].min && t->width[i] > t->column[i].min &&
				(widest == t->n || t->width[i] > t->width[widest]))
				widest = i;
		if (widest == t->n)
			break;
		t->width[widest]--;
		total--;
	}
}

static void print_row(const struct table *t, const char *const *cells, FILE *out)
{
	for (unsigned i = 0; i < t->n; i++) {
		unsigned len = (unsigned)strlen(cells[i]), w = t->width[i];
		bool last = i + 1 == t->n;

		if (t->column[i].right)
			fprintf(out, "%*s", (int)w, cells[i]);
		else if (len > w && t->column[i].min)
			fprintf(out, "%.*s~", (int)w - 1, cells[i]);
		else
			fprintf(out, "%-*s", last ? 0 : (int)w, cells[i]);
		fprintf(out, "%*s", last ? 0 : GAP, "");
	}
	fputc('\n', out);
}

void table_print(struct table *t, FILE *out)
{
	if (!t->titled) {
		const char *titles[TABLE_COLUMNS];

		fit(t);
		for (unsigned i = 0; i < t->n; i++)
			titles[i] = t->column[i].title;
		print_row(t, titles, out);
		t->titled = true;
	}
	for (unsigned r = 0; r < t->rows; r++) {
		print_row(t, (const char *const *)&t->cell[r * t->n], out);
		for (unsigned i = 0; i < t->n; i++)
			free(t->cell[r * t->n + i]);
	}
	t->rows = 0;
}

void table_fini(struct table *t)
{
	free(t->cell);
}

static char *scratch(void)
{
	static char buf[32][32];
	static unsigned turn;

	return buf[turn++ % 32];
}

static const char *scaled(uint64_t v, unsigned base, const char *unit)
{
	static const char prefix[] = " kMGTPE";
	char *out = scratch();
	double d = (double)v;
	unsigned p = 0;

	for (; d >= base - 0.5 && p < 6; p++)
		d /= base;
	if (p == 0)
		snprintf(out, 32, "%" PRIu64 "%s", v, unit);
	else
		snprintf(out, 32, d < 9.95 ? "%.1f%c" : "%.0f%c", d, prefix[p]);
	return out;
}

const char *human_count(uint64_t v)
{
	return scaled(v, 1000, "");
}

const char *human_bytes(uint64_t v)
{
	return scaled(v, 1000, "B");
}

const char *human_memory(uint64_t v)
{
	return scaled(v, 1024, "B");
}

const char *human_time(uint64_t s)
{
	char *out = scratch();

	if (s < 60)
		snprintf(out, 32, "%us", (unsigned)s);
	else if (s < 3600)
		snprintf(out, 32, "%um%02us", (unsigned)(s / 60), (unsigned)(s % 60));
	else if (s < 86400)
		snprintf(out, 32, "%uh%02um", (unsigned)(s / 3600), (unsigned)(s / 60 % 60));
	else
		snprintf(out, 32, "%" PRIu64 "d%02uh", s / 86400, (unsigned)(s / 3600 % 24));
	return out;
}

const char *text_of(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	char *out;

	if (json_is_string(v))
		return json_string_value(v)[0] ? json_string_value(v) : "-";
	if (json_is_boolean(v))
		return json_is_true(v) ? "yes" : "no";
	if (!json_is_integer(v))
		return "-";
	out = scratch();
	snprintf(out, 32, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	return out;
}

uint64_t num_of(const json_t *o, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(o, key));
}
