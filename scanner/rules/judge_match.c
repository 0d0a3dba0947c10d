/* SPDX-License-Identifier: Apache-2.0
 *
 * judge_match.c: the patterns of a valid policy against the MX hosts of the
 * domain (RFC 8461 4.1), and where they miss them, in what way.
 */
#include "scanner/rules/judge_parts.h"

#include "scanner/rules/mx_class.h"

#include "scanner/base/banned.h"

/* flat switch */
static void
class_finding(enum mx_class class, struct finding_set *set)
{
	switch (class) {
	case MX_CLASS_TLD:
		finding_raise(set, FINDING_STS_POLICY_MX_TLD);
		break;
	case MX_CLASS_TYPO:
		finding_raise(set, FINDING_STS_POLICY_MX_TYPO);
		break;
	case MX_CLASS_THIRD_LABEL:
		finding_raise(set, FINDING_STS_POLICY_MX_THIRD_LABEL);
		break;
	case MX_CLASS_WHOLE_DOMAIN:
		finding_raise(set, FINDING_STS_POLICY_MX_WHOLE_DOMAIN);
		break;
	case MX_CLASS_NULL:
	case MX_CLASS_COUNT:
		break;
	}
}

/* UNKNOWN in_policy: no valid policy, or one that asks for nothing. */
static enum mx_match
match_of(const struct judgement *out)
{
	size_t n_in = 0;

	if (out->n_host == 0 || out->host[0].in_policy == TRI_UNKNOWN ||
	    (out->mx_status != MX_STATUS_OK &&
	    out->mx_status != MX_STATUS_IMPLICIT))
		return MX_MATCH_NULL;
	for (size_t i = 0; i < out->n_host; i++)
		n_in += out->host[i].in_policy == TRI_YES ? 1 : 0;
	if (n_in == out->n_host)
		return MX_MATCH_ALL;
	return n_in > 0 ? MX_MATCH_SOME : MX_MATCH_NONE;
}

void
judge_match(struct arena *a, const struct domain_facts *facts,
    struct judgement *out)
{
	struct slice *host = arena_array(a, out->n_host, sizeof(*host));

	for (size_t i = 0; i < out->n_host; i++)
		host[i] = out->host[i].host;
	out->mx_match = match_of(out);
	if (out->mx_match == MX_MATCH_NONE)
		out->mx_class = mx_class_of(&out->policy, host, out->n_host,
		    facts->name);
	if (!judge_policy_applies(out) || out->mx_match == MX_MATCH_NULL ||
	    out->mx_match == MX_MATCH_ALL)
		return;
	finding_raise(&out->findings, out->mx_match == MX_MATCH_NONE ?
	    FINDING_STS_POLICY_MX_MISMATCH : FINDING_STS_POLICY_MX_PARTIAL);
	class_finding(out->mx_class, &out->findings);
	mx_class_mistakes(&out->policy, host, out->n_host, facts->name,
	    &out->findings);
}
