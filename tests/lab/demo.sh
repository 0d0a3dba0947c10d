#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh: a first scan, from nothing: an internet on loopback (signed root,
# zones, validating resolver, policy hosts, MX hosts), a list of more than a
# thousand names, one file of records, one table of adoption, and the proof
# that the scan saw what the servers were set up to show.

set -eu

root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
cd "$root"
: "${MXCENSUS:=build/mxcensus}"
export MXCENSUS

dir=$(mktemp -d "${TMPDIR:-/tmp}/mxcensus-demo.XXXXXX")
out=build/demo.mxc

finish()
{
	status=$?
	tests/lab/lab down --dir "$dir/lab" >/dev/null 2>&1 || true
	rm -rf "$dir"
	exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "1. A world for the names of data/sample.txt, configurations drawn at" \
	"the rates of data/rates.toml"
tests/lab/world data/sample.txt --seed 1 --rates data/rates.toml \
	>"$dir/world.jsonl"
echo "2. Its servers: NSD, Unbound, nginx, Postfix, and some that misbehave"
tests/lab/lab up "$dir/world.jsonl" --dir "$dir/lab"
echo "3. mxcensus scan"
# shellcheck disable=SC2046
"$MXCENSUS" scan $(cat "$dir/lab/scan.args") "$dir/lab/list.txt" --force \
	-o "$out"
echo "4. mxcensus info $out"
"$MXCENSUS" info "$out"
# Five tables of 34: what a person reads at one go.
tables=adoption,policy,consistency,risk,verdicts
echo "5. scripts/summarize $out --table $tables"
scripts/summarize "$out" --table "$tables"
echo "   (without --table: the main ones; with --table all: every one)"
echo "6. Is it true?"
tests/lab/lab contacts --dir "$dir/lab" "$out"
tests/lab/lab check --dir "$dir/lab" "$out"
