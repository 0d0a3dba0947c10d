/* SPDX-License-Identifier: Apache-2.0
 *
 * test_dane_again.c: DANE judged again from what a file holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "scanner/dane_again.h"
#include "scanner/ta_names.h"
#include "tests/unit/dane_scene.h"
#include "tests/unit/pki.h"

#include "scanner/base/banned.h"

#define HOST "mx.a.example"

static struct pki pki;
static const uint64_t hash_key[2] = { 1, 2 };

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

/* As a file tells a host: digests, TLSA set and whatever dane said. */
struct stored {
	struct scene scene;
	struct host_facts host;
	struct smtp_facts session;
	struct cert_der chain[4];
};

static void
stored_init(struct stored *s, const char *leaf_name, int usage)
{
	X509 *leaf = pki_leaf(&pki, leaf_name);

	memset(s, 0, sizeof(*s));
	scene_init(&s->scene, HOST);
	scene_add_cert(&s->scene, leaf);
	scene_add_cert(&s->scene, pki.middle);
	scene_add_record(&s->scene, usage == 3 ? leaf : pki.middle, usage, 0,
	    1);
	s->session.tls.outcome = OUTCOME_OK;
	s->session.tls.n_chain = s->scene.n_chain;
	s->session.tls.chain = s->chain;
	for (size_t i = 0; i < s->scene.n_chain; i++)
		memcpy(s->chain[i].sha256, s->scene.chain[i].sha256, 32);
	s->host = (struct host_facts){ .host = SLICE_LIT(HOST),
		.tlsa_base = SLICE_LIT(HOST), .tlsa = s->scene.set,
		.address = &s->session, .n_address = 1 };
	s->host.tlsa.tlsa = s->scene.rr;
	s->host.tlsa.lookup.outcome = OUTCOME_OK;
	s->host.tlsa.lookup.secure = TRI_YES;
	s->session.dane.n_usable = 77; /* which no comparison gives */
	X509_free(leaf);
}

/* Both readings of a file that holds the first n_cert certificates. */
static void
judge(struct stored *s, size_t n_cert, struct ta_names *names)
{
	struct dane_again d;

	dane_again_init(&d, hash_key);
	dane_again_want(&d, &s->host);
	for (size_t i = 0; i < n_cert; i++) {
		struct cert_facts c = { .der = s->scene.chain[i].der };

		memcpy(c.sha256, s->scene.chain[i].sha256, 32);
		dane_again_take(&d, &c);
	}
	dane_again(&d, s->scene.a, time(NULL), &s->host);
	if (names != NULL) {
		struct host_state state = { .n_ta_name = 0 };

		ta_names_of(names, &s->host, s->scene.a, &state);
		assert_int_equal(state.n_ta_name, 1);
		assert_true(slice_eq(state.ta_name[0],
		    SLICE_LIT("b.example")));
	}
	dane_again_release(&d);
}

static void
compares_anew(void **state)
{
	struct stored s;

	(void)state;
	stored_init(&s, HOST, 3);
	judge(&s, 2, NULL);
	assert_int_equal(s.session.dane.n_usable, 1);
	assert_true(s.session.dane.checked && s.session.dane.matched);
	scene_release(&s.scene);

	stored_init(&s, HOST, 2);
	judge(&s, 2, NULL);
	assert_true(s.session.dane.matched);
	assert_int_equal(s.session.dane.matched_depth, 1);
	scene_release(&s.scene);
}

/* A name that fails is found although the file did not say so. */
static void
finds_names(void **state)
{
	struct ta_names names;
	struct stored s;

	(void)state;
	ta_names_init(&names, hash_key);
	stored_init(&s, "b.example", 2);
	judge(&s, 2, &names);
	assert_true(s.session.dane.ta_name_failed);
	assert_false(s.session.dane.matched);
	scene_release(&s.scene);
	ta_names_release(&names);
}

/* What the file does not hold, or nobody could trust, is left as it was. */
static void
leaves_alone(void **state)
{
	struct stored s;

	(void)state;
	for (int what = 0; what < 4; what++) {
		stored_init(&s, HOST, 3);
		if (what == 1)
			s.host.tlsa.lookup.secure = TRI_NO;
		if (what == 2)
			s.session.tls.outcome = OUTCOME_TLS_FAILED;
		if (what == 3)
			s.host.tlsa.n = 0;
		judge(&s, what == 0 ? 1 : 2, NULL);
		assert_int_equal(s.session.dane.n_usable, 77);
		assert_false(s.session.dane.matched);
		scene_release(&s.scene);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_anew),
		cmocka_unit_test(finds_names),
		cmocka_unit_test(leaves_alone),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
