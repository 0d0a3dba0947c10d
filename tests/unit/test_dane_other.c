/* SPDX-License-Identifier: Apache-2.0
 *
 * test_dane_other.c: what a TLSA set says beside match or mismatch: anchors
 * that nobody sends, and records whose data fit under other parameters.
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

/* RFC 7672 3.1.2: what the record alone holds. */
static void
tells_anchors_that_are_not_sent(void **state)
{
	X509 *leaf = pki_leaf(&pki, HOST);
	struct scene s;

	(void)state;
	scene_init(&s, HOST);
	scene_add_cert(&s, leaf);
	scene_add_cert(&s, pki.middle);
	scene_add_record(&s, pki.middle, 2, 0, 0);
	assert_true(scene_match(&s)->matched);
	assert_false(s.facts.ta_not_sent);
	/* the root stands in the record, the server sends what is below it */
	s.set.n = 0;
	scene_add_record(&s, pki.root, 2, 0, 0);
	assert_true(scene_match(&s)->matched);
	assert_true(s.facts.ta_not_sent);
	scene_add_cert(&s, pki.root);
	assert_true(scene_match(&s)->matched);
	assert_false(s.facts.ta_not_sent);
	/* a digest needs the certificate, a leaf is no anchor */
	s.set.n = 0;
	scene_add_record(&s, pki.middle, 2, 0, 1);
	assert_false(scene_match(&s)->ta_not_sent);
	s.set.n = 0;
	scene_add_record(&s, leaf, 3, 0, 0);
	assert_true(scene_match(&s)->matched);
	assert_false(s.facts.ta_not_sent);
	/* nothing matched: nothing to tell */
	s.n_chain = 1;
	s.set.n = 0;
	scene_add_record(&s, pki.root, 2, 0, 0);
	assert_false(scene_match(&s)->matched);
	assert_false(s.facts.ta_not_sent);
	scene_release(&s);
	X509_free(leaf);
}

/* ---- other parameters ---- */

enum holds { LEAF, MIDDLE, STRANGER };

/* Data of what, under which parameters, published as which. */
struct other_row {
	const char *name;
	enum holds holds;
	uint8_t selector, mtype;           /* of the data */
	uint8_t said[3];                   /* in the record */
	bool found;
	struct tlsa_parameters alternative;
};

static const struct other_row other_rows[] = {
	{ "leaf as trust anchor", LEAF, 1, 1, { 2, 1, 1 }, true, { 3, 1, 1 } },
	{ "leaf as trust anchor, whole", LEAF, 0, 0, { 2, 0, 0 }, true,
	  { 3, 0, 0 } },
	{ "leaf's key, as of the certificate", LEAF, 1, 1, { 3, 0, 1 }, true,
	  { 3, 1, 1 } },
	{ "certificate, as of the key", LEAF, 0, 2, { 3, 1, 2 }, true,
	  { 3, 0, 2 } },
	{ "both", LEAF, 0, 1, { 2, 1, 1 }, true, { 3, 0, 1 } },
	{ "issuer as leaf", MIDDLE, 1, 1, { 3, 1, 1 }, true, { 2, 1, 1 } },
	{ "issuer's certificate as key", MIDDLE, 0, 2, { 2, 1, 2 }, true,
	  { 2, 0, 2 } },
	{ "PKIX-EE", LEAF, 1, 1, { 1, 1, 1 }, true, { 3, 1, 1 } },
	{ "PKIX-TA", MIDDLE, 0, 1, { 0, 0, 1 }, true, { 2, 0, 1 } },
	{ "unknown parameters", LEAF, 1, 1, { 255, 9, 7 }, true,
	  { 3, 1, 1 } },
	{ "whole, said to be a digest", LEAF, 1, 0, { 3, 1, 1 }, true,
	  { 3, 1, 0 } },
	{ "of nobody here", STRANGER, 0, 1, { 3, 0, 1 }, false, { 0, 0, 0 } },
};

/* Beside a usable record of another certificate, so that nothing matches. */
static void
finds_other_parameters(void **state)
{
	X509 *leaf = pki_leaf(&pki, HOST);

	(void)state;
	for (size_t i = 0; i < sizeof(other_rows) / sizeof(other_rows[0]);
	    i++) {
		const struct other_row *row = &other_rows[i];
		X509 *const of[] = { leaf, pki.middle, pki.root };
		const struct dane_facts *f;
		struct scene s;

		scene_init(&s, HOST);
		scene_add_cert(&s, leaf);
		scene_add_cert(&s, pki.middle);
		scene_add_record(&s, pki.root, 3, 1, 1);
		scene_add_record(&s, of[row->holds], 3, row->selector,
		    row->mtype);
		s.rr[1].usage = row->said[0];
		s.rr[1].selector = row->said[1];
		s.rr[1].mtype = row->said[2];
		f = scene_match(&s);
		if (f->matched || f->n_usable == 0 ||
		    f->has_alternative != row->found ||
		    memcmp(&f->alternative, &row->alternative,
		    sizeof(f->alternative)) != 0)
			fail_msg("%s: matched %d, %d: %u %u %u", row->name,
			    f->matched, f->has_alternative,
			    f->alternative.usage, f->alternative.selector,
			    f->alternative.mtype);
		scene_release(&s);
	}
	X509_free(leaf);
}

