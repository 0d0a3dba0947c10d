#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# lengths.sh [ROOT]: budgets the tail.  C and Python files have at most 500
# lines, functions at most 60.  A C function that is one flat switch may have
# 100 if the line before it carries the marker `/* flat switch */`.
#
# Prints `FILE:LINE: rule` for each fault, then `N passed, N failed`; a file
# and a function count one each.  Needs universal-ctags.

set -eu
LC_ALL=C
export LC_ALL

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
cd "${1:-$here/..}"
tags=$(mktemp)
trap 'rm -f "$tags"' EXIT
trap 'exit 1' HUP INT TERM

ctags --version 2>/dev/null | grep -q Universal || {
	echo "lengths.sh: universal-ctags is missing;" \
	    "install it: apt-get install universal-ctags" >&2
	exit 1
}

files=$(sh "$here/sources.sh" | grep -E '\.(c|h|py)$' || :)
if [ -z "$files" ]; then
	echo "0 passed, 0 failed"
	exit 0
fi
printf '%s\n' "$files" |
ctags -L - -f - --sort=no --languages=C,Python --langmap=C:.c.h \
    --kinds-C=f --kinds-Python=fm --fields=ne --fields-C= --fields-Python= \
    >"$tags"

IFS='
'
# shellcheck disable=SC2086  # one argument a line
awk -v tags="$tags" '
function fault(file, line, rule)
{
	print file ":" line ": " rule
	failed++
}
function close_file(    i, ok)
{
	if (last == "")
		return
	if (n > 500)
		fault(last, n, n " lines in one file, at most 500")
	else
		passed++
	for (i = 1; i <= n_functions[last]; i++)
		check_function(name[last, i], from[last, i], to[last, i])
}
function check_function(what, first, end,    i, switches, is_marked, length_)
{
	length_ = end - first + 1
	for (i = first - 3; i < first; i++)
		if (i > 0 && text[i] ~ /\/\* flat switch \*\//)
			is_marked = 1
	for (i = first; i <= end; i++)
		if (text[i] ~ /(^|[^a-z_])switch *\(/)
			switches++
	if (is_marked && switches != 1)
		fault(last, first, what " is marked as a flat switch and has " \
		    switches + 0)
	else if (is_marked && length_ > 100)
		fault(last, first, what " has " length_ " lines, at most 100")
	else if (!is_marked && length_ > 60)
		fault(last, first, what " has " length_ " lines, at most 60")
	else
		passed++
}
BEGIN {
	FS = "\t"
	while ((getline row < tags) > 0) {
		cells = split(row, cell, "\t")
		first = end = 0
		for (i = 4; i <= cells; i++) {
			if (cell[i] ~ /^line:/)
				first = substr(cell[i], 6) + 0
			if (cell[i] ~ /^end:/)
				end = substr(cell[i], 5) + 0
		}
		k = ++n_functions[cell[2]]
		name[cell[2], k] = cell[1]
		from[cell[2], k] = first
		to[cell[2], k] = end ? end : first
	}
}
FNR == 1 {
	close_file()
	last = FILENAME
	split("", text)
}
{
	n = FNR
	text[FNR] = $0
}
END {
	close_file()
	print passed + 0 " passed, " failed + 0 " failed"
	exit failed > 0
}' $files
