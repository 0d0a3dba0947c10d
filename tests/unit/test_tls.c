/* SPDX-License-Identifier: Apache-2.0
 *
 * test_tls.c: handshakes over memory with servers of every kind, and what is
 * recorded of them.  The three booleans are separate facts; a verdict from
 * the cache is right at any time asked.
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

#include "scanner/base/limits.h"
#include "tests/unit/pki.h"
#include "workers/tls.h"
#include "workers/trust.h"

#include "scanner/base/banned.h"

#define HOST "mx.a.example"
#define YEAR (365 * (int64_t)PKI_DAY)

static struct pki pki;
static struct tls *tls;
static int64_t now;

static struct tls *
new_tls(void)
{
	struct tls_config config = { .ca_file = pki.ca_file };
	char error[256];
	struct tls *t = tls_new(&config, error, sizeof(error));

	if (t == NULL)
		fail_msg("%s", error);
	return t;
}

static int
set_up(void **state)
{
	(void)state;
	pki_init(&pki);
	now = time(NULL);
	tls = new_tls();
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

/* ---- handshakes over memory ---- */

static SSL *
client_new(struct tls *t)
{
	SSL *ssl = SSL_new(tls_smtp_ctx(t));

	SSL_set_tlsext_host_name(ssl, HOST);
	SSL_set_connect_state(ssl);
	return ssl;
}

/* The client, its handshake ended one way or the other. */
static SSL *
shake(struct tls *t, SSL_CTX *server_ctx, bool *stands)
{
	SSL *client = client_new(t), *server = SSL_new(server_ctx);
	BIO *a, *b;
	int done = 0;

	BIO_new_bio_pair(&a, 1 << 20, &b, 1 << 20);
	SSL_set_bio(client, a, a);
	SSL_set_bio(server, b, b);
	SSL_set_accept_state(server);
	ERR_clear_error();
	for (int i = 0; i < 20 && done != 1; i++) {
		done = SSL_do_handshake(client);
		if (done != 1 &&
		    SSL_get_error(client, done) != SSL_ERROR_WANT_READ)
			break;
		if (done != 1) {
			/* a thread's errors are the client's alone here */
			ERR_set_mark();
			SSL_do_handshake(server);
			ERR_pop_to_mark();
		}
	}
	*stands = done == 1;
	SSL_free(server);
	return client;
}

/* Feeds bytes as the server's only answer, then ends the connection. */
static struct tls_facts
shake_bytes(struct arena *a, const char *bytes, size_t n)
{
	SSL *client = client_new(tls);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	struct tls_facts facts = { .outcome = OUTCOME_NONE };

	BIO_set_mem_eof_return(in, 0);
	BIO_write(in, bytes, (int)n);
	SSL_set_bio(client, in, out);
	ERR_clear_error();
	assert_int_not_equal(SSL_do_handshake(client), 1);
	tls_failure(a, client, &facts);
	assert_int_equal(ERR_peek_error(), 0);
	SSL_free(client);
	return facts;
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
};

