#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A Linux subscriber (xl2tpd, pppd, kernel L2TP) that will not do CHAP is asked for PAP instead. The core pings it
# and a host in its network. Linux sends data without UDP checksums, lnsd with.
. "$(dirname "$0")/../lib.sh"
topology
start_lnsd AUTH='[chap-md5, pap]'

guest sub $LAC_NS lac0 <<'STORY'
	ip addr add 192.0.2.2/24 dev vec0
	check "logs in with PAP" dial home alice wonder refuse-chap refuse-mschap refuse-mschap-v2 refuse-eap
	check "has its fixed address" [ "$(address4 home)" = 10.65.0.10 ]
	ip route add default dev home
	check "pings the core" ping -c 5 -i 0.2 -W 2 198.51.100.1
	ip addr add 10.70.0.1/32 dev lo
	tell up
	check "is pinged" await pinged
	check "hangs up" hang_up home
STORY

hears sub up
expect "the core pings the subscriber" in_core ping -c 5 -i 0.2 -W 2 $ALICE_IP
expect "the core pings a host in the subscriber's network" in_core ping -c 3 -i 0.2 -W 2 10.70.0.1
tells sub pinged
guest_ends sub 30
expect "no session is left" within 5 no_sessions
data_with_checksum_0() { seen access "l2tp.type == 0 && udp.checksum == 0 && ip.src == $1" | wc -l; }
expect "Linux's data had no UDP checksum" at_least "$(data_with_checksum_0 $LAC_IP)" 5
expect "lnsd's had one" equal "$(data_with_checksum_0 $LNS_IP)" 0
