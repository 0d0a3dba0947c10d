/* SPDX-License-Identifier: Apache-2.0
 *
 * test_check_report.c: what a session counts as in a TLS report, and the
 * report as our own rules for reports read it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "scanner/check_report.h"
#include "scanner/check_session.h"
#include "scanner/parse_question.h"

#include "scanner/base/banned.h"

#define SENDER_IP "203.0.113.1"

/* A domain with one host at one address that passes under both policies. */
struct sample {
	struct check_run run;
	struct report_sender sender;
	struct check_view view;
	struct check_host host;
	struct check_address at[2];
	struct slice line[2], pattern, tlsa;
};

static void
make_sample(struct sample *s)
{
	*s = (struct sample){ .pattern = SLICE_LIT("mx.a.example"),
		.tlsa = SLICE_LIT("3 1 1 0a0b"),
		.line = { SLICE_LIT("version: STSv1"),
		    SLICE_LIT("mx: mx.a.example") } };
	/* 2026-11-22T05:50:08Z */
	s->run = (struct check_run){ .started_ms = 1795326608123,
		.ended_ms = 1795326618000 };
	s->sender = (struct report_sender){ SLICE_LIT("A Sender"),
		SLICE_LIT("tls@sender.example"), SLICE_LIT(SENDER_IP) };
	s->at[0] = (struct check_address){ .address = SLICE_LIT("192.0.2.1"),
		.banner = SLICE_LIT("220 mail.a.example ESMTP"),
		.starttls = STARTTLS_STATUS_OK, .outcome = OUTCOME_OK,
		.tls = SLICE_LIT("1.3"), .has_chain = true,
		.trusted = TRI_YES, .name_ok = TRI_YES, .time_ok = TRI_YES,
		.has_dane = true, .dane_usable = 1,
		.dane_matched = TRI_YES };
	s->at[1] = s->at[0];
	s->host = (struct check_host){ .host = SLICE_LIT("mx.a.example"),
		.in_policy = TRI_YES, .dane = DANE_STATUS_OK,
		.tlsa_lookup = OUTCOME_OK, .tlsa_secure = TRI_YES,
		.tlsa = { &s->tlsa, 1 }, .n_tlsa_usable = 1,
		.address = s->at, .n_address = 1 };
	s->view = (struct check_view){ .name = SLICE_LIT("a.example"),
		.sts = RECORD_STATUS_OK, .policy = POLICY_STATUS_OK,
		.mode = POLICY_MODE_ENFORCE, .patterns = { &s->pattern, 1 },
		.policy_lines = { s->line, 2 },
		.policy_outcome = OUTCOME_OK, .http_status = 200,
		.mx_status = MX_STATUS_OK, .mx_lookup = OUTCOME_OK,
		.mx_secure = TRI_YES, .host = &s->host, .n_host = 1 };
}

/* ---- sessions ---- */

enum under { STS, TLSA, PLAIN };

/* NULL: good; "": not told; else the result type. */
static void
assert_session(const struct sample *s, enum under under, const char *type)
{
	struct arena *a = arena_new();
	struct session_result r = under == STS ?
	    session_sts(a, &s->host, s->at) : under == TLSA ?
	    session_tlsa(a, &s->host, s->at) : session_plain(a, s->at);

	if (type == NULL || type[0] == '\0') {
		assert_int_equal(r.end, type == NULL ? SESSION_GOOD :
		    SESSION_UNTOLD);
	} else {
		assert_int_equal(r.end, SESSION_FAILED);
		assert_string_equal(r.type, type);
		assert_true(r.reason.n > 0);
	}
	arena_free(a);
}

