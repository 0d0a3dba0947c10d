#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# dns_load.sh [LIST]: a world (of data/sample.txt) scanned through resolvers
# that lose, that drop what exceeds their rate, that are dead or die: the scan
# equals the world all the same, and does not ask much more than once for it.
#
# With 5,000 names or more, by hand (LIST may be a top-10k list), the rate with
# a dead resolver among three is measured as well; times are never asserted.
set -u
list=$(realpath "${1:-$(dirname "$0")/../../data/sample.txt}")
. "$(dirname "$0")/lib.sh"

tests/lab/world "$list" --seed 11 --rates data/rates.toml \
	>"$dir/world.jsonl" || { echo "no world"; failed=1; finish; }
lab_up "$dir/world.jsonl"
n=$(wc -l <"$dir/lab/list.txt")
resolver=$(sed -E 's/.*--resolver ([^ ]+).*/\1/' "$dir/lab/scan.args")
read -r -a args < <(sed -E 's/--resolver [^ ]+//' "$dir/lab/scan.args")

# through OUT RESOLVERS [OPTIONS...]: a scan that asks these resolvers
through() {
	local out=$1 asked=()
	for r in $2; do
		asked+=(--resolver "$r")
	done
	shift 2
	timeout 400 "$MXCENSUS" scan "${args[@]}" "${asked[@]}" "$@" \
		"$dir/lab/list.txt" --force -o "$out"
}

# listens OUT: waits for a dropper's first report
listens() {
	for _ in $(seq 200); do
		[ -s "$1" ] && return
		sleep 0.05
	done
}

# dropping OPTIONS...: a dropper on 127.53.0.60:5300, its number in $dropper
dropping() {
	rm -f "$dir/asked.json"
	"$python" tests/lab/dns_drop.py 127.53.0.60 5300 "${resolver%:*}" \
		"$dir/asked.json" "$@" &
	dropper=$!
	listens "$dir/asked.json"
}

# once NAME MOST: the dropper ends and tells what it was asked
once() {
	kill "$dropper"
	wait "$dropper"
	cp "$dir/asked.json" "$dir/$1.json"
	"$python" - "$dir/asked.json" "$2" "$1" <<-'PY'
	import json, sys
	told = json.load(open(sys.argv[1]))
	ratio = told["queries"] / told["distinct"]
	print(f"bench dns.{sys.argv[3]} {ratio:.3f} x bar {sys.argv[2]} "
	      f"{'ok' if ratio <= float(sys.argv[2]) else 'short'} {told}")
	sys.exit(ratio > float(sys.argv[2]))
	PY
}

# lossy NAME MOST OPTIONS...: a scan through a dropper is right and frugal
lossy() {
	local name=$1 most=$2
	shift 2
	dropping "$@"
	check "$name: the scan runs" \
		through "$dir/$name.mxc" 127.53.0.60:5300
	check "$name: one domain record a line" \
		has_records "$dir/$name.mxc" "$n"
	check "$name: the scan equals the world" \
		tests/lab/lab check --dir "$dir/lab" "$dir/$name.mxc"
	check "$name: hardly asked more than once" once "$name" "$most"
}

lossy whole 1.05 # what fails for good is asked three times
lossy loss_5_percent 1.2 --loss 0.05
lossy at_most_5000 1.2 --rate 5000
# So few a second that the least window of each worker counts.
lossy at_most_1000 1.4 --rate 1000

