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

-- The same with a numerator and a denominator that are not of domains, or
-- not counted by yes and no.
CREATE MACRO counted(section_, item_, label_, n, of_these, unknown) AS {
	'section': section_,
	'item': item_,
	'label': label_,
	'numerator': n,
	'denominator': of_these,
	'share': share(n, of_these),
	'inconclusive': unknown};

-- Is a finding among those of a domain?
CREATE MACRO raised(findings, code) AS
	coalesce(list_contains(findings, code), false);

-- Is a name the domain itself or a name below it?
CREATE MACRO is_below(name, above) AS
	name = above OR ends_with(name, '.' || above);

-- A word that is a key in the output: lower case, no blanks.
CREATE MACRO as_key(words) AS
	regexp_replace(lower(words), '[^a-z0-9.]+', '_', 'g');

-- The part of an issuer or subject (RFC 2253) that people know it by.
CREATE MACRO organisation(name) AS coalesce(
	nullif(replace(regexp_extract(
		name, '(?:^|,)O=((?:[^,\\]|\\.)*)', 1), '\', ''), ''),
	nullif(replace(regexp_extract(
		name, '(?:^|,)CN=((?:[^,\\]|\\.)*)', 1), '\', ''), ''),
	name);

-- The host in a destination of TLS-RPT reports; null where there is none.
CREATE MACRO rua_host(rua) AS lower(nullif(CASE
	WHEN starts_with(lower(rua), 'mailto:')
	THEN regexp_extract(rua, '@([^@?,!;\s]+)[^@]*$', 1)
	WHEN starts_with(lower(rua), 'https:')
	THEN regexp_extract(rua, '^[^/]*//([^/:?#]+)', 1) END, ''));

-- Whose hosts a table is about, beside all of them.
CREATE TABLE party AS FROM (VALUES
	(1, 'all', '', 'all'),
	(2, 'self', '_self', 'self-managed'),
	(3, 'third', '_third', 'third-party'),
	(4, 'unclassified', '_unclassified', 'unclassified')
) AS t(place, who, suffix, title);
