-- SPDX-License-Identifier: Apache-2.0
--
-- trend_history.sql: stale policies, of scan number $scan.  Of the domains
-- whose usable policy matches no MX host and is of another domain altogether:
-- those with a policy that matches an MX host which an earlier scan found at
-- the same domain.  Where no earlier scan knew the MX hosts it is not known.
WITH now AS (
	SELECT name, any_value(sts.policy.mx) AS patterns
	FROM main.domain
	WHERE scan_no = $scan AND sts.record.status = 'ok'
	  AND sts.policy.status = 'ok' AND sts.policy.mx_match = 'none'
	  AND sts.policy.mx_class = 'domain'
	GROUP BY name
), earlier AS (
	SELECT name, lower(unnest([at_.host for at_ in mx])) AS host
	FROM main.domain SEMI JOIN now USING (name)
	WHERE scan_no < $scan AND mx_status IN ('ok', 'implicit')
), known AS (
	SELECT DISTINCT name FROM main.domain SEMI JOIN now USING (name)
	WHERE scan_no < $scan AND mx_status <> 'inconclusive'
), pattern AS (
	SELECT name, lower(unnest(patterns)) AS pattern FROM now
), matched AS (
	-- RFC 8461 section 4.1: a wildcard stands for exactly one label
	SELECT DISTINCT name FROM earlier JOIN pattern USING (name)
	WHERE host = pattern
	   OR (pattern LIKE '*.%' AND strpos(host, '.') > 1
	       AND substr(host, strpos(host, '.')) = substr(pattern, 2))
)
SELECT name, if(known.name IS NULL, NULL, matched.name IS NOT NULL)
	AS is_stale
FROM now LEFT JOIN known USING (name) LEFT JOIN matched USING (name);
