-- SPDX-License-Identifier: Apache-2.0
--
-- providers.sql: who hosts policies and records, by the names that aliases of
-- mta-sts and _mta-sts lead to (data/providers.tsv); of domains with an STS
-- record.  Then, of the domains of each provider, those whose policy fails and
-- those whose mail the same provider takes.
WITH hosted AS (
	SELECT provider, record_provider, is_tried, is_unknown, policy_status,
		provider_mx, len(policy_chain) > 0 AS by_alias
	FROM sts LEFT JOIN host_operator ON host = first_host
	WHERE in_sts
), whole AS (
	SELECT count(*) AS n FROM hosted
), row_ AS (
	SELECT 1 AS place, count(*) AS size, provider AS name,
		counted('Policy host', as_key(provider), provider, count(*),
		        any_value(n), 0) AS r
	FROM hosted, whole WHERE provider IS NOT NULL GROUP BY provider
	UNION ALL
	SELECT 2, 2, '', counted('Policy host, all', 'listed',
		'at a listed provider',
		count(*) FILTER (provider IS NOT NULL), count(*), 0)
	FROM hosted
	UNION ALL
	SELECT 2, 1, '', counted('Policy host, all', 'unlisted',
		'alias to somebody else',
		count(*) FILTER (provider IS NULL AND by_alias), count(*), 0)
	FROM hosted
	UNION ALL
	SELECT 3, count(*), record_provider, counted('STS record',
		'record_' || as_key(record_provider), record_provider,
		count(*), any_value(n), 0)
	FROM hosted, whole WHERE record_provider IS NOT NULL
	GROUP BY record_provider
	UNION ALL
	SELECT 4, count(*), provider, tally('Policy fails, of each',
		'fails_' || as_key(provider), provider, is_tried,
		if(is_unknown, NULL, policy_status <> 'ok'))
	FROM hosted WHERE provider IS NOT NULL GROUP BY provider
	UNION ALL
	SELECT 5, count(*), provider, tally('Takes the mail too, of each',
		'mail_' || as_key(provider), provider, true,
		coalesce(provider_mx = provider, false))
	FROM hosted WHERE provider IS NOT NULL GROUP BY provider
)
SELECT unnest(r) FROM (FROM row_ ORDER BY place, size DESC, name);
