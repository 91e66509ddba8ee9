#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A Linux subscriber with CHAP behind a tunnel secret: IPv4, IPv6 by SLAAC, pings and TCP in both directions. With its
# "hidden bit" xl2tpd sends a Random Vector and then hides nothing.
. "$(dirname "$0")/../lib.sh"
need iperf3
topology
start_lnsd SECRET=s3cret
spawn iperf $CORE_NS iperf3 -s

guest sub $LAC_NS lac0 <<'STORY'
	ip addr add 192.0.2.2/24 dev vec0
	secret=guess challenge=no port=1702 patience=2 check "a wrong secret is refused" differs dial thief alice wonder
	secret=s3cret hidden=yes check "logs in with CHAP" dial home alice wonder
	check "is given a name server" grep -q 192.0.2.53 /etc/ppp/resolv.conf
	check "gets an IPv6 address" within 10 has_ipv6 home
	ip route add default dev home
	check "pings the core over IPv4" ping -c 5 -i 0.2 -W 2 198.51.100.1
	check "pings the core over IPv6, by the default route of the advertisement" \
		ping -6 -c 5 -i 0.2 -W 2 2001:db8:ffff::1
	address6 home >/mnt/address6
	tell up
	check "sends 10 MB by TCP" iperf3 -c 198.51.100.1 -n 10M
	check "receives 10 MB by TCP" iperf3 -c 198.51.100.1 -n 10M -R
	check "sends 4 MB by TCP over IPv6" iperf3 -6 -c 2001:db8:ffff::1 -n 4M
	check "receives 4 MB by TCP over IPv6" iperf3 -6 -c 2001:db8:ffff::1 -n 4M -R
	check "is pinged" await pinged
	check "hangs up" hang_up home
STORY

hears sub up
expect "the core pings the subscriber over IPv4" in_core ping -c 5 -i 0.2 -W 2 $ALICE_IP
expect "the core pings the subscriber over IPv6" in_core ping -6 -c 5 -i 0.2 -W 2 "$(cat "$OUT/sub/address6")"
tells sub pinged
guest_ends sub 100
expect "the wrong secret heard StopCCN: not authorised" at_least \
	"$(seen access "l2tp.avp.message_type == 4 && l2tp.result_code == 4 && ip.src == $LNS_IP" | wc -l)" 1
expect "no session is left" within 5 no_sessions
