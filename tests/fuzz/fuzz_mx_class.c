/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_mx_class.c: a domain, then patterns, then hosts, one a line, parted by
 * an empty line; the patterns as they come, names or not.  A distance is one
 * in both directions and no nearer than the lengths; the class and the
 * mistakes agree with the matcher.
 */
#include <assert.h>
#include <stdint.h>

#include "scanner/base/limits.h"
#include "scanner/rules/mx_class.h"

#include "scanner/base/banned.h"

#define MOST 16
#define LIMIT_EDITS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice
next_line(struct slice *rest)
{
	size_t end = slice_find(*rest, '\n');
	struct slice line = slice_upto(*rest, end);

	*rest = slice_from(*rest, end + 1);
	return line;
}

/* Up to an empty line. */
static size_t
take_lines(struct slice *rest, struct slice out[MOST])
{
	size_t n = 0;

	while (n < MOST && rest->n > 0) {
		out[n] = next_line(rest);
		if (out[n].n == 0)
			break;
		n++;
	}
	return n;
}

static void
check_edits(struct slice a, struct slice b)
{
	size_t d = mx_class_edits(a, b, LIMIT_EDITS);
	size_t difference = a.n > b.n ? a.n - b.n : b.n - a.n;
	size_t all = mx_class_edits(a, b, LIMIT_NAME_BYTES);

	assert(d == mx_class_edits(b, a, LIMIT_EDITS));
	assert(d <= LIMIT_EDITS + 1);
	if (a.n > LIMIT_NAME_BYTES || b.n > LIMIT_NAME_BYTES)
		return;
	assert((d == 0) == slice_eq_nocase(a, b));
	assert(all >= difference && all <= (a.n > b.n ? a.n : b.n));
	assert(d == (all <= LIMIT_EDITS ? all : LIMIT_EDITS + 1));
}

static bool
some_near(const struct sts_policy *p, const struct slice *host, size_t n)
{
	for (size_t i = 0; i < p->n_mx; i++) {
		bool wild = slice_starts(p->mx[i], SLICE_LIT("*."));
		struct slice x = slice_from(p->mx[i], wild ? 2 : 0);

		for (size_t j = 0; j < n; j++) {
			size_t front = wild ? slice_find(host[j], '.') + 1 : 0;

			if (mx_class_edits(x, slice_from(host[j], front),
			    LIMIT_EDITS) <= LIMIT_EDITS)
				return true;
		}
	}
	return false;
}

static bool
some_equal(const struct sts_policy *p, struct slice domain)
{
	for (size_t i = 0; i < p->n_mx; i++)
		if (slice_eq_nocase(p->mx[i], domain))
			return true;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_make(data, size);
	struct slice domain = next_line(&rest);
	struct slice mx[MOST], host[MOST];
	struct sts_policy p = { .mx = mx, .n_mx = take_lines(&rest, mx) };
	size_t n = take_lines(&rest, host);
	struct finding_set set = { { 0 } };
	enum mx_class class;
	bool all_match = p.n_mx > 0;

	for (size_t i = 0; i < p.n_mx; i++) {
		bool matches = false;

		for (size_t j = 0; j < n; j++) {
			check_edits(mx[i], host[j]);
			matches = matches || sts_mx_match(mx[i], host[j]);
		}
		all_match = all_match && matches;
	}
	if (n == 0)
		return 0;
	class = mx_class_of(&p, host, n, domain);
	assert((class == MX_CLASS_NULL) == (p.n_mx == 0));
	assert(class != MX_CLASS_TYPO || some_near(&p, host, n));
	mx_class_mistakes(&p, host, n, domain, &set);
	assert((!all_match && p.n_mx > 0) || finding_count(&set) == 0);
	assert(!finding_has(&set, FINDING_STS_POLICY_MX_DOMAIN_ITSELF) ||
	    some_equal(&p, domain));
	return 0;
}
