#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Linux in lnsd's namespace has one route per pool, pings a subscriber and is pinged by him; its routes are lnsd's routes.
. "$(dirname "$0")/../lib.sh"
lwip_ready
topology
start_lnsd

expect "ip route shows the IPv4 pool" eval 'ip -n $LNS_NS route show $POOL4 | grep .'
expect "ip route shows the IPv6 pool" eval 'ip -n $LNS_NS -6 route show $POOL6 | grep .'
lwip_in_background sub -u bob -p builder -P $LNS_IP -6 $CORE_IP6 -c 3 -H 60
within 20 grep -q '^ping4' "$OUT/sub.log"
expect "the subscriber pings Linux, and the core over IPv6" grep -q '^ping4 3/3 ping6 3/3' "$OUT/sub.log"
expect "Linux pings the subscriber over IPv4" in_lns ping -c 3 -i 0.2 -W 2 \
	"$(sed -n 's/.*up address \([0-9.]*\) .*/\1/p' "$OUT/sub.log")"
expect "Linux pings the subscriber over IPv6" in_lns ping -6 -c 3 -i 0.2 -W 2 \
	"$(sed -n 's/.*address6 //p' "$OUT/sub.log" | tr A-F a-f)"
expect "Linux pings the core host by the shadow tap" in_lns ping -c 3 -i 0.2 -W 2 203.0.113.2
expect "a subscriber with an address of no pool pings Linux" lwip -a 192.0.2.3/24 -u alice -p wonder -P $LNS_IP -c 3
ip -n $LNS_NS route del $CORE_IP/32
expect "a route that Linux lost is lost for subscribers" differs lwip -a 192.0.2.3/24 -u bob -p builder -P $CORE_IP -c 2
ip -n $LNS_NS route add $CORE_IP/32 via 203.0.113.2
expect "and comes back" lwip -a 192.0.2.3/24 -u bob -p builder -P $CORE_IP -c 2
end sub
