-- SPDX-License-Identifier: Apache-2.0
--
-- max_age.sql: what usable policies say: mode, and how long senders may keep
-- them.
SELECT unnest([
	tally('Mode', 'enforce', 'enforce', true, mode = 'enforce'),
	tally('Mode', 'testing', 'testing', true, mode = 'testing'),
	tally('Mode', 'none', 'none', true, mode = 'none'),

	tally('max_age', 'below_day', 'below a day', true, max_age < 86400),
	tally('max_age', 'day', 'a day', true, max_age = 86400),
	tally('max_age', 'week', 'to a week', true,
	      max_age > 86400 AND max_age <= 604800),
	tally('max_age', 'two_weeks', 'to two weeks', true,
	      max_age > 604800 AND max_age <= 1209600),
	tally('max_age', 'month', 'to a month (31 days)', true,
	      max_age > 1209600 AND max_age <= 31 * 86400),
	tally('max_age', 'half_year', 'to half a year', true,
	      max_age > 31 * 86400 AND max_age <= 31557600 // 2),
	tally('max_age', 'year', 'to a year', true,
	      max_age > 31557600 // 2 AND max_age <= 31557600),
	tally('max_age', 'more', 'more than allowed', true,
	      max_age > 31557600),

	tally('Patterns', 'mx_one', 'one mx', true,
	      coalesce(len(patterns), 0) = 1),
	tally('Patterns', 'mx_several', 'several', true,
	      coalesce(len(patterns), 0) > 1),
	tally('Patterns', 'mx_wildcard', 'a wildcard among them', true,
	      coalesce(len(list_filter(patterns, lambda m:
	                               starts_with(m, '*.'))) > 0, false))
], recursive := true)
FROM sts WHERE is_usable;
