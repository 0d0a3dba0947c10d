/* SPDX-License-Identifier: Apache-2.0
 *
 * pki.c: certificates for tests.  A failure here is a failure of the test
 * program, so everything asserts.
 */
#include "tests/unit/pki.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scanner/base/banned.h"

/* Asserts that stay in every build. */
#define MUST(e) ((e) ? (void)0 : must_failed(#e, __LINE__))

static void
must_failed(const char *what, int line)
{
	fprintf(stderr, "pki.c:%d: %s failed\n", line, what);
	abort();
}

void
pki_extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	MUST(ext != NULL);
	MUST(X509_add_ext(x, ext, -1) == 1);
	X509_EXTENSION_free(ext);
}

static void
add_alt_names(X509 *x, const char *const *dns)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();

	for (size_t i = 0; i < PKI_DNS_MAX && dns[i] != NULL; i++) {
		GENERAL_NAME *name = GENERAL_NAME_new();
		ASN1_IA5STRING *s = ASN1_IA5STRING_new();

		MUST(ASN1_STRING_set(s, dns[i], -1) == 1);
		GENERAL_NAME_set0_value(name, GEN_DNS, s);
		sk_GENERAL_NAME_push(names, name);
	}
	if (sk_GENERAL_NAME_num(names) > 0)
		MUST(X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0,
		    0) == 1);
	GENERAL_NAMES_free(names);
}

static void
set_dates(X509 *x, const struct pki_spec *spec)
{
	int64_t from = spec->from_s, until = spec->until_s;

	if (from == 0 && until == 0) {
		from = -PKI_DAY;
		until = 90 * PKI_DAY;
	}
	MUST(X509_gmtime_adj(X509_getm_notBefore(x), (long)from) != NULL);
	MUST(X509_gmtime_adj(X509_getm_notAfter(x), (long)until) != NULL);
}

X509 *
pki_cert(const struct pki_spec *spec)
{
	static long serial = 1000;
	X509 *x = X509_new();
	X509 *issuer = spec->issuer != NULL ? spec->issuer : x;
	EVP_PKEY *signer = spec->issuer_key != NULL ? spec->issuer_key :
	    spec->key;

	MUST(X509_set_version(x, X509_VERSION_3) == 1);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
	set_dates(x, spec);
	if (spec->cn != NULL)
		MUST(X509_NAME_add_entry_by_txt(X509_get_subject_name(x),
		    "CN", MBSTRING_UTF8, (const unsigned char *)spec->cn, -1,
		    -1, 0) == 1);
	MUST(X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1);
	MUST(X509_set_pubkey(x, spec->key) == 1);
	if (spec->kind == PKI_CA) {
		pki_extend(x, issuer, NID_basic_constraints,
		    "critical,CA:TRUE");
		pki_extend(x, issuer, NID_key_usage,
		    "critical,keyCertSign,cRLSign");
	}
	if (spec->eku != NULL)
		pki_extend(x, issuer, NID_ext_key_usage, spec->eku);
	add_alt_names(x, spec->dns);
	MUST(X509_sign(x, signer, EVP_sha256()) > 0);
	return x;
}

static void
write_pem(const X509 *x, char *path, size_t cap)
{
	FILE *f;
	int fd;

	snprintf(path, cap, "/tmp/mxcensus-test-ca-XXXXXX");
	fd = mkstemp(path);
	MUST(fd >= 0);
	f = fdopen(fd, "w");
	MUST(f != NULL && PEM_write_X509(f, x) == 1 && fclose(f) == 0);
}

void
pki_init(struct pki *p)
{
	struct pki_spec ca = { .kind = PKI_CA, .cn = "Test Root" };

	memset(p, 0, sizeof(*p));
	p->ca_key = EVP_EC_gen("P-256");
	p->key = EVP_EC_gen("P-256");
	p->other_key = EVP_EC_gen("P-256");
	ca.key = p->ca_key;
	ca.from_s = -1000 * PKI_DAY;
	ca.until_s = 1000 * PKI_DAY;
	p->root = pki_cert(&ca);
	ca.cn = "Other Root";
	ca.key = p->other_key;
	p->other_root = pki_cert(&ca);
	ca.cn = "Test Intermediate";
	ca.issuer = p->root;
	ca.issuer_key = p->ca_key;
	ca.from_s = -500 * PKI_DAY;
	ca.until_s = 500 * PKI_DAY;
	p->middle = pki_cert(&ca);
	ca.until_s = -2 * PKI_DAY;
	p->old_middle = pki_cert(&ca);
	write_pem(p->root, p->ca_file, sizeof(p->ca_file));
}

void
pki_release(struct pki *p)
{
	unlink(p->ca_file);
	X509_free(p->root);
	X509_free(p->middle);
	X509_free(p->old_middle);
	X509_free(p->other_root);
	EVP_PKEY_free(p->ca_key);
	EVP_PKEY_free(p->key);
	EVP_PKEY_free(p->other_key);
}

X509 *
pki_leaf(const struct pki *p, const char *name)
{
	struct pki_spec spec = {
		.cn = "leaf", .dns = { name }, .issuer = p->middle,
		.issuer_key = p->other_key, .key = p->key,
	};

	return pki_cert(&spec);
}

SSL_CTX *
pki_server(X509 *leaf, EVP_PKEY *key, X509 *second, X509 *third)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	MUST(ctx != NULL);
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, 0);
	MUST(SSL_CTX_use_certificate(ctx, leaf) == 1);
	MUST(SSL_CTX_use_PrivateKey(ctx, key) == 1);
	if (second != NULL)
		MUST(SSL_CTX_add1_chain_cert(ctx, second) == 1);
	if (third != NULL)
		MUST(SSL_CTX_add1_chain_cert(ctx, third) == 1);
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
	return ctx;
}
