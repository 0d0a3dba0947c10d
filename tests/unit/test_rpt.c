/* SPDX-License-Identifier: Apache-2.0
 *
 * test_rpt.c: what the members of a TLS report may hold (RFC 8460 4.3, 4.4).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/rules/findings.h"
#include "scanner/rules/rpt.h"

#include "scanner/base/banned.h"

static void
test_date_time(void **state)
{
	static const struct {
		const char *text;
		bool valid;
		int64_t seconds;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", true, 0 },
		{ "2016-04-01T23:59:59Z", true, 1459555199 },
		{ "2000-02-29t12:00:00z", true, 951825600 },
		{ "2024-03-01T00:00:00.000+01:00", true, 1709247600 },
		{ "1969-12-31T23:59:59-00:30", true, 1799 },
		{ "1998-12-31T23:59:60Z", true, 915148800 },
		{ "0000-01-01T00:00:00Z", true, -62167219200 },
		{ "9999-12-31T23:59:59Z", true, 253402300799 },
		{ "1900-02-29T00:00:00Z", false, 0 },
		{ "2023-02-29T00:00:00Z", false, 0 },
		{ "2024-04-31T00:00:00Z", false, 0 },
		{ "2024-00-01T00:00:00Z", false, 0 },
		{ "2024-13-01T00:00:00Z", false, 0 },
		{ "2024-01-01T24:00:00Z", false, 0 },
		{ "2024-01-01T00:60:00Z", false, 0 },
		{ "2024-01-01T00:00:61Z", false, 0 },
		{ "2024-01-01T00:00:00", false, 0 },
		{ "2024-01-01T00:00:00.Z", false, 0 },
		{ "2024-01-01T00:00:00Zx", false, 0 },
		{ "2024-01-01T00:00:00+0100", false, 0 },
		{ "2024-01-01T00:00:00+24:00", false, 0 },
		{ "2024-01-01 00:00:00Z", false, 0 },
		{ "2024-1-01T00:00:00Z", false, 0 },
		{ "2024-01-01", false, 0 },
		{ "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t seconds = 0;
		bool valid = rpt_date_time(slice_of(rows[i].text), &seconds);

		if (valid != rows[i].valid ||
		    (valid && seconds != rows[i].seconds))
			fail_msg("%s: %d, %lld", rows[i].text, valid,
			    (long long)seconds);
	}
}

/* The findings speak of the closed list and of nothing else. */
static void
test_findings_use_the_list(void **state)
{
	size_t n = 0;

	(void)state;
	for (int f = 0; f < FINDING_COUNT; f++) {
		const char *rpt = finding_row(f)->rpt;

		if (rpt == NULL)
			continue;
		n++;
		if (!rpt_is_result_type(slice_of(rpt)))
			fail_msg("%s: %s", finding_row(f)->code, rpt);
	}
	assert_true(n > 10);
	assert_true(rpt_is_result_type(SLICE_LIT("dane-required")));
	assert_false(rpt_is_result_type(SLICE_LIT("Dane-required")));
	assert_false(rpt_is_result_type(SLICE_EMPTY));
	assert_true(rpt_is_policy_type(SLICE_LIT("no-policy-found")));
	assert_false(rpt_is_policy_type(SLICE_LIT("no-policy")));
}

static enum rpt_grade
grade_of(enum rpt_object object, const char *name, struct rpt_value v)
{
	size_t n;
	const struct rpt_member *member = rpt_members(object, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(member[i].name, name) == 0) {
			const char *why;

			return rpt_check(&member[i], &v, &why);
		}
	fail_msg("no member %s", name);
	return RPT_BAD;
}

static struct rpt_value
string(const char *text)
{
	return (struct rpt_value){ .shape = RPT_STRING,
		.text = slice_of(text) };
}

static struct rpt_value
shape(enum rpt_shape s)
{
	return (struct rpt_value){ .shape = s };
}

struct row {
	enum rpt_object object;
	const char *name;
	struct rpt_value value;
	enum rpt_grade grade;
};

static void
check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum rpt_grade got = grade_of(rows[i].object, rows[i].name,
		    rows[i].value);

		if (got != rows[i].grade)
			fail_msg("row %zu, %s: %d", i, rows[i].name, got);
	}
}

static void
test_report(void **state)
{
	struct rpt_value strings = { .shape = RPT_LIST, .n = 2,
		.all_strings = true };
	struct rpt_value mixed = { .shape = RPT_LIST, .n = 2 };
	const struct row rows[] = {
		{ RPT_REPORT, "report-id", string("1"), RPT_GOOD },
		{ RPT_REPORT, "report-id", shape(RPT_ABSENT), RPT_BAD },
		{ RPT_REPORT, "report-id", shape(RPT_NATURAL), RPT_BAD },
		{ RPT_REPORT, "organization-name", shape(RPT_NULL), RPT_BAD },
		{ RPT_REPORT, "contact-info", shape(RPT_ABSENT), RPT_SILENT },
		{ RPT_REPORT, "contact-info", string("a@b.example"),
		    RPT_GOOD },
		{ RPT_REPORT, "contact-info", string("@b.example"),
		    RPT_SILENT },
		{ RPT_REPORT, "policies", mixed, RPT_GOOD },
		{ RPT_REPORT, "policies", shape(RPT_LIST), RPT_SILENT },
		{ RPT_REPORT, "policies", shape(RPT_MAP), RPT_BAD },
		{ RPT_REPORT, "date-range", shape(RPT_MAP), RPT_GOOD },
		{ RPT_REPORT, "date-range", string("today"), RPT_BAD },
		{ RPT_ENTRY, "failure-details", shape(RPT_LIST), RPT_GOOD },
		{ RPT_POLICY, "policy-type", string("sts"), RPT_GOOD },
		{ RPT_POLICY, "policy-type", string("STS"), RPT_BAD },
		{ RPT_POLICY, "mx-host", strings, RPT_GOOD },
		{ RPT_POLICY, "mx-host", mixed, RPT_BAD },
		{ RPT_POLICY, "mx-host", string("a.example"), RPT_SILENT },
		{ RPT_POLICY, "policy-domain", string("a..b"), RPT_BAD },
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void
test_sessions(void **state)
{
	const struct row rows[] = {
		{ RPT_SUMMARY, "total-failure-session-count",
		    shape(RPT_NATURAL), RPT_GOOD },
		{ RPT_SUMMARY, "total-failure-session-count",
		    shape(RPT_OTHER), RPT_BAD },
		{ RPT_SUMMARY, "total-failure-session-count", string("1"),
		    RPT_BAD },
		{ RPT_DETAIL, "sending-mta-ip", string("192.0.2.1"),
		    RPT_GOOD },
		{ RPT_DETAIL, "sending-mta-ip", string("2001:db8:0012::1"),
		    RPT_GOOD },
		{ RPT_DETAIL, "sending-mta-ip", string("192.0.2.256"),
		    RPT_SILENT },
		{ RPT_DETAIL, "receiving-mx-helo", shape(RPT_NULL),
		    RPT_SILENT },
		{ RPT_DETAIL, "receiving-mx-helo", shape(RPT_ABSENT),
		    RPT_GOOD },
		{ RPT_DETAIL, "result-type", string("tlsa-invalid"),
		    RPT_GOOD },
		{ RPT_DETAIL, "result-type", string("tlsa-valid"), RPT_BAD },
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_date_time),
		cmocka_unit_test(test_findings_use_the_list),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
