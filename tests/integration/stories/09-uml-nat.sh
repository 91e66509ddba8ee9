#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Two Linux subscribers behind one NAT, which gives each a random source port. Their sessions do not get mixed up.
. "$(dirname "$0")/../lib.sh"
topology nat
start_lnsd

guest subs $LAC_NS lac0 <<'STORY'
	ip addr add 10.1.1.2/24 dev vec0
	ip route add 192.0.2.0/24 via 10.1.1.1
	check "the first logs in" dial one alice wonder
	port=1702 check "the second logs in" dial two bob builder
	check "the first pings the core" ping -I one -c 5 -i 0.2 -W 2 198.51.100.1
	check "the second pings the core" ping -I two -c 5 -i 0.2 -W 2 198.51.100.1
	ip route add default dev one
	tell up
	check "is pinged" await pinged
	check "the first hangs up" hang_up one
	check "the second still pings" ping -I two -c 2 -i 0.2 -W 2 198.51.100.1
	check "the second hangs up" hang_up two
STORY

hears subs up
expect "the core pings the first" in_core ping -c 3 -i 0.2 -W 2 $ALICE_IP
expect "no control message of theirs came from port 1701" equal \
	"$(seen access "l2tp.type == 1 && ip.src == $LAC_IP && udp.srcport == 1701" | wc -l)" 0
tells subs pinged
guest_ends subs 40
expect "no session is left" within 5 no_sessions
