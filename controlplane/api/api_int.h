/* SPDX-License-Identifier: BSD-3-Clause */
/* api_int.h - what the files of controlplane/api/ share. Nobody else includes it. Thread: control
 * only. */
#ifndef CONTROLPLANE_API_API_INT_H
#define CONTROLPLANE_API_API_INT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/api/api.h"

#define API_SCHEMA   1
#define API_ROWS_MAX 1000 /* of one page */
#define API_ROWS     100 /* unless asked for more */
#define API_SCAN_MAX 10000 /* slots looked at for one page */

/* A refusal: code is stable, message says what is allowed. */
struct api_error {
	const char *code;
	char message[256];
};

/** Perform one method. @return the result (a new reference), or NULL with *e filled in. */
json_t *api_call(struct cp *cp, const char *method, const json_t *params, struct api_error *e);
/** One request line into one reply, without a line feed. @return a new reference, NULL: no memory.
 * */
json_t *api_answer(struct cp *cp, const char *line, size_t len);
json_t *api_refuse(struct api_error *e, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* api_show.c: records as JSON */
/** Bytes of a peer as valid UTF-8: printable ASCII as is, backslash doubled, anything else as \xHH.
 * */
json_t *api_text(const void *bytes, size_t len);
json_t *api_ip4(uint32_t host_order);
json_t *api_prefix6(uint64_t host_order);
json_t *api_address(uint8_t family, const uint8_t *addr);
json_t *api_tunnel(const struct cp *cp, uint32_t slot, bool detail);
json_t *api_session(const struct cp *cp, uint32_t slot, bool detail);
json_t *api_config(const struct cfg *c);
/** Add value (a reference that is taken) unless it is NULL. */
void api_set_take(json_t *object, const char *key, json_t *value);
uint64_t api_now_ns(void);

/* api_list.c: methods on tunnels and sessions */
json_t *api_tunnels_list(struct cp *cp, const json_t *params, struct api_error *e);
json_t *api_tunnels_get(struct cp *cp, const json_t *params, struct api_error *e);
json_t *api_tunnels_clear(struct cp *cp, const json_t *params, struct api_error *e);
json_t *api_sessions_list(struct cp *cp, const json_t *params, struct api_error *e);
json_t *api_sessions_get(struct cp *cp, const json_t *params, struct api_error *e);
json_t *api_sessions_clear(struct cp *cp, const json_t *params, struct api_error *e);

#endif