static void
test_no_tls(void **state)
{
	static const struct {
		enum starttls_status status;
		const char *type;
	} rows[] = {
		{ STARTTLS_STATUS_OK, NULL },
		{ STARTTLS_STATUS_NOT_OFFERED, "starttls-not-supported" },
		{ STARTTLS_STATUS_REFUSED, "starttls-not-supported" },
		{ STARTTLS_STATUS_TLS_FAILED, "validation-failure" },
		{ STARTTLS_STATUS_BLOCKED, "" },
		{ STARTTLS_STATUS_UNREACHABLE, "" },
		{ STARTTLS_STATUS_INCONCLUSIVE, "" },
	};
	struct sample s;

	(void)state;
	make_sample(&s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s.at[0].starttls = rows[i].status;
		assert_session(&s, PLAIN, rows[i].type);
		assert_session(&s, STS, rows[i].type);
		assert_session(&s, TLSA, rows[i].type);
	}
	/* A host that the policy does not name is not even asked. */
	s.host.in_policy = TRI_NO;
	assert_session(&s, STS, "validation-failure");
	assert_session(&s, PLAIN, "");
}

/* Expired before untrusted; the name only of a trusted chain. */
static void
test_certificate(void **state)
{
	struct sample s;
	struct check_address *at = &s.at[0];

	(void)state;
	make_sample(&s);
	at->name_ok = TRI_NO;
	assert_session(&s, STS, "certificate-host-mismatch");
	at->trusted = TRI_NO;
	assert_session(&s, STS, "certificate-not-trusted");
	at->time_ok = TRI_NO, at->expired = true;
	assert_session(&s, STS, "certificate-expired");
	at->not_yet = true;
	assert_session(&s, STS, "certificate-expired");
	at->expired = false;
	assert_session(&s, STS, "certificate-not-trusted");
	at->trusted = TRI_YES;
	assert_session(&s, STS, "certificate-not-trusted");
	at->not_yet = false;
	assert_session(&s, STS, "certificate-expired");
	at->has_chain = false;
	assert_session(&s, STS, "certificate-not-trusted");
	at->tls = SLICE_LIT("1.1");
	assert_session(&s, STS, "validation-failure");
	/* None of this matters to DANE-EE, nor without a policy. */
	assert_session(&s, TLSA, NULL);
	assert_session(&s, PLAIN, NULL);
	make_sample(&s);
	at->trusted = TRI_UNKNOWN;
	assert_session(&s, STS, "");
	at->trusted = TRI_YES, at->name_ok = TRI_UNKNOWN;
	assert_session(&s, STS, "");
	at->name_ok = TRI_YES, at->time_ok = TRI_UNKNOWN;
	assert_session(&s, STS, "");
}

static void
test_tlsa_sessions(void **state)
{
	struct sample s;
	struct check_address *at = &s.at[0];

	(void)state;
	make_sample(&s);
	at->dane_matched = TRI_NO;
	assert_session(&s, TLSA, "validation-failure");
	at->ta_name_failed = true;
	assert_session(&s, TLSA, NULL); /* by the name of the domain */
	s.host.dane = DANE_STATUS_MISMATCH;
	assert_session(&s, TLSA, "certificate-host-mismatch");
	at->ta_name_failed = false, at->has_chain = false;
	at->dane_matched = TRI_UNKNOWN;
	assert_session(&s, TLSA, "validation-failure");
	at->has_chain = true;
	assert_session(&s, TLSA, "");
	/* Full data that is no certificate looks usable until compared. */
	at->dane_usable = 0;
	assert_session(&s, TLSA, "tlsa-invalid");
	at->has_dane = false;
	assert_session(&s, TLSA, "");
	s.host.n_tlsa_usable = 0;
	assert_session(&s, TLSA, "tlsa-invalid");
	at->starttls = STARTTLS_STATUS_NOT_OFFERED;
	assert_session(&s, TLSA, "starttls-not-supported");
}

/* ---- reports ---- */

