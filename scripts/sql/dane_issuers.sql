-- SPDX-License-Identifier: Apache-2.0
--
-- dane_issuers.sql: certificates under DANE-EE (usage 3): how many come from a
-- trusted authority all the same, and from which; of distinct MX hosts with a
-- usable DANE-EE record whose TLS stands.
WITH ee AS (
	SELECT host FROM probed
	WHERE len(list_filter(tlsa.rr, lambda r:
	                      r.usage = 3 AND r.usable)) > 0
), one AS (
	SELECT host, arg_min(trusted, address) AS trusted,
		arg_min(leaf, address) AS leaf
	FROM session WHERE tls_outcome = 'ok' GROUP BY host
), issued AS (
	SELECT trusted, organisation(issuer) AS name
	FROM ee JOIN one USING (host)
	     LEFT JOIN (SELECT DISTINCT ON (sha256) sha256, issuer FROM cert)
	     ON sha256 = leaf
), total AS (
	SELECT count(*) FILTER (trusted) AS n FROM issued
), named AS (
	SELECT name, count(*) AS size, row_number() OVER (
		ORDER BY count(*) DESC, name) AS nth
	FROM issued WHERE trusted AND name IS NOT NULL GROUP BY name
)
SELECT unnest(rows_, recursive := true) FROM (
	SELECT 0 AS turn, [tally('DANE-EE certificates', 'ca_issued',
		'of a trusted authority', true, trusted)] AS rows_
	FROM issued
	UNION ALL
	SELECT nth, [counted('Authority, of these',
		'issuer_' || as_key(name), name, size, n, 0)] AS rows_
	FROM named, total WHERE nth <= 20
	ORDER BY turn
);
