-- SPDX-License-Identifier: Apache-2.0
--
-- misconfigured.sql: the four kinds of error of the IMC 2025 study, of domains
-- with an STS record, or one that means to be; a domain may be in several.
-- Policies are judged where they were asked for, certificates over MX hosts
-- with TLS, consistency where the policy is usable.
WITH judged AS (
	SELECT record_fault <> 'correct' AS record,
		CASE WHEN NOT is_tried THEN false WHEN is_unknown THEN NULL
		     ELSE policy_status <> 'ok' END AS policy,
		if(in_tls, cert_some_bad, false) AS certificate,
		if(in_mail AND is_usable, match = 'none', false) AS inconsistent
	FROM sts WHERE in_sts
)
SELECT unnest([
	tally('Domains with an STS record', 'record', 'record', true, record),
	tally('Domains with an STS record', 'policy', 'policy retrieval', true,
	      policy),
	tally('Domains with an STS record', 'certificate', 'MX certificate',
	      true, certificate),
	tally('Domains with an STS record', 'inconsistent', 'inconsistency',
	      true, inconsistent),
	-- one yes settles it
	tally('Domains with an STS record', 'any', 'any of these', true,
	      record OR policy OR certificate OR inconsistent)
], recursive := true)
FROM judged;
