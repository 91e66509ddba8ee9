/* SPDX-License-Identifier: BSD-3-Clause */
/* checksum.h - the one loop over payload on the packet path: the sum of a UDP checksum made in software (RFC 1071).
 * It is built for several instruction sets, and one is selected at start. The rest of the path is built once: for AVX2 or
 * AVX-512 it took as long (docs/performance.md). */
#ifndef DATAPLANE_CHECKSUM_H
#define DATAPLANE_CHECKSUM_H

#include <stdint.h>

#include "config/cfg.h"

/** Sum of n bytes as 16-bit words in memory order, the last byte alone counting as the word's first; not folded
 * (sum_fold()), n at most 65,535. */
extern uint64_t (*checksum_sum)(const uint8_t *p, unsigned int n);

/** Before workers run. CFG_ISA_AUTO: the best that this CPU has. @return 0; -ENOTSUP: this CPU does not have it. */
int checksum_select(enum cfg_isa isa);
/** "generic", "avx2" or "avx512": what is selected. */
const char *checksum_isa(void);

#endif
