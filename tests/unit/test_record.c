/* SPDX-License-Identifier: Apache-2.0
 *
 * test_record.c: every record type, from full facts and from empty ones,
 * encoded, unpacked again and compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/blob.h"
#include "output/json.h"
#include "output/pack.h"
#include "output/plain.h"
#include "output/unpack.h"
#include "tests/unit/facts_sample.h"

#include "scanner/base/banned.h"

/* The record as `cat` prints it; frees the record. */
static char *
as_json(struct record *r, bool stable)
{
	const struct json_options options = { .stable = stable };
	struct slice bytes = slice_make(r->bytes, r->n);
	struct json_out out = { .p = NULL };
	struct plain plain;

	assert_true(plain_is_sound(bytes));
	plain_init(&plain, bytes);
	json_record(&out, plain_next(&plain), &options);
	assert_null(plain_next(&plain));
	plain_release(&plain);
	record_free(r);
	out.p = xrealloc(out.p, out.n + 1);
	out.p[out.n - 1] = '\0'; /* the newline */
	return out.p;
}

static void
assert_json(struct record *r, const char *expected)
{
	char *text = as_json(r, false);

	assert_string_equal(text, expected);
	free(text);
}

static void
test_empty_domain(void **state)
{
	struct sample_domain d = { .meta.line = 1 };

	(void)state;
	d.facts.name = SLICE_LIT("a.example");
	assert_json(record_domain(&d.meta, &d.facts, &d.judgement),
	    "{\"type\":\"domain\",\"line\":1,\"name\":\"a.example\","
	    "\"verdict\":\"none\",\"verdict_dane\":\"none\",\"findings\":[],"
	    "\"sts\":{\"record\":{\"status\":\"ok\"},\"policy\":{"
	    "\"status\":\"ok\",\"valid\":null,\"valid_lenient\":null}},"
	    "\"tlsrpt\":{\"status\":\"ok\",\"rua\":[]},\"mx_status\":\"ok\","
	    "\"mx\":[],\"started\":0,\"elapsed_ms\":0}");
}

static void
test_nxdomain(void **state)
{
	struct sample_domain d;

	(void)state;
	sample_nxdomain(&d, 3, SLICE_LIT("b.example"));
	assert_json(record_domain(&d.meta, &d.facts, &d.judgement),
	    "{\"type\":\"domain\",\"line\":3,\"name\":\"b.example\","
	    "\"rank\":3,\"verdict\":\"none\",\"verdict_dane\":\"none\","
	    "\"findings\":[],\"sts\":{\"record\":{\"status\":\"absent\","
	    "\"lookup\":{\"outcome\":\"nxdomain\",\"ad\":false}},\"policy\":{"
	    "\"status\":\"none_tried\",\"valid\":null,\"valid_lenient\":null}},"
	    "\"tlsrpt\":{\"status\":\"absent\",\"rua\":[],\"lookup\":{"
	    "\"outcome\":\"nxdomain\",\"ad\":false}},"
	    "\"mx_status\":\"nxdomain\",\"mx\":[],\"mx_lookup\":{"
	    "\"outcome\":\"nxdomain\",\"ad\":false},"
	    "\"started\":1700000000001,\"elapsed_ms\":33}");
}

static void
test_mail_stable(void **state)
{
	struct arena *a = arena_new();
	struct sample_domain d;
	char *text;

	(void)state;
	sample_mail(a, &d, 9, SLICE_LIT("c.example"), SLICE_LIT("d.example"));
	text = as_json(record_domain(&d.meta, &d.facts, &d.judgement), true);
	assert_string_equal(text,
	    "{\"type\":\"domain\",\"line\":9,\"name\":\"c.example\","
	    "\"rank\":9,\"verdict\":\"none\",\"verdict_dane\":\"none\","
	    "\"findings\":[],\"sts\":{\"record\":{\"status\":\"absent\","
	    "\"lookup\":{\"outcome\":\"nxdomain\",\"ad\":false}},\"policy\":{"
	    "\"status\":\"none_tried\",\"valid\":null,\"valid_lenient\":null}},"
	    "\"tlsrpt\":{\"status\":\"absent\",\"rua\":[],\"lookup\":{"
	    "\"outcome\":\"nxdomain\",\"ad\":false}},\"mx_status\":\"ok\","
	    "\"mx\":[{\"host\":\"mx1.d.example\",\"preference\":10,"
	    "\"in_policy\":null,\"starttls\":\"ok\",\"tls\":\"1.3\","
	    "\"trusted\":true,\"name_ok\":true,\"time_ok\":true,"
	    "\"dane\":\"absent\"},{\"host\":\"mx2.d.example\","
	    "\"preference\":20,\"in_policy\":null,\"starttls\":\"ok\","
	    "\"tls\":\"1.3\",\"trusted\":true,\"name_ok\":true,"
	    "\"time_ok\":true,\"dane\":\"absent\"}],\"mx_lookup\":{"
	    "\"outcome\":\"ok\",\"ad\":false}}");
	free(text);
	arena_free(a);
}

