/* SPDX-License-Identifier: BSD-3-Clause */
/* cfg_fuzz.c - any text as a configuration; what is taken is printed, read again and printed
 * the same. */
#include "config/cfg.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *printed(const struct cfg *c)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	cfg_write_yaml(c, out);
	fclose(out);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	struct cfg *c, *again;
	char *once, *twice;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	c = cfg_parse("fuzz", (const char *)data, size, nowhere);
	if (!c)
		return 0;
	once = printed(c);
	again = cfg_parse("printed", once, strlen(once), stderr);
	if (!again)
		abort();
	twice = printed(again);
	if (strcmp(once, twice))
		abort();
	free(once);
	free(twice);
	cfg_free(again);
	cfg_free(c);
	return 0;
}
