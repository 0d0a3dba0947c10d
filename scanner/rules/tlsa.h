/* SPDX-License-Identifier: Apache-2.0
 *
 * tlsa.h: which TLSA records SMTP can use (RFC 7672 3.1, RFC 6698 2.1).
 * Comparing them with a chain needs digests: workers/dane.h does that.
 */
#pragma once

#include "scanner/base/arena.h"
#include "scanner/rules/facts.h"

/*
 * Usage 2 or 3, selector 0 or 1, type 0 to 2, digest of the right length.
 * Full(0) data that is no certificate or key is found out by workers/dane.
 */
bool tlsa_is_usable(const struct tlsa_rr *rr);
size_t tlsa_count_usable(const struct rrset *set);

/* The same for all four usages of RFC 6698: known numbers, right length. */
bool tlsa_is_well_formed(const struct tlsa_rr *rr);
/*
 * RDATA in presentation form (RFC 6698 2.2, RFC 1035 5.1 for parentheses):
 * three numbers and hexadecimal digits in any number of pieces.  False where
 * the text is none; the data goes to the arena.
 */
bool tlsa_parse(struct arena *a, struct slice text, struct tlsa_rr *out);
