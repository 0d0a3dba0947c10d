/* SPDX-License-Identifier: Apache-2.0
 *
 * test_cert_name.c: presented DNS-IDs against reference identifiers (RFC 9525).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/rules/cert_name.h"

#include "scanner/base/banned.h"

static const struct {
	const char *presented, *reference;
	bool match;
} rows[] = {
	{ "mx.a.example", "mx.a.example", true },
	{ "MX.A.Example", "mx.a.example", true },
	{ "mx.a.example", "mx.a.example.", true },
	{ "*.a.example", "mx.a.example", true },
	{ "*.a.example", "xn--mx-abc.a.example", true },
	{ "*.a.example", "mx_1.a.example", true },
	{ "*.example", "a.example", true },
	{ "localhost", "localhost", true },
	{ "*.a.example", "a.example", false },
	{ "*.a.example", "x.mx.a.example", false },
	{ "*.a.example", "*.a.example", false },
	{ "a.*.example", "a.b.example", false },
	{ "m*.a.example", "mx.a.example", false },
	{ "*x.a.example", "mx.a.example", false },
	{ "xn--*.a.example", "xn--mx.a.example", false },
	{ "*", "localhost", false },
	{ "*.", "localhost", false },
	{ "*.*.example", "a.b.example", false },
	{ "mx.a.example.", "mx.a.example", false },
	{ "mx.a.example.", "mx.a.example.", false },
	{ ".a.example", "mx.a.example", false },
	{ "mx..example", "mx..example", false },
	{ " mx.a.example", "mx.a.example", false },
	{ "mx.a.example ", "mx.a.example", false },
	{ "m\xc3\xbc.example", "m\xc3\xbc.example", false },
	{ "192.0.2.1", "192.0.2.1", false },
	{ "*.0.2.1", "192.0.2.1", false },
	{ "a.example", "mx.a.example", false },
	{ "", "a", false }, { "a", "", false }, { "", "", false },
	{ "", ".", false },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (cert_name_match(slice_of(rows[i].presented),
		    slice_of(rows[i].reference)) != rows[i].match)
			fail_msg("%s against %s", rows[i].presented,
			    rows[i].reference);
}

static void
test_nul(void **state)
{
	(void)state;
	assert_false(cert_name_match(slice_make("a.example\0.b", 12),
	    SLICE_LIT("a.example")));
	assert_false(cert_name_match(slice_make("a.example\0", 10),
	    SLICE_LIT("a.example")));
}

static void
test_any(void **state)
{
	struct slice names[] = { SLICE_LIT("b"), SLICE_LIT("*.a.example") };

	(void)state;
	assert_true(cert_name_match_any(names, 2, SLICE_LIT("x.a.example")));
	assert_false(cert_name_match_any(names, 1, SLICE_LIT("x.a.example")));
	assert_false(cert_name_match_any(NULL, 0, SLICE_LIT("b")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
