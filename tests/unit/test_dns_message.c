/* SPDX-License-Identifier: Apache-2.0
 *
 * test_dns_message.c: what responses mean.
 *
 * Messages are made by ldns from presentation form (dns_made.c), so that our
 * reader is held against another implementation; what ldns would not make is
 * made by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "scanner/base/limits.h"
#include "tests/unit/dns_made.h"
#include "workers/dns_message.h"

#include "scanner/base/banned.h"

static struct made made;

static void
make(const char *question, const char *flags, int rcode, const char *answer,
    const char *authority)
{
	made_response(&made, question, flags, rcode, answer, authority);
}

static struct slice
message(void)
{
	return made_message(&made);
}

/* ---- what a response means ---- */

struct row {
	const char *name;
	enum dns_type type;
	const char *question, *flags;
	int rcode;
	const char *answer, *authority;
	enum outcome outcome;
	size_t n, n_cname;
	uint32_t ttl;
};

#define Q_A "a.example. IN A"
#define SOA "example. 900 IN SOA ns.example. root.example. 1 2 3 4 60"

static const struct row rows[] = {
	{ "one address", DNS_A, Q_A, "r", 0, "a.example. 300 IN A 192.0.2.1",
	  "", OUTCOME_OK, 1, 0, 300 },
	{ "upper case owner", DNS_A, Q_A, "r", 0,
	  "A.EXAMPLE. 300 IN A 192.0.2.1", "", OUTCOME_OK, 1, 0, 300 },
	{ "somebody else's address", DNS_A, Q_A, "r", 0,
	  "b.example. 300 IN A 192.0.2.1", "", OUTCOME_NODATA, 0, 0, 0 },
	{ "another type", DNS_A, Q_A, "r", 0,
	  "a.example. 300 IN TXT \"x\"", "", OUTCOME_NODATA, 0, 0, 0 },
	{ "another class", DNS_A, Q_A, "r", 0,
	  "a.example. 300 CH A 192.0.2.1", "", OUTCOME_NODATA, 0, 0, 0 },
	{ "nodata, SOA minimum", DNS_A, Q_A, "r", 0, "", SOA,
	  OUTCOME_NODATA, 0, 0, 60 },
	{ "nxdomain", DNS_A, Q_A, "r", 3, "", SOA, OUTCOME_NXDOMAIN, 0, 0,
	  60 },
	{ "authoritative nodata", DNS_A, Q_A, "a", 0, "", SOA,
	  OUTCOME_NODATA, 0, 0, 60 },
	{ "referral is no nodata", DNS_A, Q_A, "", 0, "",
	  "example. 300 IN NS ns.example.", OUTCOME_DNS_ERROR, 0, 0, 0 },
	{ "nxdomain with data", DNS_A, Q_A, "r", 3,
	  "a.example. 300 IN A 192.0.2.1", "", OUTCOME_DNS_MALFORMED, 0, 0,
	  0 },
	{ "servfail", DNS_A, Q_A, "r", 2, "", "", OUTCOME_SERVFAIL, 0, 0, 0 },
	{ "refused", DNS_A, Q_A, "r", 5, "", "", OUTCOME_REFUSED, 0, 0, 0 },
	{ "formerr", DNS_A, Q_A, "r", 1, "", "", OUTCOME_DNS_ERROR, 0, 0, 0 },
	{ "notimp", DNS_A, Q_A, "r", 4, "", "", OUTCOME_DNS_ERROR, 0, 0, 0 },
	{ "chain in order", DNS_A, Q_A, "r", 0,
	  "a.example. 30 IN CNAME b.example.\n"
	  "b.example. 20 IN CNAME c.example.\n"
	  "c.example. 300 IN A 192.0.2.1", "", OUTCOME_OK, 1, 2, 20 },
	{ "chain out of order", DNS_A, Q_A, "r", 0,
	  "c.example. 300 IN A 192.0.2.1\n"
	  "b.example. 20 IN CNAME C.example.\n"
	  "A.example. 30 IN CNAME b.Example.", "", OUTCOME_OK, 1, 2, 20 },
	{ "dangling, noerror", DNS_A, Q_A, "r", 0,
	  "a.example. 30 IN CNAME b.example.", SOA, OUTCOME_NODATA, 0, 1, 30 },
	{ "dangling, nxdomain", DNS_A, Q_A, "r", 3,
	  "a.example. 300 IN CNAME b.example.", SOA, OUTCOME_NXDOMAIN, 0, 1,
	  60 },
	{ "alias of itself", DNS_A, Q_A, "r", 0,
	  "a.example. 30 IN CNAME a.example.", "", OUTCOME_CNAME_LOOP, 0,
	  LIMIT_DNS_CNAME_CHAIN, 30 },
	{ "loop of two", DNS_A, Q_A, "r", 0,
	  "a.example. 30 IN CNAME b.example.\n"
	  "b.example. 30 IN CNAME a.example.", "", OUTCOME_CNAME_LOOP, 0,
	  LIMIT_DNS_CNAME_CHAIN, 30 },
	{ "data beats an alias beside it", DNS_A, Q_A, "r", 0,
	  "a.example. 30 IN CNAME b.example.\n"
	  "a.example. 300 IN A 192.0.2.1", "", OUTCOME_OK, 1, 0, 30 },
	{ "same address twice", DNS_A, Q_A, "r", 0,
	  "a.example. 300 IN A 192.0.2.1\na.example. 300 IN A 192.0.2.1", "",
	  OUTCOME_OK, 1, 0, 300 },
	{ "two TXT that differ in the split", DNS_TXT, "a.example. IN TXT",
	  "r", 0, "a.example. 300 IN TXT \"ab\" \"c\"\n"
	  "a.example. 300 IN TXT \"a\" \"bc\"", "", OUTCOME_OK, 2, 0, 300 },
	{ "the same TXT twice", DNS_TXT, "a.example. IN TXT", "r", 0,
	  "a.example. 300 IN TXT \"ab\" \"c\"\n"
	  "a.example. 300 IN TXT \"ab\" \"c\"", "", OUTCOME_OK, 1, 0, 300 },
};

