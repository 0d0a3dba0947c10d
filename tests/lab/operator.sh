#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# operator.sh [N]: one operator must not hold up a scan.  Three worlds of N
# domains (300): with no operator, with one that serves half of them from
# three MX hosts, and with one that gives each of that half an MX name of its
# own at four addresses.  Prints how long each scan takes; the bar is twice the
# time of the first, to be looked at by a person (`bench` lines).
#
# Pacing is that of the lab (scan.args): --rest-ms 200, --per-operator 64,
# --per-net 256, --smtp-window 150; the window is small (N / 10), so that
# domains that wait stand outside of it or hold it up.
set -u
. "$(dirname "$0")/lib.sh"
n=${1:-300}

# world KIND: brings it up, scans it, checks it; milliseconds in $took
world() {
	local kind=$1 start
	tests/lab/lab down --dir "$dir/lab" >/dev/null 2>&1
	PYTHONPATH=tests/lab "$python" -m mxlab.world_operator "$kind" "$n" \
		>"$dir/$kind.jsonl" || { echo "no world"; failed=1; finish; }
	lab_up "$dir/$kind.jsonl"
	start=$(date +%s%N)
	check "$kind: the scan runs" scan "$dir/$kind.mxc" \
		--window $((n / 10)) --status-file "$dir/$kind.status"
	took=$((($(date +%s%N) - start) / 1000000))
	check "$kind: one domain record a line" \
		has_records "$dir/$kind.mxc" "$n"
	check "$kind: the scan equals the world" \
		tests/lab/lab check --dir "$dir/lab" "$dir/$kind.mxc"
	check "$kind: contacts as recorded" \
		tests/lab/lab contacts --dir "$dir/lab" "$dir/$kind.mxc"
	check "$kind: the file is whole" "$MXCENSUS" info "$dir/$kind.mxc"
}

# ratio NAME MS: beside the world with none
ratio() {
	awk -v name="$1" -v ms="$2" -v none="$none" 'BEGIN {
		r = ms / none
		printf "bench operator.%s_ratio %.2f x bar 2 %s (%.1f s, %.1f s)\n",
			name, r, r <= 2 ? "ok" : "short", ms / 1000, none / 1000
	}'
}

has_parked() {
	"$python" - "$1" <<-'PY'
	import json, sys
	most = max(json.loads(line)["parked"] for line in open(sys.argv[1]))
	print(f"{most} domains parked at most")
	sys.exit(most == 0)
	PY
}

# Most of the names at the operator's addresses were not asked.
has_shared() {
	local shared
	shared=$("$MXCENSUS" cat --type mx "$1" | grep -c '"shared":true')
	echo "$shared mx records share what another name was told"
	[ "$shared" -gt 0 ]
}

# Judging a scan again gives the same records, shared hosts and all.
judged_alike() {
	local of='^{"type":"\(domain\|mx\)"'
	"$MXCENSUS" judge --force "$1" -o "$dir/judged.mxc" &&
		"$MXCENSUS" cat "$1" | grep "$of" >"$dir/first.jsonl" &&
		"$MXCENSUS" cat "$dir/judged.mxc" | grep "$of" >"$dir/again.jsonl" &&
		[ -s "$dir/first.jsonl" ] &&
		cmp "$dir/first.jsonl" "$dir/again.jsonl"
}

world none
none=$took
world few
few=$took
world names
names=$took
check "names: domains waited outside the window" has_parked "$dir/names.status"
check "names: names of one address share" has_shared "$dir/names.mxc"
check "names: the same judged again" judged_alike "$dir/names.mxc"

# Next to no room, in the window and outside: it takes longer and ends alike.
tight() {
	tests/lab/lab forget --dir "$dir/lab" &&
		scan "$dir/tight.mxc" --window 20 --max-parked 10 \
			--names-per-address 2 &&
		has_records "$dir/tight.mxc" "$n" &&
		tests/lab/lab check --dir "$dir/lab" "$dir/tight.mxc" &&
		tests/lab/lab contacts --dir "$dir/lab" "$dir/tight.mxc"
}

# Killed and gone on with: hosts and addresses are known from the file.
killed() {
	local out=$dir/killed.mxc args pid
	read -r -a args <"$dir/lab/scan.args"
	args+=(--frame-ms 50 "$dir/lab/list.txt" --resume -o "$out")
	"$MXCENSUS" scan "${args[@]}" &
	pid=$!
	sleep 2
	kill -9 "$pid"
	wait "$pid"
	"$MXCENSUS" scan "${args[@]}" && has_records "$out" "$n" &&
		tests/lab/lab check --dir "$dir/lab" "$out" && judged_alike "$out"
}
[ "$n" -gt 1000 ] || check "names: killed and gone on with" killed
[ "$n" -gt 1000 ] || check "names: 20 in the window, 10 parked, 2 names" tight
ratio few "$few"
ratio names "$names"
finish
