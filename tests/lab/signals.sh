#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# signals.sh: a scan that is stopped, killed, or runs out of disk leaves a
# whole file and says so.
set -u
. "$(dirname "$0")/lib.sh"

tests/lab/world data/sample.txt --seed 3 --rates data/rates.toml \
	>"$dir/world.jsonl" || { echo "no world"; failed=1; finish; }
lab_up "$dir/world.jsonl"

# stopped FILE SIGNALS...: scans, sends the signals a second apart
stopped() {
	local out=$1 pid status
	shift
	# shellcheck disable=SC2046
	"$MXCENSUS" scan $(cat "$dir/lab/scan.args") "$dir/lab/list.txt" \
		--force -o "$out" --dns-rate 600 --drain-ms 4000 \
		2>"$dir/scan.err" &
	pid=$!
	sleep 2
	for s; do
		kill "-$s" "$pid"
		sleep 1
	done
	wait "$pid"
	status=$?
	cat "$dir/scan.err"
	echo "exit status $status"
	return $status
}

interrupted() {
	stopped "$1" "${@:2}"
	[ $? -eq 2 ] &&
		"$MXCENSUS" cat --type end "$1" |
		grep -q '"reason": *"interrupted"' &&
		"$MXCENSUS" info "$1"
}

# What waits for the resolver is not begun with any more.
left_out() {
	local pid status
	# shellcheck disable=SC2046
	"$MXCENSUS" scan $(cat "$dir/lab/scan.args") "$dir/lab/list.txt" \
		-o "$1" --dns-rate 400 --drain-ms 60000 -q &
	pid=$!
	sleep 1
	kill -INT "$pid"
	wait "$pid"
	status=$?
	"$MXCENSUS" info --json "$1" | python3 -c '
import json, sys
told = json.load(sys.stdin)
domains = told["records"]["domain"]
print(told["reason"], domains, "domains", told["dns_queries"], "queries")
sys.exit(told["reason"] != "interrupted" or not 0 < domains < 600)' &&
		[ $status -eq 2 ]
}
check "Ctrl-C: names that wait are left for --resume" left_out "$dir/left.mxc"
check "Ctrl-C: drained, whole, exit 2" interrupted "$dir/int.mxc" INT
check "twice Ctrl-C: leaves at once, whole" interrupted "$dir/int2.mxc" INT INT
check "SIGTERM likewise" interrupted "$dir/term.mxc" TERM

# A name must not wait for the next one: the list may be a slow pipe.
slow_pipe() {
	local name pid
	name=$(head -n 1 "$dir/lab/list.txt" | sed "s/.*,//")
	mkfifo "$dir/fifo" || return 1
	# shellcheck disable=SC2046
	"$MXCENSUS" scan $(cat "$dir/lab/scan.args") - -o "$1" --quiet \
		--frame-ms 100 <"$dir/fifo" &
	pid=$!
	exec 9>"$dir/fifo"
	echo "$name" >&9
	for _ in $(seq 200); do
		"$MXCENSUS" cat --type domain "$1" 2>/dev/null |
			grep -q "\"$name\"" && break
		sleep 0.1
	done
	"$MXCENSUS" cat --type domain "$1" >"$dir/pipe.jsonl" 2>/dev/null
	exec 9>&-
	wait "$pid" && grep -q "\"$name\"" "$dir/pipe.jsonl"
}
check "a slow pipe: each name is scanned as it comes" slow_pipe "$dir/pipe.mxc"

killed() {
	stopped "$1" KILL
	"$MXCENSUS" cat "$1" >"$dir/killed.jsonl" 2>"$dir/killed.err"
	head -c 300 "$dir/killed.jsonl"
	grep -q '"type": *"scan"' "$dir/killed.jsonl"
}
check "SIGKILL: what was written can be read" killed "$dir/kill.mxc"

full() {
	scan /dev/full 2>"$dir/full.err"
	local status=$?
	cat "$dir/full.err"
	[ $status -eq 3 ] && [ "$(grep -c 'error:' "$dir/full.err")" -eq 1 ] &&
		grep -q 'No space left' "$dir/full.err"
}
check "disk full: one line, exit 3" full

small() {
	(ulimit -f 64; trap '' XFSZ; scan "$1") 2>"$dir/small.err"
	local status=$?
	cat "$dir/small.err"
	"$MXCENSUS" cat "$1" >"$dir/small.jsonl"
	[ $? -eq 0 ] && [ $status -eq 3 ] &&
		grep -q '"type": *"scan"' "$dir/small.jsonl"
}
check "file size limit: the file so far is whole" small "$dir/small.mxc"

refused() {
	# shellcheck disable=SC2046
	"$MXCENSUS" scan $(cat "$dir/lab/scan.args") "$dir/lab/list.txt" \
		-o "$1" 2>"$dir/exists.err"
	local status=$?
	cat "$dir/exists.err"
	[ $status -eq 1 ] && grep -q -- --force "$dir/exists.err"
}
check "an existing file is not replaced" refused "$dir/int.mxc"

unwritable() {
	scan "$dir/none/x.mxc" 2>"$dir/unwritable.err"
	local status=$?
	cat "$dir/unwritable.err"
	[ $status -eq 1 ] && [ "$(grep -c 'error:' "$dir/unwritable.err")" -eq 1 ]
}
check "unwritable output" unwritable

few_files() {
	(ulimit -n 40; scan "$dir/few.mxc") 2>"$dir/few.err"
	local status=$?
	cat "$dir/few.err"
	[ $status -eq 1 ] && grep -q 'ulimit -n' "$dir/few.err"
}
check "no file descriptors left" few_files

quiet() {
	head -20 "$dir/lab/list.txt" >"$dir/twenty"
	# shellcheck disable=SC2046
	"$MXCENSUS" scan $(cat "$dir/lab/scan.args") "$dir/twenty" -q \
		-o "$dir/q.mxc" >"$dir/q.out" 2>&1
	local status=$?
	cat "$dir/q.out"
	[ $status -eq 0 ] && [ ! -s "$dir/q.out" ]
}
check "-q is silent" quiet

piped() {
	# shellcheck disable=SC2046
	head -20 "$dir/lab/list.txt" | zstd -qc | "$MXCENSUS" scan \
		$(cat "$dir/lab/scan.args") - -q -o "$dir/p.mxc" &&
		has_records "$dir/p.mxc" 20
}
check "a compressed list from standard input" piped
finish
