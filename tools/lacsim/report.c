/* SPDX-License-Identifier: BSD-3-Clause */
/* report.c - progress while it runs, then the table for people and the JSON for scripts. The verdict is made here. */
#include "tools/lacsim/sim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

static const char *const names[FAILS] = {
	[FAIL_NONE] = "none",
	[FAIL_NO_TUNNEL] = "no_tunnel",
	[FAIL_CALL_REFUSED] = "call_refused",
	[FAIL_CALL_SILENT] = "call_unanswered",
	[FAIL_LCP] = "lcp",
	[FAIL_AUTH_REFUSED] = "auth_refused",
	[FAIL_AUTH_SILENT] = "auth_unanswered",
	[FAIL_NCP] = "ncp",
	[FAIL_HUNG_UP] = "hung_up",
	[FAIL_LOST] = "lost_later",
};

const char *fail_name(enum fail f)
{
	return names[f];
}

bool report_passed(const struct sim *sim)
{
	return sim->ups >= sim->o.min_up &&
		sim->failed[FAIL_LOST] <= sim->o.sessions - sim->o.min_up &&
		ledger_clean(&sim->ledger, sim->o.max_loss) &&
		(!sim->traffic_ready || sim->traffic_total) && !sim->inner_bad;
}

void report_progress(const struct sim *sim)
{
	fprintf(stderr, "%5.1f s  tunnels %u/%u  sessions %u/%u up, %u in set-up, %u failed",
		(double)(sim->now - sim->started_at) / 1e9, sim->tunnels_up, sim->o.tunnels,
		sim->in_stage[STAGE_UP], sim->o.sessions, sim->in_flight,
		sim->in_stage[STAGE_FAILED]);
	if (sim->traffic_ready)
		fprintf(stderr, "  payloads %llu sent, %llu back",
			(unsigned long long)sim->ledger.sent,
			(unsigned long long)sim->ledger.received);
	fputc('\n', stderr);
}

static double seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

static double rate_of(uint32_t n, uint64_t ns)
{
	return ns ? n / seconds(ns) : 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

json_t *report_setup_ms(const struct sim *sim, uint64_t since)
{
	uint64_t *t = calloc(sim->o.sessions + 1u, sizeof(*t));
	uint32_t n = 0;
	json_t *times;

	for (uint32_t i = 0; t && i < sim->o.sessions; i++) {
		const struct session *s = &sim->sessions[i];

		if (s->up_at && s->dialled_at >= since)
			t[n++] = s->up_at - s->dialled_at;
	}
	if (!n) {
		free(t);
		return json_null();
	}
	qsort(t, n, sizeof(*t), compare);
	times = json_pack("{s:f, s:f, s:f}", "median", seconds(t[n / 2]) * 1e3, "p99",
		seconds(t[(uint64_t)n * 99 / 100]) * 1e3, "max", seconds(t[n - 1]) * 1e3);
	free(t);
	return times;
}

json_t *report_slices(const struct sim *sim)
{
	json_t *all = json_array();
	uint32_t from = 0;

	for (unsigned int tenth = 1; tenth <= 10 && sim->ups; tenth++) {
		uint32_t to = (uint32_t)((uint64_t)sim->ups * tenth / 10);
		uint64_t begin = from ? sim->up_times[from - 1] : 0,
			 end = to ? sim->up_times[to - 1] : 0;

		json_array_append_new(all,
			json_pack("{s:I, s:f, s:f}", "sessions", (json_int_t)(to - from), "at_s",
				seconds(end), "per_second", rate_of(to - from, end - begin)));
		from = to;
	}
	return all;
}

json_t *report_tunnels(const struct sim *sim)
{
	uint64_t messages = 0, resent = 0, duplicates = 0, early = 0;
	json_t *ended = json_array();

	for (uint32_t i = 0; i < sim->o.tunnels; i++) {
		const struct tunnel *t = &sim->tunnels[i];

		messages += t->chan.messages;
		resent += t->chan.retransmits;
		duplicates += t->chan.duplicates;
		early += t->chan.early;
		if ((t->result || t->text[0]) && json_array_size(ended) < 16)
			json_array_append_new(ended,
				json_pack("{s:I, s:i, s:i, s:s}", "tunnel", (json_int_t)i, "result",
					t->result, "error", t->error, "text", t->text));
	}
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "asked", (json_int_t)sim->o.tunnels,
		"up", (json_int_t)sim->tunnels_up, "messages_sent", (json_int_t)messages, "resent",
		(json_int_t)resent, "duplicates_received", (json_int_t)duplicates, "early_received",
		(json_int_t)early, "ended", ended);
}

