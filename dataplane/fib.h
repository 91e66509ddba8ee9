/* SPDX-License-Identifier: BSD-3-Clause */
/* fib.h - routes: what dp.h promises, plus what the rest of the dataplane's control side needs. Thread: control.
 * Workers read dp_t.fib4 and dp_t.fib6 by rte_fib_lookup_bulk() and rte_fib6_lookup_bulk() with NH_TYPE and NH_INDEX; a
 * result is a hint that may be one grace period old. */
#ifndef DATAPLANE_FIB_H
#define DATAPLANE_FIB_H

#include "dataplane/records.h"

/** Room for max_routes of each family. @return 0 or -ENOMEM. */
int fib_init(uint32_t max_routes);
void fib_fini(void);
/** Put n framed routes to the session; *list gets the head of the session's route list.
 * @return 0, -EEXIST: a prefix is routed already, -ENOSPC, -EINVAL; nothing was done then. */
int fib_session_add(uint32_t slot, const struct cfg_prefix *routes, unsigned int n, uint32_t *list);
/** Take them out again, and empty the list. */
void fib_session_del(uint32_t slot, uint32_t *list);
/** Routes of each family that are set. */
void fib_usage(uint32_t *routes4, uint32_t *routes6);

#endif
