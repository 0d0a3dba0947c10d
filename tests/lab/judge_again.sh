#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# judge_again.sh: the hand-written worlds scanned, then judged again from the
# file alone: the same rules find the same, record by record.  A file that is
# torn, damaged or no scan is judged as far as it goes, or refused.  By a build
# in which one constant of one rule differs exactly the records change that the
# old file says must change (`make build/mxcensus-changed-rule`).
set -u
. "$(dirname "$0")/lib.sh"

cat tests/worlds/*.jsonl >"$dir/world.jsonl"
lab_up "$dir/world.jsonl"
check "the scan runs" scan "$dir/a.mxc" --also ns,ds,spf,dmarc,caa,bimi,a

# without the scan record, which says who judged
records() {
	"$MXCENSUS" cat --stable --type domain,mx,cert,end "$1"
}

unchanged() {
	records "$1" >"$dir/old.jsonl" && records "$2" >"$dir/new.jsonl" &&
		[ -s "$dir/old.jsonl" ] &&
		cmp "$dir/old.jsonl" "$dir/new.jsonl" && return 0
	"$python" tests/lab/differ.py "$dir/old.jsonl" "$dir/new.jsonl"
	return 1
}

judged_scan() {
	"$MXCENSUS" cat --stable --type scan "$1" >"$dir/old.scan" &&
		"$MXCENSUS" cat --stable --type scan "$2" |
		sed 's/,"judged_version":"[0-9.]*"//' >"$dir/new.scan" &&
		"$MXCENSUS" cat --type scan "$2" |
		grep -q '"judged_version":.*"judged":' &&
		cmp "$dir/old.scan" "$dir/new.scan"
}

# refused STATUS PATTERN ARGS...: exit status, and one line that says why
refused() {
	local status=$1 pattern=$2 got
	shift 2
	"$MXCENSUS" judge "$@" 2>"$dir/judge.err"
	got=$?
	cat "$dir/judge.err"
	[ $got -eq "$status" ] && grep -q "$pattern" "$dir/judge.err" &&
		[ "$(grep -cE 'error:|warning:' "$dir/judge.err")" -eq 1 ]
}

check "judge runs" "$MXCENSUS" judge "$dir/a.mxc" -o "$dir/b.mxc"
check "every record as it was" unchanged "$dir/a.mxc" "$dir/b.mxc"
check "the header says both versions" judged_scan "$dir/a.mxc" "$dir/b.mxc"
check "info finds the new file whole" "$MXCENSUS" info "$dir/b.mxc"
check "judged twice" "$MXCENSUS" judge "$dir/b.mxc" -o "$dir/c.mxc"
check "the same again" unchanged "$dir/b.mxc" "$dir/c.mxc"

# changed_as_told OLD NEW: which domains change is worked out from what the old
# file holds: usable policies whose max_age lies between the two bounds.
changed_as_told() {
	records "$1" >"$dir/old.jsonl" && records "$2" >"$dir/new.jsonl" &&
		"$MXCENSUS" schema >"$dir/schema.json" &&
		"$python" - "$dir" <<-'PYTHON'
		import json, sys
		CODE, DAY, CHANGED = "sts.policy.max_age_short", 86400, 90000
		folder = sys.argv[1]
		old, new = ([line for line in open(f"{folder}/{name}.jsonl")]
		            for name in ("old", "new"))
		order = [row["code"] for row in
		         json.load(open(f"{folder}/schema.json"))["findings"]]
		def must_change(record):
		    policy = (record.get("sts") or {}).get("policy") or {}
		    return (record["type"] == "domain" and policy.get("valid") is True
		            and policy.get("mode") in ("enforce", "testing")
		            and DAY <= policy["max_age"] < CHANGED)
		assert len(old) == len(new), (len(old), len(new))
		n, n_policy, faults = 0, 0, []
		for one, other in zip(old, new):
		    was, is_ = json.loads(one), json.loads(other)
		    n_policy += bool(((was.get("sts") or {}).get("policy")
		                      or {}).get("valid"))
		    key = was.get("name") or was.get("host") or was["type"]
		    if must_change(was):
		        n += 1
		        was["findings"] = sorted([*was["findings"], CODE],
		                                 key=order.index)
		    elif was["type"] == "end":
		        counts = was["findings"]
		        counts[CODE] = counts.get(CODE, 0) + n
		        if is_["findings"].keys() != counts.keys():
		            faults.append(key)
		    elif one != other:
		        faults.append(key)
		        continue
		    if was != is_:
		        faults.append(key)
		print(f"truth: {n} of {n_policy} policies lie between the bounds, "
		      f"records that differ from what must be: {faults}")
		sys.exit(bool(faults) or not 0 < n < n_policy)
	PYTHON
}

changed=${MXCENSUS}-changed-rule
check "judge by a changed rule" "$changed" judge "$dir/a.mxc" -o "$dir/r.mxc"
check "changes what the rule is about, nothing else" changed_as_told \
	"$dir/a.mxc" "$dir/r.mxc"
check "and back" "$MXCENSUS" judge "$dir/r.mxc" -o "$dir/s.mxc"
check "leads to the same file" unchanged "$dir/a.mxc" "$dir/s.mxc"

check "an existing file is not replaced" refused 1 "exists already" \
	"$dir/a.mxc" -o "$dir/b.mxc"
check "the old file is not the new one" refused 1 "another name" \
	--force "$dir/a.mxc" -o "$dir/a.mxc"
check "standard input is refused" refused 1 "twice" - -o "$dir/d.mxc"
echo "no scan" >"$dir/text"
check "a text is refused" refused 1 "no record" "$dir/text" -o "$dir/d.mxc"
check "and leaves nothing behind" test ! -e "$dir/d.mxc"

# no end, and within a frame: what is whole is there, with the same words
size=$(stat -c %s "$dir/a.mxc")
head -c $((size - 40)) "$dir/a.mxc" >"$dir/torn.mxc"
check "a torn file: exit 2" refused 2 "what is whole was judged" \
	"$dir/torn.mxc" -o "$dir/torn-b.mxc"
same_whole() {
	"$MXCENSUS" cat --stable --type domain,mx,cert "$1" >"$dir/t1"
	"$MXCENSUS" cat --stable --type domain,mx,cert "$2" >"$dir/t2"
	[ -s "$dir/t1" ] && cmp "$dir/t1" "$dir/t2" &&
		! "$MXCENSUS" info "$2"
}
check "and no end is made up" same_whole "$dir/torn.mxc" "$dir/torn-b.mxc"

# one byte in the first frame of hosts and certificates is wrong
cp "$dir/a.mxc" "$dir/bad.mxc"
printf 'X' | dd of="$dir/bad.mxc" bs=1 seek=$((size / 2)) conv=notrunc \
	2>/dev/null
check "a damaged file: exit 2" refused 2 "what is whole was judged" \
	"$dir/bad.mxc" -o "$dir/bad-b.mxc"
failed_end() {
	"$MXCENSUS" cat --type end "$1" | grep '"reason": *"failed"' &&
		"$MXCENSUS" info "$1"
}
check "says that it failed, and adds up" failed_end "$dir/bad-b.mxc"
finish
