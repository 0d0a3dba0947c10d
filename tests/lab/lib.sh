# SPDX-License-Identifier: Apache-2.0
#
# lib.sh: what the lab tests share: a lab that is taken down whatever happens,
# a scan, and checks that are counted.  Sourced, not run.

cd "$(dirname "$0")/../.." || exit 1
: "${MXCENSUS:=$PWD/build/mxcensus}" "${SAN:=}"
case $MXCENSUS in /*) ;; *) MXCENSUS=$PWD/$MXCENSUS ;; esac
export MXCENSUS
python=${MXCENSUS_VENV:-build/venv}/bin/python3
dir=$(mktemp -d "${TMPDIR:-/tmp}/mxcensus-lab.XXXXXX")
passed=0 failed=0 skipped=0

cleanup() {
	status=$?
	tests/lab/lab down --dir "$dir/lab" >/dev/null 2>&1
	rm -rf "$dir"
	exit $status
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# check NAME COMMAND...: one counted check; output is shown where it fails.
check() {
	local name=$1
	shift
	if "$@" >"$dir/check.log" 2>&1; then
		passed=$((passed + 1))
		echo "ok: $name"
		grep -hE '^(truth|contacts|dane: |[0-9]+ differ: |end adds up|bench)' "$dir/check.log"
	else
		failed=$((failed + 1))
		echo "FAILED: $name"
		tail -n "${SHOW:-40}" "$dir/check.log" | cut -c1-240 |
			sed 's/^/    /'
	fi
}

skip() {
	skipped=$((skipped + 1))
	echo "skipped: $1"
}

finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
	exit
}

lab_up() {
	tests/lab/lab up "$1" --dir "$dir/lab" >"$dir/up.log" 2>&1 || {
		echo "the lab does not come up:"
		cat "$dir/up.log"
		echo "0 passed, 1 failed"
		exit 1
	}
}

# scan OUT [OPTIONS...]
scan() {
	local out=$1
	shift
	# shellcheck disable=SC2046
	"$MXCENSUS" scan $(cat "$dir/lab/scan.args") "$@" \
		"$dir/lab/list.txt" --force -o "$out"
}

# stable FILE: the dump that equal scans share
stable() {
	"$MXCENSUS" cat --stable "$1" | LC_ALL=C sort
}

equal() {
	stable "$1" >"$dir/stable.1" && stable "$2" >"$dir/stable.2" &&
		[ -s "$dir/stable.1" ] &&
		diff "$dir/stable.1" "$dir/stable.2" >"$dir/stable.diff" &&
		return 0
	grep -c '^<' "$dir/stable.diff"
	"$python" tests/lab/differ.py "$dir/stable.1" "$dir/stable.2"
	return 1
}

count_type() {
	"$MXCENSUS" cat --type "$2" "$1" | wc -l
}

has_records() {
	local n
	n=$(count_type "$1" domain)
	echo "$n domain records, $2 wanted"
	[ "$n" -eq "$2" ]
}

same_counts_in_python() {
	"$MXCENSUS" info --json "$1" >"$dir/info.json" &&
		"$python" tests/lab/count_records.py "$1" "$dir/info.json"
}
