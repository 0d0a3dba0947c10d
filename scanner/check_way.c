/* SPDX-License-Identifier: Apache-2.0
 *
 * check_way.c: the next steps of an owner.  Pure: a view in, sentences out.
 *
 * The order is that of a careful deployment: servers first, then the policy,
 * then the record that announces it, reports from the start (RFC 8461 8.3,
 * RFC 8460 3).
 */
#include "scanner/check_way.h"

#include <time.h>

#include "scanner/base/banned.h"

struct walk {
	struct arena *arena;
	const struct check_view *view;
	struct way *way;
};

static void
step(struct walk *w, struct slice sentence)
{
	struct slice *to = vec_push(w->arena, &w->way->steps);

	*to = sentence;
}

static enum way_place
place_of(const struct check_view *v)
{
	switch (v->mx_status) {
	case MX_STATUS_NULL_MX:
	case MX_STATUS_ABSENT:
	case MX_STATUS_NXDOMAIN:
		return WAY_NO_MAIL;
	case MX_STATUS_OK:
	case MX_STATUS_IMPLICIT:
	case MX_STATUS_INVALID:
	case MX_STATUS_INCONCLUSIVE:
	case MX_STATUS_COUNT:
		break;
	}
	if (v->excluded || v->sts == RECORD_STATUS_INCONCLUSIVE ||
	    v->policy == POLICY_STATUS_INCONCLUSIVE)
		return WAY_UNKNOWN;
	if (v->sts == RECORD_STATUS_OK && v->policy == POLICY_STATUS_OK) {
		if (v->mode == POLICY_MODE_ENFORCE)
			return WAY_ENFORCE;
		if (v->mode == POLICY_MODE_TESTING)
			return WAY_TESTING;
	}
	return WAY_NONE;
}

/* What a host needs; empty where it passes. */
static struct slice
host_need(struct arena *a, const struct check_host *h)
{
	switch (check_host_tls(h)) {
	case TRI_YES:
		return SLICE_EMPTY;
	case TRI_NO:
		return arena_fmt(a, "Give %.*s STARTTLS with TLS 1.2 or later "
		    "and a trusted certificate for that name, in date.",
		    SLICE_ARG(h->host));
	case TRI_UNKNOWN:
		break;
	}
	if (h->starttls == STARTTLS_STATUS_UNREACHABLE)
		return arena_fmt(a, "%s %.*s, or take it out of the MX "
		    "records.", h->n_address == 0 ? "Give an address to" :
		    "Make port 25 answer at", SLICE_ARG(h->host));
	return arena_fmt(a, "Find out why %.*s could not be tested.",
	    SLICE_ARG(h->host));
}

/* Hosts with their TLS or their place in the policy out of order. */
static void
host_steps(struct walk *w)
{
	const struct check_view *v = w->view;
	bool has_policy = w->way->place >= WAY_TESTING;

	for (size_t i = 0; i < v->n_host; i++) {
		const struct check_host *h = &v->host[i];

		struct slice need = host_need(w->arena, h);

		if (need.n > 0)
			step(w, need);
		if (has_policy && h->in_policy == TRI_NO)
			step(w, arena_fmt(w->arena, "Name %.*s in the policy, "
			    "or take it out of the MX records.",
			    SLICE_ARG(h->host)));
	}
	if (v->mx_status == MX_STATUS_INCONCLUSIVE)
		step(w, SLICE_LIT("Find out why the MX records cannot be "
		    "looked up."));
	if (v->mx_status == MX_STATUS_INVALID)
		step(w, SLICE_LIT("Repair the MX records: name hosts, or one "
		    "null MX alone."));
}

/* ---- DANE ---- */

static struct slice
alternative_of(const struct check_host *h)
{
	for (size_t i = 0; i < h->n_address; i++)
		if (h->address[i].alternative.n > 0)
			return h->address[i].alternative;
	return SLICE_EMPTY;
}