/* "sts a.example 1/0; ..." and what failed behind it; valid by our rules. */
static void
assert_report(const struct sample *s, const char *want)
{
	struct question q = { .arena = arena_new(), .answer = json_object() };
	json_t *report = check_report(&s->run, &s->sender, &s->view);
	const json_t *policies = json_object_get(report, "policies");
	char *text, line[512];
	struct strbuf b = strbuf_of(line, sizeof(line));

	assert_non_null(report);
	for (size_t i = 0; i < json_array_size(policies); i++) {
		const json_t *e = json_array_get(policies, i), *details;
		const char *type, *domain;
		json_int_t good, bad;

		assert_int_equal(json_unpack((json_t *)(uintptr_t)e,
		    "{s:{s:s,s:s},s:{s:I,s:I}}", "policy", "policy-type",
		    &type, "policy-domain", &domain, "summary",
		    "total-successful-session-count", &good,
		    "total-failure-session-count", &bad), 0);
		strbuf_fmt(&b, "%s%s %s %d/%d", i > 0 ? "; " : "", type,
		    domain, (int)good, (int)bad);
		details = json_object_get(e, "failure-details");
		for (size_t k = 0; k < json_array_size(details); k++) {
			const json_t *d = json_array_get(details, k);

			strbuf_fmt(&b, " %s=%d", json_string_value(
			    json_object_get(d, "result-type")),
			    (int)json_integer_value(json_object_get(d,
			    "failed-session-count")));
		}
	}
	assert_string_equal(line, want);

	text = json_dumps(report, JSON_ENSURE_ASCII);
	assert_non_null(text);
	q.input = slice_of(text);
	parse_rpt_json(&q);
	assert_true(json_is_true(json_object_get(q.answer, "valid")));
	assert_false(json_is_true(json_object_get(q.answer, "ambiguous")));
	assert_int_equal(json_array_size(json_object_get(q.answer, "reasons")),
	    0);
	assert_int_equal(json_array_size(json_object_get(q.answer, "notes")),
	    0);
	free(text);
	json_decref(q.answer);
	json_decref(report);
	arena_free(q.arena);
}

/* Every member, letter by letter. */
static void
test_whole_report(void **state)
{
	static const char want[] =
	    "{\"organization-name\":\"A Sender\","
	    "\"date-range\":{\"start-datetime\":\"2026-11-22T05:50:08Z\","
	    "\"end-datetime\":\"2026-11-22T05:50:18Z\"},"
	    "\"contact-info\":\"tls@sender.example\","
	    "\"report-id\":\"2026-11-22T05:50:08Z_a.example\","
	    "\"policies\":[{\"policy\":{\"policy-type\":\"sts\","
	    "\"policy-domain\":\"a.example\",\"policy-string\":"
	    "[\"version: STSv1\",\"mx: mx.a.example\"],"
	    "\"mx-host\":[\"mx.a.example\"]},\"summary\":"
	    "{\"total-successful-session-count\":0,"
	    "\"total-failure-session-count\":1},\"failure-details\":"
	    "[{\"result-type\":\"certificate-not-trusted\","
	    "\"sending-mta-ip\":\"" SENDER_IP "\","
	    "\"receiving-mx-hostname\":\"mx.a.example\","
	    "\"receiving-mx-helo\":\"mail.a.example\","
	    "\"receiving-ip\":\"192.0.2.1\",\"failed-session-count\":1,"
	    "\"additional-information\":"
	    "\"https://www.rfc-editor.org/rfc/rfc8461#section-4.2\","
	    "\"failure-reason-code\":\"self-signed certificate\"}]},"
	    "{\"policy\":{\"policy-type\":\"tlsa\","
	    "\"policy-domain\":\"base.a.example\","
	    "\"policy-string\":[\"3 1 1 0a0b\"],"
	    "\"mx-host\":[\"mx.a.example\"]},\"summary\":"
	    "{\"total-successful-session-count\":1,"
	    "\"total-failure-session-count\":0}}]}";
	struct sample s;
	json_t *report;
	char *text;

	(void)state;
	make_sample(&s);
	s.at[0].trusted = TRI_NO, s.at[0].self_signed = true;
	s.host.tlsa_base = SLICE_LIT("base.a.example");
	report = check_report(&s.run, &s.sender, &s.view);
	text = json_dumps(report, JSON_COMPACT);
	assert_string_equal(text, want);
	free(text);
	json_decref(report);
}

