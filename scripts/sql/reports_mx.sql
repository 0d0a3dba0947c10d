-- SPDX-License-Identifier: Apache-2.0
--
-- reports_mx.sql: failures by receiving MX host, of all that failure details
-- name.  Reports tell of no successful session which host it was with.
SELECT coalesce(host, '(not named)') AS item, '' AS section,
       count(DISTINCT report) AS reports, sum(sessions) AS numerator,
       sum(numerator) OVER () AS denominator,
       share(numerator, denominator) AS share
FROM report_failure
GROUP BY ALL
ORDER BY numerator DESC, item;
