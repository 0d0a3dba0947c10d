/* SPDX-License-Identifier: Apache-2.0
 *
 * judge_others.c: do the addresses of a policy host serve one policy?
 *
 * RFC 8461 3.3 names a host, not an address: a sender fetches from whichever
 * connects.  Each address is judged as if it alone had been asked.  One with
 * which no connection stands leads a sender on to the next, so it disagrees
 * with nobody, and neither does one that fails for the moment.
 */
#include "scanner/rules/judge_parts.h"

#include "scanner/base/banned.h"

enum serving {
	SERVING_UNKNOWN,
	SERVING_NONE,   /* an answer, and no sender can use it */
	SERVING_POLICY,
};

/* Statuses that speak of the moment (RFC 9110 15.5.9, 15.6; RFC 6585 4). */
static bool
is_momentary(uint32_t http_status)
{
	return http_status == 408 || http_status == 429 ||
	    http_status == 503 || http_status == 504;
}

/* flat switch */
static enum serving
serving_of(enum policy_status status, uint32_t http_status)
{
	switch (status) {
	case POLICY_STATUS_OK:
		return SERVING_POLICY;
	case POLICY_STATUS_TLS:
	case POLICY_STATUS_SYNTAX:
		return SERVING_NONE;
	case POLICY_STATUS_HTTP:
		return is_momentary(http_status) ? SERVING_UNKNOWN :
		    SERVING_NONE;
	case POLICY_STATUS_NONE_TRIED:
	case POLICY_STATUS_DNS:
	case POLICY_STATUS_TCP:
	case POLICY_STATUS_INCONCLUSIVE:
	case POLICY_STATUS_COUNT:
		break;
	}
	return SERVING_UNKNOWN;
}

/* As if the fetch had gone to this address. */
static struct policy_facts
facts_of(const struct policy_facts *p, const struct policy_other *o)
{
	return (struct policy_facts){
		.host = p->host,
		.outcome = o->outcome,
		.tls = { .outcome = o->tls, .n_chain = o->has_leaf,
			.trusted = o->trusted, .name_ok = o->name_ok,
			.time_ok = o->time_ok },
		.http_status = o->http_status,
		.body = o->same == TRI_YES ? p->body : o->body,
		.body_cut = o->body_cut,
	};
}

static bool
has_all_mx(const struct sts_policy *p, const struct sts_policy *of)
{
	for (size_t i = 0; i < of->n_mx; i++) {
		size_t k = 0;

		while (k < p->n_mx && !slice_eq_nocase(p->mx[k], of->mx[i]))
			k++;
		if (k == p->n_mx)
			return false;
	}
	return true;
}

/* The order of lines, extensions and line ends are no part of a policy. */
static bool
is_same_policy(const struct sts_policy *a, const struct sts_policy *b)
{
	return a->mode == b->mode && a->max_age == b->max_age &&
	    has_all_mx(a, b) && has_all_mx(b, a);
}

bool
judge_addresses_disagree(struct arena *a, const struct policy_facts *p,
    const struct judgement *out)
{
	enum serving first = serving_of(out->policy_status, p->http_status);
	bool some_policy = first == SERVING_POLICY;
	bool some_none = first == SERVING_NONE;
	struct sts_policy policy = out->policy;

	for (size_t i = 0; i < p->n_other; i++) {
		struct policy_facts facts = facts_of(p, &p->other[i]);
		struct judgement j = { .n_host = 0 };
		enum serving s;

		(void)judge_policy(a, &facts, &j);
		s = serving_of(j.policy_status, facts.http_status);
		some_none = some_none || s == SERVING_NONE;
		if (s != SERVING_POLICY)
			continue;
		if (some_policy && !is_same_policy(&policy, &j.policy))
			return true;
		if (!some_policy)
			policy = j.policy;
		some_policy = true;
	}
	return some_policy && some_none;
}