/* The set in its order, and within a record the leaf before the rest. */
static void
takes_the_first_alternative(void **state)
{
	X509 *leaf = pki_leaf(&pki, HOST);
	struct scene s;

	(void)state;
	scene_init(&s, HOST);
	scene_add_cert(&s, leaf);
	scene_add_cert(&s, pki.middle);
	scene_add_record(&s, pki.middle, 3, 0, 1);
	scene_add_record(&s, leaf, 2, 1, 1);
	assert_true(scene_match(&s)->has_alternative);
	assert_int_equal(s.facts.alternative.usage, 2);
	s.rr[2] = s.rr[0];
	s.rr[0] = s.rr[1];
	s.rr[1] = s.rr[2];
	assert_true(scene_match(&s)->has_alternative);
	assert_int_equal(s.facts.alternative.usage, 3);
	/* The leaf sent twice: it is the leaf. */
	s.set.n = 1;
	s.chain[1] = s.chain[0];
	s.rr[0] = scene_record(s.a, leaf, 2, 0, 2);
	assert_true(scene_match(&s)->has_alternative);
	assert_int_equal(s.facts.alternative.usage, 3);
	scene_release(&s);
	X509_free(leaf);
}

/* Parameters that are right already, or nothing to explain. */
static void
finds_no_other_parameters(void **state)
{
	struct pki_spec old = {
		.cn = "x", .dns = { HOST }, .from_s = -9 * PKI_DAY,
		.until_s = -PKI_DAY, .issuer = pki.middle,
		.issuer_key = pki.other_key, .key = pki.key,
	};
	X509 *leaf = pki_leaf(&pki, HOST), *expired = pki_cert(&old);
	struct scene s;

	(void)state;
	/* matched */
	scene_init(&s, HOST);
	scene_add_cert(&s, leaf);
	scene_add_cert(&s, pki.middle);
	scene_add_record(&s, leaf, 3, 1, 1);
	scene_add_record(&s, leaf, 2, 1, 1);
	assert_true(scene_match(&s)->matched);
	assert_false(s.facts.has_alternative);
	/* only the name fails */
	s.set.n = 0;
	s.name[0] = SLICE_LIT("b.example");
	scene_add_record(&s, pki.middle, 2, 1, 1);
	scene_add_record(&s, leaf, 2, 1, 1);
	assert_true(scene_match(&s)->ta_name_failed);
	assert_false(s.facts.has_alternative);
	/* no usable record */
	s.set.n = 0;
	scene_add_record(&s, leaf, 1, 1, 1);
	assert_int_equal(scene_match(&s)->n_usable, 0);
	assert_false(s.facts.has_alternative);
	/* no certificate to compare */
	s.set.n = 0;
	s.n_chain = 0;
	scene_add_record(&s, leaf, 2, 1, 1);
	assert_false(scene_match(&s)->checked);
	assert_false(s.facts.has_alternative);
	/* the right anchor over a leaf that has expired */
	scene_add_cert(&s, expired);
	scene_add_cert(&s, pki.middle);
	s.set.n = 0;
	s.name[0] = SLICE_LIT(HOST);
	scene_add_record(&s, pki.middle, 2, 0, 1);
	assert_true(scene_match(&s)->checked);
	assert_false(s.facts.matched);
	assert_false(s.facts.has_alternative);
	/* an earlier digest that a stronger one sets aside (RFC 7671 9) */
	s.n_chain = 0;
	s.set.n = 0;
	scene_add_cert(&s, leaf);
	scene_add_record(&s, leaf, 3, 1, 1);
	scene_add_record(&s, pki.root, 3, 1, 2);
	assert_false(scene_match(&s)->matched);
	assert_false(s.facts.has_alternative);
	scene_release(&s);
	X509_free(expired);
	X509_free(leaf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_anchors_that_are_not_sent),
		cmocka_unit_test(finds_other_parameters),
		cmocka_unit_test(takes_the_first_alternative),
		cmocka_unit_test(finds_no_other_parameters),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
