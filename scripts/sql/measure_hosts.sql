-- SPDX-License-Identifier: Apache-2.0
--
-- measure_hosts.sql: what probing the MX hosts found.  Every state is true,
-- false or null; null means that it could not be determined: the
-- look-up failed, the host was blocked to us, the key is missing.

-- The records that count, whole.
CREATE TEMP VIEW probed AS
SELECT mx.* REPLACE (lower(mx.host) AS host)
FROM mx SEMI JOIN host ON host.file = mx.file AND host.stored_host = mx.host;

-- One row per distinct MX host and address: its session.
CREATE TEMP TABLE session AS
WITH flat AS (
	SELECT host, unnest(addresses) AS probe FROM probed
)
SELECT host, probe.address AS address, probe.starttls AS starttls,
	probe.outcome AS outcome, probe.banner_code AS banner_code,
	probe.tls.outcome AS tls_outcome, probe.tls.version AS version,
	probe.tls.cipher AS cipher, probe.tls."group" AS "group",
	probe.tls.chain[1] AS leaf,
	coalesce(len(probe.tls.chain), 0) AS chain_length,
	probe.tls.trusted AS trusted, probe.tls.name_ok AS name_ok,
	probe.tls.time_ok AS time_ok, probe.tls.expired AS expired,
	probe.tls.not_yet AS not_yet, probe.tls.self_signed AS self_signed,
	probe.dane.matched AS dane_matched,
	probe.dane.matched_index AS dane_index,
	probe.dane.alternative IS NOT NULL AS dane_alternative
FROM flat;

-- One row per distinct MX host whose certificate fails in some respect.
CREATE TEMP TABLE host_fault AS
SELECT host,
	coalesce(bool_or(NOT name_ok), false) AS bad_name,
	coalesce(bool_or(NOT time_ok AND (expired OR not_yet IS NULL
	                                  OR NOT not_yet)), false) AS bad_expired,
	coalesce(bool_or(NOT time_ok AND not_yet), false) AS bad_not_yet,
	coalesce(bool_or(NOT trusted AND self_signed), false)
		AS bad_self_signed,
	coalesce(bool_or(NOT trusted AND self_signed IS NOT true), false)
		AS bad_untrusted
FROM session
WHERE NOT trusted OR NOT name_ok OR NOT time_ok
GROUP BY host;
