# SPDX-License-Identifier: BSD-3-Clause
# lib.sh - what every story sources: namespaces, lnsd, captures, expectations, and the reading of the captures.
# Everything lives in network namespaces of this story, named by $TAG (its process id), and nothing leaves them:
#
#   LAC:lac0 <-veth-> nic0:LNS:nic1 <-veth-> core1:CORE       192.0.2.2 | .1 lnsd 203.0.113.1 | .2, hosts behind it
#   LAC:lac0 <-> nat0:NAT:nat1 <-> nic0:LNS ...               with `topology nat`
#
# lnsd drives nic0 as port `access` and nic1 as port `core`, always with two workers.
# A story says `expect WORDS COMMAND...`; a line `FAIL ...` fails it. When it ends, by whatever way, lnsd is stopped
# and must exit 0 without a word from a sanitizer, nothing may be left running, and tshark reads each packet lnsd sent.
set -u
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
BUILD=${BUILD:-$TOP/build}
LNSD=${LNSD:-$BUILD/dataplane/lnsd}
LNSCTL=${LNSCTL:-$BUILD/tools/lnsctl/lnsctl}
LACSIM=${LACSIM:-$BUILD/tools/lacsim/lacsim}
STORY=$(basename "$0" .sh)
OUT=${OUT:-$BUILD/integration/$STORY}
TAG=${TAG:-it$$}
RUN=$(mktemp -d "/tmp/$TAG.XXXXXX") # short: paths of sockets must fit in 108 bytes
SOCKET=$RUN/api.sock
CONFIG=$OUT/lnsd.yaml

LNS_NS=$TAG-lns LAC_NS=$TAG-lac CORE_NS=$TAG-core NAT_NS=$TAG-nat CPE_NS=$TAG-cpe
LNS_IP=192.0.2.1 LAC_IP=192.0.2.2 LNS_IP6=2001:db8:2::1 LAC_IP6=2001:db8:2::2
CORE_IP=198.51.100.1 CORE_IP6=2001:db8:ffff::1 # a host behind the core port, pinged by subscribers
POOL4=10.64.0.0/16 POOL6=2001:db8:6400::/48 GATEWAY=10.64.0.1
ALICE_IP=10.65.0.10 ALICE_NET=10.70.0.0/24     # alice has a fixed address outside the pool and a network; bob has none
ACCESS_NS=$LAC_NS ACCESS_IF=lac0               # the end that lnsd's access port is wired to

failures=0 lnsd_pid='' lnsd_mac=()
declare -A job=() # name -> process id of what the story started
rm -rf "$OUT"
mkdir -p "$OUT"

# --- expectations -------------------------------------------------------------------------------------------------
pass() { echo "ok    $*"; }
fail() { echo "FAIL  $*"; failures=$((failures + 1)); }
die() { fail "$@"; exit 1; }

# expect WORDS COMMAND...: the command succeeds. What it printed is shown when it does not.
expect() {
	local words=$1 said
	shift
	if said=$("$@" 2>&1); then pass "$words"; else
		fail "$words"
		printf '%s\n' "\$ $*" "$said" | tail -n 25 | sed 's/^/      | /'
		return 1
	fi
}

# within SECONDS COMMAND...: the command succeeds at some time in them.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -ge $end ] && { "$@"; return $?; }
		sleep 0.1
	done
}

differs() { ! "$@"; }
equal() { [ "$1" = "$2" ] || { echo "is: $1, should be: $2"; return 1; }; }
at_least() { [ "$1" -ge "$2" ] || { echo "is: $1, should be at least: $2"; return 1; }; }
at_most() { [ "$1" -le "$2" ] || { echo "is: $1, should be at most: $2"; return 1; }; }

# need FILE|COMMAND...: what the story cannot run without.
need() {
	local x
	for x in "$@"; do
		command -v "$x" >/dev/null || die "$x is missing: tools/check installs what the stories need"
	done
}

# --- namespaces ---------------------------------------------------------------------------------------------------
in_lns() { ip netns exec $LNS_NS "$@"; }
in_lac() { ip netns exec $LAC_NS "$@"; }
in_core() { ip netns exec $CORE_NS "$@"; }

