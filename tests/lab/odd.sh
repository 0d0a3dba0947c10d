#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# odd.sh [full]: the odd-server matrix of mxlab/odd_cases.py.  Every case as it
# is, byte by byte, and with its replies cut at a byte that SEED (1) chooses;
# with `full` at every byte.  However it is cut, the facts are the same.
set -u
. "$(dirname "$0")/lib.sh"
export PYTHONPATH=tests/lab PYTHONDONTWRITEBYTECODE=1

full=
deadlines=(--greeting-timeout-ms 8000 --session-timeout-ms 10000)
if [ "${1:-}" = full ]; then
	full=--full
	# Thousands of sessions beside their servers make each other wait.
	deadlines=(--greeting-timeout-ms 11000 --session-timeout-ms 30000)
fi
odd() {
	"$python" -m mxlab.odd "$@"
}

# shellcheck disable=SC2086
odd world $full --seed "${SEED:-1}" "$dir/world.jsonl" || exit 1
lab_up "$dir/world.jsonl"
# mxlab/odd_cases.py knows these deadlines.
check "the scan runs" scan "$dir/a.mxc" "${deadlines[@]}" \
	--connect-timeout-ms 4000 \
	--retry-wait-ms 500 --smtp-window 400 --per-operator 400 \
	--per-net 400
SHOW=60 check "every domain is judged as the RFCs have it" \
	tests/lab/lab check --dir "$dir/lab" "$dir/a.mxc"
SHOW=60 check "every fact is what the server was told to say" \
	odd compare "$dir/world.jsonl" "$dir/a.mxc"
grep -h '^facts' "$dir/check.log"
check "contacts as recorded, QUIT said, never MAIL" \
	tests/lab/lab contacts --dir "$dir/lab" "$dir/a.mxc"
finish
