/* SPDX-License-Identifier: Apache-2.0
 *
 * trust.h: does a chain as sent lead to a root, and is its path in date?
 *
 * One trust store and one bounded cache of verdicts per worker; both belong
 * to its thread.  Names are no business of this module.
 */
#pragma once

#include <openssl/types.h>
#include <openssl/x509.h>

#include "scanner/base/limits.h"
#include "scanner/rules/facts.h"

struct trust;

/* What is true of a chain while from <= now < until. */
struct trust_verdict {
	bool trusted;     /* a path to a root stands, dates ignored */
	bool in_date;     /* every certificate of the path; of the leaf alone
	                     where there is no path */
	bool expired;     /* some certificate of the path: past */
	bool not_yet;     /* some certificate of the path: future */
	bool self_signed; /* leaf signed by itself and untrusted */
	bool incomplete;  /* untrusted, nothing but a leaf of another issuer */
	int error;        /* X509_V_ERR_* where untrusted */
	int64_t not_before, not_after; /* of the leaf; 0: cannot be read */
	int64_t from, until;
	/* All that is wrong, X509_V_ERR_*, from the leaf on, each once. */
	int errors[LIMIT_VERIFY_ERRORS];
	size_t n_errors;
};

/* NULL: the store could not be read; `error` (of `cap` bytes) says why. */
struct trust *trust_new(const char *ca_file, char *error, size_t cap);
void trust_free(struct trust *t);
/* SHA-256 over the sorted SHA-256 of the trusted certificates. */
void trust_digest(const struct trust *t, uint8_t out[32]);
size_t trust_count(const struct trust *t);

/*
 * The chain as sent, leaf first, not empty.  `digest`: the SHA-256 over the
 * SHA-256 of its certificates, in order.
 */
struct trust_verdict trust_judge(struct trust *t, STACK_OF(X509) *chain,
    const uint8_t digest[32], int64_t now);
/* How many chains were really verified: cache misses. */
uint64_t trust_verifications(const struct trust *t);
