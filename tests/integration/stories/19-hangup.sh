#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# All ways to hang up clean up: LCP Terminate-Request and StopCCN by the subscriber, CDN and StopCCN by a LAC, and the
# operator's `clear`, which the other side hears of.
. "$(dirname "$0")/../lib.sh"
lwip_ready
need "$LACSIM"
topology
start_lnsd
lac() { lacsim --lns $LNS_IP --sessions 20 "$@"; }

expect "a subscriber ends PPP and tunnel" lwip -u bob -p builder -P $CORE_IP -c 1
expect "its session is gone" within 3 no_sessions
ip -n $LAC_NS addr add $LAC_IP/24 dev lac0
expect "a LAC ends 20 calls by CDN" lac --teardown cdn
expect "they are gone" within 3 no_sessions
expect "a LAC ends its tunnel by StopCCN" lac --teardown stop
expect "its 20 calls are gone" within 3 no_sessions

lwip_in_background sub -a 192.0.2.3/24 -n 2 -u bob -p builder -P $CORE_IP -c 1 -H 30
within 10 grep -q '^ping4' "$OUT/sub.log"
expect "clear session" lnsctl clear session "$(session_ids | head -n 1)"
expect "one is left" within 5 eval '[ "$(sessions_up)" = 1 ]'
expect "clear tunnel" lnsctl clear tunnel "$(session_ids | cut -d / -f 1)"
expect "none is left" within 5 no_sessions
expect "the subscribers heard of it" within 15 grep -q 'session . down' "$OUT/sub.log"
end sub
