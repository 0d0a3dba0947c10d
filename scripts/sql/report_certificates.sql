-- SPDX-License-Identifier: Apache-2.0
--
-- report_certificates.sql: what holds of the certificates of distinct MX hosts
-- on which STARTTLS works (of all addresses of a host).  What could not be
-- told leaves numerator and denominator.
WITH secured AS (
	SELECT trusted, name_ok, time_ok,
	       trusted AND name_ok AND time_ok AS all_hold
	FROM host WHERE starttls = 'ok'
)
SELECT unnest([
	tally('', 'trusted', 'leads to a trusted root', true, trusted),
	tally('', 'name_ok', 'names the host', true, name_ok),
	tally('', 'time_ok', 'in date', true, time_ok),
	tally('', 'all', 'all three', true, all_hold)
	], recursive := true)
FROM secured;
