/* SPDX-License-Identifier: Apache-2.0
 *
 * dane.c: TLSA records against a stored chain, by OpenSSL's own engine.
 *
 * A scratch SSL object carries the records and the reference names; the chain
 * is verified against an empty trust store, so that nothing but a TLSA record
 * can make it stand.  Digest agility (RFC 7671 9), the order of usages and
 * bare keys are the engine's business.  A name that fails is overlooked once
 * and remembered, which tells "only the name fails" from "nothing matches".
 * Everything made here is gone when the call ends.
 */
#include "workers/dane.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "scanner/rules/tlsa.h"
#include "workers/x509_facts.h"

#include "scanner/base/banned.h"

struct scratch {
	SSL_CTX *ctx;
	SSL *ssl;
	X509_STORE *store; /* empty */
	STACK_OF(X509) *chain;
};

static void
scratch_release(struct scratch *s)
{
	sk_X509_pop_free(s->chain, X509_free);
	X509_STORE_free(s->store);
	SSL_free(s->ssl);
	SSL_CTX_free(s->ctx);
	ERR_clear_error();
}

static bool
scratch_init(struct scratch *s)
{
	memset(s, 0, sizeof(*s));
	s->ctx = SSL_CTX_new(TLS_client_method());
	if (s->ctx == NULL)
		return false;
	SSL_CTX_set_security_level(s->ctx, 0);
	if (SSL_CTX_dane_enable(s->ctx) != 1)
		return false;
	/* RFC 7672 3.1.1: DANE-EE(3) says nothing about names. */
	SSL_CTX_dane_set_flags(s->ctx, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	s->ssl = SSL_new(s->ctx);
	s->store = X509_STORE_new();
	s->chain = sk_X509_new_null();
	return s->ssl != NULL && s->store != NULL && s->chain != NULL &&
	    SSL_dane_enable(s->ssl, NULL) == 1;
}

/* RFC 7672 3.2.2 and 3.2.3; wildcards as RFC 9525 6.3 has them. */
static bool
add_names(struct arena *a, SSL *ssl, const struct slice *reference, size_t n)
{
	size_t added = 0;

	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	for (size_t i = 0; i < n; i++) {
		/* A leading dot would ask for all names below. */
		if (reference[i].n == 0 || reference[i].p[0] == '.')
			continue;
		if (SSL_add1_host(ssl, arena_slice(a, reference[i]).p) != 1)
			return false;
		added++;
	}
	/* Without a name the engine checks none: ask for one nobody has. */
	return added > 0 || SSL_add1_host(ssl, "invalid") == 1;
}

/* Returns how many of the usable records the engine takes as well. */
static uint32_t
add_records(SSL *ssl, const struct rrset *set)
{
	uint32_t n = 0;

	for (size_t i = 0; i < set->n; i++) {
		const struct tlsa_rr *rr = &set->tlsa[i];

		if (tlsa_is_usable(rr) && SSL_dane_tlsa_add(ssl, rr->usage,
		    rr->selector, rr->mtype, (const uint8_t *)rr->data.p,
		    rr->data.n) == 1)
			n++;
	}
	ERR_clear_error();
	return n;
}

/* False: the leaf cannot be read, so there is nothing to compare. */
static bool
add_chain(STACK_OF(X509) *stack, const struct cert_der *chain, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const unsigned char *p = (const unsigned char *)chain[i].der.p;
		X509 *x = NULL;

		if (chain[i].der.n > 0)
			x = d2i_X509(NULL, &p, (long)chain[i].der.n);
		if (x == NULL && i == 0)
			return false;
		if (x != NULL && sk_X509_push(stack, x) <= 0)
			X509_free(x);
	}
	return sk_X509_num(stack) > 0;
}

struct overlooked {
	bool name; /* a name failed and was overlooked */
};

static int
overlook_name(int ok, X509_STORE_CTX *ctx)
{
	struct overlooked *o = X509_STORE_CTX_get_app_data(ctx);

	if (!ok && X509_STORE_CTX_get_error(ctx) ==
	    X509_V_ERR_HOSTNAME_MISMATCH) {
		o->name = true;
		return 1;
	}
	return ok;
}

