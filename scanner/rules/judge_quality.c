/* SPDX-License-Identifier: Apache-2.0
 *
 * judge_quality.c: what no status and no verdict rests on: who hosts the
 * record and the policy, what the id tells, and findings on a deployment that
 * works or fails as it is judged elsewhere.
 */
#include "scanner/rules/judge_parts.h"

#include "scanner/rules/provider.h"

#include "scanner/base/banned.h"

#define DAY_SECONDS INT64_C(86400)
#define SOON_SECONDS (14 * DAY_SECONDS)

static void
raise_if(struct finding_set *set, bool condition, enum finding f)
{
	if (condition)
		finding_raise(set, f);
}

bool
judge_expires_soon(int64_t now, int64_t not_before, int64_t not_after)
{
	int64_t left;

	/* now 0: not known. */
	if (now <= 0 || not_after <= now)
		return false;
	left = not_after - now;
	/* A third of its life, without a difference that could overflow. */
	return left < SOON_SECONDS && not_before < not_after - 3 * left;
}

static void
judge_record(const struct domain_facts *facts, struct judgement *out)
{
	const struct lookup *l = &facts->sts_txt.lookup;

	out->sts_provider = provider_of_chain(PROVIDER_STS, l->cname,
	    l->n_cname);
	out->has_id_time = sts_id_time(out->sts.id, &out->id_time);
	raise_if(&out->findings, out->has_id_time && facts->now > 0 &&
	    out->sts.status == RECORD_STATUS_OK &&
	    out->id_time - DAY_SECONDS > facts->now,
	    FINDING_STS_RECORD_ID_IN_FUTURE);
	raise_if(&out->findings, out->sts.status == RECORD_STATUS_ABSENT &&
	    l->n_cname > 0 && (l->outcome == OUTCOME_NXDOMAIN ||
	    l->outcome == OUTCOME_NODATA), FINDING_STS_RECORD_DANGLING);
}

static bool
policy_expires_soon(const struct policy_facts *p, int64_t now)
{
	const struct tls_facts *t = &p->tls;

	return p->host.n > 0 && t->outcome == OUTCOME_OK && t->n_chain > 0 &&
	    t->trusted == TRI_YES && t->name_ok == TRI_YES &&
	    t->time_ok == TRI_YES &&
	    judge_expires_soon(now, t->not_before, t->not_after);
}

static void
judge_policy_host(const struct domain_facts *facts, struct judgement *out)
{
	const struct policy_facts *p = &facts->policy;
	const struct lookup *l = p->a.lookup.n_cname > 0 ? &p->a.lookup :
	    &p->aaaa.lookup;

	out->policy_provider = provider_of_chain(PROVIDER_STS, l->cname,
	    l->n_cname);
	if (out->policy_probed)
		return;
	raise_if(&out->findings, out->policy_status == POLICY_STATUS_DNS &&
	    l->n_cname > 0, FINDING_STS_POLICY_DANGLING);
	raise_if(&out->findings, policy_expires_soon(p, facts->now),
	    FINDING_STS_POLICY_CERT_EXPIRES_SOON);
}

/* Does a host protect what is sent to it?  TLS versions do not count. */
static enum tri
protects(const struct host_judgement *h)
{
	if (h->starttls == STARTTLS_STATUS_NOT_OFFERED ||
	    h->starttls == STARTTLS_STATUS_REFUSED ||
	    h->starttls == STARTTLS_STATUS_TLS_FAILED ||
	    h->trusted == TRI_NO || h->name_ok == TRI_NO ||
	    h->time_ok == TRI_NO)
		return TRI_NO;
	if (h->starttls == STARTTLS_STATUS_OK && h->trusted == TRI_YES &&
	    h->name_ok == TRI_YES && h->time_ok == TRI_YES)
		return TRI_YES;
	return TRI_UNKNOWN;
}

static bool
hosts_disagree(const struct judgement *out)
{
	bool some_do = false, some_do_not = false;

	for (size_t i = 0; i < out->n_host; i++) {
		enum tri t = protects(&out->host[i]);

		some_do = some_do || t == TRI_YES;
		some_do_not = some_do_not || t == TRI_NO;
	}
	return some_do && some_do_not;
}

void
judge_quality(const struct domain_facts *facts, struct judgement *out)
{
	judge_record(facts, out);
	judge_policy_host(facts, out);
	raise_if(&out->findings, hosts_disagree(out),
	    FINDING_MX_HOSTS_DISAGREE);
}
