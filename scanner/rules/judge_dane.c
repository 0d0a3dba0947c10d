/* SPDX-License-Identifier: Apache-2.0
 *
 * judge_dane.c: what a sender that does DANE makes of a host and of a domain
 * (RFC 7672 2.2).
 *
 * Per host the four outcomes of 2.2: usable secure records, secure but
 * unusable ones, none or insecure, failure.  They are found as if the MX
 * answer were secure; each domain then joins its own.
 */
#include "scanner/rules/judge_parts.h"

#include "scanner/rules/cert_name.h"
#include "scanner/rules/tlsa.h"

#include "scanner/base/banned.h"

static bool
is_bogus(const struct rrset *set)
{
	return set->lookup.outcome == OUTCOME_BOGUS;
}

/* YES where all of the answers that count are secure, NO where one is not. */
static void
add_secure(enum tri *sum, const struct rrset *set, bool *is_first)
{
	enum tri s = set->lookup.secure;

	if (*is_first || s == TRI_NO || *sum == TRI_YES)
		*sum = s;
	*is_first = false;
}

/*
 * RFC 7672 2.2.2: are the addresses secure?  Those that exist count, else the
 * denials.
 */
static enum tri
address_secure(const struct host_facts *f)
{
	bool has_data = f->a.n > 0 || f->aaaa.n > 0;
	const struct rrset *sets[] = { &f->a, &f->aaaa };
	enum tri sum = TRI_UNKNOWN;
	bool is_first = true;

	for (size_t i = 0; i < 2; i++)
		if (has_data ? sets[i]->n > 0 :
		    lookup_is_answer(&sets[i]->lookup))
			add_secure(&sum, sets[i], &is_first);
	return sum;
}

/*
 * RFC 7672 2.2.2: may TLSA records of the host count?  Where its addresses
 * are insecure, those of a secure alias still do.
 */
static enum tri
owner_secure(const struct host_facts *f)
{
	enum tri secure = address_secure(f);

	if (secure != TRI_NO || f->alias == NULL)
		return secure;
	return lookup_is_answer(&f->alias->lookup) ? f->alias->lookup.secure :
	    TRI_UNKNOWN;
}

/* TLSA was not asked: is that because it could not have been secure? */
static enum dane_status
not_asked(const struct host_facts *f, const struct host_state *state)
{
	enum tri secure = owner_secure(f);

	if (state->has_address == TRI_UNKNOWN || secure == TRI_UNKNOWN)
		return DANE_STATUS_INCONCLUSIVE;
	if (secure == TRI_NO || state->has_address == TRI_NO)
		return DANE_STATUS_ABSENT;
	return DANE_STATUS_INCONCLUSIVE;
}

/* As the probes saw it: records that look usable may hold no certificate. */
static size_t
count_usable(const struct host_facts *f)
{
	for (size_t i = 0; i < f->n_address; i++)
		if (f->address[i].dane.checked)
			return f->address[i].dane.n_usable;
	return tlsa_count_usable(&f->tlsa);
}

/*
 * Does nothing but the name of a DANE-TA leaf stand in the way, on every
 * address that fails?  A domain may know another name (RFC 7672 3.2.2).
 */
static bool
only_names_fail(const struct host_facts *f)
{
	for (size_t i = 0; i < f->n_address; i++)
		if (f->address[i].tls.outcome == OUTCOME_OK &&
		    !f->address[i].dane.matched &&
		    !f->address[i].dane.ta_name_failed)
			return false;
	return true;
}

static bool
all_matched(const struct host_facts *f)
{
	for (size_t i = 0; i < f->n_address; i++)
		if (f->address[i].tls.outcome == OUTCOME_OK &&
		    !f->address[i].dane.matched)
			return false;
	return true;
}

/* What the sessions tell of the records beyond match and mismatch. */
static void
add_remarks(const struct host_facts *f, struct host_state *out)
{
	for (size_t i = 0; i < f->n_address; i++) {
		const struct smtp_facts *s = &f->address[i];

		if (s->tls.outcome != OUTCOME_OK)
			continue;
		if (!s->dane.matched && s->dane.has_alternative)
			out->dane_alternative = true;
		if (s->dane.matched && s->dane.ta_not_sent)
			out->dane_ta_not_sent = true;
	}
}

