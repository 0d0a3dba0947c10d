-- SPDX-License-Identifier: Apache-2.0
--
-- adoption.sql: who has what.  One row per group and statistic:
--   numerator / denominator = share, and beside it the domains for which the
--   question applies but found no answer.
--
-- tally(section, item, label, the domains asked about, the answer).
-- `grouped` is `measured` with one of its group columns as `grp`.
SELECT grp, unnest([
	tally('Domains', 'domains', 'domain records', true, true),
	tally('Domains', 'exists', 'name exists', true, name_exists),
	tally('Domains', 'mx', 'with MX records', true, has_mx),
	tally('Domains', 'null_mx', 'null MX: no mail', true, has_null_mx),
	tally('Domains', 'mx_implicit', 'implicit MX', true, has_implicit_mx),
	tally('Domains', 'mx_none', 'no MX, no address', true, has_no_mx),
	tally('Domains', 'mx_invalid', 'MX records unusable', true,
	      has_invalid_mx),

	tally('MTA-STS', 'sts_record', 'STS record, of all domains', true, has_sts),
	tally('MTA-STS', 'sts_record_mx', 'STS record, of domains with MX',
	      in_mail, has_sts),
	tally('MTA-STS', 'sts_record_valid', 'valid, of STS records', in_sts,
	      sts_valid),
	tally('MTA-STS', 'policy_usable', 'policy usable, of valid records',
	      in_sts_valid, policy_usable),
	tally('MTA-STS', 'mode_enforce', 'mode enforce, of valid policies',
	      in_policy_usable, policy_mode = 'enforce'),
	tally('MTA-STS', 'mode_testing', 'mode testing, of valid policies',
	      in_policy_usable, policy_mode = 'testing'),
	tally('MTA-STS', 'mode_none', 'mode none, of valid policies',
	      in_policy_usable, policy_mode = 'none'),

	tally('TLS-RPT', 'tlsrpt_record', 'TLS-RPT, of all domains', true,
	      has_tlsrpt),
	tally('TLS-RPT', 'tlsrpt_record_mx', 'TLS-RPT, of domains with MX',
	      in_mail, has_tlsrpt),
	tally('TLS-RPT', 'tlsrpt_valid', 'valid, of TLS-RPT records',
	      in_tlsrpt, tlsrpt_valid),
	tally('TLS-RPT', 'tlsrpt_with_sts', 'TLS-RPT, of domains with STS',
	      in_sts, has_tlsrpt),

	tally('STARTTLS, of domains with MX', 'starttls_all',
	      'works on all MX hosts', in_starttls, starttls_all),
	tally('STARTTLS, of domains with MX', 'starttls_any',
	      'works on any MX host', in_starttls, starttls_any),
	tally('STARTTLS, of domains with MX', 'cert_all',
	      'certificate valid on all hosts', in_starttls, cert_all),
	tally('STARTTLS, of domains with MX', 'cert_tls',
	      '... on all hosts with TLS', in_tls, cert_tls),

	tally('DANE, of domains with MX', 'dane_published',
	      'TLSA on any MX host', in_mail, tlsa_any),
	tally('DANE, of domains with MX', 'dane_complete',
	      'TLSA on all MX hosts, of these', in_tlsa, tlsa_all),
	tally('DANE, of domains with MX', 'dane_any',
	      'DANE ok on any MX host', in_mail, dane_any),
	tally('DANE, of domains with MX', 'dane_all',
	      'DANE ok on all MX hosts', in_mail, dane_all),

	tally('Certainty', 'uncertain', 'something found no answer', true,
	      is_uncertain)
], recursive := true)
FROM grouped
GROUP BY grp;
