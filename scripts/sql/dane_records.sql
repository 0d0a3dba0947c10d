-- SPDX-License-Identifier: Apache-2.0
--
-- dane_records.sql: what TLSA records say, of distinct MX hosts that have some
-- and of the records.  Usages 2 (DANE-TA) and 3 (DANE-EE) are of SMTP.
CREATE OR REPLACE TEMP MACRO has_usage(rr, n) AS
	len(list_filter(rr, lambda r: r.usage = n)) > 0;
WITH hosts AS (
	SELECT tlsa.rr AS rr FROM probed WHERE len(tlsa.rr) > 0
), records AS (
	SELECT r.* FROM (SELECT unnest(rr) AS r FROM hosts)
), total AS (
	SELECT count(*) AS n FROM records
), row_ AS (
SELECT 1 AS place, 0 AS turn, [
	tally('Hosts by usage', 'ee', 'DANE-EE (3) alone', true,
	      has_usage(rr, 3) AND NOT has_usage(rr, 2)),
	tally('Hosts by usage', 'ta', 'DANE-TA (2) alone', true,
	      has_usage(rr, 2) AND NOT has_usage(rr, 3)),
	tally('Hosts by usage', 'both', 'both', true,
	      has_usage(rr, 2) AND has_usage(rr, 3)),
	tally('Hosts by usage', 'pkix', 'PKIX (0, 1) alone', true,
	      NOT has_usage(rr, 2) AND NOT has_usage(rr, 3)),
	tally('Hosts by usage', 'some_unusable', 'a record is not usable',
	      true, len(list_filter(rr, lambda r: NOT r.usable)) > 0),
	tally('Hosts by usage', 'several', 'several records', true,
	      len(rr) > 1)
] AS rows_
FROM hosts
UNION ALL
SELECT 2, usage, [counted('Records by usage', 'usage_' || usage,
	'usage ' || usage, count(*), any_value(n), 0)] AS rows_
FROM records, total GROUP BY usage
UNION ALL
SELECT 3, selector, [counted('Records by selector',
	'selector_' || selector, 'selector ' || selector, count(*),
	any_value(n), 0)] AS rows_
FROM records, total GROUP BY selector
UNION ALL
SELECT 4, mtype, [counted('Records by matching type',
	'mtype_' || mtype, 'matching type ' || mtype, count(*),
	any_value(n), 0)] AS rows_
FROM records, total GROUP BY mtype
UNION ALL
SELECT 5, -count(*), [counted('Records by parameters',
	concat_ws('_', 'rr', usage, selector, mtype),
	concat_ws(' ', usage, selector, mtype), count(*), any_value(n), 0)] AS rows_
FROM records, total GROUP BY usage, selector, mtype
)
SELECT unnest(rows_, recursive := true)
FROM (FROM row_ ORDER BY place, turn, rows_[1].item);
