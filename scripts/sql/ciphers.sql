-- SPDX-License-Identifier: Apache-2.0
--
-- ciphers.sql: cipher suites and key exchange groups of MX hosts, once per
-- distinct host and address whose TLS stands; of policy hosts, once per domain.
-- TLS 1.3 is always forward secret; before that the suite says it.
WITH spoken AS (
	SELECT version, cipher, "group" FROM session WHERE tls_outcome = 'ok'
), web AS (
	SELECT policy_tls AS version, policy_group AS "group" FROM sts
	WHERE policy_tls IS NOT NULL
), row_ AS (
	SELECT 1 AS place, 0 AS turn, [
		tally('MX hosts', 'pfs', 'forward secrecy', true,
		      version = '1.3' OR regexp_matches(cipher, 'DHE')),
		tally('MX hosts', 'pq', 'post-quantum group', true,
		      regexp_matches("group", '(?i)mlkem|kyber')),
		tally('MX hosts', 'tls_old', 'below TLS 1.2', true,
		      version NOT IN ('1.2', '1.3'))
	] AS rows_ FROM spoken
	UNION ALL
	SELECT 2, 0, [
		tally('Policy hosts', 'policy_pq', 'post-quantum group', true,
		      regexp_matches("group", '(?i)mlkem|kyber')),
		tally('Policy hosts', 'policy_1.3', 'TLS 1.3', true,
		      version = '1.3'),
		tally('Policy hosts', 'policy_1.2', 'TLS 1.2', true,
		      version = '1.2')
	] AS rows_ FROM web
	UNION ALL
	SELECT 3, -count(*), [counted('Group', 'group_' || as_key("group"),
		"group", count(*), any_value(n), any_value(unknown))] AS rows_
	FROM spoken, (SELECT count("group") AS n,
	              count(*) - count("group") AS unknown FROM spoken)
	WHERE "group" IS NOT NULL GROUP BY "group"
	UNION ALL
	SELECT 4, -count(*), [counted('Cipher suite',
		'cipher_' || as_key(cipher), cipher, count(*), any_value(n),
		any_value(unknown))] AS rows_
	FROM spoken, (SELECT count(cipher) AS n,
	              count(*) - count(cipher) AS unknown FROM spoken)
	WHERE cipher IS NOT NULL GROUP BY cipher
)
SELECT unnest(rows_, recursive := true)
FROM (FROM row_ ORDER BY place, turn, rows_[1].item);
