-- SPDX-License-Identifier: Apache-2.0
--
-- measure.sql: from records to yes, no and unknown, a row a domain.
--
-- Every state below is true, false or null.  Null means that it could not be
-- determined: the look-up failed, the host was blocked to us, the key is
-- missing.  It never means no.

-- `setting` says how many ranks make one group of `--by rank`.

-- One row per domain that names MX hosts.
CREATE TEMP TABLE host_summary AS
SELECT file, line,
	bool_or(is_mail_server) AS has_server,
	all_of(is_mail_server, has_tls) AS starttls_all,
	any_of(is_mail_server, has_tls) AS starttls_any,
	all_of(is_mail_server, has_tls AND has_valid_cert) AS cert_all,
	-- Without TLS there is no certificate to judge.
	bool_or(has_tls IS NULL OR has_tls) FILTER (is_mail_server)
		AS has_tls_server,
	all_of(is_mail_server AND (has_tls IS NULL OR has_tls),
	       has_tls AND has_valid_cert) AS cert_tls,
	any_of(true, has_tlsa) AS tlsa_any,
	all_of(true, has_tlsa) AS tlsa_all,
	any_of(true, dane_ok) AS dane_any,
	all_of(true, dane_ok) AS dane_all,
	bool_or(dane = 'ok' OR dane = 'mismatch' OR dane = 'unusable')
		AS has_secure_tlsa,
	bool_or(has_tlsa AND starttls = 'not_offered') AS tlsa_no_starttls
FROM domain_host
GROUP BY file, line;

-- The same for domains with a sign of MTA-STS, where there is more to ask.
CREATE TEMP TABLE sts_host AS
WITH faulty AS (
	SELECT domain_host.*, coalesce(bad_self_signed, false)
		AS bad_self_signed, coalesce(bad_expired, false) AS bad_expired
	FROM domain_host SEMI JOIN sts_domain USING (file, line)
	     LEFT JOIN host_fault USING (host)
)
SELECT file, line,
	-- Is a host valid in every respect?  Over hosts with TLS, over all.
	any_of(is_mail_server AND (has_tls IS NULL OR has_tls),
	       has_tls AND NOT has_valid_cert) AS cert_some_bad,
	all_of(is_mail_server AND (has_tls IS NULL OR has_tls),
	       has_tls AND NOT has_valid_cert) AS cert_all_bad,
	any_of(is_mail_server, NOT (has_tls AND has_valid_cert))
		AS strict_some_bad,
	all_of(is_mail_server, NOT (has_tls AND has_valid_cert))
		AS strict_all_bad,
	any_of(is_mail_server AND (has_tls IS NULL OR has_tls),
	       has_tls AND NOT name_ok) AS name_some_bad,
	any_of(is_mail_server AND (has_tls IS NULL OR has_tls),
	       has_tls AND NOT trusted) AS trust_some_bad,
	any_of(is_mail_server AND (has_tls IS NULL OR has_tls),
	       has_tls AND NOT time_ok) AS time_some_bad,
	-- why; the mx records tell it, where a certificate fails at all
	any_of(is_mail_server AND (has_tls IS NULL OR has_tls),
	       has_tls AND bad_self_signed AND NOT trusted)
		AS self_signed_some_bad,
	any_of(is_mail_server AND (has_tls IS NULL OR has_tls),
	       has_tls AND bad_expired AND NOT time_ok) AS expired_some_bad,
	-- policy
	all_of(true, in_policy) AS policy_all,
	any_of(true, in_policy) AS policy_any,
	any_of(is_mail_server, in_policy AND has_tls AND has_valid_cert)
		AS deliverable
FROM faulty
GROUP BY file, line;

