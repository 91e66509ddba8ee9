#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# One subscriber dials with lwIP's client, logs in with PAP and pings a host behind the LNS.
. "$(dirname "$0")/../lib.sh"
lwip_ready
topology
start_lnsd AUTH='[pap]'

expect "the subscriber logs in and pings the core" lwip -u alice -p wonder -A pap -P $CORE_IP -c 5
expect "a wrong password is refused" differs lwip -u alice -p blunder -A pap -t 5 -c 0
expect "an unknown user is refused" differs lwip -u mallory -p wonder -A pap -t 5 -c 0
expect "its frames came without FF 03, which was never agreed on" at_least \
	"$(seen access "ip.src == $LAC_IP && icmp.type == 8 && l2tp && !(ppp.address == 0xff)" | wc -l)" 5
