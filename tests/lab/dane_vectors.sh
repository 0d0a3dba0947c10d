#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# dane_vectors.sh [sample] [table]: one TLSA record a host, in every combination of
# usage, selector and matching type, right and wrong, in signed and unsigned
# zones, with chains of several kinds: our records, `openssl s_client` and
# Postfix's posttls-finger must agree, but for differences that dane_compare.py
# lists with their clause.  With `table` the verdicts on each are printed, with
# `sample` one vector in seven is tried.
set -u
. "$(dirname "$0")/lib.sh"
export PYTHONPATH=tests/lab

"$python" tests/lab/dane_vectors.py "$dir/world.jsonl" "$@"
# posttls-finger asks for TLSA at the port that it connects to.
tests/lab/lab up "$dir/world.jsonl" --dir "$dir/lab" --smtp-port 25 \
	>"$dir/up.log" 2>&1 || {
	echo "the lab does not come up:"
	cat "$dir/up.log"
	echo "0 passed, 1 failed"
	exit 1
}
check "the scan runs" scan "$dir/a.mxc"

# The lab's resolver as that of the system, seen by nobody else.
printf 'nameserver 127.53.0.53\noptions edns0 trust-ad\n' >"$dir/resolv.conf"
with_resolver() {
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount --bind "$0" /etc/resolv.conf && exec "$@"' \
		"$dir/resolv.conf" "$@"
}

how=
if ! command -v posttls-finger >/dev/null 2>&1; then
	skip "posttls-finger (package postfix) is missing"
	how=--no-postfix
elif ! with_resolver true 2>/dev/null; then
	skip "no mount namespace may be made here, so posttls-finger finds no resolver"
	how=--no-postfix
fi
verdicts() {
	# shellcheck disable=SC2086
	"$@" "$python" tests/lab/dane_compare.py "$dir" "$dir/a.mxc" \
		--mxcensus "$MXCENSUS" $how $table
}
table=
case " $* " in *" table "*) table=--table ;; esac
if [ -n "$how" ]; then
	check "s_client agrees" verdicts
else
	check "s_client and posttls-finger agree" verdicts with_resolver
fi
[ -z "$table" ] || cat "$dir/check.log"

# `judge` compares anew, from the chains and TLSA sets of the file.
hosts() {
	"$MXCENSUS" cat --stable --type mx "$1"
}
judged() {
	"$MXCENSUS" judge "$dir/a.mxc" -o "$dir/b.mxc" &&
		hosts "$dir/a.mxc" >"$dir/a.jsonl" &&
		hosts "$dir/b.mxc" >"$dir/b.jsonl" &&
		[ -s "$dir/a.jsonl" ] && cmp "$dir/a.jsonl" "$dir/b.jsonl"
}
check "judge says the same of each" judged
finish
