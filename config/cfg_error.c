/* SPDX-License-Identifier: BSD-3-Clause */
/* cfg_error.c - collects the errors of one run and prints them in the order of the text.
 * A message is "FILE:LINE:COL: error: PATH: what is wrong, and what is allowed".
 * Thread: control. */
#include "config/cfg_int.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *cfg_quote(char *buf, size_t size, const char *text, size_t len)
{
	size_t at = 0, i;

	buf[at++] = '"';
	for (i = 0; i < len && i < 60 && at + 9 < size; i++) {
		unsigned char ch = (unsigned char)text[i];

		if (ch == '"' || ch == '\\')
			at += (size_t)snprintf(buf + at, size - at, "\\%c", ch);
		else if (ch < 0x20 || ch == 0x7f)
			at += (size_t)snprintf(buf + at, size - at, "\\x%02x", ch);
		else
			buf[at++] = (char)ch;
	}
	if (i < len) {
		if (((unsigned char)text[i] & 0xc0) == 0x80) { /* no half of a character */
			while (at > 1 && ((unsigned char)buf[at - 1] & 0xc0) == 0x80)
				at--;
			at -= at > 1;
		}
		at += (size_t)snprintf(buf + at, size - at, "...");
	}
	buf[at++] = '"';
	buf[at] = '\0';
	return buf;
}

/* "l2tp.lac-profiles[0].hello: " */
static void print_path(FILE *out, const struct cfg_node *n)
{
	char quoted[300];

	if (!n->parent)
		return;
	print_path(out, n->parent);
	if (n->parent->type == CFG_NODE_LIST) {
		fprintf(out, "[%u]", n->index);
		return;
	}
	if (n->parent->parent)
		putc('.', out);
	cfg_quote(quoted, sizeof(quoted), n->key, strlen(n->key));
	fprintf(out, "%.*s", (int)strlen(quoted) - 2, quoted + 1);
}

static void add_error(struct cfg_ctx *x, uint32_t line, uint32_t col, const struct cfg_node *at,
	const char *fmt, va_list ap)
{
	struct cfg_error *e;
	char *text = NULL;
	size_t len;
	FILE *out;

	if (x->n_errors == x->errors_cap) {
		size_t cap = x->errors_cap ? 2 * x->errors_cap : 16;
		struct cfg_error *more = realloc(x->errors, cap * sizeof(*more));

		if (!more) {
			x->lost_errors++;
			return;
		}
		x->errors = more;
		x->errors_cap = cap;
	}
	out = open_memstream(&text, &len);
	if (!out) {
		x->lost_errors++;
		return;
	}
	if (at && at->parent) {
		print_path(out, at);
		fputs(": ", out);
	}
	vfprintf(out, fmt, ap);
	if (fclose(out)) {
		free(text);
		x->lost_errors++;
		return;
	}
	e = &x->errors[x->n_errors];
	e->line = line;
	e->col = col;
	e->seq = x->n_errors++;
	e->text = text;
}

void cfg_error(struct cfg_ctx *x, struct cfg_node *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_error(x, at->line, at->col, at, fmt, ap);
	va_end(ap);
	at->bad = true;
}

void cfg_error_inside(struct cfg_ctx *x, struct cfg_node *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_error(x, at->line, at->col, at, fmt, ap);
	va_end(ap);
}

void cfg_error_key(struct cfg_ctx *x, struct cfg_node *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_error(x, at->key_line, at->key_col, at, fmt, ap);
	va_end(ap);
	at->bad = true;
}

void cfg_error_at(struct cfg_ctx *x, uint32_t line, uint32_t col, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_error(x, line, col, NULL, fmt, ap);
	va_end(ap);
}

static int by_place(const void *pa, const void *pb)
{
	const struct cfg_error *a = pa, *b = pb;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->col != b->col)
		return a->col < b->col ? -1 : 1;
	return a->seq < b->seq ? -1 : 1;
}

size_t cfg_errors_flush(struct cfg_ctx *x, FILE *err)
{
	size_t n = x->n_errors + x->lost_errors;

	if (x->n_errors)
		qsort(x->errors, x->n_errors, sizeof(*x->errors), by_place);
	for (size_t i = 0; i < x->n_errors; i++) {
		const struct cfg_error *e = &x->errors[i];

		if (e->line)
			fprintf(err, "%s:%u:%u: error: %s\n", x->file, e->line, e->col, e->text);
		else
			fprintf(err, "%s: error: %s\n", x->file, e->text);
		free(e->text);
	}
	if (n)
		fprintf(err, "%zu error%s\n", n, n == 1 ? "" : "s");
	free(x->errors);
	x->errors = NULL;
	x->n_errors = x->errors_cap = x->lost_errors = 0;
	return n;
}
