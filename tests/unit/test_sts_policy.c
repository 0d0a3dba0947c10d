/* SPDX-License-Identifier: Apache-2.0
 *
 * test_sts_policy.c: the policy file, strict and lenient (RFC 8461 3.2).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/base/limits.h"
#include "scanner/rules/sts.h"

#include "scanner/base/banned.h"

#define V "version: STSv1\n"
#define E "mode: enforce\n"
#define M "mx: a.example\n"
#define A "max_age: 60\n"

struct row {
	const char *name, *body;
	bool valid, lenient, ambiguous;
	enum policy_mode mode;
	int64_t max_age; /* -1: none */
	size_t n_mx;
};

static const struct row rows[] = {
	{ "plain", V E M A, true, true, false, POLICY_MODE_ENFORCE, 60, 1 },
	{ "no space behind colons", "version:STSv1\nmode:none\nmax_age:0",
	    true, true, false, POLICY_MODE_NONE, 0, 0 },
	{ "mixed ends", V "mode: testing\r\n" M A, true, true, false,
	    POLICY_MODE_TESTING, 60, 1 },
	{ "first of three", V E M A "mode: none\nmax_age: x\nversion: 2\n",
	    true, true, false, POLICY_MODE_ENFORCE, 60, 1 },
	{ "duplicate that is no line", V E M A "max_age:\n", false, true,
	    false, POLICY_MODE_ENFORCE, 60, 1 },
	{ "bad first, good second", V "mode: on\n" E M A, false, false, true,
	    POLICY_MODE_NULL, 60, 1 },
	{ "bad mx beside good", V E M "mx: b_c\n" A, false, false, true,
	    POLICY_MODE_ENFORCE, 60, 1 },
	{ "bad mx and mode none", V "mode: none\nmx: b_c\n" A, false, false,
	    true, POLICY_MODE_NONE, 60, 0 },
	{ "only bad mx", V E "mx: b_c\n" A, false, false, false,
	    POLICY_MODE_ENFORCE, 60, 0 },
	{ "empty mx", V E M "mx:\n" A, false, false, false,
	    POLICY_MODE_ENFORCE, 60, 1 },
	{ "dot at the end", V E "mx: *.a.example.\n" A, false, true, false,
	    POLICY_MODE_ENFORCE, 60, 0 },
	{ "two dots at the end", V E "mx: a.example..\n" A, false, false,
	    false, POLICY_MODE_ENFORCE, 60, 0 },
	{ "indented", "  " V "  " E "\t" M " " A, false, true, false,
	    POLICY_MODE_NULL, -1, 0 },
	{ "front matter", "---\nlayout: none\n---\n\n" V E M A, false, true,
	    false, POLICY_MODE_ENFORCE, 60, 1 },
	{ "old line ends", "version: STSv1\rmode: none\rmax_age: 1", false,
	    false, false, POLICY_MODE_NULL, -1, 0 },
	{ "CR at the very end", V "mode: none\nmax_age: 1\r", false, true,
	    false, POLICY_MODE_NONE, -1, 0 },
	{ "CR before CRLF", V E M "max_age: 60\r\r\n", false, true, false,
	    POLICY_MODE_ENFORCE, -1, 1 },
	{ "above the maximum", V E M "max_age: 31557601\n", false, true,
	    false, POLICY_MODE_ENFORCE, 31557601, 1 },
	{ "ten digits", V E M "max_age: 0000000060\n", true, true, false,
	    POLICY_MODE_ENFORCE, 60, 1 },
	{ "a plus", V E M "max_age: +5\n", false, false, false,
	    POLICY_MODE_ENFORCE, -1, 1 },
	{ "wildcard alone", V E "mx: *\n" A, false, false, false,
	    POLICY_MODE_ENFORCE, 60, 0 },
	{ "wildcard of a wildcard", V E "mx: *.*.example\n" A, false, false,
	    false, POLICY_MODE_ENFORCE, 60, 0 },
	{ "key in the wrong case", V E M A "MODE: none\n", true, true, true,
	    POLICY_MODE_ENFORCE, 60, 1 },
	{ "BOM", "\xef\xbb\xbf" V E M A, false, false, false,
	    POLICY_MODE_ENFORCE, 60, 1 },
	{ "TAB inside an extension", V E M A "x: a\tb\n", false, true, false,
	    POLICY_MODE_ENFORCE, 60, 1 },
	{ "TAB behind an extension", V E M A "x: a\t\n", true, true, false,
	    POLICY_MODE_ENFORCE, 60, 1 },
	{ "name of 33 bytes", V E M A "abcdefghijklmnopqrstuvwxyz0123456: x\n",
	    false, true, false, POLICY_MODE_ENFORCE, 60, 1 },
	{ "empty", "", false, false, false, POLICY_MODE_NULL, -1, 0 },
	{ "web page", "<" V, false, false, false, POLICY_MODE_NULL, -1, 0 },
};

