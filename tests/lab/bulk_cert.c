/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_cert.c: authorities, templates and leaves.
 *
 * OpenSSL takes longer to parse the public key of a copied certificate than to
 * sign: so leaves are kept and written anew, never parsed.
 */
#include "tests/lab/bulk_cert.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/pki.h"

#include "scanner/base/arena.h"

#include "scanner/base/banned.h"

#define SPARES 1024 /* leaves of a kind that are kept */
#define WRONG_NAME "wrong.example.net"

struct bulk_pki {
	EVP_PKEY *key; /* of all leaves */
	EVP_PKEY *root_key, *middle_key, *other_key;
	X509 *root, *middle, *other_root;
	X509 *template[BULK_LEAVES];
	SSL_CTX *ctx;
	uint8_t key_hash[32];
};

struct bulk_mint {
	const struct bulk_pki *pki;
	unsigned n_spare[BULK_LEAVES];
	X509 *spare[BULK_LEAVES][SPARES];
};

/* ---- authorities ---- */

static X509 *
make_ca(const char *cn, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
	struct pki_spec spec = { .kind = PKI_CA, .cn = cn, .key = key,
		.issuer = issuer, .issuer_key = issuer_key,
		.from_s = -1000 * PKI_DAY, .until_s = 1000 * PKI_DAY };

	return pki_cert(&spec);
}

static void
make_templates(struct bulk_pki *p)
{
	struct pki_spec spec = { .cn = "Bulk Leaf", .dns = { WRONG_NAME },
		.eku = "serverAuth", .key = p->key };

	p->template[BULK_SELF_SIGNED] = pki_cert(&spec);
	spec.issuer = p->other_root;
	spec.issuer_key = p->other_key;
	p->template[BULK_OTHER_ROOT] = pki_cert(&spec);
	spec.issuer = p->middle;
	spec.issuer_key = p->middle_key;
	p->template[BULK_GOOD] = pki_cert(&spec);
	p->template[BULK_WRONG_NAME] = pki_cert(&spec);
	spec.from_s = -90 * PKI_DAY;
	spec.until_s = -PKI_DAY;
	p->template[BULK_EXPIRED] = pki_cert(&spec);
}