/* What DANE needs at a host; empty where nothing. */
static struct slice
dane_need(struct arena *a, const struct check_view *v,
    const struct check_host *h)
{
	struct slice as = alternative_of(h);

	switch (h->dane) {
	case DANE_STATUS_MISMATCH:
		if (h->starttls != STARTTLS_STATUS_OK)
			return arena_fmt(a, "Until %.*s does STARTTLS take "
			    "its TLSA records away: senders that check DANE "
			    "hold mail for it back.", SLICE_ARG(h->host));
		if (as.n > 0)
			return arena_fmt(a, "Correct the TLSA record of %.*s: "
			    "its data would match as %.*s.",
			    SLICE_ARG(h->host), SLICE_ARG(as));
		return arena_fmt(a, "Publish a TLSA record that matches the "
		    "certificate of %.*s, or none: senders that check DANE "
		    "hold mail for it back.", SLICE_ARG(h->host));
	case DANE_STATUS_UNUSABLE:
		return arena_fmt(a, "Replace the TLSA records of %.*s by "
		    "usable ones, such as 3 1 1.", SLICE_ARG(h->host));
	case DANE_STATUS_BOGUS:
		return arena_fmt(a, "Repair DNSSEC for %.*s: senders that "
		    "check it hold mail back.", SLICE_ARG(h->host));
	case DANE_STATUS_OK:
	case DANE_STATUS_ABSENT:
	case DANE_STATUS_INSECURE:
	case DANE_STATUS_INCONCLUSIVE:
	case DANE_STATUS_COUNT:
		break;
	}
	if (h->tlsa_lookup == OUTCOME_SERVFAIL && v->mx_secure == TRI_YES)
		return arena_fmt(a, "Make the name servers of %.*s answer the "
		    "question for TLSA records at _25._tcp.%.*s, be it with "
		    "no.", SLICE_ARG(h->host), SLICE_ARG(h->host));
	return SLICE_EMPTY;
}

static void
dane_steps(struct walk *w)
{
	const struct check_view *v = w->view;

	for (size_t i = 0; i < v->n_host; i++) {
		struct slice need = dane_need(w->arena, v, &v->host[i]);

		if (need.n > 0)
			step(w, need);
	}
}

/* ---- reports ---- */

static void
report_step(struct walk *w)
{
	const struct check_view *v = w->view;

	switch (v->tlsrpt) {
	case RECORD_STATUS_OK:
		if (check_view_has(v, FINDING_TLSRPT_RUA_SCHEME) ||
		    check_view_has(v, FINDING_TLSRPT_RUA_PARTLY))
			step(w, SLICE_LIT("Name destinations in the TLS-RPT "
			    "record that reports can be sent to, mailto: or "
			    "https: only."));
		return;
	case RECORD_STATUS_INCONCLUSIVE:
	case RECORD_STATUS_COUNT:
		return;
	case RECORD_STATUS_ABSENT:
		step(w, arena_fmt(w->arena, "Publish a TLS-RPT record at "
		    "_smtp._tls.%.*s, %s", SLICE_ARG(v->name),
		    w->way->place == WAY_TESTING ? "first of all: without it "
		    "nobody tells you what testing finds." :
		    "to be told what fails."));
		return;
	case RECORD_STATUS_INVALID:
	case RECORD_STATUS_MULTIPLE:
		step(w, arena_fmt(w->arena, "Repair the TLS-RPT record at "
		    "_smtp._tls.%.*s.", SLICE_ARG(v->name)));
		return;
	}
}

/* ---- certificates that end soon ---- */

static const char *
date_text(struct arena *a, uint64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	char text[32];

	if (seconds == 0 || gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "on %Y-%m-%d", &tm) == 0)
		return "within 14 days";
	return arena_slice(a, slice_of(text)).p;
}

/* The host whose leaf ends first, of those in date; NULL where none is. */
static const struct check_host *
first_to_end(const struct check_view *v, uint64_t *end)
{
	const struct check_host *first = NULL;

	*end = 0;
	for (size_t i = 0; i < v->n_host; i++)
		for (size_t k = 0; k < v->host[i].n_address; k++) {
			const struct check_cert *c =
			    v->host[i].address[k].cert;

			if (c == NULL || v->host[i].time_ok == TRI_NO ||
			    (first != NULL && c->not_after >= *end))
				continue;
			first = &v->host[i];
			*end = c->not_after;
		}
	return first;
}

static void
renewal_steps(struct walk *w)
{
	const struct check_view *v = w->view;
	uint64_t end;
	const struct check_host *h = first_to_end(v, &end);

	if (check_view_has(v, FINDING_CERT_EXPIRES_SOON) && h != NULL)
		step(w, arena_fmt(w->arena, "Renew the certificate of %.*s "
		    "and see why that did not happen by itself: it ends %s.",
		    SLICE_ARG(h->host), date_text(w->arena, end)));
	if (check_view_has(v, FINDING_STS_POLICY_CERT_EXPIRES_SOON))
		step(w, arena_fmt(w->arena, "Renew the certificate of "
		    "mta-sts.%.*s: it ends %s, and then nobody can fetch the "
		    "policy.", SLICE_ARG(v->name),
		    date_text(w->arena, v->policy_not_after)));
}

/* ---- none ---- */

