/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_cert.h: the bulk lab's certificates, made while a client waits.
 *
 * A leaf is lent to one handshake at a time and given back: what changes from
 * name to name (serial number, alternative name, signature) is written into
 * it, the rest stays.
 */
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdint.h>

#include "tests/lab/bulk_world.h"

struct bulk_pki; /* authorities, the leaves' key, a context; not to be changed
		  * once it is made, so threads share it */

/* Writes the root to ca_file in PEM; NULL where it cannot. */
struct bulk_pki *bulk_pki_make(const char *ca_file);
void bulk_pki_free(struct bulk_pki *pki);
/* For servers that set their leaf in a callback of their own. */
SSL_CTX *bulk_pki_ctx(struct bulk_pki *pki);
/* SHA-256 of the SubjectPublicKeyInfo of every leaf, 32 bytes. */
const uint8_t *bulk_pki_key_hash(const struct bulk_pki *pki);

struct bulk_mint; /* leaves ready to be lent; of one thread */

struct bulk_mint *bulk_mint_make(const struct bulk_pki *pki);
void bulk_mint_free(struct bulk_mint *mint);

struct bulk_lease {
	X509 *leaf; /* NULL: nothing is lent */
	enum bulk_leaf kind;
};

/*
 * Gives the handshake a leaf of this kind for the name, at most
 * BULK_NAME_CAP - 1 bytes long; false where OpenSSL fails.
 */
bool bulk_mint_lend(struct bulk_mint *mint, SSL *ssl, enum bulk_leaf kind,
	struct slice name, struct bulk_lease *lease);
/* Once the SSL is freed; nothing happens where nothing is lent. */
void bulk_mint_return(struct bulk_mint *mint, struct bulk_lease *lease);
