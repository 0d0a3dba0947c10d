-- SPDX-License-Identifier: Apache-2.0
--
-- policy_tls.sql: why TLS to policy hosts fails, of those where it fails.  The
-- first fault counts, in the order alert, handshake, name, time, self-signed,
-- untrusted; below that each fault of a certificate wherever it stands.  Old
-- versions are counted where TLS stands.
WITH failed AS (
	SELECT party.*, sts.*, 'TLS fails, ' || title AS heading,
	       policy_status = 'tls' AND NOT is_unknown AS is_failed
	FROM sts JOIN party ON who IN ('all', policy_entity)
	WHERE is_tried
)
SELECT unnest(rows_, recursive := true) FROM (
SELECT place, [
	tally(heading, 'alert' || suffix, 'alert: no certificate for the name',
	      is_failed, tls_fault = 'alert'),
	tally(heading, 'handshake' || suffix, 'no handshake otherwise',
	      is_failed, tls_fault = 'handshake'),
	tally(heading, 'name' || suffix, 'name not in the certificate',
	      is_failed, tls_fault = 'name'),
	tally(heading, 'expired' || suffix, 'expired', is_failed,
	      tls_fault = 'expired'),
	tally(heading, 'not_yet' || suffix, 'not valid yet', is_failed,
	      tls_fault = 'not_yet'),
	tally(heading, 'self_signed' || suffix, 'self-signed', is_failed,
	      tls_fault = 'self_signed'),
	tally(heading, 'incomplete' || suffix, 'intermediates missing',
	      is_failed, tls_fault = 'incomplete'),
	tally(heading, 'untrusted' || suffix, 'otherwise untrusted', is_failed,
	      tls_fault = 'untrusted'),
	tally(heading, 'any_name' || suffix, 'each: name',
	      is_failed AND trusted IS NOT NULL, NOT name_ok),
	tally(heading, 'any_time' || suffix, 'each: out of date',
	      is_failed AND trusted IS NOT NULL, NOT time_ok),
	tally(heading, 'any_self_signed' || suffix, 'each: self-signed',
	      is_failed AND trusted IS NOT NULL, coalesce(self_signed, false)),
	tally(heading, 'any_untrusted' || suffix, 'each: chain not trusted',
	      is_failed AND trusted IS NOT NULL, NOT trusted),
	tally(heading, 'old' || suffix, 'TLS below 1.2, where it stands',
	      policy_tls IS NOT NULL,
	      policy_tls NOT IN ('1.2', '1.3', 'TLSv1.2', 'TLSv1.3'))
] AS rows_
FROM failed GROUP BY place, heading, suffix ORDER BY place);
