/* SPDX-License-Identifier: Apache-2.0
 *
 * test_dane.c: TLSA sets against chains: every usage, selector and matching
 * type, right and wrong; what DANE-EE overlooks and DANE-TA does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/unit/pki.h"
#include "workers/dane.h"

#include "scanner/base/banned.h"

#define HOST "mx.a.example"

static struct pki pki;
static int64_t now;

static int
set_up(void **state)
{
	(void)state;
	pki_init(&pki);
	now = time(NULL);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	pki_release(&pki);
	return 0;
}

static struct cert_der
der_of(struct arena *a, X509 *x)
{
	int n = i2d_X509(x, NULL);
	unsigned char *p = arena_alloc(a, (size_t)n);
	struct cert_der out = { .der = slice_make(p, (size_t)n) };

	i2d_X509(x, &p);
	EVP_Digest(out.der.p, out.der.n, out.sha256, NULL, EVP_sha256(), NULL);
	return out;
}

/* The record that names this certificate. */
static struct tlsa_rr
record_of(struct arena *a, X509 *x, uint8_t usage, uint8_t selector,
    uint8_t mtype)
{
	struct tlsa_rr rr = { .usage = usage, .selector = selector,
		.mtype = mtype };
	unsigned char *bytes = NULL, digest[64];
	unsigned int n_digest = 0;
	int n = selector == 0 ? i2d_X509(x, &bytes) :
	    i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &bytes);

	rr.data = slice_make(bytes, (size_t)n);
	if (mtype != 0) {
		EVP_Digest(bytes, (size_t)n, digest, &n_digest,
		    mtype == 1 ? EVP_sha256() : EVP_sha512(), NULL);
		rr.data = slice_make(digest, n_digest);
	}
	rr.data = arena_slice(a, rr.data);
	OPENSSL_free(bytes);
	return rr;
}

/* One job's worth: a chain, a set, names to be called by. */
struct scene {
	struct arena *a;
	struct cert_der chain[4];
	size_t n_chain;
	struct tlsa_rr rr[4];
	struct rrset set;
	struct slice name[3];
	size_t n_name;
	struct dane_facts facts;
};

static void
scene_init(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->a = arena_new();
	s->set.tlsa = s->rr;
	s->name[s->n_name++] = SLICE_LIT(HOST);
}

static void
scene_release(struct scene *s)
{
	arena_free(s->a);
}

static void
add_cert(struct scene *s, X509 *x)
{
	s->chain[s->n_chain++] = der_of(s->a, x);
}

static void
add_record(struct scene *s, X509 *x, int usage, int selector, int mtype)
{
	s->rr[s->set.n++] = record_of(s->a, x, (uint8_t)usage,
	    (uint8_t)selector, (uint8_t)mtype);
}

static const struct dane_facts *
match(struct scene *s)
{
	dane_match(s->a, &s->set, s->chain, s->n_chain, s->name, s->n_name,
	    now, &s->facts);
	assert_int_equal(ERR_peek_error(), 0);
	return &s->facts;
}

/* ---- every kind of record ---- */

static void
check_kind(X509 *leaf, X509 *right, int depth, int usage, int selector,
    int mtype)
{
	X509 *wrong = pki.other_root;
	struct scene s;

	scene_init(&s);
	add_cert(&s, leaf);
	add_cert(&s, pki.middle);
	add_record(&s, wrong, usage, selector, mtype);
	/* middle and other_root share a key: a wrong key is the root's */
	if (selector == 1)
		s.rr[0] = record_of(s.a, pki.root, (uint8_t)usage, 1,
		    (uint8_t)mtype);
	if (usage == 2 && selector == 1 && mtype == 0)
		s.rr[0] = record_of(s.a, leaf, 2, 1, 0);
	match(&s);
	if (!s.facts.checked || s.facts.matched || s.facts.n_usable != 1 ||
	    s.facts.ta_name_failed)
		fail_msg("%d %d %d wrong: matched %d", usage, selector, mtype,
		    s.facts.matched);
	add_record(&s, right, usage, selector, mtype);
	match(&s);
	if (!s.facts.matched || s.facts.n_usable != 2 ||
	    s.facts.matched_index != 1 ||
	    s.facts.matched_depth != (uint32_t)depth)
		fail_msg("%d %d %d right: matched %d, index %u, depth %u",
		    usage, selector, mtype, s.facts.matched,
		    s.facts.matched_index, s.facts.matched_depth);
	scene_release(&s);
}

