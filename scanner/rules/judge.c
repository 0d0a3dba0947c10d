/* SPDX-License-Identifier: Apache-2.0
 *
 * judge.c: facts of one domain in, its judgement out.
 *
 * Puts the parts together: record and policy (judge_sts.c), TLS-RPT, MX
 * (here), their match (judge_match.c), DANE (judge_dane.c), what else is worth
 * a word (judge_quality.c); then the verdict, which is what an RFC 8461
 * sender without a cached policy would do today (5, 8461 4).
 */
#include "scanner/rules/judge_parts.h"

#include "scanner/rules/name.h"

#include "scanner/base/banned.h"

/* RFC 5321 5.1: no MX, so the domain itself, if it has an address. */
static enum mx_status
implicit_mx(const struct domain_facts *f)
{
	if (f->n_host == 0)
		return MX_STATUS_INCONCLUSIVE;
	switch (f->host[0].state.has_address) {
	case TRI_YES:
		return MX_STATUS_IMPLICIT;
	case TRI_NO:
		return MX_STATUS_ABSENT;
	case TRI_UNKNOWN:
		break;
	}
	return MX_STATUS_INCONCLUSIVE;
}

static bool
is_root(struct slice host)
{
	return slice_eq(host, SLICE_LIT("."));
}

static enum mx_status
explicit_mx(const struct domain_facts *f, struct finding_set *findings)
{
	size_t n_root = 0, n_literal = 0, n_localhost = 0;

	for (size_t i = 0; i < f->mx.n; i++) {
		if (is_root(f->mx.mx[i].host))
			n_root++;
		else if (name_is_address(f->mx.mx[i].host))
			n_literal++;
		else if (name_is_localhost(f->mx.mx[i].host))
			n_localhost++;
	}
	if (n_localhost > 0)
		finding_raise(findings, FINDING_MX_LOCALHOST);
	if (n_literal > 0)
		finding_raise(findings, FINDING_MX_ADDRESS_LITERAL);
	if (n_root == 1 && f->mx.n == 1)
		return MX_STATUS_NULL_MX;
	if (n_root > 0) {
		/* RFC 7505 3: a null MX stands alone. */
		finding_raise(findings, FINDING_MX_NULL_NOT_ALONE);
		return MX_STATUS_INVALID;
	}
	return n_literal + n_localhost == f->mx.n ? MX_STATUS_INVALID :
	    MX_STATUS_OK;
}

static enum mx_status
mx_status(const struct domain_facts *f, struct finding_set *findings)
{
	if (!lookup_is_answer(&f->mx.lookup))
		return MX_STATUS_INCONCLUSIVE;
	if (f->mx.lookup.outcome == OUTCOME_NXDOMAIN)
		return MX_STATUS_NXDOMAIN;
	return f->mx.n == 0 ? implicit_mx(f) : explicit_mx(f, findings);
}

static bool
has_hosts(enum mx_status s)
{
	return s == MX_STATUS_OK || s == MX_STATUS_IMPLICIT ||
	    s == MX_STATUS_INVALID;
}

static enum tri
in_policy(const struct judgement *out, struct slice host)
{
	if (out->policy_probed || out->policy_valid != TRI_YES ||
	    (out->policy.mode != POLICY_MODE_ENFORCE &&
	    out->policy.mode != POLICY_MODE_TESTING))
		return TRI_UNKNOWN;
	return sts_mx_match_any(&out->policy, host) ? TRI_YES : TRI_NO;
}

static void
judge_hosts(struct arena *a, const struct domain_facts *f,
    struct judgement *out)
{
	if (!has_hosts(out->mx_status))
		return;
	out->n_host = f->n_host;
	out->host = arena_array(a, f->n_host, sizeof(*out->host));
	for (size_t i = 0; i < f->n_host; i++) {
		const struct host_state *state = &f->host[i].state;

		out->host[i] = (struct host_judgement){
			.preference = f->host[i].preference,
			.host = f->host[i].host,
			.in_policy = in_policy(out, f->host[i].host),
			.starttls = state->starttls,
			.tls = state->tls,
			.trusted = state->trusted,
			.name_ok = state->name_ok,
			.time_ok = state->time_ok,
			.dane = judge_join_dane(f, state),
			.shared = state->shared,
		};
	}
}

