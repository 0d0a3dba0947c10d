#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# merge.sh [LIST]: a world made from a list (data/sample.txt), scanned once in
# one go and once in eight shards.  The shards share no line and miss none;
# merged they equal the scan in one go, record by record, also after a shard
# was scanned twice.  A shard that is missing is named.
set -u
list=$(realpath "${1:-$(dirname "$0")/../../data/sample.txt}")
. "$(dirname "$0")/lib.sh"
shards=8

tests/lab/world "$list" --seed 7 --rates data/rates.toml \
	>"$dir/world.jsonl" || { echo "no world"; failed=1; finish; }
lab_up "$dir/world.jsonl"
n=$(wc -l <"$dir/lab/list.txt")
check "a scan in one go" scan "$dir/whole.mxc"

parts=()
for i in $(seq $shards); do
	check "shard $i of $shards" scan "$dir/$i.mxc" --shard "$i/$shards"
	parts+=("$dir/$i.mxc")
done

# its options say which shard it is, in these words
says_shard() {
	"$MXCENSUS" cat --type scan --fields options "$dir/$1.mxc" |
		grep -q "\"shard=$1/$shards\""
}
check "a shard says which it is" says_shard 3

lines() {
	"$MXCENSUS" cat --type domain --fields line "$@" | sort
}
disjoint_and_complete() {
	lines "${parts[@]}" >"$dir/lines.parts"
	lines "$dir/whole.mxc" >"$dir/lines.whole"
	[ "$(wc -l <"$dir/lines.whole")" -eq "$n" ] &&
		cmp "$dir/lines.parts" "$dir/lines.whole"
}
check "no line is in two shards, none in no shard" disjoint_and_complete

merged() {
	"$MXCENSUS" merge "${@:2}" --force -o "$1" && "$MXCENSUS" info "$1"
}
check "merge of $shards shards" merged "$dir/merged.mxc" "${parts[@]}"
same() {
	for file; do
		stable "$file" >"$dir/same.${file##*/}"
	done
	[ -s "$dir/same.${1##*/}" ] || return 1
	cmp "$dir/same.${1##*/}" "$dir/same.${2##*/}" && return 0
	"$python" tests/lab/differ.py "$dir/same.${1##*/}" \
		"$dir/same.${2##*/}"
	return 1
}
check "equals the scan in one go" same "$dir/whole.mxc" "$dir/merged.mxc"
check "one domain record a line" has_records "$dir/merged.mxc" "$n"
check "the merged file equals the world" \
	tests/lab/lab check --dir "$dir/lab" "$dir/merged.mxc"
check "Python counts the same records" same_counts_in_python "$dir/merged.mxc"

# what a record names stands before it, where the file has it at all
never_forward() {
	"$MXCENSUS" cat "$1" | "$python" -c '
import json, sys
records = [json.loads(line) for line in sys.stdin]
place = {record.get("sha256") or record.get("host"): at
         for at, record in enumerate(records)
         if record["type"] in ("cert", "mx")}
n = 0
for at, record in enumerate(records):
    tls = [address.get("tls") for address in record.get("addresses", [])]
    tls.append((record.get("sts", {}).get("policy") or {}).get("tls"))
    named = [digest for one in tls if one for digest in one.get("chain", [])]
    assert place.keys() >= set(named), record
    named += [host["host"] for host in record.get("mx", [])]
    for name in named:
        n += name in place
        assert place.get(name, -1) < at, (name, record)
print("truth:", n, "references, none forward")
assert n > 1000'
}
check "no record refers forward" never_forward "$dir/merged.mxc"

gap() {
	"$MXCENSUS" merge "${parts[@]:0:4}" "${parts[@]:5}" --force \
		-o "$dir/gap.mxc" 2>"$dir/err"
	[ $? -eq 2 ] && grep -q "shard 5/$shards is in none" "$dir/err" &&
		"$MXCENSUS" info "$dir/gap.mxc" &&
		"$MXCENSUS" cat --type end "$dir/gap.mxc" |
		grep -q '"reason":"interrupted"'
}
check "a missing shard is named, exit 2" gap

overlap() {
	local twice
	twice=$(lines "$dir/2.mxc" | wc -l)
	"$MXCENSUS" merge "$dir/2.mxc" "${parts[@]}" --force \
		-o "$dir/over.mxc" 2>"$dir/err" &&
		grep -q "since their line has one already: $twice\$" \
		    "$dir/err" || { cat "$dir/err"; return 1; }
}
check "a shard twice is told" overlap
check "and changes nothing" same "$dir/merged.mxc" "$dir/over.mxc"
finish
