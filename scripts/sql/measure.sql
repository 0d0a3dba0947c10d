-- SPDX-License-Identifier: Apache-2.0
--
-- measure.sql: from records to yes, no and unknown.
--
-- Every state below is true, false or null.  Null means that it could not be
-- determined: the look-up failed, the host was blocked to us, the key is
-- missing.  It never means no.

-- The key of a domain is (file, line), here as in the relations.  `setting`
-- says how many ranks make one group of `--by rank`.

-- One row per domain and MX host.
CREATE TABLE domain_host AS
WITH pair AS (
	SELECT file, line, h.*
	FROM (SELECT file, line, unnest(mx) AS h FROM domain)
)
SELECT file, line, lower(host) AS host, starttls, tls,
	-- A host that takes no connection says nothing about STARTTLS.
	coalesce(starttls, '') <> 'unreachable' AS is_mail_server,
	CASE WHEN starttls = 'ok' THEN true
	     WHEN starttls IN ('not_offered', 'refused', 'tls_failed')
	     THEN false END AS has_tls,
	trusted AND name_ok AND time_ok AS has_valid_cert,
	CASE WHEN dane IN ('ok', 'mismatch', 'unusable', 'insecure') THEN true
	     WHEN dane = 'absent' THEN false END AS has_tlsa,
	CASE WHEN dane = 'ok' THEN true
	     WHEN dane <> 'inconclusive' THEN false END AS dane_ok
FROM pair;

-- One row per distinct MX host.  Where shards probed a host twice, the probe
-- that found something out counts, then the one of the later file.
CREATE TABLE host AS
SELECT lower(host) AS host, starttls, tls, trusted, name_ok, time_ok
FROM mx
QUALIFY row_number() OVER (
	PARTITION BY lower(host)
	ORDER BY coalesce(starttls IN ('inconclusive', 'blocked'), true),
	         file DESC) = 1;

-- One row per domain that names MX hosts.
CREATE TABLE host_summary AS
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
	all_of(true, dane_ok) AS dane_all
FROM domain_host
GROUP BY file, line;

-- One row per domain: the states that adoption.sql counts.
CREATE TABLE measured AS
WITH known AS (
	-- Below a name that does not exist there is nothing.
	SELECT file, line, name, rank, verdict, mx,
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
	lower(string_split(name, '.')[-1]) AS tld,
	CASE WHEN mx_status IN ('ok', 'implicit') AND len(mx) > 0
	     THEN operator_of(lower(mx[1].host))
	     WHEN mx_status IS NULL THEN '(inconclusive)'
	     ELSE '(no MX host)' END AS operator,
	coalesce(printf('%d-%d',
	                rank - (rank - 1) % rank_bin,
	                rank - (rank - 1) % rank_bin + rank_bin - 1),
	         '(no rank)') AS rank,
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
	-- anything that was asked and not answered
	mx_status IS NULL
	OR has_sts IS NULL
	OR has_tlsrpt IS NULL
	OR (in_sts_valid AND policy_usable IS NULL)
	OR (in_starttls AND starttls_all IS NULL)
	OR (in_mail AND len(mx) > 0 AND tlsa_any IS NULL) AS is_uncertain
FROM known LEFT JOIN host_summary USING (file, line), setting;