static void address_text(const struct session *s, bool v6, char out[INET6_ADDRSTRLEN])
{
	uint8_t a[16];

	if (v6)
		session_address6(s, a);
	inet_ntop(v6 ? AF_INET6 : AF_INET, v6 ? a : s->addr, out, INET6_ADDRSTRLEN);
}

/* Files appear whole: written under another name, then renamed, since scripts wait for them. */
static int part_name(char part[4096], const char *file)
{
	return snprintf(part, 4096, "%s.part", file) < 4096 ? 0 : -ENAMETOOLONG;
}

int report_list(const struct sim *sim, const char *file)
{
	char part[4096];
	FILE *f;

	if (part_name(part, file))
		return -ENAMETOOLONG;
	f = fopen(part, "w");
	if (!f)
		return -errno;
	for (uint32_t i = 0; i < sim->o.sessions; i++) {
		const struct session *s = &sim->sessions[i];
		char user[256], v4[INET6_ADDRSTRLEN], v6[INET6_ADDRSTRLEN] = "-";

		if (s->stage != STAGE_UP)
			continue;
		sim_numbered(user, sizeof(user), sim->o.user, i);
		address_text(s, false, v4);
		if (s->prefix_known)
			address_text(s, true, v6);
		fprintf(f, "%u %s %s %s\n", i, user, v4, v6);
	}
	return fclose(f) || rename(part, file) ? -errno : 0;
}

static json_t *json_sessions(const struct sim *sim)
{
	uint64_t last = sim->ups ? sim->up_times[sim->ups - 1] : 0;
	json_t *failed = json_object();

	for (unsigned i = 1; i < FAILS; i++)
		json_object_set_new(failed, names[i], json_integer(sim->failed[i]));
	return json_pack("{s:I, s:I, s:I, s:f, s:f, s:f, s:I, s:o, s:o, s:o}", "asked",
		(json_int_t)sim->o.sessions, "came_up", (json_int_t)sim->ups, "up_at_end",
		(json_int_t)sim->in_stage[STAGE_UP], "first_up_s",
		seconds(sim->ups ? sim->up_times[0] : 0), "last_up_s", seconds(last), "per_second",
		rate_of(sim->ups, last), "renegotiated", (json_int_t)sim->renegotiated, "failed",
		failed, "slices", report_slices(sim), "setup_ms", report_setup_ms(sim, 0));
}

static json_t *json_traffic(const struct sim *sim)
{
	const struct ledger *l = &sim->ledger;
	uint64_t ns = sim->traffic_end - sim->traffic_at;
	json_t *t = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "sent",
		(json_int_t)l->sent, "received", (json_int_t)l->received, "lost",
		(json_int_t)ledger_lost(l), "duplicated", (json_int_t)l->duplicated, "misdelivered",
		(json_int_t)(l->misdelivered + l->stale), "stale", (json_int_t)l->stale,
		"corrupted", (json_int_t)l->corrupted, "reordered", (json_int_t)l->reordered, "pps",
		ns ? (double)l->sent / seconds(ns) : 0.0);

	if (l->received)
		json_object_set_new(t, "rtt_us",
			json_pack("{s:f, s:f, s:f, s:f, s:f}", "min", (double)l->rtt.min / 1e3,
				"avg", (double)l->rtt.sum / (double)l->received / 1e3, "p50",
				(double)ledger_rtt(l, 500) / 1e3, "p99",
				(double)ledger_rtt(l, 990) / 1e3, "max", (double)l->rtt.max / 1e3));
	return t;
}

