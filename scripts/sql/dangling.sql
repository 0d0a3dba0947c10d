-- SPDX-License-Identifier: Apache-2.0
--
-- dangling.sql: MTA-STS names that are aliases (CNAME), and where these lead:
-- nowhere, to a host that has no certificate for the name, to an empty file.
-- A name may be dangling without a record, so it is of all aliases; failed
-- look-ups stand beside.
WITH alias AS (
	SELECT provider, record_provider, 'of the record' AS what,
		record_outcome AS outcome, tls_fault, is_empty, in_sts
	FROM sts WHERE len(record_chain) > 0
	UNION ALL
	SELECT provider, record_provider, 'of the policy host',
		coalesce(nullif(a_outcome, 'nodata'), aaaa_outcome, a_outcome),
		tls_fault, is_empty, in_sts
	FROM sts WHERE len(policy_chain) > 0
), judged AS (
	SELECT *, CASE WHEN outcome = 'ok' THEN 'ok'
	               WHEN outcome IN ('nxdomain', 'nodata') THEN outcome
	          END AS leads
	FROM alias
), row_ AS (
SELECT 1 AS place, '' AS name, [
	tally('Alias of _mta-sts', 'record', 'aliases', what = 'of the record',
	      true),
	tally('Alias of _mta-sts', 'record_nxdomain', 'of a name that is not',
	      what = 'of the record', leads = 'nxdomain'),
	tally('Alias of _mta-sts', 'record_nodata', 'of a name without TXT',
	      what = 'of the record', leads = 'nodata'),
	tally('Alias of mta-sts', 'host', 'aliases',
	      what = 'of the policy host', true),
	tally('Alias of mta-sts', 'host_nxdomain', 'of a name that is not',
	      what = 'of the policy host', leads = 'nxdomain'),
	tally('Alias of mta-sts', 'host_nodata', 'of a name without address',
	      what = 'of the policy host', leads = 'nodata'),
	tally('Alias of mta-sts', 'host_alert', 'no certificate: TLS alert',
	      what = 'of the policy host',
	      if(leads IS NULL, NULL, coalesce(tls_fault = 'alert', false))),
	tally('Alias of mta-sts', 'host_expired', 'expired certificate',
	      what = 'of the policy host',
	      if(leads IS NULL, NULL, coalesce(tls_fault = 'expired', false))),
	tally('Alias of mta-sts', 'host_empty', 'empty policy file',
	      what = 'of the policy host',
	      if(leads IS NULL, NULL, coalesce(is_empty, false)))
] AS rows_
FROM judged
UNION ALL
SELECT 2, provider, [
	tally('Dangling, ' || provider, 'nxdomain_' || as_key(provider),
	      'no such name, or no address', true,
	      leads IN ('nxdomain', 'nodata')),
	tally('Dangling, ' || provider, 'alert_' || as_key(provider),
	      'no certificate: TLS alert', true,
	      if(leads IS NULL, NULL, coalesce(tls_fault = 'alert', false))),
	tally('Dangling, ' || provider, 'empty_' || as_key(provider),
	      'empty policy file', true,
	      if(leads IS NULL, NULL, coalesce(is_empty, false)))
] AS rows_
FROM judged WHERE what = 'of the policy host' AND provider IS NOT NULL
GROUP BY provider
)
SELECT unnest(rows_, recursive := true)
FROM (FROM row_ ORDER BY place, name);
