/* SPDX-License-Identifier: Apache-2.0
 *
 * name.h: what counts as a domain name, in a list and in a policy.
 */
#pragma once

#include "scanner/base/arena.h"

enum name_error {
	NAME_OK,
	NAME_EMPTY,
	NAME_TOO_LONG,      /* more than 253 bytes */
	NAME_LABEL_TOO_LONG,
	NAME_EMPTY_LABEL,
	NAME_BAD_BYTE,      /* not a letter, digit, hyphen or underscore */
	NAME_BAD_IDN,       /* U-labels that IDNA 2008 does not take */
	NAME_IS_ADDRESS,    /* an IP address */
	NAME_HYPHEN,        /* a label begins or ends with a hyphen */
	NAME_SINGLE_LABEL,  /* no dot: a TLD or a heading */
};

const char *name_error_word(enum name_error e); /* "empty_label" */
const char *name_error_text(enum name_error e); /* for a person */

/*
 * A name as people write it (upper case, trailing dot, U-labels) to lower-case
 * A-labels without the root dot, in the arena (IDNA 2008 by libidn2).
 * Underscores are accepted: zone files have them.
 */
enum name_error name_normalize(struct arena *a, struct slice in,
    struct slice *out);

/* RFC 5321 4.1.2 Domain: letters, digits, inner hyphens; no root dot. */
bool name_is_domain(struct slice s);
/* Dotted quad or anything with a colon or brackets. */
bool name_is_address(struct slice s);

/* RFC 6761 6.3: "localhost" or a name below it, which nobody may ask for. */
bool name_is_localhost(struct slice s);

/*
 * The registrable domain (eTLD+1 by the Public Suffix List, libpsl) or, for
 * names that are public suffixes themselves, the name.  Borrowed from `s`.
 */
struct slice name_registrable(struct slice s);