int report_json(const struct sim *sim, const char *file)
{
	json_t *all =
		json_pack("{s:i, s:b, s:I, s:I, s:o, s:o, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I}}",
			"schema", 1, "passed", report_passed(sim), "seed", (json_int_t)sim->o.seed,
			"generation", (json_int_t)sim->o.generation, "tunnels", report_tunnels(sim),
			"sessions", json_sessions(sim), "packets", "in", (json_int_t)sim->frames_in,
			"out", (json_int_t)sim->frames_out, "not_ours", (json_int_t)sim->unknown,
			"inner_bad", (json_int_t)sim->inner_bad, "inner_other",
			(json_int_t)sim->inner_other, "pings_answered", (json_int_t)sim->pings,
			"send_errors", (json_int_t)sim->send_errors);
	char part[4096];
	int rc;

	if (sim->traffic_ready || sim->ledger.misdelivered)
		json_object_set_new(all, "traffic", json_traffic(sim));
	if (!strcmp(file, "-")) {
		rc = json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		rc = part_name(part, file) || json_dump_file(all, part, JSON_INDENT(2)) ||
			rename(part, file);
	}
	json_decref(all);
	return rc ? -EIO : 0;
}

static void table_traffic(const struct sim *sim, FILE *out)
{
	const struct ledger *l = &sim->ledger;

	fprintf(out,
		"payloads     %llu sent, %llu received; %llu lost, %llu duplicated, %llu "
		"misdelivered, %llu corrupted, %llu reordered\n",
		(unsigned long long)l->sent, (unsigned long long)l->received,
		(unsigned long long)ledger_lost(l), (unsigned long long)l->duplicated,
		(unsigned long long)(l->misdelivered + l->stale), (unsigned long long)l->corrupted,
		(unsigned long long)l->reordered);
	if (l->received)
		fprintf(out, "round trip   min %.0f, avg %.0f, p99 %.0f, max %.0f us\n",
			(double)l->rtt.min / 1e3, (double)l->rtt.sum / (double)l->received / 1e3,
			(double)ledger_rtt(l, 990) / 1e3, (double)l->rtt.max / 1e3);
}

void report_table(const struct sim *sim, FILE *out)
{
	uint64_t last = sim->ups ? sim->up_times[sim->ups - 1] : 0;
	uint32_t shown = 0;

	fprintf(out, "sessions     %u of %u came up", sim->ups, sim->o.sessions);
	if (sim->ups)
		fprintf(out, ": first %.3f s, last %.3f s, %.0f per second",
			seconds(sim->up_times[0]), seconds(last), rate_of(sim->ups, last));
	fputc('\n', out);
	for (unsigned i = 1; i < FAILS; i++)
		if (sim->failed[i])
			fprintf(out, "failed       %u %s\n", sim->failed[i], names[i]);
	for (unsigned i = 0; i < 16; i++)
		if (sim->hung_up_results[i])
			fprintf(out, "CDN          %u with result code %u\n",
				sim->hung_up_results[i], i);
	for (uint32_t i = 0; i < sim->o.tunnels && shown < 8; i++)
		if (sim->tunnels[i].result || sim->tunnels[i].text[0]) {
			fprintf(out, "tunnel %-5u ended: result %u, error %u, \"%s\"\n", i,
				sim->tunnels[i].result, sim->tunnels[i].error,
				sim->tunnels[i].text);
			shown++;
		}
	if (sim->traffic_ready || sim->ledger.misdelivered)
		table_traffic(sim, out);
	if (sim->inner_bad)
		fprintf(out, "bad packets  %llu with a wrong length or checksum\n",
			(unsigned long long)sim->inner_bad);
	fprintf(out, "result       %s\n", report_passed(sim) ? "passed" : "FAILED");
}
