/* SPDX-License-Identifier: Apache-2.0
 *
 * test_check_way.c: the next steps that `mxcensus check` names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "scanner/check_way.h"
#include "tests/unit/check_sample.h"

#include "scanner/base/banned.h"

static size_t
steps_of(const struct check_view *v, enum way_place place, bool done,
    const char *text)
{
	struct arena *a = arena_new();
	struct way way;
	const struct slice *step;
	size_t n;
	bool found = text == NULL;

	check_way(a, v, &way);
	assert_int_equal(way.place, place);
	assert_int_equal(way.done, done);
	step = way.steps.p;
	n = way.steps.n;
	for (size_t i = 0; i < n && !found; i++)
		found = strstr(step[i].p, text) != NULL;
	if (!found)
		fail_msg("no step says: %s", text);
	arena_free(a);
	return n;
}

static void
test_way(void **state)
{
	struct check_sample s;

	(void)state;
	check_sample_make(&s);
	assert_int_equal(steps_of(&s.view, WAY_TESTING, false,
	    "Nothing is in the way"), 1);
	s.view.mode = POLICY_MODE_ENFORCE;
	assert_int_equal(steps_of(&s.view, WAY_ENFORCE, true, NULL), 0);
	s.view.max_age = WAY_MAX_AGE - 1;
	assert_int_equal(steps_of(&s.view, WAY_ENFORCE, false,
	    "Raise max_age"), 1);
	check_sample_make(&s);
	s.host[1].in_policy = TRI_NO;
	assert_int_equal(steps_of(&s.view, WAY_TESTING, false,
	    "Name mx2.a.example in the policy"), 1);
	s.host[1].starttls = STARTTLS_STATUS_UNREACHABLE;
	assert_int_equal(steps_of(&s.view, WAY_TESTING, false,
	    "Give an address to mx2.a.example"), 2);
	check_sample_make(&s);
	s.view.tlsrpt = RECORD_STATUS_ABSENT;
	steps_of(&s.view, WAY_TESTING, false, "Publish a TLS-RPT record");
	check_sample_make(&s);
	s.view.sts = RECORD_STATUS_ABSENT;
	s.view.policy = POLICY_STATUS_NONE_TRIED;
	s.view.mode = POLICY_MODE_NULL;
	assert_int_equal(steps_of(&s.view, WAY_NONE, false,
	    "Publish a policy with mode: testing"), 2);
	s.view.mx_status = MX_STATUS_NULL_MX;
	assert_int_equal(steps_of(&s.view, WAY_NO_MAIL, true, NULL), 0);
	check_sample_make(&s);
	s.view.policy = POLICY_STATUS_INCONCLUSIVE;
	assert_int_equal(steps_of(&s.view, WAY_UNKNOWN, false, NULL), 1);
}

/* Findings that change what comes next. */
static void
test_way_by_findings(void **state)
{
	const struct finding_row *row[1];
	struct check_cert cert = { .not_after = 1796256000 };
	struct check_address at = { .address = SLICE_LIT("192.0.2.1"),
		.starttls = STARTTLS_STATUS_OK, .cert = &cert };
	struct check_sample s;

	(void)state;
	check_sample_make(&s);
	s.view.finding = row, s.view.n_finding = 1;
	row[0] = finding_row(FINDING_TLSRPT_ABSENT_TESTING);
	s.view.tlsrpt = RECORD_STATUS_ABSENT;
	assert_int_equal(steps_of(&s.view, WAY_TESTING, false,
	    "_smtp._tls.a.example, first of all: without it nobody"), 1);
	s.view.tlsrpt = RECORD_STATUS_OK;
	row[0] = finding_row(FINDING_TLSRPT_RUA_PARTLY);
	assert_int_equal(steps_of(&s.view, WAY_TESTING, false,
	    "Name destinations in the TLS-RPT record"), 1);

	/* A long life is in nobody's way; it matters while one waits. */
	row[0] = finding_row(FINDING_STS_POLICY_MAX_AGE_LONG);
	assert_int_equal(steps_of(&s.view, WAY_TESTING, false,
	    "Nothing is in the way"), 1);
	s.host[1].time_ok = TRI_NO;
	assert_int_equal(steps_of(&s.view, WAY_TESTING, false,
	    "Until then lower max_age"), 2);
	s.host[1].time_ok = TRI_YES;
	s.view.mode = POLICY_MODE_NONE;
	assert_int_equal(steps_of(&s.view, WAY_NONE, false,
	    "Or, to withdraw the policy for good: lower max_age"), 2);

	s.view.mode = POLICY_MODE_ENFORCE, s.view.max_age = 3600;
	row[0] = finding_row(FINDING_STS_POLICY_MAX_AGE_SHORT);
	assert_int_equal(steps_of(&s.view, WAY_ENFORCE, false,
	    "below a day it protects from nothing"), 1);
	s.view.max_age = 604800;

	s.host[1].address = &at, s.host[1].n_address = 1;
	row[0] = finding_row(FINDING_CERT_EXPIRES_SOON);
	assert_int_equal(steps_of(&s.view, WAY_ENFORCE, false,
	    "Renew the certificate of mx2.a.example and see why that did not "
	    "happen by itself: it ends on 2026-12-03."), 1);
	row[0] = finding_row(FINDING_STS_POLICY_CERT_EXPIRES_SOON);
	assert_int_equal(steps_of(&s.view, WAY_ENFORCE, false,
	    "mta-sts.a.example: it ends within 14 days"), 1);
	s.view.policy_not_after = 1796256000;
	assert_int_equal(steps_of(&s.view, WAY_ENFORCE, false,
	    "mta-sts.a.example: it ends on 2026-12-03"), 1);

	/* Without a policy servers have time, unless others are ahead. */
	s.view.sts = RECORD_STATUS_ABSENT;
	s.view.policy = POLICY_STATUS_NONE_TRIED;
	s.view.mode = POLICY_MODE_NULL;
	s.host[0].starttls = STARTTLS_STATUS_NOT_OFFERED;
	assert_int_equal(steps_of(&s.view, WAY_NONE, false, NULL), 2);
	row[0] = finding_row(FINDING_MX_HOSTS_DISAGREE);
	assert_int_equal(steps_of(&s.view, WAY_NONE, false,
	    "Give mx1.a.example STARTTLS"), 3);
}

