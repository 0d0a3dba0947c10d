/* SPDX-License-Identifier: Apache-2.0
 *
 * test_trust.c: chains of every kind and the three booleans, which are
 * separate facts; a verdict from the cache is right at any time asked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "scanner/base/limits.h"
#include "tests/unit/handshake.h"
#include "tests/unit/pki.h"
#include "workers/trust.h"
#include "workers/x509_facts.h"

#include "scanner/base/banned.h"

#define HOST HANDSHAKE_HOST

static struct pki pki;
static struct tls *tls;
static int64_t now;

static int
set_up(void **state)
{
	(void)state;
	pki_init(&pki);
	now = time(NULL);
	tls = handshake_tls(pki.ca_file);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tls_free(tls);
	pki_release(&pki);
	return 0;
}

/* ---- certificates ---- */

enum chain_of { NOTHING, MIDDLE, OLD_MIDDLE, ROOT };

struct row {
	const char *name;
	const char *dns, *cn;
	enum { BY_MIDDLE, BY_ROOT, BY_OTHER_ROOT, BY_ITSELF } by;
	enum chain_of sent;
	int64_t from_s, until_s;
	const char *eku;
	/* expected */
	enum tri trusted, name_ok, time_ok;
	bool expired, not_yet, self_signed;
	bool incomplete;
	enum name_by name_by;
};

#define Y TRI_YES
#define N TRI_NO
static const struct row rows[] = {
	{ "good", HOST, "x", BY_MIDDLE, MIDDLE, 0, 0, NULL,
	  Y, Y, Y, false, false, false,
	  false, NAME_BY_EXACT },
	{ "by the root itself", HOST, "x", BY_ROOT, NOTHING, 0, 0, NULL,
	  Y, Y, Y, false, false, false,
	  false, NAME_BY_EXACT },
	{ "wildcard", "*.a.example", "x", BY_MIDDLE, MIDDLE, 0, 0, NULL,
	  Y, Y, Y, false, false, false,
	  false, NAME_BY_WILDCARD },
	{ "wildcard one label short", "*.mx.a.example", "x", BY_MIDDLE, MIDDLE,
	  0, 0, NULL, Y, N, Y, false, false, false,
	  false, NAME_BY_NONE },
	{ "wrong name", "mx.b.example", "x", BY_MIDDLE, MIDDLE, 0, 0, NULL,
	  Y, N, Y, false, false, false,
	  false, NAME_BY_NONE },
	{ "CN only", NULL, HOST, BY_MIDDLE, MIDDLE, 0, 0, NULL,
	  Y, N, Y, false, false, false,
	  false, NAME_BY_COMMON_NAME },
	{ "CN right, SAN wrong", "b.example", HOST, BY_MIDDLE, MIDDLE, 0, 0,
	  NULL, Y, N, Y, false, false, false,
	  false, NAME_BY_NONE },
	{ "expired", HOST, "x", BY_MIDDLE, MIDDLE, -9 * PKI_DAY, -PKI_DAY,
	  NULL, Y, Y, N, true, false, false,
	  false, NAME_BY_EXACT },
	{ "not yet", HOST, "x", BY_MIDDLE, MIDDLE, PKI_DAY, 9 * PKI_DAY,
	  NULL, Y, Y, N, false, true, false,
	  false, NAME_BY_EXACT },
	{ "expired and wrong name", "b.example", "x", BY_MIDDLE, MIDDLE,
	  -9 * PKI_DAY, -PKI_DAY, NULL, Y, N, N, true, false, false,
	  false, NAME_BY_NONE },
	{ "expired intermediate", HOST, "x", BY_MIDDLE, OLD_MIDDLE, 0, 0,
	  NULL, Y, Y, N, true, false, false,
	  false, NAME_BY_EXACT },
	{ "missing intermediate", HOST, "x", BY_MIDDLE, NOTHING, 0, 0, NULL,
	  N, Y, Y, false, false, false,
	  true, NAME_BY_EXACT },
	{ "wrong intermediate sent", HOST, "x", BY_MIDDLE, ROOT, 0, 0, NULL,
	  N, Y, Y, false, false, false,
	  false, NAME_BY_EXACT },
	{ "unknown root", HOST, "x", BY_OTHER_ROOT, NOTHING, 0, 0, NULL,
	  N, Y, Y, false, false, false,
	  true, NAME_BY_EXACT },
	{ "unknown root, expired, wrong name", "b.example", "x",
	  BY_OTHER_ROOT, NOTHING, -9 * PKI_DAY, -PKI_DAY, NULL,
	  N, N, N, true, false, false,
	  true, NAME_BY_NONE },
	{ "self-signed", HOST, "x", BY_ITSELF, NOTHING, 0, 0, NULL,
	  N, Y, Y, false, false, true,
	  false, NAME_BY_EXACT },
	{ "self-signed and not yet", HOST, "x", BY_ITSELF, NOTHING, PKI_DAY,
	  9 * PKI_DAY, NULL, N, Y, N, false, true, true,
	  false, NAME_BY_EXACT },
	{ "server purpose", HOST, "x", BY_MIDDLE, MIDDLE, 0, 0, "serverAuth",
	  Y, Y, Y, false, false, false,
	  false, NAME_BY_EXACT },
	{ "client purpose only", HOST, "x", BY_MIDDLE, MIDDLE, 0, 0,
	  "clientAuth", N, Y, Y, false, false, false,
	  false, NAME_BY_EXACT },
};
#undef Y
#undef N

