/* SPDX-License-Identifier: Apache-2.0
 *
 * test_findings.c: the catalogue and sets of findings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/rules/findings.h"

#include "scanner/base/banned.h"

/* RFC 8460 4.3. */
static const char *const result_types[] = {
	"starttls-not-supported", "certificate-host-mismatch",
	"certificate-expired", "certificate-not-trusted",
	"validation-failure", "tlsa-invalid", "dnssec-invalid",
	"dane-required", "sts-policy-fetch-error", "sts-policy-invalid",
	"sts-webpki-invalid",
};

static bool
is_result_type(const char *word)
{
	for (size_t i = 0; i < sizeof(result_types) / sizeof(*result_types);
	    i++)
		if (strcmp(result_types[i], word) == 0)
			return true;
	return false;
}

static void
test_rows(void **state)
{
	(void)state;
	for (enum finding f = 0; f < FINDING_COUNT; f++) {
		const struct finding_row *r = finding_row(f);

		assert_non_null(r->code);
		for (enum finding g = 0; g < f; g++)
			assert_string_not_equal(r->code,
			    finding_row(g)->code);
		assert_true(slice_ends(slice_of(r->sentence),
		    SLICE_LIT(".")));
		if (r->rpt != NULL && !is_result_type(r->rpt))
			fail_msg("%s: %s", r->code, r->rpt);
	}
}

static void
test_known_rows(void **state)
{
	const struct finding_row *r = finding_row(FINDING_CERT_EXPIRED);

	(void)state;
	assert_string_equal(r->code, "mx.cert_expired");
	assert_string_equal(r->area, "cert");
	assert_string_equal(r->severity, "error");
	assert_string_equal(r->rfc, "RFC 8461");
	assert_string_equal(r->section, "4.2");
	assert_string_equal(r->rpt, "certificate-expired");
	assert_null(finding_row(FINDING_TLSRPT_ABSENT)->rpt);
}

static void
test_sets(void **state)
{
	struct finding_set a = { { 0 } }, b = { { 0 } };
	enum finding last = FINDING_COUNT - 1;

	(void)state;
	assert_int_equal(finding_count(&a), 0);
	assert_int_equal(finding_next(&a, 0), FINDING_COUNT);
	finding_raise(&a, last);
	finding_raise(&a, 0);
	finding_raise(&a, 0);
	assert_true(finding_has(&a, 0));
	assert_false(finding_has(&a, 1));
	assert_int_equal(finding_count(&a), 2);
	assert_int_equal(finding_next(&a, 0), 0);
	assert_int_equal(finding_next(&a, 1), last);
	finding_raise(&b, 1);
	finding_merge(&b, &a);
	assert_int_equal(finding_count(&b), 3);
	assert_int_equal(finding_count(&a), 2);
	for (enum finding f = 0; f < FINDING_COUNT; f++)
		finding_raise(&b, f);
	assert_int_equal(finding_count(&b), FINDING_COUNT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_known_rows),
		cmocka_unit_test(test_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
