/* SPDX-License-Identifier: Apache-2.0
 *
 * check_way.c: the next steps of an owner.  Pure: a view in, sentences out.
 *
 * The order is that of a careful deployment: servers first, then the policy,
 * then the record that announces it, reports from the start (RFC 8461 8.3,
 * RFC 8460 3).
 */
#include "scanner/check_way.h"

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

static void
report_step(struct walk *w)
{
	const struct check_view *v = w->view;

	switch (v->tlsrpt) {
	case RECORD_STATUS_OK:
	case RECORD_STATUS_INCONCLUSIVE:
	case RECORD_STATUS_COUNT:
		return;
	case RECORD_STATUS_ABSENT:
		step(w, arena_fmt(w->arena, "Publish a TLS-RPT record at "
		    "_smtp._tls.%.*s, to be told what fails.",
		    SLICE_ARG(v->name)));
		return;
	case RECORD_STATUS_INVALID:
	case RECORD_STATUS_MULTIPLE:
		step(w, arena_fmt(w->arena, "Repair the TLS-RPT record at "
		    "_smtp._tls.%.*s.", SLICE_ARG(v->name)));
		return;
	}
}

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

static void
first_steps(struct walk *w)
{
	const struct check_view *v = w->view;

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
}

static void
enforce_steps(struct walk *w)
{
	const struct check_view *v = w->view;

	host_steps(w);
	if (v->verdict == VERDICT_ENFORCE_FAIL)
		step(w, SLICE_LIT("Until then set mode: testing and give the "
		    "record a new id: senders refuse to deliver."));
	if (v->max_age < WAY_MAX_AGE)
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
		host_steps(&w);
		report_step(&w);
		if (out->steps.n == 0)
			step(&w, SLICE_LIT("Nothing is in the way: set mode: "
			    "enforce with a max_age of weeks and give the "
			    "record a new id."));
		break;
	case WAY_ENFORCE:
		enforce_steps(&w);
		break;
	}
}
