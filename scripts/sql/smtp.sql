-- SPDX-License-Identifier: Apache-2.0
--
-- smtp.sql: how far SMTP goes, of distinct MX hosts and of domains with MX: a
-- greeting of 220, STARTTLS among the keywords, a certificate that is trusted
-- and names the host; or a refusal of us, which says nothing about the host.
WITH talk AS (
	SELECT host, bool_or(banner_code = 220) AS greeted,
		bool_or(outcome IN ('smtp_4yz', 'smtp_5yz')) AS refused
	FROM session GROUP BY host
), asked AS (
	SELECT host.*, coalesce(greeted, false) AS greeted,
		CASE WHEN greeted THEN true
		     WHEN host.starttls IN ('inconclusive', 'blocked') THEN NULL
		     ELSE coalesce(greeted, false) END AS reachable,
		CASE WHEN host.starttls IN ('ok', 'refused', 'tls_failed')
		     THEN true
		     WHEN host.starttls = 'not_offered' THEN false END AS offered
	FROM host LEFT JOIN talk USING (host)
)
SELECT unnest([
	tally('Distinct MX hosts', 'hosts', 'probed', true, true),
	tally('Distinct MX hosts', 'reachable', 'SMTP greeting (220)', true,
	      reachable),
	tally('Distinct MX hosts', 'offered', 'STARTTLS offered, of these',
	      coalesce(reachable, false), offered),
	tally('Distinct MX hosts', 'works', 'TLS stands, of offered',
	      coalesce(offered, false), starttls = 'ok'),
	tally('Distinct MX hosts', 'trusted', 'chain trusted, of TLS',
	      starttls = 'ok', trusted),
	tally('Distinct MX hosts', 'name', 'names the host, of TLS',
	      starttls = 'ok', name_ok),
	tally('Distinct MX hosts', 'valid', 'valid in all, of TLS',
	      starttls = 'ok', trusted AND name_ok AND time_ok),
	tally('Refused or unknown', 'blocked', 'refuses us', true,
	      starttls = 'blocked'),
	tally('Refused or unknown', 'inconclusive', 'could not be found out',
	      true, starttls = 'inconclusive'),
	counted('Distinct', 'addresses', 'addresses',
	        (SELECT count(DISTINCT address) FROM session), NULL, 0)
], recursive := true)
FROM asked;
