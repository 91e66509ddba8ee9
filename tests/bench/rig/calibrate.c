/* SPDX-License-Identifier: BSD-3-Clause */
/* calibrate.c - what the machine is at this moment, for the scenarios that run whole programs.
 *   calibrate CPU OTHER      prints one JSON object: clocks, round trip of a cache line, memory (calib.h) */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/calib.h"

int main(int argc, char **argv)
{
	if (argc != 3 || atoi(argv[1]) < 0) {
		fputs("usage: calibrate CPU OTHER\n", stderr);
		return 2;
	}
	json_dumpf(calibrate((unsigned int)atoi(argv[1]), atoi(argv[2])), stdout, JSON_INDENT(1));
	putchar('\n');
	return 0;
}
