-- SPDX-License-Identifier: Apache-2.0
--
-- verdicts.sql: what a sender that follows RFC 8461 would do today, and what
-- one that follows RFC 7672 would do.  Share of all domains.
WITH judged AS (
	SELECT 'MTA-STS senders' AS section, verdict AS item FROM domain
	UNION ALL
	SELECT 'DANE senders', verdict_dane FROM domain
), counted AS (
	SELECT section, coalesce(item, '(missing)') AS item,
	       count(*) AS numerator
	FROM judged GROUP BY ALL
)
SELECT section, item, item AS label, numerator, denominator,
       share(numerator, denominator) AS share
FROM counted, (SELECT count(*) AS denominator FROM domain)
ORDER BY section DESC, list_position(['enforce_ok', 'enforce_degraded',
	'enforce_fail', 'testing_ok', 'testing_fail', 'invalid', 'none',
	'inconclusive', '(missing)'], item) NULLS LAST, item;
