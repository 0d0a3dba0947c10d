/* SPDX-License-Identifier: Apache-2.0
 *
 * test_tls.c: handshakes over memory with servers old, weak, odd and broken,
 * and what is recorded of them.
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

#include "tests/unit/handshake.h"
#include "tests/unit/pki.h"

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
		ssl = handshake(tls, ctx, &stands);
		if (!stands)
			fail_msg("%s: no handshake",
			    tls_version_word(row->expected));
		tls_judge(tls, a, ssl, SLICE_LIT(HOST), now, &f);
		assert_int_equal(f.alert_sent.n, 0);
		/* The chain came in, a ClientHello went out. */
		assert_in_range(f.bytes_read, f.chain[0].der.n +
		    f.chain[1].der.n, 20000);
		assert_in_range(f.bytes_written, 100, 5000);
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

static void
names_groups(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_true(slice_eq(tls_group_word(a, "x25519", 0x1d),
	    SLICE_LIT("x25519")));
	/* as SSL_get_negotiated_group() has a number it has no name for */
	assert_true(slice_eq(tls_group_word(a, NULL,
	    TLSEXT_nid_unknown | 0x11ec), SLICE_LIT("0x11ec")));
	assert_true(slice_eq(tls_group_word(a, NULL, 0x1a),
	    SLICE_LIT("0x001a")));
	arena_free(a);
}

static bool
stands_with(enum tls_version only, SSL_CTX *server, struct tls_facts *f,
    struct arena *a)
{
	bool stands;
	SSL *ssl = handshake_only(tls, server, only, &stands);

	if (stands)
		tls_judge(tls, a, ssl, SLICE_LIT(HOST), now, f);
	else
		tls_failure(a, ssl, f);
	SSL_free(ssl);
	return stands;
}

/* A server of 1.1 and 1.2, and each version offered alone. */
static void
offers_one_version(void **state)
{
	static const enum tls_version tried[] = { TLS_VERSION_1_0,
		TLS_VERSION_1_1, TLS_VERSION_1_2, TLS_VERSION_1_3 };
	X509 *leaf = pki_leaf(&pki, HOST);
	SSL_CTX *ctx = pki_server(leaf, pki.key, pki.middle, NULL);
	struct arena *a = arena_new();

	(void)state;
	SSL_CTX_set_min_proto_version(ctx, TLS1_1_VERSION);
	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	for (size_t i = 0; i < 4; i++) {
		struct tls_facts f = { 0 };
		bool stands = stands_with(tried[i], ctx, &f, a);

		assert_true(tls_speaks(tls, tried[i]));
		if (stands != (i == 1 || i == 2) ||
		    (stands ? f.version != tried[i] :
		    !slice_eq(f.alert, SLICE_LIT("protocol version"))))
			fail_msg("%s: %s, %.*s", tls_version_word(tried[i]),
			    tls_version_word(f.version), SLICE_ARG(f.alert));
	}
	assert_false(tls_speaks(tls, TLS_VERSION_NONE));
	SSL_CTX_free(ctx);
	X509_free(leaf);
	arena_free(a);
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
	ssl = handshake(tls, ctx, &stands);
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
	ssl = handshake(tls, ctx, &stands);
	assert_true(stands);
	tls_judge(tls, a, ssl, SLICE_LIT(HOST), now, &f);
	assert_int_equal(f.outcome, OUTCOME_OK);
	assert_int_equal(f.n_chain, 0);
	assert_int_equal(f.trusted, TRI_NO);
	assert_int_equal(f.name_ok, TRI_UNKNOWN);
	assert_int_equal(f.time_ok, TRI_UNKNOWN);
	assert_int_equal(f.verify_error.n, 0);
	assert_false(f.incomplete);
	assert_int_equal(f.name_by, NAME_BY_NONE);
	assert_int_equal(f.not_after, 0);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	arena_free(a);
}