static void
matches_every_kind(void **state)
{
	X509 *leaf = pki_leaf(&pki, HOST);

	(void)state;
	for (int selector = 0; selector <= 1; selector++) {
		for (int mtype = 0; mtype <= 2; mtype++) {
			check_kind(leaf, leaf, 0, 3, selector, mtype);
			check_kind(leaf, pki.middle, 1, 2, selector, mtype);
		}
	}
	X509_free(leaf);
}

/* ---- what each usage overlooks ---- */

enum who { EE, TA };

struct rule_row {
	const char *name;
	enum who who;
	const char *dns, *cn;
	int64_t from_s, until_s;
	bool old_middle; /* the issuer sent has expired */
	const char *reference;
	bool matched, ta_name_failed;
};

static const struct rule_row rule_rows[] = {
	{ "EE, all well", EE, HOST, "x", 0, 0, false, HOST, true, false },
	{ "EE, wrong name", EE, "b.example", "x", 0, 0, false, HOST,
	  true, false },
	{ "EE, no name at all", EE, NULL, NULL, 0, 0, false, HOST,
	  true, false },
	{ "EE, expired", EE, HOST, "x", -9 * PKI_DAY, -PKI_DAY, false, HOST,
	  true, false },
	{ "EE, not yet", EE, HOST, "x", PKI_DAY, 9 * PKI_DAY, false, HOST,
	  true, false },
	{ "EE, expired and wrong name", EE, "b.example", "x", -9 * PKI_DAY,
	  -PKI_DAY, true, HOST, true, false },
	{ "TA, all well", TA, HOST, "x", 0, 0, false, HOST, true, false },
	{ "TA, wildcard", TA, "*.a.example", "x", 0, 0, false, HOST,
	  true, false },
	{ "TA, wrong name", TA, "b.example", "x", 0, 0, false, HOST,
	  false, true },
	{ "TA, partial wildcard", TA, "m*.a.example", "x", 0, 0, false, HOST,
	  false, true },
	{ "TA, CN where no DNS-ID is", TA, NULL, HOST, 0, 0, false, HOST,
	  true, false },
	{ "TA, CN beside a DNS-ID", TA, "b.example", HOST, 0, 0, false, HOST,
	  false, true },
	{ "TA, leaf expired", TA, HOST, "x", -9 * PKI_DAY, -PKI_DAY, false,
	  HOST, false, false },
	{ "TA, leaf not yet", TA, HOST, "x", PKI_DAY, 9 * PKI_DAY, false,
	  HOST, false, false },
	{ "TA itself expired", TA, HOST, "x", 0, 0, true, HOST,
	  false, false },
	{ "EE, issuer expired", EE, HOST, "x", 0, 0,
	  true, HOST, true, false },
	{ "TA, wrong name and expired", TA, "b.example", "x", -9 * PKI_DAY,
	  -PKI_DAY, false, HOST, false, false },
	{ "TA, a name asked with a leading dot", TA, "x.mx.a.example", "x", 0,
	  0, false, ".mx.a.example", false, true },
};

static void
follows_the_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rule_rows) / sizeof(rule_rows[0]);
	    i++) {
		const struct rule_row *row = &rule_rows[i];
		X509 *issuer = row->old_middle ? pki.old_middle : pki.middle;
		struct pki_spec spec = {
			.cn = row->cn, .dns = { row->dns },
			.from_s = row->from_s, .until_s = row->until_s,
			.issuer = issuer, .issuer_key = pki.other_key,
			.key = pki.key,
		};
		X509 *leaf = pki_cert(&spec);
		struct scene s;

		scene_init(&s);
		s.name[0] = slice_of(row->reference);
		add_cert(&s, leaf);
		add_cert(&s, issuer);
		if (row->who == EE)
			add_record(&s, leaf, 3, 1, 1);
		else
			add_record(&s, issuer, 2, 0, 1);
		match(&s);
		if (!s.facts.checked || s.facts.n_usable != 1 ||
		    s.facts.matched != row->matched ||
		    s.facts.ta_name_failed != row->ta_name_failed)
			fail_msg("%s: matched %d, ta_name_failed %d",
			    row->name, s.facts.matched,
			    s.facts.ta_name_failed);
		if ((s.facts.n_ta_name > 0) != row->ta_name_failed)
			fail_msg("%s: %zu names", row->name,
			    s.facts.n_ta_name);
		scene_release(&s);
		X509_free(leaf);
	}
}

