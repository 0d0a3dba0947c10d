#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# bulk.sh [N]: the first N (3,000) names of the bulk lab, scanned with one
# worker and with four, true both times and equal; and a scan that is not true
# is told so.
set -u
. "$(dirname "$0")/lib.sh"
n=${1:-3000}

server=
stop_server() {
	[ -n "$server" ] || return 0
	kill "$server" 2>/dev/null
	wait "$server"
	set -- $?
	server=
	return "$1"
}
# takes the place of that of lib.sh: there is no lab to take down
cleanup() {
	status=$?
	stop_server
	rm -rf "$dir"
	exit $status
}

mkdir "$dir/lab"
tests/lab/bulk list "$n" >"$dir/lab/list.txt"
tests/lab/bulk serve --dir "$dir/lab" >"$dir/serve.log" 2>&1 &
server=$!
until grep -q '^ready' "$dir/serve.log"; do
	kill -0 "$server" 2>/dev/null || {
		echo "the bulk lab does not come up:"
		cat "$dir/serve.log"
		server=
		echo "0 passed, 1 failed"
		exit 1
	}
	sleep 0.05
done

true_of() {
	tests/lab/bulk check --count "$n" "$1"
}
check "one worker scans" scan "$dir/one.mxc" --workers 1
check "the scan equals the world" true_of "$dir/one.mxc"
check "end is the sum of the records" "$MXCENSUS" info "$dir/one.mxc"
check "four workers scan" scan "$dir/four.mxc" --workers 4
check "the scan equals the world" true_of "$dir/four.mxc"
# The server makes a certificate whenever it is asked for one, and no two
# signatures of ECDSA are equal: digests and signatures are left aside.
unsigned() {
	"$MXCENSUS" cat --stable "$1" | sed -E '
		/^\{"type":"cert"/s/"(sha256|der)":"[^"]*",//g
		:more
		s/("chain":\[[^]]*)"[0-9a-f]{64}"/\1-/
		t more' | LC_ALL=C sort
}
equal_but_signatures() {
	unsigned "$1" >"$dir/plain.1" && unsigned "$2" >"$dir/plain.2" &&
		[ "$(wc -l <"$dir/plain.1")" -gt "$n" ] &&
		diff "$dir/plain.1" "$dir/plain.2"
}
check "one worker and four: equal" \
	equal_but_signatures "$dir/one.mxc" "$dir/four.mxc"

# A third scan meets an internet without policy hosts.
untrue() {
	sed -i 's/--https-port [0-9]*/--https-port 9/' "$dir/lab/scan.args" &&
		scan "$dir/untrue.mxc" --workers 2 || return 1
	true_of "$dir/untrue.mxc"
	[ $? -eq 1 ]
}
check "a scan that found no policy host is not true" untrue

counted() {
	stop_server && cat "$dir/serve.log" &&
		tail -n 1 "$dir/serve.log" | "$python" -c '
import json, sys
told = json.loads(sys.stdin.read())
n = int(sys.argv[1])
assert told["dns_queries"] > 3 * n and told["smtp_sessions"] > n, told
assert told["https_requests"] > n / 50 and told["cpu_us"] > 0, told' "$n"
}
check "the server ends when told to, with its counts" counted
finish