#define Y TRI_YES
#define N TRI_NO
static const struct row rows[] = {
	{ "good", HOST, "x", BY_MIDDLE, MIDDLE, 0, 0, NULL,
	  Y, Y, Y, false, false, false },
	{ "by the root itself", HOST, "x", BY_ROOT, NOTHING, 0, 0, NULL,
	  Y, Y, Y, false, false, false },
	{ "wildcard", "*.a.example", "x", BY_MIDDLE, MIDDLE, 0, 0, NULL,
	  Y, Y, Y, false, false, false },
	{ "wildcard one label short", "*.mx.a.example", "x", BY_MIDDLE, MIDDLE,
	  0, 0, NULL, Y, N, Y, false, false, false },
	{ "wrong name", "mx.b.example", "x", BY_MIDDLE, MIDDLE, 0, 0, NULL,
	  Y, N, Y, false, false, false },
	{ "CN only", NULL, HOST, BY_MIDDLE, MIDDLE, 0, 0, NULL,
	  Y, N, Y, false, false, false },
	{ "CN right, SAN wrong", "b.example", HOST, BY_MIDDLE, MIDDLE, 0, 0,
	  NULL, Y, N, Y, false, false, false },
	{ "expired", HOST, "x", BY_MIDDLE, MIDDLE, -9 * PKI_DAY, -PKI_DAY,
	  NULL, Y, Y, N, true, false, false },
	{ "not yet", HOST, "x", BY_MIDDLE, MIDDLE, PKI_DAY, 9 * PKI_DAY,
	  NULL, Y, Y, N, false, true, false },
	{ "expired and wrong name", "b.example", "x", BY_MIDDLE, MIDDLE,
	  -9 * PKI_DAY, -PKI_DAY, NULL, Y, N, N, true, false, false },
	{ "expired intermediate", HOST, "x", BY_MIDDLE, OLD_MIDDLE, 0, 0,
	  NULL, Y, Y, N, true, false, false },
	{ "missing intermediate", HOST, "x", BY_MIDDLE, NOTHING, 0, 0, NULL,
	  N, Y, Y, false, false, false },
	{ "wrong intermediate sent", HOST, "x", BY_MIDDLE, ROOT, 0, 0, NULL,
	  N, Y, Y, false, false, false },
	{ "unknown root", HOST, "x", BY_OTHER_ROOT, NOTHING, 0, 0, NULL,
	  N, Y, Y, false, false, false },
	{ "unknown root, expired, wrong name", "b.example", "x",
	  BY_OTHER_ROOT, NOTHING, -9 * PKI_DAY, -PKI_DAY, NULL,
	  N, N, N, true, false, false },
	{ "self-signed", HOST, "x", BY_ITSELF, NOTHING, 0, 0, NULL,
	  N, Y, Y, false, false, true },
	{ "self-signed and not yet", HOST, "x", BY_ITSELF, NOTHING, PKI_DAY,
	  9 * PKI_DAY, NULL, N, Y, N, false, true, true },
	{ "server purpose", HOST, "x", BY_MIDDLE, MIDDLE, 0, 0, "serverAuth",
	  Y, Y, Y, false, false, false },
	{ "client purpose only", HOST, "x", BY_MIDDLE, MIDDLE, 0, 0,
	  "clientAuth", N, Y, Y, false, false, false },
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

static void
check_row(const struct row *row, const struct tls_facts *f, const char *when)
{
	if (f->outcome != OUTCOME_OK || f->trusted != row->trusted ||
	    f->name_ok != row->name_ok || f->time_ok != row->time_ok ||
	    f->expired != row->expired || f->not_yet != row->not_yet ||
	    f->self_signed != row->self_signed)
		fail_msg("%s (%s): trusted %d name %d time %d expired %d "
		    "not yet %d self-signed %d (%.*s)", row->name, when,
		    f->trusted, f->name_ok, f->time_ok, f->expired,
		    f->not_yet, f->self_signed, SLICE_ARG(f->verify_error));
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
		SSL *ssl = shake(tls, ctx, &stands);

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
			    v.error != w.error)
				fail_msg("%s at %+lld s", rows[i].name,
				    (long long)(at[k] - now));
			trust_free(fresh);
		}
		sk_X509_pop_free(chain, X509_free);
	}
	trust_free(cached);
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
	SSL *ssl = shake(tls, ctx, &stands);

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

/* ---- sessions ---- */

struct version_row {
	int version;
	enum tls_version expected;
	const char *groups;
	const char *cipher, *group, *signature;
};

static const struct version_row version_rows[] = {
	{ TLS1_VERSION, TLS_VERSION_1_0, "P-256", "ECDHE-ECDSA-AES256-SHA",
	  "secp256r1", "ECDSA-SHA1" },
	{ TLS1_1_VERSION, TLS_VERSION_1_1, "P-256", "ECDHE-ECDSA-AES256-SHA",
	  "secp256r1", "ECDSA-SHA1" },
	{ TLS1_2_VERSION, TLS_VERSION_1_2, "X25519",
	  "ECDHE-ECDSA-AES256-GCM-SHA384", "x25519", "ECDSA-SHA256" },
	{ TLS1_3_VERSION, TLS_VERSION_1_3, "X25519", "TLS_AES_256_GCM_SHA384",
	  "x25519", "ECDSA-SHA256" },
};

