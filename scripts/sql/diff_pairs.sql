-- SPDX-License-Identifier: Apache-2.0
--
-- diff_pairs.sql: the domains of which the two scans do not say the same, as
-- `pair` (name, o: what OLD says, n: what NEW says); `in_both` has all domains
-- of both scans.  `operator_name` knows who is behind a host name.
CREATE TABLE provided AS
SELECT scan_no, name,
	if(is_record_found, coalesce(record_provider, r.operator, record_alias,
	                             '(own)'), NULL) AS record_by,
	if(is_policy_found, coalesce(policy_provider, p.operator, policy_alias,
	                             '(own)'), NULL) AS policy_by
FROM (FROM side WHERE is_record_found OR is_policy_found) AS side
LEFT JOIN operator_name AS r ON r.host = record_alias
LEFT JOIN operator_name AS p ON p.host = policy_alias;

CREATE VIEW in_both AS
SELECT o.name, o, n
FROM (FROM side WHERE scan_no = 1) AS o
JOIN (FROM side WHERE scan_no = 2) AS n USING (name);

-- A digest each, so that only the few that differ are carried side by side.
CREATE TABLE differing AS
WITH digest AS (
	SELECT name, hash(verdict, verdict_dane, record_word, policy_word,
		mx_status, record, policy, mode, id, body, has_tlsrpt, hosts,
		mx_match, mx, record_provider, record_alias, policy_provider,
		policy_alias, policy_host, policy_tls)
		AS facts
	FROM side
)
SELECT name FROM digest GROUP BY name
HAVING count(*) = 2 AND min(facts) <> max(facts);

CREATE TABLE pair AS
WITH whole AS (
	SELECT * FROM side SEMI JOIN differing USING (name)
	LEFT JOIN provided USING (scan_no, name)
)
SELECT o.name, o, n
FROM (FROM whole WHERE scan_no = 1) AS o
JOIN (FROM whole WHERE scan_no = 2) AS n ON o.name = n.name;

-- One row an event; `host` where it is about one host.
CREATE TABLE event (name VARCHAR, event VARCHAR, was VARCHAR, became VARCHAR,
	host VARCHAR);

-- An element of a list of events, null where it did not happen; a condition
-- that is not known is none.
CREATE MACRO change(event_, happened, was_, became_, host_ := NULL) AS
	CASE WHEN happened THEN {'event': event_, 'was': was_,
		'became': became_, 'host': host_::VARCHAR} END;
