/* SPDX-License-Identifier: Apache-2.0
 *
 * test_mx_class.c: the classes of patterns that miss, the single mistakes, and
 * the distance behind them.  How they meet a domain stands in
 * tests/cases/policy-and-mx.case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/base/limits.h"
#include "scanner/rules/mx_class.h"

#include "scanner/base/banned.h"

#define MOST 4

struct set {
	struct slice name[MOST];
	size_t n;
};

/* Words parted by spaces. */
static struct set
set_of(const char *words)
{
	struct set out = { .n = 0 };
	struct slice s = slice_of(words);

	while (s.n > 0) {
		size_t space = slice_find(s, ' ');

		assert_true(out.n < MOST);
		out.name[out.n++] = slice_upto(s, space);
		s = slice_from(s, space + 1);
	}
	return out;
}

static const struct {
	const char *patterns, *hosts;
	enum mx_class class;
} class_rows[] = {
	{ "mx.a.com", "mx.a.org", MX_CLASS_TLD },
	{ "MX.A.COM", "mx.a.org", MX_CLASS_TLD },
	{ "*.a.com", "x.y.a.org", MX_CLASS_TLD },
	{ "a.com", "a.org", MX_CLASS_TLD },
	{ "mx.a.co.uk", "mx.a.org.uk", MX_CLASS_TLD },
	{ "mx.A.CO.UK", "mx.a.uk", MX_CLASS_TLD },
	{ "mx.other.test mx.a.com", "mx.b.net mx.a.org", MX_CLASS_TLD },
	{ "mx1.a.com mx.b.org", "mx.a.com mx.b.com", MX_CLASS_TLD },
	{ "mx.com", "mail.mx.a.org", MX_CLASS_WHOLE_DOMAIN },
	/* Two suffixes have no label before them. */
	{ "*.com", "mail.mx.abcdefgh", MX_CLASS_WHOLE_DOMAIN },
	{ "com", "organization", MX_CLASS_WHOLE_DOMAIN },
	/* And one has nothing behind it. */
	{ "com", "com.org", MX_CLASS_WHOLE_DOMAIN },
	{ "mx1.a.com", "mx2.a.com", MX_CLASS_TYPO },
	{ "mxabc.a.com", "mx.a.com", MX_CLASS_TYPO },
	{ "mxabcd.a.com", "mx.a.com", MX_CLASS_THIRD_LABEL },
	{ "*.abc.com", "mx.abd.com", MX_CLASS_TYPO },
	{ "*.abcdef.com", "mx.uvwxyz.com", MX_CLASS_WHOLE_DOMAIN },
	/* The label that the wildcard stands for is not compared. */
	{ "*.mailhost.com", "relay17.mailhst.com", MX_CLASS_TYPO },
	{ "relay.mailhost.com", "mx17.mailhst.com", MX_CLASS_WHOLE_DOMAIN },
	{ "*.abc", "mx", MX_CLASS_WHOLE_DOMAIN },
	{ "mail.a.com mx1.a.com", "mx.a.com", MX_CLASS_TYPO },
	{ "mx1.a.com mail.a.com", "mx.a.com", MX_CLASS_TYPO },
	{ "relay.a.com", "mx.a.com", MX_CLASS_THIRD_LABEL },
	{ "*.relay.a.com", "mx.a.com", MX_CLASS_THIRD_LABEL },
	{ "RELAY.A.CO.UK", "mx.a.co.uk", MX_CLASS_THIRD_LABEL },
	{ "relay.abcdef.co.uk", "mx.uvwxyz.co.uk", MX_CLASS_WHOLE_DOMAIN },
	{ "mail.other.test relay.a.com", "mx.a.com mx.b.net",
	    MX_CLASS_THIRD_LABEL },
	/* One step away from a host and yet explained otherwise. */
	{ "mta-sts.d.com", "mta-st.d.com", MX_CLASS_THIRD_LABEL },
	{ "MTA-STS.D.COM", "mta-st.d.com", MX_CLASS_THIRD_LABEL },
	{ "mta-sts.e.com", "mta-st.e.com", MX_CLASS_TYPO },
	{ "d.com", "mx.d.com", MX_CLASS_THIRD_LABEL },
	{ "D.com", "d1.com", MX_CLASS_WHOLE_DOMAIN },
	{ "e.com", "mx.e.com", MX_CLASS_TYPO },
	{ "*.d.com", "e.f.com", MX_CLASS_TYPO },
	{ "*.a.com", "a.com", MX_CLASS_THIRD_LABEL },
	{ "*.a.com", "x.y.a.com", MX_CLASS_THIRD_LABEL },
	/* Depth counts over all hosts, distance only for the others. */
	{ "*.mx.a.com", "mx.a.com x.my.a.com", MX_CLASS_THIRD_LABEL },
	{ "*.mx.a.com", "x.my.a.com", MX_CLASS_TYPO },
	{ "", "mx.a.com", MX_CLASS_NULL },
};

