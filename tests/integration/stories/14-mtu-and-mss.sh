#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Packets larger than the session takes: with DF an ICMP error that names the MTU, without DF fragments, over IPv6
# Packet Too Big; and TCP is told a segment size that fits, in both directions.
. "$(dirname "$0")/../lib.sh"
need iperf3
topology
start_lnsd
spawn iperf $CORE_NS iperf3 -s

guest sub $LAC_NS lac0 <<'STORY'
	ip addr add 192.0.2.2/24 dev vec0
	check "logs in" dial home alice wonder
	check "gets an IPv6 address" within 10 has_ipv6 home
	ip route add default dev home
	ip link show dev home | sed -n 's/.*mtu \([0-9]*\).*/\1/p' >/mnt/mtu
	address6 home >/mnt/address6
	tell up
	await pinged
	ip link set home mtu 1500 # a subscriber whose TCP asks for more than fits
	ip -6 route flush cache
	check "sends by TCP" iperf3 -c 198.51.100.1 -n 200K
	check "receives by TCP" iperf3 -c 198.51.100.1 -n 200K -R
	check "sends by TCP over IPv6" iperf3 -6 -c 2001:db8:ffff::1 -n 200K
	check "receives by TCP over IPv6" iperf3 -6 -c 2001:db8:ffff::1 -n 200K -R
STORY

hears sub up
mtu=$(session_mtu) six=$(cat "$OUT/sub/address6")
expect "what pppd negotiated is the session's MTU" equal "$(cat "$OUT/sub/mtu")" "$mtu"
expect "a packet of just the MTU passes" in_core ping -M do -c 2 -i 0.2 -W 2 -s $((mtu - 28)) $ALICE_IP
said=$(in_core ping -M do -c 2 -i 0.2 -W 2 -s $((mtu - 27)) $ALICE_IP)
expect "one byte more with DF: fragmentation needed, MTU $mtu" grep -q "From 203.0.113.1 .*mtu = $mtu" <<<"$said"
ip -n $CORE_NS route flush cache
expect "without DF it passes in fragments" in_core ping -M dont -c 2 -i 0.2 -W 2 -s 1472 $ALICE_IP
expect "over IPv6 just the MTU passes" in_core ping -6 -M do -c 2 -i 0.2 -W 2 -s $((mtu - 48)) "$six"
said=$(in_core ping -6 -M do -c 2 -i 0.2 -W 2 -s $((mtu - 47)) "$six")
expect "over IPv6 one byte more: packet too big, MTU $mtu" grep -q "too big.*mtu.*$mtu" <<<"$said"
ip -n $CORE_NS -6 route flush cache
tells sub pinged
guest_ends sub 100

largest_mss() { seen "$1" "tcp.flags.syn == 1 && $2" tcp.options.mss_val | tr ',' '\n' | sort -n | tail -n 1; }
expect "the core hears of at most $((mtu - 40)) from subscribers" equal "$(largest_mss core "ip.src == $ALICE_IP")" $((mtu - 40))
expect "the subscriber hears of at most $((mtu - 40))" equal "$(largest_mss access "ip.src == $CORE_IP")" $((mtu - 40))
expect "over IPv6 the core hears of $((mtu - 60))" equal "$(largest_mss core "ipv6.dst == $CORE_IP6")" $((mtu - 60))
expect "over IPv6 the subscriber hears of $((mtu - 60))" equal "$(largest_mss access "ipv6.src == $CORE_IP6")" $((mtu - 60))
