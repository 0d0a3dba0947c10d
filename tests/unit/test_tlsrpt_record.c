/* SPDX-License-Identifier: Apache-2.0
 *
 * test_tlsrpt_record.c: the TLS-RPT record and its destinations (RFC 8460 3).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/rules/tlsrpt.h"
#include "scanner/rules/uri.h"

#include "scanner/base/banned.h"

#define V "v=TLSRPTv1; "

static const struct {
	const char *txt;
	bool valid, ambiguous, lenient;
	size_t n_rua;
	const char *first;
} rows[] = {
	{ V "rua=mailto:a@b.example", true, false, false, 1,
	    "mailto:a@b.example" },
	{ V "rua=mailto:a@b.example;", true, false, false, 1,
	    "mailto:a@b.example" },
	{ V "rua=https://b.example/x?y=1,mailto:a@b.example", true,
	    false, false, 2, "https://b.example/x?y=1" },
	{ V "rua=mailto:a@b.c \t, \tmailto:d@e.f", true, false, false, 2,
	    "mailto:a@b.c" },
	{ V "x=y; rua=MAILTO:a@b.example; z=w", true, false, false, 1,
	    "MAILTO:a@b.example" },
	{ V "rua=mailto:a@b.c; rua=mailto:d@e.f", true, true, true, 2,
	    "mailto:a@b.c" },
	{ V "rua=mailto:a@b.c; rua=nothing", true, true, true, 1,
	    "mailto:a@b.c" },
	{ V "rua=https://host/in", true, true, true, 1, "https://host/in" },
	{ V "rua=https://[2001:db8::1]:443/in", true, false, false, 1,
	    "https://[2001:db8::1]:443/in" },
	{ V "rua=mailto:a@b.c,ftp://d.e/f", true, true, true, 2,
	    "mailto:a@b.c" },
	{ "v=TLSRPTv1 ;rua=mailto:a@b.c", true, true, true, 1, "mailto:a@b.c" },
	{ V "rua=ftp://d.e/f", false, true, true, 1, "ftp://d.e/f" },
	{ V "rua=mailto:a@b.c:25", false, true, true, 1, "mailto:a@b.c:25" },
	{ V "rua=mailto:@b.c", false, true, true, 1, "mailto:@b.c" },
	{ V "rua=https:///in", false, true, true, 1, "https:///in" },
	{ V "rua=mailto:a@b.c,", false, false, false, 0, "" },
	{ V "rua=,mailto:a@b.c", false, false, false, 0, "" },
	{ V "rua= mailto:a@b.c", false, false, false, 0, "" },
	{ V "rua=mailto:a@b.c!10m", false, false, false, 0, "" },
	{ V "rua=mailto:a%2@b.c", false, false, false, 0, "" },
	{ V "rua=", false, false, false, 0, "" },
	{ V "rua=x", false, false, false, 0, "" },
	{ V "RUA=mailto:a@b.c", false, false, false, 0, "" },
	{ "v=TLSRPTv1", false, false, false, 0, "" },
	{ "v=spf1 -all", false, false, false, 0, "" },
	{ V "rua=ftp://d.e/f; z", false, true, false, 1, "ftp://d.e/f" },
	{ V "rua=mailto:a@b.c; rua=ftp://d.e/f; rua=", false, true, false, 2,
	    "mailto:a@b.c" },
};

static void
test_rows(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tlsrpt_record r;
		struct slice first;

		tlsrpt_record_parse(a, slice_of(rows[i].txt), &r);
		first = r.n_rua > 0 ? r.rua[0] : SLICE_EMPTY;
		if (r.valid != rows[i].valid || r.n_rua != rows[i].n_rua ||
		    r.ambiguous != rows[i].ambiguous ||
		    r.valid_lenient != rows[i].lenient ||
		    !slice_eq(first, slice_of(rows[i].first)))
			fail_msg("%s: valid %d, ambiguous %d, leniently %d, "
			    "%zu rua", rows[i].txt, r.valid, r.ambiguous,
			    r.valid_lenient, r.n_rua);
		if (!r.valid && r.resembles)
			assert_true(finding_count(&r.findings) > 0);
	}
	arena_free(a);
}

/* The destinations of a record that senders ignore are not told. */
static void
test_rrset(void **state)
{
	struct arena *a = arena_new();
	struct txt_rr txt = { .joined = SLICE_LIT(V "rua=ftp://a.b/c") };
	struct rrset set = { .lookup = { .outcome = OUTCOME_OK }, .n = 1,
		.txt = &txt };
	struct tlsrpt_rrset r;

	(void)state;
	tlsrpt_rrset_judge(a, &set, &r);
	assert_int_equal(r.status, RECORD_STATUS_INVALID);
	assert_int_equal(r.n_rua, 0);
	txt.joined = SLICE_LIT(V "rua=mailto:a@b.c,ftp://a.b/c");
	tlsrpt_rrset_judge(a, &set, &r);
	assert_int_equal(r.status, RECORD_STATUS_OK);
	assert_int_equal(r.n_rua, 2);
	arena_free(a);
}

static void
test_uri(void **state)
{
	static const struct {
		const char *uri;
		bool valid;
	} uris[] = {
		{ "mailto:a@b", true }, { "x-y+z.1:", true },
		{ "https://a/b?c#d", true }, { "a:%2C", true },
		{ "https://u@[::1]:1/", true }, { "urn:a:b", true },
		{ "", false }, { ":", false }, { "a", false },
		{ "1a:b", false }, { "a_b:c", false }, { "a: b", false },
		{ "a:b!", false }, { "a:b;", false }, { "a:b,", false },
		{ "a:%2", false }, { "a:%zz", false }, { "a:#b#c", false },
		{ "a:[b]", false }, { "a:\xc3\xa9", false },
		{ "https://<[::1]/", false }, { "a:\"", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++)
		if (uri_is_valid(slice_of(uris[i].uri)) != uris[i].valid)
			fail_msg("%s", uris[i].uri);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_rrset),
		cmocka_unit_test(test_uri),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
