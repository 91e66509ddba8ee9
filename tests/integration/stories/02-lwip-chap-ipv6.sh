#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# One subscriber with CHAP: IPv4 by IPCP, IPv6 by router advertisement and SLAAC, pings through both.
. "$(dirname "$0")/../lib.sh"
lwip_ready
topology
start_lnsd AUTH='[chap-md5]'

expect "the subscriber logs in and pings the core over IPv4 and IPv6" \
	lwip -u alice -p wonder -A chap -P $CORE_IP -6 $CORE_IP6 -c 5
expect "and the gateway, which Linux answers" lwip -u bob -p builder -A chap -P $GATEWAY -c 3
expect "a wrong password is refused" differs lwip -u alice -p blunder -A chap -t 5 -c 0
expect "large packets pass" lwip -u bob -p builder -P $CORE_IP -S 1400 -c 3
