-- SPDX-License-Identifier: Apache-2.0
--
-- reports_result.sql: failures by result type (RFC 8460 section 4.3), of all
-- that failure details name.  A session may fail for several reasons.
SELECT result AS item, '' AS section, count(DISTINCT report) AS reports,
       sum(sessions) AS numerator, sum(numerator) OVER () AS denominator,
       share(numerator, denominator) AS share
FROM report_failure
GROUP BY ALL
ORDER BY numerator DESC, item;
