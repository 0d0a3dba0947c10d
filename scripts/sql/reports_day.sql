-- SPDX-License-Identifier: Apache-2.0
--
-- reports_day.sql: failed sessions of all sessions, by the day (UTC) on which
-- the period of a report begins.  Periods are not divided.
SELECT day AS item, '' AS section, count(DISTINCT no) AS reports,
       coalesce(sum(failed), 0) AS numerator,
       coalesce(sum(failed + succeeded), 0) AS denominator,
       share(numerator, denominator) AS share
FROM report LEFT JOIN report_policy ON report = no
GROUP BY ALL
ORDER BY item;
