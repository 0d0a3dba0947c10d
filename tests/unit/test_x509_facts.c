/* SPDX-License-Identifier: Apache-2.0
 *
 * test_x509_facts.c: what is read from certificates, the odd ones included,
 * and names matched with OpenSSL's own matcher as second witness.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "scanner/base/limits.h"
#include "tests/unit/pki.h"
#include "workers/x509_facts.h"

#include "scanner/base/banned.h"

static struct pki pki;

static int
set_up(void **state)
{
	(void)state;
	pki_init(&pki);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	pki_release(&pki);
	return 0;
}

static struct slice
der_of(struct arena *a, X509 *x)
{
	int n = i2d_X509(x, NULL);
	unsigned char *p = arena_alloc(a, (size_t)n);
	struct slice der = slice_make(p, (size_t)n);

	i2d_X509(x, &p);
	return der;
}

static void
assert_text(struct slice s, const char *expected)
{
	if (!slice_eq(s, slice_of(expected)))
		fail_msg("got \"%.*s\", expected \"%s\"", SLICE_ARG(s),
		    expected);
}

static void
reads_a_leaf(void **state)
{
	struct pki_spec spec = {
		.cn = "M\xc3\xbcller, Ltd",
		.dns = { "a.example", "*.b.example" },
		.issuer = pki.middle, .issuer_key = pki.other_key,
		.key = pki.key, .from_s = -3600, .until_s = 3600,
	};
	X509 *x = pki_cert(&spec);
	struct arena *a = arena_new();
	struct cert_facts f;
	uint8_t sha256[32];
	struct slice der = der_of(a, x);
	int64_t now = time(NULL);

	(void)state;
	assert_true(x509_facts(a, der, &f));
	EVP_Digest(der.p, der.n, sha256, NULL, EVP_sha256(), NULL);
	assert_memory_equal(f.sha256, sha256, 32);
	assert_true(slice_eq(f.der, der));
	assert_text(f.subject_cn, "M\xc3\xbcller, Ltd");
	assert_text(f.subject, "CN=M\xc3\xbcller\\, Ltd");
	assert_text(f.issuer, "CN=Test Intermediate");
	assert_int_equal(f.n_dns_name, 2);
	assert_text(f.dns_name[0], "a.example");
	assert_text(f.dns_name[1], "*.b.example");
	assert_in_range(f.not_before, now - 3700, now - 3500);
	assert_in_range(f.not_after, now + 3500, now + 3700);
	assert_text(f.key_type, "EC");
	assert_int_equal(f.key_bits, 256);
	assert_text(f.signature_algorithm, "ecdsa-with-SHA256");
	assert_false(f.self_issued);
	assert_false(f.is_ca);
	X509_free(x);
	arena_free(a);
}

static void
reads_spki_and_serial(void **state)
{
	struct pki_spec spec = { .cn = "x", .key = pki.key };
	X509 *x = pki_cert(&spec);
	struct arena *a = arena_new();
	unsigned char *spki = NULL;
	uint8_t sha256[32];
	struct cert_facts f;
	int n;

	(void)state;
	ASN1_INTEGER_set(X509_get_serialNumber(x), 0x0102ab);
	X509_sign(x, pki.key, EVP_sha256());
	assert_true(x509_facts(a, der_of(a, x), &f));
	assert_text(f.serial, "0102ab");
	n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);
	EVP_Digest(spki, (size_t)n, sha256, NULL, EVP_sha256(), NULL);
	assert_memory_equal(f.spki_sha256, sha256, 32);
	assert_true(f.self_issued);
	assert_true(x509_signs_itself(x));
	ASN1_INTEGER_set(X509_get_serialNumber(x), -5);
	X509_sign(x, pki.other_key, EVP_sha256());
	assert_true(x509_facts(a, der_of(a, x), &f));
	assert_text(f.serial, "-05");
	assert_true(f.self_issued);
	assert_false(x509_signs_itself(x));
	OPENSSL_free(spki);
	X509_free(x);
	arena_free(a);
}

static void
reads_ca_rsa_and_no_names(void **state)
{
	EVP_PKEY *rsa = EVP_RSA_gen(1024);
	struct pki_spec spec = { .key = rsa };
	X509 *x = pki_cert(&spec);
	struct arena *a = arena_new();
	struct slice *names;
	struct cert_facts f;

	(void)state;
	assert_true(x509_facts(a, der_of(a, x), &f));
	assert_text(f.key_type, "RSA");
	assert_int_equal(f.key_bits, 1024);
	assert_text(f.signature_algorithm, "sha256WithRSAEncryption");
	assert_text(f.subject, "");
	assert_text(f.subject_cn, "");
	assert_int_equal(f.n_dns_name, 0);
	assert_int_equal(x509_dns_names(a, der_of(a, x), &names), 0);
	assert_true(x509_facts(a, der_of(a, pki.root), &f));
	assert_true(f.is_ca);
	assert_true(f.self_issued);
	X509_free(x);
	EVP_PKEY_free(rsa);
	arena_free(a);
}

/* Hostile names: raw bytes stay, text stays UTF-8, counts stay bounded. */
static void
bounds_odd_names(void **state)
{
	struct pki_spec spec = { .cn = "x", .key = pki.key };
	X509 *x = pki_cert(&spec);
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	struct arena *a = arena_new();
	struct slice *dns;
	struct cert_facts f;

	(void)state;
	for (int i = 0; i < LIMIT_CERT_NAMES + 50; i++) {
		GENERAL_NAME *name = GENERAL_NAME_new();
		ASN1_IA5STRING *s = ASN1_IA5STRING_new();

		ASN1_STRING_set(s, i == 0 ? "a.example\0.b" :
		    i == LIMIT_CERT_NAMES + 49 ? "last.example" : "\xff\xfe",
		    i == 0 ? 12 : -1);
		GENERAL_NAME_set0_value(name, GEN_DNS, s);
		sk_GENERAL_NAME_push(names, name);
	}
	X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, 0);
	GENERAL_NAMES_free(names);
	/* Text that is no UTF-8. */
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "O",
	    V_ASN1_T61STRING, (const unsigned char *)"caf\xe9", -1, -1, 0);
	X509_sign(x, pki.key, EVP_sha256());
	assert_true(x509_facts(a, der_of(a, x), &f));
	assert_int_equal(f.n_dns_name, LIMIT_CERT_NAMES);
	assert_int_equal(f.dns_name[0].n, 12);
	assert_true(slice_is_utf8(f.subject));
	assert_int_equal(x509_dns_names(a, der_of(a, x), &dns),
	    LIMIT_CERT_NAMES);
	/* Matching looks at all of them, and a NUL ends nothing. */
	assert_int_equal(x509_name_by(x, SLICE_LIT("last.example")),
	    NAME_BY_EXACT);
	assert_int_equal(x509_name_by(x, SLICE_LIT("a.example")),
	    NAME_BY_NONE);
	X509_free(x);
	arena_free(a);
}