static void
test_meanings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];
		struct arena *a = arena_new();
		struct dns_answer answer;
		const struct lookup *l = &answer.set.lookup;

		make(r->question, r->flags, r->rcode, r->answer, r->authority);
		dns_answer_read(a, message(), r->type, &answer);
		if (l->outcome != r->outcome)
			FAIL_IN(r->name, "outcome %s, not %s",
			    outcome_word(l->outcome),
			    outcome_word(r->outcome));
		if (answer.set.n != r->n || l->n_cname != r->n_cname)
			FAIL_IN(r->name, "%zu records, %zu aliases",
			    answer.set.n, l->n_cname);
		if (l->ttl != r->ttl)
			FAIL_IN(r->name, "ttl %u", l->ttl);
		arena_free(a);
	}
}

/* ---- records ---- */

static struct rrset
read_set(struct arena *a, enum dns_type type)
{
	struct dns_answer answer;

	dns_answer_read(a, message(), type, &answer);
	assert_int_equal(answer.set.lookup.outcome, OUTCOME_OK);
	return answer.set;
}

static void
assert_slice(struct slice s, const char *want)
{
	if (!slice_eq(s, slice_of(want)))
		fail_msg("\"%.*s\", not \"%s\"", SLICE_ARG(s), want);
}

static void
test_mx(void **state)
{
	struct arena *a = arena_new();
	struct rrset set;

	(void)state;
	make("a.example. IN MX", "rd", 0, "a.example. 300 IN MX 20 B.Example.\n"
	    "a.example. 300 IN MX 10 mx.a.example.\n"
	    "a.example. 300 IN MX 10 a\\.b.\\000\\;x.example.\n"
	    "a.example. 300 IN MX 20 b.example.\n"
	    "a.example. 300 IN MX 0 .", "");
	set = read_set(a, DNS_MX);
	assert_int_equal(set.n, 4);
	assert_slice(set.mx[0].host, ".");
	assert_slice(set.mx[1].host, "a\\.b.\\000\\;x.example");
	assert_slice(set.mx[2].host, "mx.a.example");
	assert_slice(set.mx[3].host, "b.example");
	assert_int_equal(set.mx[3].preference, 20);
	arena_free(a);
}

