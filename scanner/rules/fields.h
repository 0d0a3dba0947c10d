/* SPDX-License-Identifier: Apache-2.0
 *
 * fields.h: the `v=X; key=value; ...` grammar that MTA-STS (RFC 8461 3.1) and
 * TLS-RPT (RFC 8460 3) records share.
 */
#pragma once

#include "scanner/base/text.h"

/* How the version prefix of a record reads. */
enum fields_prefix {
	FIELDS_OTHER,      /* does not begin with the version literal */
	FIELDS_VERSION,    /* `v=STSv1` then `;` */
	FIELDS_SPACE,      /* `v=STSv1` then white space then `;` */
	FIELDS_UNENDED,    /* the literal, then something else or the end */
};

enum fields_prefix fields_prefix(struct slice txt, struct slice literal);

/* Walks the fields behind the version; make one with fields_begin(). */
struct fields {
	struct cursor c;
	bool malformed; /* the grammar was broken somewhere */
};

struct fields fields_begin(struct slice txt, struct slice literal);
/*
 * The next field, split at its first '='.  False at the end.  A field that is
 * no `name=value` is skipped and sets `malformed`, as do an empty field and
 * white space at the very end without a delimiter.
 */
bool fields_next(struct fields *f, struct slice *name, struct slice *value);
/* Extension name and value rules: ALPHA/DIGIT start, 1*32, %x21-7E. */
bool fields_is_extension(struct slice name, struct slice value);
