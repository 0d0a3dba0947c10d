-- SPDX-License-Identifier: Apache-2.0
--
-- reports_scan_domain.sql: each policy that senders applied, beside verdict
-- and policy of the scan; those that disagree first.  The policy compared is
-- that of the latest report.
WITH told AS (
	SELECT p.domain, p.type, count(DISTINCT p.report) AS reports,
	       sum(p.failed) AS failed, sum(p.failed + p.succeeded) AS sessions,
	       max(r.day) AS last_day,
	       count(DISTINCT p.policy_string) AS policies,
	       arg_max(p.policy_string, (r.ended, p.report, p.policy))
	       AS policy_string
	FROM report_policy p JOIN report r ON r.no = p.report
	WHERE p.domain IS NOT NULL
	GROUP BY ALL
), results AS (
	SELECT p.domain, p.type, list_sort(list_distinct(list(f.result)))
	       AS results
	FROM report_failure f
	JOIN report_policy p ON p.report = f.report AND p.policy = f.policy
	GROUP BY ALL
), seen AS (
	SELECT lower(name) AS domain, verdict, verdict_dane, findings,
	       sts.policy.status AS policy_status,
	       sts.policy.mode AS policy_mode,
	       if(sts.policy.body_cut, NULL, sts.policy.body) AS body
	FROM domain
	WHERE lower(name) IN (SELECT domain FROM told)
	QUALIFY row_number() OVER (PARTITION BY lower(name)
	                           ORDER BY file DESC, line) = 1
), beside AS (
	SELECT told.domain AS item, told.type AS section, reports, failed,
	       sessions, last_day, coalesce(results, []) AS results,
	       seen.domain IS NOT NULL AS is_scanned,
	       if(told.type = 'tlsa', verdict_dane, verdict) AS verdict,
	       policy_status, policy_mode, policies,
	       if(told.type = 'sts', policy_same(policy_string, body), NULL)
	       AS policy_same,
	       coalesce(findings, []) AS findings,
	       verdict_agrees(told.type, failed,
	                      if(told.type = 'tlsa', verdict_dane, verdict),
	                      policy_mode) AS verdict_agrees,
	       list_transform(list_filter(coalesce(results, []),
	           lambda result: starts_with(result, 'sts-')),
	           lambda result: fetch_agrees(result, policy_status))
	       AS fetches
	FROM told
	LEFT JOIN results ON results.domain = told.domain
	                 AND results.type = told.type
	LEFT JOIN seen ON seen.domain = told.domain
)
SELECT * EXCLUDE (fetches),
       CASE WHEN NOT is_scanned THEN NULL
            WHEN NOT verdict_agrees OR policy_same = 'differs'
              OR list_contains(fetches, false) THEN false
            WHEN verdict_agrees THEN true END AS agrees
FROM beside
ORDER BY agrees NULLS LAST, failed DESC, item, section;