static void
test_txt(void **state)
{
	struct arena *a = arena_new();
	struct rrset set;

	(void)state;
	make("a.example. IN TXT", "r", 0,
	    "a.example. 300 IN TXT \"v=STSv1; \" \"\" \"id=1;\"\n"
	    "a.example. 300 IN TXT \"\"\n"
	    "a.example. 300 IN TXT \"a\\000\\255\"", "");
	set = read_set(a, DNS_TXT);
	assert_int_equal(set.n, 3);
	assert_int_equal(set.txt[0].joined.n, 0);
	assert_int_equal(set.txt[0].n_part, 1);
	assert_int_equal(set.txt[1].joined.n, 3);
	assert_slice(set.txt[2].joined, "v=STSv1; id=1;");
	assert_int_equal(set.txt[2].n_part, 3);
	assert_slice(set.txt[2].part[0], "v=STSv1; ");
	assert_slice(set.txt[2].part[1], "");
	assert_slice(set.txt[2].part[2], "id=1;");
	assert_false(set.cut);
	arena_free(a);
}

static void
test_tlsa_and_aaaa(void **state)
{
	struct arena *a = arena_new();
	struct rrset set;

	(void)state;
	make("_25._tcp.a.example. IN TLSA", "r", 0,
	    "_25._tcp.a.example. 300 IN TLSA 3 1 1 beef\n"
	    "_25._tcp.a.example. 300 IN TLSA 2 0 1 00ff", "");
	set = read_set(a, DNS_TLSA);
	assert_int_equal(set.n, 2);
	assert_int_equal(set.tlsa[0].usage, 2);
	assert_int_equal(set.tlsa[1].selector, 1);
	assert_memory_equal(set.tlsa[1].data.p, "\xbe\xef", 2);
	make("a.example. IN AAAA", "r", 0,
	    "a.example. 300 IN AAAA 2001:db8::2\n"
	    "a.example. 300 IN AAAA 2001:db8::1", "");
	set = read_set(a, DNS_AAAA);
	assert_int_equal(set.n, 2);
	assert_int_equal(set.address[0].family, 6);
	assert_int_equal(set.address[0].bytes[15], 1);
	arena_free(a);
}

/* Caps come after sorting: the smallest stay, whatever the order sent. */
static void
test_caps(void **state)
{
	struct arena *a = arena_new();
	char lines[8192] = "";
	struct strbuf b = strbuf_of(lines, sizeof(lines));
	struct rrset set;

	(void)state;
	for (int i = 40; i > 0; i--)
		strbuf_fmt(&b, "a.example. 300 IN MX %d m%d.example.\n", i, i);
	make("a.example. IN MX", "r", 0, lines, "");
	set = read_set(a, DNS_MX);
	assert_int_equal(set.n, LIMIT_MX_RRS);
	assert_true(set.cut);
	assert_int_equal(set.mx[0].preference, 1);
	assert_int_equal(set.mx[LIMIT_MX_RRS - 1].preference, LIMIT_MX_RRS);
	arena_free(a);
}

/* A TXT record as large as a message: strings beyond the cap are dropped. */
static void
test_txt_cap(void **state)
{
	static const uint8_t head[] = { 0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 9 };
	uint8_t part[256];
	struct arena *a = arena_new();
	struct rrset set;

	(void)state;
	memset(part, 'x', sizeof(part));
	part[0] = 255;
	make("a.example. IN TXT", "r", 0, "", "");
	made_count(&made, 6, 1);
	made_append(&made, head, sizeof(head));
	made_append(&made, "\x27\x00", 2); /* 39 strings of 255 */
	for (int i = 0; i < 39; i++)
		made_append(&made, part, sizeof(part));
	set = read_set(a, DNS_TXT);
	assert_true(set.cut);
	assert_int_equal(set.txt[0].joined.n, LIMIT_TXT_BYTES);
	assert_int_equal(set.txt[0].n_part, 17);
	assert_int_equal(set.txt[0].part[16].n, 16);
	assert_int_equal(set.lookup.ttl, 9);
	arena_free(a);
}

static void
test_chain_cap(void **state)
{
	struct arena *a = arena_new();
	char lines[4096] = "";
	struct strbuf b = strbuf_of(lines, sizeof(lines));
	struct dns_answer answer;

	(void)state;
	for (int i = 0; i < LIMIT_DNS_CNAME_CHAIN; i++)
		strbuf_fmt(&b, "%d.example. 300 IN CNAME %d.example.\n", i,
		    i + 1);
	strbuf_fmt(&b, "%d.example. 300 IN A 192.0.2.1", LIMIT_DNS_CNAME_CHAIN);
	make("0.example. IN A", "r", 0, lines, "");
	dns_answer_read(a, message(), DNS_A, &answer);
	assert_int_equal(answer.set.lookup.outcome, OUTCOME_OK);
	assert_int_equal(answer.set.lookup.n_cname, LIMIT_DNS_CNAME_CHAIN);
	assert_slice(answer.set.lookup.cname[15], "16.example");
	strbuf_fmt(&b, "\nx.example. 300 IN CNAME 0.example.");
	make("x.example. IN A", "r", 0, lines, "");
	dns_answer_read(a, message(), DNS_A, &answer);
	assert_int_equal(answer.set.lookup.outcome, OUTCOME_CNAME_LOOP);
	assert_int_equal(answer.set.n, 0);
	arena_free(a);
}