static void
make_ctx(struct bulk_pki *p)
{
	p->ctx = pki_server(p->template[BULK_WRONG_NAME], p->key, p->middle,
	    NULL);
	SSL_CTX_set_options(p->ctx, SSL_OP_NO_TICKET |
	    SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_num_tickets(p->ctx, 0);
	SSL_CTX_set_session_cache_mode(p->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(p->ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(p->ctx, 1);
	SSL_CTX_set_min_proto_version(p->ctx, TLS1_2_VERSION);
	SSL_CTX_set1_groups_list(p->ctx, "X25519:P-256");
}

static bool
hash_key(struct bulk_pki *p)
{
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(
	    p->template[BULK_GOOD]), &der);
	bool ok = n > 0 && EVP_Digest(der, (size_t)n, p->key_hash, NULL,
	    EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	return ok;
}

static bool
write_root(const struct bulk_pki *p, const char *path)
{
	FILE *f = fopen(path, "we");
	bool ok = f != NULL && PEM_write_X509(f, p->root) == 1;

	return f != NULL && fclose(f) == 0 && ok;
}

struct bulk_pki *
bulk_pki_make(const char *ca_file)
{
	struct bulk_pki *p = xcalloc(1, sizeof(*p));

	p->key = EVP_EC_gen("P-256");
	p->root_key = EVP_EC_gen("P-256");
	p->middle_key = EVP_EC_gen("P-256");
	p->other_key = EVP_EC_gen("P-256");
	p->root = make_ca("Bulk Root", p->root_key, NULL, p->root_key);
	p->middle = make_ca("Bulk Intermediate", p->middle_key, p->root,
	    p->root_key);
	p->other_root = make_ca("Bulk Stranger", p->other_key, NULL,
	    p->other_key);
	make_templates(p);
	make_ctx(p);
	if (hash_key(p) && write_root(p, ca_file))
		return p;
	bulk_pki_free(p);
	return NULL;
}

void
bulk_pki_free(struct bulk_pki *p)
{
	SSL_CTX_free(p->ctx);
	for (unsigned i = 0; i < BULK_LEAVES; i++)
		X509_free(p->template[i]);
	X509_free(p->root);
	X509_free(p->middle);
	X509_free(p->other_root);
	EVP_PKEY_free(p->key);
	EVP_PKEY_free(p->root_key);
	EVP_PKEY_free(p->middle_key);
	EVP_PKEY_free(p->other_key);
	free(p);
}

SSL_CTX *
bulk_pki_ctx(struct bulk_pki *p)
{
	return p->ctx;
}

const uint8_t *
bulk_pki_key_hash(const struct bulk_pki *p)
{
	return p->key_hash;
}

/* ---- leaves ---- */

struct bulk_mint *
bulk_mint_make(const struct bulk_pki *pki)
{
	struct bulk_mint *m = xcalloc(1, sizeof(*m));

	m->pki = pki;
	return m;
}

void
bulk_mint_free(struct bulk_mint *m)
{
	for (unsigned i = 0; i < BULK_LEAVES; i++)
		while (m->n_spare[i] > 0)
			X509_free(m->spare[i][--m->n_spare[i]]);
	free(m);
}

static EVP_PKEY *
signer_of(const struct bulk_pki *p, enum bulk_leaf kind)
{
	return kind == BULK_SELF_SIGNED ? p->key :
	    kind == BULK_OTHER_ROOT ? p->other_key : p->middle_key;
}

/* SEQUENCE OF, one dNSName: RFC 5280 section 4.2.1.6. */
static bool
set_alt_name(X509 *x, struct slice name)
{
	int at = X509_get_ext_by_NID(x, NID_subject_alt_name, -1);
	uint8_t der[4 + BULK_NAME_CAP] = { 0x30, (uint8_t)(name.n + 2), 0x82,
		(uint8_t)name.n };

	memcpy(der + 4, name.p, name.n);
	return ASN1_OCTET_STRING_set(X509_EXTENSION_get_data(
	    X509_get_ext(x, at)), der, (int)name.n + 4) == 1;
}

static bool
write_leaf(const struct bulk_pki *p, enum bulk_leaf kind, struct slice name,
	X509 *x)
{
	if (kind == BULK_WRONG_NAME)
		return true;
	return ASN1_INTEGER_set_uint64(X509_get_serialNumber(x),
	    bulk_draw("serial", name) >> 1) == 1 && set_alt_name(x, name) &&
	    X509_sign(x, signer_of(p, kind), EVP_sha256()) > 0;
}

bool
bulk_mint_lend(struct bulk_mint *m, SSL *ssl, enum bulk_leaf kind,
	struct slice name, struct bulk_lease *lease)
{
	bool by_middle = kind != BULK_SELF_SIGNED && kind != BULK_OTHER_ROOT;
	X509 *x;

	if (m->n_spare[kind] > 0)
		x = m->spare[kind][--m->n_spare[kind]];
	else
		x = X509_dup(m->pki->template[kind]);
	lease->leaf = x;
	lease->kind = kind;
	if (x == NULL || name.n >= BULK_NAME_CAP)
		return false;
	/* the context's chain is the intermediate */
	return write_leaf(m->pki, kind, name, x) &&
	    SSL_use_certificate(ssl, x) == 1 &&
	    (by_middle || SSL_clear_chain_certs(ssl) == 1);
}

void
bulk_mint_return(struct bulk_mint *m, struct bulk_lease *lease)
{
	if (lease->leaf == NULL)
		return;
	if (m->n_spare[lease->kind] < SPARES)
		m->spare[lease->kind][m->n_spare[lease->kind]++] = lease->leaf;
	else
		X509_free(lease->leaf);
	lease->leaf = NULL;
}
