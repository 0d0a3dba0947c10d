/* SPDX-License-Identifier: Apache-2.0
 *
 * x509_facts.h: what a certificate says.  The only file that reads the fields
 * of an X509.
 */
#pragma once

#include <openssl/types.h>

#include "scanner/base/arena.h"
#include "scanner/rules/facts.h"

/* False: the DER does not parse; sha256 and der are filled all the same. */
bool x509_facts(struct arena *a, struct slice der, struct cert_facts *out);
/* The dNSNames alone (cheap); 0 where the DER does not parse. */
size_t x509_dns_names(struct arena *a, struct slice der, struct slice **out);

/* For those who hold a parsed certificate: */

/* As x509_facts() of its DER, which is not empty and not copied. */
void x509_facts_of(struct arena *a, X509 *x, const struct cert_der *der,
    struct cert_facts *out);

/*
 * Seconds since 1970; false: a date cannot be read.  As in OpenSSL's own
 * check, the certificate is in date while not_before <= now < not_after.
 */
bool x509_period(const X509 *x, int64_t *not_before, int64_t *not_after);
/*
 * What matches the reference identifier (RFC 9525), the plainest first: a
 * dNSName letter by letter, a wildcard, a wildcard right over a public suffix;
 * all are looked at.  Those three count as a match.  COMMON_NAME: there is no
 * dNSName, and the common name would match as one, which does not count.
 */
enum name_by x509_name_by(const X509 *x, struct slice reference);
/* Does it name itself as its issuer, whoever signed it? */
bool x509_is_self_issued(const X509 *x);
/* Is it issued and signed by itself? */
bool x509_signs_itself(X509 *x);