static void
test_counts(void **state)
{
	struct sample s;

	(void)state;
	make_sample(&s);
	assert_report(&s, "sts a.example 1/0; tlsa mx.a.example 1/0");
	/* Two equal failures are one detail that counts two. */
	s.host.n_address = 2;
	s.at[0].name_ok = s.at[1].name_ok = TRI_NO;
	assert_report(&s, "sts a.example 0/2 certificate-host-mismatch=2; "
	    "tlsa mx.a.example 2/0");
	s.at[1].address = SLICE_LIT("2001:db8::1");
	assert_report(&s, "sts a.example 0/2 certificate-host-mismatch=1 "
	    "certificate-host-mismatch=1; tlsa mx.a.example 2/0");
	/* An address that was never contacted is no session. */
	s.at[1].outcome = OUTCOME_SPECIAL_ADDRESS;
	s.at[1].starttls = STARTTLS_STATUS_UNREACHABLE;
	s.host.in_policy = TRI_NO;
	assert_report(&s, "sts a.example 0/1 validation-failure=1; "
	    "tlsa mx.a.example 1/0");
	/* Nothing certain: the policies stand with no session. */
	make_sample(&s);
	s.at[0].starttls = STARTTLS_STATUS_INCONCLUSIVE;
	s.at[0].outcome = OUTCOME_SMTP_4YZ;
	s.host.dane = DANE_STATUS_INCONCLUSIVE;
	assert_report(&s, "sts a.example 0/0; tlsa mx.a.example 0/0");
}

static void
test_fetch_failures(void **state)
{
	static const struct {
		enum policy_status status;
		const char *want;
	} rows[] = {
		{ POLICY_STATUS_DNS, "sts a.example 0/1 "
		    "sts-policy-fetch-error=1; no-policy-found a.example 1/0" },
		{ POLICY_STATUS_TCP, "sts a.example 0/1 "
		    "sts-policy-fetch-error=1; no-policy-found a.example 1/0" },
		{ POLICY_STATUS_HTTP, "sts a.example 0/1 "
		    "sts-policy-fetch-error=1; no-policy-found a.example 1/0" },
		{ POLICY_STATUS_TLS, "sts a.example 0/1 "
		    "sts-webpki-invalid=1; no-policy-found a.example 1/0" },
		{ POLICY_STATUS_SYNTAX, "sts a.example 0/1 "
		    "sts-policy-invalid=1; no-policy-found a.example 1/0" },
	};
	struct sample s;

	(void)state;
	make_sample(&s);
	s.host.dane = DANE_STATUS_ABSENT;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s.view.policy = rows[i].status;
		assert_report(&s, rows[i].want);
	}
	/* Where DANE applies, the session had a policy. */
	s.host.dane = DANE_STATUS_OK;
	assert_report(&s, "sts a.example 0/1 sts-policy-invalid=1; "
	    "tlsa mx.a.example 1/0");
}

/* The reason names the findings behind the type, errors alone. */
static void
test_fetch_reason(void **state)
{
	const struct finding_row *rows[] = {
		finding_row(FINDING_STS_POLICY_HTTP_STATUS),
		finding_row(FINDING_STS_POLICY_CERT_EXPIRES_SOON),
		finding_row(FINDING_CERT_NAME),
	};
	struct sample s;
	json_t *report;
	const char *reason = NULL;

	(void)state;
	make_sample(&s);
	s.view.policy = POLICY_STATUS_HTTP, s.view.http_status = 404;
	s.view.finding = rows, s.view.n_finding = 3;
	report = check_report(&s.run, &s.sender, &s.view);
	assert_int_equal(json_unpack(report, "{s:[{s:[{s:s}]}*]}", "policies",
	    "failure-details", "failure-reason-code", &reason), 0);
	assert_string_equal(reason,
	    "sts.policy.http_status (HTTP status 404)");
	json_decref(report);
}

static void
test_without_policy(void **state)
{
	struct sample s;

	(void)state;
	make_sample(&s);
	s.host.dane = DANE_STATUS_ABSENT;
	s.view.mode = POLICY_MODE_NONE;
	assert_report(&s, "no-policy-found a.example 1/0");
	s.view.sts = RECORD_STATUS_MULTIPLE;
	assert_report(&s, "no-policy-found a.example 1/0");
	/* A sender whose resolver cannot be believed has no DANE. */
	s.host.dane = DANE_STATUS_INCONCLUSIVE;
	s.host.tlsa_secure = s.view.mx_secure = TRI_UNKNOWN;
	assert_report(&s, "no-policy-found a.example 1/0");
	s.view.mx_status = MX_STATUS_NULL_MX, s.view.n_host = 0;
	assert_report(&s, "no-policy-found a.example 0/0");
}

