/* SPDX-License-Identifier: Apache-2.0
 *
 * tls.c: contexts that refuse nothing, and what a handshake showed.
 *
 * A sender that verifies would end many of these handshakes; a census records
 * instead.  The certificate callback accepts every chain, the judgement
 * follows once TLS stands: path and dates by workers/trust.c, names by
 * scanner/rules/cert_name.h.  Facts are copied to the job's arena; nothing of
 * the SSL object is kept.  RFC 8461 4.2 and 7, RFC 9525.
 */
#include "workers/tls.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/limits.h"
#include "workers/tls_parts.h"
#include "workers/trust.h"
#include "workers/x509_facts.h"

#include "scanner/base/banned.h"

/*
 * Everything but suites without encryption.  Those without a certificate are
 * offered last: a server that has nothing else shows it that way.
 */
#define CIPHERS "ALL:+aNULL:@SECLEVEL=0"

struct tls {
	SSL_CTX *smtp;
	struct trust *trust;
};

/* ---- contexts ---- */

static int
accept_any_chain(X509_STORE_CTX *ctx, void *arg)
{
	(void)ctx;
	(void)arg;
	return 1;
}

void
tls_relax(struct tls *t, SSL_CTX *ctx)
{
	(void)t;
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, 0);
	SSL_CTX_set_max_proto_version(ctx, 0);
	SSL_CTX_clear_options(ctx, SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 |
	    SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3);
	SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT |
	    SSL_OP_NO_TICKET);
	SSL_CTX_set_cipher_list(ctx, CIPHERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, accept_any_chain, NULL);
	ERR_clear_error();
}

