# SPDX-License-Identifier: BSD-3-Clause
# peers.sh - those who dial: lwIP's client, Linux guests with xl2tpd and pppd, l2tpns as LAC. Sourced by lib.sh.

# --- lwIP: `lwip ARGUMENTS of lwip-l2tp` dials from lac0 ----------------------------------------------------------
LWIP=$BUILD/integration/lwip/lwip-l2tp

lwip_ready() { "$HERE/lwip/build" "$(dirname "$LWIP")" || die "lwIP's client cannot be built"; }
lwip() { in_lac timeout -k 1 60 "$LWIP" -i lac0 -a $LAC_IP/24 -l $LNS_IP "$@"; }
lwip_in_background() {
	local name=$1
	shift
	spawn "$name" $LAC_NS "$LWIP" -i lac0 -a $LAC_IP/24 -l $LNS_IP "$@"
}

# --- lacsim, this project's own LAC with many subscribers: all of them bob, from lac0 --------------------------------
lacsim() { in_lac timeout -k 1 90 "$LACSIM" --user bob --password builder "$@"; }
lacsim_in_background() { spawn "$1" $LAC_NS "$LACSIM" --user bob --password builder "${@:2}"; }
# Returns each payload that a subscriber sends to $CORE_IP, port 7000.
# It listens before the first payload can come: what finds no socket is answered by ICMP, and lost.
core_echo() {
	spawn core-echo $CORE_NS "$LACSIM" --core-echo --bind $CORE_IP:7000
	within 10 eval '[ "$(ip netns exec $CORE_NS ss -Hlun "sport = :7000")" ]'
}

# --- a Linux guest: user-mode-linux whose root is this machine's own, read-only -------------------------------------
# guest NAME NS IF [MEMORY] <<'STORY': boots in the background on that interface and runs what stands on stdin,
# with the words of guest/init. Its `check` lines become the story's own (guest_ends).
guest() {
	local name=$1 ns=$2 interface=$3 memory=${4:-96M}
	need linux.uml
	mkdir -p "$OUT/$name"
	cat >"$OUT/$name/story"
	spawn "$name" "$ns" linux.uml mem="$memory" rootfstype=hostfs rootflags=/ ro init="$HERE/guest/init" \
		uml_dir="$RUN/" umid="$name" con=null con0=fd:0,fd:1 quiet \
		vec0:transport=raw,ifname="$interface",depth=64 OUT="$OUT/$name" TZ=UTC
}

# Story and guest talk by files: the guest's `tell X` lets `hears GUEST X` pass, `tells GUEST X` its `await X`.
tells() { touch "$OUT/$1/$2"; }
hears() { within "${3:-60}" guest_said "$1" "$2" && [ -e "$OUT/$1/$2" ]; }
guest_said() { [ -e "$OUT/$1/$2" ] || ! running "$1"; }

# guest_ends NAME SECONDS: it powers itself off in that time; its checks count as ours.
guest_ends() {
	local line
	if ! within "$2" gone "${job[$1]}"; then
		fail "guest $1 is still busy after $2 s: $(tail -n 3 "$OUT/$1.log" | tr '\n' ';')"
		end "$1" KILL
	fi
	unset "job[$1]"
	[ -e "$OUT/$1/done" ] || fail "guest $1 did not come to the end of its story, see $OUT/$1.log"
	while read -r line; do
		case $line in
		ok*) pass "$1: ${line#ok }" ;;
		FAIL*) fail "$1: ${line#FAIL }" ;;
		esac
	done <"$OUT/$1/checks"
	grep -h -A 12 '^FAIL' "$OUT/$1.log" | sed 's/^/      | /'
}

# --- l2tpns, a LAC with PPPoE subscribers ---------------------------------------------------------------------------
# lac_l2tpns SECRET USER...: the calls of these users go to lnsd, in one tunnel. Subscribers are on cpe0 in CPE_NS.
lac_l2tpns() {
	local secret=$1 home=$OUT/l2tpns user
	shift
	need l2tpns
	mkdir -p "$home"
	namespace $CPE_NS
	wire $CPE_NS cpe0 $LAC_NS acc0
	ip -n $CPE_NS link set cpe0 mtu 1600
	ip -n $LAC_NS link set acc0 mtu 1600
	ip -n $LAC_NS addr add $LAC_IP/24 dev lac0
	cat >"$home/startup-config" <<-CONF
		set debug 3
		set log_file "$home/log"
		set pid_file "$home/pid"
		set radius_authtypes "chap"
		set bind_address $LAC_IP
		set bind_address_remotelns $LAC_IP
		set peer_address 10.99.0.1
		set cluster_interface "lo"
		set cluster_hb_interval 1
		set cluster_hb_timeout 5
		set pppoe_if_to_bind "acc0"
		set l2tp_secret "$secret"
	CONF
	for user in "$@"; do echo "setforward $user $LNS_IP 1701 $secret" >>"$home/startup-config"; done
	echo 10.99.0.0/24 >"$home/ip_pool"
	: >"$home/users"
	: >"$home/log"
	# its configuration folder is compiled in, and `ip netns exec` gave it a mount namespace of its own
	spawn l2tpns $LAC_NS sh -c "mount --bind $home /etc/l2tpns && exec l2tpns -c /etc/l2tpns/startup-config"
	within 10 grep -q -i 'master' "$home/log" || die "l2tpns does not become master of its cluster of one"
}
