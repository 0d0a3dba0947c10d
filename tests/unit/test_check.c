/* SPDX-License-Identifier: Apache-2.0
 *
 * test_check.c: a domain as `mxcensus check` tells it: the page, the
 * suggestion, and records as a hostile world fills them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/check_options.h"
#include "scanner/check_suggest.h"
#include "scanner/check_text.h"
#include "scanner/check_way.h"
#include "scanner/rules/sts.h"
#include "tests/unit/check_sample.h"

/* The page as one string; the caller frees it. */
static char *
page_of(const struct check_view *v, bool colour)
{
	char *text = NULL;
	size_t n = 0;
	struct page page = { open_memstream(&text, &n), colour };

	assert_non_null(page.out);
	check_text(&page, v);
	fclose(page.out);
	return text;
}

static void
assert_fits(const char *page)
{
	for (const char *line = page; *line != '\0';
	    line += strcspn(line, "\n") + 1) {
		size_t n = strcspn(line, "\n");

		if (n > PAGE_COLUMNS)
			fail_msg("%zu columns: %.*s", n, (int)n, line);
		for (size_t i = 0; i < n; i++)
			assert_in_range(line[i], 0x20, 0x7e);
	}
}

static void
assert_shows(const char *page, const char *text)
{
	if (strstr(page, text) == NULL)
		fail_msg("\"%s\" is not in:\n%s", text, page);
}

/* ---- the page ---- */

static void
test_page(void **state)
{
	struct check_sample s;
	char *page;

	(void)state;
	check_sample_make(&s);
	page = page_of(&s.view, false);
	assert_fits(page);
	assert_shows(page, "a.example\n\nPublished\n");
	assert_shows(page, "mode testing, kept for 7 days");
	assert_shows(page, "20 mx2.a.example               yes       TLS 1.3");
	assert_shows(page, "none --> [testing] --> enforce");
	assert_shows(page, "nothing    No rule is broken.");
	free(page);
	page = page_of(&s.view, true);
	assert_shows(page, "\033[32mTLS 1.3\033[0m");
	free(page);
}

static void
test_findings_in_words(void **state)
{
	const struct finding_row *rows[] = {
		finding_row(FINDING_STS_POLICY_MX_MISMATCH),
		finding_row(FINDING_TLSRPT_ABSENT),
	};
	struct check_sample s;
	char *page;

	(void)state;
	check_sample_make(&s);
	s.view.finding = rows, s.view.n_finding = 2;
	page = page_of(&s.view, false);
	assert_fits(page);
	assert_shows(page, "  error      sts.policy.mx_mismatch (RFC 8461");
	assert_shows(page, "  info       tlsrpt.absent (RFC ");
	free(page);
	assert_true(check_view_is_wrong(&s.view));
	s.view.finding = rows + 1, s.view.n_finding = 1;
	assert_false(check_view_is_wrong(&s.view));
}

/* Whose service it is, and what of DANE does not match. */
static void
test_evidence(void **state)
{
	static const struct slice tlsa[] = { { "3 1 1 0a0b0c0d0e0f10111213"
	    "1415161718", 42 }, { "2 0 1 0a", 8 } };
	struct check_address at = { .address = SLICE_LIT("192.0.2.1"),
		.starttls = STARTTLS_STATUS_OK,
		.alternative = SLICE_LIT("3 0 1") };
	struct check_sample s;
	char *page;

	(void)state;
	check_sample_make(&s);
	page = page_of(&s.view, false);
	assert_null(strstr(page, "hosted by"));
	free(page);
	s.view.sts_provider = SLICE_LIT("one.example");
	s.view.policy_provider = SLICE_LIT("two.example");
	s.host[0].dane = DANE_STATUS_MISMATCH;
	s.host[0].tlsa = (struct check_texts){ tlsa, 2 };
	s.host[0].address = &at, s.host[0].n_address = 1;
	page = page_of(&s.view, false);
	assert_fits(page);
	assert_shows(page, "\"v=STSv1; id=1;\"\n"
	    "             hosted by one.example\n  policy");
	assert_shows(page, "mx: *.a.example\n"
	    "             hosted by two.example\n");
	assert_shows(page, "        TLSA 3 1 1 0a0b0c0d0e0f101112131415...\n"
	    "        TLSA 2 0 1 0a\n"
	    "        192.0.2.1: the data of one would match as 3 0 1\n");
	free(page);
}

