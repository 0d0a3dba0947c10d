#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [style|unit|scripts|lab]...: runs the tests (all without an argument,
# the scripts beside the labs) and adds up what they report.
#
# Every test is a program that says how many of its checks passed, failed and
# were skipped, in the words of cmocka, of Python's unittest, or as
# "N passed, N failed, N skipped".  One that fails without saying so counts as
# one failure; one that passes without saying how many counts as a failure
# too, since a check that cannot fail is none.
#
# Environment: BUILD (build), MXCENSUS ($BUILD/mxcensus), SAN, V=1 shows all.

set -u
cd "$(dirname "$0")/.." || exit 1
: "${BUILD:=build}" "${SAN:=}" "${V:=}"
: "${MXCENSUS:=$BUILD/mxcensus}"
case $MXCENSUS in /*) ;; *) MXCENSUS=$PWD/$MXCENSUS ;; esac
export BUILD MXCENSUS SAN
export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=0:detect_leaks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=0:second_deadlock_stack=1}
export PYTHONDONTWRITEBYTECODE=1
python=${MXCENSUS_VENV:-build/venv}/bin/python3

logs=$BUILD/log
mkdir -p "$logs"
results=$logs/results # "NAME PASSED FAILED SKIPPED", a line a test
: >"$results"

# Prints "passed failed skipped" out of what a test wrote.
counts() {
	awk '
	/\[  PASSED  \] [0-9]+ test/ { p += $4; seen = 1 }
	/\[  FAILED  \] [0-9]+ test/ { f += $4; seen = 1 }
	/\[  SKIPPED \] [0-9]+ test/ { s += $4; seen = 1 }
	/^Ran [0-9]+ test/ { ran = $2; seen = 1 }
	/^(OK|FAILED)( \(.*\))?$/ {
		line = $0; bad = skip = 0
		while (match(line, /(failures|errors|unexpected successes)=[0-9]+/)) {
			t = substr(line, RSTART, RLENGTH); sub(/.*=/, "", t)
			bad += t; line = substr(line, RSTART + RLENGTH)
		}
		if (match($0, /skipped=[0-9]+/))
			skip = substr($0, RSTART + 8, RLENGTH - 8)
		p += ran - bad - skip; f += bad; s += skip; ran = 0
	}
	/^[0-9]+ passed, [0-9]+ failed/ {
		lp = $1; lf = $3; ls = $5 ~ /^[0-9]+$/ ? $5 : 0; seen = 1
	}
	END { print p + lp, f + lf, s + ls, seen + 0 }' "$1"
}

run() {
	local name=$1 log status start p f s seen mark
	shift
	log=$logs/$name.log
	start=$SECONDS
	"$@" >"$log" 2>&1
	status=$?
	read -r p f s seen < <(counts "$log")
	if [ $status -eq 0 ] && [ "$seen" -eq 0 ]; then
		echo "this test does not say what it checked" >>"$log"
		f=1
	elif [ $status -ne 0 ] && [ "$f" -eq 0 ]; then
		echo "exit status $status" >>"$log"
		f=1
	fi
	echo "$name $p $f $s" >>"$results"
	# one piece, since several tests may run beside each other
	printf '%s\n' "$(report)"
}

# What `run` found, for a person.
report() {
	mark="ok  "
	[ "$f" -eq 0 ] || mark="FAIL"
	printf '  %s %-28s %6d passed' "$mark" "$name" "$p"
	[ "$f" -eq 0 ] || printf ', %d failed' "$f"
	[ "$s" -eq 0 ] || printf ', %d skipped' "$s"
	printf '  (%d s)\n' $((SECONDS - start))
	grep -h '^skipped: ' "$log" | sed 's/^/       /'
	if [ "$f" -ne 0 ]; then
		tail -n 40 "$log" | sed 's/^/       | /'
	elif [ -n "$V" ]; then
		sed 's/^/       | /' "$log"
	fi
}

style() {
	run style tests/style.sh
	run layers tests/layers.sh
	run lengths tests/lengths.sh
	run findings "$python" tests/findings_lint.py
	run checklist "$python" tests/checklist_lint.py
	run schema "$python" tests/schema_lint.py
}

unit() {
	local t
	for t in tests/unit/test_*.c; do
		t=$(basename "$t" .c)
		run "$t" timeout 300 "$BUILD/tests/$t"
	done
	for t in tests/fuzz/fuzz_*.c; do
		t=$(basename "$t" .c)
		t=${t#fuzz_}
		run "corpus_$t" timeout 120 "$BUILD/tests/replay_$t" \
			"tests/fuzz/corpus/$t"
	done
}

scripts() {
	local t
	for t in tests/unit/test_*.py; do
		t=$(basename "$t" .py)
		run "$t" env PYTHONPATH=tests/unit:tests/lab:scripts \
			timeout 600 "$python" -m unittest "$t"
	done
	run vectors "$python" tests/unit/vectors.py --mxcensus "$MXCENSUS"
	run cli tests/cli.sh
}

# Most of the time a lab waits; two of them share the machine well, each in a
# network namespace of its own.
lab() {
	lab_worlds &
	lab_stops
	wait
}

lab_worlds() {
	run lab_selftest tests/lab/in-net tests/lab/selftest
	run lab_worlds tests/lab/in-net tests/lab/scan_worlds.sh
	run lab_ipv6 tests/lab/in-net tests/lab/scan_ipv6.sh
	run lab_probe_policy tests/lab/in-net tests/lab/probe_policy.sh
	run lab_judge tests/lab/in-net tests/lab/judge_again.sh
	run lab_check tests/lab/in-net tests/lab/check.sh
	run lab_tlsrpt tests/lab/in-net tests/lab/tlsrpt.sh
	run lab_report tests/lab/in-net tests/lab/report.sh
	run lab_tls_versions tests/lab/in-net tests/lab/tls_versions.sh
	run lab_sample tests/lab/in-net tests/lab/scan_list.sh data/sample.txt
	run lab_10k tests/lab/in-net tests/lab/scan_list.sh \
		../shared/data/opendns-top-10k.txt
	run lab_dane_vectors tests/lab/in-net tests/lab/dane_vectors.sh
	run lab_odd tests/lab/in-net tests/lab/odd.sh
	run lab_manners tests/lab/in-net tests/lab/manners.sh
	run lab_unvalidated tests/lab/in-net tests/lab/unvalidated.sh
	run lab_operator tests/lab/in-net tests/lab/operator.sh
}

lab_stops() {
	run lab_signals tests/lab/in-net tests/lab/signals.sh
	run lab_resume tests/lab/in-net tests/lab/resume.sh
	run lab_merge tests/lab/in-net tests/lab/merge.sh
	run lab_evolve tests/lab/in-net tests/lab/evolve.sh 300
	run lab_dns_load tests/lab/in-net tests/lab/dns_load.sh
	run lab_uplink tests/lab/in-net tests/lab/uplink.sh
	run lab_bulk tests/lab/in-net tests/lab/bulk.sh
}

[ $# -gt 0 ] || set -- style unit both
# Everything: the scripts beside the labs.
both() {
	scripts &
	lab
	wait
}
for part; do
	echo "$part:" | sed 's/^both:/scripts and lab:/'
	"$part"
done

broken=$(awk '$3 > 0 { printf " %s", $1 }' "$results")
echo
[ -z "$broken" ] || echo "failed:$broken (logs: $logs)"
awk '{ p += $2; f += $3; s += $4 }
END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }' \
	"$results"