static void
test_empty_others(void **state)
{
	struct cert_facts cert = { .not_after = 1 };
	struct sample_host h = { .facts.host = SLICE_LIT("mx.example") };
	struct scan_meta scan = { .ipv6 = false };
	struct end_meta end = { .reason = "interrupted" };

	(void)state;
	assert_json(record_mx(&h.meta, &h.facts, &h.state),
	    "{\"type\":\"mx\",\"host\":\"mx.example\",\"starttls\":\"ok\","
	    "\"dane\":\"absent\",\"started\":0,\"elapsed_ms\":0}");
	assert_json(record_cert(&cert),
	    "{\"type\":\"cert\",\"sha256\":\"000000000000000000000000000000000"
	    "0000000000000000000000000000000\",\"spki_sha256\":\"0000000000000"
	    "000000000000000000000000000000000000000000000000000\",\"der\":\"\""
	    ",\"not_before\":0,\"not_after\":1,\"self_issued\":false,"
	    "\"is_ca\":false}");
	assert_json(record_scan(&scan),
	    "{\"type\":\"scan\",\"format\":1,\"program\":\"mxcensus\","
	    "\"version\":\"\",\"libraries\":[],\"options\":[],\"stages\":[],"
	    "\"list\":\"\",\"resolvers\":[],\"trust_ad\":false,\"ipv6\":false,"
	    "\"started\":0,\"unvalidated\":false}");
	assert_json(record_end(&end),
	    "{\"type\":\"end\",\"reason\":\"interrupted\",\"list_sha256\":\""
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "\",\"list_lines\":0,\"rejected\":{},\"domains\":0,\"mx_hosts\":0,"
	    "\"certificates\":0,\"verdicts\":{},\"verdicts_dane\":{},"
	    "\"findings\":{},\"outcomes\":{},\"ended\":0,\"duration_ms\":0,"
	    "\"dns_queries\":0,\"policy_connects\":0,\"smtp_connects\":0}");
}

/* ---- full facts write every field there is ---- */

static void
see(const msgpack_object *v, enum object o, bool *seen)
{
	if (v->type == MSGPACK_OBJECT_ARRAY)
		for (uint32_t i = 0; i < v->via.array.size; i++)
			see(&v->via.array.ptr[i], o, seen);
	if (v->type != MSGPACK_OBJECT_MAP)
		return;
	for (uint32_t i = 0; i < v->via.map.size; i++) {
		const msgpack_object_kv *kv = &v->via.map.ptr[i];
		enum field f = object_field(o, slice_make(kv->key.via.str.ptr,
		    kv->key.via.str.size), object_first(o));

		assert_true(f < FIELD_COUNT);
		seen[f] = true;
		if (field_sub(f) < OBJECT_COUNT)
			see(&kv->val, field_sub(f), seen);
	}
}

static void
see_record(struct record *r, enum object o, bool *seen)
{
	struct plain plain;

	plain_init(&plain, slice_make(r->bytes, r->n));
	see(plain_next(&plain), o, seen);
	plain_release(&plain);
	record_free(r);
}

static void
see_judged_scan(bool *seen)
{
	struct record *r = sample_scan_record();
	struct plain plain;

	plain_init(&plain, slice_make(r->bytes, r->n));
	see_record(record_scan_judged(plain_next(&plain), SLICE_LIT("0.2"),
	    1), OBJECT_scan, seen);
	plain_release(&plain);
	record_free(r);
}

