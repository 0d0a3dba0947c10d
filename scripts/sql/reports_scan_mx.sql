-- SPDX-License-Identifier: Apache-2.0
--
-- reports_scan_mx.sql: each failure that senders met at an MX host, beside
-- what the scan saw there; those that disagree first.
WITH told AS (
	SELECT f.host, f.result, sum(f.sessions) AS failed,
	       count(DISTINCT f.report) AS reports, max(r.ended) AS ended,
	       max(r.day) AS last_day,
	       count(f.receiving_ip) > 0 AS has_address,
	       list_distinct(list(f.receiving_ip)) AS told_addresses,
	       list_distinct(list(p.domain)) AS domains
	FROM report_failure f
	JOIN report r ON r.no = f.report
	JOIN report_policy p ON p.report = f.report AND p.policy = f.policy
	WHERE f.host IS NOT NULL
	GROUP BY ALL
), seen AS (
	-- Where shards probed a host twice: the probe that found something out.
	SELECT lower(host) AS host, starttls, trusted, name_ok, time_ok, dane,
	       list_transform(addresses, lambda a: lower(a.address))
	       AS our_addresses,
	       list_min(list_transform(addresses, lambda a: a.tls.not_before))
	       AS not_before
	FROM mx
	WHERE lower(host) IN (SELECT host FROM told)
	QUALIFY row_number() OVER (
		PARTITION BY lower(host)
		ORDER BY coalesce(starttls IN ('inconclusive', 'blocked'),
		                  true), file DESC) = 1
), named AS (
	SELECT lower(name) AS domain, findings, unnest(mx) AS h
	FROM domain
	WHERE lower(name) IN (SELECT domain FROM report_policy)
), meant AS (
	SELECT result_type AS result, list(code) AS codes
	FROM catalogue GROUP BY ALL
), placed AS (
	-- What domains that the reports are about say of the host: a finding is
	-- one of the domain and may be due to another of its hosts.
	SELECT told.host, told.result, bool_and(h.in_policy) AS in_policy,
	       list_sort(list_distinct(flatten(list(
	           list_intersect(findings, codes))))) AS findings
	FROM told JOIN named ON lower(h.host) = told.host
	 AND list_contains(told.domains, named.domain)
	LEFT JOIN meant ON meant.result = told.result
	GROUP BY ALL
)
SELECT told.host AS item, told.result AS section, reports, failed, last_day,
       seen.host IS NOT NULL AS is_scanned, starttls, trusted, name_ok,
       time_ok, dane, in_policy, coalesce(findings, []) AS findings,
       has_address AND NOT list_has_any(told_addresses, our_addresses)
       AS is_other_address,
       not_before * 1000 > ended AS is_newer_certificate,
       host_agrees(told.result, starttls, trusted, name_ok, time_ok, dane,
                   in_policy) AS agrees
FROM told
LEFT JOIN seen USING (host)
LEFT JOIN placed ON placed.host = told.host AND placed.result = told.result
ORDER BY agrees NULLS LAST, failed DESC, item, section;