namespace() { ip netns add "$1" && ip -n "$1" link set lo up; }

# wire NS IF NS IF: a cable. No offloads, since DPDK and user-mode-linux would see half-done checksums.
wire() {
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3" || die "cannot make $2 and $4"
	wire_end "$1" "$2"
	wire_end "$3" "$4"
}

wire_end() {
	ip netns exec "$1" ethtool -K "$2" tx off rx off gso off gro off tso off >/dev/null 2>&1
	ip netns exec "$1" sysctl -qw "net.ipv6.conf.$2.disable_ipv6=1"
	ip -n "$1" link set "$2" up
}

topology() {
	need ip ethtool sysctl tcpdump tshark jq "$LNSD" "$LNSCTL"
	namespace $LNS_NS
	namespace $LAC_NS
	namespace $CORE_NS
	if [ "${1:-}" = nat ]; then nat_between; else wire $LAC_NS lac0 $LNS_NS nic0; fi
	wire $CORE_NS core1 $LNS_NS nic1
	in_core sysctl -qw net.ipv6.conf.core1.disable_ipv6=0 net.ipv4.ip_forward=1
	ip -n $CORE_NS addr add 203.0.113.2/24 dev core1
	ip -n $CORE_NS addr add 2001:db8:cc::2/64 dev core1 nodad
	ip -n $CORE_NS addr add $CORE_IP/32 dev lo
	ip -n $CORE_NS addr add $CORE_IP6/128 dev lo
	ip -n $CORE_NS route add default via 203.0.113.1
	ip -n $CORE_NS -6 route add default via 2001:db8:cc::1
	lnsd_mac=($(ip netns exec $LNS_NS cat /sys/class/net/nic0/address /sys/class/net/nic1/address))
	capture access $ACCESS_NS $ACCESS_IF
	capture core $CORE_NS core1
}

# The subscribers have 10.1.1.0/24 behind a NAT that gives each flow a random port of 192.0.2.2.
nat_between() {
	need nft
	namespace $NAT_NS
	wire $LAC_NS lac0 $NAT_NS nat0
	wire $NAT_NS nat1 $LNS_NS nic0
	ip -n $NAT_NS addr add 10.1.1.1/24 dev nat0
	ip -n $NAT_NS addr add $LAC_IP/24 dev nat1
	ip netns exec $NAT_NS sysctl -qw net.ipv4.ip_forward=1
	ip netns exec $NAT_NS nft -f - <<-RULES || die "cannot make the NAT"
		table ip nat {
			chain out {
				type nat hook postrouting priority srcnat
				oifname "nat1" masquerade random
			}
		}
	RULES
	ACCESS_NS=$NAT_NS ACCESS_IF=nat1
}

# --- what runs beside the story -----------------------------------------------------------------------------------
# spawn NAME NS COMMAND...: in the background, in its own process group, output in NAME.log.
spawn() {
	local name=$1 ns=$2
	shift 2
	setsid ip netns exec "$ns" "$@" </dev/null >"$OUT/$name.log" 2>&1 &
	job[$name]=$!
}

running() { kill -0 "${job[$1]}" 2>/dev/null; }
gone() { ! kill -0 "$1" 2>/dev/null; }

# end NAME [SIGNAL]: and wait, 5 seconds for a friendly signal.
end() {
	local pid=${job[$1]:-}
	unset "job[$1]"
	[ -n "$pid" ] || return 0
	kill -"${2:-TERM}" "$pid" 2>/dev/null
	within 5 gone "$pid" || kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	return 0
}

# ended NAME SECONDS: it ends by itself in that time, with status 0.
ended() {
	local pid=${job[$1]}
	within "$2" gone "$pid" || return 1
	unset "job[$1]"
	wait "$pid"
}

# capture NAME NS IF: every packet there, into NAME.pcap, until the story ends.
capture() {
	spawn "capture-$1" "$2" tcpdump -Z root -B 65536 -s 0 -n -U -i "$3" -w "$OUT/$1.pcap"
	within 5 grep -q 'listening on' "$OUT/capture-$1.log" || die "tcpdump does not start on $3"
}

