-- SPDX-License-Identifier: Apache-2.0
--
-- dane.sql: DANE of domains with MX, by who manages the MX hosts
-- (entities.sql), and of distinct MX hosts with TLSA records.  TLSA records are
-- asked for only where the addresses of the host are signed.
WITH domains AS (
	SELECT party.*, measured.*, 'DANE, ' || title AS heading,
		coalesce(tlsa_any, false) AS in_tlsa_
	FROM measured JOIN party ON who IN ('all', mx_entity)
	WHERE in_mail
), probes AS (
	SELECT host.*, starttls IN ('ok', 'not_offered', 'refused',
	                            'tls_failed') AS has_answered,
		coalesce(alternative, false) AS alternative,
		coalesce(no_chain, false) AS no_chain
	FROM host LEFT JOIN (
		SELECT host, bool_or(dane_alternative) AS alternative,
			bool_or(tls_outcome = 'ok' AND chain_length = 0)
				AS no_chain
		FROM session GROUP BY host) USING (host)
	WHERE has_tlsa
), row_ AS (
SELECT place, [
	tally(heading, 'signed' || suffix, 'MX signed (DNSSEC)', true, mx_ad),
	tally(heading, 'published' || suffix, 'TLSA on any MX host', true,
	      tlsa_any),
	tally(heading, 'complete' || suffix, 'TLSA on all hosts, of these',
	      in_tlsa_, tlsa_all),
	tally(heading, 'any' || suffix, 'DANE ok on any host', true, dane_any),
	tally(heading, 'all' || suffix, 'DANE ok on all hosts', true,
	      dane_all),
	tally(heading, 'insecure' || suffix, 'TLSA behind MX not signed',
	      in_tlsa_, NOT mx_ad),
	tally(heading, 'no_starttls' || suffix, 'TLSA, a host w/o STARTTLS',
	      in_tlsa_, coalesce(tlsa_no_starttls, false))
] AS rows_
FROM domains GROUP BY place, heading, suffix
UNION ALL
SELECT 5, [
	tally('Distinct MX hosts with TLSA', 'host_tlsa', 'hosts', true, true),
	tally('Distinct MX hosts with TLSA', 'host_ok', 'match', true,
	      if(dane IN ('inconclusive') OR dane IS NULL, NULL, dane = 'ok')),
	tally('Distinct MX hosts with TLSA', 'host_mismatch', 'mismatch', true,
	      if(dane IN ('inconclusive') OR dane IS NULL, NULL,
	         dane = 'mismatch')),
	tally('Distinct MX hosts with TLSA', 'host_wrong_parameters',
	      '... wrong parameters, of these', dane = 'mismatch',
	      alternative),
	tally('Distinct MX hosts with TLSA', 'host_unusable', 'none usable',
	      true, if(dane IN ('inconclusive') OR dane IS NULL, NULL,
	               dane = 'unusable')),
	tally('Distinct MX hosts with TLSA', 'host_bogus', 'bogus', true,
	      if(dane IN ('inconclusive') OR dane IS NULL, NULL,
	         dane = 'bogus')),
	tally('Distinct MX hosts with TLSA', 'host_no_starttls',
	      'no STARTTLS', true,
	      if(has_answered, starttls = 'not_offered', NULL)),
	tally('Distinct MX hosts with TLSA', 'host_no_chain',
	      'TLS without a certificate', true,
	      if(has_answered, no_chain, NULL))
] AS rows_
FROM probes
)
SELECT unnest(rows_, recursive := true)
FROM (FROM row_ ORDER BY place);
