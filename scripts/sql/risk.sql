-- SPDX-License-Identifier: Apache-2.0
--
-- risk.sql: policies that would keep mail out.  At risk: no MX host matches a
-- pattern, works with STARTTLS and has a valid certificate.  Hosts that take no
-- connection are left aside.  Below that the looser rows of studies, which ask
-- one thing alone; of domains with a usable policy, MX records and a host that
-- takes connections.
WITH asked AS (
	SELECT *, NOT deliverable AS at_risk,
		if(match IS NULL, NULL, match = 'none') AS misses
	FROM sts WHERE is_usable AND in_starttls
)
SELECT unnest([
	tally('Delivery', 'enforce_risk', 'enforce: no host acceptable', true,
	      mode = 'enforce' AND at_risk),
	tally('Delivery', 'testing_risk', 'testing: would be none', true,
	      mode = 'testing' AND at_risk),
	tally('Delivery', 'enforce_of', 'at risk, of enforce',
	      mode = 'enforce', at_risk),

	tally('Looser, mode enforce', 'enforce_cert_some',
	      'an invalid certificate', in_tls,
	      mode = 'enforce' AND cert_some_bad),
	tally('Looser, mode enforce', 'enforce_cert_all',
	      'all certificates invalid', in_tls,
	      mode = 'enforce' AND cert_all_bad),
	tally('Looser, mode enforce', 'enforce_mismatch',
	      'no pattern matches', true, mode = 'enforce' AND misses),
	tally('Looser, mode enforce', 'enforce_either',
	      'all certificates or no pattern', true,
	      mode = 'enforce' AND (misses OR (in_tls AND cert_all_bad))),
	tally('Looser, mode enforce', 'enforce_no_tls',
	      'no host with STARTTLS', true,
	      mode = 'enforce' AND NOT starttls_any),

	tally('Judged by the program', 'verdict_fail', 'verdict enforce_fail',
	      true, verdict = 'enforce_fail'),
	tally('Judged by the program', 'verdict_degraded',
	      'verdict enforce_degraded', true, verdict = 'enforce_degraded')
], recursive := true)
FROM asked;
