#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# evolve.sh [N [FOLDER]]: a world of N names (300) through four weeks, scanned
# in each, true each time; scripts/diff finds exactly what happened from week to
# week, and scripts/trend counts what the worlds hold.  FOLDER, where one is given, keeps week1.mxc to
# week4.mxc, the worlds beside them, and events2.jsonl to events4.jsonl: what
# happened up to that week.
set -u
n=${1:-300}
keep=$(realpath -m "${2:-.}")
. "$(dirname "$0")/lib.sh"
[ $# -ge 2 ] || keep=$dir/weeks
mkdir -p "$keep" || exit 1

names() {
	PYTHONPATH=tests/lab PYTHONDONTWRITEBYTECODE=1 "$python" -c '
import sys
from mxlab.world_sample import sample
for rank, name in enumerate(sample(int(sys.argv[1]), "weeks"), 1):
    print(f"{rank},{name}")' "$n"
}

next_week() {
	local week=$1
	tests/lab/world --evolve "$keep/week$((week - 1)).jsonl" \
		--seed "week $week" --events "$keep/events$week.jsonl" \
		>"$keep/week$week.jsonl" && [ -s "$keep/events$week.jsonl" ]
}

# The certificates of one lab are those of the next.
scan_week() {
	local week=$1
	tests/lab/lab up "$keep/week$week.jsonl" --dir "$dir/lab" \
		--pki "$dir/pki" || return
	scan "$keep/week$week.mxc"
}

differ() {
	local week=$1
	scripts/diff --mxcensus "$MXCENSUS" --format json \
		"$keep/week$((week - 1)).mxc" "$keep/week$week.mxc" \
		>"$dir/diff.json" &&
		"$python" tests/lab/evolve_compare.py \
			"$keep/events$week.jsonl" "$dir/diff.json"
}

trends() {
	scripts/trend --mxcensus "$MXCENSUS" --format json \
		"$keep"/week[1-4].mxc >"$dir/trend.json" &&
		"$python" tests/lab/evolve_trend.py "$dir/trend.json" \
			"$keep"/week[1-4].jsonl
}

names >"$dir/list.txt" || { echo "no names"; exit 1; }
check "week 1: a world of $n names" sh -c "tests/lab/world '$dir/list.txt' \
	--seed weeks >'$keep/week1.jsonl'"
for week in 1 2 3 4; do
	[ "$week" -eq 1 ] || check "week $week: things happen" next_week "$week"
	check "week $week: the scan runs" scan_week "$week"
	check "week $week: the scan equals the world" \
		tests/lab/lab check --dir "$dir/lab" "$keep/week$week.mxc"
	check "week $week: the lab goes down" tests/lab/lab down \
		--dir "$dir/lab"
	[ "$week" -eq 1 ] || check "week $week: diff finds what happened" \
		differ "$week"
done
check "trend counts what the worlds hold" trends
finish
