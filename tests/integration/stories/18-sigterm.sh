#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# SIGTERM: every tunnel gets a StopCCN that says "shutting down", then lnsd ends.
. "$(dirname "$0")/../lib.sh"
lwip_ready
topology
start_lnsd

lwip_in_background subs -n 5 -u bob -p builder -P $CORE_IP -c 1 -H 30
within 20 grep -q '^ping4' "$OUT/subs.log"
expect "five sessions are up" equal "$(sessions_up)" 5
began=$SECONDS
stop_lnsd
expect "within 5 s" at_most $((SECONDS - began)) 5
sleep 0.5
stops=$(seen access "l2tp.avp.message_type == 4 && ip.src == $LNS_IP && l2tp.result_code == 6" l2tp.tunnel | sort -u | wc -l)
expect "five tunnels heard StopCCN" equal "$stops" 5
end subs