/* Does the chain stand by a TLSA record, the name apart? */
static bool
verify(struct scratch *s, int64_t now, struct overlooked *o)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	bool ok = false;

	if (ctx == NULL)
		return false;
	if (X509_STORE_CTX_init(ctx, s->store, sk_X509_value(s->chain, 0),
	    s->chain) == 1 &&
	    X509_STORE_CTX_set_default(ctx, "ssl_server") == 1) {
		X509_STORE_CTX_set0_dane(ctx, SSL_get0_dane(s->ssl));
		param = X509_STORE_CTX_get0_param(ctx);
		X509_VERIFY_PARAM_set1(param, SSL_get0_param(s->ssl));
		X509_VERIFY_PARAM_set_auth_level(param, 0);
		/*
		 * The store is empty, so this opens no other path; it makes
		 * the engine look at the dates of an issuer that is no root
		 * as well (RFC 7672 3.2.2: the path must be valid).
		 */
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
		X509_VERIFY_PARAM_set_time(param, (time_t)now);
		X509_STORE_CTX_set_app_data(ctx, o);
		X509_STORE_CTX_set_verify_cb(ctx, overlook_name);
		ok = X509_verify_cert(ctx) == 1;
	}
	X509_STORE_CTX_free(ctx);
	return ok;
}

/* The names that the leaf answers to: its DNS-IDs, else its CN (3.2.3). */
static void
keep_names(struct arena *a, struct slice der, struct dane_facts *out)
{
	struct cert_facts facts;

	out->n_ta_name = x509_dns_names(a, der, &out->ta_name);
	if (out->n_ta_name > 0 || !x509_facts(a, der, &facts) ||
	    facts.subject_cn.n == 0)
		return;
	out->ta_name = arena_array(a, 1, sizeof(*out->ta_name));
	out->ta_name[0] = facts.subject_cn;
	out->n_ta_name = 1;
}

static uint32_t
index_of(const struct rrset *set, SSL *ssl)
{
	uint8_t usage = 0, selector = 0, mtype = 0;
	const unsigned char *data = NULL;
	size_t n = 0;

	if (SSL_get0_dane_tlsa(ssl, &usage, &selector, &mtype, &data, &n) < 0)
		return 0;
	for (size_t i = 0; i < set->n; i++) {
		const struct tlsa_rr *rr = &set->tlsa[i];

		if (rr->usage == usage && rr->selector == selector &&
		    rr->mtype == mtype && slice_eq(rr->data,
		    slice_make(data, n)))
			return (uint32_t)i;
	}
	return 0;
}

/* ---- what else the records say ---- */

/* The forms of a certificate that a record may hold, by selector. */
struct forms {
	struct slice whole[2];
	uint8_t sha256[2][32];
	uint8_t sha512[2][64];
};

/* The certificate and its public key as DER, in the arena. */
static void
encode(struct arena *a, X509 *x, struct slice out[2])
{
	unsigned char *der[2] = { NULL, NULL };
	int n[2];

	n[0] = i2d_X509(x, &der[0]);
	n[1] = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der[1]);
	for (size_t i = 0; i < 2; i++) {
		out[i] = n[i] <= 0 ? SLICE_EMPTY :
		    arena_slice(a, slice_make(der[i], (size_t)n[i]));
		OPENSSL_free(der[i]);
	}
}

static void
forms_read(struct arena *a, X509 *x, struct forms *out)
{
	encode(a, x, out->whole);
	for (size_t i = 0; i < 2; i++) {
		EVP_Digest(out->whole[i].p, out->whole[i].n, out->sha256[i],
		    NULL, EVP_sha256(), NULL);
		EVP_Digest(out->whole[i].p, out->whole[i].n, out->sha512[i],
		    NULL, EVP_sha512(), NULL);
	}
}