static void
tries_every_reference_name(void **state)
{
	X509 *leaf = pki_leaf(&pki, "a.example");
	struct scene s;

	(void)state;
	scene_init(&s);
	add_cert(&s, leaf);
	add_cert(&s, pki.middle);
	add_record(&s, pki.middle, 2, 1, 1);
	assert_false(match(&s)->matched);
	assert_true(s.facts.ta_name_failed);
	assert_int_equal(s.facts.n_ta_name, 1);
	assert_true(slice_eq(s.facts.ta_name[0], SLICE_LIT("a.example")));
	s.name[s.n_name++] = SLICE_LIT("b.example");
	s.name[s.n_name++] = SLICE_LIT("a.example");
	assert_true(match(&s)->matched);
	assert_int_equal(s.facts.n_ta_name, 0);
	scene_release(&s);
	X509_free(leaf);
}

static void
keeps_the_cn_where_no_dns_id_is(void **state)
{
	struct pki_spec spec = {
		.cn = "cn.example", .issuer = pki.middle,
		.issuer_key = pki.other_key, .key = pki.key,
	};
	X509 *leaf = pki_cert(&spec);
	struct scene s;

	(void)state;
	scene_init(&s);
	add_cert(&s, leaf);
	add_cert(&s, pki.middle);
	add_record(&s, pki.middle, 2, 1, 1);
	assert_true(match(&s)->ta_name_failed);
	assert_int_equal(s.facts.n_ta_name, 1);
	assert_true(slice_eq(s.facts.ta_name[0], SLICE_LIT("cn.example")));
	scene_release(&s);
	X509_free(leaf);
}

/* ---- issuers ---- */

/* A digest of the leaf under usage 2 names no issuer. */
static void
ta_is_never_the_leaf(void **state)
{
	X509 *leaf = pki_leaf(&pki, HOST);
	struct scene s;

	(void)state;
	scene_init(&s);
	add_cert(&s, leaf);
	add_cert(&s, pki.middle);
	add_record(&s, leaf, 2, 0, 1);
	add_record(&s, leaf, 2, 1, 2);
	assert_false(match(&s)->matched);
	assert_int_equal(s.facts.n_usable, 2);
	scene_release(&s);
	X509_free(leaf);
}

/* An issuer's digest helps only if the issuer is sent and did sign. */
static void
ta_must_be_sent_and_sign(void **state)
{
	X509 *leaf = pki_leaf(&pki, HOST);
	struct scene s;

	(void)state;
	scene_init(&s);
	add_cert(&s, leaf);
	add_record(&s, pki.middle, 2, 0, 1);
	assert_false(match(&s)->matched);
	/* A certificate that signed nothing here. */
	add_cert(&s, pki.root);
	add_record(&s, pki.root, 2, 0, 1);
	assert_false(match(&s)->matched);
	/* Full(0) brings the issuer along. */
	s.rr[0] = record_of(s.a, pki.other_root, 2, 0, 1);
	add_record(&s, pki.middle, 2, 0, 0);
	assert_true(match(&s)->matched);
	assert_int_equal(s.facts.matched_index, 2);
	scene_release(&s);
	/* Two steps up. */
	scene_init(&s);
	add_cert(&s, leaf);
	add_cert(&s, pki.middle);
	add_cert(&s, pki.root);
	add_record(&s, pki.root, 2, 1, 1);
	assert_true(match(&s)->matched);
	assert_int_equal(s.facts.matched_depth, 2);
	scene_release(&s);
	X509_free(leaf);
}

