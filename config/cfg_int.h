/* SPDX-License-Identifier: BSD-3-Clause */
/* cfg_int.h - what the files of config/ share: the tree of a YAML text, the error list, the key
 * table. The way of a text: cfg_yaml.c makes nodes with positions, cfg_bind.c turns nodes into
 * struct cfg by the key table of cfg_schema.c, cfg_value.c types one scalar, cfg_check.c compares
 * values with each other, cfg_write.c prints the table. Thread: control. Nobody outside config/
 * and its tests includes this file. */
#ifndef CONFIG_CFG_INT_H
#define CONFIG_CFG_INT_H

#include "config/cfg.h"

#define CFG_FILE_MAX   (128u << 20) /* octets of a configuration: a million users fit */
#define CFG_DEPTH_MAX  8 /* the deepest key stands at 5 */
#define CFG_KEYS_MAX   24 /* keys in one map of the table */
#define CFG_SECRET_MAX 4096 /* a secret's file larger than this is not a secret */

enum cfg_node_type { CFG_NODE_SCALAR, CFG_NODE_MAP, CFG_NODE_LIST };

/** One value of the text. Its path is found through parent, key and index, so an error needs only
 * the node. */
struct cfg_node {
	enum cfg_node_type type;
	bool bad; /* an error was reported here: later checks keep quiet */
	uint32_t line, col; /* from 1 */
	uint32_t key_line, key_col;
	uint32_t index; /* place among the children of its parent */
	uint32_t n; /* children */
	uint32_t len; /* of text */
	const char *text; /* scalars; terminated, but may hold NUL */
	const char *key; /* in a map; terminated */
	struct cfg_node *parent, *first, *last, *next;
};

struct cfg_error {
	uint32_t line, col;
	size_t seq;
	char *text;
};

struct cfg_chunk;

/** One run: where it reads, what it found wrong. */
struct cfg_ctx {
	const char *file; /* for messages */
	char dir[4096]; /* folder of `file:` secrets; "" = the current one */
	struct cfg_error *errors;
	size_t n_errors, errors_cap;
	size_t lost_errors; /* no memory for their text */
	struct cfg_chunk *chunks; /* nodes and their text */
};

enum cfg_type {
	CFG_T_MAP, /* keys of .map, in the same struct */
	CFG_T_LIST, /* list of maps: array at offset, count at count */
	CFG_T_UINT, /* 1, 2, 4 or 8 octets by size */
	CFG_T_BOOL,
	CFG_T_ENUM, /* one of words: its number, or the word itself in a char array */
	CFG_T_STRING, /* min..max octets, terminated, no control characters */
	CFG_T_SECRET, /* the same, or file:PATH; length at count; never printed */
	CFG_T_DURATION, /* uint32_t milliseconds */
	CFG_T_BYTES, /* uint64_t */
	CFG_T_RATE, /* uint64_t bits per second */
	CFG_T_ADDRESS, /* struct cfg_prefix of full length */
	CFG_T_IFADDR, /* struct cfg_prefix: address and the length of its link */
	CFG_T_PREFIX, /* struct cfg_prefix without host bits */
	CFG_T_HOST4, /* uint32_t host order */
	CFG_T_POOL4, /* range of a struct cfg_pool */
	CFG_T_POOL6, /* prefix of a struct cfg_pool */
};

#define CFG_K_REQUIRED (1u << 0)
#define CFG_K_MANY     (1u << 1) /* a list; with count: malloced, without: an array of max_many */
#define CFG_K_OFF    (1u << 2) /* 0 is allowed below min, and written "off" */
#define CFG_K_MINUS1 (1u << 3) /* absent is stored as -1 */
#define CFG_K_V4     (1u << 4) /* addresses: only this family */
#define CFG_K_V6     (1u << 5)

struct cfg_map;

struct cfg_key {
	const char *name;
	enum cfg_type type;
	unsigned flags;
	size_t offset, size; /* in the struct; size of one element for lists */
	size_t count; /* offset of the size_t beside it, 0 = none */
	uint64_t min, max; /* value, octets of a string, or prefix length */
	uint64_t min_many, max_many; /* elements of a list */
	const char *def; /* default as written; NULL: zero, or see def_doc */
	const char *def_doc; /* the default in words, when it depends on something */
	const char *const
		*words; /* CFG_T_ENUM, in the order of its numbers; "" = not allowed; NULL ends */
	const struct cfg_map *map;
	const char *doc;
};

struct cfg_map {
	const char *title; /* heading of its section in docs/config.md */
	const char *doc;
	const struct cfg_key *keys;
	size_t n_keys;
	const char *one_of[2]; /* exactly one of these must stand there */
};

extern const struct cfg_map cfg_root_map;

/* cfg_error.c */
void cfg_error(struct cfg_ctx *x, struct cfg_node *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same, but the node itself is not what is wrong. */
void cfg_error_inside(struct cfg_ctx *x, struct cfg_node *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* At the place of the node's key. */
void cfg_error_key(struct cfg_ctx *x, struct cfg_node *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void cfg_error_at(struct cfg_ctx *x, uint32_t line, uint32_t col, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
size_t cfg_errors_flush(struct cfg_ctx *x, FILE *err);
/** Text for a message: in quotes, control characters escaped, cut at 60 characters. @return buf */
const char *cfg_quote(char *buf, size_t size, const char *text, size_t len);

/* cfg_yaml.c */
struct cfg_node *cfg_yaml_read(struct cfg_ctx *x, const char *text, size_t len);
void cfg_yaml_free(struct cfg_ctx *x);
/** @return the value of a key in a map when it stands there and nothing is wrong with it, or NULL.
 * */
struct cfg_node *cfg_node_get(const struct cfg_node *map, const char *key);

/* cfg_value.c */
/** Type one scalar into dst. Errors go to node. @return 0 or -1. */
int cfg_value_read(struct cfg_ctx *x, struct cfg_node *node, const struct cfg_key *k,
	const char *text, size_t len, void *base, void *dst);
/** What a key accepts, for messages and docs. @return buf */
const char *cfg_value_allowed(char *buf, size_t size, const struct cfg_key *k);
void cfg_prefix_text(char *buf, size_t size, const struct cfg_prefix *p, bool with_len);

/* cfg_bind.c */
void cfg_bind(struct cfg_ctx *x, struct cfg_node *root, struct cfg *c);

/* cfg_check.c */
/** Values against each other, names to indexes, defaults that depend on others; sorts the users. */
void cfg_check(struct cfg_ctx *x, struct cfg_node *root, struct cfg *c);

#endif
