-- SPDX-License-Identifier: Apache-2.0
--
-- entities.sql: who manages what, by how many domains of this scan share it.
-- `setting` has the two thresholds: third_party (at least so many domains) and
-- self_managed (at most so many).  What lies between is unclassified.

-- How many domains the hosts of one registrable domain serve.
CREATE TEMP TABLE operator AS
SELECT coalesce(registrable, host) AS operator,
       count(DISTINCT (file, line)) AS served
FROM domain_host LEFT JOIN name_of ON name_of.name = host
WHERE mx_status = 'ok'
GROUP BY ALL;

-- Per MX host: whose it is, and the most domains that one of its addresses
-- serves under whatever name.  An address counts exactly only where the hosts
-- at it may reach the threshold together.
CREATE TEMP TABLE host_operator AS
WITH used AS (
	SELECT host, count(*) AS n FROM domain_host WHERE mx_status = 'ok'
	GROUP BY host
), place AS (
	SELECT host, n, address FROM used JOIN host USING (host),
	       unnest(addresses) AS t(address)
), busy AS (
	SELECT address FROM place, setting
	GROUP BY address HAVING sum(n) >= any_value(third_party)
), exact AS (
	SELECT address, count(DISTINCT (file, line)) AS served
	FROM place SEMI JOIN busy USING (address)
	     JOIN domain_host USING (host)
	WHERE mx_status = 'ok'
	GROUP BY address
), shared AS (
	SELECT host, max(served) AS shared FROM place JOIN exact USING (address)
	GROUP BY host
)
SELECT host, coalesce(name_of.registrable, host) AS operator, provider_mx,
       coalesce(served, 0) AS served, coalesce(shared, 0) AS shared
FROM used LEFT JOIN name_of ON name_of.name = host
     LEFT JOIN operator
     ON operator.operator = coalesce(name_of.registrable, host)
     LEFT JOIN shared USING (host);

-- The managing entity of a domain's MX hosts: third as soon as one host is,
-- self if all of them lie in the domain's own registrable domain.
CREATE TEMP TABLE mx_entity AS
SELECT file, line, CASE
	WHEN bool_or(shared >= third_party
	             OR (served >= third_party
	                 AND NOT is_below(name, operator))) THEN 'third'
	WHEN bool_and(is_below(name, operator)) THEN 'self'
	ELSE 'unclassified' END AS mx_entity
FROM domain_host JOIN host_operator USING (host), setting
WHERE mx_status = 'ok'
GROUP BY file, line;

-- Where the policy of a domain is hosted.
CREATE TEMP TABLE policy_entity AS
WITH ends AS (
	SELECT file, line, name, policy_addresses, a_outcome, aaaa_outcome,
		lower(policy_chain[-1]) AS target
	FROM sts_domain WHERE is_tried
), known AS (
	SELECT ends.*, coalesce(registrable, target) AS host_operator,
		target IS NOT NULL
		AND NOT is_below(ends.name, coalesce(registrable, target))
			AS is_foreign
	FROM ends LEFT JOIN name_of ON name_of.name = target
), served AS (
	SELECT host_operator, count(*) AS served FROM known
	WHERE is_foreign GROUP BY host_operator
), place AS (
	SELECT file, line, unnest(list_distinct(policy_addresses)) AS address
	FROM ends
), counted_place AS (
	SELECT address, count(*) AS n FROM place GROUP BY address
), shared AS (
	SELECT file, line, max(n) AS shared
	FROM place JOIN counted_place USING (address) GROUP BY file, line
)
SELECT file, line, host_operator AS policy_operator, is_foreign, CASE
	WHEN coalesce(served.served, 0) >= third_party
	  OR coalesce(shared, 0) >= third_party THEN 'third'
	-- no address, and nobody knows whether there is one
	WHEN shared IS NULL AND NOT coalesce(
		a_outcome IN ('nodata', 'nxdomain')
		AND coalesce(aaaa_outcome, a_outcome)
		    IN ('nodata', 'nxdomain'), false) THEN 'unclassified'
	WHEN coalesce(served.served, 0) <= self_managed
	 AND coalesce(shared, 0) <= self_managed THEN 'self'
	ELSE 'unclassified' END AS policy_entity
FROM known LEFT JOIN served USING (host_operator)
     LEFT JOIN shared USING (file, line), setting;

-- The provider that an alias of the policy host, or of the record, leads to.
CREATE TEMP TABLE sts_provider AS
WITH step AS (
	SELECT file, line, 'policy' AS what, lower(unnest(policy_chain)) AS name
	FROM sts_domain
	UNION ALL
	SELECT file, line, 'record', lower(unnest(record_chain)) FROM sts_domain
), found AS (
	SELECT file, line,
		any_value(provider_sts) FILTER (what = 'policy') AS by_policy,
		any_value(provider_sts) FILTER (what = 'record') AS by_record
	FROM step JOIN name_of USING (name) GROUP BY file, line
)
SELECT file, line, coalesce(stored_provider, by_policy) AS provider,
       coalesce(sts_domain.record_provider, by_record) AS record_provider
FROM sts_domain LEFT JOIN found USING (file, line);
