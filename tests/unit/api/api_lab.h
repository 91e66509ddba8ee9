/* SPDX-License-Identifier: BSD-3-Clause */
/* api_lab.h - the JSON API in front of a control core and a dataplane that api_lab.c plays, and a client of it. */
#ifndef TESTS_API_LAB_H
#define TESTS_API_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "controlplane/cp.h"

#define SESSIONS 60000
#define TUNNELS  200

struct api;

/* What the control core holds, and was asked for. */
extern struct cfg *cfg;
extern struct api *api;
extern struct l2tp_tunnel tunnel[TUNNELS + 1];
extern struct cp_subscriber sub[SESSIONS + 1];
extern uint32_t cleared_session, cleared_tunnel;
extern uint64_t looked_at; /* slots */

int setup(void **state);
int teardown(void **state);
/** A session of this user in the slot. */
void session(uint32_t slot, const char *user, uint32_t ip4);

/** Let the API work until nothing comes for so long. */
void serve(int ms);
/** @return a client's socket. */
int dial(void);
/** Write all, serving meanwhile. @return false: the server closed. */
bool put(int s, const void *bytes, size_t len);
/** One reply line; NULL when the server closed or says nothing for 2 s. */
json_t *reply(int s);
/** A request and its reply, by a client of its own. */
json_t *ask(const char *line);
/** The result of a method, by a path of keys and indices such as "workers.1.cpu", as text. */
const char *at(const json_t *r, const char *path);
/** The code of the error that a reply is, or NULL. */
const char *code(const json_t *r);
void expect_error(const char *line, const char *what);

#endif
