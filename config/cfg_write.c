/* SPDX-License-Identifier: BSD-3-Clause */
/* cfg_write.c - the key table printed: the reference for people, the JSON Schema for editors, a
 * configuration as YAML. Thread: control. */
#include "config/cfg_int.h"

#include <string.h>

/* A double-quoted scalar: the same for YAML and JSON. */
static void write_quoted(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
	putc('"', out);
}

/* ---- a configuration as YAML ---- */

static uint64_t load_uint(const struct cfg_key *k, const void *src)
{
	uint8_t v8;
	uint16_t v16;
	uint32_t v32;
	uint64_t v64;

	switch (k->size) {
	case 1:
		memcpy(&v8, src, 1);
		return v8;
	case 2:
		memcpy(&v16, src, 2);
		return v16;
	case 4:
		memcpy(&v32, src, 4);
		return v32;
	default:
		memcpy(&v64, src, 8);
		return v64;
	}
}

static void write_prefix(FILE *out, const struct cfg_prefix *p, bool with_len)
{
	char text[64];

	cfg_prefix_text(text, sizeof(text), p, with_len);
	write_quoted(out, text);
}

static void write_host4(FILE *out, uint32_t host)
{
	fprintf(out, "%u.%u.%u.%u", host >> 24, host >> 16 & 255, host >> 8 & 255, host & 255);
}

static bool is_set(const struct cfg_key *k, const void *base, const void *src)
{
	const struct cfg_pool *pool = base;

	switch (k->type) {
	case CFG_T_STRING:
		return *(const char *)src;
	case CFG_T_SECRET:
		return *(const size_t *)((const char *)base + k->count);
	case CFG_T_ADDRESS:
	case CFG_T_IFADDR:
	case CFG_T_PREFIX:
		return ((const struct cfg_prefix *)src)->family;
	case CFG_T_HOST4:
		return load_uint(k, src);
	case CFG_T_POOL4:
		return pool->family == 4;
	case CFG_T_POOL6:
		return pool->family == 6;
	case CFG_T_UINT:
		return !(k->flags & CFG_K_MINUS1) || load_uint(k, src) != UINT32_MAX;
	case CFG_T_ENUM:
		return !(k->flags & CFG_K_MANY) || load_uint(k, src);
	default:
		return true;
	}
}

static void write_duration(FILE *out, uint64_t ms)
{
	if (ms % 1000)
		fprintf(out, "%llums", (unsigned long long)ms);
	else
		fprintf(out, "%llus", (unsigned long long)(ms / 1000));
}

static void write_value(FILE *out, const struct cfg_key *k, const void *base, const void *src)
{
	const struct cfg_pool *pool = base;
	uint64_t v;

	switch (k->type) {
	case CFG_T_UINT:
	case CFG_T_DURATION:
	case CFG_T_BYTES:
	case CFG_T_RATE:
		v = load_uint(k, src);
		if ((k->flags & CFG_K_OFF) && !v)
			fputs("off", out);
		else if (k->type == CFG_T_DURATION)
			write_duration(out, v);
		else
			fprintf(out, "%llu", (unsigned long long)v);
		break;
	case CFG_T_BOOL:
		fputs(*(const bool *)src ? "on" : "off", out);
		break;
	case CFG_T_ENUM:
		fputs(k->size == sizeof(unsigned) ? k->words[load_uint(k, src)] : (const char *)src,
			out);
		break;
	case CFG_T_STRING:
		write_quoted(out, src);
		break;
	case CFG_T_SECRET:
		fputs("\"***\"", out);
		break;
	case CFG_T_ADDRESS:
		write_prefix(out, src, false);
		break;
	case CFG_T_IFADDR:
	case CFG_T_PREFIX:
		write_prefix(out, src, true);
		break;
	case CFG_T_HOST4:
		write_host4(out, (uint32_t)load_uint(k, src));
		break;
	case CFG_T_POOL4:
		if (pool->prefix.family) {
			write_prefix(out, &pool->prefix, true);
			break;
		}
		write_host4(out, pool->first4);
		putc('-', out);
		write_host4(out, pool->last4);
		break;
	case CFG_T_POOL6:
		write_prefix(out, &pool->prefix, true);
		break;
	case CFG_T_MAP:
	case CFG_T_LIST:
		break;
	}
}

static size_t count_of(const struct cfg_key *k, const char *base)
{
	size_t n = 0;

	if (k->count)
		return *(const size_t *)(base + k->count);
	while (n < k->max_many && is_set(k, base, base + k->offset + n * k->size))
		n++;
	return n;
}

static const char *array_of(const struct cfg_key *k, const char *base)
{
	return k->count ? *(char *const *)(base + k->offset) : base + k->offset;
}

static void write_many(FILE *out, const struct cfg_key *k, const char *base, size_t n)
{
	const char *array = array_of(k, base);

	putc('[', out);
	for (size_t i = 0; i < n; i++) {
		fputs(i ? ", " : "", out);
		write_value(out, k, base, array + i * k->size);
	}
	fputs("]\n", out);
}

