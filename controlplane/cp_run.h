/* SPDX-License-Identifier: BSD-3-Clause */
/* cp_run.h - the control core's life, for the composition root (dataplane/main.c). */
#ifndef CONTROLPLANE_CP_RUN_H
#define CONTROLPLANE_CP_RUN_H

#include <signal.h>
#include <stdbool.h>

#include "controlplane/cp.h"

/** The signals that cp_run() serves. The caller blocks them before any thread exists, or a worker would take them. */
sigset_t cp_signals(void);
/** Make the control core for c on the store's arrays; dp_init() has run. @return NULL after an error line. */
struct cp *cp_start(const struct cfg *c, const struct dp_store_view *store);
/** The story of events: run until SIGTERM or SIGINT, then end every tunnel as on-stop says. @return exit status. */
int cp_run(struct cp *cp);
/** One turn without descriptors and without waiting, for who runs control and workers in one thread (tests/bench).
 * @return was there anything to do? */
bool cp_turn(struct cp *cp);
/** Free all; dp_fini() follows. */
void cp_stop(struct cp *cp);

#endif
