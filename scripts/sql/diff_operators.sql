-- SPDX-License-Identifier: Apache-2.0
--
-- diff_operators.sql: events with the MX operator and the policy provider of
-- their domain, as NEW has them, else as OLD has; `kept` are the events asked
-- for.  Domains that run their own policy host have no provider.
CREATE TABLE attributed AS
WITH party AS (
	SELECT name,
		arg_max(mx[1].host, scan_no) FILTER (mx[1].host IS NOT NULL)
			AS mx_host,
		nullif(arg_max(coalesce(policy_by, record_by), scan_no)
			FILTER (coalesce(policy_by, record_by) IS NOT NULL),
			'(own)') AS provider
	FROM side SEMI JOIN (event SEMI JOIN kept USING (event)) AS e
		USING (name)
	LEFT JOIN provided USING (scan_no, name)
	GROUP BY name
)
SELECT event.name, event, was, became, event.host,
       coalesce(o.operator, mx_host) AS operator, provider
FROM event JOIN kept USING (event) JOIN party USING (name)
LEFT JOIN operator_name AS o ON o.host = mx_host;
