-- SPDX-License-Identifier: Apache-2.0
--
-- report_worst.sql: the domains that a page tells of one by one, as the table
-- `told`: those asked for by name, then those in the worst state, in the order
-- in which they are listed.  `wanted` holds names; `limit` bounds the others.
CREATE TABLE told AS
WITH fault AS (
	SELECT file, line,
	       count(*) FILTER (severity = 'error') AS errors,
	       count(*) FILTER (severity = 'warning') AS warnings
	FROM (SELECT file, line, unnest(list_distinct(findings)) AS code
	      FROM domain)
	     LEFT JOIN catalogue USING (code)
	GROUP BY ALL
), state AS (
	SELECT file, line, name, rank,
	       name IN (FROM wanted) AS is_wanted,
	       greatest(
		coalesce(list_position(['testing_fail', 'invalid',
		 'enforce_degraded', 'enforce_fail'], verdict), 0),
		coalesce(list_position(['testing_fail', 'invalid',
		 'enforce_degraded', 'enforce_fail'], verdict_dane), 0))
	       AS badness,
	       coalesce(errors, 0) AS errors, coalesce(warnings, 0) AS warnings
	FROM domain LEFT JOIN fault USING (file, line)
)
SELECT row_number() OVER worst AS place, file, line, is_wanted FROM state
WINDOW worst AS (ORDER BY badness DESC, errors DESC, warnings DESC,
                 rank NULLS LAST, line, file)
QUALIFY is_wanted OR row_number() OVER worst <= $most;
