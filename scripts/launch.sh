# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# launch.sh: what every command of this folder does.  A command is a file of
# its name that sources this one; it runs mxcensus_scripts/NAME.py in the
# private Python (see venv.sh) of the checkout or of the installed copy that
# the file stands in.  MXCENSUS_VENV names another environment.

set -eu

self=$(readlink -f -- "$0")
here=$(dirname -- "$self")
name=$(basename -- "$self")
for venv in "${MXCENSUS_VENV:-}" "$here/../build/venv" "$here/../venv"; do
	if [ -n "$venv" ] && [ -x "$venv/bin/python3" ]; then
		# -P: the working directory is no place to import from
		PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 exec \
		    "$venv/bin/python3" -P -m "mxcensus_scripts.$name" "$@"
	fi
done
echo "$name: no private Python found;" \
    "make it with: sh $here/venv.sh (or set MXCENSUS_VENV)" >&2
exit 1
