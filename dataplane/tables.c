/* SPDX-License-Identifier: BSD-3-Clause */
/* tables.c - where the tables that all workers read, and the list of workers, live. Filled by init.c (control) before any
 * worker runs; see records.h and worker.h for who writes what afterwards. */
#include "dataplane/worker.h"

struct dp_tables dp_t;
struct worker *dp_workers[DP_WORKERS_MAX];
