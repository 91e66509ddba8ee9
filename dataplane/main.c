/* SPDX-License-Identifier: BSD-3-Clause */
/* main.c - the composition root: options, configuration, dataplane, control core, and their end in reverse order. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/cfg.h"
#include "controlplane/cp_run.h"
#include "controlplane/log.h"
#include "dataplane/dp.h"

static const char usage[] = "usage: lnsd [-c FILE]            run with the configuration FILE "
			    "(default: the embedded one)\n"
			    "       lnsd --check FILE         say what is wrong with FILE, start "
			    "nothing; exit status 0 or 1\n"
			    "       lnsd --print-default      print the embedded configuration\n"
			    "       lnsd --version\n";

enum option_long { OPT_CHECK = 256, OPT_PRINT_DEFAULT, OPT_VERSION };

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"check", required_argument, NULL, OPT_CHECK},
	{"print-default", no_argument, NULL, OPT_PRINT_DEFAULT},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static int check(const char *file)
{
	struct cfg *c = cfg_load(file, stderr);

	if (!c)
		return 1;
	printf("%s: configuration is valid\n", file);
	cfg_free(c);
	return 0;
}

static int run(struct cfg *c)
{
	sigset_t served = cp_signals();
	struct dp_store_view store;
	struct cp *cp;
	int status = 1;

	sigprocmask(SIG_BLOCK, &served, NULL);
	log_init(c->log.to, c->log.level);
	if (dp_init(c, sizeof(struct cp_subscriber), &store))
		return 1;
	cp = cp_start(c, &store);
	if (cp) {
		if (dp_launch() == 0)
			status = cp_run(cp);
		cp_stop(cp);
	}
	dp_fini();
	return status;
}

int main(int argc, char **argv)
{
	const char *file = NULL;
	struct cfg *c;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			file = optarg;
			break;
		case OPT_CHECK:
			return check(optarg);
		case OPT_PRINT_DEFAULT:
			fputs(cfg_default_text(), stdout);
			return 0;
		case OPT_VERSION:
			puts("lnsd " LNSD_VERSION);
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind != argc) {
		fprintf(stderr, "lnsd: unexpected argument '%s'\n%s", argv[optind], usage);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	c = file ? cfg_load(file, stderr) : cfg_default(stderr);
	if (!c)
		return 1;
	status = run(c);
	cfg_free(c);
	return status;
}