static void
test_classes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(class_rows) / sizeof(*class_rows); i++) {
		struct set mx = set_of(class_rows[i].patterns);
		struct set hosts = set_of(class_rows[i].hosts);
		struct sts_policy p = { .mx = mx.name, .n_mx = mx.n };
		enum mx_class got = mx_class_of(&p, hosts.name, hosts.n,
		    SLICE_LIT("d.com"));

		if (got != class_rows[i].class)
			fail_msg("%s against %s: %s", class_rows[i].patterns,
			    class_rows[i].hosts, mx_class_word(got));
	}
}

static const struct {
	const char *patterns, *hosts;
	bool policy_host, domain_itself, depth;
} mistake_rows[] = {
	{ "mx.d.com", "mx2.d.com", false, false, false },
	{ "mta-sts.d.com", "mx.d.com", true, false, false },
	{ "Mta-Sts.D.com", "mx.d.com", true, false, false },
	{ "mta-sts.x.d.com", "mx.d.com", false, false, false },
	{ "*.mta-sts.d.com", "mx.d.com", false, false, false },
	{ "mta-sts.d.com", "mx.d.com mta-sts.d.com", false, false, false },
	{ "d.com", "mx.d.com", false, true, false },
	{ "D.COM", "mx.d.com", false, true, false },
	{ "*.d.com", "mx.e.com", false, false, false },
	{ "d.com", "mx.d.com d.com", false, false, false },
	{ "*.mx.d.com", "mx.d.com", false, false, true },
	{ "*.D.com", "x.mx.d.com", false, false, true },
	{ "*.d.com", "x.mxd.com", false, false, false },
	{ "*.d.com", "d.com.org", false, false, false },
	/* Matches one, so it stands at a depth that is right for it. */
	{ "*.d.com", "mx.d.com x.mx.d.com", false, false, false },
	{ "*.mx.d.com d.com mta-sts.d.com", "mx.d.com", true, true, true },
};

static void
test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistake_rows) / sizeof(*mistake_rows);
	    i++) {
		struct set mx = set_of(mistake_rows[i].patterns);
		struct set hosts = set_of(mistake_rows[i].hosts);
		struct sts_policy p = { .mx = mx.name, .n_mx = mx.n };
		struct finding_set want = { { 0 } }, got = { { 0 } };

		if (mistake_rows[i].policy_host)
			finding_raise(&want,
			    FINDING_STS_POLICY_MX_POLICY_HOST);
		if (mistake_rows[i].domain_itself)
			finding_raise(&want,
			    FINDING_STS_POLICY_MX_DOMAIN_ITSELF);
		if (mistake_rows[i].depth)
			finding_raise(&want,
			    FINDING_STS_POLICY_MX_WILDCARD_DEPTH);
		mx_class_mistakes(&p, hosts.name, hosts.n, SLICE_LIT("d.com"),
		    &got);
		if (memcmp(&want, &got, sizeof(want)) != 0)
			fail_msg("%s against %s", mistake_rows[i].patterns,
			    mistake_rows[i].hosts);
	}
}