-- One row per domain: the states that adoption.sql counts.
CREATE TEMP TABLE measured AS
WITH known AS (
	-- Below a name that does not exist there is nothing.
	SELECT file, line, name, rank, verdict, mx, mx_lookup.ad AS mx_ad,
		coalesce(sts.record.status, if(mx_status = 'nxdomain',
		                               'absent', NULL))
			AS record_status,
		sts.policy.status AS policy_status,
		sts.policy.mode AS policy_mode,
		coalesce(tlsrpt.status, if(mx_status = 'nxdomain', 'absent',
		                           NULL)) AS tlsrpt_status,
		nullif(domain.mx_status, 'inconclusive') AS mx_status
	FROM domain
)
SELECT
	file,
	line,
	-- groups
	'all' AS everything,
	lower(string_split(known.name, '.')[-1]) AS tld,
	-- a provider by its name, anybody else by the registrable domain
	CASE WHEN mx_status IN ('ok', 'implicit') AND len(mx) > 0
	     THEN coalesce(provider_mx, registrable, lower(mx[1].host))
	     WHEN mx_status IS NULL THEN '(inconclusive)'
	     ELSE '(no MX host)' END AS operator,
	CASE WHEN provider IS NOT NULL THEN provider
	     WHEN record_status IN ('ok', 'invalid', 'multiple')
	     THEN '(own or unlisted)'
	     WHEN coalesce(record_status, 'inconclusive') = 'inconclusive'
	     THEN '(inconclusive)'
	     ELSE '(no STS record)' END AS provider,
	coalesce(mx_entity, if(mx_status IS NULL, '(inconclusive)', '(no MX)'))
		AS entity,
	coalesce(list_name, '(no list)') AS list,
	coalesce(printf('%d-%d',
	                rank - (rank - 1) % rank_bin,
	                rank - (rank - 1) % rank_bin + rank_bin - 1),
	         '(no rank)') AS rank,
	rank - (rank - 1) % rank_bin AS rank_from,
	-- mail
	mx_status <> 'nxdomain' AS name_exists,
	mx_status = 'ok' AS has_mx,
	coalesce(mx_status = 'ok', false) AS in_mail,
	mx_status = 'null_mx' AS has_null_mx,
	mx_status = 'implicit' AS has_implicit_mx,
	mx_status = 'absent' AS has_no_mx,
	mx_status = 'invalid' AS has_invalid_mx,
	-- MTA-STS
	nullif(record_status, 'inconclusive') <> 'absent' AS has_sts,
	coalesce(record_status IN ('ok', 'invalid', 'multiple'), false)
		AS in_sts,
	record_status = 'ok' AS sts_valid,
	coalesce(record_status = 'ok', false) AS in_sts_valid,
	CASE WHEN policy_status IN ('inconclusive', 'none_tried') THEN NULL
	     -- a connect time-out is stored as tcp; the verdict tells it from
	     -- a refusal
	     WHEN policy_status = 'tcp' AND verdict = 'inconclusive' THEN NULL
	     ELSE policy_status = 'ok' END AS policy_usable,
	coalesce(policy_status = 'ok', false) AS in_policy_usable,
	policy_mode,
	-- TLS-RPT
	nullif(tlsrpt_status, 'inconclusive') <> 'absent' AS has_tlsrpt,
	coalesce(tlsrpt_status IN ('ok', 'invalid', 'multiple'), false)
		AS in_tlsrpt,
	tlsrpt_status = 'ok' AS tlsrpt_valid,
	-- MX hosts
	in_mail AND coalesce(has_server, false) AS in_starttls,
	starttls_all,
	starttls_any,
	cert_all,
	in_mail AND coalesce(has_tls_server, false) AS in_tls,
	cert_tls,
	in_mail AND coalesce(tlsa_any, false) AS in_tlsa,
	tlsa_any,
	tlsa_all,
	dane_any,
	dane_all,
	-- DNSSEC
	mx_ad,
	has_secure_tlsa,
	tlsa_no_starttls,
	mx_entity,
	-- anything that was asked and not answered
	mx_status IS NULL
	OR has_sts IS NULL
	OR has_tlsrpt IS NULL
	OR (in_sts_valid AND policy_usable IS NULL)
	OR (in_starttls AND starttls_all IS NULL)
	OR (in_mail AND len(mx) > 0 AND tlsa_any IS NULL) AS is_uncertain
FROM known LEFT JOIN host_summary USING (file, line)
     LEFT JOIN mx_entity USING (file, line)
     LEFT JOIN sts_provider USING (file, line)
     LEFT JOIN name_of ON name_of.name = lower(mx[1].host)
     LEFT JOIN (SELECT file, any_value(scan.list) AS list_name FROM scan
                GROUP BY file) USING (file), setting;

-- One row per domain with a sign of MTA-STS: everything known of it.
CREATE TEMP TABLE sts AS
SELECT sts_domain.* EXCLUDE (record_provider),
	host_summary.* EXCLUDE (file, line),
	sts_host.* EXCLUDE (file, line),
	coalesce(mx_entity, 'unclassified') AS mx_entity,
	coalesce(policy_entity, 'unclassified') AS policy_entity,
	policy_operator, is_foreign, provider, sts_provider.record_provider,
	in_mail AND coalesce(has_server, false) AS in_starttls,
	in_mail AND coalesce(has_tls_server, false) AS in_tls,
	coalesce(policy_status = 'ok', false) AS is_usable,
	if(policy_status = 'ok' AND mx_status = 'ok', coalesce(
		stored_match, CASE WHEN policy_all THEN 'all'
		                   WHEN NOT policy_any THEN 'none'
		                   WHEN policy_any AND NOT policy_all THEN 'some'
		              END), NULL) AS match
FROM sts_domain
     LEFT JOIN host_summary USING (file, line)
     LEFT JOIN sts_host USING (file, line)
     LEFT JOIN mx_entity USING (file, line)
     LEFT JOIN policy_entity USING (file, line)
     LEFT JOIN sts_provider USING (file, line);
