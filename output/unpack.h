/* SPDX-License-Identifier: Apache-2.0
 *
 * unpack.h: stored records back to the facts they were made from: the
 * inverse of record.h.
 *
 * What comes out names bytes of the unpacked record and memory of the arena:
 * it lives as long as both.  False: no such record, or a word in it that this
 * version does not know.
 */
#pragma once

#include <msgpack.h>

#include "output/record.h"
#include "scanner/base/arena.h"

/*
 * The hosts have no state but for `shared`: that is in the mx records.  MX
 * records for the root come first in the MX set, without their preference.
 */
bool unpack_domain(struct arena *a, const msgpack_object *record,
    struct domain_meta *meta, struct domain_facts *facts);
/* The chains hold digests, not certificates. */
bool unpack_mx(struct arena *a, const msgpack_object *record,
    struct mx_meta *meta, struct host_facts *facts);
/* Without the tally. */
bool unpack_end(struct arena *a, const msgpack_object *record,
    struct end_meta *meta);
/* Digest, DNS names, common name and DER alone. */
bool unpack_cert_names(struct arena *a, const msgpack_object *record,
    struct cert_facts *out);

/* What a scan record says of how to go on with it. */
bool unpack_scan(struct arena *a, const msgpack_object *record,
    uint64_t *format, struct scan_meta *meta);

/* A session record as it is. */
struct record *record_session_again(const msgpack_object *record);
/* A cert record as it is; NULL where it has no digest. */
struct record *record_cert_again(const msgpack_object *record);
/* A scan record as it is, with who judged its facts again, and when. */
struct record *record_scan_judged(const msgpack_object *record,
    struct slice version, int64_t judged_ms);