/* Long names and long words keep within the page. */
static void
test_page_is_never_too_wide(void **state)
{
	char name[254], word[1000];
	struct check_cert cert = { .n_name = 3, .not_after = 1 };
	struct check_address at = { .address = SLICE_LIT("192.0.2.1"),
		.starttls = STARTTLS_STATUS_OK, .cert = &cert };
	struct check_sample s;
	char *page;

	(void)state;
	memset(name, 'a', sizeof(name));
	memset(word, 'w', sizeof(word));
	check_sample_make(&s);
	for (size_t n = 1; n < sizeof(word); n += n < 90 ? 1 : 101) {
		s.txt = cert.issuer = cert.name = slice_make(word, n);
		s.view.name = s.host[0].host = slice_make(name,
		    n < 253 ? n : 253);
		s.host[0].name_ok = TRI_NO;
		s.host[0].preference = 65535;
		s.host[0].dane = DANE_STATUS_MISMATCH;
		s.host[0].tlsa = (struct check_texts){ &s.txt, 1 };
		s.host[0].address = &at, s.host[0].n_address = 1;
		page = page_of(&s.view, false);
		assert_fits(page);
		free(page);
	}
}

/* ---- what it means ---- */

static void
test_host_tls(void **state)
{
	struct check_sample s;

	(void)state;
	check_sample_make(&s);
	assert_int_equal(check_host_tls(&s.host[0]), TRI_YES);
	s.host[0].tls = SLICE_LIT("1.1");
	assert_int_equal(check_host_tls(&s.host[0]), TRI_NO);
	check_sample_make(&s);
	s.host[0].time_ok = TRI_NO;
	assert_int_equal(check_host_tls(&s.host[0]), TRI_NO);
	check_sample_make(&s);
	s.host[0].trusted = TRI_UNKNOWN;
	assert_int_equal(check_host_tls(&s.host[0]), TRI_UNKNOWN);
	s.host[0].starttls = STARTTLS_STATUS_BLOCKED;
	assert_int_equal(check_host_tls(&s.host[0]), TRI_UNKNOWN);
	assert_true(check_view_is_open(&s.view));
	s.host[0].starttls = STARTTLS_STATUS_REFUSED;
	assert_int_equal(check_host_tls(&s.host[0]), TRI_NO);
	assert_false(check_view_is_open(&s.view));
}

/* No resolver to believe: DANE goes unjudged and nothing is left open. */
static void
test_dnssec_blind(void **state)
{
	struct check_sample s;
	char *page;

	(void)state;
	check_sample_make(&s);
	s.host[0].dane = s.host[1].dane = DANE_STATUS_INCONCLUSIVE;
	s.view.verdict_dane = VERDICT_INCONCLUSIVE;
	assert_true(check_view_is_open(&s.view));
	s.view.mx_secure = TRI_UNKNOWN;
	assert_false(check_view_is_open(&s.view));
	page = page_of(&s.view, false);
	assert_shows(page, "DANE       Not judged");
	free(page);
	s.view.mx_lookup = OUTCOME_SERVFAIL;
	assert_false(check_view_is_dnssec_blind(&s.view));
}

/* ---- the suggestion ---- */

static void
test_suggestion(void **state)
{
	struct arena *a = arena_new();
	struct check_sample s;
	struct sts_policy policy;
	struct sts_record record;
	struct slice text;

	(void)state;
	check_sample_make(&s);
	text = check_suggest_policy(a, &s.view);
	sts_policy_parse(a, text, &policy);
	assert_true(policy.valid);
	assert_int_equal(finding_count(&policy.findings), 0);
	assert_int_equal(policy.mode, POLICY_MODE_ENFORCE);
	assert_true(policy.max_age >= WAY_MAX_AGE);
	assert_int_equal(policy.n_mx, CHECK_SAMPLE_HOSTS);
	for (size_t i = 0; i < CHECK_SAMPLE_HOSTS; i++)
		assert_true(sts_mx_match_any(&policy, s.host[i].host));

	/* One host that fails, and an address literal. */
	s.host[0].trusted = TRI_NO;
	s.host[1].host = SLICE_LIT("[192.0.2.1]");
	sts_policy_parse(a, check_suggest_policy(a, &s.view), &policy);
	assert_true(policy.valid);
	assert_int_equal(policy.mode, POLICY_MODE_TESTING);
	assert_int_equal(policy.n_mx, 1);

	text = check_suggest_record(a, 1795323600000);
	assert_string_equal(text.p, "v=STSv1; id=20261122050000Z;");
	record = sts_record_parse(text);
	assert_true(record.valid);
	assert_int_equal(finding_count(&record.findings), 0);
	arena_free(a);
}

