-- SPDX-License-Identifier: Apache-2.0
--
-- report_examples.sql: for each finding some domains that have it, the ones of
-- the best rank first.
SELECT code, list(name ORDER BY place) AS names
FROM (
	SELECT code, name, row_number() OVER (
		PARTITION BY code ORDER BY rank NULLS LAST, line, name) AS place
	FROM (SELECT unnest(list_distinct(findings)) AS code, name, rank, line
	      FROM domain)
	QUALIFY place <= $n
)
GROUP BY code;
