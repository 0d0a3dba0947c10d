/* SPDX-License-Identifier: Apache-2.0
 *
 * check_text.c: one domain in five parts: what is published, its mail
 * servers, what a sender does, what is wrong, the way on.
 */
#include "scanner/check_text.h"

#include <inttypes.h>
#include <string.h>

#include "scanner/check_host_text.h"
#include "scanner/check_way.h"

#include "scanner/base/banned.h"

struct said {
	enum ink ink;
	const char *text;
};

/* ---- published ---- */

static void
row_text(const struct page *p, const char *label, enum ink ink,
    const char *text)
{
	page_row(p, label, ink, slice_of(text));
}

static enum ink
record_ink(enum record_status s)
{
	switch (s) {
	case RECORD_STATUS_OK:
		return INK_GOOD;
	case RECORD_STATUS_ABSENT:
		return INK_DIM;
	case RECORD_STATUS_INVALID:
	case RECORD_STATUS_MULTIPLE:
		return INK_BAD;
	case RECORD_STATUS_INCONCLUSIVE:
	case RECORD_STATUS_COUNT:
		break;
	}
	return INK_WARN;
}

static void
txt_rows(const struct page *p, struct arena *a, const char *label,
    enum record_status status, enum outcome lookup,
    const struct check_texts *txt)
{
	row_text(p, label, record_ink(status),
	    check_sentence("record_status", (int)status));
	if (status == RECORD_STATUS_INCONCLUSIVE)
		row_text(p, "", INK_PLAIN, outcome_sentence(lookup));
	for (size_t i = 0; i < txt->n; i++)
		row_text(p, "", INK_PLAIN,
		    arena_fmt(a, "\"%.*s\"", SLICE_ARG(txt->v[i])).p);
}

/* Whose service it is, as the alias says; the owner may have to ask them. */
static void
provider_row(const struct page *p, struct arena *a, struct slice provider)
{
	if (provider.n > 0)
		row_text(p, "", INK_DIM, arena_fmt(a, "hosted by %.*s",
		    SLICE_ARG(provider)).p);
}

static const char *
life_text(struct arena *a, uint64_t seconds)
{
	const char *unit = seconds >= 172800 ? "days" :
	    seconds >= 7200 ? "hours" : "seconds";
	uint64_t n = seconds >= 172800 ? seconds / 86400 :
	    seconds >= 7200 ? seconds / 3600 : seconds;

	return arena_fmt(a, "%" PRIu64 " %s", n, unit).p;
}

static void
policy_rows(const struct page *p, struct arena *a,
    const struct check_view *v)
{
	bool ok = v->policy == POLICY_STATUS_OK;

	if (v->policy == POLICY_STATUS_NONE_TRIED)
		return;
	row_text(p, "policy", ok ? INK_GOOD :
	    v->policy == POLICY_STATUS_INCONCLUSIVE ? INK_WARN : INK_BAD,
	    check_sentence("policy_status", (int)v->policy));
	if (!ok && v->policy_outcome != OUTCOME_NONE &&
	    v->policy_outcome != OUTCOME_OK)
		row_text(p, "", INK_PLAIN, outcome_sentence(v->policy_outcome));
	if (v->http_status != 0 && v->http_status != 200)
		row_text(p, "", INK_PLAIN, arena_fmt(a, "HTTP status %" PRIu64
		    "%s%.*s", v->http_status, v->location.n > 0 ? " to " : "",
		    SLICE_ARG(v->location)).p);
	if (v->mode != POLICY_MODE_NULL && v->mode != POLICY_MODE_COUNT)
		row_text(p, "", INK_PLAIN, arena_fmt(a, "mode %s, kept for %s",
		    policy_mode_word(v->mode), life_text(a, v->max_age)).p);
	for (size_t i = 0; i < v->patterns.n; i++)
		row_text(p, "", INK_PLAIN, arena_fmt(a, "mx: %.*s",
		    SLICE_ARG(v->patterns.v[i])).p);
	provider_row(p, a, v->policy_provider);
}

