#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# uplink.sh: resolvers that die or fail for everything, and a filter before
# port 25: the scan stops, takes back what it wrote meanwhile, and goes on with
# --resume to the result of one that nobody disturbed.  Shorter troubles than
# --min-success waits for leave no trace.
set -u
. "$(dirname "$0")/lib.sh"

# 1,200 domains whose mail goes to 60 hosts, each in a network far from others
world() {
	"$python" - "$1" <<-'PY'
	import json, sys
	host = {"fault": sys.argv[1]} if sys.argv[1] else {}
	for i in range(60):
	    print(json.dumps({"domain": f"op{i}.example", "list": False,
	        "records": [f"mx.op{i}.example. 300 IN A 127.{100 + i}.1.1"],
	        "smtp": {f"mx.op{i}.example": host}}))
	for i in range(1200):
	    name = f"customer{i}.example"
	    print(json.dumps({"domain": name, "records": [
	        f"{name}. 300 IN MX 10 mx.op{i % 60}.example.",
	        f"_smtp._tls.{name}. 300 IN TXT "
	        '"v=TLSRPTv1; rua=mailto:tls@reports.example"']}))
	PY
}

# A filter is a world of its own, with the same names and certificates.
lab_of() {
	world "$1" >"$dir/world.jsonl"
	tests/lab/lab up "$dir/world.jsonl" --dir "$dir/lab" \
		--pki "$dir/pki" >"$dir/up.log" 2>&1 && return
	cat "$dir/up.log"
	echo "0 passed, 1 failed"
	exit 1
}

lab_of ""
resolver=$(sed -E 's/.*--resolver ([^ ]+).*/\1/' "$dir/lab/scan.args")
read -r -a args < <(sed -E 's/--resolver [^ ]+//' "$dir/lab/scan.args")
# a stretch of 4 s for DNS, of 1.6 s for port 25
args+=(--dns-timeout-ms 100 --connect-timeout-ms 400 --retry-wait-ms 2000
	--frame-ms 50 --window 100 --rest-ms 0)
sick=127.53.0.60:5300

# again OUT RESOLVER [OPTIONS...]: begins a scan, or goes on with it
again() {
	local out=$1 asked=$2 status
	shift 2
	timeout 60 "$MXCENSUS" scan "${args[@]}" --resolver "$asked" "$@" \
		"$dir/lab/list.txt" --resume -o "$out" 2>"$dir/again.err"
	status=$?
	cat "$dir/again.err"
	return $status
}

# listens OUT: waits for a dropper's first report
listens() {
	for _ in $(seq 200); do
		[ -s "$1" ] && return
		sleep 0.05
	done
}

# dropping OPTIONS...: a resolver that falls ill, its number in $dropper
dropping() {
	rm -f "$dir/asked.json"
	"$python" tests/lab/dns_drop.py "${sick%:*}" "${sick#*:}" \
		"${resolver%:*}" "$dir/asked.json" "$@" &
	dropper=$!
	listens "$dir/asked.json"
}

gone() {
	kill "$dropper"
	wait "$dropper"
}

# All but where it was gone on with.
same() {
	for i in 1 2; do
		"$MXCENSUS" cat --stable --type scan,domain,mx,cert,end "$1" |
			LC_ALL=C sort >"$dir/same.$i"
		shift
	done
	[ -s "$dir/same.1" ] && cmp "$dir/same.1" "$dir/same.2" && return
	"$python" tests/lab/differ.py "$dir/same.1" "$dir/same.2"
	return 1
}

