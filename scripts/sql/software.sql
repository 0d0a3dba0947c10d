-- SPDX-License-Identifier: Apache-2.0
--
-- software.sql: the software of MX hosts as their greetings name it; of
-- distinct hosts that greet.  Greetings are chosen by the host.
WITH greeted AS (
	SELECT host, any_value(array_to_string(probe.banner, ' ')) AS banner
	FROM (SELECT host, unnest(addresses) AS probe FROM probed)
	WHERE probe.banner_code = 220 GROUP BY host
), known AS (
	SELECT CASE
	WHEN banner IS NULL THEN NULL
	WHEN regexp_matches(banner, '\*{4}') THEN 'masked (***)'
	WHEN banner ILIKE '%postfix%' THEN 'Postfix'
	WHEN banner ILIKE '%exim%' THEN 'Exim'
	WHEN banner ILIKE '%microsoft%' THEN 'Microsoft'
	WHEN banner ILIKE '%gsmtp%' THEN 'Google'
	WHEN banner ILIKE '%sendmail%' THEN 'Sendmail'
	WHEN banner ILIKE '%opensmtpd%' THEN 'OpenSMTPD'
	WHEN banner ILIKE '%haraka%' THEN 'Haraka'
	WHEN banner ILIKE '%mailenable%' THEN 'MailEnable'
	WHEN banner ILIKE '%hmailserver%' THEN 'hMailServer'
	WHEN banner ILIKE '%mdaemon%' THEN 'MDaemon'
	WHEN banner ILIKE '%icewarp%' THEN 'IceWarp'
	WHEN banner ILIKE '%kerio%' THEN 'Kerio'
	WHEN banner ILIKE '%zimbra%' THEN 'Zimbra'
	WHEN banner ILIKE '%stalwart%' THEN 'Stalwart'
	WHEN banner ILIKE '%maddy%' THEN 'maddy'
	WHEN banner ILIKE '%halon%' THEN 'Halon'
	WHEN banner ILIKE '%communigate%' THEN 'CommuniGate'
	WHEN banner ILIKE '%barracuda%' THEN 'Barracuda'
	WHEN banner ILIKE '%proofpoint%' OR banner ILIKE '%pphosted%'
	THEN 'Proofpoint'
	WHEN banner ILIKE '%mimecast%' THEN 'Mimecast'
	WHEN banner ILIKE '%qmail%' THEN 'qmail'
	WHEN banner ILIKE '%apache james%' OR banner ILIKE '%james smtp%'
	THEN 'Apache James'
	ELSE '(says nothing)' END AS name
	FROM greeted
), total AS (
	SELECT count(name) AS n, count(*) - count(name) AS unknown FROM known
)
SELECT unnest(counted('Software by greeting', as_key(name), name, count(*),
                      any_value(n), any_value(unknown)))
FROM known, total WHERE name IS NOT NULL
GROUP BY name ORDER BY count(*) DESC, name;
