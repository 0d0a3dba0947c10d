-- SPDX-License-Identifier: Apache-2.0
--
-- findings.sql: what is wrong, by severity.  Share of all domains; a domain
-- counts once for each code.
WITH raised AS (
	SELECT code, count(*) AS numerator
	FROM (SELECT unnest(list_distinct(findings)) AS code FROM domain)
	GROUP BY code
)
SELECT coalesce(severity, 'severity unknown') AS section, code AS item,
       code AS label, numerator, denominator,
       share(numerator, denominator) AS share
FROM raised LEFT JOIN catalogue USING (code),
     (SELECT count(*) AS denominator FROM domain)
ORDER BY list_position(['error', 'warning', 'info'], severity) NULLS LAST,
         numerator DESC, code;
