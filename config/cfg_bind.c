/* SPDX-License-Identifier: BSD-3-Clause */
/* cfg_bind.c - nodes to struct cfg by the key table, and the life of a struct cfg.
 * A map with an error still gets its defaults, so that one run finds every error; the struct is
 * handed out only when there was none. Thread: control. */
#include "config/cfg_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void bind_map(
	struct cfg_ctx *x, struct cfg_node *node, const struct cfg_map *map, void *base);

static const char *kind_text(const struct cfg_node *node)
{
	if (node->type == CFG_NODE_MAP)
		return "a map";
	return node->type == CFG_NODE_LIST ? "a list" : node->len ? "a single value" : "nothing";
}

static bool expect(
	struct cfg_ctx *x, struct cfg_node *node, enum cfg_node_type type, const char *allowed)
{
	if (node->bad)
		return false;
	if (node->type == type)
		return true;
	cfg_error(x, node, "%s stands here; allowed: %s", kind_text(node), allowed);
	return false;
}

/* Levenshtein distance of two short words. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[40], la = (unsigned)strlen(a), lb = (unsigned)strlen(b);

	if (la >= 40 || lb >= 40)
		return 40;
	for (unsigned j = 0; j <= lb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= lb; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[lb];
}

static void unknown_key(struct cfg_ctx *x, struct cfg_node *node, const struct cfg_map *map)
{
	char allowed[512], close[64] = "";
	unsigned best = 3;
	size_t at = 0;

	for (size_t i = 0; i < map->n_keys; i++) {
		const char *name = map->keys[i].name;
		unsigned d = distance(node->key, name);

		at += (size_t)snprintf(
			allowed + at, sizeof(allowed) - at, "%s%s", i ? ", " : "", name);
		if (d < best && d < strlen(name)) {
			best = d;
			snprintf(close, sizeof(close), "did you mean \"%s\"? ", name);
		}
	}
	cfg_error_key(x, node, "unknown key; %sallowed: %s", close, allowed);
}

/* Scalars in a list: into an array of the struct, or a malloced one. */
static void bind_many(struct cfg_ctx *x, struct cfg_node *node, const struct cfg_key *k, char *base)
{
	char *array = base + k->offset;
	size_t n = 0;

	if (!expect(x, node, CFG_NODE_LIST, "a list, like [a, b]"))
		return;
	if (node->n < k->min_many || node->n > k->max_many) {
		cfg_error(x, node, "%u entries; allowed: %llu to %llu", node->n,
			(unsigned long long)k->min_many, (unsigned long long)k->max_many);
		return;
	}
	if (k->count && node->n) {
		array = calloc(node->n, k->size);
		if (!array) {
			cfg_error(x, node, "out of memory");
			return;
		}
		*(void **)(base + k->offset) = array;
	}
	for (struct cfg_node *e = node->first; e; e = e->next) {
		char allowed[160];

		if (expect(x, e, CFG_NODE_SCALAR, cfg_value_allowed(allowed, sizeof(allowed), k)) &&
			!cfg_value_read(x, e, k, e->text, e->len, base, array + n * k->size))
			n++;
		else
			/* Places in the array no longer match places in the text. */
			node->bad = true;
	}
	if (k->count)
		*(size_t *)(base + k->count) = n;
}

static void bind_list(struct cfg_ctx *x, struct cfg_node *node, const struct cfg_key *k, char *base)
{
	char *array;

	if (!expect(x, node, CFG_NODE_LIST, "a list of maps"))
		return;
	if (node->n < k->min_many || node->n > k->max_many) {
		cfg_error(x, node, "%u entries; allowed: %llu to %llu", node->n,
			(unsigned long long)k->min_many, (unsigned long long)k->max_many);
		return;
	}
	if (!node->n)
		return;
	array = calloc(node->n, k->size);
	if (!array) {
		cfg_error(x, node, "out of memory");
		return;
	}
	*(void **)(base + k->offset) = array;
	*(size_t *)(base + k->count) = node->n;
	for (struct cfg_node *e = node->first; e; e = e->next, array += k->size)
		bind_map(x, e, k->map, array);
}

static void bind_default(struct cfg_ctx *x, const struct cfg_key *k, char *base)
{
	if (k->type == CFG_T_MAP)
		bind_map(x, NULL, k->map, base);
	else if (k->flags & CFG_K_MINUS1)
		memset(base + k->offset, 0xff, k->size);
	else if (k->def)
		cfg_value_read(x, NULL, k, k->def, strlen(k->def), base, base + k->offset);
}

static void bind_key(struct cfg_ctx *x, struct cfg_node *node, const struct cfg_key *k, char *base)
{
	char allowed[160];

	if (k->type == CFG_T_MAP)
		bind_map(x, node, k->map, base);
	else if (k->type == CFG_T_LIST)
		bind_list(x, node, k, base);
	else if (k->flags & CFG_K_MANY)
		bind_many(x, node, k, base);
	else if (expect(x, node, CFG_NODE_SCALAR, cfg_value_allowed(allowed, sizeof(allowed), k)))
		cfg_value_read(x, node, k, node->text, node->len, base, base + k->offset);
}

static const struct cfg_key *find_key(const struct cfg_map *map, const char *name)
{
	for (size_t i = 0; i < map->n_keys; i++) {
		if (!strcmp(map->keys[i].name, name))
			return &map->keys[i];
	}
	return NULL;
}

static void check_one_of(struct cfg_ctx *x, struct cfg_node *node, const struct cfg_map *map,
	struct cfg_node *const *seen)
{
	const struct cfg_key *a, *b;

