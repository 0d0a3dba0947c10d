-- SPDX-License-Identifier: Apache-2.0
--
-- also.sql: what `scan --also` asked, of domains that exist: what is there,
-- the policies of SPF and DMARC, MTA-STS beside DMARC (of domains with MX),
-- and whose the name servers are (the registrable domain of each, a domain
-- counts once for each).  No row where nothing of it was asked.
WITH answer AS (
	SELECT domain.file, domain.line, lower(domain.name) AS name,
		in_mail, has_sts, also
	FROM domain JOIN measured USING (file, line)
	WHERE also IS NOT NULL AND domain.mx_status <> 'nxdomain'
), state AS (
	SELECT *, also.spf.policy AS spf, also.dmarc.status AS dmarc_status,
		CASE also.dmarc.status
		     WHEN 'present' THEN coalesce(also.dmarc.policy, 'bad')
		     WHEN 'multiple' THEN 'bad'
		     WHEN 'absent' THEN 'absent' END AS dmarc
	FROM answer
), question AS (
	SELECT unnest([
		{'turn': 1, 'item': 'ns', 'label': 'NS',
		 'status': also.ns.status},
		{'turn': 2, 'item': 'ds', 'label': 'DS',
		 'status': also.ds.status},
		{'turn': 3, 'item': 'spf', 'label': 'SPF',
		 'status': also.spf.status},
		{'turn': 4, 'item': 'dmarc', 'label': 'DMARC',
		 'status': also.dmarc.status},
		{'turn': 5, 'item': 'caa', 'label': 'CAA',
		 'status': also.caa.status},
		{'turn': 6, 'item': 'bimi', 'label': 'BIMI',
		 'status': also.bimi.status},
		{'turn': 7, 'item': 'a', 'label': 'IPv4 address',
		 'status': also.a.status}
	], recursive := true)
	FROM answer
), server AS (
	SELECT DISTINCT file, line, answer.name,
		coalesce(registrable, server) AS whom
	FROM (SELECT file, line, name, lower(unnest(also.ns.rr)) AS server
	      FROM answer) AS answer
	     LEFT JOIN name_of ON name_of.name = server
), sized AS (
	SELECT whom, count(*) AS size,
		row_number() OVER (ORDER BY count(*) DESC, whom) AS nth
	FROM server WHERE NOT is_below(name, whom) GROUP BY whom
), served AS (
	SELECT count(DISTINCT (file, line)) AS n,
		count(DISTINCT (file, line)) FILTER (is_below(name, whom))
			AS own
	FROM server
), row_ AS (
	SELECT 1 AS place, turn AS nth, [tally('Published', item,
		any_value(label), status IS NOT NULL, if(status = 'unknown',
		NULL, status <> 'absent'))] AS rows_
	FROM question WHERE status IS NOT NULL GROUP BY turn, item
	UNION ALL
	SELECT 2, 0, [
		tally('SPF', 'spf_multiple', 'several records',
		      also.spf.status IN ('present', 'multiple'),
		      also.spf.status = 'multiple'),
		tally('SPF', 'spf_fail', '-all', spf IS NOT NULL,
		      spf = 'fail'),
		tally('SPF', 'spf_softfail', '~all', spf IS NOT NULL,
		      spf = 'softfail'),
		tally('SPF', 'spf_neutral', '?all', spf IS NOT NULL,
		      spf = 'neutral'),
		tally('SPF', 'spf_pass', '+all', spf IS NOT NULL,
		      spf = 'pass'),
		tally('SPF', 'spf_redirect', 'redirect', spf IS NOT NULL,
		      spf = 'redirect'),
		tally('SPF', 'spf_none', 'neither', spf IS NOT NULL,
		      spf = 'none')]
	FROM state HAVING count(also.spf.status) > 0
	UNION ALL
	SELECT 3, 0, [
		tally('DMARC', 'dmarc_multiple', 'several records',
		      dmarc_status IN ('present', 'multiple'),
		      dmarc_status = 'multiple'),
		tally('DMARC', 'dmarc_reject', 'reject',
		      dmarc_status = 'present', dmarc = 'reject'),
		tally('DMARC', 'dmarc_quarantine', 'quarantine',
		      dmarc_status = 'present', dmarc = 'quarantine'),
		tally('DMARC', 'dmarc_none', 'none',
		      dmarc_status = 'present', dmarc = 'none'),
		tally('DMARC', 'dmarc_bad', 'no valid policy',
		      dmarc_status = 'present', dmarc = 'bad'),
		tally('MTA-STS, by DMARC policy', 'sts_dmarc_reject',
		      'reject', in_mail AND dmarc = 'reject', has_sts),
		tally('MTA-STS, by DMARC policy', 'sts_dmarc_quarantine',
		      'quarantine', in_mail AND dmarc = 'quarantine', has_sts),
		tally('MTA-STS, by DMARC policy', 'sts_dmarc_none',
		      'none', in_mail AND dmarc = 'none', has_sts),
		tally('MTA-STS, by DMARC policy', 'sts_dmarc_bad',
		      'several, or no valid policy', in_mail AND dmarc = 'bad',
		      has_sts),
		tally('MTA-STS, by DMARC policy', 'sts_dmarc_absent',
		      'no DMARC', in_mail AND dmarc = 'absent', has_sts)]
	FROM state HAVING count(dmarc_status) > 0
	UNION ALL
	SELECT 4, 0, [counted('Name servers', 'ns_own', 'the domain''s own',
		own, n, 0)]
	FROM served WHERE n > 0
	UNION ALL
	SELECT 5, nth, [counted('Name servers', 'ns_' || as_key(whom), whom,
		size, n, 0)]
	FROM sized, served WHERE nth <= 20
)
SELECT unnest(rows_, recursive := true)
FROM (FROM row_ ORDER BY place, nth);
