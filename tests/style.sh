#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# style.sh [ROOT]: what a script can see of the conventions.
#
#   every source   SPDX line at the top, then what the file is for; no blanks
#                  at line ends; no markers of unfinished work; no paths of
#                  the machine it was written on
#   .c and .h      tabs, 80 columns (tab stops of 8), no typedef'd structs, no
#                  default: but with the comment /* not an enum */
#   .c of ours     scanner/base/banned.h is the last include but tables
#
# Prints `FILE:LINE: rule` for each fault, then `N passed, N failed`; a file
# counts once.

set -eu
LC_ALL=C
export LC_ALL

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
cd "${1:-$here/..}"

# Sources by name; files without an extension by their first line.
files=$(sh "$here/sources.sh" | while IFS= read -r file; do
	case $file in
	*.c | *.h | *.def | *.py | *.sh | *.sql | *.md | *.toml | *.yml | \
	    *.mk | Makefile | */Makefile | .ci/run | *requirements.txt)
		printf '%s\n' "$file" ;;
	*.*) ;;
	*)
		if head -c 2 "$file" | grep -q '^#!'; then
			printf '%s\n' "$file"
		fi ;;
	esac
done)
if [ -z "$files" ]; then
	echo "0 passed, 0 failed"
	exit 0
fi

IFS='
'
# shellcheck disable=SC2086  # one argument a line
awk '
function fault(line, rule)
{
	print FILENAME ":" line ": " rule
	if (bad != FILENAME)
		failed++
	bad = FILENAME
}
# Width on a screen: characters, not bytes, with tab stops of 8.
function width(s,    n, parts, i, w)
{
	gsub(/[\200-\277]/, "", s)
	n = split(s, parts, "\t")
	for (i = 1; i <= n; i++) {
		w += length(parts[i])
		if (i < n)
			w += 8 - w % 8
	}
	return w
}
function end_of_file()
{
	if (file == "")
		return
	FILENAME_ = FILENAME
	FILENAME = file
	if (is_source && !has_spdx)
		fault(1, "no SPDX-License-Identifier: Apache-2.0 at the top")
	if (is_source && prose == 0)
		fault(1, "no comment at the top that says what the file is for")
	if (needs_banned && last_include != "\"scanner/base/banned.h\"")
		fault(include_line ? include_line : 1,
		    "scanner/base/banned.h is not the last include")
	FILENAME = FILENAME_
}
# Counts the lines of prose in the comment at the top.
function top_comment(s)
{
	if (s ~ /^#!/ || s ~ /SPDX-License-Identifier/)
		return
	if (in_docstring) {
		in_docstring = s !~ /"""/
	} else if (s ~ /^[ru]*"""/) {
		in_docstring = s !~ /""".*"""/
	} else if (in_block) {
		in_block = s !~ /\*\//
	} else if (s ~ /^\/\*/) {
		in_block = s !~ /\*\//
	} else if (s !~ comment && s !~ /^[ \t]*$/) {
		at_top = 0
		return
	}
	if (s ~ /[A-Za-z][A-Za-z]+.*[A-Za-z][A-Za-z]+/)
		prose++
}
BEGIN {
	# in pieces, so that this file does not find itself
	unfinished = "(^|[^A-Za-z])(TO" "DO|FIX" "ME|XX" "X|HA" "CK)([^A-Za-z]|$)"
	machine = "(^|[^A-Za-z0-9_.])/(work|home|root|Users)/"
}
FNR == 1 {
	end_of_file()
	file = FILENAME
	n_files++
	is_c = FILENAME ~ /[.][ch]$/
	is_source = FILENAME !~ /[.]md$/
	# what a comment of one line begins with; in C that is no comment
	comment = is_c || FILENAME ~ /[.]def$/ ? "^//" : "^(#|--)"
	needs_banned = FILENAME ~ /^(scanner|workers|output)\/.*[.]c$/
	has_spdx = prose = in_docstring = in_block = include_line = 0
	last_include = before = ""
	at_top = 1
}
FNR <= 3 && /SPDX-License-Identifier: Apache-2[.]0/ {
	has_spdx = 1
	in_block = /^\/\*/ && !/\*\//
}
at_top { top_comment($0) }
is_source && /[ \t]$/ { fault(FNR, "blanks at the end of the line") }
/\r$/ { fault(FNR, "carriage return at the end of the line") }
$0 ~ unfinished { fault(FNR, "marker of unfinished work") }
$0 ~ machine { fault(FNR, "path of one machine") }
# Spaces may only continue an unfinished line at the left margin.
is_c && /^ +[^ *]/ && (/^        / || before ~ /([;{}:)]|\*\/)[ \t]*$/) {
	fault(FNR, "indented with spaces, not tabs")
}
is_c && /^\t* +\t/ { fault(FNR, "a space before a tab") }
is_c && width($0) > 80 {
	fault(FNR, width($0) " columns, at most 80")
}
is_c && /^[ \t]*typedef[ \t]+(struct|union)([ \t{]|$)/ {
	fault(FNR, "typedef of a struct")
}
is_c && /default[ \t]*:/ && !/\/\* not an enum \*\// {
	code = $0
	gsub(/"([^"\\]|\\.)*"/, "", code)
	if (code ~ /(^|[^A-Za-z_])default[ \t]*:/ &&
	    code !~ /^[ \t]*(\/?\*|\/\/)/)
		fault(FNR, "default: in a switch without /* not an enum */")
}
# Tables (.def, .inc) are expanded where they are needed.
needs_banned && /^[ \t]*#[ \t]*include/ && !/[.](def|inc)"/ {
	last_include = $0
	sub(/^[ \t]*#[ \t]*include[ \t]*/, "", last_include)
	sub(/[ \t]*$/, "", last_include)
	include_line = FNR
}
{ before = $0 }
END {
	end_of_file()
	print n_files - failed " passed, " failed + 0 " failed"
	exit failed > 0
}' $files
