/* SPDX-License-Identifier: BSD-3-Clause */
/* api.h - the JSON API on a Unix socket (docs/api.md). Thread: control only; never blocks the
 * control core: each client has bounded buffers, lists come in pages with a cursor, a reader that
 * never reads is dropped. */
#ifndef CONTROLPLANE_API_API_H
#define CONTROLPLANE_API_API_H

#include "controlplane/cp.h"

struct api;
/** @return NULL after an error line that says what to do. */
struct api *api_start(struct cp *cp);
void api_stop(struct api *a);
/** One descriptor (an epoll of the API's own) to poll for reading. */
int api_fd(const struct api *a);
/** Serve what is ready; bounded work per call. */
void api_readable(struct api *a);

#endif
