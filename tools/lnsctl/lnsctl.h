/* SPDX-License-Identifier: BSD-3-Clause */
/* lnsctl.h - what the files of the operator's command line share. */
#ifndef TOOLS_LNSCTL_LNSCTL_H
#define TOOLS_LNSCTL_LNSCTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit codes, documented in docs/api.md. */
enum { EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_NO_LNSD = 3 };

struct options {
	const char *socket, *user, *tunnel, *state, *address, *calling;
	unsigned long long limit; /* rows, 0 = all */
	bool json, workers, all;
};

/* client.c */
/** Connect; ends the process with a message when there is no lnsd. */
void client_open(const char *path);
/** One request. params (may be NULL) is taken. @return the result, a new reference; NULL after a
 * refusal, told on stderr. */
json_t *client_ask_take(const char *method, json_t *params);
/** The same, without a message: *code (valid until the next call) says why it was refused. */
json_t *client_try_take(const char *method, json_t *params, const char **code);

/* table.c: rows are kept until table_print(), widths until the end */
#define TABLE_COLUMNS 12
struct column {
	const char *title;
	bool right; /* numbers */
	unsigned min; /* may be cut down to this width; 0 = never cut */
};
struct table {
	const struct column *column;
	unsigned n, rows, cap;
	unsigned width[TABLE_COLUMNS];
	bool titled;
	char **cell;
};
void table_init(struct table *t, const struct column *columns, unsigned n);
/** Add a row of t->n texts (copied; NULL = "-"). */
void table_row(struct table *t, const char *const *cells);
/** Print what was added, cut to the width of the terminal, and go on empty with the same widths. */
void table_print(struct table *t, FILE *out);
void table_fini(struct table *t);
/** Width of the terminal: $COLUMNS, the terminal's, or 0 = no limit (output goes to a file or
 * pipe). */
unsigned terminal_width(void);

/* Human units into a rotating static buffer. */
const char *human_count(uint64_t v); /* 999, 1.2k, 34M */
const char *human_bytes(uint64_t v); /* 512B, 1.2M (powers of 1000, as links are sold) */
const char *human_memory(uint64_t v); /* 1.0G (powers of 1024) */
const char *human_time(uint64_t s); /* 12s, 4m03s, 3h20m, 12d04h */
/** Values of a JSON object as text: "-" when it is absent or null. */
const char *text_of(const json_t *o, const char *key);
uint64_t num_of(const json_t *o, const char *key);

/* show.c and clear.c: run one command. @return exit code */
int show(const struct options *o, int argc, char **argv);
int clear(const struct options *o, int argc, char **argv);
/** Parameters that name a session: tid/sid, #slot, an address, or else a user. NULL: not one, told
 * on stderr. */
json_t *session_id(const char *text);
json_t *tunnel_id(const char *text);
/** sessions.get, gone on with until found. @return the session or NULL (told). */
json_t *find_session(const char *id);

#endif
