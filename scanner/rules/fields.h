/* SPDX-License-Identifier: Apache-2.0
 *
 * fields.h: the `v=X; key=value; ...` grammar that MTA-STS (RFC 8461 3.1) and
 * TLS-RPT (RFC 8460 3) records share.
 */
#pragma once

#include "scanner/rules/facts.h"

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
/* Its name alone; also what RFC 8461 3.2 asks of a policy's extension keys. */
bool fields_is_name(struct slice name);

/*
 * Names met so far, to find repeated ones.  More than the cap are not
 * remembered, so that a repeated one among them stays unnoticed.
 */
#define FIELDS_SEEN 64
struct fields_seen {
	struct slice name[FIELDS_SEEN];
	size_t n;
};

/* False where the name was met before. */
bool fields_once(struct fields_seen *seen, struct slice name);

/* What tells one kind of record from another. */
struct fields_kind {
	struct slice literal; /* "v=STSv1" */
	struct slice version; /* "stsv1": its presence in any case resembles */
	struct slice word;    /* "sts": so does v = sts... */
	struct slice key;     /* "id=": and so does this at the start */
};

/* Was this text meant to be such a record, valid or not? */
bool fields_resemble(struct slice txt, const struct fields_kind *kind);

/*
 * The RR of a TXT RRset that counts.  RFC 8461 3.1, RFC 8460 3: where several
 * came, those not beginning with the literal and ";" are dropped; exactly one
 * must remain.  One alone counts where it begins with the literal.
 */
struct fields_choice {
	size_t n;         /* how many count; one: judge txt */
	struct slice txt;
	bool dropped;     /* others stand beside it */
	bool resembles;   /* some RR, dropped or not, was meant to be one */
	/* Dropped for white space before their ";", which the ABNF allows. */
	size_t n_space;
	struct slice txt_space; /* the last of them */
};

struct fields_choice fields_choose(const struct rrset *set,
    const struct fields_kind *kind);
