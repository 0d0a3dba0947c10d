-- SPDX-License-Identifier: Apache-2.0
--
-- report_providers.sql: who hosts policies, of domains with an STS record: the
-- provider that the alias of the policy host or of the record leads to.
-- Inconclusive fetches stand beside usable and failed ones.
WITH hosted AS (
	SELECT coalesce(sts.policy.provider, sts.record.provider,
	                '(the domain itself, or not known)') AS provider,
	       sts.policy.mode AS mode,
	       CASE WHEN sts.record.status <> 'ok' THEN false
	            WHEN coalesce(sts.policy.status, 'none_tried')
	                 IN ('inconclusive', 'none_tried') THEN NULL
	            WHEN sts.policy.status = 'tcp'
	             AND verdict = 'inconclusive' THEN NULL
	            ELSE sts.policy.status = 'ok' END AS usable
	FROM domain
	WHERE sts.record.status IN ('ok', 'invalid', 'multiple')
)
SELECT provider, count(*) AS domains,
       count(*) FILTER (usable) AS usable,
       count(*) FILTER (NOT usable) AS failed,
       count(*) FILTER (usable IS NULL) AS inconclusive,
       count(*) FILTER (usable AND mode = 'enforce') AS enforce,
       count(*) FILTER (usable AND mode = 'testing') AS testing,
       count(*) FILTER (usable AND mode = 'none') AS "none"
FROM hosted
GROUP BY provider
ORDER BY domains DESC, provider
LIMIT $top;
