#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# manners.sh: the servers' log proves how a scan behaves, and `who` tells the
# same as the log.  The judge of the log is mxlab/manners.py.
set -u
. "$(dirname "$0")/lib.sh"

own=
[ "${MXCENSUS_IN_NET:-}" != own ] || own=--own-net
if [ -n "$own" ]; then
	for address in $("$python" tests/lab/manners_world.py --addresses); do
		case $address in
		::1) ;;
		*:*) ip addr add "$address/128" dev lo nodad ;;
		*) ip addr add "$address/32" dev lo ;;
		esac
	done
fi
# shellcheck disable=SC2086
"$python" tests/lab/manners_world.py $own >"$dir/world.jsonl"
lab_up "$dir/world.jsonl"
n=$(wc -l <"$dir/lab/list.txt")
log=$dir/lab/log

printf 'shut.example\n127.107.1.1 # an address\n' >"$dir/exclude.1"
printf 'hermit.example\n127.107.2.0/24\n' >"$dir/exclude.2"
printf '127.105.0.1\nlater.example\n' >"$dir/exclude.later"
cp "$dir/exclude.2" "$dir/exclude.grows"

allowed=(--allow-net 127.0.0.0/8)
[ -z "$own" ] || allowed+=(--allow-net fd00:6d78::/32)
limits=(--rest-ms 150 --policy-rest-ms 50 --per-net 4 --per-operator 2)
# Without --only-net the special-purpose list alone stands between the scan
# and its hosts: for a network of its own.
args=$(cat "$dir/lab/scan.args")
[ -z "$own" ] || args=${args//--only-net 127.0.0.0\/8/}

# scanned: scans, and excludes more as soon as both were contacted
scanned() {
	local pid status
	# shellcheck disable=SC2086
	"$MXCENSUS" scan $args "${allowed[@]}" "${limits[@]}" --workers 4 \
		--retry-wait-ms 800 --greeting-timeout-ms 1200 \
		--policy-timeout-ms 1200 --exclude "$dir/exclude.1" \
		--exclude "$dir/exclude.grows" "$dir/lab/list.txt" \
		-o "$dir/a.mxc" 2>"$dir/scan.err" &
	pid=$!
	until grep -q '"127.105.0.1"' "$log/contacts.jsonl" &&
		grep -q '\.later\.example"' "$log/contacts.jsonl"; do
		kill -0 "$pid" || break
		sleep 0.05
	done
	cat "$dir/exclude.later" >>"$dir/exclude.grows"
	kill -HUP "$pid"
	until grep -q "read $dir/exclude.grows again" "$dir/scan.err"; do
		kill -0 "$pid" || break
		sleep 0.05
	done
	date +%s.%N >"$dir/since"
	wait "$pid"
	status=$?
	tail -n 3 "$dir/scan.err"
	return $status
}

judge() {
	PYTHONPATH=tests/lab "$python" -m mxlab.manners "$1" --log "$log" \
		"${limits[@]}" "${allowed[@]}" --ehlo scanner.lab.test \
		--contact https://scanner.lab.test/ \
		--exclude "$dir/exclude.1" --exclude "$dir/exclude.2" \
		--later "$dir/exclude.later" --since "$(cat "$dir/since")" \
		"${@:2}"
}

finds() {
	judge "$@"
	[ $? -eq 1 ]
}

check "a scan of $n domains" scanned
check "a thousand at least" [ "$n" -ge 1000 ]
check "one record a line" has_records "$dir/a.mxc" "$n"
check "no address has two sessions at once" judge alone
check "each address rests, longer after trouble" judge rest
check "few sessions in a network" judge network
check "few sessions with an operator" judge operator
check "few fetches in a network" judge policy-network
check "a rest between fetches from an address" judge policy-rest
check "QUIT in every session that was greeted" judge quit
check "no command of a mail transaction" judge mail
check "EHLO name and User-Agent say who it is" judge names
check "nothing excluded, nothing special" judge forbidden
check "nothing that was excluded in mid-scan" judge later

check "who tells what the servers saw" \
	"$python" tests/lab/manners_who.py "$dir/a.mxc" "$log"

# The limits were reached, or the judge would have looked at nothing.
check "the judge sees a shorter rest" finds rest --rest-ms 160000 \
	--rest-max-ms 160000
check "the judge sees a rest that does not double" finds rest --factor 4
check "the judge sees a network with more" finds network --per-net 3
check "the judge sees an operator with more" finds operator --per-operator 1
check "the judge sees a network with more fetches" \
	finds policy-network --per-net 3
check "the judge sees fetches in a row" finds policy-rest \
	--policy-rest-ms 60000
check "the judge sees what is excluded" finds forbidden \
	--exclude "$dir/exclude.later"
check "the judge sees another name" finds names --ehlo other.example
check "the judge sees contacts after an exclusion" finds later --since 0

scripts_say() {
	scripts/who "$dir/a.mxc" 127.104.0.1 >"$dir/who.txt" &&
		cat "$dir/who.txt" && grep -q '^Connections: ' "$dir/who.txt"
}
check "who in words" scripts_say

served() {
	"$python" - "$1" <<-'EOF'
	import socket
	import sys
	family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
	with socket.socket(family) as s:
	    s.settimeout(5)
	    s.connect((sys.argv[1], 2525))
	    print(s.recv(100))
	EOF
}
if [ -n "$own" ]; then
	check "a server listens at a private address" served 10.0.0.1
	check "a server listens at a documentation address" served 2001:db8::1
	check "the judge sees them contacted" finds forbidden
else
	skip "special-purpose addresses and IPv6 need a network namespace"
fi
finish
