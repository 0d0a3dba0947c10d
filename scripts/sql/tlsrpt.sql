-- SPDX-License-Identifier: Apache-2.0
--
-- tlsrpt.sql: TLS-RPT records: what is wrong with them, how destinations are
-- reached, and to whom reports go (a listed provider by its name, anybody else
-- by the registrable domain); of domains with a record, meant or valid.
WITH published AS (
	SELECT file, line, lower(name) AS name, tlsrpt.status AS status,
		findings, coalesce(tlsrpt.rua, []) AS rua
	FROM domain WHERE tlsrpt.status IN ('ok', 'invalid', 'multiple')
), schemes AS (
	SELECT *, list_distinct(list_transform(rua, lambda u:
		CASE WHEN starts_with(lower(u), 'mailto:') THEN 'mailto'
		     WHEN starts_with(lower(u), 'https:') THEN 'https'
		     ELSE 'other' END)) AS kinds
	FROM published
), target AS (
	SELECT DISTINCT file, line, published.name, coalesce(
			provider_tlsrpt, registrable, host) AS whom,
		is_below(published.name, coalesce(registrable, host)) AS is_own
	FROM (SELECT file, line, name, rua_host(unnest(rua)) AS host
	      FROM published WHERE status = 'ok') AS published
	     LEFT JOIN name_of ON name_of.name = host
	WHERE host IS NOT NULL
), sized AS (
	SELECT whom, count(*) AS size,
		row_number() OVER (ORDER BY count(*) DESC, whom) AS nth
	FROM target WHERE NOT is_own GROUP BY whom
), valid AS (
	SELECT count(*) AS n FROM published WHERE status = 'ok'
), row_ AS (
	SELECT 1 AS place, 0 AS nth, [
		tally('Records', 'valid', 'valid', true, status = 'ok'),
		tally('Records', 'multiple', 'several records', true,
		      raised(findings, 'tlsrpt.multiple')),
		tally('Records', 'version', 'bad version', true,
		      raised(findings, 'tlsrpt.version')),
		tally('Records', 'rua_missing', 'no destination', true,
		      raised(findings, 'tlsrpt.rua_missing')),
		tally('Records', 'rua_scheme', 'no usable destination', true,
		      raised(findings, 'tlsrpt.rua_scheme')),
		tally('Records', 'syntax', 'bad syntax', true,
		      raised(findings, 'tlsrpt.syntax')),
		tally('Destinations, of valid records', 'mailto',
		      'mailto alone', status = 'ok', kinds = ['mailto']),
		tally('Destinations, of valid records', 'https', 'https alone',
		      status = 'ok', kinds = ['https']),
		tally('Destinations, of valid records', 'both',
		      'mailto and https', status = 'ok',
		      list_has_all(kinds, ['mailto', 'https'])),
		tally('Destinations, of valid records', 'other_scheme',
		      'another scheme among them', status = 'ok',
		      list_contains(kinds, 'other')),
		tally('Destinations, of valid records', 'several', 'several',
		      status = 'ok', len(rua) > 1)
	] AS rows_ FROM schemes
	UNION ALL
	SELECT 2, 0, [counted('Reports go to, of valid records', 'own',
		'the domain itself', count(DISTINCT (file, line)),
		any_value(n), 0)] AS rows_
	FROM target, valid WHERE is_own
	UNION ALL
	SELECT 3, nth, [counted('Reports go to, of valid records',
		'to_' || as_key(whom), whom, size, n, 0)] AS rows_
	FROM sized, valid WHERE nth <= 20
)
SELECT unnest(rows_, recursive := true)
FROM (FROM row_ ORDER BY place, nth);
