#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A LAC with 1,000 sessions dies without a word. Hellos every 5 s find out; then a new LAC brings 1,000 up.
. "$(dirname "$0")/../lib.sh"
need "$LACSIM"
topology
start_lnsd HELLO=5s
ip -n $LAC_NS addr add $LAC_IP/24 dev lac0

lacsim_in_background lac --lns $LNS_IP --sessions 1000 --keep
expect "1,000 sessions come up" within 30 eval '[ "$(sessions_up)" = 1000 ]'
expect "both workers own some" equal "$(owners)" "0 1"
end lac KILL
died=$SECONDS
expect "they are down within 40 s" within 40 no_sessions
echo "      after $((SECONDS - died)) s"
lnsctl show summary --json >"$OUT/summary.json"
expect "1,000 ended, none of them by the subscriber" jq -e '.sessions_up_total == 1000 and .tunnels == 0 and
	([.down_by_cause[]] | add) == 1000 and (.down_by_cause["peer-terminated"] // 0) == 0' "$OUT/summary.json"
expect "a new LAC brings 1,000 up within 10 s" lacsim --lns $LNS_IP --sessions 1000 --timeout 10
