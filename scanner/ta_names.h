/* SPDX-License-Identifier: Apache-2.0
 *
 * ta_names.h: the names of stored leaf certificates that a DANE-TA path
 * vouches for (RFC 7672 3.2.2), for who rebuilds a host's state from a file.
 *
 * Certificates stand before the mx records that show them, and only few are
 * wanted: the file is read once with ta_names_want() for its hosts, and again
 * with ta_names_take() for its certificates and ta_names_of() for its hosts.
 */
#pragma once

#include "output/digest_set.h"
#include "scanner/rules/facts.h"
#include "scanner/slice_map.h"

struct ta_names {
	struct slice_map certs; /* SHA-256: names, of those wanted */
	struct digest_set wanted;
};

void ta_names_init(struct ta_names *t, const uint64_t hash_key[2]);
void ta_names_release(struct ta_names *t);
/* True where a certificate of this host is wanted. */
bool ta_names_want(struct ta_names *t, const struct host_facts *f);
void ta_names_take(struct ta_names *t, struct cert_facts *c);
/* Fills the names of all addresses into the state; they live in `keep`. */
void ta_names_of(const struct ta_names *t, const struct host_facts *f,
    struct arena *keep, struct host_state *out);