static void
records_sessions(void **state)
{
	X509 *leaf = pki_leaf(&pki, HOST);

	(void)state;
	for (size_t i = 0; i < sizeof(version_rows) / sizeof(version_rows[0]);
	    i++) {
		const struct version_row *row = &version_rows[i];
		SSL_CTX *ctx = pki_server(leaf, pki.key, pki.middle, NULL);
		struct arena *a = arena_new();
		struct tls_facts f = { 0 };
		bool stands;
		SSL *ssl;

		SSL_CTX_set_min_proto_version(ctx, row->version);
		SSL_CTX_set_max_proto_version(ctx, row->version);
		SSL_CTX_set1_groups_list(ctx, row->groups);
		ssl = shake(tls, ctx, &stands);
		if (!stands)
			fail_msg("%s: no handshake",
			    tls_version_word(row->expected));
		tls_judge(tls, a, ssl, SLICE_LIT(HOST), now, &f);
		if (f.version != row->expected ||
		    !slice_eq(f.cipher, slice_of(row->cipher)) ||
		    !slice_eq(f.group, slice_of(row->group)) ||
		    !slice_eq(f.signature, slice_of(row->signature)))
			fail_msg("%s: version %s, %.*s, %.*s, %.*s",
			    tls_version_word(row->expected),
			    tls_version_word(f.version), SLICE_ARG(f.cipher),
			    SLICE_ARG(f.group), SLICE_ARG(f.signature));
		SSL_free(ssl);
		SSL_CTX_free(ctx);
		arena_free(a);
	}
	X509_free(leaf);
}

/* Weak keys and suites are recorded, not refused. */
static void
takes_weak_servers(void **state)
{
	EVP_PKEY *rsa = EVP_RSA_gen(512);
	struct pki_spec spec = { .cn = "x", .dns = { HOST }, .key = rsa };
	X509 *leaf = pki_cert(&spec);
	SSL_CTX *ctx = pki_server(leaf, rsa, NULL, NULL);
	struct arena *a = arena_new();
	struct tls_facts f = { 0 };
	bool stands;
	SSL *ssl;

	(void)state;
	SSL_CTX_set_max_proto_version(ctx, TLS1_VERSION);
	SSL_CTX_set_cipher_list(ctx, "AES128-SHA:@SECLEVEL=0");
	ssl = shake(tls, ctx, &stands);
	assert_true(stands);
	tls_judge(tls, a, ssl, SLICE_LIT(HOST), now, &f);
	assert_true(slice_eq(f.cipher, SLICE_LIT("AES128-SHA")));
	assert_int_equal(f.group.n, 0);
	assert_int_equal(f.signature.n, 0);
	assert_true(f.self_signed);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	X509_free(leaf);
	EVP_PKEY_free(rsa);
	arena_free(a);
}

static void
records_no_certificate(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	struct arena *a = arena_new();
	struct tls_facts f = { 0 };
	bool stands;
	SSL *ssl;

	(void)state;
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(ctx, "AECDH-AES256-SHA:@SECLEVEL=0");
	ssl = shake(tls, ctx, &stands);
	assert_true(stands);
	tls_judge(tls, a, ssl, SLICE_LIT(HOST), now, &f);
	assert_int_equal(f.outcome, OUTCOME_OK);
	assert_int_equal(f.n_chain, 0);
	assert_int_equal(f.trusted, TRI_NO);
	assert_int_equal(f.name_ok, TRI_UNKNOWN);
	assert_int_equal(f.time_ok, TRI_UNKNOWN);
	assert_int_equal(f.verify_error.n, 0);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	arena_free(a);
}

/* Where a server has both, the client's order keeps the certificate. */
static void
prefers_certificates(void **state)
{
	X509 *leaf = pki_leaf(&pki, HOST);
	SSL_CTX *ctx = pki_server(leaf, pki.key, NULL, NULL);
	struct arena *a = arena_new();
	struct tls_facts f = { 0 };
	bool stands;
	SSL *ssl;

	(void)state;
	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(ctx, "aNULL:ALL:@SECLEVEL=0");
	ssl = shake(tls, ctx, &stands);
	assert_true(stands);
	tls_judge(tls, a, ssl, SLICE_LIT(HOST), now, &f);
	assert_int_equal(f.n_chain, 1);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	X509_free(leaf);
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
	ssl = shake(tls, ctx, &stands);
	assert_true(stands);
	tls_judge(tls, a, ssl, SLICE_LIT(HOST), now, &f);
	assert_int_equal(f.n_chain, LIMIT_CHAIN);
	assert_int_equal(f.trusted, TRI_YES);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	X509_free(leaf);
	arena_free(a);
}

