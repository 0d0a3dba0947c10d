-- SPDX-License-Identifier: Apache-2.0
--
-- diff_sides.sql: what each of two scans says of a domain.  One row per scan
-- and name in `side`; a name that a list repeats has one, that of its first
-- line.
--
-- Null means that it is not known: the look-up failed, the host was blocked
-- to us, the user excluded the domain, the key is missing.  Changes are told
-- only between two things that are known.
CREATE TABLE side AS
WITH asked AS (
	SELECT scan_no, file, line, name,
		coalesce(verdict, '(missing)') AS verdict,
		coalesce(verdict_dane, '(missing)') AS verdict_dane,
		coalesce(sts.record.status, '(missing)') AS record_word,
		-- a connect time-out is stored as tcp; the verdict tells it from
		-- a refusal
		if(sts.policy.status = 'tcp' AND verdict = 'inconclusive',
		   'inconclusive', coalesce(sts.policy.status, '(missing)'))
			AS policy_word,
		NOT coalesce(excluded, false) AS is_asked,
		if(is_asked, nullif(domain.mx_status, 'inconclusive'), NULL)
			AS mx_status,
		if(is_asked, domain.mx, NULL) AS mx, mx_cut, sts,
		tlsrpt.status AS tlsrpt_status
	FROM domain
)
SELECT scan_no, file, line, name, verdict, verdict_dane, record_word,
	policy_word, mx_status,
	-- Below a name that does not exist there is nothing.
	if(is_asked, coalesce(nullif(nullif(record_word, 'inconclusive'),
	                             '(missing)'),
	                      if(mx_status = 'nxdomain'
	                         AND sts.record.status IS NULL, 'absent', NULL)),
	   NULL) AS record,
	if(is_asked AND policy_word NOT IN ('inconclusive', 'none_tried',
	                                    '(missing)'),
	   policy_word, NULL) AS policy,
	coalesce(record = 'ok' AND policy = 'ok', false) AS is_usable,
	if(is_usable, sts.policy.mode, NULL) AS mode,
	if(is_usable, sts.record.id, NULL) AS id,
	-- bodies run to 64 KiB
	if(is_usable AND NOT coalesce(sts.policy.body_cut, false),
	   md5(sts.policy.body), NULL) AS body,
	if(is_asked, nullif(coalesce(tlsrpt_status,
	                             if(mx_status = 'nxdomain', 'absent', NULL)),
	                    'inconclusive') <> 'absent', NULL) AS has_tlsrpt,
	-- the set of MX hosts; a set that the cap cut is not known
	CASE WHEN coalesce(mx_cut, false) OR mx_status IS NULL THEN NULL
	     ELSE list_sort(list_distinct(
	          [lower(at_.host) for at_ in coalesce(mx, [])])) END AS hosts,
	if(is_usable, coalesce(nullif(sts.policy.mx_match, 'null'), CASE
	   WHEN list_contains([at_.in_policy for at_ in mx], true) THEN 'some'
	   WHEN len(mx) > 0 AND len([at_ for at_ in mx if at_.in_policy = false])
	        = len(mx) THEN 'none' END), NULL) AS mx_match,
	[{'host': lower(at_.host), 'starttls': at_.starttls,
	  'has_tls': CASE WHEN at_.starttls = 'ok' THEN true
	       WHEN at_.starttls IN ('not_offered', 'refused', 'tls_failed')
	       THEN false END,
	  'is_valid': if(at_.starttls = 'ok',
	                 at_.trusted AND at_.name_ok AND at_.time_ok, NULL),
	  'dane': nullif(at_.dane, 'inconclusive')} for at_ in mx] AS mx,
	-- who runs what: words of data/providers.tsv; whose an alias is
	-- has to be asked
	sts.record.provider AS record_provider,
	if(record_provider IS NULL, lower(sts.record.lookup.cname[-1]), NULL)
		AS record_alias,
	record <> 'absent' AND sts.record.lookup IS NOT NULL
		AS is_record_found,
	sts.policy.provider AS policy_provider,
	if(policy_provider IS NULL, lower(coalesce(sts.policy.a.cname[-1],
	   sts.policy.aaaa.cname[-1])), NULL) AS policy_alias,
	is_asked AND coalesce(len(sts.policy.a.addresses) > 0
	         OR len(sts.policy.aaaa.addresses) > 0
	         OR len(sts.policy.a.cname) > 0
	         OR len(sts.policy.aaaa.cname) > 0, false) AS is_policy_found,
	if(is_asked, sts.policy.host, NULL) AS policy_host,
	if(is_asked AND sts.policy.tls.chain[1] IS NOT NULL, {
	   'leaf': sts.policy.tls.chain[1],
	   'not_after': sts.policy.tls.not_after,
	   'time_ok': sts.policy.tls.time_ok,
	   'valid': sts.policy.tls.trusted AND sts.policy.tls.name_ok
	            AND sts.policy.tls.time_ok,
	   'expired': coalesce(sts.policy.tls.expired, false)}, NULL)
		AS policy_tls
FROM asked;
-- names that a list repeats
CREATE TEMP TABLE repeated AS
SELECT scan_no, name, min({'file': file, 'line': line}) AS kept
FROM side GROUP BY ALL HAVING count(*) > 1;
DELETE FROM side USING repeated
WHERE side.scan_no = repeated.scan_no AND side.name = repeated.name
  AND {'file': side.file, 'line': side.line} <> repeated.kept;
