-- SPDX-License-Identifier: Apache-2.0
--
-- outsourcing.sql: domains whose policy and whose mail are both at third
-- parties (entities.sql), with a usable policy: with one provider or with two,
-- and how often no pattern matches.  One provider: the registrable domains of
-- policy host and MX host are equal, or their first labels, or the names of
-- the listed providers.
WITH both_ AS (
	SELECT *, if(match IS NULL, NULL, match = 'none') AS misses,
		coalesce(policy_operator = operator, false)
		OR coalesce(string_split(policy_operator, '.')[1]
		            = string_split(operator, '.')[1], false)
		OR coalesce(provider = provider_mx, false) AS is_same
	FROM sts LEFT JOIN host_operator ON host = first_host
	WHERE is_usable AND in_mail AND policy_entity = 'third'
	  AND mx_entity = 'third'
)
SELECT unnest([
	counted('Both outsourced', 'both', 'policy and mail', count(*),
	        (SELECT count(*) FROM sts WHERE is_usable AND in_mail), 0),
	tally('Both outsourced', 'same', 'to one provider', true, is_same),
	tally('Both outsourced', 'different', 'to different providers', true,
	      NOT is_same),
	tally('Inconsistent', 'same_inconsistent', 'of one provider', is_same,
	      misses),
	tally('Inconsistent', 'different_inconsistent',
	      'of different providers', NOT is_same, misses)
], recursive := true)
FROM both_;