static void
published(const struct page *p, struct arena *a, const struct check_view *v)
{
	page_heading(p, "Published");
	txt_rows(p, a, "MTA-STS", v->sts, v->sts_lookup, &v->sts_txt);
	provider_row(p, a, v->sts_provider);
	policy_rows(p, a, v);
	txt_rows(p, a, "TLS-RPT", v->tlsrpt, v->tlsrpt_lookup,
	    &v->tlsrpt_txt);
	if (v->mx_status == MX_STATUS_OK)
		return; /* the table of servers says it better */
	row_text(p, "MX", v->mx_status == MX_STATUS_INVALID ? INK_BAD :
	    v->mx_status == MX_STATUS_INCONCLUSIVE ? INK_WARN : INK_DIM,
	    check_sentence("mx_status", (int)v->mx_status));
	if (v->mx_status == MX_STATUS_INCONCLUSIVE)
		row_text(p, "", INK_PLAIN, outcome_sentence(v->mx_lookup));
}

/* ---- what a sender does ---- */

static struct said
no_policy(const struct check_view *v)
{
	struct way way;
	struct arena *a = arena_new();

	check_way(a, v, &way);
	arena_free(a);
	if (way.place == WAY_NO_MAIL)
		return (struct said){ INK_DIM, "The domain accepts no mail: "
		    "there is nothing to deliver." };
	if (v->mode == POLICY_MODE_NONE)
		return (struct said){ INK_WARN, "The policy says none: mail "
		    "is delivered without any check of the server." };
	return (struct said){ INK_WARN, "There is no policy: mail is "
	    "delivered without any check of the server, and whoever stands "
	    "in between can read it." };
}

static struct said
sts_said(const struct check_view *v)
{
	switch (v->verdict) {
	case VERDICT_NONE:
		return no_policy(v);
	case VERDICT_INVALID:
		return (struct said){ INK_BAD, "What is published cannot be "
		    "used: mail is delivered as if there were no policy." };
	case VERDICT_TESTING_OK:
		return (struct said){ INK_GOOD, "Testing, and every server "
		    "passes. Mail would be delivered whatever came out." };
	case VERDICT_TESTING_FAIL:
		return (struct said){ INK_BAD, "Testing, and servers fail: "
		    "mail is delivered and the failure reported. With enforce "
		    "they would get none." };
	case VERDICT_ENFORCE_OK:
		return (struct said){ INK_GOOD, "Protected: mail goes over "
		    "verified TLS to the servers of the policy, and nowhere "
		    "else." };
	case VERDICT_ENFORCE_DEGRADED:
		return (struct said){ INK_BAD, "Protected, but servers that "
		    "fail get no mail; if the others are away it waits." };
	case VERDICT_ENFORCE_FAIL:
		return (struct said){ INK_BAD, "Mail is refused: no server "
		    "passes the policy. It waits with the sender and is then "
		    "returned." };
	case VERDICT_INCONCLUSIVE:
	case VERDICT_COUNT:
		break;
	}
	return (struct said){ INK_WARN, "It could not be determined." };
}

static struct said
dane_said(const struct check_view *v)
{
	switch (v->verdict_dane) {
	case VERDICT_NONE:
		return (struct said){ INK_DIM, "Not used here." };
	case VERDICT_INVALID:
		return (struct said){ INK_WARN, "TLSA records exist and none "
		    "can be used." };
	case VERDICT_ENFORCE_OK:
		return (struct said){ INK_GOOD, "Protected: the servers are "
		    "authenticated by their TLSA records." };
	case VERDICT_ENFORCE_DEGRADED:
		return (struct said){ INK_BAD, "Servers that do not match "
		    "their TLSA records get no mail; the others do." };
	case VERDICT_ENFORCE_FAIL:
		return (struct said){ INK_BAD, "Mail is refused: no server "
		    "matches its TLSA records." };
	case VERDICT_TESTING_OK:
	case VERDICT_TESTING_FAIL:
	case VERDICT_INCONCLUSIVE:
	case VERDICT_COUNT:
		break;
	}
	if (check_view_is_dnssec_blind(v))
		return (struct said){ INK_DIM, "Not judged: unvalidated, since "
		    "the resolver is not known to validate DNSSEC. Ask one "
		    "on this machine, or give --trust-ad." };
	return (struct said){ INK_WARN, "It could not be determined." };
}

