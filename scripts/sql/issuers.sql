-- SPDX-License-Identifier: Apache-2.0
--
-- issuers.sql: who issued the certificates of MX hosts (once per distinct host
-- and address whose TLS stands) and of policy hosts (once per domain); the 20
-- largest.  Then whether an MX certificate names the recipient domain, once
-- per domain and MX host.
WITH leaf AS (
	SELECT DISTINCT ON (sha256) sha256, organisation(issuer) AS name,
		self_issued, dns_names
	FROM cert
), shown AS (
	SELECT 1 AS place, 'MX hosts' AS heading, 'mx_' AS prefix, leaf AS id
	FROM session WHERE leaf IS NOT NULL
	UNION ALL
	SELECT 2, 'Policy hosts', 'policy_', policy_leaf FROM sts
	WHERE policy_leaf IS NOT NULL
), issued AS (
	SELECT place, heading, prefix,
		if(self_issued, '(itself)', name) AS name
	FROM shown LEFT JOIN leaf ON sha256 = id
), total AS (
	SELECT place, count(name) AS n, count(*) - count(name) AS unknown
	FROM issued GROUP BY place
), named AS (
	SELECT place, heading, prefix, name, count(*) AS size,
		row_number() OVER (PARTITION BY place
		                   ORDER BY count(*) DESC, name) AS nth
	FROM issued WHERE name IS NOT NULL
	GROUP BY place, heading, prefix, name
), first_leaf AS (
	SELECT host, list_transform(dns_names, lambda d: lower(d)) AS names
	FROM (SELECT host, arg_min(leaf, address) AS id FROM session
	      WHERE leaf IS NOT NULL GROUP BY host) JOIN leaf ON sha256 = id
), row_ AS (
	SELECT place, nth, [counted('Issuer, ' || heading,
		prefix || as_key(name), name, size, n, unknown)] AS rows_
	FROM named JOIN total USING (place) WHERE nth <= 20
	UNION ALL
	SELECT 3, 0, [tally('MX certificates', 'names_recipient',
		'name the recipient domain', has_tls,
		list_contains(names, domain_host.name)
		OR list_contains(names, '*.' || regexp_replace(
			domain_host.name, '^[^.]*\.', '')))] AS rows_
	FROM domain_host LEFT JOIN first_leaf USING (host)
	WHERE mx_status = 'ok'
)
SELECT unnest(rows_, recursive := true)
FROM (FROM row_ ORDER BY place, nth, rows_[1].item);
