/* SPDX-License-Identifier: Apache-2.0
 *
 * test_sts_match.c: mx patterns against MX host names (RFC 8461 4.1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/rules/sts.h"

#include "scanner/base/banned.h"

static const struct {
	const char *pattern, *host;
	bool match;
} rows[] = {
	{ "a.example", "a.example", true },
	{ "A.Example", "a.eXAMPLE", true },
	{ "a.example", "a.example.", true },
	{ "*.a.example", "mx.a.example", true },
	{ "*.a.example", "mx_1.a.example", true },
	{ "*.a.example", "a.example", false },
	{ "*.a.example", "x.mx.a.example", false },
	{ "*.a.example", ".a.example", false },
	{ "*.a.example", "*.a.example", false },
	{ "a.example", "b.a.example", false },
	{ "a.example", "bad-a.example", false },
	{ "a.example", "a.example.evil", false },
	{ "a.example.", "a.example", false },
	{ "*", "a", false },
	{ "*.", "a", false },
	{ "", "", false },
	{ "a.example", "", false },
	{ "f*.example", "fo.example", false },
	{ "*.*.example", "a.b.example", false },
	{ "m\xc3\xbc.example", "m\xc3\xbc.example", false },
	{ "127.0.0.1", "127.0.0.1", true },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (sts_mx_match(slice_of(rows[i].pattern),
		    slice_of(rows[i].host)) != rows[i].match)
			fail_msg("%s against %s", rows[i].pattern,
			    rows[i].host);
}

static void
test_any(void **state)
{
	struct slice mx[] = { SLICE_LIT("a.example"), SLICE_LIT("*.b") };
	struct sts_policy p = { .mx = mx, .n_mx = 2 };

	(void)state;
	assert_true(sts_mx_match_any(&p, SLICE_LIT("x.b")));
	assert_false(sts_mx_match_any(&p, SLICE_LIT("x.c")));
	p.n_mx = 0;
	assert_false(sts_mx_match_any(&p, SLICE_LIT("a.example")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
