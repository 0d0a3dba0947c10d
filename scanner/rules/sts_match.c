/* SPDX-License-Identifier: Apache-2.0
 *
 * sts_match.c: mx patterns against MX host names (RFC 8461 4.1), and the
 * media type of a policy (3.2).
 *
 * Names are A-labels (3.2); U-labels on either side never match.
 */
#include "scanner/rules/sts.h"

#include "scanner/rules/name.h"

#include "scanner/base/banned.h"

/* A host as DNS may have it: underscores allowed, empty labels not. */
static bool
is_host(struct slice s)
{
	bool label_begins = true;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '.' && label_begins)
			return false;
		if (c != '.' && c != '-' && c != '_' && !ascii_is_alnum(c))
			return false;
		label_begins = c == '.';
	}
	return !label_begins;
}

bool
sts_mx_match(struct slice pattern, struct slice host)
{
	if (slice_ends(host, SLICE_LIT(".")))
		host.n--;
	if (!is_host(host))
		return false;
	if (slice_starts(pattern, SLICE_LIT("*."))) {
		/* RFC 8461 4.1: exactly one label in place of "*". */
		pattern = slice_from(pattern, 2);
		host = slice_from(host, slice_find(host, '.') + 1);
	}
	return name_is_domain(pattern) && slice_eq_nocase(pattern, host);
}

bool
sts_mx_match_any(const struct sts_policy *p, struct slice host)
{
	for (size_t i = 0; i < p->n_mx; i++)
		if (sts_mx_match(p->mx[i], host))
			return true;
	return false;
}

bool
sts_is_text_plain(struct slice content_type)
{
	/* RFC 8461 3.2: parameters other than charset are ignored. */
	struct slice type = slice_upto(content_type,
	    slice_find(content_type, ';'));

	return slice_eq_nocase(slice_trim(type), SLICE_LIT("text/plain"));
}