/* ---- failures ---- */

struct failure_row {
	const char *name;
	const char *bytes;
	size_t n;
	enum outcome outcome;
	const char *alert, *error;
};

#define B(s) s, sizeof(s) - 1
static const struct failure_row failure_rows[] = {
	{ "alert 40", B("\x15\x03\x01\x00\x02\x02\x28"), OUTCOME_TLS_ALERT,
	  "handshake failure", "" },
	{ "alert 80", B("\x15\x03\x03\x00\x02\x02\x50"), OUTCOME_TLS_ALERT,
	  "internal error", "" },
	{ "alert 70", B("\x15\x03\x03\x00\x02\x02\x46"), OUTCOME_TLS_ALERT,
	  "protocol version", "" },
	{ "alert unknown to all", B("\x15\x03\x03\x00\x02\x02\xee"),
	  OUTCOME_TLS_ALERT, "alert 238", "" },
	{ "warning, then nothing", B("\x15\x03\x01\x00\x02\x01\x70"),
	  OUTCOME_TLS_FAILED, "", "unexpected eof while reading" },
	{ "close_notify", B("\x15\x03\x01\x00\x02\x01\x00"),
	  OUTCOME_TLS_FAILED, "", "connection ended during the handshake" },
	{ "garbage", B("220 no TLS here\r\n"), OUTCOME_TLS_FAILED, "",
	  "wrong version number" },
	{ "HTTP", B("HTTP/1.0 400 Bad\r\n\r\n"), OUTCOME_TLS_FAILED, "",
	  "wrong version number" },
	{ "closed at once", B(""), OUTCOME_TLS_FAILED, "",
	  "unexpected eof while reading" },
	{ "half a record", B("\x16\x03\x03\x00\x40\x02"), OUTCOME_TLS_FAILED,
	  "", "unexpected eof while reading" },
};
#undef B

static void
names_failures(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(failure_rows) / sizeof(failure_rows[0]);
	    i++) {
		const struct failure_row *row = &failure_rows[i];
		struct arena *a = arena_new();
		struct tls_facts f = shake_bytes(a, row->bytes, row->n);

		if (f.outcome != row->outcome ||
		    !slice_eq(f.alert, slice_of(row->alert)) ||
		    !slice_eq(f.error, slice_of(row->error)))
			fail_msg("%s: %s, alert \"%.*s\", error \"%.*s\"",
			    row->name, outcome_word(f.outcome),
			    SLICE_ARG(f.alert), SLICE_ARG(f.error));
		arena_free(a);
	}
}

static void
fails_without_common_parameters(void **state)
{
	X509 *leaf = pki_leaf(&pki, HOST);
	SSL_CTX *ctx = pki_server(leaf, pki.key, NULL, NULL);
	struct arena *a = arena_new();
	struct tls_facts f = { 0 };
	bool stands;
	SSL *ssl;

	(void)state;
	/* An RSA suite and no RSA key: the server has nothing to choose. */
	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(ctx, "AES128-SHA:@SECLEVEL=0");
	ssl = shake(tls, ctx, &stands);
	assert_false(stands);
	tls_failure(a, ssl, &f);
	assert_int_equal(f.outcome, OUTCOME_TLS_ALERT);
	assert_true(slice_eq(f.alert, SLICE_LIT("handshake failure")));
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
	t = new_tls();
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
		cmocka_unit_test(cache_is_used_and_bounded),
		cmocka_unit_test(prefers_the_trusted_root),
		cmocka_unit_test(records_sessions),
		cmocka_unit_test(takes_weak_servers),
		cmocka_unit_test(records_no_certificate),
		cmocka_unit_test(prefers_certificates),
		cmocka_unit_test(bounds_the_chain),
		cmocka_unit_test(names_failures),
		cmocka_unit_test(fails_without_common_parameters),
		cmocka_unit_test(reads_the_trust_store),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
