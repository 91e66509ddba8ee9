/* SPDX-License-Identifier: BSD-3-Clause */
/* clear.c - the clear commands. What is cleared is named by slot and generation once found, so that
 * a session which came to the slot in the meantime is never hit. */
#include "lnsctl.h"

#include <string.h>

static json_t *of_record(const json_t *record)
{
	return json_pack("{s:O, s:O}", "slot", json_object_get(record, "slot"), "generation",
		json_object_get(record, "generation"));
}

static int done(const struct options *o, unsigned long long n, const char *what)
{
	if (o->json)
		printf("{\"cleared\": %llu}\n", n);
	else
		printf("%llu %s%s being cleared\n", n, what, n == 1 ? " is" : "s are");
	return 0;
}

static int clear_session(const struct options *o, const char *id)
{
	json_t *s = find_session(id), *r;

	if (!s)
		return EXIT_REFUSED;
	r = client_ask_take("sessions.clear", of_record(s));
	json_decref(s);
	json_decref(r);
	return r ? done(o, 1, "session") : EXIT_REFUSED;
}

static int clear_tunnel(const struct options *o, const char *id)
{
	json_t *params = tunnel_id(id), *r;

	if (!params)
		return EXIT_USAGE;
	r = client_ask_take("tunnels.clear", params);
	json_decref(r);
	return r ? done(o, 1, "tunnel") : EXIT_REFUSED;
}

/* Every session whose user name matches. */
static int clear_user(const struct options *o, const char *user)
{
	unsigned long long n = 0;
	json_int_t cursor = 0;

	do {
		json_t *page = client_ask_take("sessions.list",
			json_pack("{s:I, s:i, s:{s:s}}", "cursor", cursor, "limit", 500, "filter",
				"user", user));
		json_t *row;
		size_t i;

		if (!page)
			return EXIT_REFUSED;
		json_array_foreach(json_object_get(page, "sessions"), i, row) {
			const char *code;
			json_t *r = client_try_take("sessions.clear", of_record(row), &code);

			n += r != NULL; /* others went away by themselves */
			json_decref(r);
		}
		cursor = json_integer_value(json_object_get(page, "next"));
		json_decref(page);
	} while (cursor);
	if (n == 0) {
		fprintf(stderr, "lnsctl: no session of user \"%s\"\n", user);
		return EXIT_REFUSED;
	}
	return done(o, n, "session");
}

int clear(const struct options *o, int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[0], "session") == 0)
		return clear_session(o, argv[1]);
	if (argc == 2 && strcmp(argv[0], "tunnel") == 0)
		return clear_tunnel(o, argv[1]);
	if (argc == 2 && strcmp(argv[0], "user") == 0)
		return clear_user(o, argv[1]);
	fprintf(stderr,
		"lnsctl: clear takes one of: session ID, tunnel ID, user NAME (lnsctl help)\n");
	return EXIT_USAGE;
}
