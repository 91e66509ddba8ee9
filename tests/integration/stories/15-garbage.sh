#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# 100,000 random and 100,000 mutated datagrams to UDP/1701 leave lnsd's memory as it was; a subscriber dials at once.
# Some of the good messages in between establish a tunnel that nobody ends: Hellos every 5 s find it, 31 s clear it, and
# 31 s more it is kept to acknowledge (RFC 2661 s5.5, s5.8, s5.7). Others acknowledge lnsd's SCCRP and stop there: such
# a tunnel has 60 s to be set up, and then the same 31 s.
. "$(dirname "$0")/../lib.sh"
lwip_ready
topology
start_lnsd HELLO=5s
ip -n $LAC_NS addr add $LAC_IP/24 dev lac0
garbage() { in_lac "$BUILD/tests/integration/garbage" --lns $LNS_IP "$@"; }
dial() { lwip -a 192.0.2.3/24 -u bob -p builder -P $CORE_IP -c 2; }

expect "a subscriber dials, to warm up" dial
garbage --random 2000 --mutated 2000 --seed 1
expect "memory comes to rest" within 120 at_rest
before=$(memory) resident=$(resident_kb)
expect "200,000 datagrams of garbage are sent" garbage --random 100000 --mutated 100000 --seed 2
expect "a subscriber dials at once" dial
expect "memory comes to rest" within 120 at_rest
expect "it is as it was" equal "$(memory)" "$before"
sanitized || expect "and less than 8 MB more are resident" at_most "$(resident_kb)" $((resident + 8192))
