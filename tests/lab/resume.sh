#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# resume.sh [LIST]: a scan that is stopped in any way and gone on with ends
# equal to one that nobody disturbed, and does nothing twice.
#
# Environment: RESUME_KILLS (8) SIGKILLs, at moments drawn from RESUME_SEED (1).
set -u
list=$(realpath "${1:-data/sample.txt}")
. "$(dirname "$0")/lib.sh"
: "${RESUME_KILLS:=8}" "${RESUME_SEED:=1}"

tests/lab/world "$list" --seed 7 --rates data/rates.toml \
	>"$dir/world.jsonl" || { echo "no world"; failed=1; finish; }
# and hosts whose certificates matter to other domains than their own
cat tests/worlds/dane-details.jsonl >>"$dir/world.jsonl"
lab_up "$dir/world.jsonl"
# short frames and a small window: there is much to lose and to find again
read -r -a options < <(cat "$dir/lab/scan.args")
options+=(--frame-ms 50 --window 100)
# and nobody has all day for servers that say nothing
options+=(--greeting-timeout-ms 4000 --session-timeout-ms 6000
	--retry-wait-ms 500)

# again OUT [OPTIONS...]: begins a scan, or goes on with it
again() {
	local out=$1
	shift
	"$MXCENSUS" scan "${options[@]}" "$@" "$dir/lab/list.txt" --resume \
		-o "$out" 2>"$dir/again.err"
	local status=$?
	cat "$dir/again.err"
	return $status
}

# All but where it was gone on with.
equal_dump() {
	"$MXCENSUS" cat --stable --type scan,domain,mx,cert,end "$1" |
		LC_ALL=C sort
}

same() {
	equal_dump "$1" >"$dir/same.1"
	equal_dump "$2" >"$dir/same.2"
	[ -s "$dir/same.1" ] && cmp "$dir/same.1" "$dir/same.2" &&
		"$MXCENSUS" info "$2" >"$dir/same.info" && return 0
	"$python" tests/lab/differ.py "$dir/same.1" "$dir/same.2"
	return 1
}

# goes_on FILE: to its end, which is that of the whole scan
goes_on() {
	again "$1" && same "$dir/whole.mxc" "$1"
}

check "a scan that nobody disturbs" again "$dir/whole.mxc"
cp "$dir/whole.mxc" "$dir/copy.mxc"
complete() {
	again "$1" && grep -q "is complete: nothing is left" "$dir/again.err" &&
		cmp "$dir/copy.mxc" "$1"
}
check "a complete file is left as it is" complete "$dir/whole.mxc"

check "killed $RESUME_KILLS times: equal, nothing done twice" \
	"$python" tests/lab/kill_again.py "$dir/lab" "$dir/whole.mxc" \
	"$dir/killed.mxc" "$RESUME_KILLS" "$RESUME_SEED" -- \
	"$MXCENSUS" scan "${options[@]}" --dns-rate 1500 \
	"$dir/lab/list.txt" --resume -q -o "$dir/killed.mxc"

# Every host known, no line finished: nobody is probed, all is judged as before.
from_hosts() {
	"$python" tests/lab/hosts_alone.py "$dir/whole.mxc" "$1" &&
		"$MXCENSUS" cat --type mx "$1" >"$dir/hosts" &&
		grep -q '"ta_name_failed":true' "$dir/hosts" &&
		tests/lab/lab forget --dir "$dir/lab" && goes_on "$1" &&
		"$python" tests/lab/hosts_alone.py --quiet "$dir/lab"
}
check "from the hosts alone: equal, no session" from_hosts "$dir/hosts.mxc"

# stops FILE SIGNAL...: a session that ends with status 2 and an end record
stops() {
	local out=$1 pid status before
	shift
	before=$(stat -c %s "$out" 2>/dev/null || echo 0)
	"$MXCENSUS" scan "${options[@]}" "$dir/lab/list.txt" --resume \
		-o "$out" --drain-ms 500 2>"$dir/stop.err" &
	pid=$!
	# it runs once it has cut the end off and written something
	while kill -0 $pid 2>/dev/null &&
		[ "$(stat -c %s "$out" 2>/dev/null || echo 0)" -eq "$before" ]
	do
		sleep 0.05
	done
	sleep 0.5
	for s; do
		kill "-$s" "$pid"
		sleep 0.2
	done
	wait "$pid"
	status=$?
	cat "$dir/stop.err"
	[ $status -eq 2 ] && grep -q -- --resume "$dir/stop.err" &&
		"$MXCENSUS" info "$out" >/dev/null
}
sessions() {
	"$MXCENSUS" cat --type session "$1"
	[ "$("$MXCENSUS" cat --type session "$1" |
		grep -c '"previous_reason":"interrupted"')" -eq "$2" ]
}
check "SIGTERM: stops" stops "$dir/stopped.mxc" TERM
check "SIGINT: goes on and stops" stops "$dir/stopped.mxc" INT
check "SIGINT twice: likewise" stops "$dir/stopped.mxc" INT INT
check "and goes on to its end" goes_on "$dir/stopped.mxc"
check "the file tells of each stop" sessions "$dir/stopped.mxc" 3

