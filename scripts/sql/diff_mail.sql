-- SPDX-License-Identifier: Apache-2.0
--
-- diff_mail.sql: events of names, lists and MX records, and of what the MX
-- hosts do that a domain has in both scans.  A domain has each event once,
-- told of its first such host.
INSERT INTO event
WITH told AS (
	SELECT name, unnest([
	change('appeared', o.mx_status = 'nxdomain'
	       AND n.mx_status <> 'nxdomain', o.mx_status, n.mx_status),
	change('vanished', o.mx_status <> 'nxdomain'
	       AND n.mx_status = 'nxdomain', o.mx_status, n.mx_status),
	change('mx_changed', o.hosts <> n.hosts AND o.mx_status <> 'nxdomain'
	       AND n.mx_status <> 'nxdomain',
	       array_to_string(o.hosts, ' '), array_to_string(n.hosts, ' '))
	]) AS e FROM pair
)
SELECT name, e.event, e.was, e.became, e.host FROM told WHERE e IS NOT NULL
UNION ALL
SELECT name, 'left_list', 'listed', 'not listed', NULL
FROM (FROM side WHERE scan_no = 1) ANTI JOIN
     (FROM side WHERE scan_no = 2) AS n USING (name)
UNION ALL
SELECT name, 'joined_list', 'not listed', 'listed', NULL
FROM (FROM side WHERE scan_no = 2) ANTI JOIN
     (FROM side WHERE scan_no = 1) AS o USING (name);

-- The hosts of a domain that the scans tell different things of.
CREATE TABLE host_pair AS
WITH old AS (SELECT name, unnest(o.mx) AS o FROM pair
             WHERE o.mx IS DISTINCT FROM n.mx),
new AS (SELECT name, unnest(n.mx) AS n FROM pair
        WHERE o.mx IS DISTINCT FROM n.mx)
SELECT old.name, o.host AS host, o, n
FROM old JOIN new ON old.name = new.name AND o.host = n.host
WHERE o IS DISTINCT FROM n;

INSERT INTO event
WITH told AS (
	SELECT p.name, unnest([
	change('starttls_lost', o.has_tls AND NOT n.has_tls, o.starttls,
	       n.starttls, p.host),
	change('starttls_gained', NOT o.has_tls AND n.has_tls, o.starttls,
	       n.starttls, p.host),
	-- an expired certificate has an event of its own
	change('certificate_broken', o.is_valid AND NOT n.is_valid
	       AND NOT coalesce(c.is_expired, false), 'valid', 'invalid',
	       p.host),
	change('certificate_repaired', NOT o.is_valid AND n.is_valid,
	       'invalid', 'valid', p.host),
	change('tlsa_stale', o.dane = 'ok' AND n.dane = 'mismatch'
	       AND c.is_other_chain AND NOT c.is_other_tlsa, o.dane, n.dane,
	       p.host),
	change('dane_broken', o.dane = 'ok' AND n.dane IN ('mismatch',
	       'unusable', 'insecure', 'bogus')
	       AND NOT coalesce(n.dane = 'mismatch' AND c.is_other_chain
	                        AND NOT c.is_other_tlsa, false),
	       o.dane, n.dane, p.host),
	change('dane_repaired', o.dane IN ('mismatch', 'unusable', 'insecure',
	       'bogus') AND n.dane = 'ok', o.dane, n.dane, p.host)
	]) AS e
	FROM host_pair AS p LEFT JOIN host_change AS c ON c.host = p.host
), published AS (
	-- secure TLSA records on any host: one yes settles it, a host that is not
	-- known leaves a no open
	SELECT name, [at_.dane for at_ in o.mx] AS old_, [at_.dane for at_ in n.mx] AS new_,
		-- a list with a null has not as many numbers as members
		len(old_) > 0 AND len(new_) > 0 AS has_hosts,
		len([w_ for w_ in old_ if w_ IN ('ok', 'mismatch', 'unusable')])
			> 0 AS old_has,
		len([w_ for w_ in new_ if w_ IN ('ok', 'mismatch', 'unusable')])
			> 0 AS new_has,
		len([w_ for w_ in old_ if w_ = 'absent']) = len(old_) AS old_none,
		len([w_ for w_ in new_ if w_ = 'absent']) = len(new_) AS new_none
	FROM pair WHERE o.mx IS DISTINCT FROM n.mx
), all_told AS (
	SELECT name, e FROM told WHERE e IS NOT NULL
	UNION ALL
	SELECT name, change('dane_added', has_hosts AND old_none AND new_has,
	                    'absent', 'present') FROM published
	UNION ALL
	SELECT name, change('dane_removed', has_hosts AND old_has AND new_none,
	                    'present', 'absent') FROM published
)
SELECT name, e.event, arg_min(e.was, coalesce(e.host, '')),
       arg_min(e.became, coalesce(e.host, '')), min(e.host)
FROM all_told WHERE e IS NOT NULL
GROUP BY name, e.event;
