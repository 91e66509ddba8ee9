#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Which symbols do the pure archives want from outside? Only those of the list: no malloc, clock, log, random, socket.
# usage: purity.sh nm archive...
nm=$1
shift
allowed='^(mem(cpy|set|cmp|move)|str(len|nlen|cmp)|snprintf|nettle_md5_(init|update|digest)|__.*|_GLOBAL_OFFSET_TABLE_|wheel_.*|l2tp_.*)$'
bad=$("$nm" -u "$@" | awk '$1 == "U" { print $2 }' | sort -u | grep -Ev "$allowed")
[ -z "$bad" ] && exit 0
echo "a pure archive calls: $bad"
exit 1