# A file cut anywhere, one at a time: each goes on.
size=$(stat -c %s "$dir/whole.mxc")
RANDOM=$RESUME_SEED
cut_at() {
	head -c "$2" "$dir/whole.mxc" >"$1"
	goes_on "$1"
}
for _ in 1 2; do
	at=$(((RANDOM * 32768 + RANDOM) % size))
	check "truncated at byte $at of $size" cut_at "$dir/cut.mxc" "$at"
done
check "truncated within the header" cut_at "$dir/cut.mxc" 40

# pages that never reached the disk, and a frame that did behind them
lost_pages() {
	head -c $((size * 9 / 10)) "$dir/whole.mxc" >"$1"
	dd if=/dev/zero of="$1" bs=1 seek=$((size * 3 / 4)) count=4096 \
		conv=notrunc 2>/dev/null
	goes_on "$1" && grep -q "no whole frames and are cut" "$dir/again.err"
}
check "lost pages" lost_pages "$dir/lost.mxc"

# ---- disks that fail ----

# in a file system of its own, which goes with its name space
full() {
	unshare -m sh -c '
		mount -t tmpfs -o size=160k tmpfs "$1" || exit 77
		out=$1/full.mxc
		shift
		"$MXCENSUS" scan "$@" -o "$out" 2>&1
		status=$?
		cp "$out" "${out%/*}.mxc"
		exit $status' sh "$dir/small" "${options[@]}" \
		"$dir/lab/list.txt" >"$dir/full.err"
	local status=$?
	cat "$dir/full.err"
	[ $status -eq 3 ] && grep -q 'No space left.*make room' "$dir/full.err"
}
mkdir "$dir/small"
if unshare -m mount -t tmpfs tmpfs "$dir/small" 2>/dev/null; then
	check "a full disk" full
else
	skip "no tmpfs may be mounted here: a full disk is not tried"
fi

# The same file goes on from one trouble to the next.
limited() {
	(ulimit -f 200; trap '' XFSZ; again "$1")
	[ $? -eq 3 ] && grep -q "File too large" "$dir/again.err"
}
check "a file that may not grow" limited "$dir/small.mxc"

broken_disk() {
	local so=$dir/fail_sync.so
	cc -shared -fPIC -o "$so" tests/lab/fail_sync.c || return 1
	LD_PRELOAD=$so FAIL_SYNC_AFTER=8 again "$1"
	[ $? -eq 3 ] && grep -q "Input/output error" "$dir/again.err"
}
if [ -n "$SAN" ]; then
	skip "nothing is preloaded below a sanitizer: EIO is not tried"
else
	check "a disk that gives up" broken_disk "$dir/small.mxc"
fi
check "and goes on to its end" goes_on "$dir/small.mxc"

# ---- what cannot be gone on with ----

# refused PATTERN COMMAND...: one line, exit status 1, the file as it was
refused() {
	local pattern=$1 before
	shift
	before=$(sha256sum <"$dir/part.mxc")
	"$MXCENSUS" scan "${options[@]}" "$@" -o "$dir/part.mxc" \
		2>"$dir/refused.err"
	[ $? -eq 1 ]
	local status=$?
	cat "$dir/refused.err"
	[ $status -eq 0 ] && [ "$(wc -l <"$dir/refused.err")" -eq 1 ] &&
		grep -q -- "$pattern" "$dir/refused.err" &&
		[ "$before" = "$(sha256sum <"$dir/part.mxc")" ]
}
head -c $((size / 2)) "$dir/whole.mxc" >"$dir/part.mxc"
mkdir "$dir/changed"
sed '5d' "$dir/lab/list.txt" >"$dir/changed/list.txt"
names=$dir/lab/list.txt
check "no --resume: refused" refused "exists already" "$names"
check "another list" refused "another list" --resume "$dir/changed/list.txt"
check "standard input" refused "standard input" --resume -
check "other stages" refused "other --stages" --resume "$names" --stages dns
check "an option more" refused "without --notes x" --resume "$names" --notes x
check "another value" refused "with --smtp-port" --resume "$names" \
	--smtp-port 26
check "other roots" refused "trusted roots" --resume "$names" \
	--ca-file /etc/ssl/certs/ca-certificates.crt
check "with --force" refused "give one" --resume "$names" --force
"$MXCENSUS" judge "$dir/whole.mxc" -o "$dir/part.mxc" --force 2>/dev/null
check "a judged file" refused "mxcensus judge" --resume "$names"
echo "something else" >"$dir/part.mxc"
check "no .mxc file" refused "no .mxc file" --resume "$names"
finish