static void
test_rejected_by_dnssec(void **state)
{
	struct sample s;

	(void)state;
	make_sample(&s);
	s.view.sts = RECORD_STATUS_ABSENT;
	s.host.dane = DANE_STATUS_BOGUS;
	assert_report(&s, "tlsa mx.a.example 0/1 dnssec-invalid=1");
	s.host.dane = DANE_STATUS_INCONCLUSIVE;
	s.host.tlsa_lookup = OUTCOME_SERVFAIL;
	s.host.tlsa.n = 0;
	assert_report(&s, "tlsa mx.a.example 0/1 dnssec-invalid=1");
	/* No matter to a domain whose MX records are not secure. */
	s.view.mx_secure = TRI_NO;
	s.host.dane = DANE_STATUS_ABSENT;
	assert_report(&s, "no-policy-found a.example 1/0");
	s.view.mx_status = MX_STATUS_INCONCLUSIVE, s.view.n_host = 0;
	s.view.mx_lookup = OUTCOME_BOGUS;
	assert_report(&s, "tlsa a.example 0/1 dnssec-invalid=1");
}

static void
test_nothing_to_tell(void **state)
{
	struct sample s;

	(void)state;
	make_sample(&s);
	s.host.dane = DANE_STATUS_ABSENT;
	s.view.policy = POLICY_STATUS_INCONCLUSIVE;
	assert_null(check_report(&s.run, &s.sender, &s.view));
	s.view.policy = POLICY_STATUS_OK;
	s.view.sts = RECORD_STATUS_INCONCLUSIVE;
	assert_null(check_report(&s.run, &s.sender, &s.view));
	/* Without MX records nothing is known of sessions or of DANE. */
	s.view.sts = RECORD_STATUS_ABSENT, s.view.n_host = 0;
	s.view.mx_status = MX_STATUS_INCONCLUSIVE;
	s.view.mx_lookup = OUTCOME_SERVFAIL;
	assert_null(check_report(&s.run, &s.sender, &s.view));
	/* No MTA-STS, and DANE might apply. */
	make_sample(&s);
	s.view.sts = RECORD_STATUS_ABSENT;
	s.host.dane = DANE_STATUS_INCONCLUSIVE;
	s.host.tlsa_secure = TRI_UNKNOWN;
	assert_null(check_report(&s.run, &s.sender, &s.view));
}

static void
test_sender(void **state)
{
	static const struct {
		const char *ehlo, *vantage, *contact;
		const char *organization, *mailbox;
	} rows[] = {
		{ "probe.a.example", "host", "", "probe.a.example",
		    "postmaster@probe.a.example" },
		{ "probe.a.example", "host", "https://a.example/x@y",
		    "probe.a.example", "postmaster@probe.a.example" },
		{ "probe.a.example", "host", "MAILTO:tls@b.example",
		    "probe.a.example", "tls@b.example" },
		{ "", "host", "tls@b.example", "host", "tls@b.example" },
		{ "", "(none)", "", "(none)", "" },
		{ "", "", "", "mxcensus", "postmaster@mxcensus" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct check_run run = {
			.ehlo_name = slice_of(rows[i].ehlo),
			.vantage = slice_of(rows[i].vantage),
			.contact = slice_of(rows[i].contact) };
		struct report_sender s = report_sender_of(a, &run);

		assert_true(slice_eq(s.organization,
		    slice_of(rows[i].organization)));
		assert_true(slice_eq(s.contact, slice_of(rows[i].mailbox)));
		assert_int_equal(s.source_ip.n, 0);
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_tls),
		cmocka_unit_test(test_certificate),
		cmocka_unit_test(test_tlsa_sessions),
		cmocka_unit_test(test_whole_report),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_fetch_failures),
		cmocka_unit_test(test_fetch_reason),
		cmocka_unit_test(test_without_policy),
		cmocka_unit_test(test_rejected_by_dnssec),
		cmocka_unit_test(test_nothing_to_tell),
		cmocka_unit_test(test_sender),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
