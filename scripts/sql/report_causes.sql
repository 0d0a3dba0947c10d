-- SPDX-License-Identifier: Apache-2.0
--
-- report_causes.sql: why TLS with policy hosts fails, of domains with a valid
-- STS record whose policy status is tls.  A certificate may have several
-- faults and counts at each of them.
WITH failed AS (
	SELECT sts.policy.tls AS t FROM domain
	WHERE sts.record.status = 'ok' AND sts.policy.status = 'tls'
), counted AS (
	SELECT unnest([
		{'cause': 'no handshake', 'domains': count(*) FILTER (
			t.trusted IS NULL AND t.name_ok IS NULL)},
		{'cause': 'certificate names another host',
		 'domains': count(*) FILTER (t.name_ok = false)},
		{'cause': 'certificate out of date',
		 'domains': count(*) FILTER (t.time_ok = false)},
		{'cause': 'certificate signed by itself',
		 'domains': count(*) FILTER (t.self_signed)},
		{'cause': 'chain to no trusted root',
		 'domains': count(*) FILTER (
			t.trusted = false AND t.self_signed IS NOT true)}
		], recursive := true)
	FROM failed
)
SELECT cause, domains FROM counted WHERE domains > 0
ORDER BY domains DESC, cause;