/* A bare key in the record that signed the leaf, with no issuer sent. */
static void
ta_by_bare_key(void **state)
{
	X509 *leaf = pki_leaf(&pki, HOST);
	struct scene s;

	(void)state;
	scene_init(&s);
	add_cert(&s, leaf);
	add_record(&s, pki.middle, 2, 1, 0);
	assert_true(match(&s)->matched);
	scene_release(&s);
	X509_free(leaf);
}

/* ---- sets ---- */

/* RFC 7671 9: with SHA2-512 there, a SHA2-256 record does not count. */
static void
prefers_the_stronger_digest(void **state)
{
	X509 *leaf = pki_leaf(&pki, HOST);
	struct scene s;

	(void)state;
	scene_init(&s);
	add_cert(&s, leaf);
	add_record(&s, leaf, 3, 1, 1);
	add_record(&s, pki.root, 3, 1, 2);
	assert_false(match(&s)->matched);
	assert_int_equal(s.facts.n_usable, 2);
	/* Another selector is another group. */
	add_record(&s, leaf, 3, 0, 1);
	assert_true(match(&s)->matched);
	assert_int_equal(s.facts.matched_index, 2);
	scene_release(&s);
	X509_free(leaf);
}

static void
counts_usable_records(void **state)
{
	X509 *leaf = pki_leaf(&pki, HOST);
	struct scene s;

	(void)state;
	scene_init(&s);
	add_cert(&s, leaf);
	add_record(&s, leaf, 1, 1, 1);
	add_record(&s, leaf, 0, 0, 1);
	assert_false(match(&s)->matched);
	assert_int_equal(s.facts.n_usable, 0);
	assert_true(s.facts.checked);
	/* Full(0) that is neither certificate nor key */
	s.rr[s.set.n++] = (struct tlsa_rr){ 3, 0, 0, SLICE_LIT("junk") };
	s.rr[s.set.n++] = (struct tlsa_rr){ 3, 1, 0, SLICE_LIT("junk") };
	match(&s);
	assert_int_equal(s.facts.n_usable, 0);
	s.set.n = 0;
	/* a digest of another length, an unknown selector and type */
	s.rr[s.set.n++] = (struct tlsa_rr){ 3, 1, 1, SLICE_LIT("short") };
	add_record(&s, leaf, 3, 1, 1);
	s.rr[1].selector = 2;
	add_record(&s, leaf, 3, 1, 1);
	s.rr[2].mtype = 3;
	assert_int_equal(match(&s)->n_usable, 0);
	add_record(&s, leaf, 3, 1, 1);
	assert_int_equal(match(&s)->n_usable, 1);
	assert_true(s.facts.matched);
	assert_int_equal(s.facts.matched_index, 3);
	scene_release(&s);
	X509_free(leaf);
}

static void
needs_something_to_compare(void **state)
{
	X509 *leaf = pki_leaf(&pki, HOST);
	struct scene s;

	(void)state;
	scene_init(&s);
	add_record(&s, leaf, 3, 1, 1);
	assert_false(match(&s)->checked);
	assert_int_equal(s.facts.n_usable, 1);
	s.n_chain = 1; /* a leaf too large to be kept */
	s.chain[0].der = SLICE_EMPTY;
	assert_false(match(&s)->checked);
	s.chain[0].der = SLICE_LIT("no certificate");
	assert_false(match(&s)->checked);
	/* An issuer that cannot be read spoils nothing. */
	s.n_chain = 0;
	add_cert(&s, leaf);
	s.chain[1].der = SLICE_LIT("no certificate");
	s.n_chain = 2;
	assert_true(match(&s)->matched);
	scene_release(&s);
	X509_free(leaf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_every_kind),
		cmocka_unit_test(follows_the_rules),
		cmocka_unit_test(tries_every_reference_name),
		cmocka_unit_test(keeps_the_cn_where_no_dns_id_is),
		cmocka_unit_test(ta_is_never_the_leaf),
		cmocka_unit_test(ta_must_be_sent_and_sign),
		cmocka_unit_test(ta_by_bare_key),
		cmocka_unit_test(prefers_the_stronger_digest),
		cmocka_unit_test(counts_usable_records),
		cmocka_unit_test(needs_something_to_compare),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
