#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# tlsrpt.sh: `mxcensus check --tlsrpt` of tlsrpt.jsonl: a domain of each kind
# that a report can tell of, read back by parsedmarc and by our own rules.
set -u
. "$(dirname "$0")/lib.sh"

stories=tests/lab/tlsrpt.jsonl
"$python" tests/lab/read_tlsrpt.py world $stories "$dir/world.jsonl" \
	"$dir/names" || exit 1
lab_up "$dir/world.jsonl"
# The windows of a long scan are no options of a check.
read -r -a args < <(sed -E 's/--(smtp|policy)-window [0-9]+//g' \
	"$dir/lab/scan.args")

report() {
	timeout 120 "$MXCENSUS" check "${args[@]}" --tlsrpt "$@" \
		>"$dir/out" 2>"$dir/err" </dev/null
}

# One domain of the world has nothing to tell: status 2, one line of error.
all_asked() {
	local got
	mapfile -t names <"$dir/names"
	report --organization "A Sender" --contact-info tls@sender.example \
		"${names[@]}"
	got=$?
	cp "$dir/out" "$dir/reports"
	cat "$dir/err"
	[ $got -eq 2 ] && [ "$(wc -l <"$dir/err")" -eq 1 ] &&
		grep -q "zone-servfail.example: nothing could be determined" \
			"$dir/err"
}
check "every domain of the world is asked" all_asked

judge() {
	"$python" tests/lab/read_tlsrpt.py judge $stories "$dir/reports" \
		>"$dir/verdicts"
}
check "the reports are read" judge

# A line of read_tlsrpt.py is a check: word, name, and why it failed.
verdict() {
	echo "$2"
	[ "$1" = ok ]
}
while IFS=$'\t' read -r word what why; do
	check "$what" verdict "$word" "$why"
done <"$dir/verdicts"

# One domain: an indented document of its own, and status 0 although the
# domain is broken, for that is what the report says.
one_report() {
	local before after
	before=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	report --source-ip 127.0.0.1 cert-expired.example || return 1
	after=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	cat "$dir/out"
	[ ! -s "$dir/err" ] && [ "$(wc -l <"$dir/out")" -gt 20 ] &&
		"$python" - "$dir/out" "$before" "$after" <<-'EOF'
	import json
	import sys

	path, before, after = sys.argv[1:]
	host = "scanner.lab.test"  # as scan.args says
	report = json.load(open(path))
	start, end = report["date-range"].values()
	assert before <= start <= end <= after, report["date-range"]
	assert report["organization-name"] == host
	assert report["contact-info"] == "postmaster@" + host
	detail, = report["policies"][0]["failure-details"]
	assert detail["sending-mta-ip"] == "127.0.0.1", detail
	assert detail["receiving-ip"].startswith("127."), detail
	assert detail["receiving-mx-helo"] == "mx.cert-expired.example", detail
	EOF
}
check "one report, indented, with what was not said filled in" one_report

named() {
	report --ehlo-name probe.sender.example \
		--contact mailto:scans@sender.example pass.example &&
		grep -q '"organization-name": "probe.sender.example"' \
			"$dir/out" &&
		grep -q '"contact-info": "scans@sender.example"' "$dir/out"
}
check "EHLO name and contact serve as sender" named

# usage PATTERN ARGS...: one line of error, exit status 1, nothing printed.
usage() {
	local pattern=$1
	shift
	timeout 60 "$MXCENSUS" check "$@" >"$dir/out" 2>"$dir/err"
	[ $? -eq 1 ] && [ ! -s "$dir/out" ] &&
		grep -q -- "$pattern" "$dir/err" &&
		[ "$(wc -l <"$dir/err")" -eq 1 ]
}
check "a contact that is no mailbox" usage "is no mailbox" \
	--tlsrpt --contact-info https://a.example/ a.example
check "a nameless organization" usage "wants a name" \
	--tlsrpt --organization '' a.example
check "a sender without a report" usage "give --tlsrpt" \
	--organization A a.example
check "a report and the records" usage "exclude each other" \
	--tlsrpt --json a.example
finish