static const struct {
	const char *a, *b;
	size_t edits;
} edit_rows[] = {
	{ "", "", 0 }, { "", "abc", 3 }, { "abc", "abc", 0 },
	{ "abc", "ABC", 0 }, { "abc", "abd", 1 }, { "abc", "abcd", 1 },
	{ "abc", "bc", 1 }, { "ab", "ba", 2 }, { "kitten", "sitting", 3 },
	{ "intention", "execution", 5 }, { "flaw", "lawn", 2 },
	{ "abcdefgh", "bcdefghi", 2 }, { "aaaa", "bbbb", 4 },
};

static void
test_edits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(edit_rows) / sizeof(*edit_rows); i++)
		for (size_t limit = 0; limit < 8; limit++) {
			struct slice a = slice_of(edit_rows[i].a);
			struct slice b = slice_of(edit_rows[i].b);
			size_t want = edit_rows[i].edits <= limit ?
			    edit_rows[i].edits : limit + 1;

			if (mx_class_edits(a, b, limit) != want ||
			    mx_class_edits(b, a, limit) != want)
				fail_msg("%s and %s, at most %zu",
				    edit_rows[i].a, edit_rows[i].b, limit);
		}
}

/* The definition, without a band or a table. */
static size_t
slow_edits(struct slice a, struct slice b)
{
	size_t d, left, above;

	if (a.n == 0 || b.n == 0)
		return a.n + b.n;
	d = slow_edits(slice_from(a, 1), slice_from(b, 1)) +
	    (a.p[0] != b.p[0]);
	left = slow_edits(slice_from(a, 1), b) + 1;
	above = slow_edits(a, slice_from(b, 1)) + 1;
	d = left < d ? left : d;
	return above < d ? above : d;
}

/* All pairs of words of up to five letters out of two. */
static void
test_edits_by_definition(void **state)
{
	char words[63][6];
	size_t n = 0;

	(void)state;
	for (size_t len = 0; len <= 5; len++)
		for (unsigned bits = 0; bits < 1u << len; bits++, n++) {
			for (size_t i = 0; i < len; i++)
				words[n][i] = (bits >> i & 1) ? 'b' : 'a';
			words[n][len] = '\0';
		}
	assert_int_equal(n, 63);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			struct slice a = slice_of(words[i]);
			struct slice b = slice_of(words[j]);
			size_t slow = slow_edits(a, b);

			for (size_t limit = 0; limit <= 5; limit++)
				assert_int_equal(mx_class_edits(a, b, limit),
				    slow <= limit ? slow : limit + 1);
		}
}

static void
test_long_names(void **state)
{
	char a[LIMIT_NAME_BYTES + 1], b[LIMIT_NAME_BYTES + 1];
	const size_t n = LIMIT_NAME_BYTES;

	(void)state;
	memset(a, 'a', sizeof(a));
	memset(b, 'b', sizeof(b));
	assert_int_equal(mx_class_edits(slice_make(a, n), slice_make(a, n),
	    0), 0);
	assert_int_equal(mx_class_edits(slice_make(a, n), slice_make(b, n),
	    SIZE_MAX), n);
	assert_int_equal(mx_class_edits(slice_make(a, n), slice_make(b, n),
	    3), 4);
	b[0] = 'a';
	memset(b + 1, 'a', n - 1);
	b[n - 1] = 'b';
	assert_int_equal(mx_class_edits(slice_make(a, n), slice_make(b, n),
	    3), 1);
	/* Longer ones are no names. */
	assert_int_equal(mx_class_edits(slice_make(a, n + 1),
	    slice_make(a, n + 1), 3), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_edits_by_definition),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
