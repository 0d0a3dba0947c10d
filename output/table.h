/* SPDX-License-Identifier: Apache-2.0
 *
 * table.h: record.def as its walkers see it: objects (maps) with their fields
 * in order.  The encoder, the JSON writer and the recount share it, so that
 * what is written, printed and counted has one definition.
 */
#pragma once

#include "output/record.h"

/* The maps of record.def; one without a row there does not compile. */
enum object {
	OBJECT_scan, OBJECT_domain, OBJECT_sts, OBJECT_sts_record,
	OBJECT_sts_policy, OBJECT_tlsrpt, OBJECT_mx_short, OBJECT_lookup,
	OBJECT_ede, OBJECT_attempt, OBJECT_tls, OBJECT_mx, OBJECT_tlsa,
	OBJECT_tlsa_rr, OBJECT_mx_address, OBJECT_smtp_session, OBJECT_tls_try,
	OBJECT_dane, OBJECT_cert, OBJECT_end, OBJECT_session, OBJECT_also,
	OBJECT_also_answer, OBJECT_policy_address,
	OBJECT_COUNT /* also: none, an object of a later version */
};

enum object object_find(struct slice name);
/* Its fields are those from here on while field_object() stays the same. */
enum field object_first(enum object o);
enum object field_object(enum field f); /* OBJECT_COUNT for FIELD_COUNT */
/* The object inside a MAP or MAPS field, else OBJECT_COUNT. */
enum object field_sub(enum field f);
/* Where `also` has the answer to a question. */
enum field also_field(enum also q);
size_t field_name_bytes(enum field f);
/*
 * The field of that name, or FIELD_COUNT.  `hint` is looked at first: records
 * hold their fields in the order of the table, so it is the field behind the
 * last one found.
 */
enum field object_field(enum object o, struct slice name, enum field hint);
