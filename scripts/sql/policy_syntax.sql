-- SPDX-License-Identifier: Apache-2.0
--
-- policy_syntax.sql: what is wrong with policy files that are no valid policy,
-- of those.  A file may be in several rows.  The kinds of bad mx patterns are
-- read off the patterns as written.
CREATE OR REPLACE TEMP MACRO has_mx(written, pattern) AS
	coalesce(len(list_filter(written, lambda m:
		regexp_full_match(m, pattern))) > 0, false);
WITH failed AS (
	SELECT party.*, sts.*, 'Bad policy files, ' || title AS heading,
		raised(findings, 'sts.policy.mx_invalid')
		OR raised(findings, 'sts.policy.mx_trailing_dot') AS bad_mx
	FROM sts JOIN party ON who IN ('all', policy_entity)
	WHERE policy_status = 'syntax'
)
SELECT unnest(rows_, recursive := true) FROM (
SELECT place, [
	tally(heading, 'files' || suffix, 'files', true, true),
	tally(heading, 'mx' || suffix, 'bad mx pattern', true, bad_mx),
	tally(heading, 'mx_mailbox' || suffix, '... an e-mail address', true,
	      bad_mx AND has_mx(written_patterns, '.*@.*')),
	tally(heading, 'mx_trailing_dot' || suffix, '... trailing dot', true,
	      bad_mx AND has_mx(written_patterns, '[^@]*[^@.]\.')),
	tally(heading, 'mx_empty' || suffix, '... empty', true,
	      bad_mx AND has_mx(written_patterns, '')),
	tally(heading, 'mx_star' || suffix, '... a bare *', true,
	      bad_mx AND has_mx(written_patterns, '\*\.?')),
	tally(heading, 'mx_inner_star' || suffix, '... * not at the left', true,
	      bad_mx AND has_mx(written_patterns, '[^@]+\*[^@]*|\*[^.@][^@]*')),
	tally(heading, 'mx_address' || suffix, '... an address', true,
	      bad_mx AND has_mx(written_patterns, '[0-9.]+|\[.*\]|.*:.*:.*')),
	tally(heading, 'mx_missing' || suffix, 'no mx', true,
	      raised(findings, 'sts.policy.mx_missing')),
	tally(heading, 'empty' || suffix, 'empty file', true,
	      is_empty OR raised(findings, 'sts.policy.empty')),
	tally(heading, 'html' || suffix, 'a web page', true,
	      raised(findings, 'sts.policy.html')),
	tally(heading, 'bom' || suffix, 'byte order mark', true,
	      raised(findings, 'sts.policy.bom')),
	tally(heading, 'version' || suffix, 'no or bad version', true,
	      raised(findings, 'sts.policy.version')),
	tally(heading, 'mode' || suffix, 'no or bad mode', true,
	      raised(findings, 'sts.policy.mode')),
	tally(heading, 'max_age' || suffix, 'no or bad max_age', true,
	      raised(findings, 'sts.policy.max_age')),
	tally(heading, 'max_age_range' || suffix, 'max_age over the maximum',
	      true, raised(findings, 'sts.policy.max_age_range')),
	tally(heading, 'duplicate' || suffix, 'a key twice', true,
	      raised(findings, 'sts.policy.duplicate_key')),
	tally(heading, 'lines' || suffix, 'lines that are no key: value', true,
	      raised(findings, 'sts.policy.syntax'))
] AS rows_
FROM failed GROUP BY place, heading, suffix ORDER BY place);
