/* SPDX-License-Identifier: Apache-2.0
 *
 * check_report.c: out of a view, the JSON of RFC 8460 4.4.  Pure.
 *
 * Views hold printable ASCII alone, so every text is a JSON string.
 */
#include "scanner/check_report.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "scanner/check_session.h"
#include "scanner/rules/name.h"
#include "scanner/rules/rpt.h"

#include "scanner/base/banned.h"

#define RFC_EDITOR "https://www.rfc-editor.org/rfc/"
#define COUNT "failed-session-count"

struct report {
	struct arena *arena;
	const struct report_sender *sender;
	const struct check_view *view;
	json_t *policies;
	bool is_open; /* something could not be determined */
};

/* One of "policies", while it is filled. */
struct entry {
	json_t *policy, *details;
	uint64_t good, failed;
};

/* ---- values ---- */

static void
put(json_t *to, const char *key, struct slice text)
{
	if (text.n > 0)
		(void)json_object_set_new(to, key,
		    json_stringn(text.p, text.n));
}

static void
put_texts(json_t *to, const char *key, const struct check_texts *texts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < texts->n; i++)
		(void)json_array_append_new(list,
		    json_stringn(texts->v[i].p, texts->v[i].n));
	(void)json_object_set_new(to, key, list);
}

/* RFC 3339 5.6 */
static struct slice
time_text(struct arena *a, uint64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	char text[64];

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return SLICE_LIT("1970-01-01T00:00:00Z");
	return arena_slice(a, slice_of(text));
}

/* ---- entries ---- */

static struct entry
entry_begin(const char *type, struct slice domain)
{
	struct entry e = { .policy = json_object(), .details = json_array() };

	put(e.policy, "policy-type", slice_of(type));
	put(e.policy, "policy-domain", domain);
	return e;
}

static void
entry_end(struct report *r, struct entry *e)
{
	json_t *entry = json_object(), *summary = json_object();

	(void)json_object_set_new(summary, "total-successful-session-count",
	    json_integer((json_int_t)e->good));
	(void)json_object_set_new(summary, "total-failure-session-count",
	    json_integer((json_int_t)e->failed));
	(void)json_object_set_new(entry, "policy", e->policy);
	(void)json_object_set_new(entry, "summary", summary);
	if (json_array_size(e->details) > 0)
		(void)json_object_set(entry, "failure-details", e->details);
	json_decref(e->details);
	(void)json_array_append_new(r->policies, entry);
}

static void
entry_drop(struct entry *e)
{
	json_decref(e->policy);
	json_decref(e->details);
}

/* One more of a failure that is equal but for its count? */
static bool
count_again(json_t *details, const json_t *detail)
{
	for (size_t i = 0; i < json_array_size(details); i++) {
		json_t *old = json_array_get(details, i);
		json_t *count = json_object_get(old, COUNT);
		json_int_t n = json_integer_value(count);
		bool same;

		json_integer_set(count, 1);
		same = json_equal(old, detail);
		json_integer_set(count, same ? n + 1 : n);
		if (same)
			return true;
	}
	return false;
}

/* RFC 5321 4.2: the greeting names its host behind the code. */
static struct slice
greeting_name(const struct check_address *at)
{
	struct slice text = slice_from(at->banner, 4);

	return slice_upto(text, slice_find(text, ' '));
}

/* `h` and `at` are NULL where no host, no session is behind it. */
static void
entry_fail(struct report *r, struct entry *e, const struct check_host *h,
    const struct check_address *at, const struct session_result *result)
{
	json_t *d = json_object();

	put(d, "result-type", slice_of(result->type));
	put(d, "sending-mta-ip", r->sender->source_ip);
	if (h != NULL)
		put(d, "receiving-mx-hostname", h->host);
	if (at != NULL) {
		put(d, "receiving-mx-helo", greeting_name(at));
		put(d, "receiving-ip", at->address);
	}
	(void)json_object_set_new(d, COUNT, json_integer(1));
	put(d, "additional-information", arena_fmt(r->arena, RFC_EDITOR "%s",
	    result->clause));
	put(d, "failure-reason-code", result->reason);
	e->failed++;
	if (!count_again(e->details, d))
		(void)json_array_append(e->details, d);
	json_decref(d);
}

static bool
was_contacted(const struct check_address *at)
{
	return outcome_class(at->outcome) != CLASS_OURS;
}

enum sessions_under { UNDER_NONE, UNDER_STS, UNDER_TLSA };

static void
entry_sessions(struct report *r, struct entry *e, const struct check_host *h,
    enum sessions_under under)
{
	for (size_t i = 0; i < h->n_address; i++) {
		const struct check_address *at = &h->address[i];
		struct session_result result = under == UNDER_STS ?
		    session_sts(r->arena, h, at) : under == UNDER_TLSA ?
		    session_tlsa(r->arena, h, at) :
		    session_plain(r->arena, at);

		if (!was_contacted(at))
			continue;
		if (result.end == SESSION_GOOD)
			e->good++;
		else if (result.end == SESSION_FAILED)
			entry_fail(r, e, h, at, &result);
	}
}

