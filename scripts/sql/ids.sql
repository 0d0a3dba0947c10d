-- SPDX-License-Identifier: Apache-2.0
--
-- ids.sql: what the ids of valid MTA-STS records look like, and how old those
-- are that read as a time, at the time of the scan.
WITH valid AS (
	SELECT id, id_time, started // 1000 - id_time AS age
	FROM sts WHERE record_status = 'ok'
)
SELECT unnest([
	tally('Form', 'time', 'a time stamp', id IS NOT NULL,
	      id_time IS NOT NULL),
	tally('Form', 'time_day', '... YYYYMMDD', id IS NOT NULL,
	      id_time IS NOT NULL AND length(id) = 8),
	tally('Form', 'time_minute', '... YYYYMMDD and a time', id IS NOT NULL,
	      id_time IS NOT NULL AND length(id) > 10),
	tally('Form', 'time_unix', '... seconds since 1970', id IS NOT NULL,
	      id_time IS NOT NULL AND length(id) IN (9, 10)),
	tally('Form', 'digits', 'other digits', id IS NOT NULL,
	      id_time IS NULL AND regexp_full_match(id, '[0-9]+')),
	tally('Form', 'letters', 'letters, or letters and digits',
	      id IS NOT NULL,
	      id_time IS NULL AND NOT regexp_full_match(id, '[0-9]+')),

	tally('Age, of time stamps', 'age_future', 'more than a day ahead',
	      id_time IS NOT NULL, age < -86400),
	tally('Age, of time stamps', 'age_day', 'up to a day',
	      id_time IS NOT NULL, age BETWEEN -86400 AND 86400),
	tally('Age, of time stamps', 'age_month', 'up to 31 days',
	      id_time IS NOT NULL, age > 86400 AND age <= 31 * 86400),
	tally('Age, of time stamps', 'age_year', 'up to a year',
	      id_time IS NOT NULL, age > 31 * 86400 AND age <= 366 * 86400),
	tally('Age, of time stamps', 'age_two_years', 'up to two years',
	      id_time IS NOT NULL, age > 366 * 86400 AND age <= 731 * 86400),
	tally('Age, of time stamps', 'age_more', 'older',
	      id_time IS NOT NULL, age > 731 * 86400)
], recursive := true)
FROM valid;
