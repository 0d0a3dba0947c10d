/* SPDX-License-Identifier: Apache-2.0
 *
 * test_tlsa.c: which TLSA records SMTP can use; their presentation form.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/rules/tlsa.h"

#include "scanner/base/banned.h"

#define H16 "00112233445566778899aabbccddeeff"
#define H32 H16 H16

static void
test_usable(void **state)
{
	size_t n_usable = 0, n_formed = 0;

	(void)state;
	for (int u = 0; u < 6; u++)
		for (int s = 0; s < 4; s++)
			for (int m = 0; m < 5; m++)
				for (size_t n = 0; n <= 65; n++) {
					struct tlsa_rr rr = {
						.usage = (uint8_t)u,
						.selector = (uint8_t)s,
						.mtype = (uint8_t)m,
						.data = { H32 H32, n },
					};

					n_usable += tlsa_is_usable(&rr);
					n_formed += tlsa_is_well_formed(&rr);
				}
	/* Two usages, two selectors: 65 lengths of Full, one per digest. */
	assert_int_equal(n_usable, 2 * 2 * (65 + 1 + 1));
	assert_int_equal(n_formed, 4 * 2 * (65 + 1 + 1));
}

static void
test_count(void **state)
{
	struct tlsa_rr rr[] = {
		{ 3, 1, 1, { H32, 32 } }, { 1, 1, 1, { H32, 32 } },
		{ 2, 0, 2, { H32 H32, 64 } }, { 3, 1, 2, { H32, 32 } },
	};
	struct rrset set = { .tlsa = rr, .n = 4 };

	(void)state;
	assert_int_equal(tlsa_count_usable(&set), 2);
	set.n = 0;
	assert_int_equal(tlsa_count_usable(&set), 0);
}

static const struct {
	const char *text;
	bool ok;
	uint8_t usage, selector, mtype;
	size_t n;
} rows[] = {
	{ "3 1 1 " H32, true, 3, 1, 1, 32 },
	{ "  2\t0 2 " H32 H32 " ", true, 2, 0, 2, 64 },
	{ "3 1 1 " H16 " " H16, true, 3, 1, 1, 32 },
	{ "3 1 1 ( " H16 "\n\t" H16 " )", true, 3, 1, 1, 32 },
	{ "( 3 1 1 " H32 ")", true, 3, 1, 1, 32 },
	{ "3 1 1 AABB", true, 3, 1, 1, 2 },
	{ "255 255 255 00", true, 255, 255, 255, 1 },
	{ "256 1 1 00", false, 0, 0, 0, 0 },
	{ "3 1 1", false, 0, 0, 0, 0 },
	{ "3 1 1 abc", false, 0, 0, 0, 0 },
	{ "3 1 1 zz", false, 0, 0, 0, 0 },
	{ "3 1 1 aa )", false, 0, 0, 0, 0 },
	{ "3 1 1 ( aa", false, 0, 0, 0, 0 },
	{ "3 1 1 ((aa))", false, 0, 0, 0, 0 },
	{ "-3 1 1 aa", false, 0, 0, 0, 0 },
	{ "x", false, 0, 0, 0, 0 },
	{ "", false, 0, 0, 0, 0 },
};

static void
test_parse(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tlsa_rr rr = { 0 };
		bool ok = tlsa_parse(a, slice_of(rows[i].text), &rr);

		if (ok != rows[i].ok)
			fail_msg("%s: %d", rows[i].text, ok);
		if (ok && (rr.usage != rows[i].usage ||
		    rr.selector != rows[i].selector ||
		    rr.mtype != rows[i].mtype || rr.data.n != rows[i].n))
			fail_msg("%s: %u %u %u, %zu bytes", rows[i].text,
			    rr.usage, rr.selector, rr.mtype, rr.data.n);
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usable),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