/* ---- extended errors ---- */

static void
test_ede(void **state)
{
	static const struct {
		uint8_t code;
		enum outcome outcome;
	} codes[] = {
		{ 0, OUTCOME_SERVFAIL }, { 1, OUTCOME_BOGUS },
		{ 2, OUTCOME_BOGUS }, { 3, OUTCOME_SERVFAIL },
		{ 4, OUTCOME_SERVFAIL }, { 5, OUTCOME_BOGUS },
		{ 6, OUTCOME_BOGUS }, { 9, OUTCOME_BOGUS },
		{ 12, OUTCOME_BOGUS }, { 13, OUTCOME_SERVFAIL },
		{ 22, OUTCOME_SERVFAIL }, { 23, OUTCOME_SERVFAIL },
		{ 27, OUTCOME_BOGUS },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		uint8_t option[] = { 0, 15, 0, 5, 0, codes[i].code, 'w', 'h',
			'y' };
		struct dns_answer answer;

		make(Q_A, "r", 2, "", "");
		made_opt(&made, option, sizeof(option), 0);
		dns_answer_read(a, message(), DNS_A, &answer);
		if (answer.set.lookup.outcome != codes[i].outcome)
			fail_msg("code %u: %s", codes[i].code,
			    outcome_word(answer.set.lookup.outcome));
		assert_int_equal(answer.set.lookup.n_ede, 1);
		assert_int_equal(answer.set.lookup.ede[0].code, codes[i].code);
		assert_slice(answer.set.lookup.ede[0].text, "why");
	}
	arena_free(a);
}

static void
test_ede_hostile(void **state)
{
	struct arena *a = arena_new();
	uint8_t many[20 * 6], text[4 + 2 + 400];
	struct dns_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof(many); i += 6)
		memcpy(many + i, "\0\x0f\0\x02\0\x03", 6);
	make(Q_A, "r", 0, "a.example. 300 IN A 192.0.2.1", "");
	made_opt(&made, many, sizeof(many), 0);
	dns_answer_read(a, message(), DNS_A, &answer);
	assert_int_equal(answer.set.lookup.outcome, OUTCOME_OK);
	assert_int_equal(answer.set.lookup.n_ede, LIMIT_DNS_EDE);
	/* A two-byte character across the cap is dropped, not halved. */
	memset(text, 'a', sizeof(text));
	memcpy(text, "\0\x0f\x01\x92\0\x06", 6);
	memcpy(text + 6 + LIMIT_DNS_EDE_TEXT_BYTES - 1, "\xc3\xa9", 2);
	make(Q_A, "r", 0, "", SOA);
	made_opt(&made, text, sizeof(text), 0);
	dns_answer_read(a, message(), DNS_A, &answer);
	assert_int_equal(answer.set.lookup.ede[0].text.n,
	    LIMIT_DNS_EDE_TEXT_BYTES - 1);
	/* Text that is no UTF-8 is left out, the code stays. */
	make(Q_A, "r", 2, "", "");
	made_opt(&made, "\0\x0f\0\x05\0\x06\xff\xff\xff", 9, 0);
	dns_answer_read(a, message(), DNS_A, &answer);
	assert_int_equal(answer.set.lookup.ede[0].code, 6);
	assert_int_equal(answer.set.lookup.ede[0].text.n, 0);
	/* An option that claims more than there is. */
	make(Q_A, "r", 2, "", "");
	made_opt(&made, "\0\x0f\x7f\xff\0\x06", 6, 0);
	dns_answer_read(a, message(), DNS_A, &answer);
	assert_int_equal(answer.set.lookup.outcome, OUTCOME_SERVFAIL);
	/* Extended RCODE 16 is BADVERS: no "no error". */
	make(Q_A, "r", 0, "", SOA);
	made_opt(&made, "", 0, 1);
	dns_answer_read(a, message(), DNS_A, &answer);
	assert_int_equal(answer.set.lookup.outcome, OUTCOME_DNS_ERROR);
	arena_free(a);
}

