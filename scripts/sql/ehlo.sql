-- SPDX-License-Identifier: Apache-2.0
--
-- ehlo.sql: what MX hosts say to EHLO before TLS, of distinct hosts that answer
-- it: STARTTLS blotted out on the way (all X, or altered by a letter or two),
-- and other keywords.
CREATE OR REPLACE TEMP MACRO says(keywords, word) AS
	list_contains(keywords, word);
WITH lines AS (
	SELECT host, probe.helo AS helo, list_transform(probe.ehlo, lambda line:
		upper(regexp_extract(line, '^(?:[0-9]{3}[- ])?\s*([^ =\r\n]*)',
		                     1)))[2:] AS keywords
	FROM (SELECT host, unnest(addresses) AS probe FROM probed)
	WHERE probe.ehlo_code = 250 OR probe.helo
), asked AS (
	SELECT host, any_value(keywords) AS keywords,
		coalesce(bool_or(helo), false) AS helo
	FROM lines GROUP BY host
), judged AS (
	SELECT *, len(list_filter(keywords, lambda k:
			regexp_full_match(k, 'X{4,}[A-Z]?'))) > 0 AS masked,
		len(list_filter(keywords, lambda k:
			k <> 'STARTTLS' AND length(k) BETWEEN 6 AND 10
			AND levenshtein(k, 'STARTTLS') <= 2)) > 0 AS altered
	FROM asked
)
SELECT unnest([
	tally('STARTTLS hidden', 'masked', 'XXXX in its place', true,
	      coalesce(masked, false)),
	tally('STARTTLS hidden', 'altered', 'altered by a letter or two', true,
	      coalesce(altered, false)),
	tally('STARTTLS hidden', 'helo', 'EHLO refused, HELO taken', true, helo),
	tally('Keywords', 'starttls', 'STARTTLS', true, says(keywords, 'STARTTLS')),
	tally('Keywords', 'pipelining', 'PIPELINING', true,
	      says(keywords, 'PIPELINING')),
	tally('Keywords', 'size', 'SIZE', true, says(keywords, 'SIZE')),
	tally('Keywords', '8bitmime', '8BITMIME', true, says(keywords, '8BITMIME')),
	tally('Keywords', 'smtputf8', 'SMTPUTF8', true, says(keywords, 'SMTPUTF8')),
	tally('Keywords', 'chunking', 'CHUNKING', true, says(keywords, 'CHUNKING')),
	tally('Keywords', 'dsn', 'DSN', true, says(keywords, 'DSN')),
	tally('Keywords', 'requiretls', 'REQUIRETLS', true,
	      says(keywords, 'REQUIRETLS'))
], recursive := true)
FROM judged;
