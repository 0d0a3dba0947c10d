-- SPDX-License-Identifier: Apache-2.0
--
-- names.sql: the names whose registrable domain and provider the tables need,
-- each once: MX hosts, aliases of MTA-STS names, destinations of TLS-RPT.
CREATE TEMP TABLE asked AS
SELECT DISTINCT name FROM (
	SELECT host AS name FROM domain_host
	UNION ALL SELECT host FROM host
	UNION ALL SELECT lower(unnest(record_chain)) FROM sts_domain
	UNION ALL SELECT lower(unnest(policy_chain)) FROM sts_domain
	UNION ALL SELECT rua_host(unnest(tlsrpt.rua)) FROM domain
	          WHERE len(tlsrpt.rua) > 0
) WHERE name IS NOT NULL
ORDER BY name;
