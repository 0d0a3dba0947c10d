-- SPDX-License-Identifier: Apache-2.0
--
-- policy_reach.sql: why policy hosts could not be reached, of policies asked
-- for.  Answers alone settle it: time-outs and failing resolvers stand beside.
WITH tried AS (
	SELECT *, is_tried AND policy_status IN ('dns', 'inconclusive')
		AS no_address,
		is_tried AND policy_status = 'tcp' AS no_connection,
		coalesce(a_outcome, aaaa_outcome) AS looked_up
	FROM sts WHERE is_tried
)
SELECT unnest([
	tally('DNS', 'nxdomain', 'no such name', true,
	      if(is_unknown, NULL, policy_status = 'dns'
	         AND coalesce(looked_up = 'nxdomain', false)
	         AND len(policy_chain) = 0)),
	tally('DNS', 'nodata', 'no address', true,
	      if(is_unknown, NULL, policy_status = 'dns'
	         AND coalesce(looked_up = 'nodata', false)
	         AND len(policy_chain) = 0)),
	tally('DNS', 'dangling', 'alias that leads nowhere', true,
	      if(is_unknown, NULL, policy_status = 'dns'
	         AND len(policy_chain) > 0)),
	counted('DNS', 'servfail', 'resolver failed (SERVFAIL, bogus)', 0,
	        NULL, count(*) FILTER (no_address AND (
	              a_outcome IN ('servfail', 'bogus')
	              OR aaaa_outcome IN ('servfail', 'bogus')))),
	counted('DNS', 'dns_timeout', 'no resolver answered', 0, NULL,
	        count(*) FILTER (no_address AND 'dns_timeout' IN (a_outcome,
	                                                          aaaa_outcome))),
	tally('TCP', 'refused', 'refused', true,
	      if(is_unknown, NULL, no_connection
	         AND policy_outcome = 'connect_refused')),
	tally('TCP', 'unreachable', 'unreachable', true,
	      if(is_unknown AND no_connection
	         AND policy_outcome = 'unreachable', NULL, if(is_unknown, false,
	         no_connection AND policy_outcome = 'unreachable'))),
	counted('TCP', 'timeout', 'timed out', count(*) FILTER (
	        no_connection AND NOT is_unknown
	        AND policy_outcome = 'connect_timeout'), NULL,
	        count(*) FILTER (is_unknown
	                         AND policy_outcome = 'connect_timeout')),
	tally('TCP', 'other', 'another way', true,
	      if(is_unknown, NULL, no_connection AND policy_outcome NOT IN (
	         'connect_refused', 'unreachable', 'connect_timeout')))
], recursive := true)
FROM tried;
