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
	const char *id_lenient; /* NULL: not valid by another reading */
};

static const struct row rows[] = {
	{ "v=STSv1; id=1", "1", true, false, true, NULL },
	{ "v=STSv1;id=Aa0;", "Aa0", true, false, true, NULL },
	{ "v=STSv1; x=y; id=1 ; ", "1", true, false, true, NULL },
	{ "v=STSv1 ; id=1", "1", true, true, true, "1" },
	{ "v=STSv1 ; id=x-y", "", false, true, true, NULL },
	{ "v=STSv1 ; id=x-y; id=z", "", false, true, true, "z" },
	{ "v=STSv1 ; id=1; z", "1", false, true, true, NULL },
	{ "v=STSv1; id=a; id=b", "a", true, false, true, NULL },
	{ "v=STSv1; id=a; id=b-c", "a", true, false, true, NULL },
	{ "v=STSv1; id=a; id=b c", "a", false, false, true, NULL },
	{ "v=STSv1; id=a; id=", "a", false, false, true, NULL },
	{ "v=STSv1; id=x-y; id=ok", "", false, true, true, "ok" },
	{ "v=STSv1; id=x-y; a=b; id=ok; id=2", "", false, true, true, "ok" },
	{ "v=STSv1; id=x-y; id=z-; id=ok", "", false, true, true, "ok" },
	{ "v=STSv1; id=x-y; id=ok; z", "", false, true, true, NULL },
	{ "v=STSv1; id=; id=ok", "", false, false, true, NULL },
	{ "v=STSv1; id=x-y; Id=ok", "", false, false, true, NULL },
	{ "v=STSv1; id=x y; id=ok", "", false, false, true, NULL },
	{ "v=STSv1; id=1; v=STSv1", "1", true, false, true, NULL },
	{ "v=STSv1; id=1 ", "1", false, false, true, NULL },
	{ "v=STSv1; Id=1", "", false, false, true, NULL },
	{ "v=STSv1", "", false, false, true, NULL },
	{ "v=STSv1;", "", false, false, true, NULL },
	{ "v=STSv2; id=1", "", false, false, true, NULL },
	{ "v=spf1 -all", "", false, false, false, NULL },
	{ "", "", false, false, false, NULL },
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
		if (r.valid_lenient != (rows[i].id_lenient != NULL) ||
		    !slice_eq(r.id_lenient, slice_of(rows[i].id_lenient)))
			fail_msg("%s: leniently %d, id %.*s", rows[i].txt,
			    r.valid_lenient, SLICE_ARG(r.id_lenient));
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

static void
test_rrset_lenient(void **state)
{
	static const struct {
		const char *name, *txt[3];
		enum record_status status;
		bool ambiguous;
		const char *id_lenient;
	} sets[] = {
		{ "alone", { "v=STSv1 ;id=1" }, RECORD_STATUS_OK, true, "1" },
		{ "beside SPF", { "v=STSv1 ;id=1", "v=spf1 -all" },
		    RECORD_STATUS_INVALID, true, "1" },
		{ "beside a good one", { "v=STSv1 ;id=1", "v=STSv1;id=2" },
		    RECORD_STATUS_OK, true, NULL },
		{ "two of them", { "v=STSv1 ;id=1", "v=STSv1 ;id=2" },
		    RECORD_STATUS_INVALID, true, NULL },
		{ "beside two good ones", { "v=STSv1 ;id=1", "v=STSv1;id=2",
		    "v=STSv1;id=3" }, RECORD_STATUS_MULTIPLE, true, NULL },
		{ "bad beside SPF", { "v=STSv1 ;id=", "v=spf1 -all" },
		    RECORD_STATUS_INVALID, true, NULL },
		{ "two readings at once", { "v=STSv1 ;id=-;id=1", "x" },
		    RECORD_STATUS_INVALID, true, "1" },
		{ "extension beside SPF", { "v=STSv1;id=-;id=1", "x" },
		    RECORD_STATUS_INVALID, true, "1" },
		{ "good beside SPF", { "v=STSv1;id=1", "v=spf1 -all" },
		    RECORD_STATUS_OK, false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		struct txt_rr rr[3];
		struct rrset set = { .lookup.outcome = OUTCOME_OK,
			.txt = rr };
		struct sts_rrset got;

		while (set.n < 3 && sets[i].txt[set.n] != NULL) {
			rr[set.n].joined = slice_of(sets[i].txt[set.n]);
			set.n++;
		}
		got = sts_rrset_judge(&set);
		if (got.status != sets[i].status ||
		    got.ambiguous != sets[i].ambiguous ||
		    got.valid_lenient != (sets[i].id_lenient != NULL) ||
		    !slice_eq(got.id_lenient, slice_of(sets[i].id_lenient)))
			fail_msg("%s: %s, leniently %d", sets[i].name,
			    record_status_word(got.status),
			    got.valid_lenient);
	}
}

/* ---- ids as times ---- */

#define NO_TIME INT64_C(-1)

/* Seconds from `date -u -d ... +%s`. */
static const struct {
	const char *id;
	int64_t seconds;
} times[] = {
	{ "20160101", 1451606400 }, { "20991231", 4102358400 },
	{ "20991231T235959Z", 4102444799 },
	{ "20151231", NO_TIME }, { "21000101", NO_TIME },
	{ "20240229", 1709164800 }, { "20230229", NO_TIME },
	{ "20240230", NO_TIME }, { "20240301", 1709251200 },
	{ "20260131", 1769817600 }, { "20260132", NO_TIME },
	{ "20260430", 1777507200 }, { "20260431", NO_TIME },
	{ "20260001", NO_TIME }, { "20261301", NO_TIME },
	{ "20261200", NO_TIME },
	{ "2026010123", 1767308400 }, { "2026010124", NO_TIME },
	{ "202601012359", 1767311940 }, { "202601012360", NO_TIME },
	{ "20260101235959", 1767311999 }, { "20260101235960", NO_TIME },
	{ "20260101T23", 1767308400 }, { "20260101T2359Z", 1767311940 },
	{ "20260101235959Z", 1767311999 }, { "20260101Z", 1767225600 },
	{ "20160831085700Z", 1472633820 },
	{ "20260101T", NO_TIME }, { "20260101TZ", NO_TIME },
	{ "20260101T1", NO_TIME }, { "20260101T123", NO_TIME },
	{ "20260101t1200", NO_TIME }, { "20260101T1200z", NO_TIME },
	{ "20260101ZZ", NO_TIME }, { "Z20260101", NO_TIME },
	{ "2026010112T00", NO_TIME }, { "2026010112000000", NO_TIME },
	{ "202601", NO_TIME }, { "2026", NO_TIME }, { "", NO_TIME },
	{ "260101", NO_TIME }, { "01012026", NO_TIME },
	{ "1451606400", 1451606400 }, { "1451606399", NO_TIME },
	{ "1767225600", 1767225600 }, { "1767225600Z", NO_TIME },
	{ "4102444799", 4102444799 }, { "4102444800", NO_TIME },
	{ "1767225600999", 1767225600 }, { "1451606399999", NO_TIME },
	{ "4102444799999", 4102444799 }, { "4102444800000", NO_TIME },
	{ "17672256000", NO_TIME }, { "176722560099", NO_TIME },
	/* A date and a serial number, not a time in 2034. */
	{ "2026010199", NO_TIME }, { "2026010112000", NO_TIME },
	{ "2015999999", 2015999999 }, { "2100000000", 2100000000 },
	{ "v20260101", NO_TIME }, { "20260101a", NO_TIME },
};

static void
test_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		int64_t seconds = 77;
		bool is = sts_id_time(slice_of(times[i].id), &seconds);

		if (is != (times[i].seconds != NO_TIME) ||
		    seconds != (is ? times[i].seconds : 0))
			fail_msg("%s: %d, %lld", times[i].id, is,
			    (long long)seconds);
	}
}

/* Every day of the years follows the one before by a day; none is missing. */
static void
test_calendar(void **state)
{
	int64_t last = INT64_C(1451606400) - 86400, seconds;
	size_t n = 0;
	char id[9];

	(void)state;
	for (int day = 20160000; day < 21000000; day++) {
		(void)snprintf(id, sizeof(id), "%d", day);
		if (!sts_id_time(slice_of(id), &seconds))
			continue;
		assert_int_equal(seconds, last + 86400);
		last = seconds;
		n++;
	}
	/* 84 years, 21 of them leap. */
	assert_int_equal(n, 84 * 365 + 21);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_rrset_outcomes),
		cmocka_unit_test(test_rrset_lenient),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
