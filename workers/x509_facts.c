/* SPDX-License-Identifier: Apache-2.0
 *
 * x509_facts.c: a certificate's fields as plain facts.
 *
 * Called once per distinct certificate for its record, and by the trust and
 * DANE checks for names and dates.  Everything is copied to the arena; the
 * parsed object does not outlive the call.  A certificate is as hostile as
 * any other bytes of the network: every field may be absent, absurd or
 * unreadable, and each is read on its own.  RFC 5280.
 */
#include "workers/x509_facts.h"

#include <libpsl.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "scanner/base/limits.h"
#include "scanner/rules/cert_name.h"

#include "scanner/base/banned.h"

#define OID_TEXT_BYTES 80

static X509 *
parse(struct slice der)
{
	const unsigned char *p = (const unsigned char *)der.p;
	X509 *x;

	if (der.n == 0 || der.n > LIMIT_CERT_BYTES)
		return NULL;
	x = d2i_X509(NULL, &p, (long)der.n);
	if (x != NULL && p != (const unsigned char *)der.p + der.n) {
		X509_free(x); /* bytes behind the certificate */
		x = NULL;
	}
	return x;
}

static bool
seconds_of(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	*out = 0;
	/* NULL would mean "the current time" to ASN1_TIME_to_tm() */
	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return false;
	*out = timegm(&tm);
	return true;
}

bool
x509_period(const X509 *x, int64_t *not_before, int64_t *not_after)
{
	bool begins = seconds_of(X509_get0_notBefore(x), not_before);
	bool ends = seconds_of(X509_get0_notAfter(x), not_after);

	return begins && ends;
}

/* ---- names ---- */

static GENERAL_NAMES *
alt_names(const X509 *x)
{
	return X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
}

static bool
is_dns_name(const GENERAL_NAME *name, struct slice *out)
{
	if (name->type != GEN_DNS)
		return false;
	*out = slice_make(ASN1_STRING_get0_data(name->d.dNSName),
	    (size_t)ASN1_STRING_length(name->d.dNSName));
	return true;
}

static size_t
copy_dns_names(struct arena *a, const X509 *x, struct slice **out)
{
	GENERAL_NAMES *names = alt_names(x);
	struct vec v = VEC_OF(struct slice);
	struct slice s;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		if (v.n == LIMIT_CERT_NAMES)
			break;
		if (is_dns_name(sk_GENERAL_NAME_value(names, i), &s))
			*(struct slice *)vec_push(a, &v) = arena_slice(a, s);
	}
	GENERAL_NAMES_free(names);
	*out = v.p;
	return v.n;
}

size_t
x509_dns_names(struct arena *a, struct slice der, struct slice **out)
{
	X509 *x = parse(der);
	size_t n = 0;

	*out = NULL;
	if (x != NULL)
		n = copy_dns_names(a, x, out);
	X509_free(x);
	ERR_clear_error();
	return n;
}

static bool
print_name(const X509_NAME *name, unsigned long flags, BIO *bio)
{
	(void)BIO_reset(bio);
	return X509_NAME_print_ex(bio, name, 0, flags) >= 0;
}

/* RFC 2253, in UTF-8 where the name allows it, else with \XX for its bytes. */
static struct slice
name_text(struct arena *a, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct slice text = SLICE_EMPTY;
	char *p = NULL;
	long n = 0;

	if (bio == NULL)
		return SLICE_EMPTY;
	if (print_name(name, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB, bio))
		n = BIO_get_mem_data(bio, &p);
	if (n > 0 && slice_is_utf8(slice_make(p, (size_t)n))) {
		text = arena_slice(a, slice_make(p, (size_t)n));
	} else if (print_name(name,
	    XN_FLAG_RFC2253 & ~ASN1_STRFLGS_UTF8_CONVERT, bio)) {
		n = BIO_get_mem_data(bio, &p);
		text = arena_slice(a, slice_make(p, n > 0 ? (size_t)n : 0));
	}
	BIO_free(bio);
	return text;
}

/* The last commonName, the most specific one; *utf8 is to be freed. */
static struct slice
last_common_name(const X509_NAME *name, unsigned char **utf8)
{
	int last = -1, i = -1, n;

	*utf8 = NULL;
	while ((i = X509_NAME_get_index_by_NID(name, NID_commonName, i)) >= 0)
		last = i;
	if (last < 0)
		return SLICE_EMPTY;
	n = ASN1_STRING_to_UTF8(utf8,
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
	return n > 0 ? slice_make(*utf8, (size_t)n) : SLICE_EMPTY;
}

static struct slice
common_name(struct arena *a, const X509_NAME *name)
{
	unsigned char *utf8;
	struct slice s = last_common_name(name, &utf8);

	s = slice_is_utf8(s) ? arena_slice(a, s) : SLICE_EMPTY;
	OPENSSL_free(utf8);
	return s;
}

/* ---- names against a reference identifier ---- */

static bool
common_name_matches(const X509 *x, struct slice reference)
{
	unsigned char *utf8;
	struct slice s = last_common_name(X509_get_subject_name(x), &utf8);
	bool match = cert_name_match(s, reference);

	OPENSSL_free(utf8);
	return match;
}

/* A single label is the suffix of some network, in the list or not. */
static bool
is_public_suffix(struct slice s)
{
	const psl_ctx_t *psl = psl_builtin();
	char z[LIMIT_NAME_BYTES + 1];
	struct strbuf b = strbuf_of(z, sizeof(z));

	if (slice_find(s, '.') == s.n)
		return true;
	strbuf_add(&b, s);
	return !b.cut && psl != NULL && psl_is_public_suffix(psl, z) == 1;
}

/* Of all wildcards that match a name the rest is the same: that name's. */
static enum name_by
wildcard_over(struct slice reference)
{
	struct slice rest = slice_from(reference,
	    slice_find(reference, '.') + 1);

	if (slice_ends(rest, SLICE_LIT(".")))
		rest.n--;
	return is_public_suffix(rest) ? NAME_BY_WILDCARD_SUFFIX :
	    NAME_BY_WILDCARD;
}

enum name_by
x509_name_by(const X509 *x, struct slice reference)
{
	GENERAL_NAMES *names = alt_names(x);
	bool any = false, exact = false, wildcard = false;
	enum name_by by = NAME_BY_NONE;
	struct slice s;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !exact; i++) {
		if (!is_dns_name(sk_GENERAL_NAME_value(names, i), &s))
			continue;
		any = true;
		if (!cert_name_match(s, reference))
			continue;
		if (slice_starts(s, SLICE_LIT("*")))
			wildcard = true;
		else
			exact = true;
	}
	GENERAL_NAMES_free(names);
	if (exact)
		by = NAME_BY_EXACT;
	else if (wildcard)
		by = wildcard_over(reference);
	else if (!any && common_name_matches(x, reference))
		by = NAME_BY_COMMON_NAME;
	ERR_clear_error();
	return by;
}

