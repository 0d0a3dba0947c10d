-- SPDX-License-Identifier: Apache-2.0
--
-- macros.sql: the arithmetic that every published table shares.

-- A share of nothing is unknown, not zero.
CREATE MACRO share(n, of_these) AS n / nullif(of_these, 0)::DOUBLE;

-- "All of them", where each may be yes, no or unknown: one no settles it,
-- without a no one unknown leaves it open.
CREATE MACRO all_of(counts, state) AS CASE
	WHEN count(*) FILTER (counts AND NOT state) > 0 THEN false
	WHEN count(*) FILTER (counts AND state IS NULL) > 0 THEN NULL
	ELSE true END;

-- "Any of them": one yes settles it.
CREATE MACRO any_of(counts, state) AS CASE
	WHEN count(*) FILTER (counts AND state) > 0 THEN true
	WHEN count(*) FILTER (counts AND state IS NULL) > 0 THEN NULL
	ELSE false END;

-- One row of adoption.  Domains whose state is unknown leave both numerator
-- and denominator and are counted beside them.
CREATE MACRO tally(section_, item_, label_, population, state) AS {
	'section': section_,
	'item': item_,
	'label': label_,
	'numerator': count(*) FILTER (population AND state),
	'denominator': count(*) FILTER (population AND state IS NOT NULL),
	'share': share(count(*) FILTER (population AND state),
	               count(*) FILTER (population AND state IS NOT NULL)),
	'inconclusive': count(*) FILTER (population AND state IS NULL)};

-- Who runs a mail host: the name one label below the public suffix, guessed
-- without a suffix list (see README.md).
CREATE MACRO operator_of(host) AS array_to_string(
	string_split(host, '.')[CASE
		WHEN string_split(host, '.')[-2] IN (
			'ac', 'co', 'com', 'edu', 'go', 'gob', 'gov', 'gouv',
			'gv', 'ltd', 'mil', 'ne', 'net', 'nom', 'or', 'org',
			'plc', 'sch')
		 AND string_split(host, '.')[-1] NOT IN ('com', 'net', 'org')
		THEN -3 ELSE -2 END:], '.');