# One of three is silent: an address where nobody answers and none refuses.
# What the three were asked together is counted, against the names of `whole`.
distinct=$("$python" -c 'import json, sys
print(json.load(open(sys.argv[1]))["distinct"])' "$dir/whole.json")
one_dead() {
	local pids=() i
	for i in 1 2 3; do
		"$python" tests/lab/dns_drop.py "127.53.0.6$i" 5300 \
			"${resolver%:*}" "$dir/of$i.json" \
			$([ $i -eq 2 ] && echo --die 1) &
		pids+=($!)
		listens "$dir/of$i.json"
	done
	through "$dir/dead.mxc" \
		"127.53.0.61:5300 127.53.0.62:5300 127.53.0.63:5300"
	local status=$?
	kill "${pids[@]}"
	wait "${pids[@]}"
	return $status
}
frugal() {
	"$python" - "$distinct" "$dir"/of?.json <<-'PY'
	import json, sys
	asked = [json.load(open(path))["queries"] for path in sys.argv[2:]]
	ratio = sum(asked) / int(sys.argv[1])
	print(f"bench dns.one_dead {ratio:.3f} x bar 1.2 "
	      f"{'ok' if ratio <= 1.2 else 'short'} {asked}")
	sys.exit(ratio > 1.2)
	PY
}
check "a dead one among three: the scan runs" one_dead
check "a dead one among three: the scan equals the world" \
	tests/lab/lab check --dir "$dir/lab" "$dir/dead.mxc"
check "a dead one among three: hardly asked more than once" frugal

# All die on the way: the scan stops, and goes on when they live again.
impatient=()
[ "$n" -ge 5000 ] || impatient=(--dns-timeout-ms 200)
asking() {
	through "$1" "$2" --stages dns "${impatient[@]}" "${@:3}"
}
died() {
	asking "$1" 127.53.0.60:5300 2>"$dir/died.err"
	local status=$?
	cat "$dir/died.err"
	[ $status -eq 2 ] && "$MXCENSUS" info "$1" &&
		grep -q 'withheld; --resume asks them again' "$dir/died.err" &&
		! "$MXCENSUS" cat --type domain "$1" |
		grep '"outcome":"dns_timeout"'
}
all_but_sessions() {
	"$MXCENSUS" cat --stable --type scan,domain,mx,cert,end "$1" |
		LC_ALL=C sort >"$2"
}
goes_on() {
	local asked=(--resolver 127.53.0.60:5300)
	"$MXCENSUS" scan "${args[@]}" "${asked[@]}" --stages dns \
		"${impatient[@]}" "$dir/lab/list.txt" --resume -o "$1" &&
		all_but_sessions "$1" "$dir/same.1" &&
		all_but_sessions "$dir/alive.mxc" "$dir/same.2" &&
		[ -s "$dir/same.1" ] && cmp "$dir/same.1" "$dir/same.2" &&
		return
	"$python" tests/lab/differ.py "$dir/same.1" "$dir/same.2"
	return 1
}
check "none dies: the scan runs" asking "$dir/alive.mxc" "$resolver"
dropping --die $((n * 5 / 4))
check "all die: the scan stops, and the file claims nothing of it" \
	died "$dir/died.mxc"
kill -USR1 "$dropper"
check "they live again: goes on to the same end" goes_on "$dir/died.mxc"
kill "$dropper"
wait "$dropper"

# ---- by hand: what a dead one costs ----

[ "$n" -ge 5000 ] || finish
# names enough for some seconds, asked of NSD itself, which is faster
nsd=${resolver%.*}.1:53
for i in $(seq 30); do
	sed "s/^/n$i./" "$dir/lab/list.txt"
done >"$dir/many.txt"
# pace RESOLVERS: domains a second of a scan that asks only DNS, from the first
# line of its status (a dead resolver is waited for once, for a second, before
# the start) to the last while nine tenths are not yet done
pace() {
	local asked=()
	for r in $1; do
		asked+=(--resolver "$r")
	done
	rm -f "$dir/status"
	"$MXCENSUS" scan "${args[@]}" "${asked[@]}" --stages dns -q --force \
		--status-file "$dir/status" "$dir/many.txt" \
		-o "$dir/many.mxc" || return 1
	"$python" - "$dir/status" <<-'PY'
	import json, sys
	told = [json.loads(line) for line in open(sys.argv[1])]
	# In the end a few names that fail are waited for: no pace is in that.
	busy = [line for line in told
	        if 0 < line["done"] < 0.9 * told[-1]["done"]]
	first, last = busy[0], busy[-1]
	print((last["done"] - first["done"]) * 1000
	      / (last["time_ms"] - first["time_ms"]))
	PY
}
dead_costs() {
	for _ in 1 2 3 4 5; do
		pace "$nsd $nsd $nsd" >>"$dir/three" &&
			pace "$nsd 127.53.0.60:5300 $nsd" >>"$dir/two" ||
			return 1
	done
	"$python" - "$dir/three" "$dir/two" <<-'PY'
	import statistics, sys
	runs = [[float(x) for x in open(path)] for path in sys.argv[1:]]
	rates = [statistics.median(r) for r in runs]
	ratio = rates[1] / rates[0]
	print(f"bench dns.rate_one_dead {ratio:.3f} x bar 0.95 "
	      f"{'ok' if ratio >= 0.95 else 'short'} "
	      f"domains/s {rates[0]:.0f} {rates[1]:.0f} of {runs}")
	PY
}
dropping --die 1
check "a dead one among three: what it costs" dead_costs
kill "$dropper"
wait "$dropper"
finish