/* Usable secure records: authenticated TLS is required (RFC 7672 2.2). */
static enum dane_status
with_usable(const struct host_facts *f, struct host_state *out)
{
	switch (out->starttls) {
	case STARTTLS_STATUS_OK:
		if (all_matched(f))
			return DANE_STATUS_OK;
		out->dane_ta_only = only_names_fail(f);
		return DANE_STATUS_MISMATCH;
	case STARTTLS_STATUS_NOT_OFFERED:
	case STARTTLS_STATUS_REFUSED:
		out->dane_no_starttls = true;
		return DANE_STATUS_MISMATCH;
	case STARTTLS_STATUS_TLS_FAILED:
		return DANE_STATUS_MISMATCH;
	case STARTTLS_STATUS_BLOCKED:
	case STARTTLS_STATUS_UNREACHABLE:
	case STARTTLS_STATUS_INCONCLUSIVE:
	case STARTTLS_STATUS_COUNT:
		break;
	}
	return DANE_STATUS_INCONCLUSIVE;
}

static enum dane_status
host_dane(const struct host_facts *f, struct host_state *out)
{
	const struct lookup *tlsa = &f->tlsa.lookup;
	size_t n_usable;

	/* RFC 7672 2.2.1: DANE does not apply to address literals. */
	if (f->is_literal)
		return DANE_STATUS_ABSENT;
	if (is_bogus(&f->a) || is_bogus(&f->aaaa) || is_bogus(&f->tlsa) ||
	    (f->alias != NULL && is_bogus(f->alias)))
		return DANE_STATUS_BOGUS;
	if (tlsa->outcome == OUTCOME_NONE)
		return not_asked(f, out);
	if (!lookup_is_answer(tlsa) || tlsa->secure == TRI_UNKNOWN)
		return DANE_STATUS_INCONCLUSIVE;
	if (f->tlsa.n == 0)
		return DANE_STATUS_ABSENT;
	if (tlsa->secure == TRI_NO)
		return DANE_STATUS_INSECURE;
	n_usable = count_usable(f);
	if (n_usable == 0)
		return DANE_STATUS_UNUSABLE;
	out->dane_some_unusable = n_usable < f->tlsa.n;
	add_remarks(f, out);
	return with_usable(f, out);
}

void
judge_host_dane(const struct host_facts *facts, struct host_state *out)
{
	out->tlsa_published = !facts->is_literal && facts->tlsa.n > 0;
	out->tlsa_failed = !facts->is_literal &&
	    facts->tlsa.lookup.outcome == OUTCOME_SERVFAIL &&
	    owner_secure(facts) == TRI_YES;
	out->dane = host_dane(facts, out);
}

/* RFC 7672 3.2.2: the next-hop domain and what it is an alias of. */
static bool
is_named_by_leaf(const struct domain_facts *facts,
    const struct host_state *state)
{
	const struct lookup *mx = &facts->mx.lookup;

	if (cert_name_match_any(state->ta_name, state->n_ta_name, facts->name))
		return true;
	for (size_t i = 0; i < mx->n_cname; i++)
		if (cert_name_match_any(state->ta_name, state->n_ta_name,
		    mx->cname[i]))
			return true;
	return false;
}

enum dane_status
judge_join_dane(const struct domain_facts *facts,
    const struct host_state *state)
{
	bool is_settled = state->dane == DANE_STATUS_ABSENT ||
	    state->dane == DANE_STATUS_INSECURE ||
	    state->dane == DANE_STATUS_BOGUS;

	switch (facts->mx.lookup.secure) {
	case TRI_NO:
		/* RFC 7672 2.2.1: an attacker can forge the MX answer. */
		if (state->tlsa_published && state->dane != DANE_STATUS_BOGUS)
			return DANE_STATUS_INSECURE;
		return state->dane;
	case TRI_UNKNOWN:
		return is_settled ? state->dane : DANE_STATUS_INCONCLUSIVE;
	case TRI_YES:
		break;
	}
	if (state->dane == DANE_STATUS_MISMATCH && state->dane_ta_only &&
	    is_named_by_leaf(facts, state))
		return DANE_STATUS_OK;
	return state->dane;
}

/*
 * RFC 7672 2.2: secure records of which none is usable still demand TLS,
 * unauthenticated; a host without it is skipped.
 */
static bool
lacks_demanded_tls(const struct host_judgement *h)
{
	return h->dane == DANE_STATUS_UNUSABLE &&
	    (h->starttls == STARTTLS_STATUS_NOT_OFFERED ||
	    h->starttls == STARTTLS_STATUS_REFUSED ||
	    h->starttls == STARTTLS_STATUS_TLS_FAILED);
}

