/* SPDX-License-Identifier: BSD-3-Clause */
/* no_sides.h - a control core without Linux and without the API: nothing to read, nobody asks. For tests and the set-up bench. */
#ifndef TESTS_NO_SIDES_H
#define TESTS_NO_SIDES_H

extern unsigned no_sides_resolves; /* how often Linux was asked for a neighbour */
extern unsigned no_sides_links; /* how often it was told of the ports' links */

#endif