# seen NAME FILTER [FIELD...]: the packets in the capture NAME that a tshark display filter lets through.
seen() {
	local name=$1 filter=$2 f fields=()
	shift 2
	for f in "$@"; do fields+=(-e "$f"); done
	tshark -r "$OUT/$name.pcap" -Y "$filter" ${fields:+-T fields} "${fields[@]}" 2>"$OUT/seen.err"
	# a capture that is still written ends amid a packet; anything else is a fault of the story
	grep -v -e 'Running as user' -e 'cut short' -e '^$' "$OUT/seen.err" >&2
	return 0
}

# --- lnsd ---------------------------------------------------------------------------------------------------------
# The configuration of a story. `start_lnsd NAME=value...` overrides what is named here.
config() {
	local "SECRET=" "LAC=" "AUTH=[chap-md5, pap]" "HELLO=60s" "MRU=1500" "ECHO=30s" "POLICER={}" "VLAN=off" \
		"ACCESS_DEV=net_af_packet0,iface=nic0" "CORE_DEV=net_af_packet1,iface=nic1" "$@"
	cat <<-YAML
		schema: 1
		identity: lns.test
		dataplane:
		  workers: 2
		  max-sessions: 4096
		  max-tunnels: 1024
		  store: $RUN/store
		  ports:
		    - {name: access, dev: "$ACCESS_DEV", vlan: $VLAN, addresses: [$LNS_IP/24, "$LNS_IP6/64"]}
		    - {name: core, dev: "$CORE_DEV", addresses: [203.0.113.1/24, "2001:db8:cc::1/64"]}
		l2tp:
		  endpoints:
		    - {name: v4, address: $LNS_IP}
		    - {name: v6, address: "$LNS_IP6"}
		  lac-profiles:
		    - {name: any, hello: $HELLO${SECRET:+, secret: $SECRET}${LAC:+, $LAC}, ppp-profile: home}
		ppp-profiles:
		  - {name: home, auth: $AUTH, mru: $MRU, echo: {interval: $ECHO}, dns: [192.0.2.53], pool4: homes4, pool6: homes6, policer: $POLICER}
		pools:
		  - {name: homes4, range: $POOL4, gateway: $GATEWAY}
		  - {name: homes6, prefix: "$POOL6"}
		users:
		  - {name: alice, password: wonder, address: $ALICE_IP, routes: [$ALICE_NET]}
		  - {name: bob, password: builder}
		  - {name: carol, password: caroline}
		api: {socket: $SOCKET}
		log: {to: stderr, level: info}
	YAML
}

start_lnsd() {
	config "$@" >"$CONFIG"
	[ ! -e "$OUT/lnsd.log" ] || mv "$OUT/lnsd.log" "$OUT/lnsd-before-$SECONDS.log" # it was ready too
	spawn lnsd $LNS_NS "$LNSD" -c "$CONFIG"
	lnsd_pid=${job[lnsd]}
	within 60 lnsd_ready || die "lnsd does not get ready: $(tail -n 5 "$OUT/lnsd.log")"
	ip -n $LNS_NS route add $CORE_IP/32 via 203.0.113.2
	ip -n $LNS_NS -6 route add $CORE_IP6/128 via 2001:db8:cc::2
}

lnsd_ready() {
	gone "$lnsd_pid" && return 0
	grep -q 'event=ready' "$OUT/lnsd.log"
}

lnsctl() { in_lns "$LNSCTL" --socket "$SOCKET" "$@"; }

# What lnsd says of itself.
sessions_up() { lnsctl show summary --json | jq .sessions_up; }
tunnels_up() { lnsctl show summary --json | jq .tunnels_up; }
no_sessions() { equal "$(lnsctl show summary --json | jq .sessions)" 0; }
owners() { lnsctl show sessions --json | jq -r '[.[].worker] | unique | join(" ")'; }
session_mtu() { lnsctl show sessions --json | jq '.[0].mtu'; }
session_ids() { lnsctl show sessions --json | jq -r '.[] | "\(.tid)/\(.sid)"'; }
# All that is in use now, in lines. Resident memory has a high-water mark and is asked for apart.
memory() { lnsctl show memory --json | jq -S 'del(.resident_bytes)'; }
resident_kb() { lnsctl show memory --json | jq '.resident_bytes / 1024 | floor'; }
# No session, and no tunnel: not even one that only waits for late duplicates after its StopCCN.
at_rest() { lnsctl show memory --json | jq -e '.l2tp_tunnels == 0 and .slots_awaiting_reap == 0'; }

