#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# 200 subscribers at once, each in a tunnel of its own, all of them ping.
. "$(dirname "$0")/../lib.sh"
lwip_ready
topology
start_lnsd

lwip_in_background many -n 200 -u bob -p builder -P $CORE_IP -c 5 -t 25 -H 60
within 30 grep -q '^ping4' "$OUT/many.log"
expect "200 sessions are up" grep -q '^200/200 sessions up' "$OUT/many.log"
expect "each ping is answered, in the session that sent it" \
	grep -q '^ping4 1000/1000 ping6 0/0 misdelivered 0' "$OUT/many.log"
expect "lnsd counts 200 sessions" equal "$(sessions_up)" 200
expect "both workers own some" equal "$(owners)" "0 1"
expect "they hang up" end many
expect "no session is left" within 5 no_sessions
