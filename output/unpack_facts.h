/* SPDX-License-Identifier: Apache-2.0
 *
 * unpack_facts.h: the inverse of pack_facts.h: facts that several record
 * types share.
 */
#pragma once

#include "output/unpack_view.h"

/* A look-up with its addresses; n counts those. */
void unpack_lookup(struct unpacker *u, const struct view *w, enum field f,
    struct rrset *out);
void unpack_tls(struct unpacker *u, const struct view *w, enum field f,
    struct tls_facts *out);
void unpack_txt(struct unpacker *u, const struct view *w, enum field txt,
    enum field parts, struct rrset *out);
void unpack_tlsrpt(struct unpacker *u, const struct view *outer, enum field f,
    struct rrset *out);
/* ALSO_COUNT answers; NULL where none was asked for. */
struct rrset *unpack_also(struct unpacker *u, const struct view *domain);
void unpack_address(struct unpacker *u, struct slice text,
    struct address *out);
