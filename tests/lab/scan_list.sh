#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# scan_list.sh LIST: a world made from a list, scanned with one worker and
# with four, equal both times and true both times.
set -u
list=$(realpath "$1" 2>/dev/null || echo "$1")
. "$(dirname "$0")/lib.sh"

if [ ! -r "$list" ]; then
	skip "$list is not there"
	finish
fi
tests/lab/world "$list" --seed 7 --rates data/rates.toml \
	>"$dir/world.jsonl" || { echo "no world"; failed=1; finish; }
lab_up "$dir/world.jsonl"
n=$(wc -l <"$dir/lab/list.txt")
check "one worker scans" scan "$dir/one.mxc" --workers 1
check "one domain record a line" has_records "$dir/one.mxc" "$n"
check "the scan equals the world" \
	tests/lab/lab check --dir "$dir/lab" "$dir/one.mxc"
check "contacts as recorded" \
	tests/lab/lab contacts --dir "$dir/lab" "$dir/one.mxc"
check "end is the sum of the records" "$MXCENSUS" info "$dir/one.mxc"
check "Python counts the same records" same_counts_in_python "$dir/one.mxc"
check "four workers scan" scan "$dir/four.mxc" --workers 4
check "the scan equals the world" \
	tests/lab/lab check --dir "$dir/lab" "$dir/four.mxc"
check "one worker and four: equal" equal "$dir/one.mxc" "$dir/four.mxc"
check "summarize prints a table" scripts/summarize "$dir/four.mxc"
finish
