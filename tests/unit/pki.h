/* SPDX-License-Identifier: Apache-2.0
 *
 * pki.h: certificates for tests, made in the process.
 *
 * A root, an intermediate and whatever leaves a test wants; one key for all
 * leaves.  Nothing here touches the network; pki_write() writes one file.
 */
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#define PKI_DAY 86400
#define PKI_DNS_MAX 8

enum pki_kind {
	PKI_LEAF,
	PKI_CA,
};

struct pki_spec {
	enum pki_kind kind;
	const char *cn;               /* NULL: no subject name */
	const char *dns[PKI_DNS_MAX]; /* subjectAltName; none: no extension */
	int64_t from_s, until_s;      /* beside now; both 0: -1 and +90 days */
	X509 *issuer;                 /* NULL: itself */
	EVP_PKEY *issuer_key;
	EVP_PKEY *key;
	const char *eku;              /* "serverAuth", ...; NULL: none */
};

X509 *pki_cert(const struct pki_spec *spec);
/* X.509 v3 extension from OpenSSL's configuration syntax; before signing. */
void pki_extend(X509 *x, X509 *issuer, int nid, const char *value);

struct pki {
	EVP_PKEY *ca_key, *key, *other_key;
	X509 *root, *middle;             /* trusted */
	X509 *other_root;                /* trusted by nobody */
	X509 *old_middle;                /* middle, expired */
	char ca_file[64];                /* PEM of root */
};

void pki_init(struct pki *p);
void pki_release(struct pki *p);
/* A leaf with one DNS name, signed by the intermediate. */
X509 *pki_leaf(const struct pki *p, const char *name);

/* A server context with this chain; takes one reference of each. */
SSL_CTX *pki_server(X509 *leaf, EVP_PKEY *key, X509 *second, X509 *third);
