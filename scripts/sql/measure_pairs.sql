-- SPDX-License-Identifier: Apache-2.0
--
-- measure_pairs.sql: the MX hosts that domains name, and what became of each
-- for the domain.  Every state is true, false or null; null means that it could
-- not be determined: the look-up failed, the host was blocked to us, the key is
-- missing.  It never means no.
--
-- The key of a domain is (file, line), here as in the relations.

-- One row per domain and MX host.
CREATE TEMP TABLE domain_host AS
WITH pair AS (
	SELECT * EXCLUDE (h), h.*
	FROM (SELECT file, line, lower(name) AS name, mx_status,
	             unnest(mx) AS h
	      FROM domain)
)
SELECT file, line, name, lower(host) AS host, starttls, tls, mx_status,
	in_policy, name_ok, time_ok, trusted, dane,
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
CREATE TEMP TABLE host AS
SELECT file, mx.host AS stored_host, lower(mx.host) AS host, starttls, tls,
	trusted, name_ok, time_ok, dane, tlsa.lookup.ad AS tlsa_secure,
	coalesce(len(tlsa.rr), 0) > 0 AS has_tlsa,
	list_concat(a.addresses, aaaa.addresses) AS addresses
FROM mx
QUALIFY row_number() OVER (
	PARTITION BY lower(mx.host)
	ORDER BY coalesce(starttls IN ('inconclusive', 'blocked'), true),
	         file DESC) = 1;