/* RFC 7672 3.1.2: an issuer in full, or a bare key, may come by DNS alone. */
static bool
is_sent(struct arena *a, const struct scratch *s, const struct tlsa_rr *rr)
{
	for (int i = 0; i < sk_X509_num(s->chain); i++) {
		struct slice whole[2];

		encode(a, sk_X509_value(s->chain, i), whole);
		if (slice_eq(whole[rr->selector], rr->data))
			return true;
	}
	return false;
}

/* Is the record's data this form, which its own parameters do not ask for? */
static bool
is_other(const struct tlsa_rr *rr, struct slice form, uint8_t usage,
    uint8_t selector, uint8_t mtype, struct dane_facts *out)
{
	if (form.n == 0 || !slice_eq(rr->data, form) ||
	    (rr->usage == usage && rr->selector == selector &&
	    rr->mtype == mtype))
		return false;
	out->has_alternative = true;
	out->alternative = (struct tlsa_parameters){ usage, selector, mtype };
	return true;
}

static bool
find_form(const struct tlsa_rr *rr, const struct forms *f, uint8_t usage,
    struct dane_facts *out)
{
	for (uint8_t i = 0; i < 2; i++)
		if (is_other(rr, f->whole[i], usage, i, 0, out) ||
		    is_other(rr, slice_make(f->sha256[i],
		    sizeof(f->sha256[i])), usage, i, 1, out) ||
		    is_other(rr, slice_make(f->sha512[i],
		    sizeof(f->sha512[i])), usage, i, 2, out))
			return true;
	return false;
}

/* The first record that the chain would match under other parameters. */
static void
find_alternative(struct arena *a, const struct scratch *s,
    const struct rrset *set, struct dane_facts *out)
{
	size_t n = (size_t)sk_X509_num(s->chain);
	struct forms *form = arena_array(a, n, sizeof(*form));

	for (size_t i = 0; i < n; i++)
		forms_read(a, sk_X509_value(s->chain, (int)i), &form[i]);
	for (size_t k = 0; k < set->n; k++)
		for (size_t i = 0; i < n; i++)
			if (find_form(&set->tlsa[k], &form[i], i == 0 ? 3 : 2,
			    out))
				return;
}

static void
keep_match(struct arena *a, const struct scratch *s, const struct rrset *set,
    int depth, struct dane_facts *out)
{
	const struct tlsa_rr *rr;

	out->matched = true;
	out->matched_index = index_of(set, s->ssl);
	out->matched_depth = (uint32_t)depth;
	rr = &set->tlsa[out->matched_index];
	out->ta_not_sent = tlsa_is_usable(rr) && rr->usage == 2 &&
	    rr->mtype == 0 && !is_sent(a, s, rr);
}

/* The depth at which a record makes the chain stand; -1: none does. */
static int
authority(struct scratch *s, int64_t now, struct overlooked *o)
{
	if (!verify(s, now, o))
		return -1;
	SSL_set_verify_result(s->ssl, X509_V_OK);
	/* negative where it stood by something else than a record */
	return SSL_get0_dane_authority(s->ssl, NULL, NULL);
}

void
dane_match(struct arena *a, const struct rrset *tlsa,
    const struct cert_der *chain, size_t n_chain,
    const struct slice *reference, size_t n_reference, int64_t now,
    struct dane_facts *out)
{
	struct overlooked o = { false };
	struct scratch s;
	int depth;

	memset(out, 0, sizeof(*out));
	if (!scratch_init(&s) ||
	    !add_names(a, s.ssl, reference, n_reference))
		goto done;
	out->n_usable = add_records(s.ssl, tlsa);
	if (n_chain == 0 || !add_chain(s.chain, chain, n_chain))
		goto done;
	out->checked = true;
	if (out->n_usable == 0)
		goto done;
	depth = authority(&s, now, &o);
	if (depth < 0) {
		find_alternative(a, &s, tlsa, out);
	} else if (o.name) {
		out->ta_name_failed = true;
		keep_names(a, chain[0].der, out);
	} else {
		keep_match(a, &s, tlsa, depth, out);
	}
done:
	scratch_release(&s);
}