static void
test_rows(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct sts_policy p;
		int64_t max_age;

		sts_policy_parse(a, slice_of(r->body), &p);
		max_age = p.has_max_age ? (int64_t)p.max_age : -1;
		if (p.valid != r->valid || p.valid_lenient != r->lenient ||
		    p.ambiguous != r->ambiguous || p.mode != r->mode ||
		    max_age != r->max_age || p.n_mx != r->n_mx)
			fail_msg("%s: valid %d, lenient %d, ambiguous %d, %s, "
			    "%lld, %zu mx", r->name, p.valid, p.valid_lenient,
			    p.ambiguous, policy_mode_word(p.mode),
			    (long long)max_age, p.n_mx);
		if (!p.valid)
			assert_true(finding_count(&p.findings) > 0);
	}
	arena_free(a);
}

/* As many lines as the cap admits, and one more. */
static void
test_many_lines(void **state)
{
	struct arena *a = arena_new();
	struct sts_policy p;

	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		struct strbuf b = strbuf_of(arena_alloc(a, 65536), 65536);

		strbuf_add(&b, SLICE_LIT(V E A));
		for (size_t i = 3; i < LIMIT_POLICY_LINES + extra; i++)
			strbuf_add(&b, SLICE_LIT(M));
		sts_policy_parse(a, strbuf_slice(&b), &p);
		assert_int_equal(p.valid, extra == 0);
		assert_int_equal(p.valid_lenient, extra == 0);
		assert_int_equal(p.n_mx, LIMIT_POLICY_LINES - 3);
	}
	arena_free(a);
}

static void
test_order_of_mx(void **state)
{
	struct arena *a = arena_new();
	struct sts_policy p;

	(void)state;
	sts_policy_parse(a, SLICE_LIT(V E A "mx: B.example\nmx: *.a\nmx: b"),
	    &p);
	assert_int_equal(p.n_mx, 3);
	assert_true(slice_eq(p.mx[0], SLICE_LIT("B.example")));
	assert_true(slice_eq(p.mx[1], SLICE_LIT("*.a")));
	assert_true(slice_eq(p.mx[2], SLICE_LIT("b")));
	arena_free(a);
}

static void
test_media_type(void **state)
{
	static const struct {
		const char *type;
		bool is;
	} types[] = {
		{ "text/plain", true }, { "TEXT/Plain", true },
		{ "text/plain; charset=utf-8", true },
		{ " text/plain ;x", true }, { "text/plain;", true },
		{ "", false }, { "text/html", false }, { "text", false },
		{ "text/plain charset=utf-8", false },
		{ "application/octet-stream", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (sts_is_text_plain(slice_of(types[i].type)) !=
		    types[i].is)
			fail_msg("%s", types[i].type);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_many_lines),
		cmocka_unit_test(test_order_of_mx),
		cmocka_unit_test(test_media_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
