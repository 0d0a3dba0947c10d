-- SPDX-License-Identifier: Apache-2.0
--
-- measure_sts.sql: the domains that show any sign of MTA-STS, flat.  A domain
-- without such a record may still have an alias at _mta-sts that leads
-- nowhere.
CREATE TEMP TABLE sts_domain AS
WITH signs AS (
	SELECT file, line, lower(name) AS name, mx_status, mx, verdict, started,
		coalesce(findings, []) AS findings, sts.record AS r,
		sts.policy AS p
	FROM domain
	WHERE sts.record.status IN ('ok', 'invalid', 'multiple')
	   OR sts.policy.status <> 'none_tried'
	   OR len(sts.record.lookup.cname) > 0
)
SELECT file, line, name, mx_status, verdict, started, findings,
	coalesce(mx_status = 'ok', false) AS in_mail,
	lower(mx[1].host) AS first_host,
	-- the record
	coalesce(r.status IN ('ok', 'invalid', 'multiple'), false) AS in_sts,
	r.status AS record_status, r.id AS id, r.id_time AS id_time,
	coalesce(r.txt, []) AS txt,
	coalesce(r.lookup.cname, []) AS record_chain,
	r.lookup.outcome AS record_outcome, r.provider AS record_provider,
	-- the first fault counts, in the order in which senders see them
	CASE WHEN r.status = 'ok' THEN 'correct'
	     WHEN r.status = 'multiple'
	       OR list_contains(findings, 'sts.record.multiple') THEN 'multiple'
	     WHEN list_contains(findings, 'sts.record.version') THEN 'version'
	     WHEN list_contains(findings, 'sts.record.id_missing')
	     THEN 'id_missing'
	     WHEN list_contains(findings, 'sts.record.id_invalid')
	     THEN 'id_invalid'
	     WHEN list_contains(findings, 'sts.record.syntax') THEN 'syntax'
	     WHEN r.status = 'invalid' THEN 'other' END AS record_fault,
	-- the policy
	coalesce(p.status <> 'none_tried', false) AS is_tried,
	p.status AS policy_status,
	-- a connect time-out is stored as tcp; the verdict tells it from a
	-- refusal
	coalesce(p.status = 'inconclusive'
	         OR (p.status = 'tcp' AND verdict = 'inconclusive'), false)
		AS is_unknown,
	p.outcome AS policy_outcome, p.mode AS mode, p.max_age AS max_age,
	p.mx AS patterns, p.mx_match AS stored_match, p.mx_class AS mx_class,
	p.host AS policy_host, p.provider AS stored_provider,
	coalesce(p.a.cname, p.aaaa.cname, []) AS policy_chain,
	list_concat(p.a.addresses, p.aaaa.addresses) AS policy_addresses,
	p.a.outcome AS a_outcome, p.aaaa.outcome AS aaaa_outcome,
	p.http_status AS http_status, p.content_type AS content_type,
	p.location AS location,
	p.tls.version AS policy_tls, p.tls."group" AS policy_group,
	p.tls.alert AS alert, p.tls.chain[1] AS policy_leaf,
	p.tls.trusted AS trusted, p.tls.name_ok AS name_ok,
	p.tls.time_ok AS time_ok, p.tls.self_signed AS self_signed,
	CASE WHEN coalesce(p.status <> 'tls', true) THEN NULL
	     WHEN 'tls_alert' IN (p.outcome, p.tls.outcome) THEN 'alert'
	     WHEN p.tls.outcome <> 'ok' OR p.tls.trusted IS NULL
	     THEN 'handshake'
	     WHEN NOT p.tls.name_ok THEN 'name'
	     WHEN NOT p.tls.time_ok THEN if(p.tls.not_yet, 'not_yet', 'expired')
	     WHEN p.tls.self_signed THEN 'self_signed'
	     WHEN p.tls.incomplete THEN 'incomplete'
	     ELSE 'untrusted' END AS tls_fault,
	CASE WHEN coalesce(p.status <> 'http', true) THEN NULL
	     WHEN p.http_status = 404 THEN '404'
	     WHEN p.http_status BETWEEN 400 AND 499 THEN 'other_4xx'
	     WHEN p.http_status BETWEEN 500 AND 599 THEN '5xx'
	     WHEN p.http_status BETWEEN 300 AND 399 THEN '3xx'
	     WHEN p.http_status IS NULL THEN 'no_http'
	     ELSE 'other' END AS http_fault,
	if(p.status = 'syntax', coalesce(
		nullif(regexp_extract_all(
			p.body, '(?m)^mx[ \t]*:[ \t]*(.*?)[ \t]*\r?$', 1), []),
		p.mx, []), NULL) AS written_patterns,
	p.status = 'syntax' AND coalesce(p.body, '') = '' AS is_empty
FROM signs;
