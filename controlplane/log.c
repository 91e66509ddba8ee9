/* SPDX-License-Identifier: BSD-3-Clause */
/* log.c - formats one line, hands it to stderr in one write or to journald in one message.
 * In journald the line is MESSAGE; PRIORITY follows from the level and LNSD_EVENT is the event, so
 * that `journalctl LNSD_EVENT=session-up` works. On stderr a line begins with the time in UTC.
 * Thread: control. No allocation. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "controlplane/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000ull
#define TIME_MAX  48

static const struct {
	const char *name;
	char priority; /* of syslog(3) */
} levels[] = {
	[CFG_LOG_BUG] = {"bug", '2'},
	[CFG_LOG_ERROR] = {"error", '3'},
	[CFG_LOG_WARN] = {"warn", '4'},
	[CFG_LOG_INFO] = {"info", '6'},
	[CFG_LOG_DEBUG] = {"debug", '7'},
};

static enum cfg_log_to log_to = CFG_LOG_STDERR;
/* Stderr lines begin with the time; journald, also behind stderr, adds its own. */
static bool stamped = true;
static enum cfg_log_level log_level = CFG_LOG_INFO;

int log_init(enum cfg_log_to to, enum cfg_log_level level)
{
	log_level = level;
	log_to = to;
	stamped = !getenv("JOURNAL_STREAM");
	/* sd_journal_sendv() says nothing when nobody listens. */
	if (to == CFG_LOG_JOURNALD && access("/run/systemd/journal/socket", W_OK)) {
		log_to = CFG_LOG_STDERR;
		return -ENOENT;
	}
	return 0;
}

bool log_enabled(enum cfg_log_level level)
{
	return level <= log_level;
}

const char *log_quote(char *buf, size_t size, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	size_t at = 0;

	buf[at++] = '"';
	for (size_t i = 0; i < len; i++) {
		char one[5];
		size_t n = 1, tail = i + 1 < len ? 5 : 2; /* what must still fit: ..." or " */

		one[0] = (char)p[i];
		if (p[i] == '"' || p[i] == '\\')
			n = (size_t)snprintf(one, sizeof(one), "\\%c", p[i]);
		else if (p[i] < 0x20 || p[i] > 0x7e)
			n = (size_t)snprintf(one, sizeof(one), "\\x%02x", p[i]);
		if (at + n + tail > size) {
			memcpy(buf + at, "...", 3);
			at += 3;
			break;
		}
		memcpy(buf + at, one, n);
		at += n;
	}
	buf[at++] = '"';
	buf[at] = '\0';
	return buf;
}

static void send_journal(enum cfg_log_level level, const char *event, const char *line, size_t len)
{
	char message[8 + LOG_LINE_MAX + 1], priority[16], name[128];
	struct iovec field[] = {
		{message,
			(size_t)snprintf(message, sizeof(message), "MESSAGE=%.*s", (int)len, line)},
		{priority,
			(size_t)snprintf(
				priority, sizeof(priority), "PRIORITY=%c", levels[level].priority)},
		{name, (size_t)snprintf(name, sizeof(name), "LNSD_EVENT=%.64s", event)},
		{(char *)"SYSLOG_IDENTIFIER=lnsd", 22},
	};

	sd_journal_sendv(field, 4);
}

/* "time=2026-11-21T11:53:00.123Z ". @return its length */
static size_t stamp(char out[TIME_MAX])
{
	struct timespec t;
	struct tm utc;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &utc);
	n = strftime(out, TIME_MAX, "time=%Y-%m-%dT%H:%M:%S", &utc);
	return n + (size_t)snprintf(out + n, TIME_MAX - n, ".%03ldZ ", t.tv_nsec / 1000000);
}

static void send_line(enum cfg_log_level level, const char *event, char *line, size_t len)
{
	char time[TIME_MAX];
	struct iovec part[] = {{time, 0}, {line, len}};

	if (log_to == CFG_LOG_JOURNALD) {
		send_journal(level, event, line, len);
		return;
	}
	line[len++] = '\n';
	part[0].iov_len = stamped ? stamp(time) : 0;
	part[1].iov_len = len;
	while (writev(STDERR_FILENO, part, 2) < 0 && errno == EINTR)
		;
}

static void write_line(enum cfg_log_level level, const char *event, const char *fmt, va_list ap)
{
	char line[LOG_LINE_MAX + 1];
	size_t len, room = LOG_LINE_MAX;
	int n;

	len = (size_t)snprintf(line, room, "level=%s event=%.64s ", levels[level].name, event);
	n = vsnprintf(line + len, room - len, fmt, ap);
	if (n <= 0) {
		len--; /* the blank */
	} else if ((size_t)n >= room - len) {
		len = room - 1;
		memcpy(line + len - 3, "...", 3);
	} else {
		len += (size_t)n;
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	}
	send_line(level, event, line, len);
}

void log_line(enum cfg_log_level level, const char *event, const char *fmt, ...)
{
	va_list ap;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	write_line(level, event, fmt, ap);
	va_end(ap);
}

void log_limit_flush(struct log_limit *limit, uint64_t now_ns)
{
	if (!limit->suppressed || now_ns - limit->second_ns < SECOND_NS)
		return;
	log_line(limit->level, limit->event, "suppressed=%u", limit->suppressed);
	limit->suppressed = 0;
}

void log_limited(struct log_limit *limit, uint32_t max_per_s, uint64_t now_ns,
	enum cfg_log_level level, const char *event, const char *fmt, ...)
{
	va_list ap;

	if (!log_enabled(level))
		return;
	log_limit_flush(limit, now_ns);
	if (now_ns - limit->second_ns >= SECOND_NS || (!limit->lines && !limit->suppressed)) {
		limit->second_ns = now_ns;
		limit->lines = 0;
	}
	if (limit->lines >= max_per_s) {
		limit->suppressed++;
		limit->level = level;
		limit->event = event;
		return;
	}
	limit->lines++;
	va_start(ap, fmt);
	write_line(level, event, fmt, ap);
	va_end(ap);
}
