#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The access port is VLAN 10 of its interface: the subscriber's frames are tagged, and so are all that lnsd sends.
. "$(dirname "$0")/../lib.sh"
lwip_ready
topology
start_lnsd VLAN=10

expect "a subscriber in VLAN 10 pings the core over IPv4 and IPv6" \
	lwip -V 10 -u bob -p builder -P $CORE_IP -6 $CORE_IP6 -S 1300
expect "one without a tag finds nobody" differs lwip -u bob -p builder -t 2 -c 0
expect "nor does one in VLAN 11" differs lwip -V 11 -u bob -p builder -t 2 -c 0
expect "lnsd sent with a tag" at_least "$(seen access "eth.src == ${lnsd_mac[0]} && vlan.id == 10" | wc -l)" 10
expect "and nothing without" equal "$(seen access "eth.src == ${lnsd_mac[0]} && !vlan" | wc -l)" 0
