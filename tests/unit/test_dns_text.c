/* SPDX-License-Identifier: Apache-2.0
 *
 * test_dns_text.c: records that are kept as text: NS, CNAME, DS, CAA.
 *
 * Messages are made by ldns from presentation form (dns_made.c), so that what
 * we write is held against what another implementation has read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "scanner/base/limits.h"
#include "tests/unit/dns_made.h"
#include "workers/dns_message.h"

#include "scanner/base/banned.h"

#define SOA "example. 900 IN SOA ns.example. root.example. 1 2 3 4 60"

static struct made made;

static struct dns_answer
read_it(struct arena *a, const char *question, const char *answer,
    const char *authority, enum dns_type type)
{
	struct dns_answer out;

	made_response(&made, question, "rd", 0, answer, authority);
	dns_answer_read(a, made_message(&made), type, &out);
	return out;
}

struct row {
	const char *question;
	enum dns_type type;
	const char *answer;
	const char *text[3];
};

static const struct row rows[] = {
	{ "a.example. IN NS", DNS_NS, "a.example. 9 IN NS ns2.example.\n"
	  "a.example. 9 IN NS NS1.example.net.\n"
	  "a.example. 9 IN NS ns2.example.",
	  { "ns1.example.net", "ns2.example" } },
	{ "a.example. IN NS", DNS_NS, "a.example. 9 IN NS .", { "." } },
	/* RFC 4034 5.4 */
	{ "dskey.example. IN DS", DNS_DS, "dskey.example. 9 IN DS 60485 5 1 "
	  "2bb183af5f22588179a53b0a98631fad1a292118",
	  { "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118" } },
	{ "a.example. IN DS", DNS_DS, "a.example. 9 IN DS 9 13 2 beef\n"
	  "a.example. 9 IN DS 10 13 2 00",
	  { "10 13 2 00", "9 13 2 BEEF" } },
	/* RFC 8659 4.1.1, 4.2 */
	{ "a.example. IN CAA", DNS_CAA,
	  "a.example. 9 IN CAA 0 issue \"ca1.example.net; policy=ev\"\n"
	  "a.example. 9 IN CAA 128 tbs \"Unknown\"\n"
	  "a.example. 9 IN CAA 0 issuewild \";\"",
	  { "0 issue \"ca1.example.net; policy=ev\"",
	    "0 issuewild \";\"", "128 tbs \"Unknown\"" } },
	{ "a.example. IN CAA", DNS_CAA,
	  "a.example. 9 IN CAA 0 iodef \"a\\\"b\\\\c\\200\"",
	  { "0 iodef \"a\\\"b\\\\c\\200\"" } },
	/* behind an alias */
	{ "a.example. IN CAA", DNS_CAA, "a.example. 9 IN CNAME b.example.\n"
	  "b.example. 9 IN CAA 0 issue \"\"", { "0 issue \"\"" } },
};

static void
test_texts(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];
		struct dns_answer got = read_it(a, r->question, r->answer, "",
		    r->type);
		size_t n = 0;

		if (got.set.lookup.outcome != OUTCOME_OK)
			FAIL_IN(r->answer, "%s",
			    outcome_word(got.set.lookup.outcome));
		while (n < 3 && r->text[n] != NULL)
			n++;
		assert_int_equal(got.set.n, n);
		for (size_t k = 0; k < n; k++)
			if (!slice_eq(got.set.text[k], slice_of(r->text[k])))
				FAIL_IN(r->answer, "%.*s",
				    SLICE_ARG(got.set.text[k]));
		assert_false(got.set.cut);
	}
	arena_free(a);
}

