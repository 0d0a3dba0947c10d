/* SPDX-License-Identifier: Apache-2.0
 *
 * cert_name.h: does a presented DNS-ID match a reference identifier?
 * RFC 9525 6.3 (and 6125): wildcard only as the whole left-most label,
 * matching exactly one label; case-insensitive; no CN-ID.  A presented name
 * with a trailing dot, a NUL, a space or an empty label never matches.
 */
#pragma once

#include "scanner/base/text.h"

bool cert_name_match(struct slice presented, struct slice reference);
bool cert_name_match_any(const struct slice *presented, size_t n,
    struct slice reference);
