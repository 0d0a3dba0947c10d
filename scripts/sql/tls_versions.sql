-- SPDX-License-Identifier: Apache-2.0
--
-- tls_versions.sql: which TLS versions the addresses of MX hosts accept, where
-- each was offered alone (--tls-versions).  An alert or a failed handshake is
-- a no; a session that ended otherwise, or was not made, leaves it open.
WITH address AS (
	SELECT unnest(addresses).tls_versions AS tries FROM probed
), accepts(v) AS (
	SELECT map_from_entries([(t.version, CASE
		WHEN t.outcome = 'ok' THEN true
		WHEN t.outcome IN ('tls_alert', 'tls_failed') THEN false
		END) for t in tries])
	FROM address WHERE len(tries) > 0
), by_version AS (
	SELECT v['1.0'] AS v10, v['1.1'] AS v11, v['1.2'] AS v12,
	       v['1.3'] AS v13
	FROM accepts
)
SELECT unnest([
	tally('Accepts', '1.3', 'TLS 1.3', true, v13),
	tally('Accepts', '1.2', 'TLS 1.2', true, v12),
	tally('Accepts', '1.1', 'TLS 1.1', true, v11),
	tally('Accepts', '1.0', 'TLS 1.0', true, v10),
	tally('Lowest accepted', 'lowest_1.3', 'TLS 1.3', true,
	      NOT v10 AND NOT v11 AND NOT v12 AND v13),
	tally('Lowest accepted', 'lowest_1.2', 'TLS 1.2', true,
	      NOT v10 AND NOT v11 AND v12),
	tally('Lowest accepted', 'lowest_1.1', 'TLS 1.1', true,
	      NOT v10 AND v11),
	tally('Lowest accepted', 'lowest_1.0', 'TLS 1.0', true, v10),
	tally('Lowest accepted', 'lowest_none', 'none of these', true,
	      NOT v10 AND NOT v11 AND NOT v12 AND NOT v13)
], recursive := true)
FROM by_version HAVING count(*) > 0;