static bool map_is_set(const struct cfg_map *map, const char *base)
{
	for (size_t i = 0; i < map->n_keys; i++) {
		const struct cfg_key *k = &map->keys[i];

		if (k->type == CFG_T_MAP || k->type == CFG_T_LIST)
			return true;
		if (k->flags & CFG_K_MANY ? count_of(k, base) > 0
					  : is_set(k, base, base + k->offset))
			return true;
	}
	return false;
}

static void write_map(
	FILE *out, const struct cfg_map *map, const char *base, int indent, bool in_list);

static void write_list(FILE *out, const struct cfg_key *k, const char *base, int indent)
{
	const char *array = array_of(k, base);
	size_t n = count_of(k, base);

	fputs(n ? "\n" : " []\n", out);
	for (size_t i = 0; i < n; i++)
		write_map(out, k->map, array + i * k->size, indent + 4, true);
}

/* in_list: the first key follows a dash that stands two columns before the others. */
static void write_map(
	FILE *out, const struct cfg_map *map, const char *base, int indent, bool in_list)
{
	bool dash = in_list;

	for (size_t i = 0; i < map->n_keys; i++) {
		const struct cfg_key *k = &map->keys[i];
		bool many = k->flags & CFG_K_MANY;

		if (k->type == CFG_T_MAP                ? !map_is_set(k->map, base)
				: k->type == CFG_T_LIST ? false
				: many                  ? !count_of(k, base)
							: !is_set(k, base, base + k->offset))
			continue;
		fprintf(out, "%*s%s%s:", dash ? indent - 2 : indent, "", dash ? "- " : "", k->name);
		dash = false;
		if (k->type == CFG_T_MAP) {
			putc('\n', out);
			write_map(out, k->map, base, indent + 2, false);
		} else if (k->type == CFG_T_LIST) {
			write_list(out, k, base, indent);
		} else if (many) {
			putc(' ', out);
			write_many(out, k, base, count_of(k, base));
		} else {
			putc(' ', out);
			write_value(out, k, base, base + k->offset);
			putc('\n', out);
		}
	}
}

void cfg_write_yaml(const struct cfg *c, FILE *out)
{
	write_map(out, &cfg_root_map, (const char *)c, 0, false);
}

/* ---- docs/config.md ---- */

static const char *default_text(const struct cfg_key *k)
{
	if (k->flags & CFG_K_REQUIRED)
		return "required";
	return k->def_doc ? k->def_doc : k->def ? k->def : k->type == CFG_T_MAP ? "" : "none";
}

static void write_section(FILE *out, const struct cfg_map *map)
{
	char allowed[160];

	fprintf(out, "\n## %s\n\n%s\n\n", map->title, map->doc);
	fputs("| Key | Allowed | Default | Meaning |\n|---|---|---|---|\n", out);
	for (size_t i = 0; i < map->n_keys; i++) {
		const struct cfg_key *k = &map->keys[i];

		fprintf(out, "| `%s` | %s%s | %s | %s |\n", k->name,
			k->flags & CFG_K_MANY ? "list: " : "",
			cfg_value_allowed(allowed, sizeof(allowed), k), default_text(k), k->doc);
	}
	for (size_t i = 0; i < map->n_keys; i++) {
		if (map->keys[i].map)
			write_section(out, map->keys[i].map);
	}
}

void cfg_write_docs(FILE *out)
{
	fputs("<!-- SPDX-License-Identifier: BSD-3-Clause -->\n"
	      "<!-- Written by `cfg-docs docs` from config/cfg_schema.c. Do not edit. -->\n"
	      "# Configuration of lnsd\n\n"
	      "One YAML file. `lnsd.example.yaml` shows every key, `lnsd --print-default` what "
	      "holds without a file, and\n"
	      "`config.schema.json` lets an editor check while you type.\n\n"
	      "- Unknown keys, keys that stand twice, wrong types and values out of range are "
	      "errors. One run reports all of\n"
	      "  them, each as `FILE:LINE:COL: error: PATH: what is wrong, and what is allowed`.\n"
	      "- Durations: a number with `ms`, `s`, `m` or `h`. Sizes: a number, or one with `K`, "
	      "`M`, `G` or `T` (powers of\n"
	      "  1024). Switches: `on`, `off`, `true`, `false`.\n"
	      "- A `secret` or `password` that begins with `file:` is read from that file, "
	      "relative to the folder of the\n"
	      "  configuration; one newline at its end is cut.\n"
	      "- Anchors, aliases, tags and further documents are not allowed. Inside `[ ]` and `{ "
	      "}` quote IPv6 addresses.\n",
		out);
	write_section(out, &cfg_root_map);
}

/* ---- docs/config.schema.json ---- */

static void schema_map(FILE *out, const struct cfg_map *map, int indent);

static void schema_off(FILE *out, const struct cfg_key *k, const char *other)
{
	if (k->flags & CFG_K_OFF) /* YAML 1.1 reads off as false */
		fprintf(out, "\"anyOf\": [{\"enum\": [\"off\", false, 0]}, {%s}]", other);
	else
		fputs(other, out);
}