static void
senders(const struct page *p, const struct check_view *v)
{
	struct said sts = sts_said(v), dane = dane_said(v);

	page_heading(p, "What a sender does");
	row_text(p, "MTA-STS", sts.ink, sts.text);
	row_text(p, "DANE", dane.ink, dane.text);
}

/* ---- what is wrong ---- */

static enum ink
severity_ink(const char *severity)
{
	if (strcmp(severity, "error") == 0)
		return INK_BAD;
	return strcmp(severity, "warning") == 0 ? INK_WARN : INK_DIM;
}

static void
wrong(const struct page *p, struct arena *a, const struct check_view *v)
{
	page_heading(p, "What is wrong");
	for (size_t i = 0; i < v->n_finding; i++) {
		const struct finding_row *f = v->finding[i];
		struct slice code = arena_fmt(a, "%s (%s, %s)", f->code,
		    f->rfc, f->section);

		fputs("  ", p->out);
		page_cell(p, severity_ink(f->severity), PAGE_LABEL - 2,
		    f->severity);
		page_wrap(p, INK_BOLD, PAGE_LABEL, PAGE_LABEL, code);
		row_text(p, "", INK_PLAIN, f->sentence);
	}
	if (v->n_finding > 0)
		return;
	if (check_view_is_open(v))
		row_text(p, "unknown", INK_WARN, "Nothing was found, but not "
		    "everything could be determined.");
	else
		row_text(p, "nothing", INK_GOOD, "No rule is broken.");
}

/* ---- the way on ---- */

static void
way_place(const struct page *p, enum way_place at)
{
	static const char *const names[] = { "none", "testing", "enforce" };

	fputs("  ", p->out);
	for (size_t i = 0; i < 3; i++) {
		bool here = (enum way_place)(WAY_NONE + i) == at;
		bool past = (enum way_place)(WAY_NONE + i) < at;

		if (i > 0)
			page_cell(p, past || here ? INK_GOOD : INK_DIM, 0,
			    " --> ");
		page_cell(p, INK_BOLD, 0, here ? "[" : "");
		page_cell(p, here ? INK_BOLD : past ? INK_GOOD : INK_DIM, 0,
		    names[i]);
		page_cell(p, INK_BOLD, 0, here ? "]" : "");
	}
	fputc('\n', p->out);
}

static void
way_on(const struct page *p, struct arena *a, const struct check_view *v)
{
	struct way way;
	const struct slice *step;

	check_way(a, v, &way);
	if (way.place == WAY_NO_MAIL)
		return;
	page_heading(p, "The way on");
	if (way.place != WAY_UNKNOWN)
		way_place(p, way.place);
	step = way.steps.p;
	for (size_t i = 0; i < way.steps.n; i++) {
		fprintf(p->out, "  %2zu. ", i + 1);
		page_wrap(p, INK_PLAIN, 6, 6, step[i]);
	}
	if (!way.done && (way.place == WAY_UNKNOWN || v->n_host == 0))
		return;
	fputs("  ", p->out);
	if (way.done)
		page_wrap(p, INK_GOOD, 2, 2, SLICE_LIT("Nothing is missing."));
	else
		page_wrap(p, INK_DIM, 2, 2, arena_fmt(a, "`mxcensus check "
		    "--suggest %.*s` prints what to publish.",
		    SLICE_ARG(v->name)));
}

void
check_text(const struct page *p, const struct check_view *v)
{
	struct arena *a = arena_new();

	page_wrap(p, INK_BOLD, 0, 0, v->name);
	if (v->excluded) {
		row_text(p, "excluded", INK_WARN, "An exclusion names this "
		    "domain: nothing was asked.");
	} else {
		published(p, a, v);
		check_host_text(p, a, v);
		senders(p, v);
		wrong(p, a, v);
		way_on(p, a, v);
	}
	arena_free(a);
}
