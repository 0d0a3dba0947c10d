#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# cli.sh: bad input from a user: one clear line (what, where, how to fix), a
# defined exit status, nothing lost.  Sends nothing to anybody.

set -u
: "${MXCENSUS:=build/mxcensus}"
dir=$(mktemp -d "${TMPDIR:-/tmp}/mxcensus-cli.XXXXXX")
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0 skipped=0

verdict() {
	if [ "$1" = ok ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $2"
		sed 's/^/    /' "$dir/err"
	fi
}

# expect NAME STATUS PATTERN ARGS...: the last line of stderr matches, there
# is exactly one error line, and the exit status is as said.
expect() {
	local name=$1 status=$2 pattern=$3 got
	shift 3
	timeout 60 "$MXCENSUS" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	if [ $got -eq "$status" ] && grep -qE "$pattern" "$dir/err" &&
	    [ "$(grep -c 'error:' "$dir/err")" -eq 1 ]; then
		verdict ok
	else
		verdict bad "$name: exit $got (wanted $status), /$pattern/"
	fi
}

# judge NAME STATUS PATTERN ARGS...: `judge` ends so and says so, and leaves
# no new file behind; PATTERN is one line of what it says, the only one.
judge() {
	local name=$1 status=$2 pattern=$3 got
	shift 3
	timeout 60 "$MXCENSUS" judge "$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	if [ $got -eq "$status" ] && [ "$(grep -cE "$pattern" "$dir/err")" -eq 1 ] &&
	    [ ! -s "$dir/out" ] && [ ! -e "$dir/new.mxc" ]; then
		verdict ok
	else
		verdict bad "judge: $name: exit $got (wanted $status), /$pattern/"
	fi
}

# dry NAME DOMAINS REJECTED LIST-FILE: what a dry run counts.
dry() {
	"$MXCENSUS" scan --dry-run "$4" >"$dir/out" 2>"$dir/err"
	if grep -q "^$2 domains in .* $3 lines rejected" "$dir/out"; then
		verdict ok
	else
		cat "$dir/out" >>"$dir/err"
		verdict bad "$1"
	fi
}

echo a.example >"$dir/list"
private=(--only-net 127.0.0.0/8 --allow-net 127.0.0.0/8)

expect "unknown command" 1 "unknown command" frobnicate
expect "unknown option" 1 "unknown option --frob" scan --frob "$dir/list"
expect "missing value" 1 "wants a value" scan "$dir/list" -o
expect "number out of range" 1 "from 1 to 65535" \
	scan --smtp-port 70000 "$dir/list" -o "$dir/x.mxc"
expect "no list" 1 "no list" scan -o "$dir/x.mxc"
expect "two lists" 1 "more than one list" scan a b -o "$dir/x.mxc"
expect "no output" 1 "no output" scan "$dir/list"
expect "no such list" 1 "cannot read the list $dir/none" \
	scan "${private[@]}" "$dir/none" -o "$dir/x.mxc"
expect "list is a directory" 1 "is a directory" \
	scan "${private[@]}" "$dir" -o "$dir/x.mxc"
: >"$dir/empty"
expect "empty list" 1 "holds no domain name" \
	scan "${private[@]}" "$dir/empty" -o "$dir/x.mxc"
printf '#\n\n..\n' >"$dir/junk"
expect "list of junk" 1 "holds no domain name" \
	scan "${private[@]}" "$dir/junk" -o "$dir/x.mxc"
expect "who are we" 1 "must say who it is" scan "$dir/list" -o "$dir/x.mxc"
expect "who are we: no contact" 1 "who it is: give --contact URL" \
	scan --ehlo-name a.example "$dir/list" -o "$dir/x.mxc"
expect "who are we: no EHLO name" 1 "who it is: give --ehlo-name NAME" \
	scan --contact https://a.example/ "$dir/list" -o "$dir/x.mxc"
expect "who are we: one network is not private" 1 "must say who it is" \
	scan "${private[@]}" --only-net 9.9.9.0/24 "$dir/list" -o "$dir/x.mxc"
expect "bad stage" 1 "unknown stage" \
	scan --stages dns,ftp "$dir/list" -o "$dir/x.mxc"
expect "bad question" 1 'unknown question "mx"; give some of ns,ds' \
	scan --also spf,mx "$dir/list" -o "$dir/x.mxc"
expect "no question" 1 "unknown question" \
	scan --also "" "$dir/list" -o "$dir/x.mxc"
expect "bad time to probe" 1 "give record or always" \
	scan --probe-policy never "$dir/list" -o "$dir/x.mxc"
expect "no address at all" 1 "policy-addresses" \
	scan --policy-addresses 0 "$dir/list" -o "$dir/x.mxc"
expect "bad network" 1 "give a network" \
	scan --only-net 300.1.2.3/8 "$dir/list" -o "$dir/x.mxc"
expect "bad resolver" 1 "give an address" \
	scan "${private[@]}" --resolver nowhere "$dir/list" -o "$dir/x.mxc"
expect "silent resolver" 2 "no resolver answers" \
	scan "${private[@]}" --resolver 127.99.99.99:5399 "$dir/list" \
	-o "$dir/x.mxc"
expect "silent resolver, no matter" 3 "no resolver answers" \
	scan "${private[@]}" --resolver 127.99.99.99:5399 "$dir/list" \
	-o "$dir/x.mxc" --min-success 0
expect "more than all" 1 "min-success" scan "${private[@]}" \
	--min-success 101 "$dir/list" -o "$dir/x.mxc"
expect "no exclusion file" 1 "$dir/none" \
	scan "${private[@]}" --exclude "$dir/none" "$dir/list" -o "$dir/x.mxc"
echo shut.example >"$dir/shut"
expect "the second exclusion file is missing" 1 "$dir/none" scan \
	"${private[@]}" --exclude "$dir/shut" --exclude "$dir/none" "$dir/list" \
	-o "$dir/x.mxc"
here=(--stages dns --resolver 127.0.0.1:1)
expect "keep and replace" 1 "give one or none" \
	scan "$dir/list" -o "$dir/x.mxc" --resume --force "${here[@]}"
expect "standard input again" 1 "not standard input" \
	scan - -o "$dir/x.mxc" --resume "${here[@]}"
expect "standard output again" 1 "give -o FILE" \
	scan "$dir/list" -o - --resume "${here[@]}"
expect "a frame a millisecond" 1 "from 50 to" \
	scan "$dir/list" -o "$dir/x.mxc" --frame-ms 1
expect "no name an address" 1 "from 1 to" \
	scan "$dir/list" -o "$dir/x.mxc" --names-per-address 0
expect "nobody may be parked" 1 "from 1 to" \
	scan "$dir/list" -o "$dir/x.mxc" --max-parked 0
cp "$dir/list" "$dir/mine.txt"
expect "a list as output" 1 "no .mxc file" \
	scan "$dir/list" -o "$dir/mine.txt" --resume "${here[@]}"
if cmp -s "$dir/list" "$dir/mine.txt"; then verdict ok; else
	verdict bad "--resume changed what is no file of ours"; fi
expect "cat of nothing" 1 "$dir/none" cat "$dir/none"
expect "info of nothing" 1 "$dir/none" info "$dir/none"
expect "unknown kind" 1 "sts-policy" parse frob
printf '\x1f\x8bjunk' >"$dir/list.gz"
expect "damaged gzip" 1 "damaged|too early" \
	scan "${private[@]}" "$dir/list.gz" -o "$dir/x.mxc"
[ ! -e "$dir/x.mxc" ]
verdict $([ $? -eq 0 ] && echo ok || echo bad) "a refused scan leaves no file"

# judge: nothing of the old file is lost, whatever is asked.
use='^usage: mxcensus judge .*FILE -o FILE.mxc$'
printf 'no scan\n' >"$dir/text"
: >"$dir/old.mxc"
judge "no file" 1 "$use"
judge "no output" 1 "$use" "$dir/text"
judge "output without a name" 1 "$use" "$dir/text" -o
judge "no input" 1 "$use" -o "$dir/new.mxc"
judge "two inputs" 1 "$use" "$dir/text" "$dir/text" -o "$dir/new.mxc"
judge "unknown option" 1 "$use" --frob "$dir/text" -o "$dir/new.mxc"
judge "no such file" 1 "error: .*$dir/none" "$dir/none" -o "$dir/new.mxc"
judge "a directory" 1 "error: .*$dir" "$dir" -o "$dir/new.mxc"
judge "an empty file" 1 "error: .*no record" "$dir/old.mxc" -o "$dir/new.mxc"
judge "a text" 1 "error: .*no record" "$dir/text" -o "$dir/new.mxc"
judge "standard input" 1 "error: .*not standard input" - -o "$dir/new.mxc"
"$MXCENSUS" judge --help >"$dir/out" 2>"$dir/err"
verdict $([ $? -eq 0 ] && [ ! -s "$dir/err" ] && grep -q '^Exit status: 0' \
	"$dir/out" && [ "$(awk 'length > 80' "$dir/out" | wc -l)" -eq 0 ] &&
	echo ok || echo bad) "judge --help, in 80 columns"
corpus=$(dirname "$0")/fuzz/corpus/frames
cp "$corpus/whole.mxc" "$dir/old.mxc"
judge "onto itself" 1 "error: .*another name" --force "$dir/old.mxc" \
	-o "$dir/old.mxc"
cp "$dir/text" "$dir/there.mxc"
judge "onto what exists" 1 "error: .*exists already" "$dir/old.mxc" \
	-o "$dir/there.mxc"
judge "into no folder" 1 "error: .*$dir/none/new.mxc" "$dir/old.mxc" \
	-o "$dir/none/new.mxc"
cmp -s "$dir/text" "$dir/there.mxc" &&
	cmp -s "$corpus/whole.mxc" "$dir/old.mxc"
verdict $([ $? -eq 0 ] && echo ok || echo bad) "both are as they were"

# judged NAME STATUS FILE ARGS...: a new file comes about, and ends so.
judged() {
	local name=$1 status=$2 file=$3 got
	shift 3
	timeout 60 "$MXCENSUS" judge "$file" "$@" -o "$dir/there.mxc" \
		>"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	if [ $got -eq "$status" ] && "$MXCENSUS" cat "$dir/there.mxc" \
	    2>>"$dir/err" | grep -q '"judged_version"'; then
		verdict ok
	else
		verdict bad "judge: $name: exit $got (wanted $status)"
	fi
	rm -f "$dir/there.mxc"
}

judged "a whole file, over another" 0 "$corpus/whole.mxc" --force
judged "a whole file" 0 "$corpus/whole.mxc"
judged "a torn file" 2 "$corpus/torn.mxc"
judged "a damaged file" 2 "$corpus/damaged.mxc"
if [ -w /dev/full ]; then
	timeout 60 "$MXCENSUS" judge --force "$dir/old.mxc" -o /dev/full \
		>"$dir/out" 2>"$dir/err"
	verdict $([ $? -eq 3 ] && grep -q 'error:.*/dev/full' "$dir/err" &&
		echo ok || echo bad) "judge: a full disk"
else
	echo "skipped: no /dev/full here"
	skipped=$((skipped + 1))
fi

# merge: one clear line, and nothing is written.
expect "merge of nothing" 1 "$dir/none" merge "$dir/none" -o "$dir/x.mxc"
expect "merge of standard input" 1 "give regular files" merge - -o "$dir/x.mxc"
expect "merge of a text" 1 "holds no record" \
	merge "$dir/text" -o "$dir/x.mxc"
expect "merge onto one of its files" 1 "another name" \
	merge --force "$dir/old.mxc" -o "$dir/old.mxc"
expect "merge onto what exists" 1 "exists already" \
	merge "$corpus/whole.mxc" -o "$dir/old.mxc"
for shard in 0/3 4/3 3 1/0 01/3 a/b 1/3/ -1/3 1/1000000; do
	expect "shard $shard" 1 "shard $shard: give I/N" scan "${private[@]}" \
		--shard="$shard" "$dir/list" -o "$dir/x.mxc"
done
[ ! -e "$dir/x.mxc" ]
verdict $([ $? -eq 0 ] && echo ok || echo bad) "a refused merge leaves no file"
for command in merge cat info; do
	"$MXCENSUS" $command --help >"$dir/out" 2>"$dir/err"
	verdict $([ $? -eq 0 ] && [ ! -s "$dir/err" ] &&
		grep -q 'Exit status: 0' "$dir/out" &&
		[ "$(awk 'length > 80' "$dir/out" | wc -l)" -eq 0 ] &&
		echo ok || echo bad) "$command --help, in 80 columns"
done

# A reader that goes away is no error, and nothing is said about it.
for command in "cat $corpus/whole.mxc" "info --json $corpus/whole.mxc" \
    "schema"; do
	# shellcheck disable=SC2086
	{ "$MXCENSUS" $command 2>"$dir/err"
		echo $? >"$dir/status"; } | true
	[ "$(cat "$dir/status")" -eq 0 ] && [ ! -s "$dir/err" ]
	verdict $([ $? -eq 0 ] && echo ok || echo bad) "${command%% *} | true"
done

# Shards share no name and miss none.
seq -f 'name%g.example' 1000 >"$dir/thousand"
total=0
for i in 1 2 3 4 5 6 7; do
	n=$("$MXCENSUS" scan --dry-run --shard $i/7 "$dir/thousand" \
		2>"$dir/err" | sed 's/ domains.*//')
	total=$((total + n))
	[ "$n" -gt 100 ] && [ "$n" -lt 190 ]
	verdict $([ $? -eq 0 ] && echo ok || echo bad) "shard $i/7 of 1000: $n"
done
verdict $([ "$total" -eq 1000 ] && echo ok || echo bad) "shards: $total of 1000"

# Lists as people have them.
printf '\xef\xbb\xbfA.Example.\r\n# comment\r\n\r\nb.example # why\nb\xc3\xbccher.example\n' >"$dir/l1"
dry "BOM, CRLF, comment, U-label" 3 0 "$dir/l1"
printf 'rank,domain\n1,a.example\n2,"b.example"\nx,c.example\n' >"$dir/l2"
dry "rank,domain with a heading" 2 1 "$dir/l2"
printf 'a.example\na..b\n-\n192.0.2.1\ncom\nfoo bar.example\n' >"$dir/l3"
dry "lines that are no names" 1 5 "$dir/l3"
cat >"$dir/zone" <<-'ZONE'
	$ORIGIN example.
	$TTL 1d
	@ IN SOA ns.example. host.example. (
	    1 2 ; comment with a ( in it
	    3 4 5 )
	@	IN NS ns
	a	IN NS ns.a
	a	IN NS ns2.a
	ns.a	IN A 192.0.2.1
	b 300 NS ns
		NS ns2
	c.example. 1h IN NS ns
	d IN DS 1 13 2 AB ( CD
	EF )
	ZONE
dry "zone file" 3 0 "$dir/zone"
gzip -c "$dir/l2" >"$dir/l2.gz" && dry "gzip" 2 1 "$dir/l2.gz"
zstd -qc "$dir/l2" >"$dir/l2.zst" && dry "zstd" 2 1 "$dir/l2.zst"
awk 'BEGIN { for (i = 0; i < 5000; i++) printf "a"; print ""; print "b.example" }' >"$dir/long"
dry "a line of 5,000 bytes" 1 1 "$dir/long"
head -c 300000 /dev/urandom >"$dir/noise"
"$MXCENSUS" scan --dry-run "$dir/noise" >"$dir/out" 2>"$dir/err"
verdict $([ $? -le 1 ] && echo ok || echo bad) "noise as a list"
printf 'a.example\nb.example\n' | "$MXCENSUS" scan --dry-run - 2>"$dir/err" |
	grep -q '^2 domains'
verdict $([ $? -eq 0 ] && echo ok || echo bad) "standard input"

"$MXCENSUS" scan --dry-run --workers 4 --dns-rate 2 "$dir/list" >"$dir/out" \
	2>"$dir/err"
verdict $(grep -q 'workers: 2;' "$dir/out" && echo ok || echo bad) \
	"no more workers than a limit has units"

"$MXCENSUS" scan --help >"$dir/out" 2>"$dir/err"
verdict $([ $? -eq 0 ] && [ "$(awk 'length > 80' "$dir/out" | wc -l)" -eq 0 ] &&
	echo ok || echo bad) "--help fits 80 columns"
"$MXCENSUS" help --man >"$dir/man" 2>"$dir/err"
verdict $(grep -q '^.SH EXIT STATUS' "$dir/man" && echo ok || echo bad) "man page"
"$MXCENSUS" schema >"$dir/out" 2>"$dir/err"
verdict $(python3 -c 'import json,sys; json.load(open(sys.argv[1]))' "$dir/out" &&
	echo ok || echo bad) "schema is JSON"

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
