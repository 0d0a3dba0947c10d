/* SPDX-License-Identifier: Apache-2.0
 *
 * cert_name.c: DNS-ID matching, RFC 9525 6.3.
 *
 * What never matches: CN-ID (not even looked at), a wildcard that is not the
 * whole left-most label, more or fewer than one label under a wildcard, bytes
 * that no A-label has, IP addresses written as DNS names, a presented name
 * with a trailing dot.  A wildcard above a single label (`*.example`) matches:
 * RFC 9525 leaves that to registries and certification authorities.
 */
#include "scanner/rules/cert_name.h"

#include "scanner/rules/name.h"

#include "scanner/base/banned.h"

/* Non-empty labels of letters, digits, hyphens, underscores. */
static bool
is_dns_name(struct slice s)
{
	bool label_begins = true;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '.') {
			if (label_begins)
				return false;
			label_begins = true;
		} else if (ascii_is_alnum(c) || c == '-' || c == '_') {
			label_begins = false;
		} else {
			return false;
		}
	}
	return !label_begins;
}

bool
cert_name_match(struct slice presented, struct slice reference)
{
	if (slice_ends(reference, SLICE_LIT(".")))
		reference.n--;
	if (!is_dns_name(reference) || name_is_address(reference))
		return false;
	if (slice_starts(presented, SLICE_LIT("*."))) {
		/* RFC 9525 6.3: "*" stands for exactly one label. */
		presented = slice_from(presented, 2);
		reference = slice_from(reference,
		    slice_find(reference, '.') + 1);
	}
	return is_dns_name(presented) && slice_eq_nocase(presented, reference);
}

bool
cert_name_match_any(const struct slice *presented, size_t n,
    struct slice reference)
{
	for (size_t i = 0; i < n; i++)
		if (cert_name_match(presented[i], reference))
			return true;
	return false;
}