/* The alias itself is asked for: it is the answer, not a way to another. */
static void
test_cname(void **state)
{
	struct arena *a = arena_new();
	struct dns_answer got = read_it(a, "a.example. IN CNAME",
	    "a.example. 30 IN CNAME B.example.\n"
	    "b.example. 20 IN CNAME c.example.", "", DNS_CNAME);
	const struct lookup *l = &got.set.lookup;

	(void)state;
	assert_int_equal(l->outcome, OUTCOME_OK);
	assert_true(got.authentic);
	assert_int_equal(l->n_cname, 1);
	assert_true(slice_eq(l->cname[0], SLICE_LIT("b.example")));
	assert_int_equal(l->ttl, 30);
	assert_int_equal(got.set.n, 1);
	assert_false(got.set.cut);

	/* to itself: an answer still, since nobody follows it */
	got = read_it(a, "a.example. IN CNAME",
	    "a.example. 30 IN CNAME a.example.", "", DNS_CNAME);
	assert_int_equal(l->outcome, OUTCOME_OK);
	assert_int_equal(l->n_cname, 1);

	got = read_it(a, "a.example. IN CNAME", "", SOA, DNS_CNAME);
	assert_int_equal(l->outcome, OUTCOME_NODATA);
	assert_int_equal(l->n_cname, 0);

	/* RFC 2181 10.1: one alone; the same one whatever the order */
	got = read_it(a, "a.example. IN CNAME",
	    "a.example. 30 IN CNAME z.example.\n"
	    "a.example. 30 IN CNAME b.example.", "", DNS_CNAME);
	assert_int_equal(l->n_cname, 1);
	assert_true(slice_eq(l->cname[0], SLICE_LIT("b.example")));
	assert_true(got.set.cut);
	arena_free(a);
}

static void
test_caps(void **state)
{
	struct arena *a = arena_new();
	char lines[8192] = "";
	struct strbuf b = strbuf_of(lines, sizeof(lines));
	struct dns_answer got;

	(void)state;
	for (int i = 40; i > 0; i--)
		strbuf_fmt(&b, "a.example. 9 IN NS n%02d.example.\n", i);
	got = read_it(a, "a.example. IN NS", lines, "", DNS_NS);
	assert_int_equal(got.set.n, LIMIT_OTHER_RRS);
	assert_true(got.set.cut);
	assert_true(slice_eq(got.set.text[0], SLICE_LIT("n01.example")));

	b = strbuf_of(lines, sizeof(lines));
	strbuf_fmt(&b, "a.example. 9 IN DS 1 2 3 ");
	for (int i = 0; i <= LIMIT_DS_DIGEST_BYTES; i++)
		strbuf_fmt(&b, "ab");
	got = read_it(a, "a.example. IN DS", lines, "", DNS_DS);
	assert_int_equal(got.set.lookup.outcome, OUTCOME_OK);
	assert_true(got.set.cut);
	assert_int_equal(got.set.text[0].n,
	    strlen("1 2 3 ") + 2 * LIMIT_DS_DIGEST_BYTES);
	arena_free(a);
}

#define FIXED "\0\1\0\0\0\1"

/* One record behind the question, given as its bytes. */
static void
test_malformed(void **state)
{
	static const struct {
		const char *name, *rr;
		size_t n;
		enum dns_type type;
	} bad[] = {
		{ "NS bytes behind the name", "\xc0\x0c\0\2" FIXED
		  "\0\2\0\0", 14, DNS_NS },
		{ "NS name beyond its data", "\xc0\x0c\0\2" FIXED
		  "\0\2\1a\0", 15, DNS_NS },
		{ "CNAME without a name", "\xc0\x0c\0\5" FIXED "\0\0", 12,
		  DNS_CNAME },
		{ "DS without a digest", "\xc0\x0c\0\x2b" FIXED
		  "\0\4\0\1\2\3", 16, DNS_DS },
		{ "DS of three bytes", "\xc0\x0c\0\x2b" FIXED "\0\3\0\1\2",
		  15, DNS_DS },
		{ "CAA without bytes", "\xc0\x0c\1\1" FIXED "\0\0", 12,
		  DNS_CAA },
		{ "CAA without a tag", "\xc0\x0c\1\1" FIXED "\0\3\0\0a", 15,
		  DNS_CAA },
		{ "CAA tag beyond its data", "\xc0\x0c\1\1" FIXED
		  "\0\3\0\2a", 15, DNS_CAA },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct dns_answer answer;

		made_response(&made, "a.example. IN A", "r", 0, "", "");
		made_count(&made, 6, 1);
		made_append(&made, bad[i].rr, bad[i].n);
		dns_answer_read(a, made_message(&made), bad[i].type, &answer);
		if (answer.set.lookup.outcome != OUTCOME_DNS_MALFORMED)
			FAIL_IN(bad[i].name, "%s",
			    outcome_word(answer.set.lookup.outcome));
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts), cmocka_unit_test(test_cname),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