static void
test_full_writes_every_field(void **state)
{
	struct tally tally = { .domains = 1 };
	bool seen[FIELD_COUNT] = { false };
	struct arena *a = arena_new();
	struct sample_domain d;
	struct sample_host h;
	struct cert_facts c;

	(void)state;
	sample_full(a, &d);
	sample_host_full(a, &h);
	sample_cert(a, &c, 1);
	see_judged_scan(seen);
	see_record(record_domain(&d.meta, &d.facts, &d.judgement),
	    OBJECT_domain, seen);
	see_record(record_mx(&h.meta, &h.facts, &h.state), OBJECT_mx, seen);
	see_record(record_cert(&c), OBJECT_cert, seen);
	see_record(sample_end_record(&tally), OBJECT_end, seen);
	see_record(sample_session_record(), OBJECT_session, seen);
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		const struct field_row *row = field_row((enum field)f);

		if (!seen[f])
			fail_msg("no record holds %s.%s", row->object,
			    row->name);
	}
	arena_free(a);
}

static void
assert_holds(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("%s is not in %s", part, text);
}

/* What the record of a full domain, and of a full host, holds. */
static const char *const full_domain[] = {
	"\"input\":\"EXAMPLE.com.\"",
	"\"findings\":[\"sts.record.space_before_semicolon\","
	    "\"starttls.absent\"]",
	"\"txt_parts\":[[\"v=STSv1; \",\"id=20240101\"]]",
	"\"body\":{\"b64\":"
	    "\"dmVyc2lvbjogU1RTdjEKbW9kZTogZW5mb3JjZQr/Cg==\"}",
	"\"started\":1700000000123}]",
	"\"body_at\":\"192.0.2.8\",\"body_cut\":true},"
	    "{\"address\":\"2001::\",\"outcome\":"
	    "\"connect_timeout\"}],\"others_cut\":true",
	"\"chain\":[\"0101010101010101010101010101010101010101010101010"
	    "101010101010101\",",
	"\"tls\":null,\"trusted\":true",
	"\"valid_lenient\":true,\"id_lenient\":\"20240102\","
	    "\"id_time\":1704067200,\"provider\":\"Provider\"}",
	"\"mx_match\":\"none\",\"mx_class\":\"third_label\","
	    "\"provider\":\"Another Provider\",\"size\":70000,",
	"\"incomplete\":true,\"name_by\":\"wildcard_suffix\","
	    "\"not_before\":-86400,\"not_after\":1800000000,",
	"\"ede\":[{\"code\":22,\"text\":\"no reachable authority\"}]",
	"\"tried\":[\"dns_timeout\",\"servfail\",\"ok\"]",
	"\"rr\":[\"ns1.example.net\",\"ns2.example.net\"],",
	"\"spf\":{\"status\":\"present\",\"policy\":\"fail\","
	    "\"txt\":[\"v=spf1 -all\"],"
	    "\"txt_parts\":[[\"v=spf1 \",\"-all\"]],",
};

static const char *const full_mx[] = {
	"\"addresses\":[{\"address\":\"192.0.2.25\","
	    "\"starttls\":\"ok\",\"outcome\":\"ok\",\"attempts\":2,"
	    "\"tried\":[\"smtp_4yz\",\"ok\"]",
	"\"sessions\":[{\"started\":1700000000040,"
	    "\"elapsed_ms\":30,\"outcome\":\"smtp_4yz\"},"
	    "{\"started\":1700000060070,\"elapsed_ms\":210,"
	    "\"outcome\":\"ok\"}]",
	"{\"address\":\"2001:db8::1\",\"starttls\":\"inconclusive\","
	    "\"outcome\":\"connect_timeout\",\"shared\":true}]",
	"\"rr\":[{\"usage\":3,\"selector\":1,\"mtype\":1,\"data\":"
	    "\"6173736f63696174696f6e2064617461",
	"\"usable\":true}]",
	"\"dane\":{\"usable\":2,\"matched\":true",
	"\"ta_not_sent\":true,\"alternative\":{\"usage\":2,"
	    "\"selector\":0,\"mtype\":1}}",
	"\"tlsrpt\":{\"status\":\"ok\",\"rua\":["
	    "\"mailto:tls@example.net\"],\"txt\":["
	    "\"v=TLSRPTv1; rua=mailto:tls@example.net\"],",
};

