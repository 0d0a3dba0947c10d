-- SPDX-License-Identifier: Apache-2.0
--
-- certificates.sql: MX certificates of domains with MTA-STS, whatever the mode.
-- A host counts once for all its addresses, and is invalid when an address
-- fails in trust, name or date.  First over the hosts that offer TLS (the rule
-- of the IMC 2025 study), then strictly, where a host without TLS is invalid
-- too; by who manages the MX hosts (entities.sql).
WITH asked AS (
	SELECT party.*, sts.*, 'MX certificates, ' || title AS heading,
		cert_all_bad AS every, cert_some_bad AND NOT cert_all_bad
			AS partly
	FROM sts JOIN party ON who IN ('all', mx_entity)
	WHERE in_sts AND in_mail
)
SELECT unnest(rows_, recursive := true) FROM (
SELECT place, [
	tally(heading, 'some' || suffix, 'a host is invalid', in_tls,
	      cert_some_bad),
	tally(heading, 'all' || suffix, '... all are', in_tls, every),
	tally(heading, 'partial' || suffix, '... some are, others not', in_tls,
	      partly),
	tally(heading, 'some_enforce' || suffix, 'a host is, mode enforce',
	      in_tls, cert_some_bad AND is_usable AND mode = 'enforce'),
	tally(heading, 'all_enforce' || suffix, '... all are, mode enforce',
	      in_tls, every AND is_usable AND mode = 'enforce'),
	tally(heading, 'name' || suffix, 'why: name', in_tls, name_some_bad),
	tally(heading, 'self_signed' || suffix, 'why: self-signed', in_tls,
	      self_signed_some_bad),
	tally(heading, 'expired' || suffix, 'why: expired', in_tls,
	      expired_some_bad),
	tally(heading, 'untrusted' || suffix, 'why: not trusted, all kinds',
	      in_tls, trust_some_bad),
	tally(heading, 'out_of_date' || suffix, 'why: out of date, all kinds',
	      in_tls, time_some_bad),
	tally(heading, 'strict_some' || suffix, 'strict: a host is invalid',
	      in_starttls, strict_some_bad),
	tally(heading, 'strict_all' || suffix, 'strict: all are', in_starttls,
	      strict_all_bad),
	tally(heading, 'strict_partial' || suffix, 'strict: some are',
	      in_starttls, strict_some_bad AND NOT strict_all_bad)
] AS rows_
FROM asked GROUP BY place, heading, suffix ORDER BY place);
