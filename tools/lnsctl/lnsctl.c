/* SPDX-License-Identifier: BSD-3-Clause */
/* lnsctl.c - the operator's command line: asks lnsd by its JSON API (docs/api.md) and prints what
 * it says. */
#include "lnsctl.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SOCKET "/run/lnsd/api.sock"

static const char help_text[] =
	"usage: lnsctl [--socket PATH] [--json] COMMAND\n"
	"\n"
	"  show summary                  tunnels, sessions, workers at a glance\n"
	"  show tunnels                  one line per tunnel   [--state S] [--address PEER] "
	"[--limit N]\n"
	"  show tunnel ID                all of one tunnel\n"
	"  show sessions                 one line per session  [--user PATTERN] [--tunnel ID] "
	"[--state S]\n"
	"                                [--address A] [--calling PATTERN] [--limit N]\n"
	"  show session ID               all of one session\n"
	"  show ports                    ports, and what Linux does beside\n"
	"  show drops                    why packets were dropped  [--workers] [--all]\n"
	"  show pools                    address pools\n"
	"  show workers                  worker cores\n"
	"  show memory                   memory and tables in use\n"
	"  show config                   the running configuration, secrets hidden\n"
	"  show version\n"
	"  clear session ID              end a session in order\n"
	"  clear tunnel ID               end a tunnel and all its sessions\n"
	"  clear user PATTERN            end all sessions of matching users\n"
	"  help\n"
	"\n"
	"A session's ID is TID/SID as LACs know it, '#SLOT' (quote it), an address, or a user "
	"name.\n"
	"A tunnel's ID is TID or '#SLOT'. Patterns know * and ?.\n"
	"--json prints lnsd's own results; the pages of a list are merged into one array.\n"
	"Exit status: 0 done, 1 refused by lnsd, 2 wrong usage, 3 lnsd cannot be reached.\n";

static int usage(const char *what)
{
	fprintf(stderr, "lnsctl: %s (lnsctl help)\n", what);
	return EXIT_USAGE;
}

static int finish(int rc)
{
	if (fflush(stdout) == EOF && rc == 0) {
		fprintf(stderr, "lnsctl: cannot write: %s\n", strerror(errno));
		return EXIT_NO_LNSD;
	}
	return rc;
}

int main(int argc, char **argv)
{
	enum {
		O_SOCKET = 256,
		O_JSON,
		O_USER,
		O_TUNNEL,
		O_STATE,
		O_ADDRESS,
		O_CALLING,
		O_LIMIT,
		O_WORKERS,
		O_ALL
	};
	static const struct option options[] = {{"socket", 1, NULL, O_SOCKET},
		{"json", 0, NULL, O_JSON}, {"user", 1, NULL, O_USER}, {"tunnel", 1, NULL, O_TUNNEL},
		{"state", 1, NULL, O_STATE}, {"address", 1, NULL, O_ADDRESS},
		{"calling", 1, NULL, O_CALLING}, {"limit", 1, NULL, O_LIMIT},
		{"workers", 0, NULL, O_WORKERS}, {"all", 0, NULL, O_ALL}, {"help", 0, NULL, 'h'},
		{0}};
	struct options o = {.socket = getenv("LNSD_SOCKET")};
	char *end;
	int c;

	signal(SIGPIPE, SIG_DFL);
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case O_SOCKET:
			o.socket = optarg;
			break;
		case O_JSON:
			o.json = true;
			break;
		case O_USER:
			o.user = optarg;
			break;
		case O_TUNNEL:
			o.tunnel = optarg;
			break;
		case O_STATE:
			o.state = optarg;
			break;
		case O_ADDRESS:
			o.address = optarg;
			break;
		case O_CALLING:
			o.calling = optarg;
			break;
		case O_LIMIT:
			errno = 0;
			o.limit = strtoull(optarg, &end, 10);
			if (*end || errno || o.limit == 0 || optarg[0] == '-')
				return usage("--limit takes a number of rows, 1 or more");
			break;
		case O_WORKERS:
			o.workers = true;
			break;
		case O_ALL:
			o.all = true;
			break;
		case 'h':
			fputs(help_text, stdout);
			return finish(0);
		default:
			return EXIT_USAGE; /* getopt said why */
		}
	}
	argc -= optind;
	argv += optind;
	if (argc == 0 || strcmp(argv[0], "help") == 0) {
		fputs(help_text, argc ? stdout : stderr);
		return finish(argc ? 0 : EXIT_USAGE);
	}
	if (o.workers && (argc < 2 || strcmp(argv[1], "drops") != 0))
		return usage("--workers belongs to show drops");
	if (strcmp(argv[0], "show") != 0 && strcmp(argv[0], "clear") != 0)
		return usage("the commands are: show, clear, help");
	client_open(o.socket ? o.socket : DEFAULT_SOCKET);
	return finish(
		argv[0][0] == 's' ? show(&o, argc - 1, argv + 1) : clear(&o, argc - 1, argv + 1));
}
