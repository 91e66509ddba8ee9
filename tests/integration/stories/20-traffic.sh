#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# 200 subscribers in one tunnel exchange numbered payloads with the core and with each other, over IPv4 and IPv6: none
# lost, none doubled, none in another's hands. Then the variants of the header: Length, sequence numbers, tunnels that
# share one address and port, and the tunnel over IPv6.
. "$(dirname "$0")/../lib.sh"
topology
start_lnsd
core_echo
ip -n $LAC_NS addr add $LAC_IP/24 dev lac0
in_lac sysctl -qw net.ipv6.conf.lac0.disable_ipv6=0
ip -n $LAC_NS addr add $LAC_IP6/64 dev lac0 nodad
subscribers() { lacsim --lns $LNS_IP --sessions 200 --traffic 2 --pps 2000 --seed 7 "$@"; }

expect "with the core" subscribers --echo-to $CORE_IP:7000
expect "with each other" subscribers --peer-to-peer
expect "with each other over IPv6" subscribers --peer-to-peer --ipv6 --traffic6
expect "with Length fields" subscribers --echo-to $CORE_IP:7000 --length-bit
expect "with sequence numbers" subscribers --echo-to $CORE_IP:7000 --sequencing
expect "in 8 tunnels on one address and port" subscribers --echo-to $CORE_IP:7000 --tunnels 8 --one-socket
expect "in a tunnel over IPv6" subscribers --echo-to $CORE_IP:7000 --lns "[$LNS_IP6]"
workers=$(lnsctl show workers --json | jq '[.workers[] | select(.up_packets > 1000 and .down_packets > 1000)] | length')
expect "both workers carried it" equal "$workers" 2
