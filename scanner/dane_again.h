/* SPDX-License-Identifier: Apache-2.0
 *
 * dane_again.h: DANE judged again from a file, whose TLSA sets and chains hold
 * all that it takes (workers/dane.h).
 *
 * As with ta_names.h the file is read twice: dane_again_want() for its hosts,
 * then dane_again_take() for its certificates and dane_again() for its hosts.
 * What is kept is the DER of the certificates of hosts with secure TLSA
 * records, each once.
 */
#pragma once

#include "output/digest_set.h"
#include "scanner/rules/facts.h"
#include "scanner/slice_map.h"

struct dane_again {
	struct slice_map certs; /* SHA-256: struct slice, of those wanted */
	struct digest_set wanted;
};

void dane_again_init(struct dane_again *d, const uint64_t hash_key[2]);
void dane_again_release(struct dane_again *d);
void dane_again_want(struct dane_again *d, const struct host_facts *f);
void dane_again_take(struct dane_again *d, const struct cert_facts *c);
/*
 * Compares anew at every address with TLS, as of `now` (seconds since 1970: of
 * the session, for dates).  Where a certificate of the chain is not in the file
 * (damage, or too large to be kept) the stored facts stay.
 */
void dane_again(const struct dane_again *d, struct arena *a, int64_t now,
    struct host_facts *f);
