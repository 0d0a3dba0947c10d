#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# scan_worlds.sh: the hand-written worlds of tests/worlds, all at once.
set -u
. "$(dirname "$0")/lib.sh"

cat tests/worlds/*.jsonl >"$dir/world.jsonl"
lab_up "$dir/world.jsonl"
check "the scan runs" scan "$dir/a.mxc"
SHOW=200 check "every story is told as written" \
	tests/lab/lab check --dir "$dir/lab" "$dir/a.mxc"
check "contacts as recorded" \
	tests/lab/lab contacts --dir "$dir/lab" "$dir/a.mxc"
check "info finds the file whole" "$MXCENSUS" info "$dir/a.mxc"

# What the look-ups alone can tell is the same without the other stages.
dns_alone() {
	tests/lab/lab forget --dir "$dir/lab" &&
		scan "$dir/dns.mxc" --stages dns &&
		"$python" tests/lab/same_dns.py "$dir/a.mxc" "$dir/dns.mxc" &&
		tests/lab/lab contacts --dir "$dir/lab" "$dir/dns.mxc"
}
check "--stages dns contacts nobody and sees the same records" dns_alone
finish
