-- SPDX-License-Identifier: Apache-2.0
--
-- policy_http.sql: what policy hosts answer other than 200, of those that do.
-- Below: redirects (never followed), answers of the kind that keeps robots
-- out, and the type of the files that are served.
WITH failed AS (
	SELECT party.*, sts.*, 'HTTP fails, ' || title AS heading,
	       policy_status = 'http' AS is_failed
	FROM sts JOIN party ON who IN ('all', policy_entity)
	WHERE is_tried
)
SELECT unnest(rows_, recursive := true) FROM (
SELECT place, [
	tally(heading, '404' || suffix, '404 not found', is_failed,
	      http_fault = '404'),
	tally(heading, 'other_4xx' || suffix, 'other 4xx', is_failed,
	      http_fault = 'other_4xx'),
	tally(heading, '5xx' || suffix, '5xx', is_failed, http_fault = '5xx'),
	tally(heading, '3xx' || suffix, '3xx', is_failed, http_fault = '3xx'),
	tally(heading, 'other' || suffix, 'another status', is_failed,
	      http_fault = 'other'),
	tally(heading, 'no_http' || suffix, 'no HTTP at all', is_failed,
	      http_fault = 'no_http'),
	tally(heading, 'redirect' || suffix, 'redirect with a target',
	      is_failed, http_fault = '3xx' AND location IS NOT NULL),
	tally(heading, 'robots' || suffix, '403, 429, 503: perhaps robots',
	      is_failed, coalesce(http_status IN (403, 429, 503), false)),
	tally(heading, 'not_plain' || suffix, 'of 200: not text/plain',
	      coalesce(http_status = 200, false),
	      NOT starts_with(lower(trim(coalesce(content_type, ''))),
	                      'text/plain'))
] AS rows_
FROM failed GROUP BY place, heading, suffix ORDER BY place);
