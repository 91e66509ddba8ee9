#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# 40 Linux subscribers at once, each with an xl2tpd and a pppd of its own, all from one address. They dial by eights: the
# guest's one slow CPU takes half a minute and more to start all, and a call whose pppd starts that late is cleared.
. "$(dirname "$0")/../lib.sh"
topology
start_lnsd

guest subs $LAC_NS lac0 192M <<'STORY'
	ip addr add 192.0.2.2/24 dev vec0
	secrets bob builder
	up() { ip -4 -o addr | grep -c ' sub[0-9]'; }
	for n in 8 16 24 32 40; do
		for ((i = n - 7; i <= n; i++)); do port=$((1700 + i)) patience=0 dial "sub$i" bob builder & done
		check "$n are up" within 40 eval '[ "$(up)" = $n ]'
	done
	tell up
	pinged=0
	for i in {1..40}; do ping -q -I "sub$i" -c 1 -W 2 198.51.100.1 >/dev/null && pinged=$((pinged + 1)); done
	check "40 ping the core ($pinged)" [ $pinged = 40 ]
	await counted
	for i in {1..40}; do patience=0 hang_up "sub$i"; done
	check "all hang up" within 20 eval '[ "$(up)" = 0 ]'
STORY

hears subs up 240
expect "lnsd counts 40 sessions" equal "$(sessions_up)" 40
expect "both workers own some" equal "$(owners)" "0 1"
tells subs counted
guest_ends subs 90
expect "no session is left" within 10 no_sessions
