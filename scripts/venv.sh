#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# venv.sh [DIR]: makes or refreshes the private Python environment that the
# scripts and the lab run in.  Default DIR: build/venv of the checkout.
#
# It holds what requirements.txt beside this script lists and, in a checkout,
# what tests/requirements.txt does: exactly that, without what else a package
# would like to have.
#
# A stamp in DIR names the Python that made it and the checksum of the lists;
# while both still match, nothing is done and nothing is fetched.  A half-made
# environment has no stamp and is made afresh.
#
# PYTHON chooses the interpreter (default: python3).

set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
requirements=$here/requirements.txt
tests=$(dirname -- "$here")/tests/requirements.txt
dir=${1:-$(dirname -- "$here")/build/venv}
python=${PYTHON:-python3}

die()
{
	echo "venv.sh: $*" >&2
	exit 1
}

[ $# -le 1 ] || die "usage: venv.sh [DIR]"
command -v "$python" >/dev/null 2>&1 ||
	die "$python is missing; install it: apt-get install python3"
[ -r "$requirements" ] || die "cannot read $requirements"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
	die "$python is older than 3.11; set PYTHON to a newer one"

stamp=$dir/requirements.stamp
[ -r "$tests" ] || tests=
want=$("$python" -V 2>&1; cat "$requirements" ${tests:+"$tests"} | cksum)
fresh()
{
	[ -x "$dir/bin/python3" ] && [ -r "$stamp" ] &&
	    [ "$(cat "$stamp")" = "$want" ]
}
! fresh || exit 0

"$python" -c 'import ensurepip, venv' 2>/dev/null ||
	die "the Python module venv is missing;" \
	    "install it: apt-get install python3-venv"
case $dir in
/ | "" | "${HOME:-/}") die "refusing to make an environment in '$dir'" ;;
esac
if [ -e "$dir" ] && [ ! -e "$dir/pyvenv.cfg" ] &&
    [ -n "$(ls -A "$dir" 2>/dev/null)" ]; then
	die "$dir exists and is no virtual environment; choose another DIR"
fi

# Two at once (make -j): the second waits and finds the work done.
mkdir -p "$dir" || die "cannot make $dir"
if command -v flock >/dev/null 2>&1; then
	exec 9>"$dir.lock"
	flock 9
	! fresh || exit 0
fi

rm -f "$stamp"
log=$dir/install.log
"$python" -m venv --clear "$dir" ||
	die "cannot make a virtual environment in $dir"
"$dir/bin/python3" -m pip install --quiet --disable-pip-version-check \
    --no-input --no-deps --only-binary :all: -r "$requirements" \
    ${tests:+-r "$tests"} >"$log" 2>&1 || {
	tail -n 3 "$log" >&2
	die "pip could not install $requirements${tests:+ and $tests}" \
	    "(log: $log);" \
	    "is a package index reachable?"
}
printf '%s\n' "$want" >"$stamp"
