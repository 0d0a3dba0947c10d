#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# check.sh: `mxcensus check` of domains in the lab: what it says, in 80 columns
# and without colour where nobody asked for it, and how it ends.
set -u
. "$(dirname "$0")/lib.sh"

cat tests/worlds/*.jsonl >"$dir/world.jsonl"
lab_up "$dir/world.jsonl"
# The windows of a long scan are no options of a check.
read -r -a args < <(sed -E 's/--(smtp|policy)-window [0-9]+//g' \
	"$dir/lab/scan.args")

run_check() {
	timeout 90 "$MXCENSUS" check "${args[@]}" "$@" \
		>"$dir/out" 2>"$dir/err" </dev/null
}

# says DOMAIN STATUS TEXT...: exit status, and every text is on the page
# (line breaks count as blanks).
says() {
	local domain=$1 status=$2 got text
	shift 2
	run_check "$domain"
	got=$?
	cat "$dir/out" "$dir/err"
	[ $got -eq "$status" ] || { echo "exit $got, not $status"; return 1; }
	[ ! -s "$dir/err" ] || { echo "standard error"; return 1; }
	if grep -q $'\033' "$dir/out"; then
		echo "colour without a terminal"
		return 1
	fi
	if grep -nE '.{81}' "$dir/out"; then
		echo "a line of more than 80 columns"
		return 1
	fi
	tr -s ' \n' ' ' <"$dir/out" >"$dir/flat"
	for text; do
		grep -qF -- "$text" "$dir/flat" || {
			echo "missing: $text"
			return 1
		}
	done
}

check "enforced and well" says enforce-own-host.example 0 \
	'MTA-STS Exactly one usable record. "v=STSv1; id=20240101;"' \
	"mode enforce, kept for 24 hours mx: mx.enforce-own-host.example" \
	"10 mx.enforce-own-host.example yes TLS 1.3 good -" \
	"MTA-STS Protected: mail goes over verified TLS" \
	"nothing No rule is broken." "none --> testing --> [enforce]" \
	"1. Raise max_age to weeks"
check "no MX in the policy" says enforce-wildcard-depth.example 4 \
	"10 a.b.enforce-house.example no TLS 1.3 good" \
	"MTA-STS Mail is refused: no server passes the policy." \
	"error sts.policy.mx_mismatch (RFC 8461, 4.1)" \
	"Name a.b.enforce-house.example in the policy" \
	"Until then set mode: testing"
check "an invalid record" says record-lower-case.example 4 \
	"A record that senders must ignore." \
	"MTA-STS What is published cannot be used" \
	"error sts.record.version (RFC 8461, 3.1)" \
	"[none] --> testing --> enforce" \
	"Leave exactly one valid TXT record at _mta-sts.record-lower-case"
check "no policy" says no-policy-at-all.example 0 \
	"MTA-STS There is no policy" "warning starttls.absent" \
	"STARTTLS is not among the keywords" \
	"1. Publish a policy with mode: testing at https://mta-sts.no-policy"
check "a busy server" says enforce-all-busy.example 2 \
	"10 busy.enforce-house.example yes unknown" "It said 421." \
	"MTA-STS It could not be determined." \
	"1. Find out why busy.enforce-house.example could not be tested."
check "a zone that fails" says dns-zone-servfail.example 2 \
	"The look-up failed. The resolver failed (SERVFAIL)."
check "testing, ready for enforce" says testing-ok.example 0 \
	"none --> [testing] --> enforce" "Nothing is in the way"
check "testing, and mail would be refused" says testing-one-fails.example 4 \
	"20 bare.enforce-house.example yes not offered" \
	"Give bare.enforce-house.example STARTTLS"
check "a redirect is shown" says fetch-redirect.example 4 \
	"HTTP status 301 to https://www.fetch-redirect.example/"
check "an expired certificate is shown" says cert-expired.example 4 \
	"certificate for mx.cert-expired.example, 20" "error mx.cert_expired"
check "TLSA records that do not match are shown" says dane-mismatch.example 4 \
	"good mismatch" "error dane.mismatch" "TLSA 3 1 1 " \
	"1. Publish a TLSA record that matches the certificate of mx.dane-mism"
check "no mail, nothing to do" says shape-null.example 0 \
	"The domain accepts no mail"

# Several domains stand in the order given; the gravest decides.
several() {
	run_check dns-zone-servfail.example Enforce-Own-Host.example. \
		cert-expired.example
	[ $? -eq 4 ] && grep -E '^[a-z-]+[.]example$' "$dir/out" |
		tr '\n' ' ' | grep -qx "dns-zone-servfail.example \
enforce-own-host.example cert-expired.example "
}
check "several domains" several

# The records are those of a scan.
json_is_cat() {
	run_check --json enforce-own-host.example || return 1
	echo enforce-own-host.example >"$dir/lab/list.txt"
	scan "$dir/one.mxc" && "$MXCENSUS" cat --type mx,domain --explain \
		"$dir/one.mxc" >"$dir/cat"
	"$python" - "$dir/out" "$dir/cat" <<-'EOF'
	import json
	import sys

	VOLATILE = {"started", "elapsed_ms", "ttl", "attempts", "banner",
	            "quit", "resolver", "tried", "sessions", "bytes_read",
	            "bytes_written", "alert_sent", "shared"}

	def plain(v: object) -> object:
	    """Without what two scans may differ in."""
	    if isinstance(v, dict):
	        return {k: plain(x) for k, x in v.items() if k not in VOLATILE}
	    return [plain(x) for x in v] if isinstance(v, list) else v

	a, b = ([plain(json.loads(line)) for line in open(path)]
	        for path in sys.argv[1:])
	assert a == b and len(a) == 2, (a, b)
	assert a[1]["findings_explained"] == []
	EOF
}
check "--json is what cat --explain prints" json_is_cat

# What is suggested is taken by our own rules.
suggestion_is_valid() {
	run_check --suggest testing-ok.example || return 1
	cat "$dir/out"
	"$python" - "$dir/out" "$MXCENSUS" <<-'EOF'
	import json
	import re
	import subprocess
	import sys

	def parse(kind: str, text: str) -> dict:
	    """Our own verdict on a text."""
	    line = json.dumps({"input": text}) + "\n"
	    return json.loads(subprocess.run([sys.argv[2], "parse", kind],
	        input=line, capture_output=True, text=True, check=True).stdout)

	text = open(sys.argv[1]).read()
	policy = re.search(r"^version:.*?^max_age: \d+\n", text,
	                   re.M | re.S).group()
	record = re.search(r'^_mta-sts\S* 3600 IN TXT "(.*)"$', text,
	                   re.M).group(1)
	got = parse("sts-policy", policy)
	assert got["valid"] and got["mode"] == "enforce", got
	assert got["mx"] == ["good1.enforce-house.example",
	                     "good2.enforce-house.example"], got
	got = parse("sts-record", record)
	assert got["valid"] and not got["findings"], got
	EOF
}
check "--suggest fits and parses" suggestion_is_valid

unknown_mx() {
	run_check --suggest dns-mx-servfail.example
	[ $? -eq 2 ] && [ ! -s "$dir/out" ] &&
		grep -q "its MX hosts are not known" "$dir/err"
}
check "--suggest says what it does not know" unknown_mx

# usage PATTERN ARGS...: one line of error, exit status 1, nothing printed.
usage() {
	local pattern=$1
	shift
	timeout 60 "$MXCENSUS" check "$@" >"$dir/out" 2>"$dir/err"
	[ $? -eq 1 ] && [ ! -s "$dir/out" ] && grep -q "$pattern" "$dir/err" &&
		[ "$(wc -l <"$dir/err")" -eq 1 ]
}
check "no domain" usage "no domain"
check "no name" usage "nobody@a.example is no domain name" nobody@a.example
check "an option of scan alone" usage "unknown option --window" --window 5 a.example
check "unknown option" usage "unknown option -o" -o x a.example

# On a terminal there is colour, unless NO_COLOR says otherwise.
coloured() {
	local line="$MXCENSUS check ${args[*]} enforce-own-host.example"
	TERM=xterm NO_COLOR='' script -qec "$line" /dev/null >"$dir/tty" &&
		grep -q $'\033\[32m' "$dir/tty" &&
		TERM=xterm NO_COLOR=1 script -qec "$line" /dev/null >"$dir/tty" &&
		! grep -q $'\033\[[0-9]*m' "$dir/tty"
}
if command -v script >/dev/null; then
	check "colour on a terminal, none with NO_COLOR" coloured
else
	skip "script(1) is not there: colour is not tried"
fi
finish
