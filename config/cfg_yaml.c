/* SPDX-License-Identifier: BSD-3-Clause */
/* cfg_yaml.c - YAML text to a tree of nodes that know their line and column.
 * libyaml's events are taken one by one; nothing here recurses, depth is bounded. Only plain YAML
 * is taken: one document, text keys; anchors, aliases and tags are refused, since a value that
 * stands elsewhere has no position of its own. Thread: control. Nodes and text live in chunks
 * until cfg_yaml_free(). */
#include "config/cfg_int.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define CHUNK_SIZE (64u << 10)

struct cfg_chunk {
	struct cfg_chunk *next;
	size_t used, size;
	_Alignas(16) char data[];
};

/* Where the events are: the open container, and in a map the key that waits for its value. */
struct builder {
	struct cfg_ctx *x;
	struct cfg_node *root, *open;
	unsigned depth;
	const char *key;
	uint32_t key_line, key_col;
};

static void *chunk_alloc(struct cfg_ctx *x, size_t size)
{
	struct cfg_chunk *c = x->chunks;
	void *at;

	size = (size + 15) & ~(size_t)15;
	if (!c || c->size - c->used < size) {
		size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;

		c = malloc(sizeof(*c) + room);
		if (!c)
			return NULL;
		c->next = x->chunks;
		c->used = 0;
		c->size = room;
		x->chunks = c;
	}
	at = c->data + c->used;
	c->used += size;
	return at;
}

static const char *copy_text(struct cfg_ctx *x, const yaml_event_t *ev)
{
	size_t len = ev->data.scalar.length;
	char *text = chunk_alloc(x, len + 1);

	if (text) {
		memcpy(text, ev->data.scalar.value, len);
		text[len] = '\0';
	}
	return text;
}

static uint32_t line_of(const yaml_event_t *ev)
{
	return (uint32_t)ev->start_mark.line + 1; /* libyaml counts from 0 */
}

static uint32_t col_of(const yaml_event_t *ev)
{
	return (uint32_t)ev->start_mark.column + 1;
}

/* Hang a new node into the open container. NULL: no memory, or the document has a root already. */
static struct cfg_node *new_node(struct builder *b, const yaml_event_t *ev, enum cfg_node_type type)
{
	struct cfg_node *n = chunk_alloc(b->x, sizeof(*n));

	if (!n) {
		cfg_error_at(b->x, line_of(ev), col_of(ev), "out of memory");
		return NULL;
	}
	memset(n, 0, sizeof(*n));
	n->type = type;
	n->line = n->key_line = line_of(ev);
	n->col = n->key_col = col_of(ev);
	n->parent = b->open;
	if (!b->open) {
		b->root = n;
		return n;
	}
	if (b->open->type == CFG_NODE_MAP) {
		n->key = b->key;
		n->key_line = b->key_line;
		n->key_col = b->key_col;
		b->key = NULL;
	}
	n->index = b->open->n++;
	if (b->open->last)
		b->open->last->next = n;
	else
		b->open->first = n;
	b->open->last = n;
	return n;
}

static bool wants_key(const struct builder *b)
{
	return b->open && b->open->type == CFG_NODE_MAP && !b->key;
}

static int take_key(struct builder *b, const yaml_event_t *ev)
{
	if (memchr(ev->data.scalar.value, '\0', ev->data.scalar.length)) {
		cfg_error_at(b->x, line_of(ev), col_of(ev), "a key holds a NUL character");
		return -1;
	}
	b->key = copy_text(b->x, ev);
	b->key_line = line_of(ev);
	b->key_col = col_of(ev);
	if (!b->key) {
		cfg_error_at(b->x, b->key_line, b->key_col, "out of memory");
		return -1;
	}
	return 0;
}

static int take_scalar(struct builder *b, const yaml_event_t *ev)
{
	struct cfg_node *n;

	if (wants_key(b))
		return take_key(b, ev);
	n = new_node(b, ev, CFG_NODE_SCALAR);
	if (!n)
		return -1;
	n->text = copy_text(b->x, ev);
	if (!n->text) {
		cfg_error(b->x, n, "out of memory");
		return -1;
	}
	n->len = (uint32_t)ev->data.scalar.length;
	if (ev->data.scalar.anchor)
		cfg_error(b->x, n, "anchors (&) are not allowed; write the value where it is used");
	else if (ev->data.scalar.tag)
		cfg_error(b->x, n, "tags (!) are not allowed; types follow from the key");
	return 0;
}

