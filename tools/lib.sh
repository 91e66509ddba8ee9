# SPDX-License-Identifier: BSD-3-Clause
# lib.sh - what the scripts in tools/ share. Source it; it moves to the top of the source tree.
set -u
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$TOP" || exit 1

say() { printf '[%4d s] %s\n' "$SECONDS" "$*"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# packages_of PURPOSE...: their names, from tools/packages.
packages_of() {
	local purpose
	for purpose in "$@"; do sed -n "s/^$purpose: //p" tools/packages; done | tr ' ' '\n'
}

# missing_packages PURPOSE...: those that are not installed.
missing_packages() {
	local name
	for name in $(packages_of "$@"); do
		dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || echo "$name"
	done
}

# install_packages PURPOSE...: apt is only asked for what is missing. Daemons that come along are not started: the
# tests start their own.
install_packages() {
	local missing policy=/usr/sbin/policy-rc.d ours=0 status
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	[ "$(id -u)" = 0 ] || die "not installed, and only root can install: $(echo $missing)"
	say "installing $(wc -w <<<"$missing") packages: $(echo $missing)"
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy && ours=1
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q update </dev/null &&
		apt-get -q -y -o Dpkg::Options::=--force-confold install --no-install-recommends $missing </dev/null
	status=$?
	[ $ours = 1 ] && rm -f $policy
	return $status
}

# build_in FOLDER [MESON OPTION...]: configured at the first time, then brought up to date.
build_in() {
	local folder=$1
	shift
	[ -e "$folder/build.ninja" ] || meson setup "$folder" "$@" || return
	ninja -C "$folder"
}

# The files of the project, also those that are new. In an unpacked archive: all but build folders.
project_files() {
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git ls-files --cached --others --exclude-standard | while read -r f; do [ -e "$f" ] && echo "$f"; done
	else
		find . -type f -not -path './build*' -not -path './.git/*' | sed 's|^\./||'
	fi
}
c_files() { project_files | grep '\.[ch]$'; }
# Headers are read as tables: their columns are laid out by hand.
formatted_files() { project_files | grep '\.c$'; }
