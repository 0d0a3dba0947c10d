# SPDX-License-Identifier: Apache-2.0
#
# providers.awk: data/providers.tsv (provider, service, suffix, encoding,
# source) to initialisers of the table in scanner/rules/provider.c, included
# as providers.inc.  They are sorted by service, then by the bytes of the
# suffix; run with LC_ALL=C.  A row that breaks a rule ends the build.
#
#   OnDMARC	sts	_mta-sts.smart.ondmarc.com	_mta-sts.{a.com}	URL
#   { PROVIDER_STS, { "_mta-sts.smart.ondmarc.com", 26 }, { "OnDMARC", 7 } },

function fail(why) {
	print FILENAME ":" FNR ": " why ": " $0 > "/dev/stderr"
	failed = 1
	exit 1
}

# The place of a service in enum provider_service.
function rank(service) {
	if (service == "sts")
		return 1
	if (service == "tlsrpt")
		return 2
	if (service == "mx")
		return 3
	fail("unknown service")
}

# Lower-case labels, of them two or more.
function check_suffix(s, label, n, i) {
	if (s ~ /[A-Z]/)
		fail("upper case in the suffix")
	n = split(s, label, ".")
	if (n < 2)
		fail("a suffix of fewer than two labels")
	for (i = 1; i <= n; i++)
		if (label[i] !~ /^[a-z0-9_-]+$/ || length(label[i]) > 63)
			fail("bad label in the suffix")
	if (label[n] !~ /[a-z]/)
		fail("bad label in the suffix")
}

function check_encoding(s, rest) {
	if (s == "-")
		return
	rest = s
	if (gsub(/[{](a[._-]com|id)[}]/, "", rest) != 1 ||
	    rest !~ /^[a-z0-9_.-]*$/)
		fail("bad encoding")
}

BEGIN {
	FS = "\t"
	header = "provider\tservice\tsuffix\tencoding\tsource"
}

/^#/ { next }

!has_header {
	if ($0 != header)
		fail("not the header line")
	has_header = 1
	next
}

{
	if (NF != 5)
		fail(NF " columns, not 5")
	if ($1 !~ /^[ !#-\[\]-~]+$/ || $1 ~ /^ | $/)
		fail("bad provider")
	at = rank($2)
	check_suffix($3)
	check_encoding($4)
	if ($5 !~ /^https?:\/\/[^ ]+$/ && $5 !~ /^IMC'25 table [0-9]+$/)
		fail("no source")
	if (($2, $3) in seen)
		fail("suffix twice for one service")
	seen[$2, $3] = 1
	key[++n] = at " " $3
	row[at " " $3] = sprintf("\t{ PROVIDER_%s, { \"%s\", %d }, " \
	    "{ \"%s\", %d } },", toupper($2), $3, length($3), $1, length($1))
}

END {
	if (failed)
		exit 1
	if (n == 0) {
		print FILENAME ": no provider in it" > "/dev/stderr"
		exit 1
	}
	for (i = 2; i <= n; i++) {
		k = key[i]
		for (j = i; j > 1 && key[j - 1] "" > k ""; j--)
			key[j] = key[j - 1]
		key[j] = k
	}
	for (i = 1; i <= n; i++)
		print row[key[i]]
}