static X509 *
leaf_of(const struct row *row)
{
	struct pki_spec spec = {
		.cn = row->cn, .dns = { row->dns }, .from_s = row->from_s,
		.until_s = row->until_s, .key = pki.key, .eku = row->eku,
	};

	switch (row->by) {
	case BY_MIDDLE:
		spec.issuer = pki.middle;
		spec.issuer_key = pki.other_key;
		break;
	case BY_ROOT:
		spec.issuer = pki.root;
		spec.issuer_key = pki.ca_key;
		break;
	case BY_OTHER_ROOT:
		spec.issuer = pki.other_root;
		spec.issuer_key = pki.other_key;
		break;
	case BY_ITSELF:
		break;
	}
	return pki_cert(&spec);
}

static SSL_CTX *
server_of(const struct row *row)
{
	X509 *const second[] = { NULL, pki.middle, pki.old_middle, pki.root };
	X509 *leaf = leaf_of(row);
	SSL_CTX *ctx = pki_server(leaf, pki.key, second[row->sent], NULL);

	X509_free(leaf);
	return ctx;
}

/* The dates of the leaf, whatever became of the chain. */
static void
check_period(const struct row *row, const struct tls_facts *f)
{
	bool is_default = row->from_s == 0 && row->until_s == 0;
	int64_t from = now + (is_default ? -PKI_DAY : row->from_s);
	int64_t until = now + (is_default ? 90 * PKI_DAY : row->until_s);

	/* made a moment after `now` was read */
	if (f->not_before < from || f->not_before > from + 600 ||
	    f->not_after < until || f->not_after > until + 600)
		fail_msg("%s: from %lld until %lld", row->name,
		    (long long)f->not_before, (long long)f->not_after);
}

static void
check_row(const struct row *row, const struct tls_facts *f, const char *when)
{
	if (f->outcome != OUTCOME_OK || f->trusted != row->trusted ||
	    f->name_ok != row->name_ok || f->time_ok != row->time_ok ||
	    f->expired != row->expired || f->not_yet != row->not_yet ||
	    f->self_signed != row->self_signed ||
	    f->incomplete != row->incomplete || f->name_by != row->name_by)
		fail_msg("%s (%s): trusted %d name %d (%s) time %d expired %d "
		    "not yet %d self-signed %d incomplete %d (%.*s)",
		    row->name, when, f->trusted, f->name_ok,
		    name_by_word(f->name_by), f->time_ok, f->expired,
		    f->not_yet, f->self_signed, f->incomplete,
		    SLICE_ARG(f->verify_error));
	check_period(row, f);
	if ((f->verify_error.n > 0) != (row->trusted == TRI_NO))
		fail_msg("%s: verify_error \"%.*s\"", row->name,
		    SLICE_ARG(f->verify_error));
	if (f->n_chain != (row->sent == NOTHING ? 1 : 2) ||
	    f->chain[0].der.n == 0 || !slice_eq(f->sni, SLICE_LIT(HOST)))
		fail_msg("%s: chain of %zu", row->name, f->n_chain);
}

