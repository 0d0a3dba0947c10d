/* SPDX-License-Identifier: Apache-2.0
 *
 * tlsrpt_record.c: the TXT record at _smtp._tls (RFC 8460 3).
 *
 * tlsrpt_record_parse() judges one record by the ABNF and by whether a report
 * could be sent anywhere, tlsrpt_rrset_judge() the whole answer.  Where the
 * RFC is silent: several rua fields count together; a rua that is no URI list
 * is an extension beside a good one; an https host of a single label counts.
 */
#include "scanner/rules/tlsrpt.h"

#include "scanner/base/limits.h"
#include "scanner/rules/fields.h"
#include "scanner/rules/uri.h"

#include "scanner/base/banned.h"

static const struct fields_kind tlsrpt_kind = {
	.literal = { "v=TLSRPTv1", 10 },
	.version = { "tlsrptv1", 8 },
	.word = { "tlsrpt", 6 },
	.key = { "rua=", 4 },
};

struct record_walk {
	struct fields fields;
	struct vec rua;
	size_t n_lists;   /* rua fields that are lists of URIs */
	size_t n_fields;  /* fields named rua, whatever they hold */
	size_t n_usable;  /* destinations that a report could be sent to */
	size_t n_useless; /* and those that none could be sent to */
	bool empty_rua;   /* "rua=" without a value */
	bool bad_rua;     /* a rua that is no list of URIs */
};

/* *WSP "," *WSP between URIs: the next one, or false at the end. */
static bool
next_uri(struct slice *rest, bool *more, struct slice *uri)
{
	size_t comma;

	if (!*more)
		return false;
	comma = slice_find(*rest, ',');
	*more = comma < rest->n;
	*uri = slice_upto(*rest, comma);
	*rest = slice_from(*rest, comma + 1);
	return true;
}

static bool
is_uri_list(struct slice value)
{
	struct slice uri, rest = value;
	bool more = true;

	if (slice_trim(value).n != value.n)
		return false;
	while (next_uri(&rest, &more, &uri))
		if (!uri_is_valid(slice_trim(uri)))
			return false;
	return true;
}

static void
take_list(struct arena *a, struct record_walk *w, struct slice value,
    struct tlsrpt_record *out)
{
	struct slice uri, rest = value;
	bool more = true;

	if (w->n_lists++ > 0)
		out->ambiguous = true;
	while (next_uri(&rest, &more, &uri)) {
		enum uri_use use;

		uri = slice_trim(uri);
		use = uri_report_use(uri);
		if (use == URI_USE_NONE)
			w->n_useless++;
		else
			w->n_usable++;
		if (use != URI_USE_PLAIN)
			out->ambiguous = true;
		if (w->rua.n < LIMIT_RUA)
			*(struct slice *)vec_push(a, &w->rua) = uri;
	}
}

static void
walk_fields(struct arena *a, struct record_walk *w, struct tlsrpt_record *out)
{
	struct slice name, value;

	while (fields_next(&w->fields, &name, &value)) {
		if (!slice_eq(name, SLICE_LIT("rua"))) {
			if (!fields_is_extension(name, value))
				w->fields.malformed = true;
			continue;
		}
		w->n_fields++;
		if (value.n == 0) {
			w->empty_rua = true;
		} else if (is_uri_list(value)) {
			take_list(a, w, value, out);
		} else if (fields_is_extension(name, value)) {
			w->bad_rua = true;
		} else {
			w->fields.malformed = true;
			w->bad_rua = true;
		}
	}
}

