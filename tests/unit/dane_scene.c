/* SPDX-License-Identifier: Apache-2.0
 *
 * dane_scene.c: chains and TLSA sets made of test certificates.
 */
#include "tests/unit/dane_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "scanner/base/banned.h"

void
scene_init(struct scene *s, const char *host)
{
	memset(s, 0, sizeof(*s));
	s->a = arena_new();
	s->set.tlsa = s->rr;
	s->name[s->n_name++] = slice_of(host);
}

void
scene_release(struct scene *s)
{
	arena_free(s->a);
}

void
scene_add_cert(struct scene *s, X509 *x)
{
	struct cert_der *out = &s->chain[s->n_chain++];
	int n = i2d_X509(x, NULL);
	unsigned char *p = arena_alloc(s->a, (size_t)n);

	out->der = slice_make(p, (size_t)n);
	i2d_X509(x, &p);
	EVP_Digest(out->der.p, out->der.n, out->sha256, NULL, EVP_sha256(),
	    NULL);
}

struct tlsa_rr
scene_record(struct arena *a, X509 *x, uint8_t usage, uint8_t selector,
    uint8_t mtype)
{
	struct tlsa_rr rr = { .usage = usage, .selector = selector,
		.mtype = mtype };
	unsigned char *bytes = NULL, digest[64];
	unsigned int n_digest = 0;
	int n = selector == 0 ? i2d_X509(x, &bytes) :
	    i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &bytes);

	rr.data = slice_make(bytes, (size_t)n);
	if (mtype != 0) {
		EVP_Digest(bytes, (size_t)n, digest, &n_digest,
		    mtype == 1 ? EVP_sha256() : EVP_sha512(), NULL);
		rr.data = slice_make(digest, n_digest);
	}
	rr.data = arena_slice(a, rr.data);
	OPENSSL_free(bytes);
	return rr;
}

void
scene_add_record(struct scene *s, X509 *x, int usage, int selector, int mtype)
{
	s->rr[s->set.n++] = scene_record(s->a, x, (uint8_t)usage,
	    (uint8_t)selector, (uint8_t)mtype);
}

const struct dane_facts *
scene_match(struct scene *s)
{
	dane_match(s->a, &s->set, s->chain, s->n_chain, s->name, s->n_name,
	    time(NULL), &s->facts);
	assert_int_equal(ERR_peek_error(), 0);
	return &s->facts;
}