	if (!map->one_of[0])
		return;
	a = find_key(map, map->one_of[0]);
	b = find_key(map, map->one_of[1]);
	if (!seen[a - map->keys] == !seen[b - map->keys])
		cfg_error(x, node, "%s of \"%s\" and \"%s\" stand%s here; allowed: exactly one",
			seen[a - map->keys] ? "both" : "none", a->name, b->name,
			seen[a - map->keys] ? "" : "s");
}

static void bind_map(
	struct cfg_ctx *x, struct cfg_node *node, const struct cfg_map *map, void *base)
{
	struct cfg_node *seen[CFG_KEYS_MAX] = {0};
	bool is_map = node && expect(x, node, CFG_NODE_MAP, "a map");

	for (struct cfg_node *e = is_map ? node->first : NULL; e; e = e->next) {
		const struct cfg_key *k = find_key(map, e->key);

		if (!k) {
			unknown_key(x, e, map);
		} else if (seen[k - map->keys]) {
			cfg_error_key(x, e, "stands here a second time; first in line %u",
				seen[k - map->keys]->key_line);
		} else {
			seen[k - map->keys] = e;
			bind_key(x, e, k, base);
		}
	}
	for (size_t i = 0; i < map->n_keys; i++) {
		const struct cfg_key *k = &map->keys[i];

		if (seen[i])
			continue;
		if ((k->flags & CFG_K_REQUIRED) && is_map)
			cfg_error_inside(x, node, "\"%s\" is missing; it must stand here", k->name);
		bind_default(x, k, base);
	}
	if (is_map)
		check_one_of(x, node, map, seen);
}

void cfg_bind(struct cfg_ctx *x, struct cfg_node *root, struct cfg *c)
{
	bind_map(x, root, &cfg_root_map, c);
}

static void free_map(const struct cfg_map *map, void *base)
{
	for (size_t i = 0; i < map->n_keys; i++) {
		const struct cfg_key *k = &map->keys[i];
		char *field = (char *)base + k->offset;

		if (k->type == CFG_T_MAP) {
			free_map(k->map, base);
		} else if (k->type == CFG_T_LIST) {
			char *array = *(char **)field;
			size_t n = *(size_t *)((char *)base + k->count);

			for (size_t e = 0; e < n; e++)
				free_map(k->map, array + e * k->size);
			free(array);
		} else if ((k->flags & CFG_K_MANY) && k->count) {
			free(*(void **)field);
		} else if (k->type == CFG_T_SECRET) {
			explicit_bzero(field, k->size);
		}
	}
}

void cfg_free(struct cfg *c)
{
	if (!c)
		return;
	free_map(&cfg_root_map, c);
	free(c);
}

static struct cfg *parse(struct cfg_ctx *x, const char *text, size_t len, FILE *err)
{
	struct cfg *c = calloc(1, sizeof(*c));
	struct cfg_node *root;

	if (!c) {
		cfg_error_at(x, 0, 0, "out of memory");
	} else {
		root = cfg_yaml_read(x, text, len);
		if (root) {
			cfg_bind(x, root, c);
			cfg_check(x, root, c);
		}
	}
	cfg_yaml_free(x);
	if (!cfg_errors_flush(x, err))
		return c;
	cfg_free(c);
	return NULL;
}

struct cfg *cfg_parse(const char *name, const char *text, size_t len, FILE *err)
{
	struct cfg_ctx x = {.file = name};

	return parse(&x, text, len, err);
}

/* The whole file, malloced. NULL: *why says it. */
static char *read_file(const char *file, size_t *len, const char **why)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	char *text = NULL;
	ssize_t n = 0;

	*len = 0;
	if (fd < 0 || fstat(fd, &st)) {
		*why = strerror(errno);
	} else if (!S_ISREG(st.st_mode)) {
		*why = "not a regular file";
	} else if (st.st_size > (off_t)CFG_FILE_MAX) {
		*why = "larger than 128M";
	} else {
		text = malloc((size_t)st.st_size + 1);
		while (text && *len < (size_t)st.st_size &&
			(n = read(fd, text + *len, (size_t)st.st_size - *len)) > 0)
			*len += (size_t)n;
		if (!text || n < 0) {
			*why = strerror(errno);
			free(text);
			text = NULL;
		}
	}
	if (fd >= 0)
		close(fd);
	return text;
}

struct cfg *cfg_load(const char *file, FILE *err)
{
	struct cfg_ctx x = {.file = file};
	const char *slash = strrchr(file, '/'), *why;
	struct cfg *c;
	size_t len;
	char *text;

	if (slash && (size_t)(slash + 1 - file) < sizeof(x.dir))
		memcpy(x.dir, file, (size_t)(slash + 1 - file));
	text = read_file(file, &len, &why);
	if (!text) {
		cfg_error_at(&x, 0, 0, "cannot read the configuration: %s", why);
		cfg_errors_flush(&x, err);
		return NULL;
	}
	c = parse(&x, text, len, err);
	explicit_bzero(text, len);
	free(text);
	return c;
}

struct cfg *cfg_default(FILE *err)
{
	return cfg_parse("default", cfg_default_text(), strlen(cfg_default_text()), err);
}

/* As strcmp() of a name of len octets with a user's. */
static int name_order(const char *name, size_t len, const struct cfg_user *u)
{
	size_t ulen = strlen(u->name);
	int order = memcmp(name, u->name, len < ulen ? len : ulen);

	return order ? order : len < ulen ? -1 : len > ulen;
}

const struct cfg_user *cfg_user_find(const struct cfg *c, const char *name, size_t len)
{
	size_t lo = 0, hi = c->n_users;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = name_order(name, len, &c->users[mid]);

		if (order == 0)
			return &c->users[mid];
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}
