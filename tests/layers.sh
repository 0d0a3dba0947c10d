#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# layers.sh [ROOT]: proves that the arrows between the folders point one way.
#
#   scanner/base <- scanner/rules <- workers <- scanner
#   scanner/base <- scanner/rules <- output  <- scanner
#
# By includes: which folder may name which, and which files may use which
# library.  By symbols, with nm on the objects below BUILD (default: build):
# scanner/rules and workers/smtp_dialogue refer to nothing outside a short list
# of functions without I/O, clock, threads, environment or locale, and hold no
# writable data.  A module of scanner/base may be used by them if the same is
# true of it; arena and text are granted their abort on lack of memory.
#
# Prints one line a fault, then `N passed, N failed`; a file or object counts
# once.  Exit status 1 on any fault.

set -eu
LC_ALL=C
export LC_ALL

cd "${1:-$(dirname -- "$0")/..}"
BUILD=${BUILD:-build}
objects=$(mktemp)
trap 'rm -f "$objects"' EXIT
trap 'exit 1' HUP INT TERM

# -- includes --------------------------------------------------------------

# The output of an awk program is "faults" lines and one "total" line.
sources=$(find scanner workers output -name '*.[ch]' 2>/dev/null | sort)
includes_report=$(
	[ -z "$sources" ] ||
	printf '%s\n' "$sources" | tr '\n' '\0' |
	xargs -0 grep -HnE '^[ 	]*#[ 	]*include' /dev/null |
	awk '
	function layer(path)
	{
		if (path ~ /^scanner\/base\//)
			return "base"
		if (path ~ /^scanner\/rules\//)
			return "rules"
		if (path ~ /^workers\//)
			return "workers"
		if (path ~ /^output\//)
			return "output"
		return path ~ /^scanner\// ? "scanner" : "other"
	}
	function fault(rule)
	{
		print file ":" line ": " rule
	}
	# Libraries with an owner: header, then who may include it.
	function owned(header)
	{
		if (header ~ /^ldns\//)
			return "^workers/dns_[^/]*[.][ch]$"
		# the digest of the list, and the versions in the scan record
		if (file == "scanner/stream.c" && header == "openssl/evp.h" ||
		    file == "scanner/manifest.c" &&
		    header ~ /^(openssl\/crypto|zstd)[.]h$/)
			return ""
		if (header ~ /^openssl\//)
			return "^workers/(x509_facts|tls[^/]*|trust|wire|smtp_probe" \
			    "|policy_[^/]*|dane[^/]*)[.][ch]$"
		if (header ~ /^curl\//)
			return "^(workers/|scanner/[^/]*$)"
		if (header ~ /^msgpack/)
			return "^output/"
		if (header == "zstd.h")
			return "^(output/|scanner/(source|stream)[.]c$)"
		if (header == "zlib.h")
			return "^scanner/(source|stream)[.]c$"
		if (header == "uv.h")
			return "^(workers/|scanner/[^/]*$)"
		if (header == "jansson.h")
			return "^(output/|scanner/[^/]*$)"
		return ""
	}
	BEGIN {
		may["base"] = "base"
		may["rules"] = "base rules"
		may["workers"] = "base rules workers"
		may["output"] = "base rules output"
		may["scanner"] = "base rules workers output scanner"
	}
	{
		split($0, part, ":")
		file = part[1]
		line = part[2]
		text = substr($0, length(file) + length(line) + 3)
		n++
		if (match(text, /"[^"]*"/)) {
			name = substr(text, RSTART + 1, RLENGTH - 2)
			to = layer(name)
			# a table made by the build from data/
			if (name ~ /^[a-z0-9_]+[.]inc$/)
				next
			if (to == "other")
				fault("\"" name "\" is not written from the " \
				    "project root")
			else if (index(" " may[layer(file)] " ",
			    " " to " ") == 0)
				fault(layer(file) " may not include \"" name "\"")
		} else if (match(text, /<[^>]*>/)) {
			name = substr(text, RSTART + 1, RLENGTH - 2)
			who = owned(name)
			if (who != "" && file !~ who)
				fault("<" name "> does not belong here")
		} else
			fault("cannot read this include")
	}
	END { print "total " n + 0 }'
)
n_includes=$(printf '%s\n' "$includes_report" | sed -n 's/^total //p')
include_faults=$(printf '%s\n' "$includes_report" |
	sed -e '/^total /d' -e '/^$/d')
n_sources=$(printf '%s\n' "$sources" | grep -c . || :)
n_bad_sources=$(printf '%s\n' "$include_faults" | grep . |
	cut -d: -f1 | sort -u | grep -c . || :)
[ -z "$include_faults" ] || printf '%s\n' "$include_faults"

# -- symbols ---------------------------------------------------------------

# Functions of libc, libidn2 and libpsl that neither read nor change the world.
allowed="memchr memcmp memcpy memmem memmove memrchr memset
bcmp strchr strchrnul strcmp strcspn strlen strncmp strnlen strpbrk strrchr strspn
strstr stpcpy strcpy strncpy snprintf vsnprintf bsearch qsort abs
malloc calloc realloc free abort __assert_fail inet_ntop inet_pton
idn2_to_ascii_8z idn2_lookup_u8 idn2_free psl_builtin psl_registrable_domain
psl_is_public_suffix"

missing=0
for source in scanner/rules/*.c scanner/base/*.c workers/smtp_dialogue.c; do
	[ -f "$source" ] || continue
	object=$(find "$BUILD" -path "*/${source%.c}.o" 2>/dev/null | head -n 1)
	if [ -n "$object" ]; then
		printf '%s %s\n' "${source%.c}" "$object" >>"$objects"
	else
		echo "$source:1: no object below $BUILD; build first"
		missing=$((missing + 1))
	fi
done

symbols_report=$(
	while read -r module object; do
		nm -f sysv "$object" 2>/dev/null |
		awk -F'|' -v module="$module" 'NF >= 7 {
			gsub(/ /, "")
			print module, $1, $3, ($7 == "" ? "-" : $7)
		}' || :
	done <"$objects" |
	awk -v allowed="$allowed" '
	# What compilers and sanitizers add by themselves.
	function is_runtime(name)
	{
		return name ~ /^(__stack_chk_fail|_GLOBAL_OFFSET_TABLE_)$/ ||
		    name ~ /^_+(asan|ubsan|tsan|msan|sanitizer|sancov)_/ ||
		    name ~ /^__(odr_asan|gcov|llvm|start___|stop___)/ ||
		    name ~ /^(__unnamed_[0-9]+|_?[.]?L?(ASAN|ubsan).*)$/ || name ~ /^[.]L/
	}
	function is_ours(module)
	{
		return module !~ /^scanner\/base\//
	}
	function plain(name)
	{
		sub(/@.*/, "", name)
		if (name ~ /^__.*_chk$/)	# _FORTIFY_SOURCE
			name = substr(name, 3, length(name) - 6)
		return name
	}
	BEGIN {
		n_words = split(allowed, words, /[ \n\t]+/)
		for (i = 1; i <= n_words; i++)
			libc[words[i]] = 1
	}
	{
		if (!($1 in seen)) {
			seen[$1] = 1
			modules[++n_modules] = $1
		}
		if (is_ours($1))
			n_symbols++
		name = plain($2)
		if ($3 == "U" || $3 == "w") {
			if (!is_runtime(name))
				uses[$1, ++n_uses[$1]] = name
		} else if ($3 ~ /^[TWVRDB]$/)
			home[name] = $1
		# const tables of pointers stand in .data.rel.ro
		if (($3 ~ /^[BbDdCGgSs]$/ && $4 !~ /^[.]data[.]rel[.]ro/) &&
		    !is_runtime(name) && name !~ /^[.]/)
			data[$1] = data[$1] " " name
	}
	END {
		granted["scanner/base/arena"] = 1
		granted["scanner/base/text"] = 1
		# a module is impure if it uses what is not allowed, or
		# an impure module; until nothing changes
		do {
			changed = 0
			for (i = 1; i <= n_modules; i++) {
				m = modules[i]
				if (m in impure || m in granted)
					continue
				why = data[m] != "" ? "writable data" : ""
				for (j = 1; j <= n_uses[m] && why == ""; j++)
					why = trouble(uses[m, j])
				if (why != "") {
					impure[m] = why
					changed = 1
				}
			}
		} while (changed)
		for (i = 1; i <= n_modules; i++) {
			m = modules[i]
			if (!is_ours(m))
				continue
			n_objects++
			if (data[m] != "")
				print m ".c:1: writable data:" data[m]
			for (j = 1; j <= n_uses[m]; j++)
				if ((why = trouble(uses[m, j])) != "")
					print m ".c:1: uses " why
		}
		print "total " n_objects + 0 " " n_symbols + 0
	}
	function trouble(name,    where)
	{
		if (name in libc)
			return ""
		where = home[name]
		if (where == "")
			return name ", which is not on the list of pure functions"
		if (where in impure && !is_ours(where))
			return name " of " where ", which is not pure (" \
			    impure[where] ")"
		return ""
	}'
)
symbol_faults=$(printf '%s\n' "$symbols_report" |
	sed -e '/^total /d' -e '/^$/d')
set -- $(printf '%s\n' "$symbols_report" | sed -n 's/^total //p')
n_bad_objects=$(printf '%s\n' "$symbol_faults" | grep . |
	cut -d: -f1 | sort -u | grep -c . || :)
[ -z "$symbol_faults" ] || printf '%s\n' "$symbol_faults"

failed=$((n_bad_sources + n_bad_objects + missing))
passed=$((n_sources - n_bad_sources + $1 - n_bad_objects))
echo "layers: ${n_includes:-0} includes of $n_sources files," \
    "$2 symbols of $1 pure objects"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
