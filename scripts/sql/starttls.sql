-- SPDX-License-Identifier: Apache-2.0
--
-- starttls.sql: STARTTLS by host status, once per domain and MX host, once per
-- distinct MX host.  The share is of the hosts that answered; blocked,
-- inconclusive and unreachable hosts have none.
WITH probed AS (
	SELECT 1 AS place, 'Per domain and MX host' AS section, starttls
	FROM domain_host
	UNION ALL
	SELECT 2, 'Per distinct MX host', starttls FROM host
), counted AS (
	SELECT place, section, coalesce(starttls, '(missing)') AS item,
	       count(*) AS n,
	       item IN ('ok', 'not_offered', 'refused', 'tls_failed')
	       AS has_answered
	FROM probed GROUP BY ALL
)
SELECT section, item, item AS label,
       if(item IN ('blocked', 'inconclusive', '(missing)'), 0, n) AS numerator,
       if(has_answered, sum(if(has_answered, n, 0)) OVER (PARTITION BY section),
          NULL)::BIGINT AS denominator,
       share(numerator, denominator) AS share,
       if(item IN ('blocked', 'inconclusive', '(missing)'), n, 0)
       AS inconclusive
FROM counted
ORDER BY place, list_position(['ok', 'not_offered', 'refused', 'tls_failed',
	'unreachable', 'blocked', 'inconclusive'], item) NULLS LAST, item;
