#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# l2tpns as LAC: three PPPoE subscribers in one authenticated tunnel. The LAC has done LCP and asked for CHAP when it
# hands a call over, so that LCP begins again; it sends frames without FF 03. One hangs up: CDN, the others stay, until
# their machine is switched off: LCP echo finds out.
. "$(dirname "$0")/../lib.sh"
topology
start_lnsd SECRET=s3cret ECHO=2s
lac_l2tpns s3cret alice bob carol

guest subs $CPE_NS cpe0 <<'STORY'
	check "alice logs in" pppoe one alice wonder
	check "alice has her address" [ "$(address4 one)" = 10.65.0.10 ]
	check "bob logs in" pppoe two bob builder
	check "carol logs in" pppoe three carol caroline
	for i in one two three; do check "$i pings the core" ping -I $i -c 4 -i 0.2 -W 2 198.51.100.1; done
	check "an IPv6 address" within 10 has_ipv6 three
	check "pings the core over IPv6" ping -6 -I three -c 3 -i 0.2 -W 2 2001:db8:ffff::1
	tell up
	await counted
	kill "$(cat /run/pppoe-two.pid)"
	check "bob hangs up" within 5 differs ip link show dev two
	tell two-gone
	await counted-again
	check "the others still ping" ping -I three -c 2 -i 0.2 -W 2 198.51.100.1
STORY

hears subs up 60
expect "three sessions are up" equal "$(sessions_up)" 3
expect "in one tunnel" equal "$(tunnels_up)" 1
tells subs counted
hears subs two-gone
expect "two sessions stay" within 5 eval '[ "$(sessions_up)" = 2 ]'
tells subs counted-again
guest_ends subs 30
expect "the silence of the others is noticed" within 20 no_sessions
lnsctl show summary --json >"$OUT/summary.json"
expect "and has its name" jq -e '.down_by_cause["echo-timeout"] == 2' "$OUT/summary.json"
