-- SPDX-License-Identifier: Apache-2.0
--
-- report_hosts.sql: the MX hosts of the domains in `told`, once each.  Where
-- shards probed a host twice, the probe that found something out counts, then
-- the one of the later file.
SELECT lower(m.host) AS host, m.starttls, m.tls, m.trusted, m.name_ok,
       m.time_ok, m.addresses
FROM mx AS m
WHERE lower(m.host) IN (
	SELECT lower(h.host)
	FROM (SELECT unnest(d.mx) AS h FROM domain AS d
	      SEMI JOIN told USING (file, line)))
QUALIFY row_number() OVER (
	PARTITION BY lower(m.host)
	ORDER BY coalesce(m.starttls IN ('inconclusive', 'blocked'), true),
	         file DESC) = 1
ORDER BY lower(m.host);
