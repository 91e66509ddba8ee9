/* SPDX-License-Identifier: BSD-3-Clause */
/* drop_reason.h - enum of drop_reason.def. */
#ifndef DATAPLANE_DROP_REASON_H
#define DATAPLANE_DROP_REASON_H

enum drop_reason {
#define X(id, name, text) DROP_##id,
#include "dataplane/drop_reason.def"
#undef X
	DROP_REASONS
};

#endif
