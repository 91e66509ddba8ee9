/* SPDX-License-Identifier: BSD-3-Clause */
/* cell.h - a cell of the state tables of RFC 2661 s7, as tunnel.c and call.c write them: actions, then the next state. */
#ifndef CONTROLPLANE_L2TP_CELL_H
#define CONTROLPLANE_L2TP_CELL_H

#include <stdint.h>

struct cell {
	uint8_t actions, next;
};

#define ____      {0, 0} /* the RFC has nothing there */
#define A(act, s) {(act), (s)}

#endif
