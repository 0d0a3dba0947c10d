#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# probe_policy.sh: policy hosts that no TXT record announces, asked and not.
set -u
. "$(dirname "$0")/lib.sh"

lab_up tests/lab/probe-policy.jsonl
check "the scan runs" scan "$dir/a.mxc" --probe-policy always
check "every story is told as written" \
	tests/lab/lab check --dir "$dir/lab" "$dir/a.mxc"
check "contacts as recorded" \
	tests/lab/lab contacts --dir "$dir/lab" "$dir/a.mxc"

# Without the option the same hosts are neither looked up nor contacted.
record_alone() {
	tests/lab/lab forget --dir "$dir/lab" &&
		scan "$dir/b.mxc" --probe-policy record &&
		tests/lab/lab contacts --dir "$dir/lab" "$dir/b.mxc" &&
		"$MXCENSUS" cat --type domain "$dir/b.mxc" >"$dir/b.jsonl" &&
		! grep -q probed "$dir/b.jsonl" &&
		[ "$(grep -c '"host":"mta-sts\.' "$dir/b.jsonl")" -eq 1 ]
}
check "--probe-policy record asks the one that is announced" record_alone

again() {
	"$MXCENSUS" judge "$dir/a.mxc" --force -o "$dir/c.mxc" &&
		grep -v '^{"type":"scan"' <("$MXCENSUS" cat "$dir/a.mxc") \
			>"$dir/a.jsonl" &&
		grep -v '^{"type":"scan"' <("$MXCENSUS" cat "$dir/c.mxc") \
			>"$dir/c.jsonl" &&
		[ -s "$dir/a.jsonl" ] && diff "$dir/a.jsonl" "$dir/c.jsonl"
}
check "judged again, the records are the same" again
finish
