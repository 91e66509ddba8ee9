#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The kernel sees each frame on the interface below a port too, and must not answer beside lnsd and its shadow tap.
. "$(dirname "$0")/../lib.sh"
need arping
topology
start_lnsd
ip -n $LAC_NS addr add $LAC_IP/24 dev lac0

expect "ARP is answered" in_lac arping -q -c 1 -w 2 -I lac0 $LNS_IP
expect "one echo is answered" in_lac ping -c 1 -W 2 $LNS_IP
expect "one echo is answered over IPv6 on the core port" in_core ping -6 -c 1 -W 2 2001:db8:cc::1
for junk in hello $'\xc8\x02\x00\x0c' ''; do in_lac bash -c "printf %s '$junk' >/dev/udp/$LNS_IP/1701"; done
in_lac bash -c "echo hello >/dev/udp/$LNS_IP/9"
sleep 1
replies() { seen "$1" "eth.src == $2 && $3" | wc -l; }
access=${lnsd_mac[0]} core=${lnsd_mac[1]}
expect "one ARP answer for each request" equal "$(replies access $access 'arp.opcode == 2')" \
	"$(seen access "eth.src != $access && arp.opcode == 1 && arp.dst.proto_ipv4 == $LNS_IP" | wc -l)"
expect "one echo reply" equal "$(replies access $access 'icmp.type == 0')" 1
expect "one neighbour advertisement" equal "$(replies core $core 'icmpv6.type == 136 && icmpv6.nd.na.flag.s == 1')" \
	"$(seen core "eth.src != $core && icmpv6.type == 135 && icmpv6.nd.ns.target_address == 2001:db8:cc::1" | wc -l)"
expect "one echo reply over IPv6" equal "$(replies core $core 'icmpv6.type == 129')" 1
expect "no unreachable for port 1701" equal "$(replies access $access 'icmp.type == 3 && udp.dstport == 1701')" 0
expect "one unreachable for port 9, from Linux" equal "$(replies access $access 'icmp.type == 3 && udp.dstport == 9')" 1