# stops WORDS MOST OUT RESOLVER: one line says why, at most MOST domains are
# in the file, nothing in it failed for want of an answer, and it adds up
stops() {
	local words=$1 most=$2 n
	shift 2
	again "$@"
	[ $? -eq 2 ] && [ "$(grep -c 'error:' "$dir/again.err")" -eq 1 ] &&
		grep -qE "error: $words: since .* answered; " \
		"$dir/again.err" &&
		grep -q 'withheld; --resume asks them again' "$dir/again.err" &&
		"$MXCENSUS" cat --type end "$1" | grep -q no_success &&
		"$MXCENSUS" info "$1" | grep -qE 'end adds up +yes' ||
		return 1
	n=$(count_type "$1" domain)
	echo "$n domains of at most $most"
	"$MXCENSUS" cat --type domain,mx "$1" >"$dir/kept"
	! grep -E '"(dns_timeout|servfail|connect_timeout)"' "$dir/kept" &&
		[ "$n" -le "$most" ] && grep -q " $n domains in" "$dir/again.err"
}

goes_on() {
	again "$@" && same "$dir/whole.mxc" "$1"
}

check "a scan that nobody disturbs" again "$dir/whole.mxc" "$resolver"

# ---- resolvers ----

none() {
	again "$@"
	[ $? -eq 2 ] && grep -q "no resolver answers" "$dir/again.err" &&
		[ ! -e "$1" ]
}
check "no resolver at all: nothing is begun" none "$dir/dead.mxc" "$sick"

dropping --die 30
check "dead from the start: stops, and claims nothing" \
	stops "the resolvers or the uplink fail" 0 "$dir/dead.mxc" "$sick"
kill -USR1 "$dropper"
check "alive again: goes on to the same end" goes_on "$dir/dead.mxc" "$sick"
gone

# slow enough that the list does not end before the stretch
dropping --die 1500
check "dies on the way: stops, withholds what came of it" \
	stops "the resolvers or the uplink fail" 600 "$dir/way.mxc" "$sick" \
	--dns-rate 1000
kill -USR1 "$dropper"
some() {
	[ "$("$MXCENSUS" cat --type domain "$1" | wc -l)" -ge 100 ]
}
check "and keeps what came before" some "$dir/way.mxc"
check "alive again: goes on to the same end" goes_on "$dir/way.mxc" "$sick"
gone

dropping --fail 1500
check "SERVFAIL for everything, to the end: stops likewise" \
	stops "the resolvers or the uplink fail" 600 "$dir/fail.mxc" "$sick"
gone
check "another resolver: goes on to the same end" \
	goes_on "$dir/fail.mxc" "$resolver"

brief() {
	again "$dir/brief.mxc" "$sick" --dns-rate 3000 && gone &&
		cat "$dir/asked.json" && ! grep -q '"ill": 0}' "$dir/asked.json" &&
		same "$dir/whole.mxc" "$dir/brief.mxc"
}
dropping --die 2500 --heal 300
check "silent for a moment: nothing is seen of it" brief

# ---- what is not stopped, or not taken back ----

# taken OUT OPTIONS...: to standard output, in which nothing can be cut
taken() {
	local out=$1
	shift
	timeout 60 "$MXCENSUS" scan "${args[@]}" --resolver "$sick" "$@" \
		"$dir/lab/list.txt" -o - >"$out" 2>"$dir/again.err"
	local status=$?
	cat "$dir/again.err"
	return $status
}
piped() {
	taken "$1"
	[ $? -eq 2 ] && grep -q "cannot be taken back" "$dir/again.err" &&
		"$MXCENSUS" cat --type end "$1" | grep -q no_success &&
		"$MXCENSUS" info "$1" | grep -qE 'end adds up +yes'
}
dropping --fail 1500
check "standard output: stops, and says what stays" piped "$dir/piped.mxc"
never() {
	taken "$1" --min-success 0 && has_records "$1" 1200
}
gone
dropping --fail 1500
check "--min-success 0: to the end, whatever comes" never "$dir/never.mxc"
gone

# ---- port 25 ----

tests/lab/lab down --dir "$dir/lab" >/dev/null
lab_of blackhole
check "port 25 filtered: stops, and claims nothing" \
	stops "port 2525 is filtered here, or the uplink fails" 0 \
	"$dir/port.mxc" "$resolver"
tests/lab/lab down --dir "$dir/lab" >/dev/null
lab_of ""
check "let through: goes on to the same end" \
	goes_on "$dir/port.mxc" "$resolver"
finish
