-- SPDX-License-Identifier: Apache-2.0
--
-- reports_total.sql: all reports in one row.  Sessions are those of the
-- summaries; `detailed` are those that failure details name.
WITH summed AS (
	SELECT coalesce(sum(failed), 0) AS failed,
	       coalesce(sum(failed + succeeded), 0) AS sessions
	FROM report_policy
)
SELECT (SELECT count(*) FROM report) AS reports,
       (SELECT count(DISTINCT organization) FROM report) AS organizations,
       (SELECT min(day) FROM report) AS first_day,
       (SELECT max(day) FROM report) AS last_day,
       failed, sessions, share(failed, sessions) AS share,
       (SELECT coalesce(sum(sessions), 0) FROM report_failure) AS detailed
FROM summed;
