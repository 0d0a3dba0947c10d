#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# dns_load.sh [LIST]: a world (of data/sample.txt) scanned through resolvers
# that lose, that drop what exceeds their rate, that are dead or die: the scan
# equals the world all the same, and does not ask much more than once for it.
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

# dropping OPTIONS...: a dropper on 127.53.0.60:5300, its number in $dropper
dropping() {
	"$python" tests/lab/dns_drop.py 127.53.0.60 5300 "${resolver%:*}" \
		"$dir/asked.json" "$@" &
	dropper=$!
	sleep 1
}

# once NAME MOST: the dropper ends and tells what it was asked
once() {
	kill "$dropper"
	wait "$dropper"
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

lossy whole 1.02
lossy loss_5_percent 1.2 --loss 0.05
lossy at_most_5000 1.2 --rate 5000
# So few a second that the least window of each worker counts.
lossy at_most_1000 1.4 --rate 1000

# One of three is silent: an address where nobody answers and none refuses.
dropping --die 1
check "a dead one among three: the scan runs" through "$dir/dead.mxc" \
	"$resolver 127.53.0.60:5300 $resolver"
check "a dead one among three: the scan equals the world" \
	tests/lab/lab check --dir "$dir/lab" "$dir/dead.mxc"
kill "$dropper"
wait "$dropper"

# All die on the way: every domain has its record, and the file is whole.
dropping --die 1500
died() {
	through "$1" 127.53.0.60:5300 --stages dns
	local status=$?
	echo "exit status $status"
	{ [ $status -eq 0 ] || [ $status -eq 2 ]; } &&
		"$MXCENSUS" info "$1" && "$MXCENSUS" cat --type domain "$1" |
		grep -q '"outcome":"dns_timeout"'
}
check "all die: the scan ends, the file is whole" died "$dir/died.mxc"
kill "$dropper"
wait "$dropper"
finish
