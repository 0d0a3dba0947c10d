/* SPDX-License-Identifier: Apache-2.0
 *
 * test_trust_many.c: one chain on many hosts is verified once; of a chain that
 * fails, all that is wrong is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <time.h>

#include "scanner/base/arena.h"
#include "tests/unit/pki.h"
#include "workers/trust.h"
#include "workers/x509_facts.h"

#include "scanner/base/banned.h"

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

/* A host's wildcard chain, as tls_judge() asks for it. */
static struct trust_verdict
judge_host_chain(struct trust *t, STACK_OF(X509) *chain, int64_t at)
{
	uint8_t sha256[2][32], digest[32];

	for (int i = 0; i < 2; i++)
		X509_digest(sk_X509_value(chain, i), EVP_sha256(), sha256[i],
		    NULL);
	EVP_Digest(sha256, sizeof(sha256), digest, NULL, EVP_sha256(), NULL);
	return trust_judge(t, chain, digest, at);
}

static STACK_OF(X509) *
wildcard_chain(void)
{
	STACK_OF(X509) *chain = sk_X509_new_null();

	sk_X509_push(chain, pki_leaf(&pki, "*.example"));
	X509_up_ref(pki.middle);
	sk_X509_push(chain, pki.middle);
	return chain;
}

/*
 * One chain on 10,000 hosts is verified once, names and all other facts of a
 * host apart; and once more behind each date at which the verdict may change.
 */
static void
one_chain_on_many_hosts(void **state)
{
	struct trust *t = trust_new(pki.ca_file, NULL, 0);
	STACK_OF(X509) *chain = wildcard_chain();
	X509 *leaf = sk_X509_value(chain, 0);
	int64_t begins, ends;
	char host[32];

	(void)state;
	assert_true(x509_period(leaf, &begins, &ends));
	for (int i = 0; i < 10000; i++) {
		struct slice name = slice_make(host, (size_t)snprintf(host,
		    sizeof(host), "mx%d.example", i));
		/* over the whole life of the leaf */
		int64_t at = begins + (ends - 1 - begins) / 9999 * i;
		struct trust_verdict v = judge_host_chain(t, chain, at);

		assert_true(v.trusted && v.in_date && v.n_errors == 0);
		assert_int_not_equal(x509_name_by(leaf, name), NAME_BY_NONE);
	}
	assert_int_equal(trust_verifications(t), 1);
	/* Its last second is in the same span, the next one is not. */
	assert_true(judge_host_chain(t, chain, ends - 1).in_date);
	assert_int_equal(trust_verifications(t), 1);
	for (int i = 0; i < 100; i++)
		assert_true(judge_host_chain(t, chain, ends + i).expired);
	assert_int_equal(trust_verifications(t), 2);
	for (int i = 1; i < 100; i++)
		assert_true(judge_host_chain(t, chain, begins - i).not_yet);
	assert_int_equal(trust_verifications(t), 3);
	sk_X509_pop_free(chain, X509_free);
	trust_free(t);
}

/* ---- all that is wrong ---- */

struct row {
	const char *name;
	enum { BY_MIDDLE, BY_OTHER_ROOT, BY_ITSELF } by;
	enum { NOTHING, MIDDLE, OLD_MIDDLE } sent;
	int64_t from_s, until_s;
	const char *eku;
	const char *words;
};

static const struct row rows[] = {
	{ "good", BY_MIDDLE, MIDDLE, 0, 0, NULL, "" },
	{ "expired", BY_MIDDLE, MIDDLE, -9 * PKI_DAY, -PKI_DAY, NULL,
	  "certificate has expired" },
	{ "not yet", BY_MIDDLE, MIDDLE, PKI_DAY, 9 * PKI_DAY, NULL,
	  "certificate is not yet valid" },
	{ "both expired, told once", BY_MIDDLE, OLD_MIDDLE, -9 * PKI_DAY,
	  -PKI_DAY, NULL, "certificate has expired" },
	{ "not yet, below an expired issuer", BY_MIDDLE, OLD_MIDDLE, PKI_DAY,
	  9 * PKI_DAY, NULL,
	  "certificate is not yet valid; certificate has expired" },
	{ "missing intermediate", BY_MIDDLE, NOTHING, 0, 0, NULL,
	  "unable to get local issuer certificate; "
	  "unable to verify the first certificate" },
	{ "unknown root, expired", BY_OTHER_ROOT, NOTHING, -9 * PKI_DAY,
	  -PKI_DAY, NULL, "unable to get local issuer certificate; "
	  "unable to verify the first certificate; certificate has expired" },
	{ "self-signed and not yet", BY_ITSELF, NOTHING, PKI_DAY, 9 * PKI_DAY,
	  NULL, "self-signed certificate; certificate is not yet valid" },
	{ "client purpose, expired", BY_MIDDLE, MIDDLE, -9 * PKI_DAY,
	  -PKI_DAY, "clientAuth",
	  "unsuitable certificate purpose; certificate has expired" },
};

static STACK_OF(X509) *
chain_of(const struct row *row)
{
	X509 *const second[] = { NULL, pki.middle, pki.old_middle };
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct pki_spec spec = {
		.cn = "x", .dns = { "a.example" }, .from_s = row->from_s,
		.until_s = row->until_s, .key = pki.key, .eku = row->eku,
	};

	if (row->by == BY_MIDDLE)
		spec.issuer = pki.middle;
	else if (row->by == BY_OTHER_ROOT)
		spec.issuer = pki.other_root;
	if (row->by != BY_ITSELF)
		spec.issuer_key = pki.other_key;
	sk_X509_push(chain, pki_cert(&spec));
	if (row->sent != NOTHING) {
		X509_up_ref(second[row->sent]);
		sk_X509_push(chain, second[row->sent]);
	}
	return chain;
}

static void
names_all_errors(void **state)
{
	struct trust *t = trust_new(pki.ca_file, NULL, 0);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		STACK_OF(X509) *chain = chain_of(&rows[i]);
		uint8_t digest[32] = { (uint8_t)i };
		struct trust_verdict v = trust_judge(t, chain, digest, now);
		struct arena *a = arena_new();
		struct slice s = SLICE_EMPTY;

		for (size_t k = 0; k < v.n_errors; k++)
			s = arena_fmt(a, "%.*s%s%s", SLICE_ARG(s),
			    k > 0 ? "; " : "",
			    X509_verify_cert_error_string(v.errors[k]));
		if (!slice_eq(s, slice_of(rows[i].words)))
			fail_msg("%s: %.*s", rows[i].name, SLICE_ARG(s));
		arena_free(a);
		sk_X509_pop_free(chain, X509_free);
	}
	trust_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_chain_on_many_hosts),
		cmocka_unit_test(names_all_errors),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
