-- SPDX-License-Identifier: Apache-2.0
--
-- operators.sql: who takes the mail, by the first MX host; of domains with MX.
-- A listed provider has its name, anybody else the registrable domain of the
-- host.  How much the largest have together; the same for domains with an STS
-- record.
WITH mail AS (
	SELECT 1 AS place, 'MX operators' AS heading, '' AS prefix, operator
	FROM measured WHERE in_mail
	UNION ALL
	SELECT 2, 'MX operators of STS domains', 'sts_', operator
	FROM measured WHERE in_mail AND in_sts
), sized AS (
	SELECT place, heading, prefix, operator, count(*) AS n,
		sum(count(*)) OVER (PARTITION BY place)::BIGINT AS total,
		row_number() OVER (PARTITION BY place
		                   ORDER BY count(*) DESC, operator) AS nth
	FROM mail GROUP BY place, heading, prefix, operator
), row_ AS (
	SELECT place * 2 AS place, nth AS turn, counted(heading,
		prefix || as_key(operator), operator, n, total, 0) AS r
	FROM sized WHERE nth <= 20
	UNION ALL
	SELECT place * 2 - 1, top, counted(heading || ', together',
		prefix || 'top_' || top, 'the largest ' || top,
		sum(n) FILTER (nth <= top)::BIGINT, any_value(total), 0)
	FROM sized, (VALUES (1), (2), (5), (10), (100)) AS t(top)
	GROUP BY place, heading, prefix, top
	UNION ALL
	SELECT place * 2 - 1, 1000, counted(heading || ', together',
		prefix || 'operators', 'operators', count(*), NULL, 0)
	FROM sized GROUP BY place, heading, prefix
)
SELECT unnest(r) FROM (FROM row_ ORDER BY place, turn);