static int take_start(struct builder *b, const yaml_event_t *ev, enum cfg_node_type type)
{
	bool map = type == CFG_NODE_MAP;
	struct cfg_node *n;

	if (wants_key(b)) {
		cfg_error_at(b->x, line_of(ev), col_of(ev), "a %s cannot be a key; allowed: text",
			map ? "map" : "list");
		return -1;
	}
	if (++b->depth > CFG_DEPTH_MAX) {
		cfg_error_at(b->x, line_of(ev), col_of(ev), "nested too deeply; allowed: %d levels",
			CFG_DEPTH_MAX);
		return -1;
	}
	n = new_node(b, ev, type);
	if (!n)
		return -1;
	if (map ? ev->data.mapping_start.anchor : ev->data.sequence_start.anchor)
		cfg_error(b->x, n, "anchors (&) are not allowed; write the value where it is used");
	else if (map ? ev->data.mapping_start.tag : ev->data.sequence_start.tag)
		cfg_error(b->x, n, "tags (!) are not allowed; types follow from the key");
	b->open = n;
	return 0;
}

/* 0: go on, 1: done, -1: stop, reported. */
static int take_event(struct builder *b, const yaml_event_t *ev)
{
	struct cfg_node *n;

	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (!b->root)
			return 0;
		cfg_error_at(b->x, line_of(ev), col_of(ev), "a second document; allowed: one");
		return -1;
	case YAML_ALIAS_EVENT:
		if (wants_key(b)) {
			cfg_error_at(b->x, line_of(ev), col_of(ev),
				"an alias (*) cannot be a key; allowed: text");
			return -1;
		}
		n = new_node(b, ev, CFG_NODE_SCALAR);
		if (!n)
			return -1;
		n->text = "";
		cfg_error(b->x, n, "aliases (*) are not allowed; write the value where it is used");
		return 0;
	case YAML_SCALAR_EVENT:
		return take_scalar(b, ev);
	case YAML_SEQUENCE_START_EVENT:
		return take_start(b, ev, CFG_NODE_LIST);
	case YAML_MAPPING_START_EVENT:
		return take_start(b, ev, CFG_NODE_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->open = b->open->parent;
		b->depth--;
		return 0;
	case YAML_STREAM_END_EVENT:
		return 1;
	default:
		return 0;
	}
}

/* The scanner and the parser give a mark, the reader of characters only an offset. */
static void syntax_error(struct cfg_ctx *x, const yaml_parser_t *p, const char *text, size_t len)
{
	uint32_t line = (uint32_t)p->problem_mark.line + 1,
		 col = (uint32_t)p->problem_mark.column + 1;

	if (p->error == YAML_MEMORY_ERROR) {
		cfg_error_at(x, line, col, "out of memory");
		return;
	}
	if (p->error == YAML_READER_ERROR) {
		line = col = 1;
		for (size_t i = 0; i < p->problem_offset && i < len; i++) {
			if (text[i] == '\n') {
				line++;
				col = 1;
			} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
				col++;
			}
		}
	}
	cfg_error_at(x, line, col, "not YAML: %s%s%s", p->problem ? p->problem : "syntax error",
		p->context ? " " : "", p->context ? p->context : "");
}

struct cfg_node *cfg_yaml_read(struct cfg_ctx *x, const char *text, size_t len)
{
	struct builder b = {.x = x};
	yaml_parser_t parser;
	yaml_event_t ev;
	int rc;

	if (len > CFG_FILE_MAX) {
		cfg_error_at(x, 1, 1, "%zu octets; allowed: %u", len, CFG_FILE_MAX);
		return NULL;
	}
	if (!yaml_parser_initialize(&parser)) {
		cfg_error_at(x, 1, 1, "out of memory");
		return NULL;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	do {
		if (!yaml_parser_parse(&parser, &ev)) {
			syntax_error(x, &parser, text, len);
			rc = -1;
			break;
		}
		rc = take_event(&b, &ev);
		yaml_event_delete(&ev);
	} while (rc == 0);
	yaml_parser_delete(&parser);
	if (rc < 0)
		return NULL;
	if (!b.root)
		cfg_error_at(x, 1, 1, "the configuration is empty; it begins with \"schema: 1\"");
	return b.root;
}

void cfg_yaml_free(struct cfg_ctx *x)
{
	while (x->chunks) {
		struct cfg_chunk *next = x->chunks->next;

		free(x->chunks);
		x->chunks = next;
	}
}

struct cfg_node *cfg_node_get(const struct cfg_node *map, const char *key)
{
	if (!map || map->type != CFG_NODE_MAP)
		return NULL;
	for (struct cfg_node *n = map->first; n; n = n->next) {
		if (!strcmp(n->key, key))
			return n->bad ? NULL : n;
	}
	return NULL;
}