static void
test_way_of_dane(void **state)
{
	struct check_address at = { .starttls = STARTTLS_STATUS_OK,
		.alternative = SLICE_LIT("3 0 1") };
	struct check_sample s;

	(void)state;
	check_sample_make(&s);
	s.view.mx_secure = TRI_YES;
	s.host[0].dane = DANE_STATUS_MISMATCH;
	assert_int_equal(steps_of(&s.view, WAY_TESTING, false,
	    "Publish a TLSA record that matches the certificate of mx1"), 2);
	steps_of(&s.view, WAY_TESTING, false, "Nothing is in the way");
	s.host[0].address = &at, s.host[0].n_address = 1;
	steps_of(&s.view, WAY_TESTING, false, "its data would match as 3 0 1");
	s.host[0].starttls = STARTTLS_STATUS_NOT_OFFERED;
	steps_of(&s.view, WAY_TESTING, false, "take its TLSA records away");
	check_sample_make(&s);
	s.view.mode = POLICY_MODE_ENFORCE;
	s.host[0].dane = DANE_STATUS_UNUSABLE;
	assert_int_equal(steps_of(&s.view, WAY_ENFORCE, false,
	    "Replace the TLSA records of mx1.a.example"), 1);
	s.host[0].dane = DANE_STATUS_BOGUS;
	steps_of(&s.view, WAY_ENFORCE, false, "Repair DNSSEC for mx1");
	s.host[0].dane = DANE_STATUS_INCONCLUSIVE;
	s.host[0].tlsa_lookup = OUTCOME_SERVFAIL;
	steps_of(&s.view, WAY_ENFORCE, true, NULL);
	s.view.mx_secure = TRI_YES;
	steps_of(&s.view, WAY_ENFORCE, false, "at _25._tcp.mx1.a.example");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_way),
		cmocka_unit_test(test_way_by_findings),
		cmocka_unit_test(test_way_of_dane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
