# SPDX-License-Identifier: BSD-3-Clause
# Completion of lnsctl(1) for bash.
_lnsctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=() i
	case $prev in
	--socket)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return;;
	--state)
		mapfile -t COMPREPLY < <(compgen -W "call ppp auth ncp up closing removing" -- "$cur")
		return;;
	--user|--tunnel|--address|--calling|--limit)
		return;;
	esac
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--socket|--state|--user|--tunnel|--address|--calling|--limit) ((i++));;
		-*) ;;
		*) words+=("${COMP_WORDS[i]}");;
		esac
	done
	case "${words[*]} $cur" in
	*" -"*)
		case "${words[*]}" in
		"show sessions") i="--json --user --tunnel --state --address --calling --limit";;
		"show tunnels") i="--json --state --address --limit";;
		"show drops") i="--json --workers --all";;
		*) i="--socket --json --help";;
		esac;;
	*)
		case "${words[*]}" in
		"") i="show clear help";;
		show) i="summary tunnels tunnel sessions session ports drops pools workers memory config version";;
		clear) i="session tunnel user";;
		*) i="";;
		esac;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$i" -- "$cur")
}
complete -F _lnsctl lnsctl
