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
finish
