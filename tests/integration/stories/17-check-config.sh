#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# lnsd --check on a file with five errors names five places and fails; on a good file it is silent.
. "$(dirname "$0")/../lib.sh"
need "$LNSD"

config >"$CONFIG"
expect "the stories' own configuration is good" "$LNSD" --check "$CONFIG"
sed -e 's/workers: 2/workers: none/' -e 's/mru: 1500/mru: 15/' -e 's/hello: 60s/hello: 90m/' \
	-e 's/^identity:/indentity:/' -e 's/password: wonder/passwort: wonder/' "$CONFIG" >"$OUT/bad.yaml"
said=$("$LNSD" --check "$OUT/bad.yaml" 2>&1)
status=$?
echo "$said" | sed 's/^/      | /'
expect "five errors end with status 1" equal $status 1
for line in $(grep -n -E 'workers: none|mru: 15,|hello: 90m|indentity|passwort' "$OUT/bad.yaml" | cut -d : -f 1); do
	expect "line $line is named" grep -q -E "bad.yaml:$line:[0-9]+: error: " <<<"$said"
done