/* A date that cannot be read leaves both unknown; the session is recorded. */
static void
takes_unreadable_dates(void **state)
{
	X509 *leaf = pki_leaf(&pki, HOST);
	struct arena *a = arena_new();
	struct tls_facts f = { 0 };
	SSL_CTX *ctx;
	bool stands;
	SSL *ssl;

	(void)state;
	ASN1_STRING_set(X509_getm_notAfter(leaf), "soon", 4);
	X509_sign(leaf, pki.other_key, EVP_sha256());
	ctx = pki_server(leaf, pki.key, NULL, NULL);
	ssl = handshake(tls, ctx, &stands);
	assert_true(stands);
	tls_judge(tls, a, ssl, SLICE_LIT(HOST), now, &f);
	assert_int_equal(f.trusted, TRI_NO);
	assert_true(f.incomplete);
	assert_int_equal(f.not_before, 0);
	assert_int_equal(f.not_after, 0);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	X509_free(leaf);
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
	ssl = handshake(tls, ctx, &stands);
	assert_true(stands);
	tls_judge(tls, a, ssl, SLICE_LIT(HOST), now, &f);
	assert_int_equal(f.n_chain, 1);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	X509_free(leaf);
	arena_free(a);
}

/* ---- failures ---- */

/* Feeds bytes as the server's only answer, then ends the connection. */
static struct tls_facts
shake_bytes(struct arena *a, const char *bytes, size_t n)
{
	SSL *client = handshake_client(tls);
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

struct failure_row {
	const char *name;
	const char *bytes;
	size_t n;
	enum outcome outcome;
	const char *alert, *error, *sent;
};

#define ENDED "connection ended during the handshake"
#define B(s) s, sizeof(s) - 1
static const struct failure_row failure_rows[] = {
	{ "alert 40", B("\x15\x03\x01\x00\x02\x02\x28"), OUTCOME_TLS_ALERT,
	  "handshake failure", "", "" },
	{ "alert 80", B("\x15\x03\x03\x00\x02\x02\x50"), OUTCOME_TLS_ALERT,
	  "internal error", "", "" },
	{ "alert 70", B("\x15\x03\x03\x00\x02\x02\x46"), OUTCOME_TLS_ALERT,
	  "protocol version", "", "" },
	{ "alert unknown to all", B("\x15\x03\x03\x00\x02\x02\xee"),
	  OUTCOME_TLS_ALERT, "alert 238", "", "" },
	{ "warning, then nothing", B("\x15\x03\x01\x00\x02\x01\x70"),
	  OUTCOME_TLS_FAILED, "", ENDED, "decode error" },
	{ "close_notify", B("\x15\x03\x01\x00\x02\x01\x00"),
	  OUTCOME_TLS_FAILED, "", ENDED, "" },
	{ "garbage", B("220 no TLS here\r\n"), OUTCOME_TLS_FAILED, "",
	  "wrong version number", "" },
	{ "HTTP", B("HTTP/1.0 400 Bad\r\n\r\n"), OUTCOME_TLS_FAILED, "",
	  "wrong version number", "" },
	{ "closed at once", B(""), OUTCOME_TLS_FAILED, "",
	  ENDED, "decode error" },
	{ "half a record", B("\x16\x03\x03\x00\x40\x02"), OUTCOME_TLS_FAILED,
	  "", ENDED, "decode error" },
	{ "a ServerHello of no bytes", B("\x16\x03\x03\x00\x04\x02\0\0\0"),
	  OUTCOME_TLS_FAILED, "", "length mismatch", "decode error" },
	{ "Finished at once", B("\x16\x03\x03\x00\x04\x14\0\0\0"),
	  OUTCOME_TLS_FAILED, "", "unexpected message",
	  "unexpected_message" },
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
		    !slice_eq(f.error, slice_of(row->error)) ||
		    !slice_eq(f.alert_sent, slice_of(row->sent)) ||
		    (f.bytes_read > 0) != (row->n > 0) ||
		    f.bytes_written < 100)
			fail_msg("%s: %s, alert \"%.*s\", error \"%.*s\", "
			    "sent \"%.*s\", %u bytes", row->name,
			    outcome_word(f.outcome), SLICE_ARG(f.alert),
			    SLICE_ARG(f.error), SLICE_ARG(f.alert_sent),
			    f.bytes_read);
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
	ssl = handshake(tls, ctx, &stands);
	assert_false(stands);
	tls_failure(a, ssl, &f);
	assert_int_equal(f.outcome, OUTCOME_TLS_ALERT);
	assert_true(slice_eq(f.alert, SLICE_LIT("handshake failure")));
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	X509_free(leaf);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_sessions),
		cmocka_unit_test(names_groups),
		cmocka_unit_test(offers_one_version),
		cmocka_unit_test(takes_weak_servers),
		cmocka_unit_test(records_no_certificate),
		cmocka_unit_test(takes_unreadable_dates),
		cmocka_unit_test(prefers_certificates),
		cmocka_unit_test(names_failures),
		cmocka_unit_test(fails_without_common_parameters),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