/* ---- MTA-STS ---- */

enum sts_state { STS_ABSENT, STS_OPEN, STS_BROKEN, STS_APPLIES };

static enum sts_state
sts_state(const struct check_view *v)
{
	if (v->sts == RECORD_STATUS_INCONCLUSIVE)
		return STS_OPEN;
	/* RFC 8461 3.1: what is no single valid record is no policy. */
	if (v->sts != RECORD_STATUS_OK)
		return STS_ABSENT;
	switch (v->policy) {
	case POLICY_STATUS_OK:
		/* RFC 8461 5: none is as if there were no policy. */
		return v->mode == POLICY_MODE_ENFORCE ||
		    v->mode == POLICY_MODE_TESTING ? STS_APPLIES : STS_ABSENT;
	case POLICY_STATUS_DNS:
	case POLICY_STATUS_TCP:
	case POLICY_STATUS_TLS:
	case POLICY_STATUS_HTTP:
	case POLICY_STATUS_SYNTAX:
		return STS_BROKEN;
	case POLICY_STATUS_NONE_TRIED:
	case POLICY_STATUS_INCONCLUSIVE:
	case POLICY_STATUS_COUNT:
		break;
	}
	return STS_OPEN;
}

/* RFC 8460 4.3.2.2 */
static const char *
fetch_result_type(enum policy_status status)
{
	if (status == POLICY_STATUS_SYNTAX)
		return "sts-policy-invalid";
	return status == POLICY_STATUS_TLS ? "sts-webpki-invalid" :
	    "sts-policy-fetch-error";
}

/* The codes of the findings that made it so, and what was seen. */
static struct slice
fetch_reason(struct arena *a, const struct check_view *v, const char *type)
{
	struct slice text = SLICE_EMPTY;

	for (size_t i = 0; i < v->n_finding; i++) {
		const struct finding_row *f = v->finding[i];

		if (f->rpt == NULL || strcmp(f->rpt, type) != 0 ||
		    strcmp(f->severity, "error") != 0)
			continue;
		text = arena_fmt(a, "%.*s%s%s", SLICE_ARG(text),
		    text.n > 0 ? " " : "", f->code);
	}
	if (v->http_status != 0 && v->http_status != 200)
		return arena_fmt(a, "%.*s (HTTP status %" PRIu64 ")",
		    SLICE_ARG(text), v->http_status);
	if (v->policy_outcome != OUTCOME_OK &&
	    v->policy_outcome != OUTCOME_NONE)
		return arena_fmt(a, "%.*s (%s)", SLICE_ARG(text),
		    outcome_word(v->policy_outcome));
	return text;
}

static void
sts_entry(struct report *r, enum sts_state state)
{
	const struct check_view *v = r->view;
	struct entry e = entry_begin("sts", v->name);
	struct session_result broken = { .end = SESSION_FAILED };

	if (state == STS_APPLIES || v->policy == POLICY_STATUS_SYNTAX) {
		put_texts(e.policy, "policy-string", &v->policy_lines);
		if (v->patterns.n > 0)
			put_texts(e.policy, "mx-host", &v->patterns);
	}
	if (state == STS_BROKEN) {
		broken.type = fetch_result_type(v->policy);
		broken.clause = v->policy == POLICY_STATUS_SYNTAX ?
		    "rfc8461#section-3.2" : "rfc8461#section-3.3";
		broken.reason = fetch_reason(r->arena, v, broken.type);
		entry_fail(r, &e, NULL, NULL, &broken);
	} else {
		for (size_t i = 0; i < v->n_host; i++)
			entry_sessions(r, &e, &v->host[i], UNDER_STS);
	}
	entry_end(r, &e);
}

/* ---- DANE ---- */

enum tlsa_state { TLSA_ABSENT, TLSA_OPEN, TLSA_REJECTED, TLSA_APPLIES };

static enum tlsa_state
tlsa_state(const struct check_view *v, const struct check_host *h)
{
	if (h->dane == DANE_STATUS_BOGUS ||
	    (v->mx_secure == TRI_YES && h->tlsa_lookup == OUTCOME_SERVFAIL))
		return TLSA_REJECTED;
	if (h->dane == DANE_STATUS_ABSENT || h->dane == DANE_STATUS_INSECURE)
		return TLSA_ABSENT;
	if (v->mx_secure == TRI_YES && h->tlsa_secure == TRI_YES &&
	    h->tlsa.n > 0)
		return TLSA_APPLIES;
	/* Without a resolver to believe, a sender has no DANE. */
	return check_view_is_dnssec_blind(v) ? TLSA_ABSENT : TLSA_OPEN;
}