static void
raise_if(struct finding_set *set, bool condition, enum finding f)
{
	if (condition)
		finding_raise(set, f);
}

/* Whoever names such a host has these. */
static void
host_findings(const struct host_state *s, bool is_implicit,
    struct finding_set *set)
{
	/* RFC 5321 5.1, RFC 2181 10.3: an MX target is no alias. */
	raise_if(set, s->is_alias && !is_implicit, FINDING_MX_CNAME);
	raise_if(set, s->has_address == TRI_NO, FINDING_MX_NO_ADDRESS);
	/* Nobody named an implicit MX as a host that takes mail. */
	raise_if(set, s->connect_refused && !is_implicit,
	    FINDING_MX_UNREACHABLE);
	raise_if(set, s->special_address, FINDING_MX_SPECIAL_ADDRESS);
	raise_if(set, s->starttls == STARTTLS_STATUS_NOT_OFFERED,
	    FINDING_STARTTLS_ABSENT);
	raise_if(set, s->starttls == STARTTLS_STATUS_REFUSED,
	    FINDING_STARTTLS_REFUSED);
	raise_if(set, s->starttls == STARTTLS_STATUS_TLS_FAILED,
	    FINDING_STARTTLS_TLS_FAILED);
	raise_if(set, s->injection, FINDING_STARTTLS_INJECTION);
	/* RFC 8689 2: REQUIRETLS is offered inside TLS alone. */
	raise_if(set, s->requiretls_plain, FINDING_STARTTLS_REQUIRETLS);
	/* RFC 3207 4.2: STARTTLS is not offered again. */
	raise_if(set, s->starttls_again, FINDING_STARTTLS_AGAIN);
	raise_if(set, s->addresses_disagree, FINDING_MX_ADDRESSES_DISAGREE);
}

/* RFC 8461 4.2, 7.2: only a policy that applies demands these. */
static void
certificate_findings(const struct host_state *s, int64_t now,
    struct finding_set *set)
{
	raise_if(set, judge_is_old_tls(s->tls), FINDING_CERT_TLS_OLD);
	raise_if(set, s->untrusted, FINDING_CERT_UNTRUSTED);
	raise_if(set, s->self_signed, FINDING_CERT_SELF_SIGNED);
	raise_if(set, s->incomplete, FINDING_CERT_INCOMPLETE);
	raise_if(set, s->bad_name, FINDING_CERT_NAME);
	raise_if(set, s->cn_only, FINDING_CERT_CN_ONLY);
	raise_if(set, s->wildcard_suffix, FINDING_CERT_WILDCARD_SUFFIX);
	raise_if(set, s->expired, FINDING_CERT_EXPIRED);
	raise_if(set, s->not_yet, FINDING_CERT_NOT_YET);
	raise_if(set, s->no_cert, FINDING_CERT_NONE);
	raise_if(set, !s->expired && !s->not_yet &&
	    judge_expires_soon(now, s->not_before, s->not_after),
	    FINDING_CERT_EXPIRES_SOON);
}

bool
judge_policy_applies(const struct judgement *out)
{
	return out->policy_status == POLICY_STATUS_OK &&
	    !out->policy_probed &&
	    (out->policy.mode == POLICY_MODE_ENFORCE ||
	    out->policy.mode == POLICY_MODE_TESTING);
}

static void
tlsrpt_findings(struct judgement *out)
{
	if (!judge_wants_policy(&out->sts) ||
	    out->tlsrpt.status != RECORD_STATUS_ABSENT)
		return;
	finding_raise(&out->findings, FINDING_TLSRPT_ABSENT);
	/* RFC 8461 5: testing is for the sake of reports. */
	raise_if(&out->findings, out->policy_status == POLICY_STATUS_OK &&
	    out->policy.mode == POLICY_MODE_TESTING,
	    FINDING_TLSRPT_ABSENT_TESTING);
}

