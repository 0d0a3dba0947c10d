/* SPDX-License-Identifier: Apache-2.0
 *
 * mx_class.c: in what way the patterns of a policy miss the MX hosts.
 */
#include "scanner/rules/mx_class.h"

#include "scanner/base/limits.h"
#include "scanner/rules/name.h"

#include "scanner/base/banned.h"

#define TYPO_EDITS 3

static bool
is_wildcard(struct slice pattern)
{
	return slice_starts(pattern, SLICE_LIT("*."));
}

/* What stands below the wildcard, or all of it. */
static struct slice
base_of(struct slice pattern)
{
	return slice_from(pattern, is_wildcard(pattern) ? 2 : 0);
}

/* The Public Suffix List is in lower case, a policy may be in any. */
static struct slice
registrable(struct slice name)
{
	char lower[LIMIT_NAME_BYTES];
	size_t n = name.n;

	if (n > sizeof(lower))
		return name;
	for (size_t i = 0; i < n; i++)
		lower[i] = ascii_lower(name.p[i]);
	return slice_from(name, n - name_registrable(slice_make(lower, n)).n);
}

/* ---- distance ---- */

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Row i of the table from the row above, in a band of `limit` cells to either
 * side of the diagonal: what lies beyond is further than that.
 */
static void
fill_row(struct slice a, struct slice b, size_t i, size_t limit,
    size_t above[], size_t row[])
{
	size_t from = i > limit ? i - limit : 0;
	size_t to = smaller(i + limit, b.n);

	if (from == 0)
		row[0] = i;
	else
		row[from - 1] = limit + 1;
	if (to == i + limit)
		above[to] = limit + 1;
	for (size_t j = from == 0 ? 1 : from; j <= to; j++) {
		bool differ = ascii_lower(a.p[i - 1]) !=
		    ascii_lower(b.p[j - 1]);
		size_t d = above[j - 1] + (differ ? 1 : 0);

		d = smaller(d, above[j] + 1);
		row[j] = smaller(d, row[j - 1] + 1);
	}
}

size_t
mx_class_edits(struct slice a, struct slice b, size_t limit)
{
	size_t rows[2][LIMIT_NAME_BYTES + 1];
	size_t difference = a.n > b.n ? a.n - b.n : b.n - a.n;

	if (limit > LIMIT_NAME_BYTES)
		limit = LIMIT_NAME_BYTES;
	if (a.n > LIMIT_NAME_BYTES || b.n > LIMIT_NAME_BYTES ||
	    difference > limit)
		return limit + 1;
	for (size_t j = 0; j <= b.n; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a.n; i++)
		fill_row(a, b, i, limit, rows[(i - 1) % 2], rows[i % 2]);
	return smaller(rows[a.n % 2][b.n], limit + 1);
}

/* ---- single mistakes ---- */

/* How many labels does `host` have before `.base`?  0: not below it. */
static size_t
labels_below(struct slice host, struct slice base)
{
	struct slice front;
	size_t n = 1;

	if (host.n <= base.n + 1 || host.p[host.n - base.n - 1] != '.' ||
	    !slice_eq_nocase(slice_from(host, host.n - base.n), base))
		return 0;
	front = slice_upto(host, host.n - base.n - 1);
	for (size_t i = 0; i < front.n; i++)
		n += front.p[i] == '.' ? 1 : 0;
	return n;
}

/* RFC 8461 4.1: "*." takes the place of one label, not of none or two. */
static bool
has_wrong_depth(struct slice pattern, const struct slice *host, size_t n)
{
	struct slice base = base_of(pattern);

	if (!is_wildcard(pattern))
		return false;
	for (size_t i = 0; i < n; i++)
		if (slice_eq_nocase(base, host[i]) ||
		    labels_below(host[i], base) >= 2)
			return true;
	return false;
}

/* RFC 8461 3.3: the web host, mta-sts.<domain>. */
static bool
is_policy_host(struct slice pattern, struct slice domain)
{
	struct slice label = SLICE_LIT("mta-sts.");

	return slice_starts_nocase(pattern, label) &&
	    slice_eq_nocase(slice_from(pattern, label.n), domain);
}

static bool
matches_any(struct slice pattern, const struct slice *host, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (sts_mx_match(pattern, host[i]))
			return true;
	return false;
}

void
mx_class_mistakes(const struct sts_policy *policy, const struct slice *host,
    size_t n, struct slice domain, struct finding_set *findings)
{
	for (size_t i = 0; i < policy->n_mx; i++) {
		struct slice pattern = policy->mx[i];

		if (matches_any(pattern, host, n))
			continue;
		if (is_policy_host(pattern, domain))
			finding_raise(findings,
			    FINDING_STS_POLICY_MX_POLICY_HOST);
		if (slice_eq_nocase(pattern, domain))
			finding_raise(findings,
			    FINDING_STS_POLICY_MX_DOMAIN_ITSELF);
		if (has_wrong_depth(pattern, host, n))
			finding_raise(findings,
			    FINDING_STS_POLICY_MX_WILDCARD_DEPTH);
	}
}

/* ---- classes ---- */

/* Of two registrable domains: "a.com" and "a.org". */
static bool
differ_in_suffix(struct slice a, struct slice b)
{
	size_t dot_a = slice_find(a, '.'), dot_b = slice_find(b, '.');

	return dot_a < a.n && dot_b < b.n &&
	    slice_eq_nocase(slice_upto(a, dot_a), slice_upto(b, dot_b)) &&
	    !slice_eq_nocase(slice_from(a, dot_a), slice_from(b, dot_b));
}

static bool
is_misspelt(struct slice pattern, struct slice host)
{
	if (is_wildcard(pattern)) {
		host = slice_from(host, slice_find(host, '.') + 1);
		if (host.n == 0)
			return false;
	}
	return mx_class_edits(base_of(pattern), host, TYPO_EDITS) <=
	    TYPO_EDITS;
}

/* What explains itself in another way is no typo. */
static bool
may_be_misspelt(struct slice pattern, const struct slice *host, size_t n,
    struct slice domain)
{
	return !is_policy_host(pattern, domain) &&
	    !slice_eq_nocase(pattern, domain) &&
	    !has_wrong_depth(pattern, host, n);
}

enum mx_class
mx_class_of(const struct sts_policy *policy, const struct slice *host,
    size_t n, struct slice domain)
{
	bool is_typo = false, is_near = false;

	if (policy->n_mx == 0)
		return MX_CLASS_NULL;
	for (size_t i = 0; i < policy->n_mx; i++) {
		struct slice pattern = policy->mx[i];
		struct slice owner = registrable(base_of(pattern));
		bool may = !is_typo &&
		    may_be_misspelt(pattern, host, n, domain);

		for (size_t j = 0; j < n; j++) {
			struct slice other = registrable(host[j]);

			if (differ_in_suffix(owner, other))
				return MX_CLASS_TLD;
			is_typo = is_typo ||
			    (may && is_misspelt(pattern, host[j]));
			is_near = is_near || slice_eq_nocase(owner, other);
		}
	}
	if (is_typo)
		return MX_CLASS_TYPO;
	return is_near ? MX_CLASS_THIRD_LABEL : MX_CLASS_WHOLE_DOMAIN;
}