static void
policy_step(struct walk *w)
{
	const struct check_view *v = w->view;

	switch (v->policy) {
	case POLICY_STATUS_NONE_TRIED:
		step(w, arena_fmt(w->arena, "Publish a policy with mode: "
		    "testing at https://mta-sts.%.*s/.well-known/mta-sts.txt",
		    SLICE_ARG(v->name)));
		return;
	case POLICY_STATUS_OK:
		step(w, SLICE_LIT("Set mode: testing in the policy and give "
		    "the record a new id."));
		return;
	case POLICY_STATUS_DNS:
	case POLICY_STATUS_TCP:
	case POLICY_STATUS_TLS:
	case POLICY_STATUS_HTTP:
	case POLICY_STATUS_SYNTAX:
		step(w, arena_fmt(w->arena, "Repair what is wrong with "
		    "https://mta-sts.%.*s/.well-known/mta-sts.txt",
		    SLICE_ARG(v->name)));
		return;
	case POLICY_STATUS_INCONCLUSIVE:
	case POLICY_STATUS_COUNT:
		return;
	}
}

/*
 * Servers have time until enforce; but where some do already what others do
 * not, the protection that is there is worth nothing.
 */
static void
disagreement_steps(struct walk *w)
{
	const struct check_view *v = w->view;

	if (!check_view_has(v, FINDING_MX_HOSTS_DISAGREE) &&
	    !check_view_has(v, FINDING_MX_ADDRESSES_DISAGREE))
		return;
	for (size_t i = 0; i < v->n_host; i++)
		if (check_host_tls(&v->host[i]) == TRI_NO)
			step(w, host_need(w->arena, &v->host[i]));
}

static void
first_steps(struct walk *w)
{
	const struct check_view *v = w->view;

	dane_steps(w);
	disagreement_steps(w);
	if (v->sts != RECORD_STATUS_OK || v->policy != POLICY_STATUS_OK ||
	    v->mode == POLICY_MODE_NONE)
		policy_step(w);
	if (v->sts == RECORD_STATUS_ABSENT)
		step(w, arena_fmt(w->arena, "Then announce it with a TXT "
		    "record at _mta-sts.%.*s", SLICE_ARG(v->name)));
	else if (v->sts != RECORD_STATUS_OK)
		step(w, arena_fmt(w->arena, "Leave exactly one valid TXT "
		    "record at _mta-sts.%.*s", SLICE_ARG(v->name)));
	report_step(w);
	if (v->mode == POLICY_MODE_NONE &&
	    check_view_has(v, FINDING_STS_POLICY_MAX_AGE_LONG))
		step(w, SLICE_LIT("Or, to withdraw the policy for good: lower "
		    "max_age to a day, give the record a new id, and remove "
		    "both when the old max_age has passed."));
}

/* ---- testing and enforce ---- */

static void
testing_steps(struct walk *w)
{
	const struct check_view *v = w->view;
	bool is_ready;

	report_step(w);
	host_steps(w);
	renewal_steps(w);
	is_ready = w->way->steps.n == 0;
	dane_steps(w);
	if (check_view_has(v, FINDING_STS_POLICY_MAX_AGE_LONG) && !is_ready)
		step(w, SLICE_LIT("Until then lower max_age to a day or a "
		    "week: a policy in testing is meant to change."));
	if (is_ready)
		step(w, SLICE_LIT("Nothing is in the way of enforce: set mode: "
		    "enforce with a max_age of weeks and give the record a "
		    "new id."));
}

static void
enforce_steps(struct walk *w)
{
	const struct check_view *v = w->view;

	host_steps(w);
	if (v->verdict == VERDICT_ENFORCE_FAIL)
		step(w, SLICE_LIT("Until then set mode: testing and give the "
		    "record a new id: senders refuse to deliver."));
	dane_steps(w);
	renewal_steps(w);
	if (check_view_has(v, FINDING_STS_POLICY_MAX_AGE_SHORT))
		step(w, SLICE_LIT("Raise max_age to weeks: below a day it "
		    "protects from nothing, for senders have forgotten the "
		    "policy when it matters."));
	else if (v->max_age < WAY_MAX_AGE)
		step(w, SLICE_LIT("Raise max_age to weeks: a sender forgets a "
		    "short one before it protects."));
	report_step(w);
	w->way->done = w->way->steps.n == 0;
}

void
check_way(struct arena *a, const struct check_view *v, struct way *out)
{
	struct walk w = { a, v, out };

	*out = (struct way){ .place = place_of(v),
		.steps = VEC_OF(struct slice) };
	switch (out->place) {
	case WAY_UNKNOWN:
		step(&w, SLICE_LIT("Ask again when what could not be "
		    "determined is repaired."));
		break;
	case WAY_NO_MAIL:
		out->done = true;
		break;
	case WAY_NONE:
		first_steps(&w);
		break;
	case WAY_TESTING:
		testing_steps(&w);
		break;
	case WAY_ENFORCE:
		enforce_steps(&w);
		break;
	}
}