/* ---- malformed ---- */

static void
test_malformed(void **state)
{
#define FIXED "\0\1\0\1\0\0\0\1"
	static const struct {
		const char *name;
		const char *rr;
		size_t n;
		enum dns_type type;
	} bad[] = {
		{ "pointer to itself", "\xc0\x1b" FIXED "\0\4\1\2\3\4", 16,
		  DNS_A },
		{ "pointer forward", "\xc0\x1d" FIXED "\0\4\1\2\3\4", 16,
		  DNS_A },
		{ "pointers in a circle", "\1a\xc0\x1b" FIXED "\0\4\1\2\3\4",
		  18, DNS_A },
		{ "label type 01", "\x41" "a\0" FIXED "\0\4\1\2\3\4", 17,
		  DNS_A },
		{ "address of five bytes", "\xc0\x0c" FIXED "\0\5\1\2\3\4\5",
		  17, DNS_A },
		{ "address of three bytes", "\xc0\x0c" FIXED "\0\3\1\2\3", 15,
		  DNS_A },
		{ "data beyond the end", "\xc0\x0c" FIXED "\0\5\1\2\3\4", 16,
		  DNS_A },
		{ "nothing there", "", 0, DNS_A },
		{ "TXT without a string", "\xc0\x0c\0\x10\0\1\0\0\0\1\0\0", 12,
		  DNS_TXT },
		{ "TXT string beyond its data",
		  "\xc0\x0c\0\x10\0\1\0\0\0\1\0\2\2a", 14, DNS_TXT },
		{ "MX name beyond its data",
		  "\xc0\x0c\0\x0f\0\1\0\0\0\1\0\3\0\1\1a\0", 17, DNS_MX },
		{ "MX bytes behind the name",
		  "\xc0\x0c\0\x0f\0\1\0\0\0\1\0\4\0\1\0\0", 16, DNS_MX },
		{ "TLSA of two bytes", "\xc0\x0c\0\x34\0\1\0\0\0\1\0\2\3\1",
		  14, DNS_TLSA },
		{ "alias to nowhere", "\xc0\x0c\0\5\0\1\0\0\0\1\0\0", 12,
		  DNS_A },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct dns_answer answer;

		make(Q_A, "r", 0, "", "");
		assert_int_equal(made.n, 27);
		made_count(&made, 6, 1);
		made_append(&made, bad[i].rr, bad[i].n);
		dns_answer_read(a, message(), bad[i].type, &answer);
		if (answer.set.lookup.outcome != OUTCOME_DNS_MALFORMED)
			FAIL_IN(bad[i].name, "%s",
			    outcome_word(answer.set.lookup.outcome));
	}
	arena_free(a);
}

/* A response cut anywhere is malformed, never a smaller answer or a "no". */
static void
test_every_cut(void **state)
{
	struct arena *a = arena_new();
	struct dns_answer answer;
	size_t whole;

	(void)state;
	make("a.example. IN MX", "r", 0, "a.example. 300 IN MX 1 b.example.\n"
	    "a.example. 300 IN MX 2 c.example.", SOA);
	made_opt(&made, "\0\x0f\0\x02\0\x06", 6, 0);
	whole = made.n;
	for (size_t n = 12; n < whole; n++) {
		uint8_t *copy = malloc(n); /* the sanitizer watches its end */

		memcpy(copy, made.bytes, n);
		dns_answer_read(a, slice_make(copy, n), DNS_MX, &answer);
		if (answer.set.lookup.outcome != OUTCOME_DNS_MALFORMED)
			fail_msg("cut at %zu: %s", n,
			    outcome_word(answer.set.lookup.outcome));
		free(copy);
	}
	dns_answer_read(a, message(), DNS_MX, &answer);
	assert_int_equal(answer.set.lookup.outcome, OUTCOME_OK);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meanings),
		cmocka_unit_test(test_mx),
		cmocka_unit_test(test_txt),
		cmocka_unit_test(test_tlsa_and_aaaa),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_txt_cap),
		cmocka_unit_test(test_chain_cap),
		cmocka_unit_test(test_ede),
		cmocka_unit_test(test_ede_hostile),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_every_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
