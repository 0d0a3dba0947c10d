/* SPDX-License-Identifier: Apache-2.0
 *
 * pack_facts.h: facts that several record types share: a look-up, a TLS
 * session, an address.  Nothing is written for what was not asked or tried.
 */
#pragma once

#include "output/pack.h"

#define ADDRESS_TEXT_BYTES 46 /* INET6_ADDRSTRLEN */

/* Numeric text in p, which holds ADDRESS_TEXT_BYTES. */
struct slice address_text(const struct address *a, char *p);

/* A and AAAA list their addresses. */
void pack_lookup(struct packer *p, enum field f, const struct rrset *set,
    bool single_resolver);
void pack_tls(struct packer *p, enum field f, const struct tls_facts *tls);
/* The strings of each TXT record joined, and as sent where there are parts. */
void pack_txt(struct packer *p, enum field txt, enum field parts,
    const struct rrset *set);
/* The answers to --also, as many as were asked for; NULL: none. */
void pack_also(struct packer *p, const struct rrset *also,
    const struct also_judgement *j, bool single_resolver);
/* A TLS-RPT question with what was judged of its answer. */
void pack_tlsrpt(struct packer *p, enum field f, const struct rrset *set,
    const struct tlsrpt_rrset *tlsrpt, bool single_resolver);
