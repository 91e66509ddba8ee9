/* SPDX-License-Identifier: BSD-3-Clause */
/* arch/cc.h - what lwIP wants to know of the compiler and the C library. Log lines only with -v. */
#ifndef ARCH_CC_H
#define ARCH_CC_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

extern int verbose;

#define LWIP_ERRNO_STDINCLUDE
#define LWIP_RAND() ((u32_t)random())
#define LWIP_PLATFORM_DIAG(x)       \
	do {                        \
		if (verbose)        \
			printf x;   \
	} while (0)
#define LWIP_PLATFORM_ASSERT(x)                                                         \
	do {                                                                            \
		fprintf(stderr, "lwIP assertion: %s %s:%d\n", x, __FILE__, __LINE__);   \
		abort();                                                                \
	} while (0)

#endif
