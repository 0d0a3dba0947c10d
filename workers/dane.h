/* SPDX-License-Identifier: Apache-2.0
 *
 * dane.h: a TLSA set against a chain as sent (RFC 6698, 7671, 7672), by
 * OpenSSL's own engine over the stored chain, outside any handshake.
 */
#pragma once

#include "scanner/base/arena.h"
#include "scanner/rules/facts.h"

/*
 * DANE-EE(3): names and dates ignored (RFC 7672 3.1.1).  DANE-TA(2): the path
 * to the matching issuer must stand, dates included, and the leaf must carry
 * one of the reference names (3.2.2); CN only where no DNS-ID is present.
 *
 * Where usable records are there and nothing matches, every record, usable or
 * not, is also set against each certificate under the other parameters of
 * DANE-EE (leaf) and DANE-TA (the rest): `alternative`.
 */
void dane_match(struct arena *a, const struct rrset *tlsa,
    const struct cert_der *chain, size_t n_chain,
    const struct slice *reference, size_t n_reference, int64_t now,
    struct dane_facts *out);
