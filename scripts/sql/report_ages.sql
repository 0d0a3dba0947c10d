-- SPDX-License-Identifier: Apache-2.0
--
-- report_ages.sql: max_age of usable policies, in classes of about the times
-- that people choose.  Policies that senders cannot use have none.
WITH class AS (
	SELECT unnest([
		{'place': 1, 'age': 'under 1 day', 'least': 0},
		{'place': 2, 'age': '1 to 6 days', 'least': 86400},
		{'place': 3, 'age': '1 week', 'least': 604800},
		{'place': 4, 'age': '2 to 4 weeks', 'least': 1209600},
		{'place': 5, 'age': '1 to 5 months', 'least': 2592000},
		{'place': 6, 'age': '6 to 11 months', 'least': 15552000},
		{'place': 7, 'age': '1 year', 'least': 31536000}
		], recursive := true)
), policy AS (
	SELECT sts.policy.max_age AS max_age, count(*) AS n FROM domain
	WHERE sts.policy.status = 'ok' AND sts.policy.max_age IS NOT NULL
	GROUP BY ALL
)
SELECT age, coalesce(sum(n), 0)::BIGINT AS domains
FROM class LEFT JOIN policy ON place = (
	SELECT max(c.place) FROM class AS c WHERE c.least <= policy.max_age)
GROUP BY place, age
ORDER BY place;
