#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The tunnel has a secret: who knows it gets in, nobody else.
. "$(dirname "$0")/../lib.sh"
lwip_ready
topology
start_lnsd SECRET=s3cret

expect "the right secret opens the tunnel" lwip -s s3cret -u bob -p builder -P $CORE_IP
expect "a wrong secret does not" differs lwip -s guess -u bob -p builder -t 4 -c 0
expect "no secret does not" differs lwip -u bob -p builder -t 4 -c 0
expect "the right one still does" lwip -s s3cret -u bob -p builder -P $CORE_IP
