-- SPDX-License-Identifier: Apache-2.0
--
-- reports_macros.sql: what senders reported against what a scan saw.  True:
-- the scan saw the same; false: it saw that it is not so; null: it cannot say.

-- A failure at an MX host (RFC 8460 sections 4.3.1 and 4.3.2).  The types of
-- section 4.3.2.2 are about the policy, not about a host.
CREATE MACRO host_agrees(result, starttls, trusted, name_ok, time_ok, dane,
                         in_policy) AS CASE result
	WHEN 'starttls-not-supported' THEN CASE
		WHEN starttls IN ('not_offered', 'refused') THEN true
		WHEN starttls IN ('ok', 'tls_failed') THEN false END
	WHEN 'certificate-host-mismatch' THEN NOT name_ok
	WHEN 'certificate-expired' THEN NOT time_ok
	WHEN 'certificate-not-trusted' THEN NOT trusted
	WHEN 'tlsa-invalid' THEN CASE
		WHEN dane IN ('mismatch', 'unusable') THEN true
		WHEN dane IN ('ok', 'absent', 'insecure') THEN false END
	WHEN 'dnssec-invalid' THEN CASE
		WHEN dane = 'bogus' THEN true
		WHEN dane <> 'inconclusive' THEN false END
	WHEN 'dane-required' THEN CASE
		WHEN dane IN ('absent', 'insecure', 'unusable') THEN true
		WHEN dane IN ('ok', 'mismatch') THEN false END
	-- the type for all that has no other
	WHEN 'validation-failure' THEN CASE
		WHEN starttls = 'tls_failed' OR NOT trusted OR NOT name_ok
		  OR NOT time_ok OR dane = 'mismatch' OR NOT in_policy
		THEN true
		WHEN starttls = 'ok' AND trusted AND name_ok AND time_ok
		 AND dane IN ('ok', 'absent', 'insecure')
		 AND coalesce(in_policy, true)
		THEN false END
	END;

-- Failures of the policy itself (section 4.3.2.2).
CREATE MACRO fetch_agrees(result, status) AS CASE
	WHEN status = 'ok' THEN false
	WHEN result = 'sts-policy-fetch-error'
	THEN if(status IN ('dns', 'tcp', 'tls', 'http'), true, NULL)
	WHEN result = 'sts-webpki-invalid' THEN if(status = 'tls', true, NULL)
	WHEN result = 'sts-policy-invalid'
	THEN if(status = 'syntax', true, NULL) END;

-- Whether sessions failed, against what a sender should find by our facts.
CREATE MACRO verdict_agrees(type, failed, verdict, mode) AS CASE
	WHEN verdict IS NULL OR verdict = 'inconclusive' THEN NULL
	WHEN type = 'no-policy-found' THEN verdict IN ('none', 'invalid')
	WHEN verdict = 'none' THEN if(mode = 'none', true, false)
	WHEN failed > 0 THEN verdict NOT IN ('enforce_ok', 'testing_ok')
	ELSE verdict NOT IN ('enforce_fail', 'testing_fail', 'invalid') END;

-- The lines of a policy, whatever ends them.
CREATE MACRO policy_lines(policy) AS list_filter(list_transform(
	string_split(replace(replace(policy, chr(13) || chr(10), chr(10)),
	                     chr(13), chr(10)), chr(10)),
	lambda line: rtrim(line)), lambda line: line <> '');

-- The same in any order and spacing; senders write policies anew.
CREATE MACRO policy_terms(policy) AS list_sort(list_transform(
	policy_lines(policy),
	lambda line: lower(regexp_replace(trim(line), '\s*:\s*', ':'))));

CREATE MACRO policy_same(told, body) AS CASE
	WHEN told IS NULL OR body IS NULL THEN NULL
	WHEN policy_lines(told) = policy_lines(body) THEN 'same'
	WHEN policy_terms(told) = policy_terms(body) THEN 'rewritten'
	ELSE 'differs' END;