/* ---- keys and signatures ---- */

bool
x509_is_self_issued(const X509 *x)
{
	return X509_NAME_cmp(X509_get_subject_name(x),
	    X509_get_issuer_name(x)) == 0;
}

bool
x509_signs_itself(X509 *x)
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	bool itself = key != NULL && x509_is_self_issued(x) &&
	    X509_verify(x, key) == 1;

	ERR_clear_error();
	return itself;
}

static struct slice
oid_text(struct arena *a, const ASN1_OBJECT *oid)
{
	char text[OID_TEXT_BYTES];
	int n = OBJ_obj2txt(text, sizeof(text), oid, 0);

	return n > 0 ? arena_slice(a, slice_of(text)) : SLICE_EMPTY;
}

static void
read_key(struct arena *a, const X509 *x, struct cert_facts *out)
{
	X509_PUBKEY *spki = X509_get_X509_PUBKEY(x);
	EVP_PKEY *key = X509_get0_pubkey(x);
	unsigned char *der = NULL;
	ASN1_OBJECT *oid = NULL;
	int n = i2d_X509_PUBKEY(spki, &der);

	if (n > 0)
		EVP_Digest(der, (size_t)n, out->spki_sha256, NULL,
		    EVP_sha256(), NULL);
	OPENSSL_free(der);
	if (key != NULL && EVP_PKEY_get0_type_name(key) != NULL) {
		out->key_type = arena_slice(a,
		    slice_of(EVP_PKEY_get0_type_name(key)));
		if (EVP_PKEY_get_bits(key) > 0)
			out->key_bits = (uint32_t)EVP_PKEY_get_bits(key);
	} else if (X509_PUBKEY_get0_param(&oid, NULL, NULL, NULL, spki) == 1) {
		out->key_type = oid_text(a, oid);
	}
}

static struct slice
signature_name(struct arena *a, const X509 *x)
{
	const X509_ALGOR *algorithm = NULL;
	const ASN1_OBJECT *oid = NULL;

	X509_get0_signature(NULL, &algorithm, x);
	if (algorithm == NULL)
		return SLICE_EMPTY;
	X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
	return oid == NULL ? SLICE_EMPTY : oid_text(a, oid);
}

static struct slice
serial_text(struct arena *a, const X509 *x)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	size_t n = (size_t)ASN1_STRING_length(serial);
	char *hex = arena_alloc(a, 2 * n + 1);

	hex_encode(ASN1_STRING_get0_data(serial), n, hex);
	if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		return arena_fmt(a, "-%s", hex);
	return slice_make(hex, 2 * n);
}

/* ---- all of it ---- */

static void
read_all(struct arena *a, X509 *x, struct cert_facts *out)
{
	const X509_NAME *subject = X509_get_subject_name(x);
	const X509_NAME *issuer = X509_get_issuer_name(x);

	out->subject = name_text(a, subject);
	out->issuer = name_text(a, issuer);
	out->subject_cn = common_name(a, subject);
	out->n_dns_name = copy_dns_names(a, x, &out->dns_name);
	(void)x509_period(x, &out->not_before, &out->not_after);
	out->serial = serial_text(a, x);
	read_key(a, x, out);
	out->signature_algorithm = signature_name(a, x);
	out->self_issued = x509_is_self_issued(x);
	/* basicConstraints CA:TRUE, whatever else is said */
	out->is_ca = (X509_get_extension_flags(x) & EXFLAG_CA) != 0;
}

void
x509_facts_of(struct arena *a, X509 *x, const struct cert_der *der,
    struct cert_facts *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->sha256, der->sha256, sizeof(out->sha256));
	out->der = der->der;
	read_all(a, x, out);
	ERR_clear_error();
}

bool
x509_facts(struct arena *a, struct slice der, struct cert_facts *out)
{
	bool parsed;
	X509 *x;

	memset(out, 0, sizeof(*out));
	EVP_Digest(der.p, der.n, out->sha256, NULL, EVP_sha256(), NULL);
	out->der = arena_slice(a, der);
	x = parse(der);
	parsed = x != NULL;
	if (parsed)
		read_all(a, x, out);
	X509_free(x);
	ERR_clear_error();
	return parsed;
}
