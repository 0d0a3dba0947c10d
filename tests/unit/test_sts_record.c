/* SPDX-License-Identifier: Apache-2.0
 *
 * test_sts_record.c: one record by the ABNF of RFC 8461 3.1, and the answer.
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

struct row {
	const char *txt, *id;
	bool valid, ambiguous, resembles;
};

static const struct row rows[] = {
	{ "v=STSv1; id=1", "1", true, false, true },
	{ "v=STSv1;id=Aa0;", "Aa0", true, false, true },
	{ "v=STSv1; x=y; id=1 ; ", "1", true, false, true },
	{ "v=STSv1 ; id=1", "1", true, true, true },
	{ "v=STSv1; id=a; id=b", "a", true, false, true },
	{ "v=STSv1; id=a; id=b-c", "a", true, false, true },
	{ "v=STSv1; id=a; id=b c", "a", false, false, true },
	{ "v=STSv1; id=a; id=", "a", false, false, true },
	{ "v=STSv1; id=x-y; id=ok", "", false, true, true },
	{ "v=STSv1; id=x y; id=ok", "", false, false, true },
	{ "v=STSv1; id=1; v=STSv1", "1", true, false, true },
	{ "v=STSv1; id=1 ", "1", false, false, true },
	{ "v=STSv1; Id=1", "", false, false, true },
	{ "v=STSv1", "", false, false, true },
	{ "v=STSv1;", "", false, false, true },
	{ "v=STSv2; id=1", "", false, false, true },
	{ "v=spf1 -all", "", false, false, false },
	{ "", "", false, false, false },
};

static void
test_record(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sts_record r = sts_record_parse(slice_of(rows[i].txt));

		if (r.valid != rows[i].valid ||
		    r.ambiguous != rows[i].ambiguous ||
		    r.resembles != rows[i].resembles ||
		    !slice_eq(r.id, slice_of(rows[i].id)))
			fail_msg("%s: valid %d, ambiguous %d, id %.*s",
			    rows[i].txt, r.valid, r.ambiguous,
			    SLICE_ARG(r.id));
		/* Valid ones raise no error, invalid ones say why. */
		if (r.resembles && !r.valid)
			assert_true(finding_count(&r.findings) > 0);
	}
}

/* Every byte in every place of a good record: judged, never overrun. */
static void
test_every_byte(void **state)
{
	char txt[] = "v=STSv1; id=1; a=b";
	size_t n = sizeof(txt) - 1, n_valid = 0;

	(void)state;
	for (size_t at = 0; at < n; at++) {
		char kept = txt[at];

		for (int b = 0; b < 256; b++) {
			txt[at] = (char)b;
			if (sts_record_parse(slice_make(txt, n)).valid)
				n_valid++;
		}
		txt[at] = kept;
	}
	/*
	 * By hand: the bytes of the version and its ";" only themselves (8);
	 * the space SP or TAB, for anything longer is no "id" (2); "id=" only
	 * itself (3); the id 62 alphanumerics; ";" itself (1); the space SP,
	 * TAB or the first byte of a longer name (64); "a" 62 alphanumerics;
	 * "=" itself (1); "b" the 94 printable bytes but "=" and ";" (92).
	 */
	assert_int_equal(n_valid, 8 + 2 + 3 + 62 + 1 + 64 + 62 + 1 + 92);
}

static void
test_rrset_outcomes(void **state)
{
	(void)state;
	for (enum outcome o = 0; o < OUTCOME_COUNT; o++) {
		struct rrset set = { .lookup = { .outcome = o } };
		enum record_status want = RECORD_STATUS_INCONCLUSIVE;

		if (o == OUTCOME_OK || o == OUTCOME_NODATA ||
		    o == OUTCOME_NXDOMAIN)
			want = RECORD_STATUS_ABSENT;
		if (sts_rrset_judge(&set).status != want)
			fail_msg("%s", outcome_word(o));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_rrset_outcomes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