/* RFC 8460 4.3.2.1: no valid record came from the resolver. */
static void
dnssec_entry(struct report *r, struct slice domain, const struct check_host *h,
    enum outcome lookup)
{
	struct entry e = entry_begin("tlsa", domain);
	struct session_result result = { SESSION_FAILED, "dnssec-invalid",
		"rfc7672#section-2.1", slice_of(lookup == OUTCOME_SERVFAIL ?
		"SERVFAIL for the TLSA records" : "DNSSEC validation failed") };

	entry_fail(r, &e, h, NULL, &result);
	entry_end(r, &e);
}

static void
tlsa_entry(struct report *r, const struct check_host *h)
{
	const struct check_texts hosts = { &h->host, 1 };
	struct slice base = h->tlsa_base.n > 0 ? h->tlsa_base : h->host;
	struct entry e;

	switch (tlsa_state(r->view, h)) {
	case TLSA_OPEN:
		r->is_open = true;
		return;
	case TLSA_ABSENT:
		return;
	case TLSA_REJECTED:
		dnssec_entry(r, base, h, h->tlsa_lookup);
		return;
	case TLSA_APPLIES:
		break;
	}
	e = entry_begin("tlsa", base);
	put_texts(e.policy, "policy-string", &h->tlsa);
	put_texts(e.policy, "mx-host", &hosts);
	entry_sessions(r, &e, h, UNDER_TLSA);
	entry_end(r, &e);
}

/* ---- neither ---- */

static void
no_policy_entry(struct report *r, enum sts_state sts)
{
	const struct check_view *v = r->view;
	struct entry e = entry_begin("no-policy-found", v->name);

	for (size_t i = 0; i < v->n_host; i++)
		if ((sts == STS_ABSENT || sts == STS_BROKEN) &&
		    tlsa_state(v, &v->host[i]) == TLSA_ABSENT)
			entry_sessions(r, &e, &v->host[i], UNDER_NONE);
	/* A domain without mail has no sessions, and that is the answer. */
	if (e.good + e.failed > 0 ||
	    (json_array_size(r->policies) == 0 && !r->is_open))
		entry_end(r, &e);
	else
		entry_drop(&e);
}

static void
fill(struct report *r)
{
	const struct check_view *v = r->view;
	enum sts_state sts = sts_state(v);

	r->is_open = v->excluded || sts == STS_OPEN ||
	    v->mx_status == MX_STATUS_INCONCLUSIVE;
	if (sts == STS_APPLIES || sts == STS_BROKEN)
		sts_entry(r, sts);
	if (v->mx_lookup == OUTCOME_BOGUS)
		dnssec_entry(r, v->name, NULL, OUTCOME_BOGUS);
	for (size_t i = 0; i < v->n_host; i++)
		tlsa_entry(r, &v->host[i]);
	no_policy_entry(r, sts);
}

/* ---- the report ---- */

bool
report_is_mailbox(struct slice s)
{
	size_t n;
	const struct rpt_member *m = rpt_members(RPT_REPORT, &n);
	struct rpt_value value = { .shape = RPT_STRING, .text = s };
	const char *why;

	/* An atom of RFC 5322 3.2.3 has neither; a URL has one of them. */
	if (slice_find(s, ':') < s.n || slice_find(s, ' ') < s.n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (m[i].type == RPT_IS_MAILBOX)
			return rpt_check(&m[i], &value, &why) == RPT_GOOD;
	return false;
}

struct report_sender
report_sender_of(struct arena *a, const struct check_run *run)
{
	struct report_sender s = { .organization = run->ehlo_name.n > 0 ?
	    run->ehlo_name : run->vantage };
	struct slice contact = run->contact;

	if (s.organization.n == 0)
		s.organization = SLICE_LIT("mxcensus");
	if (slice_starts_nocase(contact, SLICE_LIT("mailto:")))
		contact = slice_from(contact, 7);
	if (report_is_mailbox(contact))
		s.contact = contact;
	else if (name_is_domain(s.organization)) /* RFC 5321 4.5.1 */
		s.contact = arena_fmt(a, "postmaster@%.*s",
		    SLICE_ARG(s.organization));
	return s;
}

json_t *
check_report(const struct check_run *run, const struct report_sender *sender,
    const struct check_view *v)
{
	struct arena *a = arena_new();
	struct slice start = time_text(a, run->started_ms);
	struct slice end = time_text(a, run->ended_ms > run->started_ms ?
	    run->ended_ms : run->started_ms);
	struct report r = { .arena = a, .sender = sender, .view = v,
		.policies = json_array() };
	json_t *report = NULL, *range;

	fill(&r);
	if (json_array_size(r.policies) > 0) {
		report = json_object();
		range = json_object();
		put(range, "start-datetime", start);
		put(range, "end-datetime", end);
		put(report, "organization-name", sender->organization);
		(void)json_object_set_new(report, "date-range", range);
		put(report, "contact-info", sender->contact);
		put(report, "report-id", arena_fmt(a, "%.*s_%.*s",
		    SLICE_ARG(start), SLICE_ARG(v->name)));
		(void)json_object_set(report, "policies", r.policies);
	}
	json_decref(r.policies);
	arena_free(a);
	return report;
}
