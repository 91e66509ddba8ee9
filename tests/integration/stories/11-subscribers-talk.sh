#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Eight subscribers on two workers ping each other in a ring, over IPv4 and IPv6: through lnsd and back, never the core.
. "$(dirname "$0")/../lib.sh"
lwip_ready
topology
start_lnsd

lwip_in_background ring -n 8 -u bob -p builder -X -c 10 -H 30
within 30 grep -q '^ping4' "$OUT/ring.log"
expect "they come up with IPv6" grep -q '^8/8 sessions with an IPv6 address' "$OUT/ring.log"
expect "each ping is answered" grep -q '^ping4 80/80 ping6 80/80 misdelivered 0' "$OUT/ring.log"
expect "both workers own some" equal "$(owners)" "0 1"
end ring
expect "none of it left by the core port" equal "$(seen core 'icmp.type == 8 || icmpv6.type == 128' | wc -l)" 0