static void
mx_findings(const struct domain_facts *f, struct judgement *out)
{
	bool is_implicit = out->mx_status == MX_STATUS_IMPLICIT;
	bool applies = judge_policy_applies(out);

	for (size_t i = 0; i < out->n_host; i++) {
		host_findings(&f->host[i].state, is_implicit, &out->findings);
		if (applies)
			certificate_findings(&f->host[i].state, f->now,
			    &out->findings);
	}
	raise_if(&out->findings, out->sts.status == RECORD_STATUS_OK &&
	    out->mx_status == MX_STATUS_NULL_MX, FINDING_STS_POLICY_NULL_MX);
}

static bool
host_fails(const struct host_judgement *h)
{
	return h->in_policy == TRI_NO ||
	    h->starttls == STARTTLS_STATUS_NOT_OFFERED ||
	    h->starttls == STARTTLS_STATUS_REFUSED ||
	    h->starttls == STARTTLS_STATUS_TLS_FAILED ||
	    h->trusted == TRI_NO || h->name_ok == TRI_NO ||
	    h->time_ok == TRI_NO || judge_is_old_tls(h->tls);
}

static bool
host_passes(const struct host_judgement *h)
{
	return h->in_policy == TRI_YES &&
	    h->starttls == STARTTLS_STATUS_OK && h->trusted == TRI_YES &&
	    h->name_ok == TRI_YES && h->time_ok == TRI_YES &&
	    h->tls >= TLS_VERSION_1_2;
}

/* RFC 8461 5: a usable policy applied to every MX host. */
static enum verdict
verdict_of_hosts(const struct domain_facts *f, struct judgement *out)
{
	size_t n_fail = 0, n_pass = 0;
	bool some_unknown = false;

	if (out->n_host == 0)
		return out->mx_status == MX_STATUS_INVALID ? VERDICT_NONE :
		    VERDICT_INCONCLUSIVE;
	for (size_t i = 0; i < out->n_host; i++) {
		enum starttls_status s = out->host[i].starttls;

		if (host_fails(&out->host[i]))
			n_fail++;
		else if (host_passes(&out->host[i]))
			n_pass++;
		else if (s == STARTTLS_STATUS_INCONCLUSIVE ||
		    s == STARTTLS_STATUS_BLOCKED)
			some_unknown = true;
	}
	if (out->policy.mode == POLICY_MODE_TESTING) {
		if (n_fail > 0)
			return VERDICT_TESTING_FAIL;
		return n_pass > 0 ? VERDICT_TESTING_OK : VERDICT_INCONCLUSIVE;
	}
	if (n_pass > 0 && n_fail > 0)
		return VERDICT_ENFORCE_DEGRADED;
	if (n_pass > 0) {
		raise_if(&out->findings, some_unknown,
		    FINDING_MX_SOME_INCONCLUSIVE);
		return VERDICT_ENFORCE_OK;
	}
	/* Hosts beyond the cap were not looked at. */
	if (n_fail == out->n_host && !f->hosts_cut)
		return VERDICT_ENFORCE_FAIL;
	return VERDICT_INCONCLUSIVE;
}

/* flat switch */
static enum verdict
verdict_of_mx(const struct domain_facts *f, struct judgement *out)
{
	switch (out->mx_status) {
	case MX_STATUS_NULL_MX:
	case MX_STATUS_ABSENT:
	case MX_STATUS_NXDOMAIN:
		return VERDICT_NONE;
	case MX_STATUS_INCONCLUSIVE:
		return VERDICT_INCONCLUSIVE;
	case MX_STATUS_OK:
	case MX_STATUS_IMPLICIT:
	case MX_STATUS_INVALID:
	case MX_STATUS_COUNT:
		break;
	}
	return verdict_of_hosts(f, out);
}

