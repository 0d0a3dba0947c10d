-- SPDX-License-Identifier: Apache-2.0
--
-- records.sql: what is wrong with MTA-STS records, of domains that have one or
-- mean to.  The first fault counts, in the order multiple, version, id missing,
-- id invalid, syntax; below that each fault wherever it stands.  The
-- inconclusive domains are those whose look-up failed.
WITH unasked AS (
	SELECT count(*) AS n FROM domain
	WHERE sts.record.status = 'inconclusive'
), asked AS (
	SELECT *,
		list_contains(list_transform(txt, lambda t:
			starts_with(t, 'v=STSv1')), true) AS begins_right,
		-- the first id field as written
		regexp_extract(array_to_string(txt, ' '),
			'[;\s]\s*id\s*[=:]\s*([^;]*)', 1) AS written_id
	FROM sts WHERE in_sts
)
SELECT unnest([
	counted('Records', 'records', 'STS record, or meant to be',
	        count(*), count(*), any_value(unasked.n)),
	tally('Records', 'begins_right', 'begins with v=STSv1', true,
	      begins_right),
	tally('Records', 'near_miss', 'looks like one, does not', true,
	      NOT begins_right),
	tally('Records', 'correct', 'correct', true, record_status = 'ok'),
	tally('Records', 'delegated', 'by an alias (CNAME)', true,
	      len(record_chain) > 0),

	tally('First fault', 'multiple', 'several records', true,
	      record_fault = 'multiple'),
	tally('First fault', 'version', 'bad version', true,
	      record_fault = 'version'),
	tally('First fault', 'id_missing', 'no id', true,
	      record_fault = 'id_missing'),
	tally('First fault', 'id_invalid', 'id bad or too long', true,
	      record_fault = 'id_invalid'),
	tally('First fault', 'syntax', 'bad extension or syntax', true,
	      record_fault = 'syntax'),
	tally('First fault', 'other', 'another fault', true,
	      record_fault = 'other'),
	tally('First fault', 'wrong', 'any fault', true,
	      record_fault <> 'correct'),

	tally('Each fault', 'any_multiple', 'several records', true,
	      record_fault = 'multiple'),
	tally('Each fault', 'any_version', 'bad version', true,
	      list_contains(findings, 'sts.record.version')),
	tally('Each fault', 'any_id_missing', 'no id', true,
	      list_contains(findings, 'sts.record.id_missing')),
	tally('Each fault', 'any_id_charset', 'id not letters and digits', true,
	      list_contains(findings, 'sts.record.id_invalid')
	      AND NOT regexp_full_match(trim(written_id), '[A-Za-z0-9]+')),
	tally('Each fault', 'any_id_length', 'id over 32 characters', true,
	      list_contains(findings, 'sts.record.id_invalid')
	      AND length(trim(written_id)) > 32),
	tally('Each fault', 'any_syntax', 'bad extension or syntax', true,
	      list_contains(findings, 'sts.record.syntax'))
], recursive := true)
FROM asked, unasked;
