/* SPDX-License-Identifier: BSD-3-Clause */
/* poison.h - manual AddressSanitizer poisoning of what libc's heap does not know: slots of the session store and the parts
 * of packet buffers that no packet occupies. Nothing at all outside -Dsanitize builds (LNSD_POISON).
 * Granularity is 8 bytes: regions begin at multiples of 8, or the first partial 8 bytes stay open. */
#ifndef DATAPLANE_POISON_H
#define DATAPLANE_POISON_H

#include <stddef.h>

#ifdef LNSD_POISON
#include <sanitizer/asan_interface.h>

static inline void mem_poison(const volatile void *p, size_t n)
{
	__asan_poison_memory_region(p, n);
}

static inline void mem_unpoison(const volatile void *p, size_t n)
{
	__asan_unpoison_memory_region(p, n);
}
#else
static inline void mem_poison(const volatile void *p, size_t n)
{
	(void)p;
	(void)n;
}

static inline void mem_unpoison(const volatile void *p, size_t n)
{
	(void)p;
	(void)n;
}
#endif

#endif