/* flat switch */
static enum verdict
verdict_of_policy(const struct domain_facts *f, struct judgement *out,
    bool is_final)
{
	switch (out->policy_status) {
	case POLICY_STATUS_OK:
		break;
	case POLICY_STATUS_NONE_TRIED:
	case POLICY_STATUS_INCONCLUSIVE:
		return VERDICT_INCONCLUSIVE;
	case POLICY_STATUS_DNS:
	case POLICY_STATUS_TCP:
	case POLICY_STATUS_TLS:
	case POLICY_STATUS_HTTP:
	case POLICY_STATUS_SYNTAX:
	case POLICY_STATUS_COUNT:
		/* RFC 8461 3.3, 5: deliver as if there were no MTA-STS. */
		return is_final ? VERDICT_INVALID : VERDICT_INCONCLUSIVE;
	}
	if (out->policy.mode == POLICY_MODE_NONE)
		return VERDICT_NONE;
	return verdict_of_mx(f, out);
}

/* Record, then policy, then MX: the first that decides. */
static enum verdict
verdict(const struct domain_facts *f, struct judgement *out, bool is_final)
{
	switch (out->sts.status) {
	case RECORD_STATUS_ABSENT:
		return VERDICT_NONE;
	case RECORD_STATUS_INCONCLUSIVE:
		return VERDICT_INCONCLUSIVE;
	case RECORD_STATUS_INVALID:
	case RECORD_STATUS_MULTIPLE:
		return VERDICT_INVALID;
	case RECORD_STATUS_OK:
	case RECORD_STATUS_COUNT:
		break;
	}
	return verdict_of_policy(f, out, is_final);
}

static void
judge_also(struct arena *a, const struct domain_facts *f,
    struct judgement *out)
{
	if (f->also == NULL)
		return;
	out->also = arena_array(a, ALSO_COUNT, sizeof(*out->also));
	for (size_t q = 0; q < ALSO_COUNT; q++)
		out->also[q] = also_judge((enum also)q, &f->also[q]);
}

/*
 * The policy and what is to be said of it.  RFC 8461 3.1: without a record
 * there is no MTA-STS, so whatever stands at the policy host breaks nothing;
 * that a policy waits there is worth a word.
 */
static bool
policy_of_domain(struct arena *a, const struct policy_facts *p,
    struct judgement *out)
{
	struct finding_set before = out->findings;
	bool is_final = judge_policy(a, p, out);

	out->policy_probed = p->host.n > 0 &&
	    out->sts.status == RECORD_STATUS_ABSENT;
	if (!out->policy_probed) {
		raise_if(&out->findings, judge_addresses_disagree(a, p, out),
		    FINDING_STS_POLICY_ADDRESSES_DISAGREE);
		return is_final;
	}
	out->findings = before;
	raise_if(&out->findings, out->policy_status == POLICY_STATUS_OK,
	    FINDING_STS_POLICY_WITHOUT_RECORD);
	return is_final;
}

void
judge_domain(struct arena *a, const struct domain_facts *facts,
    struct judgement *out)
{
	bool is_final;

	*out = (struct judgement){ .sts = sts_rrset_judge(&facts->sts_txt) };
	finding_merge(&out->findings, &out->sts.findings);
	tlsrpt_rrset_judge(a, &facts->tlsrpt_txt, &out->tlsrpt);
	finding_merge(&out->findings, &out->tlsrpt.findings);
	is_final = policy_of_domain(a, &facts->policy, out);
	out->mx_status = mx_status(facts, &out->findings);
	judge_hosts(a, facts, out);
	mx_findings(facts, out);
	tlsrpt_findings(out);
	judge_match(a, facts, out);
	judge_dane(facts, out);
	judge_quality(facts, out);
	judge_also(a, facts, out);
	out->verdict = verdict(facts, out, is_final);
}
