/* SPDX-License-Identifier: Apache-2.0
 *
 * sts_record.c: the TXT record at _mta-sts (RFC 8461 3.1).
 *
 * sts_record_parse() judges one record by the ABNF, sts_rrset_judge() the
 * whole answer.  Where the RFC is silent: a malformed first `id` is a fault
 * even where it could pass for an extension named id, since of repeated
 * fields only the first counts (3.2); white space before the first ";" is
 * taken where the record stands alone.
 */
#include "scanner/rules/sts.h"

#include "scanner/rules/fields.h"

#include "scanner/base/banned.h"

#define ID_MAX_BYTES 32

static const struct fields_kind sts_kind = {
	.literal = { "v=STSv1", 7 },
	.version = { "stsv1", 5 },
	.word = { "sts", 3 },
	.key = { "id=", 3 },
};

/* sts-id = %s"id=" 1*32(ALPHA / DIGIT) */
static bool
is_id(struct slice value)
{
	if (value.n == 0 || value.n > ID_MAX_BYTES)
		return false;
	for (size_t i = 0; i < value.n; i++)
		if (!ascii_is_alnum(value.p[i]))
			return false;
	return true;
}

struct record_walk {
	struct fields fields;
	struct fields_seen seen;
	bool has_id;       /* a field named id came, good or bad */
	bool bad_id;       /* and the first one is no id */
	bool id_like;      /* it is malformed in its name already: "id =" */
	bool id_extension; /* the bad one could be an extension */
};

static void
on_id(struct record_walk *w, struct slice value, struct sts_record *out)
{
	bool extension = fields_is_extension(SLICE_LIT("id"), value);

	if (w->has_id) {
		/* RFC 8461 3.2: all entries but the first are ignored. */
		if (!extension && !is_id(value))
			w->fields.malformed = true;
		if (w->id_extension && is_id(value)) {
			finding_raise(&out->findings,
			    FINDING_STS_RECORD_ID_AS_EXTENSION);
			out->ambiguous = true;
			if (out->id_lenient.n == 0)
				out->id_lenient = value;
		}
		return;
	}
	w->has_id = true;
	if (is_id(value)) {
		out->id = value;
		return;
	}
	w->bad_id = true;
	w->id_extension = extension;
	finding_raise(&out->findings, FINDING_STS_RECORD_ID_INVALID);
}

static void
walk_fields(struct record_walk *w, struct sts_record *out)
{
	struct slice name, value;

	(void)fields_once(&w->seen, SLICE_LIT("v"));
	while (fields_next(&w->fields, &name, &value)) {
		bool is_name = fields_is_name(name);

		if (is_name && !fields_once(&w->seen, name))
			finding_raise(&out->findings,
			    FINDING_STS_RECORD_DUPLICATE_FIELD);
		if (slice_eq(name, SLICE_LIT("id"))) {
			on_id(w, value, out);
			continue;
		}
		if (!fields_is_extension(name, value))
			w->fields.malformed = true;
		if (!is_name && slice_eq(slice_trim(name), SLICE_LIT("id")))
			w->id_like = true;
	}
}

/* By the letter of the ABNF, where that is another reading. */
static void
read_leniently(const struct record_walk *w, struct sts_record *out)
{
	struct slice id = out->id_lenient.n > 0 ? out->id_lenient : out->id;

	out->valid_lenient = out->ambiguous && !w->fields.malformed &&
	    id.n > 0;
	out->id_lenient = out->valid_lenient ? id : SLICE_EMPTY;
}

struct sts_record
sts_record_parse(struct slice txt)
{
	struct sts_record out = { .id = SLICE_EMPTY };
	enum fields_prefix prefix = fields_prefix(txt, sts_kind.literal);
	struct record_walk w = {
		.fields = fields_begin(txt, sts_kind.literal),
	};

	out.resembles = fields_resemble(txt, &sts_kind);
	if (prefix == FIELDS_OTHER || prefix == FIELDS_UNENDED) {
		if (out.resembles)
			finding_raise(&out.findings,
			    FINDING_STS_RECORD_VERSION);
		return out;
	}
	if (prefix == FIELDS_SPACE) {
		finding_raise(&out.findings, FINDING_STS_RECORD_SPACE);
		out.ambiguous = true;
	}
	walk_fields(&w, &out);
	if (w.fields.malformed)
		finding_raise(&out.findings, FINDING_STS_RECORD_SYNTAX);
	if (!w.has_id && !w.id_like)
		finding_raise(&out.findings, FINDING_STS_RECORD_ID_MISSING);
	out.valid = w.has_id && !w.bad_id && !w.fields.malformed;
	read_leniently(&w, &out);
	return out;
}

/* One RR counts: its own judgement is the answer's. */
static void
judge_one(const struct fields_choice *choice, struct sts_rrset *out)
{
	struct sts_record record = sts_record_parse(choice->txt);

	out->status = record.valid ? RECORD_STATUS_OK : RECORD_STATUS_INVALID;
	out->ambiguous = record.ambiguous;
	out->valid_lenient = record.valid_lenient;
	out->id = record.id;
	out->id_lenient = record.id_lenient;
	out->findings = record.findings;
	if (choice->dropped)
		finding_raise(&out->findings,
		    FINDING_STS_RECORD_UNRELATED_TXT);
}

/* White space before ";" makes a record dropped, or count beside others. */
static void
judge_spaced(const struct fields_choice *choice, struct sts_rrset *out)
{
	struct sts_record record = sts_record_parse(choice->txt_space);
	bool is_alone = choice->n + choice->n_space == 1;

	finding_raise(&out->findings, FINDING_STS_RECORD_SPACE);
	out->ambiguous = true;
	out->valid_lenient = is_alone && record.valid_lenient;
	out->id_lenient = is_alone ? record.id_lenient : SLICE_EMPTY;
}

struct sts_rrset
sts_rrset_judge(const struct rrset *txt)
{
	struct sts_rrset out = {
		.status = RECORD_STATUS_INCONCLUSIVE,
		.id = SLICE_EMPTY,
	};
	struct fields_choice choice;

	/* A resolver failure is not absence (RFC 8461 3.1, 5.1). */
	if (!lookup_is_answer(&txt->lookup))
		return out;
	choice = fields_choose(txt, &sts_kind);
	if (choice.n > 1) {
		out.status = RECORD_STATUS_MULTIPLE;
		finding_raise(&out.findings, FINDING_STS_RECORD_MULTIPLE);
	} else if (choice.n == 1) {
		judge_one(&choice, &out);
	} else if (choice.resembles) {
		out.status = RECORD_STATUS_INVALID;
		finding_raise(&out.findings, FINDING_STS_RECORD_VERSION);
	} else {
		out.status = RECORD_STATUS_ABSENT;
	}
	if (choice.n_space > 0)
		judge_spaced(&choice, &out);
	return out;
}
