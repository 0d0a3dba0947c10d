-- SPDX-License-Identifier: Apache-2.0
--
-- policy.sql: how far fetching the policy came, where it was tried: the first
-- layer that failed, or ok; of all policy hosts, and by who manages the policy
-- host (entities.sql).  Time-outs and failed look-ups leave numerator and
-- denominator, and stand beside the layer they happened in.
CREATE OR REPLACE TEMP MACRO
layer(section_, item_, label_, state, is_unknown) AS
	counted(section_, item_, label_,
	        count(*) FILTER (state AND NOT is_unknown),
	        count(*) FILTER (NOT is_unknown),
	        count(*) FILTER (state AND is_unknown));
WITH tried AS (
	SELECT party.*, sts.policy_status, is_unknown,
	       'Policy hosts, ' || title AS heading
	FROM sts JOIN party ON who IN ('all', policy_entity)
	WHERE is_tried
)
SELECT unnest(rows_, recursive := true) FROM (
SELECT place, [
	layer(heading, 'tried' || suffix, 'policy asked for', true, is_unknown),
	layer(heading, 'ok' || suffix, 'usable policy', policy_status = 'ok',
	      is_unknown),
	layer(heading, 'error' || suffix, 'any failure', policy_status <> 'ok',
	      is_unknown),
	layer(heading, 'dns' || suffix, '... DNS: no address',
	      policy_status = 'dns', is_unknown),
	layer(heading, 'tcp' || suffix, '... TCP: no connection',
	      policy_status = 'tcp', is_unknown),
	layer(heading, 'tls' || suffix, '... TLS or certificate',
	      policy_status = 'tls', is_unknown),
	layer(heading, 'http' || suffix, '... HTTP: not 200',
	      policy_status = 'http', is_unknown),
	layer(heading, 'syntax' || suffix, '... syntax of the file',
	      policy_status = 'syntax', is_unknown)
] AS rows_
FROM tried GROUP BY place, heading, suffix ORDER BY place);
