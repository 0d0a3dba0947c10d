-- SPDX-License-Identifier: Apache-2.0
--
-- reports_domain.sql: failed sessions of all sessions, by policy domain and
-- type of policy, as the summaries of the reports have them.
SELECT coalesce(domain, '(not named)') AS item, type AS section,
       count(DISTINCT report) AS reports, sum(failed) AS numerator,
       sum(failed + succeeded) AS denominator,
       share(numerator, denominator) AS share
FROM report_policy
GROUP BY ALL
ORDER BY numerator DESC, denominator DESC, item, section;
