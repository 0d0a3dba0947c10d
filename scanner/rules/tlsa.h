/* SPDX-License-Identifier: Apache-2.0
 *
 * tlsa.h: which TLSA records SMTP can use (RFC 7672 3.1, RFC 6698 2.1).
 * Comparing them with a chain needs digests: workers/dane.h does that.
 */
#pragma once

#include "scanner/rules/facts.h"

/*
 * Usage 2 or 3, selector 0 or 1, type 0 to 2, digest of the right length.
 * Full(0) data that is no certificate or key is found out by workers/dane.
 */
bool tlsa_is_usable(const struct tlsa_rr *rr);
size_t tlsa_count_usable(const struct rrset *set);
