/* SPDX-License-Identifier: BSD-3-Clause */
/* cfg_docs.c - the tool cfg-docs: prints docs/config.md ("docs") or docs/config.schema.json
 * ("schema") from the key table, or says whether configurations are valid
 * ("check FILE ..."). Part of the build, not installed. */
#include "config/cfg.h"

#include <string.h>

static int check(char **files)
{
	int rc = 0;

	for (; *files; files++) {
		struct cfg *c = cfg_load(*files, stderr);

		if (!c)
			rc = 1;
		cfg_free(c);
	}
	return rc;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "docs")) {
		cfg_write_docs(stdout);
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "schema")) {
		cfg_write_schema(stdout);
		return 0;
	}
	if (argc > 2 && !strcmp(argv[1], "check"))
		return check(argv + 2);
	fputs("usage: cfg-docs docs | schema | check FILE ...\n", stderr);
	return 2;
}
