-- SPDX-License-Identifier: Apache-2.0
--
-- diff_certificates.sql: certificates that were renewed or ran out, at the
-- policy host or at an MX host of both scans, and TLSA sets that were rolled.
-- A domain has each event once, told of the policy host, else of its first
-- host.
INSERT INTO event
WITH changed AS (
	FROM host_change WHERE is_expired OR is_renewed OR is_other_tlsa
), old AS (
	SELECT name, unnest(mx) AS o FROM side WHERE scan_no = 1 AND mx <> []
), new AS (
	SELECT name, unnest(mx) AS n FROM side WHERE scan_no = 2 AND mx <> []
), touched AS (
	SELECT new.name, c.*, o.dane AS old_dane, n.dane AS new_dane
	FROM changed AS c JOIN new ON n.host = c.host
	JOIN old ON old.name = new.name AND o.host = c.host
), policy AS (
	SELECT name, o.policy_tls AS o, n.policy_tls AS n,
	       n.policy_host AS host
	FROM pair WHERE o.policy_host = n.policy_host
), told AS (
	SELECT 0 AS place, name, unnest([
	change('certificate_renewed', o.leaf <> n.leaf
	       AND n.not_after > o.not_after AND n.valid,
	       strftime(make_timestamp(o.not_after * 1000000), '%Y-%m-%d'),
	       strftime(make_timestamp(n.not_after * 1000000), '%Y-%m-%d'),
	       host),
	change('certificate_expired', o.time_ok AND NOT n.time_ok
	       AND n.expired, 'in date', 'expired', host)]) AS e
	FROM policy
	UNION ALL
	SELECT 1, name, unnest([
	change('certificate_renewed', is_renewed, 'old', 'renewed', host),
	change('certificate_expired', is_expired, 'in date', 'expired', host),
	change('tlsa_rolled', is_other_tlsa AND old_dane = 'ok'
	       AND new_dane = 'ok', 'ok', 'ok', host)])
	FROM touched
)
SELECT name, e.event,
       arg_min(e.was, {'place': place, 'host': e.host}),
       arg_min(e.became, {'place': place, 'host': e.host}),
       arg_min(e.host, {'place': place, 'host': e.host})
FROM told WHERE e IS NOT NULL
GROUP BY name, e.event;
