-- SPDX-License-Identifier: Apache-2.0
--
-- consistency.sql: do the patterns of usable policies match the MX hosts; of
-- domains with a usable policy and MX records.  A policy is inconsistent where
-- no host matches; its class is the first that holds of TLD, typo, third label
-- and domain.  The share of a class is of all these domains, as in the study.
WITH fit AS (
	SELECT *, if(match IS NULL, NULL, match = 'none') AS misses,
		if(match IS NULL OR (match = 'none' AND mx_class IS NULL), NULL,
		   if(match = 'none', mx_class, '')) AS class
	FROM sts WHERE in_mail AND is_usable
)
SELECT unnest([
	tally('Patterns match', 'all', 'every MX host', true, match = 'all'),
	tally('Patterns match', 'some', 'some, not all (partial)', true,
	      match = 'some'),
	tally('Patterns match', 'none', 'none: inconsistent', true, misses),

	tally('Inconsistent', 'tld', 'another TLD', true, class = 'tld'),
	tally('Inconsistent', 'typo', 'a typo', true, class = 'typo'),
	tally('Inconsistent', 'third_label', 'from the third label on', true,
	      class = 'third_label'),
	tally('Inconsistent', 'whole_domain', 'the whole domain', true,
	      class = 'whole_domain'),

	tally('Single mistakes', 'policy_host', 'mta-sts name as mx', true,
	      raised(findings, 'sts.policy.mx_policy_host')),
	tally('Single mistakes', 'policy_host_third_label',
	      '... of third-label misses',
	      class = 'third_label', raised(findings, 'sts.policy.mx_policy_host')),
	tally('Single mistakes', 'wildcard_depth', 'wildcard of wrong depth',
	      true, raised(findings, 'sts.policy.mx_wildcard_depth')),
	tally('Single mistakes', 'domain_itself', 'the domain itself as mx',
	      true, raised(findings, 'sts.policy.mx_domain_itself')),
	counted('Single mistakes', 'trailing_dot', 'trailing dot (bad file)',
	        any_value(dots), NULL, 0),

	tally('Mode enforce', 'enforce_none', 'inconsistent and enforce', true,
	      misses AND mode = 'enforce'),
	tally('Mode enforce', 'enforce_some', 'partial and enforce', true,
	      match = 'some' AND mode = 'enforce'),
	tally('Mode enforce', 'of_enforce', 'inconsistent, of enforce',
	      mode = 'enforce', misses)
], recursive := true)
FROM fit, (SELECT count(*) AS dots FROM sts
           WHERE policy_status = 'syntax'
             AND raised(findings, 'sts.policy.mx_trailing_dot'));
