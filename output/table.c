/* SPDX-License-Identifier: Apache-2.0
 *
 * table.c: record.def expanded into rows, and the walks over them.
 * Constant data only; everything that knows a field by name ends here.
 */
#include "output/table.h"

#include <string.h>

#include "scanner/base/banned.h"

enum { VOLATILE, STABLE };

static const struct field_row rows[] = {
#define R(object, name, type, sub, keep, sentence) \
	{ #object, #name, FIELD_##type, #type, sub, keep == STABLE, sentence },
#include "output/record.def"
#undef R
};

static const uint8_t objects_of[] = {
#define R(object, name, type, sub, keep, sentence) OBJECT_##object,
#include "output/record.def"
#undef R
};

static const uint8_t name_bytes[] = {
#define R(object, name, type, sub, keep, sentence) sizeof(#name) - 1,
#include "output/record.def"
#undef R
};

static const enum field first_fields[OBJECT_COUNT] = {
	[OBJECT_scan] = FIELD_scan_type,
	[OBJECT_domain] = FIELD_domain_type,
	[OBJECT_sts] = FIELD_sts_record,
	[OBJECT_sts_record] = FIELD_sts_record_status,
	[OBJECT_sts_policy] = FIELD_sts_policy_status,
	[OBJECT_tlsrpt] = FIELD_tlsrpt_status,
	[OBJECT_mx_short] = FIELD_mx_short_host,
	[OBJECT_lookup] = FIELD_lookup_outcome,
	[OBJECT_ede] = FIELD_ede_code,
	[OBJECT_attempt] = FIELD_attempt_address,
	[OBJECT_tls] = FIELD_tls_outcome,
	[OBJECT_mx] = FIELD_mx_type,
	[OBJECT_tlsa] = FIELD_tlsa_lookup,
	[OBJECT_tlsa_rr] = FIELD_tlsa_rr_usage,
	[OBJECT_tls_try] = FIELD_tls_try_version,
	[OBJECT_mx_address] = FIELD_mx_address_address,
	[OBJECT_smtp_session] = FIELD_smtp_session_started,
	[OBJECT_dane] = FIELD_dane_usable,
	[OBJECT_cert] = FIELD_cert_type,
	[OBJECT_end] = FIELD_end_type,
	[OBJECT_session] = FIELD_session_type,
	[OBJECT_also] = FIELD_also_ns,
	[OBJECT_also_answer] = FIELD_also_answer_status,
	[OBJECT_policy_address] = FIELD_policy_address_address,
};

const struct field_row *
field_row(enum field f)
{
	return &rows[f];
}

size_t
field_name_bytes(enum field f)
{
	return name_bytes[f];
}

enum object
field_object(enum field f)
{
	return f < FIELD_COUNT ? (enum object)objects_of[f] : OBJECT_COUNT;
}

enum field
object_first(enum object o)
{
	return o < OBJECT_COUNT ? first_fields[o] : FIELD_COUNT;
}

enum object
object_find(struct slice name)
{
	for (size_t o = 0; o < OBJECT_COUNT; o++)
		if (slice_eq(name, slice_of(rows[first_fields[o]].object)))
			return (enum object)o;
	return OBJECT_COUNT;
}

enum object
field_sub(enum field f)
{
	if (f >= FIELD_COUNT ||
	    (rows[f].type != FIELD_MAP && rows[f].type != FIELD_MAPS))
		return OBJECT_COUNT;
	return object_find(slice_of(rows[f].sub));
}

static bool
is_named(enum field f, struct slice name)
{
	return name_bytes[f] == name.n &&
	    memcmp(rows[f].name, name.p, name.n) == 0;
}

enum field
object_field(enum object o, struct slice name, enum field hint)
{
	if (o >= OBJECT_COUNT)
		return FIELD_COUNT;
	for (enum field f = hint; field_object(f) == o; f++)
		if (is_named(f, name))
			return f;
	for (enum field f = first_fields[o]; field_object(f) == o; f++)
		if (is_named(f, name))
			return f;
	return FIELD_COUNT;
}

enum field
also_field(enum also q)
{
	return object_field(OBJECT_also, slice_of(also_word(q)),
	    FIELD_also_ns + q);
}

const struct field_row *
field_find(struct slice object, struct slice name)
{
	enum object o = object_find(object);
	enum field f = object_field(o, name, object_first(o));

	return f == FIELD_COUNT ? NULL : &rows[f];
}