static void
judges_certificates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		SSL_CTX *ctx = server_of(&rows[i]);
		struct arena *a = arena_new();
		struct tls_facts f = { 0 }, again = { 0 };
		bool stands;
		SSL *ssl = handshake(tls, ctx, &stands);

		if (!stands)
			fail_msg("%s: no handshake", rows[i].name);
		tls_judge(tls, a, ssl, SLICE_LIT(HOST), now, &f);
		check_row(&rows[i], &f, "fresh");
		tls_judge(tls, a, ssl, SLICE_LIT(HOST), now, &again);
		check_row(&rows[i], &again, "cached");
		assert_true(slice_eq(f.verify_error, again.verify_error));
		SSL_free(ssl);
		SSL_CTX_free(ctx);
		arena_free(a);
	}
}

/* At every date that matters the cache says what a fresh look says. */
static void
cache_follows_time(void **state)
{
	struct trust *cached = trust_new(pki.ca_file, NULL, 0);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		X509 *const second[] = { NULL, pki.middle, pki.old_middle,
		    pki.root };
		STACK_OF(X509) *chain = sk_X509_new_null();
		uint8_t digest[32] = { (uint8_t)i };
		int64_t at[64];
		size_t n = 0;

		sk_X509_push(chain, leaf_of(&rows[i]));
		if (rows[i].sent != NOTHING) {
			X509_up_ref(second[rows[i].sent]);
			sk_X509_push(chain, second[rows[i].sent]);
		}
		for (int64_t d = -1001; d <= 1001; d += 77)
			at[n++] = now + d * PKI_DAY;
		for (int64_t k = -2; k <= 2; k++) {
			at[n++] = now + rows[i].until_s + k;
			at[n++] = now + 90 * PKI_DAY + k;
			at[n++] = now + 1000 * PKI_DAY + k;
			at[n++] = now - 1000 * PKI_DAY + k;
		}
		for (size_t k = 0; k < n; k++) {
			struct trust *fresh = trust_new(pki.ca_file, NULL, 0);
			struct trust_verdict v, w;

			/* there and back, so that spans are left and entered */
			trust_judge(cached, chain, digest, at[n - 1 - k]);
			v = trust_judge(cached, chain, digest, at[k]);
			w = trust_judge(fresh, chain, digest, at[k]);
			if (v.trusted != w.trusted || v.in_date != w.in_date ||
			    v.expired != w.expired ||
			    v.not_yet != w.not_yet ||
			    v.self_signed != w.self_signed ||
			    v.incomplete != w.incomplete ||
			    v.not_before != w.not_before ||
			    v.not_after != w.not_after ||
			    v.error != w.error || v.n_errors != w.n_errors ||
			    memcmp(v.errors, w.errors, v.n_errors *
			    sizeof(v.errors[0])) != 0)
				fail_msg("%s at %+lld s", rows[i].name,
				    (long long)(at[k] - now));
			trust_free(fresh);
		}
		sk_X509_pop_free(chain, X509_free);
	}
	trust_free(cached);
}

/* The first second counts, the last one does not, as in OpenSSL's check. */
static void
dates_have_edges(void **state)
{
	struct trust *t = trust_new(pki.ca_file, NULL, 0);
	STACK_OF(X509) *chain = sk_X509_new_null();
	uint8_t digest[32] = { 1 };
	struct trust_verdict v;
	int64_t begins, ends;

	(void)state;
	sk_X509_push(chain, pki_leaf(&pki, HOST));
	X509_up_ref(pki.middle);
	sk_X509_push(chain, pki.middle);
	assert_true(x509_period(sk_X509_value(chain, 0), &begins, &ends));
	v = trust_judge(t, chain, digest, begins - 1);
	assert_true(v.trusted && v.not_yet && !v.in_date);
	assert_true(trust_judge(t, chain, digest, begins).in_date);
	assert_true(trust_judge(t, chain, digest, ends - 1).in_date);
	v = trust_judge(t, chain, digest, ends);
	assert_true(v.trusted && v.expired && !v.in_date);
	sk_X509_pop_free(chain, X509_free);
	trust_free(t);
}

static void
cache_is_used_and_bounded(void **state)
{
	struct trust *t = trust_new(pki.ca_file, NULL, 0);
	STACK_OF(X509) *chain = sk_X509_new_null();
	uint8_t digest[32] = { 0 };
	uint64_t before;

	(void)state;
	sk_X509_push(chain, pki_leaf(&pki, HOST));
	for (int i = 0; i < 100; i++)
		assert_false(trust_judge(t, chain, digest, now).trusted);
	assert_int_equal(trust_verifications(t), 1);
	/* More chains than it holds: the first is forgotten, the last kept. */
	for (uint32_t i = 1; i <= 5000; i++) {
		memcpy(digest, &i, sizeof(i));
		memcpy(digest + 8, &i, sizeof(i));
		trust_judge(t, chain, digest, now);
	}
	before = trust_verifications(t);
	trust_judge(t, chain, digest, now);
	assert_int_equal(trust_verifications(t), before);
	memset(digest, 0, sizeof(digest));
	trust_judge(t, chain, digest, now);
	assert_int_equal(trust_verifications(t), before + 1);
	sk_X509_pop_free(chain, X509_free);
	trust_free(t);
}

