-- SPDX-License-Identifier: Apache-2.0
--
-- tls.sql: the TLS version of MX hosts on which STARTTLS works (the lowest one
-- seen over a host's addresses).
WITH spoken AS (
	SELECT 1 AS place, 'Per domain and MX host' AS section, tls
	FROM domain_host WHERE starttls = 'ok'
	UNION ALL
	SELECT 2, 'Per distinct MX host', tls FROM host WHERE starttls = 'ok'
), counted AS (
	SELECT place, section, coalesce(tls, '(missing)') AS item,
	       count(*) AS numerator
	FROM spoken GROUP BY ALL
)
SELECT section, item, if(tls_known, 'TLS ' || item, item) AS label, numerator,
       sum(numerator) OVER (PARTITION BY section)::BIGINT AS denominator,
       share(numerator, denominator) AS share
FROM (SELECT *, item <> '(missing)' AS tls_known FROM counted)
ORDER BY place, tls_known DESC, item DESC;
