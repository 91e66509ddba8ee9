#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# lacsim-dpdk on two memif links without hugepages, the LAC and the core side in one process: 400 subscribers of four LACs
# in eight tunnels exchange stamped packets of all sizes with the core, both ways; then while others come and go, and while
# one tunnel is torn down. No packet is lost, changed or in another's hands.
. "$(dirname "$0")/../lib.sh"
need "$LACSIM-dpdk" jq
namespace $LNS_NS
memif() { echo "net_memif$2,role=$1,id=$2,socket=$RUN/memif$2,socket-abstract=no,rsize=10,bsize=2048"; }
start_lnsd ACCESS_DEV="$(memif server 0)" CORE_DEV="$(memif server 1)"

# generator PHASES [OPTION...]: each phase's answer is a line of $OUT/phases; those before are kept beside it
generator() {
	[ ! -e "$OUT/phases" ] || mv "$OUT/phases" "$OUT/phases.before"
	timeout -k 1 60 "$LACSIM-dpdk" --lns $LNS_IP --address $LAC_IP/24 --port "$(memif client 0)" \
		--core-address 203.0.113.2/24 --core-gateway 203.0.113.1 --core-port "$(memif client 1)" \
		--lacs 4 --tunnels 8 --sessions 400 --user bob --password builder --auth chap --seed 7 \
		--queues 2 --polite --memory 256 --phases "$1" "${@:2}" >"$OUT/phases"
}
answers() { jq -s -e "$1" "$OUT/phases"; }
none_lost() { answers "[.. | objects | select(has(\"sent\"))] | length == $1 and all(.lost == 0 and .sent > $2)"; }

expect "every phase goes well" generator "setup; traffic both 0.003 1 size imix; traffic up 0.002 0.6 size 1514 pick zipf;
	churn 60 1.2 with both 0.001; teardown silent tunnels 1 with down 0.001 for 1.8; teardown"
expect "400 came up" answers '.[0].came_up == 400 and .[0].failed == {}'
expect "no packet was lost" none_lost 6 100
expect "none was changed, or in another's hands" answers \
	'[.. | objects | select(has("sent"))] | all(.misdelivered == 0 and .corrupted == 0)'
expect "some came and went beside them" answers '.[3] | .went >= 40 and .came_up == .went and .not_back == 0'
expect "the traffic beside was that of the others" answers '.[3].traffic.sessions == 320 and .[4].traffic.sessions == 350'
workers=$(lnsctl show workers --json | jq '[.workers[] | select(.up_packets > 1000 and .down_packets > 1000)] | length')
expect "both workers carried it" equal "$workers" 2
expect "only the 50 sessions that vanished are left" within 5 equal "$(sessions_up)" 50
expect "a LAC that starts anew gets in" generator "setup; traffic down 0.002 0.5; teardown cdn" --generation 2
expect "no packet was lost then" none_lost 1 100

expect "a part that hung up dials again, no more than is asked for" \
	generator "setup; teardown cdn sessions 200; setup 300; teardown" --generation 3
expect "300 are up of the 400 that were" answers '.[1].sessions == 200 and .[2].came_up == 100 and .[2].up == 300'
expect "a last line needs no line feed" generator - --generation 4 < <(printf 'setup 8\nteardown')
expect "both were done" answers 'length == 2 and .[0].up == 8 and .[1].sessions == 8'
expect "what is pretended does not come and go" differs generator "pretend 400; churn 10 0.1 with both 0.001"

stop_lnsd
start_lnsd ACCESS_DEV="$(memif server 0)" CORE_DEV="$(memif server 1)" LAC="max-tunnels: 6"
began=$SECONDS
expect "two tunnels are refused" differs generator "setup timeout 50; teardown"
expect "that is told as soon as the others are up" at_most $((SECONDS - began)) 40
expect "six tunnels had their 300 sessions" answers \
	'.[0] | .up == 300 and .failed.no_tunnel == 100 and (.tunnels.ended | length) == 2'
