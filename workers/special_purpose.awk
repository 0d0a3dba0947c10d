# SPDX-License-Identifier: Apache-2.0
#
# special_purpose.awk: data/special-purpose.txt ("CIDR # name, RFC" a line) to
# initialisers of struct netrange, included by workers/reach.c as
# special_purpose.inc.  A line that is neither ends the build.
#
#   192.0.2.0/24  # documentation TEST-NET-1, RFC 5737
#   { { 4, { 192, 0, 2, 0 } }, 24 }, /* documentation TEST-NET-1, RFC 5737 */

function fail(why) {
	print FILENAME ":" FNR ": " why ": " $0 > "/dev/stderr"
	failed = 1
	exit 1
}

function hex(s, i, v, d) {
	v = 0
	if (s == "" || length(s) > 4)
		fail("bad IPv6 group")
	for (i = 1; i <= length(s); i++) {
		d = index("0123456789abcdef", substr(tolower(s), i, 1))
		if (d == 0)
			fail("bad IPv6 digit")
		v = v * 16 + d - 1
	}
	return v
}

function bytes4(s, part, n, i) {
	n = split(s, part, ".")
	for (i = 1; i <= 4; i++)
		if (n != 4 || part[i] !~ /^[0-9]+$/ || part[i] > 255)
			fail("bad IPv4 address")
	return part[1] ", " part[2] ", " part[3] ", " part[4]
}

function bytes6(s, half, head, tail, n, m, i, out, v) {
	n = m = 0
	if (split(s, half, "::") > 2)
		fail("two :: in an address")
	if (half[1] != "")
		n = split(half[1], head, ":")
	if (index(s, "::") > 0) {
		if (half[2] != "")
			m = split(half[2], tail, ":")
		if (n + m > 7)
			fail("too many IPv6 groups")
	} else if (n != 8)
		fail("not eight IPv6 groups")
	out = ""
	for (i = 1; i <= 8; i++) {
		v = 0
		if (i <= n)
			v = hex(head[i])
		else if (i > 8 - m)
			v = hex(tail[i - (8 - m)])
		out = out (i > 1 ? ", " : "") int(v / 256) ", " v % 256
	}
	return out
}

{
	comment = ""
	at = index($0, "#")
	text = at ? substr($0, 1, at - 1) : $0
	if (at) {
		comment = substr($0, at + 1)
		sub(/^[ \t]+/, "", comment)
	}
	gsub(/[ \t\r]/, "", text)
	if (text == "")
		next
	if (split(text, side, "/") != 2 || side[2] !~ /^[0-9]+$/)
		fail("not ADDRESS/BITS")
	six = index(side[1], ":") > 0
	if (side[2] > (six ? 128 : 32))
		fail("too many bits")
	printf "\t{ { %d, { %s } }, %d }, /* %s */\n", six ? 6 : 4,
	    six ? bytes6(side[1]) : bytes4(side[1]), side[2], comment
	rows++
}

END {
	if (!failed && rows == 0) {
		print FILENAME ": no address block in it" > "/dev/stderr"
		exit 1
	}
}
