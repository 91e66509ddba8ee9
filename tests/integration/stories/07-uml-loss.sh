#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A Linux subscriber on a line that loses 5 % in each direction, 10 ms away, still gets in, works and hangs up.
# When pppd's Configure-Ack is lost, lnsd asks again after pppd has opened, which takes pppd's IPCP down and up once more
# (RFC 1661 s4.1, Opened, RCR+): its interface loses address and routes for a moment. So pppd sets the route, and the
# line counts from the first pings that come back.
. "$(dirname "$0")/../lib.sh"
need iperf3
topology
start_lnsd SECRET=s3cret
spawn iperf $CORE_NS iperf3 -s

guest sub $LAC_NS lac0 <<'STORY'
	ip addr add 192.0.2.2/24 dev vec0
	loses 5 10ms
	secret=s3cret patience=40 check "logs in" dial home bob builder defaultroute
	answered() { ping -c "$1" -i 0.1 -W 1 198.51.100.1 | grep -c "bytes from"; }
	check "settles" within 30 eval '[ "$(answered 5)" -gt 0 ]'
	check "most pings are answered" eval '[ "$(answered 40)" -ge 28 ]'
	check "sends 500 kB by TCP" iperf3 -c 198.51.100.1 -n 500K
	check "receives 500 kB by TCP" iperf3 -c 198.51.100.1 -n 500K -R
	check "hangs up" hang_up home
STORY

guest_ends sub 100
expect "no session is left" within 40 no_sessions