/* What is wrong with records that are secure and, some of them, usable. */
static void
record_findings(const struct host_state *state,
    const struct host_judgement *h, struct finding_set *set)
{
	bool is_ok = h->dane == DANE_STATUS_OK;
	bool is_mismatch = h->dane == DANE_STATUS_MISMATCH;

	if (is_mismatch && h->starttls == STARTTLS_STATUS_OK &&
	    state->dane_alternative)
		finding_raise(set, FINDING_DANE_WRONG_PARAMETERS);
	if (is_ok && state->dane_ta_not_sent)
		finding_raise(set, FINDING_DANE_TA_NOT_SENT);
	if ((is_ok || is_mismatch) && state->dane_some_unusable)
		finding_raise(set, FINDING_DANE_SOME_UNUSABLE);
}

static void
host_findings(const struct domain_facts *facts, size_t i,
    struct judgement *out)
{
	const struct host_state *state = &facts->host[i].state;
	enum dane_status dane = out->host[i].dane;

	if (lacks_demanded_tls(&out->host[i]) &&
	    state->starttls != STARTTLS_STATUS_TLS_FAILED)
		finding_raise(&out->findings, FINDING_DANE_NO_STARTTLS);
	if (dane == DANE_STATUS_MISMATCH)
		finding_raise(&out->findings, state->dane_no_starttls ?
		    FINDING_DANE_NO_STARTTLS : FINDING_DANE_MISMATCH);
	if (dane == DANE_STATUS_UNUSABLE)
		finding_raise(&out->findings, FINDING_DANE_UNUSABLE);
	if (dane == DANE_STATUS_BOGUS)
		finding_raise(&out->findings, FINDING_DANE_BOGUS);
	if (dane == DANE_STATUS_INSECURE &&
	    facts->mx.lookup.secure == TRI_NO)
		finding_raise(&out->findings, FINDING_DANE_MX_INSECURE);
	/* RFC 7672 2.2: no answer for a secure name delays mail. */
	if (dane == DANE_STATUS_INCONCLUSIVE && state->tlsa_failed &&
	    facts->mx.lookup.secure == TRI_YES)
		finding_raise(&out->findings, FINDING_DANE_LOOKUP_FAILED);
	record_findings(state, &out->host[i], &out->findings);
}

static enum verdict
verdict_of(const struct judgement *out, const size_t of[DANE_STATUS_COUNT])
{
	size_t n_pass = of[DANE_STATUS_OK] + of[DANE_STATUS_ABSENT] +
	    of[DANE_STATUS_INSECURE] + of[DANE_STATUS_UNUSABLE];
	size_t n_fail = of[DANE_STATUS_MISMATCH] + of[DANE_STATUS_BOGUS];
	size_t n_plain = of[DANE_STATUS_ABSENT] + of[DANE_STATUS_INSECURE];

	if (out->mx_status == MX_STATUS_INCONCLUSIVE)
		return VERDICT_INCONCLUSIVE;
	if (n_plain == out->n_host)
		return VERDICT_NONE;
	if (n_plain + of[DANE_STATUS_UNUSABLE] == out->n_host)
		return VERDICT_INVALID;
	if (n_fail == 0)
		return of[DANE_STATUS_OK] > 0 ? VERDICT_ENFORCE_OK :
		    VERDICT_INCONCLUSIVE;
	if (n_pass > 0)
		return VERDICT_ENFORCE_DEGRADED;
	return n_fail == out->n_host ? VERDICT_ENFORCE_FAIL :
	    VERDICT_INCONCLUSIVE;
}

void
judge_dane(const struct domain_facts *facts, struct judgement *out)
{
	size_t of[DANE_STATUS_COUNT] = { 0 };

	for (size_t i = 0; i < out->n_host; i++) {
		of[lacks_demanded_tls(&out->host[i]) ? DANE_STATUS_MISMATCH :
		    out->host[i].dane]++;
		host_findings(facts, i, out);
	}
	if (of[DANE_STATUS_ABSENT] > 0 && of[DANE_STATUS_OK] +
	    of[DANE_STATUS_MISMATCH] + of[DANE_STATUS_UNUSABLE] > 0)
		finding_raise(&out->findings, FINDING_DANE_PARTIAL);
	out->verdict_dane = verdict_of(out, of);
}
