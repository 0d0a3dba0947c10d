/* SPDX-License-Identifier: Apache-2.0
 *
 * parse_rpt.c: the kinds rpt-json (a TLS report, RFC 8460 4.4) and rpt-result
 * (one result type, 4.3).  Walks the JSON and asks scanner/rules/rpt.h about
 * each value; `reasons` names what is wrong, `notes` what the RFC leaves
 * open, both by the path of the member.
 */
#include "scanner/parse_question.h"

#include "scanner/base/limits.h"
#include "scanner/rules/rpt.h"

#include "scanner/base/banned.h"

struct walk {
	struct question *q;
	json_t *reasons, *notes;
	size_t n_bad, n_silent; /* told or not */
};

static void
tell(struct walk *w, enum rpt_grade grade, struct slice path, const char *why)
{
	bool bad = grade == RPT_BAD;
	json_t *list = bad ? w->reasons : w->notes;

	if (grade == RPT_GOOD)
		return;
	if (bad)
		w->n_bad++;
	else
		w->n_silent++;
	if (json_array_size(list) >= LIMIT_RPT_REASONS)
		return;
	(void)json_array_append_new(list, json_string(arena_fmt(w->q->arena,
	    "%.*s %s", SLICE_ARG(path), why).p));
}

static bool
all_strings(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!json_is_string(json_array_get(list, i)))
			return false;
	return true;
}

static struct rpt_value
value_of(const json_t *j)
{
	struct rpt_value v = { .shape = RPT_OTHER };

	if (j == NULL) {
		v.shape = RPT_ABSENT;
	} else if (json_is_null(j)) {
		v.shape = RPT_NULL;
	} else if (json_is_string(j)) {
		v.shape = RPT_STRING;
		v.text = json_slice(j);
	} else if (json_is_integer(j) && json_integer_value(j) >= 0) {
		v.shape = RPT_NATURAL;
	} else if (json_is_array(j)) {
		v.shape = RPT_LIST;
		v.n = json_array_size(j);
		v.all_strings = all_strings(j);
	} else if (json_is_object(j)) {
		v.shape = RPT_MAP;
	}
	return v;
}

/* A token outside the lists of 4.3 and 4.4 may be registered one day (6). */
static bool
is_new_token(const struct rpt_member *member, const struct rpt_value *v)
{
	return v->shape == RPT_STRING && v->text.n > 0 &&
	    (member->type == RPT_IS_POLICY_TYPE ||
	    member->type == RPT_IS_RESULT_TYPE);
}

/* The members of one object; `path` ends in "." or is empty. */
static void
check_object(struct walk *w, enum rpt_object object, struct slice path,
    const json_t *j)
{
	size_t n;
	const struct rpt_member *member = rpt_members(object, &n);

	for (size_t i = 0; i < n; i++) {
		const json_t *m = json_object_get(j, member[i].name);
		struct rpt_value v = value_of(m);
		const char *why;
		enum rpt_grade grade = rpt_check(&member[i], &v, &why);

		if (grade != RPT_GOOD)
			tell(w, grade, arena_fmt(w->q->arena, "%.*s%s",
			    SLICE_ARG(path), member[i].name), why);
		if (grade != RPT_GOOD && is_new_token(&member[i], &v))
			w->n_silent++;
	}
}

/* The i-th element of the array at `path`; NULL, and told, if no object. */
static const json_t *
element(struct walk *w, const json_t *list, size_t i, struct slice path,
    struct slice *at)
{
	const json_t *e = json_array_get(list, i);

	*at = arena_fmt(w->q->arena, "%.*s[%zu]", SLICE_ARG(path), i);
	if (!json_is_object(e)) {
		tell(w, RPT_BAD, *at, "is no object");
		return NULL;
	}
	*at = arena_fmt(w->q->arena, "%.*s.", SLICE_ARG(*at));
	return e;
}

static void
check_below(struct walk *w, enum rpt_object object, struct slice path,
    const json_t *parent, const char *name)
{
	const json_t *j = json_object_get(parent, name);

	if (json_is_object(j))
		check_object(w, object, arena_fmt(w->q->arena, "%.*s%s.",
		    SLICE_ARG(path), name), j);
}

static void
check_entry(struct walk *w, struct slice path, const json_t *entry)
{
	const json_t *details = json_object_get(entry, "failure-details");
	struct slice list = arena_fmt(w->q->arena, "%.*sfailure-details",
	    SLICE_ARG(path));

	check_object(w, RPT_ENTRY, path, entry);
	check_below(w, RPT_POLICY, path, entry, "policy");
	check_below(w, RPT_SUMMARY, path, entry, "summary");
	for (size_t i = 0; i < json_array_size(details); i++) {
		struct slice at;
		const json_t *d = element(w, details, i, list, &at);

		if (d != NULL)
			check_object(w, RPT_DETAIL, at, d);
	}
}

/* A range that ends before it begins: the RFC says what it should be. */
static void
check_order(struct walk *w, const json_t *range)
{
	int64_t start, end;

	if (rpt_date_time(json_slice(json_object_get(range,
	    "start-datetime")), &start) &&
	    rpt_date_time(json_slice(json_object_get(range,
	    "end-datetime")), &end) && end < start)
		tell(w, RPT_SILENT, SLICE_LIT("date-range"),
		    "ends before it begins");
}

static void
check_report(struct walk *w, const json_t *report)
{
	const json_t *policies = json_object_get(report, "policies");

	check_object(w, RPT_REPORT, SLICE_EMPTY, report);
	check_below(w, RPT_DATE_RANGE, SLICE_EMPTY, report, "date-range");
	check_order(w, json_object_get(report, "date-range"));
	for (size_t i = 0; i < json_array_size(policies); i++) {
		struct slice at;
		const json_t *p = element(w, policies, i,
		    SLICE_LIT("policies"), &at);

		if (p != NULL)
			check_entry(w, at, p);
	}
}

void
parse_rpt_json(struct question *q)
{
	const struct finding_set none = { { 0 } };
	struct walk w = { .q = q, .reasons = json_array(),
		.notes = json_array() };
	json_t *report = json_loadb(q->input.p, q->input.n,
	    PARSE_DECODE_FLAGS, NULL);

	if (json_is_object(report))
		check_report(&w, report);
	else
		tell(&w, RPT_BAD, SLICE_LIT("the text"),
		    "is no JSON object");
	put_verdict(q, w.n_bad == 0, w.n_silent > 0, &none);
	put(q, "reasons", w.reasons);
	put(q, "notes", w.notes);
	json_decref(report);
}

void
parse_rpt_result(struct question *q)
{
	const struct finding_set none = { { 0 } };
	bool known = rpt_is_result_type(q->input);

	/* RFC 8460 6: a registry may know more than the RFC. */
	put_verdict(q, known, !known && q->input.n > 0, &none);
}
