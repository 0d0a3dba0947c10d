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
#include <stdio.h>
#include <string.h>

#include "tests/unit/dane_scene.h"
#include "tests/unit/pki.h"

#include "scanner/base/banned.h"

#define HOST "mx.a.example"

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

/* ---- every kind of record ---- */

static void
check_kind(X509 *leaf, X509 *right, int depth, int usage, int selector,
    int mtype)
{
	X509 *wrong = pki.other_root;
	struct scene s;

	scene_init(&s, HOST);
	scene_add_cert(&s, leaf);
	scene_add_cert(&s, pki.middle);
	scene_add_record(&s, wrong, usage, selector, mtype);
	/* middle and other_root share a key: a wrong key is the root's */
	if (selector == 1)
		s.rr[0] = scene_record(s.a, pki.root, (uint8_t)usage, 1,
		    (uint8_t)mtype);
	if (usage == 2 && selector == 1 && mtype == 0)
		s.rr[0] = scene_record(s.a, leaf, 2, 1, 0);
	scene_match(&s);
	if (!s.facts.checked || s.facts.matched || s.facts.n_usable != 1 ||
	    s.facts.ta_name_failed)
		fail_msg("%d %d %d wrong: matched %d", usage, selector, mtype,
		    s.facts.matched);
	scene_add_record(&s, right, usage, selector, mtype);
	scene_match(&s);
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

		scene_init(&s, HOST);
		s.name[0] = slice_of(row->reference);
		scene_add_cert(&s, leaf);
		scene_add_cert(&s, issuer);
		if (row->who == EE)
			scene_add_record(&s, leaf, 3, 1, 1);
		else
			scene_add_record(&s, issuer, 2, 0, 1);
		scene_match(&s);
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
	scene_init(&s, HOST);
	scene_add_cert(&s, leaf);
	scene_add_cert(&s, pki.middle);
	scene_add_record(&s, pki.middle, 2, 1, 1);
	assert_false(scene_match(&s)->matched);
	assert_true(s.facts.ta_name_failed);
	assert_int_equal(s.facts.n_ta_name, 1);
	assert_true(slice_eq(s.facts.ta_name[0], SLICE_LIT("a.example")));
	s.name[s.n_name++] = SLICE_LIT("b.example");
	s.name[s.n_name++] = SLICE_LIT("a.example");
	assert_true(scene_match(&s)->matched);
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
	scene_init(&s, HOST);
	scene_add_cert(&s, leaf);
	scene_add_cert(&s, pki.middle);
	scene_add_record(&s, pki.middle, 2, 1, 1);
	assert_true(scene_match(&s)->ta_name_failed);
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
	scene_init(&s, HOST);
	scene_add_cert(&s, leaf);
	scene_add_cert(&s, pki.middle);
	scene_add_record(&s, leaf, 2, 0, 1);
	scene_add_record(&s, leaf, 2, 1, 2);
	assert_false(scene_match(&s)->matched);
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
	scene_init(&s, HOST);
	scene_add_cert(&s, leaf);
	scene_add_record(&s, pki.middle, 2, 0, 1);
	assert_false(scene_match(&s)->matched);
	/* A certificate that signed nothing here. */
	scene_add_cert(&s, pki.root);
	scene_add_record(&s, pki.root, 2, 0, 1);
	assert_false(scene_match(&s)->matched);
	/* Full(0) brings the issuer along. */
	s.rr[0] = scene_record(s.a, pki.other_root, 2, 0, 1);
	scene_add_record(&s, pki.middle, 2, 0, 0);
	assert_true(scene_match(&s)->matched);
	assert_int_equal(s.facts.matched_index, 2);
	assert_true(s.facts.ta_not_sent);
	scene_release(&s);
	/* Two steps up. */
	scene_init(&s, HOST);
	scene_add_cert(&s, leaf);
	scene_add_cert(&s, pki.middle);
	scene_add_cert(&s, pki.root);
	scene_add_record(&s, pki.root, 2, 1, 1);
	assert_true(scene_match(&s)->matched);
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
	scene_init(&s, HOST);
	scene_add_cert(&s, leaf);
	scene_add_record(&s, pki.middle, 2, 1, 0);
	assert_true(scene_match(&s)->matched);
	assert_true(s.facts.ta_not_sent);
	scene_add_cert(&s, pki.middle);
	assert_true(scene_match(&s)->matched);
	assert_false(s.facts.ta_not_sent);
	/* In another certificate that is sent it is the key all the same. */
	s.n_chain = 1;
	scene_add_cert(&s, pki.other_root);
	assert_true(scene_match(&s)->matched);
	assert_false(s.facts.ta_not_sent);
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
	scene_init(&s, HOST);
	scene_add_cert(&s, leaf);
	scene_add_record(&s, leaf, 3, 1, 1);
	scene_add_record(&s, pki.root, 3, 1, 2);
	assert_false(scene_match(&s)->matched);
	assert_int_equal(s.facts.n_usable, 2);
	/* Another selector is another group. */
	scene_add_record(&s, leaf, 3, 0, 1);
	assert_true(scene_match(&s)->matched);
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
	scene_init(&s, HOST);
	scene_add_cert(&s, leaf);
	scene_add_record(&s, leaf, 1, 1, 1);
	scene_add_record(&s, leaf, 0, 0, 1);
	assert_false(scene_match(&s)->matched);
	assert_int_equal(s.facts.n_usable, 0);
	assert_true(s.facts.checked);
	/* Full(0) that is neither certificate nor key */
	s.rr[s.set.n++] = (struct tlsa_rr){ 3, 0, 0, SLICE_LIT("junk") };
	s.rr[s.set.n++] = (struct tlsa_rr){ 3, 1, 0, SLICE_LIT("junk") };
	scene_match(&s);
	assert_int_equal(s.facts.n_usable, 0);
	s.set.n = 0;
	/* a digest of another length, an unknown selector and type */
	s.rr[s.set.n++] = (struct tlsa_rr){ 3, 1, 1, SLICE_LIT("short") };
	scene_add_record(&s, leaf, 3, 1, 1);
	s.rr[1].selector = 2;
	scene_add_record(&s, leaf, 3, 1, 1);
	s.rr[2].mtype = 3;
	assert_int_equal(scene_match(&s)->n_usable, 0);
	scene_add_record(&s, leaf, 3, 1, 1);
	assert_int_equal(scene_match(&s)->n_usable, 1);
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
	scene_init(&s, HOST);
	scene_add_record(&s, leaf, 3, 1, 1);
	assert_false(scene_match(&s)->checked);
	assert_int_equal(s.facts.n_usable, 1);
	s.n_chain = 1; /* a leaf too large to be kept */
	s.chain[0].der = SLICE_EMPTY;
	assert_false(scene_match(&s)->checked);
	s.chain[0].der = SLICE_LIT("no certificate");
	assert_false(scene_match(&s)->checked);
	/* An issuer that cannot be read spoils nothing. */
	s.n_chain = 0;
	scene_add_cert(&s, leaf);
	s.chain[1].der = SLICE_LIT("no certificate");
	s.n_chain = 2;
	assert_true(scene_match(&s)->matched);
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