sanitized() { grep -q __asan_init "$LNSD"; }

stop_lnsd() {
	local pid=${job[lnsd]:-} status
	[ -n "$pid" ] || return 0
	unset 'job[lnsd]'
	kill "$pid" 2>/dev/null
	within 30 gone "$pid" || { fail "lnsd does not stop"; kill -9 "$pid"; }
	wait "$pid"
	status=$?
	expect "lnsd stops with status 0" equal $status 0
}

# --- the end ------------------------------------------------------------------------------------------------------
# Harmless, each by its name: what tshark says of packets that are as they should be.
HARMLESS=(
	'icmp.resp_not_found'                            # the other direction is not in the file it reads
	'tcp.connection.rst'                             # a subscriber's or a host's TCP, passed on
	# what tshark takes random payload for (TPKT, Q.931...), when all checksums around it are right
	'(tcp.len > 0 && tcp.checksum.status == 1 && !(ip.checksum.status == 0) && !(udp.checksum.status == 0))'
	'tcp.options.sack.dsack'                         # the same
	'(tcp.checksum.ffff && tcp.flags.syn == 0)'      # the same; lnsd touches only segments with SYN
)

# tshark as judge: of all packets that lnsd sent none is malformed, has an expert's warning or a wrong checksum.
judge() {
	local name=$1 sent="$OUT/$1-sent.pcap" mac=$2 filter='_ws.malformed || _ws.expert.severity >= 0x600000' h bad
	for h in "${HARMLESS[@]}"; do filter="($filter) && !$h"; done
	tcpdump -Z root -r "$OUT/$name.pcap" -w "$sent" "ether src $mac" 2>/dev/null
	bad=$(tshark -r "$sent" -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -o tcp.check_checksum:TRUE \
		-o tcp.analyze_sequence_numbers:FALSE -Y "$filter" -T fields -e frame.number -e _ws.col.Protocol \
		-e _ws.expert.message 2>"$OUT/tshark.err")
	grep -v -e 'Running as user' "$OUT/tshark.err" && fail "tshark cannot read $sent"
	[ -z "$bad" ] || { fail "tshark finds fault with what lnsd sent ($sent)"; head -n 10 <<<"$bad" | sed 's/^/      | /'; }
}

nobody_in() { [ -z "$(ip netns pids "$1")" ]; }

# Runs in a trap, where a bare `return` or `exit` would give the status from before it: all of them name theirs.
finish() {
	local status=$? name ns pids
	trap - EXIT INT TERM
	[ $status -eq 0 ] || [ $failures -gt 0 ] || fail "the story broke off with status $status"
	stop_lnsd
	sleep 0.2 # the last packets
	for name in "${!job[@]}"; do end "$name"; done
	if [ -s "$OUT/access.pcap" ]; then
		judge access "${lnsd_mac[0]}"
		judge core "${lnsd_mac[1]}"
	fi
	if grep -n -m 20 -E 'Sanitizer|runtime error:|level=bug' "$OUT"/lnsd*.log; then
		fail "lnsd reports a fault of its own"
	fi
	for ns in $LNS_NS $LAC_NS $CORE_NS $NAT_NS $CPE_NS; do
		[ -e "/run/netns/$ns" ] || continue
		within 3 nobody_in "$ns" >/dev/null
		pids=$(ip netns pids "$ns")
		if [ -n "$pids" ]; then
			fail "left running in $ns: $(ps -o pid=,args= -p $pids | cut -c 1-100 | tr '\n' ';')"
			kill -9 $pids
		fi
		ip netns del "$ns"
	done
	rm -rf "$RUN"
	exit $((failures > 0))
}
trap finish EXIT
trap 'exit 130' INT TERM

. "$HERE/peers.sh"