static void
refuses_what_is_none(void **state)
{
	struct arena *a = arena_new();
	struct slice der = der_of(a, pki.root);
	char *longer = arena_alloc(a, der.n + 1);
	struct cert_facts f;
	struct slice *names;
	uint8_t sha256[32];

	(void)state;
	memcpy(longer, der.p, der.n);
	assert_false(x509_facts(a, slice_make(longer, der.n + 1), &f));
	EVP_Digest(longer, der.n + 1, sha256, NULL, EVP_sha256(), NULL);
	assert_memory_equal(f.sha256, sha256, 32);
	assert_int_equal(f.der.n, der.n + 1);
	for (size_t n = 0; n < der.n; n++) {
		assert_false(x509_facts(a, slice_upto(der, n), &f));
		assert_int_equal(x509_dns_names(a, slice_upto(der, n),
		    &names), 0);
	}
	arena_free(a);
}

static void
reads_dates(void **state)
{
	struct pki_spec spec = { .cn = "x", .key = pki.key };
	X509 *x = pki_cert(&spec);
	int64_t begins, ends;

	(void)state;
	ASN1_TIME_set_string(X509_getm_notBefore(x), "700101000000Z");
	ASN1_TIME_set_string(X509_getm_notAfter(x), "99991231235959Z");
	assert_true(x509_period(x, &begins, &ends));
	assert_int_equal(begins, 0);
	assert_int_equal(ends, 253402300799);
	ASN1_STRING_set(X509_getm_notAfter(x), "soon", 4);
	assert_false(x509_period(x, &begins, &ends));
	assert_int_equal(begins, 0);
	assert_int_equal(ends, 0);
	X509_free(x);
}

struct match_row {
	const char *presented;
	const char *reference;
	bool match;
	bool differs; /* from OpenSSL, for a reason */
};

static const struct match_row match_rows[] = {
	{ "mx.a.example", "mx.a.example", true, false },
	{ "MX.a.Example", "mx.a.example", true, false },
	{ "a.example", "mx.a.example", false, false },
	{ "*.a.example", "mx.a.example", true, false },
	{ "*.a.example", "a.example", false, false },
	{ "*.a.example", "x.mx.a.example", false, false },
	{ "m*.a.example", "mx.a.example", false, false },
	{ "*", "example", false, false },
	{ "mx.*.example", "mx.a.example", false, false },
	{ "mx.a.example.", "mx.a.example", false, false },
	{ ".a.example", "mx.a.example", false, false },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example", true, false },
	{ "mx..example", "mx..example", false, true },
	/* OpenSSL wants two labels behind the asterisk; RFC 9525 does not. */
	{ "*.example", "a.example", true, true },
};

