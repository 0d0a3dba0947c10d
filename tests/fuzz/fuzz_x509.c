/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_x509.c: a certificate from the network through everything that reads
 * one: facts, names, dates, and DANE with the same bytes as TLSA data.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/limits.h"
#include "workers/dane.h"
#include "workers/x509_facts.h"

#include "scanner/base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(e) ((e) ? (void)0 : abort())

/* The chain is the certificate twice, the record names it in full. */
static void
match(struct arena *a, struct slice der)
{
	struct cert_der chain[2] = { { .der = der }, { .der = der } };
	struct slice name = SLICE_LIT("mx.a.example");
	struct dane_facts facts;
	struct tlsa_rr rr[2] = {
		{ .usage = 3, .data = der }, { .usage = 2, .data = der },
	};
	struct rrset set = { .n = 2, .tlsa = rr };

	dane_match(a, &set, chain, 2, &name, 1, 1700000000, &facts);
	MUST(facts.n_usable <= 2);
	MUST(!facts.matched || (facts.checked && facts.n_usable > 0));
	MUST(!(facts.matched && facts.ta_name_failed));
	MUST(facts.matched_index < 2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice der = slice_make(data, size);
	struct arena *a = arena_new();
	struct cert_facts facts;
	struct slice *names;
	size_t n;
	bool parsed = x509_facts(a, der, &facts);

	n = x509_dns_names(a, der, &names);
	MUST(slice_eq(facts.der, der));
	MUST(n == facts.n_dns_name && n <= LIMIT_CERT_NAMES);
	MUST(parsed || n == 0);
	MUST(slice_is_utf8(facts.subject));
	MUST(slice_is_utf8(facts.issuer));
	MUST(slice_is_utf8(facts.subject_cn));
	if (parsed)
		match(a, der);
	arena_free(a);
	return 0;
}