struct tls *
tls_new(const struct tls_config *config, char *error, size_t cap)
{
	struct tls *t = xcalloc(1, sizeof(*t));

	t->trust = trust_new(config->ca_file, error, cap);
	if (t->trust == NULL)
		goto fail;
	t->smtp = SSL_CTX_new(TLS_client_method());
	if (t->smtp == NULL) {
		snprintf(error, cap, "OpenSSL gives no TLS context: %s",
		    ERR_reason_error_string(ERR_peek_error()));
		goto fail;
	}
	tls_relax(t, t->smtp);
	SSL_CTX_set_mode(t->smtp, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_msg_callback(t->smtp, tls_on_smtp_message);
	return t;
fail:
	ERR_clear_error();
	tls_free(t);
	return NULL;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	SSL_CTX_free(t->smtp);
	trust_free(t->trust);
	free(t);
}

void
tls_trust_digest(const struct tls *t, uint8_t out[32])
{
	trust_digest(t->trust, out);
}

size_t
tls_trust_count(const struct tls *t)
{
	return trust_count(t->trust);
}

SSL_CTX *
tls_smtp_ctx(struct tls *t)
{
	return t->smtp;
}

/* ---- one version alone ---- */

/* 0: not one of them */
static int
number_of(enum tls_version v)
{
	switch (v) {
	case TLS_VERSION_SSL3:
		return SSL3_VERSION;
	case TLS_VERSION_1_0:
		return TLS1_VERSION;
	case TLS_VERSION_1_1:
		return TLS1_1_VERSION;
	case TLS_VERSION_1_2:
		return TLS1_2_VERSION;
	case TLS_VERSION_1_3:
		return TLS1_3_VERSION;
	case TLS_VERSION_NONE:
	case TLS_VERSION_COUNT:
		break;
	}
	return 0;
}

bool
tls_only(SSL *ssl, enum tls_version v)
{
	int number = number_of(v);
	bool can = number != 0 && SSL_set_min_proto_version(ssl, number) == 1 &&
	    SSL_set_max_proto_version(ssl, number) == 1;

	ERR_clear_error();
	return can;
}

bool
tls_speaks(const struct tls *t, enum tls_version v)
{
	SSL *ssl = SSL_new(t->smtp);
	bool can = ssl != NULL && tls_only(ssl, v);

	SSL_free(ssl);
	ERR_clear_error();
	return can;
}

/* ---- the session ---- */

static enum tls_version
version_of(const SSL *ssl)
{
	switch (SSL_version(ssl)) {
	case SSL3_VERSION:
		return TLS_VERSION_SSL3;
	case TLS1_VERSION:
		return TLS_VERSION_1_0;
	case TLS1_1_VERSION:
		return TLS_VERSION_1_1;
	case TLS1_2_VERSION:
		return TLS_VERSION_1_2;
	case TLS1_3_VERSION:
		return TLS_VERSION_1_3;
	}
	return TLS_VERSION_NONE;
}

struct slice
tls_group_word(struct arena *a, const char *name, int id)
{
	if (name != NULL)
		return arena_slice(a, slice_of(name));
	return arena_fmt(a, "0x%04x", (unsigned)id & 0xffff);
}

/* A named group, "DH-2048" for one of the server's own, empty for RSA. */
static struct slice
group_of(struct arena *a, SSL *ssl)
{
	int id = (int)SSL_get_negotiated_group(ssl);
	struct slice group = SLICE_EMPTY;
	EVP_PKEY *key = NULL;

	if (id != 0)
		return tls_group_word(a, SSL_group_to_name(ssl, id), id);
	if (SSL_get_peer_tmp_key(ssl, &key) == 1 && key != NULL &&
	    EVP_PKEY_get0_type_name(key) != NULL)
		group = arena_fmt(a, "%s-%d", EVP_PKEY_get0_type_name(key),
		    EVP_PKEY_get_bits(key));
	EVP_PKEY_free(key);
	return group;
}

static const char *
signature_kind(int nid)
{
	switch (nid) {
	case EVP_PKEY_RSA:
		return "RSA";
	case EVP_PKEY_RSA_PSS:
		return "RSA-PSS";
	case EVP_PKEY_EC:
		return "ECDSA";
	case EVP_PKEY_DSA:
		return "DSA";
	case EVP_PKEY_ED25519:
		return "Ed25519";
	case EVP_PKEY_ED448:
		return "Ed448";
	}
	return OBJ_nid2sn(nid);
}

/* "ECDSA-SHA256", "Ed25519"; empty where the handshake has none. */
static struct slice
signature_of(struct arena *a, SSL *ssl)
{
	int kind = NID_undef, digest = NID_undef;

	if (SSL_get_peer_signature_type_nid(ssl, &kind) != 1 ||
	    kind == NID_undef)
		return SLICE_EMPTY;
	if (SSL_get_peer_signature_nid(ssl, &digest) != 1 ||
	    digest == NID_undef)
		return arena_fmt(a, "%s", signature_kind(kind));
	return arena_fmt(a, "%s-%s", signature_kind(kind),
	    OBJ_nid2sn(digest));
}

/* ---- the chain ---- */

static void
keep_certificate(struct arena *a, const X509 *x, struct cert_der *out)
{
	int n = i2d_X509(x, NULL);
	unsigned char *der;

	out->der = SLICE_EMPTY;
	if (n <= 0 || n > LIMIT_CERT_BYTES) {
		X509_digest(x, EVP_sha256(), out->sha256, NULL);
		return;
	}
	der = arena_alloc(a, (size_t)n);
	out->der = slice_make(der, (size_t)n);
	i2d_X509(x, &der);
	EVP_Digest(out->der.p, out->der.n, out->sha256, NULL, EVP_sha256(),
	    NULL);
}

/* Keeps what the limits allow; `digest` covers all that was sent. */
static void
keep_chain(struct arena *a, STACK_OF(X509) *chain, struct tls_facts *out,
    uint8_t digest[32])
{
	size_t n = (size_t)sk_X509_num(chain);
	uint8_t (*sha256)[32] = xcalloc(n, sizeof(*sha256));

	out->n_chain = n < LIMIT_CHAIN ? n : LIMIT_CHAIN;
	out->chain = arena_array(a, out->n_chain, sizeof(*out->chain));
	for (size_t i = 0; i < n; i++) {
		const X509 *x = sk_X509_value(chain, (int)i);

		if (i < out->n_chain) {
			keep_certificate(a, x, &out->chain[i]);
			memcpy(sha256[i], out->chain[i].sha256, 32);
		} else {
			X509_digest(x, EVP_sha256(), sha256[i], NULL);
		}
	}
	EVP_Digest(sha256, n * sizeof(*sha256), digest, NULL, EVP_sha256(),
	    NULL);
	free(sha256);
}

/*
 * What the leaf's record will say, read here where a chain is new to this
 * worker: parsing it again costs a fifth of a probe.
 */
static void
read_leaf(struct arena *a, X509 *leaf, struct cert_der *out)
{
	struct cert_facts *facts;

	if (out->der.n == 0)
		return;
	facts = arena_alloc(a, sizeof(*facts));
	x509_facts_of(a, leaf, out, facts);
	out->facts = facts;
}

static enum tri
tri_of(bool b)
{
	return b ? TRI_YES : TRI_NO;
}

static void
keep_errors(struct arena *a, const struct trust_verdict *v,
    struct tls_facts *out)
{
	out->n_verify_errors = v->n_errors;
	out->verify_errors = arena_array(a, v->n_errors,
	    sizeof(*out->verify_errors));
	for (size_t i = 0; i < v->n_errors; i++)
		out->verify_errors[i] = arena_slice(a,
		    slice_of(X509_verify_cert_error_string(v->errors[i])));
	if (!v->trusted)
		out->verify_error = arena_slice(a,
		    slice_of(X509_verify_cert_error_string(v->error)));
}

void
tls_judge(struct tls *t, struct arena *a, SSL *ssl, struct slice reference,
    int64_t now, struct tls_facts *out)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
	uint64_t verified = trust_verifications(t->trust);
	struct trust_verdict v;
	uint8_t digest[32];

	out->outcome = OUTCOME_OK;
	out->version = version_of(ssl);
	out->cipher = arena_slice(a, slice_of(SSL_get_cipher_name(ssl)));
	out->group = group_of(a, ssl);
	out->signature = signature_of(a, ssl);
	tls_keep_size(ssl, out);
	if (out->sni.n == 0)
		out->sni = arena_slice(a, reference);
	if (sk_X509_num(chain) <= 0) {
		out->trusted = TRI_NO;
		ERR_clear_error();
		return;
	}
	keep_chain(a, chain, out, digest);
	v = trust_judge(t->trust, chain, digest, now);
	if (trust_verifications(t->trust) > verified)
		read_leaf(a, sk_X509_value(chain, 0), &out->chain[0]);
	out->trusted = tri_of(v.trusted);
	out->time_ok = tri_of(v.in_date);
	out->name_by = x509_name_by(sk_X509_value(chain, 0), reference);
	out->name_ok = tri_of(out->name_by != NAME_BY_NONE &&
	    out->name_by != NAME_BY_COMMON_NAME);
	out->expired = v.expired;
	out->not_yet = v.not_yet;
	out->self_signed = v.self_signed;
	out->incomplete = v.incomplete;
	out->not_before = v.not_before;
	out->not_after = v.not_after;
	keep_errors(a, &v, out);
	ERR_clear_error();
}
