-- SPDX-License-Identifier: Apache-2.0
--
-- policy.sql: how far fetching the policy came, where it was tried: the first
-- layer that failed, or ok.  Time-outs and failed look-ups leave numerator and
-- denominator, and stand beside the layer they happened in.
WITH tried AS (
	SELECT sts.policy.status AS item,
	       coalesce(sts.policy.status = 'inconclusive'
	                OR (sts.policy.status = 'tcp'
	                    AND verdict = 'inconclusive'), false) AS is_unknown
	FROM domain
	WHERE sts.policy.status <> 'none_tried'
)
SELECT 'Where an STS record asks for it' AS section, item, item AS label,
       count(*) FILTER (NOT is_unknown) AS numerator,
       if(item = 'inconclusive', NULL, sum(numerator) OVER ())::BIGINT
       AS denominator,
       share(numerator, denominator) AS share,
       count(*) FILTER (is_unknown) AS inconclusive
FROM tried
GROUP BY item
ORDER BY list_position(['ok', 'dns', 'tcp', 'tls', 'http', 'syntax',
	'inconclusive'], item) NULLS LAST, item;
