/* SPDX-License-Identifier: Apache-2.0
 *
 * parse_cert.h: a certificate told in words, as facts of a TLS session.
 */
#pragma once

#include "scanner/base/arena.h"
#include "scanner/rules/facts.h"

/* A session that stands, with a certificate that holds in every respect. */
void tls_facts_good(struct arena *a, struct tls_facts *out);

/*
 * "ok", or one or more of: untrusted, self-signed, expired, not yet valid,
 * wrong name, CN only, none; or "SAN" and DNS names, to be matched with the
 * host.  False: none of these.
 */
bool cert_tell(struct slice words, struct slice host, struct tls_facts *out);