static void schema_words(FILE *out, const char *const *words)
{
	bool any = false;

	fputs("\"enum\": [", out);
	for (; *words; words++) {
		if (!**words)
			continue;
		fprintf(out, "%s\"%s\"", any ? ", " : "", *words);
		any = true;
	}
	putc(']', out);
}

static void schema_scalar(FILE *out, const struct cfg_key *k)
{
	char text[160];

	switch (k->type) {
	case CFG_T_UINT:
		snprintf(text, sizeof(text),
			"\"type\": \"integer\", \"minimum\": %llu, \"maximum\": %llu",
			(unsigned long long)k->min, (unsigned long long)k->max);
		schema_off(out, k, text);
		break;
	case CFG_T_DURATION:
		schema_off(out, k, "\"type\": \"string\", \"pattern\": \"^[0-9]+(ms|s|m|h)$\"");
		break;
	case CFG_T_BYTES:
		fputs("\"type\": [\"string\", \"integer\"], \"pattern\": \"^[0-9]+[KMGT]?$\"", out);
		break;
	case CFG_T_RATE:
		schema_off(out, k,
			"\"type\": [\"string\", \"integer\"], \"pattern\": \"^[0-9]+[kMG]?$\"");
		break;
	case CFG_T_BOOL:
		fputs("\"enum\": [true, false, \"on\", \"off\"]", out);
		break;
	case CFG_T_ENUM:
		schema_words(out, k->words);
		break;
	case CFG_T_STRING:
		fprintf(out,
			"\"type\": [\"string\", \"number\"], \"minLength\": %llu, \"maxLength\": "
			"%llu",
			(unsigned long long)k->min, (unsigned long long)k->max);
		break;
	case CFG_T_SECRET: /* file:PATH may be longer */
		fprintf(out, "\"type\": [\"string\", \"number\"], \"minLength\": %llu",
			(unsigned long long)k->min);
		break;
	case CFG_T_ADDRESS:
		fputs("\"type\": \"string\", \"pattern\": \"^[0-9a-fA-F.:]+$\"", out);
		break;
	case CFG_T_IFADDR:
	case CFG_T_PREFIX:
		fputs("\"type\": \"string\", \"pattern\": \"^[0-9a-fA-F.:]+/[0-9]+$\"", out);
		break;
	case CFG_T_HOST4:
		fputs("\"type\": \"string\", \"pattern\": \"^[0-9.]+$\"", out);
		break;
	case CFG_T_POOL4:
		fputs("\"type\": \"string\", \"pattern\": \"^[0-9.]+(/[0-9]+|-[0-9.]+)$\"", out);
		break;
	case CFG_T_POOL6:
		fputs("\"type\": \"string\", \"pattern\": \"^[0-9a-fA-F:]+/[0-9]+$\"", out);
		break;
	case CFG_T_MAP:
	case CFG_T_LIST:
		break;
	}
}

static void schema_key(FILE *out, const struct cfg_key *k, int indent)
{
	fprintf(out, "%*s\"%s\": {\"description\": ", indent, "", k->name);
	write_quoted(out, k->doc);
	fputs(", ", out);
	if (k->type == CFG_T_MAP) {
		schema_map(out, k->map, indent);
	} else if (k->type == CFG_T_LIST || (k->flags & CFG_K_MANY)) {
		fprintf(out,
			"\"type\": \"array\", \"minItems\": %llu, \"maxItems\": %llu, \"items\": {",
			(unsigned long long)k->min_many, (unsigned long long)k->max_many);
		if (k->type == CFG_T_LIST)
			schema_map(out, k->map, indent);
		else
			schema_scalar(out, k);
		putc('}', out);
	} else {
		schema_scalar(out, k);
	}
	putc('}', out);
}

/* The members of an object, without its braces. */
static void schema_map(FILE *out, const struct cfg_map *map, int indent)
{
	bool any = false;

	fputs("\"type\": \"object\", \"additionalProperties\": false,", out);
	for (size_t i = 0; i < map->n_keys; i++) {
		if (!(map->keys[i].flags & CFG_K_REQUIRED))
			continue;
		fprintf(out, "%s\"%s\"", any ? ", " : " \"required\": [", map->keys[i].name);
		any = true;
	}
	fputs(any ? "]," : "", out);
	if (map->one_of[0])
		fprintf(out, " \"oneOf\": [{\"required\": [\"%s\"]}, {\"required\": [\"%s\"]}],",
			map->one_of[0], map->one_of[1]);
	fputs(" \"properties\": {\n", out);
	for (size_t i = 0; i < map->n_keys; i++) {
		schema_key(out, &map->keys[i], indent + 2);
		fputs(i + 1 < map->n_keys ? ",\n" : "\n", out);
	}
	fprintf(out, "%*s}", indent, "");
}

void cfg_write_schema(FILE *out)
{
	fputs("{\n\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
	      "\"$comment\": \"SPDX-License-Identifier: BSD-3-Clause. Written by cfg-docs schema "
	      "from config/cfg_schema.c.\",\n"
	      "\"title\": \"Configuration of lnsd\",\n",
		out);
	schema_map(out, &cfg_root_map, 0);
	fputs("\n}\n", out);
}
