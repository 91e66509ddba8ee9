/* SPDX-License-Identifier: BSD-3-Clause */
/* client.c - one connection to lnsd: a request line out, a reply line in. */
#include "lnsctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static FILE *from_lnsd, *to_lnsd;
static json_t *last_error;

static void no_lnsd(const char *what)
{
	fprintf(stderr, "lnsctl: %s\n", what);
	exit(EXIT_NO_LNSD);
}

void client_open(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(a.sun_path)) {
		fprintf(stderr, "lnsctl: the socket's path is longer than %zu characters\n",
			sizeof(a.sun_path) - 1);
		exit(EXIT_USAGE);
	}
	memcpy(a.sun_path, path, strlen(path) + 1);
	if (s < 0 || connect(s, (struct sockaddr *)&a, sizeof(a)) < 0) {
		fprintf(stderr, "lnsctl: cannot reach lnsd at %s: %s%s\n", path, strerror(errno),
			errno == EACCES ? " (be root or in the group of api.group)"
					: " (is it running? --socket names another one)");
		exit(EXIT_NO_LNSD);
	}
	from_lnsd = fdopen(s, "r");
	to_lnsd = fdopen(dup(s), "w");
	if (!from_lnsd || !to_lnsd)
		no_lnsd("no memory");
}

json_t *client_try_take(const char *method, json_t *params, const char **code)
{
	static int id;
	json_t *request = json_pack("{s:i, s:s}", "id", ++id, "method", method), *reply, *result;
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	if (params)
		json_object_set_new(request, "params", params);
	if (json_dumpf(request, to_lnsd, JSON_COMPACT) || fputc('\n', to_lnsd) == EOF ||
		fflush(to_lnsd))
		no_lnsd("lnsd closed the connection");
	json_decref(request);
	len = getline(&line, &cap, from_lnsd);
	if (len <= 0)
		no_lnsd("lnsd closed the connection");
	reply = json_loadb(line, (size_t)len, 0, NULL);
	free(line);
	if (!reply)
		no_lnsd("the reply is not JSON: is this lnsd's socket?");
	result = json_incref(json_object_get(reply, "result"));
	json_decref(last_error);
	last_error = json_incref(json_object_get(reply, "error"));
	json_decref(reply);
	if (!result) {
		*code = json_string_value(json_object_get(last_error, "code"));
		if (!*code)
			*code = "no-result";
	}
	return result;
}

json_t *client_ask_take(const char *method, json_t *params)
{
	const char *code, *message;
	json_t *result = client_try_take(method, params, &code);

	if (!result) {
		message = json_string_value(json_object_get(last_error, "message"));
		fprintf(stderr, "lnsctl: %s\n", message ? message : code);
	}
	return result;
}
