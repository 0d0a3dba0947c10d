-- SPDX-License-Identifier: Apache-2.0
--
-- bogus.sql: questions whose DNSSEC proof fails, and the extended errors (EDE,
-- RFC 8914) that resolvers gave with them; of all questions of a kind that were
-- put.  Questions that failed otherwise stand beside.
WITH question AS (
	SELECT 1 AS place, 'MX' AS kind, mx_lookup AS q FROM domain
	WHERE mx_lookup IS NOT NULL
	UNION ALL
	SELECT 2, 'TXT of _mta-sts', sts.record.lookup FROM domain
	WHERE sts.record.lookup IS NOT NULL
	UNION ALL
	SELECT 3, 'A of policy hosts', sts.policy.a FROM domain
	WHERE sts.policy.a IS NOT NULL
	UNION ALL
	SELECT 4, 'A of MX hosts', a FROM probed WHERE a IS NOT NULL
	UNION ALL
	SELECT 5, 'TLSA', tlsa.lookup FROM probed
	WHERE tlsa.lookup IS NOT NULL
), slim AS (
	SELECT place, kind, q.outcome AS outcome, if(q.outcome = 'bogus',
		list_transform(q.ede, lambda e: e.code), NULL) AS codes
	FROM question
), coded AS (
	SELECT code, count(*) AS n
	FROM (SELECT unnest(list_distinct(codes)) AS code FROM slim)
	GROUP BY code
), total AS (
	SELECT count(*) AS n FROM slim WHERE outcome = 'bogus'
), row_ AS (
	SELECT place, 0 AS turn, [tally('Bogus, by question',
		'bogus_' || as_key(kind), kind, true,
		if(outcome IN ('ok', 'nodata', 'nxdomain', 'bogus'),
		   outcome = 'bogus', NULL))] AS rows_
	FROM slim GROUP BY place, kind
	UNION ALL
	SELECT 6, 0, [counted('Why', 'no_ede', 'no extended error',
		count(*) FILTER (coalesce(len(codes), 0) = 0),
		any_value(total.n), 0)] AS rows_
	FROM slim, total WHERE outcome = 'bogus'
	UNION ALL
	SELECT 7, code, [counted('Why', 'ede_' || code, CASE code
		WHEN 1 THEN '1 unsupported algorithm'
		WHEN 2 THEN '2 unsupported digest' WHEN 5 THEN '5 indeterminate'
		WHEN 6 THEN '6 bogus' WHEN 7 THEN '7 signature expired'
		WHEN 8 THEN '8 signature not yet valid'
		WHEN 9 THEN '9 DNSKEY missing' WHEN 10 THEN '10 RRSIGs missing'
		WHEN 11 THEN '11 no zone key' WHEN 12 THEN '12 NSEC missing'
		ELSE code || ' see RFC 8914' END, coded.n, total.n, 0)] AS rows_
	FROM coded, total
)
SELECT unnest(rows_, recursive := true)
FROM (FROM row_ ORDER BY place, turn);