/* An expired cross-signed root behind the intermediate harms nobody. */
static void
prefers_the_trusted_root(void **state)
{
	struct pki_spec cross = {
		.kind = PKI_CA, .cn = "Test Root", .issuer = pki.other_root,
		.issuer_key = pki.other_key, .key = pki.ca_key,
		.from_s = -9 * PKI_DAY, .until_s = -PKI_DAY,
	};
	X509 *crossed = pki_cert(&cross), *leaf = pki_leaf(&pki, HOST);
	SSL_CTX *ctx = pki_server(leaf, pki.key, pki.middle, crossed);
	struct arena *a = arena_new();
	struct tls_facts f = { 0 };
	bool stands;
	SSL *ssl = handshake(tls, ctx, &stands);

	(void)state;
	assert_true(stands);
	tls_judge(tls, a, ssl, SLICE_LIT(HOST), now, &f);
	assert_int_equal(f.n_chain, 3);
	assert_int_equal(f.trusted, TRI_YES);
	assert_int_equal(f.time_ok, TRI_YES);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	X509_free(leaf);
	X509_free(crossed);
	arena_free(a);
}

/* As much as the limits allow is kept; the verdict is about all of it. */
static void
bounds_the_chain(void **state)
{
	X509 *leaf = pki_leaf(&pki, HOST);
	SSL_CTX *ctx = pki_server(leaf, pki.key, NULL, NULL);
	struct arena *a = arena_new();
	struct tls_facts f = { 0 };
	bool stands;
	SSL *ssl;

	(void)state;
	for (int i = 0; i < LIMIT_CHAIN + 3; i++)
		SSL_CTX_add1_chain_cert(ctx, pki.other_root);
	SSL_CTX_add1_chain_cert(ctx, pki.middle);
	ssl = handshake(tls, ctx, &stands);
	assert_true(stands);
	tls_judge(tls, a, ssl, SLICE_LIT(HOST), now, &f);
	assert_int_equal(f.n_chain, LIMIT_CHAIN);
	assert_int_equal(f.trusted, TRI_YES);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	X509_free(leaf);
	arena_free(a);
}

/* ---- the trust store ---- */

static void
reads_the_trust_store(void **state)
{
	struct tls_config none = { .ca_file = "/nonexistent/ca.pem" };
	struct tls_config bad = { .ca_file = "/dev/null" };
	struct tls_config system_store = { .ca_file = NULL };
	uint8_t once[32], twice[32], expected[32];
	char error[256] = "";
	struct tls *t;

	(void)state;
	assert_null(tls_new(&none, error, sizeof(error)));
	assert_non_null(strstr(error, "/nonexistent/ca.pem: cannot read"));
	assert_null(tls_new(&bad, error, sizeof(error)));
	assert_non_null(strstr(error, "/dev/null: no certificates"));
	assert_int_equal(tls_trust_count(tls), 1);
	tls_trust_digest(tls, once);
	X509_digest(pki.root, EVP_sha256(), expected, NULL);
	EVP_Digest(expected, 32, expected, NULL, EVP_sha256(), NULL);
	assert_memory_equal(once, expected, 32);
	t = handshake_tls(pki.ca_file);
	tls_trust_digest(t, twice);
	assert_memory_equal(once, twice, 32);
	tls_free(t);
	t = tls_new(&system_store, error, sizeof(error));
	if (t != NULL)
		assert_in_range(tls_trust_count(t), 10, 1000);
	else
		assert_non_null(strstr(error, "ca-certificates"));
	tls_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_certificates),
		cmocka_unit_test(cache_follows_time),
		cmocka_unit_test(dates_have_edges),
		cmocka_unit_test(cache_is_used_and_bounded),
		cmocka_unit_test(prefers_the_trusted_root),
		cmocka_unit_test(bounds_the_chain),
		cmocka_unit_test(reads_the_trust_store),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
