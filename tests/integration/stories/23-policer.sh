#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A Linux subscriber whose profile has rates: TCP never gets more, each way, over IPv4 and IPv6 (and three
# tenths or more: it backs off from each loss); of UDP far above them just the rate passes, and the session stays.
. "$(dirname "$0")/../lib.sh"
need iperf3
topology
start_lnsd "POLICER={up: 2M, down: 4M}"
spawn iperf $CORE_NS iperf3 -s

guest sub $LAC_NS lac0 <<'STORY'
	ip addr add 192.0.2.2/24 dev vec0
	check "logs in" dial home alice wonder
	check "gets an IPv6 address" within 10 has_ipv6 home
	ip route add default dev home
	check "reaches the core over IPv6" ping -6 -c 2 -W 2 2001:db8:ffff::1
	run() { iperf3 --json "$@" >"/mnt/$out.json"; }
	out=up4 check "sends by TCP" run -c 198.51.100.1 -t 5
	out=down4 check "receives by TCP" run -c 198.51.100.1 -t 5 -R
	out=down6 check "receives by TCP over IPv6" run -6 -c 2001:db8:ffff::1 -t 5 -R
	tell ran
	await flooded
	check "is still there" ping -c 3 -i 0.2 -W 2 198.51.100.1
	check "hangs up" hang_up home
STORY

hears sub ran 120
received() { jq '.end.sum_received.bits_per_second / 1000 | floor' "$OUT/sub/$1.json"; }
session() { lnsctl show session "$(session_ids)" --json | jq ".$1"; }
# kbit/s of payload: at most the rate and what the burst adds in 5 seconds, 2 %
between() { at_least "$1" "$2" && at_most "$1" "$3"; }
expect "up: 2 Mbit/s" between "$(received up4)" 800 2040
expect "down: 4 Mbit/s" between "$(received down4)" 1200 4080
expect "down over IPv6: 4 Mbit/s" between "$(received down6)" 1200 4080
expect "its limits are shown" equal "$(session up_limit_bps) $(session down_limit_bps)" "2000000 4000000"
before=$(session down_dropped)
expect "the core sends 12 Mbit/s by UDP for 3 seconds" in_core python3 - "$ALICE_IP" <<'PYTHON'
import socket, sys, time
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.bind(("", 9))  # of a random port tshark may think anything
began = time.monotonic()
for n in range(4500):
    out.sendto(bytes(972), (sys.argv[1], 9))  # 1,000 octets of IP
    time.sleep(max(0, began + n * 1000 * 8 / 12e6 - time.monotonic()))
PYTHON
dropped=$(($(session down_dropped) - before))
expect "of 4,500 packets it is sent those of its rate" between $((4500 - dropped)) 1450 1600
expect "what is above it is counted by its reason" at_least \
	"$(lnsctl show drops --json | jq '.drops[] | select(.name == "policed") | .packets')" $dropped
captured() { equal "$(seen access 'udp.dstport == 9 && !icmp' | wc -l)" "$1"; }
expect "the capture has just these" within 10 captured $((4500 - dropped))
tells sub flooded
guest_ends sub 60
expect "no session is left" within 5 no_sessions