static void
matches_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(match_rows) / sizeof(match_rows[0]);
	    i++) {
		const struct match_row *row = &match_rows[i];
		struct pki_spec spec = {
			.cn = row->reference, .dns = { row->presented },
			.key = pki.key,
		};
		X509 *x = pki_cert(&spec);
		/* the reference is the CN as well, which never counts */
		bool ours = x509_name_by(x, slice_of(row->reference)) !=
		    NAME_BY_NONE;
		bool theirs = X509_check_host(x, row->reference, 0,
		    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
		    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;

		if (ours != row->match || (ours != theirs) != row->differs)
			fail_msg("%s against %s: ours %d, OpenSSL %d",
			    row->presented, row->reference, ours, theirs);
		X509_free(x);
	}
}

struct by_row {
	const char *dns[3];
	const char *cn;
	const char *reference;
	enum name_by by;
};

static const struct by_row by_rows[] = {
	{ { "mx.a.example" }, "x", "mx.a.example", NAME_BY_EXACT },
	/* the plainest counts, wherever it stands */
	{ { "*.a.example", "MX.a.example" }, "x", "mx.a.example",
	  NAME_BY_EXACT },
	{ { "b.example", "*.a.example" }, "mx.a.example", "mx.a.example",
	  NAME_BY_WILDCARD },
	{ { "*.a.example" }, "x", "mx.a.example.", NAME_BY_WILDCARD },
	{ { "*.a.example" }, "x", "a.example", NAME_BY_NONE },
	/* right over a public suffix of one, two and three labels */
	{ { "*.com" }, "x", "a.com", NAME_BY_WILDCARD_SUFFIX },
	{ { "*.example" }, "x", "a.example", NAME_BY_WILDCARD_SUFFIX },
	{ { "*.example" }, "x", "a.example.", NAME_BY_WILDCARD_SUFFIX },
	{ { "*.co.uk" }, "x", "a.co.uk", NAME_BY_WILDCARD_SUFFIX },
	{ { "*.CO.uk" }, "x", "a.co.uk", NAME_BY_WILDCARD_SUFFIX },
	{ { "*.foo.ck" }, "x", "a.foo.ck", NAME_BY_WILDCARD_SUFFIX },
	/* a registrable domain is none, nor one with a suffix below it */
	{ { "*.a.co.uk" }, "x", "mx.a.co.uk", NAME_BY_WILDCARD },
	{ { "*.a.com" }, "x", "mx.a.com", NAME_BY_WILDCARD },
	{ { "*.co.uk", "a.co.uk" }, "x", "a.co.uk", NAME_BY_EXACT },
	/* the common name, where there is no DNS name at all */
	{ { NULL }, "mx.a.example", "mx.a.example", NAME_BY_COMMON_NAME },
	{ { NULL }, "*.a.example", "mx.a.example", NAME_BY_COMMON_NAME },
	{ { NULL }, "b.example", "mx.a.example", NAME_BY_NONE },
	{ { NULL }, "mx.a.example ", "mx.a.example", NAME_BY_NONE },
	{ { NULL }, NULL, "mx.a.example", NAME_BY_NONE },
	{ { "b.example" }, "mx.a.example", "mx.a.example", NAME_BY_NONE },
};

static void
tells_what_matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(by_rows) / sizeof(by_rows[0]); i++) {
		const struct by_row *row = &by_rows[i];
		struct pki_spec spec = {
			.cn = row->cn, .key = pki.key,
			.dns = { row->dns[0], row->dns[1], row->dns[2] },
		};
		X509 *x = pki_cert(&spec);
		enum name_by by = x509_name_by(x, slice_of(row->reference));

		if (by != row->by)
			fail_msg("row %zu, %s: %s, not %s", i, row->reference,
			    name_by_word(by), name_by_word(row->by));
		X509_free(x);
	}
}

/* Of several common names the last: the most specific one. */
static void
reads_the_last_common_name(void **state)
{
	struct pki_spec spec = { .cn = "b.example", .key = pki.key };
	X509 *x = pki_cert(&spec);

	(void)state;
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
	    MBSTRING_UTF8, (const unsigned char *)"mx.a.example", -1, -1, 0);
	assert_int_equal(x509_name_by(x, SLICE_LIT("mx.a.example")),
	    NAME_BY_COMMON_NAME);
	assert_int_equal(x509_name_by(x, SLICE_LIT("b.example")),
	    NAME_BY_NONE);
	X509_free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_leaf),
		cmocka_unit_test(reads_spki_and_serial),
		cmocka_unit_test(reads_ca_rsa_and_no_names),
		cmocka_unit_test(bounds_odd_names),
		cmocka_unit_test(refuses_what_is_none),
		cmocka_unit_test(reads_dates),
		cmocka_unit_test(matches_names),
		cmocka_unit_test(tells_what_matches),
		cmocka_unit_test(reads_the_last_common_name),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
