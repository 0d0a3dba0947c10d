#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# scan_worlds.sh: the hand-written worlds of tests/worlds, all at once.
set -u
. "$(dirname "$0")/lib.sh"

cat tests/worlds/*.jsonl >"$dir/world.jsonl"
lab_up "$dir/world.jsonl"
also=ns,ds,spf,dmarc,caa,bimi,a
check "the scan runs" scan "$dir/a.mxc" --also $also
SHOW=200 check "every story is told as written" \
	tests/lab/lab check --dir "$dir/lab" "$dir/a.mxc"
check "contacts as recorded" \
	tests/lab/lab contacts --dir "$dir/lab" "$dir/a.mxc"
check "info finds the file whole" "$MXCENSUS" info "$dir/a.mxc"

# postscreen tells who speaks before its greeting has ended; `contacts` reads
# its log, here we see that it was among the servers.
if grep -q 'Postfix cannot run' "$dir/up.log"; then
	skip "Postfix and postscreen: $(grep 'Postfix cannot' "$dir/up.log")"
else
	passed_postscreen() {
		! grep -E 'PREGREET|HANGUP' "$dir/lab/log/postfix.log" &&
			grep 'postscreen.*: PASS NEW' "$dir/lab/log/postfix.log" &&
			grep 'tlsproxy.*: Anonymous TLS connection established' \
				"$dir/lab/log/postfix.log"
	}
	check "postscreen lets the probe pass" passed_postscreen
fi
if grep -q 'Exim cannot run' "$dir/up.log"; then
	skip "Exim: $(grep 'Exim cannot' "$dir/up.log")"
else
	check "Exim heard EHLO, STARTTLS, EHLO, QUIT and nothing else" \
		grep 'no MAIL in SMTP.*C=EHLO,STARTTLS,EHLO,QUIT$' \
		"$dir/lab/log/exim.log"
fi

# What the look-ups alone can tell is the same without the other stages.
dns_alone() {
	tests/lab/lab forget --dir "$dir/lab" &&
		scan "$dir/dns.mxc" --stages dns &&
		"$MXCENSUS" cat --type scan "$dir/a.mxc" | grep trust_sha256 &&
		! "$MXCENSUS" cat --type scan "$dir/dns.mxc" |
		grep trust_sha256 &&
		"$python" tests/lab/same_dns.py "$dir/a.mxc" "$dir/dns.mxc" &&
		tests/lab/lab contacts --dir "$dir/lab" "$dir/dns.mxc"
}
check "--stages dns contacts nobody and sees the same records" dns_alone

# A name that does not exist, or is excluded, has been asked about enough.
queries() {
	# shellcheck disable=SC2046
	"$MXCENSUS" scan $(cat "$dir/lab/scan.args") --stages dns "$@" \
		"$dir/some.txt" --exclude "$dir/exclude.txt" --force \
		-o "$dir/some.mxc" >&2 &&
		"$MXCENSUS" cat --type end "$dir/some.mxc" |
		sed -n 's/.*"dns_queries":\([0-9]*\).*/\1/p'
}
nothing_more() {
	printf '%s\n' also-gone.example also-all.example >"$dir/some.txt"
	echo also-all.example >"$dir/exclude.txt"
	[ "$(queries)" -eq 3 ] && [ "$(queries --also $also)" -eq 3 ] ||
		return 1
	echo also-nothing.example >"$dir/some.txt"
	[ "$(queries)" -eq 3 ] && [ "$(queries --also $also)" -eq 10 ]
}
check "--also costs one query each, none where there is no name" nothing_more

same_by_any_worker() {
	: >"$dir/exclude.txt"
	grep -oE '[a-z-]*also-[a-z-]+\.example' "$dir/lab/list.txt" \
		>"$dir/some.txt" &&
		queries --also $also --workers 1 &&
		mv "$dir/some.mxc" "$dir/one.mxc" &&
		queries --also $also --workers 3 &&
		equal "$dir/one.mxc" "$dir/some.mxc"
}
check "and the same answers whoever asks" same_by_any_worker
finish