static void
test_no_suggestion(void **state)
{
	struct arena *a = arena_new();
	FILE *out = fopen("/dev/null", "w");
	struct check_sample s;

	(void)state;
	check_sample_make(&s);
	assert_int_equal(check_suggest(out, a, &s.view, 0), SUGGEST_OK);
	s.view.n_host = 0;
	assert_int_equal(check_suggest(out, a, &s.view, 0), SUGGEST_UNKNOWN);
	s.view.mx_status = MX_STATUS_NULL_MX;
	assert_int_equal(check_suggest(out, a, &s.view, 0), SUGGEST_NO_MAIL);
	fclose(out);
	arena_free(a);
}

/* ---- records ---- */

static void
pack_text(msgpack_packer *p, const char *key, const char *text)
{
	msgpack_pack_str_with_body(p, key, strlen(key));
	msgpack_pack_bin_with_body(p, text, strlen(text));
}

/* A record whose texts steer a terminal and whose fields are of no type. */
static void
test_hostile_record(void **state)
{
	msgpack_sbuffer buf;
	msgpack_packer p;
	msgpack_unpacked u;
	size_t at = 0;
	struct check_views views;
	const struct check_view *v;
	char *page;

	(void)state;
	msgpack_sbuffer_init(&buf);
	msgpack_packer_init(&p, &buf, msgpack_sbuffer_write);
	msgpack_pack_map(&p, 6);
	pack_text(&p, "type", "domain");
	pack_text(&p, "name", "a\033[31m\x9b\xc2\x9b\n.example");
	pack_text(&p, "verdict", "of tomorrow");
	pack_text(&p, "findings", "no list");
	msgpack_pack_str_with_body(&p, "mx", 2);
	msgpack_pack_array(&p, 2);
	msgpack_pack_nil(&p);
	msgpack_pack_map(&p, 1);
	pack_text(&p, "host", "mx\r\t.example");
	pack_text(&p, "sts", "no map");
	msgpack_unpacked_init(&u);
	assert_int_equal(msgpack_unpack_next(&u, buf.data, buf.size, &at),
	    MSGPACK_UNPACK_SUCCESS);

	check_views_init(&views);
	check_views_take(&views, &u.data);
	assert_int_equal(views.views.n, 1);
	v = views.views.p;
	assert_int_equal(v->verdict, VERDICT_INCONCLUSIVE);
	assert_int_equal(v->n_finding, 0);
	assert_int_equal(v->n_host, 2);
	page = page_of(v, false);
	assert_fits(page);
	assert_shows(page, "a?[31m????.example");
	assert_shows(page, "mx??.example");
	free(page);
	check_views_release(&views);
	msgpack_unpacked_destroy(&u);
	msgpack_sbuffer_destroy(&buf);
}

static void
test_options(void **state)
{
	char *argv[] = { (char *)"check", (char *)"--suggest", (char *)"-4",
		(char *)"--smtp-port", (char *)"2525", (char *)"a.example",
		(char *)"b.example", NULL };
	struct check_options o;

	(void)state;
	assert_int_equal(check_options_parse(7, argv, &o), OPTIONS_OK);
	assert_true(o.suggest && o.scan.ipv4_only && !o.json);
	assert_int_equal(o.scan.smtp_port, 2525);
	assert_int_equal(o.scan.https_port, 443);
	assert_int_equal(o.scan.retry_wait_ms, 5000);
	assert_int_equal(o.n_domain, 2);
	assert_string_equal(o.domain[1], "b.example");
}

static void
test_options_of_a_report(void **state)
{
	char *argv[] = { (char *)"check", (char *)"--tlsrpt",
		(char *)"--contact-info", (char *)"tls@a.example",
		(char *)"--organization", (char *)"A", (char *)"a.example",
		NULL };
	char *bad[] = { (char *)"check", (char *)"--tlsrpt",
		(char *)"--contact-info", (char *)"a.example",
		(char *)"a.example", NULL };
	struct check_options o;

	(void)state;
	assert_int_equal(check_options_parse(7, argv, &o), OPTIONS_OK);
	assert_true(o.tlsrpt && !o.suggest && !o.json);
	assert_string_equal(o.contact_info, "tls@a.example");
	assert_string_equal(o.organization, "A");
	assert_int_equal(o.n_domain, 1);
	argv[5] = (char *)"\xff";
	assert_int_equal(check_options_parse(7, argv, &o), OPTIONS_BAD);
	assert_int_equal(check_options_parse(5, bad, &o), OPTIONS_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_findings_in_words),
		cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_page_is_never_too_wide),
		cmocka_unit_test(test_host_tls),
		cmocka_unit_test(test_dnssec_blind),
		cmocka_unit_test(test_suggestion),
		cmocka_unit_test(test_no_suggestion),
		cmocka_unit_test(test_hostile_record),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_options_of_a_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
