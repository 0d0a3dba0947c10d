#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# tls_versions.sh: --tls-versions against hosts of every range of versions; its
# sessions keep the manners of all others, and the facts outlive judge.
set -u
. "$(dirname "$0")/lib.sh"

"$python" tests/lab/tls_versions.py world "$dir/world.jsonl"
lab_up "$dir/world.jsonl"
check "the scan runs" scan "$dir/a.mxc" --tls-versions
as_configured() {
	"$MXCENSUS" cat --type mx "$1" | "$python" tests/lab/tls_versions.py check
}
check "each host speaks what it is set up for" as_configured "$dir/a.mxc"
check "contacts as recorded" \
	tests/lab/lab contacts --dir "$dir/lab" "$dir/a.mxc"
check "info finds the file whole" "$MXCENSUS" info "$dir/a.mxc"

judged() {
	"$MXCENSUS" judge "$dir/a.mxc" -o "$dir/b.mxc" &&
		as_configured "$dir/b.mxc"
}
check "judge keeps them" judged

without() {
	scan "$dir/c.mxc" && "$MXCENSUS" cat "$dir/c.mxc" >"$dir/c.jsonl" &&
		[ -s "$dir/c.jsonl" ] && ! grep -q tls_versions "$dir/c.jsonl"
}
check "nothing of it without the option" without

summarized() {
	scripts/summarize --table tls_versions --format csv "$1" \
		>"$dir/$2.csv" && cat "$dir/$2.csv" &&
		[ "$(grep -c '^tls_versions' "$dir/$2.csv")" -eq "$3" ]
}
check "summarize counts them" summarized "$dir/a.mxc" with 9
check "summarize has nothing to count without" \
	summarized "$dir/c.mxc" without 0
finish