static void
test_full_values(void **state)
{
	struct arena *a = arena_new();
	struct sample_domain d;
	struct sample_host h;
	char *text;

	(void)state;
	sample_full(a, &d);
	text = as_json(record_domain(&d.meta, &d.facts, &d.judgement), false);
	for (size_t i = 0; i < sizeof(full_domain) / sizeof(char *); i++)
		assert_holds(text, full_domain[i]);
	free(text);
	sample_host_full(a, &h);
	text = as_json(record_mx(&h.meta, &h.facts, &h.state), false);
	for (size_t i = 0; i < sizeof(full_mx) / sizeof(char *); i++)
		assert_holds(text, full_mx[i]);
	free(text);
	arena_free(a);
}

/* What is not so, or not known, costs nothing. */
static void
test_nothing_to_say(void **state)
{
	static const char *const fields[] = { "\"id_lenient\"", "\"id_time\"",
		"\"provider\"", "\"mx_match\"", "\"mx_class\"",
		"\"incomplete\"", "\"name_by\"", "\"not_before\"",
		"\"not_after\"", "\"ta_not_sent\"", "\"alternative\"" };
	struct arena *a = arena_new();
	struct sample_host h;
	struct sample_domain d;
	struct tls_facts *tls;
	char *text[2];

	(void)state;
	sample_full(a, &d);
	d.judgement.sts = (struct sts_rrset){ .status = RECORD_STATUS_OK,
		.id = SLICE_LIT("1"), .id_lenient = SLICE_LIT("2") };
	d.judgement.tlsrpt.ambiguous = false;
	d.judgement.has_id_time = false;
	d.judgement.sts_provider = d.judgement.policy_provider = SLICE_EMPTY;
	d.judgement.mx_match = MX_MATCH_NULL;
	d.judgement.mx_class = MX_CLASS_NULL;
	d.facts.policy.tls = (struct tls_facts){ .outcome = OUTCOME_OK };
	text[0] = as_json(record_domain(&d.meta, &d.facts, &d.judgement),
	    false);
	sample_host_full(a, &h);
	tls = &h.facts.address[1].tls;
	*tls = (struct tls_facts){ .outcome = OUTCOME_OK,
		.name_by = NAME_BY_EXACT };
	h.facts.address[1].dane = (struct dane_facts){ .n_usable = 1 };
	h.facts.tlsrpt_txt = (struct rrset){ .n = 0 };
	text[1] = as_json(record_mx(&h.meta, &h.facts, &h.state), false);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		for (size_t k = 0; k < 2; k++)
			if (strstr(text[k], fields[i]) != NULL)
				fail_msg("%s is in %s", fields[i], text[k]);
	assert_null(strstr(text[1], "\"tlsrpt\""));
	free(text[0]);
	free(text[1]);
	arena_free(a);
}

/* An outcome inside something volatile is no part of the sum. */
static void
test_tally(void **state)
{
	struct arena *a = arena_new();
	struct tally t = { .domains = 0 };
	struct sample_domain d;
	struct sample_host h;
	struct record *r;

	(void)state;
	sample_full(a, &d);
	r = record_domain(&d.meta, &d.facts, &d.judgement);
	tally_record(&t, r);
	record_free(r);
	assert_int_equal(t.domains, 1);
	assert_int_equal(t.verdict[VERDICT_ENFORCE_DEGRADED], 1);
	assert_int_equal(t.verdict_dane[VERDICT_ENFORCE_OK], 1);
	assert_int_equal(t.finding[FINDING_STARTTLS_ABSENT], 1);
	/* mx, sts, tlsrpt, a, fetch, tls, two others, four of also; but no
	 * attempts */
	assert_int_equal(t.outcome[OUTCOME_OK], 12);
	assert_int_equal(t.outcome[OUTCOME_NODATA], 2);
	sample_host_full(a, &h);
	r = record_mx(&h.meta, &h.facts, &h.state);
	tally_record(&t, r);
	record_free(r);
	assert_int_equal(t.mx_hosts, 1);
	/* a, aaaa, tlsa, session, tls, tlsrpt, alias, one of tls_versions */
	assert_int_equal(t.outcome[OUTCOME_OK], 20);
	assert_int_equal(t.outcome[OUTCOME_CONNECT_TIMEOUT], 2);
	assert_int_equal(t.outcome[OUTCOME_SMTP_4YZ], 0);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_domain),
		cmocka_unit_test(test_nxdomain),
		cmocka_unit_test(test_mail_stable),
		cmocka_unit_test(test_empty_others),
		cmocka_unit_test(test_full_writes_every_field),
		cmocka_unit_test(test_full_values),
		cmocka_unit_test(test_nothing_to_say),
		cmocka_unit_test(test_tally),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