static void
conclude(const struct record_walk *w, struct tlsrpt_record *out)
{
	bool has_list = w->n_lists > 0;

	if (w->fields.malformed || (w->empty_rua && has_list))
		finding_raise(&out->findings, FINDING_TLSRPT_SYNTAX);
	if (!has_list && !w->bad_rua)
		finding_raise(&out->findings, FINDING_TLSRPT_RUA_MISSING);
	else if (w->n_usable == 0 && !w->fields.malformed)
		finding_raise(&out->findings, FINDING_TLSRPT_RUA_SCHEME);
	if (has_list && w->bad_rua)
		out->ambiguous = true;
	out->valid = w->n_usable > 0 && !w->fields.malformed && !w->empty_rua;
	out->valid_lenient = out->ambiguous && has_list &&
	    !w->fields.malformed && !w->empty_rua;
	if (out->valid && w->n_fields > 1)
		finding_raise(&out->findings, FINDING_TLSRPT_SEVERAL_RUA);
	if (out->valid && w->n_useless > 0)
		finding_raise(&out->findings, FINDING_TLSRPT_RUA_PARTLY);
	out->rua = w->rua.p;
	out->n_rua = w->rua.n;
}

void
tlsrpt_record_parse(struct arena *a, struct slice txt,
    struct tlsrpt_record *out)
{
	enum fields_prefix prefix = fields_prefix(txt, tlsrpt_kind.literal);
	struct record_walk w = {
		.fields = fields_begin(txt, tlsrpt_kind.literal),
		.rua = VEC_OF(struct slice),
	};

	*out = (struct tlsrpt_record){
		.resembles = fields_resemble(txt, &tlsrpt_kind),
	};
	if (prefix == FIELDS_OTHER || prefix == FIELDS_UNENDED) {
		if (out->resembles)
			finding_raise(&out->findings, FINDING_TLSRPT_VERSION);
		return;
	}
	if (prefix == FIELDS_SPACE) {
		finding_raise(&out->findings, FINDING_TLSRPT_SPACE);
		out->ambiguous = true;
	}
	walk_fields(a, &w, out);
	conclude(&w, out);
}

static void
judge_one(struct arena *a, const struct fields_choice *choice,
    struct tlsrpt_rrset *out)
{
	struct tlsrpt_record record;

	tlsrpt_record_parse(a, choice->txt, &record);
	out->status = record.valid ? RECORD_STATUS_OK : RECORD_STATUS_INVALID;
	out->ambiguous = record.ambiguous;
	out->valid_lenient = record.valid_lenient;
	out->findings = record.findings;
	if (choice->dropped)
		finding_raise(&out->findings, FINDING_TLSRPT_UNRELATED_TXT);
	if (record.valid) {
		out->rua = record.rua;
		out->n_rua = record.n_rua;
	}
}

/* White space before ";" makes a record dropped, or count beside others. */
static void
judge_spaced(struct arena *a, const struct fields_choice *choice,
    struct tlsrpt_rrset *out)
{
	struct tlsrpt_record record;

	tlsrpt_record_parse(a, choice->txt_space, &record);
	finding_raise(&out->findings, FINDING_TLSRPT_SPACE);
	out->ambiguous = true;
	out->valid_lenient = choice->n + choice->n_space == 1 &&
	    record.valid_lenient;
}

void
tlsrpt_rrset_judge(struct arena *a, const struct rrset *txt,
    struct tlsrpt_rrset *out)
{
	struct fields_choice choice;

	*out = (struct tlsrpt_rrset){ .status = RECORD_STATUS_INCONCLUSIVE };
	if (!lookup_is_answer(&txt->lookup))
		return;
	choice = fields_choose(txt, &tlsrpt_kind);
	if (choice.n > 1) {
		out->status = RECORD_STATUS_MULTIPLE;
		finding_raise(&out->findings, FINDING_TLSRPT_MULTIPLE);
	} else if (choice.n == 1) {
		judge_one(a, &choice, out);
	} else if (choice.resembles) {
		out->status = RECORD_STATUS_INVALID;
		finding_raise(&out->findings, FINDING_TLSRPT_VERSION);
	} else {
		out->status = RECORD_STATUS_ABSENT;
	}
	if (choice.n_space > 0)
		judge_spaced(a, &choice, out);
}
