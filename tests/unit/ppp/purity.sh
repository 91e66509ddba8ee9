#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# purity.sh ARCHIVE - fail when a pure archive needs more from outside than moving bytes.
# What compilers, sanitizers and coverage add by themselves does not count.
set -eu
allowed='^(memcpy|memset|memcmp|memmove|strlen|strnlen|snprintf)(_chk)?$'
runtime='^(_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__(asan|ubsan|sanitizer|sancov|gcov|llvm)_.*|__odr_asan.*|mangled_path)$'
archive=$1
defined=$(nm --defined-only -P "$archive" | awk 'NF > 1 && $2 ~ /[A-Za-z]/ { print $1 }' | sort -u)
bad=$(nm -u -P "$archive" | awk '$2 == "U" || $2 == "w" { print $1 }' | sort -u |
	sed 's/^__\(.*\)_chk$/\1_chk/' | grep -Ev "$allowed" | grep -Ev "$runtime" |
	grep -Fxv "$defined" || true)
if [ -n "$bad" ]; then
	echo "$archive is not pure, it needs:" >&2
	echo "$bad" >&2
	exit 1
fi
