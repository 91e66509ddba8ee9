/* SPDX-License-Identifier: BSD-3-Clause */
/* log.h - one line per event, key=value, to stderr or journald.
 * time=2026-11-21T11:53:00.123Z level=info event=session-up tunnel=7 session=12 user="alice" peer=192.0.2.2:1701
 * Levels go by blame: bug (ours), error (this machine or its operator), warn (a peer or a
 * subscriber), info (what happened), debug. Thread: control; never a worker. */
#ifndef CONTROLPLANE_LOG_H
#define CONTROLPLANE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/cfg.h"

#define LOG_LINE_MAX 4096 /* octets of a line; a longer one is cut and ends in "..." */

/** Room for log_quote() of len octets, whatever they are. */
#define LOG_QUOTED(len) (4 * (len) + 3)

/** Where to, and the least important level that is written. Before: stderr, info.
 * @return 0, or -ENOENT when there is no journald: lines go to stderr. */
int log_init(enum cfg_log_to to, enum cfg_log_level level);
/** Would a line of this level be written? For work that only serves a line. */
bool log_enabled(enum cfg_log_level level);
/** Write one line. fmt gives the pairs after the event, "" for none; whatever it holds, one call is
 * one line: control characters come out as '?'. */
void log_line(enum cfg_log_level level, const char *event, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/** Bytes of a peer as a value: in quotes; quote, backslash and all but printable ASCII escaped.
 * What does not fit (see LOG_QUOTED) is cut and ends in "...".
 * @param size of buf, at least 6. @return buf */
const char *log_quote(char *buf, size_t size, const void *bytes, size_t len);

/** The rate of one call site (static) or one peer (in its record); zeroed = unused. */
struct log_limit {
	uint64_t second_ns; /* when the running second began */
	uint32_t lines; /* written in it */
	uint32_t suppressed;
	enum cfg_log_level level; /* of what was suppressed last */
	const char *event; /* of it: borrowed, a literal */
};

/** log_line(), at most max_per_s lines in one second. How many were left out is told by a line
 * "event=EVENT suppressed=N" before the next line, or by log_limit_flush(). */
void log_limited(struct log_limit *limit, uint32_t max_per_s, uint64_t now_ns,
	enum cfg_log_level level, const char *event, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
/** Tell what was left out, if its second is over. */
void log_limit_flush(struct log_limit *limit, uint64_t now_ns);

#endif
