-- SPDX-License-Identifier: Apache-2.0
--
-- popularity.sql: who has what by rank, of domains with MX.  The width of a
-- bin is that of `--by rank`.
WITH bin AS (
	SELECT rank, rank_from,
		tally('MTA-STS record', 'sts_' || rank, rank, in_mail, has_sts)
			AS sts,
		tally('TLS-RPT record', 'tlsrpt_' || rank, rank, in_mail,
		      has_tlsrpt) AS tlsrpt,
		tally('TLSA on any MX host', 'dane_' || rank, rank, in_mail,
		      tlsa_any) AS dane
	FROM measured WHERE rank_from IS NOT NULL
	GROUP BY rank, rank_from
)
SELECT unnest(row_) FROM (
	SELECT 1 AS place, rank_from, sts AS row_ FROM bin
	UNION ALL SELECT 2, rank_from, tlsrpt FROM bin
	UNION ALL SELECT 3, rank_from, dane FROM bin
	ORDER BY place, rank_from);
